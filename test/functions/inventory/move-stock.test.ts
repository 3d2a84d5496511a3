import { describe, expect, test } from 'vitest';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, elsewhere, orderOf, stockOf, type TestHub } from '../world.ts';
import { hubWithLots, post, receive, shipped } from './bookings.ts';

const emulator = useEmulator();
useLogLines();

const MILK = { sku: 'MILK', lot: 'L1' };

async function open(): Promise<TestHub> {
  return hubWithLots(await emulator.freshTable());
}

describe('goods that move to another warehouse', () => {
  const send = (hub: TestHub, quantity: number, lines: readonly object[] = [{ sku: 'TENT', quantity }]) =>
    post(hub, { kind: 'transfer', id: 't1', from: 'north', to: 'south', lines });
  const arrive = (hub: TestHub, id: string, quantity: number, line: object = { sku: 'TENT' }) =>
    post(hub, { kind: 'receipt', id, warehouse: 'south', against: 'transfer', transferId: 't1', lines: [{ ...line, quantity }] });

  test('are on their way until they are received', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });

    await send(hub, 3);
    const between = await stockOf(hub, 'TENT', 'south');
    const answer = await arrive(hub, 'r2', 3);

    expect(between).toMatchObject({ onHand: 0, incoming: 3 });
    expect(answer).toMatchObject({ body: { lines: [{ transferId: 't1', asked: 3, over: 0, short: 0 }] } });
    expect(await stockOf(hub, 'TENT', 'north')).toMatchObject({ onHand: 2 });
    expect(await stockOf(hub, 'TENT', 'south')).toMatchObject({ onHand: 3, available: 3, incoming: 0 });
    await expectStockSound(hub.table);
  });

  test.each([
    [2, { over: 0, short: 1 }],
    [4, { over: 1, short: 0 }],
    [0, { over: 0, short: 3 }],
  ])('of which %i of 3 arrive are settled, with the difference noted', async (quantity, noted) => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    await send(hub, 3);

    expect(await arrive(hub, 'r2', quantity)).toMatchObject({ body: { lines: [{ asked: 3, ...noted }] } });

    expect(await stockOf(hub, 'TENT', 'south')).toMatchObject({ onHand: quantity, incoming: 0 });
    expect(await arrive(hub, 'r3', 1)).toMatchObject({ kind: 'refused', code: 'inventory.transfer-received' });
    await expectStockSound(hub.table);
  });

  test('take their last day along', async () => {
    const hub = await open();
    await post(hub, { kind: 'receipt', id: 'r1', warehouse: 'north', lines: [{ ...MILK, quantity: 5, expiresOn: '2026-12-31' }] });

    await send(hub, 0, [{ ...MILK, quantity: 5 }]);
    await arrive(hub, 'r2', 5, MILK);

    expect(await stockOf(hub, 'MILK', 'south', 'L1')).toMatchObject({ onHand: 5, expiresOn: '2026-12-31', incoming: 0 });
    expect(await stockOf(hub, 'MILK', 'south')).toMatchObject({ onHand: 0, incoming: 0 });
    await expectStockSound(hub.table);
  });

  test('are never those that orders have reserved', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 3 });
    await accept(hub, { id: '1' });

    expect(await send(hub, 3)).toMatchObject({ kind: 'refused', code: 'inventory.short', why: expect.stringContaining('2 units') });

    await expectStockSound(hub.table);
  });

  test('and that nobody sent are not received', async () => {
    const hub = await open();

    expect(await arrive(hub, 'r1', 3)).toMatchObject({ kind: 'refused', code: 'inventory.transfer-unknown' });
  });
});

describe('goods that come back', () => {
  const bringBack = (hub: TestHub, id: string, quantity: number, more: object = {}) =>
    post(hub, { kind: 'return', id, orderId: 'wholesale:1', warehouse: 'south', lines: [{ sku: 'TENT', quantity }], ...more });

  test('are in quarantine until somebody has looked at them', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    await shipped(hub, '1');

    await bringBack(hub, 'b1', 1);
    const between = await stockOf(hub, 'TENT', 'south');
    await post(hub, { kind: 'inspection', id: 'i1', warehouse: 'south', lines: [{ sku: 'TENT', quantity: 1, verdict: 'restock' }] });

    expect(between).toMatchObject({ onHand: 1, quarantined: 1, available: 0 });
    expect(await stockOf(hub, 'TENT', 'south')).toMatchObject({ onHand: 1, quarantined: 0, available: 1 });
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'returned', returned: [{ sku: 'TENT', quantity: 1 }] });
    await expectStockSound(hub.table);
  });

  test('and are scrapped are gone', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    await shipped(hub, '1');
    await bringBack(hub, 'b1', 1);

    await post(hub, { kind: 'inspection', id: 'i1', warehouse: 'south', lines: [{ sku: 'TENT', quantity: 1, verdict: 'scrap' }] });

    expect(await stockOf(hub, 'TENT', 'south')).toMatchObject({ onHand: 0, quarantined: 0, available: 0 });
    await expectStockSound(hub.table);
  });

  test('are never more than were sent, however many say so at once', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    await shipped(hub, '1');

    const answers = await Promise.all(['b1', 'b2', 'b3'].map((id) => bringBack(elsewhere(hub, emulator.reopen(hub.table)), id, 1)));

    expect(answers.map(({ kind }) => kind).sort()).toEqual(['answer', 'refused', 'refused']);
    expect(await stockOf(hub, 'TENT', 'south')).toMatchObject({ onHand: 1, quarantined: 1 });
    await expectStockSound(hub.table);
  });

  test.each<[string, object, string]>([
    ['of an order nobody knows', { orderId: 'wholesale:9' }, 'order.not-found'],
    ['in a parcel it does not have', { parcel: 2 }, 'shipment.parcel-absent'],
    ['of goods it was not sent', { lines: [{ sku: 'MUG', quantity: 1 }] }, 'order.return-excess'],
  ])('%s are refused', async (_name, more, code) => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    await shipped(hub, '1');

    expect(await bringBack(hub, 'b1', 1, more)).toMatchObject({ kind: 'refused', code });
  });

  test('cannot be inspected twice', async () => {
    const hub = await open();
    await receive(hub, 'r1', { TENT: 5 });
    const inspect = (id: string, quantity: number) => post(hub, { kind: 'inspection', id, warehouse: 'north', lines: [{ sku: 'TENT', quantity, verdict: 'restock' }] });

    expect(await inspect('i1', 1)).toMatchObject({ kind: 'refused', code: 'inventory.short' });
  });

  test('expired are not put on sale again', async () => {
    const hub = await open();
    await post(hub, { kind: 'receipt', id: 'r1', warehouse: 'north', lines: [{ ...MILK, quantity: 5, expiresOn: '2026-11-19' }] });
    const inspect = (verdict: string) => post(hub, { kind: 'inspection', id: verdict, warehouse: 'north', lines: [{ ...MILK, quantity: 5, verdict }] });

    expect(await inspect('restock')).toMatchObject({ kind: 'refused', code: 'inventory.expired' });
    expect(await inspect('scrap')).toMatchObject({ kind: 'answer' });
    expect(await stockOf(hub, 'MILK', 'north', 'L1')).toMatchObject({ onHand: 0, quarantined: 0 });
  });
});
