import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCKS, clockOf, isPromiseBroken, lateBefore, lateOrder, lateParcel, WORK_LISTS } from '../../core/clock.ts';
import { takeIn } from '../../core/intake.ts';
import { hold, type Order, type Saved } from '../../core/order.ts';
import { pack } from '../../core/packing.ts';
import { FIRST_RETURN, handOver, labelled, type Parcel, parcelOf, returnOf, trackParcel } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { summarise, type TrackingEvent, type TrackingStatus } from '../../core/tracking.ts';
import { runs } from '../runs.ts';
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

const LABEL = {
  carrier: 'USPS',
  service: 'Priority',
  trackingNumber: '94',
  trackingUrl: '',
  cost: 700,
  currency: 'EUR',
  document: '',
  boughtAt: NOW.toISOString(),
  reference: 'R1',
  carrierRef: 'shp_1',
  proof: 'answer' as const,
};

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

  test('runs from the first of its holds on, and from no instant before its status began', () => {
    const { order } = packed();
    const heldAt = (...hours: number[]) => ({
      ...order,
      work: 'held#1',
      holds: hours.map((hour) => ({ kind: 'client' as const, reason: '', at: later(hour).toISOString(), by: 'shop', release: 'manager' as const })),
    });
    const waiting = taken({ paid: false });

    expect([heldAt(60, 50), heldAt(-5), heldAt()].map((item) => clockOf(item, CLIENT)?.since)).toEqual([later(50), NOW, NOW].map((at) => at.toISOString()));
    expect(clockOf({ ...waiting, holds: waiting.holds.map((one) => ({ ...one, at: later(5).toISOString() })) }, CLIENT), 'a second hold starts none anew').toMatchObject({
      since: waiting.since,
    });
  });

  test('is there for every work list, and each list has a stage of its own', () => {
    expect(new Set(WORK_LISTS.map((list) => CLOCKS[list].stage)).size).toBe(WORK_LISTS.length);
    const others = Object.keys(CLIENT.policies.clocks).filter((stage) => !WORK_LISTS.some((list) => CLOCKS[list].stage === stage));
    expect(others.sort()).toEqual(['exception', 'moving']);
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
    expect(order.change.reason).toMatch(/^waits for stock since .*, for more than 100 hours; was to ship by .* and is not packed$/);
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

describe('a parcel on its way', () => {
  const client = sampleClient({ policies: { clocks: { moving: 10, exception: 4, delivered: 100 } } });
  const scan = (status: TrackingStatus, hour: number) => ({ status, code: status, at: later(hour).toISOString(), description: '', attention: false });
  const scanned = (...scans: readonly TrackingEvent[]): Parcel => {
    const parcel = trackParcel(labelled(packed().parcel, LABEL, ACT), summarise(scans), ACT);
    if (parcel === undefined) throw new Error('no news');
    return parcel;
  };
  const stageAt = (parcel: Parcel, hours: number) => lateParcel(parcel, client, later(hours), ACT)?.late?.stage;

  test.each<[string, Parcel, number, string | undefined]>([
    ['was scanned lately', scanned(scan('in_transit', 1), scan('in_transit', 9)), 18, undefined],
    ['was not scanned for long', scanned(scan('in_transit', 1), scan('in_transit', 9)), 20, 'moving'],
    ['told only of notes meanwhile', scanned(scan('in_transit', 1), scan('note', 9)), 12, 'moving'],
    ['waits for its customer in a shop', scanned(scan('in_transit', 1), scan('available_for_pickup', 9)), 90, undefined],
    ['could not be delivered a moment ago', scanned(scan('in_transit', 1), scan('delivery_exception', 9)), 12, undefined],
    ['could not be delivered for long', scanned(scan('in_transit', 1), scan('delivery_exception', 9)), 14, 'exception'],
    ['could not be delivered, and goes out again', scanned(scan('delivery_exception', 9), scan('out_for_delivery', 13)), 14, undefined],
    ['is late in both ways', scanned(scan('in_transit', 1)), 102, 'delivered+moving'],
    ['was delivered', scanned(scan('in_transit', 1), scan('delivered', 9)), 200, undefined],
  ])('that %s', (_what, parcel, hours, stage) => {
    expect(stageAt(parcel, hours)).toBe(stage);
  });

  test('is late in each way once for each time that it stands still', () => {
    const still = scanned(scan('in_transit', 1));
    const moving = lateParcel(still, client, later(12), ACT);
    if (moving === undefined) throw new Error('not late');
    const hindered = trackParcel(moving, summarise([scan('in_transit', 1), scan('delivery_exception', 13)]), ACT);
    if (hindered === undefined) throw new Error('no news');

    expect(stageAt(moving, 50)).toBeUndefined();
    expect(lateParcel(hindered, client, later(18), ACT)).toMatchObject({
      late: { stage: 'exception' },
      change: { type: 'parcel.late', reason: expect.stringContaining('for its delivery exception to be settled') },
    });
  });

  test('that moves on is late no more, and late anew when it stands still again', () => {
    const still = lateParcel(scanned(scan('in_transit', 1)), client, later(12), ACT);
    const moved = still && trackParcel(still, summarise([scan('in_transit', 1), scan('in_transit', 13)]), ACT);
    if (moved === undefined) throw new Error('not late, or no news');

    expect(moved.late).toBeUndefined();
    expect(stageAt(moved, 23)).toBeUndefined();
    expect(stageAt(moved, 24)).toBe('moving');
  });

  test('that cannot be delivered stays noted while that lasts, whatever else is scanned of it', () => {
    const noted = lateParcel(scanned(scan('delivery_exception', 1)), client, later(6), ACT);
    const again = noted && trackParcel(noted, summarise([scan('delivery_exception', 1), scan('delivery_exception', 8)]), ACT);

    expect(again?.late?.stage).toBe('exception');
    expect(again && stageAt(again, 20)).toBeUndefined();
  });

  test('is read by the sweep whenever it may be late', () => {
    const ways = fc.tuple(
      fc.integer({ min: 0, max: 200 }),
      fc.constantFrom<TrackingStatus>('in_transit', 'delivery_exception', 'out_for_delivery'),
      fc.integer({ min: 0, max: 50 }),
    );

    fc.assert(
      fc.property(ways, ([hours, status, hour]) => {
        const parcel = scanned(scan('in_transit', 0), scan(status, hour));

        if (stageAt(parcel, hours) !== undefined) expect(parcel.since <= lateBefore('deliver', client, later(hours)).toISOString()).toBe(true);
      }),
    );
  });

  test('is read by the sweep as soon as it may be late', () => {
    const parcel = scanned(scan('delivery_exception', 9));

    expect([13, 14].map((hours) => parcel.since <= lateBefore('deliver', client, later(hours)).toISOString())).toEqual([true, true]);
    expect(parcel.since <= lateBefore('deliver', client, later(12)).toISOString()).toBe(false);
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

test('a label that a customer has for a return waits for nothing: when they send it is theirs to say', () => {
  const back = labelled(returnOf(waitless(packed().parcel, 'delivered'), FIRST_RETURN, [], CLIENT, 'too small', ACT), LABEL, ACT);

  expect(clockOf(back, CLIENT)).toBeUndefined();
  expect(lateParcel(back, CLIENT, later(5_000), ACT)).toBeUndefined();
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
      { numRuns: runs(300) },
    );
  });
});

test.each([
  ['label', 5],
  ['hand-over', 6],
  ['scan', 7],
  ['deliver', 8],
  ['held', 0],
  ['pack', 0],
] as const)('the list %s is looked at from %i hours back', (list, hours) => {
  expect(lateBefore(list, CLIENT, NOW)).toEqual(later(-hours));
});

test('a parcel that has not left is not asked for its next scan', () => {
  const client = sampleClient({ policies: { clocks: { moving: 1, exception: 1, labelled: 5 } } });

  expect(lateParcel(packed().parcel, client, later(2), ACT)).toBeUndefined();
});

test('goods that come back wait for their label as any do', () => {
  const back = returnOf(waitless(packed().parcel, 'delivered'), FIRST_RETURN, [], CLIENT, 'too small', ACT);

  expect(clockOf(back, CLIENT)).toMatchObject({ stage: 'labelled' });
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
    { numRuns: runs(1_000) },
  );
});
