import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../core/booking.ts';
import { type BookingContext, type Plan, type Transfer, transferKey } from '../../core/booking-desk.ts';
import { isTolerable, movementsOf } from '../../core/booking-plan.ts';
import { doneBy, undoingOf } from '../../core/booking-undo.ts';
import type { Client } from '../../core/client.ts';
import { availableIn, type Movement, moving, netMovements, placeKey, type Stock } from '../../core/inventory.ts';
import { runs } from '../runs.ts';
import { NOW, sampleClient } from './samples.ts';

const product = (sku: string, lots: boolean) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, lots });
const CLIENT: Client = sampleClient({ products: [product('TENT', false), product('MUG', false), product('MILK', true)] });
const ACT = { by: 'clerk', now: NOW };
const LOTS = { L1: '2026-12-31', L2: '2026-11-19' } as const;

/** Shelves as a plan finds and leaves them: counters, and the ledger that they must be the sum of. */
class Shelves {
  readonly stock = new Map<string, Stock>();
  readonly transfers = new Map<string, Transfer>();
  readonly ledger: Movement[] = [];

  context(cause: string): BookingContext {
    return { client: CLIENT, act: ACT, cause, stock: [...this.stock.values()], requests: [], transfers: [...this.transfers.values()], orders: new Map(), firstCounts: new Map() };
  }

  /** Writes a plan as the database does: orders give up what is short, and nothing may fall below zero. */
  write({ movements, shortfalls, expiries, transfers }: Plan): void {
    const released = shortfalls.map(({ place, units }) => moving(place, { reserved: -units }, 'released', 'order'));
    for (const net of netMovements([...movements, ...released]).values()) {
      const before = this.stock.get(placeKey(net));
      const after = (name: 'onHand' | 'reserved' | 'quarantined' | 'incoming') => (before?.[name] ?? 0) + net[name];
      const expiresOn = expiries.get(placeKey(net)) ?? before?.expiresOn;
      this.stock.set(
        placeKey(net),
        counterOf({ ...net, onHand: after('onHand'), reserved: after('reserved'), quarantined: after('quarantined'), incoming: after('incoming'), expiresOn }),
      );
    }
    this.ledger.push(...movements, ...released);
    for (const { after } of transfers) this.transfers.set(transferKey(after), after);
  }

  figures(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.stock]
        .map(([key, { onHand, reserved, quarantined, incoming }]) => [key, { onHand, reserved, quarantined, incoming }])
        .filter(([, figures]) => Object.values(figures ?? {}).some((units) => units !== 0)),
    );
  }
}

function counterOf({ sku, warehouse, lot, onHand = 0, reserved = 0, quarantined = 0, incoming = 0, expiresOn }: Partial<Stock> & { sku: string; warehouse: string }): Stock {
  const change = { type: 'stock.moved' as const, at: '', by: '', reason: '' };
  const available = availableIn({ onHand, reserved, quarantined });
  return {
    entity: 'stock',
    sku,
    warehouse,
    ...(lot && { lot }),
    ...(expiresOn && { expiresOn }),
    onHand,
    reserved,
    quarantined,
    available,
    incoming,
    reorderPoint: 2,
    version: 1,
    change,
  };
}

const goods = fc.oneof(
  fc.constantFrom<{ sku: string; lot?: string }>({ sku: 'TENT' }, { sku: 'MUG' }),
  fc.constantFrom<'L1' | 'L2'>('L1', 'L2').map((lot) => ({ sku: 'MILK', lot })),
);
const warehouse = fc.constantFrom('north', 'south');
const units = fc.integer({ min: 1, max: 12 });
const expiry = ({ lot }: { lot?: string }) => (lot === undefined ? {} : { expiresOn: lot === 'L1' ? LOTS.L1 : LOTS.L2 });

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ goods, warehouse, quantity: units }).map(({ goods: of, ...rest }): Entry => ({ kind: 'receipt', against: 'free', ...of, ...expiry(of), ...rest })),
  fc
    .record({ goods, warehouse, quantity: fc.integer({ min: 0, max: 12 }), transferId: fc.constantFrom('t1', 't2') })
    .map(({ goods: of, ...rest }): Entry => ({ kind: 'receipt', against: 'transfer', ...of, ...rest })),
  fc.record({ goods, warehouse, quantity: units }).map(({ goods: of, ...rest }): Entry => ({ kind: 'adjustment', cause: 'found', reason: 'seen', ...of, ...rest })),
  fc.record({ goods, warehouse, quantity: units }).map(({ goods: of, ...rest }): Entry => ({ kind: 'adjustment', cause: 'damaged', reason: 'wet', ...of, ...rest })),
  fc
    .record({ goods, warehouse, quantity: units.map((many) => -many) })
    .map(({ goods: of, ...rest }): Entry => ({ kind: 'adjustment', cause: 'lost', reason: 'gone', ...of, ...rest })),
  fc
    .record({ goods, from: warehouse, quantity: units, transferId: fc.constantFrom('t1', 't2') })
    .map(({ goods: of, from, ...rest }): Entry => ({ kind: 'transfer', from, to: from === 'north' ? 'south' : 'north', ...of, ...rest })),
  fc
    .record({ goods, warehouse, counted: fc.integer({ min: 0, max: 20 }) })
    .map(({ goods: of, counted, ...rest }): Entry => ({ kind: 'count', recount: true, counted, first: counted, ...of, ...rest })),
  fc
    .record({ goods, warehouse, quantity: units, verdict: fc.constantFrom<'restock' | 'scrap'>('restock', 'scrap') })
    .map(({ goods: of, ...rest }): Entry => ({ kind: 'inspection', ...of, ...rest })),
);

