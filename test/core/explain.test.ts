import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../core/client.ts';
import { endRecall, follow, recall, takeBack } from '../../core/course.ts';
import type { Refused } from '../../core/error.ts';
import { explain } from '../../core/explain.ts';
import type { Explanation, Facts, Known } from '../../core/explanation.ts';
import { takeIn, type Unchanged } from '../../core/intake.ts';
import { reserving, type Stock } from '../../core/inventory.ts';
import { authorise, hold, noteLate, type Order, releaseHold, type Saved } from '../../core/order.ts';
import type { OrderDocument } from '../../core/order-document.ts';
import { beginPacking, pack, packWhole } from '../../core/packing.ts';
import { handOver, labelled, labelRefused, type Parcel, parcelOf, recallParcel, trackParcel, unpackParcel } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import type { SupplyRequest } from '../../core/supply.ts';
import { ROUTES } from '../../functions/shell/routes.ts';
import { runs } from '../runs.ts';
import { NOW, sampleClient, sampleLine, sampleOrder, seeing } from './samples.ts';

const ACT = { by: 'shop', now: NOW };
const MANAGER = { by: 'manager', now: NOW };

function later(hours: number): Date {
  return new Date(NOW.getTime() + hours * 3_600_000);
}

function clientWith(policies: object, overrides: object = {}): Client {
  return sampleClient({ policies: { packing: 'scan', ...policies }, ...overrides });
}

/** Counters, given as `TENT north 5`. */
function shelves(...places: readonly string[]): Stock[] {
  return places.map((place) => {
    const [sku = '', warehouse = '', available = '0', incoming = '0', quarantined = '0'] = place.split(' ');
    const away = Number(quarantined);
    const change = { type: 'stock.moved', at: NOW.toISOString(), by: 'receiver', reason: 'receipt' } as const;
    const counters = { onHand: Number(available) + away, reserved: 0, quarantined: away, available: Number(available), incoming: Number(incoming), reorderPoint: 2 };
    return { entity: 'stock', sku, warehouse, ...counters, version: 1, change };
  });
}

function saved<S extends Saved>(outcome: S | Unchanged | Refused): S {
  if (outcome.kind !== 'saved') throw new Error(outcome.why);
  return outcome;
}

interface Told extends Partial<Known> {
  readonly client?: Client;
}

/** Takes an order in, and what it was decided by. */
function taken(document: Partial<OrderDocument>, stock: readonly Stock[], client = sampleClient()): { order: Order; known: Told } {
  const { order, decision } = saved(takeIn(sampleOrder(document), undefined, seeing(new StockView(stock), client), ACT));
  return { order, known: { client, stock, decisions: decision === undefined ? [] : [{ ...decision, at: NOW.toISOString(), version: 1 }] } };
}

function explained(order: Order, known: Told, now = later(1)): Explanation {
  return explain({ order, parcels: [], decisions: [], changes: [], stock: [], queues: [], supply: [], client: sampleClient(), now, routes: ROUTES, ...known });
}

function about<Name extends Facts['about']>({ because }: Explanation, name: Name): Extract<Facts, { readonly about: Name }>[] {
  return because.map(({ facts }) => facts).filter((facts): facts is Extract<Facts, { readonly about: Name }> => facts.about === name);
}

function answers({ because }: Explanation, name: Facts['about']): string {
  return because
    .filter(({ facts }) => facts.about === name)
    .map(({ answer }) => answer)
    .join('\n');
}

function steps({ next }: Explanation): string[] {
  return next.map(({ who, does, how }) => `${who}: ${does}${how === undefined ? '' : ` [${how.method} ${how.path}]`}`);
}

const FULL = shelves('TENT north 9', 'MUG north 9');

