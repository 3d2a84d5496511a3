// Where a tracking number can be written, each with how it is found again:
// https://woocommerce.com/document/shipment-tracking/ (the plugin sold by WooCommerce),
// https://docs.zorem.com/docs/ast-free/add-tracking-to-orders/shipment-tracking-api/ (Advanced Shipment Tracking, AST),
// fulfilments of the core since 10.1, behind a switch, and https://woocommerce.github.io/woocommerce-rest-api-docs/#order-notes.
// Not confirmed by a live call, so handled tolerantly: whether lists come as arrays or as objects with numbered keys (both are read), how
// AST reads a date (year first), that a plugin's link may be a pattern of PHP's sprintf, and the meta keys of the core's fulfilments.
import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { text } from '../fields.ts';
import type { Shipped } from '../storefront.ts';
import { decodeEntities } from './entities.ts';
import { ask, lacksObject, lacksRoute, readAnswer, send, succeeded } from './rest.ts';
import { type Call, type Settings, stateOf } from './settings.ts';

/** A place for tracking numbers. */
interface Way {
  path(orderId: string): string;
  /** Reads the numbers that the customer can see there. */
  readonly numbers: z.ZodType<readonly string[]>;
  written(shipped: Shipped, settings: Settings): object;
}

const listOf = <Item extends z.ZodType>(item: Item) => z.union([z.array(item), z.record(z.string(), item).transform((items) => Object.values(items))]);
const Plugin = listOf(z.object({ tracking_number: text })).transform((items) => items.flatMap(({ tracking_number }) => tracking_number ?? []));
const Fulfilments = listOf(z.object({ meta_data: z.array(z.object({ key: z.string(), value: z.unknown() })) }));
const TRACKING_KEY = '_tracking_number';

const WAYS: Readonly<Record<Exclude<Settings['tracking'], 'auto'>, Way>> = {
  'shipment-tracking': {
    path: (id) => `/wc-shipment-tracking/v3/orders/${id}/shipment-trackings`,
    numbers: Plugin,
    // The plugin knows its own list of carriers by name; a custom one always carries the link that we have.
    written: (shipped, settings) => ({
      custom_tracking_provider: carrierOf(shipped, settings),
      ...(isPlainLink(shipped.trackingUrl) && { custom_tracking_link: shipped.trackingUrl }),
      tracking_number: shipped.trackingNumber,
      date_shipped: dayOf(shipped),
    }),
  },
  ast: {
    path: (id) => `/wc-ast/v3/orders/${id}/shipment-trackings`,
    numbers: Plugin,
    // 0 twice: the status stays as it is, and what is there already stays there.
    written: (shipped, settings) => ({
      tracking_provider: carrierOf(shipped, settings),
      tracking_number: shipped.trackingNumber,
      date_shipped: dayOf(shipped),
      status_shipped: 0,
      replace_tracking: 0,
    }),
  },
  fulfillments: {
    path: (id) => `/wc/v3/orders/${id}/fulfillments`,
    numbers: z
      .union([Fulfilments, z.object({ fulfillments: Fulfilments }).transform(({ fulfillments }) => fulfillments)])
      .transform((all) => all.flatMap(({ meta_data }) => meta_data.flatMap(({ key, value }) => (key === TRACKING_KEY && typeof value === 'string' ? [value] : [])))),
    written: fulfilmentOf,
  },
  notes: {
    path: (id) => `/wc/v3/orders/${id}/notes`,
    numbers: z
      .array(z.object({ note: z.string(), customer_note: z.boolean() }))
      .transform((notes) => notes.filter((one) => one.customer_note).flatMap(({ note }) => decodeEntities(note).split(/[^A-Za-z0-9-]+/))),
    written: (shipped, settings) => ({ note: noteOf(shipped, settings), customer_note: true }),
  },
};
// AST also answers at the other plugin's routes, where it does not know custom carriers, so it is asked first.
const AUTO = ['ast', 'shipment-tracking', 'notes'] as const;

const Looked = z.object({ status: z.string() });

