import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AllocationPlan, allocate, type Load, MAX_PLACES, type Wish } from '../../core/allocation.ts';
import type { Client, Criterion, Split } from '../../core/client.ts';
import { type Demand, unitsOf } from '../../core/inventory.ts';
import { usableAt } from '../../core/lot.ts';
import { StockView } from '../../core/stock-view.ts';
import { runs } from '../runs.ts';
import { NOW, sampleClient } from './samples.ts';

const IDLE: Load = () => 0;
const ALL: readonly Criterion[] = ['fewest-parcels', 'soonest', 'nearest', 'priority'];

interface Site {
  readonly id: string;
  readonly country?: string;
  readonly serves?: readonly string[];
  readonly [setting: string]: unknown;
}

function clientOf(sites: readonly Site[], split: Split, prefer: readonly Criterion[] = ALL, overrides: object = {}): Client {
  const warehouses = sites.map(({ id, country = 'DE', ...settings }) => ({
    id,
    name: id,
    address: { name: 'Sample Depot', line1: 'Am Hafen 1', city: 'Sample', postalCode: '20457', country },
    ...settings,
  }));
  return sampleClient({ warehouses, policies: { allocation: { split, prefer } }, ...overrides });
}

/** `{ north: { TENT: 2 } }` */
function stockOf(units: Readonly<Record<string, Readonly<Record<string, number>>>>): StockView {
  return new StockView(readingsOf(units));
}

function readingsOf(units: Readonly<Record<string, Readonly<Record<string, number>>>>) {
  return Object.entries(units).flatMap(([warehouse, skus]) => Object.entries(skus).map(([sku, available]) => ({ sku, warehouse, available })));
}

function wishOf(units: Readonly<Record<string, number>>, overrides: Partial<Wish> = {}): Wish {
  return { demand: Object.entries(units).map(([sku, quantity]) => ({ sku, quantity })), country: 'DE', region: '', ...overrides };
}

function whence({ allocations }: AllocationPlan): string[] {
  return allocations.map(({ sku, warehouse, quantity }) => `${quantity} ${sku} ${warehouse}`);
}

const TWO = [{ id: 'north' }, { id: 'south' }];
const THREE = [{ id: 'north' }, { id: 'south' }, { id: 'west' }];

describe('an order that must leave whole from one warehouse', () => {
  const client = clientOf(TWO, 'never');

  test('leaves from the first of the client file that has everything', () => {
    const plan = allocate(wishOf({ TENT: 1, MUG: 2 }), stockOf({ north: { TENT: 1, MUG: 2 }, south: { TENT: 9, MUG: 9 } }), client, IDLE, NOW);

    expect(whence(plan)).toEqual(['2 MUG north', '1 TENT north']);
    expect(plan).toMatchObject({ missing: [], shipsOn: { day: '2026-11-20', cutOff: '2026-11-20T13:00:00.000Z' } });
    expect(plan.decision).toMatchObject({ chosen: ['north'], why: 'all of it from north on 2026-11-20, which of 2 ways to ship it comes first in the order of preference' });
  });

  test('passes over a warehouse that has only a part', () => {
    const plan = allocate(wishOf({ TENT: 1, MUG: 2 }), stockOf({ north: { TENT: 1, MUG: 1 }, south: { TENT: 1, MUG: 2 } }), client, IDLE, NOW);

    expect(plan.decision.chosen).toEqual(['south']);
    expect(plan.decision.why).toBe('all of it from south on 2026-11-20, the only way to ship it');
  });

  test('is promised nothing where only both together have it', () => {
    const plan = allocate(wishOf({ TENT: 1, MUG: 1 }), stockOf({ north: { TENT: 1 }, south: { MUG: 1 } }), client, IDLE, NOW);

    expect(plan).toMatchObject({ allocations: [], shipsOn: { day: '2026-11-20' } });
    expect(plan.missing).toEqual([
      { sku: 'MUG', quantity: 1 },
      { sku: 'TENT', quantity: 1 },
    ]);
    expect(plan.decision.why).toBe('no warehouse has all of it, and it may not be split');
  });

  test('is promised nothing where nothing is available, and is told what is lacking', () => {
    const plan = allocate(wishOf({ TENT: 2 }), stockOf({ north: { TENT: 0 }, south: { TENT: 1 } }), client, IDLE, NOW);

    expect(plan.allocations).toEqual([]);
    expect(plan.decision).toMatchObject({
      why: 'all warehouses together lack 1 x TENT, and it must leave whole',
      sites: [
        { warehouse: 'north', has: 'none', short: [{ sku: 'TENT', wanted: 2, available: 0 }] },
        { warehouse: 'south', has: 'some', short: [{ sku: 'TENT', wanted: 2, available: 1 }] },
      ],
    });
  });

  test('two lines of one SKU are one need: each alone would pass', () => {
    const lines = [
      { sku: 'TENT', quantity: 2 },
      { sku: 'TENT', quantity: 2 },
    ];

    expect(allocate({ demand: lines, country: 'DE', region: '' }, stockOf({ north: { TENT: 3 }, south: { TENT: 4 } }), client, IDLE, NOW).decision.chosen).toEqual(['south']);
  });

  test('an order of nothing is promised nothing', () => {
    const plan = allocate(wishOf({ TENT: 0 }), stockOf({ north: { TENT: 5 } }), client, IDLE, NOW);

    expect(plan).toMatchObject({ allocations: [], missing: [], decision: { chosen: [], why: 'there is nothing to ship' } });
  });
});

