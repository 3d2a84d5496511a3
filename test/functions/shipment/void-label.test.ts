import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findByTrackingNumbers } from '../../../adapters/aws/parcel-store.ts';
import { readPurchases } from '../../../adapters/aws/purchase-store.ts';
import { isEntity } from '../../../adapters/aws/table.ts';
import { Unavailable } from '../../../core/error.ts';
import type { HubEvent } from '../../../core/event.ts';
import type { LedgerEntry } from '../../../core/inventory.ts';
import { LEASE_MS } from '../../../core/shipment.ts';
import { handOverParcels } from '../../../functions/shipment/hand-over-parcels.ts';
import { recallParcel } from '../../../functions/shipment/recall-parcel.ts';
import { voidLabel } from '../../../functions/shipment/void-label.ts';
import { applyUpdates } from '../../../functions/tracking/apply-updates.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import type { Fault, RefundFault } from '../fake-easypost.ts';
import { labelParcel, only, type Shop, useLabelShop } from '../label-shop.ts';
import { type CrashPoint, type Lifeline, lifeline } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { accept, eventOf, idOf, manager, orderOf, packed, parcelOf, received, recipientOf, stockOf, tracking } from '../world.ts';

const emulator = useEmulator();
useLogLines();
const { openShop, buyerFor, invoke, redeliver, dieAt } = useLabelShop(emulator);

/** How far a parcel was when it was called back, and what the carrier does. */
interface Scenario {
  readonly name: string;
  readonly faults?: readonly Fault[];
  readonly refundFaults?: readonly RefundFault[];
  /** Deliveries of its label's message before the recall; the last one dies where it says. */
  readonly deliveries?: number;
  readonly dies?: 'at its purchase';
  readonly ends: 'unpacked' | 'labelled';
  /** What becomes of the money for its label, if it had one. */
  readonly refund?: 'pending' | 'lost';
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'without a label', ends: 'unpacked' },
  { name: 'with a label', deliveries: 1, ends: 'unpacked', refund: 'pending' },
  { name: 'while its purchase holds its lease, dead after the charge', deliveries: 1, dies: 'at its purchase', ends: 'unpacked', refund: 'pending' },
  { name: 'after the answer to its purchase was lost', faults: ['silent'], deliveries: 1, ends: 'unpacked', refund: 'pending' },
  { name: 'after a purchase of which nobody knows that it sold nothing', faults: ['down'], deliveries: 1, ends: 'unpacked' },
  { name: 'after the carrier refused to sell', faults: ['declined'], deliveries: 1, ends: 'unpacked' },
  { name: 'whose label is voided without an answer', refundFaults: ['silent'], deliveries: 1, ends: 'unpacked', refund: 'pending' },
  { name: 'whose label is voided with an error for an answer', refundFaults: ['bad-gateway'], deliveries: 1, ends: 'unpacked', refund: 'pending' },
  { name: 'whose void fails at first', refundFaults: ['down'], deliveries: 1, ends: 'unpacked', refund: 'pending' },
  { name: 'whose label has no refund', refundFaults: ['not_applicable'], deliveries: 1, ends: 'unpacked', refund: 'lost' },
  { name: 'whose label was used', refundFaults: ['rejected'], deliveries: 1, ends: 'labelled' },
];

/** Packs a parcel, buys its label as far as the scenario says, and calls it back. */
async function recalled(shop: Shop, id: string, { faults = [], refundFaults = [], deliveries = 0, dies }: Scenario): Promise<HubEvent> {
  const event = only((await packed(shop.hub, id))[0]);
  shop.carrier.faults.splice(0, Infinity, ...faults);
  shop.carrier.refundFaults.splice(0, Infinity, ...refundFaults);
  for (let delivery = 1; delivery <= deliveries; delivery++) {
    if (dies !== undefined && delivery === deliveries) await dieAt(labelParcel, shop, event, await purchaseCall());
    else await invoke(labelParcel, shop, event).catch((error: unknown) => expect(error).toBeInstanceOf(Unavailable));
  }
  await callBack(shop, id);
  return eventOf('parcel.recalled', await parcelOf(shop.hub, id));
}

/** The storefront cancels the order: unlike a person's recall, that leaves no order that waits for stock. */
async function callBack(shop: Shop, id: string): Promise<void> {
  expect((await accept(shop.hub, { id, version: 2, status: 'cancelled' })).size, id).toBe(0);
}

let purchaseAt: CrashPoint | undefined;

