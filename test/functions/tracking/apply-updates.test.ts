import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readParcel, readTrackingEvents, writeParcel } from '../../../adapters/aws/parcel-store.ts';
import { settlePurchase } from '../../../adapters/aws/purchase-store.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import { Unavailable } from '../../../core/error.ts';
import { FIRST_RETURN, labelled, returnOf } from '../../../core/shipment.ts';
import { applyUpdates } from '../../../functions/tracking/apply-updates.ts';
import { useEmulator } from '../../emulator.ts';
import { type CrashPoint, type Lifeline, lifeline, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { elsewhere, hubOn, orderOf, packed, parcelOf, received, stockUp, type TestHub, tracking } from '../world.ts';
import { labelParcel } from './label-parcel.ts';

const emulator = useEmulator();
const log = useLogLines();

/** One scan as EasyPost words it. */
interface Scan {
  readonly status: string;
  readonly status_detail?: string;
  readonly datetime: string;
}

const SCANS: readonly Scan[] = [
  { status: 'pre_transit', datetime: '2026-11-20T10:00:00Z' },
  { status: 'in_transit', datetime: '2026-11-20T12:00:00Z' },
  { status: 'in_transit', status_detail: 'delayed', datetime: '2026-11-21T12:00:00Z' },
  { status: 'out_for_delivery', datetime: '2026-11-22T06:00:00Z' },
  { status: 'delivered', datetime: '2026-11-22T10:00:00Z' },
];

/** The callback that tells of scans. */
function callback(trackingCode: string, scans: readonly Scan[]): Delivery {
  const result = { object: 'Tracker', tracking_code: trackingCode, status: scans.at(-1)?.status ?? 'unknown', tracking_details: scans };
  const body = Buffer.from(JSON.stringify({ description: 'tracker.updated', result }));
  return { connectionId: 'easypost', receivedAt: '2026-11-22T10:00:00.000Z', headers: {}, body };
}

async function hubWithStock(): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 1_000 });
  return hub;
}

/** A parcel with its label on; its tracking number is `T-<id>`. */
async function onItsWay(hub: TestHub, id: string): Promise<void> {
  await packed(hub, id);
  await labelParcel(hub, id);
}

/** Handles a batch; throws what the first of its failures is. */
async function applyAll(hub: TestHub, ...deliveries: readonly Delivery[]): Promise<void> {
  for (const failure of (await applyUpdates(received(...deliveries), tracking(hub))).values()) throw failure;
}

async function apply(hub: TestHub, delivery: Delivery, line: Lifeline = lifeline()): Promise<'done' | 'crashed'> {
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  return await line.run(() => applyAll(elsewhere(hub, table), delivery));
}

/** Redelivers until it is taken, as the queue does. */
async function applied(hub: TestHub, delivery: Delivery): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      await apply(hub, delivery);
      return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
  }
  throw new Error('not taken after 10 deliveries');
}

async function expectWholeStory(hub: TestHub, id: string): Promise<void> {
  const parcel = await parcelOf(hub, id);
  expect(parcel.tracking).toEqual({
    status: 'delivered',
    at: '2026-11-22T10:00:00.000Z',
    firstScanAt: '2026-11-20T12:00:00.000Z',
    lastScanAt: '2026-11-22T10:00:00.000Z',
    deliveredAt: '2026-11-22T10:00:00.000Z',
    delayedAt: '2026-11-21T12:00:00.000Z',
  });
  expect(parcel.status).toBe('delivered');
  expect(await readTrackingEvents(hub.table, parcel)).toHaveLength(SCANS.length);
  expect(await orderOf(hub, id)).toMatchObject({ status: 'delivered', deliveredAt: '2026-11-22T10:00:00.000Z' });
}