describe('an order that may leave from several warehouses', () => {
  test('leaves from one where one has everything, although the first of the file has a part', () => {
    const plan = allocate(wishOf({ TENT: 3 }), stockOf({ north: { TENT: 2 }, south: { TENT: 3 } }), clientOf(TWO, 'warehouses'), IDLE, NOW);

    expect(whence(plan)).toEqual(['3 TENT south']);
  });

  test('leaves from the two of three that have it, with no warehouse that could be spared', () => {
    const stock = stockOf({ north: { TENT: 1, LAMP: 1 }, south: { MUG: 1 }, west: { MUG: 1, LAMP: 1 } });

    const plan = allocate(wishOf({ TENT: 1, MUG: 1, LAMP: 1 }), stock, clientOf(THREE, 'warehouses'), IDLE, NOW);

    expect(whence(plan)).toEqual(['1 LAMP north', '1 MUG south', '1 TENT north']);
    expect(plan.decision.why).toBe('all of it from north on 2026-11-20 and south on 2026-11-20, which of 2 ways to ship it comes first in the order of preference');
  });

  test('takes the units of a SKU from one warehouse where one of the chosen has them all', () => {
    const stock = stockOf({ north: { TENT: 1, MUG: 2 }, south: { LAMP: 1, MUG: 3 } });

    expect(whence(allocate(wishOf({ TENT: 1, LAMP: 1, MUG: 3 }), stock, clientOf(TWO, 'warehouses'), IDLE, NOW))).toEqual(['1 LAMP south', '3 MUG south', '1 TENT north']);
  });

  test('of several that have all units of a SKU the better warehouse gives them, not the one with most', () => {
    const stock = stockOf({ north: { TENT: 1, MUG: 3 }, south: { LAMP: 1, MUG: 9 } });

    expect(whence(allocate(wishOf({ TENT: 1, LAMP: 1, MUG: 3 }), stock, clientOf(TWO, 'warehouses'), IDLE, NOW))).toEqual(['1 LAMP south', '3 MUG north', '1 TENT north']);
  });

  test('takes units from where there are most of them when no warehouse has them all', () => {
    const stock = stockOf({ north: { TENT: 2 }, south: { TENT: 7 }, west: { TENT: 3 } });

    expect(whence(allocate(wishOf({ TENT: 9 }), stock, clientOf(THREE, 'warehouses'), IDLE, NOW))).toEqual(['7 TENT south', '2 TENT north']);
  });

  test('is promised nothing when a unit is lacking everywhere', () => {
    const plan = allocate(wishOf({ TENT: 5, MUG: 1 }), stockOf({ north: { TENT: 2, MUG: 4 }, south: { TENT: 2 } }), clientOf(TWO, 'warehouses'), IDLE, NOW);

    expect(plan).toMatchObject({ allocations: [], decision: { why: 'all warehouses together lack 1 x TENT, and it must leave whole' } });
  });
});

