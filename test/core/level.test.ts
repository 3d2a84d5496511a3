import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Stock } from '../../core/inventory.ts';
import { hasDrifted, heard, type Level, nextStep, type Reading, readingsOf, sharedWith, skusToRead, unheard } from '../../core/level.ts';
import { runs } from '../runs.ts';
import { NOW, sampleClient } from './samples.ts';

const CONNECTION = { id: 'shop', stock: { publish: true, buffer: 0, buffers: {} } };
const KITS = [
  {
    sku: 'CAMP',
    name: 'Camp',
    parts: [
      { sku: 'TENT', quantity: 1 },
      { sku: 'MUG', quantity: 4 },
    ],
  },
  {
    sku: 'CAMP-LIT',
    name: 'Camp with lamp',
    parts: [
      { sku: 'CAMP', quantity: 1 },
      { sku: 'LAMP', quantity: 2 },
    ],
  },
];

function counter(sku: string, available: number, change: Partial<Stock> = {}): Stock {
  const at = { type: 'stock.moved', at: '2026-11-20T08:00:00.000Z', by: 'test', reason: 'test' } as const;
  return { entity: 'stock', sku, warehouse: 'north', onHand: available, reserved: 0, quarantined: 0, available, incoming: 0, reorderPoint: 0, version: 1, change: at, ...change };
}

function figures(stock: Stock[], changed: string[], client = sampleClient({ kits: KITS })): Record<string, number> {
  return Object.fromEntries(readingsOf(new Set(changed), stock, client, NOW).map(({ sku, quantity }) => [sku, quantity]));
}

describe('a reading', () => {
  test('adds up what all warehouses may promise, and the versions of their counters', () => {
    const stock = [
      counter('TENT', 3, { version: 4 }),
      counter('TENT', 2, { warehouse: 'south', version: 7, change: { ...counter('TENT', 0).change, at: '2026-11-20T08:30:00.000Z' } }),
    ];

    expect(readingsOf(new Set(['TENT']), stock, sampleClient(), NOW)).toEqual([
      { sku: 'TENT', quantity: 5, counted: 11, at: '2026-11-20T08:30:00.000Z', parts: [{ sku: 'TENT', quantity: 1 }], basis: 'north south of 1 TENT' },
    ]);
  });

  test('leaves out lots whose last day is over in the time zone of their warehouse, and counts their version', () => {
    const product = { sku: 'SALVE', name: 'Salve', weight: 50, plant: 'mill', reorder: { point: 2, upTo: 20 }, lots: true };
    const lots = [
      counter('SALVE', 3, { lot: 'A', expiresOn: '2026-11-19', version: 2 }),
      counter('SALVE', 5, { lot: 'B', expiresOn: '2026-11-20' }),
      counter('SALVE', 7, { lot: 'C' }),
    ];

    expect(readingsOf(new Set(['SALVE']), lots, sampleClient({ products: [product] }), NOW)).toMatchObject([{ quantity: 12, counted: 4 }]);
  });

  test('of a SKU without counters is of none', () => {
    expect(readingsOf(new Set(['TENT']), [], sampleClient(), NOW)).toMatchObject([{ quantity: 0, counted: 0, at: '' }]);
  });

  test.each<[string, Record<string, number>, string[], Record<string, number>]>([
    ['a kit is as many as its scarcest part makes', { TENT: 5, MUG: 11, LAMP: 100 }, ['MUG'], { MUG: 11, CAMP: 2, 'CAMP-LIT': 2 }],
    ['a part of a kit within a kit changes both', { TENT: 5, MUG: 40, LAMP: 3 }, ['LAMP'], { LAMP: 3, 'CAMP-LIT': 1 }],
    ['a part that is gone leaves none', { TENT: 0, MUG: 40, LAMP: 3 }, ['TENT'], { TENT: 0, CAMP: 0, 'CAMP-LIT': 0 }],
    ['a part without counters leaves none', { TENT: 9 }, ['TENT'], { TENT: 9, CAMP: 0, 'CAMP-LIT': 0 }],
    ['a kit is read once though two of its parts changed', { TENT: 9, MUG: 9, LAMP: 9 }, ['TENT', 'MUG', 'LAMP'], { TENT: 9, MUG: 9, LAMP: 9, CAMP: 2, 'CAMP-LIT': 2 }],
  ])('%s', (_what, stock, changed, expected) => {
    const counters = Object.entries(stock).map(([sku, available]) => counter(sku, available));

    expect(figures(counters, changed)).toEqual(expected);
  });

  test('of a kit is as new as the newest of its parts, and says what it is made of', () => {
    const movedAt = (sku: string, at: string) => counter(sku, 8, { change: { ...counter(sku, 0).change, at } });
    const stock = [movedAt('LAMP', '2026-11-20T08:40:00.000Z'), movedAt('MUG', '2026-11-20T08:50:00.000Z'), movedAt('TENT', '2026-11-20T08:30:00.000Z')];

    expect(readingsOf(new Set(['LAMP']), stock, sampleClient({ kits: KITS }), NOW).at(-1)).toEqual({
      sku: 'CAMP-LIT',
      quantity: 2,
      counted: 3,
      at: '2026-11-20T08:50:00.000Z',
      parts: [
        { sku: 'LAMP', quantity: 2 },
        { sku: 'MUG', quantity: 4 },
        { sku: 'TENT', quantity: 1 },
      ],
      basis: 'north south of 2 LAMP, 4 MUG, 1 TENT',
    });
  });

  test('needs the counters of all parts of the kits that a part is in', () => {
    const client = sampleClient({ kits: KITS });

    expect([...skusToRead(new Set(['LAMP']), client)].sort()).toEqual(['LAMP', 'MUG', 'TENT']);
    expect([...skusToRead(new Set(['OTHER']), client)]).toEqual(['OTHER']);
  });
});

