import { beforeEach, describe, expect, test, vi } from 'vitest';
import { readParcel, readReturns, writeParcel } from '../../../adapters/aws/parcel-store.ts';
import { applyUpdate } from '../../../adapters/update.ts';
import { eventsOf, type HubEvent } from '../../../core/event.ts';
import { noticeFor } from '../../../core/notification.ts';
import { FIRST_RETURN, type Parcel } from '../../../core/shipment.ts';
import type { TrackingStatus } from '../../../core/tracking.ts';
import { buyLabel } from '../../../functions/shipment/buy-label.ts';
import { packParcels } from '../../../functions/shipment/pack-parcels.ts';
import { requestReturn } from '../../../functions/shipment/request-return.ts';
import { selectService } from '../../../functions/shipment/select-service.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { only } from '../label-shop.ts';
import { useLogLines } from '../log-lines.ts';
import { connected, reachingFor, ToldCarrier } from '../told-carrier.ts';
import { accept, clientWith, eventOf, hubOn, idOf, orderOf, type Posted, parcelOf, received, recipientOf, stockUp, type TestHub } from '../world.ts';

const carriers = vi.hoisted(() => new Map<string, unknown>());
vi.mock('../../../adapters/carrier.ts', async (original) => ({ ...(await original<object>()), loadCarrier: async (kind: string) => carriers.get(kind) }));

const emulator = useEmulator();
useLogLines();
let hub: TestHub;
let post: ToldCarrier;

beforeEach(async () => {
  await openHub();
});

async function openHub(overrides: object = {}): Promise<void> {
  hub = hubOn(await emulator.freshTable(), clientWith({ carriers: [connected('post')], ...overrides }));
  await stockUp(hub, { TENT: 100, MUG: 100 });
  post = new ToldCarrier(hub.now);
  carriers.set('post', post.carrier);
}

async function deliver(posted: Posted): Promise<void> {
  await accept(hub, posted);
  await packParcels(received(eventOf('order.authorised', await orderOf(hub, posted.id))), hub);
  await label(await parcelOf(hub, posted.id), 'parcel.packed');
  await scan(await parcelOf(hub, posted.id), 'delivered');
}

/** Has a service chosen and the label bought, as the queues do. */
async function label(parcel: Parcel, type: 'parcel.packed' | 'return.requested'): Promise<Parcel> {
  const event = eventOf(type, parcel);
  await selectService(event, reachingFor(hub));
  await buyLabel(event, reachingFor(hub));
  return await readParcel(hub.table, parcel);
}

async function scan({ label: bought }: Parcel, status: TrackingStatus): Promise<void> {
  hub.pass(3_600);
  const events = [{ status, code: status, at: hub.now().toISOString(), description: '', attention: false }];
  await applyUpdate({ carrierId: 'post', trackingNumber: bought?.trackingNumber ?? '', events }, hub);
}

async function ask(units: readonly { readonly sku: string; readonly quantity: number }[] = [], id = '1', parcel = 1) {
  return await requestReturn({ orderId: idOf(id), parcel, reason: 'too small', units: [...units] }, hub, { by: 'desk', now: hub.now() });
}

async function returnsOf(id = '1'): Promise<Parcel[]> {
  return await readReturns(hub.table, idOf(id));
}

const tents = (quantity: number) => ({ sku: 'TENT', quantity });

