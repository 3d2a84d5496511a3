import { describe, expect, test } from 'vitest';
import { decide } from '../../../adapters/aws/decide.ts';
import { readParcels } from '../../../adapters/aws/parcel-store.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import { follow } from '../../../core/course.ts';
import { refused } from '../../../core/error.ts';
import type { Order } from '../../../core/order.ts';
import { acceptOrders } from '../../../functions/order/accept-orders.ts';
import { packOrder } from '../../../functions/shipment/pack-order.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { accepting, clientWith, deliveryOf, hubOn, idOf, manager, orderOf, type Posted, received, stockOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();

const CLIENT = clientWith({
  kits: [
    {
      sku: 'CAMP',
      name: 'Camp',
      parts: [
        { sku: 'TENT', quantity: 1 },
        { sku: 'MUG', quantity: 2 },
      ],
    },
  ],
  policies: { authorisation: { mode: 'automatic', limit: 60_000 }, packing: 'scan', allocation: { split: 'warehouses' } },
});

/** A hub whose goods are spread over two warehouses, so that an order leaves in two parcels. */
async function hubWith(stock: { readonly north?: Readonly<Record<string, number>>; readonly south?: Readonly<Record<string, number>> }): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable(), CLIENT);
  if (stock.north !== undefined) await stockUp(hub, stock.north, 'north');
  if (stock.south !== undefined) await stockUp(hub, stock.south, 'south');
  return hub;
}

/** An order as the storefront repeats it, with the units of each line that it counts as shipped. */
function repeated(posted: Posted, fulfilled: Readonly<Record<string, number>>): Delivery {
  const delivery = deliveryOf(posted);
  const payload = JSON.parse(delivery.body.toString());
  for (const line of payload.data.lines) if (fulfilled[line.sku] !== undefined) line.fulfilled = fulfilled[line.sku];
  return { ...delivery, body: Buffer.from(JSON.stringify(payload)) };
}

async function echo(hub: TestHub, posted: Posted, fulfilled: Readonly<Record<string, number>>): Promise<void> {
  expect(await acceptOrders(received(repeated(posted, fulfilled)), accepting(hub))).toEqual(new Map());
}

async function pack(hub: TestHub, id: string, warehouse: string, units: Readonly<Record<string, number>>): Promise<void> {
  const scanned = Object.entries(units).map(([sku, quantity]) => ({ sku, quantity }));
  expect(await packOrder({ orderId: idOf(id), warehouse, scanned }, hub, manager(hub))).toMatchObject({ kind: 'answer' });
}

async function leave(hub: TestHub, id: string, parcel: number): Promise<void> {
  const act = { by: 'hub', now: hub.now() };
  await decide(
    hub.table,
    idOf(id),
    { ...act, reference: hub.newId(), reason: 'left' },
    (order) => follow(order, parcel, 'dispatched', act.now.toISOString(), act) ?? refused('a.b', 'known'),
  );
}

/** What an echo must not change. */
async function standing(hub: TestHub, id: string, ...places: readonly (readonly [string, string])[]) {
  const { status, holds, demand, allocations, parcels, kits, authorisation } = await orderOf(hub, id);
  const stock = await Promise.all(places.map(async ([sku, warehouse]) => (await stockOf(hub, sku, warehouse)).version));
  const recalled = (await readParcels(hub.table, idOf(id))).map((parcel) => parcel.status);
  return { status, holds, demand, allocations, parcels, kits, authorisation, stock, recalled };
}

const NORTH = ['TENT', 'north'] as const;
const SOUTH = ['TENT', 'south'] as const;

