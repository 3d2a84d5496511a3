import { beforeEach, describe, expect, test, vi } from 'vitest';
import { readPickup, readPickups } from '../../../adapters/aws/pickup-store.ts';
import { Unavailable } from '../../../core/error.ts';
import { MANIFEST_LEASE_MS } from '../../../core/manifest.ts';
import { bookPickup } from '../../../functions/shipment/book-pickup.ts';
import { cancelPickup } from '../../../functions/shipment/cancel-pickup.ts';
import { settlePickups } from '../../../functions/shipment/settle-pickups.ts';
import { useEmulator } from '../../emulator.ts';
import { type Dock, dockCarrier, labelParcels, useDock } from '../dock.ts';
import { type CrashPoint, lifeline } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { manager, memoryOutbox } from '../world.ts';

vi.mock('../../../adapters/carrier.ts', async (original) => {
  const actual = await original<typeof import('../../../adapters/carrier.ts')>();
  const { base } = await import('../dock-base.ts');
  return { ...actual, loadCarrier: async () => dockCarrier(base, 2) };
});

const emulator = useEmulator();
useLogLines();
const { openDock, invoke, redeliver } = useDock(emulator);

const NAME = { carrierId: 'easypost', pickupId: 'north-2026-11-20-1' };
const WISH = { carrierId: 'easypost', warehouse: 'north', day: '2026-11-20', readyAt: '14:00', closesAt: '17:00', instructions: 'gate 2', another: false };
const pickups = memoryOutbox();
beforeEach(() => void pickups.messages.splice(0));

async function ask({ hub }: Dock, wish: object = {}) {
  return await bookPickup({ ...WISH, ...wish }, { ...hub, pickups }, manager(hub));
}

async function unask({ hub }: Dock, word: object = {}) {
  return await cancelPickup({ ...NAME, ...word }, { ...hub, pickups }, manager(hub));
}

async function statusOf({ hub }: Dock): Promise<string> {
  return (await readPickup(hub.table, NAME.carrierId, NAME.pickupId)).status;
}

