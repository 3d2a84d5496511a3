import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { settlePurchase } from '../../../adapters/aws/purchase-store.ts';
import { SecretStore } from '../../../adapters/aws/secret-store.ts';
import type { Http, HttpRequest } from '../../../adapters/http.ts';
import { isSigned } from '../../../adapters/signature.ts';
import { Unavailable } from '../../../core/error.ts';
import type { HubEvent } from '../../../core/event.ts';
import { labelled, trackParcel } from '../../../core/shipment.ts';
import { writeBack } from '../../../functions/storefront/write-back.ts';
import { useEmulator } from '../../emulator.ts';
import { lifeline, tied, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { elsewhere, eventOf, hubOn, packed, parcelOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();
const secretsClient = new SecretsManagerClient({ region: 'eu-central-1' });
const secretsManager = mockClient(secretsClient);
const SIGNING = `whsec_${Buffer.from('the key of the wholesale shop').toString('base64')}`;

beforeEach(() => {
  secretsManager.reset();
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ signing: { current: SIGNING } }) });
});

/** A storefront that remembers what it was told, and answers as it is told. */
function storefront(...statuses: number[]): { http: Http; told: HttpRequest[] } {
  const told: HttpRequest[] = [];
  const http: Http = async (request) => {
    told.push(request);
    return { status: statuses.shift() ?? 200, headers: {}, body: Buffer.alloc(0) };
  };
  return { http, told };
}

async function hubWithStock(): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 1_000 });
  return hub;
}

/** A parcel that was handed over, and the event that says so. */
async function dispatched(hub: TestHub, id: string): Promise<HubEvent> {
  await packed(hub, id);
  const act = { by: 'hub', now: hub.now() };
  const label = {
    carrier: 'UPS',
    service: 'S',
    trackingNumber: `T-${id}`,
    trackingUrl: 'https://track.example.com/1',
    cost: 1,
    currency: 'EUR',
    document: '',
    boughtAt: act.now.toISOString(),
  };
  const parcel = labelled(await parcelOf(hub, id), label, act);
  await settlePurchase(hub.table, { purchase: undefined, parcel });
  const tracking = { status: 'in_transit' as const, at: '2026-11-20T12:00:00.000Z', firstScanAt: '2026-11-20T12:00:00.000Z' };
  const scanned = trackParcel(parcel, tracking, act);
  if (scanned === undefined) throw new Error('no news');
  await settlePurchase(hub.table, { purchase: undefined, parcel: scanned });
  return eventOf('parcel.dispatched', scanned, parcel);
}

async function tell(hub: TestHub, event: HubEvent, http: Http, line = lifeline()): Promise<'done' | 'crashed'> {
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  return await line.run(() => writeBack(event, { ...elsewhere(hub, table), secrets: new SecretStore('crossdock/sample/', secretsClient), http: tied(http, line) }));
}

describe('a storefront', () => {
  test('is told once that a parcel left, signed, with its own order id and the first scan', async () => {
    const hub = await hubWithStock();
    const event = await dispatched(hub, '1');
    const { http, told } = storefront();

    await tell(hub, event, http);
    await tell(hub, event, http);

    expect(told).toHaveLength(1);
    const [{ url, headers = {}, body = '' }] = [told[0] ?? { url: '' }];
    expect(url).toBe('https://wholesale.example.com/crossdock');
    expect(JSON.parse(String(body)).data).toEqual({
      orderId: '1',
      parcel: 1,
      carrier: 'UPS',
      trackingNumber: 'T-1',
      trackingUrl: 'https://track.example.com/1',
      units: [{ sku: 'TENT', quantity: 1 }],
      shippedAt: '2026-11-20T12:00:00.000Z',
    });
    const scheme = { family: 'standard-webhooks', key: 'base64', toleranceSeconds: 300 } as const;
    expect(isSigned({ headers, body: Buffer.from(body) }, scheme, { current: SIGNING }, hub.now())).toBe(true);
  });

  test('that is down is told when it is up again', async () => {
    const hub = await hubWithStock();
    const event = await dispatched(hub, '1');
    const { http, told } = storefront(503, 500);

    await expect(tell(hub, event, http)).rejects.toBeInstanceOf(Unavailable);
    await expect(tell(hub, event, http)).rejects.toBeInstanceOf(Unavailable);
    await tell(hub, event, http);
    await tell(hub, event, http);

    expect(told).toHaveLength(3);
  });

  test('that refuses is a case for a person, who may send it again', async () => {
    const hub = await hubWithStock();
    const event = await dispatched(hub, '1');
    const { http, told } = storefront(410);

    await expect(tell(hub, event, http)).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.refused' });
    await tell(hub, event, http);

    expect(told).toHaveLength(2);
  });

  test('that left the client file is rejected', async () => {
    const hub = await hubWithStock();
    const event = await dispatched(hub, '1');
    const without: TestHub = { ...hub, client: { ...hub.client, storefronts: [] } };

    await expect(tell(without, event, storefront().http)).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.unknown' });
  });

  test('is told once by two workers, however their calls fall between each other', async () => {
    const hub = await hubWithStock();
    let orders = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        orders += 1;
        const event = await dispatched(hub, `o${orders}`);
        const { http, told } = storefront();

        const outcomes = await scheduler.waitFor(Promise.allSettled([1, 2].map(() => tell(hub, event, http, lifeline(undefined, scheduler)))));

        for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'notice.busy' });
        await tell(hub, event, http);
        expect(told).toHaveLength(1);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
