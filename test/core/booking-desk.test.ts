import { describe, expect, test } from 'vitest';
import type { Entry } from '../../core/booking.ts';
import { type BookingContext, type Plan, type Transfer, transferKey } from '../../core/booking-desk.ts';
import { isTolerable, movementsOf } from '../../core/booking-plan.ts';
import { doneBy, undoingOf } from '../../core/booking-undo.ts';
import { takeIn } from '../../core/intake.ts';
import { availableIn, placeKey, type Stock } from '../../core/inventory.ts';
import type { Order } from '../../core/order.ts';
import { StockView } from '../../core/stock-view.ts';
import type { SupplyRequest } from '../../core/supply.ts';
import { NOW, sampleClient, sampleLine, sampleOrder, seeing } from './samples.ts';

const product = (sku: string, more: object = {}) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, ...more });
const CLIENT = sampleClient({ products: [product('TENT'), product('MUG'), product('MILK', { lots: true })] });
const ACT = { by: 'clerk', now: NOW };
const [TODAY, YESTERDAY, NEXT_YEAR] = ['2026-11-20', '2026-11-19', '2027-11-20'];

interface Counter {
  readonly sku: string;
  readonly warehouse?: string;
  readonly lot?: string;
  readonly expiresOn?: string;
  readonly onHand?: number;
  readonly reserved?: number;
  readonly quarantined?: number;
  readonly incoming?: number;
}

function counter({ sku, warehouse = 'north', lot, expiresOn, onHand = 0, reserved = 0, quarantined = 0, incoming = 0 }: Counter): Stock {
  const change = { type: 'stock.moved' as const, at: '', by: '', reason: '' };
  const figures = { onHand, reserved, quarantined, incoming, available: availableIn({ onHand, reserved, quarantined }) };
  return { entity: 'stock', sku, warehouse, ...(lot && { lot }), ...(expiresOn && { expiresOn }), ...figures, reorderPoint: 2, version: 1, change };
}

const REQUEST: SupplyRequest = {
  entity: 'supply',
  requestId: 'R1',
  plant: 'mill',
  sku: 'TENT',
  warehouse: 'north',
  status: 'open',
  quantity: 18,
  received: 6,
  basis: { onHand: 2, reserved: 0, available: 2, incoming: 0, dailyUse: 1, point: 2, upTo: 20, multiple: 1 },
  requestedAt: NOW.toISOString(),
  needBy: '2026-11-23',
  version: 2,
  change: { type: 'supply.requested', at: NOW.toISOString(), by: 'hub', reason: '' },
};

const TRANSFER: Transfer = { entity: 'transfer', transferId: 'T1', from: 'south', to: 'north', sku: 'TENT', sent: 5, received: 0, status: 'open', version: 1 };

/** An order of three tents that were delivered in one parcel. */
function delivered(): Order {
  const stock = new StockView([{ sku: 'TENT', warehouse: 'north', available: 9 }]);
  const outcome = takeIn(sampleOrder({ lines: [sampleLine('TENT', 3)] }), undefined, seeing(stock), { by: 'shop', now: NOW });
  if (outcome.kind !== 'saved') throw new Error(outcome.kind);
  const units = [
    { sku: 'TENT', warehouse: 'north', quantity: 3 },
    { sku: 'MILK', warehouse: 'north', lot: 'L9', expiresOn: NEXT_YEAR, quantity: 1 },
  ];
  return { ...outcome.order, status: 'delivered', allocations: [], parcels: [{ parcel: 1, warehouse: 'north', units, status: 'delivered' }] };
}

interface Found {
  readonly stock?: readonly Counter[];
  readonly requests?: readonly SupplyRequest[];
  readonly transfers?: readonly Transfer[];
  readonly orders?: readonly Order[];
  readonly firstCounts?: ReadonlyMap<string, number>;
  readonly of?: BookingContext['client'];
}

function context({ stock = [], requests = [], transfers = [], orders = [], firstCounts = new Map(), of = CLIENT }: Found = {}): BookingContext {
  return { client: of, act: ACT, cause: 'b1', stock: stock.map(counter), requests, transfers, orders: new Map(orders.map((order) => [order.orderId, order])), firstCounts };
}