describe('a held order', () => {
  const { order, known } = taken({ paid: false, shipTo: null }, FULL);
  const told = explained(order, known, later(3));

  test('names every hold: what, who, since when, and who may release it', () => {
    expect(told.state).toBe('held');
    expect(about(told, 'hold').map(({ hold: { kind, release } }) => [kind, release])).toEqual([
      ['address', 'service'],
      ['payment', 'manager'],
    ]);
    expect(answers(told, 'hold')).toContain(
      'A payment hold, set by the hub 3 hours ago (2026-11-20 09:00 UTC): not paid yet. Only a fulfilment manager may release it. A newer version of the order without this fault ends it too.',
    );
  });

  test('says who has to do what, and by which request', () => {
    expect(steps(told)).toEqual([
      'a service representative: give an address that is fit to ship to, which ends the hold [POST /orders/shop:1001/address]',
      'a service representative: release the address hold, once its cause is settled [POST /orders/shop:1001/holds/address/release]',
      'the storefront: say that the order is paid, which ends the hold',
      'a fulfilment manager: release the payment hold, once its cause is settled [POST /orders/shop:1001/holds/payment/release]',
    ]);
    expect(told.next.at(-1)?.how?.body).toEqual(['reason']);
  });

  test('says that a hold which somebody set stays until it is released', () => {
    const held = hold(taken({}, FULL).order, 'fraud', 'card stolen', MANAGER).order;

    const fraud = explained(held, known);

    expect(about(fraud, 'hold')).toMatchObject([{ endsByItself: false, hold: { by: 'manager' } }]);
    expect(answers(fraud, 'hold')).toBe('A fraud hold, set by manager 60 minutes ago (2026-11-20 09:00 UTC): card stolen. Only a fulfilment manager may release it.');
  });

  test('says that nobody releases a hold for an unknown SKU, and that no warehouse was asked', () => {
    const unknown = taken({ lines: [sampleLine('KAYAK', 1), sampleLine(null, 1)] }, FULL);

    const stuck = explained(unknown.order, unknown.known);

    expect(answers(stuck, 'hold')).toContain('Nobody releases it: it ends when its cause is gone.');
    expect(answers(stuck, 'no-allocation')).toBe('No warehouse was asked, because the client file does not have a line without SKU and KAYAK.');
    expect(steps(stuck)).toContain('an operator: bring what is unknown into the client file, and into stock; the hold then ends by itself');
    expect(answers(stuck, 'promise')).toContain('no warehouse could be asked');
  });

  test('that lacks stock says so too: it keeps its place in the queue', () => {
    const short = taken({ paid: false }, []);

    const both = explained(short.order, { ...short.known, queues: [{ sku: 'TENT', place: 2, length: 2, ahead: 1 }] });

    expect(both.state).toBe('held');
    expect(about(both, 'shortage').map(({ sku, queue }) => [sku, queue?.place])).toEqual([
      ['MUG', undefined],
      ['TENT', 2],
    ]);
  });
});