describe('asking goods back', () => {
  test('takes all of the parcel where nothing is named', async () => {
    await deliver({ id: '1', units: { TENT: 2, MUG: 1 } });

    expect(await ask()).toMatchObject({ kind: 'answer', body: { parcel: { parcel: FIRST_RETURN, returns: 1, status: 'packed' } } });

    const [back] = await returnsOf();
    expect(
      only(back)
        .units.map(({ sku, quantity, warehouse }) => [sku, quantity, warehouse])
        .sort(),
    ).toEqual([
      ['MUG', 1, 'north'],
      ['TENT', 2, 'north'],
    ]);
    expect(back).toMatchObject({ weight: 3 * 500 + 120, change: { by: 'desk', reason: 'too small' } });
  });

  test('twice takes what is left the second time, and is refused when nothing is', async () => {
    await deliver({ id: '1', units: { TENT: 2, MUG: 1 } });

    await ask([tents(1)]);
    await ask();

    expect((await returnsOf()).map(({ parcel, units }) => [parcel, units.map(({ sku, quantity }) => `${quantity} ${sku}`).sort()])).toEqual([
      [FIRST_RETURN, ['1 TENT']],
      [FIRST_RETURN + 1, ['1 MUG', '1 TENT']],
    ]);
    expect(await ask()).toMatchObject({ kind: 'refused', code: 'shipment.return-empty' });
    expect(await ask([tents(1)])).toMatchObject({ kind: 'refused', code: 'shipment.return-exceeds', why: expect.stringContaining('0 x TENT that may come back, not 1') });
  });

  test.each<[string, { readonly sku: string; readonly quantity: number }[], string]>([
    ['more of a product than the parcel had', [tents(3)], '2 x TENT that may come back, not 3'],
    ['more of it in two lines', [tents(1), tents(2)], '2 x TENT that may come back, not 3'],
    ['a product that was not in it', [{ sku: 'LAMP', quantity: 1 }], '0 x LAMP that may come back, not 1'],
  ])('%s is refused, and writes nothing', async (_what, units, why) => {
    await deliver({ id: '1', units: { TENT: 2, MUG: 1 } });
    const before = await itemsOf(hub.table);

    expect(await ask(units)).toMatchObject({ kind: 'refused', code: 'shipment.return-exceeds', why: expect.stringContaining(why) });

    expect(await itemsOf(hub.table)).toEqual(before);
  });

  test('of a parcel that is still here is refused: it is recalled instead', async () => {
    await accept(hub, { id: '1' });
    await packParcels(received(eventOf('order.authorised', await orderOf(hub, '1'))), hub);

    expect(await ask()).toMatchObject({ kind: 'refused', code: 'shipment.not-out', why: expect.stringContaining('is packed') });

    await label(await parcelOf(hub, '1'), 'parcel.packed');
    expect(await ask()).toMatchObject({ kind: 'refused', code: 'shipment.not-out', why: expect.stringContaining('is labelled') });
  });

  test('of a parcel that is on its way is taken', async () => {
    await accept(hub, { id: '1' });
    await packParcels(received(eventOf('order.authorised', await orderOf(hub, '1'))), hub);
    await scan(await label(await parcelOf(hub, '1'), 'parcel.packed'), 'in_transit');

    expect(await ask()).toMatchObject({ kind: 'answer' });
  });

  test('of a parcel that the order does not have is refused by its number', async () => {
    await deliver({ id: '1' });

    await expect(ask([], '1', 2)).rejects.toMatchObject({ code: 'parcel.not-found' });
  });

  test('at once by two people asks for each unit once', async () => {
    await deliver({ id: '1', units: { TENT: 2 } });

    const answers = await Promise.allSettled([ask(), ask()]);

    const back = await returnsOf();
    expect(back.flatMap(({ units }) => units).reduce((sum, { quantity }) => sum + quantity, 0)).toBe(2);
    expect(answers.some((answer) => answer.status === 'fulfilled' && answer.value.kind === 'answer')).toBe(true);
    for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'shipment.parcel-contended' });
  });
});

