import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { follow } from '../../core/course.ts';
import type { Refused } from '../../core/error.ts';
import { fill, takeIn, type Unchanged } from '../../core/intake.ts';
import { type Act, authorise, correctAddress, hold, type Order, releaseHold, type Saved } from '../../core/order.ts';
import { compareVersions, OrderDocument, soldIn, sourceVersionOf } from '../../core/order-document.ts';
import { pack, packGate } from '../../core/packing.ts';
import { StockView } from '../../core/stock-view.ts';
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
      { numRuns: 200 },
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