describe('an order of which a part may follow', () => {
  const client = clientOf(TWO, 'backorders');

  test('is allocated what there is, and the rest is missing', () => {
    const plan = allocate(wishOf({ TENT: 5, MUG: 1, LAMP: 2 }), stockOf({ north: { TENT: 2, MUG: 4 }, south: { TENT: 2 } }), client, IDLE, NOW);

    expect(whence(plan)).toEqual(['1 MUG north', '2 TENT north', '2 TENT south']);
    expect(plan.missing).toEqual([
      { sku: 'LAMP', quantity: 2 },
      { sku: 'TENT', quantity: 1 },
    ]);
    expect(plan.decision.why).toBe('5 of 8 units from north on 2026-11-20 and south on 2026-11-20, the only way to ship it; 2 x LAMP, 1 x TENT to follow');
  });

  test('waits for all of it where there is nothing', () => {
    const plan = allocate(wishOf({ LAMP: 2 }), stockOf({}), client, IDLE, NOW);

    expect(plan).toMatchObject({ allocations: [], missing: [{ sku: 'LAMP', quantity: 2 }], decision: { why: 'all warehouses together lack 2 x LAMP' } });
  });
});

describe('what makes one way better than another', () => {
  const far = { id: 'newark', country: 'US', timeZone: 'America/New_York' };
  const both = stockOf({ north: { TENT: 1 }, south: { TENT: 1 }, newark: { TENT: 1 } });

  test('soonest counts days by the cut-off and the clocks of each warehouse', () => {
    const client = clientOf([{ id: 'north' }, far], 'never', ['soonest', 'priority']);

    expect(allocate(wishOf({ TENT: 1 }), both, client, IDLE, new Date('2026-11-20T13:00:00.000Z')).decision.chosen).toEqual(['north']);
    const late = allocate(wishOf({ TENT: 1 }), both, client, IDLE, new Date('2026-11-20T13:00:00.001Z'));
    expect(late).toMatchObject({ shipsOn: { day: '2026-11-20', cutOff: '2026-11-20T19:00:00.000Z' }, decision: { chosen: ['newark'] } });
    expect(late.decision.why).toBe('all of it from newark on 2026-11-20, which of 2 ways to ship it leaves soonest');
  });

  test('a holiday of one warehouse sends the order to another', () => {
    const client = clientOf([{ id: 'north', holidays: ['2026-11-20'] }, { id: 'south' }], 'never');

    expect(allocate(wishOf({ TENT: 1 }), both, client, IDLE, NOW).decision).toMatchObject({ chosen: ['south'], sites: [{ leaves: '2026-11-23' }, { leaves: '2026-11-20' }] });
  });

  test('an hour more until the cut-off on the same day is no reason to ship from farther away', () => {
    const client = clientOf([{ ...far, timeZone: 'Europe/Berlin', cutOff: '18:00' }, { id: 'north' }], 'never', ['soonest', 'nearest']);

    expect(allocate(wishOf({ TENT: 1 }), both, client, IDLE, NOW).decision.chosen).toEqual(['north']);
  });

  test('nearest is the region that a warehouse serves, then the country it serves or stands in', () => {
    const sites = [far, { id: 'north', country: 'FR', serves: ['DE'] }, { id: 'south', country: 'FR', serves: ['DE-BY'] }];
    const client = clientOf(sites, 'never', ['nearest']);
    const to = (country: string, region = '') => allocate(wishOf({ TENT: 1 }, { country, region }), both, client, IDLE, NOW).decision;

    expect(to('DE', 'BY')).toMatchObject({ chosen: ['south'], sites: [{ distance: 'elsewhere' }, { distance: 'country' }, { distance: 'region' }] });
    expect([to('DE', 'HH'), to('DE'), to('FR'), to('US', 'BY'), to('IT'), to('')].map(({ chosen }) => chosen[0])).toEqual([
      'north',
      'north',
      'north',
      'newark',
      'newark',
      'newark',
    ]);
  });

  test('the farthest parcel of several counts', () => {
    const sites = [{ id: 'near' }, far, { id: 'mid', country: 'FR', serves: ['DE'] }];
    const stock = stockOf({ near: { TENT: 1 }, newark: { TENT: 1, MUG: 1 }, mid: { MUG: 1 } });

    const plan = allocate(wishOf({ TENT: 1, MUG: 1 }), stock, clientOf(sites, 'warehouses', ['nearest', 'fewest-parcels']), IDLE, NOW);
    expect(plan.decision.chosen).toEqual(['near', 'mid']);
    expect(allocate(wishOf({ TENT: 1, MUG: 1 }), stock, clientOf(sites, 'warehouses'), IDLE, NOW).decision.chosen).toEqual(['newark']);
  });

  test('what the client does not name decides between ways that are alike in what it does', () => {
    const client = clientOf([{ id: 'north', holidays: ['2026-11-20'] }, { id: 'south' }], 'never', ['nearest']);

    const { decision } = allocate(wishOf({ TENT: 1 }), both, client, IDLE, NOW);

    expect(decision).toMatchObject({ chosen: ['south'], prefer: ['nearest'] });
    expect(decision.why).toContain('leaves soonest');
  });

  test('what a rule prefers goes before the order of the file, and the criteria before both', () => {
    const client = clientOf(TWO, 'never');

    expect(allocate(wishOf({ TENT: 1 }, { prefer: ['south'] }), both, client, IDLE, NOW).decision.chosen).toEqual(['south']);
    const busy = allocate(wishOf({ TENT: 1 }, { prefer: ['south'] }), both, clientOf([{ id: 'north' }, { id: 'south', holidays: ['2026-11-20'] }], 'never'), IDLE, NOW);
    expect(busy.decision.chosen).toEqual(['north']);
    const three = allocate(wishOf({ TENT: 1 }, { prefer: ['west', 'gone'] }), both, clientOf(THREE, 'never'), IDLE, NOW);
    expect(three.decision.sites.map(({ warehouse }) => warehouse)).toEqual(['west', 'north', 'south']);
  });

  test('a rule leaves an order to some warehouses, and a preference cannot bring another back', () => {
    const wish = wishOf({ TENT: 2 }, { only: ['south'], prefer: ['north'] });

    const plan = allocate(wish, stockOf({ north: { TENT: 2 }, south: { TENT: 1 } }), clientOf(TWO, 'backorders'), IDLE, NOW);

    expect(whence(plan)).toEqual(['1 TENT south']);
    expect(plan.decision.why).toContain('only south may ship it');
  });

  test('an order that no warehouse of the client may ship is promised nothing', () => {
    const plan = allocate(wishOf({ TENT: 1 }, { only: ['gone'] }), both, clientOf(TWO, 'backorders'), IDLE, NOW);

    expect(plan).toMatchObject({ allocations: [], shipsOn: { day: '2026-11-20' }, decision: { sites: [], why: 'no warehouse may ship it; only gone may ship it' } });
  });
});

