import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { writeBreaker } from '../../adapters/aws/call-store.ts';
import { readPurchases } from '../../adapters/aws/purchase-store.ts';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import type { BoughtLabel, Carrier, CarrierCapabilities, DraftedPurchase, Found, Purchased, Voided } from '../../adapters/carrier.ts';
import { applyUpdate } from '../../adapters/update.ts';
import { Unavailable } from '../../core/error.ts';
import type { HubEvent } from '../../core/event.ts';
import { LEASE_MS } from '../../core/shipment.ts';
import { buyLabel } from '../../functions/shipment/buy-label.ts';
import { settleLabel } from '../../functions/shipment/settle-label.ts';
import { useEmulator } from '../emulator.ts';
import { labelParcel } from '../functions/label-shop.ts';
import { type CrashPoint, lifeline, tieTable } from '../functions/lifeline.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { memoryBucket } from '../functions/memory-bucket.ts';
import { ADDRESS, elsewhere, hubOn, idOf, manager, orderOf, packed, parcelOf, stockUp, type TestHub } from '../functions/world.ts';

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
  /** It sells nothing, for no fault of the shipment's. */
  readonly again?: boolean;
}

/** What is different about a carrier. */
interface Manner {
  readonly guard: CarrierCapabilities['purchaseGuard'];
  /** Whether the label of a purchase that is looked up can still be had. */
  readonly reDownload: boolean;
  /** Whether labels are fetched from an address, in a call of their own. */
  readonly apart: boolean;
}

/** A carrier of which a guard other than `key` and `two-step` promises nothing: it sells as often as it is asked, and shows a sale late. */
class BlindCarrier {
  readonly charges: { readonly reference: string; readonly shownAt: number; voided: boolean }[] = [];
  readonly requests: string[] = [];
  /** Asked for the label back, by reference. */
  readonly voids: string[] = [];
  cost = 500;
  readonly sales: Sale[] = [];
  /** What it answers to bytes that it was sent before, first one first. */
  readonly repeats: Purchased[] = [];
  /** Fetched labels that fail, first one first. */
  readonly fetches: ('fails' | 'works')[] = [];
  /** Look-ups that fail, first one first. */
  readonly lookUps: ('fails' | 'works')[] = [];
  readonly #now: () => Date;
  readonly #manner: Manner;

  constructor(now: () => Date, manner: Manner) {
    this.#now = now;
    this.#manner = manner;
  }

  readonly carrier: Pick<Carrier, 'title' | 'capabilities' | 'quote' | 'draft' | 'buy' | 'find' | 'label' | 'void'> = {
    title: 'Blind',
    capabilities: () => ({
      purchaseGuard: this.#manner.guard,
      settleSeconds: SETTLE_SECONDS,
      canVoid: true,
      voidIsAsync: false,
      voidDays: 30,
      needsManifest: false,
      labelFormats: ['PDF'],
      reDownloadLabel: this.#manner.reDownload,
      callbackAuth: 'none',
      callbackHistory: 'full',
      subscriptionTtlDays: null,
      ratesReturned: true,
      unitSystem: 'metric',
      origins: null,
      requestsPerMinute: null,
      trackBatch: 1,
    }),
    quote: async ({ reference }) => ({
      carrierRef: reference,
      rates: [{ rateId: 'r', carrier: 'Blind', service: 'Parcel', cost: this.cost, currency: 'EUR', deliveryDays: 1 }],
    }),
    draft: ({ reference, shipDate }) => `buy ${reference} for ${shipDate}`,
    buy: async (purchase) => this.#buy(purchase),
    find: async (purchase) => this.#find(purchase),
    label: async () => {
      if (this.fetches.shift() === 'fails') throw new Unavailable('carrier.label-unavailable', 'answered 503');
      return Buffer.from('%PDF-1.4');
    },
    void: async ({ reference }) => this.#void(reference),
  };

