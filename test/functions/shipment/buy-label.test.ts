import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findByTrackingNumbers } from '../../../adapters/aws/parcel-store.ts';
import { readAddressProof, readPurchases } from '../../../adapters/aws/purchase-store.ts';
import type { Buyer } from '../../../adapters/purchase.ts';
import { Unavailable } from '../../../core/error.ts';
import type { HubEvent } from '../../../core/event.ts';
import { LEASE_MS } from '../../../core/shipment.ts';
import { releaseHold } from '../../../functions/order/release-hold.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import type { Fault } from '../fake-easypost.ts';
import { labelParcel, only, type Shop, useLabelShop } from '../label-shop.ts';
import { type CrashPoint, type Lifeline, lifeline } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { ADDRESS, accept, eventOf, idOf, manager, orderOf, packed, parcelOf, recipientOf } from '../world.ts';

const emulator = useEmulator();
const log = useLogLines();
const { openShop, buyerFor, ...shopping } = useLabelShop(emulator);

const invoke = (shop: Shop, event: HubEvent, line?: Lifeline) => shopping.invoke(labelParcel, shop, event, line);
const redeliver = (shop: Shop, event: HubEvent, most?: number) => shopping.redeliver(labelParcel, shop, event, most);
const dieAt = (shop: Shop, event: HubEvent, point: CrashPoint) => shopping.dieAt(labelParcel, shop, event, point);

async function expectBoughtOnce({ hub, carrier, objects }: Shop, id: string): Promise<void> {
  const parcel = await parcelOf(hub, id);
  const purchases = await readPurchases(hub.table, parcel);
  const charges = carrier.charges.filter(({ recipient }) => recipient === recipientOf(id));
  expect(charges).toHaveLength(1);
  expect(parcel).toMatchObject({ status: 'labelled', label: { carrier: 'UPS', service: 'UPSStandard', cost: 640, currency: 'EUR' } });
  const bought = purchases.filter(({ status }) => status === 'bought');
  expect(bought.map(({ reference }) => reference)).toEqual(charges.map(({ reference }) => reference));
  expect(purchases.filter(({ status }) => status === 'buying')).toEqual([]);
  const { document = '', trackingNumber = '' } = parcel.label ?? {};
  expect(objects.get(document)?.toString()).toBe(`%PDF-1.4 ${trackingNumber}`);
  const wanted = { carrierId: 'easypost', trackingNumber, since: hub.now().toISOString() };
  expect([...(await findByTrackingNumbers(hub.table, [wanted], hub.now())).values()]).toMatchObject([[{ orderId: idOf(id), parcel: 1 }]]);
}

