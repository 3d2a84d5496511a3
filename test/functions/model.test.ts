import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Arrival, readingsOf, takeInAll } from '../../adapters/aws/intake.ts';
import { readOrders } from '../../adapters/aws/order-store.ts';
import { isEntity, type Table } from '../../adapters/aws/table.ts';
import { Unavailable } from '../../core/error.ts';
import { eventsOf, type HubEvent, type Image } from '../../core/event.ts';
import { fill } from '../../core/intake.ts';
import type { Stock } from '../../core/inventory.ts';
import { missingUnits, type Order, turnOf } from '../../core/order.ts';
import { idOf as orderIdOf } from '../../core/order-document.ts';
import { fillBackorders } from '../../functions/inventory/fill-backorders.ts';
import { acceptOrders } from '../../functions/order/accept-orders.ts';
import { prioritiseOrder } from '../../functions/order/prioritise-order.ts';
import { releaseHold } from '../../functions/order/release-hold.ts';
import { packParcels } from '../../functions/shipment/pack-parcels.ts';
import { recallParcel } from '../../functions/shipment/recall-parcel.ts';
import { stockFaults } from '../../proof/stock.ts';
import { sampleLine, sampleOrder } from '../core/samples.ts';
import { useEmulator } from '../emulator.ts';
import { expectStockSound, itemsOf } from '../invariants.ts';
import { runs } from '../runs.ts';
import { post, receive } from './inventory/bookings.ts';
import { lifeline, tieTable } from './lifeline.ts';
import { useLogLines } from './log-lines.ts';
import { accepting, clientWith, deliveryOf, elsewhere, eventOf, hubOn, manager, type Posted, received, stockOf, stockUp, type TestHub } from './world.ts';

const emulator = useEmulator();
useLogLines();

/** Events that the backorders queue hears. */
const WAKING: ReadonlySet<string> = new Set(['stock.gained', 'order.waiting']);

/** What the table's stream would have told since the last look. */
class Stream {
  readonly #images = new Map<string, Image>();
  readonly #table: Table;
  #waking: HubEvent[] = [];

  constructor(table: Table) {
    this.#table = table;
  }

  async read(): Promise<void> {
    for (const item of await itemsOf(this.#table)) {
      const image = isEntity<Order>(item, 'order') ? item : isEntity<Stock>(item, 'stock') ? item : undefined;
      if (image === undefined) continue;
      const name = `${item.PK} ${item.SK}`;
      this.#waking.push(...eventsOf(this.#images.get(name), image).filter(({ type }) => WAKING.has(type)));
      this.#images.set(name, image);
    }
  }

  /** The events to react to; what could not be done is told again. */
  async react(...workers: readonly TestHub[]): Promise<void> {
    const events = this.#waking;
    this.#waking = [];
    const outcomes = await Promise.allSettled(workers.map(async (worker) => await fillBackorders(received(...events), worker)));
    for (const outcome of outcomes) if (outcome.status === 'rejected' && !(outcome.reason instanceof Unavailable)) throw outcome.reason;
    if (outcomes.some(({ status }) => status === 'rejected')) this.#waking.push(...events);
  }

  async comeToRest(hub: TestHub): Promise<void> {
    await this.read();
    while (this.#waking.length > 0) {
      await this.react(hub);
      await this.read();
    }
  }
}

const SKUS = ['TENT', 'MUG'] as const;
const IDS = ['a', 'b', 'c', 'd', 'e'] as const;
const anyPosted: fc.Arbitrary<Posted> = fc.record({
  id: fc.constantFrom(...IDS),
  version: fc.integer({ min: 1, max: 5 }),
  units: fc.dictionary(fc.constantFrom(...SKUS), fc.integer({ min: 1, max: 3 }), { minKeys: 1, noNullPrototype: true }),
  paid: fc.constantFrom(true, true, true, false),
  status: fc.constantFrom('open', 'open', 'open', 'cancelled'),
});

const anyCommand = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('accept'), posted: fc.array(anyPosted, { minLength: 1, maxLength: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('acceptAtOnce'), posted: fc.array(anyPosted, { minLength: 2, maxLength: 8 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash'),
      posted: fc.array(anyPosted, { minLength: 1, maxLength: 4 }),
      call: fc.integer({ min: 1, max: 8 }),
      when: fc.constantFrom('before', 'after'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('receive'), sku: fc.constantFrom(...SKUS), warehouse: fc.constantFrom('north', 'south'), units: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('count'), sku: fc.constantFrom(...SKUS), warehouse: fc.constantFrom('north', 'south'), units: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('react', 'reactAtOnce') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('release', 'pack', 'recall', 'prioritise'), id: fc.constantFrom(...IDS) }) },
);
type Command = typeof anyCommand extends fc.Arbitrary<infer C> ? C : never;

/** A hub with two connections to its table, and what its table tells. */
interface House {
  readonly hub: TestHub;
  readonly other: TestHub;
  readonly stream: Stream;
}

async function carryOut(command: Command, { hub, other, stream }: House, step: number): Promise<void> {
  switch (command.do) {
    case 'accept':
      await acceptUntilDone(hub, [...command.posted, ...command.posted.slice(0, 2)]);
      break;
    case 'acceptAtOnce':
      // Both get all of it: every message comes twice.
      await Promise.all([acceptUntilDone(hub, command.posted), acceptUntilDone(other, command.posted.toReversed())]);
      break;
    case 'crash': {
      const line = lifeline({ call: command.call, when: command.when });
      const dying = elsewhere(hub, emulator.reopen(hub.table));
      tieTable(dying.table, line);
      await line.run(async () => void (await acceptOrders(deliveries(command.posted, hub), accepting(dying))));
      await acceptUntilDone(hub, command.posted);
      break;
    }
    case 'receive':
      await receive(hub, `receipt-${step}`, { [command.sku]: command.units }, command.warehouse);
      break;
    case 'count':
      await post(hub, { kind: 'count', id: `count-${step}`, warehouse: command.warehouse, recount: true, lines: [{ sku: command.sku, counted: command.units }] });
      break;
    case 'react':
      await stream.react(hub);
      break;
    case 'reactAtOnce':
      await stream.react(hub, other);
      break;
    case 'release':
    case 'pack':
    case 'recall':
    case 'prioritise':
      await decideOn(command.do, `wholesale:${command.id}`, hub);
      break;
    default:
      command satisfies never;
  }
}

function deliveries(posted: readonly Posted[], hub: TestHub) {
  return received(...posted.map((one) => ({ ...deliveryOf(one), receivedAt: hub.now().toISOString() })));
}

/** A message that failed comes again. */
async function acceptUntilDone(hub: TestHub, posted: readonly Posted[]): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const failures = await acceptOrders(deliveries(posted, hub), accepting(hub));
    if (failures.size === 0) return;
    for (const error of failures.values()) if (!(error instanceof Unavailable)) throw error;
  }
  throw new Error('orders were not taken in, twenty times over');
}