describe("a carrier's callbacks", () => {
  test.each([
    ['came back', 'return_to_sender', 'returned'],
    ['was lost', 'failure', 'lost'],
  ])('of a parcel that %s say that its order had left', async (_what, status, ends) => {
    const hub = await hubWithStock();
    await onItsWay(hub, 'a');
    const end = { status, status_detail: ends === 'lost' ? 'lost' : 'return', datetime: '2026-11-23T10:00:00Z' };

    await apply(hub, callback('T-a', [...SCANS.slice(0, 2), end]));

    expect(await parcelOf(hub, 'a')).toMatchObject({ status: ends });
    expect(await orderOf(hub, 'a')).toMatchObject({ status: ends === 'lost' ? 'dispatched' : 'returned', dispatchedAt: '2026-11-20T12:00:00.000Z' });
  });

  test('that come in one batch are taken together: the parcel is written once for all of them', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, 'a');
    await onItsWay(hub, 'b');
    const before = (await parcelOf(hub, 'a')).version;

    await applyAll(hub, ...SCANS.map((_, index) => callback('T-a', SCANS.slice(0, index + 1))), callback('T-b', SCANS.slice(0, 2)));

    expect(await parcelOf(hub, 'a')).toMatchObject({ status: 'delivered', version: before + 1 });
    expect(await parcelOf(hub, 'b')).toMatchObject({ status: 'dispatched' });
    expect(await orderOf(hub, 'a')).toMatchObject({ status: 'delivered', dispatchedAt: '2026-11-20T12:00:00.000Z' });
  });

  test('in one batch fail alone: an unreadable one does not hold up a good one', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, 'a');
    const [bad, good] = received({ ...callback('T-a', []), body: Buffer.from('{') }, callback('T-a', SCANS));

    const failures = bad && good ? await applyUpdates([bad, good], tracking(hub)) : new Map();

    expect([...failures.keys()]).toEqual([bad?.id]);
    expect(await parcelOf(hub, 'a')).toMatchObject({ status: 'delivered' });
  });

  test('move parcel and order forward, one after the other', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    const statuses: string[][] = [];

    for (let told = 1; told <= SCANS.length; told++) {
      await apply(hub, callback('T-1', SCANS.slice(0, told)));
      statuses.push([(await parcelOf(hub, '1')).status, (await orderOf(hub, '1')).status]);
    }

    expect(statuses).toEqual([
      ['labelled', 'packed'],
      ['dispatched', 'dispatched'],
      ['dispatched', 'dispatched'],
      ['dispatched', 'dispatched'],
      ['delivered', 'delivered'],
    ]);
    expect(await orderOf(hub, '1')).toMatchObject({ dispatchedAt: '2026-11-20T12:00:00.000Z', change: { by: 'easypost' } });
    await expectWholeStory(hub, '1');
  });

  test('converge in whatever order and however often they come, each with any part of the story', async () => {
    const hub = await hubWithStock();
    let parcels = 0;
    await fc.assert(
      fc.asyncProperty(callbacksThatTellAll(), async (stories) => {
        parcels += 1;
        await onItsWay(hub, `p${parcels}`);

        for (const scans of stories) await apply(hub, callback(`T-p${parcels}`, scans));

        await expectWholeStory(hub, `p${parcels}`);
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  test('converge when they come at the same time to workers whose calls fall between each other', async () => {
    const hub = await hubWithStock();
    let parcels = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), callbacksThatTellAll(3), async (scheduler, stories) => {
        parcels += 1;
        await onItsWay(hub, `p${parcels}`);
        const deliveries = stories.map((scans) => callback(`T-p${parcels}`, scans));

        const outcomes = await scheduler.waitFor(Promise.allSettled(deliveries.map((delivery) => apply(hub, delivery, lifeline(undefined, scheduler)))));
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome.status === 'fulfilled') continue;
          expect(outcome.reason).toBeInstanceOf(Unavailable);
          await applied(hub, deliveries[index] ?? callback('', []));
        }

        await expectWholeStory(hub, `p${parcels}`);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test('that tell of hand-over and delivery at once move the order through both', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');

    await apply(hub, callback('T-1', SCANS));

    expect(await orderOf(hub, '1')).toMatchObject({ status: 'delivered', dispatchedAt: '2026-11-20T12:00:00.000Z', deliveredAt: '2026-11-22T10:00:00.000Z' });
  });

  test('with one scan twice keep it once', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    const twice = SCANS.flatMap((scan) => [scan, scan]);

    await apply(hub, callback('T-1', twice));

    await expectWholeStory(hub, '1');
  });

  test('that say nothing new change nothing', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    await apply(hub, callback('T-1', SCANS));
    const before = [await parcelOf(hub, '1'), await orderOf(hub, '1')];

    await apply(hub, callback('T-1', SCANS));
    await apply(hub, callback('T-1', SCANS.slice(0, 2)));

    expect([await parcelOf(hub, '1'), await orderOf(hub, '1')]).toEqual(before);
  });

  test('that come before the label is known come back later, and are then taken', async () => {
    const hub = await hubWithStock();
    await packed(hub, '1');

    await expect(apply(hub, callback('T-1', SCANS))).rejects.toMatchObject({ name: 'Unavailable', code: 'tracking.parcel-unknown' });
    await labelParcel(hub, '1');
    await apply(hub, callback('T-1', SCANS));

    await expectWholeStory(hub, '1');
  });

  test('for a number that is used again go to the parcel that had it when they happened, whatever comes first', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    hub.pass(70 * 86_400);
    await packed(hub, '2');
    await labelParcel(hub, '2', 'T-1');
    const again = { status: 'in_transit', datetime: '2027-01-30T10:00:00Z' };

    await apply(hub, callback('T-1', [again]));
    await apply(hub, callback('T-1', SCANS));
    await apply(hub, callback('T-1', [...SCANS, again]));

    await expectWholeStory(hub, '1');
    expect(await parcelOf(hub, '2')).toMatchObject({ status: 'dispatched', tracking: { status: 'in_transit', firstScanAt: '2027-01-30T10:00:00.000Z' } });
    expect(await orderOf(hub, '2')).toMatchObject({ status: 'dispatched' });
  });

  test('about what a number did long before its label was bought are not taken for news of the parcel', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    const before = await parcelOf(hub, '1');

    await apply(hub, callback('T-1', [{ status: 'delivered', datetime: '2026-10-01T10:00:00Z' }]));

    expect(await parcelOf(hub, '1')).toEqual(before);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'updateIgnored', carrierId: 'easypost' }));
  });

  test('about a label that was replaced say nothing of the parcel', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    await labelParcel(hub, '1', 'T-new');

    await apply(hub, callback('T-1', [{ status: 'cancelled', datetime: '2026-11-21T10:00:00Z' }]));

    expect((await parcelOf(hub, '1')).tracking.status).toBe('pre_transit');
  });

  test('about goods that come back follow their parcel, and leave the order as it is', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    await apply(hub, callback('T-1', SCANS));
    const act = { by: 'hub', now: hub.now() };
    const sent = await parcelOf(hub, '1');
    const back = returnOf(sent, FIRST_RETURN, sent.units, hub.client, 'too small', act);
    expect(await writeParcel(hub.table, back)).toBe(true);
    if (sent.label === undefined) throw new Error('no label');
    const label = { ...sent.label, trackingNumber: 'T-back' };
    expect(await settlePurchase(hub.table, { purchase: undefined, parcel: labelled(back, label, act) })).toBe(true);
    const before = await orderOf(hub, '1');

    await apply(hub, callback('T-back', SCANS));

    expect(await readParcel(hub.table, { orderId: before.orderId, parcel: FIRST_RETURN })).toMatchObject({ status: 'delivered', returns: 1 });
    expect(await orderOf(hub, '1')).toEqual(before);
    await expectWholeStory(hub, '1');
  });

  test('in one batch fail alone when somebody else writes one of the parcels meanwhile', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, 'a');
    await onItsWay(hub, 'b');
    const table = emulator.reopen(hub.table);
    let isDisturbed = false;
    table.client.middlewareStack.add(
      (next, context) => async (args) => {
        if (String(context.commandName).startsWith('Put') && JSON.stringify(args.input).includes('"T-a"') && !isDisturbed) {
          isDisturbed = true;
          await apply(hub, callback('T-a', SCANS.slice(0, 2)));
        }
        return await next(args);
      },
      { step: 'initialize', name: 'disturb', priority: 'high' },
    );

    const failures = await applyUpdates(received(callback('T-a', SCANS), callback('T-b', SCANS)), tracking(elsewhere(hub, table)));

    expect([...failures]).toEqual([['m0', expect.objectContaining({ name: 'Unavailable', code: 'tracking.parcel-contended' })]]);
    await expectWholeStory(hub, 'b');
    await apply(hub, callback('T-a', SCANS));
    await expectWholeStory(hub, 'a');
  });

  test('are kept as they came, also those that cannot be read', async () => {
    const hub = tracking(await hubWithStock());
    await onItsWay(hub, '1');

    await applyUpdates(received(callback('T-1', SCANS), { ...callback('T-1', []), body: Buffer.from('{') }), hub);

    expect([...hub.objects.keys()]).toEqual([expect.stringMatching(/^connection=easypost\/day=2026-11-22\/.*-2-[\w-]+\.ndjson\.gz$/)]);
  });

  test('that tell of several parcels at once are applied to each', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    await onItsWay(hub, '2');
    const { result: one } = JSON.parse(callback('T-1', SCANS).body.toString());
    const { result: two } = JSON.parse(callback('T-2', SCANS).body.toString());

    await apply(hub, { ...callback('', []), via: 'poll', body: Buffer.from(JSON.stringify({ trackers: [one, two] })) });

    await expectWholeStory(hub, '1');
    await expectWholeStory(hub, '2');
  });

  test('with codes that nobody has mapped keep them, and are counted once', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, '1');
    const odd = { status: 'teleported', datetime: '2026-11-21T10:00:00Z' };

    await apply(hub, callback('T-1', [...SCANS.slice(0, 2), odd]));
    await apply(hub, callback('T-1', [...SCANS.slice(0, 2), odd]));

    expect((await parcelOf(hub, '1')).tracking.status).toBe('in_transit');
    expect(log.lines.filter(({ message }) => message === 'unmappedCode')).toEqual([expect.objectContaining({ carrierId: 'easypost', code: 'teleported' })]);
  });

  test('of a carrier that is not in the client file are rejected, and those about nothing of ours ignored', async () => {
    const hub = await hubWithStock();

    await expect(apply(hub, { ...callback('T-1', SCANS), connectionId: 'nobody' })).rejects.toMatchObject({ name: 'Rejected', code: 'carrier.unknown' });
    await apply(hub, { ...callback('T-1', SCANS), body: Buffer.from('{"description":"batch.created","result":{"object":"Batch"}}') });

    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'updateIgnored', carrierId: 'easypost' }));
  });
});

