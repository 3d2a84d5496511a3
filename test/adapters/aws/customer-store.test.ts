import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHistory, rememberOrders } from '../../../adapters/aws/customer-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { factsOf, type History } from '../../../core/customer.ts';
import { idOf, type OrderDocument } from '../../../core/order-document.ts';
import { judge, Rule } from '../../../core/rule.ts';
import { NOW, sampleClient, sampleLine, sampleOrder } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';

const emulator = useEmulator();
const DAYS = 90;
const DUPLICATES = Rule.parse({ name: 'twice', when: { duplicateWithinHours: 24 }, actions: [{ do: 'hold', kind: 'duplicate', reason: 'ordered twice' }] });
const client = sampleClient();

function orderOf(sourceId: string, overrides: Partial<OrderDocument> = {}): OrderDocument {
  return sampleOrder({ sourceId, ...overrides });
}

function later(minutes: number): Date {
  return new Date(NOW.getTime() + minutes * 60_000);
}

/** Takes orders in as intake does: remembers, then reads. */
async function takeIn(table: Table, documents: readonly OrderDocument[], now: Date): Promise<Map<string, History>> {
  await rememberOrders(table, documents, now, DAYS);
  return await readHistory(table, documents, now);
}

function isHeld(document: OrderDocument, histories: ReadonlyMap<string, History>): boolean {
  return judge([DUPLICATES], factsOf(document, [], client, histories.get(idOf(document)), new Set(['received' as const])), 'EUR').holds.length > 0;
}

describe('the history of a customer', () => {
  test('begins with their first order, and has those before in every later one', async () => {
    const table = await emulator.freshTable();

    const first = await takeIn(table, [orderOf('1')], NOW);
    const second = await takeIn(table, [orderOf('2', { lines: [sampleLine('LAMP', 1)] })], later(5));

    expect(first.get('shop:1')).toMatchObject({ customer: 'new', earlier: [], at: NOW.toISOString() });
    expect(second.get('shop:2')).toMatchObject({ customer: 'known', earlier: [{ orderId: 'shop:1', at: NOW.toISOString() }], at: later(5).toISOString() });
    expect(second.get('shop:2')?.earlier[0]?.goods).toBe(first.get('shop:1')?.goods);
  });

  test('is theirs alone, and there is none for whom nothing tells who they are', async () => {
    const table = await emulator.freshTable();
    const stranger = orderOf('3', { email: null, phone: null, shipTo: null });

    const histories = await takeIn(table, [orderOf('1'), orderOf('2', { email: 'max@example.com' }), stranger], NOW);

    expect([...histories].map(([orderId, { customer }]) => [orderId, customer])).toEqual([
      ['shop:1', 'new'],
      ['shop:2', 'new'],
    ]);
  });

  test('is not known for an order that nobody remembered', async () => {
    expect(await readHistory(await emulator.freshTable(), [orderOf('1')], NOW)).toEqual(new Map());
  });

  test('keeps the time of the first sight through repeats and newer versions, whose goods it takes over', async () => {
    const table = await emulator.freshTable();
    const changed = orderOf('1', { sourceVersion: 2_000, lines: [sampleLine('LAMP', 7)] });

    const first = await takeIn(table, [orderOf('1')], NOW);
    await takeIn(table, [orderOf('2')], later(1));
    const repeated = await takeIn(table, [orderOf('1')], later(2));
    const edited = await takeIn(table, [changed], later(3));
    const stale = await takeIn(table, [orderOf('1')], later(4));

    expect(repeated).toEqual(first);
    expect(edited.get('shop:1')).toEqual({ ...first.get('shop:1'), goods: edited.get('shop:1')?.goods });
    expect(edited.get('shop:1')?.goods).not.toBe(first.get('shop:1')?.goods);
    expect(stale).toEqual(edited);
  });

  test('leaves out an order that was cancelled since', async () => {
    const table = await emulator.freshTable();
    await takeIn(table, [orderOf('1')], NOW);
    await takeIn(table, [orderOf('1', { sourceVersion: 2_000, cancelled: true })], later(1));

    expect((await takeIn(table, [orderOf('2')], later(2))).get('shop:2')).toMatchObject({ customer: 'new', earlier: [] });
  });

  test('forgets orders on the day that their personal data ends, and says so to DynamoDB', async () => {
    const table = await emulator.freshTable();
    await takeIn(table, [orderOf('1')], NOW);

    const items = await itemsOf(table);
    const onTheLastDay = await takeIn(table, [orderOf('2')], later(DAYS * 1_440 - 1));
    const afterwards = await takeIn(table, [orderOf('3', { lines: [sampleLine('LAMP', 1)] })], later(DAYS * 1_440));

    expect(items.map(({ expiresAt }) => expiresAt)).toEqual([NOW.getTime() / 1000 + DAYS * 86_400, NOW.getTime() / 1000 + DAYS * 86_400]);
    expect(onTheLastDay.get('shop:2')?.earlier.map(({ orderId }) => orderId)).toEqual(['shop:1']);
    expect(afterwards.get('shop:3')?.earlier.map(({ orderId }) => orderId)).toEqual(['shop:2']);
  });

  test('holds digests alone', async () => {
    const table = await emulator.freshTable();
    await takeIn(table, [orderOf('1', { phone: '+49 341 555 0100' })], NOW);

    const items = await itemsOf(table);

    expect(items.length).toBe(2);
    expect(JSON.stringify(items)).not.toMatch(/erika|example|muster|beispiel|555/i);
  });

  test('takes a customer who orders two hundred times at once, in the order given', async () => {
    const table = await emulator.freshTable();
    const documents = Array.from({ length: 200 }, (_, index) => orderOf(`${900 - index}`));

    const histories = await takeIn(table, documents, NOW);

    expect(documents.map((document) => histories.get(idOf(document))?.earlier.length)).toEqual(documents.map((_, index) => index));
  });
});

describe('of same orders exactly one is no duplicate', () => {
  test('whatever batches they come in, at once, from invocations whose clocks differ, with repeats', { timeout: 60_000 }, async () => {
    const table = await emulator.freshTable();
    const Batch = fc.record({
      ids: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
      skew: fc.integer({ min: -3_000, max: 3_000 }),
      delay: fc.integer({ min: 0, max: 8 }),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(Batch, { minLength: 2, maxLength: 6 }), async (batches) => {
        run += 1;
        const email = `customer-${run}@example.com`;

        const answers = await Promise.all(
          batches.map(async ({ ids, skew, delay }) => {
            const documents = ids.map((id) => orderOf(`${run}-${id}`, { email }));
            await new Promise((resolve) => setTimeout(resolve, delay));
            const histories = await takeIn(emulator.reopen(table), documents, new Date(NOW.getTime() + skew));
            return documents.map((document) => ({ orderId: idOf(document), held: isHeld(document, histories) }));
          }),
        );

        const verdicts = Map.groupBy(answers.flat(), ({ orderId }) => orderId);
        // Whoever asks about an order is told the same.
        for (const alike of verdicts.values()) expect(new Set(alike.map(({ held }) => held)).size).toBe(1);
        expect([...verdicts.values()].filter(([one]) => one?.held === false).length).toBe(1);
      }),
      { numRuns: 60 },
    );
  });
});

/** All that a table holds. */
async function itemsOf(table: Table): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
  return Items;
}
