import { describe, expect, test } from 'vitest';
import { fillBackorders } from '../../../functions/inventory/fill-backorders.ts';
import { authoriseOrders } from '../../../functions/order/authorise-orders.ts';
import { holdOrder } from '../../../functions/order/hold-order.ts';
import { prioritiseOrder } from '../../../functions/order/prioritise-order.ts';
import { reallocateOrder } from '../../../functions/order/reallocate-order.ts';
import { releaseHold } from '../../../functions/order/release-hold.ts';
import { beginPacking } from '../../../functions/shipment/begin-packing.ts';
import { packOrder } from '../../../functions/shipment/pack-order.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, clientWith, eventOf, hubOn, idOf, manager, orderOf, received, stockOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();

const reason = 'looked at by a person';
const BY_PERSON = clientWith({ policies: { authorisation: { mode: 'person' }, packing: 'scan' } });

async function hubWith(units: Record<string, number>, client?: Parameters<typeof hubOn>[1]): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable(), client);
  if (Object.keys(units).length > 0) await stockUp(hub, units);
  return hub;
}

describe('authorising many orders', () => {
  test('answers for each on its own: done, not ready, unknown', async () => {
    const hub = await hubWith({ TENT: 2 }, BY_PERSON);
    await accept(hub, { id: 'a' }, { id: 'b' });
    await accept(hub, { id: 'waits' });

    const answer = await authoriseOrders({ orderIds: [idOf('a'), idOf('waits'), idOf('nobody'), idOf('b'), idOf('a')], reason }, hub, manager(hub));

    expect(answer).toMatchObject({
      kind: 'answer',
      body: {
        authorised: 2,
        orders: [
          { orderId: idOf('a'), authorised: true },
          { orderId: idOf('waits'), authorised: false, code: 'order.not-ready' },
          { orderId: idOf('nobody'), authorised: false, code: 'order.not-found' },
          { orderId: idOf('b'), authorised: true },
        ],
      },
    });
    expect((await orderOf(hub, 'a')).authorisation).toMatchObject({ by: 'manager', reason });
  });
});

describe('holding an order', () => {
  test('stops it with its stock, for a manager to release', async () => {
    const hub = await hubWith({ TENT: 1 });
    await accept(hub, { id: '1' });

    await holdOrder({ orderId: idOf('1'), kind: 'fraud', reason }, hub, manager(hub));
    const byService = await releaseHold({ orderId: idOf('1'), kind: 'fraud', reason }, hub, { by: 'service', now: hub.now(), scopes: ['hub/orders.write'] });

    expect(byService).toMatchObject({ kind: 'refused', code: 'order.hold-reserved' });
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'held', holds: [{ kind: 'fraud', by: 'manager', standing: true }], allocations: [{ sku: 'TENT', quantity: 1 }] });
    expect(await releaseHold({ orderId: idOf('1'), kind: 'fraud', reason }, hub, manager(hub))).toMatchObject({ kind: 'answer' });
    expect((await orderOf(hub, '1')).status).toBe('authorised');
  });

  test('is refused when nothing is left to hold', async () => {
    const hub = await hubWith({ TENT: 1 });
    await accept(hub, { id: '1', status: 'cancelled' });

    expect(await holdOrder({ orderId: idOf('1'), kind: 'client', reason }, hub, manager(hub))).toMatchObject({ kind: 'refused', code: 'order.not-waiting' });
  });
});

test('an order that was given priority gets its stock before those that came earlier, and keeps it over edits', async () => {
  const hub = await hubWith({});
  await accept(hub, { id: 'first' });
  hub.pass(1);
  await accept(hub, { id: 'second' });
  await prioritiseOrder({ orderId: idOf('second'), priority: 9, reason }, hub, manager(hub));
  await accept(hub, { id: 'second', version: 2, total: '119.00' });

  await stockUp(hub, { TENT: 1 });
  const stock = await stockOf(hub, 'TENT');
  await fillBackorders(received(eventOf('stock.gained', { ...stock, available: stock.available + 1 })), hub);

  expect(await orderOf(hub, 'second')).toMatchObject({ priority: 9, allocations: [{ sku: 'TENT' }] });
  expect((await orderOf(hub, 'first')).status).toBe('backordered');
  await expectStockSound(hub.table);
});

describe('giving an order other stock', () => {
  test('moves its reservation to the warehouse that is named, each with a ledger entry', async () => {
    const hub = await hubWith({ TENT: 1 });
    await stockUp(hub, { TENT: 1 }, 'south');
    await accept(hub, { id: '1' });

    await reallocateOrder({ orderId: idOf('1'), warehouse: 'south', reason }, hub, manager(hub));

    expect((await orderOf(hub, '1')).allocations).toEqual([{ sku: 'TENT', warehouse: 'south', quantity: 1 }]);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ reserved: 0, available: 1 });
    await expectStockSound(hub.table);
  });

  test('is refused where there is none, and the order keeps what it has', async () => {
    const hub = await hubWith({ TENT: 1 });
    await accept(hub, { id: '1' });

    expect(await reallocateOrder({ orderId: idOf('1'), warehouse: 'south', reason }, hub, manager(hub))).toMatchObject({ kind: 'refused', code: 'order.no-other-stock' });
    expect((await orderOf(hub, '1')).allocations).toEqual([{ sku: 'TENT', warehouse: 'north', quantity: 1 }]);
  });
});

