import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isEntity, type Table } from '../../adapters/aws/table.ts';
import { MAX_MESSAGE_BYTES } from '../../adapters/delivery.ts';
import type { Order } from '../../core/order.ts';
import { MAX_LINES, MAX_QUANTITY } from '../../core/order-document.ts';
import { acceptOrders } from '../../functions/order/accept-orders.ts';
import { ROUTES, type Route, SCOPE_PREFIX } from '../../functions/shell/routes.ts';
import { useEmulator } from '../emulator.ts';
import { authorizedEvent } from '../functions/invoke.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { labelParcel } from '../functions/tracking/label-parcel.ts';
import { accept, accepting, clientWith, deliveryOf, hubOn, packed, received, stockUp } from '../functions/world.ts';
import { expectStockSound, itemsOf } from '../invariants.ts';
import { allKinds, type Kind } from './all-kinds.ts';
import { type Deployed, deploy, handlerOf } from './deployed.ts';
import { bodyFor, genuine, useEdgeUnderAttack } from './edge-under-attack.ts';

const emulator = useEmulator();
const log = useLogLines();
const SCOPES = [...new Set(Object.values(ROUTES).map(({ scope }: Route) => `${SCOPE_PREFIX}/${scope}`))].join(' ');

/** What stands where a program expects something sensible. Each is the text of a JSON value, as `1e309` is none that a program can write. */
const ABSURD: readonly string[] = [
  ...['null', 'true', '0', '-1', '-0', '0.5', '1e309', '-1e309', '9007199254740993', '99999999999999999999', '1e-320', '""', '" "', '[]', '{}', '[[[[[[]]]]]]'],
  ...[
    '"NaN"',
    '"Infinity"',
    '"1e5"',
    '"0x10"',
    '"__proto__"',
    '"constructor"',
    '"../../etc/passwd"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\u202e\\u200b"',
    '"\'; --"',
    '"#"',
    '"a#b"',
    '"$ne"',
  ],
  ...['{"__proto__":{"isAdmin":true}}', '{"constructor":{"prototype":{}}}', '{"$gt":""}', '{"S":"x"}', '"2026-02-30"', '"9999-99-99T99:99:99.999Z"', '"-000001-01-01"'],
  ...[
    JSON.stringify('x'.repeat(3_000)),
    JSON.stringify('🎁'.repeat(1_000)),
    JSON.stringify('x'.repeat(300_000)),
    `[${Array(5_000).fill('{}').join()}]`,
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  ],
];

/** What a body as a whole may be. */
const BODIES: readonly (string | Buffer)[] = [
  ...['', ' ', 'null', '[]', '"text"', '1', '{', '{}{}', 'undefined', '\uFEFF{}', '{"a":1,"a":2}', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, '<xml/>', 'a=1&b=2'],
  ...[Buffer.from([0xff, 0xfe, 0x7b, 0x7d]), Buffer.from([0x1f, 0x8b, 0x08, 0x00]), Buffer.alloc(5_000_000, '['), Buffer.from('{"reason":"\xed\xa0\x80"}', 'latin1')],
];

const ORDER = { orderId: 'wholesale:1' };
const PARCEL = { ...ORDER, parcel: '1' };
const reason = 'a reason';

