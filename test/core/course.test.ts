import { describe, expect, test } from 'vitest';
import { endRecall, follow, recall, takeBack } from '../../core/course.ts';
import { takeIn } from '../../core/intake.ts';
import { type Act, hold, type Order, type PackedParcel, type Saved } from '../../core/order.ts';
import { StockView } from '../../core/stock-view.ts';
import { NOW, sampleLine, sampleOrder, seeing } from './samples.ts';

const ACT: Act = { by: 'hub', now: new Date(NOW.getTime() + 60_000) };
const SCANNED = '2026-11-20T18:00:00.000Z';
const THREE_TENTS = takenIn();

function takenIn(): Order {
  const stock = new StockView([{ sku: 'TENT', warehouse: 'north', available: 9 }]);
  const outcome = takeIn(sampleOrder({ lines: [sampleLine('TENT', 3)] }), undefined, seeing(stock), { by: 'shop', now: NOW });
  if (outcome.kind !== 'saved') throw new Error(outcome.kind);
  return outcome.order;
}

const tents = (quantity: number) => [{ sku: 'TENT', warehouse: 'north', quantity }];

/** An order of three tents of which so many are in each parcel, the rest reserved or not. */
function inParcels(parcels: readonly [quantity: number, status: PackedParcel['status']][], reserved = 0, overrides: Partial<Order> = {}): Order {
  const entries = parcels.map(([quantity, status], index) => ({ parcel: index + 1, warehouse: 'north', units: tents(quantity), status }));
  return { ...THREE_TENTS, status: 'packed', parcels: entries, allocations: reserved === 0 ? [] : tents(reserved), ...overrides };
}

function saved(outcome: Saved | { readonly kind: 'refused'; readonly why: string } | undefined): Saved {
  if (outcome?.kind !== 'saved') throw new Error(`was ${JSON.stringify(outcome)}`);
  return outcome;
}

const followed = (order: Order, parcel: number, to: 'dispatched' | 'delivered' | 'returned', dispatchedAt?: string) =>
  saved(follow(order, parcel, to, SCANNED, ACT, dispatchedAt)).order;
const statuses = ({ parcels }: Order) => parcels.map(({ status }) => status);

describe('a scan of the only parcel', () => {
  test.each([
    ['dispatched', 'order.dispatched', { dispatchedAt: SCANNED }],
    ['delivered', 'order.delivered', { dispatchedAt: '2026-11-20T12:00:00.000Z', deliveredAt: SCANNED }],
    ['returned', 'order.returned', { dispatchedAt: '2026-11-20T12:00:00.000Z' }],
  ] as const)('that says %s moves the order with it', (to, type, clocks) => {
    const order = followed(inParcels([[3, 'packed']]), 1, to, '2026-11-20T12:00:00.000Z');

    expect(order).toMatchObject({ status: to, ...clocks, change: { type, by: 'hub', reason: `parcel 1 was ${to}` } });
    if (to !== 'delivered') expect(order).not.toHaveProperty('deliveredAt');
  });

  test('that comes later keeps the clocks of the one before', () => {
    const left = followed(inParcels([[3, 'packed']]), 1, 'dispatched');
    const there = saved(follow(left, 1, 'delivered', '2026-11-22T10:00:00.000Z', ACT)).order;
    const back = saved(follow(there, 1, 'returned', '2026-11-24T10:00:00.000Z', ACT)).order;

    expect(there).toMatchObject({ dispatchedAt: SCANNED, deliveredAt: '2026-11-22T10:00:00.000Z' });
    expect(back).toMatchObject({ status: 'returned', dispatchedAt: SCANNED, deliveredAt: '2026-11-22T10:00:00.000Z' });
  });

  test.each<[string, PackedParcel['status'], number, 'dispatched' | 'delivered']>([
    ['of a parcel that the order does not have', 'packed', 2, 'dispatched'],
    ['that says what is known', 'dispatched', 1, 'dispatched'],
    ['that says less than is known', 'delivered', 1, 'dispatched'],
    ['of a parcel that was unpacked', 'unpacked', 1, 'delivered'],
  ])('%s changes nothing', (_what, status, parcel, to) => {
    expect(follow(inParcels([[3, status]]), parcel, to, SCANNED, ACT)).toBeUndefined();
  });
});

