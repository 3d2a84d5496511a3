import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Refused } from '../../../core/error.ts';
import type { Unchanged } from '../../../core/intake.ts';
import type { Order, Saved } from '../../../core/order.ts';
import type { OrderDocument } from '../../../core/order-document.ts';
import { NOW } from '../samples.ts';
import { CLIENTS } from './clients.ts';
import { anyCommands } from './commands.ts';
import { live } from './life.ts';
import { CORE, type Core, World } from './world.ts';

interface Mutant {
  readonly name: string;
  readonly core?: Partial<Core>;
  readonly conditions?: boolean;
  /** Any of the laws that it breaks: which one is met first is chance. */
  readonly breaks: RegExp;
}

/** Hubs that are wrong in one place each. */
const MUTANTS: readonly Mutant[] = [
  { name: 'orders are served in the order of their names', core: { turnOf: ({ orderId }) => orderId }, breaks: /which was there when its turn came/ },
  {
    name: 'an edit forgets what the order had reserved',
    core: { takeIn: (document, existing, readings, act) => CORE.takeIn(document, existing && { ...existing, allocations: [] }, readings, act) },
    breaks: /reserved, orders hold/,
  },
  {
    name: 'a held order is packed',
    core: { packWhole: (order, client, act) => CORE.packWhole(order.holds.length > 0 ? { ...order, holds: [], authorisation: anyAuthorisation(order) } : order, client, act) },
    breaks: /packed while it was held/,
  },
  {
    name: 'an order is packed that nobody authorised',
    core: { packWhole: (order, client, act) => CORE.packWhole({ ...order, authorisation: anyAuthorisation(order) }, client, act) },
    breaks: /packed while it was allocated/,
  },
  {
    name: 'a part of what is reserved is packed, and the rest forgotten',
    core: { packWhole: (order, client, act) => CORE.packWhole({ ...order, allocations: order.allocations.slice(0, 1) }, client, act) },
    breaks: /reserved, orders hold|packed short|reserved, \d+ missing/,
  },
  { name: 'stock is written whatever it was', conditions: false, breaks: /a counter is -|version \d+ became|reserved, orders hold|still lacks|reserved, \d+ missing/ },
  { name: 'what is unpacked is put on the shelf twice', core: { endRecall: (...given) => twice(CORE.endRecall(...given)) }, breaks: /came, \d+ on shelves/ },
  {
    name: 'an order keeps what turned out not to be there',
    core: { fallShort: (...given) => ({ ...CORE.fallShort(...given), movements: [] }) },
    breaks: /refused|reserved, orders hold/,
  },
  { name: 'an order that waits is not queued', core: { takeIn: (...given) => unqueued(CORE.takeIn(...given)) }, breaks: /which was there when its turn came/ },
  { name: 'a scan that comes late moves a parcel back', core: { follow: (order, parcel, to, at, act) => backwards(order, parcel, to, at, act) }, breaks: /parcel \d was/ },
  {
    name: 'what the storefront counts as fulfilled is taken off what it sold',
    core: { takeIn: (document, ...given) => CORE.takeIn(withoutFulfilled(document), ...given) },
    breaks: /repeated what we told it/,
  },
];

describe('the laws catch a hub in which', () => {
  test.each(MUTANTS)(
    '$name',
    ({ core, conditions = true, breaks }) => {
      const life = fc.property(
        anyCommands,
        fc.constantFrom(...CLIENTS),
        (commands, { client }) => void live(new World(client, NOW, { core: { ...CORE, ...core }, conditions }), commands),
      );

      const { failed, errorInstance } = fc.check(life, { numRuns: 2_000, seed: 4, endOnFailure: true });

      expect(failed).toBe(true);
      expect(String(errorInstance)).toMatch(breaks);
    },
    60_000,
  );
});

function anyAuthorisation({ addressHash }: Pick<Order, 'addressHash'>): NonNullable<Order['authorisation']> {
  return { by: 'nobody', at: '', reason: '', addressHash };
}

function twice<Outcome extends Saved | Refused>(outcome: Outcome): Outcome {
  return outcome.kind === 'refused' ? outcome : { ...outcome, movements: [...outcome.movements, ...outcome.movements] };
}

function withoutFulfilled(document: OrderDocument): OrderDocument {
  return { ...document, lines: document.lines.map(({ fulfilled = 0, ...line }) => ({ ...line, quantity: line.quantity - fulfilled })) };
}

function unqueued(outcome: Saved | Unchanged): Saved | Unchanged {
  return outcome.kind === 'saved' ? { ...outcome, waits: [] } : outcome;
}

function backwards(...[order, parcel, to, at, act]: Parameters<Core['follow']>): Saved | undefined {
  const ready = order.parcels.map((one) => (one.parcel === parcel && one.status === 'delivered' ? { ...one, status: 'packed' as const } : one));
  return CORE.follow({ ...order, parcels: ready }, parcel, to, at, act);
}
