import { afterEach, describe, expect, test, vi } from 'vitest';
import { readSubscription } from '../../../adapters/aws/subscription-store.ts';
import type { CarrierReaching } from '../../../adapters/carrier-reach.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { renewSubscriptions } from '../../../functions/tracking/renew-subscriptions.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { clientWith, hubOn, type TestHub } from '../world.ts';
import { type Played, playCarrier } from './played-carrier.ts';

const emulator = useEmulator();
const log = useLogLines();

const played = new Map<string, Played>();
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
    { id: 'lapses', kind: 'lapses', settings: {} },
    { id: 'lasts', kind: 'lasts', settings: {} },
  ],
});

async function open(): Promise<TestHub & CarrierReaching> {
  played.set('lapses', playCarrier({ subscriptionTtlDays: 14 }));
  played.set('lasts', playCarrier());
  const http = async () => {
    throw new Error('nothing is called');
  };
  return { ...hubOn(await emulator.freshTable(), CLIENT), secrets: { read: async () => undefined }, http, publicUrl: 'https://hub.example.com', wait: async () => undefined };
}

function playing(kind: string): Played {
  const one = played.get(kind);
  if (one === undefined) throw new Error(`no ${kind} is played`);
  return one;
}

async function hours(hub: TestHub & CarrierReaching, howMany: number): Promise<void> {
  for (let hour = 0; hour < howMany; hour++) {
    await renewSubscriptions({ scheduledAt: hub.now() }, hub);
    hub.pass(3_600);
  }
}

describe('seeing to subscriptions', () => {
  test('looks at one that does not lapse every hour, and at one that does once a day', async () => {
    const hub = await open();

    await hours(hub, 48);

    expect([playing('lasts').subscribed, playing('lapses').subscribed]).toEqual([48, 2]);
    expect(await readSubscription(hub.table, 'lasts')).toMatchObject({ state: 'kept', until: null });
    expect(await readSubscription(hub.table, 'lapses')).toMatchObject({ state: 'kept', until: '2026-12-05T09:00:00.000Z' });
  });

  test('tries again every hour what fails, tells somebody before it is too late, and holds up no other', async () => {
    const hub = await open();
    await hours(hub, 1);
    hub.pass(86_400);
    playing('lapses').faults.push(...Array.from({ length: 8 }, () => new Unavailable('http.down', 'It does not answer.')));

    await hours(hub, 9);

    const told = log.lines.filter(({ message }) => message === 'subscriptionLapsing');
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ carrierId: 'lapses', code: 'http.down' });
    expect(playing('lasts').subscribed).toBe(10);
    expect(await readSubscription(hub.table, 'lapses')).not.toHaveProperty('problem');
  });

  test('tells somebody at once where trying again does not help', async () => {
    const hub = await open();
    playing('lasts').faults.push(new Rejected('carrier.refused', 'The account is closed.'));

    await hours(hub, 1);

    expect(log.lines.filter(({ message }) => message === 'subscriptionLapsing')).toEqual([expect.objectContaining({ carrierId: 'lasts', code: 'carrier.refused' })]);
    expect(await readSubscription(hub.table, 'lasts')).toMatchObject({ state: 'failed', problem: { code: 'carrier.refused' } });
  });

  test('counts what it mended', async () => {
    const hub = await open();
    played.set('lasts', playCarrier({}, { subscribe: async () => ({ state: 'mended', until: null }) }));

    await hours(hub, 1);

    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'subscriptionRepaired', carrierId: 'lasts' }));
  });

  test('is a fault of ours where it is none of the carrier, and is tried again', async () => {
    const hub = await open();
    playing('lasts').faults.push(new TypeError('a bug'));

    await expect(renewSubscriptions({ scheduledAt: hub.now() }, hub)).rejects.toMatchObject({ name: 'Unavailable', code: 'tracking.renewal-incomplete' });

    expect(await readSubscription(hub.table, 'lapses')).toMatchObject({ state: 'made' });
  });
});
