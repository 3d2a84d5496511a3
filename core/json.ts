import { Rejected } from './error.ts';

/** What lossless parsing yields: numbers that a double would damage arrive as their source text. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const NUMBER_KEPT_EXACT = /^-?\d{1,15}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses JSON bytes without losing a digit: an integer of up to 15 digits is a number, any other number
 * (ids past 2^53, `12.10`, `1e309`) is the string that stood in the text.
 * @param numbers `plain` reads every number as a JSON number, for contracts of ours that keep ids and amounts in strings
 * @throws Rejected `json.empty`, `json.not-utf8` or `json.unreadable`
 */
export function parseJson(bytes: Uint8Array, numbers: 'exact' | 'plain' = 'exact'): Json {
  if (bytes.length === 0) throw new Rejected('json.empty', 'The body is empty; send a JSON document.');
  const text = wellFormed(decode(bytes));
  try {
    return numbers === 'exact' ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch (cause) {
    // RangeError: nesting deeper than the stack; SyntaxError: not JSON.
    throw new Rejected('json.unreadable', `The body is not readable as JSON: ${reasonOf(cause)}`, { cause });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Rejected('json.not-utf8', 'The body is not valid UTF-8; send JSON encoded as UTF-8.', { cause });
  }
}

const ESCAPED_SURROGATE = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\\./gs;

/** The text with U+FFFD for every escaped half of a character: shops that cut texts to a length leave halves, which no queue, table or carrier takes. */
function wellFormed(text: string): string {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return text;
  return text.replace(ESCAPED_SURROGATE, (escaped) => (escaped.length === 6 ? '\\ufffd' : escaped));
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  return NUMBER_KEPT_EXACT.test(source) ? value : source;
}

function reasonOf(cause: unknown): string {
  if (cause instanceof RangeError) return 'it is nested too deeply';
  // V8 quotes the text around the fault, which may hold personal data: keep the part before the quote.
  return cause instanceof Error ? (cause.message.split(/[,"'`]/)[0] ?? 'syntax error') : 'syntax error';
}