describe('what is lacking', () => {
  const wish = wishOf({ A: 1, B: 2, C: 3, D: 4, E: 5, F: 6 });

  test('is named of three SKUs, and counted of the rest', () => {
    const lacks = (stock: StockView, sites: readonly Site[] = TWO, split: Split = 'never') => allocate(wish, stock, clientOf(sites, split), IDLE, NOW).decision.why;

    expect(lacks(stockOf({}))).toBe('all warehouses together lack 1 x A, 2 x B, 3 x C and 3 SKUs more, and it must leave whole');
    expect(lacks(stockOf({ north: { A: 1, B: 2, C: 3, D: 3, E: 5 } }), [{ id: 'north' }])).toBe('north lacks 1 x D, 6 x F, and it must leave whole');
    expect(lacks(stockOf({ north: { A: 1, B: 2, C: 3 } }), TWO, 'backorders')).toContain('; 4 x D, 5 x E, 6 x F to follow');
    expect(lacks(stockOf({}), TWO, 'backorders')).toBe('all warehouses together lack 1 x A, 2 x B, 3 x C and 3 SKUs more');
  });

  test('at a warehouse is listed of five SKUs at most, and not of those that it has', () => {
    const { sites } = allocate(wish, stockOf({ north: { A: 1, B: 2 } }), clientOf(TWO, 'never'), IDLE, NOW).decision;

    expect(sites.map(({ short }) => short.map(({ sku }) => sku))).toEqual([
      ['C', 'D', 'E', 'F'],
      ['A', 'B', 'C', 'D', 'E'],
    ]);
  });
});

