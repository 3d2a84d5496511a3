import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDocument } from '../../../adapters/aws/order-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import { Unavailable } from '../../../core/error.ts';
import type { Order } from '../../../core/order.ts';
import { fillBackorders } from '../../../functions/inventory/fill-backorders.ts';
import { acceptOrders } from '../../../functions/order/accept-orders.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, accepting, deliveryOf, elsewhere, eventOf, hubOn, idOf, orderOf, received, stockOf, stockUp } from '../world.ts';

const emulator = useEmulator();
const log = useLogLines();

/** Counts the transactions that a table is asked to write; may have the first few meet another one. */
function watchTransactions(table: Table, conflicts = 0): { count: number } {
  const seen = { count: 0 };
  table.client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== 'TransactWriteCommand' && context.commandName !== 'TransactWriteItemsCommand') return await next(args);
      seen.count += 1;
      if (seen.count > conflicts) return await next(args);
      throw new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }] });
    },
    { step: 'initialize', name: 'watchTransactions', priority: 'high' },
  );
  return seen;
}

async function ordersIn(table: Table): Promise<Order[]> {
  return (await itemsOf(table)).filter((item): item is typeof item & Order => item.entity === 'order');
}

describe('a batch of orders', () => {
  test('is one transaction: each SKU is written once for all of them', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 200, MUG: 200 });
    const transactions = watchTransactions(hub.table);

    const failures = await accept(hub, ...Array.from({ length: 60 }, (_, index) => ({ id: String(index), units: { TENT: 1, MUG: 2 } })));

    expect([...failures]).toEqual([]);
    expect(transactions.count).toBe(1);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 200, reserved: 60, available: 140, version: 2 });
    expect(await stockOf(hub, 'MUG')).toMatchObject({ onHand: 200, reserved: 120, available: 80, version: 2 });
    expect((await ordersIn(hub.table)).map(({ status }) => status)).toEqual(Array(60).fill('authorised'));
    await expectStockSound(hub.table);
  });

  test('larger than a transaction is written in several', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 500 });

    await accept(hub, ...Array.from({ length: 100 }, (_, index) => ({ id: String(index) })));

    expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 100 });
    await expectStockSound(hub.table);
  });

  test('that is delivered again changes nothing', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10 });
    await accept(hub, { id: '1' }, { id: '2' });
    const before = await itemsOf(hub.table);

    const failures = await accept(hub, { id: '1' }, { id: '2' });

    expect([...failures]).toEqual([]);
    expect(await itemsOf(hub.table)).toEqual(before);
    expect(log.lines.filter(({ message, became }) => message === 'duplicateRefused' && became === 'duplicate')).toHaveLength(2);
  });

  test('with an order twice takes it in once', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10 });

    await accept(hub, { id: '1' }, { id: '1' }, { id: '1' });

    expect(await orderOf(hub, '1')).toMatchObject({ version: 1 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 1 });
    await expectStockSound(hub.table);
  });

  test('with two versions of one order takes the newer, whichever comes first', async () => {
    for (const versions of [
      [1, 2],
      [2, 1],
    ]) {
      const hub = hubOn(await emulator.freshTable());
      await stockUp(hub, { TENT: 10 });

      await accept(hub, ...versions.map((version) => ({ id: '1', version, units: { TENT: version * 2 } })));

      expect(await orderOf(hub, '1')).toMatchObject({ demand: [{ sku: 'TENT', quantity: 4 }], source: { version: 2 } });
      expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 4 });
      await expectStockSound(hub.table);
    }
  });

  test('with an older version of a known order leaves it as it is', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10 });
    await accept(hub, { id: '1', version: 5, units: { TENT: 3 } });

    await accept(hub, { id: '1', version: 4, units: { TENT: 1 }, status: 'cancelled' });

    expect(await orderOf(hub, '1')).toMatchObject({ version: 1, status: 'authorised', demand: [{ sku: 'TENT', quantity: 3 }] });
    await expectStockSound(hub.table);
  });

  test('gives back what a cancelled or smaller order had reserved', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10, MUG: 10 });
    await accept(hub, { id: '1', units: { TENT: 3, MUG: 2 } }, { id: '2', units: { TENT: 5 } });

    await accept(hub, { id: '1', version: 2, units: { TENT: 1 } }, { id: '2', version: 2, status: 'cancelled' });

    expect([await stockOf(hub, 'TENT'), await stockOf(hub, 'MUG')]).toMatchObject([{ reserved: 1 }, { reserved: 0 }]);
    expect(await orderOf(hub, '2')).toMatchObject({ status: 'cancelled', allocations: [] });
    await expectStockSound(hub.table);
  });

  test('keeps personal data in the document alone, and the document until its day', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10 });

    await accept(hub, { id: '1' });

    const items = await itemsOf(hub.table);
    const personal = items.filter((item) => /Erika|Beispielweg|erika@/.test(JSON.stringify(item)));
    expect(personal.map(({ entity, expiresAt }) => ({ entity, expiresAt }))).toEqual([{ entity: 'document', expiresAt: hub.now().getTime() / 1000 + 90 * 86_400 }]);
    expect(await readDocument(hub.table, await orderOf(hub, '1'))).toMatchObject({ email: 'erika@example.com' });
  });
});