const booked = (entries: readonly Entry[], found: Found = {}) => movementsOf(entries, context(found));
const moves = ({ movements }: Pick<Plan, 'movements'>) =>
  movements.map(({ sku, warehouse, lot, reason, onHand, quarantined, incoming }) => [
    `${lot === undefined ? sku : `${sku} ${lot}`} ${warehouse}`,
    reason,
    onHand,
    quarantined,
    incoming,
  ]);
const refusals = (plan: Plan) => plan.refusals.map(({ index, field, code }) => [index, field, code]);

const receipt = (more: object = {}): Entry => ({ kind: 'receipt', against: 'free', sku: 'TENT', warehouse: 'north', quantity: 4, ...more });
const milk = { sku: 'MILK', lot: 'L1' };

describe('a receipt', () => {
  test('that answers nothing puts goods on the shelf', () => {
    const plan = booked([receipt()], { requests: [REQUEST], transfers: [TRANSFER] });

    expect(moves(plan)).toEqual([['TENT north', 'received', 4, 0, 0]]);
    expect(plan).toMatchObject({ refusals: [], requests: [], transfers: [], orders: [], shortfalls: [], lines: [{ sku: 'TENT', warehouse: 'north', onHand: 4, quarantined: 0 }] });
    expect(plan.movements[0]?.cause).toBe('b1');
    expect(plan.expiries.size).toBe(0);
  });

  test.each([
    [4, 'open', 10, { asked: 12, over: 0, short: 8 }, -4],
    [12, 'received', 18, { asked: 12, over: 0, short: 0 }, -12],
    [15, 'received', 21, { asked: 12, over: 3, short: 0 }, -12],
  ])('of %i units for a request that awaits twelve leaves it %s', (quantity, status, received, line, incoming) => {
    const plan = booked([receipt({ against: 'request', quantity })], { requests: [REQUEST] });

    expect(moves(plan)).toEqual([['TENT north', 'received', quantity, 0, incoming]]);
    expect(plan.lines).toMatchObject([{ requestId: 'R1', ...line }]);
    expect(plan.requests).toMatchObject([{ before: REQUEST, after: { status, received, version: 3 } }]);
  });

  test('for a request that nobody made is a receipt all the same', () => {
    const plan = booked([receipt({ against: 'request' })]);

    expect(moves(plan)).toEqual([['TENT north', 'received', 4, 0, 0]]);
    expect(plan.lines[0]).not.toHaveProperty('requestId');
    expect(booked([receipt({ against: 'request', warehouse: 'south' })], { requests: [REQUEST] }).requests).toEqual([]);
  });

  test.each([
    [5, { asked: 5, over: 0, short: 0 }],
    [3, { asked: 5, over: 0, short: 2 }],
    [6, { asked: 5, over: 1, short: 0 }],
  ])('of %i of the five units of a transfer ends it', (quantity, line) => {
    const plan = booked([receipt({ against: 'transfer', transferId: 'T1', quantity })], { transfers: [TRANSFER] });

    expect(moves(plan)).toEqual([['TENT north', 'received', quantity, 0, -5]]);
    expect(plan.lines).toMatchObject([{ transferId: 'T1', ...line }]);
    expect(plan.transfers).toEqual([{ before: TRANSFER, after: { ...TRANSFER, received: quantity, status: 'received', version: 2 } }]);
  });

  test.each<[string, object, readonly Transfer[], string]>([
    ['of another name', { transferId: 'T2' }, [TRANSFER], 'inventory.transfer-unknown'],
    ['of no name', {}, [TRANSFER], 'inventory.transfer-unknown'],
    ['to another warehouse', { transferId: 'T1', warehouse: 'south' }, [TRANSFER], 'inventory.transfer-unknown'],
    ['that was received', { transferId: 'T1' }, [{ ...TRANSFER, status: 'received', received: 5 }], 'inventory.transfer-received'],
  ])('for a transfer %s is refused', (_what, more, transfers, code) => {
    const plan = booked([receipt({ against: 'transfer', ...more })], { transfers });

    expect(refusals(plan)).toEqual([[0, 'transferId', code]]);
    expect(plan).toMatchObject({ movements: [], lines: [], transfers: [] });
  });

  test('of a lot says when it expires, and what has expired goes into quarantine', () => {
    const fresh = booked([receipt({ ...milk, expiresOn: TODAY })]);
    const dead = booked([receipt({ ...milk, expiresOn: YESTERDAY })]);

    expect(moves(fresh)).toEqual([['MILK L1 north', 'received', 4, 0, 0]]);
    expect([...fresh.expiries]).toEqual([[placeKey({ ...milk, warehouse: 'north' }), TODAY]]);
    expect(moves(dead)).toEqual([
      ['MILK L1 north', 'received', 4, 0, 0],
      ['MILK L1 north', 'expired', 0, 4, 0],
    ]);
    expect(dead.lines).toMatchObject([{ onHand: 4, quarantined: 4 }]);
  });

  test('of a lot that is known, here or elsewhere, expires when it does', () => {
    const known = [{ ...milk, warehouse: 'south', expiresOn: NEXT_YEAR, onHand: 1 }];
    const plan = booked([receipt(milk), receipt({ ...milk, expiresOn: NEXT_YEAR })], { stock: known });

    expect(plan.refusals).toEqual([]);
    expect([...plan.expiries.values()]).toEqual([NEXT_YEAR]);
    expect(refusals(booked([receipt({ ...milk, expiresOn: TODAY })], { stock: known }))).toEqual([[0, 'expiresOn', 'inventory.lot-differs']]);
    expect(refusals(booked([receipt({ ...milk, expiresOn: TODAY }), receipt({ ...milk, expiresOn: NEXT_YEAR })]))).toEqual([[1, 'expiresOn', 'inventory.lot-differs']]);
  });

  test('of a transferred lot expires as it did where it came from, and is awaited without its lot', () => {
    const sent = { ...TRANSFER, ...milk, expiresOn: NEXT_YEAR };
    const plan = booked([receipt({ ...milk, against: 'transfer', transferId: 'T1', quantity: 5 })], { transfers: [sent] });

    expect(moves(plan)).toEqual([
      ['MILK L1 north', 'received', 5, 0, 0],
      ['MILK north', 'received', 0, 0, -5],
    ]);
    expect([...plan.expiries.values()]).toEqual([NEXT_YEAR]);
  });

  test('of a day that is over where the goods are, and not here, is by the warehouse’s own clock', () => {
    const [north, south] = CLIENT.warehouses;
    if (north === undefined || south === undefined) throw new Error('the sample client is too small');
    const of = { ...CLIENT, warehouses: [north, { ...south, timeZone: 'Pacific/Kiritimati' }] };
    const late = { ...context({ of }), act: { ...ACT, now: new Date('2026-11-20T12:00:00.000Z') } };
    const plan = movementsOf(
      [receipt({ ...milk, expiresOn: TODAY }), receipt({ ...milk, warehouse: 'south', expiresOn: TODAY }), receipt({ ...milk, warehouse: 'closed', expiresOn: TODAY })],
      late,
    );

    expect(plan.lines.map(({ warehouse, quarantined }) => [warehouse, quarantined])).toEqual([
      ['north', 0],
      ['south', 4],
      ['closed', 0],
    ]);
  });
});

