import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import * as z from 'zod';
import type { CarrierCall, DraftedPurchase, LabelAtCarrier, ManifestRequest, PickupRequest, Shipment } from '../../adapters/carrier.ts';
import type { Http, HttpRequest, HttpResponse } from '../../adapters/http.ts';

const FOLDER = join(import.meta.dirname, '..', 'fixtures');

/** What a token, key or secret is in these tests: nothing of it may be seen in an error, a reason or an address. */
export const HUSH = 'hush-hush-secret';
export const NOW = new Date('2026-11-20T09:00:00.000Z');
export const REFERENCE = '01KAGM5Q80ABCDEFGHJKMNPQRS';

const FROM = {
  name: 'Harbour & Pine',
  company: 'Harbour & Pine',
  line1: '1 Main St',
  city: 'Timonium',
  region: 'MD',
  postalCode: '21093',
  country: 'US',
  phone: '+1 410 555 0100',
};
const TO = { name: 'Erika Muster', line1: '12 Elm Street', line2: 'Apt 4', city: 'Greenwich', region: 'CT', postalCode: '06831', country: 'US', phone: '+1 203 555 0142' };

/** A parcel that every carrier takes. */
export const SHIPMENT: Shipment = {
  reference: REFERENCE,
  from: FROM,
  to: TO,
  email: 'erika@example.com',
  weight: 1_000,
  dimensions: { length: 300, width: 200, height: 100 },
  shipDate: '2026-11-23',
  value: 2_995,
  currency: 'USD',
  customs: null,
  hazardous: false,
  returns: false,
};

export function manifestOf(label: LabelAtCarrier): ManifestRequest {
  return { reference: REFERENCE, from: FROM, shipDate: '2026-11-23', labels: [label], carrier: 'USPS' };
}

export function pickupOf(label: LabelAtCarrier): PickupRequest {
  const when = { day: '2026-11-23', readyAt: '14:00', closesAt: '17:00', timeZone: 'America/New_York' };
  return { reference: REFERENCE, from: FROM, ...when, parcels: 1, weight: 1_000, instructions: 'At the dock.', labels: [label] };
}

/** What an adapter is handed, with a way out that is played. */
export function callWith<Settings>(settings: Settings, http: Http): CarrierCall<Settings> {
  const secrets = { token: `${HUSH}-token`, secondToken: `${HUSH}-second`, apiKey: `${HUSH}-key`, signingSecret: `${HUSH}-signing` };
  return { connectionId: 'carrier', settings, ...secrets, updateUrl: 'https://hub.example.com/updates/carrier', http, now: NOW };
}

// A carrier that is looked at again and again is not asked without end.
const MAX_CALLS = 20;

/** A way out that answers what it is told, one after the other and the last again and again, and remembers what it was asked. */
export function answering(...answers: readonly (HttpResponse | Error)[]): { readonly http: Http; readonly asked: HttpRequest[] } {
  const asked: HttpRequest[] = [];
  async function http(request: HttpRequest): Promise<HttpResponse> {
    asked.push(request);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (answer === undefined || asked.length > MAX_CALLS) throw new Error(`nobody expected ${request.method} ${request.url}`);
    if (answer instanceof Error) throw answer;
    return answer;
  }
  return { http, asked };
}

/** Answers in the place of a carrier's: the same bytes with another status. */
export function withStatus(answers: readonly HttpResponse[], status: number): HttpResponse[] {
  return answers.map((answer) => ({ ...answer, status }));
}

