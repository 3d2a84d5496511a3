import { describe, expect, test } from 'vitest';
import { commit } from '../../../adapters/aws/order-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { hold } from '../../../core/order.ts';
import { authoriseOrder } from '../../../functions/order/authorise-order.ts';
import { correctAddress } from '../../../functions/order/correct-address.ts';
import { releaseHold } from '../../../functions/order/release-hold.ts';
import { showOrder } from '../../../functions/order/show-order.ts';
import { packOrder } from '../../../functions/shipment/pack-order.ts';
import { packParcels } from '../../../functions/shipment/pack-parcels.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { ADDRESS, accept, clientWith, elsewhere, eventOf, hubOn, idOf, manager, orderOf, parcelOf, received, stockOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();

const REASON = 'looked at by a person';
const BY_PERSON = clientWith({ policies: { authorisation: { mode: 'person' }, packing: 'scan' } });

async function stocked(client?: Parameters<typeof hubOn>[1]): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable(), client);
  await stockUp(hub, { TENT: 20, MUG: 20 });
  return hub;
}

const authorise = (hub: TestHub, id: string) => authoriseOrder({ orderId: idOf(id), reason: REASON }, hub, manager(hub));
const release = (hub: TestHub, id: string, kind: 'address' | 'payment' | 'stock' | 'client' | 'operator') =>
  releaseHold({ orderId: idOf(id), kind, reason: REASON }, hub, manager(hub));
const pack = (hub: TestHub, id: string, units: Record<string, number>) =>
  packOrder({ orderId: idOf(id), scanned: Object.entries(units).map(([sku, quantity]) => ({ sku, quantity })) }, hub, manager(hub));
const readdress = (hub: TestHub, id: string, address: object) => correctAddress({ orderId: idOf(id), address: { ...ADDRESS, ...address }, reason: REASON }, hub, manager(hub));

/** Writes what somebody else decides about an order, past everything the functions know. */
async function holdBehindTheBack(hub: TestHub, id: string): Promise<void> {
  const act = { by: 'somebody-else', now: hub.now() };
  const written = await commit(hub.table, [hold(await orderOf(hub, id), 'operator', 'stop', act)], { ...act, reference: hub.newId(), reason: 'stop' });
  expect(written).toBe(true);
}

/** Runs something once, just before the table is first asked to write. */
function beforeFirstWrite(table: Table, act: () => Promise<void>): { transactions: number } {
  const seen = { transactions: 0 };
  table.client.middlewareStack.add(
    (next, context) => async (args) => {
      if (String(context.commandName).startsWith('TransactWrite')) {
        seen.transactions += 1;
        if (seen.transactions === 1) await act();
      }
      return await next(args);
    },
    { step: 'initialize', name: 'beforeFirstWrite', priority: 'high' },
  );
  return seen;
}

describe('authorising', () => {
  test('lets an order be packed, and says who allowed it', async () => {
    const hub = await stocked(BY_PERSON);
    await accept(hub, { id: '1' });

    expect(await authorise(hub, '1')).toMatchObject({ kind: 'answer', body: { order: { status: 'authorised' } } });

    expect(await orderOf(hub, '1')).toMatchObject({ authorisation: { by: 'manager' }, change: { type: 'order.authorised', by: 'manager', reason: REASON }, version: 2 });
  });

  test('is refused while there is something in the way', async () => {
    const hub = await stocked();
    await accept(hub, { id: 'clean' }, { id: 'held', paid: false }, { id: 'waits', units: { TENT: 500 } });

    expect(await authorise(hub, 'clean')).toMatchObject({ kind: 'refused', code: 'order.authorised-already' });
    expect(await authorise(hub, 'held')).toMatchObject({ kind: 'refused', code: 'order.not-ready', why: expect.stringContaining('payment') });
    expect(await authorise(hub, 'waits')).toMatchObject({ kind: 'refused', code: 'order.not-ready' });
    await expect(authorise(hub, 'nobody')).rejects.toMatchObject({ name: 'Rejected', code: 'order.not-found' });
  });

  test('by two people at once is done once', async () => {
    const hub = await stocked(BY_PERSON);
    await accept(hub, { id: '1' });

    const answers = await Promise.all([authorise(hub, '1'), authorise(elsewhere(hub, emulator.reopen(hub.table)), '1')]);

    expect(answers.map(({ kind }) => kind).sort()).toEqual(['answer', 'refused']);
    expect((await orderOf(hub, '1')).version).toBe(2);
  });
});

