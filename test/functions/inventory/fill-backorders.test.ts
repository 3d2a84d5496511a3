import { describe, expect, test } from 'vitest';
import { fillBackorders } from '../../../functions/inventory/fill-backorders.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, elsewhere, eventOf, hubOn, idOf, orderOf, received, stockOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();

/** What the event that follows a receipt brings about; it may come late, when the stock it tells of is gone. */
async function fill(hub: TestHub, sku = 'TENT', warehouse = 'north'): Promise<void> {
  const stock = await stockOf(hub, sku, warehouse);
  await fillBackorders(received(eventOf('stock.gained', { ...stock, available: stock.available + 1 })), hub);
}

async function statuses(hub: TestHub, ...ids: string[]): Promise<string[]> {
  return await Promise.all(ids.map(async (id) => (await orderOf(hub, id)).status));
}

/** Accepts orders a second apart. */
async function acceptInTurn(hub: TestHub, ...posted: Parameters<typeof accept>[1][]): Promise<void> {
  for (const one of posted) {
    await accept(hub, one);
    hub.pass(1);
  }
}

describe('orders that wait for stock', () => {
  test('get what arrives, oldest first', async () => {
    const hub = hubOn(await emulator.freshTable());
    await acceptInTurn(hub, { id: 'c' }, { id: 'a' }, { id: 'b' });

    await stockUp(hub, { TENT: 2 });
    await fill(hub);

    expect(await statuses(hub, 'c', 'a', 'b')).toEqual(['authorised', 'authorised', 'backordered']);
    await expectStockSound(hub.table);
  });

  test('are filled when they begin to wait just after the stock came, and nothing else would wake them', async () => {
    const hub = hubOn(await emulator.freshTable());
    await accept(hub, { id: 'late' });
    await stockUp(hub, { TENT: 1 });

    await fillBackorders(received(eventOf('order.backordered', await orderOf(hub, 'late'))), hub);

    expect(await statuses(hub, 'late')).toEqual(['authorised']);
    await expectStockSound(hub.table);
  });

  test('that begin to wait give what came meanwhile to an older one first', async () => {
    const hub = hubOn(await emulator.freshTable());
    await acceptInTurn(hub, { id: 'older' }, { id: 'younger' });
    await stockUp(hub, { TENT: 1 });

    await fillBackorders(received(eventOf('order.backordered', await orderOf(hub, 'younger'))), hub);

    expect(await statuses(hub, 'older', 'younger')).toEqual(['authorised', 'backordered']);
    await expectStockSound(hub.table);
  });

  test('keep their place while they are held', async () => {
    const hub = hubOn(await emulator.freshTable());
    await acceptInTurn(hub, { id: 'held', paid: false }, { id: 'clean' });

    await stockUp(hub, { TENT: 1 });
    await fill(hub);

    expect(await orderOf(hub, 'held')).toMatchObject({ status: 'held', allocations: [{ sku: 'TENT', quantity: 1 }] });
    expect(await statuses(hub, 'clean')).toEqual(['backordered']);
    await expectStockSound(hub.table);
  });

  test('are passed over when they need more than there is, and the next one that fits is filled', async () => {
    const hub = hubOn(await emulator.freshTable());
    await acceptInTurn(hub, { id: 'large', units: { TENT: 5 } }, { id: 'small' });

    await stockUp(hub, { TENT: 2 });
    await fill(hub);

    expect(await statuses(hub, 'large', 'small')).toEqual(['backordered', 'authorised']);
    await expectStockSound(hub.table);
  });

  test('for another SKU are left alone, and those that need two wait for both', async () => {
    const hub = hubOn(await emulator.freshTable());
    await acceptInTurn(hub, { id: 'both', units: { TENT: 1, MUG: 1 } }, { id: 'mug', units: { MUG: 1 } });

    await stockUp(hub, { TENT: 5 });
    await fill(hub);
    const between = await statuses(hub, 'both', 'mug');
    await stockUp(hub, { MUG: 1 });
    await fill(hub, 'MUG');

    expect(between).toEqual(['backordered', 'backordered']);
    expect(await statuses(hub, 'both', 'mug')).toEqual(['authorised', 'backordered']);
    await expectStockSound(hub.table);
  });

  test('more than a transaction holds are all filled', async () => {
    const hub = hubOn(await emulator.freshTable());
    const posted = Array.from({ length: 230 }, (_, index) => ({ id: String(index) }));
    for (let from = 0; from < posted.length; from += 100) await accept(hub, ...posted.slice(from, from + 100));

    await stockUp(hub, { TENT: 300 });
    await fill(hub);

    expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 230 });
    await expectStockSound(hub.table);
  }, 20_000);

  test('are filled once by two workers at once, and the one that came second is told to look again', async () => {
    const hub = hubOn(await emulator.freshTable());
    await accept(hub, ...Array.from({ length: 20 }, (_, index) => ({ id: String(index) })));
    await stockUp(hub, { TENT: 12 });
    const workers = [hub, elsewhere(hub, emulator.reopen(hub.table))];

    const outcomes = await Promise.allSettled(workers.map((worker) => fill(worker)));
    await fill(hub);

    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'Unavailable', code: 'inventory.contended' });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 12, reserved: 12, available: 0 });
    await expectStockSound(hub.table);
  });

  test('say when their stock came', async () => {
    const hub = hubOn(await emulator.freshTable());
    await accept(hub, { id: '1' });
    await stockUp(hub, { TENT: 1 });

    await fill(hub);

    expect(await orderOf(hub, '1')).toMatchObject({ orderId: idOf('1'), version: 2, change: { type: 'order.allocated', by: 'hub' }, authorisation: { by: 'policy' } });
  });
});
