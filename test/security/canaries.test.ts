import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { isEntity } from '../../adapters/aws/table.ts';
import { packDelivery } from '../../adapters/delivery.ts';
import { EventType } from '../../core/change.ts';
import { Rejected } from '../../core/error.ts';
import { errorFields, log } from '../../functions/shell/log.ts';
import { ROUTES, SCOPE_PREFIX } from '../../functions/shell/routes.ts';
import { useEmulator } from '../emulator.ts';
import { authorizedEvent, sqsEvent, sqsRecord } from '../functions/invoke.ts';
import { labelParcel } from '../functions/tracking/label-parcel.ts';
import { ADDRESS, accept, deliveryOf, hubOn, packed, stockUp } from '../functions/world.ts';
import { itemsOf } from '../invariants.ts';
import { type Deployed, deploy, FUNCTIONS, handlerOf } from './deployed.ts';
import { type FakeWorld, GOSSIP } from './fake-aws.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Parts of every customer's data and of every secret of these tests, as they stand or as they are written in Base64. */
const CANARIES = ['Erika', 'Muster', 'Beispielweg', 'erika@example', '555 0100', '3415550100', 'hush-hush', 'aHVzaC1odXNo'];

/** Functions that get as far as calling somebody: the others are not tested by these tests. */
const reached = new Set<string>();

const emulator = useEmulator();
let deployed: Deployed;
let world: FakeWorld;
let said: string[] = [];
/** Events as the functions publish them; the records of the stream that they follow from. */
let events: string[] = [];
let records: object[] = [];

beforeAll(async () => {
  const table = await emulator.freshTable();
  deployed = await deploy(table);
  ({ world } = deployed);
  const { client } = deployed;

  const hub = hubOn(table, client);
  await stockUp(hub, { TENT: 50 });
  await packed(hub, '1', '2', '3');
  await labelParcel(hub, '2');
  await accept(hub, { id: '4' }, { id: '5', paid: false }, { id: '6', shipTo: null }, { id: '7', status: 'cancelled' }, { id: '8', units: { UNKNOWN: 1 } });
  const items = await itemsOf(table);
  records = items.map((item, index) => ({
    ...{ eventID: String(index), eventName: 'INSERT', eventSource: 'aws:dynamodb' },
    dynamodb: { SequenceNumber: String(index), NewImage: marshall(item, { removeUndefinedValues: true }), Keys: {} },
  }));
  await handlerOf('event/publish-changes').then((handler) => handler({ Records: records }));
  const published = world.sent.filter(({ body }) => body.includes('"entity"')).map(({ body }) => z.looseObject({ entity: z.string() }).parse(JSON.parse(body)));
  // As if everything that can happen to an order, a parcel, a stock had happened to each.
  events = [...Map.groupBy(published, ({ entity }) => entity).values()].flatMap((alike) =>
    alike.slice(0, 6).flatMap((event) => EventType.options.filter((type) => type.startsWith(`${event.entity}.`)).map((type) => JSON.stringify({ ...event, type }))),
  );
  expect(items.some((item) => isEntity(item, 'parcel'))).toBe(true);
}, 60_000);

afterAll(async () => {
  await deployed.close();
});

beforeEach(() => {
  said = [];
  world.sent.length = 0;
  world.calls.clear();
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      said.push(String(chunk));
      return true;
    });
  for (const way of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const)
    vi.spyOn(console, way).mockImplementation((...words) => void said.push(words.map(String).join(' ')));
});
afterEach(() => vi.restoreAllMocks());

const PERSON = { ...ADDRESS, email: 'erika@example.com', phone: '+49 341 555 0100' };
const GARBAGE = [GOSSIP, JSON.stringify(PERSON), `{"name":"Erika Muster","cut":`, JSON.stringify([GOSSIP])];
const DUE = '2026-11-20T09:00:00Z';
const WHY = 'Erika Muster of Beispielweg 4 called from +49 341 555 0100';

/** What may come to a function on a queue. */
function messages(): string[] {
  const connections = ['wholesale', 'shopify', 'woocommerce', 'bigcommerce', 'etsy', 'easypost', 'shippo', 'ups', 'fedex', 'usps', 'nobody'];
  const deliveries = connections.flatMap((connectionId) =>
    [deliveryOf({ id: '9' }).body, Buffer.from(JSON.stringify({ id: 1, ...PERSON, shipping_address: PERSON, error: GOSSIP })), Buffer.from(GOSSIP)].map((body) =>
      packDelivery({ connectionId, receivedAt: '2026-11-20T08:30:00.000Z', headers: { 'x-shopify-topic': 'orders/create', 'user-agent': GOSSIP.split('\n')[0] }, body }),
    ),
  );
  const request = { wants: 'erase', requestId: 'r1', sourceIds: ['1'], email: PERSON.email, phone: PERSON.phone };
  const privacy = ['erase', 'show', 'erase-all'].map((wants) =>
    JSON.stringify({ connectionId: 'wholesale', request: { ...request, requestId: wants, wants }, receivedAt: '2026-11-20T08:30:00.000Z' }),
  );
  const day = { carrierId: 'easypost', warehouse: 'north', day: '2026-11-20', by: 'manager', closing: 'c', number: 1 };
  return [...GARBAGE, ...events, ...deliveries, ...privacy, JSON.stringify(day), JSON.stringify({ ...day, name: PERSON.name })];
}

