import { describe, expect, test } from 'vitest';
import { addressHash } from '../../core/address.ts';
import { MAX_PLACES } from '../../core/allocation.ts';
import type { Client } from '../../core/client.ts';
import { follow } from '../../core/course.ts';
import { fill, priorityOf, type Readings, reallocate, takeIn } from '../../core/intake.ts';
import { LoadView } from '../../core/load.ts';
import { type Act, authorise, correctAddress, hold, type Order, releaseHold, type Saved } from '../../core/order.ts';
import type { OrderDocument } from '../../core/order-document.ts';
import { beginPacking, packWhole } from '../../core/packing.ts';
import { StockView } from '../../core/stock-view.ts';
import { NOW, sampleClient, sampleLine, sampleOrder } from './samples.ts';

const SHOP: Act = { by: 'shop', now: NOW };
const MARA: Act = { by: 'mara', now: NOW };
const LATER: Act = { by: 'shop', now: new Date(NOW.getTime() + 60_000) };
const BERLIN = { name: 'Erika Muster', line1: 'Lange Straße 1', city: 'Berlin', postalCode: '10115', country: 'DE' };

interface Here {
  readonly of?: Client;
  /** Units by SKU in the north, and in the south. */
  readonly north?: Readonly<Record<string, number>>;
  readonly south?: Readonly<Record<string, number>>;
  readonly load?: LoadView;
}

const PLENTY = { TENT: 90, MUG: 90, LAMP: 90 };

function readings({ of = sampleClient(), north = PLENTY, south = {}, load = new LoadView() }: Here = {}): Readings {
  const shelves = Object.entries({ north, south }).flatMap(([warehouse, units]) => Object.entries(units).map(([sku, available]) => ({ sku, warehouse, available })));
  return { client: of, stock: new StockView(shelves), load, history: new Map() };
}

function saved(outcome: Saved | { readonly kind: string; readonly why?: string } | undefined): Saved {
  if (outcome === undefined || !('order' in outcome)) throw new Error(`was ${JSON.stringify(outcome)}`);
  return outcome;
}

const version = (number: number, overrides: Partial<OrderDocument> = {}) => sampleOrder({ sourceVersion: number, ...overrides });
const arrived = (overrides: Partial<OrderDocument> = {}, here: Here = {}) => saved(takeIn(version(1, overrides), undefined, readings(here), SHOP)).order;
const edited = (existing: Order, overrides: Partial<OrderDocument>, here: Here = {}) => saved(takeIn(version(2, overrides), existing, readings(here), LATER));
const packed = (order: Order, of = sampleClient()) => saved(packWhole(order, of, { by: 'packer', now: NOW })).order;
const dispatched = (order: Order, parcel = 1) => saved(follow(order, parcel, 'dispatched', NOW.toISOString(), { by: 'hub', now: NOW })).order;
const rule = (name: string, actions: readonly object[], more: object = {}) => ({ name, actions, ...more });
const policies = (authorisation: object, more: object = {}) => sampleClient({ policies: { authorisation, ...more } });

