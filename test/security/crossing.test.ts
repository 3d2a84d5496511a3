import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEntity } from '../../adapters/aws/table.ts';
import type { Delivery } from '../../adapters/delivery.ts';
import { Rejected } from '../../core/error.ts';
import type { Stock } from '../../core/inventory.ts';
import type { Order } from '../../core/order.ts';
import type { Parcel } from '../../core/shipment.ts';
import { acceptOrders } from '../../functions/order/accept-orders.ts';
import { showOrder } from '../../functions/order/show-order.ts';
import { honourPrivacy } from '../../functions/storefront/honour-privacy.ts';
import { applyUpdates } from '../../functions/tracking/apply-updates.ts';
import { delivered, fixture } from '../adapters/fixtures.ts';
import { useEmulator } from '../emulator.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { memoryBucket } from '../functions/memory-bucket.ts';
import { labelParcel } from '../functions/tracking/label-parcel.ts';
import { accepting, CLIENT, clientWith, deliveryOf, hubOn, idOf, orderOf, type Posted, packed, parcelOf, received, stockUp, type TestHub, tracking } from '../functions/world.ts';
import { expectStockSound, itemsOf } from '../invariants.ts';
import { runs } from '../runs.ts';

const emulator = useEmulator();
useLogLines();

const SETTINGS = { callbackUrl: 'https://retail.example.com/crossdock', toleranceSeconds: 300 };
const TWO_SHOPS = clientWith({
  storefronts: [...CLIENT.storefronts, { id: 'retail', kind: 'custom', settings: SETTINGS }, { id: 'wholesale-2', kind: 'custom', settings: SETTINGS }],
});

async function openHub(client = TWO_SHOPS): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable(), client);
  await stockUp(hub, { TENT: 50 });
  return hub;
}

function posted(connectionId: string, order: Posted): Delivery {
  const delivery = deliveryOf(order);
  const payload = JSON.parse(delivery.body.toString('utf8'));
  return {
    ...delivery,
    connectionId,
    body: Buffer.from(JSON.stringify({ ...payload, data: { ...payload.data, number: '#1', shipTo: { ...payload.data.shipTo, name: 'Erika Muster' } } })),
  };
}

/** All of a shop's orders and what hangs on them, by key. */
async function ownedBy(hub: TestHub, connectionId: string): Promise<readonly unknown[]> {
  return (await itemsOf(hub.table))
    .filter(({ PK }) => String(PK).includes(`${connectionId}:`))
    .sort((one, other) => `${one.PK} ${one.SK}`.localeCompare(`${other.PK} ${other.SK}`));
}

describe('a shop that posts what is not its own', () => {
  /** Ids by which somebody may hope to name what is another's, or what is no order. */
  const IDS = [
    ...[
      '1',
      'wholesale:1',
      '../wholesale:1',
      ':1',
      '1:',
      '1#P#1',
      '1#DOC',
      'ORDER',
      'O#wholesale:1',
      '1\u0000',
      '1 ',
      ' 1',
      '１',
      '1~',
      '~31~',
      '__proto__',
      'constructor',
      '*',
      '%31',
      '$1',
    ],
    ...['C#retail', 'S#TENT', 'x'.repeat(120), '🎁'.repeat(60), '\u{10ffff}'.repeat(60), '{}', '[]', 'null'],
  ];

  test.each(IDS)('under the id %j, has an order of its own, or none, and the other one stays as it is', async (id) => {
    const hub = await openHub();
    await acceptOrders(received(posted('wholesale', { id: '1' })), accepting(hub));
    const before = await ownedBy(hub, 'wholesale');

    const failures = await acceptOrders(
      received(posted('retail', { id, version: 9, status: 'cancelled' }), posted('retail', { id, version: 10, units: { TENT: 3 } })),
      accepting(hub),
    );

    expect([...failures.values()].every((error) => error instanceof Rejected)).toBe(true);
    expect(await ownedBy(hub, 'wholesale')).toEqual(before);
    const orders = (await itemsOf(hub.table)).filter((item) => isEntity<Order>(item, 'order'));
    expect(orders.filter(({ connectionId }) => connectionId === 'retail').map(({ orderId }) => orderId)).toEqual([expect.stringMatching(/^retail:[A-Za-z0-9._~-]+$/)]);
    await expectStockSound(hub.table);
  });

  test('has for every id of its own another order, however alike they look', async () => {
    const hub = await openHub();

    await acceptOrders(received(...IDS.map((id) => posted('retail', { id, paid: false }))), accepting(hub));

    const orders = (await itemsOf(hub.table)).filter((item) => isEntity<Order>(item, 'order'));
    expect(orders).toHaveLength(new Set(IDS).size);
  });

  test('cannot be taken for a shop whose name goes on where its own ends', async () => {
    const hub = await openHub();
    await acceptOrders(received(posted('wholesale-2', { id: '1' })), accepting(hub));
    const before = await ownedBy(hub, 'wholesale-2');

    await acceptOrders(
      received(posted('wholesale', { id: '-2:1', version: 5, status: 'cancelled' }), posted('wholesale', { id: '2:1', version: 5, status: 'cancelled' })),
      accepting(hub),
    );

    expect(await ownedBy(hub, 'wholesale-2')).toEqual(before);
  });

  test('cannot have the customers of another erased, nor shown', async () => {
    const hub = await openHub();
    await acceptOrders(received(posted('wholesale', { id: '1' })), accepting(hub));
    const before = await ownedBy(hub, 'wholesale');
    const { bucket: labels } = memoryBucket();

    for (const wants of ['erase', 'show'] as const) {
      const request = { wants, requestId: `r-${wants}`, sourceIds: ['1', 'wholesale:1'], email: null, phone: null };
      await honourPrivacy({ connectionId: 'retail', request, receivedAt: hub.now().toISOString() }, { ...hub, labels, patience: 60_000 });
    }

    expect(await ownedBy(hub, 'wholesale')).toEqual(before);
  });
});