describe('what a storefront repeats of our own parcels', () => {
  test('changes nothing of an order that left', async () => {
    const hub = await hubWith({ north: { TENT: 9 } });
    await echo(hub, { id: '1', units: { TENT: 2 } }, {});
    await pack(hub, '1', 'north', { TENT: 2 });
    await leave(hub, '1', 1);
    const before = await standing(hub, '1', NORTH);

    await echo(hub, { id: '1', version: 2, units: { TENT: 2 } }, { TENT: 2 });

    expect(await standing(hub, '1', NORTH)).toEqual(before);
    expect((await orderOf(hub, '1')).status).toBe('dispatched');
  });

  test.each([
    ['before the second parcel is packed', 'echo pack leave'],
    ['between its packing and its leaving', 'pack echo leave'],
    ['after it left', 'pack leave echo'],
  ])('of the first of two parcels changes nothing %s', async (_, course) => {
    const hub = await hubWith({ north: { TENT: 1 }, south: { TENT: 1 } });
    await echo(hub, { id: '1', units: { TENT: 2 } }, {});
    await pack(hub, '1', 'north', { TENT: 1 });
    await leave(hub, '1', 1);
    const steps: Record<string, () => Promise<void>> = {
      pack: () => pack(hub, '1', 'south', { TENT: 1 }),
      leave: () => leave(hub, '1', 2),
      async echo() {
        const before = await standing(hub, '1', NORTH, SOUTH);
        await echo(hub, { id: '1', version: 2, units: { TENT: 2 } }, { TENT: 1 });
        expect(await standing(hub, '1', NORTH, SOUTH)).toEqual(before);
      },
    };

    for (const step of course.split(' ')) await steps[step]?.();
    await echo(hub, { id: '1', version: 3, units: { TENT: 2 } }, { TENT: 2 });

    const { status, holds, demand } = await orderOf(hub, '1');
    expect({ status, holds, demand }).toEqual({ status: 'dispatched', holds: [], demand: [{ sku: 'TENT', quantity: 2 }] });
  });

  test('of a kit changes nothing, neither with its first part nor with its last', async () => {
    const hub = await hubWith({ north: { TENT: 1 }, south: { MUG: 2 } });
    await echo(hub, { id: '1', units: { CAMP: 1 } }, {});
    await pack(hub, '1', 'north', { TENT: 1 });
    await leave(hub, '1', 1);
    const before = await standing(hub, '1', NORTH);
    // The storefront knows the kit alone, and was told of none of it yet.
    await echo(hub, { id: '1', version: 2, units: { CAMP: 1 } }, { CAMP: 0 });
    expect(await standing(hub, '1', NORTH)).toEqual(before);

    await pack(hub, '1', 'south', { MUG: 2 });
    await leave(hub, '1', 2);
    const after = await standing(hub, '1', NORTH, ['MUG', 'south']);
    await echo(hub, { id: '1', version: 3, units: { CAMP: 1 } }, { CAMP: 1 });

    expect(await standing(hub, '1', NORTH, ['MUG', 'south'])).toEqual(after);
    expect(after).toMatchObject({ status: 'dispatched', recalled: ['packed', 'packed'] });
  });

  test('that comes late, after an edit that raised the order, leaves only the rest to be sent', async () => {
    const hub = await hubWith({ north: { TENT: 9 } });
    await echo(hub, { id: '1', units: { TENT: 1 } }, {});
    await pack(hub, '1', 'north', { TENT: 1 });
    await leave(hub, '1', 1);

    await echo(hub, { id: '1', version: 2, units: { TENT: 3 }, total: '130.00' }, { TENT: 1 });

    const { demand, allocations } = await orderOf(hub, '1');
    expect(demand).toEqual([{ sku: 'TENT', quantity: 3 }]);
    expect(unitsReserved({ allocations })).toBe(2);
  });
});

describe('what somebody else shipped', () => {
  test('closes an order of which nothing was packed, and frees its stock', async () => {
    const hub = await hubWith({ north: { TENT: 9 } });
    await echo(hub, { id: '1', units: { TENT: 2 } }, {});

    await echo(hub, { id: '1', version: 2, units: { TENT: 2 } }, { TENT: 2 });

    expect(await orderOf(hub, '1')).toMatchObject({ status: 'closed', allocations: [], change: { reason: expect.stringContaining('somebody else') } });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 0, available: 9 });
  });

  test('is not shipped again', async () => {
    const hub = await hubWith({ north: { TENT: 9 } });
    await echo(hub, { id: '1', units: { TENT: 3 } }, {});

    await echo(hub, { id: '1', version: 2, units: { TENT: 3 } }, { TENT: 1 });

    expect(unitsReserved(await orderOf(hub, '1'))).toBe(2);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 2, available: 7 });
  });

  test('is called back where it is packed and has not left', async () => {
    const hub = await hubWith({ north: { TENT: 9 } });
    await echo(hub, { id: '1', units: { TENT: 2 } }, {});
    await pack(hub, '1', 'north', { TENT: 2 });

    await echo(hub, { id: '1', version: 2, units: { TENT: 2 } }, { TENT: 2 });

    expect((await orderOf(hub, '1')).parcels).toMatchObject([{ parcel: 1, status: 'recalled' }]);
    expect(await readParcels(hub.table, idOf('1'))).toMatchObject([{ status: 'recalled' }]);
  });

  test('beside a parcel of ours that left is told apart from it', async () => {
    const hub = await hubWith({ north: { TENT: 1 }, south: { TENT: 1 } });
    await echo(hub, { id: '1', units: { TENT: 2 } }, {});
    await pack(hub, '1', 'north', { TENT: 1 });
    await leave(hub, '1', 1);

    await echo(hub, { id: '1', version: 2, units: { TENT: 2 } }, { TENT: 2 });

    expect(await orderOf(hub, '1')).toMatchObject({ status: 'dispatched', allocations: [], demand: [{ sku: 'TENT', quantity: 1 }], parcels: [{ status: 'dispatched' }] });
    expect(await stockOf(hub, 'TENT', 'south')).toMatchObject({ reserved: 0, available: 1 });
  });
});

function unitsReserved({ allocations }: Pick<Order, 'allocations'>): number {
  return allocations.reduce((sum, { quantity }) => sum + quantity, 0);
}
