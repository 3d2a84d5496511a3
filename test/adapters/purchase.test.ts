import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { readPurchases } from '../../adapters/aws/purchase-store.ts';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import type { BoughtLabel, Carrier, Found, Purchased } from '../../adapters/carrier.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { LEASE_MS } from '../../core/shipment.ts';
import { buyLabel } from '../../functions/shipment/buy-label.ts';
import { useEmulator } from '../emulator.ts';
import { type CrashPoint, lifeline, tieTable } from '../functions/lifeline.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { memoryBucket } from '../functions/memory-bucket.ts';
import { ADDRESS, elsewhere, hubOn, packed, parcelOf, stockUp, type TestHub } from '../functions/world.ts';

const carrierOfTest = vi.hoisted((): { carrier: unknown } => ({ carrier: undefined }));
vi.mock('../../adapters/carrier.ts', async (original) => ({ ...(await original<object>()), loadCarrier: async () => carrierOfTest.carrier }));

const emulator = useEmulator();
useLogLines();
const secretsClient = new SecretsManagerClient({ region: 'eu-central-1' });
const secretsManager = mockClient(secretsClient);
const SETTLE_SECONDS = 60;

beforeEach(() => {
  secretsManager.reset();
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: '{"signing":{},"token":"t"}' });
});

/** What the carrier does with one purchase: whether it sells, what it answers, and when a look-up shows it. */
interface Sale {
  readonly sells: boolean;
  readonly answers: boolean;
  readonly shownAfterSeconds: number;
}

/** A carrier without any guard of its own: it sells as often as it is asked, and shows a sale late. */
class BlindCarrier {
  readonly charges: { readonly reference: string; readonly shownAt: number }[] = [];
  readonly sales: Sale[] = [];
  /** Look-ups that fail, first one first. */
  readonly lookUps: ('fails' | 'works')[] = [];
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  readonly carrier: Pick<Carrier, 'purchaseGuard' | 'settleSeconds' | 'services' | 'offer' | 'buy' | 'find' | 'label'> = {
    purchaseGuard: 'find-by-reference',
    settleSeconds: SETTLE_SECONDS,
    services: () => [],
    offer: async ({ reference }) => ({ carrierRef: reference, rates: [{ rateId: 'r', carrier: 'Blind', service: 'Parcel', cost: 500, currency: 'EUR', deliveryDays: 1 }] }),
    buy: async ({ reference }) => this.#buy(reference),
    find: async ({ carrierRef }) => this.#find(carrierRef),
    label: async () => ({ bytes: Buffer.from('%PDF-1.4'), contentType: 'application/pdf', extension: 'pdf' }),
  };

  #buy(reference: string): Purchased {
    const { sells, answers, shownAfterSeconds } = this.sales.shift() ?? { sells: true, answers: true, shownAfterSeconds: 0 };
    if (sells) this.charges.push({ reference, shownAt: this.#now().getTime() + shownAfterSeconds * 1000 });
    if (!answers) return { outcome: 'unknown', reason: 'timed out' };
    return sells ? { outcome: 'bought', label: labelOf(reference) } : { outcome: 'refused', reason: 'no money' };
  }

  #find(reference: string): Found {
    if (this.lookUps.shift() === 'fails') return { outcome: 'unknown', reason: 'answered 503' };
    const shown = this.charges.some((charge) => charge.reference === reference && charge.shownAt <= this.#now().getTime());
    return shown ? { outcome: 'bought', label: labelOf(reference) } : { outcome: 'absent' };
  }
}

function labelOf(reference: string): BoughtLabel {
  return {
    carrier: 'Blind',
    service: 'Parcel',
    trackingNumber: `T${reference}`,
    trackingUrl: '',
    cost: 500,
    currency: 'EUR',
    documentUrl: 'https://labels.example.com/1.pdf',
    address: ADDRESS,
  };
}

async function openShop(): Promise<{ hub: TestHub; carrier: BlindCarrier }> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 1_000 });
  const carrier = new BlindCarrier(hub.now);
  carrierOfTest.carrier = carrier.carrier;
  return { hub, carrier };
}

async function invoke(hub: TestHub, event: HubEvent, crash?: CrashPoint): Promise<'done' | 'crashed'> {
  const line = lifeline(crash);
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  const { carrier } = carrierOfTest;
  if (!isCarrier(carrier)) throw new Error('no carrier');
  carrierOfTest.carrier = { ...carrier, buy: (...asked: Parameters<Carrier['buy']>) => line.through('buy', () => carrier.buy(...asked)) };
  try {
    const http = () => Promise.reject(new Error('the carrier of this test needs no HTTP'));
    return await line.run(() => buyLabel(event, { ...elsewhere(hub, table), secrets: new SecretStore('', secretsClient), http, labels: memoryBucket().bucket }));
  } finally {
    carrierOfTest.carrier = carrier;
  }
}

