import { describe, expect, it } from 'vitest';
import { loadClient } from '../../../adapters/client.ts';
import type { HubEvent } from '../../../core/event.ts';
import type { Check, Evidence } from '../../../local/day/checks/check.ts';
import { orderChecks } from '../../../local/day/checks/orders.ts';
import { parcelChecks } from '../../../local/day/checks/parcels.ts';
import { stockChecks } from '../../../local/day/checks/stock.ts';
import { storefrontChecks } from '../../../local/day/checks/storefronts.ts';
import { tellingChecks } from '../../../local/day/checks/telling.ts';
import { type Plan, type PlannedOrder, planDay } from '../../../local/day/plan.ts';
import type { Snapshot } from '../../../local/day/snapshot.ts';
import { dumpOf, type TableDump } from '../../../local/day/table-dump.ts';
import type { Charge } from '../../../local/simulators/carrier.ts';
import type { ShopOrder } from '../../../local/simulators/shop.ts';

const { client } = await loadClient('clients/demo.yaml');
const whole = planDay({ client, orders: 40, seed: 'checks', startAt: Date.parse('2026-11-22T09:00:00Z') });
const order = clean(whole);
const posting = { id: `${order.orderId}/0`, sender: 'shop', meta: {}, body: Buffer.alloc(0), due: 0, orderId: order.orderId, version: 1 };
const gap = { connectionId: 'shop', begins: 'a', during: ['a'], after: ['b'] };
const plan: Plan = { ...whole, orders: [order], postings: [posting], gaps: [], opening: [], storefrontFaults: [] };
const units = [...new Map(order.sold.lines.flatMap(({ sku, quantity }) => (sku === null ? [] : [[sku, quantity] as const])))].map(([sku, quantity]) => ({ sku, quantity }));
const label = {
  carrier: 'USPS',
  service: 'Priority',
  trackingNumber: '9400',
  cost: 640,
  currency: 'EUR',
  document: 'labels/1.pdf',
  reference: '01',
  boughtAt: '2026-11-22T10:30:00.000Z',
};

const ROW = {
  order: {
    entity: 'order',
    orderId: order.orderId,
    status: 'delivered',
    holds: [],
    demand: units,
    allocations: [],
    parcels: [],
    priority: 5,
    authorisation: { by: 'policy' },
    total: 1,
    source: { version: 1 },
  },
  parcel: { entity: 'parcel', orderId: order.orderId, parcel: 1, warehouse: 'hamburg', carrierId: 'easypost', manifest: '2026-11-22-1', status: 'delivered', units, label },
  stock: { entity: 'stock', sku: 'TENT-2P', warehouse: 'hamburg', onHand: 5, reserved: 0, quarantined: 0, available: 5, incoming: 0 },
  ledger: {
    entity: 'ledger',
    sku: 'TENT-2P',
    warehouse: 'hamburg',
    onHand: 5,
    reserved: 0,
    quarantined: 0,
    incoming: 0,
    movements: [{ reason: 'received', cause: 'delivery-1', onHand: 5, reserved: 0 }],
  },
};
const TENT = { sku: 'TENT-2P', warehouse: 'hamburg', quantity: 1 };
const UNPACKED = { ...ROW.ledger, movements: [...ROW.ledger.movements, { reason: 'unpacked', cause: order.orderId, onHand: 1, reserved: 0, quarantined: 1 }] };
const PURCHASE = {
  entity: 'purchase',
  orderId: order.orderId,
  parcel: 1,
  attempt: 1,
  reference: '01',
  status: 'bought',
  carrierId: 'easypost',
  carrierRef: 'shp_1',
  bought: { trackingNumber: '9400', carrierRef: 'shp_1', cost: 640, currency: 'EUR' },
};
// Sold, and voided as its label could not be had: no parcel has it.
const LOST = { ...PURCHASE, attempt: 2, reference: '02', status: 'voided', carrierRef: 'shp_2', bought: { ...PURCHASE.bought, trackingNumber: '9401', carrierRef: 'shp_2' } };
const CHARGE: Charge = {
  carrierRef: 'shp_1',
  reference: '01',
  recipient: order.recipient.toUpperCase(),
  trackingNumber: '9400',
  cost: 640,
  currency: 'EUR',
  printed: {
    name: order.address.name,
    line1: order.address.line1,
    line2: order.address.line2 ?? '',
    city: order.address.city,
    postalCode: order.address.postalCode ?? '',
    country: order.address.country,
  },
};

const LOST_CHARGE: Charge = { ...CHARGE, carrierRef: 'shp_2', reference: '02', trackingNumber: '9401' };