describe('a packer', () => {
  test('who takes an order on is seen, and another one is told', async () => {
    const hub = await hubWith({ TENT: 1 });
    await accept(hub, { id: '1' });
    const ada = { by: 'ada', now: hub.now() };

    await beginPacking({ orderId: idOf('1') }, hub, ada);

    expect(await orderOf(hub, '1')).toMatchObject({ status: 'packing', packing: { by: 'ada', warehouse: 'north' } });
    expect(await beginPacking({ orderId: idOf('1') }, hub, { by: 'ben', now: hub.now() })).toMatchObject({ kind: 'refused', code: 'order.packing-already' });
    expect(await packOrder({ orderId: idOf('1'), scanned: [{ sku: 'TENT', quantity: 1 }] }, hub, ada)).toMatchObject({ kind: 'answer' });
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'packed', parcels: [{ parcel: 1, warehouse: 'north' }] });
  });

  test('packs an order of two warehouses in each of them, and names which', async () => {
    const hub = await hubWith({ TENT: 1 }, clientWith({ policies: { allocation: { split: 'warehouses' }, packing: 'scan' } }));
    await stockUp(hub, { MUG: 1 }, 'south');
    await accept(hub, { id: '1', units: { TENT: 1, MUG: 1 } });
    const pack = (warehouse: string | undefined, sku: string) => packOrder({ orderId: idOf('1'), warehouse, scanned: [{ sku, quantity: 1 }] }, hub, manager(hub));

    expect(await pack(undefined, 'TENT')).toMatchObject({ kind: 'refused', code: 'order.warehouse-differs' });
    expect(await pack('north', 'MUG')).toMatchObject({ kind: 'refused', code: 'shipment.contents-differ' });
    expect(await pack('north', 'TENT')).toMatchObject({ kind: 'answer' });
    expect((await orderOf(hub, '1')).status).toBe('authorised');
    expect(await pack('south', 'MUG')).toMatchObject({ kind: 'answer' });

    expect(await orderOf(hub, '1')).toMatchObject({
      status: 'packed',
      parcels: [
        { parcel: 1, warehouse: 'north' },
        { parcel: 2, warehouse: 'south' },
      ],
    });
    await expectStockSound(hub.table);
  });
});

describe('serial numbers', () => {
  const product = { sku: 'TENT', name: 'TENT', weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, serials: true };
  const SERIAL = clientWith({ products: [product], policies: { packing: 'scan' } });
  const pack = (hub: TestHub, id: string, serials?: string[], quantity = 1) =>
    packOrder({ orderId: idOf(id), scanned: [{ sku: 'TENT', quantity, ...(serials && { serials }) }] }, hub, manager(hub));

  test('are asked for, one for each unit, each once', async () => {
    const hub = await hubWith({ TENT: 2 }, SERIAL);
    await accept(hub, { id: '1', units: { TENT: 2 } });

    expect(await pack(hub, '1', undefined, 2)).toMatchObject({ kind: 'refused', why: expect.stringContaining('TENT needs 2 serial numbers, 0 scanned') });
    expect(await pack(hub, '1', ['A1', 'A1'], 2)).toMatchObject({ kind: 'refused', why: expect.stringContaining('scanned twice') });
    expect(await pack(hub, '1', ['A1', 'A2'], 2)).toMatchObject({ kind: 'answer' });
  });

  test('leave once: a number that went out with another order is refused, and said which', async () => {
    const hub = await hubWith({ TENT: 2 }, SERIAL);
    await accept(hub, { id: '1' }, { id: '2' });
    await pack(hub, '1', ['A1']);

    expect(await pack(hub, '2', ['A1'])).toMatchObject({ kind: 'refused', code: 'shipment.serial-used', why: expect.stringContaining('A1') });
    expect(await pack(hub, '2', ['A2'])).toMatchObject({ kind: 'answer' });
    await expectStockSound(hub.table);
  });
});

describe('a warehouse of limited capacity', () => {
  const address = { name: 'Sample Depot', line1: 'Am Hafen 1', city: 'Hamburg', postalCode: '20457', country: 'DE' };
  const LIMITED = clientWith({
    warehouses: [
      { id: 'north', name: 'North', address, capacity: 2 },
      { id: 'south', name: 'South', address },
    ],
  });
  const placesOf = async (hub: TestHub, ...ids: string[]) => await Promise.all(ids.map(async (id) => (await orderOf(hub, id)).allocations[0]?.warehouse));

  test('is full when it is, and the next order spills over; a cancelled one makes room again', async () => {
    const hub = await hubWith({ TENT: 9 }, LIMITED);
    await stockUp(hub, { TENT: 9 }, 'south');
    await accept(hub, { id: 'a' }, { id: 'b' });
    await accept(hub, { id: 'c' });
    await accept(hub, { id: 'a', version: 2, status: 'cancelled' });
    await accept(hub, { id: 'd' });

    expect(await placesOf(hub, 'b', 'c', 'd')).toEqual(['north', 'south', 'north']);
    await expectStockSound(hub.table);
  });
});