/** Orders reserve what is available, now and then, so that bookings meet reservations. */
const reservation = fc.record({ goods, warehouse, quantity: units });
const day = fc.array(fc.oneof({ weight: 4, arbitrary: fc.array(entry, { minLength: 1, maxLength: 6 }) }, { weight: 1, arbitrary: reservation }), { maxLength: 25 });

function reserve(shelves: Shelves, { goods: of, warehouse: at, quantity }: { goods: { sku: string; lot?: string }; warehouse: string; quantity: number }): void {
  const counter = shelves.stock.get(placeKey({ ...of, warehouse: at }));
  const reserved = Math.min(quantity, counter?.available ?? 0);
  if (counter === undefined || reserved === 0) return;
  shelves.stock.set(placeKey(counter), counterOf({ ...counter, reserved: counter.reserved + reserved }));
  shelves.ledger.push(moving(counter, { reserved }, 'reserved', 'order'));
}

function live(shelves: Shelves, events: readonly (readonly Entry[] | Parameters<typeof reserve>[1])[]): void {
  for (const event of events) {
    if (!('goods' in event)) shelves.write(movementsOf(event, shelves.context('b')));
    else reserve(shelves, event);
  }
}

describe('whatever is booked', () => {
  test('no counter falls below zero, and each is the sum of its ledger', () => {
    fc.assert(
      fc.property(day, (events) => {
        const shelves = new Shelves();
        for (const event of events) {
          live(shelves, [event]);
          for (const { onHand, reserved, quarantined, available, incoming } of shelves.stock.values()) {
            expect(onHand).toBe(available + reserved + quarantined);
            expect(Math.min(onHand, reserved, quarantined, available, incoming)).toBeGreaterThanOrEqual(0);
          }
        }

        for (const [key, sum] of netMovements(shelves.ledger)) {
          const { onHand, reserved, quarantined, incoming } = shelves.stock.get(key) ?? counterOf(sum);
          expect({ onHand, reserved, quarantined, incoming }).toEqual({ onHand: sum.onHand, reserved: sum.reserved, quarantined: sum.quarantined, incoming: sum.incoming });
        }
      }),
      { numRuns: runs(2_000) },
    );
  });

  test('what is incoming is what transfers have under way', () => {
    fc.assert(
      fc.property(day, (events) => {
        const shelves = new Shelves();

        live(shelves, events);

        const incoming = [...shelves.stock.values()].reduce((sum, counter) => sum + counter.incoming, 0);
        const underWay = [...shelves.transfers.values()].reduce((sum, { sent, status }) => sum + (status === 'open' ? sent : 0), 0);
        expect(incoming).toBe(underWay);
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('an entry that is refused moves nothing, and those beside it do as if it were not there', () => {
    fc.assert(
      fc.property(day, fc.array(entry, { minLength: 1, maxLength: 8 }), (events, entries) => {
        const shelves = new Shelves();
        live(shelves, events);

        const plan = movementsOf(entries, shelves.context('b'));
        const refused = new Set(plan.refusals.map(({ index }) => index));
        const rest = movementsOf(
          entries.filter((_, index) => !refused.has(index)),
          shelves.context('b'),
        );

        expect(rest.refusals).toEqual([]);
        expect(rest.movements).toEqual(plan.movements);
        expect(plan.lines).toHaveLength(entries.length - refused.size);
      }),
      { numRuns: runs(1_000) },
    );
  });

  test('undone at once, it is as if it had never been, but for what orders gave up', () => {
    fc.assert(
      fc.property(day, fc.array(entry, { minLength: 1, maxLength: 8 }), (events, entries) => {
        const shelves = new Shelves();
        live(shelves, events);
        const plan = movementsOf(entries, shelves.context('b'));
        fc.pre(plan.shortfalls.length === 0);
        const before = shelves.figures();
        const goingBefore = [...shelves.transfers.values()].filter(({ status, sent }) => status === 'open' && sent > 0).map(transferKey);

        shelves.write(plan);
        const undoing = undoingOf(doneBy(plan, new Map()), shelves.context('b'));
        shelves.write(undoing);

        expect(undoing.refusals).toEqual([]);
        expect(shelves.figures()).toEqual(before);
        expect([...shelves.transfers.values()].filter(({ status, sent }) => status === 'open' && sent > 0).map(transferKey)).toEqual(goingBefore);
      }),
      { numRuns: runs(1_000) },
    );
  });
});

test('a difference is tolerable by units or by percent, whichever allows more', () => {
  fc.assert(
    fc.property(fc.integer({ min: -10_000, max: 10_000 }), fc.nat(10_000), fc.nat(50), fc.nat(100), (difference, onHand, toleranceUnits, tolerancePercent) => {
      const { policies } = sampleClient({ policies: { counting: { toleranceUnits, tolerancePercent } } });

      const byUnits = Math.abs(difference) <= toleranceUnits;
      const byPercent = Math.abs(difference) / 100 <= (tolerancePercent / 100) * (onHand / 100) + 1e-9;

      expect(isTolerable(difference, onHand, { policies })).toBe(byUnits || byPercent);
    }),
    { numRuns: runs(2_000) },
  );
});

test('what was received and has left since cannot be undone, and the place is named', () => {
  const shelves = new Shelves();
  const plan = movementsOf([{ kind: 'receipt', against: 'free', sku: 'TENT', warehouse: 'north', quantity: 5 }], shelves.context('b'));
  shelves.write(plan);
  shelves.write({ ...plan, movements: [moving({ sku: 'TENT', warehouse: 'north' }, { onHand: -2 }, 'packed', 'order')] });

  const undoing = undoingOf(doneBy(plan, new Map()), shelves.context('b'));

  expect(undoing.refusals).toMatchObject([{ code: 'inventory.import-unsettled', message: expect.stringContaining('TENT in north') }]);
});