async function decideOn(what: 'release' | 'pack' | 'recall' | 'prioritise', orderId: string, hub: TestHub): Promise<void> {
  const order = (await readOrders(hub.table, [orderId])).get(orderId);
  if (order === undefined) return;
  const reason = 'looked at it';
  if (what === 'release') await releaseHold({ orderId, kind: order.holds[0]?.kind ?? 'payment', reason }, hub, manager(hub));
  if (what === 'recall' && order.parcels.length > 0) await recallParcel({ orderId, parcel: order.parcels.at(-1)?.parcel ?? 1, reason }, hub, manager(hub));
  if (what === 'prioritise') await prioritiseOrder({ orderId, priority: 7, reason }, hub, manager(hub));
  if (what === 'pack' && order.status === 'authorised') await packParcels(received(eventOf('order.authorised', { ...order, status: 'authorised' })), hub);
}

/** Nobody waits for what is there. */
async function expectNobodyStuck(hub: TestHub): Promise<void> {
  const orders = [
    ...(
      await readOrders(
        hub.table,
        IDS.map((id) => `wholesale:${id}`),
      )
    ).values(),
  ].filter((order) => missingUnits(order).length > 0);
  const readings = await readingsOf(hub, SKUS);
  for (const order of orders.toSorted((a, b) => (turnOf(a) < turnOf(b) ? -1 : 1))) {
    expect(fill(order, readings, manager(hub)), `${order.orderId} is ${order.status} and waits for what is there`).toBeUndefined();
  }
}

describe.each(['never', 'warehouses', 'backorders'] as const)('a hub on a database, split %s', (split) => {
  test('keeps stock and orders sound through repeats, shuffles, crashes and workers at once, and leaves nobody waiting for what is there', async () => {
    const client = clientWith({ policies: { authorisation: { mode: 'automatic' }, packing: 'confirm', allocation: { split } } });

    await fc.assert(
      fc.asyncProperty(fc.array(anyCommand, { minLength: 8, maxLength: 24, size: 'max' }), async (commands) => {
        const table = await emulator.freshTable();
        const hub = hubOn(table, client);
        const house = { hub, other: elsewhere(hub, emulator.reopen(table)), stream: new Stream(table) };
        for (const [step, command] of commands.entries()) {
          await carryOut(command, house, step);
          await house.stream.read();
          hub.pass(40);
        }
        await house.stream.comeToRest(hub);
        await expectStockSound(table);
        await expectNobodyStuck(hub);
      }),
      { numRuns: runs(12), seed: 20_261_122, endOnFailure: true },
    );
  }, 120_000);
});

