import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { type Json, parseJson } from '../../core/json.ts';
import { plainWords } from '../answer.ts';
import { failureOf, type HttpRequest, type HttpResponse } from '../http.ts';
import type { Call } from './settings.ts';

/** The store's API, as one piece of work uses it. */
export interface Store {
  /**
   * Sends a request. @returns the answer, numbers without loss; undefined for an empty one, as lists with nothing in them have
   * @throws Unavailable when BigCommerce is busy, down or not understood, or its window of requests is all but spent; Rejected when it refuses
   */
  ask(method: HttpRequest['method'], path: string, body?: object): Promise<Json | undefined>;
  /** Reads something that may not be there. @returns undefined when BigCommerce does not know it */
  find(path: string): Promise<Json | undefined>;
}

/** Requests of a window that are left to whoever else calls the store: all its apps share one. */
const KEPT_FREE = 3;
const MAX_BYTES = 20 * 1024 * 1024;

/** Opens the store's API. Counts what the store says is left of its window, and stops in time. https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits */
export function openStore(call: Call): Store {
  let window = { left: Number.POSITIVE_INFINITY, resetMs: 0 };

  async function send(method: HttpRequest['method'], path: string, body?: object): Promise<HttpResponse> {
    if (window.left <= KEPT_FREE) throw windowSpent(window.resetMs);
    const { apiUrl, storeHash } = call.settings;
    // Orders V2 answers in XML unless it is asked for JSON.
    const headers = { accept: 'application/json', 'x-auth-token': call.token, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const request = { method, url: `${apiUrl}/stores/${storeHash}${path}`, headers, maxBytes: MAX_BYTES, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await call.http(request);
    window = windowOf(response);
    return response;
  }

  return {
    ask: async (method, path, body) => contentOf(await send(method, path, body)),
    find: async (path) => {
      const response = await send('GET', path);
      return response.status === 404 ? undefined : required(contentOf(response), path);
    },
  };
}

/** Reads an answer. @throws Unavailable `storefront.answer-unreadable`: something between us may have cut or replaced it */
export function readAnswer<Schema extends z.ZodType>(schema: Schema, answer: unknown): z.output<Schema> {
  const read = schema.safeParse(answer);
  if (read.success) return read.data;
  throw unreadable(read.error);
}

/** An id as BigCommerce takes it in a request. @throws Rejected `storefront.id-unusable` past 2^53, which its ids never come near */
export function numberOf(id: string): number {
  const number = Number(id);
  if (Number.isSafeInteger(number)) return number;
  throw new Rejected('storefront.id-unusable', `Id ${id} is larger than a request to BigCommerce can say; look at where it came from.`, { seen: id });
}

function windowSpent(resetMs: number): Unavailable {
  const retryAfterSeconds = Math.max(1, Math.ceil(resetMs / 1000));
  return new Unavailable('storefront.window-spent', 'The store has few requests left in this window; the work goes on in the next one.', { retryAfterSeconds });
}

function windowOf({ headers }: HttpResponse): { readonly left: number; readonly resetMs: number } {
  const number = (name: string) => (/^\d{1,9}$/.test(headers[name] ?? '') ? Number(headers[name]) : undefined);
  return { left: number('x-rate-limit-requests-left') ?? Number.POSITIVE_INFINITY, resetMs: number('x-rate-limit-time-reset-ms') ?? 0 };
}

function contentOf(response: HttpResponse): Json | undefined {
  if (response.status < 200 || response.status >= 300) throw failureOf(response, 'storefront', reasonOf(response));
  if (response.status === 204) return undefined;
  try {
    return parseJson(response.body);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function required(content: Json | undefined, path: string): Json {
  if (content !== undefined) return content;
  throw unreadable(new Error(`nothing was answered to ${path}`));
}

function unreadable(cause: unknown): Unavailable {
  return new Unavailable('storefront.answer-unreadable', "BigCommerce's answer cannot be read; the next try looks first.", { cause });
}

// V2 answers a list of messages, V3 one title: https://developer.bigcommerce.com/docs/start/about/status-codes
const Refusal = z.union([z.array(z.object({ message: z.string() })).min(1), z.object({ title: z.string() })]);

function reasonOf({ body }: HttpResponse): string {
  try {
    const refusal = Refusal.parse(parseJson(body));
    const said = Array.isArray(refusal) ? refusal[0]?.message : refusal.title;
    return plainWords(said ?? '').slice(0, 200);
  } catch {
    // A reason that cannot be read is none: the status says enough.
    return '';
  }
}