describe('an order that comes in', () => {
  test('is accepted whole: what it needs, what it has, where it goes, and by when it leaves', () => {
    const outcome = saved(takeIn(version(1), undefined, readings(), { ...SHOP, receivedAt: '2026-11-20T08:59:00.000Z' }));

    expect(outcome.order).toMatchObject({
      entity: 'order',
      orderId: 'shop:1001',
      status: 'authorised',
      holds: [],
      cleared: [],
      demand: [
        { sku: 'MUG', quantity: 1 },
        { sku: 'TENT', quantity: 2 },
      ],
      allocations: [
        { sku: 'MUG', warehouse: 'north', quantity: 1 },
        { sku: 'TENT', warehouse: 'north', quantity: 2 },
      ],
      parcels: [],
      priority: 5,
      country: 'DE',
      region: '',
      receivedAt: '2026-11-20T08:59:00.000Z',
      since: NOW.toISOString(),
      authorisation: { by: 'policy', reason: 'clean, and within the policy' },
      version: 1,
      change: { type: 'order.accepted', by: 'shop', reason: 'received' },
    });
    for (const absent of ['kits', 'only', 'prefer', 'authoriser', 'leaves', 'packing', 'ending', 'corrected']) expect(outcome.order).not.toHaveProperty(absent);
    for (const absent of ['loads', 'waits', 'recalls']) expect(outcome).not.toHaveProperty(absent);
    expect(outcome.decision?.sites[0]?.warehouse).toBe('north');
  });

  test('without an address has neither country nor region, and is held', () => {
    expect(arrived({ shipTo: null })).toMatchObject({
      country: '',
      region: '',
      addressHash: '',
      status: 'held',
      holds: [{ kind: 'address', reason: 'no shipping address', release: 'service' }],
    });
  });

  test.each<[string, Partial<OrderDocument>, object[]]>([
    ['that is not paid', { paid: false }, [{ kind: 'payment', reason: 'not paid yet', by: 'hub', at: NOW.toISOString() }]],
    [
      'of goods that nobody knows',
      { lines: [sampleLine('TENT', 1), sampleLine('GONE', 1), sampleLine(null, 1)] },
      [{ kind: 'stock', reason: 'not in the client file: a line without SKU, GONE', release: 'hub' }],
    ],
  ])('%s is held', (_what, overrides, holds) => {
    expect(arrived(overrides).holds).toEqual(holds.map((held) => expect.objectContaining(held)));
  });

  test('that waits for nothing but its unknown goods has nothing reserved', () => {
    const of = policies({ mode: 'automatic' }, { allocation: { split: 'backorders' } });

    expect(arrived({ lines: [sampleLine('TENT', 1), sampleLine('GONE', 1)] }, { of })).toMatchObject({ status: 'held', allocations: [] });
  });

  test.each<[string, Partial<OrderDocument>, string]>([
    ['of a test', { test: true }, 'a test order of the storefront: recorded, never shipped'],
    ['of nothing that is shipped', { lines: [sampleLine(null, 1, { requiresShipping: false })] }, 'nothing to ship'],
    ['that somebody else shipped', { lines: [sampleLine('TENT', 1, { fulfilled: 1 })] }, 'shipped by somebody else, as the storefront says'],
  ])('%s is closed, and nothing is reserved for it', (_what, overrides, reason) => {
    expect(arrived(overrides)).toMatchObject({ status: 'closed', ending: 'closed', allocations: [], authorisation: null, change: { type: 'order.closed', reason } });
  });

  test('whose kits come to more products than a transaction may hold is held for a person', () => {
    const skus = Array.from({ length: MAX_PLACES + 1 }, (_, index) => `P-${String(index).padStart(2, '0')}`);
    const products = skus.map((sku) => ({ sku, name: sku, weight: 100, plant: 'mill', reorder: { point: 2, upTo: 20 } }));
    const half = Math.floor(MAX_PLACES / 2);
    const kit = (sku: string, parts: string[]) => ({ sku, name: sku, parts: parts.map((part) => ({ sku: part, quantity: 1 })) });
    const of = (parts: string[]) => sampleClient({ products, kits: [kit('ONE', parts.slice(0, half)), kit('TWO', parts.slice(half))] });
    const north = Object.fromEntries(skus.map((sku) => [sku, 9]));
    const both = { lines: [sampleLine('ONE', 1), sampleLine('TWO', 1)] };

    expect(arrived(both, { of: of(skus), north })).toMatchObject({
      status: 'held',
      allocations: [],
      holds: [{ kind: 'operator', reason: expect.stringContaining(`${MAX_PLACES + 1} different products`) }],
    });
    expect(arrived(both, { of: of(skus.slice(1)), north })).toMatchObject({ status: 'authorised', holds: [], kits: [{ sku: 'ONE', quantity: 1 }, { sku: 'TWO' }] });
  });

  test('waits for what there is not, and its place in the queue is told once', () => {
    const of = policies({ mode: 'automatic' }, { allocation: { split: 'backorders' } });
    const outcome = saved(takeIn(version(1), undefined, readings({ of, north: { MUG: 1 } }), SHOP));

    expect(outcome.waits).toEqual([{ sku: 'TENT', quantity: 2 }]);
    expect(edited(outcome.order, { total: 12_000 }, { of, north: {} })).not.toHaveProperty('waits');
    const fewer = edited(outcome.order, { lines: [sampleLine('TENT', 1), sampleLine('MUG', 1)] }, { of, north: {} });
    expect(fewer.waits).toEqual([{ sku: 'TENT', quantity: 1 }]);
    const urgent = sampleClient({
      rules: [rule('all', [{ do: 'prioritise', priority: 9 }])],
      policies: { authorisation: { mode: 'automatic' }, allocation: { split: 'backorders' } },
    });
    expect(edited(outcome.order, { total: 12_000 }, { of: urgent, north: {} }).waits, 'another turn').toEqual([{ sku: 'TENT', quantity: 2 }]);
  });
});

