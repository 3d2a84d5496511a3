import type * as z from 'zod';
import type { Answer, Call } from './listen.ts';
import { phpJson } from './woocommerce-payload.ts';

/** A request to the REST API, as a route sees it. */
export interface RestCall {
  /** What the route's pattern caught. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: string;
}

/** A route: method, pattern of the path below `/wp-json`, and what it answers. */
export type Route = readonly [method: string, path: RegExp, answer: (call: RestCall) => Answer | Promise<Answer>];

/** Remembers that a caller broke the contract. */
export type Complain = (what: string) => void;

/** A body that its route does not take. */
class InvalidParam extends Error {}

/** Answers with JSON as PHP writes it. */
export function answered(value: unknown, status = 200): Answer {
  return { status, bytes: Buffer.isBuffer(value) ? value : phpJson(value), headers: { 'content-type': 'application/json; charset=UTF-8' } };
}

/** Answers with an error as WordPress writes it. */
export function refused(status: number, code: string, message: string): Answer {
  return answered({ code, message, data: { status } }, status);
}

/** Makes the REST API out of routes, behind HTTP Basic. Everything that a careful caller does not do is remembered. */
export function restApi(routes: readonly Route[], token: string, complain: Complain): (call: Call) => Promise<Answer> {
  const authorization = `Basic ${Buffer.from(token).toString('base64')}`;
  return async function answer(call) {
    if (call.headers.authorization !== authorization) {
      complain(`${call.method} ${call.path}: wrong key`);
      return refused(401, 'woocommerce_rest_cannot_view', 'Sorry, you cannot list resources.');
    }
    const path = call.path.replace(/^\/wp-json/, '');
    const found = routes.flatMap(([method, pattern, act]) => {
      const match = method === call.method ? pattern.exec(path) : null;
      return match === null ? [] : [{ parts: match.slice(1), act }];
    })[0];
    if (found === undefined) return refused(404, 'rest_no_route', 'No route was found matching the URL and request method.');
    try {
      return await found.act({ parts: found.parts, query: new URLSearchParams(call.query), body: call.body });
    } catch (cause) {
      if (!(cause instanceof InvalidParam)) throw cause;
      complain(`${call.method} ${path}: ${cause.message}`);
      return refused(400, 'rest_invalid_param', cause.message);
    }
  };
}

/** Reads a body, every field of which must be known. */
export function bodyOf<Schema extends z.ZodType>(schema: Schema, { body }: RestCall): z.output<Schema> {
  const read = schema.safeParse(jsonOf(body));
  if (read.success) return read.data;
  throw new InvalidParam(`Invalid parameter(s): ${read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`);
}

/** What a caller may ask a list for. */
export function pageOf({ query }: RestCall): { readonly limit: number; readonly offset: number } {
  const [limit, page] = [Number(query.get('per_page') ?? 10), Number(query.get('page') ?? 1)];
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw new InvalidParam('Invalid parameter(s): per_page');
  if (!Number.isInteger(page) || page < 1) throw new InvalidParam('Invalid parameter(s): page');
  return { limit, offset: (page - 1) * limit };
}

/** Leaves only the fields that a caller asked for. https://developer.wordpress.org/rest-api/using-the-rest-api/global-parameters/ */
export function fieldsOf<Value extends object>(value: Value, { query }: RestCall): object {
  const fields = query.get('_fields')?.split(',');
  return fields === undefined ? value : Object.fromEntries(Object.entries(value).filter(([name]) => fields.includes(name)));
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new InvalidParam('Invalid JSON body passed.');
  }
}
