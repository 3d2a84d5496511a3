import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endRecall, follow } from '../../core/course.ts';
import type { Refused } from '../../core/error.ts';
import { fill, takeIn, type Unchanged } from '../../core/intake.ts';
import {
  type Act,
  authorise,
  beginsToWait,
  correctAddress,
  fallShort,
  fingerprintOf,
  hasContent,
  hold,
  holdList,
  missingUnits,
  next,
  noteLate,
  type Order,
  openDemand,
  type PackedParcel,
  prioritise,
  releaseHold,
  type Saved,
  soldUnitsSent,
  standingHold,
  statusOf,
  turnOf,
  unfitness,
} from '../../core/order.ts';
import { compareVersions, OrderDocument, soldIn, sourceVersionOf } from '../../core/order-document.ts';
import { pack, packGate } from '../../core/packing.ts';
import { StockView } from '../../core/stock-view.ts';
import { runs } from '../runs.ts';
import { NOW, sampleClient, sampleLine, sampleOrder, seeing } from './samples.ts';

const CLIENT = sampleClient();
const ACT: Act = { by: 'shop', now: NOW };
const MANAGER: Act = { by: 'manager', now: NOW };

function plenty(): StockView {
  return stockOf(50);
}

function stockOf(available: number): StockView {
  return new StockView(CLIENT.products.flatMap(({ sku }) => CLIENT.warehouses.map(({ id }) => ({ sku, warehouse: id, available }))));
}

function saved(outcome: Saved | Unchanged | Refused): Saved {
  if (outcome.kind !== 'saved') throw new Error(`was ${JSON.stringify(outcome)}`);
  return outcome;
}

function taken(document: OrderDocument, existing?: Order, stock = plenty()): Order {
  return saved(takeIn(document, existing, seeing(stock), ACT)).order;
}

/** The lines of the sample order, of which so many units are counted as fulfilled. */
function fulfilling(units: Readonly<Record<string, number>>): OrderDocument['lines'] {
  return sampleOrder().lines.map((line) => ({ ...line, fulfilled: units[line.sku ?? ''] ?? 0 }));
}

const packedOrder = () => saved(pack(taken(sampleOrder()), undefined, soldIn(sampleOrder()), CLIENT, MANAGER)).order;

