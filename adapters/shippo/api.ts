import * as z from 'zod';
import { type Rejected, Unavailable } from '../../core/error.ts';
import type { Json } from '../../core/json.ts';
import { type Answered, isSuccess, jsonOf } from '../answer.ts';
import { failureOf, type HttpResponse, isPassing, retryAfterOf } from '../http.ts';
import type { Call } from './settings.ts';

// Without it an account is answered by the version that it began with. https://docs.goshippo.com/docs/api_concepts/apiversioning
const VERSION = '2018-02-08';
// Rating and buying ask the carriers behind Shippo.
const TIMEOUT_MS = 15_000;

/** Calls Shippo once. */
export async function ask(method: 'GET' | 'POST' | 'PUT', path: string, body: unknown, { settings, token, http }: Call): Promise<HttpResponse> {
  const headers = { authorization: `ShippoToken ${token}`, 'shippo-api-version': VERSION, accept: 'application/json', 'content-type': 'application/json' };
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  return await http({ method, url: `${settings.endpoint.replace(/\/$/, '')}/${path}`, headers, timeoutMs: TIMEOUT_MS, ...content });
}

/** Calls Shippo for what costs nothing. @throws Unavailable, or Rejected, for any answer outside 2xx */
export async function asked(...call: Parameters<typeof ask>): Promise<HttpResponse> {
  const response = await ask(...call);
  if (isSuccess(response)) return response;
  throw failure(response);
}

/** The error that an answer outside 2xx amounts to. */
export function failure(response: HttpResponse): Unavailable | Rejected {
  if (response.status !== 409) return failureOf(response, 'carrier', fieldsOf(response));
  // https://docs.goshippo.com/docs/api_concepts/apihttpstatuscodes
  return new Unavailable('carrier.unavailable', 'The carrier answered 409: too many calls at once; the request will be repeated later.', {
    seen: '409',
    retryAfterSeconds: retryAfterOf(response) ?? 2,
  });
}

/** Reads what costs nothing to ask for again. @throws Unavailable when it cannot be read */
export function readAnswer<Schema extends z.ZodType>(schema: Schema, response: HttpResponse, what: string): z.output<Schema> {
  const read = schema.safeParse(jsonOf(response));
  if (read.success) return read.data;
  throw new Unavailable('carrier.answer-unreadable', `The carrier answered ${response.status} without ${what} that can be read; the request will be repeated later.`, {
    cause: read.error,
  });
}

/** Whether an answer proves that Shippo did nothing: its own refusal, and none that may pass or that says it was done already. */
export function isRefusal(response: HttpResponse): boolean {
  const isFinal = response.status >= 400 && response.status < 500 && response.status !== 409 && !isPassing(response.status);
  return isFinal && isObject(jsonOf(response));
}

/** Why there is no answer that can be used, in words; undefined where there is one. */
export function whyNot(answered: Answered): string | undefined {
  if ('reason' in answered) return answered.reason;
  return isSuccess(answered) ? undefined : said(answered);
}

/** An answer's status, and the fields that it finds fault with. */
export function said(response: HttpResponse): string {
  const fields = fieldsOf(response);
  return `answered ${response.status}${fields === '' ? '' : ` about ${fields}`}`;
}

/** The names of the fields that a refusal is about. What it says of them stays behind: it may repeat the customer's address. */
function fieldsOf(response: HttpResponse): string {
  const json = jsonOf(response);
  const names = isObject(json) ? Object.keys(json) : [];
  return names
    .filter((name) => /^[a-z_]{1,40}$/.test(name))
    .slice(0, 5)
    .join(', ');
}

function isObject(json: Json | undefined): json is { [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export const Messages = z
  .array(z.unknown())
  .nullish()
  .transform((list) => (list ?? []).map((one) => Message.safeParse(one).data).filter((one) => one !== undefined));
const Message = z.object({ source: z.string().nullish(), code: z.string().nullish() });

/** Messages in words, by who says them and their codes alone: their texts may repeat the customer's address. */
export function sayMessages(messages: z.output<typeof Messages>): string {
  const words = messages.map(({ source, code }) => `${shown(source) || 'Shippo'}: ${shown(code) || 'no code'}`);
  return [...new Set(words)].slice(0, 5).join('; ');
}

function shown(word: string | null | undefined): string {
  return /^[\w .&'-]{1,60}$/.test(word ?? '') ? (word ?? '') : '';
}

/** Whether a carrier behind Shippo did not answer it. */
export function isCarrierSilent(messages: z.output<typeof Messages>): boolean {
  return messages.some(({ code }) => code === 'carrier_timeout');
}

/** A page of a list of Shippo's. */
export const Page = z.object({ next: z.string().nullish(), results: z.array(z.unknown()) });

/**
 * Where the next page of a list is, as a query of ours: of the address that Shippo gives nothing is followed but the page's name.
 * @returns null on the last page
 */
export function nextPage({ next }: Pick<z.output<typeof Page>, 'next'>): string | null {
  const query = URL.parse(next ?? '', 'https://api.goshippo.com')?.searchParams;
  const name = ['page_token', 'page'].find((one) => /^[\w=.+-]{1,200}$/.test(query?.get(one) ?? ''));
  return name === undefined ? null : `${name}=${encodeURIComponent(query?.get(name) ?? '')}`;
}