test.each([
  [10, 0, {}, 10],
  [10, 3, {}, 7],
  [10, 3, { TENT: 8 }, 2],
  [10, 3, { TENT: 0 }, 10],
  [10, 3, { MUG: 8 }, 7],
  [2, 3, {}, 0],
  [0, 0, {}, 0],
])('of %d units with a buffer of %d and %j a storefront is told %d', (quantity, buffer, buffers, expected) => {
  expect(sharedWith({ stock: { publish: true, buffer, buffers } }, { sku: 'TENT', quantity })).toBe(expected);
});

test('a SKU that is called like something every object has gets the common buffer', () => {
  expect(sharedWith({ stock: { publish: true, buffer: 1, buffers: {} } }, { sku: 'constructor', quantity: 5 })).toBe(4);
});

test.each([
  ['what it was told', 8, 8, 5, false],
  ['less, by its own sales', 6, 8, 5, false],
  ['less than none', -2, 8, 5, false],
  ['more than it was told, and no more than we have now', 10, 8, 10, false],
  ['more than it was told and than we have', 11, 8, 10, true],
  ['anything before it was told', 99, null, 5, false],
])('a storefront that has %s has drifted or not', (_what, theirs, before, quantity, expected) => {
  expect(hasDrifted(theirs, { before, quantity })).toBe(expected);
});

