import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCKS, clockOf, isPromiseBroken, lateBefore, lateOrder, lateParcel, WORK_LISTS } from '../../core/clock.ts';
import { takeIn } from '../../core/intake.ts';
import { hold, type Order, type Saved } from '../../core/order.ts';
import { pack } from '../../core/packing.ts';
import { handOver, labelled, type Parcel, parcelOf } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { NOW, sampleClient, sampleOrder, seeing } from './samples.ts';

const CLIENT = sampleClient({
  policies: { authorisation: { mode: 'person' }, clocks: { held: 1, backordered: 100, authorised: 3, packed: 4, labelled: 5, handedOver: 6, scanned: 7, delivered: 8 } },
});
const ACT = { by: 'hub', now: NOW };

function later(hours: number, from = NOW): Date {
  return new Date(from.getTime() + hours * 3_600_000);
}

function taken(overrides: Parameters<typeof sampleOrder>[0] = {}, available = 9): Order {
  const stock = new StockView(CLIENT.products.map(({ sku }) => ({ sku, warehouse: 'north', available })));
  const saved = takeIn(sampleOrder(overrides), undefined, seeing(stock, CLIENT), ACT);
  if (saved.kind !== 'saved') throw new Error(saved.why);
  return saved.order;
}

function authorised(): Order {
  const order = taken();
  return {
    ...order,
    status: 'authorised',
    work: `pack#${order.work?.split('#')[1]}`,
    authorisation: { by: 'manager', at: NOW.toISOString(), reason: 'fine', addressHash: order.addressHash },
  };
}

function packed(): { order: Order; parcel: Parcel } {
  const { allocations } = taken();
  const saved = pack(authorised(), 'north', allocations, CLIENT, ACT);
  const [box] = saved.kind === 'saved' ? saved.packed : [];
  if (saved.kind !== 'saved' || box === undefined) throw new Error('not packed');
  return { order: saved.order, parcel: parcelOf(saved.order, box, CLIENT, ACT) };
}

/** A parcel that waits for nothing. */
function waitless({ work: _, ...parcel }: Parcel, status: Parcel['status']): Parcel {
  return { ...parcel, status };
}

const LABEL = { carrier: 'USPS', service: 'Priority', trackingNumber: '94', trackingUrl: '', cost: 700, currency: 'EUR', document: '', boughtAt: NOW.toISOString() };

function late(order: Order, at: Date): Saved {
  const saved = lateOrder(order, CLIENT, at, { by: 'hub', now: at });
  if (saved === undefined) throw new Error('is not late');
  return saved;
}

describe('the clock of what waits', () => {
  const box = packed();
  const label = labelled(box.parcel, LABEL, ACT);
  const handed = handOver(label, 'easypost', NOW.toISOString(), 'picked up', ACT);
  if (handed === undefined || 'kind' in handed) throw new Error('not handed over');

  test.each<[string, Order | Parcel, string, number]>([
    ['a held order', taken({ paid: false }), 'held', 1],
    ['an order without stock', taken({}, 0), 'backordered', 100],
    ['an order that waits for its authorisation', taken(), 'authorised', 3],
    ['an authorised order', authorised(), 'packed', 4],
    ['a packed parcel', box.parcel, 'labelled', 5],
    ['a parcel with a label', label, 'handedOver', 6],
    ['a parcel that was handed over', handed, 'scanned', 7],
    ['a parcel on its way', { ...handed, status: 'dispatched', work: 'deliver#1' }, 'delivered', 8],
  ])('of %s runs for the hours that the policy gives', (_name, item, stage, hours) => {
    expect(clockOf(item, CLIENT)).toMatchObject({ stage, hours, since: NOW.toISOString(), dueAt: later(hours).toISOString() });
  });

  test('stands still where nothing is waited for', () => {
    expect(clockOf(packed().order, CLIENT)).toBeUndefined();
    expect(clockOf(waitless(packed().parcel, 'delivered'), CLIENT)).toBeUndefined();
  });

  test('runs from the hold on for an order that is held once it is packed', () => {
    const { order } = packed();

    const held = hold(order, 'client', 'lines changed', { by: 'shop', now: later(50) }).order;

    expect(clockOf(held, CLIENT)).toMatchObject({ stage: 'held', since: later(50).toISOString(), dueAt: later(51).toISOString() });
  });

  test('is there for every work list, and each list has a stage of its own', () => {
    expect(new Set(WORK_LISTS.map((list) => CLOCKS[list].stage)).size).toBe(WORK_LISTS.length);
    expect(WORK_LISTS.length).toBe(Object.keys(CLIENT.policies.clocks).length);
  });
});