describe('taking an order in', () => {
  test('reserves stock in the preferred warehouse and authorises a clean order by policy', () => {
    const stock = plenty();

    const { order, movements } = saved(takeIn(sampleOrder(), undefined, seeing(stock), ACT));

    expect(order).toMatchObject({
      orderId: 'shop:1001',
      status: 'authorised',
      version: 1,
      holds: [],
      authorisation: { by: 'policy' },
      change: { type: 'order.accepted', by: 'shop' },
    });
    expect(order.allocations).toEqual([
      { sku: 'MUG', warehouse: 'north', quantity: 1 },
      { sku: 'TENT', warehouse: 'north', quantity: 2 },
    ]);
    expect(movements.map(({ reason, reserved }) => [reason, reserved])).toEqual([
      ['reserved', 1],
      ['reserved', 2],
    ]);
    expect(stock.available('TENT', 'north')).toBe(48);
  });

  test('keeps no personal data in the state', () => {
    expect(JSON.stringify(taken(sampleOrder()))).not.toMatch(/Erika|Muster|Beispielweg|example\.com/);
  });

  test.each<[string, Partial<OrderDocument>, Partial<Order> & { kinds?: string[] }]>([
    ['an unpaid order is held and keeps its stock', { paid: false }, { status: 'held', kinds: ['payment'] }],
    ['a missing address holds', { shipTo: null }, { status: 'held', kinds: ['address'] }],
    ['a SKU that the client does not keep holds', { lines: [sampleLine('GHOST', 1)] }, { status: 'held', kinds: ['stock'], allocations: [] }],
    ['a line without SKU that ships holds', { lines: [sampleLine(null, 1)] }, { status: 'held', kinds: ['stock'] }],
    ['an order above the limit waits for a person', { total: 60_001 }, { status: 'allocated', kinds: [], work: expect.stringMatching(/^authorise#[0-7]$/) }],
    ['an order in another currency than the limit waits for a person', { currency: 'USD' }, { status: 'allocated', kinds: [] }],
    ['a cancelled order reserves nothing', { cancelled: true }, { status: 'cancelled', kinds: [], allocations: [] }],
    ['a test order is recorded and never shipped', { test: true }, { status: 'closed', kinds: [], allocations: [] }],
    ['a digital order is closed', { lines: [sampleLine('TENT', 1, { requiresShipping: false })] }, { status: 'closed', allocations: [] }],
    ['an order whose units were all refunded is closed', { lines: [sampleLine('TENT', 0)] }, { status: 'closed', allocations: [] }],
  ])('%s', (_sentence, change, { kinds, ...expected }) => {
    const order = taken(sampleOrder(change));

    expect(order).toMatchObject(expected);
    if (kinds) expect(order.holds.map(({ kind }) => kind)).toEqual(kinds);
  });

  test('an order that no warehouse can ship whole waits, and promises nothing', () => {
    const { order, movements } = saved(takeIn(sampleOrder(), undefined, seeing(stockOf(1)), ACT));

    expect(order).toMatchObject({ status: 'backordered', allocations: [], work: expect.stringMatching(/^backordered#[0-7]$/) });
    expect(movements).toEqual([]);
  });

  test('lines of one SKU are added up', () => {
    expect(soldIn({ lines: [sampleLine('TENT', 2), sampleLine('MUG', 1), sampleLine('TENT', 3)] })).toEqual([
      { sku: 'MUG', quantity: 1 },
      { sku: 'TENT', quantity: 5 },
    ]);
  });

  test('a repeat is a duplicate, also with a later clock on the same content only when the version says so', () => {
    const order = taken(sampleOrder());

    expect(takeIn(sampleOrder(), order, seeing(plenty()), ACT)).toEqual({ kind: 'unchanged', why: 'duplicate' });
    expect(takeIn(sampleOrder({ sourceVersion: 999, paid: false }), order, seeing(plenty()), ACT)).toEqual({ kind: 'unchanged', why: 'older' });
  });

  test('of two versions of the same second, the one further in life wins', () => {
    const unpaid = sourceVersionOf(sampleOrder({ paid: false }));
    const paid = sourceVersionOf(sampleOrder());
    const cancelled = sourceVersionOf(sampleOrder({ cancelled: true }));

    expect(compareVersions(paid, unpaid)).toBeGreaterThan(0);
    expect(compareVersions(cancelled, paid)).toBeGreaterThan(0);
    expect(compareVersions(paid, paid)).toBe(0);
  });

  test('refuses more SKUs than one transaction can carry, and more lines than an order may have', () => {
    const lines = (count: number, sku: (index: number) => string) => Array.from({ length: count }, (_, index) => sampleLine(sku(index), 1));

    expect(OrderDocument.safeParse({ ...sampleOrder(), lines: lines(46, (index) => `S${index}`) }).success).toBe(false);
    expect(OrderDocument.safeParse({ ...sampleOrder(), lines: lines(201, () => 'TENT') }).success).toBe(false);
    expect(OrderDocument.safeParse({ ...sampleOrder(), lines: lines(200, () => 'TENT') }).success).toBe(true);
  });
});

describe('a newer version', () => {
  const newer = (change: Partial<OrderDocument>) => sampleOrder({ sourceVersion: 2_000, ...change });

  test('that pays releases the order', () => {
    const order = taken(newer({}), taken(sampleOrder({ paid: false })));

    expect(order).toMatchObject({ status: 'authorised', holds: [], version: 2 });
  });

  test('that cancels gives the stock back', () => {
    const stock = plenty();
    const first = taken(sampleOrder(), undefined, stock);

    const { order, movements } = saved(takeIn(newer({ cancelled: true }), first, seeing(stock), ACT));

    expect(order).toMatchObject({ status: 'cancelled', allocations: [], authorisation: null });
    expect(movements.every(({ reason }) => reason === 'released')).toBe(true);
    expect(stock.available('TENT', 'north')).toBe(50);
  });

  test('with more units moves the reservation by the difference', () => {
    const stock = plenty();
    const first = taken(sampleOrder(), undefined, stock);

    taken(newer({ lines: [sampleLine('TENT', 5)] }), first, stock);

    expect(stock.available('TENT', 'north')).toBe(45);
    expect(stock.available('MUG', 'north')).toBe(50);
  });

  test('may use the units that the order itself has reserved', () => {
    const stock = stockOf(2);
    const first = taken(sampleOrder({ lines: [sampleLine('TENT', 2)] }), undefined, stock);

    const order = taken(newer({ lines: [sampleLine('TENT', 2), sampleLine('MUG', 2)] }), first, stock);

    expect(order.allocations).toHaveLength(2);
  });

  test('that costs more than the limit takes the authorisation of the policy back', () => {
    expect(taken(newer({ total: 70_000 }), taken(sampleOrder()))).toMatchObject({ status: 'allocated', authorisation: null });
  });

  test('with another address asks for authorisation of that address', () => {
    const shipTo = { name: 'Erika Muster', line1: 'Beispielweg 5', city: 'Leipzig', postalCode: '04109', country: 'DE' };
    const order = taken(newer({ shipTo }), taken(sampleOrder()));

    expect(order.authorisation?.addressHash).toBe(order.addressHash);
    expect(order.addressHash).not.toBe(taken(sampleOrder()).addressHash);
  });

  test('that cancels after packing calls the parcel back', () => {
    const order = taken(newer({ cancelled: true }), packedOrder());

    expect(order).toMatchObject({ status: 'cancelled', holds: [], parcels: [{ parcel: 1, status: 'recalled' }] });
  });

  test('after packing is noted when nothing in it matters', () => {
    expect(taken(newer({ number: '#1001-B' }), packedOrder())).toMatchObject({ status: 'packed', holds: [], change: { type: 'order.noted' } });
  });
});

const anyVersion = fc.record({
  sourceVersion: fc.integer({ min: 1, max: 4 }),
  paid: fc.boolean(),
  cancelled: fc.boolean(),
  test: fc.constantFrom(false, false, false, true),
  total: fc.constantFrom(100, 59_999, 60_001),
  lines: fc.array(
    fc.record({ sku: fc.constantFrom('TENT', 'MUG', 'LAMP', 'GHOST'), quantity: fc.integer({ min: 0, max: 6 }) }).map(({ sku, quantity }) => sampleLine(sku, quantity)),
    { minLength: 1, maxLength: 4 },
  ),
  postalCode: fc.constantFrom('04109', '04109', '4109'),
});
const anyDocument = anyVersion.map(({ postalCode, ...version }) =>
  sampleOrder({ ...version, shipTo: { name: 'Erika Muster', line1: 'Weg 1', city: 'Leipzig', postalCode, country: 'DE' } }),
);

function outcomeOf(documents: readonly OrderDocument[]) {
  const stock = new StockView(
    ['TENT', 'MUG', 'LAMP'].flatMap((sku) => [
      { sku, warehouse: 'north', available: 3 },
      { sku, warehouse: 'south', available: 8 },
    ]),
  );
  let order: Order | undefined;
  for (const document of documents) {
    const outcome = takeIn(document, order, seeing(stock), ACT);
    if (outcome.kind === 'saved') order = outcome.order;
  }
  const left = ['TENT', 'MUG', 'LAMP'].flatMap((sku) => ['north', 'south'].map((warehouse) => stock.available(sku, warehouse)));
  return { status: order?.status, holds: order?.holds.map(({ kind }) => kind), allocations: order?.allocations, left };
}

describe('versions in any order', () => {
  test('come to what the newest alone comes to: status, holds, allocations and stock', () => {
    const arrivals = fc
      .array(anyDocument, { minLength: 1, maxLength: 5 })
      .chain((documents) => fc.tuple(fc.constant(documents), fc.shuffledSubarray([...documents, ...documents], { minLength: documents.length * 2 })));

    fc.assert(
      fc.property(arrivals, ([documents, arrived]) => {
        const newest = documents.toSorted((a, b) => compareVersions(sourceVersionOf(a), sourceVersionOf(b))).slice(-1);
        expect(outcomeOf(arrived)).toEqual(outcomeOf(newest));
      }),
      { numRuns: runs(200) },
    );
  }, 30_000);

  test('of many orders never promise a unit that is not there', () => {
    const arrivals = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), anyDocument), { maxLength: 20 });

    fc.assert(
      fc.property(arrivals, (documents) => {
        const stock = stockOf(7);
        const orders = new Map<string, Order>();
        for (const [number, document] of documents) {
          const outcome = takeIn({ ...document, sourceId: String(number) }, orders.get(`shop:${number}`), seeing(stock), ACT);
          if (outcome.kind === 'saved') orders.set(outcome.order.orderId, outcome.order);
          for (const { sku } of CLIENT.products) {
            for (const { id } of CLIENT.warehouses) {
              const promised = [...orders.values()]
                .flatMap((order) => order.allocations)
                .reduce((sum, one) => (one.sku === sku && one.warehouse === id ? sum + one.quantity : sum), 0);
              expect(stock.available(sku, id)).toBe(7 - promised);
              expect(stock.available(sku, id)).toBeGreaterThanOrEqual(0);
            }
          }
        }
      }),
    );
  });
});

describe('people', () => {
  const badAddress = { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '4109', country: 'DE' };
  const goodAddress = { ...badAddress, postalCode: '04109' };
  const held = () => taken(sampleOrder({ shipTo: badAddress }));

  test('release a hold with a reason; the order then waits for a person to authorise it', () => {
    const order = saved(releaseHold(held(), 'address', 'customer says it is right', 'manager', MANAGER)).order;

    expect(order).toMatchObject({ status: 'allocated', holds: [], change: { type: 'order.released', by: 'manager' } });
    expect(saved(authorise(order, 'checked', MANAGER)).order.status).toBe('authorised');
  });

  test('cannot release a hold that is not there, or a stock hold', () => {
    expect(releaseHold(held(), 'payment', '', 'manager', MANAGER)).toMatchObject({ kind: 'refused', code: 'order.hold-absent' });
    expect(releaseHold(taken(sampleOrder({ lines: [sampleLine('GHOST', 1)] })), 'stock', '', 'manager', MANAGER)).toMatchObject({ code: 'order.hold-fixed' });
  });

  test('correct an address: the hold ends, and a person authorises the new one', () => {
    const order = saved(correctAddress(held(), sampleOrder({ shipTo: goodAddress }), MANAGER)).order;

    expect(order).toMatchObject({ status: 'allocated', holds: [], authorisation: null, change: { type: 'order.readdressed' } });
  });

  test('a repeat of the version that was corrected does not undo the correction', () => {
    const cities = fc.array(fc.stringMatching(/^[A-Z][a-z]{3,12}$/), { minLength: 1, maxLength: 3 });

    fc.assert(
      fc.property(cities, (names) => {
        let order = held();
        for (const city of names) order = saved(correctAddress(order, sampleOrder({ shipTo: { ...goodAddress, city } }), MANAGER)).order;
        expect(takeIn(sampleOrder({ shipTo: badAddress }), order, seeing(plenty()), ACT)).toEqual({ kind: 'unchanged', why: 'older' });
      }),
    );
  });

  test('a correction stands while the storefront repeats what was corrected, under any later clock and whatever it counts as shipped', () => {
    const corrected = saved(correctAddress(held(), sampleOrder({ shipTo: goodAddress }), MANAGER)).order;
    const repeats = [sampleOrder({ shipTo: badAddress, sourceVersion: 2_000 }), sampleOrder({ shipTo: badAddress, sourceVersion: 3_000, lines: fulfilling({ TENT: 0, MUG: 0 }) })];

    const order = repeats.reduce((before, document) => taken(document, before), corrected);

    expect(order).toMatchObject({ status: 'allocated', holds: [], addressHash: corrected.addressHash, source: { version: 3_000 }, change: { type: 'order.noted' } });
  });

  test('a newer version that brings another bad address, or the bad one back after a good one, is held again', () => {
    const corrected = saved(correctAddress(held(), sampleOrder({ shipTo: goodAddress }), MANAGER)).order;
    const mended = taken(sampleOrder({ shipTo: { ...goodAddress, city: 'Halle' }, sourceVersion: 2_000 }), corrected);

    expect(taken(sampleOrder({ shipTo: { ...badAddress, city: 'Halle' }, sourceVersion: 2_000 }), corrected)).toMatchObject({ status: 'held', holds: [{ kind: 'address' }] });
    expect(mended.holds).toEqual([]);
    expect(taken(sampleOrder({ shipTo: badAddress, sourceVersion: 3_000 }), mended)).toMatchObject({ status: 'held', holds: [{ kind: 'address' }] });
  });

  test('cannot correct to an address that is unfit, to none, or once the parcel is packed', () => {
    expect(correctAddress(held(), sampleOrder({ shipTo: badAddress }), MANAGER)).toMatchObject({ code: 'address.unfit' });
    expect(correctAddress(held(), sampleOrder({ shipTo: null }), MANAGER)).toMatchObject({ code: 'address.unfit' });
    expect(correctAddress(packedOrder(), sampleOrder(), MANAGER)).toMatchObject({ code: 'order.address-fixed' });
  });

  test('cannot authorise what is held, waits for stock, or is authorised', () => {
    expect(authorise(held(), '', MANAGER)).toMatchObject({ code: 'order.not-ready' });
    expect(authorise(taken(sampleOrder(), undefined, stockOf(0)), '', MANAGER)).toMatchObject({ code: 'order.not-ready' });
    expect(authorise(taken(sampleOrder()), '', MANAGER)).toMatchObject({ code: 'order.authorised-already' });
  });

  test('an order that a person had to look at is not let past them by an edit', () => {
    const released = saved(releaseHold(held(), 'address', 'fine', 'manager', MANAGER)).order;

    expect(taken(sampleOrder({ shipTo: goodAddress, sourceVersion: 2_000 }), released)).toMatchObject({ status: 'allocated', authorisation: null });
  });
});

describe('packing', () => {
  test('spends the reservation when every unit was scanned', () => {
    const { order, movements } = saved(pack(taken(sampleOrder()), undefined, soldIn(sampleOrder()), CLIENT, MANAGER));

    expect(order).toMatchObject({ status: 'packed', packedAt: NOW.toISOString(), change: { type: 'order.packed' } });
    expect(movements.map(({ onHand, reserved }) => [onHand, reserved])).toEqual([
      [-1, -1],
      [-2, -2],
    ]);
  });

  test.each([
    ['too few', [{ sku: 'TENT', quantity: 2 }]],
    [
      'too many',
      [
        { sku: 'TENT', quantity: 3 },
        { sku: 'MUG', quantity: 1 },
      ],
    ],
    [
      'something else',
      [
        { sku: 'TENT', quantity: 2 },
        { sku: 'MUG', quantity: 1 },
        { sku: 'LAMP', quantity: 1 },
      ],
    ],
    ['nothing', []],
  ])('refuses %s', (_what, scanned) => {
    expect(pack(taken(sampleOrder()), undefined, scanned, CLIENT, MANAGER)).toMatchObject({ kind: 'refused', code: 'shipment.contents-differ' });
  });

  test('is refused for an order that is held, not authorised, packed, or went to another address since', () => {
    const order = taken(sampleOrder());

    expect(packGate(hold(order, 'operator', 'wait', MANAGER).order)).toMatchObject({ code: 'order.held' });
    expect(packGate({ ...order, authorisation: null })).toMatchObject({ code: 'order.not-authorised' });
    expect(packGate({ ...order, addressHash: 'other' })).toMatchObject({ code: 'order.readdressed' });
    expect(pack(packedOrder(), undefined, soldIn(sampleOrder()), CLIENT, MANAGER)).toMatchObject({ code: 'order.packed-already' });
  });
});

test('stock that arrives fills a waiting order, and the policy authorises it', () => {
  const waiting = taken(sampleOrder(), undefined, stockOf(0));

  expect(fill(waiting, seeing(stockOf(1)), ACT)).toBeUndefined();
  expect(fill(waiting, seeing(plenty()), ACT)).toMatchObject({ order: { status: 'authorised', change: { type: 'order.allocated' } } });
});

test('stock that arrives fills a held order too, which stays held', () => {
  const waiting = taken(sampleOrder({ paid: false }), undefined, stockOf(0));

  expect(fill(waiting, seeing(plenty()), ACT)).toMatchObject({ order: { status: 'held', authorisation: null } });
});

test('an order follows its parcel forward and never back', () => {
  const delivered = follow(packedOrder(), 1, 'delivered', '2026-11-22T10:00:00.000Z', ACT)?.order;

  expect(delivered).toMatchObject({ status: 'delivered', dispatchedAt: '2026-11-22T10:00:00.000Z', deliveredAt: '2026-11-22T10:00:00.000Z' });
  expect(delivered && follow(delivered, 1, 'dispatched', '2026-11-21T10:00:00.000Z', ACT)).toBeUndefined();
  expect(follow(taken(sampleOrder()), 1, 'dispatched', '2026-11-21T10:00:00.000Z', ACT)).toBeUndefined();
});

describe('a parcel that left although it was called back', () => {
  const late = { ...packedOrder(), parcels: packedOrder().parcels.map((parcel) => ({ ...parcel, status: 'recalled' as const })) };
  const replaced = { ...late, parcels: [...late.parcels, ...packedOrder().parcels.map((parcel) => ({ ...parcel, parcel: 2 }))] };

  test.each<[string, Order, RegExp]>([
    ['has its order held', late, /parcel 1 left although it was called back: intercept it, or expect its return$/],
    ['has what was packed in its place called back', replaced, /parcel 1 left although it was called back: call back parcel 2, which was packed since, or intercept it$/],
  ])('%s, by its scan and by its recall', (_what, order, reason) => {
    const scanned = follow(order, 1, 'dispatched', NOW.toISOString(), ACT)?.order;
    const recalled = saved(endRecall(order, 1, 'left', 'its label was used', ACT)).order;

    for (const one of [scanned, recalled])
      expect(one).toMatchObject({ work: expect.stringMatching(/^held#/), holds: [{ kind: 'client', standing: true, reason: expect.stringMatching(reason) }] });
  });
});

describe('what the storefront counts as fulfilled', () => {
  const later = (units: Readonly<Record<string, number>>) => sampleOrder({ sourceVersion: 2_000, lines: fulfilling(units) });

  test('and did not leave here was shipped by somebody else: it is not shipped again, and its stock goes back', () => {
    const stock = plenty();
    const before = saved(takeIn(sampleOrder(), undefined, seeing(stock), ACT)).order;

    const { order, movements } = saved(takeIn(later({ TENT: 1 }), before, seeing(stock), ACT));

    expect(order.demand).toEqual([
      { sku: 'MUG', quantity: 1 },
      { sku: 'TENT', quantity: 1 },
    ]);
    expect(movements.map(({ sku, reserved }) => [sku, reserved])).toEqual([['TENT', -1]]);
  });

  test('in full, by somebody else, closes the order and says so', () => {
    expect(taken(later({ TENT: 2, MUG: 1 }), taken(sampleOrder()))).toMatchObject({
      status: 'closed',
      allocations: [],
      change: { reason: expect.stringContaining('somebody else') },
    });
    expect(taken(later({ TENT: 2, MUG: 1 }))).toMatchObject({ status: 'closed', allocations: [] });
  });

  test('in full, while our parcel is still in the house, calls the parcel back', () => {
    const { recalls } = saved(takeIn(later({ TENT: 2, MUG: 1 }), packedOrder(), seeing(plenty()), ACT));

    expect(recalls).toEqual([1]);
  });

  test('and left here is what we told it: nothing comes of it but the newer version', () => {
    const gone = saved(follow(packedOrder(), 1, 'dispatched', NOW.toISOString(), ACT) ?? { kind: 'refused', code: 'order.known', why: '' }).order;

    const echo = saved(takeIn(later({ TENT: 2, MUG: 1 }), gone, seeing(plenty()), ACT));

    expect(echo).toMatchObject({ movements: [], order: { status: 'dispatched', holds: [], source: { version: 2_000 }, change: { type: 'order.noted' } } });
    expect(echo.recalls).toBeUndefined();
  });

  test('makes a version of the same instant newer, and is no other content', () => {
    const [before, after] = [sampleOrder(), sampleOrder({ lines: fulfilling({ TENT: 1 }) })].map(sourceVersionOf);

    expect(after?.digest).toBe(before?.digest);
    expect(before && after && compareVersions(after, before)).toBeGreaterThan(0);
    expect(after && compareVersions(after, sourceVersionOf(sampleOrder({ cancelled: true })))).toBeLessThan(0);
  });
});

describe('units that turn out not to be there', () => {
  const TENTS = { sku: 'TENT', warehouse: 'north' };
  const slot = { warehouse: 'north', day: '2026-11-20' };
  const partly = sampleClient({ policies: { allocation: { split: 'backorders' } } });

  test('have an order that must leave whole give up all it has, and wait for all of it', () => {
    const order = { ...taken(sampleOrder()), packing: { by: 'packer', at: NOW.toISOString(), warehouse: 'north' }, leaves: [slot] };

    const short = fallShort(order, TENTS, 1, CLIENT, ACT);

    expect(short.order).toMatchObject({ status: 'backordered', allocations: [], change: { type: 'order.backordered', reason: '1 x TENT are not in north after all' } });
    expect(short.movements.map(({ sku, reserved, reason, cause }) => [sku, reserved, reason, cause])).toEqual([
      ['MUG', -1, 'released', 'shop:1001'],
      ['TENT', -2, 'released', 'shop:1001'],
    ]);
    expect(short.loads).toEqual([{ ...slot, orders: -1 }]);
    expect(short.waits).toEqual(order.demand);
    for (const gone of ['packing', 'leaves']) expect(short.order).not.toHaveProperty(gone);
  });

  test.each([
    [1, 1, [{ sku: 'TENT', quantity: 1 }]],
    [2, 2, [{ sku: 'TENT', quantity: 2 }]],
    [9, 2, [{ sku: 'TENT', quantity: 2 }]],
  ])('are given up alone where the rest may leave: %i missing, %i given up', (units, given, waits) => {
    const order = { ...taken(sampleOrder()), leaves: [slot] };

    const short = fallShort(order, TENTS, units, partly, ACT);

    expect(short.order.allocations).toEqual([{ sku: 'MUG', warehouse: 'north', quantity: 1 }, ...(given < 2 ? [{ ...TENTS, quantity: 2 - given }] : [])]);
    expect(short.movements.map(({ sku, reserved }) => [sku, reserved])).toEqual([['TENT', -given]]);
    expect(short).toMatchObject({ loads: [], waits, order: { leaves: [slot] } });
  });

  test('are given up once, whatever number of entries name their place', () => {
    const order = { ...taken(sampleOrder()), allocations: [1, 1, 1].map((quantity) => ({ ...TENTS, quantity })) };

    expect(fallShort(order, TENTS, 2, partly, ACT).movements.map(({ reserved }) => reserved)).toEqual([-1, -1]);
    expect(fallShort(taken(sampleOrder()), TENTS, 1, partly, ACT).order).not.toHaveProperty('leaves');
  });
});

describe('the status of an order', () => {
  const UNITS = [
    { sku: 'MUG', warehouse: 'north', quantity: 1 },
    { sku: 'TENT', warehouse: 'north', quantity: 2 },
  ];
  const boxes = (...statuses: PackedParcel['status'][]): PackedParcel[] =>
    statuses.map((status, index) => ({ parcel: index + 1, warehouse: 'north', units: statuses.length === 1 ? UNITS : UNITS.slice(index, index + 1), status }));

  test.each<[string, Partial<Order>, Order['status']]>([
    ['ended, with nothing out', { ending: 'closed', parcels: boxes('packed') }, 'closed'],
    ['ended, and out all the same', { ending: 'cancelled', parcels: boxes('dispatched') }, 'dispatched'],
    ['held', { holds: [standingHold('client', 'why', ACT)] }, 'held'],
    ['without stock', { allocations: [] }, 'backordered'],
    ['without authorisation', { authorisation: null }, 'allocated'],
    ['with all it needs', {}, 'authorised'],
    ['in hand', { packing: { by: 'packer', at: '', warehouse: 'north' } }, 'packing'],
    ['packed in part', { parcels: boxes('packed', 'dispatched') }, 'packed'],
    ['out in part and delivered in part', { parcels: boxes('dispatched', 'delivered') }, 'dispatched'],
    ['delivered', { parcels: boxes('delivered', 'delivered') }, 'delivered'],
    ['delivered in part and returned in part', { parcels: boxes('delivered', 'returned') }, 'delivered'],
    ['returned', { parcels: boxes('returned', 'returned') }, 'returned'],
    ['delivered, and taken back in', { parcels: boxes('delivered'), returned: UNITS }, 'returned'],
    ['delivered, and taken back in by half', { parcels: boxes('delivered'), returned: UNITS.slice(1) }, 'delivered'],
    ['unpacked, packed anew and returned', { parcels: [...boxes('unpacked'), ...boxes('returned')] }, 'returned'],
    ['called back', { parcels: boxes('recalled') }, 'authorised'],
    ['unpacked', { parcels: boxes('unpacked') }, 'authorised'],
  ])('%s', (_what, change, status) => {
    expect(statusOf({ ...taken(sampleOrder()), ...change })).toBe(status);
  });

  test('says what is open and what is missing', () => {
    const order = taken(sampleOrder());

    expect(openDemand(order)).toEqual(order.demand);
    expect(openDemand({ ...order, ending: 'closed' })).toEqual([]);
    expect(openDemand({ ...order, parcels: boxes('packed', 'recalled') })).toEqual([{ sku: 'TENT', quantity: 2 }]);
    expect(missingUnits(order)).toEqual([]);
    expect(missingUnits({ ...order, allocations: UNITS.slice(0, 1) })).toEqual([{ sku: 'TENT', quantity: 2 }]);
    expect(missingUnits({ ...order, allocations: [] })).toEqual(order.demand);
  });

  test('counts as sent what has left, however it fared', () => {
    for (const status of ['dispatched', 'delivered', 'returned'] as const) {
      expect(soldUnitsSent({ ...taken(sampleOrder()), parcels: boxes('packed', status) })).toEqual([{ sku: 'TENT', quantity: 2 }]);
    }
    expect(soldUnitsSent({ ...taken(sampleOrder()), parcels: boxes('packed', 'unpacked') })).toEqual([]);
    expect(soldUnitsSent({ ...taken(sampleOrder()), demand: [], parcels: boxes('packed', 'dispatched') }), 'though nobody wants it any more').toEqual([
      { sku: 'TENT', quantity: 2 },
    ]);
  });

  test('lasts since it began, and begins with the order', () => {
    const order = { ...taken(sampleOrder()), since: '2026-11-19T00:00:00.000Z' };

    expect(prioritise(order, 9, 'late', MANAGER)).toMatchObject({ order: { status: 'authorised', since: order.since } });
    expect(hold(order, 'client', 'why', MANAGER)).toMatchObject({ order: { status: 'held', since: NOW.toISOString() } });
    expect(next({ ...order, version: 0 }, ACT, 'order.accepted', 'new')).toMatchObject({ order: { since: NOW.toISOString(), version: 1 }, movements: [] });
  });

  test('leaves a hold to be found until the goods have arrived', () => {
    const lists = (['packed', 'dispatched', 'delivered', 'returned'] as const).map(
      (status) => hold({ ...taken(sampleOrder()), parcels: boxes(status) }, 'client', 'why', ACT).order.work,
    );

    expect(lists.map((list) => list?.split('#')[0])).toEqual(['held', 'held', undefined, undefined]);
  });

  test('sends an order to look for stock when it begins to lack something, or lacks it in a newer version', () => {
    const order = taken(sampleOrder());
    const lacking = { ...order, allocations: UNITS.slice(0, 1) };

    expect(beginsToWait(undefined, lacking)).toBe(true);
    expect(beginsToWait(undefined, order)).toBe(false);
    expect(beginsToWait(order, lacking)).toBe(true);
    expect(beginsToWait(lacking, lacking)).toBe(false);
    expect(beginsToWait(lacking, { ...lacking, source: { ...lacking.source, version: 2_000 } })).toBe(true);
    expect(beginsToWait({ ...order, allocations: [] }, lacking), 'it lacks less than before').toBe(false);
  });
});

describe('what an order keeps', () => {
  test('a hold has its reason cut, and says who may release it', () => {
    expect(standingHold('address', 'x'.repeat(300), MANAGER)).toEqual({
      kind: 'address',
      reason: 'x'.repeat(200),
      at: NOW.toISOString(),
      by: 'manager',
      release: 'service',
      standing: true,
    });
    expect(standingHold('fraud', 'why', ACT).release).toBe('manager');
  });

  test('a second hold of a kind takes the place of the first, and others stay', () => {
    const twice = hold(hold(hold(taken(sampleOrder()), 'operator', 'one', MANAGER).order, 'client', 'two', MANAGER).order, 'operator', 'three', MANAGER);

    expect(twice.order.holds.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['client', 'two'],
      ['operator', 'three'],
    ]);
    expect(twice.order).toMatchObject({ change: { type: 'order.held', reason: 'three' }, work: expect.stringMatching(/^held#/) });
    expect([holdList(twice.order), holdList({ holds: [] })]).toEqual(['client, operator', 'none']);
  });

  test('a hold is known again by the address, by the content, and by its rule', () => {
    expect(fingerprintOf({ kind: 'address', by: 'hub' }, 'h', 'd')).toBe('address:h');
    expect(fingerprintOf({ kind: 'payment', by: 'hub' }, 'h', 'd')).toBe('payment:d');
    expect(fingerprintOf({ kind: 'fraud', by: 'rule big' }, 'h', 'd')).toBe('fraud:rule big:d');
  });

  test('service releases what is for service, and leaves the rest to a manager', () => {
    const held = hold(hold(taken(sampleOrder()), 'address', 'a', ACT).order, 'fraud', 'f', ACT).order;

    expect(saved(releaseHold(held, 'address', 'fine', 'service', MANAGER)).order).toMatchObject({ holds: [{ kind: 'fraud' }], change: { reason: 'address hold released: fine' } });
    expect(releaseHold(held, 'fraud', 'fine', 'service', MANAGER)).toMatchObject({ kind: 'refused', code: 'order.hold-reserved' });
    expect(saved(releaseHold(held, 'fraud', 'fine', 'manager', MANAGER)).order.holds).toMatchObject([{ kind: 'address' }]);
  });

  test('holds of one kind are released together, by who may release all of them', () => {
    const held = (...releasers: ('service' | 'manager' | 'hub')[]) => ({
      ...taken(sampleOrder()),
      holds: releasers.map((release) => ({ kind: 'stock' as const, reason: '', at: '', by: 'hub', release })),
    });

    expect(releaseHold(held('manager', 'hub'), 'stock', '', 'manager', MANAGER)).toMatchObject({ code: 'order.hold-fixed' });
    expect(releaseHold(held('service', 'manager'), 'stock', '', 'service', MANAGER)).toMatchObject({ code: 'order.hold-reserved' });
    expect(saved(releaseHold(held('service', 'manager'), 'stock', '', 'manager', MANAGER)).order.holds).toEqual([]);
  });

  test('a corrected address leaves other holds', () => {
    const held = hold(hold(taken(sampleOrder()), 'address', 'a', ACT).order, 'fraud', 'f', ACT).order;

    expect(saved(correctAddress(held, sampleOrder(), MANAGER)).order.holds).toMatchObject([{ kind: 'fraud' }]);
  });

  test('ten released holds are remembered, the latest', () => {
    const cleared = Array.from({ length: 10 }, (_, index) => `x:${index}`);
    const held = { ...hold(taken(sampleOrder()), 'address', 'a', ACT).order, cleared };
    const expected = [...cleared.slice(1), `address:${held.addressHash}`];

    expect(saved(releaseHold(held, 'address', 'fine', 'service', MANAGER)).order.cleared).toEqual(expected);
    expect(saved(correctAddress(held, sampleOrder(), MANAGER)).order.cleared).toEqual(expected);
  });

  test('a priority stands until a person gives another, and hastens nothing that waits for nothing', () => {
    const waiting = taken(sampleOrder(), undefined, stockOf(0));

    expect(prioritise(waiting, 9, 'late', MANAGER)).toMatchObject({
      order: { priority: 9, prioritised: true, change: { type: 'order.prioritised', reason: `priority ${waiting.priority} to 9: late` } },
      waits: waiting.demand,
    });
    for (const status of ['packed', 'dispatched', 'delivered', 'returned', 'cancelled', 'closed'] as const)
      expect(prioritise({ ...waiting, status }, 9, 'late', MANAGER)).toMatchObject({ kind: 'refused', code: 'order.not-waiting' });
  });

  test('its turn is by priority, then promise, then arrival', () => {
    const turn = (change: Partial<Order>) => turnOf({ ...taken(sampleOrder()), shipBy: '2', receivedAt: '2', ...change });
    const served = [turn({ priority: 9, shipBy: '9' }), turn({ shipBy: '1', receivedAt: '9' }), turn({}), turn({ receivedAt: '3' }), turn({ shipBy: '3', receivedAt: '1' })];

    expect(served.toSorted()).toEqual(served);
    expect(new Set(served).size).toBe(5);
  });

  test('its content is what it came with, or what a person corrected', () => {
    const { source } = taken(sampleOrder());

    expect([source.digest, 'c', 'other'].map((digest) => hasContent({ source, corrected: 'c' }, digest))).toEqual([true, true, false]);
  });

  test('a correction that follows another is of the same version, and half a step newer than the storefront', () => {
    const order = taken(sampleOrder());
    const once = saved(
      correctAddress(order, sampleOrder({ shipTo: { name: 'E', line1: 'Weg 1', city: 'Halle', region: 'ST', postalCode: '06108', country: 'DE' } }), MANAGER),
    ).order;

    expect(once).toMatchObject({ corrected: order.source.digest, region: 'ST', country: 'DE', source: { version: 1_000, rank: 1.5 }, change: { reason: 'address corrected' } });
    expect(saved(correctAddress(once, sampleOrder(), MANAGER)).order).toMatchObject({ corrected: order.source.digest, region: '', source: { rank: 1.5 } });
  });

  test('what is wrong with an address is one line', () => {
    expect(unfitness(null)).toBe('no shipping address');
    expect(unfitness(sampleOrder().shipTo)).toBeUndefined();
    expect(unfitness({ name: '', line1: '', city: 'Leipzig', postalCode: '04109', country: 'DE' })).toBe('name no name and no company; line1 no street line');
  });

  test('lateness is noted once for a stage, and long reasons are cut', () => {
    const late = noteLate(taken(sampleOrder()), 'packed', 'z'.repeat(300), ACT);

    expect(late?.order).toMatchObject({ late: { stage: 'packed', at: NOW.toISOString() }, change: { type: 'order.late', reason: 'z'.repeat(250) } });
    expect(late && noteLate(late.order, 'packed', 'again', ACT)).toBeUndefined();
    expect(late && noteLate(late.order, 'promise', 'again', ACT)).toMatchObject({ order: { late: { stage: 'promise' } } });
    expect(late && hold(late.order, 'client', 'why', ACT).order, 'in another status').not.toHaveProperty('late');
  });

  test('an authorisation says who gave it, and for which address', () => {
    const order = saved(authorise({ ...taken(sampleOrder({ total: 60_001 })) }, 'r'.repeat(300), MANAGER)).order;

    expect(order.authorisation).toEqual({ by: 'manager', at: NOW.toISOString(), reason: 'r'.repeat(200), addressHash: order.addressHash });
    expect(order.change).toMatchObject({ type: 'order.authorised', by: 'manager' });
    expect(authorise({ ...order, status: 'held' }, 'again', MANAGER), 'held since').toMatchObject({ code: 'order.not-ready' });
  });

  test.each<[Partial<Order>, string]>([
    [{ status: 'held', holds: [standingHold('fraud', 'why', ACT)] }, 'Order shop:1001 is held; release its holds first (fraud).'],
    [{ status: 'backordered' }, 'Order shop:1001 is backordered; it waits for stock.'],
    [{ status: 'closed', authorisation: null }, 'Order shop:1001 is closed; there is nothing to authorise.'],
  ])('what cannot be authorised says why: %j', (change, why) => {
    expect(authorise({ ...taken(sampleOrder()), authorisation: null, ...change }, 'r', MANAGER)).toEqual({ kind: 'refused', code: 'order.not-ready', why });
  });
});
