import { describe, expect, test } from 'vitest';
import { fillBackorders } from '../../../functions/inventory/fill-backorders.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, elsewhere, eventOf, orderOf, received, stockOf, type TestHub } from '../world.ts';
import { hubWithLots, post, receive } from './bookings.ts';

const emulator = useEmulator();
useLogLines();

const STRICT = { counting: { toleranceUnits: 0, tolerancePercent: 0 } };
const LENIENT = { counting: { toleranceUnits: 10_000, tolerancePercent: 0 } };

async function open(split: 'never' | 'backorders', policies: object): Promise<TestHub> {
  return hubWithLots(await emulator.freshTable(), split, policies);
}

async function count(hub: TestHub, id: string, counted: number, more: object = {}, line: object = {}) {
  return await post(hub, { kind: 'count', id, warehouse: 'north', lines: [{ sku: 'TENT', counted, ...line }], ...more });
}

describe('a count', () => {
  test.each<[string, number, number, number, number, boolean]>([
    // 2 units or 10 percent of what is on hand.
    ['as many', 10, 10, 2, 10, true],
    ['2 fewer of 10', 10, 8, 2, 10, true],
    ['3 fewer of 10', 10, 7, 2, 10, false],
    ['2 more than 10', 10, 12, 2, 10, true],
    ['3 more than 10', 10, 13, 2, 10, false],
    ['10 fewer of 100', 100, 90, 2, 10, true],
    ['11 fewer of 100', 100, 89, 2, 10, false],
    ['10 more than 100', 100, 110, 2, 10, true],
    ['1 fewer, where nothing is tolerated', 100, 99, 0, 0, false],
    ['all of 10 000 gone, where all is tolerated', 10_000, 0, 0, 100, true],
    ['1 where there was none', 0, 1, 0, 100, false],
  ])('that finds %s is booked at once or counted again', async (_name, onHand, counted, toleranceUnits, tolerancePercent, booked) => {
    const hub = await open('never', { counting: { toleranceUnits, tolerancePercent } });
    if (onHand > 0) await receive(hub, 'r1', { TENT: onHand });

    const answer = await count(hub, 'c1', counted);

    expect(answer).toMatchObject(booked ? { kind: 'answer' } : { kind: 'refused', code: 'inventory.count-again' });
    if (onHand > 0) expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: booked ? counted : onHand });
    await expectStockSound(hub.table);
  });

  test('that is off is booked when the recount finds the same', async () => {
    const hub = await open('never', STRICT);
    await receive(hub, 'r1', { TENT: 10, MUG: 4 });
    const lines = [
      { sku: 'TENT', counted: 7 },
      { sku: 'MUG', counted: 4 },
    ];

    const first = await post(hub, { kind: 'count', id: 'c1', warehouse: 'north', lines });
    const second = await post(hub, { kind: 'count', id: 'c1', warehouse: 'north', recount: true, lines });

    expect(first).toMatchObject({ kind: 'refused', why: expect.stringMatching(/lines\.0\.counted: 7 counted of TENT in north, 10 on hand/) });
    expect(second).toMatchObject({
      kind: 'answer',
      body: {
        lines: [
          { sku: 'TENT', onHand: -3, expected: 10 },
          { sku: 'MUG', onHand: 0 },
        ],
      },
    });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 7, available: 7 });
    await expectStockSound(hub.table);
  });

  test('sent twice is no recount, and neither is a recount of nothing', async () => {
    const hub = await open('never', STRICT);
    await receive(hub, 'r1', { TENT: 10 });

    expect(await count(hub, 'c1', 7)).toMatchObject({ code: 'inventory.count-again' });
    expect(await count(hub, 'c1', 7)).toMatchObject({ code: 'inventory.count-again' });
    expect(await count(hub, 'c2', 7, { recount: true })).toMatchObject({ code: 'inventory.count-unknown' });
    expect(await count(hub, 'c2', 7, { recount: true })).toMatchObject({ code: 'inventory.count-unknown' });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 10 });
  });

  test('that another count contradicts is not booked, however often it is sent', async () => {
    const hub = await open('never', STRICT);
    await receive(hub, 'r1', { TENT: 10 });
    await count(hub, 'c1', 7);

    expect(await count(hub, 'c1', 8, { recount: true })).toMatchObject({ code: 'inventory.counts-disagree' });
    expect(await count(hub, 'c1', 8, { recount: true })).toMatchObject({ code: 'inventory.counts-disagree' });
    expect(await count(hub, 'c1', 10, { recount: true })).toMatchObject({ kind: 'answer' });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 10 });
  });

  test('stands although goods moved between the two counts, when both find the same difference', async () => {
    const hub = await open('never', STRICT);
    await receive(hub, 'r1', { TENT: 10 });
    await count(hub, 'c1', 7);
    await receive(hub, 'r2', { TENT: 5 });

    expect(await count(hub, 'c1', 12, { recount: true })).toMatchObject({ kind: 'answer' });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 12 });
    await expectStockSound(hub.table);
  });

  test('of stock that moved under the hands of the counter is refused', async () => {
    const hub = await open('never', LENIENT);
    await receive(hub, 'r1', { TENT: 10 });

    expect(await count(hub, 'c1', 9, {}, { expected: 11 })).toMatchObject({ kind: 'refused', code: 'inventory.moved', why: expect.stringContaining('11') });
    expect(await count(hub, 'c1', 9, {}, { expected: 10 })).toMatchObject({ kind: 'answer' });
  });

  test('of a lot nobody received is refused, as nobody knows when it expires', async () => {
    const hub = await open('never', LENIENT);

    expect(await post(hub, { kind: 'count', id: 'c1', warehouse: 'north', lines: [{ sku: 'MILK', lot: 'L9', counted: 3 }] })).toMatchObject({ code: 'inventory.lot-unknown' });
  });

  test('that finds fewer than are in quarantine takes them from there last', async () => {
    const hub = await open('never', LENIENT);
    await receive(hub, 'r1', { TENT: 5 });
    await post(hub, { kind: 'adjustment', id: 'a1', cause: 'damaged', reason: 'wet', lines: [{ sku: 'TENT', warehouse: 'north', quantity: 3 }] });

    await count(hub, 'c1', 3);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 3, available: 0, quarantined: 3 });
    await count(hub, 'c2', 1);

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 1, available: 0, quarantined: 1 });
    await expectStockSound(hub.table);
  });

  test('at the same time as others ends as if they had come one after the other', async () => {
    const hub = await open('never', LENIENT);
    await receive(hub, 'r1', { TENT: 10 });

    await Promise.all([
      ...['c1', 'c2', 'c3'].map((id) => count(elsewhere(hub, emulator.reopen(hub.table)), id, 6)),
      accept(elsewhere(hub, emulator.reopen(hub.table)), { id: '1' }, { id: '2' }),
      receive(elsewhere(hub, emulator.reopen(hub.table)), 'r2', { TENT: 4 }),
    ]);

    // Whoever came last: the counts say 6, and the receipt is before the last of them, or after it.
    expect([6, 10]).toContain((await stockOf(hub, 'TENT')).onHand);
    await expectStockSound(hub.table);
  });
});