/** What may be asked of a route. */
function requests(name: string): object[] {
  const route = Object.entries(ROUTES).find(([one]) => one === name)?.[1];
  const scopes = ['orders.read', 'orders.write', 'orders.authorise', 'orders.pack', 'stock.write'].map((scope) => `${SCOPE_PREFIX}/${scope}`).join(' ');
  const known: Record<string, string> = {
    orderId: 'wholesale:1',
    parcel: '1',
    kind: 'address',
    carrierId: 'easypost',
    pickupId: 'north-2026-11-20-1',
    connectionId: 'wholesale',
    report: 'daily',
    day: '2026-11-22',
  };
  const parameters = [...(route?.path.matchAll(/\{(\w+)\}/g) ?? [])].map(([, parameter = '']) => [parameter, known[parameter] ?? 'hush-hush-token'] as const);
  const pathParameters = Object.fromEntries(parameters);
  const bodies = [
    {},
    { reason: WHY },
    { reason: WHY, address: ADDRESS },
    { address: { ...ADDRESS, postalCode: 'Erika', country: 'Beispielweg' }, reason: WHY },
    { reason: WHY, kind: 'fraud' },
    { reason: WHY, kind: PERSON.name },
    { orderIds: ['wholesale:1', 'wholesale:5', 'Erika Muster'], reason: WHY },
    { priority: 'high', reason: WHY },
    { parcels: [{ units: [{ sku: 'TENT', quantity: 1 }] }], reason: WHY },
    { kind: 'receipt', id: 'b-1', warehouse: 'north', against: 'request', lines: [{ sku: PERSON.name, quantity: 1 }] },
    { kind: 'receipt', id: 'b-2', warehouse: 'north', against: 'request', lines: [{ sku: 'TENT', quantity: 1 }] },
    { warehouse: 'north', carrierId: 'easypost', day: '2026-11-20', readyAt: '14:00', closesAt: '17:00', instructions: WHY, reason: WHY },
    { status: PERSON.name, trackingNumber: PERSON.phone, at: DUE },
    { status: 'delivered', note: WHY },
    { scanned: [{ sku: 'TENT', quantity: 1 }], weight: 1_000 },
    { scanned: [{ sku: PERSON.name, quantity: 1 }] },
    { carrierId: 'easypost', warehouse: 'north' },
    { warehouse: 'north' },
    { bought: false },
    { notMade: true },
    { orderIds: ['wholesale:1', 'wholesale:5'], reason: WHY },
    { priority: 5, reason: WHY },
    { warehouse: 'south', reason: WHY },
    { carrierId: 'easypost', warehouse: 'north', day: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10), readyAt: '14:00', closesAt: '17:00', instructions: WHY },
    {
      carrierId: 'easypost',
      parcels: [
        { orderId: 'wholesale:2', parcel: 1 },
        { orderId: PERSON.name, parcel: 1 },
      ],
    },
    { carrierId: 'easypost', parcels: [{ orderId: 'wholesale:2', parcel: 1 }] },
    { units: [{ sku: 'TENT', quantity: 1 }], reason: WHY },
    PERSON,
    { [PERSON.name]: 1 },
  ].map((body) => JSON.stringify(body));
  const query = { format: 'html', expires: '9999999999', signature: 'hush-hush-signature', name: PERSON.name };
  const orders = parameters.some(([parameter]) => parameter === 'orderId')
    ? ['1', '2', '4', '5', '6', '404'].map((id) => ({ ...pathParameters, orderId: `wholesale:${id}` }))
    : [pathParameters];
  const asked = [...bodies, ...GARBAGE].map((body) => ({
    ...authorizedEvent(scopes, { body, pathParameters }),
    headers: { authorization: 'Bearer hush-hush-token', cookie: 'hush-hush' },
  }));
  const basic = `Basic ${Buffer.from('hush-hush-key:hush-hush-wrong').toString('base64')}`;
  const carriers = pathParameters.carrierId === undefined ? [] : ['easypost', 'shippo', 'ups', 'fedex', 'usps', 'nobody'];
  return [
    ...asked,
    ...carriers.map((carrierId) => ({
      ...authorizedEvent(scopes, { body: 'grant_type=client_credentials', pathParameters: { ...pathParameters, carrierId } }),
      headers: { authorization: basic },
    })),
    ...orders.flatMap((one) => [authorizedEvent(scopes, { pathParameters: one }), authorizedEvent(scopes, { body: JSON.stringify({ reason: WHY }), pathParameters: one })]),
    { ...authorizedEvent(undefined, { pathParameters }), queryStringParameters: query, rawQueryString: new URLSearchParams(query).toString() },
    authorizedEvent('hub/other', { body: JSON.stringify(PERSON), pathParameters }),
  ];
}

