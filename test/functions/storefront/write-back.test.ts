import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { decide } from '../../../adapters/aws/decide.ts';
import { noteEnded } from '../../../adapters/aws/health-store.ts';
import { writeParcel } from '../../../adapters/aws/parcel-store.ts';
import { settlePurchase } from '../../../adapters/aws/purchase-store.ts';
import { SecretStore } from '../../../adapters/aws/secret-store.ts';
import type { Http, HttpRequest } from '../../../adapters/http.ts';
import { isSigned } from '../../../adapters/signature.ts';
import { follow } from '../../../core/course.ts';
import { refused, Unavailable } from '../../../core/error.ts';
import type { HubEvent } from '../../../core/event.ts';
import { next } from '../../../core/order.ts';
import { labelled, trackParcel } from '../../../core/shipment.ts';
import { writeBack } from '../../../functions/storefront/write-back.ts';
import { useEmulator } from '../../emulator.ts';
import { lifeline, tied, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { elsewhere, eventOf, hubOn, idOf, packed, parcelOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
const log = useLogLines();
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

/** Has the order know that its parcel left. */
async function noteLeft(hub: TestHub, id: string): Promise<void> {
  const act = { by: 'hub', now: hub.now() };
  await decide(
    hub.table,
    idOf(id),
    { ...act, reference: hub.newId(), reason: 'left' },
    (order) => follow(order, 1, 'dispatched', hub.now().toISOString(), act) ?? refused('a.b', 'known'),
  );
}

/** A parcel that was handed over, and the event that says so. */
async function dispatched(hub: TestHub, id: string, noted = true): Promise<HubEvent> {
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
    reference: 'R1',
    carrierRef: 'shp_1',
    proof: 'answer' as const,
  };
  const parcel = labelled(await parcelOf(hub, id), label, act);
  await settlePurchase(hub.table, { purchase: undefined, parcel });
  const tracking = { status: 'in_transit' as const, at: '2026-11-20T12:00:00.000Z', firstScanAt: '2026-11-20T12:00:00.000Z' };
  const scanned = trackParcel(parcel, tracking, act);
  if (scanned === undefined) throw new Error('no news');
  await settlePurchase(hub.table, { purchase: undefined, parcel: scanned });
  if (noted) await noteLeft(hub, id);
  return eventOf('parcel.dispatched', scanned, parcel);
}

/** Two parcels of one order that left, and the events that say so. */
async function dispatchedInTwo(hub: TestHub, id: string): Promise<HubEvent[]> {
  const first = await dispatched(hub, id, false);
  const parcel = await parcelOf(hub, id);
  await writeParcel(hub.table, { ...parcel, parcel: 2, version: 1 });
  const act = { by: 'hub', now: hub.now() };
  await decide(hub.table, idOf(id), { ...act, reference: hub.newId(), reason: 'left' }, (order) => {
    const parcels = [1, 2].flatMap((number) => order.parcels.map((entry) => ({ ...entry, parcel: number, status: 'dispatched' as const })));
    return next({ ...order, demand: [{ sku: 'TENT', quantity: 2 }], parcels }, act, 'order.dispatched', 'left');
  });
  return [first, first.entity === 'parcel' ? { ...first, parcel: { ...first.parcel, parcel: 2 } } : first];
}

async function tell(hub: TestHub, event: HubEvent, http: Http, line = lifeline()): Promise<'done' | 'crashed'> {
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  return await line.run(() =>
    writeBack(event, { ...elsewhere(hub, table), secrets: new SecretStore('crossdock/sample/', secretsClient), http: tied(http, line), publicUrl: 'https://hub.example.com' }),
  );
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

  test('hears of a parcel only after its order knows that it left', async () => {
    const hub = await hubWithStock();
    const event = await dispatched(hub, '1', false);
    const { http, told } = storefront();

    await expect(tell(hub, event, http)).rejects.toMatchObject({ name: 'Unavailable', code: 'order.behind', retryAfterSeconds: 2 });
    expect(told).toEqual([]);
    await noteLeft(hub, '1');
    await tell(hub, event, http);

    expect(told).toHaveLength(1);
  });

  test('that ended the connection hears nothing, and a person is told what to do', async () => {
    const hub = await hubWithStock();
    const event = await dispatched(hub, '1');
    await noteEnded(hub.table, 'wholesale', 'the app was removed', hub.now());
    const { http, told } = storefront();

    await expect(tell(hub, event, http)).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.ended', message: expect.stringContaining('redrive') });

    expect(told).toEqual([]);
  });

  test('that is told when an invocation dies at any of its calls is told once more at most, under the same id', async () => {
    const hub = await hubWithStock();
    const whole = lifeline();
    await tell(hub, await dispatched(hub, 'whole'), storefront().http, whole);
    expect(whole.calls.length).toBeGreaterThan(5);

    for (const when of ['before', 'after'] as const) {
      for (let call = 1; call <= whole.calls.length; call++) {
        const event = await dispatched(hub, `${when}${call}`);
        const { http, told } = storefront();
        expect(await tell(hub, event, http, lifeline({ call, when })), `${when} ${call}`).toBe('crashed');
        hub.pass(61);

        await tell(hub, event, http);

        const ids = new Set(told.map(({ headers = {} }) => headers['webhook-id']));
        expect([ids.size, told.length <= 2], `${when} ${call}`).toEqual([1, true]);
      }
    }
  }, 60_000);

  test('is told of two parcels of an order one after the other, whoever tells, and one of them completes it', async () => {
    const hub = await hubWithStock();
    let orders = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        orders += 1;
        const events = await dispatchedInTwo(hub, `two${orders}`);
        const { http, told } = storefront();

        const outcomes = await scheduler.waitFor(Promise.allSettled(events.map((event) => tell(hub, event, http, lifeline(undefined, scheduler)))));

        for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'notice.busy' });
        // Whoever met the other comes back.
        for (const event of events) await tell(hub, event, http);
        const lines = log.lines.filter(({ message, orderId }) => message === 'storefront told' && orderId === idOf(`two${orders}`));
        expect(told.map(({ body }) => JSON.parse(String(body)).data.units)).toEqual([[{ sku: 'TENT', quantity: 1 }], [{ sku: 'TENT', quantity: 1 }]]);
        expect(lines.map(({ completes }) => completes)).toEqual([false, true]);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

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