describe('a storefront', () => {
  const reading = (quantity: number, counted: number, basis = 'a'): Reading => ({ sku: 'TENT', quantity, counted, at: '', parts: [{ sku: 'TENT', quantity: 1 }], basis });
  const step = (level: Level | undefined, next: Reading, now = NOW) => nextStep(level, next, CONNECTION, now);
  const telling = (level: Level | undefined, next: Reading, now = NOW): Level => {
    const found = step(level, next, now);
    if (found.kind !== 'telling') throw new Error(`is ${found.kind}`);
    return found.level;
  };
  const told = heard(telling(undefined, reading(10, 4)), { became: 'set' }, NOW);
  const LATER = new Date(NOW.getTime() + 60_001);

  test('is heard of in whole levels, whose versions rise one by one', () => {
    const first = telling(undefined, reading(10, 4));
    const second = step(told, reading(10, 6));
    const third = telling(told, reading(9, 5));

    expect(first).toEqual({
      entity: 'level',
      connectionId: 'shop',
      sku: 'TENT',
      status: 'telling',
      figure: null,
      wanted: 10,
      sequence: 4,
      offset: 0,
      basis: 'a',
      leaseUntil: NOW.getTime() + 60_000,
      version: 1,
    });
    expect(second).toEqual({ kind: 'noted', level: { ...told, sequence: 6, version: 3 } });
    expect(third).toMatchObject({ leaseUntil: NOW.getTime() + 60_000, version: 3 });
    expect(unheard(third)).toEqual({ ...third, leaseUntil: 0, version: 4 });
    expect(step(told, reading(10, 4))).toEqual({ kind: 'known' });
    expect(step(third, reading(9, 5))).toEqual({ kind: 'busy' });
    expect(step(third, reading(9, 5), new Date(NOW.getTime() + 60_000)).kind, 'when the lease is over').toBe('telling');
  });

  test('is told what it has never heard', () => {
    expect(telling(undefined, reading(10, 4))).toMatchObject({ status: 'telling', figure: null, wanted: 10, sequence: 4, version: 1 });
    expect(told).toMatchObject({ status: 'told', figure: 10, wanted: 10, sequence: 4, toldAt: NOW.toISOString(), version: 2 });
  });

  test.each<[string, Reading, string]>([
    ['an older figure', reading(3, 3), 'known'],
    ['the same figure again', reading(10, 4), 'known'],
    ['another figure of the same count', reading(9, 4), 'known'],
    ['the same figure of a later movement', reading(10, 6), 'noted'],
    ['a new figure', reading(9, 5), 'telling'],
  ])('%s is dealt with', (_what, next, kind) => {
    expect(step(told, next).kind).toBe(kind);
  });

  test('is not told an older figure after a newer one that was the same as before', () => {
    const noted = step(told, reading(10, 6));

    expect(noted.kind === 'noted' && step(noted.level, reading(9, 5)).kind).toBe('known');
  });

  test.each<[string, Reading, Date, string]>([
    ['an older figure', reading(3, 3), LATER, 'known'],
    ['the same figure', reading(9, 5), NOW, 'busy'],
    ['a newer figure', reading(8, 6), NOW, 'busy'],
    ['the same figure after the lease', reading(9, 5), LATER, 'telling'],
    ['a newer figure after the lease', reading(8, 6), LATER, 'telling'],
  ])('that is being told hears %s', (_what, next, now, kind) => {
    expect(step(telling(told, reading(9, 5)), next, now).kind).toBe(kind);
  });

  test('whose telling broke off may have either figure, and the higher is no drift', () => {
    const up = telling(told, reading(30, 5));

    expect(telling(up, reading(28, 6), LATER)).toMatchObject({ figure: 30, wanted: 28 });
    expect(telling(telling(told, reading(2, 5)), reading(10, 6), LATER)).toMatchObject({ figure: 10, wanted: 10 });
  });

  test('that could not be told is told at the next try', () => {
    expect(telling(unheard(telling(told, reading(9, 5))), reading(9, 5))).toMatchObject({ wanted: 9, sequence: 5 });
  });

  test('hears a higher sequence though the client file changed and the count fell', () => {
    const rebased = telling(told, reading(7, 1, 'b'));

    expect(rebased).toMatchObject({ sequence: 5, offset: 4, basis: 'b' });
    expect(telling(heard(rebased, { became: 'set' }, NOW), reading(6, 2, 'b'))).toMatchObject({ sequence: 6, offset: 4 });
  });

  test('that does not sell the SKU is asked again at the next movement, and what it has then is no drift', () => {
    const unknown = heard(telling(told, reading(9, 5)), { became: 'unknown' }, NOW);

    expect(unknown).toMatchObject({ status: 'told', figure: null, unknownAt: NOW.toISOString() });
    expect(telling(unknown, reading(9, 6))).toMatchObject({ figure: null });
    const sold = heard(telling(unknown, reading(9, 6)), { became: 'set', theirs: 50 }, LATER);
    expect(sold).toMatchObject({ figure: 9, theirs: 50 });
    expect(sold).not.toHaveProperty('unknownAt');
  });

  test('keeps the last drift until the next', () => {
    const drifted = heard(telling(told, reading(9, 5)), { became: 'drifted', theirs: 40 }, NOW);

    expect(drifted).toMatchObject({ figure: 9, theirs: 40, drift: { at: NOW.toISOString(), before: 10, theirs: 40 } });
    expect(heard(telling(drifted, reading(8, 6)), { became: 'set', theirs: 9 }, LATER)).toMatchObject({ theirs: 9, drift: { theirs: 40 } });
  });
});