describe('buying a label', () => {
  test('charges once, keeps the label and knows the parcel by its tracking number', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    const line = lifeline();

    await invoke(shop, only(event), line);

    await expectBoughtOnce(shop, '1');
    expect(await parcelOf(shop.hub, '1')).toMatchObject({ label: { document: 'labels/wholesale%3A1/1.pdf', trackingUrl: 'https://track.example.com/TRACK1' } });
    expect(await orderOf(shop.hub, '1')).toMatchObject({ status: 'packed', holds: [] });
    expect(shop.carrier.asked[0]?.headers?.authorization).toBe(`Basic ${Buffer.from('EZTEST:').toString('base64')}`);
    expect(shop.carrier.asked.at(-1)?.headers).toBeUndefined();
    // The claim is written before money is asked for, and the label kept before the purchase ends.
    expect(line.calls.filter((call) => !call.startsWith('Get') && !call.startsWith('Query'))).toEqual([
      'POST /v2/shipments',
      // Service chosen; purchase claimed.
      'TransactWriteItemsCommand',
      'TransactWriteItemsCommand',
      'POST /v2/shipments/shp_1/buy',
      'GET /labels/shp_1.pdf',
      'PutObjectCommand',
      'TransactWriteItemsCommand',
    ]);
    await expectStockSound(shop.hub.table);
  });

  test('again buys nothing', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    await invoke(shop, only(event));
    const before = await itemsOf(shop.hub.table);

    await Promise.all([invoke(shop, only(event)), invoke(shop, only(event))]);

    expect(shop.carrier.charges).toHaveLength(1);
    expect(await itemsOf(shop.hub.table)).toEqual(before);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'no label to buy', why: 'parcel is labelled' }));
  });

  test('by one invocation makes another wait for its lease, without a word to the carrier', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    const atThePurchase = lifeline({ call: await callOf('/buy'), when: 'before' });
    expect(await invoke(shop, only(event), atThePurchase)).toBe('crashed');
    const asked = shop.carrier.asked.length;

    await expect(invoke(shop, only(event))).rejects.toMatchObject({ name: 'Unavailable', code: 'shipment.label-claimed', retryAfterSeconds: LEASE_MS / 1000 });
    shop.hub.pass(LEASE_MS / 1000 - 1);
    await expect(invoke(shop, only(event))).rejects.toMatchObject({ code: 'shipment.label-claimed', retryAfterSeconds: 1 });

    expect(shop.carrier.asked).toHaveLength(asked);
  });

  test('buys nothing for an order that is held or was readdressed since it was packed', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    await accept(shop.hub, { id: '1', version: 2, shipTo: { ...ADDRESS, line1: 'Beispielweg 7' } });
    expect(await orderOf(shop.hub, '1')).toMatchObject({ holds: [{ kind: 'client' }] });

    await invoke(shop, only(event));

    expect(shop.carrier.asked).toEqual([]);
  });

  test('buys nothing when the order is held between the offer and the claim: the database refuses it', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    const line = lifeline();
    const buyer = buyerFor(shop, line);
    const http: Buyer['http'] = async (request) => {
      const answer = await buyer.http(request);
      if (request.url.endsWith('/shipments')) await accept(shop.hub, { id: '1', version: 2, status: 'cancelled' });
      return answer;
    };

    await expect(labelParcel(only(event), { ...buyer, http })).rejects.toMatchObject({ name: 'Unavailable', code: 'shipment.parcel-contended' });
    await redeliver(shop, only(event));

    expect(shop.carrier.charges).toEqual([]);
    expect(await parcelOf(shop.hub, '1')).toMatchObject({ status: 'recalled' });
  });
});

