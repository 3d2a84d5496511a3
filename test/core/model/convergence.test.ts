import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addUnits, availableIn, type Place } from '../../../core/inventory.ts';
import { missingUnits, type Order } from '../../../core/order.ts';
import { compareVersions, sourceVersionOf } from '../../../core/order-document.ts';
import { runs } from '../../runs.ts';
import { NOW } from '../samples.ts';
import { CLIENTS, LOTS, SKUS, WAREHOUSES } from './clients.ts';
import { anyVersion, type Command, carryOut, documentOf, placeOf, type Version } from './commands.ts';
import { checkRest, checkWorld } from './laws.ts';
import { World } from './world.ts';

/** Every place of the model, with its lots. */
const PLACES: readonly Place[] = WAREHOUSES.flatMap((warehouse) =>
  SKUS.flatMap((sku) => (sku === 'MILK' ? (['a', 'b', 'c'] as const).map((lot) => placeOf({ sku, warehouse, lot })) : [placeOf({ sku, warehouse, lot: 'a' })])),
);

/** The same receipts, as they interleave with versions; or all before them. */
type Happening = { readonly version: Version } | { readonly command: Command };

/** A hub to which versions and other things happened, at rest. */
function hubAfter(client: (typeof CLIENTS)[number]['client'], happenings: readonly Happening[]): World {
  const world = new World(client, NOW);
  for (const happening of happenings) {
    if ('version' in happening) world.write({ saved: world.decide([documentOf(happening.version)]) });
    else carryOut(world, happening.command);
    checkWorld(world);
  }
  world.comeToRest();
  checkWorld(world);
  checkRest(world);
  return world;
}

const receipt = (place: Place, units: number): Happening => ({ command: { do: 'receive', place, units } });

/** Versions of one order, each of a version number of its own or of the same. */
const anyHistory = fc.array(
  anyVersion(fc.constant(0)).chain((version) => fc.integer({ min: 1, max: 6 }).map((number) => ({ ...version, version: number }))),
  { minLength: 1, maxLength: 6 },
);

/** The history in any order, each version once or twice. */
const anyArrival = anyHistory.chain((history) =>
  fc.record({ history: fc.constant(history), arrived: fc.shuffledSubarray([...history, ...history], { minLength: history.length * 2 }) }),
);

function newestOf(history: readonly Version[]): Version[] {
  return history.toSorted((a, b) => compareVersions(sourceVersionOf(documentOf(a)), sourceVersionOf(documentOf(b)))).slice(-1);
}

/** What an order has come to, apart from when, and from where its units come. */
function gist(order: Order | undefined) {
  if (order === undefined) return undefined;
  const { status, holds, demand, kits, allocations, ending, priority, only, prefer, addressHash, total, source, authorisation } = order;
  const units = addUnits(allocations);
  return {
    status,
    holds: holds.map(({ kind, by }) => `${kind} by ${by}`),
    demand,
    kits,
    units,
    missing: missingUnits(order),
    ending,
    priority,
    only,
    prefer,
    addressHash,
    total,
    source,
    by: authorisation?.by,
  };
}

function totals(world: World) {
  return SKUS.map((sku) =>
    [...world.shelves.values()]
      .filter((shelf) => shelf.sku === sku)
      .reduce((sum, shelf) => ({ onHand: sum.onHand + shelf.onHand, available: sum.available + availableIn(shelf) }), { onHand: 0, available: 0 }),
  );
}