/** A request of each guarded route that its schema takes: every part of it is made absurd in turn. */
const SENSIBLE: Readonly<Record<string, { readonly path: Readonly<Record<string, string>>; readonly body?: Readonly<Record<string, unknown>> }>> = {
  'order/authorise-orders': { path: {}, body: { orderIds: ['wholesale:1'], reason } },
  'order/show-order': { path: ORDER },
  'order/correct-address': {
    path: ORDER,
    body: { reason, address: { name: 'A', company: 'B', line1: 'C 1', line2: 'D', city: 'Leipzig', region: 'E', postalCode: '04109', country: 'DE', phone: '1' } },
  },
  'order/explain-order': { path: ORDER },
  'order/hold-order': { path: ORDER, body: { kind: 'fraud', reason } },
  'order/release-hold': { path: { ...ORDER, kind: 'fraud' }, body: { reason } },
  'order/prioritise-order': { path: ORDER, body: { priority: 5, reason } },
  'order/reallocate-order': { path: ORDER, body: { warehouse: 'south', reason } },
  'order/authorise-order': { path: ORDER, body: { reason } },
  'shipment/begin-packing': { path: ORDER, body: { warehouse: 'north' } },
  'shipment/recall-parcel': { path: PARCEL, body: { reason } },
  'shipment/settle-label': { path: PARCEL, body: { bought: true, trackingNumber: '00340434161094', cost: 100, currency: 'EUR' } },
  'tracking/report-scan': { path: PARCEL, body: { status: 'in_transit', at: '2026-11-20T08:00:00.000Z', note: 'seen there' } },
  'shipment/request-return': { path: PARCEL, body: { reason, units: [{ sku: 'TENT', quantity: 1 }] } },
  'shipment/show-documents': { path: PARCEL },
  'shipment/close-manifest': { path: {}, body: { carrierId: 'easypost', warehouse: 'north', day: '2026-11-20', notMade: 1 } },
  'shipment/show-manifests': { path: { carrierId: 'easypost' }, body: { warehouse: 'north', day: '2026-11-20' } },
  'shipment/book-pickup': {
    path: {},
    body: { carrierId: 'easypost', warehouse: 'north', day: '2026-11-20', readyAt: '14:00', closesAt: '17:00', instructions: 'ring', parcels: 1, weight: 1_000 },
  },
  'shipment/cancel-pickup': { path: { carrierId: 'easypost', pickupId: 'north-2026-11-20-1' }, body: { confirmation: 'C1', notMade: true } },
  'shipment/hand-over-parcels': { path: {}, body: { carrierId: 'easypost', parcels: [{ orderId: 'wholesale:2', parcel: 1 }], at: '2026-11-20T08:00:00.000Z' } },
  'shipment/pack-order': {
    path: ORDER,
    body: {
      warehouse: 'north',
      scanned: [{ sku: 'TENT', quantity: 1, lot: 'L1', serials: ['S1'], box: 1 }],
      boxes: [{ weight: 100, dimensions: { length: 1, width: 1, height: 1 } }],
    },
  },
  'inventory/book-stock': {
    path: {},
    body: { kind: 'receipt', id: 'b1', warehouse: 'north', against: 'request', transferId: 't1', lines: [{ sku: 'TENT', quantity: 1, lot: 'L1', expiresOn: '2027-01-01' }] },
  },
};

/** The text of a value, once for each place in it, with something absurd in that place. */
function madeAbsurd(value: unknown): string[] {
  const inside = Array.isArray(value)
    ? value.flatMap((item, index) => madeAbsurd(item).map((text) => `[${value.map((other, at) => (at === index ? text : JSON.stringify(other))).join()}]`))
    : typeof value === 'object' && value !== null
      ? Object.keys(value).flatMap((name) => {
          const rest = Object.entries(value);
          const item = rest.find(([one]) => one === name)?.[1];
          return madeAbsurd(item).map((text) => `{${rest.map(([one, other]) => `${JSON.stringify(one)}:${one === name ? text : JSON.stringify(other)}`).join()}}`);
        })
      : [];
  return [...ABSURD, ...inside];
}

describe('a route that is asked for something absurd', () => {
  let deployed: Deployed;
  let table: Table;
  beforeAll(async () => {
    table = await emulator.freshTable();
    deployed = await deploy(table);
    const hub = hubOn(table, deployed.client);
    await stockUp(hub, { TENT: 50 });
    await packed(hub, '2');
    await labelParcel(hub, '2');
    await accept(hub, { id: '1' });
  }, 60_000);
  afterAll(async () => await deployed.close());

  const Answer = z.object({ statusCode: z.number(), body: z.string() });
  const ask = async (name: string, pathParameters: Readonly<Record<string, string>>, body: string | Buffer | undefined) => {
    const handler = await handlerOf(name);
    const posted = Buffer.isBuffer(body) ? { body: body.toString('base64'), isBase64Encoded: true } : body === undefined ? {} : { body };
    return Answer.parse(await handler(authorizedEvent(SCOPES, { ...posted, pathParameters: { ...pathParameters } })));
  };

  test('is every route that people and programs may ask', () => {
    const guarded = Object.entries(ROUTES).flatMap(([name, { scope }]: [string, Route]) => (scope === null ? [] : [name]));
    expect(Object.keys(SENSIBLE).sort()).toEqual(guarded.sort());
  });

  test.each(Object.entries(SENSIBLE))('%s answers that it cannot be, and that it is no fault of ours', { timeout: 60_000 }, async (name, { path, body = {} }) => {
    const sensible = await ask(name, path, JSON.stringify(body));
    // Something that is refused for what it says was read: what is absurd below is refused for what it is.
    expect(sensible.body, 'the request that the others are made from').not.toContain('request.invalid');

    const texts: readonly (string | Buffer)[] = [...(Object.keys(body).length === 0 ? ABSURD : madeAbsurd(body)), ...BODIES];
    for (const text of texts) expectRefusal(await ask(name, path, text), `${name} ${text.toString().slice(0, 200)}`);
    for (const parameter of Object.keys(path))
      for (const text of ABSURD) {
        const value = z.string().safeParse(attempt(() => JSON.parse(text))).data ?? text;
        expectRefusal(await ask(name, { ...path, [parameter]: value.slice(0, 8_000) }, JSON.stringify(body)), `${name} ${parameter}=${value.slice(0, 200)}`);
      }
    expectRefusal(await ask(name, path, JSON.stringify({ ...body, isAdmin: true })), 'an unknown field', 400);
    expect(Object.getOwnPropertyDescriptor(Object.prototype, 'isAdmin')).toBeUndefined();
  });

  test('and leaves stock sound', async () => await expectStockSound(table));

  function expectRefusal({ statusCode, body }: z.infer<typeof Answer>, asked: string, wanted?: number): void {
    const faults = log.lines.filter(({ level }) => level === 'error');
    expect({ statusCode, faults }, asked).toEqual({ statusCode: wanted ?? expect.toBeOneOf([200, 400, 404, 409, 410]), faults: [] });
    expect(body.length, `${asked}: the answer is short`).toBeLessThan(statusCode === 200 ? 1_000_000 : 2_000);
    log.lines.length = 0;
  }
});

