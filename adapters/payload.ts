import type * as z from 'zod';
// From its own module: `z.core` as a value would bundle all of it.
import { toDotPath } from 'zod/v4/core';
import { type ErrorCode, Rejected } from '../core/error.ts';
import { exponentOf, type Minor, parseMoney } from '../core/money.ts';

/** What a payload is, for the message of a refusal. */
export interface PayloadKind {
  /** `<noun>.payload-unreadable`; where only its shape has changed, the refusal says `<noun>.shape-changed`. */
  readonly code: ErrorCode;
  /** Whose payload it is, such as `The Shopify order`. */
  readonly what: string;
  /** Names of fields that hold personal data, themselves or below them: a refusal names them and keeps their values to itself. */
  readonly personal: ReadonlySet<string>;
}

const SHOWN_FIELDS = 5;

/** What the code of a refusal ends with when a field that we use is missing, or has a value that is not among those we know. */
const SHAPE_CHANGED = 'shape-changed';

/** Whether an error says that the other side's contract is not what it was: not one bad payload, but the first of many. */
export function isShapeChanged(error: unknown): error is Rejected {
  return error instanceof Rejected && error.code.endsWith(`.${SHAPE_CHANGED}`);
}

/**
 * Reads a foreign payload by its schema.
 * @throws Rejected naming up to five fields with the values seen; of personal fields the name only; `seen` is the path of the first
 */
export function readPayload<Schema extends z.ZodType>(schema: Schema, payload: unknown, kind: PayloadKind): z.output<Schema> {
  const read = schema.safeParse(payload, { reportInput: false });
  if (read.success) return read.data;
  const issues = read.error.issues;
  const shown = issues.slice(0, SHOWN_FIELDS).map((issue) => sayIssue(issue, payload, kind));
  const more = issues.length > SHOWN_FIELDS ? ` and ${issues.length - SHOWN_FIELDS} more` : '';
  throw new Rejected(codeOf(issues, payload, kind), `${kind.what} cannot be read: ${shown.join('; ')}${more}.`, { seen: toDotPath(issues[0]?.path ?? []) });
}

/**
 * Reads an amount of a payload and names its field when it cannot be read.
 * @throws Rejected with the code of `parseMoney`
 */
export function readMoney(field: string, amount: string | number, currency: string): Minor {
  try {
    return parseMoney(String(amount), currency);
  } catch (cause) {
    if (!(cause instanceof Rejected)) throw cause;
    throw new Rejected(cause.code, `Field ${field}: ${cause.message}`, { cause, ...(cause.seen !== undefined && { seen: cause.seen.slice(0, 40) }) });
  }
}

/**
 * Reads an amount that a shop may keep finer than its currency, as one with four decimals does; what is finer is rounded, half away from zero.
 * @throws Rejected with the code of `parseMoney`
 */
export function readRoundedMoney(field: string, amount: string | number, currency: string): Minor {
  const places = exponentOf(currency);
  const [, whole, fraction = ''] = /^(-?\d{1,13})\.(\d{1,12})$/.exec(String(amount).trim()) ?? [];
  if (whole === undefined) return readMoney(field, amount, currency);
  const kept = readMoney(field, places === 0 ? whole : `${whole}.${fraction.slice(0, places)}`, currency);
  if (fraction.charAt(places) < '5') return kept;
  return kept + (whole.startsWith('-') ? -1 : 1);
}

/** A payload that is what it should be but for fields that are gone and names that are new has changed its shape; any other is just wrong. */
function codeOf(issues: readonly z.core.$ZodIssue[], payload: unknown, { code }: PayloadKind): ErrorCode {
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  const noun = code.slice(0, code.indexOf('.'));
  return isObject && issues.every((issue) => isOfShape(issue, payload)) ? `${noun}.${SHAPE_CHANGED}` : code;
}

function isOfShape(issue: z.core.$ZodIssue, payload: unknown): boolean {
  if (issue.code === 'invalid_value') return true;
  return issue.code !== 'custom' && issue.path.length > 0 && issue.path.reduce<unknown>(valueAt, payload) === undefined;
}

function sayIssue(issue: z.core.$ZodIssue, payload: unknown, { personal }: PayloadKind): string {
  const field = toDotPath(issue.path) || 'the payload';
  // Names of unrecognised fields are the sender's and may be anything.
  const isPersonal = issue.path.some((segment) => personal.has(String(segment)));
  const seen = isPersonal ? '' : sayValue(issue.path.reduce<unknown>(valueAt, payload));
  return `${field}${seen} ${isPersonal && issue.code === 'custom' ? 'is not valid' : issue.message}`;
}

function valueAt(holder: unknown, key: PropertyKey): unknown {
  return typeof holder === 'object' && holder !== null ? Object.getOwnPropertyDescriptor(holder, key)?.value : undefined;
}

function sayValue(value: unknown): string {
  if (value === undefined) return ' (missing):';
  if (typeof value === 'object' && value !== null) return ':';
  return ` (${JSON.stringify(typeof value === 'string' ? value.slice(0, 40) : value)}):`;
}
