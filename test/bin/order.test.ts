import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Table } from '../../adapters/aws/table.ts';
import { explainOrder } from '../../bin/commands/explain.ts';
import { showOrder } from '../../bin/commands/order.ts';
import type { Stack } from '../../bin/stack.ts';
import { packOrder } from '../../functions/shipment/pack-order.ts';
import { useEmulator } from '../emulator.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { accept, clientWith, hubOn, idOf, manager, stockUp } from '../functions/world.ts';

const emulator = useEmulator();
useLogLines();

const DEMO = join(import.meta.dirname, '../../clients/demo.yaml');

function stackOf({ name }: Table): Stack {
  return { where: 'this machine', tableName: name, deadLetterQueues: [] };
}

async function shown(table: Table, id: string): Promise<string> {
  return (await showOrder(stackOf(table), idOf(id), table)).text;
}

describe('order show', () => {
  test('says of every hold who may release it, and what is missing', async () => {
    const hub = hubOn(await emulator.freshTable());
    await accept(hub, { id: '1', paid: false, shipTo: null });

    const text = await shown(hub.table, '1');

    expect(text).toMatch(/^ {2}hold +address: no shipping address \(since 2026-11-20 09:00:00 UTC, by hub; for a service representative or a manager to release\)$/m);
    expect(text).toMatch(/^ {2}hold +payment: not paid yet \(since 2026-11-20 09:00:00 UTC, by hub; for a fulfilment manager to release\)$/m);
    expect(text).toMatch(/^ {2}missing +1 x TENT$/m);
    expect(text).toMatch(/^ {2}priority +5$/m);
    expect(text).toMatch(/^ {2}ship by +2026-11-20 13:00:00 UTC$/m);
  });

  test('lists the recipes of its kits, what is reserved where, and each parcel with its units', async () => {
    const kits = [
      {
        sku: 'CAMP',
        name: 'Camp',
        parts: [
          { sku: 'TENT', quantity: 1 },
          { sku: 'MUG', quantity: 2 },
        ],
      },
    ];
    const hub = hubOn(await emulator.freshTable(), clientWith({ kits, policies: { allocation: { split: 'warehouses' }, packing: 'scan' } }));
    await stockUp(hub, { TENT: 3 }, 'north');
    await stockUp(hub, { MUG: 9 }, 'south');
    await accept(hub, { id: '1', units: { CAMP: 2 } });
    await packOrder({ orderId: idOf('1'), warehouse: 'north', scanned: [{ sku: 'TENT', quantity: 2 }] }, hub, manager(hub));

    const text = await shown(hub.table, '1');

    expect(text).toMatch(/^ {4}kit +2 x CAMP, each of 2 x MUG, 1 x TENT$/m);
    expect(text).toMatch(/^ {2}reserved +4 x MUG in south$/m);
    expect(text).toMatch(/^ {2}parcel 1 +packed, from north, 1120 g: 2 x TENT$/m);
    expect(text).toMatch(/^ {2}authorised +by policy at .*: clean, and within the policy$/m);
  });
});

describe('order explain', () => {
  test('answers with the explanation for programs, and the same in words for people', async () => {
    const hub = hubOn(await emulator.freshTable());
    await accept(hub, { id: '1' });

    const { json, text } = await explainOrder(stackOf(hub.table), DEMO, idOf('1'), hub.table);

    expect(json).toMatchObject({ orderId: idOf('1'), state: 'backordered', because: expect.arrayContaining([expect.objectContaining({ question: 'Why does it not move?' })]) });
    expect(text).toContain(`order ${idOf('1')} (#1): waiting for stock`);
  });

  test('is refused for an order that is not there', async () => {
    const hub = hubOn(await emulator.freshTable());

    await expect(explainOrder(stackOf(hub.table), DEMO, 'shop:nobody', hub.table)).rejects.toMatchObject({ code: 'order.not-found' });
  });
});