describe('an adjustment', () => {
  const adjusting = (cause: 'found' | 'lost' | 'damaged', quantity: number, more: object = {}): Entry => ({
    kind: 'adjustment',
    cause,
    reason: 'seen',
    sku: 'TENT',
    warehouse: 'north',
    quantity,
    ...more,
  });
  const stock = [{ sku: 'TENT', onHand: 10, reserved: 4, quarantined: 1 }];

  test.each<[string, Entry, unknown[], object]>([
    ['of goods that were found', adjusting('found', 3), ['TENT north', 'adjusted', 3, 0, 0], { onHand: 3, quarantined: 0 }],
    ['of goods that are lost', adjusting('lost', -9), ['TENT north', 'adjusted', -9, 0, 0], { onHand: -9, quarantined: 0 }],
    ['of goods that are damaged', adjusting('damaged', 9), ['TENT north', 'damaged', 0, 9, 0], { onHand: 0, quarantined: 9 }],
  ])('%s moves them', (_what, entry, move, line) => {
    const plan = booked([entry], { stock });

    expect(moves(plan)).toEqual([move]);
    expect(plan.lines).toEqual([{ sku: 'TENT', warehouse: 'north', ...line }]);
  });

  test('of goods that orders have makes them give up as many', () => {
    expect(booked([adjusting('lost', -9)], { stock }).shortfalls).toEqual([{ place: { sku: 'TENT', warehouse: 'north' }, units: 4, reserved: 4 }]);
    expect(booked([adjusting('lost', -5)], { stock }).shortfalls).toEqual([]);
    expect(booked([adjusting('damaged', 6)], { stock }).shortfalls).toMatchObject([{ units: 1 }]);
  });

  test.each<[string, Entry]>([
    ['lost', adjusting('lost', -10)],
    ['damaged', adjusting('damaged', 10)],
  ])('of more goods as %s than are there outside quarantine is refused', (_cause, entry) => {
    expect(refusals(booked([entry], { stock }))).toEqual([[0, 'quantity', 'inventory.short']]);
  });

  test('of goods of a lot that nobody received is refused when they are found, as nobody knows when they expire', () => {
    expect(refusals(booked([adjusting('found', 1, milk)]))).toEqual([[0, 'lot', 'inventory.lot-unknown']]);
    const known = booked([adjusting('found', 1, milk)], { stock: [{ ...milk, warehouse: 'south', expiresOn: NEXT_YEAR }] });
    expect([...known.expiries]).toEqual([[placeKey({ ...milk, warehouse: 'north' }), NEXT_YEAR]]);
    expect(booked([adjusting('lost', -1, milk)], { stock: [{ ...milk, onHand: 1 }] }).refusals).toEqual([]);
  });
});