describe('a worker that dies', () => {
  test('at any of its calls is made good by the redelivery: parcel and order agree', async () => {
    const hub = await hubWithStock();
    await onItsWay(hub, 'undisturbed');
    const line = lifeline();
    await apply(hub, callback('T-undisturbed', SCANS), line);
    const points = line.calls.flatMap((_, index): CrashPoint[] => [
      { call: index + 1, when: 'before' },
      { call: index + 1, when: 'after' },
    ]);

    for (const point of points) {
      const id = `${point.when}-${point.call}`;
      await onItsWay(hub, id);
      expect(await apply(hub, callback(`T-${id}`, SCANS), lifeline(point))).toBe('crashed');

      await apply(hub, callback(`T-${id}`, SCANS));

      await expectWholeStory(hub, id);
    }
    expect(points.length).toBeGreaterThanOrEqual(14);
  }, 60_000);
});

test('a parcel is never written over what somebody else wrote meanwhile', async () => {
  const hub = await hubWithStock();
  await onItsWay(hub, '1');
  const before = await parcelOf(hub, '1');
  await apply(hub, callback('T-1', SCANS));

  expect(await writeParcel(hub.table, { ...before, version: before.version + 1 })).toBe(false);
  await expectWholeStory(hub, '1');
});

/** Callbacks with parts of the story, doubled and out of order, that together tell all of it. */
function callbacksThatTellAll(most = 6): fc.Arbitrary<Scan[][]> {
  return fc.array(fc.shuffledSubarray([...SCANS], { minLength: 1 }), { minLength: 1, maxLength: most - 1 }).chain((parts) => {
    const told = new Set(parts.flat());
    const rest = SCANS.filter((scan) => !told.has(scan));
    return fc.shuffledSubarray([...parts, ...(rest.length > 0 ? [rest] : [])], { minLength: parts.length + (rest.length > 0 ? 1 : 0) });
  });
}
