import {
  type ExecutionResult,
  executeSync,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  isCompositeType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  validate,
} from 'graphql';

/** What a caller asks of a GraphQL server. */
export interface GraphqlRequest {
  readonly query: string;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** A request that fits the server's schema, variables too. */
export interface Operation {
  readonly request: GraphqlRequest;
  readonly definition: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What a server answers with: objects whose keys are fields, functions where a field has arguments. */
export interface Roots {
  readonly query: object;
  readonly mutation: object;
}

/** Reads a request. @returns what is wrong with it, when it does not fit the schema */
export function readOperation(schema: GraphQLSchema, request: GraphqlRequest): Operation | readonly GraphQLError[] {
  const document = parsed(request.query);
  if (document instanceof GraphQLError) return [document];
  const errors = validate(schema, document);
  if (errors.length > 0) return errors;
  const definition = getOperationAST(document, request.operationName);
  if (!definition) return [new GraphQLError('The document has no such operation.')];
  const { coerced, errors: unfit } = getVariableValues(schema, definition.variableDefinitions ?? [], request.variables ?? {});
  if (coerced === undefined) return unfit;
  const fragments = document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : []));
  return { request, definition, fragments: new Map(fragments), variables: coerced };
}

function parsed(query: string) {
  try {
    return parse(query);
  } catch (cause) {
    if (cause instanceof GraphQLError) return cause;
    throw cause;
  }
}

/** Runs an operation on what the server offers. */
export function runOperation(schema: GraphQLSchema, roots: Roots, { request, definition }: Operation): ExecutionResult {
  return executeSync({
    schema,
    document: parse(request.query),
    rootValue: definition.operation === 'mutation' ? roots.mutation : roots.query,
    variableValues: request.variables ?? {},
    operationName: definition.name?.value ?? null,
  });
}

const POINTS_PER_MUTATION = 10;
const POINTS_PER_CONNECTION = 2;

/**
 * What Shopify asks for an operation before it runs it, in points: 1 for an object, 10 for a mutation, and a list or connection as many
 * times its objects as the document asks for. https://shopify.dev/docs/api/usage/limits
 */
export function requestedCost(schema: GraphQLSchema, operation: Operation): number {
  const root = schema.getRootType(operation.definition.operation);
  return root ? costOf(operation.definition.selectionSet, root, schema, operation) : 0;
}

/** What it turned out to cost, in points: what was there, in place of what was asked for. */
export function actualCost({ definition }: Operation, data: unknown): number {
  const mutations = definition.operation === 'mutation' ? definition.selectionSet.selections.length : 0;
  return objectsIn(data) - 1 + mutations * (POINTS_PER_MUTATION - 1);
}

function objectsIn(data: unknown): number {
  if (data === null || typeof data !== 'object') return 0;
  const inside = Object.values(data).reduce((sum: number, value) => sum + objectsIn(value), 0);
  return Array.isArray(data) ? inside : 1 + inside;
}

function costOf(selectionSet: SelectionSetNode | undefined, type: GraphQLCompositeType, schema: GraphQLSchema, operation: Operation): number {
  return (selectionSet?.selections ?? []).reduce((sum, selection) => sum + costOfSelection(selection, type, schema, operation), 0);
}

function costOfSelection(selection: SelectionNode, type: GraphQLCompositeType, schema: GraphQLSchema, operation: Operation): number {
  if (selection.kind !== Kind.FIELD) {
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : operation.fragments.get(selection.name.value);
    const on = schema.getType(fragment?.typeCondition?.name.value ?? type.name);
    return isCompositeType(on) ? costOf(fragment?.selectionSet, on, schema, operation) : 0;
  }
  const field = isObjectType(type) ? type.getFields()[selection.name.value] : undefined;
  const named = field && getNamedType(field.type);
  if (field === undefined || !isCompositeType(named)) return 0;
  const inside = costOf(selection.selectionSet, named, schema, operation);
  const first = Number(getArgumentValues(field, selection, operation.variables).first ?? 1);
  if (named.name.endsWith('Connection')) return POINTS_PER_CONNECTION + first * inside;
  // The edges and nodes of a connection are counted by what they hold.
  if (named.name.endsWith('Edge')) return inside;
  if (named.name === 'PageInfo') return 0;
  const each = operation.definition.selectionSet.selections.includes(selection) && operation.definition.operation === 'mutation' ? POINTS_PER_MUTATION : 1;
  return isListType(getNullableType(field.type)) ? first * (1 + inside) : each + inside;
}

/** The key of the `@idempotent` directive on the field that is being answered. */
export function idempotencyKeyOf({ fieldNodes, schema, variableValues }: GraphQLResolveInfo): string | undefined {
  const [node] = fieldNodes;
  const directive = schema.getDirective('idempotent');
  const values = node && directive ? getDirectiveValues(directive, node, variableValues) : undefined;
  return typeof values?.key === 'string' && values.key !== '' ? values.key : undefined;
}

/** Which part of a connection is asked for. */
export interface Paging {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

const MAX_PAGE = 250;

/**
 * A page of a connection, forwards. The nodes are in the order of their cursors, so that a page goes on where the one before it ended,
 * whatever changed between.
 * @throws GraphQLError when it is not said how many are wanted, or too many, or backwards
 */
export function connectionOf<Node extends object>(nodes: readonly Node[], { first, last, after, before }: Paging, cursorOf: (node: Node) => string) {
  if (last || before) throw new GraphQLError('The simulator pages forwards only: ask for first and after.');
  if (!first || first < 1) throw new GraphQLError('You must provide one of first or last.');
  if (first > MAX_PAGE) throw new GraphQLError(`The first argument may be ${MAX_PAGE} at most.`);
  const behind = after ? nodes.findIndex((node) => cursorOf(node) > after) : 0;
  const from = behind < 0 ? nodes.length : behind;
  const page = nodes.slice(from, from + first);
  const [start, end] = [page[0], page.at(-1)];
  return {
    nodes: page,
    edges: page.map((node) => ({ cursor: cursorOf(node), node })),
    pageInfo: {
      hasNextPage: from + first < nodes.length,
      hasPreviousPage: from > 0,
      startCursor: start === undefined ? null : cursorOf(start),
      endCursor: end === undefined ? null : cursorOf(end),
    },
  };
}
