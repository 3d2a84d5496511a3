import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { writeParcel } from '../../adapters/aws/parcel-store.ts';
import { readPurchases } from '../../adapters/aws/purchase-store.ts';
import { readReconciliations } from '../../adapters/aws/reconciliation-store.ts';
import type { CarrierCapabilities } from '../../adapters/carrier.ts';
import { reconcile } from '../../adapters/reconcile.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { recallParcel } from '../../core/shipment.ts';
import { buyLabel } from '../../functions/shipment/buy-label.ts';
import { reconcileLabels } from '../../functions/shipment/reconcile-labels.ts';
import { selectService } from '../../functions/shipment/select-service.ts';
import { voidLabel } from '../../functions/shipment/void-label.ts';
import { useEmulator } from '../emulator.ts';
import { type CrashPoint, lifeline, tieTable } from '../functions/lifeline.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { connected, reachingFor, ToldCarrier } from '../functions/told-carrier.ts';
import { clientWith, eventOf, hubOn, idOf, manager, packed, parcelOf, stockUp, type TestHub } from '../functions/world.ts';

const carriers = vi.hoisted(() => new Map<string, unknown>());
vi.mock('../../adapters/carrier.ts', async (original) => ({ ...(await original<object>()), loadCarrier: async (kind: string) => carriers.get(kind) }));

const emulator = useEmulator();
const log = useLogLines();
let hub: TestHub;

beforeEach(async () => {
  hub = hubOn(await emulator.freshTable(), clientWith({ carriers: [connected('post'), connected('van')] }));
  await stockUp(hub, { TENT: 1_000 });
  open('van');
});

function open(id: string, lists = true, capabilities: Partial<CarrierCapabilities> = {}): ToldCarrier {
  const carrier = new ToldCarrier(hub.now, { settleSeconds: 60, ...capabilities }, lists);
  if (id === 'van') carrier.rates = () => [];
  carriers.set(id, carrier.carrier);
  return carrier;
}

/** Packs an order and buys the label of its parcel, as often as the queue brings it. */
async function buy(id: string): Promise<void> {
  const [event] = await packed(hub, id);
  if (event === undefined) throw new Error('not packed');
  await selectService(event, reachingFor(hub));
  await buyOn(id);
}

async function buyOn(id: string): Promise<void> {
  for (let delivery = 0; delivery < 10; delivery++) {
    try {
      return await buyLabel(eventOf('parcel.assigned', { ...(await parcelOf(hub, id)), change: { type: 'parcel.assigned', at: '', by: '', reason: '' } }), reachingFor(hub));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      hub.pass(Math.max(1, error.retryAfterSeconds ?? 1));
    }
  }
}

/** An order whose first purchase was taken for not made and shows late: its parcel has another label by then. */
async function soldTwice(carrier: ToldCarrier, id: string): Promise<string> {
  carrier.shows = false;
  carrier.purchases.push({ sells: true, outcome: 'unknown', reason: 'timed out' });
  await buy(id);
  carrier.shows = true;
  return (await readPurchases(hub.table, { orderId: idOf(id), parcel: 1 }))[0]?.reference ?? '';
}

async function statusesOf(id: string) {
  return (await readPurchases(hub.table, { orderId: idOf(id), parcel: 1 })).map(({ status, refund }) => (refund === undefined ? status : `${status} ${refund}`));
}

const SINCE = '2026-11-01T00:00:00.000Z';
const DAY = 86_400;

function look(carrierId = 'post') {
  return reconcile(carrierId, SINCE, reachingFor(hub));
}

