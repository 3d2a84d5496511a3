import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noteEnded } from '../../../adapters/aws/health-store.ts';
import { allLevels } from '../../../adapters/aws/level-store.ts';
import { SecretStore } from '../../../adapters/aws/secret-store.ts';
import { stockWrites } from '../../../adapters/aws/stock-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { type Http, type HttpRequest, httpClient } from '../../../adapters/http.ts';
import type { Client } from '../../../core/client.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import type { HubEvent } from '../../../core/event.ts';
import { moving } from '../../../core/inventory.ts';
import type { Level } from '../../../core/level.ts';
import { publishStock } from '../../../functions/storefront/publish-stock.ts';
import { type CustomShop, openCustom } from '../../../local/simulators/custom.ts';
import { openShopify, type ShopifyShop } from '../../../local/simulators/shopify.ts';
import { NOW, sampleClient } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';
import { type Lifeline, lifeline, tied, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';

const emulator = useEmulator();
const log = useLogLines();
const secretsClient = new SecretsManagerClient({ region: 'eu-central-1' });
const secretsManager = mockClient(secretsClient);
const SIGNING = `whsec_${Buffer.from('the key of the wholesale shop').toString('base64')}`;
const TOKEN = 'shpat_test';
let shops = 0;
let wholesale: CustomShop;
let shop: ShopifyShop;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'levels-'));
});

beforeEach(async () => {
  secretsManager.reset();
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ token: TOKEN, signing: { current: SIGNING } }) });
  await openShops();
  return closeShops;
});
afterAll(() => void secretsManager.restore());

/** Two shops that have heard of nothing. */
async function openShops(): Promise<void> {
  shops += 1;
  wholesale = await openCustom({
    connectionId: 'wholesale',
    file: join(folder, `custom-${shops}.sqlite`),
    secret: { signing: SIGNING, token: '' },
    settings: {},
    hookUrl: () => '',
  });
  shop = await openShopify({
    connectionId: 'shop',
    file: join(folder, `shopify-${shops}.sqlite`),
    secret: { signing: 'hush', token: TOKEN },
    settings: { shopDomain: 'pine.myshopify.com' },
    hookUrl: () => '',
  });
}

async function closeShops(): Promise<void> {
  await Promise.all([wholesale.close(), shop.close()]);
}

/** What this client tells its two storefronts. */
function clientOf(overrides: { custom?: object | null; shopify?: object | null; kits?: object[] } = {}): Client {
  const { custom = {}, shopify = null, kits = [] } = overrides;
  return sampleClient({
    kits,
    storefronts: [
      { id: 'wholesale', kind: 'custom', settings: { callbackUrl: wholesale.callbackUrl, toleranceSeconds: 300 }, stock: { publish: custom !== null, ...custom } },
      { id: 'shop', kind: 'shopify', settings: settingsOf(), stock: { publish: shopify !== null, ...shopify } },
    ],
  });
}

function settingsOf(): object {
  return { shopDomain: 'pine.myshopify.com', apiVersion: '2026-07', endpoint: shop.endpoint, paidStatuses: ['paid'], notifyCustomer: false };
}

interface Hub {
  readonly table: Table;
  readonly client: Client;
  pass(seconds: number): void;
  now(): Date;
}

