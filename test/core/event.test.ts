import { describe, expect, test } from 'vitest';
import { eventsOf, HubEvent } from '../../core/event.ts';
import { takeIn } from '../../core/intake.ts';
import type { Stock } from '../../core/inventory.ts';
import type { Order } from '../../core/order.ts';
import type { ReportRun } from '../../core/report-run.ts';
import { FIRST_RETURN, labelled, type Parcel, parcelOf, returnOf } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import type { SupplyRequest } from '../../core/supply.ts';
import { NOW, sampleClient, sampleOrder, seeing } from './samples.ts';

const CLIENT = sampleClient();
const ACT = { by: 'shop', now: NOW };

function takenOrder(): Order {
  const stock = new StockView(CLIENT.products.map(({ sku }) => ({ sku, warehouse: 'north', available: 9 })));
  const outcome = takeIn(sampleOrder(), undefined, seeing(stock), ACT);
  if (outcome.kind !== 'saved') throw new Error('the sample order was not taken in');
  return outcome.order;
}

function stock(available: number, version: number, type: 'stock.moved' | 'stock.received' = 'stock.moved'): Stock {
  const change = { type, at: NOW.toISOString(), by: 'hub', reason: '' };
  return { entity: 'stock', sku: 'TENT', warehouse: 'north', onHand: available, reserved: 0, quarantined: 0, available, incoming: 0, reorderPoint: 5, version, change };
}

const types = (events: readonly HubEvent[]) => events.map(({ type }) => type);