describe('an outcome that is not known', () => {
  test.each<[Fault]>([['silent'], ['bad-gateway']])('after the charge (%s) is looked up and adopted, never repeated', async (fault) => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    shop.carrier.faults.push(fault);

    await expect(invoke(shop, only(event))).rejects.toMatchObject({ name: 'Unavailable', code: 'shipment.outcome-unknown' });
    expect(shop.carrier.charges).toHaveLength(1);
    await redeliver(shop, only(event));

    await expectBoughtOnce(shop, '1');
    expect(shop.carrier.asked.filter(({ url }) => url.endsWith('/buy'))).toHaveLength(1);
  });

  test('before the charge ends in one charge', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    shop.carrier.faults.push('down', 'down');

    await redeliver(shop, only(event));

    await expectBoughtOnce(shop, '1');
  });

  test('whatever the carrier does, in whatever order, ends in one charge', async () => {
    const shop = await openShop();
    let parcels = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom<Fault>('silent', 'bad-gateway', 'down'), { maxLength: 5 }), async (faults) => {
        parcels += 1;
        const id = `p${parcels}`;
        const [event] = await packed(shop.hub, id);
        shop.carrier.faults.splice(0, Infinity, ...faults);

        await redeliver(shop, only(event), 12);

        await expectBoughtOnce(shop, id);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe('a label that the carrier does not sell', () => {
  test.each([
    ['at the offer', 'no rates', [] as Fault[]],
    ['at the purchase', 'rates', ['declined'] as Fault[]],
  ])('%s holds the order, and is bought after its release', async (_when, offers, faults) => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    shop.carrier.offers = offers === 'rates';
    shop.carrier.faults.push(...faults);

    await invoke(shop, only(event));

    expect(shop.carrier.charges).toEqual([]);
    expect(await parcelOf(shop.hub, '1')).toMatchObject({ status: 'refused', change: { type: 'parcel.refused' } });
    expect(await orderOf(shop.hub, '1')).toMatchObject({ status: 'packed', work: expect.stringMatching(/^held#/), holds: [{ kind: 'operator' }] });
    await invoke(shop, only(event));
    expect(shop.carrier.charges).toEqual([]);

    shop.carrier.offers = true;
    await releaseHold({ orderId: idOf('1'), kind: 'operator', reason: 'account topped up' }, shop.hub, manager(shop.hub));
    await redeliver(shop, eventOf('parcel.packed', await parcelOf(shop.hub, '1')));

    await expectBoughtOnce(shop, '1');
    expect((await readPurchases(shop.hub.table, await parcelOf(shop.hub, '1'))).map(({ status }) => status)).toEqual([...faults.map(() => 'refused'), 'bought']);
  });
});

describe('a label that prints another address', () => {
  test('is kept and paid, and holds the order with both addresses shown apart from it', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    shop.carrier.faults.push('wrong-address');

    await invoke(shop, only(event));

    await expectBoughtOnce(shop, '1');
    const order = await orderOf(shop.hub, '1');
    expect(order).toMatchObject({ status: 'packed', work: expect.stringMatching(/^held#/), holds: [{ kind: 'address', reason: expect.stringContaining('line1') }] });
    expect(JSON.stringify(order)).not.toMatch(/Erika|Beispielweg|Falsche|Leipzig/);
    expect(JSON.stringify(await parcelOf(shop.hub, '1'))).not.toMatch(/Erika|Beispielweg|Falsche|Leipzig/);
    expect(await readAddressProof(shop.hub.table, { orderId: idOf('1'), parcel: 1 })).toMatchObject({
      ours: { line1: 'Beispielweg 4' },
      printed: { line1: 'Falsche Gasse 9' },
      differences: [{ field: 'line1', ours: 'Beispielweg 4', theirs: 'Falsche Gasse 9' }],
    });
    const proofs = (await itemsOf(shop.hub.table)).filter(({ entity }) => entity === 'address-proof');
    expect(proofs.map(({ expiresAt }) => expiresAt)).toEqual([shop.hub.now().getTime() / 1000 + 90 * 86_400]);
  });

  test('after an outcome that was not known is found out all the same', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    shop.carrier.faults.push('wrong-address');
    const purchase = lifeline({ call: await callOf('/buy'), when: 'after' });

    expect(await invoke(shop, only(event), purchase)).toBe('crashed');
    shop.hub.pass(LEASE_MS / 1000 + 1);
    await redeliver(shop, only(event));

    expect(await orderOf(shop.hub, '1')).toMatchObject({ holds: [{ kind: 'address' }] });
    await expectBoughtOnce(shop, '1');
  });

  test('whose document cannot be used holds the order, with the purchase on record', async () => {
    const shop = await openShop();
    const [event] = await packed(shop.hub, '1');
    shop.carrier.faults.push('no-document');

    await invoke(shop, only(event));

    expect(shop.carrier.charges).toHaveLength(1);
    expect(await parcelOf(shop.hub, '1')).toMatchObject({ status: 'labelled', label: { document: '' } });
    expect(await orderOf(shop.hub, '1')).toMatchObject({ holds: [{ kind: 'address', reason: expect.stringContaining('document') }] });
  });
});

/** The number of the first call whose name ends so, in an undisturbed purchase. */
async function callOf(ending: string): Promise<number> {
  const shop = await openShop();
  const [event] = await packed(shop.hub, 'probe');
  const line = lifeline();
  await invoke(shop, only(event), line);
  return line.calls.findIndex((call) => call.endsWith(ending)) + 1;
}

/** What the deliveries before the crash are like: which faults the carrier has in store. */
const SCENARIOS: readonly { readonly name: string; readonly faults: readonly Fault[]; readonly deliveriesBefore: number }[] = [
  { name: 'a purchase', faults: [], deliveriesBefore: 0 },
  { name: 'a purchase whose answer is lost', faults: ['silent'], deliveriesBefore: 0 },
  { name: 'the look-up after an answer was lost', faults: ['silent'], deliveriesBefore: 1 },
  { name: 'the look-up after nothing was sold', faults: ['down'], deliveriesBefore: 1 },
  { name: 'a purchase that prints another address', faults: ['wrong-address'], deliveriesBefore: 0 },
];

describe('an invocation that dies', () => {
  test.each(SCENARIOS)(
    'at any of its calls during $name leaves one charge and a labelled parcel',
    async ({ faults, deliveriesBefore }) => {
      const shop = await openShop();
      const undisturbed = await prepared(shop, 'undisturbed', faults, deliveriesBefore);
      const line = lifeline();
      await invoke(shop, undisturbed, line).catch(() => {});
      const points = line.calls.flatMap((_, index): CrashPoint[] => [
        { call: index + 1, when: 'before' },
        { call: index + 1, when: 'after' },
      ]);

      for (const point of points) {
        const id = `${point.when}-${point.call}`;
        const event = await prepared(shop, id, faults, deliveriesBefore);

        await dieAt(shop, event, point);
        // A message may come back while the dead invocation still holds its lease: then nobody buys.
        await invoke(shop, event).catch((error: unknown) => expect(error, `${id} of ${line.calls.join(', ')}`).toBeInstanceOf(Unavailable));
        shop.hub.pass(LEASE_MS / 1000 + 1);
        await redeliver(shop, event);

        await expectBoughtOnce(shop, id);
      }
      expect(points.length).toBeGreaterThanOrEqual(2 * 8);
      await expectStockSound(shop.hub.table);
    },
    120_000,
  );

  test('again and again, anywhere, leaves one charge and a labelled parcel', async () => {
    const shop = await openShop();
    let parcels = 0;
    const Crash = fc.record({ call: fc.integer({ min: 1, max: 13 }), when: fc.constantFrom('before' as const, 'after' as const) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(Crash, { minLength: 1, maxLength: 4 }),
        fc.array(fc.constantFrom<Fault>('silent', 'bad-gateway', 'down'), { maxLength: 2 }),
        async (crashes, faults) => {
          parcels += 1;
          const event = await prepared(shop, `p${parcels}`, faults, 0);

          for (const crash of crashes) {
            await dieAt(shop, event, crash);
            shop.hub.pass(LEASE_MS / 1000 + 1);
          }
          await redeliver(shop, event, 15);

          await expectBoughtOnce(shop, `p${parcels}`);
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});

describe('two workers on one message', () => {
  test('buy one label, however their calls fall between each other', async () => {
    const shop = await openShop();
    let parcels = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(fc.constantFrom<Fault>('silent', 'down'), { maxLength: 1 }), async (scheduler, faults) => {
        parcels += 1;
        const event = await prepared(shop, `p${parcels}`, faults, 0);
        const workers = [1, 2].map(() => invoke(shop, event, lifeline(undefined, scheduler)));

        const outcomes = await scheduler.waitFor(Promise.allSettled(workers));

        for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Unavailable);
        await redeliver(shop, event);
        await expectBoughtOnce(shop, `p${parcels}`);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

/** A packed parcel of its own, with its message delivered so many times already. */
async function prepared(shop: Shop, id: string, faults: readonly Fault[], deliveries: number): Promise<HubEvent> {
  const [event] = await packed(shop.hub, id);
  shop.carrier.faults.splice(0, Infinity, ...faults);
  for (let delivery = 0; delivery < deliveries; delivery++) await expect(invoke(shop, only(event))).rejects.toBeInstanceOf(Unavailable);
  return only(event);
}