describe('deliveries that cannot be taken in', () => {
  test('fail alone, with their reason', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10 });
    const odd = (body: string): Delivery => ({ ...deliveryOf({ id: '1' }), body: Buffer.from(body) });
    const batch = received<Delivery>(
      deliveryOf({ id: '1' }),
      odd(''),
      odd('{"type":"order.created"}'),
      { ...deliveryOf({ id: '2' }), connectionId: 'nobody' },
      odd('{"type":"ping"}'),
      deliveryOf({ id: '3', units: { TENT: -1 } }),
      deliveryOf({ id: '4' }),
    );

    const failures = await acceptOrders(batch, accepting(hub));

    expect([...failures].map(([id, error]) => [id, error])).toEqual([
      ['m1', expect.objectContaining({ name: 'Rejected', code: 'json.empty' })],
      ['m2', expect.objectContaining({ name: 'Rejected', code: 'storefront.shape-changed' })],
      ['m3', expect.objectContaining({ name: 'Rejected', code: 'storefront.unknown' })],
      ['m5', expect.objectContaining({ name: 'Rejected', code: 'storefront.payload-unreadable' })],
    ]);
    expect((await ordersIn(hub.table)).map(({ orderId }) => orderId).sort()).toEqual([idOf('1'), idOf('4')]);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'deliveryIgnored', connectionId: 'wholesale' }));
  });
});