describe('a transfer', () => {
  const sending = (quantity: number, more: object = {}): Entry => ({ kind: 'transfer', transferId: 'T1', from: 'north', to: 'south', sku: 'TENT', quantity, ...more });
  const stock = [{ sku: 'TENT', onHand: 10, reserved: 4 }];

  test('leaves one warehouse and is awaited in the other', () => {
    const plan = booked([sending(6)], { stock });

    expect(moves(plan)).toEqual([
      ['TENT north', 'sent', -6, 0, 0],
      ['TENT south', 'sent', 0, 0, 6],
    ]);
    expect(plan.lines).toEqual([{ sku: 'TENT', warehouse: 'north', onHand: -6, quarantined: 0, transferId: 'T1' }]);
    expect(plan.transfers).toEqual([
      { before: undefined, after: { entity: 'transfer', transferId: 'T1', from: 'north', to: 'south', sku: 'TENT', sent: 6, received: 0, status: 'open', version: 1 } },
    ]);
  });

  test('takes along when its lot expires', () => {
    const [transfer] = booked([sending(1, milk)], { stock: [{ ...milk, expiresOn: NEXT_YEAR, onHand: 2 }] }).transfers;

    expect(transfer?.after).toMatchObject({ lot: 'L1', expiresOn: NEXT_YEAR });
  });

  test('may be added to while it is under way, and moves no more than is available', () => {
    const plan = booked([sending(4), sending(2), sending(1)], { stock });

    expect(plan.transfers).toMatchObject([{ after: { sent: 6, version: 1 } }]);
    expect(refusals(plan)).toEqual([[2, 'quantity', 'inventory.short']]);
    expect(moves(plan)[0]).toEqual(['TENT north', 'sent', -6, 0, 0]);
  });

  test.each<[string, Transfer]>([
    ['was received', { ...TRANSFER, from: 'north', to: 'south', status: 'received' }],
    ['came from elsewhere', { ...TRANSFER, from: 'west', to: 'south' }],
  ])('under the name of one that %s is refused', (_what, other) => {
    expect(refusals(booked([sending(1)], { stock, transfers: [other] }))).toEqual([[0, 'sku', 'inventory.transfer-received']]);
  });

  test('is known by its name, where it goes and what it is', () => {
    const keys = [TRANSFER, { ...TRANSFER, transferId: 'T2' }, { ...TRANSFER, to: 'south' }, { ...TRANSFER, sku: 'MUG' }, { ...TRANSFER, lot: 'L1' }].map(transferKey);

    expect(new Set(keys).size).toBe(5);
    expect(keys[0]).toBe('T1\nnorth\nTENT\n');
  });
});