const Answer = z.strictObject({
  status: z.int(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  text: z.string().optional(),
});

/** The names of a kind's fixtures that start so, without their ending. */
export function fixtureNames(kind: string, prefix: string): string[] {
  const files = existsSync(join(FOLDER, kind)) ? readdirSync(join(FOLDER, kind)) : [];
  return files
    .filter((file) => file.startsWith(prefix) && file.endsWith('.json'))
    .map((file) => basename(file, '.json'))
    .sort();
}

/** The text of a kind's fixture. @throws Error that says which file to add */
export function textOf(kind: string, name: string): string {
  const path = join(FOLDER, kind, `${name}.json`);
  if (!existsSync(path)) throw new Error(`test/fixtures/${kind}/${name}.json is missing; docs/adding-a-carrier.md says what it holds and why it is wanted.`);
  return readFileSync(path, 'utf8');
}

/** What a carrier answers, by a fixture: one answer, or several that are given in turn. */
export function answersOf(kind: string, name: string): HttpResponse[] {
  const content: unknown = JSON.parse(textOf(kind, name), keepSource);
  return z
    .array(Answer)
    .parse(Array.isArray(content) ? content : [content])
    .map(({ status, headers, body, text }) => ({ status, headers, body: Buffer.from(text ?? (body === undefined ? '' : JSON.stringify(body))) }));
}

/** Keeps `12.50` and ids past 2^53 as they stand in the fixture. https://tc39.es/proposal-json-parse-with-source */
function keepSource(key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  const raw: unknown = Reflect.get(JSON, 'rawJSON');
  if (key === 'status' && typeof value === 'number' && value < 600) return value;
  return typeof value === 'number' && source !== undefined && typeof raw === 'function' ? raw(source) : value;
}

const Purchase = z.strictObject({
  reference: z.string().min(1),
  carrierRef: z.string(),
  rate: z.strictObject({ rateId: z.string(), carrier: z.string(), service: z.string(), cost: z.int(), currency: z.string(), deliveryDays: z.int().nullable() }),
  request: z.string(),
});

/** The purchase that a kind's `bought.json` answers. */
export function purchaseOf(kind: string): DraftedPurchase {
  return Purchase.parse(JSON.parse(textOf(kind, 'purchase')));
}

/** Every answer among a kind's fixtures, whatever it answers. */
export function allAnswers(kind: string): HttpResponse[][] {
  const others = /^(?:settings|purchase|update.*|tracked.*)$/;
  return fixtureNames(kind, '')
    .filter((name) => !others.test(name) && /"status"\s*:\s*\d{3}\b/.test(textOf(kind, name)))
    .map((name) => answersOf(kind, name));
}

const STATUSES = [200, 201, 202, 204, 207, 301, 400, 401, 402, 403, 404, 408, 409, 410, 422, 425, 429, 500, 502, 503, 504];
const JUNK = ['null', '[]', '{}', '""', 'true', '-1', '0', '1e309', '9007199254740993', '99999999999999999999.99', '"x"', '[[]]', '{"a":1}', '"2026-02-30T25:00:00Z"'];

/** A text with a piece cut out, doubled or replaced, a value of another type, or a number that no double holds. */
export function mutatedText(text: string): fc.Arbitrary<string> {
  const piece = fc.record({ from: fc.nat(text.length), length: fc.nat(60) });
  const values = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?|true|false|null/g)];
  const value = fc.constantFrom(...(values.length === 0 ? [...'x'.matchAll(/x/g)] : values));
  return fc.oneof(
    fc.nat(text.length).map((end) => text.slice(0, end)),
    piece.map(({ from, length }) => text.slice(0, from) + text.slice(from + length)),
    piece.map(({ from, length }) => text.slice(0, from + length) + text.slice(from)),
    fc.tuple(piece, fc.constantFrom(...JUNK)).map(([{ from, length }, junk]) => text.slice(0, from) + junk + text.slice(from + length)),
    fc.tuple(value, fc.constantFrom(...JUNK)).map(([{ index, 0: found }, junk]) => text.slice(0, index) + junk + text.slice(index + found.length)),
  );
}

/** Shows its text where a property fails. */
function legible(answer: HttpResponse): HttpResponse {
  return Object.defineProperty(answer, fc.toStringMethod, { value: () => `${answer.status} ${answer.body.toString('latin1')}` });
}

/** Answers that went wrong on their way: another status, other bytes, or the same ones. */
export function mutatedAnswers(answers: readonly HttpResponse[]): fc.Arbitrary<HttpResponse[]> {
  const each = answers.map((answer) => {
    const status = fc.oneof({ weight: 2, arbitrary: fc.constant(answer.status) }, { weight: 1, arbitrary: fc.constantFrom(...STATUSES) });
    const body = fc.oneof({ weight: 1, arbitrary: fc.constant(answer.body.toString('latin1')) }, { weight: 4, arbitrary: mutatedText(answer.body.toString('latin1')) });
    return fc.record({ status, headers: fc.constant(answer.headers), body: body.map((text) => Buffer.from(text, 'latin1')) }).map(legible);
  });
  return fc.tuple(...each);
}

/** An answer that no carrier gives. */
export const NONSENSE: fc.Arbitrary<HttpResponse> = fc
  .record({
    status: fc.oneof(fc.constantFrom(...STATUSES), fc.integer({ min: 200, max: 599 })),
    headers: fc.constant({}),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.constantFrom('', '<html>Bad gateway</html>', '{}', '[]', 'null').map((text) => Buffer.from(text)),
    ),
  })
  .map(legible);