test('whoever reads, tells, crashes and overtakes: no older figure follows a newer one, and the last one arrives', () => {
  const Action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('move' as const), by: fc.integer({ min: -1, max: 1 }) }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('read' as const), who: fc.nat(5) }) },
    { weight: 12, arbitrary: fc.record({ kind: fc.constantFrom('claim' as const, 'send' as const, 'hear' as const), who: fc.nat(5) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('die' as const, 'fail' as const), who: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(Action, { maxLength: 60, size: 'max' }), fc.nat(20), (actions, buffer) => {
      const world = new World(buffer);
      for (const action of actions) world.act(action);
      world.settle();

      expect(world.heard).toEqual([...world.heard].sort((a, b) => a - b));
      expect(world.offered).toBe(Math.max(0, world.available - buffer));
    }),
    { numRuns: runs(10_000) },
  );
});

interface Teller {
  /** The movement whose message it has. */
  readonly message: number;
  readonly reading: Reading;
  level?: Level | undefined;
  sent?: boolean;
}

/** A counter with a message for each of its movements, tellers that read it at different times, one row, and a shop that takes whatever reaches it. */
class World {
  available = 20;
  offered: number | undefined;
  readonly heard: number[] = [];
  readonly #messages = new Set([1]);
  #version = 1;
  #now = NOW.getTime();
  #row: Level | undefined;
  #tellers: Teller[] = [];
  readonly #connection: typeof CONNECTION;

  constructor(buffer: number) {
    this.#connection = { ...CONNECTION, stock: { publish: true, buffer, buffers: {} } };
  }

  act({ kind, by = 0, who = 0 }: { readonly kind: string; readonly by?: number; readonly who?: number }): void {
    if (kind === 'move') this.#move(by);
    if (kind === 'wait') this.#wait();
    if (kind === 'read') this.#read([...this.#messages][who % Math.max(1, this.#messages.size)]);
    const teller = this.#tellers[who % Math.max(1, this.#tellers.length)];
    if (teller === undefined) return;
    if (kind === 'claim' && teller.level === undefined) this.#claim(teller);
    if (kind === 'send' && teller.level !== undefined && teller.sent !== true) this.#send(teller);
    if (kind === 'hear' && teller.level !== undefined && teller.sent === true) this.#hear(teller);
    if (kind === 'fail' && teller.level !== undefined) this.#end(teller, unheard(teller.level));
    if (kind === 'die') this.#leave(teller);
  }

  /** Everybody who was at it is gone; messages that are not done with come back, and no others. */
  settle(): void {
    this.#wait();
    for (const message of [...this.#messages]) {
      const last = this.#read(message);
      if (last !== undefined) this.#claim(last);
      if (last?.level === undefined) continue;
      this.#send(last);
      this.#hear(last);
    }
  }

  #move(by: number): void {
    if (this.available + by < 0) return;
    this.available += by;
    this.#version += 1;
    this.#messages.add(this.#version);
  }

  #read(message: number | undefined): Teller | undefined {
    if (message === undefined) return undefined;
    const teller = { message, reading: { sku: 'TENT', quantity: this.available, counted: this.#version, at: '', parts: [{ sku: 'TENT', quantity: 1 }], basis: 'a' } };
    this.#tellers.push(teller);
    return teller;
  }

  /** No invocation lives as long as a lease. */
  #wait(): void {
    this.#now += 60_001;
    this.#tellers = [];
  }

  #claim(teller: Teller): void {
    const step = nextStep(this.#row, teller.reading, this.#connection, new Date(this.#now));
    if (step.kind === 'noted' || step.kind === 'telling') this.#row = step.level;
    if (step.kind === 'telling') teller.level = step.level;
    else this.#leave(teller);
    if (step.kind === 'noted' || step.kind === 'known') this.#messages.delete(teller.message);
  }

  #send(teller: Teller): void {
    teller.sent = true;
    this.offered = teller.level?.wanted;
    this.heard.push(teller.level?.sequence ?? Number.NaN);
  }

  #hear(teller: Teller): void {
    if (teller.level !== undefined) this.#end(teller, heard(teller.level, { became: 'set' }, new Date(this.#now)));
    this.#messages.delete(teller.message);
  }

  #end(teller: Teller, level: Level): void {
    if (this.#row?.version === teller.level?.version) this.#row = level;
    this.#leave(teller);
  }

  #leave(teller: Teller): void {
    this.#tellers = this.#tellers.filter((one) => one !== teller);
  }
}