describe('a count', () => {
  const counting = (counted: number, more: object = {}): Entry => ({ kind: 'count', recount: false, sku: 'TENT', warehouse: 'north', counted, ...more });
  const strict = sampleClient({
    products: [product('TENT'), product('MILK', { lots: true })],
    policies: { authorisation: { mode: 'automatic' }, counting: { toleranceUnits: 2, tolerancePercent: 10 } },
  });
  const stock = [{ sku: 'TENT', onHand: 30, reserved: 4, quarantined: 20 }];
  const counts = (entry: Entry, found: Found = {}) => booked([entry], { stock, of: strict, ...found });

  test('that finds what is on hand moves nothing, and says so', () => {
    expect(counts(counting(30))).toMatchObject({ movements: [], refusals: [], lines: [{ onHand: 0, quarantined: 0, expected: 30 }] });
    expect(counts(counting(30)).counted.size).toBe(0);
  });

  test('that differs a little sets what is on hand, and remembers what that was', () => {
    const plan = counts(counting(28));

    expect(moves(plan)).toEqual([['TENT north', 'counted', -2, 0, 0]]);
    expect([...plan.counted]).toEqual([[placeKey({ sku: 'TENT', warehouse: 'north' }), 30]]);
  });

  test('takes what is missing from what is free, then from orders, and from quarantine last', () => {
    const first = new Map([[placeKey({ sku: 'TENT', warehouse: 'north' }), -15]]);
    const plan = counts(counting(15, { recount: true }), { firstCounts: first });

    expect(moves(plan)).toEqual([['TENT north', 'counted', -15, -5, 0]]);
    expect(plan.lines).toEqual([{ sku: 'TENT', warehouse: 'north', onHand: -15, quarantined: -5, expected: 30 }]);
    expect(plan.shortfalls).toMatchObject([{ units: 4, reserved: 4 }]);
  });

  test.each<[string, Entry, Found, string | undefined]>([
    ['of which the counter saw another figure', counting(30, { expected: 29 }), {}, 'inventory.moved'],
    ['of which the counter saw what is on hand', counting(30, { expected: 30 }), {}, undefined],
    ['that differs by much', counting(26), {}, 'inventory.count-again'],
    ['that differs by a small part', counting(27), {}, undefined],
    ['again of which no first is known', counting(26, { recount: true }), {}, 'inventory.count-unknown'],
    ['again that differs as the first did', counting(26, { recount: true, first: 26 }), {}, undefined],
    ['again that differs otherwise', counting(26, { recount: true, first: 25 }), {}, 'inventory.counts-disagree'],
    ['of a lot that nobody received', counting(1, milk), {}, 'inventory.lot-unknown'],
    ['of none of a lot that nobody received', counting(0, milk), {}, undefined],
  ])('%s is booked or refused', (_what, entry, found, code) => {
    expect(counts(entry, found).refusals.map((refusal) => refusal.code)).toEqual(code === undefined ? [] : [code]);
  });

  test('that must be repeated leaves its difference for the second', () => {
    expect([...counts(counting(26)).differences]).toEqual([[placeKey({ sku: 'TENT', warehouse: 'north' }), -4]]);
    expect(counts(counting(26, { recount: true })).differences.size).toBe(0);
  });

  test.each([
    [2, 0, true],
    [-2, 0, true],
    [3, 0, false],
    [3, 30, true],
    [-3, 30, true],
    [4, 39, false],
    [4, 40, true],
  ])('that differs by %i of %i is booked at once: %s', (difference, onHand, tolerable) => {
    expect(isTolerable(difference, onHand, strict)).toBe(tolerable);
  });
});

describe('a return', () => {
  const returning = (more: object = {}): Entry => ({ kind: 'return', orderId: 'shop:1001', sku: 'TENT', warehouse: 'south', quantity: 2, ...more });
  const orders = [delivered()];

  test('goes into quarantine, and is noted with its order once, however many lines it has', () => {
    const plan = booked([returning({ quantity: 1 }), returning({ quantity: 1, parcel: 1 })], { orders });

    expect(moves(plan)).toEqual([['TENT south', 'returned', 2, 2, 0]]);
    expect(plan.lines).toMatchObject([
      { onHand: 1, quarantined: 1 },
      { onHand: 1, quarantined: 1 },
    ]);
    expect(plan.orders).toMatchObject([{ order: { orderId: 'shop:1001', returned: [{ sku: 'TENT', quantity: 2 }], version: 2 } }]);
    expect(plan.orders).toHaveLength(1);
  });

  test('of a lot expires as it did when it was shipped', () => {
    const plan = booked([returning({ sku: 'MILK', lot: 'L9', quantity: 1 })], { orders });

    expect(plan.refusals).toEqual([]);
    expect([...plan.expiries.values()]).toEqual([NEXT_YEAR]);
  });

  test.each<[string, object, string, string]>([
    ['of an order that is none', { orderId: 'shop:9' }, 'orderId', 'order.not-found'],
    ['in a parcel that is none', { parcel: 2 }, 'parcel', 'shipment.parcel-absent'],
    ['of more than was sent', { quantity: 4 }, 'quantity', 'order.return-excess'],
    ['of a lot that was never sent', { sku: 'MILK', lot: 'L8', quantity: 1 }, 'lot', 'inventory.lot-unknown'],
  ])('%s is refused', (_what, more, field, code) => {
    expect(refusals(booked([returning(more)], { orders }))).toEqual([[0, field, code]]);
  });
});

