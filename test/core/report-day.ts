import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { Client, productOf } from '../../core/client.ts';
import { follow } from '../../core/course.ts';
import { dayNamed } from '../../core/day.ts';
import { eventsOf, type HubEvent, type Image } from '../../core/event.ts';
import { fill, takeIn } from '../../core/intake.ts';
import { moving, netMovements, type Stock } from '../../core/inventory.ts';
import { type Act, hold, type Order, type Saved } from '../../core/order.ts';
import { OrderDocument } from '../../core/order-document.ts';
import { type PackedNow, packWhole } from '../../core/packing.ts';
import { labelled, labelRefused, type Parcel, parcelOf, trackParcel } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { requestSupply, type SupplyRequest } from '../../core/supply.ts';
import type { TrackingStatus } from '../../core/tracking.ts';
import { seeing } from './samples.ts';

/** The demo client without its rules: they ask who a customer is, and this day knows of nobody. */
export const client: Client = { ...Client.parse(parse(readFileSync(new URL('../../clients/demo.yaml', import.meta.url), 'utf8'))), rules: [] };
/** A Sunday before an ordinary Monday in Berlin. */
export const period = dayNamed('2026-11-22', client.timeZone);

const COUNTRIES = ['DE', 'DE', 'DE', 'DE', 'DE', 'AT', 'AT', 'FR', 'FR', 'NL', 'CH', 'GB', 'US', 'JP', 'XX'];
const POSTCODES: Readonly<Record<string, string>> = { DE: '20095', AT: '1010', FR: '75001', NL: '1011 AB', CH: '8001', GB: 'EC1A 1BB', US: '10001', JP: '100-0001' };
const SERVICES = [
  { carrier: 'DHLExpress', service: 'ExpressWorldwide', cost: 1890 },
  { carrier: 'UPS', service: 'UPSStandard', cost: 640 },
  { carrier: 'UPS', service: 'UPSStandard', cost: 590 },
  { carrier: 'USPS', service: 'Priority', cost: 785 },
] as const;

/** A canonical order for tests; nobody in it exists. */
export function orderDocument(change: Partial<OrderDocument> = {}): OrderDocument {
  return OrderDocument.parse({
    connectionId: 'shop',
    sourceId: '820982911946154508',
    number: '#1001',
    sourceVersion: 1,
    placedAt: '2026-11-22T08:00:00.000Z',
    test: false,
    cancelled: false,
    paid: true,
    currency: 'EUR',
    total: 4990,
    lines: [{ lineId: '1', sku: 'MUG-ENAMEL', title: 'Enamel mug', quantity: 2, unitPrice: 2495, requiresShipping: true }],
    shipTo: { name: 'Ada Example', line1: 'Am Kai 1', city: 'Hamburg', postalCode: '20095', country: 'DE' },
    email: null,
    phone: null,
    locale: 'en',
    ...change,
  });
}