describe('an older version, or the same', () => {
  const order = arrived();

  test('changes nothing', () => {
    expect(takeIn(version(1), order, readings(), LATER)).toEqual({ kind: 'unchanged', why: 'duplicate' });
    expect(takeIn(version(0, { total: 1 }), order, readings(), LATER)).toEqual({ kind: 'unchanged', why: 'older' });
  });

  test('with a newer clock is noted, and nothing else changes', () => {
    const noted = edited(order, {});

    expect(noted.order).toEqual({
      ...order,
      source: { ...order.source, version: 2 },
      version: 2,
      change: { type: 'order.noted', at: LATER.now.toISOString(), by: 'shop', reason: 'the storefront repeats what is known' },
    });
    expect(noted.movements).toEqual([]);
  });

  test('of an order whose address a person corrected does not undo the correction, however often it comes', () => {
    const corrected = saved(correctAddress(order, sampleOrder({ shipTo: BERLIN }), MARA)).order;
    const noted = edited(corrected, {});

    expect(noted.order).toMatchObject({ addressHash: corrected.addressHash, source: { version: 2, rank: 1.5, digest: corrected.source.digest } });
    expect(takeIn(version(2), noted.order, readings(), LATER)).toEqual({ kind: 'unchanged', why: 'older' });
    const shipped = edited(noted.order, { sourceVersion: 3, lines: [sampleLine('TENT', 2, { fulfilled: 2 }), sampleLine('MUG', 1)] });
    expect(shipped.order.demand).toEqual([{ sku: 'MUG', quantity: 1 }]);
  });
});

describe('what a storefront says was shipped', () => {
  const whole = { fulfils: 'order' as const };
  const left = dispatched(packed(arrived(whole)));
  const shipped = { lines: [sampleLine('TENT', 2, { fulfilled: 2 }), sampleLine('MUG', 1, { fulfilled: 1 })] };

  test('and left in a parcel of ours is its echo, and changes nothing', () => {
    expect(edited(left, { ...whole, ...shipped }).order).toMatchObject({ change: { type: 'order.noted' }, demand: left.demand, status: 'dispatched' });
  });

  test('of the whole order, of which we sent a part, says nothing of the rest', () => {
    const backorders = policies({ mode: 'automatic' }, { allocation: { split: 'backorders' } });
    const part = arrived(whole, { of: backorders, north: { TENT: 2 } });
    const gone = dispatched(packed(part, backorders));
    const echo = edited(gone, { ...whole, ...shipped }, { of: backorders });

    expect(echo.order).toMatchObject({ change: { type: 'order.noted' }, demand: part.demand });
  });

  test('of the whole order, of which we sent nothing, was shipped by somebody else', () => {
    expect(edited(arrived(whole), { ...whole, ...shipped }).order).toMatchObject({ status: 'closed', allocations: [] });
  });

  test('line by line, beyond what left in parcels of ours, is not shipped again', () => {
    const order = edited(arrived(), { lines: [sampleLine('TENT', 2, { fulfilled: 1 }), sampleLine('MUG', 1)] }).order;

    expect(order.demand).toEqual([
      { sku: 'MUG', quantity: 1 },
      { sku: 'TENT', quantity: 1 },
    ]);
  });
});