describe('the promise', () => {
  const early = { id: 'early', cutOff: '10:30' };
  const late = { id: 'late', cutOff: '17:00' };

  test('of an order that nobody may ship is the first departure of all', () => {
    for (const sites of [
      [late, early],
      [early, late],
    ]) {
      expect(allocate(wishOf({ TENT: 1 }, { only: ['gone'] }), stockOf({}), clientOf(sites, 'never'), IDLE, NOW).shipsOn.cutOff).toBe('2026-11-20T09:30:00.000Z');
    }
  });

  test('of several parcels on one day is the last cut-off', () => {
    const stock = stockOf({ early: { TENT: 1 }, late: { MUG: 1 } });
    for (const sites of [
      [late, early],
      [early, late],
    ]) {
      expect(allocate(wishOf({ TENT: 1, MUG: 1 }), stock, clientOf(sites, 'warehouses'), IDLE, NOW).shipsOn.cutOff).toBe('2026-11-20T16:00:00.000Z');
    }
  });

  test('of an order that nobody can ship yet is that of the best warehouse', () => {
    expect(allocate(wishOf({ TENT: 1 }), stockOf({}), clientOf([early, late], 'never', ['priority']), IDLE, NOW).shipsOn.cutOff).toBe('2026-11-20T09:30:00.000Z');
  });
});

describe('of ways that are alike', () => {
  const sites = ['first', 'second', 'third', 'fourth'].map((id) => ({ id }));

  test.each<[string, Record<string, Record<string, number>>, string[]]>([
    [
      'the one with the most preferred warehouse is taken, whatever the others of it',
      { first: { TENT: 1 }, second: { MUG: 1 }, third: { MUG: 1 }, fourth: { TENT: 1, LAMP: 0 } },
      ['first', 'second'],
    ],
    ['the next warehouse decides where the first is the same', { first: { TENT: 1 }, third: { MUG: 1 }, fourth: { MUG: 1 } }, ['first', 'third']],
  ])('%s', (_what, units, chosen) => {
    expect(allocate(wishOf({ TENT: 1, MUG: 1 }), stockOf(units), clientOf(sites, 'warehouses'), IDLE, NOW).decision.chosen).toEqual(chosen);
  });

  test('warehouses are compared by their order in the file, also where another criterion had sorted them', () => {
    const client = clientOf([{ id: 'first', country: 'US' }, { id: 'second' }, { id: 'third' }, { id: 'fourth', country: 'US' }], 'warehouses', [
      'fewest-parcels',
      'soonest',
      'priority',
    ]);
    const stock = stockOf({ first: { TENT: 1 }, second: { MUG: 1 }, third: { MUG: 1 }, fourth: { TENT: 1 } });

    expect(allocate(wishOf({ TENT: 1, MUG: 1 }), stock, client, IDLE, NOW).decision.chosen).toEqual(['first', 'second']);
  });

  test('two near and one far are farther than one near and one far', () => {
    const near = (id: string) => ({ id, serves: ['DE'] });
    const prefer: Criterion[] = ['nearest', 'priority', 'soonest', 'fewest-parcels'];
    const client = clientOf([{ id: 'far', country: 'US' }, near('mugs'), near('lamps'), near('both')], 'warehouses', prefer);
    const stock = stockOf({ far: { TENT: 1 }, mugs: { MUG: 1 }, lamps: { LAMP: 1 }, both: { MUG: 1, LAMP: 1 } });

    expect(allocate(wishOf({ TENT: 1, MUG: 1, LAMP: 1 }), stock, client, IDLE, NOW).decision.chosen).toEqual(['both', 'far']);
  });
});