describe('the label of a return', () => {
  test('goes from the customer to the warehouse', async () => {
    await deliver({ id: '1' });
    await ask();

    const back = await label(only((await returnsOf())[0]), 'return.requested');

    expect(only(post.quoted.at(-1))).toMatchObject({
      returns: true,
      from: { name: recipientOf('1'), city: 'Leipzig' },
      to: { name: 'Sample Depot', city: 'Hamburg' },
      customs: null,
    });
    expect(back).toMatchObject({ status: 'labelled', carrierId: 'post', label: { carrier: 'Told', document: expect.stringContaining(`/${FIRST_RETURN}.pdf`) } });
    expect(post.sold).toHaveLength(2);
    expect(await orderOf(hub, '1')).toMatchObject({ holds: [], status: 'delivered' });
  });

  test('is found by its tracking number, and is scanned without moving its order or the parcel that it came in', async () => {
    await deliver({ id: '1' });
    await ask();
    const back = await label(only((await returnsOf())[0]), 'return.requested');
    const [order, sent] = [await orderOf(hub, '1'), await parcelOf(hub, '1')];

    await scan(back, 'in_transit');
    await scan(back, 'delivered');

    expect(await readParcel(hub.table, back)).toMatchObject({ status: 'delivered' });
    expect(await orderOf(hub, '1')).toEqual(order);
    expect(await parcelOf(hub, '1')).toEqual(sent);
    await expectStockSound(hub.table);
  });

  test('tells of itself in words of its own: no customer, storefront or dock hears of it', async () => {
    await deliver({ id: '1' });
    await ask();
    const seen: Parcel[] = [only((await returnsOf())[0])];
    const look = async () => void seen.push(await readParcel(hub.table, only(seen[0])));

    await selectService(eventOf('return.requested', only(seen[0])), reachingFor(hub));
    await look();
    await buyLabel(eventOf('return.assigned', only(seen.at(-1))), reachingFor(hub));
    await look();
    await scan(only(seen.at(-1)), 'in_transit');
    await look();
    await scan(only(seen.at(-1)), 'delivered');
    await look();

    const events = seen.flatMap((parcel, index): HubEvent[] => eventsOf(seen[index - 1], parcel));
    expect(events.map(({ type }) => type)).toEqual([
      'return.requested',
      'return.assigned',
      'return.labelled',
      'return.updated',
      'return.dispatched',
      'return.updated',
      'return.delivered',
    ]);
    expect(events.map(noticeFor)).toEqual(events.map(() => undefined));
  });

  test('is bought with what customs are told of returned goods', async () => {
    const product = (sku: string) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, customs: { hsCode: '630622', origin: 'PT' } });
    await openHub({ products: ['TENT', 'MUG'].map(product) });
    await deliver({ id: '1', units: { TENT: 2, MUG: 1 }, shipTo: { name: recipientOf('1'), line1: '4 Sample Road', city: 'London', postalCode: 'N1 9GU', country: 'GB' } });
    await ask([tents(1)]);

    await label(only((await returnsOf())[0]), 'return.requested');

    expect(post.quoted.map(({ from, customs }) => [from.country, customs?.contents])).toEqual([
      ['DE', 'merchandise'],
      ['GB', 'returned-goods'],
    ]);
    expect(only(post.quoted.at(-1)).customs?.items).toEqual([{ sku: 'TENT', description: 'TENT', quantity: 1, value: 1_000, weight: 500, hsCode: '630622', origin: 'PT' }]);
  });

  test('that nobody sells holds the order, and leaves the parcels that left as they are', async () => {
    await deliver({ id: '1' });
    await ask();
    post.purchases.push({ sells: false, outcome: 'refused', again: false, reason: 'no returns from there' });
    const sent = await parcelOf(hub, '1');

    const back = await label(only((await returnsOf())[0]), 'return.requested');

    expect(back).toMatchObject({ status: 'refused' });
    expect(await orderOf(hub, '1')).toMatchObject({ status: 'delivered', holds: [{ kind: 'operator', reason: expect.stringContaining('no returns from there') }] });
    expect(await parcelOf(hub, '1')).toEqual(sent);
  });

  test('is not bought for another address than the order has', async () => {
    await deliver({ id: '1' });
    await ask();
    const back = only((await returnsOf())[0]);
    await writeParcel(hub.table, { ...back, addressHash: 'another', version: back.version + 1 });

    const after = await label(back, 'return.requested');

    expect(after).toMatchObject({ status: 'packed' });
    expect(post.sold).toHaveLength(1);
  });
});