const SHOWN: ShopOrder = {
  sourceId: order.sold.sourceId,
  fulfilled: Object.fromEntries(units.map(({ sku, quantity }) => [sku, quantity])),
  trackingNumbers: ['9400'],
  status: 'FULFILLED',
  mails: ['tracking'],
};

interface Scene {
  readonly rows?: readonly Record<string, unknown>[];
  readonly charges?: readonly Charge[];
  readonly voids?: readonly string[];
  /** Tracking numbers on the forms of carriers. */
  readonly forms?: readonly string[];
  readonly outage?: Evidence['outage'];
  /** What carriers say of our calls. */
  readonly broken?: readonly string[];
  readonly differences?: readonly { kind: string; reference: string }[];
  readonly offered?: Readonly<Record<string, number>>;
  readonly snapshot?: Partial<Snapshot>;
  readonly notices?: readonly string[];
  readonly open?: readonly { id: string; status: number; attempts: number }[];
  readonly shown?: readonly ShopOrder[];
  readonly posted?: readonly string[];
  readonly complaints?: readonly string[];
  readonly arrived?: readonly string[];
  readonly lost?: readonly string[];
  readonly gaps?: Plan['gaps'];
}

function evidence({
  rows = [ROW.order, ROW.parcel, PURCHASE],
  charges = [CHARGE],
  voids = [],
  forms = ['9400'],
  outage = { carrierId: 'ups', begin: '2026-11-22T10:00:00.000Z', end: '2026-11-22T11:00:00.000Z' },
  broken = [],
  differences = [],
  offered = { 'TENT-2P': 3, 'CAMP-2P': 0 },
  snapshot = {},
  notices = [],
  open = [],
  shown = [SHOWN],
  posted = ['orders/create'],
  complaints = [],
  arrived = [posting.id],
  lost = [],
  gaps = [],
}: Scene): Evidence {
  const compared = (carrierId: string) => ({ carrierId, compared: 1, lookedUp: 0, differences: [...differences] });
  const table: TableDump = { ...dumpOf(rows), reconciliations: client.carriers.map(({ id }) => compared(id)) };
  const labels = [{ bucket: 'b', key: 'labels/1.pdf', body: Buffer.from('%PDF-1.4') }];
  const shop = { orders: () => shown, available: () => offered, subscribed: () => posted, complaints: () => complaints };
  return {
    client: { ...client, storefronts: client.storefronts.slice(0, 1).map((one) => ({ ...one, id: 'shop', stock: { publish: true, buffer: 2, buffers: {} } })) },
    plan: { ...plan, gaps, postings: [...plan.postings, ...gaps.flatMap(({ during }) => during.map((id) => ({ ...posting, id })))] },
    storefronts: [{ id: 'shop', kind: 'shopify', polls: true, topics: ['ORDERS_CREATE'], refusesSilently: false }],
    mended: new Map(),
    vendors: {
      outbox: {
        open: () => [...open],
        counts: () => ({ waiting: 0, due: 0, acknowledged: 1, givenUp: 0, lost: lost.length, attempts: 1 }),
        acknowledged: () => new Set(arrived),
        lost: () => new Set(lost),
      },
      carriers: new Map([['easypost', { charges: () => charges, voids: () => voids, repeats: () => 0, manifested: () => forms, complaints: () => broken }]]),
      shops: new Map([['shop', shop]]),
    },
    snapshot: { table, facts: [], deadLetters: [], reports: [], labels, logs: new Map(), ...snapshot },
    seen: {
      events: [],
      plants: [],
      reports: [],
      customers: notices.map((noticeId, index) => ({ messageId: String(index), topic: 'customers', body: '{}', attributes: { noticeId } })),
    },
    badInputs: [],
    refusedDeeds: [],
    outage,
    restarts: 0,
  };
}

function clean(day: Plan): PlannedOrder {
  const found = day.orders.find(({ course, connectionId }) => course.name === 'clean' && connectionId === 'shop');
  if (found === undefined) throw new Error('no clean order');
  return found;
}

function named(checks: readonly Check[], name: string): Check {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`no check is called ${name}`);
  return found;
}

const accepted: Extract<HubEvent, { entity: 'order' }> = {
  id: `${order.orderId}#1#order.accepted`,
  type: 'order.accepted',
  at: '2026-11-22T09:00:01.000Z',
  by: 'shop',
  reason: '',
  entity: 'order',
  order: {
    orderId: order.orderId,
    connectionId: 'shop',
    country: 'DE',
    currency: 'EUR',
    total: 1,
    status: 'authorised',
    demand: [],
    holds: [],
    receivedAt: '2026-11-22T09:00:01.000Z',
  },
};