describe('capacity', () => {
  const both = stockOf({ north: { TENT: 1 }, south: { TENT: 1 } });

  test('an order that is one too many spills over to the next warehouse', () => {
    const client = clientOf([{ id: 'north', capacity: 10 }, { id: 'south' }], 'never');
    const at = (orders: number) => allocate(wishOf({ TENT: 1 }), both, client, () => orders, NOW).decision;

    expect(at(9)).toMatchObject({ chosen: ['north'], sites: [{ full: false }, { full: false }] });
    expect(at(10)).toMatchObject({ chosen: ['south'], sites: [{ warehouse: 'north', full: true }, { full: false }] });
  });

  test('where there is no other, it leaves on the next working day with room, which its promise says', () => {
    const client = clientOf([{ id: 'north', capacity: 10 }], 'never');
    const loads: Record<string, number> = { '2026-11-20': 12, '2026-11-23': 10, '2026-11-24': 9 };

    const plan = allocate(wishOf({ TENT: 1 }), both, client, (_, day) => loads[day] ?? 0, NOW);

    expect(plan).toMatchObject({ shipsOn: { day: '2026-11-24' }, decision: { sites: [{ leaves: '2026-11-24', full: true }] } });
    expect(plan.decision.why).toBe('all of it from north on 2026-11-24, the only way to ship it; north has no room before 2026-11-24');
  });

  test('a warehouse that is full for ever still ends the search', () => {
    const client = clientOf([{ id: 'north', capacity: 1 }], 'never');

    expect(allocate(wishOf({ TENT: 1 }), both, client, () => 1, NOW).decision.chosen).toEqual(['north']);
  });

  test('the promise is that of the last of several parcels', () => {
    const client = clientOf([{ id: 'north', capacity: 1 }, { id: 'south' }], 'warehouses');

    const plan = allocate(wishOf({ TENT: 2 }), both, client, (_, day) => (day === '2026-11-20' ? 1 : 0), NOW);

    expect(plan).toMatchObject({ shipsOn: { day: '2026-11-23' }, decision: { chosen: ['south', 'north'] } });
  });
});

describe('lots', () => {
  const product = (sku: string) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, lots: true });
  const client = clientOf([{ id: 'north' }, { id: 'newark', country: 'US', timeZone: 'America/New_York' }], 'warehouses', ALL, { products: [product('MILK')] });
  const lot = (warehouse: string, name: string, expiresOn: string, available: number) => ({ sku: 'MILK', warehouse, lot: name, expiresOn, available });

  test('what expires first is promised first, what expires today still is, and what expired yesterday no more', () => {
    const stock = new StockView([lot('north', 'C', '2026-11-30', 5), lot('north', 'A', '2026-11-19', 5), lot('north', 'B', '2026-11-20', 2)], usableAt(client, NOW));

    expect(allocate(wishOf({ MILK: 3 }), stock, client, IDLE, NOW).allocations).toEqual([
      { sku: 'MILK', warehouse: 'north', lot: 'B', expiresOn: '2026-11-20', quantity: 2 },
      { sku: 'MILK', warehouse: 'north', lot: 'C', expiresOn: '2026-11-30', quantity: 1 },
    ]);
    expect(allocate(wishOf({ MILK: 8 }), stock, client, IDLE, NOW).decision.why).toContain('lack 1 x MILK');
  });

  test('a lot that expired here is good where it is still yesterday', () => {
    const now = new Date('2026-11-20T23:30:00.000Z');
    const stock = new StockView([lot('north', 'A', '2026-11-20', 5), lot('newark', 'A', '2026-11-20', 5)], usableAt(client, now));

    expect(allocate(wishOf({ MILK: 1 }), stock, client, IDLE, now).decision).toMatchObject({ chosen: ['newark'], sites: [{ has: 'none' }, { has: 'all' }] });
  });

  test('a promise from too many places is none, while fewer units are had', () => {
    const crumbs = Array.from({ length: 50 }, (_, index) => lot('north', `L${index}`, '2026-12-01', 1));
    const plan = (quantity: number) => allocate(wishOf({ MILK: quantity }), new StockView(crumbs), client, IDLE, NOW);

    expect(plan(MAX_PLACES).allocations).toHaveLength(45);
    expect(plan(MAX_PLACES + 1)).toMatchObject({ allocations: [], missing: [{ sku: 'MILK', quantity: 46 }] });
    expect(plan(MAX_PLACES + 1).decision.why).toContain('more than 45 places');
  });

  test('a warehouse with few large lots is taken where the better one has too many small ones', () => {
    const crumbs = Array.from({ length: 50 }, (_, index) => lot('north', `L${index}`, '2026-12-01', 1));
    const stock = new StockView([...crumbs, lot('newark', 'A', '2026-12-01', 50)]);

    expect(allocate(wishOf({ MILK: 48 }), stock, client, IDLE, NOW).decision.chosen).toEqual(['newark']);
  });

  test('an order of which a part may follow is allocated what fits, and says why the rest waits', () => {
    const crumbs = Array.from({ length: 50 }, (_, index) => lot('north', `L${index}`, '2026-12-01', 1));
    const patient = { ...client, policies: { ...client.policies, allocation: { split: 'backorders' as const, prefer: [...ALL] } } };

    const plan = allocate(wishOf({ MILK: 48 }), new StockView(crumbs), patient, IDLE, NOW);

    expect(plan.allocations).toHaveLength(MAX_PLACES);
    expect(plan.missing).toEqual([{ sku: 'MILK', quantity: 3 }]);
    expect(plan.decision.why).toContain('3 x MILK to follow; some stock is in more than 45 places');
  });
});