describe('a scan of one of several parcels', () => {
  test('moves that parcel alone, and the order only with its last', () => {
    const first = followed(
      inParcels([
        [1, 'packed'],
        [2, 'packed'],
      ]),
      2,
      'dispatched',
    );

    expect(statuses(first)).toEqual(['packed', 'dispatched']);
    expect(first).toMatchObject({ status: 'packed', change: { type: 'order.noted' } });
    expect(first).not.toHaveProperty('dispatchedAt');
    expect(followed(first, 1, 'dispatched')).toMatchObject({ status: 'dispatched', dispatchedAt: SCANNED, change: { type: 'order.dispatched' } });
  });

  test('of an order that still waits for goods is noted, and its clocks wait too', () => {
    const order = followed(inParcels([[1, 'packed']], 2, { status: 'authorised' }), 1, 'dispatched');

    expect(order).toMatchObject({ status: 'authorised', allocations: tents(2), change: { type: 'order.noted' } });
    expect(order).not.toHaveProperty('dispatchedAt');
  });

  test('that says what the order is already is noted', () => {
    expect(
      followed(
        inParcels(
          [
            [1, 'dispatched'],
            [2, 'dispatched'],
          ],
          0,
          { status: 'dispatched' },
        ),
        1,
        'delivered',
      ),
    ).toMatchObject({ status: 'dispatched', change: { type: 'order.noted' } });
  });
});

describe('a parcel that left although it was called back', () => {
  test('gives up what was reserved in its place, no more, and a person is told', () => {
    const outcome = saved(
      follow(
        inParcels(
          [
            [1, 'recalled'],
            [1, 'packed'],
          ],
          2,
          { packing: { by: 'p', at: SCANNED, warehouse: 'north' } },
        ),
        1,
        'dispatched',
        SCANNED,
        ACT,
      ),
    );

    expect(outcome.order.allocations).toEqual(tents(1));
    expect(outcome.order).not.toHaveProperty('packing');
    expect(outcome.movements).toMatchObject([{ sku: 'TENT', reserved: -1 }]);
    expect(outcome.order.holds).toMatchObject([
      { kind: 'client', standing: true, reason: 'parcel 1 left although it was called back: call back parcel 2, which was packed since, or intercept it' },
    ]);
  });

  test.each<[string, PackedParcel['status']]>([
    ['left too', 'dispatched'],
    ['was called back too', 'recalled'],
  ])('names no parcel in its place that %s', (_what, status) => {
    const { holds } = followed(
      inParcels([
        [1, 'recalled'],
        [2, status],
      ]),
      1,
      'dispatched',
    );

    expect(holds).toMatchObject([{ reason: 'parcel 1 left although it was called back: intercept it, or expect its return' }]);
  });

  test('names none that was packed before it', () => {
    expect(
      followed(
        inParcels([
          [1, 'packed'],
          [2, 'recalled'],
        ]),
        2,
        'dispatched',
      ).holds,
    ).toMatchObject([{ reason: expect.stringContaining('intercept it, or expect its return') }]);
  });

  test('puts its word in the place of the storefront’s, and leaves others', () => {
    const held = hold(hold(inParcels([[3, 'recalled']]), 'client', 'cancelled', ACT).order, 'operator', 'call first', ACT).order;

    expect(followed(held, 1, 'dispatched').holds.map(({ kind, reason }) => [kind, reason.slice(0, 13)])).toEqual([
      ['operator', 'call first'],
      ['client', 'parcel 1 left'],
    ]);
  });

  test('leaves what was packed as it was where nothing was reserved in its place', () => {
    const packing = { by: 'p', at: SCANNED, warehouse: 'north' };

    expect(saved(follow(inParcels([[1, 'recalled']], 2, { packing }), 1, 'dispatched', SCANNED, ACT))).toMatchObject({ movements: [], order: { packing, allocations: tents(2) } });
  });
});

