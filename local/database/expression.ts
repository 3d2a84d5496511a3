import * as z from 'zod';
import type { Json } from '../../core/json.ts';

// What the SDK writes needs no proof, and a look at every value of every item would cost more than the work.
export const WireItem = z.custom<Readonly<Record<string, Json>>>((value) => typeof value === 'object' && value !== null);
/** An item on the wire: attribute values with their types, such as `{ "S": "x" }`. */
export type WireItem = z.infer<typeof WireItem>;

/** What an expression speaks about: the item as it is, if there is one, and the request's own names and values. */
export interface Scope {
  readonly item: WireItem | undefined;
  readonly names: Readonly<Record<string, string>>;
  readonly values: WireItem;
}

type Condition = (scope: Scope) => boolean;
type Operand = (scope: Scope) => Json | undefined;
type Update = (scope: Scope) => WireItem;

const conditions = new Map<string, Condition>();
const updates = new Map<string, Update>();

/**
 * Whether a condition holds. Known: comparisons, BETWEEN, begins_with, attribute_exists, attribute_not_exists, size, AND, OR, NOT, brackets.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 * @throws Error for an expression beyond that
 */
export function holds(text: string, scope: Scope): boolean {
  return remembered(conditions, text, conditionOf)(scope);
}

/** The item after an update: SET with `+`, `-` and if_not_exists, and REMOVE. @throws Error for an expression beyond that */
export function updated(text: string, scope: Scope): WireItem {
  return remembered(updates, text, updateOf)(scope);
}

function remembered<Compiled>(known: Map<string, Compiled>, text: string, compile: (tokens: Tokens) => Compiled): Compiled {
  const before = known.get(text);
  if (before !== undefined) return before;
  const tokens = tokensOf(text);
  const compiled = compile(tokens);
  if (tokens.peek() !== '') throw new Error(`Unknown expression from ${JSON.stringify(tokens.peek())} on: ${text}`);
  known.set(text, compiled);
  return compiled;
}

interface Tokens {
  /** The next token, or an empty text at the end. */
  peek(): string;
  next(): string;
  /** Takes the next token if it is this one, whatever its case. */
  accepts(token: string): boolean;
  /** @throws Error when the next token is another one */
  expect(token: string): void;
}