/** The call by which an undisturbed invocation spends money. */
async function purchaseCall(): Promise<CrashPoint> {
  if (purchaseAt !== undefined) return purchaseAt;
  const shop = await openShop();
  const line = lifeline();
  await invoke(labelParcel, shop, only((await packed(shop.hub, 'probe'))[0]), line);
  purchaseAt = { call: line.calls.findIndex((call) => call.endsWith('/buy')) + 1, when: 'after' };
  return purchaseAt;
}

/** How often the units of each order came back to the shelf, by its posted id. */
async function unpackings({ hub }: Shop): Promise<Record<string, number>> {
  const entries = (await itemsOf(hub.table)).filter((item) => isEntity<LedgerEntry>(item, 'ledger'));
  const back = entries.flatMap(({ movements }) => movements).filter(({ reason }) => reason === 'unpacked');
  return Object.fromEntries([...Map.groupBy(back, ({ cause }) => cause.slice(idOf('').length))].map(([id, movements]) => [id, movements.length]));
}

/** One end for all: every charge is dealt with, and every label voided at most once. */
async function expectRecallEnded(shop: Shop, id: string, { ends, refund }: Pick<Scenario, 'ends' | 'refund'>): Promise<void> {
  const { hub, carrier } = shop;
  const parcel = await parcelOf(hub, id);
  const order = await orderOf(hub, id);
  const purchases = await readPurchases(hub.table, parcel);
  const charges = carrier.charges.filter(({ recipient }) => recipient === recipientOf(id));
  const voids = carrier.voids.filter((shipmentId) => charges.some((charge) => charge.shipmentId === shipmentId));
  expect(charges.length).toBeLessThanOrEqual(1);
  expect(parcel.status).toBe(ends);
  expect(parcel.refund).toBe(refund);
  expect(voids).toHaveLength(refund === 'pending' ? 1 : 0);
  expect(purchases.filter(({ status }) => status === 'buying' || status === 'voiding' || status === 'bought')).toEqual([]);
  expect(purchases.filter(({ status }) => status === 'voided' || status === 'kept' || status === 'used').map(({ reference }) => reference)).toEqual(
    charges.map(({ reference }) => reference),
  );
  if (ends === 'unpacked') expect(order.parcels).toMatchObject([{ parcel: 1, status: 'unpacked' }]);
  else expect(order).toMatchObject({ parcels: [{ parcel: 1, status: 'dispatched' }], holds: [{ kind: 'client' }] });
}