const ONCE = 'every label was bought exactly once';
const UNNEEDED = 'labels that nobody needs are voided';
const LISTED = 'what left is on a list that the driver signed';
const OUTAGE = 'a carrier that was down held nobody up';
const COSTS = 'label costs agree to the cent, carrier by carrier';

describe('the checks of a day', () => {
  it.each([
    ['a label that a carrier charges and no parcel has', parcelChecks, 'the books of carriers agree with ours', { differences: [{ kind: 'orphan', reference: '01' }] }],
    ['an order that is missing', orderChecks, 'every order exists exactly once', { rows: [] }],
    ['an order that nobody placed', orderChecks, 'every order exists exactly once', { rows: [ROW.order, { ...ROW.order, orderId: 'shop:ghost' }] }],
    ['an order that ended elsewhere', orderChecks, 'every order ended as it had to', { rows: [{ ...ROW.order, status: 'packed' }] }],
    ['an order that is still held', orderChecks, 'every order ended as it had to', { rows: [{ ...ROW.order, holds: [{ kind: 'address' }] }] }],
    ['a parcel with other contents', orderChecks, 'parcels hold exactly what was ordered', { rows: [ROW.order, { ...ROW.parcel, units: [{ sku: 'TENT-2P', quantity: 99 }] }] }],
    ['an order accepted twice', orderChecks, 'duplicates and older versions changed nothing', { snapshot: { facts: [accepted, { ...accepted, id: 'x' }] } }],
    ['a webhook that was never taken', orderChecks, 'every webhook that was sent was acknowledged', { open: [{ id: 'a', status: 503, attempts: 9 }] }],
    ['counters that do not add up', stockChecks, 'on hand = available + reserved + quarantined, all >= 0', { rows: [{ ...ROW.stock, available: 4 }] }],
    ['a counter below zero', stockChecks, 'on hand = available + reserved + quarantined, all >= 0', { rows: [{ ...ROW.stock, onHand: 1, reserved: 2, available: -1 }] }],
    ['a ledger that says something else', stockChecks, 'every counter equals the fold of its ledger', { rows: [ROW.stock, { ...ROW.ledger, reserved: 1 }] }],
    ['quarantine that the ledger does not know', stockChecks, 'every counter equals the fold of its ledger', { rows: [{ ...ROW.stock, quarantined: 1 }, ROW.ledger] }],
    ['a reservation that no order holds', stockChecks, 'what orders hold is what is reserved', { rows: [ROW.order, { ...ROW.stock, reserved: 1 }] }],
    ['an order that holds what is not reserved', stockChecks, 'what orders hold is what is reserved', { rows: [{ ...ROW.order, allocations: [TENT] }, ROW.stock] }],
    [
      'an order that waits for what is there',
      stockChecks,
      'no order waits whose stock is there',
      { rows: [{ ...ROW.order, status: 'backordered', demand: [{ sku: 'TENT-2P', quantity: 5 }] }, ROW.stock] },
    ],
    ['a storefront that offers its buffer', stockChecks, 'storefronts offer what the hub has, less their buffer', { rows: [ROW.stock], offered: { 'TENT-2P': 5, 'CAMP-2P': 0 } }],
    [
      'a kit that is offered without its parts',
      stockChecks,
      'storefronts offer what the hub has, less their buffer',
      { rows: [ROW.stock], offered: { 'TENT-2P': 3, 'CAMP-2P': 1 } },
    ],
    ['goods unpacked and not in quarantine', stockChecks, 'opening + received - packed + unpacked = on hand', { rows: [ROW.stock, UNPACKED] }],
    ['stock out of nowhere', stockChecks, 'opening + received - packed + unpacked = on hand', { rows: [{ ...ROW.stock, onHand: 9 }, ROW.ledger] }],
    ['a label bought twice', parcelChecks, ONCE, { charges: [CHARGE, { ...CHARGE, trackingNumber: '9401' }] }],
    ['a label charged twice under one number', parcelChecks, ONCE, { charges: [CHARGE, CHARGE] }],
    ['a label the hub does not know', parcelChecks, ONCE, { charges: [{ ...CHARGE, trackingNumber: '9401' }] }],
    ['a label that no carrier sold', parcelChecks, ONCE, { charges: [] }],
    ['a label that another carrier sold', parcelChecks, ONCE, { rows: [ROW.order, ROW.parcel, { ...PURCHASE, carrierId: 'ups' }] }],
    ['a label that no purchase bought', parcelChecks, ONCE, { rows: [ROW.order, ROW.parcel, { ...PURCHASE, bought: undefined }], charges: [] }],
    ['a label on two parcels', parcelChecks, ONCE, { rows: [ROW.order, ROW.parcel, { ...ROW.parcel, parcel: 2 }, PURCHASE] }],
    ['a parcel without a label', parcelChecks, ONCE, { rows: [ROW.order, ROW.parcel, PURCHASE, { ...ROW.parcel, parcel: 2, label: undefined }] }],
    ['a label that was called back and is paid for', parcelChecks, UNNEEDED, { rows: [ROW.order, { ...ROW.parcel, status: 'unpacked' }, { ...PURCHASE, status: 'voided' }] }],
    ['a void that the hub does not know', parcelChecks, UNNEEDED, { rows: [ROW.order, { ...ROW.parcel, status: 'unpacked' }, PURCHASE], voids: ['shp_1'] }],
    ['a label that was given back and travels', parcelChecks, UNNEEDED, { voids: ['shp_1'] }],
    [
      'a label that could not be had and is paid for',
      parcelChecks,
      UNNEEDED,
      { rows: [ROW.order, ROW.parcel, PURCHASE, { ...LOST, status: 'bought' }], charges: [CHARGE, LOST_CHARGE] },
    ],
    ['a parcel that left on no list', parcelChecks, LISTED, { rows: [ROW.order, { ...ROW.parcel, manifest: undefined }, PURCHASE], forms: [] }],
    ['a label on two forms of its carrier', parcelChecks, LISTED, { forms: ['9400', '9400'] }],
    ['a label on a form of its carrier that is on no list of ours', parcelChecks, LISTED, { forms: ['9400', '9999'] }],
    [
      'a label on a form of its carrier whose parcel is on none of ours',
      parcelChecks,
      LISTED,
      { rows: [ROW.order, { ...ROW.parcel, manifest: undefined, status: 'labelled' }, PURCHASE] },
    ],
    [
      'an outage during which nobody bought from anybody',
      parcelChecks,
      OUTAGE,
      { outage: { carrierId: 'ups', begin: '2026-11-22T10:40:00.000Z', end: '2026-11-22T11:00:00.000Z' } },
    ],
    [
      'an outage during which only the carrier itself sold',
      parcelChecks,
      OUTAGE,
      { outage: { carrierId: 'easypost', begin: '2026-11-22T10:00:00.000Z', end: '2026-11-22T11:00:00.000Z' } },
    ],
    ['an outage that never began', parcelChecks, OUTAGE, { outage: { carrierId: 'ups', begin: undefined, end: undefined } }],
    ['an outage that never ended', parcelChecks, OUTAGE, { outage: { carrierId: 'ups', begin: '2026-11-22T10:00:00.000Z', end: undefined } }],
    ['a call that a carrier complains of', parcelChecks, 'no call broke the contract of a carrier', { broken: ['weight: a text, not a number'] }],
    ['two parcels where one would do', orderChecks, 'one parcel per warehouse that an order leaves from', { rows: [ROW.order, ROW.parcel, { ...ROW.parcel, parcel: 2 }] }],
    ['a priority that no rule gives', orderChecks, 'rules did what they say, and nothing else', { rows: [{ ...ROW.order, priority: 8 }] }],
    ['a person who authorises what the policy does', orderChecks, 'rules did what they say, and nothing else', { rows: [{ ...ROW.order, authorisation: { by: 'mara' } }] }],
    [
      'an order taken for a duplicate',
      orderChecks,
      'rules did what they say, and nothing else',
      { snapshot: { facts: [{ ...accepted, order: { ...accepted.order, holds: ['duplicate'] } }] } },
    ],
    ['a cost that is off by a cent', parcelChecks, COSTS, { charges: [{ ...CHARGE, cost: 641 }] }],
    ['a cost in another currency', parcelChecks, COSTS, { charges: [{ ...CHARGE, currency: 'USD' }] }],
    ['costs that agree only when carriers are added up', parcelChecks, COSTS, { rows: [ROW.order, ROW.parcel, { ...PURCHASE, carrierId: 'ups' }] }],
    [
      'a label document that is a web page',
      parcelChecks,
      'every label document is kept',
      { snapshot: { labels: [{ bucket: 'b', key: 'labels/1.pdf', body: Buffer.from('<html>') }] } },
    ],
    [
      'a wrong address that nobody was told of',
      parcelChecks,
      'every label shows the address of its order',
      { charges: [{ ...CHARGE, printed: { ...CHARGE.printed, line1: 'ELSEWHERE 1' } }] },
    ],
    ['a parcel that did not arrive', parcelChecks, 'every parcel arrived where it had to', { rows: [ROW.order, { ...ROW.parcel, status: 'dispatched' }] }],
    ['another tracking number at the shop', storefrontChecks, 'storefronts show every tracking number once', { shown: [{ ...SHOWN, trackingNumbers: ['1'] }] }],
    ['a tracking number that the shop shows twice', storefrontChecks, 'storefronts show every tracking number once', { shown: [{ ...SHOWN, trackingNumbers: ['9400', '9400'] }] }],
    ['units that the shop does not count as shipped', storefrontChecks, 'storefronts count as shipped what left, kits as sold', { shown: [{ ...SHOWN, fulfilled: {} }] }],
    ['an order that the shop never had', storefrontChecks, 'storefronts count as shipped what left, kits as sold', { shown: [] }],
    ['an order that stands as open at its shop', storefrontChecks, 'orders that left stand as shipped at their storefronts', { shown: [{ ...SHOWN, status: 'UNFULFILLED' }] }],
    [
      'a customer who was told that all was there before they were told the number',
      storefrontChecks,
      'storefronts mail tracking first, completion last, once',
      { shown: [{ ...SHOWN, mails: ['completed', 'tracking'] }] },
    ],
    ['an order that was posted to nobody and not read', storefrontChecks, 'what no webhook brought was found by reading', { arrived: [] }],
    ['a topic that nobody is subscribed to', storefrontChecks, 'dead subscriptions were mended', { posted: [] }],
    ['subscriptions that were mended, and nothing came', storefrontChecks, 'dead subscriptions were mended', { gaps: [gap], lost: ['a'] }],
    ['subscriptions that never ended', storefrontChecks, 'dead subscriptions were mended', { gaps: [gap], arrived: ['a', 'b'] }],
    ['a call that a storefront complains of', storefrontChecks, 'no call broke a storefront contract', { complaints: ['unknown field'] }],
    [
      'an echo that changed an order',
      storefrontChecks,
      'echoes of our own word changed nothing',
      {
        snapshot: {
          facts: [
            { ...accepted, type: 'order.dispatched' },
            { ...accepted, id: 'x', type: 'order.changed', at: '2026-11-22T10:00:00.000Z' },
          ],
        },
      },
    ],
    ['a customer who was not told', tellingChecks, 'customers were told everything once', { notices: [`${order.orderId}#accepted`] }],
    [
      'a customer who was told twice',
      tellingChecks,
      'customers were told everything once',
      { notices: ['accepted', 'shipped-1', 'delivered-1', 'delivered-1'].map((id) => `${order.orderId}#${id}`) },
    ],
    ['a dead letter that nobody planned', tellingChecks, 'dead-letter queues hold exactly the poison', { snapshot: { deadLetters: [{ queue: 'q', code: 'x.y', body: '{}' }] } }],
    ['a name in a log', tellingChecks, 'no personal data in logs, events or reports', { snapshot: { logs: new Map([['a.log', 'Dear Quillfeather']]) } }],
  ] satisfies [string, (evidence: Evidence) => Check[], string, Scene][])('find %s', (_, checks, name, scene) => {
    expect(named(checks(evidence(scene)), name)).toMatchObject({ ok: false });
  });

  it('hold for a day that went well', () => {
    const rows = [ROW.order, ROW.parcel, PURCHASE, LOST, ROW.stock, ROW.ledger];
    const notices = ['accepted', 'shipped-1', 'delivered-1'].map((id) => `${order.orderId}#${id}`);
    const packed = units.reduce((sum, { quantity }) => sum + quantity, 0);
    const leaving = {
      ...ROW.ledger,
      onHand: 0,
      reserved: 0,
      movements: [
        { reason: 'packed', cause: order.orderId, onHand: -packed, reserved: 0 },
        { reason: 'received', cause: 'delivery-2', onHand: packed, reserved: 0 },
      ],
    };
    const scene = evidence({ rows: [...rows, leaving], charges: [CHARGE, LOST_CHARGE], voids: ['shp_2'], notices, snapshot: { facts: [accepted] } });

    const all = [...orderChecks(scene), ...storefrontChecks(scene), ...stockChecks(scene), ...parcelChecks(scene), ...tellingChecks(scene)];
    // There is no report in this scene.
    expect(all.filter(({ ok }) => !ok).map(({ name, faults }) => [name, faults])).toEqual([['the daily report says what happened', expect.anything()]]);
  });
});