/** What a schedule may say. */
function dues(): unknown[] {
  const storefronts = ['wholesale', 'shopify', 'woocommerce', 'bigcommerce', 'etsy'];
  return [
    { scheduledAt: DUE },
    { scheduledAt: DUE, report: 'daily' },
    ...storefronts.map((connectionId) => ({ scheduledAt: DUE, connectionId })),
    { scheduledAt: DUE, warehouse: 'north', carriers: 'easypost shippo' },
    ...GARBAGE,
  ];
}

/** All that comes to a function, by how it is called. */
function callsTo(name: string): unknown[] {
  const source = readFileSync(join(ROOT, `functions/${name}.ts`), 'utf8');
  if (/\bqueue\(/.test(source)) return [sqsEvent(...messages().map((body, index) => sqsRecord(`m${index}`, body)))];
  if (/\bschedule\(/.test(source)) return dues();
  if (/\bstream\(/.test(source)) return [{ Records: records }, { Records: [...records.slice(0, 3), { eventID: GOSSIP, dynamodb: { NewImage: { name: { S: GOSSIP } } } }] }];
  if (Object.hasOwn(ROUTES, name)) return requests(name);
  throw new Error(`Nobody knows how functions/${name}.ts is called: teach this test.`);
}

/** What leaks may be found in: logs, failures that Lambda would log, answers of failure, and what is sent along with messages. */
async function outcomeOf(name: string): Promise<string[]> {
  const handler = await handlerOf(name);
  const found: string[] = [];
  for (const event of callsTo(name)) {
    try {
      const Answer = z.looseObject({ statusCode: z.number().optional() });
      const answered = Answer.safeParse(await handler(event)).data;
      if ((answered?.statusCode ?? 200) >= 500) found.push(JSON.stringify(answered));
    } catch (error) {
      // As the runtime of Lambda writes it down: name, message, stack, and all that is found on the error.
      found.push(error instanceof Error ? JSON.stringify([error.name, error.message, error.stack, { ...error }]) : String(error));
    }
  }
  return [...found, ...said, ...world.sent.map(({ attributes }) => attributes)];
}

function leaksIn(lines: readonly string[]): string[] {
  return lines.filter((line) => CANARIES.some((canary) => line.includes(canary))).map((line) => line.slice(0, 600));
}

test('there are events of every kind that functions hear of', () => {
  const entities = new Set(events.map((event) => z.looseObject({ entity: z.string() }).parse(JSON.parse(event)).entity));

  expect([...entities].sort()).toEqual(expect.arrayContaining(['order', 'parcel', 'stock']));
  expect(events.length).toBeGreaterThan(60);
  expect(leaksIn(events), 'an event holds nothing of a person').toEqual([]);
});

describe.each(FUNCTIONS)('%s', (name) => {
  test.each([
    ['everything of AWS works, and others refuse', 'works', 'refuses'],
    ['everything of AWS works, and others break', 'works', 'breaks'],
    ['AWS refuses', 'refuses', 'refuses'],
  ] as const)('says nothing of a person, and no secret, when %s and repeats what it knows', { timeout: 60_000 }, async (_when, aws, others) => {
    [world.aws, world.others] = [aws, others];

    const lines = await outcomeOf(name);

    expect(leaksIn(lines)).toEqual([]);
    if (world.calls.size > 0) reached.add(name);
  });
});

test('every function got as far as calling somebody', () => {
  expect(FUNCTIONS.filter((name) => !reached.has(name))).toEqual([]);
});

describe('what is logged', () => {
  test('stays one line, whatever it holds', () => {
    log('info', 'a\nb', { reason: 'x\r\n{"level":"error","message":"forged"}\u2028y' });

    expect(said).toHaveLength(1);
    expect(said[0]?.trimEnd()).not.toMatch(/[\r\n]/);
    expect(JSON.parse(said[0] ?? '')).toMatchObject({ level: 'info' });
  });

  test.each([
    ['a message of several lines', new Error('x\n    at Erika Muster (Beispielweg:4:1)\n    at hush-hush')],
    ['a cause that knows more', new Error('x', { cause: new Error(GOSSIP) })],
    ['a name that is a sentence', Object.assign(new Error('x'), { name: 'Erika Muster' })],
    ['more upon it than an error has', Object.assign(new Error('x'), { $response: { body: GOSSIP } })],
    ['no error at all', GOSSIP],
    ['our own, with a cause', new Rejected('order.not-found', 'There is none.', { cause: new Error(GOSSIP) })],
  ])('of an error with %s says nothing of a person', (_what, error) => {
    log('error', 'failed', errorFields(error));

    expect(leaksIn(said)).toEqual([]);
  });
});