describe('an inspection', () => {
  const inspecting = (verdict: 'restock' | 'scrap', quantity: number, more: object = {}): Entry => ({
    kind: 'inspection',
    verdict,
    sku: 'TENT',
    warehouse: 'north',
    quantity,
    ...more,
  });
  const stock = [
    { sku: 'TENT', onHand: 5, quarantined: 3 },
    { ...milk, expiresOn: YESTERDAY, onHand: 2, quarantined: 2 },
  ];

  test('gives goods free, or away', () => {
    expect(moves(booked([inspecting('restock', 3)], { stock }))).toEqual([['TENT north', 'restocked', 0, -3, 0]]);
    expect(moves(booked([inspecting('scrap', 3)], { stock }))).toEqual([['TENT north', 'scrapped', -3, -3, 0]]);
    expect(booked([inspecting('scrap', 2)], { stock }).lines).toEqual([{ sku: 'TENT', warehouse: 'north', onHand: -2, quarantined: -2 }]);
  });

  test('of more than is in quarantine is refused, and what has expired can only be scrapped', () => {
    expect(refusals(booked([inspecting('scrap', 4)], { stock }))).toEqual([[0, 'quantity', 'inventory.short']]);
    expect(refusals(booked([inspecting('restock', 1, milk)], { stock }))).toEqual([[0, 'verdict', 'inventory.expired']]);
    expect(booked([inspecting('scrap', 1, milk)], { stock }).refusals).toEqual([]);
  });
});