describe('a carrier that lists its labels', () => {
  test('and agrees with us is left alone, on however many pages', async () => {
    const post = open('post');
    for (const id of ['1', '2', '3', '4', '5']) await buy(id);

    expect(await look()).toEqual({
      ...{ carrierId: 'post', since: SINCE, at: hub.now().toISOString(), listed: true, compared: 5, foreign: 0, lookedUp: 0, orphansVoided: 0, differences: [] },
    });
    expect(post.voids).toEqual([]);
  });

  test('has a label voided that no parcel needs, before its term is over, and the one that is used left alone', async () => {
    const post = open('post');
    const reference = await soldTwice(post, '1');
    hub.pass(DAY);

    expect(await look()).toMatchObject({ compared: 2, orphansVoided: 1, differences: [{ kind: 'orphan', reference, trackingNumber: `T${reference}` }] });

    expect(post.voids).toEqual([reference]);
    expect(await statusesOf('1')).toEqual(['voided refunded', 'bought']);
    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'labelled', label: { trackingNumber: `T${post.sold[1]?.reference}` } });
    expect(await look(), 'the next night there is nothing to do').toMatchObject({ orphansVoided: 0, differences: [] });
    expect(post.voids).toEqual([reference]);
  });

  test('has labels that somebody bought elsewhere counted, and neither voided nor looked up', async () => {
    const post = open('post');
    await buy('1');
    for (const reference of ['', 'SHOP-1', '01JD0000000000000000000000'])
      post.elsewhere.push({ reference, carrierRef: 'x', trackingNumber: `X${reference}`, cost: 1, currency: 'EUR', boughtAt: hub.now().toISOString(), voided: false });

    expect(await look()).toMatchObject({ compared: 4, foreign: 3, orphansVoided: 0, differences: [] });
    expect(post.voids).toEqual([]);
    expect(post.lookUps).toEqual([]);
  });

  test.each([
    ['asks another price', { cost: 777 }, { kind: 'cost', ours: 500, theirs: 777, currency: 'EUR' }],
    ['asks it in another currency', { currency: 'USD' }, { kind: 'cost', ours: 500, theirs: 500, currency: 'USD' }],
    ['took a label back that a parcel has', { voided: true }, { kind: 'voided-there' }],
  ])('and %s has it said, and nothing done', async (_what, listed, expected) => {
    const post = open('post');
    await buy('1');
    const reference = post.sold[0]?.reference ?? '';
    post.listedAs.set(reference, listed);

    const { differences } = await look();

    expect(differences).toEqual([{ ...expected, reference, trackingNumber: `T${reference}` }]);
    expect(post.voids).toEqual([]);
    expect(await statusesOf('1')).toEqual(['bought']);
  });

  test('and charges for a label that it had taken back has it said', async () => {
    const post = open('post');
    await buy('1');
    await writeParcel(hub.table, recallParcel(await parcelOf(hub, '1'), 'not wanted', manager(hub)));
    await voidLabel(eventOf('parcel.recalled', await parcelOf(hub, '1')), reachingFor(hub)).catch(() => {});
    post.listedAs.set(post.sold[0]?.reference ?? '', { voided: false });

    expect((await look()).differences).toMatchObject([{ kind: 'kept-there' }]);
    expect(post.voids).toHaveLength(1);
  });

  test('leaves a label to the purchase protocol while its parcel waits for one', async () => {
    const post = open('post');
    post.shows = false;
    post.purchases.push({ sells: true, outcome: 'unknown', reason: 'timed out' });
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    await selectService(event, reachingFor(hub));
    await expect(buyLabel(event, reachingFor(hub))).rejects.toMatchObject({ code: 'shipment.outcome-unknown' });

    expect(await look()).toMatchObject({ orphansVoided: 0, differences: [{ kind: 'unsettled' }] });
    hub.pass(62);
    await expect(buyLabel(event, reachingFor(hub))).rejects.toMatchObject({ code: 'shipment.purchase-absent' });
    post.shows = true;
    expect(await look(), 'told once, though list and look-up both show it').toMatchObject({ orphansVoided: 0, lookedUp: 0, differences: [{ kind: 'orphan' }] });

    expect(post.voids).toEqual([]);
  });

  test.each<[string, ToldCarrier['voidings'][number], string]>([
    ['does not say whether it took a label back', () => ({ outcome: 'unknown', reason: 'answered 503' }), 'voiding'],
    ['refuses to', () => ({ outcome: 'refused', used: false, reason: 'too late' }), 'kept lost'],
    ['says that it was used', () => ({ outcome: 'refused', used: true, reason: 'scanned' }), 'used lost'],
  ])('that %s keeps nobody from the next label', async (_what, answer, status) => {
    const post = open('post');
    const [first, second] = [await soldTwice(post, '1'), await soldTwice(post, '2')];
    post.voidings.push(answer);

    expect(await look()).toMatchObject({ orphansVoided: 1, differences: [{ reference: first }, { reference: second }] });

    expect(await statusesOf('1')).toEqual([status, 'bought']);
    expect(await statusesOf('2')).toEqual(['voided refunded', 'bought']);
  });
});