describe('a carrier that speaks of what is not its own', () => {
  const EASYPOST = CLIENT.carriers[0]?.settings;
  const TWO_CARRIERS = clientWith({
    carriers: [
      { id: 'easypost', kind: 'easypost', settings: EASYPOST },
      { id: 'easypost-2', kind: 'easypost', settings: EASYPOST },
    ],
  });

  test('changes no parcel, though it names its number', async () => {
    const hub = await openHub(TWO_CARRIERS);
    await packed(hub, '1');
    const body = fixture('easypost/update-tracker.json');
    const number = /"tracking_code":\s*"([^"]+)"/.exec(body)?.[1] ?? '';
    await labelParcel(hub, '1', number);
    const before = await parcelOf(hub, '1');

    await applyUpdates(received<Delivery>({ ...delivered(body), connectionId: 'easypost-2' }), tracking(hub));
    expect(await parcelOf(hub, '1')).toEqual(before);

    await applyUpdates(received<Delivery>({ ...delivered(body), connectionId: 'easypost' }), tracking(hub));
    expect(await parcelOf(hub, '1')).not.toEqual(before);
  });

  test('that there is not, changes nothing, and leaves its words with the dead letters', async () => {
    const hub = await openHub(TWO_CARRIERS);
    const failures = await applyUpdates(received<Delivery>({ ...delivered(fixture('easypost/update-tracker.json')), connectionId: 'nobody' }), tracking(hub));

    expect([...failures.values()]).toEqual([expect.any(Rejected)]);
  });
});

describe('a program that asks for an order', () => {
  test('by the key of anything else in the table, hears of none', async () => {
    const hub = await openHub();
    await packed(hub, '1');
    await labelParcel(hub, '1');
    const keys = (await itemsOf(hub.table)).flatMap(({ PK, SK }) => [String(PK), String(SK), `${PK}#${SK}`, String(PK).replace(/^[A-Z]+#/, '')]);
    const known = new Set((await itemsOf(hub.table)).filter((item) => isEntity<Order>(item, 'order')).map(({ orderId }) => orderId));

    for (const key of new Set(keys)) {
      const answered = await showOrder({ orderId: key }, hub).catch((error: unknown) => error);
      if (!known.has(key)) expect(answered, key).toMatchObject({ code: 'order.not-found' });
    }
    expect(known).toEqual(new Set([idOf('1')]));
  });
});

test('whatever two shops post under whatever ids, each has its own orders, and stock is conserved', async () => {
  const shop = fc.constantFrom('wholesale', 'retail', 'wholesale-2');
  const id = fc.oneof(fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }), fc.constantFrom('1', 'wholesale:1', '~31~', '-2:1'));
  const post = fc.record({ shop, id, version: fc.integer({ min: 1, max: 3 }), units: fc.integer({ min: 0, max: 3 }), cancelled: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(post, { minLength: 1, maxLength: 6 }), async (posts) => {
      const hub = await openHub();
      for (const one of posts)
        await acceptOrders(
          received(posted(one.shop, { id: one.id, version: one.version, units: { TENT: one.units }, status: one.cancelled ? 'cancelled' : 'open' })),
          accepting(hub),
        );

      const items = await itemsOf(hub.table);
      const wanted = new Set(posts.filter(({ id: source }) => source.trim() !== '').map((one) => `${one.shop} ${one.id}`));
      const orders = items.filter((item) => isEntity<Order>(item, 'order'));
      expect(orders.length).toBeLessThanOrEqual(wanted.size);
      for (const { orderId, connectionId } of orders) expect(orderId.startsWith(`${connectionId}:`)).toBe(true);
      const reserved = items.filter((item) => isEntity<Stock>(item, 'stock')).reduce((sum, stock) => sum + stock.reserved, 0);
      expect(reserved).toBe(orders.reduce((sum, order) => sum + order.allocations.reduce((units, { quantity }) => units + quantity, 0), 0));
      await expectStockSound(hub.table);
    }),
    { numRuns: runs(40) },
  );
});

test('an order and its parcel are nobody else to the hub than their shop says', async () => {
  const hub = await openHub();
  await packed(hub, '1');
  const [order, parcel]: [Order, Parcel] = [await orderOf(hub, '1'), await parcelOf(hub, '1')];

  expect(order.connectionId).toBe('wholesale');
  expect(parcel.orderId).toBe(order.orderId);
});
