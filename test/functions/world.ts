import type { Outbox } from '../../adapters/aws/message-queue.ts';
import { readOrder } from '../../adapters/aws/order-store.ts';
import { readParcel } from '../../adapters/aws/parcel-store.ts';
import { readLots } from '../../adapters/aws/stock-store.ts';
import type { Table } from '../../adapters/aws/table.ts';
import type { Delivery } from '../../adapters/delivery.ts';
import type { EventType } from '../../core/change.ts';
import type { Client } from '../../core/client.ts';
import { eventsOf, type HubEvent, type Image } from '../../core/event.ts';
import { ulid } from '../../core/id.ts';
import type { Stock } from '../../core/inventory.ts';
import type { Act, Order } from '../../core/order.ts';
import type { Parcel } from '../../core/shipment.ts';
import { bookStock } from '../../functions/inventory/book-stock.ts';
import { type Accepting, acceptOrders } from '../../functions/order/accept-orders.ts';
import type { Failures, Received } from '../../functions/shell/queue.ts';
import type { Hub } from '../../functions/shell/services.ts';
import { packParcels } from '../../functions/shipment/pack-parcels.ts';
import { NOW, sampleClient } from '../core/samples.ts';
import { memoryBucket } from './memory-bucket.ts';

/** The client of these tests: one custom storefront, one carrier, two warehouses; clean orders are authorised by policy. */
export const CLIENT: Client = clientWith({});

/** The same client with other settings. */
export function clientWith(overrides: object): Client {
  return sampleClient({
    storefronts: [{ id: 'wholesale', kind: 'custom', settings: { callbackUrl: 'https://wholesale.example.com/crossdock', toleranceSeconds: 300 } }],
    carriers: [{ id: 'easypost', kind: 'easypost', settings: { endpoint: 'https://api.easypost.com/v2', carrierAccounts: [], scanForms: [], labelFormat: 'PDF' } }],
    ...overrides,
  });
}

/** A hub whose clock stands until it is moved. */
export interface TestHub extends Hub {
  /** Lets time pass. */
  pass(seconds: number): void;
}

let ids = 0;

