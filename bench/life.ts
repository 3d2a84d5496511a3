import { orderKey } from '../adapters/aws/order-store.ts';
import { readParcels } from '../adapters/aws/parcel-store.ts';
import { orderIdOf } from '../core/id.ts';
import type { Order } from '../core/order.ts';
import type { Label } from '../core/shipment.ts';
import { inventBuyer } from '../local/day/people.ts';
import { customAddress, writeCustom } from '../local/simulators/custom.ts';
import { easypostAddress } from '../local/simulators/easypost.ts';
import { type Scan, trackerEvent } from '../local/simulators/journey.ts';
import type { Address, Posting } from '../local/simulators/outbox.ts';
import { seeded } from '../local/simulators/seed.ts';
import type { Buyer, SoldLine, SoldOrder, SoldVersion } from '../local/simulators/sold-order.ts';
import type { Hook, Setting } from './setting.ts';

/** Storefront webhooks of one order: created, then paid. */
export const WEBHOOKS_PER_ORDER = 2;

/** What the carrier tells of one parcel, each in a callback of its own. */
const SCANS: readonly Scan[] = [
  { status: 'pre_transit', detail: 'label_created', message: 'Shipping label created' },
  { status: 'in_transit', detail: 'status_update', message: 'Accepted at the facility' },
  { status: 'in_transit', detail: 'status_update', message: 'Departed from the facility' },
  { status: 'out_for_delivery', detail: 'out_for_delivery', message: 'Out for delivery' },
  { status: 'delivered', detail: 'arrived_at_destination', message: 'Delivered' },
];

/** Carrier callbacks of one order. */
export const CALLBACKS_PER_ORDER = SCANS.length;

/** The storefront's own id of an order. */
export function inventedSourceId(index: number): string {
  return `B-${String(index + 1).padStart(6, '0')}`;
}

/** An order as its customer placed it: so many of each of these SKUs. */
export function inventOrder(index: number, skus: readonly string[], currency: string): SoldOrder {
  const sourceId = inventedSourceId(index);
  const lines = skus.map((sku, line): SoldLine => ({ lineId: `${index + 1}${line + 1}`, sku, title: sku, quantity: 1, unitPrice: 2_500, grams: 400, kind: 'goods' }));
  const buyer: Buyer = inventBuyer(index, seeded(sourceId));
  return {
    sourceId,
    number: `WH-${3_001 + index}`,
    placedAt: new Date(Math.floor(Date.now() / 1_000) * 1_000 - 60_000).toISOString(),
    currency,
    test: false,
    buyer,
    shipped: true,
    lines,
  };
}

/** Writes a webhook about an order, not yet signed. */
export function webhookOf(sold: SoldOrder, version: 1 | 2, paid: boolean): Posting {
  const id = `${sold.sourceId}-${version}`;
  return { id, sender: 'wholesale', ...writeCustom(version === 1 ? 'created' : 'paid', sold, stateOf(sold, version, paid), id), due: null };
}

function stateOf(sold: SoldOrder, version: 1 | 2, paid: boolean): SoldVersion {
  return { version, updatedAt: new Date(Date.parse(sold.placedAt) + version * 1_000).toISOString(), paid, cancelled: false, removed: {}, note: '' };
}

/** Signs a webhook of the storefront. */
export function signedBy(hook: Hook): ReturnType<typeof customAddress> {
  return customAddress(hook.url, hook.secret);
}

const STEP_MS = 700;
const LOOK_MS = 100;

/**
 * Takes one order from its first webhook to the customer's door: created, and only when the hub has it, paid; then the carrier's
 * callbacks, one after another.
 * @param settled waits between two steps, for orders that are to be alone: nothing of one step is left when the next begins
 * @throws Error when the order is not delivered within the limit
 */
export async function live(setting: Setting, sold: SoldOrder, settled: () => Promise<void>, limitMs: number): Promise<void> {
  const until = Date.now() + limitMs;
  const { hooks } = setting;
  const sign = signedBy(hooks.storefront);
  setting.wholesale.place(sold, stateOf(sold, 2, true));
  await post(sign(webhookOf(sold, 1, false), new Date()), webhookOf(sold, 1, false).body);
  await reaches(setting, sold, ['held'], until);
  await settled();
  await post(sign(webhookOf(sold, 2, true), new Date()), webhookOf(sold, 2, true).body);
  const label = await labelOf(setting, sold, until);
  await settled();
  const signUpdate = easypostAddress(hooks.carrier.url, hooks.carrier.secret);
  const began = Date.now();
  for (let told = 1; told <= SCANS.length; told++) {
    const scans = SCANS.slice(0, told).map((scan, index) => ({ scan, at: began + index * 1_000 }));
    const body = trackerEvent(`evt_${sold.sourceId}_${told}`, { shipmentId: `shp_${sold.sourceId}`, trackingCode: label.trackingNumber, carrier: label.carrier, scans });
    const posting: Posting = { id: `${sold.sourceId}-update-${told}`, sender: 'easypost', meta: {}, body, due: null };
    await post(signUpdate(posting, new Date()), posting.body);
    await wait(STEP_MS);
    await settled();
  }
  await reaches(setting, sold, ['delivered'], until);
}

/** The label that was bought for an order, once the hub has it: before that no carrier has anything to tell. */
async function labelOf(setting: Setting, sold: SoldOrder, until: number): Promise<Label> {
  for (;;) {
    const [parcel] = await readParcels(setting.table, orderIdOf('wholesale', sold.sourceId));
    if (parcel?.label !== undefined) return parcel.label;
    if (Date.now() > until) throw new Error(`No label was bought for order ${sold.sourceId} in time.`);
    await wait(LOOK_MS);
  }
}

async function reaches(setting: Setting, sold: SoldOrder, statuses: readonly string[], until: number): Promise<void> {
  for (;;) {
    const order = await setting.table.get<Order>(orderKey(orderIdOf('wholesale', sold.sourceId)), 'order');
    if (order !== undefined && statuses.includes(order.status)) return;
    if (Date.now() > until) throw new Error(`Order ${sold.sourceId} was to be ${statuses.join(' or ')} in time, and is ${order?.status ?? 'unknown'}.`);
    await wait(LOOK_MS);
  }
}

async function post(addressed: ReturnType<Address>, body: Buffer): Promise<void> {
  const address = await addressed;
  if (address === undefined) throw new Error('Nobody is subscribed to what is posted.');
  const { url, headers } = address;
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${new URL(url).pathname} answered ${response.status}.`);
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
