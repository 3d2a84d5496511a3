import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { documentRow, orderKey } from '../../adapters/aws/order-store.ts';
import type { Table } from '../../adapters/aws/table.ts';
import { testRules } from '../../bin/commands/rules.ts';
import { addressHash } from '../../core/address.ts';
import type { Order } from '../../core/order.ts';
import { idOf, type OrderDocument, soldIn, sourceVersionOf } from '../../core/order-document.ts';
import { NOW, sampleLine, sampleOrder } from '../core/samples.ts';
import { useEmulator } from '../emulator.ts';

const ROOT = join(import.meta.dirname, '../..');
// The chapter's own example is what is tried here.
const CHAPTER = readFileSync(join(ROOT, 'docs/rules.md'), 'utf8');
const RULES = fenced('yaml');
const SAID = fenced('text');
const emulator = useEmulator();

describe('rules test', () => {
  let table: Table;
  beforeAll(async () => {
    table = await emulator.freshTable();
    const email = 'max@example.com';
    await store(table, [
      [orderOf('1001', { email, total: 20_000 }), 0, {}],
      [
        orderOf('1002', { email, total: 20_000 }),
        60,
        { holds: [{ kind: 'client', reason: 'of a rule that is gone', at: NOW.toISOString(), by: 'rule gone', release: 'manager' }] },
      ],
      [orderOf('1003', { lines: [sampleLine('TENT-2P', 5)] }), 120, {}],
      [orderOf('1004', { email: 'late@example.com', total: 20_000 }), 180, { status: 'delivered' }],
      [orderOf('1005', { email: null, phone: null, total: 20_000, cancelled: true }), 240, { status: 'cancelled' }],
    ]);
    // Its personal data is erased.
    await table.putAll([itemOf(orderOf('1006'), 300, {})]);
  });

  test('says which stored orders each rule hits, newest first, and what would change', async () => {
    const { json } = await testRules(stackOf(table), { file: fileWith(RULES), limit: 100, progress: () => {} }, table);

    expect(json).toEqual({
      file: 'demo.yaml',
      tested: 4,
      erased: 1,
      ended: 1,
      complete: true,
      rules: [
        {
          rule: 'first-order',
          on: 'received',
          orders: 2,
          examples: [
            { orderId: 'shop:1004', did: 'hold fraud: a large first order' },
            { orderId: 'shop:1001', did: 'hold fraud: a large first order' },
          ],
        },
        { rule: 'twice', on: 'received', orders: 1, examples: [{ orderId: 'shop:1002', did: 'hold duplicate: ordered twice within a day' }] },
        { rule: 'heavy', on: 'received', orders: 1, examples: [{ orderId: 'shop:1003', did: 'only leipzig; priority 8' }] },
        {
          rule: 'moved',
          on: 'readdressed',
          orders: 4,
          examples: [1004, 1003, 1002, 1001].map((id) => ({ orderId: `shop:${id}`, did: 'hold address: sent somewhere else since' })),
        },
      ],
      changes: [
        { orderId: 'shop:1003', status: 'allocated', changes: ['priority: 5 -> 8', 'only from: any warehouse -> leipzig'] },
        { orderId: 'shop:1002', status: 'allocated', changes: ['new duplicate hold by rule twice: ordered twice within a day', 'no client hold by rule gone any more'] },
        { orderId: 'shop:1001', status: 'allocated', changes: ['new fraud hold by rule first-order: a large first order'] },
      ],
    });
  });

  test('says it to a person too, as the chapter shows it, and writes nothing', async () => {
    const before = await itemsOf(table);

    const { text } = await testRules(stackOf(table), { file: fileWith(RULES), limit: 100, progress: () => {} }, table);

    expect(`${text}\n`).toBe(SAID);
    expect(await itemsOf(table)).toEqual(before);
  });

  test('reads no more orders than it may, and says that there are more', async () => {
    const { json, text } = await testRules(stackOf(table), { file: fileWith(''), limit: 2, progress: () => {} }, table);

    expect(json).toMatchObject({ complete: false, rules: [] });
    expect(text).toContain('raise --limit');
    expect(text).toContain('the file has no rules');
  });

  test('a hold that a person has released is not announced again', async () => {
    const fresh = await emulator.freshTable();
    const document = orderOf('1001', { total: 20_000 });
    await store(fresh, [[document, 0, { cleared: [`fraud:rule first-order:${sourceVersionOf(document).digest}`] }]]);

    const { json } = await testRules(stackOf(fresh), { file: fileWith(RULES), limit: 100, progress: () => {} }, fresh);

    expect(json).toMatchObject({ tested: 1, changes: [] });
  });

  test('refuses a file that is not there, with what to do', async () => {
    const trial = testRules(stackOf(table), { file: '/nowhere/demo.yaml', limit: 1, progress: () => {} }, table);

    await expect(trial).rejects.toMatchObject({ code: 'client.not-found', message: '/nowhere/demo.yaml does not exist; client files are in clients/.' });
  });
});