describe('versions of one order, in any order and repeated', () => {
  test.each(CLIENTS)(
    'come to what the newest alone comes to where there is plenty, to the last unit of every place: split $split, rules $rules',
    ({ client }) => {
      const stocked = PLACES.map((place) => receipt(place, 50));

      fc.assert(
        fc.property(anyArrival, ({ history, arrived }) => {
          const all = hubAfter(client, [...stocked, ...arrived.map((version) => ({ version }))]);
          const newest = hubAfter(client, [...stocked, ...newestOf(history).map((version) => ({ version }))]);

          expect(gist(all.orders.get('shop:0'))).toEqual(gist(newest.orders.get('shop:0')));
          expect(all.orders.get('shop:0')?.allocations).toEqual(newest.orders.get('shop:0')?.allocations);
          expect(all.shelves).toEqual(newest.shelves);
          expect([...all.loads].filter(([, orders]) => orders !== 0)).toEqual([...newest.loads].filter(([, orders]) => orders !== 0));
        }),
        { numRuns: runs(150) },
      );
    },
    60_000,
  );

  test.each(CLIENTS.filter(({ split }) => split !== 'never'))(
    'come to the same status, units and totals where stock is scarce and comes in between: split $split, rules $rules',
    ({ client }) => {
      const anyReceipts = fc.array(fc.record({ place: fc.constantFrom(...PLACES), units: fc.integer({ min: 1, max: 4 }) }), { maxLength: 6 });
      const interleaved = fc.tuple(anyArrival, anyReceipts).chain(([{ history, arrived }, receipts]) =>
        fc.record({
          history: fc.constant(history),
          receipts: fc.constant(receipts),
          // Some number for each happening: where it goes among the others. Versions stay in the order in which they arrive.
          cuts: fc.array(fc.nat(arrived.length), { minLength: receipts.length, maxLength: receipts.length }),
          arrived: fc.constant(arrived),
          reacts: fc.array(fc.boolean(), { minLength: arrived.length, maxLength: arrived.length }),
        }),
      );

      fc.assert(
        fc.property(interleaved, ({ history, receipts, cuts, arrived, reacts }) => {
          const here = (at: number) => receipts.filter((_, index) => cuts[index] === at).map(({ place, units }) => receipt(place, units));
          const mixed = arrived.flatMap((version, at): Happening[] => [...here(at), { version }, ...(reacts[at] ? [{ command: { do: 'react' as const } }] : [])]);
          const all = hubAfter(client, [...mixed, ...here(arrived.length)]);
          const newest = hubAfter(client, [...receipts.map(({ place, units }) => receipt(place, units)), ...newestOf(history).map((version) => ({ version }))]);

          expect(gist(all.orders.get('shop:0'))).toEqual(gist(newest.orders.get('shop:0')));
          expect(totals(all)).toEqual(totals(newest));
        }),
        { numRuns: runs(150) },
      );
    },
    60_000,
  );

  test('come to what the newest alone comes to when the order may not be split and its stock comes before it', () => {
    const anyShelves = fc.array(fc.record({ place: fc.constantFrom(...PLACES), units: fc.integer({ min: 1, max: 4 }) }), { maxLength: 12 });

    fc.assert(
      fc.property(fc.constantFrom(...CLIENTS), anyShelves, anyArrival, ({ client }, shelves, { history, arrived }) => {
        const stocked = shelves.map(({ place, units }) => receipt(place, units));
        const all = hubAfter(client, [...stocked, ...arrived.map((version) => ({ version }))]);
        const newest = hubAfter(client, [...stocked, ...newestOf(history).map((version) => ({ version }))]);

        expect(gist(all.orders.get('shop:0'))).toEqual(gist(newest.orders.get('shop:0')));
        expect(totals(all)).toEqual(totals(newest));
      }),
      { numRuns: runs(300) },
    );
  }, 60_000);
});

describe('versions of an order that is packed in between', () => {
  test.each(CLIENTS)(
    'lose no unit: each is on a shelf, in a parcel or in quarantine, and a parcel that the order no longer wants is called back or held: split $split, rules $rules',
    ({ client }) => {
      const stocked = PLACES.map((place) => receipt(place, 20));
      const act = fc.constantFrom<Command[]>(
        { do: 'packWhole', order: 0 },
        { do: 'authorise', order: 0 },
        { do: 'release', order: 0, kind: 'client' },
        { do: 'recall', order: 0, parcel: 0 },
        { do: 'endRecall', order: 0, parcel: 0, outcome: 'unpacked' },
        { do: 'endRecall', order: 0, parcel: 0, outcome: 'left' },
        { do: 'follow', order: 0, parcel: 0, to: 'dispatched' },
        { do: 'react' },
      );
      const happenings = fc.tuple(anyArrival, fc.array(act, { minLength: 4, maxLength: 24 })).map(([{ arrived }, acts]) =>
        acts.flatMap((command, index): Happening[] => {
          const version = arrived[index >> 1];
          return index % 2 === 0 && version !== undefined ? [{ version }, { command }] : [{ command }];
        }),
      );

      fc.assert(
        fc.property(happenings, (these) => {
          const order = hubAfter(client, [...stocked, ...these]).orders.get('shop:0');
          const waiting = order?.parcels.filter(({ status }) => status === 'packed') ?? [];
          if (order?.ending !== undefined) expect(waiting).toEqual([]);
        }),
        { numRuns: runs(200) },
      );
    },
    60_000,
  );
});

test('lots of the model expire on days that the model reaches', () => {
  expect(Object.values(LOTS).filter((day) => day < '2026-12-01')).toHaveLength(2);
});
