import { describe, expect, test } from 'vitest';
import { openSupply, readSupply } from '../../../adapters/aws/supply-store.ts';
import type { SupplyRequest } from '../../../core/supply.ts';
import { handler } from '../../../functions/inventory/book-stock.ts';
import { notifyPlant } from '../../../functions/notification/notify-plant.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { authorizedEvent, CONTEXT } from '../invoke.ts';
import { useLogLines } from '../log-lines.ts';
import { elsewhere, eventOf, stockOf, type TestHub } from '../world.ts';
import { hubWithLots, post, receive } from './bookings.ts';

const emulator = useEmulator();
useLogLines();

const SLOT = { plant: 'mill', sku: 'TENT', warehouse: 'north' };
const MILK = { sku: 'MILK', lot: 'L1' };

async function open(...options: readonly ('never' | 'backorders')[]): Promise<TestHub> {
  return hubWithLots(await emulator.freshTable(), ...options);
}

/** Has the plant asked for what is missing, as the event of low stock does. */
async function ask(hub: TestHub): Promise<void> {
  const notifier = async () => ({ id: 'topic', accepts: () => true, send: async () => {} });
  await notifyPlant(eventOf('stock.low', await stockOf(hub, 'TENT')), { ...hub, topicArn: 'arn:plants', notifier });
}

function supplyOf(sku: string): SupplyRequest {
  const basis = { onHand: 0, reserved: 0, available: 0, incoming: 0, dailyUse: 0, point: 2, upTo: 20, multiple: 1 };
  const change = { type: 'supply.requested' as const, at: '', by: 'hub', reason: 'low' };
  return {
    entity: 'supply',
    requestId: `${sku}-1`,
    plant: 'mill',
    sku,
    warehouse: 'north',
    status: 'open',
    quantity: 5,
    received: 0,
    basis,
    requestedAt: '',
    needBy: '',
    version: 1,
    change,
  };
}

/** The same hub, in which something else happens right before its first command of a name. */
function interrupted(hub: TestHub, command: string, meanwhile: () => Promise<unknown>): TestHub {
  const table = emulator.reopen(hub.table);
  let isFirst = true;
  table.client.middlewareStack.add(
    (next, { commandName }) =>
      async function interrupt(args) {
        if (isFirst && commandName === command) {
          isFirst = false;
          await meanwhile();
        }
        return await next(args);
      },
    { step: 'initialize' },
  );
  return elsewhere(hub, table);
}

async function answerRequest(hub: TestHub, id: string, quantity: number) {
  return await post(hub, { kind: 'receipt', id, warehouse: 'north', lines: [{ sku: 'TENT', quantity }] });
}