test('crossdock rules test wants a whole number of orders', () => {
  const { status, stderr } = spawnSync(process.execPath, ['bin/crossdock.ts', 'rules', 'test', '--limit', '1e3'], { cwd: ROOT, encoding: 'utf8' });

  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('"1e3" is not a whole number above 0') });
});

/** The first block of a language in the chapter. */
function fenced(language: string): string {
  return CHAPTER.split(`\`\`\`${language}\n`, 2)[1]?.split('```', 1)[0] ?? '';
}

function stackOf({ name }: Table) {
  return { where: 'this machine', tableName: name, deadLetterQueues: [] };
}

/** The demonstration client's file with other rules. */
function fileWith(rules: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'client-')), 'demo.yaml');
  const [withoutRules = ''] = readFileSync(join(ROOT, 'clients/demo.yaml'), 'utf8').split(/^rules:/m, 1);
  writeFileSync(file, withoutRules + rules);
  return file;
}

function orderOf(sourceId: string, overrides: Partial<OrderDocument> = {}): OrderDocument {
  return sampleOrder({ sourceId, number: `#${sourceId}`, total: 5_000, lines: [sampleLine('SOCK-WOOL', 1)], ...overrides });
}

async function store(table: Table, orders: readonly (readonly [OrderDocument, number, Partial<Order>])[]): Promise<void> {
  await table.putAll(orders.map((order) => itemOf(...order)));
  await table.putAll(orders.map(([document]) => documentRow(document, NOW, 90)));
}

/** An order as the table holds it, some minutes old. */
function itemOf(document: OrderDocument, minutes: number, overrides: Partial<Order>) {
  const at = new Date(NOW.getTime() + minutes * 60_000).toISOString();
  const order: Order = {
    entity: 'order',
    orderId: idOf(document),
    connectionId: document.connectionId,
    number: document.number,
    source: sourceVersionOf(document),
    status: 'allocated',
    holds: [],
    cleared: [],
    demand: soldIn(document),
    allocations: soldIn(document).map((line) => ({ ...line, warehouse: 'hamburg' })),
    parcels: [],
    priority: 5,
    shipBy: at,
    currency: document.currency,
    total: document.total,
    country: 'DE',
    region: '',
    addressHash: document.shipTo === null ? '' : addressHash(document.shipTo),
    authorisation: null,
    receivedAt: at,
    since: at,
    version: 1,
    change: { type: 'order.accepted', at, by: 'shop', reason: 'received' },
    ...overrides,
  };
  return { ...order, ...orderKey(order.orderId) };
}

async function itemsOf(table: Table): Promise<unknown[]> {
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
  return Items.sort((a, b) => (`${a.PK} ${a.SK}` < `${b.PK} ${b.SK}` ? -1 : 1));
}