describe('releasing a hold', () => {
  test('leaves the order to a person, with its stock', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1', paid: false });

    expect(await release(hub, '1', 'payment')).toMatchObject({ kind: 'answer' });

    expect(await orderOf(hub, '1')).toMatchObject({ status: 'allocated', holds: [], authorisation: null, work: expect.stringMatching(/^authorise#/) });
    await expectStockSound(hub.table);
  });

  test('is refused for a hold that is not there, and for one that only stock can end', async () => {
    const hub = await stocked();
    await accept(hub, { id: 'clean' }, { id: 'ghost', units: { GHOST: 1 } });

    expect(await release(hub, 'clean', 'address')).toMatchObject({ kind: 'refused', code: 'order.hold-absent' });
    expect(await release(hub, 'ghost', 'stock')).toMatchObject({ kind: 'refused', code: 'order.hold-fixed' });
  });

  test('sends a packed parcel back to its label', async () => {
    const hub = await stocked(BY_PERSON);
    await accept(hub, { id: '1' });
    await authorise(hub, '1');
    await pack(hub, '1', { TENT: 1 });
    await accept(hub, { id: '1', version: 2, units: { MUG: 1 } });
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'held', work: expect.stringMatching(/^held#/), holds: [{ kind: 'client' }] });

    await release(hub, '1', 'client');

    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'packed', version: 2, change: { type: 'parcel.packed' } });
    await expectStockSound(hub.table);
  });
});

describe('correcting an address', () => {
  test('ends the address hold, keeps the new document and waits for authorisation', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1', shipTo: { ...ADDRESS, postalCode: '4109' } });
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'held', holds: [{ kind: 'address' }] });

    await readdress(hub, '1', {});

    expect(await orderOf(hub, '1')).toMatchObject({ status: 'allocated', holds: [], authorisation: null });
    expect(await showOrder({ orderId: idOf('1') }, hub)).toMatchObject({ body: { document: { shipTo: ADDRESS } } });
    await expectStockSound(hub.table);
  });

  test('is not undone by the same content coming again under any clock, and is by a newer one with another bad address', async () => {
    const hub = await stocked();
    const bad = { ...ADDRESS, postalCode: '4109' };
    await accept(hub, { id: '1', shipTo: bad });
    await readdress(hub, '1', {});

    await accept(hub, { id: '1', shipTo: bad });
    const repeated = await orderOf(hub, '1');
    await accept(hub, { id: '1', version: 2, shipTo: bad });
    const touched = await orderOf(hub, '1');
    await accept(hub, { id: '1', version: 3, shipTo: { ...bad, line1: 'Beispielweg 5' } });

    expect(repeated).toMatchObject({ status: 'allocated', holds: [] });
    expect(touched).toMatchObject({ status: 'allocated', holds: [], addressHash: repeated.addressHash });
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'held', holds: [{ kind: 'address' }] });
  });

  test('is refused for an unfit address and once the order is packed', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1' });
    expect(await readdress(hub, '1', { postalCode: '1' })).toMatchObject({ kind: 'refused', code: 'address.unfit' });

    await pack(hub, '1', { TENT: 1 });

    expect(await readdress(hub, '1', {})).toMatchObject({ kind: 'refused', code: 'order.address-fixed' });
  });
});

describe('packing', () => {
  test('spends the reservation and begins a parcel', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1', units: { TENT: 2, MUG: 1 } });

    expect(await pack(hub, '1', { MUG: 1, TENT: 2 })).toMatchObject({ kind: 'answer', body: { order: { status: 'packed' } } });

    expect(await parcelOf(hub, '1')).toMatchObject({ parcel: 1, carrierId: 'easypost', warehouse: 'north', weight: 1_620, status: 'packed', version: 1 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 18, reserved: 0, available: 18 });
    await expectStockSound(hub.table);
  });

  test.each<[string, Record<string, number>]>([
    ['one unit too few', { TENT: 1, MUG: 1 }],
    ['one unit too many', { TENT: 3, MUG: 1 }],
    ['a SKU left out', { TENT: 2 }],
    ['a SKU that was not ordered', { TENT: 2, MUG: 1, LAMP: 1 }],
  ])('is refused with %s', async (_name, scanned) => {
    const hub = await stocked();
    await accept(hub, { id: '1', units: { TENT: 2, MUG: 1 } });
    const before = await itemsOf(hub.table);

    expect(await pack(hub, '1', scanned)).toMatchObject({ kind: 'refused', code: 'shipment.contents-differ' });

    expect(await itemsOf(hub.table)).toEqual(before);
  });

  test('is refused for an order that is held, not authorised, packed already, or not there', async () => {
    const hub = await stocked(BY_PERSON);
    await accept(hub, { id: 'held', paid: false }, { id: 'new' }, { id: 'done' });
    await authorise(hub, 'done');
    await pack(hub, 'done', { TENT: 1 });

    expect(await pack(hub, 'held', { TENT: 1 })).toMatchObject({ kind: 'refused', code: 'order.held' });
    expect(await pack(hub, 'new', { TENT: 1 })).toMatchObject({ kind: 'refused', code: 'order.not-authorised' });
    expect(await pack(hub, 'done', { TENT: 1 })).toMatchObject({ kind: 'refused', code: 'order.packed-already' });
    await expect(pack(hub, 'nobody', { TENT: 1 })).rejects.toMatchObject({ code: 'order.not-found' });
    await expectStockSound(hub.table);
  });

  test('is refused by the database when a hold is put on between reading and writing', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1' });
    const racing = elsewhere(hub, emulator.reopen(hub.table));
    const writes = beforeFirstWrite(racing.table, () => holdBehindTheBack(hub, '1'));

    expect(await pack(racing, '1', { TENT: 1 })).toMatchObject({ kind: 'refused', code: 'order.held' });

    expect(writes.transactions).toBe(1);
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'held', holds: [{ kind: 'operator' }] });
    await expect(parcelOf(hub, '1')).rejects.toMatchObject({ code: 'parcel.not-found' });
    await expectStockSound(hub.table);
  });

  test('is refused by the database when the address was changed between reading and writing', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1' });
    const racing = elsewhere(hub, emulator.reopen(hub.table));
    beforeFirstWrite(racing.table, async () => void (await readdress(hub, '1', { line1: 'Beispielweg 5' })));

    expect(await pack(racing, '1', { TENT: 1 })).toMatchObject({ kind: 'refused', code: 'order.not-authorised' });
    await expectStockSound(hub.table);
  });

  test('twice at once makes one parcel', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1' });

    const answers = await Promise.all([pack(hub, '1', { TENT: 1 }), pack(elsewhere(hub, emulator.reopen(hub.table)), '1', { TENT: 1 })]);

    expect(answers.map(({ kind }) => kind).sort()).toEqual(['answer', 'refused']);
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 19 });
    await expectStockSound(hub.table);
  });
});