describe('a backordered order', () => {
  const { order, known } = taken({}, shelves('TENT north 1', 'MUG north 5'));
  const request = {
    entity: 'supply',
    requestId: 'R1',
    plant: 'mill',
    sku: 'TENT',
    warehouse: 'south',
    status: 'open',
    quantity: 20,
    received: 2,
    requestedAt: '',
    version: 1,
  } as const;
  const basis: SupplyRequest['basis'] = { onHand: 0, reserved: 0, available: 0, incoming: 0, dailyUse: 0, point: 2, upTo: 20, multiple: 1 };
  const supply: SupplyRequest[] = [{ ...request, basis, needBy: '2026-11-25', change: { type: 'supply.requested', at: '', by: 'hub', reason: '' } }];
  const queues = [
    { sku: 'TENT', place: 3, length: 12, ahead: 7 },
    { sku: 'MUG', place: 1, length: 1, ahead: 0 },
  ];

  test('says what is missing, what there is and where, its place in the queue, and what is coming', () => {
    const told = explained(order, { ...known, stock: shelves('TENT north 1', 'TENT south 0 20 3', 'MUG north 5'), supply, queues });

    expect(answers(told, 'shortage').split('\n')).toEqual([
      '2 x TENT are missing. 1 can be promised now (north 1, south 0), which is too few: the order must leave whole. 3 in south stand in quarantine, to be inspected. ' +
        'It is 3rd of 12 in the queue for TENT; those before it lack 7. On their way: 18 for south from plant mill, expected by 2026-11-25 (request R1) and 2 for south from another warehouse.',
      '1 x MUG is not reserved. 5 can be promised now (north 5, south 0), waiting for the rest: the order must leave whole. It is 1st of 1 in the queue for MUG.',
    ]);
  });

  test('says who can make it move: the plant, who books in, who inspects, and the manager who may put it before others', () => {
    const told = explained(order, { ...known, stock: shelves('TENT north 1', 'TENT south 0 20 3', 'MUG north 5'), supply, queues });

    expect(steps(told)).toEqual([
      'the plant: supply 18 x TENT to south (mill, request R1)',
      'a receiver: inspect the TENT in quarantine in south, and restock what is good [POST /stock/bookings]',
      'a receiver: book in the TENT that arrive; the order then gets them by itself, in its turn [POST /stock/bookings]',
      'a fulfilment manager: raise its priority, which is 5, if it may go before others [POST /orders/shop:1001/priority]',
    ]);
  });

  test('says when what was asked for is overdue, and when nothing is on its way', () => {
    expect(answers(explained(order, { ...known, supply }, later(24 * 6)), 'shortage')).toContain('overdue since 2026-11-25');
    expect(answers(explained(order, known), 'shortage')).toContain('None are on their way.');
  });

  test('says that no one warehouse has all of it, where there would be enough in two', () => {
    const places = shelves('TENT north 1', 'TENT south 1');
    const scattered = taken({ lines: [sampleLine('TENT', 2)] }, places);

    const told = explained(scattered.order, scattered.known);

    expect(about(told, 'shortage')).toMatchObject([{ verdict: 'scattered' }]);
    expect(answers(told, 'shortage')).toContain('2 can be promised now (north 1, south 1), but no warehouse has all of them, and the order must leave whole from one.');
    expect(steps(told)).toEqual(['a receiver: bring 2 x TENT together in one warehouse by a transfer [POST /stock/bookings]']);
    expect(told.because.find(({ facts }) => facts.about === 'allocation')?.question).toBe('Why no warehouse?');
  });

  test('says that it is given what is there in its turn, once it is there', () => {
    const empty = taken({ lines: [sampleLine('TENT', 2)] }, []);

    const told = explained(empty.order, { ...empty.known, stock: shelves('TENT north 5') });

    expect(about(told, 'shortage')).toMatchObject([{ verdict: 'there', othersLack: false }]);
    expect(steps(told)).toEqual(['the hub: give out TENT in turn, at the next look at its queue']);
  });

  test('counts only the stock of warehouses that its rules leave it, and only lots that have not expired', () => {
    const client = sampleClient({ products: [{ sku: 'TENT', name: 'Tent', weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, lots: true }] });
    const stock = shelves('TENT north 4', 'TENT south 7').map((one) => ({ ...one, lot: 'A', expiresOn: '2026-11-19' }));
    const fresh = shelves('TENT south 2').map((one) => ({ ...one, lot: 'B', expiresOn: '2026-11-20' }));
    const empty = taken({ lines: [sampleLine('TENT', 3)] }, [], client);

    const told = explained({ ...empty.order, only: ['south'] }, { ...empty.known, stock: [...stock, ...fresh] });

    expect(about(told, 'shortage')[0]?.sites).toEqual([{ warehouse: 'south', available: 2, quarantined: 0, incoming: 0 }]);
  });

  test('in part says what goes ahead and what follows', () => {
    const client = clientWith({ allocation: { split: 'backorders' } });
    const part = taken({}, shelves('TENT north 1', 'MUG north 5'), client);

    const told = explained(part.order, { ...part.known, stock: shelves('MUG north 4') });

    expect(told.state).toBe('authorised');
    expect(answers(told, 'shortage')).toBe('1 of 2 x TENT is missing. None can be promised now. None are on their way.');
    expect(answers(told, 'quantity')).toContain('2 x TENT: sold as such. Of these: 1 reserved in north, 1 missing.');
    expect(answers(told, 'allocation')).toContain("Of this client's orders leaves what is there, and the rest follows.");
    expect(steps(told)).toContain('a packer: pack it in north [POST /orders/shop:1001/pack]');
  });

  test.each([
    [1, '1st'],
    [2, '2nd'],
    [3, '3rd'],
    [4, '4th'],
    [11, '11th'],
    [12, '12th'],
    [13, '13th'],
    [21, '21st'],
    [102, '102nd'],
    [111, '111th'],
  ])('in place %i is %s', (place, word) => {
    expect(answers(explained(order, { ...known, queues: [{ sku: 'TENT', place, length: 500, ahead: 1 }] }), 'shortage')).toContain(`It is ${word} of 500`);
  });
});