describe('an authorisation', () => {
  const of = policies({ mode: 'person' });
  const authorised = saved(authorise(arrived({}, { of }), 'looks good', MARA)).order;

  test.each<[string, Partial<OrderDocument>, boolean]>([
    ['of the same goods for less', { total: 12_000 }, true],
    ['of the same goods for as much', { number: '#1001a' }, true],
    ['of the same goods for more', { total: 12_346 }, false],
    ['in another currency', { currency: 'USD', total: 1 }, false],
    ['of other goods', { lines: [sampleLine('TENT', 1), sampleLine('MUG', 1)] }, false],
    ['of as many of another product', { lines: [sampleLine('TENT', 2), sampleLine('LAMP', 1)] }, false],
    ['to another address', { shipTo: BERLIN }, false],
    ['that is not paid any more', { paid: false }, false],
  ])('covers a version %s or not', (_what, overrides, covers) => {
    expect(edited(authorised, overrides, { of }).order.authorisation).toEqual(covers ? authorised.authorisation : null);
  });

  test('stays with an order that a person holds, and with one that lost its stock', () => {
    const held = hold(authorised, 'operator', 'call first', MARA).order;

    expect(edited(held, { total: 12_000 }, { of }).order).toMatchObject({ status: 'held', authorisation: authorised.authorisation });
    expect(edited(held, { total: 99_000 }, { of }).order.authorisation).toBeNull();
  });

  test('is not given by the policy to an order that a person once had to look at', () => {
    const unfit = arrived({ paid: false });
    const released = saved(releaseHold(unfit, 'payment', 'paid by bank', 'manager', MARA)).order;

    expect(edited(released, { total: 12_000, paid: false }).order.authorisation).toBeNull();
    expect(edited(arrived(), { total: 12_000 }).order.authorisation).not.toBeNull();
  });

  test.each<[string, object, Partial<OrderDocument>, object[], object | null]>([
    ['by the policy, up to its limit', { mode: 'automatic', limit: 12_345 }, {}, [], { reason: 'clean, and within the policy', by: 'policy' }],
    ['not above it', { mode: 'automatic', limit: 12_344 }, {}, [], null],
    ['not in another currency, however little it is', { mode: 'automatic', limit: 60_000 }, { currency: 'USD', total: 1 }, [], null],
    ['in any currency where there is no limit', { mode: 'automatic' }, { currency: 'USD' }, [], { by: 'policy' }],
    ['not by the policy where a person is to look', { mode: 'person' }, {}, [], null],
    ['by a rule, above the limit', { mode: 'automatic', limit: 1 }, {}, [rule('trusted', [{ do: 'authorise', by: 'policy' }])], { reason: 'a rule lets it pass', by: 'policy' }],
    ['by a rule, where a person would look', { mode: 'person' }, {}, [rule('trusted', [{ do: 'authorise', by: 'policy' }])], { reason: 'a rule lets it pass' }],
    ['not where a rule wants a person', { mode: 'automatic' }, {}, [rule('careful', [{ do: 'authorise', by: 'person' }])], null],
  ])('is given %s', (_how, authorisation, overrides, rules, given) => {
    const outcome = arrived(overrides, { of: sampleClient({ rules, policies: { authorisation } }) }).authorisation;

    if (given === null) expect(outcome).toBeNull();
    else expect(outcome).toMatchObject(given);
  });
});

describe('rules', () => {
  const HOLD = (kind = 'fraud') => ({ do: 'hold', kind, reason: 'look closer' });

  test('that hold an order are named, each once, and ask about what is new in it', () => {
    const of = sampleClient({
      rules: [rule('edits', [HOLD()], { on: 'edited' }), rule('moves', [HOLD()], { on: 'readdressed' }), rule('all', [HOLD('operator'), HOLD('operator')])],
    });
    const sources = ({ holds }: Order) => holds.map(({ kind, by, at }) => [kind, by, at]);
    const first = arrived({}, { of });
    const at = LATER.now.toISOString();

    expect(sources(first)).toEqual([['operator', 'rule all', NOW.toISOString()]]);
    expect(sources(edited(first, { total: 1 }, { of }).order)).toEqual([['operator', 'rule all', at]]);
    expect(sources(edited(first, { lines: [sampleLine('TENT', 1)] }, { of }).order)).toEqual([
      ['fraud', 'rule edits', at],
      ['operator', 'rule all', at],
    ]);
    expect(sources(edited(first, { shipTo: BERLIN }, { of }).order)).toEqual([
      ['fraud', 'rule moves', at],
      ['operator', 'rule all', at],
    ]);
  });

  test('that hold every edit hold it once, beside what a person holds it for', () => {
    const of = sampleClient({ rules: [rule('edits', [HOLD('operator')], { on: 'edited' })] });
    const held = hold(arrived({}, { of }), 'operator', 'call first', MARA).order;
    const once = edited(held, { lines: [sampleLine('TENT', 1)] }, { of }).order;
    const twice = saved(takeIn(version(3, { lines: [sampleLine('TENT', 3)] }), once, readings({ of }), LATER)).order;

    expect(twice.holds.map(({ kind, by }) => [kind, by])).toEqual([
      ['operator', 'mara'],
      ['operator', 'rule edits'],
    ]);
  });

  test('do not hold again what a person released, and a hold of a person stays', () => {
    const of = sampleClient({ rules: [rule('all', [HOLD()])] });
    const released = saved(releaseHold(arrived({}, { of }), 'fraud', 'known', 'manager', MARA)).order;
    const held = hold(arrived(), 'operator', 'call first', MARA).order;

    expect(released.holds).toEqual([]);
    expect(edited(released, { lines: [sampleLine('TENT', 2, { fulfilled: 1 }), sampleLine('MUG', 1)] }, { of }).order.holds).toEqual([]);
    expect(edited(held, { total: 1 }).order.holds).toEqual(held.holds);
  });

  test('say how urgent an order is, unless a person has said so', () => {
    const of = sampleClient({ rules: [rule('vip', [{ do: 'prioritise', priority: 8 }], { when: { totalAbove: 10_000 } })] });

    expect(priorityOf(version(1), readings({ of }))).toBe(8);
    expect(priorityOf(version(1, { total: 1 }), readings({ of }))).toBe(5);
    expect(priorityOf(version(1), readings({ of: sampleClient({ rules: [rule('other', [HOLD()])] }) }))).toBe(5);
    expect(priorityOf(version(1), readings())).toBe(5);
    expect(arrived({}, { of }).priority).toBe(8);
    expect(arrived({ total: 1 }, { of }).priority).toBe(5);
    expect(edited({ ...arrived({}, { of }), priority: 2, prioritised: true }, { total: 99_999 }, { of }).order.priority).toBe(2);
  });

  test('say from where it ships, and that is forgotten with the rule', () => {
    const of = sampleClient({ rules: [rule('south', [{ do: 'route', only: ['south'], prefer: ['south'] }])] });
    const both = { north: PLENTY, south: PLENTY };
    const order = arrived({}, { of, ...both });

    expect(order).toMatchObject({ only: ['south'], prefer: ['south'], allocations: [{ warehouse: 'south' }, { warehouse: 'south' }] });
    const free = edited(order, { total: 1 }, both).order;
    expect(free).not.toHaveProperty('only');
    expect(free).toMatchObject({ allocations: [{ warehouse: 'north' }, { warehouse: 'north' }] });
  });
});