describe('eventsOf', () => {
  test('a new order is accepted and enters its status', () => {
    expect(types(eventsOf(undefined, takenOrder()))).toEqual(['order.accepted', 'order.authorised']);
  });

  test('a change within a status is one event', () => {
    const order = takenOrder();

    expect(types(eventsOf(order, { ...order, version: 2, change: { ...order.change, type: 'order.changed' } }))).toEqual(['order.changed']);
  });

  test('the same version again is no event', () => {
    const order = takenOrder();

    expect(eventsOf(order, order)).toEqual([]);
  });

  test('ids are the item, its version and the type, so that a repeat is recognised', () => {
    expect(eventsOf(undefined, takenOrder()).map(({ id }) => id)).toEqual(['shop:1001#1#order.accepted', 'shop:1001#1#order.authorised']);
  });

  test.each<[string, Stock | undefined, Stock, string[]]>([
    ['falls to the reorder point', stock(6, 1), stock(5, 2), ['stock.moved', 'stock.low']],
    ['stays low', stock(5, 1), stock(4, 2), ['stock.moved']],
    ['stays above', stock(8, 1), stock(7, 2), ['stock.moved']],
    ['grows', stock(5, 1), stock(9, 2, 'stock.received'), ['stock.received', 'stock.gained']],
    ['grows and is still low', stock(1, 1), stock(3, 2, 'stock.received'), ['stock.received', 'stock.gained', 'stock.low']],
    ['begins', undefined, stock(9, 1, 'stock.received'), ['stock.received', 'stock.gained']],
  ])('stock that %s', (_what, before, after, expected) => {
    expect(types(eventsOf(before, after))).toEqual(expected);
  });

  test('an event is what its schema says, and holds no personal data', () => {
    const order = takenOrder();
    const label = {
      carrier: 'USPS',
      service: 'Priority',
      trackingNumber: '9400',
      trackingUrl: '',
      cost: 593,
      currency: 'EUR',
      document: 'a.pdf',
      boughtAt: NOW.toISOString(),
      reference: 'R1',
      carrierRef: 'shp_1',
      proof: 'answer' as const,
    };
    const parcel = labelled(parcelOf(order, { parcel: 1, warehouse: 'north', units: order.allocations, status: 'packed' }, CLIENT, ACT), label, ACT);
    const events = [...eventsOf(undefined, order), ...eventsOf(undefined, parcel), ...eventsOf(undefined, stock(1, 1))];

    for (const event of events) expect(HubEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
    expect(JSON.stringify(events)).not.toMatch(/Erika|Muster|Beispielweg|example\.com|9400/);
  });
});

const PARKED = { at: NOW.toISOString(), reason: 'a person buys it' };
const CHANGE = { type: 'parcel.updated' as const, at: NOW.toISOString(), by: 'hub', reason: 'why' };

function packedParcel(): Parcel {
  const order = takenOrder();
  return parcelOf(order, { parcel: 1, warehouse: 'north', units: order.allocations, status: 'packed' }, CLIENT, ACT);
}

describe('an event of a parcel', () => {
  const LABEL = {
    carrier: 'USPS',
    service: 'Priority',
    trackingNumber: '9400',
    trackingUrl: '',
    cost: 593,
    currency: 'EUR',
    document: 'a.pdf',
    boughtAt: NOW.toISOString(),
    reference: 'R1',
    carrierRef: 'shp_1',
    proof: 'answer' as const,
  };

  test('has its facts, and nothing in the place of those that nobody knows yet', () => {
    const facts = { orderId: 'shop:1001', parcel: 1, connectionId: 'shop', country: 'DE', warehouse: 'north', carrierId: 'easypost', units: 3, receivedAt: NOW.toISOString() };
    const [first] = eventsOf(undefined, packedParcel());
    const tracked = {
      ...labelled(packedParcel(), { ...LABEL, expectedBy: '2026-11-24' }, ACT),
      tracking: { status: 'delivered' as const, at: 'b', firstScanAt: 'a', deliveredAt: 'b' },
    };

    expect(first).toEqual({
      id: 'shop:1001/1#1#parcel.packed',
      type: 'parcel.packed',
      at: NOW.toISOString(),
      by: 'shop',
      reason: 'packed',
      entity: 'parcel',
      parcel: { ...facts, carrier: '', service: '', cost: 0, currency: '', tracking: 'unknown', expectedBy: '', firstScanAt: '', deliveredAt: '' },
    });
    expect(eventsOf(undefined, tracked)[0]).toMatchObject({
      parcel: { ...facts, carrier: 'USPS', service: 'Priority', cost: 593, currency: 'EUR', tracking: 'delivered', expectedBy: '2026-11-24', firstScanAt: 'a', deliveredAt: 'b' },
    });
  });

  test.each<[string, Partial<Parcel>, Partial<Parcel>, string[]]>([
    ['a first scan', {}, { tracking: { status: 'in_transit', at: 'a', firstScanAt: 'a' } }, ['parcel.dispatched']],
    ['another scan', { tracking: { status: 'in_transit', at: 'a', firstScanAt: 'a' } }, { tracking: { status: 'in_transit', at: 'a', firstScanAt: 'a', lastScanAt: 'b' } }, []],
    ['a delay', {}, { tracking: { status: 'in_transit', at: 'a', delayedAt: 'a' } }, ['parcel.delayed']],
    ['the same delay', { tracking: { status: 'in_transit', at: 'a', delayedAt: 'a' } }, { tracking: { status: 'in_transit', at: 'b', delayedAt: 'a' } }, []],
    ['a delivery', {}, { status: 'delivered' }, ['parcel.delivered']],
    ['the same delivery', { status: 'delivered' }, { status: 'delivered' }, []],
    ['a loss', {}, { status: 'lost' }, []],
  ])('tells of %s once', (_what, before, after, milestones) => {
    expect(types(eventsOf({ ...packedParcel(), ...before }, { ...packedParcel(), ...after, version: 2, change: CHANGE }))).toEqual(['parcel.updated', ...milestones]);
  });

  test('may be its first scan, its delay and its delivery at once, and the first that is heard of it', () => {
    const arrived: Parcel = { ...packedParcel(), status: 'delivered', tracking: { status: 'delivered', at: 'b', firstScanAt: 'a', delayedAt: 'a', deliveredAt: 'b' } };

    for (const before of [undefined, packedParcel()])
      expect(types(eventsOf(before, { ...arrived, version: 2, change: CHANGE }))).toEqual(['parcel.updated', 'parcel.dispatched', 'parcel.delayed', 'parcel.delivered']);
  });

  test.each([
    ['a person said what was bought', { status: 'recalled' as const, parked: PARKED }, ['parcel.recalled']],
    ['it is still asked', { status: 'recalled' as const, parked: PARKED, keeps: true }, []],
    ['it was not called back', { parked: PARKED }, []],
    ['nobody was asked', { status: 'recalled' as const }, []],
  ])('has a recall go on once %s', (_when, { keeps = false, ...before }: Partial<Parcel> & { readonly keeps?: boolean }, expected) => {
    const { parked, ...rest } = { ...packedParcel(), ...before };
    const after = { ...rest, ...(keeps && parked && { parked }), version: 2, change: CHANGE };

    expect(types(eventsOf({ ...packedParcel(), ...before }, after))).toEqual(['parcel.updated', ...expected]);
  });

  test.each([
    ['packed', ['return.requested']],
    ['assigned', ['return.assigned']],
    ['parked', ['return.parked']],
    ['labelled', ['return.labelled']],
    ['refused', ['return.refused']],
    ['updated', ['return.updated']],
    ['late', ['return.late']],
    ['recalled', []],
  ] as const)('of goods that come back, and are %s, has a name of its own or is none', (verb, expected) => {
    const back = returnOf(packedParcel(), FIRST_RETURN, [], CLIENT, 'too small', ACT);

    expect(types(eventsOf(back, { ...back, version: 2, change: { ...CHANGE, type: `parcel.${verb}` } }))).toEqual(expected);
  });
});

describe('what waits', () => {
  test('is told when an order begins to lack something, and not again while it lacks the same', () => {
    const order = takenOrder();
    const lacking = { ...order, allocations: [], version: 2, change: { ...order.change, type: 'order.changed' as const } };

    expect(types(eventsOf(order, lacking))).toEqual(['order.changed', 'order.waiting']);
    expect(types(eventsOf(undefined, lacking))).toEqual(['order.changed', 'order.authorised', 'order.waiting']);
    expect(types(eventsOf(lacking, { ...lacking, version: 3 }))).toEqual(['order.changed']);
  });

  test.each(['held', 'backordered', 'allocated', 'authorised', 'packing', 'packed', 'dispatched', 'delivered', 'returned', 'cancelled', 'closed'] as const)(
    'is told of an order that is %s from now on',
    (status) => {
      const before: Order = { ...takenOrder(), status: status === 'held' ? 'packed' : 'held' };

      expect(types(eventsOf(before, { ...before, status, version: 2, change: { ...before.change, type: 'order.noted' } }))).toEqual(['order.noted', `order.${status}`]);
    },
  );
});

test('an event of an order names the kinds of its holds', () => {
  const order = takenOrder();
  const held: Order = { ...order, holds: [{ kind: 'fraud', reason: 'secret', at: NOW.toISOString(), by: 'hub', release: 'manager' }] };

  expect(eventsOf(undefined, held)[0]).toMatchObject({
    entity: 'order',
    order: { orderId: 'shop:1001', holds: ['fraud'], demand: order.demand, total: 12_345, status: 'authorised' },
  });
});

describe('stock that is kept by lot', () => {
  const lot = (available: number, version: number): Stock => ({ ...stock(available, version), lot: 'L1' });

  test.each<[string, Stock | undefined, Stock, string[]]>([
    ['falls further', lot(4, 1), lot(3, 2), ['stock.moved', 'stock.low']],
    ['stays', lot(4, 1), lot(4, 2), ['stock.moved']],
    ['is above', lot(9, 1), lot(8, 2), ['stock.moved']],
    ['begins low', undefined, lot(4, 1), ['stock.moved', 'stock.gained', 'stock.low']],
  ])('and %s', (_what, before, after, expected) => {
    expect(types(eventsOf(before, after))).toEqual(expected);
  });
});

test('every item has a key of its own in the ids of its events, and its facts in them', () => {
  const change = (type: 'supply.requested' | 'report.written') => ({ ...CHANGE, type });
  const supply: SupplyRequest = {
    entity: 'supply',
    requestId: 'REQ1',
    plant: 'mill',
    sku: 'TENT',
    warehouse: 'north',
    status: 'open',
    quantity: 7,
    received: 0,
    basis: { onHand: 0, reserved: 0, available: 0, incoming: 0, dailyUse: 0, point: 0, upTo: 0, multiple: 1 },
    requestedAt: NOW.toISOString(),
    needBy: '2026-11-29',
    version: 1,
    change: change('supply.requested'),
  };
  const report: ReportRun = {
    entity: 'report',
    report: 'daily',
    day: '2026-11-19',
    scheduledAt: NOW.toISOString(),
    facts: 3,
    checksum: 'c',
    objects: ['a'],
    version: 1,
    change: change('report.written'),
  };
  const [first, second, third, fourth] = [stock(1, 1), { ...stock(1, 1), lot: 'L1' }, supply, report].map((image) => eventsOf(undefined, image)[0]);

  expect([first?.id, second?.id]).toEqual(['north/TENT#1#stock.moved', 'north/TENT/L1#1#stock.moved']);
  expect(second).toMatchObject({ entity: 'stock', stock: { sku: 'TENT', warehouse: 'north', lot: 'L1', onHand: 1, available: 1 } });
  expect(third).toMatchObject({ id: 'REQ1#1#supply.requested', entity: 'supply', supply: { requestId: 'REQ1', plant: 'mill', quantity: 7 } });
  expect(fourth).toMatchObject({ id: `daily/${NOW.toISOString()}#1#report.written`, entity: 'report', report: { report: 'daily', day: '2026-11-19', checksum: 'c' } });
});