describe('scarce stock', () => {
  test('is never promised twice by two batches at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 2, maxLength: 14 }), async (onHand, quantities) => {
        const hub = hubOn(await emulator.freshTable());
        if (onHand > 0) await stockUp(hub, { TENT: onHand });
        const posted = quantities.map((quantity, index) => ({ id: String(index), units: { TENT: quantity } }));
        const other = elsewhere(hub, emulator.reopen(hub.table));
        const half = Math.ceil(posted.length / 2);

        const [first, second] = await Promise.all([accept(hub, ...posted.slice(0, half)), accept(other, ...posted.slice(half))]);

        expect([...first, ...second]).toEqual([]);
        // Who began to wait while the other batch wrote is looked at again: every order that waits says so once.
        const late = (await ordersIn(hub.table)).filter(({ status }) => status === 'backordered');
        await fillBackorders(received(...late.map((order) => eventOf('order.waiting', order))), hub);
        const orders = await ordersIn(hub.table);
        const left = onHand - sum(orders.flatMap(({ allocations }) => allocations.map(({ quantity }) => quantity)));
        const waiting = orders.filter(({ status }) => status === 'backordered').map(({ demand }) => demand[0]?.quantity ?? 0);
        expect(orders).toHaveLength(posted.length);
        expect(left).toBeGreaterThanOrEqual(0);
        // Nobody waits for what is there.
        expect(waiting.filter((quantity) => quantity <= left)).toEqual([]);
        await expectStockSound(hub.table);
      }),
      { numRuns: 12 },
    );
  });

  test('is given out to the last unit by four batches at once', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 30 });
    const batches = [0, 1, 2, 3].map((batch) => Array.from({ length: 15 }, (_, index) => ({ id: `${batch}-${index}` })));

    await Promise.all(batches.map((batch) => accept(elsewhere(hub, emulator.reopen(hub.table)), ...batch)));

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 30, reserved: 30, available: 0 });
    const statuses = Map.groupBy(await ordersIn(hub.table), ({ status }) => status);
    expect([...statuses].map(([status, orders]) => [status, orders.length]).sort()).toEqual([
      ['authorised', 30],
      ['backordered', 30],
    ]);
    await expectStockSound(hub.table);
  });

  test('comes from the next warehouse, and from one only', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 1, MUG: 5 }, 'north');
    await stockUp(hub, { TENT: 5, MUG: 5 }, 'south');

    await accept(hub, { id: '1', units: { TENT: 2, MUG: 1 } });

    expect((await orderOf(hub, '1')).allocations.map(({ warehouse }) => warehouse)).toEqual(['south', 'south']);
    await expectStockSound(hub.table);
  });
});

describe('versions of one order from two batches at once', () => {
  test('end as the newest, whoever was faster', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ version: fc.integer({ min: 1, max: 5 }), quantity: fc.integer({ min: 1, max: 4 }) }), { minLength: 2, maxLength: 5 }),
        async (versions) => {
          const hub = hubOn(await emulator.freshTable());
          await stockUp(hub, { TENT: 20 });

          await Promise.all(versions.map(({ version, quantity }) => accept(elsewhere(hub, emulator.reopen(hub.table)), { id: '1', version, units: { TENT: quantity } })));

          const newest = Math.max(...versions.map(({ version }) => version));
          const candidates = versions.filter(({ version }) => version === newest).map(({ quantity }) => quantity);
          const order = await orderOf(hub, '1');
          expect(order.source.version).toBe(newest);
          expect(candidates).toContain(order.demand[0]?.quantity);
          await expectStockSound(hub.table);
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('a transaction that meets another', () => {
  test('is tried again and counts once', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10 });
    const transactions = watchTransactions(hub.table, 3);

    const failures = await accept(hub, { id: '1' }, { id: '2' });

    expect([...failures]).toEqual([]);
    expect(transactions.count).toBe(4);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 2, version: 2 });
    await expectStockSound(hub.table);
  });

  test('again and again is left to the queue, with nothing written', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10 });
    watchTransactions(hub.table, 1_000);

    const failures = await accept(hub, { id: '1' }, { id: '2' });

    expect([...failures]).toEqual(['m0', 'm1'].map((id) => [id, expect.any(Unavailable)]));
    expect(await ordersIn(hub.table)).toEqual([]);
    await expectStockSound(hub.table);
  }, 30_000);

  test('is written once though the answer to it was lost', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 10 });
    loseFirstAnswer(hub.table);

    expect([...(await accept(hub, { id: '1' }))]).toEqual([]);

    expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 1, version: 2 });
    await expectStockSound(hub.table);
  });
});

/** The first transaction is written, and its answer never comes back: the SDK sends it again. */
function loseFirstAnswer(table: Table): void {
  let lost = false;
  table.client.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      if (lost || !String(context.commandName).startsWith('TransactWrite')) return answer;
      lost = true;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
    },
    { step: 'deserialize', name: 'loseFirstAnswer', priority: 'high' },
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