describe('an order whose newest version ends it', () => {
  const cancelled = { cancelled: true };

  test('gives up what it had', () => {
    const outcome = edited(arrived(), cancelled);

    expect(outcome.order).toMatchObject({
      status: 'cancelled',
      ending: 'cancelled',
      allocations: [],
      holds: [],
      authorisation: null,
      change: { type: 'order.cancelled', reason: 'cancelled by the storefront' },
    });
    expect(outcome.movements.map(({ sku, reserved }) => [sku, reserved])).toEqual([
      ['MUG', -1],
      ['TENT', -2],
    ]);
    expect(outcome).not.toHaveProperty('recalls');
    expect(edited(outcome.order, { sourceVersion: 3, cancelled: true, total: 1 }).order).toMatchObject({ change: { type: 'order.noted' } });
  });

  test('has its parcels called back that are still here, and a person told of those that left', () => {
    const order = packed(arrived());
    const back = edited(order, cancelled);

    expect(back).toMatchObject({ recalls: [1], order: { status: 'cancelled', holds: [], parcels: [{ parcel: 1, status: 'recalled' }], change: { type: 'order.cancelled' } } });
    expect(edited(dispatched(order), cancelled).order).toMatchObject({
      ending: 'cancelled',
      status: 'dispatched',
      holds: [{ kind: 'client', standing: true, reason: 'cancelled after parcel 1 had left: intercept it, or expect its return' }],
      change: { type: 'order.held', reason: 'cancelled by the storefront after it had left' },
    });
  });

  test('of two parcels calls back the one that is here, and tells of the other', () => {
    const backorders = policies({ mode: 'automatic' }, { allocation: { split: 'warehouses' } });
    const order = packed(arrived({}, { of: backorders, north: { TENT: 2 }, south: { MUG: 1 } }), backorders);
    const outcome = edited(dispatched(order, 1), cancelled, { of: backorders });

    expect(outcome.recalls).toEqual([2]);
    expect(outcome.order.parcels.map(({ status }) => status)).toEqual(['dispatched', 'recalled']);
    expect(outcome.order.holds).toMatchObject([{ reason: expect.stringContaining('after parcel 1 had left') }]);
  });

  test('after all has arrived is noted', () => {
    const order = saved(follow(packed(arrived()), 1, 'delivered', NOW.toISOString(), SHOP)).order;

    expect(edited(order, cancelled).order).toMatchObject({
      holds: [],
      status: 'delivered',
      change: { type: 'order.noted', reason: 'cancelled by the storefront after it had left' },
    });
  });

  test('opens again when the storefront opens it again', () => {
    const ended = edited(arrived(), cancelled).order;

    const again = saved(takeIn(version(3), ended, readings(), LATER));
    expect(again.order).toMatchObject({ status: 'authorised', change: { type: 'order.changed', reason: 'opened again at the storefront' } });
    expect(again.order).not.toHaveProperty('ending');
  });
});

