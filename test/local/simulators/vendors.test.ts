import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Listening, listen } from '../../../local/simulators/listen.ts';
import { openVendors, type Vendors, writerOf } from '../../../local/simulators/vendors.ts';
import { ask, line, order, version } from './shopify-shop.ts';

const SECRET = { signing: `whsec_${Buffer.from('the key of every vendor here, long').toString('base64')}`, token: 'shpat_test' };
const KINDS = ['bigcommerce', 'custom', 'shopify', 'woocommerce'];
const FLEET = {
  easypost: {},
  fedex: { accountNumber: '740561073', phone: '+494055501000' },
  shippo: {},
  ups: { accountNumber: 'A1B2C3', accountCountry: 'DE' },
  usps: { crid: '12345678', mid: '903456789', accountNumber: '1000123456' },
};
let hub: Listening;
let paths: string[];
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vendors-'));
  paths = [];
  hub = await listen(({ path }) => {
    paths.push(path);
    return { status: 200 };
  });
});
afterEach(() => hub.close());

function open(): Promise<Vendors> {
  const settings = { shopDomain: 'pine.myshopify.com' };
  const shops = KINDS.map((kind) => ({ connectionId: `the-${kind}`, kind, settings, secret: SECRET }));
  const carriers = Object.entries(FLEET).map(([kind, own]) => ({ connectionId: `by-${kind}`, kind, settings: own, secret: { ...SECRET, apiKey: 'id-1' } }));
  return openVendors({ folder, shops, carriers, stepMs: 0, currency: 'EUR' });
}

it('plays each kind of storefront under its connection, with its own words', async () => {
  const vendors = await open();

  const told = [...vendors.shops].map(([id, { connectionId, complaints, orders }]) => [id === connectionId, complaints(), orders()]);
  const bodies = KINDS.map((kind) => writerOf(kind)('created', order('7'), version(1), 'one').body.toString());
  await vendors.close();

  expect([...vendors.shops.keys()]).toEqual(KINDS.map((kind) => `the-${kind}`));
  expect(told).toEqual(KINDS.map(() => [true, [], []]));
  expect(new Set(bodies).size).toBe(KINDS.length);
});

it('plays each kind of carrier under its connection, with a ledger that is empty and an address of its own', async () => {
  const vendors = await open();

  const told = [...vendors.carriers].map(([id, carrier]) => [id === carrier.connectionId, carrier.charges(), carrier.voids(), carrier.manifested(), carrier.complaints()]);
  const endpoints = [...vendors.carriers.values()].map(({ settings }) => settings.endpoint ?? '');
  await vendors.close();

  expect([...vendors.carriers.keys()]).toEqual(Object.keys(FLEET).map((kind) => `by-${kind}`));
  expect(told).toEqual(Object.keys(FLEET).map(() => [true, [], [], [], []]));
  expect(new Set(endpoints).size).toBe(Object.keys(FLEET).length);
  expect(endpoints.filter((endpoint) => !URL.canParse(endpoint))).toEqual([]);
});

it('a carrier that was down when everything was cut off is down when it begins again', async () => {
  const first = await open();
  const before = await standing(first);
  first.carriers.get('by-fedex')?.breakDown(true);
  first.carriers.get('by-ups')?.breakDown(true);
  first.carriers.get('by-ups')?.breakDown(false);
  await first.close();

  const again = await open();
  const after = await standing(again);
  await again.close();

  expect(before['by-fedex']).not.toBe(503);
  expect(after).toEqual({ ...before, 'by-fedex': 503 });
});

async function standing({ carriers }: Vendors): Promise<Record<string, number>> {
  const asked = [...carriers].map(async ([id, { settings }]) => [id, (await fetch(settings.endpoint ?? '')).status] as const);
  return Object.fromEntries(await Promise.all(asked));
}

it('refuses a kind that nobody plays', async () => {
  const unknown = { connectionId: 'pigeon', kind: 'pigeon', settings: {}, secret: { ...SECRET, apiKey: '' } };

  expect(() => writerOf('bazaar')).toThrow('No vendor is played for "bazaar".');
  await expect(openVendors({ folder, shops: [], carriers: [unknown], stepMs: 0, currency: 'EUR' })).rejects.toThrow('No vendor is played for "pigeon".');
});

it('places what happened, posts what is subscribed and loses the rest, also what a shop posts of its own accord', async () => {
  const vendors = await open();
  const shop = vendors.shops.get('the-shopify');
  const sold = order('7', [line('11', 'TENT', 1)]);
  const postingOf = (id: string, happening: 'created' | 'paid') => ({ id, sender: 'the-shopify', due: 0, ...writerOf('shopify')(happening, sold, version(1), id) });

  vendors.connect(`${hub.url}/`, () => shop?.place(sold, version(1)));
  await subscribe(vendors, 'ORDERS_PAID', 'ORDERS_FULFILLED');
  vendors.outbox.add([postingOf('heard', 'paid'), postingOf('unheard', 'created')]);
  await vi.waitFor(() => expect(vendors.outbox.counts('the-shopify')).toMatchObject({ acknowledged: 1, lost: 1 }), { timeout: 5_000 });
  await fulfilAll(vendors);
  await vi.waitFor(() => expect(vendors.outbox.counts('the-shopify')).toMatchObject({ acknowledged: 2, lost: 1 }), { timeout: 5_000 });
  const [orders, lost] = [shop?.orders(), [...vendors.outbox.lost()]];
  await vendors.close();

  expect(orders).toMatchObject([{ sourceId: '7', fulfilled: { TENT: 1 } }]);
  expect(lost).toEqual(['unheard']);
  expect(paths).toEqual(['/hooks/the-shopify', '/hooks/the-shopify']);
});

function endpointOf(vendors: Vendors): { readonly endpoint: string } {
  return { endpoint: vendors.shops.get('the-shopify')?.settings.endpoint ?? '' };
}

async function subscribe(vendors: Vendors, ...topics: readonly string[]): Promise<void> {
  const mutation =
    'mutation S($t: WebhookSubscriptionTopic!, $s: WebhookSubscriptionInput!) { webhookSubscriptionCreate(topic: $t, webhookSubscription: $s) { userErrors { message } } }';
  for (const t of topics) await ask(endpointOf(vendors), mutation, { t, s: { uri: `${hub.url}/hooks/the-shopify` } });
}

async function fulfilAll(vendors: Vendors): Promise<void> {
  const look = await ask(endpointOf(vendors), '{ order(id: "gid://shopify/Order/7") { fulfillmentOrders(first: 1) { nodes { id } } } }');
  const [part] = look.data.order.fulfillmentOrders.nodes;
  const mutation = 'mutation F($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) { userErrors { message } } }';
  await ask(endpointOf(vendors), mutation, { f: { lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: part.id }] } });
}