/** Plays a day of trade through the core and returns its events: the same every time for the same number of orders. */
export function dayOfTrade(orders: number): HubEvent[] {
  const random = seeded(7);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] ?? fail();
  const events: HubEvent[] = [];
  const stock = new Map<string, Stock>();
  const requests = new Map<string, SupplyRequest>();
  const opening = Date.parse(period.from);
  const act = (at: number, by = 'hub'): Act => ({ by, now: new Date(Math.min(at, Date.parse(period.to) - 1)) });
  const tell = (before: Image | undefined, after: Image) => events.push(...eventsOf(before, after));

  function moveStock(saved: Pick<Saved, 'movements'>, { now, by }: Act): void {
    for (const [key, net] of netMovements(saved.movements)) {
      const before = stock.get(key);
      const onHand = (before?.onHand ?? 0) + net.onHand;
      const reserved = (before?.reserved ?? 0) + net.reserved;
      const after: Stock = {
        entity: 'stock',
        sku: net.sku,
        warehouse: net.warehouse,
        onHand,
        reserved,
        quarantined: 0,
        available: onHand - reserved,
        incoming: (before?.incoming ?? 0) + net.incoming,
        reorderPoint: productOf(client, net.sku)?.reorder.point ?? 0,
        version: (before?.version ?? 0) + 1,
        change: { type: saved.movements[0]?.reason === 'received' ? 'stock.received' : 'stock.moved', at: now.toISOString(), by, reason: '' },
      };
      stock.set(key, after);
      tell(before, after);
      if (after.available <= after.reorderPoint && !requests.has(key)) ask(key, after, now);
    }
  }

  function ask(key: string, low: Stock, now: Date): void {
    const product = productOf(client, low.sku) ?? fail();
    const plant = client.plants.find(({ id }) => id === product.plant) ?? fail();
    const request = requestSupply(low, product, plant, { requestId: `REQ-${low.warehouse}-${low.sku}`, dailyUse: 12.5, now, version: 1 });
    if (request === undefined) return;
    requests.set(key, request);
    tell(undefined, request);
    moveStock({ movements: [moving(low, { incoming: request.quantity }, 'requested', request.requestId)] }, { by: 'hub', now });
  }

  function ship(from: Order, packed: PackedNow, at: number): void {
    let order = from;
    let parcel: Parcel = parcelOf(order, packed, client, act(at));
    tell(undefined, parcel);
    const advance = (after: Parcel | undefined) => {
      if (after === undefined) return;
      tell(parcel, after);
      parcel = after;
    };
    if (random() < 0.02) {
      advance(labelRefused(parcel, 'The weight is over what <b>this service</b> takes', act(at + 60_000)));
      const held = hold(order, 'operator', 'label refused', act(at + 60_000)).order;
      return void tell(order, held);
    }
    const { carrier, service, cost } = pick(SERVICES);
    const label = {
      carrier,
      service,
      cost: cost + Math.floor(random() * 120),
      currency: carrier === 'USPS' ? 'USD' : 'EUR',
      trackingNumber: '1Z',
      trackingUrl: 'https://track.example/1Z',
      document: '',
      boughtAt: '',
      reference: 'R1',
      carrierRef: 'shp_1',
      proof: 'answer' as const,
    };
    advance(labelled(parcel, label, act(at + 120_000)));
    const scan = (status: TrackingStatus, when: number, delayed = false) => {
      const time = new Date(when).toISOString();
      const delay = delayed ? { delayedAt: time } : {};
      advance(trackParcel(parcel, { ...parcel.tracking, status, at: time, firstScanAt: parcel.tracking.firstScanAt ?? time, ...delay }, act(when)));
      const followed =
        status === 'delivered' || status === 'in_transit' ? follow(order, packed.parcel, status === 'delivered' ? 'delivered' : 'dispatched', time, act(when)) : undefined;
      if (followed === undefined) return;
      tell(order, followed.order);
      order = followed.order;
    };
    const leaves = at + 1_800_000 + random() * 14_400_000;
    if (leaves >= Date.parse(period.to)) return;
    scan('in_transit', leaves);
    if (random() < 0.03) scan('in_transit', leaves + 900_000, true);
    const fate = random();
    if (fate < 0.01) scan('lost', leaves + 3_600_000);
    else if (fate < 0.25 && leaves + 10_800_000 < Date.parse(period.to)) scan('delivered', leaves + 10_800_000);
  }

  for (const { sku, reorder } of orders > 0 ? client.products : []) {
    for (const [warehouse, share] of [
      ['hamburg', 1],
      ['leipzig', 0.3],
    ] as const) {
      const units = Math.ceil(reorder.upTo * share * 1.2);
      moveStock({ movements: [moving({ sku, warehouse }, { onHand: units }, 'received', 'opening')] }, act(opening));
    }
  }
  const arrivals = Array.from({ length: orders }, () => opening + 86_400_000 * Math.min(0.98, Math.max(0.01, (random() + random() + random()) / 2.6))).sort((a, b) => a - b);
  const waiting: Order[] = [];
  arrivals.forEach((at, index) => {
    const country = pick(COUNTRIES);
    const lines = Array.from({ length: 1 + Math.floor(random() * 2.4) }, (_, line) => {
      const product = random() < 0.008 ? undefined : client.products[Math.floor(random() ** 1.6 * client.products.length)];
      return {
        lineId: String(line),
        sku: product?.sku ?? 'NEW-SKU',
        title: product?.name ?? 'Not listed',
        quantity: 1 + Math.floor(random() * 2),
        unitPrice: 1990,
        requiresShipping: true,
      };
    });
    const document = orderDocument({
      connectionId: random() < 0.8 ? 'shop' : 'wholesale',
      sourceId: String(5_000_000 + index),
      paid: random() > 0.02,
      test: random() < 0.01,
      cancelled: random() < 0.01,
      currency: country === 'US' ? 'USD' : 'EUR',
      total: lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 490),
      lines,
      shipTo: { name: 'Ada Example', line1: 'Am Kai 1', city: 'Hamburg', postalCode: POSTCODES[country] ?? '', region: 'NY', country },
    });
    const saved = takeIn(document, undefined, seeing(new StockView(stock.values()), client), act(at, document.connectionId));
    if (saved.kind !== 'saved') return;
    tell(undefined, saved.order);
    moveStock(saved, act(at));
    if (saved.order.status === 'backordered') waiting.push(saved.order);
    if (saved.order.status === 'authorised') packAndShip(saved.order, at + 300_000 + random() * 3_600_000);
  });
  const delivery = opening + 61_200_000;
  if (waiting.length > 0) {
    moveStock({ movements: [moving({ sku: 'TENT-2P', warehouse: 'hamburg' }, { onHand: 24 }, 'received', 'delivery')] }, act(delivery));
    for (const order of waiting) {
      const filled = fill(order, seeing(new StockView(stock.values()), client), act(Math.max(delivery, Date.parse(order.receivedAt)) + 1000));
      if (filled === undefined) continue;
      tell(order, filled.order);
      moveStock(filled, act(delivery + 1000));
    }
  }
  return events;

  function packAndShip(order: Order, at: number): void {
    if (at >= Date.parse(period.to)) return;
    const outcome = packWhole(order, client, act(at));
    if (outcome.kind !== 'saved') return;
    tell(order, outcome.order);
    moveStock(outcome, act(at));
    for (const parcel of outcome.packed) ship(outcome.order, parcel, at);
  }
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function fail(): never {
  throw new Error('The generator of the test day is wrong.');
}
