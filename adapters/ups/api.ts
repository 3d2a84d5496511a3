import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import type { Json } from '../../core/json.ts';
import { parseMoney } from '../../core/money.ts';
import { isSuccess, jsonOf } from '../answer.ts';
import { failureOf, type HttpRequest, type HttpResponse } from '../http.ts';
import type { Call } from './settings.ts';

/** Rating asks for every service with its time in transit, and shipping prints: both may take several seconds. */
const TIMEOUT_MS = 15_000;
/** Enhanced answers carry pictures in base64. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Calls UPS. @param body already written, for calls whose bytes are frozen, or a value to write */
export async function ask(
  method: HttpRequest['method'],
  path: string,
  body: unknown,
  { settings, token, http }: Call,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpResponse> {
  return await http({
    method,
    url: `${settings.endpoint.replace(/\/$/, '')}/api/${path}`,
    headers: {
      authorization: `Bearer ${token}`,
      // Track Alert refuses a call without both; elsewhere UPS's support asks for them.
      transId: randomUUID().replaceAll('-', ''),
      transactionSrc: 'crossdock',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  });
}

const Failure = z.object({ response: z.object({ errors: z.array(z.object({ code: z.union([z.string(), z.int()]).transform(String) })).min(1) }) });

/** The codes of an answer's errors; their messages may quote what we sent, so they stay behind. */
export function errorCodesOf(response: HttpResponse): readonly string[] {
  const { data } = Failure.safeParse(jsonOf(response));
  return (data?.response.errors ?? []).map(({ code }) => code).filter((code) => /^[\w.-]{1,20}$/.test(code));
}

/** What an answer says in short: `answered 400 120100`. */
export function saidBy(response: HttpResponse): string {
  return `answered ${response.status} ${errorCodesOf(response).slice(0, 3).join(', ')}`.trim();
}

/** Reads an answer to a call that may be repeated. @throws Unavailable, or Rejected when repeating does not help */
export function read<Schema extends z.ZodType>(schema: Schema, response: HttpResponse): z.output<Schema> {
  if (!isSuccess(response)) throw failureOf(response, 'carrier', errorCodesOf(response).slice(0, 3).join(', '));
  const { data, error } = schema.safeParse(jsonOf(response));
  if (error !== undefined)
    throw new Unavailable('carrier.answer-unreadable', `UPS answered ${response.status} with what cannot be read; the request will be repeated later.`, { cause: error });
  return data;
}

/** A list, which versions before v2403 write as a single object when it has one entry. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.preprocess((value: Json | undefined) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]), z.array(item));
}

/** Numbers are strings on the wire; one that came as a number is taken too. */
export const Numeric = z.union([z.string(), z.int()]).transform(String);

/** A price in minor units; undefined where it cannot be read. */
export const Charge = z.object({ CurrencyCode: z.string(), MonetaryValue: Numeric }).transform(({ CurrencyCode: currency, MonetaryValue }) => {
  const cost = costOf(MonetaryValue, currency);
  return cost === undefined || cost < 0 ? undefined : { cost, currency };
});

function costOf(amount: string, currency: string): number | undefined {
  try {
    return parseMoney(amount, currency);
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}

/** Day as UPS writes it: `20261123`. */
export function compactDay(day: string): string {
  return day.replaceAll('-', '');
}