describe('a recall', () => {
  test('takes the authorisation back, and says what is to be looked for anew', () => {
    const outcome = saved(
      recall(
        inParcels([
          [1, 'packed'],
          [2, 'packed'],
        ]),
        2,
        'wrong size',
        ACT,
      ),
    );

    expect(outcome).toMatchObject({
      recalls: [2],
      waits: [{ sku: 'TENT', quantity: 2 }],
      order: { authorisation: null, change: { type: 'order.recalled', reason: 'parcel 2 called back: wrong size' } },
    });
    expect(statuses(outcome.order)).toEqual(['packed', 'recalled']);
  });

  test.each<[string, Order, number, string, string]>([
    ['of a parcel that is not there', inParcels([[3, 'packed']]), 2, 'shipment.parcel-absent', 'has no parcel 2; its parcels: 1.'],
    ['of an order without parcels', inParcels([]), 1, 'shipment.parcel-absent', 'its parcels: none.'],
    [
      'of a parcel that has left',
      inParcels([
        [1, 'packed'],
        [2, 'dispatched'],
      ]),
      2,
      'shipment.parcel-gone',
      'Parcel 2 of order shop:1001 is dispatched',
    ],
  ])('%s is refused', (_what, order, parcel, code, why) => {
    expect(recall(order, parcel, 'x', ACT)).toMatchObject({ kind: 'refused', code, why: expect.stringContaining(why) });
  });

  test('that ends with the parcel unpacked puts its goods back, in quarantine', () => {
    const outcome = saved(
      endRecall(
        inParcels([
          [1, 'packed'],
          [2, 'recalled'],
        ]),
        2,
        'unpacked',
        'found',
        ACT,
      ),
    );

    expect(outcome.movements).toMatchObject([{ sku: 'TENT', onHand: 2, quarantined: 2, reserved: 0 }]);
    expect(outcome.order).toMatchObject({ holds: [], change: { type: 'order.noted', reason: 'found' } });
    expect(statuses(outcome.order)).toEqual(['packed', 'unpacked']);
  });

  test('that ends with the parcel gone holds the order, which left when it was said', () => {
    const { order } = saved(endRecall(inParcels([[3, 'recalled']]), 1, 'left', 'scanned', ACT));

    expect(order).toMatchObject({ status: 'dispatched', dispatchedAt: ACT.now.toISOString(), holds: [{ kind: 'client' }], change: { type: 'order.held', reason: 'scanned' } });
    expect(saved(endRecall(inParcels([[3, 'recalled']], 0, { dispatchedAt: SCANNED }), 1, 'left', 'x', ACT)).order.dispatchedAt).toBe(SCANNED);
    expect(saved(endRecall(inParcels([[1, 'recalled']], 2), 1, 'left', 'x', ACT)).order, 'two tents are yet to be packed').not.toHaveProperty('dispatchedAt');
  });

  test.each([
    [1, 'packed'],
    [2, 'packed'],
  ] as const)('of parcel %i that is not called back cannot end', (parcel, status) => {
    expect(endRecall(inParcels([[3, status]]), parcel, 'unpacked', 'x', ACT)).toMatchObject({
      kind: 'refused',
      code: 'shipment.not-recalled',
      why: `Parcel ${parcel} of order shop:1001 is not called back.`,
    });
  });
});

describe('goods that come back', () => {
  const sent = inParcels(
    [
      [2, 'delivered'],
      [1, 'packed'],
    ],
    0,
    { status: 'packed' },
  );
  const back = (order: Order, quantity: number) => takeBack(order, [{ sku: 'TENT', quantity }], ACT);

  test('are noted, and when all that was sent is back, the order is returned', () => {
    const all = inParcels([[3, 'delivered']], 0, { status: 'delivered' });
    const one = saved(back(all, 1)).order;
    const rest = saved(back(one, 2)).order;

    expect(one).toMatchObject({ status: 'delivered', returned: [{ sku: 'TENT', quantity: 1 }], change: { type: 'order.noted', reason: '1 x TENT came back' } });
    expect(rest).toMatchObject({ status: 'returned', returned: [{ sku: 'TENT', quantity: 3 }], change: { type: 'order.returned', reason: '2 x TENT came back' } });
  });

  test('of an order that is returned already, as its carrier said, are noted', () => {
    expect(saved(back(inParcels([[3, 'returned']], 0, { status: 'returned' }), 3)).order.change.type).toBe('order.noted');
  });

  test('are never more than were sent, in all', () => {
    expect(back(sent, 3)).toEqual({ kind: 'refused', code: 'order.return-excess', why: 'Order shop:1001 was sent 2 x TENT, of which 0 came back already; 3 more cannot.' });
    expect(back(saved(back(sent, 1)).order, 2)).toMatchObject({ why: 'Order shop:1001 was sent 2 x TENT, of which 1 came back already; 2 more cannot.' });
    expect(takeBack(sent, [{ sku: 'MUG', quantity: 1 }], ACT)).toMatchObject({ why: 'Order shop:1001 was sent 0 x MUG, of which 0 came back already; 1 more cannot.' });
  });

  test('of several kinds are named, each', () => {
    const two = { ...sent, parcels: [{ parcel: 1, warehouse: 'north', status: 'delivered' as const, units: [...tents(1), { sku: 'MUG', warehouse: 'north', quantity: 2 }] }] };

    expect(
      saved(
        takeBack(
          two,
          [
            { sku: 'TENT', quantity: 1 },
            { sku: 'MUG', quantity: 1 },
          ],
          ACT,
        ),
      ).order.change.reason,
    ).toBe('1 x TENT, 1 x MUG came back');
  });
});