describe('an order', () => {
  test('is late when its clock has run out, and not a moment before', () => {
    const order = taken({ paid: false });

    expect(lateOrder(order, CLIENT, later(1), ACT)).toBeUndefined();
    expect(late(order, new Date(later(1).getTime() + 1)).order).toMatchObject({
      late: { stage: 'held' },
      status: 'held',
      since: order.since,
      version: 2,
      change: { type: 'order.late', by: 'hub', reason: 'waits for its holds to be released since 2026-11-20T09:00:00.000Z, for more than an hour' },
    });
  });

  test('is late when it was to ship by now and is not packed, whatever its clock says', () => {
    const order = taken({}, 0);
    const past = new Date(Date.parse(order.shipBy) + 1);

    expect(lateOrder(order, CLIENT, new Date(order.shipBy), ACT)).toBeUndefined();
    expect(late(order, past).order).toMatchObject({ late: { stage: 'promise' }, change: { reason: `was to ship by ${order.shipBy} and is not packed` } });
  });

  test('is noted late once for each of the two, in whatever order they come', () => {
    const order = taken({}, 0);

    const promise = late(order, later(30)).order;
    const both = late(promise, later(101)).order;

    expect(lateOrder(promise, CLIENT, later(99), ACT)).toBeUndefined();
    expect(both.late).toEqual({ stage: 'promise+backordered', at: later(101).toISOString() });
    expect(both.change.reason).toMatch(/^waits for stock/);
    expect(lateOrder(both, CLIENT, later(2_000), ACT)).toBeUndefined();
  });

  test('is noted once when both are found at the same time', () => {
    const { order } = late(taken({}, 0), later(101));

    expect(order.late?.stage).toBe('backordered+promise');
    expect(lateOrder(order, CLIENT, later(102), ACT)).toBeUndefined();
  });

  test('that is packed, ended or promised nothing breaks no promise', () => {
    const far = later(1_000);

    expect(isPromiseBroken(taken(), far)).toBe(true);
    expect(isPromiseBroken(packed().order, far)).toBe(false);
    expect(isPromiseBroken({ ...taken(), ending: 'cancelled' }, far)).toBe(false);
    expect(isPromiseBroken({ ...taken(), shipBy: '' }, far)).toBe(false);
  });
});

describe('a parcel', () => {
  test('is noted late once for each stage, and anew in the next', () => {
    const { parcel } = packed();

    const noted = lateParcel(parcel, CLIENT, later(6), { by: 'hub', now: later(6) });
    if (noted === undefined) throw new Error('is not late');
    const next = labelled(noted, LABEL, { by: 'hub', now: later(7) });

    expect(noted).toMatchObject({ late: { stage: 'labelled' }, version: 2, work: parcel.work, since: parcel.since, change: { type: 'parcel.late' } });
    expect(lateParcel(noted, CLIENT, later(60), ACT)).toBeUndefined();
    expect(lateParcel(next, CLIENT, later(12), ACT)).toBeUndefined();
    expect(lateParcel(next, CLIENT, later(14), ACT)).toMatchObject({ late: { stage: 'handedOver' } });
  });
});

describe('what is looked at', () => {
  test('holds everything that is late, and no parcel that is not', () => {
    const { parcel } = packed();

    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), (minutes) => {
        const now = later(minutes / 60);
        const isSeen = parcel.since <= lateBefore('label', CLIENT, now).toISOString();
        expect(lateParcel(parcel, CLIENT, now, ACT) === undefined).toBe(!isSeen || minutes === 300);
        for (const order of [taken(), taken({ paid: false }), taken({}, 0)]) expect(order.since <= lateBefore('held', CLIENT, now).toISOString()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test('an order is noted at most once for each reason while its status lasts, however often it is looked at', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 30 }), fc.constantFrom(0, 9), fc.boolean(), (hours, available, paid) => {
      let order = taken({ paid }, available);
      let notes = 0;
      for (const hour of hours.toSorted((a, b) => a - b)) {
        const saved = lateOrder(order, CLIENT, later(hour), { by: 'hub', now: later(hour) });
        if (saved === undefined) continue;
        notes += 1;
        expect(saved.movements).toEqual([]);
        order = saved.order;
      }
      const last = Math.max(0, ...hours);
      const clock = clockOf(order, CLIENT);
      const expected = new Set([...(clock && clock.dueAt < later(last).toISOString() ? [clock.stage] : []), ...(isPromiseBroken(order, later(last)) ? ['promise'] : [])]);
      expect(new Set(order.late?.stage.split('+'))).toEqual(expected);
      expect(notes).toBeLessThanOrEqual(expected.size);
    }),
    { numRuns: 1_000 },
  );
});