/** Writes a parcel's tracking number, then completes the order: the e-mail about the completed order shows what was written before it. */
export async function markShipped(shipped: Shipped, call: Call): Promise<'written' | 'known'> {
  const id = encodeURIComponent(shipped.sourceId);
  const status = await statusOf(id, call);
  const told = await tell(id, shipped, call);
  // An order that was cancelled meanwhile keeps its status, and so does one that is not paid: completed means paid.
  if (!shipped.completes || !call.settings.completes || stateOf(status, call.settings) !== 'paid') return told;
  await ask(Looked, { method: 'PUT', path: `/wc/v3/orders/${id}`, json: { status: 'completed' } }, call);
  return 'written';
}

async function statusOf(id: string, call: Call): Promise<string> {
  const path = `/wc/v3/orders/${id}`;
  const response = await send({ method: 'GET', path, query: { _fields: 'id,status' } }, call);
  const status = lacksObject(response) ? 'trash' : readAnswer(Looked, succeeded(response), path).status;
  if (status !== 'trash') return status;
  throw new Rejected(
    'storefront.order-absent',
    `WooCommerce order ${id} was deleted and takes no tracking number; its parcel left: restore the order, or tell the customer yourself.`,
    {
      seen: status,
    },
  );
}

async function tell(id: string, shipped: Shipped, call: Call): Promise<'written' | 'known'> {
  const { tracking } = call.settings;
  for (const name of tracking === 'auto' ? AUTO : [tracking]) {
    const { path, numbers, written } = WAYS[name];
    const looked = await send({ method: 'GET', path: path(id) }, call);
    if (lacksRoute(looked)) continue;
    if (readAnswer(numbers, succeeded(looked), path(id)).includes(shipped.trackingNumber)) return 'known';
    succeeded(await send({ method: 'POST', path: path(id), json: written(shipped, call.settings) }, call));
    return 'written';
  }
  throw new Rejected(
    'storefront.plugin-absent',
    `The site has no route for tracking numbers by ${tracking}: switch the plugin on, or set tracking to auto or notes in the client's file.`,
    {
      seen: tracking,
    },
  );
}

function carrierOf({ carrier }: Shipped, { carrierNames }: Settings): string {
  return (Object.hasOwn(carrierNames, carrier) ? carrierNames[carrier] : undefined) ?? carrier;
}

/** A per cent sign would be read as part of a pattern; without the link the customer still sees the number. */
function isPlainLink(url: string): boolean {
  return url !== '' && !url.includes('%');
}

function dayOf({ shippedAt }: Shipped): string {
  return shippedAt.slice(0, 10);
}

function noteOf(shipped: Shipped, settings: Settings): string {
  const values: ReadonlyMap<string, string> = new Map([
    ['carrier', carrierOf(shipped, settings)],
    ['service', shipped.service],
    ['trackingNumber', shipped.trackingNumber],
    ['trackingUrl', shipped.trackingUrl],
  ]);
  return settings.noteText.replace(/\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole).trim();
}

function fulfilmentOf(shipped: Shipped, settings: Settings): object {
  const meta = [
    ['_items', itemsOf(shipped)],
    [TRACKING_KEY, shipped.trackingNumber],
    ['_tracking_url', shipped.trackingUrl],
    ['_shipment_provider', carrierOf(shipped, settings)],
  ] as const;
  return { status: 'fulfilled', is_fulfilled: true, notify_customer: true, meta_data: meta.map(([key, value]) => ({ key, value })) };
}

/** The parcel's units as units of the order's lines. */
function itemsOf({ units, lines }: Shipped): { readonly item_id: string; readonly qty: number }[] {
  const left = new Map(units.map(({ sku, quantity }) => [sku, quantity]));
  return lines.flatMap(({ lineId, sku, quantity, requiresShipping }) => {
    const qty = requiresShipping ? Math.min(quantity, left.get(sku ?? '') ?? 0) : 0;
    left.set(sku ?? '', (left.get(sku ?? '') ?? 0) - qty);
    return qty > 0 ? [{ item_id: lineId, qty }] : [];
  });
}
