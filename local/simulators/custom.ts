import type { DatabaseSync } from 'node:sqlite';
import { Webhook } from 'standardwebhooks';
import * as z from 'zod';
import { sign } from '../../adapters/signature.ts';
import { count, inTransaction, openDatabase, text } from './database.ts';
import { type Answer, type Call, listen } from './listen.ts';
import type { Address } from './outbox.ts';
import { decimal, type SoldOrder, type SoldVersion, totalOf, unitsLeft } from './sold-order.ts';

/** Our own storefront contract's event types. */
export type CustomTopic = 'order.created' | 'order.updated' | 'order.paid' | 'order.cancelled';

/** What goes wrong once when a shop is told that a parcel left. `hang-after`: it notes the parcel and never answers. */
export type CallbackFault = 'hang-after' | 'busy' | 'broken';

/** A parcel that the shop was told about. */
interface TrackingNote {
  readonly webhookId: string;
  readonly orderId: string;
  readonly carrier: string;
  readonly trackingNumber: string;
  /** How often it was told. */
  readonly copies: number;
}

/** How the simulated shop is set up. */
export interface CustomOptions {
  readonly file: string;
  /** `whsec_<base64>`. */
  readonly secret: string;
}

/** A wholesale shop that speaks our own contract. */
export interface CustomShop {
  readonly callbackUrl: string;
  /** Sets what goes wrong once for an order. */
  expect(faults: readonly { readonly sourceId: string; readonly fault: CallbackFault }[]): void;
  notes(): TrackingNote[];
  /** What the shop offers, by SKU: of two figures the one with the higher sequence. */
  offered(): Record<string, number>;
  /** Callbacks refused because their signature did not verify. */
  refused(): number;
  close(): Promise<void>;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS note (webhook_id TEXT PRIMARY KEY, order_id TEXT, carrier TEXT, number TEXT, copies INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS callback_fault (source_id TEXT PRIMARY KEY, kind TEXT, left INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS offer (sku TEXT PRIMARY KEY, quantity INTEGER, sequence INTEGER) STRICT;
`;

const Shipped = z.object({
  type: z.literal('parcel.shipped'),
  data: z.object({ orderId: z.string(), carrier: z.string(), trackingNumber: z.string().min(1) }),
});
const Stock = z.object({
  type: z.literal('stock.changed'),
  data: z.object({ levels: z.array(z.object({ sku: z.string().min(1), quantity: z.int().min(0), sequence: z.int().min(0) })).min(1) }),
});
const Notice = z.discriminatedUnion('type', [Shipped, Stock]);

/** Opens the shop's callback address on the loopback interface. https://www.standardwebhooks.com */
export async function openCustom(options: CustomOptions): Promise<CustomShop> {
  const database = openDatabase(options.file, SCHEMA);
  let refused = 0;
  const server = await listen((call) => {
    if (call.path !== '/crossdock' || call.method !== 'POST') return { status: 404 };
    // The published library checks what our own code signed.
    if (!isGenuine(call, options.secret)) {
      refused += 1;
      return { status: 401 };
    }
    return take(database, call);
  });
  return {
    callbackUrl: `${server.url}/crossdock`,
    expect: (faults) => {
      for (const { sourceId, fault } of faults) database.prepare('INSERT OR IGNORE INTO callback_fault VALUES (?, ?, 1)').run(sourceId, fault);
    },
    notes: () => notesOf(database),
    offered: () =>
      Object.fromEntries(
        database
          .prepare('SELECT * FROM offer ORDER BY sku')
          .all()
          .map((row) => [text(row, 'sku'), count(row, 'quantity')]),
      ),
    refused: () => refused,
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

/** How the shop addresses and signs what it posts: the time is signed too, so each attempt is signed anew. */
export function customAddress(hookUrl: string, secret: string): Address {
  return ({ body, meta }, now) => {
    const at = meta.signedAt === undefined ? now : new Date(meta.signedAt);
    const signed = sign(body, { family: 'standard-webhooks', key: 'base64', toleranceSeconds: 300 }, secret, { id: meta.webhookId ?? '', at });
    return { url: hookUrl, headers: { 'content-type': 'application/json', ...signed } };
  };
}

/** Writes one version of an order in our own contract's words. */
export function customOrder(topic: CustomTopic, order: SoldOrder, version: SoldVersion): Buffer {
  const { buyer } = order;
  const shipTo = {
    name: `${buyer.firstName} ${buyer.lastName}`,
    ...(buyer.company !== '' && { company: buyer.company }),
    line1: buyer.line1,
    ...(buyer.line2 !== '' && { line2: buyer.line2 }),
    city: buyer.city,
    ...(buyer.region !== '' && { region: buyer.region }),
    postalCode: buyer.postalCode,
    country: buyer.country,
    phone: buyer.phone,
  };
  const data = {
    id: order.sourceId,
    number: order.number,
    version: version.version,
    placedAt: order.placedAt,
    test: order.test,
    status: version.cancelled ? 'cancelled' : 'open',
    paid: version.paid,
    currency: order.currency,
    total: decimal(totalOf(order, version)),
    lines: order.lines.flatMap((line) => {
      const quantity = unitsLeft(line, version);
      if (quantity === 0) return [];
      return [{ id: line.lineId, sku: line.sku, title: line.title, quantity, unitPrice: decimal(line.unitPrice), requiresShipping: line.kind === 'goods' }];
    }),
    shipTo: order.shipped ? shipTo : null,
    customer: { email: buyer.email, phone: buyer.phone, locale: buyer.locale },
  };
  return Buffer.from(JSON.stringify({ type: topic, timestamp: version.updatedAt, data }));
}

function isGenuine(call: Call, secret: string): boolean {
  const header = (name: string) => String(call.headers[name] ?? '');
  const headers = { 'webhook-id': header('webhook-id'), 'webhook-timestamp': header('webhook-timestamp'), 'webhook-signature': header('webhook-signature') };
  try {
    new Webhook(secret).verify(call.body, headers);
    return true;
  } catch {
    return false;
  }
}

function take(database: DatabaseSync, call: Call): Answer {
  const notice = Notice.parse(JSON.parse(call.body));
  if (notice.type === 'stock.changed') return offer(database, notice.data.levels);
  const { data } = notice;
  const fault = takeFault(database, data.orderId);
  if (fault === 'busy') return { status: 429, headers: { 'retry-after': '1' } };
  if (fault === 'broken') return { status: 500 };
  database
    .prepare('INSERT INTO note VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET copies = copies + 1')
    .run(String(call.headers['webhook-id']), data.orderId, data.carrier, data.trackingNumber);
  return fault === 'hang-after' ? 'hang' : { status: 200 };
}

function offer(database: DatabaseSync, levels: z.infer<typeof Stock>['data']['levels']): Answer {
  const newest = database.prepare(
    'INSERT INTO offer VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET quantity = excluded.quantity, sequence = excluded.sequence WHERE excluded.sequence > sequence',
  );
  inTransaction(database, () => {
    for (const { sku, quantity, sequence } of levels) newest.run(sku, quantity, sequence);
  });
  return { status: 200 };
}

/** The order id in a callback is the shop's own or the hub's, which ends with it. */
function takeFault(database: DatabaseSync, orderId: string): string | undefined {
  const row = database.prepare("SELECT source_id, kind FROM callback_fault WHERE left > 0 AND (source_id = ? OR ? LIKE ('%:' || source_id))").get(orderId, orderId);
  if (row === undefined) return undefined;
  database.prepare('UPDATE callback_fault SET left = left - 1 WHERE source_id = ?').run(text(row, 'source_id'));
  return text(row, 'kind');
}

function notesOf(database: DatabaseSync): TrackingNote[] {
  return database
    .prepare('SELECT * FROM note')
    .all()
    .map((row) => ({
      webhookId: text(row, 'webhook_id'),
      orderId: text(row, 'order_id'),
      carrier: text(row, 'carrier'),
      trackingNumber: text(row, 'number'),
      copies: count(row, 'copies'),
    }));
}
