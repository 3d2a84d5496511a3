import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { knowledgeOf } from '../../../adapters/aws/knowledge.ts';
import { numberRow } from '../../../adapters/aws/number-store.ts';
import { orderPut, readOrder } from '../../../adapters/aws/order-store.ts';
import { parcelPut } from '../../../adapters/aws/parcel-store.ts';
import type { ConnectionSecret } from '../../../adapters/aws/secret-store.ts';
import { connectionOf } from '../../../adapters/reach.ts';
import { servicePathOf } from '../../../adapters/service-path.ts';
import type { Client } from '../../../core/client.ts';
import type { Order } from '../../../core/order.ts';
import type { Parcel } from '../../../core/shipment.ts';
import { answerQuestion } from '../../../functions/storefront/answer-question.ts';
import { useEmulator } from '../../emulator.ts';
import { accept, clientWith, hubOn, idOf, packed, parcelOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
const SECRET = 'hush';
const SHOPIFY = { shopDomain: 'pine.myshopify.com', apiVersion: '2026-07', paidStatuses: ['paid'], ships: 'assigned', locationIds: ['7'], notifyCustomer: false };
const WHOLESALE = { id: 'wholesale', kind: 'custom', settings: { callbackUrl: 'https://wholesale.example.com/crossdock', toleranceSeconds: 300 } };

/** A client whose shop has us as its fulfilment service. */
function clientOf({ service = true, stock = {}, ...overrides }: { service?: boolean; stock?: object; kits?: object[] } = {}): Client {
  return clientWith({ storefronts: [WHOLESALE, { id: 'shop', kind: 'shopify', settings: { ...SHOPIFY, service }, stock }], ...overrides });
}

const secrets = { read: async (id: string): Promise<ConnectionSecret | undefined> => ({ signing: { current: id === 'shop' ? SECRET : 'another' }, token: '', apiKey: '' }) };

async function openHub(client: Client = clientOf()) {
  return hubOn(await emulator.freshTable(), client);
}

/** A GET as API Gateway hands it on. */
function get(path: string, query: Record<string, string> = {}): APIGatewayProxyEventV2 {
  const [, , connectionId = '', token = '', question = ''] = path.split('/');
  const http = { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: '' };
  const requestContext = { accountId: '', apiId: '', domainName: '', domainPrefix: '', http, requestId: '', routeKey: '', stage: '', time: '', timeEpoch: 0 };
  const rest = { version: '2.0', routeKey: '', rawPath: path, rawQueryString: '', headers: {}, isBase64Encoded: false, requestContext };
  return { ...rest, pathParameters: { connectionId, token, question }, queryStringParameters: query };
}

async function ask(hub: TestHub, path: string, query: Record<string, string> = {}) {
  const { statusCode, headers, body } = await answerQuestion(get(path, query), { ...hub, secrets });
  return { statusCode, headers, answer: JSON.parse(body ?? 'null') };
}

const PATH = servicePathOf('shop', SECRET);

/** An order of the shop with two parcels that left, made from one of the other storefront. */
async function shipFromShop(hub: TestHub, sourceId: string, number: string): Promise<void> {
  await stockUp(hub, { TENT: 5 });
  await packed(hub, 'W1');
  const order = await readOrder(hub.table, idOf('W1'));
  const parcel = await parcelOf(hub, 'W1');
  const entry = order.parcels[0];
  if (entry === undefined) throw new Error('nothing is packed');
  const parcels = [1, 2, 3].map((at) => ({ ...entry, parcel: at, status: at === 2 ? ('packed' as const) : ('dispatched' as const) }));
  const orderId = `shop:${sourceId}`;
  const copy: Order = { ...order, orderId, connectionId: 'shop', number, status: 'dispatched', parcels, version: 1 };
  const label = (at: number) => ({
    carrier: 'UPS',
    service: 'Standard',
    trackingNumber: `1Z${at}`,
    trackingUrl: '',
    cost: 1,
    currency: 'EUR',
    document: '',
    boughtAt: order.receivedAt,
    reference: 'R1',
    carrierRef: 'shp_1',
    proof: 'answer' as const,
  });
  const sent = parcels.map(({ parcel: at }): Parcel => ({ ...parcel, orderId, connectionId: 'shop', parcel: at, label: label(at), version: 1 }));
  await hub.table.transact([{ Put: orderPut(hub.table, copy) }, ...sent.map((one) => ({ Put: parcelPut(hub.table, one) }))]);
}

describe('a question of a shop', () => {
  test('about stock is answered with what is on the shelf and may be sold, less what is held back', async () => {
    const hub = await openHub(clientOf({ stock: { buffer: 1, buffers: { MUG: 0 } } }));
    await stockUp(hub, { TENT: 5, MUG: 3 });
    await stockUp(hub, { TENT: 2 }, 'south');
    await accept(hub, { id: 'W1', units: { TENT: 2 } });

    const all = await ask(hub, `${PATH}/fetch_stock`, { shop: 'pine.myshopify.com' });
    const one = await ask(hub, `${PATH}/fetch_stock.json`, { sku: 'MUG', shop: 'pine.myshopify.com' });

    expect(all).toMatchObject({ statusCode: 200, headers: { 'cache-control': 'no-store' }, answer: { TENT: 6, MUG: 3, LAMP: 0 } });
    expect(one.answer).toEqual({ MUG: 3 });
  });

  test('about the stock of a kit is answered by its parts', async () => {
    const hub = await openHub(
      clientOf({
        kits: [
          {
            sku: 'CAMP',
            name: 'Camp',
            parts: [
              { sku: 'TENT', quantity: 1 },
              { sku: 'MUG', quantity: 2 },
            ],
          },
        ],
      }),
    );
    await stockUp(hub, { TENT: 5, MUG: 3 });

    expect((await ask(hub, `${PATH}/fetch_stock`, { sku: 'CAMP' })).answer).toEqual({ CAMP: 1 });
    expect((await ask(hub, `${PATH}/fetch_stock`)).answer).toEqual({ TENT: 5, MUG: 3, LAMP: 0, CAMP: 1 });
  });

  test('about the stock of what nobody sells is answered with nothing', async () => {
    expect((await ask(await openHub(), `${PATH}/fetch_stock`, { sku: '__proto__' })).answer).toEqual({});
  });

  test('about tracking numbers is answered for the parcels that left, by the number of the order', async () => {
    const hub = await openHub();
    await shipFromShop(hub, '820982911946154508', '#1001');
    await hub.table.putAll([numberRow({ connectionId: 'shop', number: '#1001', sourceId: '820982911946154508' }, hub.now(), 90)]);

    const { answer } = await ask(hub, `${PATH}/fetch_tracking_numbers`, { 'order_names[]': '#1001.1,#1001.2,#1001.3,#1002.1' });

    expect(answer).toEqual({ tracking_numbers: { '#1001.1': '1Z1', '#1001.2': '1Z3' }, message: '2 of 4 parcels have left', success: true });
  });

  test.each([
    ['another connection', `${PATH.replace('/shop/', '/wholesale/')}/fetch_stock`],
    ['a connection that there is not', `${PATH.replace('/shop/', '/nobody/')}/fetch_stock`],
    ['a storefront that asks nothing', `${servicePathOf('wholesale', 'another')}/fetch_stock`],
    ['a wrong token', '/services/shop/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/fetch_stock'],
    ['no token', '/services/shop//fetch_stock'],
    ['a question that nobody knows', `${PATH}/fetch_secrets`],
  ])('is not found for %s, as for any other', async (_, path) => {
    await expect(ask(await openHub(), path)).rejects.toMatchObject({ code: 'request.not-found', message: 'There is nothing here.' });
  });

  test('is not found where the shop does not have us as its service', async () => {
    await expect(ask(await openHub(clientOf({ service: false })), `${PATH}/fetch_stock`)).rejects.toMatchObject({ code: 'request.not-found' });
  });
});

describe('what the hub knows of an order', () => {
  test('is its status, its parcels that left and the id that its number stands for', async () => {
    const hub = await openHub();
    await shipFromShop(hub, '11', '#1001');
    const knowledge = knowledgeOf(connectionOf(hub.client, 'shop'), hub);

    expect(await knowledge.statusOf('11')).toBe('dispatched');
    expect((await knowledge.trackingOf('11')).map(({ parcel, trackingNumber }) => [parcel, trackingNumber])).toEqual([
      [1, '1Z1'],
      [3, '1Z3'],
    ]);
    expect(await knowledge.sourceIdOf('#1001')).toBeUndefined();
    expect(await knowledge.sourceIdOf('11')).toBe('11');
  });

  test('is nothing of an order that it does not have', async () => {
    const hub = await openHub();
    const knowledge = knowledgeOf(connectionOf(hub.client, 'shop'), hub);

    expect([await knowledge.statusOf('12'), await knowledge.trackingOf('12'), await knowledge.sourceIdOf('#12')]).toEqual([undefined, [], undefined]);
  });
});
