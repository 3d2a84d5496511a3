import { describe, expect, test } from 'vitest';
import { loadCarrier } from '../../adapters/carrier.ts';
import type { Delivery } from '../../adapters/delivery.ts';
import { ISSUED_SECONDS } from '../../adapters/signatures/issued-token.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import { Rejected } from '../../core/error.ts';
import { acceptOrders } from '../../functions/order/accept-orders.ts';
import { applyUpdates } from '../../functions/tracking/apply-updates.ts';
import { delivered, fixturesOf } from '../adapters/fixtures.ts';
import { useEmulator } from '../emulator.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { labelParcel } from '../functions/tracking/label-parcel.ts';
import { accepting, clientWith, deliveryOf, hubOn, packed, received, stockUp, tracking } from '../functions/world.ts';
import { itemsOf } from '../invariants.ts';
import { allKinds, type Kind } from './all-kinds.ts';
import { bodyFor, genuine, NOW, type Posting, proofIn, useEdgeUnderAttack } from './edge-under-attack.ts';

const KINDS = await allKinds();
const emulator = useEmulator();
const edge = useEdgeUnderAttack(KINDS);
const log = useLogLines();

const SIGNING = KINDS.filter(({ proves }) => proves.covers !== 'nothing');
const DAY = 86_400_000;

function named(kinds: readonly Kind[]): (readonly [string, Kind])[] {
  return kinds.map((kind) => [kind.id, kind] as const);
}

async function outcomeOf(kind: Kind, posting: Posting, id = kind.id): Promise<'taken' | 'refused'> {
  const before = edge.taken().length;
  const { statusCode } = await edge.post(kind.side, id, posting);
  const taken = edge.taken().length > before;
  // Whoever is told 200 without being heard is a sender that shuts out those who refuse it.
  if (!taken) expect(statusCode).toBe(kind.scheme.refusal === 'silent' && id === kind.id ? 200 : 401);
  return taken ? 'taken' : 'refused';
}

/** Names that say what a post is about, of all vendors: none of them is signed. */
const TOPICS = [
  'orders/create',
  'orders/updated',
  'orders/delete',
  'orders/cancelled',
  'refunds/create',
  'customers/redact',
  'customers/data_request',
  'shop/redact',
  'app/uninstalled',
  'fulfillment_orders/fulfillment_request_submitted',
  'products/delete',
  'order.created',
  'order.deleted',
  'product.updated',
  'action.woocommerce_api',
  '__proto__',
  'orders/create\r\nx: y',
];
const UNSIGNED = ['x-shopify-topic', 'x-wc-webhook-topic', 'x-wc-webhook-event', 'x-wc-webhook-resource', 'shopify-topic'];

describe.each(named(SIGNING))('what %s posted', (_id, kind) => {
  test('once is refused at any other connection', async () => {
    const posting = genuine(kind);
    const others = [
      ...KINDS.filter(({ id }) => id !== kind.id).map(({ side, id }) => [side, id] as const),
      [kind.side, 'nobody'] as const,
      [kind.side, kind.id.toUpperCase()] as const,
    ];

    for (const [side, id] of others) await edge.post(side, id, posting);

    expect(edge.taken()).toEqual([]);
  });

  test('once with another id, time or shop in its headers is refused, where its scheme knows them', async () => {
    const posting = genuine(kind);
    const { header } = proofIn(kind);
    const beside = Object.keys(posting.headers).filter((name) => name !== header);

    for (const name of beside)
      for (const value of ['', 'evt-2', String(Math.floor(NOW.getTime() / 1000) - 1), 'other.example.com', '__proto__'])
        expect(await outcomeOf(kind, { ...posting, headers: { ...posting.headers, [name]: value } }), `${name}: ${value}`).toBe('refused');
  });
});