describe('an order that waits for its authorisation', () => {
  const causesOf = (order: Order, client: Client) => about(explained(order, { client }), 'authorisation')[0]?.causes.map(({ cause }) => cause);

  test.each<[string, object, Partial<OrderDocument>, string, string]>([
    ['because a person authorises all', { authorisation: { mode: 'person' } }, {}, 'mode', 'a person authorises every order of this client'],
    ['because of its total', { authorisation: { limit: 10_000 } }, {}, 'limit', 'its total of 123.45 EUR is above the limit of 100.00 EUR'],
    ['because of its currency', { authorisation: { limit: 60_000 } }, { currency: 'USD' }, 'currency', 'its total is in USD and the limit in EUR'],
    ['because its customer is new', { authorisation: { customers: 'known' } }, {}, 'person-asked', 'orders of new customers wait for a person'],
  ])('says so: %s', (_name, policies, document, cause, words) => {
    const client = clientWith(policies);
    const { order, known } = taken(document, FULL, client);

    const told = explained(order, known);

    expect(told.state).toBe('allocated');
    expect(about(told, 'authorisation')[0]?.causes.map((one) => one.cause)).toEqual([cause]);
    expect(answers(told, 'authorisation')).toContain(words);
    expect(steps(told)).toEqual(['a fulfilment manager: authorise it [POST /orders/shop:1001/authorise]']);
  });

  test('names the rules that ask for a person', () => {
    const rules = [{ name: 'wholesale-looks', when: { unitsAbove: 2 }, actions: [{ do: 'authorise', by: 'person' }] }];
    const client = clientWith({ authorisation: {} }, { rules });
    const { order, known } = taken({}, FULL, client);
    const orNew = { ...client, policies: { ...client.policies, authorisation: { ...client.policies.authorisation, customers: 'known' as const } } };

    expect(answers(explained(order, known), 'authorisation')).toContain('a rule asks for a person (wholesale-looks)');
    expect(answers(explained(order, { ...known, client: orNew }), 'authorisation')).toContain('its customer is new, or a rule asks for a person (wholesale-looks)');
  });

  test('says so when a person once released a hold of it, and lists every cause there is', () => {
    const client = clientWith({ authorisation: { mode: 'person', limit: 100 } });
    const held = taken({ paid: false }, FULL, client);
    const released = saved(releaseHold(held.order, 'payment', 'paid by transfer', 'manager', MANAGER)).order;

    expect(causesOf(released, client)).toEqual(['released', 'mode', 'limit']);
    expect(answers(explained(released, held.known), 'authorisation')).toContain('a person had to release a hold of it or mend it (payment)');
  });

  test('says so when its authorisation was withdrawn, and nothing stands against it', () => {
    const { order } = taken({}, FULL);

    const told = explained({ ...order, status: 'allocated', authorisation: null }, {});

    expect(answers(told, 'authorisation')).toBe('The policy did not authorise it: its authorisation was withdrawn at 2026-11-20 09:00 UTC (received).');
  });

  test('lets a rule that lets it pass stand above mode and limit', () => {
    const { order } = taken({}, FULL);

    expect(causesOf({ ...order, status: 'allocated', authoriser: 'policy' }, clientWith({ authorisation: { mode: 'person', limit: 1 } }))).toEqual(['withdrawn']);
  });
});

describe('an order that may be packed', () => {
  test('says who let it, and who packs it where', () => {
    const client = clientWith({ authorisation: { mode: 'person' } });
    const { order, known } = taken({}, FULL, client);
    const allowed = saved(authorise(order, 'known firm', MANAGER)).order;
    const begun = saved(beginPacking(allowed, undefined, { by: 'packer-7', now: later(1) })).order;

    expect(answers(explained(allowed, known), 'authorised')).toBe('Authorised by manager at 2026-11-20 09:00 UTC: known firm.');
    expect(answers(explained(begun, known), 'authorised')).toContain('packer-7 packs it in north since 2026-11-20 10:00 UTC.');
    expect(steps(explained(begun, known))).toEqual(['a packer: end packing it in north [POST /orders/shop:1001/pack]']);
  });

  test('is packed by the hub where parcels are confirmed whole, unless its serial numbers are scanned', () => {
    const { order, known } = taken({ lines: [sampleLine('TENT', 1)] }, FULL);
    const client = sampleClient();
    const serials = { ...client, products: client.products.map((product) => ({ ...product, serials: true })) };

    expect(steps(explained(order, known))).toEqual(['the hub: confirm it as packed whole in north']);
    expect(steps(explained(order, { ...known, client: serials }))).toEqual(['a packer: pack it in north [POST /orders/shop:1001/pack]']);
  });

  test('is late when its clock has run out, and says since when', () => {
    const { order, known } = taken({}, FULL);
    const noted = noteLate(order, 'packed', 'waits', { by: 'hub', now: later(25) })?.order ?? order;

    const told = explained(noted, known, later(30));

    expect(told.status).toBe('authorised, and waiting to be packed; late');
    expect(answers(told, 'clock')).toBe('It waits to be packed since 2026-11-20 09:00 UTC, for 30 hours; 24 hours are allowed: late since 2026-11-21 09:00 UTC.');
    expect(about(told, 'promise')).toMatchObject([{ outcome: 'overdue' }]);
    expect(answers(explained(order, known), 'clock')).toContain('24 hours are allowed, until 2026-11-21 09:00 UTC.');
  });
});