describe('more warehouses than are tried in every combination', () => {
  const sites = Array.from({ length: 9 }, (_, index) => ({ id: `w${index}` }));

  test('one that has everything is found', () => {
    const stock = stockOf({ w0: { TENT: 1 }, w3: { TENT: 1, MUG: 1 }, w7: { TENT: 3, MUG: 3 } });

    expect(allocate(wishOf({ TENT: 1, MUG: 1 }), stock, clientOf(sites, 'warehouses'), IDLE, NOW).decision.chosen).toEqual(['w3']);
    expect(allocate(wishOf({ TENT: 2, MUG: 2 }), stock, clientOf(sites, 'never'), IDLE, NOW).decision.chosen).toEqual(['w7']);
  });

  test('an order spills over to the warehouses that have most, and to none that could be spared', () => {
    const crumbs = Object.fromEntries(sites.map(({ id }) => [id, { TENT: 1 }]));
    const stock = stockOf({ ...crumbs, w4: { TENT: 5 }, w8: { TENT: 4 } });

    const plan = allocate(wishOf({ TENT: 9 }), stock, clientOf(sites, 'warehouses'), IDLE, NOW);

    expect(whence(plan)).toEqual(['5 TENT w4', '4 TENT w8']);
    expect(plan.decision.why).toContain('which of 2 ways');
  });
});

