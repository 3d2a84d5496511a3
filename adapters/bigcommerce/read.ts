import * as z from 'zod';
import { Unavailable } from '../../core/error.ts';
import { Digits } from '../fields.ts';
import type { Cursor, Fetched, Page, Reference } from '../storefront.ts';
import { readDate } from './date.ts';
import { openStore, readAnswer, type Store } from './rest.ts';
import type { Call } from './settings.ts';

const PARTS = 'include=consignments.line_items&consignment_structure=object';
/** How many an answer lists at most: https://developer.bigcommerce.com/docs/rest-management/orders/order-products */
const LIST_SIZE = 250;
const PAGE_SIZE = 50;
const SIDE_BY_SIDE = 4;

const Body = z.record(z.string(), z.unknown());
type Body = z.infer<typeof Body>;
const Head = z.object({ id: Digits, date_modified: z.string() });
const Lines = z.array(z.object({ line_items: z.array(z.object({ id: Digits })) })).nullish();
const Consignments = z.object({ shipping: Lines, pickups: Lines, downloads: Lines, email: z.object({ gift_certificates: Lines }).nullish() });
const Product = z.looseObject({ id: Digits, order_address_id: z.unknown() });
const Address = z.looseObject({ id: Digits });

/** Fetches an order with its lines and addresses. */
export async function fetchOrder({ id }: Reference, call: Call): Promise<Fetched> {
  const order = await findOrder(id, openStore(call));
  if (order === undefined) return { kind: 'absent', sourceIds: [id] };
  return { kind: 'found', bodies: [Buffer.from(JSON.stringify(order))] };
}

/** Reads an order with its lines and addresses; undefined when the store has none of this id. */
export async function findOrder(id: string, store: Store): Promise<Body | undefined> {
  const found = await store.find(`/v2/orders/${encodeURIComponent(id)}?${PARTS}`);
  return found === undefined ? undefined : await withParts(readAnswer(Body, found), store);
}

/**
 * Lists orders by when they changed. A page goes on from the last instant of the page before it, not from a count of orders: one that
 * changes while it is being read moves to the end, and would shift another past a count.
 */
export async function pollOrders({ since, page }: Cursor, call: Call): Promise<Page> {
  const store = openStore(call);
  const [from = 0, number = 1] = page === null ? [Math.floor(Date.parse(since) / 1000)] : page.split('+').map(Number);
  const after = encodeURIComponent(new Date(from * 1000).toISOString().replace('Z', '+00:00'));
  const answer = await store.ask('GET', `/v2/orders?min_date_modified=${after}&sort=date_modified:asc&limit=${PAGE_SIZE}&page=${number}&${PARTS}`);
  const orders = answer === undefined ? [] : readAnswer(z.array(Body), answer);
  const bodies: Buffer[] = [];
  for (let index = 0; index < orders.length; index += SIDE_BY_SIDE) {
    const whole = await Promise.all(orders.slice(index, index + SIDE_BY_SIDE).map((order) => withParts(order, store)));
    bodies.push(...whole.map((order) => Buffer.from(JSON.stringify(order))));
  }
  return { bodies, next: orders.length < PAGE_SIZE ? null : nextOf(orders, from, number) };
}

function nextOf(orders: readonly Body[], from: number, number: number): string {
  const last = readDate(Head.safeParse(orders.at(-1)).data?.date_modified ?? '') ?? 0;
  // One second back, in case what changed exactly then is left out.
  const onward = Math.floor(last / 1000) - 1;
  return onward > from ? `${onward}+1` : `${from}+${number + 1}`;
}

/** Stores whose answers lack the lines, whatever was asked, are asked for lines and addresses one by one, and the same is made of them. */
async function withParts(order: Body, store: Store): Promise<Body> {
  if (hasParts(order)) return order;
  const { id } = readAnswer(Head, order);
  const [products, addresses] = [await list(`/v2/orders/${id}/products`, Product, store), await list(`/v2/orders/${id}/shipping_addresses`, Address, store)];
  const shipping = addresses.map((address) => ({ ...address, line_items: products.filter((product) => String(product.order_address_id) === address.id) }));
  const others = products.filter(({ order_address_id: at }) => !at || String(at) === '0');
  if (others.length + shipping.reduce((sum, { line_items }) => sum + line_items.length, 0) !== products.length)
    throw new Unavailable(
      'storefront.answer-unreadable',
      `BigCommerce order ${id} has lines for an address that it does not list; it may be changing, and the next try asks again.`,
    );
  return { ...order, consignments: { shipping, pickups: [], downloads: others.length === 0 ? [] : [{ line_items: others }], email: { gift_certificates: [] } } };
}

function hasParts({ consignments }: Body): boolean {
  const read = Consignments.safeParse(consignments);
  if (!read.success) return false;
  const { shipping, pickups, downloads, email } = read.data;
  return [shipping, pickups, downloads, email?.gift_certificates].some((parts) => parts?.some(({ line_items }) => line_items.length > 0));
}

/** Reads a list to its end. */
export async function list<Schema extends z.ZodType>(path: string, item: Schema, store: Store): Promise<z.output<Schema>[]> {
  const items: z.output<Schema>[] = [];
  for (let page = 1; ; page++) {
    const answer = await store.ask('GET', `${path}?limit=${LIST_SIZE}&page=${page}`);
    const read = answer === undefined ? [] : readAnswer(z.array(item), answer);
    items.push(...read);
    if (read.length < LIST_SIZE) return items;
  }
}
