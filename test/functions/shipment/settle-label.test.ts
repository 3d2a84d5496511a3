import { beforeEach, describe, expect, test, vi } from 'vitest';
import { readPurchases } from '../../../adapters/aws/purchase-store.ts';
import type { Parcel } from '../../../core/shipment.ts';
import { buyLabel } from '../../../functions/shipment/buy-label.ts';
import { recallParcel } from '../../../functions/shipment/recall-parcel.ts';
import { selectService } from '../../../functions/shipment/select-service.ts';
import { settleLabel } from '../../../functions/shipment/settle-label.ts';
import { voidLabel } from '../../../functions/shipment/void-label.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { connected, reachingFor, ToldCarrier } from '../told-carrier.ts';
import { clientWith, eventOf, hubOn, idOf, manager, orderOf, packed, parcelOf, stockOf, stockUp, type TestHub } from '../world.ts';

const carriers = vi.hoisted(() => new Map<string, unknown>());
vi.mock('../../../adapters/carrier.ts', async (original) => ({ ...(await original<object>()), loadCarrier: async (kind: string) => carriers.get(kind) }));

const emulator = useEmulator();
useLogLines();
let hub: TestHub;
let counter: ToldCarrier;

const NAME = { orderId: idOf('1'), parcel: 1 };
const BOUGHT = { ...NAME, reason: 'read off the label', bought: true as const, trackingNumber: 'C 4711' };
const NOTHING = { ...NAME, reason: 'nothing in the account', bought: false as const };

/** A carrier of which nobody but a person can say what it sold, and a purchase there whose answer never came. */
beforeEach(async () => {
  hub = hubOn(await emulator.freshTable(), clientWith({ carriers: [connected('counter')] }));
  counter = new ToldCarrier(hub.now, { purchaseGuard: 'none' });
  carriers.set('counter', counter.carrier);
  await stockUp(hub, { TENT: 10 });
  const [event] = await packed(hub, '1');
  if (event === undefined) throw new Error('not packed');
  counter.purchases.push({ sells: true, outcome: 'unknown', reason: 'timed out' });
  await selectService(event, reachingFor(hub));
  await buyLabel(event, reachingFor(hub));
});

async function recall(): Promise<void> {
  expect(await recallParcel({ ...NAME, reason: 'the customer called' }, hub, manager(hub))).toMatchObject({ kind: 'answer' });
}

/** @param before the parcel before the change that has its recall carried out */
async function carryOutRecall(before?: Parcel): Promise<void> {
  await voidLabel(eventOf('parcel.recalled', await parcelOf(hub, '1'), before), reachingFor(hub));
}

async function purchasesNow() {
  return (await readPurchases(hub.table, NAME)).map(({ attempt, status }) => [attempt, status]);
}

describe('a purchase that waits for the word of a person', () => {
  test('is parked, and bought nowhere else meanwhile', async () => {
    await selectService(eventOf('parcel.parked', await parcelOf(hub, '1')), reachingFor(hub));
    await buyLabel(eventOf('parcel.parked', await parcelOf(hub, '1')), reachingFor(hub));

    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'packed', parked: { reason: 'timed out' } });
    expect(counter.sold).toHaveLength(1);
    expect(await purchasesNow()).toEqual([[1, 'parked']]);
  });

  test.each<[string, object, { cost: number; currency: string }]>([
    ['at the price that was chosen where none is given', {}, { cost: 500, currency: 'EUR' }],
    ['at the price on the receipt', { cost: 620, currency: 'USD' }, { cost: 620, currency: 'USD' }],
    ['for nothing', { cost: 0 }, { cost: 0, currency: 'EUR' }],
  ])('has bought a label %s', async (_what, price, expected) => {
    expect(await settleLabel({ ...BOUGHT, ...price }, hub, manager(hub))).toMatchObject({ kind: 'answer' });

    const parcel = await parcelOf(hub, '1');
    expect(parcel).toMatchObject({ status: 'labelled', label: { ...expected, carrier: 'Told', trackingNumber: 'C 4711', document: '', proof: 'request' } });
    expect(parcel.parked).toBeUndefined();
    expect((await readPurchases(hub.table, NAME))[0]).toMatchObject({ status: 'bought', bought: { ...expected, trackingNumber: 'C 4711' } });
  });

  test('has bought nothing, and is followed by another attempt', async () => {
    expect(await settleLabel(NOTHING, hub, manager(hub))).toMatchObject({ kind: 'answer' });

    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'packed', change: { type: 'parcel.packed', by: 'manager', reason: 'nothing in the account' } });
    await selectService(eventOf('parcel.packed', await parcelOf(hub, '1')), reachingFor(hub));
    await buyLabel(eventOf('parcel.assigned', await parcelOf(hub, '1')), reachingFor(hub));
    expect(await purchasesNow()).toEqual([
      [1, 'refused'],
      [2, 'bought'],
    ]);
  });

  test.each([
    ['bought', BOUGHT],
    ['not bought', NOTHING],
  ])('is settled once: a second word that it is %s is refused, and says how it stands', async (_what, word) => {
    await settleLabel(BOUGHT, hub, manager(hub));

    expect(await settleLabel(word, hub, manager(hub))).toMatchObject({ kind: 'refused', code: 'shipment.nothing-parked', why: expect.stringContaining('attempt 1 is bought') });
  });
});

describe('a parcel that is called back while its purchase is parked', () => {
  test('waits for the word of a person, whoever looks at it', async () => {
    await recall();

    await carryOutRecall();

    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'recalled' });
    expect(counter.voids).toEqual([]);
  });

  test('goes on with its recall once a label is known: it is voided, and the units are back', async () => {
    await recall();
    const before = await parcelOf(hub, '1');

    expect(await settleLabel(BOUGHT, hub, manager(hub))).toMatchObject({ kind: 'answer', body: { parcel: { status: 'recalled', label: { trackingNumber: 'C 4711' } } } });

    await carryOutRecall(before);
    expect(counter.voids).toHaveLength(1);
    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'unpacked', refund: 'refunded' });
    expect(await stockOf(hub, 'TENT')).toMatchObject({ onHand: 10, reserved: 0, quarantined: 1 });
    await expectStockSound(hub.table);
  });

  test('goes on with its recall once it is known that there is none', async () => {
    await recall();
    const before = await parcelOf(hub, '1');

    expect(await settleLabel(NOTHING, hub, manager(hub))).toMatchObject({ kind: 'answer', body: { parcel: { status: 'recalled' } } });
    await carryOutRecall(before);

    expect(counter.voids).toEqual([]);
    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'unpacked' });
    expect(await orderOf(hub, '1')).toMatchObject({ parcels: [{ status: 'unpacked' }] });
    await expectStockSound(hub.table);
  });
});
