import { type GraphQLSchema, getOperationAST, getVariableValues, parse, validate } from 'graphql';

/** What is wrong with a document and what it is called with, by a schema; empty when it fits. */
export function misfits(schema: GraphQLSchema, text: string, operation: string, variables: Readonly<Record<string, unknown>>): string[] {
  const document = parse(text);
  const errors = validate(schema, document);
  if (errors.length > 0) return errors.map(({ message }) => message);
  const definition = getOperationAST(document, operation);
  if (!definition) return [`There is no operation ${operation}.`];
  const { errors: unfit = [] } = getVariableValues(schema, definition.variableDefinitions ?? [], variables);
  const declared = new Set(definition.variableDefinitions?.map(({ variable }) => variable.name.value));
  const undeclared = Object.keys(variables).filter((name) => !declared.has(name));
  return [...unfit.map(({ message }) => message), ...undeclared.map((name) => `The variable $${name} is not declared.`)];
}