describe('what was booked and is undone', () => {
  const receiving = [receipt({ against: 'request', quantity: 12 }), receipt({ against: 'transfer', transferId: 'T1', quantity: 5 })];
  const found = { stock: [{ sku: 'TENT', onHand: 2, incoming: 17 }], requests: [REQUEST], transfers: [TRANSFER] };

  test('is kept as it was done', () => {
    const returned: Entry = { kind: 'return', orderId: 'shop:1001', sku: 'TENT', warehouse: 'north', quantity: 2 };
    const before = context({ ...found, orders: [delivered()] });
    const plan = movementsOf([...receiving, returned], before);

    expect(doneBy(plan, before.orders)).toEqual({
      movements: plan.movements,
      requests: [{ plant: 'mill', sku: 'TENT', warehouse: 'north', requestId: 'R1', units: 12, incoming: 12 }],
      transfers: [{ transferId: 'T1', to: 'north', sku: 'TENT', sent: 0, received: true }],
      orders: [{ orderId: 'shop:1001', units: [{ sku: 'TENT', quantity: 2 }] }],
    });
  });

  test('counts as incoming no more than was awaited', () => {
    const plan = booked([receipt({ against: 'request', quantity: 20 })], found);

    expect(doneBy(plan, new Map()).requests).toMatchObject([{ units: 20, incoming: 12 }]);
  });

  test('names the lot that was sent, and leaves a request answered that more has come for', () => {
    const sent = { ...TRANSFER, ...milk, expiresOn: NEXT_YEAR };
    const plan = booked([receipt({ ...milk, against: 'transfer', transferId: 'T1', quantity: 5 })], { transfers: [sent] });
    const over = { ...REQUEST, status: 'received' as const, received: 21 };
    const request = { plant: 'mill', sku: 'TENT', warehouse: 'north', requestId: 'R1', units: 3, incoming: 0 };

    expect(doneBy(plan, new Map()).transfers).toMatchObject([{ sku: 'MILK', lot: 'L1' }]);
    const undoing = undoingOf({ movements: [], requests: [request], transfers: [], orders: [] }, context({ requests: [over] }));
    expect(undoing.requests).toMatchObject([{ after: { received: 18, status: 'received' } }]);
    expect(undoing.lines).toEqual([]);
  });

  test('opens requests and transfers again, and takes the goods off', () => {
    const before = context(found);
    const plan = movementsOf(receiving, before);
    const [request] = plan.requests;
    const [transfer] = plan.transfers;
    if (request === undefined || transfer === undefined) throw new Error('nothing was answered');
    const undoing = undoingOf(doneBy(plan, before.orders), {
      ...context({ stock: [{ sku: 'TENT', onHand: 19 }], requests: [request.after], transfers: [transfer.after] }),
    });

    expect(moves(undoing)).toEqual([['TENT north', 'received', -17, 0, 17]]);
    expect(undoing).toMatchObject({
      refusals: [],
      shortfalls: [],
      requests: [
        { after: { received: 6, status: 'open', version: 4, change: { type: 'supply.received', by: 'clerk', reason: '12 units were not received after all; 6 of 18 are here' } } },
      ],
      transfers: [{ after: { sent: 5, received: 0, status: 'open', version: 3 } }],
    });
  });

  test('awaits nothing of a request that was made anew since', () => {
    const plan = booked([receipt({ against: 'request', quantity: 12 })], found);
    const undoing = undoingOf(doneBy(plan, new Map()), context({ stock: [{ sku: 'TENT', onHand: 14, incoming: 5 }] }));

    expect(undoing.requests).toEqual([]);
    expect(moves(undoing)).toEqual([
      ['TENT north', 'received', -12, 0, 12],
      ['TENT north', 'received', 0, 0, -12],
    ]);
  });

  test('gives orders back what they had returned, and none that is gone', () => {
    const order = delivered();
    const returned: Entry = { kind: 'return', orderId: 'shop:1001', sku: 'TENT', warehouse: 'north', quantity: 2 };
    const before = context({ orders: [order] });
    const plan = movementsOf([returned], before);
    const [after] = plan.orders;
    if (after === undefined) throw new Error('nothing was returned');
    const done = doneBy(plan, before.orders);
    const held = [{ sku: 'TENT', onHand: 2, quarantined: 2 }];

    expect(undoingOf(done, context({ stock: held, orders: [after.order] })).orders).toMatchObject([
      { order: { returned: [], change: { type: 'order.noted', reason: 'the return was not booked after all' } } },
    ]);
    expect(undoingOf(done, context({ stock: held })).orders).toEqual([]);
  });

  test('is given up by orders where it is promised, and refused where it has left', () => {
    const done = doneBy(booked([receipt()]), new Map());

    expect(undoingOf(done, context({ stock: [{ sku: 'TENT', onHand: 4, reserved: 3 }] }))).toMatchObject({ refusals: [], shortfalls: [{ units: 3, reserved: 3 }] });
    expect(undoingOf(done, context({ stock: [{ sku: 'TENT', onHand: 3 }] })).refusals).toEqual([
      { index: 0, field: 'sku', code: 'inventory.import-unsettled', message: 'TENT in north: units that were booked have left since' },
    ]);
    const lot = doneBy(booked([receipt({ ...milk, expiresOn: NEXT_YEAR })]), new Map());
    expect(undoingOf(lot, context({ stock: [{ ...milk, onHand: 4, quarantined: 1 }] })).refusals).toMatchObject([
      { message: 'MILK in north, lot L1: units that were booked have left since' },
    ]);
  });

  test('takes a transfer back that is under way, and leaves what others sent with it', () => {
    const sending: Entry = { kind: 'transfer', transferId: 'T1', from: 'south', to: 'north', sku: 'TENT', quantity: 2 };
    const plan = booked([sending], { stock: [{ sku: 'TENT', warehouse: 'south', onHand: 9 }], transfers: [TRANSFER] });
    const done = doneBy(plan, new Map());
    const now = plan.transfers[0]?.after;
    if (now === undefined) throw new Error('nothing was sent');

    expect(done.transfers).toEqual([{ transferId: 'T1', to: 'north', sku: 'TENT', sent: 2, received: false }]);
    const undoing = undoingOf(
      done,
      context({
        stock: [
          { sku: 'TENT', warehouse: 'south', onHand: 7 },
          { sku: 'TENT', incoming: 7 },
        ],
        transfers: [now],
      }),
    );
    expect(undoing.transfers).toMatchObject([{ after: { sent: 5, status: 'open', version: now.version + 1 } }]);
    expect(
      undoingOf(
        done,
        context({
          stock: [
            { sku: 'TENT', warehouse: 'south', onHand: 7 },
            { sku: 'TENT', incoming: 7 },
          ],
        }),
      ).transfers,
    ).toEqual([]);
  });
});