function attempt(act: () => unknown): unknown {
  try {
    return act();
  } catch {
    return undefined;
  }
}

describe('an order that is absurd', () => {
  const line = (more: string) => `[{"id":"1","sku":"TENT","quantity":1,"unitPrice":"10.00"${more}}]`;
  /** By what is odd: the text that stands for something in a sensible order, and whether such an order can be. */
  const ORDERS: readonly (readonly [string, readonly [RegExp, string], 'taken' | 'refused'])[] = [
    ['of half a unit', [/"quantity":1/, '"quantity":0.5'], 'refused'],
    ['of less than nothing', [/"quantity":1/, '"quantity":-1'], 'refused'],
    ['of more than there can be', [/"quantity":1/, `"quantity":${MAX_QUANTITY + 1}`], 'refused'],
    ['of infinitely many', [/"quantity":1/, '"quantity":1e309'], 'refused'],
    ['of units past 2^53', [/"quantity":1/, '"quantity":9007199254740993'], 'refused'],
    ['of a word', [/"quantity":1/, '"quantity":"NaN"'], 'refused'],
    ['of units in another script', [/"quantity":1/, '"quantity":"１"'], 'refused'],
    ['that costs less than nothing', [/"total":"[^"]+"/, '"total":"-1.00"'], 'refused'],
    ['that costs a float', [/"total":"[^"]+"/, '"total":120.00'], 'refused'],
    ['that costs 1e5', [/"total":"[^"]+"/, '"total":"1e5"'], 'refused'],
    ['of more places than its currency has', [/"total":"[^"]+"/, '"total":"1.001"'], 'refused'],
    ['of all the money there is', [/"total":"[^"]+"/, '"total":"99999999999999999999.00"'], 'refused'],
    ['in no currency', [/"currency":"EUR"/, '"currency":"XX"'], 'refused'],
    ['of no lines', [/"lines":\[.*?\]/, '"lines":[]'], 'refused'],
    [
      'of too many lines',
      [
        /"lines":\[.*?\]/,
        `"lines":[${Array(MAX_LINES + 1)
          .fill('{"id":"1","sku":"TENT","quantity":1,"unitPrice":"10.00"}')
          .join()}]`,
      ],
      'refused',
    ],
    [
      'of the most lines',
      [/"lines":\[.*?\]/, `"lines":[${Array.from({ length: MAX_LINES }, (_, at) => `{"id":"${at}","sku":"TENT","quantity":0,"unitPrice":"10.00"}`).join()}]`],
      'taken',
    ],
    ['with a field of every object', [/"lines":\[.*?\]/, `"lines":${line(',"__proto__":{"quantity":5}')}`], 'refused'],
    ['with a field that we do not know', [/"lines":\[.*?\]/, `"lines":${line(',"admin":true')}`], 'refused'],
    ['nested beyond every stack', [/"lines":\[.*?\]/, `"lines":${'['.repeat(60_000)}${']'.repeat(60_000)}`], 'refused'],
    ['with a name of 100 KB', [/"name":"[^"]+"/, `"name":"${'x'.repeat(100_000)}"`], 'refused'],
    ['with half a character in a name', [/"name":"[^"]+"/, '"name":"Erika \\ud83c"'], 'taken'],
    ['of an SKU of 1 KB', [/"sku":"TENT"/, `"sku":"${'T'.repeat(1_000)}"`], 'refused'],
    ['of a version that is none', [/"version":1/, '"version":1e309'], 'refused'],
    ['placed on no day', [/"placedAt":"[^"]+"/, '"placedAt":"2026-02-30T00:00:00Z"'], 'refused'],
  ];

  test.each(ORDERS)('%s: is taken or refused as a whole, and stalls no other one', async (_what, [part, oddly], expected) => {
    const hub = accepting(hubOn(await emulator.freshTable()));
    await stockUp(hub, { TENT: 5 });
    const sensible = deliveryOf({ id: '1' });
    const text = sensible.body.toString('utf8');
    expect(text).toMatch(part);

    const failures = await acceptOrders(received({ ...sensible, body: Buffer.from(text.replace(part, () => oddly)) }, deliveryOf({ id: '2' })), hub);

    const orders = (await itemsOf(hub.table)).filter((item) => isEntity<Order>(item, 'order')).map(({ orderId }) => orderId);
    expect(orders.sort()).toEqual(expected === 'taken' ? ['wholesale:1', 'wholesale:2'] : ['wholesale:2']);
    expect([...failures].map(([id, error]) => [id, error instanceof Error && error.name])).toEqual(expected === 'taken' ? [] : [['m0', 'Rejected']]);
    await expectStockSound(hub.table);
  });

  test('of an SKU that only looks like ours is of another one', async () => {
    const hub = accepting(hubOn(await emulator.freshTable(), clientWith({})));
    await stockUp(hub, { TENT: 5 });
    // Cyrillic, full width, a joiner within, a dotted capital, another case.
    const likenesses = ['ТENT', 'ＴENT', 'TE\u200dNT', 'TËNT', 'tent', 'TENT\u0000'];

    await acceptOrders(received(...likenesses.map((sku, index) => deliveryOf({ id: String(index), units: { [sku]: 1 } }))), hub);

    const stock = (await itemsOf(hub.table)).filter((item) => isEntity(item, 'stock') && item.sku === 'TENT');
    expect(stock).toMatchObject([{ onHand: 5, reserved: 0 }]);
  });
});

describe('a post that is absurdly large', () => {
  const KINDS: readonly Kind[] = [];
  const edge = useEdgeUnderAttack(KINDS);

  test.each(['shopify', 'custom', 'easypost', 'ups'])('is taken by %s up to what a queue holds, and answered 413 beyond', async (id) => {
    const kind = (await allKinds()).find((one) => one.id === id);
    if (kind === undefined) throw new Error(`there is no ${id}`);
    edge.knowOnly(kind);
    edge.secrets = { [id]: { signing: { current: kind.secret } } };
    const seen = new Set<number | undefined>();
    for (const size of [1_000, 100_000, 200_000, 400_000, 700_000, MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES + 1, 6_000_000, 10_000_000]) {
      const { statusCode } = await edge.post(kind.side, id, genuine(kind, bodyFor(kind, { padding: randomLetters(size) })));
      seen.add(statusCode);
      expect(statusCode, `${size} bytes`).toBeOneOf([200, 413]);
    }
    expect(seen).toEqual(new Set([200, 413]));
  });

  test('in its headers, is read no further than its signature', async () => {
    const kind = (await allKinds()).find((one) => one.id === 'custom');
    if (kind === undefined) throw new Error('there is no custom');
    edge.knowOnly(kind);
    edge.secrets = { custom: { signing: { current: kind.secret } } };
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`x-${at}`, 'y'.repeat(10)]));
    for (const headers of [{ 'x-long': 'y'.repeat(11_000) }, many, { ['x'.repeat(5_000)]: 'y' }, { cookie: 'a=b;'.repeat(2_500) }, { __proto__: 'x', constructor: 'y' }]) {
      const posting = genuine(kind);
      expect((await edge.post(kind.side, kind.id, { ...posting, headers: { ...headers, ...posting.headers } })).statusCode).toBe(200);
      expect((await edge.post(kind.side, kind.id, { ...posting, headers })).statusCode).toBe(401);
    }
  });
});

/** Letters that do not compress. */
function randomLetters(count: number): string {
  let state = 42;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'[state >>> 26];
  }).join('');
}