function isCarrier(value: unknown): value is Carrier {
  return typeof value === 'object' && value !== null && 'buy' in value;
}

async function redeliver(hub: TestHub, event: HubEvent): Promise<number> {
  for (let delivery = 1; delivery <= 30; delivery++) {
    try {
      await invoke(hub, event);
      return delivery;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      hub.pass(Math.max(1, error.retryAfterSeconds ?? 2));
    }
  }
  throw new Error('not done after 30 deliveries');
}

const Unanswered = fc.record({ sells: fc.boolean(), answers: fc.constant(false), shownAfterSeconds: fc.integer({ min: 0, max: SETTLE_SECONDS - 1 }) });

describe('a carrier that sells as often as it is asked', () => {
  test('is charged once, whatever it answers, however late it shows a sale and wherever an invocation dies', async () => {
    const { hub, carrier } = await openShop();
    let parcels = 0;
    const Crash = fc.record({ call: fc.integer({ min: 1, max: 8 }), when: fc.constantFrom('before' as const, 'after' as const) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(Unanswered, { maxLength: 2 }),
        fc.array(fc.constantFrom('fails' as const, 'works' as const), { maxLength: 3 }),
        fc.array(Crash, { maxLength: 2 }),
        async (sales, lookUps, crashes) => {
          parcels += 1;
          const [event] = await packed(hub, `p${parcels}`);
          if (event === undefined) throw new Error('not packed');
          carrier.charges.splice(0);
          carrier.sales.splice(0, Infinity, ...sales);
          carrier.lookUps.splice(0, Infinity, ...lookUps);

          for (const crash of crashes) {
            await invoke(hub, event, crash).catch((error: unknown) => expect(error).toBeInstanceOf(Unavailable));
            hub.pass(LEASE_MS / 1000 + 1);
          }
          await redeliver(hub, event);

          expect(carrier.charges).toHaveLength(1);
          const parcel = await parcelOf(hub, `p${parcels}`);
          expect(parcel).toMatchObject({ status: 'labelled', label: { trackingNumber: `T${carrier.charges[0]?.reference}` } });
          const bought = (await readPurchases(hub.table, parcel)).filter(({ status }) => status === 'bought');
          expect(bought.map(({ reference }) => reference)).toEqual(carrier.charges.map(({ reference }) => reference));
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  test('is not asked again before its settle time, though a look-up shows nothing', async () => {
    const { hub, carrier } = await openShop();
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    carrier.sales.push({ sells: false, answers: false, shownAfterSeconds: 0 });
    const start = hub.now().getTime();

    await expect(invoke(hub, event)).rejects.toMatchObject({ code: 'shipment.outcome-unknown', retryAfterSeconds: 2 });
    hub.pass(2);
    await expect(invoke(hub, event)).rejects.toMatchObject({ code: 'shipment.outcome-unknown', retryAfterSeconds: SETTLE_SECONDS - 2 });
    hub.pass(SETTLE_SECONDS - 2);
    await expect(invoke(hub, event)).rejects.toMatchObject({ code: 'shipment.purchase-absent' });
    await redeliver(hub, event);

    expect((hub.now().getTime() - start) / 1000).toBeGreaterThanOrEqual(SETTLE_SECONDS);
    expect((await readPurchases(hub.table, await parcelOf(hub, '1'))).map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 'absent'],
      [2, 'bought'],
    ]);
    expect(carrier.charges).toHaveLength(1);
  });

  test('that shows the first sale after its settle time has it adopted when the second is looked up', async () => {
    const { hub, carrier } = await openShop();
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    carrier.sales.push({ sells: true, answers: false, shownAfterSeconds: SETTLE_SECONDS + 10 }, { sells: false, answers: false, shownAfterSeconds: 0 });

    for (let delivery = 0; delivery < 3; delivery++) {
      await expect(invoke(hub, event)).rejects.toBeInstanceOf(Unavailable);
      hub.pass(delivery === 1 ? SETTLE_SECONDS - 2 : 2);
    }
    await redeliver(hub, event);
    hub.pass(10);
    await redeliver(hub, event);

    expect(carrier.charges).toHaveLength(1);
    expect(await parcelOf(hub, '1')).toMatchObject({ label: { trackingNumber: `T${carrier.charges[0]?.reference}` } });
  });
});