describe.each(named(SIGNING.filter(({ proves }) => proves.time)))('what %s posted at a time that is signed', (_id, kind) => {
  test('long ago or tomorrow is refused, or taken and counted where its sender may not sign anew', async () => {
    const isToken = kind.proves.covers === 'sender';
    const late = 'late' in kind.scheme && kind.scheme.late === 'accept';
    const tolerance = 'toleranceSeconds' in kind.scheme ? (kind.scheme.toleranceSeconds ?? 300) : 300;
    const lasts = (isToken ? ISSUED_SECONDS : tolerance + 1) * 1000;

    for (const ago of [lasts, 30 * DAY, 3_650 * DAY])
      expect(await outcomeOf(kind, genuine(kind, undefined, { at: new Date(NOW.getTime() - ago) })), `${ago} ago`).toBe(late ? 'taken' : 'refused');
    expect(log.lines.filter(({ message }) => message === 'signatureLate')).toHaveLength(late ? 3 : 0);
    // A token that ends later than ours do was issued by nobody else: its end is signed.
    if (!isToken)
      for (const ahead of [lasts, 30 * DAY]) expect(await outcomeOf(kind, genuine(kind, undefined, { at: new Date(NOW.getTime() + ahead) })), `${ahead} ahead`).toBe('refused');
  });

  test('with another time in its proof is refused', async () => {
    const { header, value } = proofIn(kind);
    const digits = /\b\d{9,12}\b/.exec(value)?.[0];
    if (digits === undefined) return;

    // White space around it is notation, and the time stays the same.
    for (const time of [Number(digits) + 1, Number(digits) - 1, 99_999_999_999, `0${digits}`, `${digits}x`, `+${digits}`, `${digits}.0`, `${digits}e0`]) {
      const headers = { ...genuine(kind).headers, [header]: value.replace(digits, String(time)) };
      expect(await outcomeOf(kind, { ...genuine(kind), headers }), String(time)).toBe('refused');
    }
  });
});

describe.each(named(SIGNING.filter(({ proves }) => proves.covers === 'fields')))('what %s signed of a body', (_id, kind) => {
  test('with text moved from one signed field into its neighbour is refused, or says nothing', async () => {
    const [first = '', second = ''] = kind.scheme.family === 'hmac-fields' ? kind.scheme.fields : [];
    expect(second).not.toBe('');
    const carrier = await loadCarrier(kind.id);
    for (const text of fixturesOf(kind.id, 'update')) {
      const body: Record<string, unknown> = JSON.parse(text);
      const { headers } = genuine(kind, Buffer.from(text));
      const whole = `${body[first]}${body[second]}`;
      for (let cut = 0; cut < Math.min(whole.length, 60); cut++) {
        const moved = Buffer.from(JSON.stringify({ ...body, [first]: whole.slice(0, cut), [second]: whole.slice(cut) }));
        const isSame = moved.equals(Buffer.from(JSON.stringify(body)));
        const taken = await outcomeOf(kind, { headers, body: moved.toString('base64'), isBase64Encoded: true });
        if (taken === 'taken' && !isSame)
          expect(() => carrier.parseUpdate(delivered(moved), kind.settings), `cut at ${cut}`).toThrow(expect.objectContaining({ name: 'Rejected' }));
      }
    }
  });
});

describe.each(named(KINDS.filter(({ side }) => side === 'storefronts')))('a body of %s', async (id, { settings }) => {
  const storefront = await loadStorefront(id);

  test.each(fixturesOf(id, 'order'))('is read as what it is under any other topic, or not at all %#', (body) => {
    const genuinely = storefront.parse(delivered(body), settings);

    for (const header of UNSIGNED)
      for (const topic of TOPICS) {
        const read = outcome(() => storefront.parse(delivered(body, { [header]: topic }), settings));
        const isRefused = read instanceof Rejected || (typeof read === 'object' && read !== null && 'kind' in read && read.kind === 'ignored');
        if (!isRefused) expect(read, `${header}: ${topic}`).toEqual(genuinely);
      }
  });

  test.each(fixturesOf(id, 'order'))('changes nothing when it comes again, whatever its unsigned headers say %#', async (body) => {
    const client = clientWith({ storefronts: [{ id: 'shop', kind: id, settings }] });
    const hub = accepting(hubOn(await emulator.freshTable(), client));
    const first = { ...delivered(body), receivedAt: hub.now().toISOString() };
    expect([...(await acceptOrders(received<Delivery>(first), hub))]).toEqual([]);
    const before = await itemsOf(hub.table);
    const asked = hub.fetches.messages.length;

    hub.pass(3_600);
    const again = UNSIGNED.flatMap((header) =>
      TOPICS.map((topic) => ({ ...delivered(body, { [header]: topic, 'x-shopify-event-id': topic, 'x-wc-webhook-delivery-id': topic }), receivedAt: hub.now().toISOString() })),
    );
    const failures = await acceptOrders(received<Delivery>(...again), hub);

    expect([...failures.values()].filter((failure) => !(failure instanceof Rejected))).toEqual([]);
    expect(await itemsOf(hub.table)).toEqual(before);
    expect(hub.privacy.messages).toEqual([]);
    // What only names an order is asked for again, once for all that name it: the answer says how it stands.
    expect(hub.fetches.messages.length - asked).toBeLessThanOrEqual(1);
    // The edge counts what was sent twice, or the table says nothing: either an order is there, or something was asked for.
    expect(before.length + asked).toBeGreaterThan(0);
  });
});