describe('why this warehouse', () => {
  test('is answered by the decision that was stored: its criteria, and what every warehouse had', () => {
    const { order, known } = taken({}, shelves('TENT north 9', 'MUG north 9', 'TENT south 9'));

    const [decision] = about(explained(order, known), 'allocation');

    expect(decision?.sites.map(({ warehouse, distance, leaves, full, has, short }) => [warehouse, distance, leaves, full, has, short.length])).toEqual([
      ['north', 'country', '2026-11-20', false, 'all', 0],
      ['south', 'country', '2026-11-20', false, 'some', 1],
    ]);
    expect(decision).toMatchObject({ chosen: ['north'], prefer: ['fewest-parcels', 'soonest', 'nearest', 'priority'], split: 'never' });
  });

  test('names every warehouse of an order that ships from two, and the rules that narrowed the choice', () => {
    const rules = [{ name: 'both', actions: [{ do: 'route', only: ['north', 'south'], prefer: ['south'] }] }];
    const client = clientWith({ allocation: { split: 'warehouses' } }, { rules });
    const { order, known } = taken({}, shelves('TENT north 9', 'MUG south 9'), client);

    const told = explained(order, known);

    expect(new Set(about(told, 'allocation')[0]?.chosen)).toEqual(new Set(['north', 'south']));
    expect(told.because.find(({ facts }) => facts.about === 'allocation')?.question).toBe('Why these warehouses?');
    expect(answers(told, 'allocation')).toContain('Rules have it ship from north and south alone. Rules put south first.');
    expect(steps(told)).toEqual([expect.stringMatching(/^a packer: pack it in (north and in south|south and in north) /)]);
  });

  test('leaves out decisions that a later one made obsolete, and keeps those that units still rest on', () => {
    const { order, known } = taken({}, shelves('TENT north 9', 'MUG north 9'));
    const [first] = known.decisions ?? [];
    if (first === undefined) throw new Error('no decision');
    const versions = (decisions: Known['decisions'], now: Order) => about(explained(now, { decisions }), 'allocation').map(({ version }) => version);
    const moved = { ...first, chosen: ['south'], version: 3 };
    const nothing = { ...first, chosen: [], version: 2 };
    const both = { ...order, allocations: [...order.allocations, { sku: 'LAMP', warehouse: 'south', quantity: 1 }] };

    expect(versions([first, nothing, { ...first, version: 3 }], order)).toEqual([3]);
    expect(versions([first, nothing, moved], both)).toEqual([1, 3]);
    expect(versions([first, nothing], order)).toEqual([1, 2]);
    expect(versions([{ ...nothing, version: 1 }, nothing], { ...order, allocations: [] })).toEqual([2]);
  });
});

describe('why this quantity', () => {
  const kits = [
    {
      sku: 'CAMP',
      name: 'Camp',
      parts: [
        { sku: 'TENT', quantity: 1 },
        { sku: 'MUG', quantity: 2 },
      ],
    },
  ];

  test('is answered with kits as their recipe was when they were sold, and with what was sold as such', () => {
    const client = sampleClient({ kits });
    const { order, known } = taken({ lines: [sampleLine('CAMP', 2), sampleLine('MUG', 1)] }, FULL, client);
    const today = sampleClient({ kits: [{ ...kits[0], parts: [{ sku: 'LAMP', quantity: 9 }] }] });

    const told = explained(order, { ...known, client: today });

    expect(answers(told, 'quantity').split('\n')).toEqual([
      '5 x MUG: 1 sold as such and 4 in 2 x CAMP (2 in each, by the recipe of the day it was sold). Of these: 5 reserved in north.',
      '2 x TENT: 2 in 2 x CAMP (1 in each, by the recipe of the day it was sold). Of these: 2 reserved in north.',
    ]);
  });

  test('says when and why the storefront changed it', () => {
    const { order, known } = taken({}, FULL);
    const change = (type: 'order.changed' | 'order.packed', at: string) => ({ type, at, by: 'shop', reason: 'changed at the storefront' });
    const changes = [change('order.changed', '2026-11-20T10:00:00.000Z'), change('order.packed', '2026-11-20T11:00:00.000Z'), change('order.changed', '2026-11-20T12:00:00.000Z')];

    expect(answers(explained(order, { ...known, changes }), 'edits')).toBe(
      'The order was changed 2 times since it came in, last at 2026-11-20 12:00 UTC: changed at the storefront.',
    );
    expect(answers(explained(order, { ...known, changes: changes.slice(1, 2) }), 'edits')).toBe('');
  });

  test('says what is packed beyond what the newest version wants', () => {
    const boxed = boxesOf(taken({}, FULL));

    const { order } = saved(takeIn(sampleOrder({ sourceVersion: 1_001, lines: [sampleLine('TENT', 1)] }), boxed.order, seeing(new StockView(FULL)), ACT));

    const told = explained(order, boxed.known);
    expect(answers(told, 'quantity').split('\n')).toEqual([
      '1 x TENT: sold as such. Of these: 2 in parcel 1. 1 more is packed than its newest version wants.',
      'MUG is not wanted any more. Of these: 1 in parcel 1. 1 more is packed than its newest version wants.',
    ]);
    expect(told.status).toBe('packed, and waiting to leave; held');
  });
});