describe('an edit of an order that is packed', () => {
  const order = packed(arrived());
  const fewer = { lines: [sampleLine('TENT', 1), sampleLine('MUG', 1)] };
  const held = { kind: 'client', by: 'shop', standing: true };

  test.each<[string, Order, Partial<OrderDocument>, string]>([
    ['to fewer goods', order, fewer, 'lines changed after packing; recall parcel 1 to pack it anew, or release this hold to send it as it is'],
    ['to another address', order, { shipTo: BERLIN }, 'address changed after packing; recall parcel 1 to pack it anew, or release this hold to send it as it is'],
    ['to both', order, { ...fewer, shipTo: BERLIN }, 'lines changed, address changed after packing; recall parcel 1 to pack it anew, or release this hold to send it as it is'],
    ['when it has left', dispatched(order), { shipTo: BERLIN }, 'address changed after packing; parcel 1 has left: intercept it'],
  ])('%s holds it for a person', (_what, existing, overrides, reason) => {
    const after = edited(existing, overrides).order;

    expect(after.holds).toEqual([expect.objectContaining({ ...held, reason })]);
    expect(after.change).toMatchObject({ type: 'order.held', reason });
    expect(after.parcels).toEqual(existing.parcels);
  });

  test('again puts the newer reason in the place of the older', () => {
    const twice = saved(takeIn(version(3, { ...fewer, shipTo: BERLIN }), edited(order, fewer).order, readings(), LATER)).order;

    expect(twice.holds).toMatchObject([{ reason: expect.stringContaining('lines changed') }]);
    expect(twice.holds).toHaveLength(1);
  });

  test('keeps what else a person holds it for', () => {
    const held = hold(order, 'operator', 'call first', MARA).order;

    expect(edited(held, fewer).order.holds.map(({ kind }) => kind)).toEqual(['operator', 'client']);
  });

  test('of nothing that is packed is noted', () => {
    expect(edited(order, { total: 1 }).order).toMatchObject({ holds: [], change: { type: 'order.noted', reason: 'changed at the storefront, nothing to do' } });
  });

  test('counts no parcel that was called back', () => {
    const back = { ...order, parcels: [...order.parcels.map((one) => ({ ...one, status: 'unpacked' as const })), ...order.parcels.map((one) => ({ ...one, parcel: 2 }))] };

    expect(edited(back, { total: 1 }).order).toMatchObject({ holds: [], change: { type: 'order.noted' } });
  });

  test('to more goods waits for those alone', () => {
    const after = edited(order, { lines: [sampleLine('TENT', 3), sampleLine('MUG', 1)] }).order;

    expect(after).toMatchObject({ holds: [], allocations: [{ sku: 'TENT', quantity: 1 }], change: { type: 'order.changed', reason: 'changed at the storefront' } });
  });

  test('is nobody’s concern once it has arrived', () => {
    const arrivedOrder = saved(follow(order, 1, 'delivered', NOW.toISOString(), SHOP)).order;

    expect(edited(arrivedOrder, { shipTo: BERLIN }).order).toMatchObject({ holds: [], addressHash: addressHash(BERLIN) });
  });

  test('of several parcels names those that are under way, and can call back what is here', () => {
    const of = policies({ mode: 'automatic' }, { allocation: { split: 'warehouses' } });
    const two = packed(arrived({}, { of, north: { TENT: 2 }, south: { MUG: 1 } }), of);

    expect(edited(dispatched(two, 1), { shipTo: BERLIN }, { of }).order.holds).toMatchObject([
      { reason: 'address changed after packing; recall parcel 1, 2 to pack it anew, or release this hold to send it as it is' },
    ]);
  });
});