describe('a carrier without a list', () => {
  test('is asked again for what it had not sold; a label that shows late is voided', async () => {
    const post = open('post', false);
    const reference = await soldTwice(post, '1');
    await buy('2');
    const asked = post.lookUps.length;
    hub.pass(DAY);

    expect(await look()).toMatchObject({
      listed: false,
      compared: 0,
      lookedUp: 1,
      orphansVoided: 1,
      differences: [{ kind: 'orphan', reference, trackingNumber: `T${reference}` }],
    });

    expect(post.lookUps.slice(asked), 'what has its label is not looked up').toEqual([reference]);
    expect(post.voids).toEqual([reference]);
    expect(await statusesOf('1')).toEqual(['voided refunded', 'bought']);
    expect(await look()).toMatchObject({ lookedUp: 0, orphansVoided: 0 });
  });

  test('keeps a label that shows late for a parcel that still waits', async () => {
    const post = open('post', false);
    post.shows = false;
    post.purchases.push({ sells: true, outcome: 'unknown', reason: 'timed out' }, { sells: false, outcome: 'unknown', reason: 'timed out' });
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    await selectService(event, reachingFor(hub));
    for (const pause of [2, 60, 1]) {
      await expect(buyLabel(event, reachingFor(hub))).rejects.toBeInstanceOf(Unavailable);
      hub.pass(pause);
    }
    await expect(buyLabel(event, reachingFor(hub))).rejects.toBeInstanceOf(Unavailable);
    post.shows = true;

    expect(await look()).toMatchObject({ lookedUp: 1, orphansVoided: 0, differences: [{ kind: 'orphan' }] });
    hub.pass(3);
    await buyOn('1');

    expect(post.voids).toEqual([]);
    expect(post.sold).toHaveLength(1);
    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'labelled' });
  });

  test.each([
    ['fourteen days where the carrier names no term', null, 14],
    ['fourteen days where it takes labels back for longer', 30, 14],
    ['as long as its labels can be voided', 5, 5],
  ])('is asked every night for %s, and then no more', async (_what, voidDays, days) => {
    const post = open('post', false, { voidDays });
    await soldTwice(post, '1');
    post.shows = false;
    post.lookUps.splice(0);

    for (let night = 1; night <= days + 3; night++) {
      hub.pass(night === 1 ? DAY / 2 : DAY);
      await look();
    }

    expect(post.lookUps).toHaveLength(days);
    expect(post.voids).toEqual([]);
  });

  test('that does not say whether it took a label back is asked again the next night', async () => {
    const post = open('post', false);
    const reference = await soldTwice(post, '1');
    post.voidings.push(() => ({ outcome: 'unknown', reason: 'answered 503' }));

    expect(await look()).toMatchObject({ orphansVoided: 0, differences: [{ kind: 'orphan', reference }] });
    hub.pass(DAY);
    expect(await look()).toMatchObject({ orphansVoided: 1 });

    expect(post.voids).toEqual([reference, reference]);
    expect(await statusesOf('1')).toEqual(['voided refunded', 'bought']);
  });

  test('is not asked for what was sold by another', async () => {
    const post = open('post', false);
    await soldTwice(post, '1');
    const van = open('van', false);

    expect(await look('van')).toMatchObject({ lookedUp: 0 });
    expect(van.lookUps).toEqual([]);
  });
});

