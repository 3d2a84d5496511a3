import type { Json } from '../../core/json.ts';

/** What references in a template mean on this machine. */
export interface Names {
  /** Value of `Ref`: a resource, a parameter or a pseudo parameter. */
  ref(name: string): Json;
  /** Value of `Fn::GetAtt`. */
  attribute(logicalId: string, attribute: string): Json;
}

const NO_VALUE = 'AWS::NoValue';

type Intrinsic = (argument: Json, names: Names) => Json;

const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map([
  ['Ref', (argument, names) => names.ref(text(argument, 'Ref'))],
  ['Fn::GetAtt', getAttribute],
  ['Fn::Join', join],
  ['Fn::Select', select],
  ['Fn::Split', split],
  ['Fn::Sub', substitute],
]);

/**
 * Replaces every reference and function in a template value.
 * @throws Error that names a function it does not know
 */
export function resolve(value: Json, names: Names): Json {
  if (Array.isArray(value)) return value.filter((item) => !isNoValue(item)).map((item) => resolve(item, names));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (first && entries.length === 1 && (first[0] === 'Ref' || first[0].startsWith('Fn::'))) return apply(first[0], first[1], names);
  return Object.fromEntries(entries.filter(([, item]) => !isNoValue(item)).map(([key, item]) => [key, resolve(item, names)]));
}

function apply(name: string, argument: Json, names: Names): Json {
  const intrinsic = INTRINSICS.get(name);
  if (!intrinsic) throw new Error(`The local cloud does not know the template function ${name}; add it to local/cloud/intrinsics.ts.`);
  return intrinsic(argument, names);
}

function isNoValue(value: Json): boolean {
  return value !== null && typeof value === 'object' && !Array.isArray(value) && value.Ref === NO_VALUE;
}

function getAttribute(argument: Json, names: Names): Json {
  const parts = typeof argument === 'string' ? argument.split('.') : list(argument, 'Fn::GetAtt').map((part) => text(resolve(part, names), 'Fn::GetAtt'));
  const [logicalId = '', ...attribute] = parts;
  return names.attribute(logicalId, attribute.join('.'));
}

function join(argument: Json, names: Names): Json {
  const [separator, parts] = list(argument, 'Fn::Join');
  return list(resolve(parts ?? null, names), 'Fn::Join')
    .map((part) => text(part, 'Fn::Join'))
    .join(text(separator ?? null, 'Fn::Join'));
}

function select(argument: Json, names: Names): Json {
  const [index, from] = list(argument, 'Fn::Select');
  const chosen = list(resolve(from ?? null, names), 'Fn::Select')[Number(resolve(index ?? null, names))];
  if (chosen === undefined) throw new Error(`Fn::Select has no item ${JSON.stringify(index)} to choose.`);
  return chosen;
}

function split(argument: Json, names: Names): Json {
  const [separator, source] = list(argument, 'Fn::Split');
  return text(resolve(source ?? null, names), 'Fn::Split').split(text(separator ?? null, 'Fn::Split'));
}

function substitute(argument: Json, names: Names): Json {
  const [pattern, variables] = typeof argument === 'string' ? [argument, {}] : list(argument, 'Fn::Sub');
  const known = new Map(Object.entries(typeof variables === 'object' && variables !== null && !Array.isArray(variables) ? variables : {}));
  return text(pattern ?? null, 'Fn::Sub').replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    const variable = known.get(name);
    if (variable !== undefined) return text(resolve(variable, names), 'Fn::Sub');
    const [logicalId = '', ...attribute] = name.split('.');
    return text(attribute.length > 0 ? names.attribute(logicalId, attribute.join('.')) : names.ref(logicalId), 'Fn::Sub');
  });
}

function list(value: Json, name: string): Json[] {
  if (!Array.isArray(value)) throw new Error(`${name} needs a list, got ${JSON.stringify(value)}.`);
  return value;
}

function text(value: Json, name: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${name} needs text, got ${JSON.stringify(value)}.`);
}