function tokensOf(text: string): Tokens {
  const tokens = text.match(/[:#]?\w+(?:\.#?\w+)*|<=|>=|<>|[=<>(),+-]/g) ?? [];
  let at = 0;
  const peek = () => tokens[at] ?? '';
  const accepts = (token: string) => {
    const isNext = peek().toUpperCase() === token.toUpperCase();
    if (isNext) at += 1;
    return isNext;
  };
  return {
    peek,
    accepts,
    next: () => tokens[at++] ?? '',
    expect: (token) => {
      if (!accepts(token)) throw new Error(`Expected ${token} before ${JSON.stringify(peek())} in: ${text}`);
    },
  };
}

function conditionOf(tokens: Tokens): Condition {
  const first = conjunctionOf(tokens);
  if (!tokens.accepts('OR')) return first;
  const rest = conditionOf(tokens);
  return (scope) => first(scope) || rest(scope);
}

function conjunctionOf(tokens: Tokens): Condition {
  const first = termOf(tokens);
  if (!tokens.accepts('AND')) return first;
  const rest = conjunctionOf(tokens);
  return (scope) => first(scope) && rest(scope);
}

function termOf(tokens: Tokens): Condition {
  if (tokens.accepts('NOT')) {
    const negated = termOf(tokens);
    return (scope) => !negated(scope);
  }
  if (tokens.accepts('(')) {
    const inner = conditionOf(tokens);
    tokens.expect(')');
    return inner;
  }
  const test = TESTS[tokens.peek()];
  return test === undefined ? comparisonOf(tokens) : test(argumentsOf(tokens));
}

const TESTS: Readonly<Record<string, (operands: readonly Operand[]) => Condition>> = {
  attribute_exists:
    ([operand]) =>
    (scope) =>
      operand?.(scope) !== undefined,
  attribute_not_exists:
    ([operand]) =>
    (scope) =>
      operand?.(scope) === undefined,
  begins_with:
    ([text, prefix]) =>
    (scope) =>
      String(scalarOf(text?.(scope)) ?? '').startsWith(String(scalarOf(prefix?.(scope)))),
};

function argumentsOf(tokens: Tokens): Operand[] {
  tokens.next();
  tokens.expect('(');
  const operands = [operandOf(tokens)];
  while (tokens.accepts(',')) operands.push(operandOf(tokens));
  tokens.expect(')');
  return operands;
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function comparisonOf(tokens: Tokens): Condition {
  const left = operandOf(tokens);
  if (tokens.accepts('BETWEEN')) {
    const low = operandOf(tokens);
    tokens.expect('AND');
    const high = operandOf(tokens);
    return (scope) => orderOf(left(scope), low(scope)) >= 0 && orderOf(left(scope), high(scope)) <= 0;
  }
  const comparator = tokens.next();
  const compares = COMPARISONS[comparator];
  if (compares === undefined) throw new Error(`Unknown comparator ${JSON.stringify(comparator)}`);
  const right = operandOf(tokens);
  return (scope) => compares(orderOf(left(scope), right(scope)));
}

/** Negative, 0 or positive; not a number for what cannot be compared, of which no comparison but `<>` is true. */
function orderOf(a: Json | undefined, b: Json | undefined): number {
  const [left, right] = [scalarOf(a), scalarOf(b)];
  if (left === undefined || right === undefined || typeof left !== typeof right) return Number.NaN;
  return left < right ? -1 : left > right ? 1 : 0;
}

function operandOf(tokens: Tokens): Operand {
  const token = tokens.peek();
  if (token === 'size') {
    const [of] = argumentsOf(tokens);
    return (scope) => sizeOf(of?.(scope));
  }
  if (token === 'if_not_exists') {
    const [wanted, otherwise] = argumentsOf(tokens);
    return (scope) => wanted?.(scope) ?? otherwise?.(scope);
  }
  tokens.next();
  if (!/^[:#]?\w/.test(token)) throw new Error(`Expected a name or a value, not ${JSON.stringify(token)}`);
  if (token.startsWith(':')) return ({ values }) => values[token];
  return ({ item, names }) => valueAt(item, token, names);
}

function valueAt(item: WireItem | undefined, path: string, names: Scope['names']): Json | undefined {
  const [first = '', ...rest] = path.split('.').map((part) => names[part] ?? part);
  return rest.reduce<Json | undefined>((value, part) => recordIn(recordIn(value)?.M)?.[part], item?.[first]);
}

function recordIn(value: Json | undefined): { readonly [key: string]: Json } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

/** The text, number or truth that an attribute value holds. */
export function scalarOf(value: Json | undefined): string | number | boolean | undefined {
  const { S, N, BOOL } = recordIn(value) ?? {};
  if (typeof N === 'string') return Number(N);
  return typeof S === 'string' ? S : typeof BOOL === 'boolean' ? BOOL : undefined;
}

function sizeOf(value: Json | undefined): Json | undefined {
  const { S, L, M } = recordIn(value) ?? {};
  const size = Array.isArray(L) ? L.length : typeof S === 'string' ? Buffer.byteLength(S) : M === undefined ? undefined : Object.keys(recordIn(M) ?? {}).length;
  return size === undefined ? undefined : { N: String(size) };
}

function updateOf(tokens: Tokens): Update {
  const changes: [name: string, value: Operand][] = [];
  while (tokens.peek() !== '') {
    const isSet = tokens.accepts('SET');
    if (!isSet) tokens.expect('REMOVE');
    do changes.push(isSet ? assignmentOf(tokens) : [tokens.next(), () => undefined]);
    while (tokens.accepts(','));
  }
  return (scope) => {
    const values = changes.map(([name, value]) => [scope.names[name] ?? name, value(scope)] as const);
    const removed = new Set(values.flatMap(([name, value]) => (value === undefined ? [name] : [])));
    const set = values.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    return Object.fromEntries([...Object.entries(scope.item ?? {}).filter(([name]) => !removed.has(name)), ...set]);
  };
}

function assignmentOf(tokens: Tokens): [name: string, value: Operand] {
  const name = tokens.next();
  tokens.expect('=');
  const first = operandOf(tokens);
  const sign = tokens.accepts('+') ? 1 : tokens.accepts('-') ? -1 : 0;
  if (sign === 0) return [name, first];
  const second = operandOf(tokens);
  return [name, (scope) => ({ N: String(Number(scalarOf(first(scope))) + sign * Number(scalarOf(second(scope)))) })];
}
