import * as z from 'zod';
import { type Rejected, Unavailable } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { failureOf, type HttpRequest, type HttpResponse } from '../http.ts';
import type { Call } from './settings.ts';

/** A request to the site's REST API. */
interface RestRequest extends Pick<HttpRequest, 'timeoutMs' | 'maxBytes'> {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Below `/wp-json`, ids encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: object;
}

// https://developer.wordpress.org/rest-api/extending-the-rest-api/controller-classes/: messages are for people and may quote input.
const WordpressError = z.object({ code: z.string().regex(/^[A-Za-z0-9_-]{1,100}$/) });

/** Sends a request with the connection's key. @returns the answer, whatever its status */
export async function send({ method, path, query, json, ...limits }: RestRequest, { settings, token, http }: Call): Promise<HttpResponse> {
  const search = query === undefined ? '' : `?${new URLSearchParams(query)}`;
  const headers = { accept: 'application/json', authorization: `Basic ${Buffer.from(token).toString('base64')}`, ...(json && { 'content-type': 'application/json' }) };
  return await http({ method, url: `${settings.siteUrl}/wp-json${path}${search}`, headers, ...(json && { body: JSON.stringify(json) }), ...limits });
}

/**
 * Sends a request and reads its answer.
 * @throws Unavailable when the site is busy, down or not understood; Rejected when it refuses
 */
export async function ask<Schema extends z.ZodType>(schema: Schema, request: RestRequest, call: Call): Promise<z.output<Schema>> {
  return readAnswer(schema, succeeded(await send(request, call)), request.path);
}

/** @throws what an answer outside 2xx amounts to; of what it says, its code alone is repeated */
export function succeeded(response: HttpResponse): HttpResponse {
  if (response.status >= 200 && response.status < 300) return response;
  throw failed(response);
}

function failed(response: HttpResponse): Unavailable | Rejected {
  return failureOf(response, 'storefront', codeOf(response));
}

/** @throws Unavailable: a page of HTML, or a notice of PHP before the JSON, often passes by itself */
export function readAnswer<Schema extends z.ZodType>(schema: Schema, { body }: HttpResponse, path: string): z.output<Schema> {
  const read = schema.safeParse(jsonOf(body));
  if (read.success) return read.data;
  throw new Unavailable('storefront.answer-unreadable', `WooCommerce's answer to ${path.replace(/\d+/g, 'N')} cannot be read; the next try looks first.`, { cause: read.error });
}

/** The code of a WordPress error; empty when the answer is none. */
function codeOf({ body }: HttpResponse): string {
  return WordpressError.safeParse(jsonOf(body)).data?.code ?? '';
}

/** Whether the site has no such route: the plugin that brings it is not there, or not switched on. */
export function lacksRoute(response: HttpResponse): boolean {
  return response.status === 404 && codeOf(response) === 'rest_no_route';
}

/** Whether the site has the route, and nothing of this id behind it. */
export function lacksObject(response: HttpResponse): boolean {
  return response.status === 404 && codeOf(response).endsWith('_invalid_id');
}

function jsonOf(body: Buffer): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