describe('an order that is being packed', () => {
  const inHand = saved(beginPacking(arrived(), undefined, { by: 'packer', now: NOW })).order;

  test('stays in hand while its goods are what they were', () => {
    expect(edited(inHand, { total: 12_000 }).order).toMatchObject({ status: 'packing', packing: { by: 'packer' } });
  });

  test('is taken out of the packer’s hands when its goods change', () => {
    expect(edited(inHand, { lines: [sampleLine('TENT', 1), sampleLine('MUG', 1)] }).order).not.toHaveProperty('packing');
    expect(arrived()).not.toHaveProperty('packing');
  });
});

describe('stock that arrives', () => {
  const waiting = arrived({}, { north: {} });

  test('goes to an order that waits for it', () => {
    const outcome = saved(fill(waiting, readings(), { by: 'hub', now: LATER.now }));

    expect(outcome.order).toMatchObject({ status: 'authorised', change: { type: 'order.allocated', reason: 'stock arrived' } });
    expect(outcome.movements).toHaveLength(2);
    expect(outcome).not.toHaveProperty('waits');
  });

  test.each<[string, Order, Here]>([
    ['that has all it needs', arrived(), {}],
    ['that is over', edited(waiting, { cancelled: true }).order, {}],
    ['for which there still is nothing', waiting, { north: {} }],
    ['of goods that are not known', arrived({ lines: [sampleLine('GONE', 1)] }), { north: { GONE: 5 } }],
    ['of goods some of which are not known', arrived({ lines: [sampleLine('GONE', 1), sampleLine('TENT', 1)] }), {}],
  ])('changes nothing for an order %s', (_what, order, here) => {
    expect(fill(order, readings(here), LATER)).toBeUndefined();
  });

  test('ends the hold of goods that nobody knew, and no other', () => {
    const unknown = hold(arrived({ lines: [sampleLine('NEW', 1)] }), 'operator', 'call first', MARA).order;
    const client = sampleClient();
    const [tent] = client.products;
    if (tent === undefined) throw new Error('the sample client has no product');
    const of = { ...client, products: [...client.products, { ...tent, sku: 'NEW' }] };

    expect(unknown.holds.map(({ kind }) => kind)).toEqual(['stock', 'operator']);
    expect(saved(fill(unknown, readings({ of, north: { NEW: 1 } }), LATER)).order).toMatchObject({ holds: [{ kind: 'operator' }], allocations: [{ sku: 'NEW', quantity: 1 }] });
  });
});

describe('other stock for an order', () => {
  const order = arrived();

  test('is taken from the warehouse that is named, and its packer puts it back', () => {
    const inHand = saved(beginPacking(order, undefined, { by: 'packer', now: NOW })).order;
    const outcome = saved(reallocate(inHand, 'south', 'shelf damaged', readings({ south: PLENTY }), MARA));

    expect(outcome.order).toMatchObject({ allocations: [{ warehouse: 'south' }, { warehouse: 'south' }], change: { type: 'order.allocated', reason: 'moved: shelf damaged' } });
    for (const absent of ['packing', 'only']) expect(outcome.order).not.toHaveProperty(absent);
    expect(outcome.movements.map(({ warehouse, reserved }) => [warehouse, reserved])).toEqual([
      ['north', -1],
      ['north', -2],
      ['south', 1],
      ['south', 2],
    ]);
  });

  test('may be the best there is where none is named', () => {
    const south = arrived({}, { north: {}, south: PLENTY });

    expect(saved(reallocate(south, undefined, 'nearer', readings({ south: PLENTY }), MARA)).order).toMatchObject({ allocations: [{ warehouse: 'north' }, { warehouse: 'north' }] });
  });

  test.each<[string, Order, string | undefined, Here, string]>([
    ['that has none', arrived({}, { north: {} }), undefined, {}, 'order.not-allocated'],
    ['that rules bar from there', { ...order, only: ['north'] }, 'south', { south: PLENTY }, 'order.warehouse-barred'],
    ['where there is nothing', order, 'south', {}, 'order.no-other-stock'],
    ['where there is less', order, 'south', { south: { TENT: 2 } }, 'order.no-other-stock'],
  ])('is not given to one %s', (_what, existing, warehouse, here, code) => {
    expect(reallocate(existing, warehouse, 'x', readings(here), MARA)).toMatchObject({ kind: 'refused', code });
  });

  test('is not given where some may follow and more would have to', () => {
    const of = policies({ mode: 'automatic' }, { allocation: { split: 'backorders' } });

    expect(reallocate(arrived({}, { of }), 'south', 'x', readings({ of, south: { TENT: 2 } }), MARA)).toMatchObject({ kind: 'refused', code: 'order.no-other-stock' });
    const waits = arrived({}, { of, north: { TENT: 1 } });
    expect(reallocate(waits, 'south', 'x', readings({ of, south: { TENT: 1 } }), MARA).kind).toBe('saved');
  });

  test('may be of a warehouse that rules let it ship from', () => {
    expect(reallocate({ ...order, only: ['south'] }, 'south', 'x', readings({ south: PLENTY }), MARA).kind).toBe('saved');
  });
});

