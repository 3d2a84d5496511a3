import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Delivery } from '../../adapters/delivery.ts';
import type { Http, HttpRequest, HttpResponse } from '../../adapters/http.ts';
import { Rejected } from '../../core/error.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The names of the adapters in a folder. */
export function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder)).map((file) => basename(file, '.ts'));
}

/** The text of a fixture: `shopify/order.json`. */
export function fixture(name: string): string {
  return readFileSync(join(ROOT, 'test', 'fixtures', name), 'utf8');
}

/** The JSON fixtures of an adapter whose names start so; all but its settings when nothing is said. */
export function fixturesOf(adapter: string, prefix = ''): string[] {
  const files = readdirSync(join(ROOT, 'test', 'fixtures', adapter)).filter((file) => file.startsWith(prefix) && file !== 'settings.json');
  return files.sort().map((file) => fixture(`${adapter}/${file}`));
}

/** A verified delivery of this body. */
export function delivered(body: string | Buffer, headers: Delivery['headers'] = {}): Delivery {
  return { connectionId: 'shop', headers, body: Buffer.from(body), receivedAt: '2026-11-20T09:00:00.000Z' };
}

/** What the Rejected says that a call throws; anything else fails the test. */
export function rejectionOf(act: () => unknown): Rejected {
  try {
    act();
  } catch (error) {
    if (error instanceof Rejected) return error;
    throw error;
  }
  throw new Error('was taken');
}

/** What comes back from outside: an answer, or the error of none. */
export type Answer = Partial<HttpResponse> | Error;

/** A way out that answers what it is told, one after the other, and remembers what it was asked. */
export function scripted(...answers: readonly Answer[]): { readonly http: Http; readonly asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  const left = [...answers];
  async function http(request: HttpRequest): Promise<HttpResponse> {
    asked.push(request);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`nobody expected ${request.method} ${request.url}`);
    if (answer instanceof Error) throw answer;
    return { status: 200, headers: {}, body: Buffer.alloc(0), ...answer };
  }
  return { http, asked };
}

/** An answer with a JSON body. */
export function json(body: unknown, status = 200, headers: HttpResponse['headers'] = {}): HttpResponse {
  return { status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
}