async function hubWith(client: Client = clientOf()): Promise<Hub> {
  // Signed times are checked against the real clock.
  let now = Date.now();
  return {
    table: await emulator.freshTable(),
    client,
    now: () => new Date(now),
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}

let movements = 0;

/** Moves stock, as every part of the hub does. */
async function move({ table }: Hub, sku: string, by: number, warehouse = 'north'): Promise<void> {
  movements += 1;
  const posting = { by: 'test', now: new Date(NOW.getTime() + movements), reference: `movement-${movements}`, reason: 'test' };
  const { written } = await table.transact(stockWrites(table, [moving({ sku, warehouse }, { onHand: by }, 'adjusted', `movement-${movements}`)], posting));
  if (!written) throw new Error(`there are no ${-by} of ${sku}`);
}

function event(sku: string): HubEvent {
  movements += 1;
  const stock = { sku, warehouse: 'north', onHand: 0, reserved: 0, quarantined: 0, available: 0, incoming: 0 };
  return { id: `north/${sku}#${movements}#stock.moved`, type: 'stock.moved', at: NOW.toISOString(), by: 'test', reason: 'test', entity: 'stock', stock };
}

const loopback: Http = (request) => httpClient({ trustedOrigins: [new URL(request.url).origin], defaultTimeoutMs: 5_000 })(request);

/** The way out, with what went through it. */
function overheard(): { readonly http: Http; readonly told: HttpRequest[] } {
  const told: HttpRequest[] = [];
  const http: Http = async (request) => {
    told.push(request);
    return await loopback(request);
  };
  return { http, told };
}

/** Has one invocation work off a batch. @returns what failed, by message, or that it died */
async function publish(hub: Hub, skus: readonly string[], http: Http = loopback, line: Lifeline = lifeline()): Promise<ReadonlyMap<string, unknown> | 'crashed'> {
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  const batch = skus.map((sku, index) => ({ id: `m${index}`, message: event(sku) }));
  let failures: ReadonlyMap<string, unknown> = new Map();
  const ended = await line.run(async () => {
    failures = await publishStock(batch, {
      ...hub,
      table,
      secrets: new SecretStore('crossdock/sample/', secretsClient),
      http: tied(http, line),
      publicUrl: 'https://hub.example.com',
    });
  });
  return ended === 'crashed' ? ended : failures;
}

async function levels({ table }: Hub, connectionId = 'wholesale'): Promise<Record<string, Level>> {
  return Object.fromEntries((await Array.fromAsync(allLevels(table, connectionId))).map((level) => [level.sku, level]));
}

describe('a storefront that keeps the highest sequence', () => {
  test('hears of one final figure, however many movements a batch brings', async () => {
    const hub = await hubWith();
    await move(hub, 'TENT', 10);
    await move(hub, 'TENT', 5, 'south');
    await move(hub, 'TENT', -2);
    await move(hub, 'MUG', 7);
    const { http, told } = overheard();

    expect(await publish(hub, ['TENT', 'TENT', 'MUG', 'TENT'], http)).toEqual(new Map());

    expect(told).toHaveLength(1);
    expect(JSON.parse(String(told[0]?.body))).toMatchObject({
      type: 'stock.changed',
      data: {
        levels: [
          { sku: 'TENT', quantity: 13, sequence: 3 },
          { sku: 'MUG', quantity: 7, sequence: 1 },
        ],
      },
    });
    expect(wholesale.available()).toEqual({ TENT: 13, MUG: 7 });
    expect((await levels(hub)).TENT).toMatchObject({ status: 'told', figure: 13, sequence: 3, toldAt: hub.now().toISOString() });
  });

  test('is not told again what it has heard, nor a movement that changes nothing for it', async () => {
    const hub = await hubWith(clientOf({ custom: { buffer: 5 } }));
    await move(hub, 'TENT', 3);
    await publish(hub, ['TENT']);
    await move(hub, 'TENT', 2);
    const { http, told } = overheard();

    await publish(hub, ['TENT'], http);
    await publish(hub, ['TENT'], http);

    expect(told).toEqual([]);
    expect((await levels(hub)).TENT).toMatchObject({ figure: 0, sequence: 2 });
  });

  test('hears less by its buffers', async () => {
    const hub = await hubWith(clientOf({ custom: { buffer: 2, buffers: { MUG: 6 } } }));
    for (const sku of ['TENT', 'MUG', 'LAMP']) await move(hub, sku, sku === 'LAMP' ? 1 : 10);

    await publish(hub, ['TENT', 'MUG', 'LAMP']);

    expect(wholesale.available()).toEqual({ TENT: 8, MUG: 4, LAMP: 0 });
  });

  test('hears of a kit when one of its parts moves', async () => {
    const kits = [
      {
        sku: 'CAMP',
        name: 'Camp',
        parts: [
          { sku: 'TENT', quantity: 1 },
          { sku: 'MUG', quantity: 4 },
        ],
      },
    ];
    const hub = await hubWith(clientOf({ kits, custom: { buffers: { CAMP: 1, TENT: 3 } } }));
    await move(hub, 'TENT', 5);
    await move(hub, 'MUG', 18);
    await publish(hub, ['MUG']);
    expect(wholesale.available()).toEqual({ MUG: 18, CAMP: 3 });

    await move(hub, 'TENT', -4);
    await publish(hub, ['TENT']);

    expect(wholesale.available()).toEqual({ MUG: 18, CAMP: 0, TENT: 0 });
    expect((await levels(hub)).CAMP).toMatchObject({ figure: 0, sequence: 3 });
  });

  test('is left alone when it does not want to be told', async () => {
    const hub = await hubWith(clientOf({ custom: null }));
    await move(hub, 'TENT', 5);
    const { http, told } = overheard();

    await publish(hub, ['TENT'], http);

    expect(told).toEqual([]);
  });

  test('that is down is told the newest figure when it is up again', async () => {
    const hub = await hubWith();
    await move(hub, 'TENT', 5);
    const down: Http = async () => ({ status: 503, headers: {}, body: Buffer.alloc(0) });

    expect(await publish(hub, ['TENT', 'MUG', 'TENT'], down)).toEqual(new Map(['m0', 'm1', 'm2'].map((id) => [id, expect.any(Unavailable)])));
    await move(hub, 'TENT', 1);
    await publish(hub, ['TENT']);

    expect(wholesale.available()).toEqual({ TENT: 6 });
    expect((await levels(hub)).TENT).toMatchObject({ status: 'told', figure: 6 });
  });

  test('that refuses is a case for a person, who may send it again', async () => {
    const hub = await hubWith();
    await move(hub, 'TENT', 5);
    const gone: Http = async () => ({ status: 410, headers: {}, body: Buffer.alloc(0) });

    expect(await publish(hub, ['TENT'], gone)).toEqual(new Map([['m0', expect.any(Rejected)]]));
    await publish(hub, ['TENT']);

    expect(wholesale.available()).toEqual({ TENT: 5 });
  });
});

test('one that ended the connection hears nothing, and the other does', async () => {
  const hub = await hubWith(clientOf({ shopify: {} }));
  shop.inventory.stock({ TENT: 1 });
  await move(hub, 'TENT', 5);
  await noteEnded(hub.table, 'shop', 'app/uninstalled', hub.now());

  expect(await publish(hub, ['TENT'])).toEqual(new Map([['m0', expect.objectContaining({ name: 'Rejected', code: 'storefront.ended' })]]));

  expect([wholesale.available(), shop.inventory.available()]).toEqual([{ TENT: 5 }, { TENT: 1 }]);
});

test('one storefront that refuses keeps no other from hearing, and one that is down has the message come back', async () => {
  const hub = await hubWith(clientOf({ shopify: {} }));
  shop.inventory.stock({ TENT: 1 });
  await move(hub, 'TENT', 5);
  const refusing: Http = (request) => (request.url === wholesale.callbackUrl ? Promise.resolve({ status: 410, headers: {}, body: Buffer.alloc(0) }) : loopback(request));
  const both: Http = async ({ url }) => ({ status: url === wholesale.callbackUrl ? 410 : 503, headers: {}, body: Buffer.alloc(0) });

  const reverse: Http = async ({ url }) => ({ status: url === wholesale.callbackUrl ? 503 : 401, headers: {}, body: Buffer.alloc(0) });

  expect(await publish(hub, ['TENT'], both)).toEqual(new Map([['m0', expect.any(Unavailable)]]));
  expect(await publish(hub, ['TENT'], reverse)).toEqual(new Map([['m0', expect.any(Unavailable)]]));
  expect(await publish(hub, ['TENT'], refusing)).toEqual(new Map([['m0', expect.any(Rejected)]]));

  expect(shop.inventory.available()).toEqual({ TENT: 5 });
});

describe('whatever happens at the same time', () => {
  test('a figure that was read earlier and told later never follows a newer one', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        runs += 1;
        const hub = await hubWith();
        await move(hub, 'TENT', 10 + runs);
        const { http, told } = overheard();
        if (runs % 2 === 0) await publish(hub, ['TENT'], http);
        const worker = async (): Promise<void> => {
          await scheduler.schedule(Promise.resolve(), 'stock moves');
          await move(hub, 'TENT', -1);
          await publish(hub, ['TENT'], http, lifeline(undefined, scheduler));
        };

        await scheduler.waitFor(Promise.all([worker(), worker(), worker()]));
        // Whoever met another at it comes back.
        await publish(hub, ['TENT'], http);

        const sequences = told.map(({ body }) => JSON.parse(String(body)).data.levels[0].sequence);
        expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
        expect((await levels(hub)).TENT).toMatchObject({ status: 'told', figure: 7 + runs, sequence: 4 });
        expect(wholesale.available()).toEqual({ TENT: 7 + runs });
        await closeShops();
        await openShops();
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test('an invocation that dies at any of its calls is made up for by the next', async () => {
    const whole = lifeline();
    const first = await hubWith(clientOf({ shopify: {} }));
    shop.inventory.stock({ TENT: 1 });
    await move(first, 'TENT', 9);
    await publish(first, ['TENT'], loopback, whole);
    expect(whole.calls.length).toBeGreaterThan(8);

    for (const when of ['before', 'after'] as const) {
      for (let call = 1; call <= whole.calls.length; call++) {
        await closeShops();
        await openShops();
        shop.inventory.stock({ TENT: 1 });
        const hub = await hubWith(clientOf({ shopify: {} }));
        await move(hub, 'TENT', 9);
        expect(await publish(hub, ['TENT'], loopback, lifeline({ call, when })), `${when} ${call}`).toBe('crashed');
        await move(hub, 'TENT', -2);
        hub.pass(180);

        expect(await publish(hub, ['TENT']), `${when} ${call}`).toEqual(new Map());

        expect(wholesale.available(), `${when} ${call}`).toEqual({ TENT: 7 });
        expect(shop.inventory.available(), `${when} ${call}`).toEqual({ TENT: 7 });
        expect([(await levels(hub)).TENT, (await levels(hub, 'shop')).TENT], `${when} ${call}`).toMatchObject([
          { status: 'told', figure: 7 },
          { status: 'told', figure: 7 },
        ]);
        expect((await levels(hub, 'shop')).TENT?.drift, `${when} ${call}`).toBeUndefined();
      }
    }
  }, 60_000);

  test('while one is telling, the same figure and a newer one wait their turn', async () => {
    const hub = await hubWith();
    await move(hub, 'TENT', 5);
    const calls = ['BatchGetItemCommand', 'BatchGetItemCommand', 'PutItemCommand'];
    const line = lifeline({ call: calls.length, when: 'after' });
    expect(await publish(hub, ['TENT'], loopback, line)).toBe('crashed');
    expect(line.calls).toEqual(calls);
    const busy = new Map([['m0', expect.objectContaining({ name: 'Unavailable', code: 'level.busy' })]]);

    expect(await publish(hub, ['TENT'])).toEqual(busy);
    await move(hub, 'TENT', 1);
    expect(await publish(hub, ['TENT'])).toEqual(busy);
    hub.pass(61);
    await publish(hub, ['TENT']);

    expect(wholesale.available()).toEqual({ TENT: 6 });
  });
});

describe('a storefront that compares and sets', () => {
  const shopOnly = () => clientOf({ custom: null, shopify: {} });

  test('is set to our figure, though its own sales had lowered its own', async () => {
    const hub = await hubWith(shopOnly());
    shop.inventory.stock({ TENT: 3, MUG: 4, LAMP: 9 });
    await move(hub, 'TENT', 10);
    await publish(hub, ['TENT']);
    expect(shop.inventory.available()).toEqual({ TENT: 10, MUG: 4, LAMP: 9 });

    shop.inventory.buy('TENT', 2);
    await move(hub, 'TENT', -2);
    await move(hub, 'TENT', 5);
    await publish(hub, ['TENT']);

    expect(shop.inventory.available()).toMatchObject({ TENT: 13 });
    expect((await levels(hub, 'shop')).TENT).toMatchObject({ figure: 13, theirs: 8 });
    expect((await levels(hub, 'shop')).TENT?.drift).toBeUndefined();
  });

  test('that sells between our reading and our writing is read again', async () => {
    const hub = await hubWith(shopOnly());
    shop.inventory.stock({ TENT: 3 });
    await move(hub, 'TENT', 10);
    shop.inventory.buyAfterRead('TENT', 1);

    await publish(hub, ['TENT']);

    expect(shop.inventory.available()).toEqual({ TENT: 10 });
    expect(shop.inventory.writes()).toBe(1);
    expect((await levels(hub, 'shop')).TENT).toMatchObject({ theirs: 2 });
  });

  test('in which somebody raised a figure is set right, and the drift is counted and kept', async () => {
    const hub = await hubWith(shopOnly());
    shop.inventory.stock({ TENT: 3 });
    await move(hub, 'TENT', 10);
    await publish(hub, ['TENT']);
    shop.inventory.stock({ TENT: 40 });

    await move(hub, 'TENT', -1);
    await publish(hub, ['TENT']);

    expect(shop.inventory.available()).toEqual({ TENT: 9 });
    expect((await levels(hub, 'shop')).TENT).toMatchObject({ figure: 9, theirs: 40, drift: { before: 10, theirs: 40, at: hub.now().toISOString() } });
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'stockDrifted', stockDrifted: 1, connectionId: 'shop', sku: 'TENT', before: 10, theirs: 40, quantity: 9 }));
  });

  test('that does not sell a SKU is asked again at its next movement', async () => {
    const hub = await hubWith(shopOnly());
    shop.inventory.stock({ tent: 1, MUG: 2 });
    await move(hub, 'TENT', 10);
    await move(hub, 'MUG', 20);

    expect(await publish(hub, ['TENT', 'MUG'])).toEqual(new Map());
    expect(shop.inventory.available()).toEqual({ tent: 1, MUG: 20 });
    expect((await levels(hub, 'shop')).TENT).toMatchObject({ status: 'told', figure: null, unknownAt: hub.now().toISOString() });
    shop.inventory.stock({ TENT: 99 });
    await move(hub, 'TENT', -1);
    await publish(hub, ['TENT']);

    expect(shop.inventory.available()).toMatchObject({ TENT: 9 });
    expect((await levels(hub, 'shop')).TENT?.drift).toBeUndefined();
  });
});