describe('any booking', () => {
  test('is done once, however often it is sent, and answered as it was', async () => {
    const hub = await open();
    const first = await receive(hub, 'r1', { TENT: 5 });

    expect(await receive(hub, 'r1', { TENT: 5 })).toEqual({ kind: 'answer', body: { ...Object(first).body, booked: 'already' } });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5, version: 1 });
  });

  test('is done once when it is sent five times at once', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    const booking = { kind: 'transfer', id: 't1', from: 'north', to: 'south', lines: [{ sku: 'TENT', quantity: 5 }] };

    const answers = await Promise.all(Array.from({ length: 5 }, () => post(elsewhere(hub, emulator.reopen(hub.table)), booking)));

    expect(answers.map((answer) => Object(answer).body?.booked).sort()).toEqual(['already', 'already', 'already', 'already', 'now']);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 0, version: 2 });
    await expectStockSound(hub.table);
  });

  test('that its own other sending has made impossible meanwhile is answered as done', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    const booking = { kind: 'transfer', id: 't1', from: 'north', to: 'south', lines: [{ sku: 'TENT', quantity: 5 }] };

    const answer = await post(
      interrupted(hub, 'BatchGetItemCommand', () => post(hub, booking)),
      booking,
    );

    expect(answer).toMatchObject({ kind: 'answer', body: { booked: 'already' } });
  });

  test('with the id of another one is refused', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });

    expect(await receive(hub, 'r1', { TENT: 6 })).toMatchObject({ kind: 'refused', code: 'inventory.booked-differently' });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5 });
  });

  test('has the id to itself within its kind', async () => {
    const hub = await open();
    await receive(hub, 'x', { TENT: 5 });

    const answer = await post(hub, { kind: 'adjustment', id: 'x', cause: 'lost', reason: 'fell apart', lines: [{ sku: 'TENT', warehouse: 'north', quantity: -1 }] });

    expect(answer).toMatchObject({ kind: 'answer', body: { booked: 'now' } });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 4, change: { by: 'manager', reason: 'adjustment x: fell apart' } });
  });

  test.each<[string, object, string, string]>([
    [
      'a SKU that the client does not keep',
      {
        lines: [
          { sku: 'TENT', quantity: 1 },
          { sku: 'GHOST', quantity: 1 },
        ],
      },
      'inventory.unknown',
      'lines.1.sku: "GHOST"',
    ],
    ['a kit', { lines: [{ sku: 'CAMP', quantity: 1 }] }, 'inventory.unknown', 'book its parts'],
    ['a warehouse that the client does not have', { warehouse: 'moon' }, 'inventory.unknown', 'lines.0.warehouse: "moon"'],
    [
      'a SKU named twice',
      {
        lines: [
          { sku: 'TENT', quantity: 1 },
          { sku: 'TENT', quantity: 2 },
        ],
      },
      'inventory.line-twice',
      'lines.1.sku: "TENT"',
    ],
    ['a lot where there are none', { lines: [{ sku: 'TENT', quantity: 1, lot: 'L1' }] }, 'inventory.lot-unwanted', 'lines.0.lot: "L1"'],
    ['no lot where there are some', { lines: [{ sku: 'MILK', quantity: 1, expiresOn: '2027-01-31' }] }, 'inventory.lot-missing', 'lines.0.lot'],
    ['no expiry where there is one', { lines: [{ ...MILK, quantity: 1 }] }, 'inventory.expiry-missing', 'lines.0.expiresOn'],
    ['a transfer that is not named', { against: 'transfer' }, 'inventory.transfer-missing', 'lines.0.transferId'],
    ['nothing', { lines: [{ sku: 'TENT', quantity: 0 }] }, 'inventory.quantity-zero', 'lines.0.quantity: 0'],
  ])('of %s is refused whole, naming field and value', async (_name, changed, code, said) => {
    const hub = await open();
    const booking = { kind: 'receipt', id: 'r1', warehouse: 'north', lines: [{ sku: 'TENT', quantity: 1 }], ...changed };

    await expect(post(hub, booking)).rejects.toMatchObject({ name: 'Rejected', code, message: expect.stringContaining(said) });

    expect(await itemsOf(hub.table)).toEqual([]);
  });

  test('that writes more than a transaction holds says so', async () => {
    const skus = Array.from({ length: 21 }, (_, index) => `CHEESE-${index}`);
    const hub = hubWithLots(await emulator.freshTable(), 'never', {}, skus);
    for (const sku of skus) await openSupply(hub.table, supplyOf(sku), undefined, { by: 'hub', now: hub.now(), reference: sku, reason: 'low' });
    const lines = skus.map((sku) => ({ sku, quantity: 1, lot: 'L1', expiresOn: '2027-01-31' }));

    await expect(post(hub, { kind: 'receipt', id: 'r1', warehouse: 'north', lines })).rejects.toMatchObject({ code: 'inventory.booking-too-large' });
    expect(await post(hub, { kind: 'receipt', id: 'r1', warehouse: 'north', lines: lines.slice(0, 19) })).toMatchObject({ kind: 'answer' });

    await expectStockSound(hub.table);
  });
});

describe('the route', () => {
  test.each([
    ['{"kind":"gift","id":"a","lines":[]}', 'kind must be one of receipt'],
    ['{"kind":"receipt","id":"a","warehouse":"north","lines":[{"sku":"TENT","quantity":10001}]}', 'lines.0.quantity: 10001 is more than 10000 units'],
    ['{"kind":"receipt","id":"a b","warehouse":"north","lines":[{"sku":"TENT","quantity":"1O"}]}', 'lines.0.quantity: "1O" is no whole number'],
    ['{"kind":"count","id":"a","warehouse":"north","lines":[{"sku":"TENT","counted":-1}]}', 'lines.0.counted: -1 is below 0'],
    ['{"kind":"count","id":"a","warehouse":"north","force":true,"lines":[{"sku":"TENT","counted":1}]}', 'force'],
  ])('answers %s with 400, the field and the value', async (body, said) => {
    const response = await handler(authorizedEvent('hub/stock.write', { body }), CONTEXT);

    expect(response).toMatchObject({ statusCode: 400 });
    expect(JSON.parse(response.body ?? '')).toMatchObject({ code: 'request.invalid', message: expect.stringContaining(said) });
  });
});