describe('packing confirmed whole', () => {
  test('packs what is authorised, many at once, and passes the rest over', async () => {
    const hub = await stocked();
    const ids = Array.from({ length: 15 }, (_, index) => String(index));
    await accept(hub, ...ids.map((id) => ({ id })), { id: 'held', paid: false });
    const events = await Promise.all(ids.map(async (id) => eventOf('order.authorised', await orderOf(hub, id))));
    const [first] = events;
    await holdBehindTheBack(hub, '3');
    const heldEvent = eventOf('order.held', await orderOf(hub, 'held'));

    const failures = await packParcels(received(...events, ...(first === undefined ? [] : [first]), heldEvent), hub);

    expect([...failures]).toEqual([]);
    expect(await orderOf(hub, '3')).toMatchObject({ status: 'held' });
    expect(await orderOf(hub, 'held')).toMatchObject({ status: 'held' });
    for (const id of ids.filter((one) => one !== '3')) expect(await parcelOf(hub, id)).toMatchObject({ status: 'packed', version: 1 });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 6, reserved: 2 });
    await expectStockSound(hub.table);
  });

  test('fails the orders of a transaction that was refused, and packs them when they come again', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1' }, { id: '2' });
    const events = await Promise.all(['1', '2'].map(async (id) => eventOf('order.authorised', await orderOf(hub, id))));
    const racing = elsewhere(hub, emulator.reopen(hub.table));
    beforeFirstWrite(racing.table, () => holdBehindTheBack(hub, '1'));

    const failures = await packParcels(received(...events), racing);
    const again = await packParcels(received(...events), racing);

    expect([...failures]).toEqual(['m0', 'm1'].map((id) => [id, expect.objectContaining({ name: 'Unavailable', code: 'order.contended' })]));
    expect([...again]).toEqual([]);
    expect([(await orderOf(hub, '1')).status, (await orderOf(hub, '2')).status]).toEqual(['held', 'packed']);
    await expectStockSound(hub.table);
  });

  test('delivered again packs nothing twice', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1' });
    const event = eventOf('order.authorised', await orderOf(hub, '1'));
    await packParcels(received(event), hub);
    const before = await itemsOf(hub.table);

    await Promise.all([packParcels(received(event), hub), packParcels(received(event), elsewhere(hub, emulator.reopen(hub.table)))]);

    expect(await itemsOf(hub.table)).toEqual(before);
  });
});

describe('showing an order', () => {
  test('says everything the hub knows of it', async () => {
    const hub = await stocked();
    await accept(hub, { id: '1' });
    await pack(hub, '1', { TENT: 1 });

    expect(await showOrder({ orderId: idOf('1') }, hub)).toMatchObject({
      body: { order: { status: 'packed' }, document: { number: '#1' }, parcels: [{ parcel: 1 }], timeline: [] },
    });
  });

  test('is refused for one that is not there', async () => {
    const hub = await stocked();

    await expect(showOrder({ orderId: 'wholesale:nobody' }, hub)).rejects.toMatchObject({ name: 'Rejected', code: 'order.not-found' });
  });
});