describe('reserved units that are not there', () => {
  test('are given up by the orders that would be served last, and no counter falls below zero', async () => {
    const hub = await open('backorders', LENIENT);
    await receive(hub, 'r1', { TENT: 5 });
    for (const id of ['1', '2', '3', '4', '5']) {
      await accept(hub, { id });
      hub.pass(60);
    }
    expect(await stockOf(hub, 'TENT')).toMatchObject({ available: 0, reserved: 5 });

    await count(hub, 'c1', 3);

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 3, available: 0, reserved: 3 });
    expect(await Promise.all(['1', '2', '3', '4', '5'].map(async (id) => (await orderOf(hub, id)).status))).toEqual([
      'authorised',
      'authorised',
      'authorised',
      'backordered',
      'backordered',
    ]);
    await expectStockSound(hub.table);
  });

  test('are found elsewhere for the orders that gave them up', async () => {
    const hub = await open('never', LENIENT);
    await receive(hub, 'r1', { TENT: 1 });
    await accept(hub, { id: '1' });
    await receive(hub, 'r2', { TENT: 1 }, 'south');

    await count(hub, 'c1', 0);
    const order = await orderOf(hub, '1');
    await fillBackorders(received(eventOf('order.backordered', order)), hub);

    expect(order).toMatchObject({ status: 'backordered', allocations: [] });
    expect(await orderOf(hub, '1')).toMatchObject({ allocations: [{ sku: 'TENT', warehouse: 'south', quantity: 1 }] });
    await expectStockSound(hub.table);
  });

  test('are given up whole by an order that must leave whole, and in part by one that need not', async () => {
    const whole = await open('never', LENIENT);
    const part = await open('backorders', LENIENT);
    for (const hub of [whole, part]) {
      await receive(hub, 'r1', { TENT: 3, MUG: 1 });
      await accept(hub, { id: '1', units: { TENT: 3, MUG: 1 } });

      await count(hub, 'c1', 2);

      await expectStockSound(hub.table);
    }

    expect(await orderOf(whole, '1')).toMatchObject({ status: 'backordered', allocations: [] });
    expect((await orderOf(part, '1')).allocations.map(({ sku, quantity }) => [sku, quantity])).toEqual([
      ['MUG', 1],
      ['TENT', 2],
    ]);
  });

  test('are given up of several SKUs by one order, in one step of it', async () => {
    const hub = await open('backorders', LENIENT);
    await receive(hub, 'r1', { TENT: 2, MUG: 2 });
    await accept(hub, { id: '1', units: { TENT: 2, MUG: 2 } });
    const { version } = await orderOf(hub, '1');

    await post(hub, {
      kind: 'adjustment',
      id: 'a1',
      cause: 'damaged',
      reason: 'the roof leaked',
      lines: ['TENT', 'MUG'].map((sku) => ({ sku, warehouse: 'north', quantity: 1 })),
    });

    expect(await orderOf(hub, '1')).toMatchObject({ version: version + 1, allocations: [{ quantity: 1 }, { quantity: 1 }] });
    await expectStockSound(hub.table);
  });

  test('are given up by more orders than a transaction holds', async () => {
    const hub = await open('never', LENIENT);
    await receive(hub, 'r1', { TENT: 130 });
    await accept(hub, ...Array.from({ length: 130 }, (_, index) => ({ id: String(index) })));

    expect(await count(hub, 'c1', 4)).toMatchObject({ kind: 'answer' });

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 4, reserved: 4, available: 0 });
    await expectStockSound(hub.table);
  });

  test('are given up while orders come in, and nothing is promised twice', async () => {
    const hub = await open('never', LENIENT);
    await receive(hub, 'r1', { TENT: 20 });
    await accept(hub, ...Array.from({ length: 10 }, (_, index) => ({ id: `a${index}` })));

    await Promise.all([
      count(elsewhere(hub, emulator.reopen(hub.table)), 'c1', 5),
      ...Array.from({ length: 10 }, (_, index) => accept(elsewhere(hub, emulator.reopen(hub.table)), { id: `b${index}` })),
    ]);

    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 5, reserved: 5, available: 0 });
    await expectStockSound(hub.table);
  });
});