/** A parcel that waits for nothing. */
function waitless({ work: _, ...parcel }: Parcel, status: Parcel['status']): Parcel {
  return { ...parcel, status };
}

const LABEL = {
  carrier: 'USPS',
  service: 'Priority',
  trackingNumber: '9400',
  trackingUrl: '',
  cost: 700,
  currency: 'EUR',
  document: '',
  boughtAt: later(1).toISOString(),
  reference: 'R1',
  carrierRef: 'shp_1',
  proof: 'answer' as const,
};

function boxesOf({ order, known }: { order: Order; known: Told }): { order: Order; parcels: [Parcel, ...Parcel[]]; known: Told } {
  const client = known.client ?? sampleClient();
  const whole = saved(packWhole(order, client, { by: 'packer', now: later(1) }));
  const [first, ...rest] = whole.packed.map((one) => parcelOf(whole.order, one, client, { by: 'packer', now: later(1) }));
  if (first === undefined) throw new Error('nothing packed');
  return { order: whole.order, parcels: [first, ...rest], known };
}

describe('where its parcels are', () => {
  const { order, parcels, known } = boxesOf(taken({}, FULL));
  const [box] = parcels;
  const act = { by: 'hub', now: later(1) };
  const label = labelled(box, LABEL, act);
  const handed = handOver(label, 'easypost', later(2).toISOString(), 'picked up', { ...act, now: later(2) });
  if (handed === undefined || 'kind' in handed) throw new Error('not handed over');
  const scanned = trackParcel(handed, { status: 'in_transit', at: later(3).toISOString(), firstScanAt: later(3).toISOString() }, act);
  if (scanned === undefined) throw new Error('not scanned');
  const recalled = recallParcel(box, 'wrong colour', act);

  test.each<[string, Parcel, string, string[]]>([
    ['packed', box, 'was packed at 2026-11-20 10:00 UTC. It waits for its label since', ['the hub: choose who moves parcel 1']],
    ['labelled', label, 'has had its label since', ['a packer: hand parcel 1 over to the carrier, and record that [POST /handovers]']],
    ['handed over', handed, 'was handed over to the carrier at 2026-11-20 11:00 UTC', ['the carrier: scan parcel 1']],
    ['on its way', scanned, "is on its way since 2026-11-20 12:00 UTC; the carrier's last word: in transit", ['the carrier: deliver parcel 1']],
    ['delivered', waitless(scanned, 'delivered'), 'was delivered at', []],
    ['sent back', waitless(scanned, 'returned'), 'went back to its sender at', []],
    ['lost', waitless(scanned, 'lost'), 'is lost', ['a fulfilment manager: claim parcel 1 from the carrier, and settle with the customer what replaces it']],
    ['refused', labelRefused(box, 'too heavy', act), 'got no label: too heavy', []],
    [
      'called back',
      recalled,
      'it has no label before its units',
      ['a packer: keep parcel 1 from leaving, and lay its units aside', 'the hub: put the units of parcel 1 into quarantine'],
    ],
    ['unpacked', unpackParcel(recalled, 'lost', 'unpacked', act), 'its units went into quarantine at 2026-11-20 10:00 UTC. The cost of its label is lost.', []],
  ])('is told of one that is %s', (_name, parcel, words, next) => {
    const told = explained(order, { ...known, parcels: [parcel] });

    expect(answers(told, 'parcel')).toContain(words);
    expect(steps(told)).toEqual(next);
  });

  test('is told of each of several, in their order, each with a clock of its own', () => {
    const told = explained(order, { ...known, parcels: [{ ...label, parcel: 2 }, box] }, later(9));

    expect(about(told, 'parcel').map(({ parcel, clock }) => [parcel.parcel, clock?.stage, clock?.late])).toEqual([
      [1, 'labelled', true],
      [2, 'handedOver', false],
    ]);
  });
});