describe('a parcel that is called back', () => {
  test.each(SCENARIOS)('$name ends as it must, and again changes nothing', async (scenario) => {
    const shop = await openShop();
    const event = await recalled(shop, '1', scenario);

    await redeliver(voidLabel, shop, event, 15);

    await expectRecallEnded(shop, '1', scenario);
    expect(await unpackings(shop)).toEqual(scenario.ends === 'unpacked' ? { 1: 1 } : {});
    expect(await stockOf(shop.hub, 'TENT')).toMatchObject(
      scenario.ends === 'unpacked' ? { onHand: 1_000, quarantined: 1, available: 999 } : { onHand: 999, quarantined: 0, available: 999 },
    );
    const before = await itemsOf(shop.hub.table);
    await Promise.all([redeliver(voidLabel, shop, event), redeliver(voidLabel, shop, event)]);
    expect(await itemsOf(shop.hub.table)).toEqual(before);
    await expectStockSound(shop.hub.table);
  });

  test('by the storefront leaves its order cancelled', async () => {
    const shop = await openShop();
    const event = await recalled(shop, '1', only(SCENARIOS[1]));

    await redeliver(voidLabel, shop, event);

    expect(await orderOf(shop.hub, '1')).toMatchObject({ status: 'cancelled', allocations: [], holds: [] });
  });

  test('by a person leaves its order waiting to be packed anew', async () => {
    const shop = await openShop();
    const event = only((await packed(shop.hub, '1'))[0]);
    await invoke(labelParcel, shop, event);

    await recallParcel({ orderId: idOf('1'), parcel: 1, reason: 'the customer called' }, shop.hub, manager(shop.hub));
    await redeliver(voidLabel, shop, eventOf('parcel.recalled', await parcelOf(shop.hub, '1')));

    await expectRecallEnded(shop, '1', { ends: 'unpacked', refund: 'pending' });
    expect(await orderOf(shop.hub, '1')).toMatchObject({ status: 'backordered', authorisation: null, holds: [] });
    await expectStockSound(shop.hub.table);
  });

  test('asks the carrier for the label back under a claim, and writes its answer before it moves stock', async () => {
    const shop = await openShop();
    const event = await recalled(shop, '1', only(SCENARIOS[1]));
    const line = lifeline();

    await invoke(voidLabel, shop, event, line);

    expect(line.calls.filter((call) => !/^(Get|Query)/.test(call))).toEqual([
      'PutItemCommand',
      'GET /v2/shipments/shp_1',
      'POST /v2/shipments/shp_1/refund',
      'PutItemCommand',
      'TransactWriteItemsCommand',
    ]);
  });

  test('while its label is being bought has the label found and voided, but neither printed nor known by a hold', async () => {
    const shop = await openShop();
    const event = await recalled(shop, '1', { name: '', faults: ['silent'], deliveries: 1, ends: 'unpacked' });
    shop.carrier.faults.push('wrong-address');

    await expect(invoke(labelParcel, shop, event)).resolves.toBe('done');
    await redeliver(voidLabel, shop, event);

    const parcel = await parcelOf(shop.hub, '1');
    expect(parcel).toMatchObject({ status: 'unpacked', refund: 'pending', label: { document: '', trackingNumber: 'TRACK1', cost: 640 } });
    expect(shop.objects.size).toBe(0);
    expect((await orderOf(shop.hub, '1')).holds).toEqual([]);
    const wanted = { carrierId: 'easypost', trackingNumber: 'TRACK1', since: shop.hub.now().toISOString() };
    expect([...(await findByTrackingNumbers(shop.hub.table, [wanted], shop.hub.now())).values()]).toMatchObject([[{ orderId: idOf('1') }]]);
  });

  test('after the carrier took it is let go, without a word to the carrier', async () => {
    const shop = await openShop();
    await invoke(labelParcel, shop, only((await packed(shop.hub, '1'))[0]));
    await handOverParcels({ carrierId: 'easypost', parcels: [{ orderId: idOf('1'), parcel: 1 }], reason: 'collected' }, shop.hub, manager(shop.hub));
    await accept(shop.hub, { id: '1', version: 2, status: 'cancelled' });
    const asked = shop.carrier.asked.length;

    await invoke(voidLabel, shop, eventOf('parcel.recalled', await parcelOf(shop.hub, '1')));

    expect(shop.carrier.asked).toHaveLength(asked);
    expect(await parcelOf(shop.hub, '1')).toMatchObject({ status: 'labelled', work: expect.stringMatching(/^scan#/) });
    expect(await orderOf(shop.hub, '1')).toMatchObject({ parcels: [{ status: 'dispatched' }], holds: [{ kind: 'client' }] });
    expect(await unpackings(shop)).toEqual({});
    await expectStockSound(shop.hub.table);
  });
});

describe('an invocation that dies', () => {
  test.each(SCENARIOS)(
    'at any of its calls for a parcel called back $name leaves one end',
    async (scenario) => {
      const shop = await openShop();
      const undisturbed = await recalled(shop, 'undisturbed', scenario);
      const points: { readonly delivery: number; readonly point: CrashPoint }[] = [];
      for (let delivery = 0; delivery < 15; delivery++) {
        const line = lifeline();
        const waits = await invoke(voidLabel, shop, undisturbed, line).then(
          () => undefined,
          (error: unknown) => (error instanceof Unavailable ? (error.retryAfterSeconds ?? 1) : Promise.reject(error)),
        );
        points.push(...line.calls.flatMap((_, index) => (['before', 'after'] as const).map((when) => ({ delivery, point: { call: index + 1, when } }))));
        if (waits === undefined) break;
        shop.hub.pass(waits);
      }

      const back: Record<string, number> = { undisturbed: 1 };
      for (const { delivery, point } of points) {
        const id = `${delivery}-${point.when}-${point.call}`;
        const event = await recalled(shop, id, scenario);
        for (let done = 0; done < delivery; done++) {
          await invoke(voidLabel, shop, event).catch((error: unknown) => shop.hub.pass(error instanceof Unavailable ? (error.retryAfterSeconds ?? 1) : 0));
        }

        await dieAt(voidLabel, shop, event, point);
        // A message may come back while the dead invocation still holds its lease: then nobody moves.
        await invoke(voidLabel, shop, event).catch((error: unknown) => expect(error, id).toBeInstanceOf(Unavailable));
        shop.hub.pass(LEASE_MS / 1000 + 1);
        await redeliver(voidLabel, shop, event, 15);

        await expectRecallEnded(shop, id, scenario);
        back[id] = 1;
      }
      expect(await unpackings(shop)).toEqual(scenario.ends === 'unpacked' ? back : {});
      expect(points.length).toBeGreaterThanOrEqual(2 * 4);
      await expectStockSound(shop.hub.table);
    },
    240_000,
  );
});

/** Waits until an invocation has made so many calls, or has ended. */
async function afterCalls({ calls }: Lifeline, many: number, invocation: Promise<unknown>): Promise<void> {
  let ended = false;
  void invocation.catch(() => {}).finally(() => (ended = true));
  while (calls.length < many && !ended) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('a recall that meets others', () => {
  test('ends one way, however its calls fall between those of two workers and of the purchase', async () => {
    const shop = await openShop();
    let parcels = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 0, max: 14 }),
        fc.array(fc.constantFrom<Fault>('silent', 'down'), { maxLength: 1 }),
        fc.array(fc.constantFrom<RefundFault>('silent', 'down'), { maxLength: 1 }),
        async (scheduler, calls, faults, refundFaults) => {
          parcels += 1;
          const id = `p${parcels}`;
          const event = only((await packed(shop.hub, id))[0]);
          shop.carrier.faults.splice(0, Infinity, ...faults);
          shop.carrier.refundFaults.splice(0, Infinity, ...refundFaults);
          const purchase = lifeline(undefined, scheduler);
          const buying = invoke(labelParcel, shop, event, purchase);
          const recalling = afterCalls(purchase, calls, buying).then(async () => {
            await callBack(shop, id);
            await Promise.allSettled([1, 2].map(() => invoke(voidLabel, shop, event, lifeline(undefined, scheduler))));
          });

          for (const outcome of await scheduler.waitFor(Promise.allSettled([buying, recalling]))) {
            if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Unavailable);
          }
          shop.hub.pass(LEASE_MS / 1000 + 1);
          await redeliver(voidLabel, shop, event, 15);

          const sold = shop.carrier.charges.some(({ recipient }) => recipient === recipientOf(id));
          await expectRecallEnded(shop, id, { ends: 'unpacked', ...(sold && { refund: 'pending' }) });
        },
      ),
      { numRuns: 60 },
    );
    const back = Object.values(await unpackings(shop));
    expect(back).toEqual(Array.from({ length: parcels }, () => 1));
    await expectStockSound(shop.hub.table);
  }, 240_000);

  test('and a first scan ends as left or unpacked, never both', async () => {
    const shop = await openShop();
    let parcels = 0;
    const ends = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 0, max: 14 }), async (scheduler, calls) => {
        parcels += 1;
        const id = `p${parcels}`;
        const event = await recalled(shop, id, only(SCENARIOS[1]));
        const number = (await parcelOf(shop.hub, id)).label?.trackingNumber ?? '';
        const scan = { status: 'in_transit', datetime: '2026-11-20T12:00:00Z' };
        const body = Buffer.from(JSON.stringify({ description: 'tracker.updated', result: { object: 'Tracker', tracking_code: number, tracking_details: [scan] } }));
        const update = received({ connectionId: 'easypost', receivedAt: '2026-11-20T12:00:00.000Z', headers: {}, body });
        const recall = lifeline(undefined, scheduler);
        const ending = invoke(voidLabel, shop, event, recall);
        const line = lifeline(undefined, scheduler);
        const applying = line.run(async () => {
          await afterCalls(recall, calls, ending);
          await applyUpdates(update, tracking(buyerFor(shop, line)));
        });

        await scheduler.waitFor(Promise.allSettled([applying, ending]));
        shop.hub.pass(LEASE_MS / 1000 + 1);
        expect((await applyUpdates(update, tracking(shop.hub))).size).toBe(0);
        await redeliver(voidLabel, shop, event, 15);

        const { status } = await parcelOf(shop.hub, id);
        ends.set(id, status);
        const order = await orderOf(shop.hub, id);
        expect(['unpacked', 'dispatched']).toContain(status);
        expect(order.parcels).toMatchObject([{ status }]);
        expect(order.holds.map(({ kind }) => kind)).toEqual(status === 'dispatched' ? ['client'] : []);
      }),
      { numRuns: 60 },
    );
    const unpacked = [...ends].filter(([, status]) => status === 'unpacked').map(([id]) => [id, 1]);
    expect(await unpackings(shop)).toEqual(Object.fromEntries(unpacked));
    expect(unpacked.length, 'both ends are reached').toBeGreaterThan(0);
    expect(unpacked.length, 'both ends are reached').toBeLessThan(parcels);
    await expectStockSound(shop.hub.table);
  }, 240_000);
});