describe('a pickup', () => {
  test('is booked once, for what is labelled, however often it is asked for', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1', '2');

    expect(await ask(dock)).toMatchObject({
      kind: 'answer',
      body: { pickup: { pickupId: NAME.pickupId, status: 'asked' }, look: '/manifests/easypost?warehouse=north&day=2026-11-20' },
    });
    await ask(dock);
    await Promise.all(pickups.messages.map((message) => redeliver(settlePickups, dock, JSON.parse(message))));

    expect(dock.carrier.pickups).toEqual([{ reference: expect.stringMatching(/^[0-9A-Z]{26}$/), parcels: 2, weight: 1_240, cancelled: 0 }]);
    expect(await readPickups(dock.hub.table, 'easypost')).toMatchObject([{ status: 'booked', confirmation: dock.carrier.pickups[0]?.reference, cost: 500, currency: 'EUR' }]);
    expect(await ask(dock)).toMatchObject({ kind: 'refused', code: 'shipment.pickup-booked' });
    expect(await ask(dock, { another: true })).toMatchObject({ body: { pickup: { pickupId: 'north-2026-11-20-2' } } });
  });

  test.each([
    { name: 'nothing is labelled', fault: undefined, labelled: false, ends: 'refused', notices: ['pickupRefused'] },
    { name: 'the carrier refuses', fault: 'refused', labelled: true, ends: 'refused', notices: ['pickupRefused'] },
    { name: 'its answer is lost', fault: 'silent', labelled: true, ends: 'unknown', notices: ['pickupUnknown'] },
  ] as const)('where $name is $ends, and is not asked for again', async ({ fault, labelled, ends, notices }) => {
    const dock = await openDock();
    if (labelled) await labelParcels(dock, '1');
    if (fault !== undefined) dock.carrier.faults.push(fault);
    await ask(dock);

    await redeliver(settlePickups, dock, NAME);
    await redeliver(settlePickups, dock, NAME);

    expect(await statusOf(dock)).toBe(ends);
    expect(dock.notices).toEqual(notices);
    expect(dock.carrier.pickups).toHaveLength(fault === 'silent' ? 1 : 0);
  });

  test('for parcels that are yet to be labelled is told how many there will be', async () => {
    const dock = await openDock();
    await ask(dock, { parcels: 40, weight: 60_000 });

    await redeliver(settlePickups, dock, NAME);

    expect(dock.carrier.pickups).toMatchObject([{ parcels: 40, weight: 60_000 }]);
  });

  test('on a day that is past is refused at once', async () => {
    const dock = await openDock();

    expect(await ask(dock, { day: '2026-11-19' })).toMatchObject({ kind: 'refused', code: 'shipment.pickup-past' });
  });

  test.each([
    { name: 'before the carrier was asked', booked: false, faults: [] },
    { name: 'after it was booked', booked: true, faults: [] },
    { name: 'with an answer that is lost', booked: true, faults: ['silent', 'down'] },
  ] as const)('that is cancelled $name is cancelled, and again changes nothing', async ({ booked, faults }) => {
    const dock = await openDock();
    await labelParcels(dock, '1');
    await ask(dock);
    if (booked) await redeliver(settlePickups, dock, NAME);
    dock.carrier.faults.push(...faults);

    await unask(dock);
    await redeliver(settlePickups, dock, NAME);

    expect(await statusOf(dock)).toBe('cancelled');
    expect(dock.carrier.pickups.map(({ cancelled }) => cancelled > 0)).toEqual(booked ? [true] : []);
    const before = await readPickup(dock.hub.table, NAME.carrierId, NAME.pickupId);
    await unask(dock);
    await redeliver(settlePickups, dock, NAME);
    expect(await readPickup(dock.hub.table, NAME.carrierId, NAME.pickupId)).toEqual(before);
  });

  test('that the carrier will not cancel stays booked, and wakes a person', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1');
    await ask(dock);
    await redeliver(settlePickups, dock, NAME);
    dock.carrier.faults.push('refused');

    await unask(dock);
    await redeliver(settlePickups, dock, NAME);

    expect(await readPickup(dock.hub.table, NAME.carrierId, NAME.pickupId)).toMatchObject({ status: 'booked', reason: 'not cancelled: the driver is on his way' });
    expect(dock.notices).toEqual(['pickupKept']);
  });

  test('of which nobody knows is settled by the word of a person', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1');
    dock.carrier.faults.push('silent');
    await ask(dock);
    await redeliver(settlePickups, dock, NAME);

    expect(await unask(dock)).toMatchObject({ kind: 'refused', code: 'shipment.pickup-unknown' });
    await unask(dock, { confirmation: dock.carrier.pickups[0]?.reference ?? '' });
    await redeliver(settlePickups, dock, NAME);

    expect(await statusOf(dock)).toBe('cancelled');
    expect(dock.carrier.pickups).toMatchObject([{ cancelled: 1 }]);
  });

  test('whose invocation dies at any of its calls is booked once at most, and nobody is left to guess', async () => {
    const undisturbed = await openDock();
    await labelParcels(undisturbed, '1');
    await ask(undisturbed);
    const line = lifeline();
    await invoke(settlePickups, undisturbed, NAME, line);
    const points = line.calls.flatMap((_, index): CrashPoint[] => (['before', 'after'] as const).map((when) => ({ call: index + 1, when })));

    for (const point of points) {
      const dock = await openDock();
      await labelParcels(dock, '1');
      await ask(dock);
      await invoke(settlePickups, dock, NAME, lifeline(point));
      await invoke(settlePickups, dock, NAME).catch((error: unknown) => expect(error).toBeInstanceOf(Unavailable));
      dock.hub.pass(MANIFEST_LEASE_MS / 1000 + 1);
      await redeliver(settlePickups, dock, NAME);

      const status = await statusOf(dock);
      expect(['booked', 'unknown']).toContain(status);
      expect(dock.carrier.pickups.length).toBeLessThanOrEqual(1);
      expect(dock.notices).toEqual(status === 'unknown' ? ['pickupUnknown'] : []);
      if (status === 'booked') expect(dock.carrier.pickups).toHaveLength(1);
    }
    expect(points.length).toBeGreaterThan(10);
  }, 120_000);
});