describe('an order that is over', () => {
  test('and was cancelled says by what, and that its parcel is being called back', () => {
    const { order, parcels, known } = boxesOf(taken({}, FULL));
    const cancelled = saved(takeIn(sampleOrder({ sourceVersion: 1_001, cancelled: true }), order, seeing(new StockView(FULL)), { ...ACT, now: later(2) })).order;
    const back = recallParcel(labelled(parcels[0], LABEL, ACT), 'cancelled', { by: 'shop', now: later(2) });

    const told = explained(cancelled, { ...known, parcels: [back] }, later(3));

    expect(told).toMatchObject({ state: 'cancelled', status: 'cancelled' });
    expect(answers(told, 'end')).toBe('It was cancelled at 2026-11-20 11:00 UTC: cancelled by the storefront. Called back, and not unpacked yet: parcel 1.');
    expect(steps(told)).toEqual(['a packer: keep parcel 1 from leaving, and lay its units aside', 'the hub: void the label of parcel 1, and put its units into quarantine']);
    expect(about(told, 'promise')).toEqual([]);
  });

  test('still says why it was cancelled when more has happened since', () => {
    const { order, known } = boxesOf(taken({}, FULL));
    const cancelled = saved(takeIn(sampleOrder({ sourceVersion: 1_001, cancelled: true }), order, seeing(new StockView(FULL)), ACT)).order;
    const done = saved(endRecall(cancelled, 1, 'unpacked', 'unpacked; it had no label', ACT)).order;

    expect(answers(explained(done, { ...known, changes: [cancelled.change, done.change] }), 'end')).toBe('It was cancelled at 2026-11-20 09:00 UTC: cancelled by the storefront.');
    expect(answers(explained(done, known), 'end')).toBe('It was cancelled.');
    expect(explained(done, known).next).toEqual([]);
  });

  test('and was cancelled after it had left says that, and who has to settle it', () => {
    const { order, parcels, known } = boxesOf(taken({}, FULL));
    const gone = follow(order, 1, 'dispatched', later(3).toISOString(), ACT)?.order ?? order;
    const cancelled = saved(takeIn(sampleOrder({ sourceVersion: 1_001, cancelled: true }), gone, seeing(new StockView(FULL)), ACT)).order;

    const told = explained(cancelled, { ...known, parcels });

    expect(told.status).toBe('on its way; held');
    expect(answers(told, 'end')).toContain('Some of it had left before; that is followed all the same.');
    expect(answers(told, 'hold')).toContain('intercept it, or expect its return');
  });

  test('and was closed says that there is nothing to ship', () => {
    const { order, known } = taken({ lines: [sampleLine('TENT', 1, { requiresShipping: false })] }, FULL);

    const told = explained(order, known);

    expect(told.status).toBe('closed, with nothing to ship');
    expect(told.because.map(({ facts }) => facts.about)).toEqual(['end']);
  });

  test('and came back says what came back', () => {
    const { order, known } = boxesOf(taken({}, FULL));
    const delivered = follow(follow(order, 1, 'dispatched', later(3).toISOString(), ACT)?.order ?? order, 1, 'delivered', later(9).toISOString(), ACT)?.order ?? order;
    const returned = saved(
      takeBack(
        delivered,
        [
          { sku: 'TENT', quantity: 2 },
          { sku: 'MUG', quantity: 1 },
        ],
        ACT,
      ),
    ).order;

    const told = explained(returned, known);

    expect(told.status).toBe('returned');
    expect(answers(told, 'quantity')).toContain('2 x TENT: sold as such. Of these: 2 in parcel 1, 2 came back.');
  });
});

