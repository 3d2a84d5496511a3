/** A field that a GraphQL document asks for. */
interface Field {
  readonly key: string;
  readonly name: string;
  readonly args: Readonly<Record<string, Value>>;
  readonly directives: Directives;
  readonly fields: readonly Field[] | null;
}

/** A value in a document or in its variables. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** The arguments of a field's directives, by the directive's name. */
export type Directives = Readonly<Record<string, Readonly<Record<string, Value>>>>;

/** What a simulated server offers: an object whose keys are all the fields of its type. A function takes the field's arguments and directives. */
export type Offered =
  | null
  | boolean
  | number
  | string
  | readonly Offered[]
  | { readonly [field: string]: Offered | ((args: Record<string, Value>, directives: Directives) => Offered) };

/** A document that the simulated server refuses. */
export class GraphqlError extends Error {
  override readonly name = 'GraphqlError';
}

type Tokens = { readonly list: readonly string[]; at: number };

const TOKEN = /"(?:[^"\\]|\\.)*"|\.\.\.|\$?[_A-Za-z][_0-9A-Za-z]*|-?\d+(?:\.\d+)?|[{}()[\]:!=@]/g;

/**
 * Runs one GraphQL operation on what a server offers: the part of GraphQL that storefront adapters use (fields, aliases,
 * arguments, variables, directives of fields; no fragments).
 * @throws GraphqlError for a field that is not offered, or a document it cannot read
 */
export function execute(document: string, variables: Record<string, Value>, roots: { readonly query: Offered; readonly mutation: Offered }): unknown {
  const tokens: Tokens = { list: document.replace(/#.*$/gm, '').match(TOKEN) ?? [], at: 0 };
  const kind = peek(tokens) === '{' ? 'query' : take(tokens);
  if (kind !== 'query' && kind !== 'mutation') throw new GraphqlError(`Expected query or mutation, found ${JSON.stringify(kind)}.`);
  while (peek(tokens) !== '{' && peek(tokens) !== '(') take(tokens);
  if (peek(tokens) === '(') while (take(tokens) !== ')');
  return select(selection(tokens, variables), roots[kind], kind === 'query' ? 'QueryRoot' : 'Mutation');
}

function select(fields: readonly Field[], offered: Offered | undefined, type: string): unknown {
  if (offered === null || offered === undefined) return null;
  if (Array.isArray(offered)) return offered.map((item: Offered) => select(fields, item, type));
  if (typeof offered !== 'object') throw new GraphqlError(`Selections can't be made on scalars (field '${type}').`);
  const entries = Object.entries(offered);
  return Object.fromEntries(
    fields.map((field) => {
      const entry = entries.find(([name]) => name === field.name);
      if (entry === undefined) throw new GraphqlError(`Field '${field.name}' doesn't exist on type '${type}'`);
      const value = typeof entry[1] === 'function' ? entry[1](field.args, field.directives) : entry[1];
      return [field.key, field.fields === null ? scalar(value, field.name) : select(field.fields, value, field.name)];
    }),
  );
}

function scalar(value: Offered, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !(Array.isArray(value) && value.every((item) => typeof item !== 'object'));
  if (isObject) throw new GraphqlError(`Field must have selections (field '${name}')`);
  return value;
}

function selection(tokens: Tokens, variables: Record<string, Value>): Field[] {
  expect(tokens, '{');
  const fields: Field[] = [];
  while (peek(tokens) !== '}') fields.push(field(tokens, variables));
  take(tokens);
  return fields;
}

function field(tokens: Tokens, variables: Record<string, Value>): Field {
  const first = take(tokens);
  if (!/^[_A-Za-z]/.test(first)) throw new GraphqlError(`Expected a field, found ${JSON.stringify(first)}.`);
  const aliased = peek(tokens) === ':';
  if (aliased) take(tokens);
  const name = aliased ? take(tokens) : first;
  const args = peek(tokens) === '(' ? argumentsOf(tokens, variables) : {};
  const directives = directivesOf(tokens, variables);
  return { key: first, name, args, directives, fields: peek(tokens) === '{' ? selection(tokens, variables) : null };
}

function directivesOf(tokens: Tokens, variables: Record<string, Value>): Directives {
  const directives: Record<string, Record<string, Value>> = {};
  while (peek(tokens) === '@') {
    take(tokens);
    directives[take(tokens)] = peek(tokens) === '(' ? argumentsOf(tokens, variables) : {};
  }
  return directives;
}

function argumentsOf(tokens: Tokens, variables: Record<string, Value>): Record<string, Value> {
  expect(tokens, '(');
  const args: Record<string, Value> = {};
  while (peek(tokens) !== ')') {
    const name = take(tokens);
    expect(tokens, ':');
    args[name] = readValue(tokens, variables);
  }
  take(tokens);
  return args;
}

function readValue(tokens: Tokens, variables: Record<string, Value>): Value {
  const token = take(tokens);
  if (token.startsWith('$')) return variables[token.slice(1)] ?? null;
  if (token.startsWith('"')) return String(JSON.parse(token));
  if (token === '[') return listOf(tokens, variables);
  if (token === '{') return objectOf(tokens, variables);
  if (token === 'null') return null;
  if (token === 'true' || token === 'false') return token === 'true';
  return /^-?\d/.test(token) ? Number(token) : token;
}

function listOf(tokens: Tokens, variables: Record<string, Value>): Value[] {
  const list: Value[] = [];
  while (peek(tokens) !== ']') list.push(readValue(tokens, variables));
  take(tokens);
  return list;
}

function objectOf(tokens: Tokens, variables: Record<string, Value>): Record<string, Value> {
  const object: Record<string, Value> = {};
  while (peek(tokens) !== '}') {
    const name = take(tokens);
    expect(tokens, ':');
    object[name] = readValue(tokens, variables);
  }
  take(tokens);
  return object;
}

function peek(tokens: Tokens): string {
  const token = tokens.list[tokens.at];
  if (token === undefined) throw new GraphqlError('The document ends too early.');
  return token;
}

function take(tokens: Tokens): string {
  const token = peek(tokens);
  tokens.at += 1;
  return token;
}

function expect(tokens: Tokens, wanted: string): void {
  const token = take(tokens);
  if (token !== wanted) throw new GraphqlError(`Expected ${JSON.stringify(wanted)}, found ${JSON.stringify(token)}.`);
}