describe('an order that is edited', () => {
  const split = (how: string) => policies({ mode: 'automatic' }, { allocation: { split: how } });
  const more = { lines: [sampleLine('TENT', 2), sampleLine('MUG', 3)] };

  test('keeps what it has while what it needs and its way are the same', () => {
    const outcome = edited(arrived(), { total: 1 }, { north: {}, south: PLENTY });

    expect(outcome.movements).toEqual([]);
    expect(outcome.order).toMatchObject({ allocations: [{ warehouse: 'north' }, { warehouse: 'north' }] });
  });

  test('is allocated anew as if it had nothing, and moves only the difference', () => {
    const outcome = edited(arrived(), more);

    expect(outcome.movements.map(({ sku, reserved }) => [sku, reserved])).toEqual([['MUG', 2]]);
  });

  test('goes elsewhere when its way is another', () => {
    const of = sampleClient({ rules: [rule('abroad', [{ do: 'route', only: ['south'] }], { when: { notCountries: ['DE'] } })] });
    const shipTo = { ...BERLIN, country: 'AT', postalCode: '1010' };

    expect(edited(arrived({}, { of }), { shipTo }, { of, south: PLENTY }).order).toMatchObject({ country: 'AT', allocations: [{ warehouse: 'south' }, { warehouse: 'south' }] });
  });

  test('that may be shared between backorders keeps what it has, and gets what it lacks from where that is', () => {
    const of = split('backorders');
    const part = arrived({}, { of, north: { TENT: 1, MUG: 1 } });
    const outcome = saved(fill(part, readings({ of, north: { TENT: 1 } }), LATER));

    expect(outcome.order.allocations).toEqual([
      { sku: 'MUG', warehouse: 'north', quantity: 1 },
      { sku: 'TENT', warehouse: 'north', quantity: 2 },
    ]);
    expect(outcome.movements).toMatchObject([{ sku: 'TENT', reserved: 1 }]);
  });
});

describe('a warehouse of so many orders a day', () => {
  const small = (capacity: number) => {
    const client = sampleClient();
    return { ...client, warehouses: client.warehouses.map((one) => (one.id === 'north' ? { ...one, capacity } : one)) };
  };

  test('counts an order for its day, once, and no longer when it ends', () => {
    const of = small(10);
    const load = new LoadView();
    const first = saved(takeIn(version(1), undefined, readings({ of, load }), SHOP));
    const [slot] = first.order.leaves ?? [];
    if (slot === undefined) throw new Error('it counts for no day');

    expect(slot.warehouse).toBe('north');
    expect(first.loads).toEqual([{ ...slot, orders: 1 }]);
    expect(load.orders('north', slot.day)).toBe(1);

    const again = saved(takeIn(version(2, { lines: [sampleLine('TENT', 1)] }), first.order, readings({ of, load }), LATER));
    expect(again.order.leaves).toEqual([slot]);
    expect(again).not.toHaveProperty('loads');

    const ended = saved(takeIn(version(3, { cancelled: true }), again.order, readings({ of, load }), LATER));
    expect(ended.loads).toEqual([{ ...slot, orders: -1 }]);
    expect(ended.order).not.toHaveProperty('leaves');
    expect(load.orders('north', slot.day)).toBe(0);
  });

  test('that is full today takes the next order for another day, and one without a limit counts none', () => {
    const of = small(1);
    const load = new LoadView();
    const days = ['a', 'b'].map((sourceId) => saved(takeIn(version(1, { sourceId }), undefined, readings({ of, load }), SHOP)).order.leaves?.[0]?.day);

    expect(new Set(days).size).toBe(2);
    const inSouth = saved(takeIn(version(1, { sourceId: 'c' }), undefined, readings({ of, load, north: {}, south: PLENTY }), SHOP));
    expect(inSouth.order).not.toHaveProperty('leaves');
    expect(inSouth).not.toHaveProperty('loads');
  });
});