describe('what was promised', () => {
  const { order, known } = taken({}, FULL);

  test('is the cut-off of the warehouse that was chosen, by its own clocks', () => {
    expect(answers(explained(order, known), 'promise')).toBe('To ship by 2026-11-20 14:00 (Europe/Berlin): the cut-off of north. That is 3 hours from now.');
  });

  test('is the cut-off of the nearest warehouse where nothing is there to be promised, also when others leave later that day', () => {
    const [north, south] = sampleClient().warehouses;
    const abroad = north && { ...north, cutOff: '15:00', address: { ...north.address, country: 'AT' } };
    const client = clientWith({ allocation: { prefer: ['nearest'] } }, { warehouses: [abroad, south && { ...south, cutOff: '13:00' }] });
    const waiting = taken({}, [], client);

    expect(answers(explained(waiting.order, waiting.known), 'promise')).toBe('To ship by 2026-11-20 13:00 (Europe/Berlin): the cut-off of south. That is 2 hours from now.');
  });

  test('is kept when all of it is packed by then, and not when later', () => {
    const box = (hours: number) => ({ ...boxesOf(taken({}, FULL)).order, packedAt: later(hours).toISOString() });

    expect(answers(explained(box(1), known), 'promise')).toContain('Kept: packed at 2026-11-20 10:00 UTC, 3 hours before.');
    expect(answers(explained(box(4), known), 'promise')).toContain('Kept: packed at 2026-11-20 13:00 UTC, 0 minutes before.');
    expect(answers(explained(box(5), known), 'promise')).toContain('Not kept: packed at 2026-11-20 14:00 UTC, 60 minutes after.');
  });

  test('stays open until all of it is packed', () => {
    const client = clientWith({ allocation: { split: 'warehouses' } });
    const split = taken({}, shelves('TENT north 9', 'MUG south 9'), client);
    const half = saved(pack(split.order, 'north', [{ sku: 'TENT', quantity: 2 }], client, MANAGER)).order;

    const told = explained(half, split.known, later(5));

    expect(told.status).toBe('authorised, and waiting to be packed; a part of it is packed already');
    expect(answers(told, 'promise')).toContain('Not kept: that was 60 minutes ago, and it is not packed.');
  });

  test('counts again as open when a parcel is called back', () => {
    const back = saved(recall(boxesOf({ order, known }).order, 1, 'wrong colour', MANAGER)).order;

    expect(about(explained(back, known), 'promise')).toMatchObject([{ outcome: 'open', packedAt: undefined }]);
  });
});

test('an explanation of any order is whole: no sentence is empty, quantities add up, and nothing personal is said', () => {
  const units = fc.integer({ min: 0, max: 4 });
  fc.assert(
    fc.property(
      fc.tuple(units, units, units, units),
      fc.constantFrom('never', 'warehouses', 'backorders'),
      fc.boolean(),
      fc.integer({ min: 0, max: 400 }),
      ([a, b, c, d], split, paid, hours) => {
        const client = clientWith({ allocation: { split } });
        const stock = shelves(`TENT north ${a}`, `TENT south ${b}`, `MUG north ${c}`, `MUG south ${d}`);
        const { order, known } = taken({ paid }, stock, client);
        const rest = new StockView(stock);
        for (const allocation of order.allocations) rest.move(reserving(allocation, ''));
        const left = stock.map((one) => ({ ...one, available: rest.available(one.sku, one.warehouse) }));

        const told = explained(order, { ...known, stock: left }, later(hours));

        for (const { question, answer } of told.because) {
          expect(question).toMatch(/\?$/);
          expect(answer).toMatch(/^[A-Z0-9].*\.$/);
          expect(answer).not.toMatch(/undefined|NaN|\.\.|\s{2}/);
        }
        for (const { wanted, reserved, packed, missing } of about(told, 'quantity'))
          expect([...reserved, ...packed].reduce((sum, { quantity }) => sum + quantity, missing)).toBe(wanted);
        const short = about(told, 'quantity').filter(({ missing }) => missing > 0);
        expect(
          about(told, 'shortage')
            .map(({ sku, missing }) => `${missing} ${sku}`)
            .sort(),
        ).toEqual(short.map(({ sku, missing }) => `${missing} ${sku}`).sort());
        // What is there, and waits for nothing else, was given out when the order came in; unless it is in no one place.
        if (split !== 'never') expect(about(told, 'shortage').filter(({ verdict, othersLack }) => verdict === 'there' && (!othersLack || split === 'backorders'))).toEqual([]);
        expect(JSON.stringify(told)).not.toMatch(/Erika|Muster|Beispielweg|example\.com/);
      },
    ),
    { numRuns: runs(1_000) },
  );
});