describe('whatever the stock, the order and the policy', () => {
  const SKUS = ['TENT', 'MUG', 'LAMP'] as const;
  const SITES = ['aa', 'bb', 'cc', 'dd', 'ee', 'ff', 'gg', 'hh'];
  const units = fc.record(Object.fromEntries(SKUS.map((sku) => [sku, fc.nat(6)])));
  const criteria = fc.shuffledSubarray([...ALL], { minLength: 1 });
  const countries = fc.constantFrom('DE', 'FR', 'US', '');
  const world = fc.integer({ min: 1, max: SITES.length }).chain((count) =>
    fc.record({
      sites: fc.tuple(
        ...SITES.slice(0, count).map((id) =>
          fc.record({
            id: fc.constant(id),
            country: fc.constantFrom('DE', 'FR', 'US'),
            serves: fc.constantFrom([], ['DE'], ['DE-BY', 'FR']),
            cutOff: fc.constantFrom('08:00', '14:00'),
            capacity: fc.constantFrom(1, 2, 1_000),
          }),
        ),
      ),
      stock: fc.tuple(...SITES.slice(0, count).map((id) => units.map((skus) => [id, skus] as const))),
      split: fc.constantFrom<Split[]>('never', 'warehouses', 'backorders'),
      prefer: criteria,
      wish: fc.record({
        demand: fc.array(fc.record({ sku: fc.constantFrom(...SKUS), quantity: fc.integer({ min: 1, max: 8 }) }), { minLength: 1, maxLength: 4 }),
        country: countries,
        region: fc.constantFrom('', 'BY'),
        only: fc.option(fc.subarray(SITES), { nil: undefined }),
        prefer: fc.option(fc.shuffledSubarray(SITES), { nil: undefined }),
      }),
      loads: fc.constantFrom(0, 1),
    }),
  );

  type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;
  const today = ({ loads }: World): Load => {
    return (_, day) => (day === '2026-11-20' ? loads : 0);
  };
  const planFor = (one: World) => allocate(one.wish, stockOf(Object.fromEntries(one.stock)), clientOf(one.sites, one.split, one.prefer), today(one), NOW);
  const there = ({ stock, wish }: World, sku: string, ids: readonly string[] = SITES) =>
    stock.reduce((sum, [id, skus]) => (ids.includes(id) && (wish.only === undefined || wish.only.includes(id)) ? sum + (skus[sku] ?? 0) : sum), 0);

  test('a plan adds up to the demand, and takes no more from a place than is there', () => {
    fc.assert(
      fc.property(world, (one) => {
        const { allocations, missing, decision } = planFor(one);

        for (const sku of SKUS) expect(unitsOf(allocations, sku) + unitsOf(missing, sku)).toBe(unitsOf(one.wish.demand, sku));
        for (const place of allocations) expect(place.quantity).toBeLessThanOrEqual(there(one, place.sku, [place.warehouse]));
        expect(new Set(allocations.map(({ sku, warehouse }) => `${sku} ${warehouse}`)).size).toBe(allocations.length);
        expect(new Set(allocations.map(({ warehouse }) => warehouse))).toEqual(new Set(decision.chosen));
        expect(decision.missing).toEqual(missing);
      }),
      { numRuns: runs(3_000) },
    );
  });

  test('it promises what its policy allows, exactly when that is to be had', () => {
    fc.assert(
      fc.property(world, (one) => {
        const { allocations, missing, decision } = planFor(one);
        const fits = (ids: readonly string[]) => SKUS.every((sku) => there(one, sku, ids) >= unitsOf(one.wish.demand, sku));

        if (one.split === 'never') expect(decision.chosen.length === 1 && missing.length === 0).toBe(SITES.some((id) => fits([id])));
        if (one.split === 'never') expect(decision.chosen.length).toBeLessThanOrEqual(1);
        if (one.split === 'warehouses') expect(missing.length === 0).toBe(fits(SITES));
        if (one.split !== 'backorders' && missing.length > 0) expect(allocations).toEqual([]);
        if (one.split === 'backorders') for (const sku of SKUS) expect(unitsOf(allocations, sku)).toBe(Math.min(there(one, sku), unitsOf(one.wish.demand, sku)));
      }),
      { numRuns: runs(3_000) },
    );
  });

  test('no chosen warehouse could be spared, and where parcels count first there are no fewer', () => {
    fc.assert(
      fc.property(world, (one) => {
        const { allocations, decision } = planFor(one);
        const promised: Demand[] = SKUS.map((sku) => ({ sku, quantity: unitsOf(allocations, sku) }));
        const suffices = (ids: readonly string[]) => promised.every(({ sku, quantity }) => there(one, sku, ids) >= quantity);

        for (const id of decision.chosen) expect(decision.chosen.length > 1 && suffices(decision.chosen.filter((other) => other !== id))).toBe(false);
        if (one.prefer[0] !== 'fewest-parcels' || one.sites.length > 6 || decision.chosen.length < 2) return;
        for (const ids of subsetsOf(one.sites.map(({ id }) => id))) if (suffices(ids)) expect(ids.length).toBeGreaterThanOrEqual(decision.chosen.length);
      }),
      { numRuns: runs(3_000) },
    );
  });

  test('the order in which stock was read and lines were written changes nothing, and the view is left as it was', () => {
    fc.assert(
      fc.property(world, (one) => {
        const client = clientOf(one.sites, one.split, one.prefer);
        const readings = readingsOf(Object.fromEntries(one.stock));
        const view = new StockView(readings);

        const plan = allocate(one.wish, view, client, today(one), NOW);

        const reversed = allocate({ ...one.wish, demand: one.wish.demand.toReversed() }, new StockView(readings.toReversed()), client, today(one), NOW);
        expect(reversed).toEqual(plan);
        expect(allocate(one.wish, view, client, today(one), NOW)).toEqual(plan);
      }),
      { numRuns: runs(1_000) },
    );
  });

  function subsetsOf(ids: readonly string[]): string[][] {
    return Array.from({ length: 2 ** ids.length }, (_, mask) => ids.filter((_id, index) => (mask & (1 << index)) !== 0));
  }
});
