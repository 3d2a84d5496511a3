import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HubEvent } from '../../core/event.ts';
import { checksumOf, DailyReport, dailyReport } from '../../core/report.ts';
import { runs } from '../runs.ts';
import { client, dayOfTrade, period } from './report-day.ts';

const DAY = dayOfTrade(40);
const LARGE = dailyReport(dayOfTrade(210), period, client);

interface OrderChange {
  readonly version: number;
  readonly type: HubEvent['type'];
  readonly at?: string;
  readonly orderId?: string;
  readonly status?: string;
  readonly holds?: string[];
  readonly receivedAt?: string;
  readonly total?: number;
  readonly currency?: string;
}

function orderEvent({ version, type, at = '2026-11-22T10:00:00.000Z', orderId = 'shop:1', status = 'authorised', holds = [], ...rest }: OrderChange): HubEvent {
  const order = {
    orderId,
    connectionId: 'shop',
    country: 'DE',
    currency: 'EUR',
    total: 1000,
    status,
    demand: [{ sku: 'MUG-ENAMEL', quantity: 2 }],
    holds,
    receivedAt: at,
    ...rest,
  };
  return { id: `${orderId}#${version}#${type}`, type, at, by: 'hub', reason: '', entity: 'order', order };
}

function parcelEvent(version: number, type: HubEvent['type'], at: string, change: { tracking?: string; orderId?: string; receivedAt?: string } = {}): HubEvent {
  const orderId = change.orderId ?? 'shop:1';
  const parcel = {
    orderId,
    parcel: 1,
    connectionId: 'shop',
    country: 'DE',
    warehouse: 'hamburg',
    carrierId: 'easypost',
    carrier: 'UPS',
    service: 'UPSStandard',
    cost: 601,
    currency: 'EUR',
    units: 2,
    tracking: 'unknown',
    expectedBy: '',
    firstScanAt: '',
    deliveredAt: '',
    receivedAt: '2026-11-22T08:00:00.000Z',
    ...change,
  };
  return { id: `${orderId}/1#${version}#${type}`, type, at, by: 'hub', reason: '', entity: 'parcel', parcel };
}

const reportOf = (...events: HubEvent[]) => dailyReport(events, period, client);

