import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { Digits } from '../fields.ts';
import type { Cursor, Fetched, Page, Reference } from '../storefront.ts';
import { composed, elementsOf } from './raw.ts';
import { lacksObject, readAnswer, send, succeeded } from './rest.ts';
import { type Call, Gmt, stateOf } from './settings.ts';

/** Orders may carry large meta data of plugins. */
const MAX_BYTES = 16 * 1024 * 1024;
const POLL_TIMEOUT_MS = 20_000;
const SECOND_MS = 1_000;
const ORDERS_PER_PAGE = 50;
/** How many ids an address may carry: web servers take 8 KB. */
const MAX_NAMED = 400;
const REFUNDS_PER_PAGE = 100;

const Objects = z.array(z.unknown());
const Refunded = z.object({ refunds: Objects });
const Listed = Refunded.extend({ id: Digits, status: z.string(), date_modified_gmt: Gmt });

/** Reads an order as it is now, with the lines of its refunds. */
export async function fetch({ what, id }: Reference, call: Call): Promise<Fetched> {
  if (what !== 'order' || !/^[1-9]\d{0,19}$/.test(id))
    throw new Rejected('storefront.reference-unknown', `WooCommerce has no ${JSON.stringify(what.slice(0, 40))} to fetch.`, { seen: id.slice(0, 40) });
  const path = `/wc/v3/orders/${id}`;
  const response = await send({ method: 'GET', path, maxBytes: MAX_BYTES }, call);
  if (lacksObject(response)) return { kind: 'absent', sourceIds: [id] };
  const { body } = succeeded(response);
  const { refunds } = readAnswer(Refunded, response, path);
  return { kind: 'found', bodies: [composed(body, await refundsOf(id, refunds.length, call))] };
}

/** @param expected how many the order names: one that is missing would leave its units in the order */
async function refundsOf(orderId: string, expected: number, call: Call): Promise<Buffer[]> {
  const refunds: Buffer[] = [];
  for (let page = 1; expected > 0; page++) {
    const path = `/wc/v3/orders/${orderId}/refunds`;
    const response = succeeded(await send({ method: 'GET', path, query: { per_page: String(REFUNDS_PER_PAGE), page: String(page) }, maxBytes: MAX_BYTES }, call));
    const { length } = readAnswer(Objects, response, path);
    refunds.push(...elementsOf(response.body));
    if (length < REFUNDS_PER_PAGE) break;
  }
  if (refunds.length >= expected) return refunds;
  throw new Unavailable('storefront.answer-incomplete', `WooCommerce names ${expected} refunds of order ${orderId} and lists ${refunds.length}; the next try reads them again.`);
}

/** Where a reading stands: the statuses it is at, and the orders that changed after an instant. */
interface Place {
  readonly status: 'any' | 'trash';
  /** Milliseconds since 1970; what changed at it is left out. */
  readonly after: number;
  /** Ids of orders of the second after it that were read. */
  readonly read: readonly string[];
  readonly page: number;
}

/**
 * Reads the orders that changed, first all but the deleted ones, then those: `any` leaves out the trash. Orders deleted for good are not
 * to be found any more. A page goes on from the last second of the page before it, without what was read of it, and not from a count of
 * orders: one that changes while it is being read moves to the end, and would shift another past a count.
 */
export async function poll({ since, page }: Cursor, call: Call): Promise<Page> {
  // `modified_after` leaves out the second that it names.
  const start: Place = { status: 'any', after: Math.floor(Date.parse(since) / SECOND_MS) * SECOND_MS - SECOND_MS, read: [], page: 1 };
  const place = page === null ? start : placeOf(page);
  const path = '/wc/v3/orders';
  const response = succeeded(await send({ method: 'GET', path, query: queryOf(place), maxBytes: MAX_BYTES, timeoutMs: POLL_TIMEOUT_MS }, call));
  const listed = readAnswer(Objects, response, path).map((order) => Listed.safeParse(order).data);
  const raws = elementsOf(response.body);
  const bodies: Buffer[] = [];
  for (const [index, raw] of raws.entries()) bodies.push(...(await bodiesOf(raw, listed[index], call)));
  return { bodies, next: nextOf(place, listed, start) };
}

/** An order that cannot be read goes on as it is: `parse` says why, and the others of its page are not held up. */
async function bodiesOf(raw: Buffer, listed: z.infer<typeof Listed> | undefined, call: Call): Promise<Buffer[]> {
  if (listed === undefined) return [composed(raw, [])];
  if (stateOf(listed.status, call.settings) === 'draft') return [];
  return [composed(raw, await refundsOf(listed.id, listed.refunds.length, call))];
}

function queryOf({ status, after, read, page }: Place): Record<string, string> {
  const modified_after = new Date(after).toISOString().slice(0, 19);
  const exclude = read.length === 0 ? {} : { exclude: read.join(',') };
  return { status, modified_after, dates_are_gmt: 'true', orderby: 'modified', order: 'asc', per_page: String(ORDERS_PER_PAGE), page: String(page), ...exclude };
}

function nextOf(place: Place, listed: readonly (z.infer<typeof Listed> | undefined)[], start: Place): string | null {
  const { status, after, read, page } = place;
  if (listed.length < ORDERS_PER_PAGE) return status === 'any' ? textOf({ ...start, status: 'trash' }) : null;
  const known = listed.filter((order) => order !== undefined);
  const last = known.at(-1)?.date_modified_gmt ?? 0;
  const ofLast = known.filter(({ date_modified_gmt }) => date_modified_gmt === last).map(({ id }) => id);
  if (last - SECOND_MS > after) return textOf({ status, after: last - SECOND_MS, read: ofLast, page: 1 });
  const more = [...read, ...ofLast];
  // Of more orders of one second than an address can name, the rest can only be counted.
  const canName = page === 1 && ofLast.length > 0 && more.length <= MAX_NAMED;
  return textOf(canName ? { ...place, read: more } : { ...place, page: page + 1 });
}

function textOf({ status, after, page, read }: Place): string {
  return [status, after, page, ...read].join(' ');
}

function placeOf(text: string): Place {
  const [status, after, page, ...read] = text.split(' ');
  return { status: status === 'trash' ? 'trash' : 'any', after: Number(after), page: Number(page), read };
}