  #buy({ reference, request }: DraftedPurchase): Purchased {
    const repeat = this.requests.includes(request) ? this.repeats.shift() : undefined;
    this.requests.push(request);
    if (repeat !== undefined) return repeat;
    const known = this.charges.some((charge) => charge.reference === reference);
    if (this.#manner.guard === 'key' && known) return { outcome: 'bought', label: this.#label(reference, true) };
    if (this.#manner.guard === 'two-step' && known) return { outcome: 'unknown', reason: 'it was sold already' };
    const { sells, answers, shownAfterSeconds, again = false } = this.sales.shift() ?? { sells: true, answers: true, shownAfterSeconds: 0 };
    if (sells) this.charges.push({ reference, shownAt: this.#now().getTime() + shownAfterSeconds * 1000, voided: false });
    if (!answers) return { outcome: 'unknown', reason: 'timed out' };
    return sells ? { outcome: 'bought', label: this.#label(reference, true) } : { outcome: 'refused', again, reason: 'no money' };
  }

  #find({ reference }: DraftedPurchase): Found {
    if (this.lookUps.shift() === 'fails') return { outcome: 'unknown', reason: 'answered 503' };
    const shown = this.charges.some((charge) => charge.reference === reference && charge.shownAt <= this.#now().getTime() && !charge.voided);
    return shown ? { outcome: 'bought', label: this.#label(reference, this.#manner.reDownload) } : { outcome: 'absent' };
  }

  #void(reference: string): Voided {
    this.voids.push(reference);
    for (const charge of this.charges) if (charge.reference === reference) charge.voided = true;
    return { outcome: 'voided' };
  }

  #label(reference: string, printable: boolean): BoughtLabel {
    const document: BoughtLabel['document'] = this.#manner.apart ? { in: 'url', url: 'https://labels.example.com/1' } : { in: 'answer', bytes: Buffer.from('%PDF-1.4') };
    return { ...labelOf(reference), cost: this.cost, document: printable ? document : { in: 'nowhere' } };
  }
}

function labelOf(reference: string): BoughtLabel {
  return {
    carrierRef: reference,
    carrier: 'Blind',
    service: 'Parcel',
    trackingNumber: `T${reference}`,
    trackingUrl: '',
    cost: 500,
    currency: 'EUR',
    document: { in: 'nowhere' },
    forms: [],
    address: ADDRESS,
  };
}

async function openShop(manner: Partial<Manner> = {}): Promise<{ hub: TestHub; carrier: BlindCarrier }> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 1_000 });
  const carrier = new BlindCarrier(hub.now, { guard: 'find-by-reference', reDownload: true, apart: false, ...manner });
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
    const buyer = { ...elsewhere(hub, table), secrets: new SecretStore('', secretsClient), http, labels: memoryBucket().bucket, publicUrl: '', wait: async () => {} };
    return await line.run(() => labelParcel(event, buyer));
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
    const Crash = fc.record({ call: fc.integer({ min: 1, max: 24 }), when: fc.constantFrom('before' as const, 'after' as const) });
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