describe('goods that arrive', () => {
  test('are on hand and available, with their reorder point', async () => {
    const hub = await open();

    await receive(hub, 'r1', { TENT: 5, MUG: 7 });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5, reserved: 0, available: 5, incoming: 0, reorderPoint: 2, change: { type: 'stock.received', by: 'manager' } });
    await expectStockSound(hub.table);
  });

  test('from many receipts at once are all counted', async () => {
    const hub = await open();

    await Promise.all(Array.from({ length: 8 }, (_, index) => receive(elsewhere(hub, emulator.reopen(hub.table)), `r${index}`, { TENT: 5, MUG: 1 })));

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 40, version: 8 });
    await expectStockSound(hub.table);
  });

  test('are kept by lot, with the last day of each', async () => {
    const hub = await open();

    await post(hub, { kind: 'receipt', id: 'r1', warehouse: 'north', lines: [{ ...MILK, quantity: 5, expiresOn: '2026-12-31' }] });

    expect(await stockOf(hub, 'MILK', 'north', 'L1')).toMatchObject({ onHand: 5, available: 5, expiresOn: '2026-12-31' });
    await expectStockSound(hub.table);
  });

  test.each([
    // It is 10 in the morning of 20 November in Berlin.
    ['2026-11-20', 0],
    ['2026-11-19', 5],
  ])('with %s as their last day put %i of 5 into quarantine', async (expiresOn, quarantined) => {
    const hub = await open();

    await post(hub, { kind: 'receipt', id: 'r1', warehouse: 'north', lines: [{ ...MILK, quantity: 5, expiresOn }] });

    expect(await stockOf(hub, 'MILK', 'north', 'L1')).toMatchObject({ onHand: 5, quarantined, available: 5 - quarantined });
    await expectStockSound(hub.table);
  });

  test('cannot give a lot a second last day, in no warehouse', async () => {
    const hub = await open();
    const receipt = (id: string, warehouse: string, expiresOn: string) => post(hub, { kind: 'receipt', id, warehouse, lines: [{ ...MILK, quantity: 5, expiresOn }] });
    await receipt('r1', 'north', '2026-12-31');

    expect(await receipt('r2', 'south', '2027-01-31')).toMatchObject({ kind: 'refused', code: 'inventory.lot-differs', why: expect.stringContaining('2026-12-31') });
    expect(await receipt('r3', 'south', '2026-12-31')).toMatchObject({ kind: 'answer' });
  });
});

test('a lot that two receipts are the first to name has the last day of one of them', async () => {
  const hub = await open();
  const receipt = (id: string, expiresOn: string) => ({ kind: 'receipt', id, warehouse: 'north', lines: [{ ...MILK, quantity: 5, expiresOn }] });

  const answer = await post(
    interrupted(hub, 'TransactWriteItemsCommand', () => post(hub, receipt('r1', '2026-12-31'))),
    receipt('r2', '2027-01-31'),
  );

  expect(answer).toMatchObject({ kind: 'refused', code: 'inventory.lot-differs' });
  expect(await stockOf(hub, 'MILK', 'north', 'L1')).toMatchObject({ onHand: 5, expiresOn: '2026-12-31' });
});

describe('goods that were asked for', () => {
  test('close the request when all are here, and count down what is incoming', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 2 });
    await ask(hub);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ incoming: 18 });

    const partly = await answerRequest(hub, 'r2', 10);
    const between = await readSupply(hub.table, SLOT);
    await answerRequest(hub, 'r3', 8);

    expect(partly).toMatchObject({ body: { lines: [{ requestId: between?.requestId, asked: 18, over: 0, short: 8 }] } });
    expect(between).toMatchObject({ status: 'open', received: 10, quantity: 18 });
    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'received', received: 18 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 20, incoming: 0 });
    await expectStockSound(hub.table);
  });

  test('and more than those close the request without taking incoming below zero', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 2 });
    await ask(hub);

    expect(await answerRequest(hub, 'r2', 50)).toMatchObject({ body: { lines: [{ asked: 18, over: 32, short: 0 }] } });

    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'received', received: 50 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 52, incoming: 0 });
    await expectStockSound(hub.table);
  });

  test('stay asked for when others come free', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 2 });
    await ask(hub);

    await receive(hub, 'r2', { TENT: 18 });

    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'open', received: 0 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 20, incoming: 18 });
  });

  test('by several receipts at once answer the request exactly once each', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 2 });
    await ask(hub);

    await Promise.all(['r2', 'r3', 'r4'].map((id) => answerRequest(elsewhere(hub, emulator.reopen(hub.table)), id, 6)));

    expect(await readSupply(hub.table, SLOT)).toMatchObject({ status: 'received', received: 18 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 20, incoming: 0 });
    await expectStockSound(hub.table);
  });
});

describe('units that were found, lost or damaged', () => {
  const adjust = (hub: TestHub, cause: string, quantity: number) =>
    post(hub, { kind: 'adjustment', id: `${cause}${quantity}`, cause, reason: 'seen in the aisle', lines: [{ sku: 'TENT', warehouse: 'north', quantity }] });

  test.each<[string, number, object]>([
    ['found', 2, { onHand: 7, quarantined: 0, available: 7 }],
    ['lost', -2, { onHand: 3, quarantined: 0, available: 3 }],
    ['damaged', 2, { onHand: 5, quarantined: 2, available: 3 }],
    ['correction', -5, { onHand: 0, quarantined: 0, available: 0 }],
  ])('as %s: %i', async (cause, quantity, figures) => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });

    await adjust(hub, cause, quantity);

    expect(await stockOf(hub, 'TENT')).toMatchObject(figures);
    await expectStockSound(hub.table);
  });

  test.each([
    ['found', -1],
    ['lost', 1],
    ['damaged', -1],
  ])('as %s with the wrong sign are refused', async (cause, quantity) => {
    const hub = await open();

    await expect(adjust(hub, cause, quantity)).rejects.toMatchObject({ code: 'inventory.sign-wrong', message: expect.stringContaining(String(quantity)) });
  });

  test('cannot be more than there are', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    await adjust(hub, 'damaged', 3);

    expect(await adjust(hub, 'lost', -3)).toMatchObject({ kind: 'refused', code: 'inventory.short' });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5, quarantined: 3 });
  });
});