test('an older version of an order, sent again after a newer one, changes nothing', async () => {
  const hub = accepting(hubOn(await emulator.freshTable()));
  await stockUp(hub, { TENT: 10 });
  const versions = [1, 2, 3].map((version) => ({ ...deliveryOf({ id: '1', version, units: { TENT: version }, total: `${version}0.00` }), receivedAt: hub.now().toISOString() }));
  for (const version of versions) await acceptOrders(received(version), hub);
  const before = await itemsOf(hub.table);

  hub.pass(60);
  await acceptOrders(received(...versions.toReversed(), ...versions), hub);

  expect(await itemsOf(hub.table)).toEqual(before);
});

describe.each(named(SIGNING.filter(({ side }) => side === 'carriers')))('an update of %s', async (id, { settings }) => {
  const carrier = await loadCarrier(id);

  test.each(fixturesOf(id, 'update'))('changes nothing when it comes again %#', async (body) => {
    const client = clientWith({ carriers: [{ id: 'easypost', kind: id, settings }] });
    const hub = hubOn(await emulator.freshTable(), client);
    await stockUp(hub, { TENT: 1 });
    await packed(hub, '1');
    const update: Delivery = { ...delivered(body), connectionId: 'easypost' };
    const parsed = carrier.parseUpdate(update, settings);
    if (parsed.kind === 'updates') await labelParcel(hub, '1', parsed.updates[0]?.trackingNumber);
    await applyUpdates(received(update), tracking(hub));
    const before = await itemsOf(hub.table);

    hub.pass(7 * 86_400);
    const failures = await applyUpdates(received<Delivery>(update, { ...update, receivedAt: hub.now().toISOString(), headers: { 'user-agent': 'somebody else' } }), tracking(hub));

    expect([...failures]).toEqual([]);
    expect(await itemsOf(hub.table)).toEqual(before);
  });
});

describe.each(named(SIGNING.filter(({ proves }) => proves.covers === 'fields')))('an update of %s of which fields are signed', async (id, { settings, scheme }) => {
  const carrier = await loadCarrier(id);

  test.each(fixturesOf(id, 'update'))('says the same whatever stands in fields that are not signed, or nothing %#', (text) => {
    const signed = new Set(scheme.family === 'hmac-fields' ? scheme.fields : []);
    const body: Record<string, unknown> = JSON.parse(text);
    const genuinely = carrier.parseUpdate(delivered(text), settings);
    const unsigned = [...Object.keys(body).filter((name) => !signed.has(name)), 'trackingNumber', 'status', 'statusCategory', 'trackingEvents', 'events', '__proto__'];

    for (const name of unsigned)
      for (const value of [null, '', 'Delivered', 'EXTRA', [], {}, [{ eventType: 'DELIVERED', GMTTimestamp: '2026-11-20T08:00:00Z' }]]) {
        const changed = JSON.stringify({ ...body, [name]: value });
        const read = outcome(() => carrier.parseUpdate(delivered(changed), settings));
        const isNothing = read instanceof Rejected || (typeof read === 'object' && read !== null && 'kind' in read && read.kind === 'ignored');
        if (!isNothing) expect(read, `${name}: ${JSON.stringify(value)}`).toEqual(genuinely);
      }
  });
});

test('a body without what its scheme signs is refused, though the signature is that of nothing', async () => {
  for (const kind of SIGNING.filter(({ proves }) => proves.covers === 'fields')) {
    const { headers } = genuine(kind, bodyFor(kind));
    for (const body of ['{}', '[]', 'null', '""', '{"timestamp":null}', '']) expect(await outcomeOf(kind, { headers, body, isBase64Encoded: false }), body).toBe('refused');
  }
});

function outcome(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}
