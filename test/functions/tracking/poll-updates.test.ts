import { afterEach, describe, expect, test, vi } from 'vitest';
import { writeBreaker } from '../../../adapters/aws/call-store.ts';
import { writeParcel } from '../../../adapters/aws/parcel-store.ts';
import { unpackLookup } from '../../../adapters/lookup.ts';
import { shardOf } from '../../../core/id.ts';
import type { Parcel } from '../../../core/shipment.ts';
import { pollUpdates } from '../../../functions/tracking/poll-updates.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { clientWith, hubOn, memoryOutbox, type TestHub } from '../world.ts';
import { playCarrier } from './played-carrier.ts';

const emulator = useEmulator();
const log = useLogLines();

/** What the carriers of these tests can do, by kind. */
const played = new Map<string, ReturnType<typeof playCarrier>>();
vi.mock('../../../adapters/carrier.ts', async (original) => ({
  ...(await original<typeof import('../../../adapters/carrier.ts')>()),
  loadCarrier: async (kind: string) => {
    const one = played.get(kind);
    if (one === undefined) throw new Error(`no ${kind} is played`);
    return one.carrier;
  },
}));
afterEach(() => played.clear());

const CLIENT = clientWith({
  carriers: [
    { id: 'slow', kind: 'slow', settings: {}, requestsPerMinute: 1 },
    { id: 'fast', kind: 'fast', settings: {} },
  ],
});
const LISTS = { labelled: 'hand-over', handed: 'scan', dispatched: 'deliver' };

async function open(): Promise<TestHub & { readonly lookups: Record<string, ReturnType<typeof memoryOutbox>> }> {
  return { ...hubOn(await emulator.freshTable(), CLIENT), lookups: { slow: memoryOutbox(), fast: memoryOutbox() } };
}

/** Puts a parcel on its way that was heard of so many hours ago. */
async function onItsWay(hub: TestHub, carrierId: string, number: string, hours: number, where: keyof typeof LISTS = 'dispatched', scannedHours = hours): Promise<void> {
  const at = (ago: number) => new Date(hub.now().getTime() - ago * 3_600_000).toISOString();
  const orderId = `wholesale-${number}`;
  const label = {
    carrier: 'UPS',
    service: 'S',
    trackingNumber: number,
    trackingUrl: '',
    cost: 1,
    currency: 'EUR',
    document: '',
    boughtAt: at(hours),
    reference: 'R1',
    carrierRef: 'c',
    proof: 'answer' as const,
  };
  const parcel: Parcel = {
    entity: 'parcel',
    orderId,
    parcel: 1,
    connectionId: 'wholesale',
    country: 'DE',
    warehouse: 'north',
    carrierId,
    units: [],
    weight: 1,
    addressHash: '',
    status: where === 'dispatched' ? 'dispatched' : 'labelled',
    label,
    tracking: { status: 'in_transit', at: at(hours), lastScanAt: at(scannedHours) },
    receivedAt: at(hours),
    packedAt: at(hours),
    since: at(hours),
    version: 1,
    change: { type: 'parcel.updated', at: at(hours), by: 'test', reason: 'test' },
    work: `${LISTS[where]}#${shardOf(orderId)}`,
  };
  expect(await writeParcel(hub.table, parcel)).toBe(true);
}

async function poll(hub: Awaited<ReturnType<typeof open>>): Promise<Record<string, string[]>> {
  for (const outbox of Object.values(hub.lookups)) outbox.messages.length = 0;
  await pollUpdates({ scheduledAt: hub.now() }, hub);
  return Object.fromEntries(Object.entries(hub.lookups).map(([id, { messages }]) => [id, messages.flatMap((message) => unpackLookup(message).trackingNumbers)]));
}

describe('asking after silent parcels', () => {
  test('asks for those of which nothing was heard for long, wherever they should be, the longest silent first', async () => {
    played.set('slow', playCarrier());
    played.set('fast', playCarrier({ callbackHistory: 'delta' }));
    const hub = await open();
    await onItsWay(hub, 'fast', 'silent', 13);
    await onItsWay(hub, 'fast', 'longer-silent', 40);
    await onItsWay(hub, 'fast', 'scanned-lately', 40, 'dispatched', 2);
    await onItsWay(hub, 'fast', 'just-labelled', 3, 'labelled');
    await onItsWay(hub, 'fast', 'left-unseen', 30, 'labelled');
    await onItsWay(hub, 'fast', 'handed-over', 30, 'handed');
    await onItsWay(hub, 'slow', 'patient', 13);

    expect(await poll(hub)).toEqual({ fast: ['handed-over', 'longer-silent', 'silent', 'left-unseen'], slow: [] });
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'silent parcels asked for', carrierId: 'fast', read: 7, silent: 4, stopped: 'end' }));
  });

  test('keeps to the calls that a carrier takes, goes on where it stopped, and asks for each once in a round', async () => {
    played.set('slow', playCarrier());
    played.set('fast', playCarrier());
    const hub = await open();
    const numbers = Array.from({ length: 40 }, (_, index) => `n${index}`);
    for (const [index, number] of numbers.entries()) await onItsWay(hub, 'slow', number, 200 - index);

    // One call a minute: 15 in half an hour leave as many for labels.
    const runs: (string[] | undefined)[] = [];
    for (let run = 0; run < 5; run++) {
      runs.push((await poll(hub)).slow);
      hub.pass(1_800);
    }
    hub.pass(86_400);
    const anew = (await poll(hub)).slow;

    expect(runs).toEqual([numbers.slice(0, 15), numbers.slice(15, 30), numbers.slice(30), [], []]);
    expect(anew).toEqual(numbers.slice(0, 15));
  });

  test('packs as many parcels into a call as the carrier takes', async () => {
    played.set('slow', playCarrier({ trackBatch: 30 }));
    played.set('fast', playCarrier());
    const hub = await open();
    for (let index = 0; index < 40; index++) await onItsWay(hub, 'slow', `n${index}`, 100);

    await poll(hub);

    expect(hub.lookups.slow?.messages.map((message) => unpackLookup(message).trackingNumbers.length)).toEqual([30, 10]);
  });

  test('leaves a carrier that is down alone until it answers, and one that fails holds up no other', async () => {
    played.set('slow', playCarrier());
    const hub = await open();
    await onItsWay(hub, 'slow', 'waits', 100);
    const now = hub.now().getTime();
    await writeBreaker(hub.table, 'slow', { failures: 5, failingSince: now, openUntil: now + 60_000, opened: 1 }, 0);

    await expect(poll(hub)).rejects.toMatchObject({ name: 'Unavailable', code: 'tracking.poll-incomplete' });
    played.set('fast', playCarrier());
    const whileDown = (await poll(hub)).slow;
    hub.pass(61);

    expect(whileDown).toEqual([]);
    expect((await poll(hub)).slow).toEqual(['waits']);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'silent parcels asked for', carrierId: 'slow', stopped: 'down' }));
  });
});