  test('is looked at again as soon as it may be called, where it is left alone', async () => {
    const { hub, carrier } = await openShop();
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    carrier.sales.push({ sells: true, answers: false, shownAfterSeconds: 0 });
    carrier.lookUps.push('fails', 'fails');
    await expect(invoke(hub, event)).rejects.toMatchObject({ code: 'shipment.outcome-unknown' });
    const { carrierId } = await parcelOf(hub, '1');
    hub.pass(2);

    const first = await invoke(hub, event).catch((error: unknown) => error);
    const now = hub.now().getTime();
    await writeBreaker(hub.table, carrierId, { failures: 5, failingSince: now, openUntil: now + 20_000, opened: 1 }, 0);
    const second = await invoke(hub, event).catch((error: unknown) => error);

    expect(first).toMatchObject({ code: 'shipment.outcome-unknown', retryAfterSeconds: undefined });
    expect(second).toMatchObject({ code: 'shipment.outcome-unknown', retryAfterSeconds: 20 });
    hub.pass(20);
    expect(await redeliver(hub, event)).toBe(1);
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

describe('a sale that shows after its attempt was given up', () => {
  /** The first attempt is sold and shows late, the second one is not sold, and has been asked for. */
  async function givenUp(manner: Partial<Manner> = {}) {
    const { hub, carrier } = await openShop(manner);
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    carrier.sales.push({ sells: true, answers: false, shownAfterSeconds: SETTLE_SECONDS + 10 }, { sells: false, answers: false, shownAfterSeconds: 0 });
    for (const seconds of [2, SETTLE_SECONDS - 2, 2, 20]) {
      await expect(invoke(hub, event)).rejects.toBeInstanceOf(Unavailable);
      hub.pass(seconds);
    }
    return { hub, carrier, event };
  }

  async function statuses(hub: TestHub) {
    return (await readPurchases(hub.table, await parcelOf(hub, '1'))).map(({ status }) => status);
  }

  test('is adopted, and nothing bought beside it, though its label cannot be fetched at first', async () => {
    const { hub, carrier, event } = await givenUp({ apart: true });
    carrier.fetches.push('fails');

    await redeliver(hub, event);

    expect(carrier.charges).toHaveLength(1);
    expect(await statuses(hub)).toEqual(['bought', 'absent']);
  });

  test('is voided before another one is bought, where its label cannot be had', async () => {
    const { hub, carrier, event } = await givenUp({ reDownload: false });

    await redeliver(hub, event);

    expect(carrier.charges.map(({ voided }) => voided)).toEqual([true, false]);
    expect(await statuses(hub)).toEqual(['voided', 'absent', 'bought']);
  });

  test('leaves no attempt under way, wherever the invocation dies that adopts it', async () => {
    for (let call = 1; call <= 30; call++) {
      const { hub, carrier, event } = await givenUp();

      const ended = await invoke(hub, event, { call, when: 'after' });
      hub.pass(LEASE_MS / 1000 + 1);
      await redeliver(hub, event);

      expect(carrier.charges, `dead after call ${call}`).toHaveLength(1);
      expect(await statuses(hub), `dead after call ${call}`).toEqual(['bought', 'absent']);
      if (ended === 'done') return;
    }
    throw new Error('an invocation makes more calls than were tried');
  }, 60_000);
});

describe('a repeat that is refused', () => {
  const REFUSALS: readonly [string, Purchased][] = [
    ['because it never left', { outcome: 'refused', again: true, reason: 'the carrier is left alone' }],
    ['for who asks', { outcome: 'refused', again: false, reason: 'answered 403' }],
  ];

  describe.each<Manner['guard']>(['key', 'two-step'])('at a carrier with the guard %s', (guard) => {
    test.each(REFUSALS)('%s says nothing of the first call, which had sold', async (_why, refusal) => {
      const { hub, carrier } = await openShop({ guard });
      const [event] = await packed(hub, '1');
      if (event === undefined) throw new Error('not packed');
      carrier.sales.push({ sells: true, answers: false, shownAfterSeconds: 10 });
      carrier.repeats.push(refusal);

      await redeliver(hub, event);

      expect(carrier.charges).toHaveLength(1);
      expect(await parcelOf(hub, '1')).toMatchObject({ status: 'labelled', label: { reference: carrier.charges[0]?.reference } });
      expect((await orderOf(hub, '1')).holds.filter(({ kind }) => kind === 'operator')).toEqual([]);
    });

    test('for good holds the order, once a look-up after the settle time shows no sale either', async () => {
      const { hub, carrier } = await openShop({ guard });
      const [event] = await packed(hub, '1');
      if (event === undefined) throw new Error('not packed');
      carrier.sales.push({ sells: false, answers: false, shownAfterSeconds: 0 });
      carrier.repeats.push(...Array.from({ length: 5 }, (): Purchased => ({ outcome: 'refused', again: false, reason: 'no money' })));
      const start = hub.now().getTime();

      await redeliver(hub, event);

      expect((hub.now().getTime() - start) / 1000).toBeGreaterThanOrEqual(SETTLE_SECONDS);
      expect(await parcelOf(hub, '1')).toMatchObject({ status: 'refused' });
      expect(await orderOf(hub, '1')).toMatchObject({ holds: [{ kind: 'operator', reason: 'the carrier sells no label: no money' }] });
      expect(carrier.charges).toEqual([]);
    });
  });
});

describe('a label that was sold and cannot be had', () => {
  test('is voided before another one is bought, wherever an invocation dies', async () => {
    const { hub, carrier } = await openShop({ reDownload: false });
    let parcels = 0;
    const Crash = fc.record({ call: fc.integer({ min: 1, max: 24 }), when: fc.constantFrom('before' as const, 'after' as const) });
    await fc.assert(
      fc.asyncProperty(fc.array(Unanswered, { maxLength: 2 }), fc.array(Crash, { maxLength: 2 }), async (sales, crashes) => {
        parcels += 1;
        const [event] = await packed(hub, `p${parcels}`);
        if (event === undefined) throw new Error('not packed');
        carrier.charges.splice(0);
        carrier.sales.splice(0, Infinity, ...sales);

        for (const crash of crashes) {
          await invoke(hub, event, crash).catch((error: unknown) => expect(error).toBeInstanceOf(Unavailable));
          hub.pass(LEASE_MS / 1000 + 1);
        }
        await redeliver(hub, event);

        const live = carrier.charges.filter(({ voided }) => !voided);
        expect(live).toHaveLength(1);
        const parcel = await parcelOf(hub, `p${parcels}`);
        expect(parcel).toMatchObject({ status: 'labelled', label: { reference: live[0]?.reference, document: expect.stringContaining('.pdf') } });
        const purchases = await readPurchases(hub.table, parcel);
        expect(purchases.filter(({ status }) => status === 'voided').map(({ reference }) => reference)).toEqual(
          carrier.charges.filter(({ voided }) => voided).map(({ reference }) => reference),
        );
        // The carrier may tell of a label that was lost: it is known whose that was, and the parcel is not moved by it.
        for (const { bought, carrierId } of purchases.filter(({ status }) => status === 'voided')) {
          const events = [{ status: 'delivered' as const, code: 'D', at: hub.now().toISOString(), description: '', attention: false }];
          expect(await applyUpdate({ carrierId, trackingNumber: bought?.trackingNumber ?? '', events }, hub)).toEqual({ fresh: [], foreign: 1 });
        }
        expect(await parcelOf(hub, `p${parcels}`)).toEqual(parcel);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

describe('a carrier that knows a purchase by its key', () => {
  test('is sent the same bytes again, also on another day, and charges once', async () => {
    const { hub, carrier } = await openShop({ guard: 'key' });
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    carrier.sales.push({ sells: true, answers: false, shownAfterSeconds: 0 });

    await expect(invoke(hub, event)).rejects.toMatchObject({ code: 'shipment.outcome-unknown' });
    hub.pass(86_400);
    await redeliver(hub, event);

    expect(carrier.charges).toHaveLength(1);
    expect(new Set(carrier.requests).size).toBe(1);
    expect(carrier.requests).toHaveLength(2);
    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'labelled' });
  });
});

describe('a carrier of which only a person can say what was bought', () => {
  test('is asked once, and the purchase is parked until somebody types the number in', async () => {
    const { hub, carrier } = await openShop({ guard: 'none' });
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    carrier.sales.push({ sells: true, answers: false, shownAfterSeconds: 0 });

    await redeliver(hub, event);
    await redeliver(hub, event);

    expect(carrier.charges).toHaveLength(1);
    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'packed', parked: { reason: 'timed out' }, work: expect.stringMatching(/^label#/) });
    const typed = { orderId: idOf('1'), parcel: 1, reason: 'read off the label', bought: true as const, trackingNumber: 'M 4711', cost: 620 };
    expect(await settleLabel(typed, hub, manager(hub))).toMatchObject({ kind: 'answer' });
    const parcel = await parcelOf(hub, '1');
    expect(parcel).toMatchObject({ status: 'labelled', label: { trackingNumber: 'M 4711', cost: 620, proof: 'request' } });
    expect(parcel.parked).toBeUndefined();
    expect(await settleLabel(typed, hub, manager(hub))).toMatchObject({ kind: 'refused', code: 'shipment.nothing-parked' });
  });

  test('buys anew once somebody has seen that nothing was bought', async () => {
    const { hub, carrier } = await openShop({ guard: 'none' });
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    carrier.sales.push({ sells: false, answers: false, shownAfterSeconds: 0 });
    await redeliver(hub, event);

    await settleLabel({ orderId: idOf('1'), parcel: 1, reason: 'nothing in the account', bought: false }, hub, manager(hub));
    await redeliver(hub, event);

    expect(carrier.charges).toHaveLength(1);
    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'labelled' });
  });
});

describe('a price', () => {
  test('that is not fresh any more is asked for again; one that rose too much holds the order', async () => {
    const { hub, carrier } = await openShop();
    const [event] = await packed(hub, '1');
    if (event === undefined) throw new Error('not packed');
    carrier.sales.push({ sells: false, answers: true, shownAfterSeconds: 0, again: true });
    await expect(invoke(hub, event)).rejects.toMatchObject({ code: 'shipment.not-sold-now' });
    carrier.cost = 900;

    // Only the purchase comes again: its service was chosen.
    const buyer = { ...elsewhere(hub, hub.table), secrets: new SecretStore('', secretsClient), http: () => Promise.reject(new Error('none')), publicUrl: '', wait: async () => {} };
    await buyLabel(event, { ...buyer, labels: memoryBucket().bucket });

    expect(carrier.charges).toEqual([]);
    expect(await orderOf(hub, '1')).toMatchObject({ holds: [{ kind: 'operator', reason: expect.stringContaining('rose from 5.00 EUR to 9.00 EUR') }] });
  });
});