/** Opens a hub on a table. */
export function hubOn(table: Table, client: Client = CLIENT): TestHub {
  let now = NOW.getTime();
  return {
    table,
    client,
    now: () => new Date(now),
    newId: () => newId(new Date(now)),
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}

/** The same hub as another invocation has it: its own connection to the table, the same clock. */
export function elsewhere(hub: TestHub, table: Table): TestHub {
  return { ...hub, table };
}

function newId(at: Date): string {
  ids += 1;
  const random = new Uint8Array(10);
  new DataView(random.buffer).setUint32(6, ids);
  return ulid(at, random);
}

/** A fulfilment manager at work. */
export function manager(hub: Pick<Hub, 'now'>): Act {
  return { by: 'manager', now: hub.now(), scopes: ['hub/orders.authorise'] };
}

/** An order as the custom storefront posts it; fields that are not given are those of a clean, paid order of one tent. */
export interface Posted {
  readonly id: string;
  readonly version?: number;
  readonly units?: Readonly<Record<string, number>>;
  readonly paid?: boolean;
  readonly status?: 'open' | 'cancelled';
  readonly total?: string;
  readonly shipTo?: Readonly<Record<string, string>> | null;
}

/** The name of an order's recipient: another one for each order. */
export function recipientOf(id: string): string {
  return `Erika Muster ${id}`;
}

/** A fit address; nobody lives there. */
export const ADDRESS = { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '04109', country: 'DE' };

/** The delivery by which an order is posted. */
export function deliveryOf({
  id,
  version = 1,
  units = { TENT: 1 },
  paid = true,
  status = 'open',
  total = '120.00',
  shipTo = { ...ADDRESS, name: recipientOf(id) },
}: Posted): Delivery {
  const lines = Object.entries(units).map(([sku, quantity], index) => ({ id: String(index), sku, quantity, unitPrice: '10.00' }));
  const customer = { email: 'erika@example.com', phone: '+49 341 555 0100', locale: 'en' };
  const data = { id, number: `#${id}`, version, placedAt: '2026-11-20T08:00:00Z', status, paid, currency: 'EUR', total, lines, shipTo, customer };
  const body = Buffer.from(JSON.stringify({ type: 'order.updated', timestamp: '2026-11-20T08:00:00Z', data }));
  return { connectionId: 'wholesale', receivedAt: NOW.toISOString(), headers: {}, body };
}

/** Messages as a worker receives them: `m0`, `m1`, ... */
export function received<Message>(...messages: readonly Message[]): Received<Message>[] {
  return messages.map((message, index) => ({ id: `m${index}`, message }));
}

/** A queue in memory. */
export function memoryOutbox(): Outbox & { readonly messages: string[] } {
  const messages: string[] = [];
  return { messages, send: async (more) => void messages.push(...more) };
}

/** A hub with what taking deliveries in needs beside it: an archive and queues in memory. */
export function accepting<Base extends Hub>(hub: Base) {
  const { bucket, objects } = memoryBucket();
  const opened = { ...hub, archive: bucket, fetches: memoryOutbox(), privacy: memoryOutbox() } satisfies Accepting;
  return { ...opened, objects };
}

/** A hub with what applying carriers' updates needs beside it: an archive and queues in memory. */
export function tracking<Base extends Pick<Hub, 'table' | 'client' | 'now' | 'newId'>>(hub: Base) {
  const { bucket, objects } = memoryBucket();
  const lookups = Object.fromEntries(hub.client.carriers.map(({ id }) => [id, memoryOutbox()]));
  return { ...hub, archive: bucket, lookups, objects };
}

/** Takes orders in, in one batch. */
export async function accept(hub: Hub, ...posted: readonly Posted[]): Promise<Failures> {
  const receivedAt = hub.now().toISOString();
  return await acceptOrders(received(...posted.map((one) => ({ ...deliveryOf(one), receivedAt }))), accepting(hub));
}

/** The hub's id of a posted order. */
export function idOf(id: string): string {
  return `wholesale:${id}`;
}

/** Reads the order of a posted id. */
export async function orderOf(hub: Pick<Hub, 'table'>, id: string): Promise<Order> {
  return await readOrder(hub.table, idOf(id));
}

/** Reads the parcel of a posted id. */
export async function parcelOf(hub: Pick<Hub, 'table'>, id: string): Promise<Parcel> {
  return await readParcel(hub.table, { orderId: idOf(id), parcel: 1 });
}

let receipts = 0;

/** Books goods in. */
export async function stockUp(hub: Hub, units: Readonly<Record<string, number>>, warehouse = 'north'): Promise<void> {
  receipts += 1;
  const lines = Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
  const booking = { kind: 'receipt' as const, id: `receipt-${receipts}`, warehouse, against: 'request' as const, lines };
  const booked = await bookStock(booking, hub, { by: 'receiver', now: hub.now() });
  if (booked.kind !== 'answer') throw new Error(`not booked: ${booked.why}`);
}

/** Reads the stock of one SKU in a place. */
export async function stockOf(hub: Pick<Hub, 'table'>, sku: string, warehouse = 'north', lot?: string): Promise<Stock> {
  const stock = (await readLots(hub.table, sku)).find((one) => one.warehouse === warehouse && one.lot === lot);
  if (stock === undefined) throw new Error(`no stock of ${sku} in ${warehouse}`);
  return stock;
}

/** The event of a type that an item's last change amounts to. */
export function eventOf(type: EventType, after: Image, before?: Image): HubEvent {
  const event = eventsOf(before, after).find((one) => one.type === type);
  if (event === undefined) throw new Error(`${after.entity} ${after.change.type} is no ${type}`);
  return event;
}

/** Accepts and packs orders, and returns the events by which their labels are bought. */
export async function packed(hub: Hub, ...ids: readonly string[]): Promise<HubEvent[]> {
  await accept(hub, ...ids.map((id) => ({ id })));
  const orders = await Promise.all(ids.map((id) => orderOf(hub, id)));
  await packParcels(received(...orders.map((order) => eventOf('order.authorised', order))), hub);
  const parcels = await Promise.all(ids.map((id) => parcelOf(hub, id)));
  return parcels.map((parcel) => eventOf('parcel.packed', parcel));
}