describe('a night that ends in the middle', () => {
  test('voids nothing twice, and the next one ends what it began', async () => {
    let orders = 0;
    const Crash = fc.record({ call: fc.integer({ min: 1, max: 32 }), when: fc.constantFrom('before' as const, 'after' as const) });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(Crash, { minLength: 1, maxLength: 2 }), async (lists, crashes) => {
        const post = open('post', lists);
        orders += 1;
        const reference = await soldTwice(post, `c${orders}`);

        for (const crash of crashes) {
          await night(crash);
          hub.pass(120);
        }
        await night();

        // Asked for again only where its answer was not kept; the carrier looks first, as its adapter does.
        expect(post.sold.map(({ voided }) => voided)).toEqual([true, false]);
        expect(new Set(post.voids)).toEqual(new Set([reference]));
        expect(post.voids.length).toBeLessThanOrEqual(1 + crashes.length);
        expect(await statusesOf(`c${orders}`)).toEqual(['voided refunded', 'bought']);
        expect(await parcelOf(hub, `c${orders}`)).toMatchObject({ status: 'labelled' });
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

/** One night's comparison of the post, which dies at a point, unless it ends before. */
async function night(crash?: CrashPoint): Promise<void> {
  const line = lifeline(crash);
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  await line.run(async () => void (await reconcile('post', SINCE, reachingFor(hub, table))));
}

describe('the comparison of every night', () => {
  const due = () => ({ scheduledAt: hub.now() });
  const noted = (message: string) => log.lines.filter((line) => line.message === message);

  test('looks three days back, keeps what it found, and counts what is left for a person', async () => {
    const post = open('post');
    await buy('1');
    post.listedAs.set(post.sold[0]?.reference ?? '', { cost: 777 });
    await soldTwice(post, '2');
    hub.pass(DAY);

    await reconcileLabels(due(), reachingFor(hub));

    const since = new Date(hub.now().getTime() - 3 * DAY * 1000).toISOString();
    expect(await readReconciliations(hub.table, 'post', 5)).toMatchObject([{ since, compared: 3, orphansVoided: 1, differences: [{ kind: 'cost' }, { kind: 'orphan' }] }]);
    expect(noted('labelsDiffer')).toMatchObject([{ carrierId: 'post', labelsDiffer: 1 }]);
    expect(noted('labels reconciled')).toMatchObject([
      { level: 'warn', carrierId: 'post', compared: 3, orphansVoided: 1, differences: 2 },
      { level: 'info', carrierId: 'van', compared: 0, differences: 0 },
    ]);
  });

  test('leaves alone what was bought before', async () => {
    const post = open('post');
    await buy('1');
    post.listedAs.set(post.sold[0]?.reference ?? '', { cost: 777 });
    hub.pass(4 * DAY);

    await reconcileLabels(due(), reachingFor(hub));

    expect(await readReconciliations(hub.table, 'post', 5)).toMatchObject([{ compared: 0, differences: [] }]);
    expect(noted('labelsDiffer')).toEqual([]);
  });

  test.each<[string, Error, string]>([
    ['does not answer', new Unavailable('http.timeout', 'no answer'), 'http.timeout'],
    ['refuses its token', new Rejected('carrier.refused', 'answered 401'), 'carrier.refused'],
  ])('of a carrier that %s fails, once the others are compared', async (_what, error, code) => {
    const post = open('post');
    carriers.set('post', { ...post.carrier, list: () => Promise.reject(error) });

    await expect(reconcileLabels(due(), reachingFor(hub))).rejects.toMatchObject({
      code: 'shipment.reconciliation-incomplete',
      message: expect.stringContaining('labels of post could'),
    });

    expect(await readReconciliations(hub.table, 'post', 5)).toEqual([]);
    expect(await readReconciliations(hub.table, 'van', 5)).toHaveLength(1);
    expect(noted('labels not reconciled')).toMatchObject([{ carrierId: 'post', code }]);
  });
});