describe('the daily report', () => {
  it('is the same whatever the order and number of repeats of the events', () => {
    const expected = dailyReport(DAY, period, client);
    const jumbled = fc.shuffledSubarray(DAY, { minLength: DAY.length }).chain((all) => fc.subarray(DAY, { maxLength: 60 }).map((again) => [...all, ...again]));
    fc.assert(
      fc.property(jumbled, (events) => {
        expect(dailyReport(events, period, client)).toEqual(expected);
      }),
      { numRuns: runs(40) },
    );
  });

  it('fits its own schema and keeps its checksum through JSON', () => {
    expect(checksumOf(DailyReport.parse(JSON.parse(JSON.stringify(LARGE))))).toBe(checksumOf(LARGE));
    expect(checksumOf({ ...LARGE, facts: { counted: 1, earlier: 0 } })).not.toBe(checksumOf(LARGE));
  });

  it('adds up: its breakdowns sum to its headline', () => {
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    const { orders, parcels, units } = LARGE.headline;

    expect(orders.received).toBe(210);
    expect(sum(LARGE.hours.map((hour) => hour.received))).toBe(orders.received);
    expect(sum(LARGE.storefronts.map((row) => row.accepted))).toBe(orders.accepted);
    expect(sum(LARGE.storefronts.map((row) => row.receivedToShipped.parcels))).toBe(parcels.dispatched);
    expect(sum(LARGE.products.map((row) => row.ordered))).toBe(units.ordered);
    expect(sum(LARGE.products.map((row) => row.packed))).toBe(units.packed);
    expect(sum(LARGE.destinations.map((row) => row.orders))).toBe(orders.accepted);
    expect(sum(LARGE.destinations.map((row) => row.parcels))).toBe(parcels.dispatched);
    expect(sum(LARGE.carriers.map((row) => row.parcels))).toBe(parcels.labelled);
    expect(LARGE.exceptions.open).toHaveLength(orders.open);
    for (const { currency, amount } of LARGE.headline.labelCost) expect(sum(LARGE.carriers.filter((row) => row.currency === currency).map((row) => row.cost))).toBe(amount);
  });

  it('leaves out what happened after the day, to the millisecond', () => {
    const inside = orderEvent({ version: 1, type: 'order.accepted', at: '2026-11-22T22:59:59.999Z' });
    const after = orderEvent({ version: 1, type: 'order.accepted', at: '2026-11-22T23:00:00.000Z', orderId: 'shop:2' });

    const report = reportOf(inside, after);

    expect(report.headline.orders.received).toBe(1);
    expect(report.facts).toEqual({ counted: 1, earlier: 0 });
  });

  it('takes what happened before the day only for what stands at its end', () => {
    const held = orderEvent({ version: 1, type: 'order.held', at: '2026-11-21T10:00:00.000Z', status: 'held', holds: ['payment'] });

    const { headline, exceptions, facts } = reportOf(held);

    expect(headline.orders).toMatchObject({ received: 0, held: 0, open: 1 });
    expect(exceptions.holds).toEqual([{ kind: 'payment', raised: 0, open: 1 }]);
    expect(facts).toEqual({ counted: 0, earlier: 1 });
  });

  it('counts an order that was cancelled on arrival as received and not as accepted', () => {
    const { orders, orderValue } = reportOf(orderEvent({ version: 1, type: 'order.cancelled', status: 'cancelled' })).headline;

    expect(orders).toMatchObject({ received: 1, accepted: 0, cancelled: 1, open: 0 });
    expect(orderValue).toEqual([]);
  });

  it('keeps the value of an order as it was accepted, per currency', () => {
    const { orderValue } = reportOf(
      orderEvent({ version: 1, type: 'order.accepted', total: 1000 }),
      orderEvent({ version: 2, type: 'order.changed', total: 9000 }),
      orderEvent({ version: 1, type: 'order.accepted', orderId: 'shop:2', total: 700, currency: 'USD' }),
    ).headline;

    expect(orderValue).toEqual([
      { currency: 'EUR', amount: 1000 },
      { currency: 'USD', amount: 700 },
    ]);
  });

  it('counts a hold that ends by a payment as released, and each hold once', () => {
    const { headline, exceptions } = reportOf(
      orderEvent({ version: 1, type: 'order.accepted', status: 'held', holds: ['payment'] }),
      orderEvent({ version: 1, type: 'order.held', status: 'held', holds: ['payment'] }),
      orderEvent({ version: 2, type: 'order.noted', status: 'held', holds: ['payment'] }),
      orderEvent({ version: 3, type: 'order.changed', status: 'authorised' }),
    );

    expect(headline.orders).toMatchObject({ held: 1, released: 1, open: 0 });
    expect(exceptions.holds).toEqual([{ kind: 'payment', raised: 1, open: 0 }]);
  });

  it('does not take the first reservation of an order for a filled backorder', () => {
    const first = [orderEvent({ version: 1, type: 'order.accepted', status: 'allocated' }), orderEvent({ version: 1, type: 'order.allocated', status: 'allocated' })];
    const filled = [orderEvent({ version: 5, type: 'order.allocated', orderId: 'shop:2' }), orderEvent({ version: 5, type: 'order.authorised', orderId: 'shop:2' })];

    expect(reportOf(...first).headline.orders.filled).toBe(0);
    expect(reportOf(...filled).headline.orders.filled).toBe(1);
  });

  it('takes a delivery for the dispatch too where no scan was told before', () => {
    const labelled = parcelEvent(2, 'parcel.labelled', '2026-11-22T09:00:00.000Z');
    const delivered = parcelEvent(3, 'parcel.delivered', '2026-11-22T12:00:00.000Z', { tracking: 'delivered' });

    expect(reportOf(labelled, delivered).headline.parcels).toMatchObject({ dispatched: 1, delivered: 1 });
    expect(reportOf(delivered).headline.parcels).toMatchObject({ dispatched: 0, delivered: 1 });
  });

  it('measures times to the first scan by nearest rank', () => {
    const minutes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 60];
    const scans = minutes.map((minute) =>
      parcelEvent(3, 'parcel.dispatched', new Date(Date.parse('2026-11-22T08:00:00.000Z') + minute * 60_000).toISOString(), { orderId: `shop:${minute}` }),
    );

    expect(reportOf(...scans).receivedToShipped).toEqual({ parcels: 10, median: 300, percentile90: 540, slowest: { orderId: 'shop:60', parcel: 1, seconds: 3600 } });
  });

  it('names a lost parcel once, in the day it was lost', () => {
    const lost = parcelEvent(4, 'parcel.updated', '2026-11-22T12:00:00.000Z', { tracking: 'lost' });
    const again = parcelEvent(5, 'parcel.updated', '2026-11-22T13:00:00.000Z', { tracking: 'lost' });

    expect(reportOf(lost, again).exceptions.undelivered).toMatchObject([{ orderId: 'shop:1', outcome: 'lost', at: '2026-11-22T12:00:00.000Z' }]);
  });

  it('shows an order that is held after packing as waiting', () => {
    expect(reportOf(orderEvent({ version: 3, type: 'order.held', status: 'packed', holds: ['client'] })).exceptions.open).toMatchObject([{ waitsFor: 'held', holds: ['client'] }]);
  });

  it('lists every storefront and product of the client on a day without events', () => {
    const report = reportOf();

    expect(report.storefronts.map((row) => row.connectionId)).toEqual(client.storefronts.map(({ id }) => id).toSorted());
    expect(report.products).toHaveLength(client.products.length);
    expect(report.receivedToShipped).toEqual({ parcels: 0, median: null, percentile90: null, slowest: null });
  });
});