test('one unit and 500 orders at once, in five batches by five connections, have one winner; units that come then go to the others in the order in which they came', async () => {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 1 });
  const arrivals = Array.from(
    { length: 500 },
    (_, index): Arrival => ({
      document: sampleOrder({ connectionId: 'wholesale', sourceId: String(index), lines: [sampleLine('TENT', 1)] }),
      receivedAt: new Date(hub.now().getTime() + index).toISOString(),
    }),
  );
  const batches = Array.from({ length: 5 }, (_, batch) => arrivals.filter((_, index) => index % 5 === batch));

  await Promise.all(batches.map(async (batch) => await takeInAll(elsewhere(hub, emulator.reopen(hub.table)), batch)));
  const ids = arrivals.map(({ document }) => orderIdOf(document));
  const orders = await readOrders(hub.table, ids);
  const waiting = ids.filter((id) => orders.get(id)?.status === 'backordered');
  for (let receipt = 0; receipt < 60; receipt++) {
    hub.pass(1);
    await stockUp(hub, { TENT: 1 });
    await fillBackorders(received(await gained(hub)), hub);
  }
  const filled = [...(await readOrders(hub.table, waiting)).values()].filter(({ status }) => status === 'authorised');
  const served = filled.toSorted((a, b) => (a.since < b.since ? -1 : 1));

  expect([...orders.values()].filter(({ status }) => status === 'authorised')).toHaveLength(1);
  expect(waiting).toHaveLength(499);
  expect(served.map(({ orderId }) => orderId)).toEqual(waiting.slice(0, 60));
  expect(new Set(served.map(({ since }) => since)).size).toBe(60);
  await expectStockSound(hub.table);
}, 120_000);

test('the invariants catch a database that writes stock whatever it was', async () => {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 12 });
  const workers = [0, 1, 2].map(() => elsewhere(hub, emulator.reopen(hub.table)));
  for (const { table } of workers) forgetStockConditions(table);

  await Promise.all(
    workers.map(
      async (worker, lane) =>
        await acceptOrders(
          deliveries(
            Array.from({ length: 10 }, (_, index) => ({ id: `${lane}-${index}` })),
            worker,
          ),
          accepting(worker),
        ),
    ),
  );

  expect(await itemsOf(hub.table).then(stockFaults)).toEqual([expect.stringContaining('a counter is below zero')]);
});

/** Has every condition on a counter hold, whatever the counter is. */
function forgetStockConditions({ client }: Table): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { TransactItems } = TransactWrites.safeParse(args.input).data ?? {};
      for (const { Update } of TransactItems ?? []) if (Update !== undefined) Update.ConditionExpression = `(${Update.ConditionExpression}) OR NOT (${Update.ConditionExpression})`;
      return await next(TransactItems === undefined ? args : { ...args, input: { ...args.input, TransactItems } });
    },
    { step: 'initialize', name: 'forgetStockConditions', priority: 'high' },
  );
}

const TransactWrites = z.looseObject({ TransactItems: z.array(z.looseObject({ Update: z.looseObject({ ConditionExpression: z.string() }).optional() })) });

test('an order that lost its rank after a hundred others came lets them go first', async () => {
  const hub = hubOn(await emulator.freshTable());
  for (let batch = 0; batch < 2; batch++) {
    await acceptUntilDone(
      hub,
      Array.from({ length: 75 }, (_, index) => ({ id: `${batch}-${index}` })),
    );
    hub.pass(1);
  }
  await prioritiseOrder({ orderId: 'wholesale:0-0', priority: 1, reason: 'not urgent' }, hub, manager(hub));
  await stockUp(hub, { TENT: 149 });

  await fillBackorders(received(await gained(hub)), hub);

  expect((await readOrders(hub.table, ['wholesale:0-0'])).get('wholesale:0-0')?.status).toBe('backordered');
  await expectStockSound(hub.table);
}, 60_000);

/** The event that follows a receipt of tents. */
async function gained(hub: TestHub): Promise<HubEvent> {
  const stock = await stockOf(hub, 'TENT');
  return eventOf('stock.gained', { ...stock, available: stock.available + 1 });
}
