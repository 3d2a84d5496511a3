import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Client } from '../../core/client.ts';
import { laneKey } from '../../core/scorecard.ts';
import {
  type Asked,
  cargoOf,
  deliverByOf,
  inClientCurrency,
  mayAsk,
  measuresOf,
  type SelectionContext,
  select,
  serviceName,
  shipDateOf,
  workingDaysAfter,
} from '../../core/selection.ts';
import type { Parcel, Rate } from '../../core/shipment.ts';
import { NOW, sampleClient, sampleOrder } from './samples.ts';

const TO = { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '04109', country: 'DE' };
const CARRIERS = [
  { id: 'post', kind: 'easypost' },
  { id: 'van', kind: 'easypost' },
];

function clientWith(shipping: object = {}, more: object = {}): Client {
  return sampleClient({ carriers: CARRIERS, shipping, ...more });
}

function rate(service: string, cost: number, days: number | null = 3, currency = 'EUR'): Rate {
  const [carrier = '', ...rest] = service.split(' ');
  return { rateId: `rate ${service}`, carrier, service: rest.join(' '), cost, currency, deliveryDays: days };
}

function offered(carrierId: string, ...rates: Rate[]): Asked {
  return { carrierId, outcome: 'offered', reason: '', reference: `R-${carrierId}`, carrierRef: `ref-${carrierId}`, rates, shipDate: '2026-11-20' };
}

function silent(carrierId: string, outcome: 'failed' | 'down' | 'refused' = 'failed'): Asked {
  return { carrierId, outcome, reason: 'http.timeout', reference: `R-${carrierId}`, carrierRef: '', rates: [], shipDate: '2026-11-20' };
}

const PARCEL: Pick<Parcel, 'warehouse' | 'weight' | 'units'> = { warehouse: 'north', weight: 1_200, units: [{ sku: 'TENT', warehouse: 'north', quantity: 1 }] };

function contextOf(client: Client, more: Partial<SelectionContext> = {}, to: typeof TO & { region?: string } = TO): SelectionContext {
  // Only what the choice reads of a parcel.
  const cargo = cargoOf({ ...EMPTY, ...PARCEL }, { total: 12_345, currency: 'EUR' }, to, client);
  return { cargo, deliverBy: '', client, scorecard: {}, ...more };
}

const EMPTY: Parcel = {
  entity: 'parcel',
  orderId: 'shop:1001',
  parcel: 1,
  connectionId: 'shop',
  country: 'DE',
  warehouse: 'north',
  carrierId: 'post',
  units: [],
  weight: 1,
  addressHash: 'h',
  status: 'packed',
  tracking: { status: 'unknown', at: '' },
  receivedAt: NOW.toISOString(),
  packedAt: NOW.toISOString(),
  since: NOW.toISOString(),
  version: 1,
  change: { type: 'parcel.packed', at: NOW.toISOString(), by: 'hub', reason: '' },
};

const best = (asked: readonly Asked[], context: SelectionContext) => {
  const { chosen, reason } = select(asked, context);
  return chosen === null ? reason : `${chosen.carrierId}: ${chosen.rate.carrier} ${chosen.rate.service}`;
};

describe('the service of a parcel', () => {
  test.each<[string, Asked[], Partial<SelectionContext>, string]>([
    ['is the cheapest of all carriers', [offered('post', rate('USPS Priority', 600)), offered('van', rate('UPS Ground', 590))], {}, 'van: UPS Ground'],
    ['of equally cheap ones is the soonest', [offered('post', rate('USPS Slow', 600, 5), rate('USPS Quick', 600, 2))], {}, 'post: USPS Quick'],
    ['of equal ones is always the same', [offered('van', rate('B X', 600)), offered('post', rate('A X', 600))], {}, 'post: A X'],
    ['keeps the promise though it costs more', [offered('post', rate('USPS Slow', 400, 6), rate('USPS Quick', 900, 2))], { deliverBy: '2026-11-25' }, 'post: USPS Quick'],
    ['is the soonest where none keeps the promise', [offered('post', rate('USPS Slow', 400, 6), rate('USPS Quick', 900, 4))], { deliverBy: '2026-11-23' }, 'post: USPS Quick'],
    [
      'of a carrier that names no day is taken when it is cheaper than those that keep the promise',
      [offered('post', rate('USPS Some', 400, null), rate('USPS Quick', 900, 2))],
      { deliverBy: '2026-11-25' },
      'post: USPS Some',
    ],
  ])('%s', (_what, asked, more, expected) => {
    expect(best(asked, contextOf(clientWith(), more))).toBe(expected);
  });

  test('in a foreign currency is compared by the exchange rate of the client file, and not bought without one', () => {
    const asked = [offered('post', rate('USPS Priority', 600, 3, 'USD')), offered('van', rate('UPS Ground', 560))];

    expect(best(asked, contextOf(clientWith({ exchange: { USD: '0.92' } })))).toBe('post: USPS Priority');
    expect(best(asked, contextOf(clientWith()))).toBe('van: UPS Ground');
    expect(select(asked, contextOf(clientWith())).candidates).toContainEqual(expect.objectContaining({ carrier: 'USPS', out: 'currency', price: null, score: null }));
    expect(inClientCurrency(600, 'USD', clientWith({ exchange: { USD: '0.92' } }))).toBe(552);
    expect(inClientCurrency(601, 'USD', clientWith({ exchange: { USD: '0.92' } })), 'rounded up').toBe(553);
    expect(inClientCurrency(1_000, 'JPY', clientWith({ exchange: { JPY: '0.0061' } })), 'yen have no cents').toBe(610);
  });

  test('that is often late on its lane is reckoned dearer, once enough parcels show it', () => {
    const asked = [offered('post', rate('USPS Priority', 600)), offered('van', rate('UPS Ground', 700))];
    const lane = laneKey({ carrierId: 'post', service: 'USPS Priority', warehouse: 'north', country: 'DE' });
    const seen = (parcels: number, late: number) => contextOf(clientWith(), { scorecard: { [lane]: { parcels, late } } });

    expect(best(asked, seen(20, 10))).toBe('van: UPS Ground');
    expect(best(asked, seen(20, 2))).toBe('post: USPS Priority');
    expect(best(asked, seen(19, 19)), 'too few to say').toBe('post: USPS Priority');
    expect(select(asked, seen(20, 10)).candidates).toContainEqual(expect.objectContaining({ carrier: 'USPS', score: 750, onTime: { parcels: 20, late: 10 } }));
  });

  test('of a carrier that does not answer is reckoned by the tariff; of one that is down it is not reckoned at all', () => {
    const client = clientWith({ tariff: [{ carrier: 'post', service: 'USPS Priority', cost: 500, days: 3, to: ['DE'] }] });
    const van = offered('van', rate('UPS Ground', 700));

    expect(select([silent('post'), van], contextOf(client)).chosen).toMatchObject({ carrierId: 'post', source: 'tariff', rate: { carrier: 'USPS', service: 'Priority' } });
    expect(best([silent('post', 'down'), van], contextOf(client))).toBe('van: UPS Ground');
    expect(best([silent('post', 'refused'), van], contextOf(client))).toBe('van: UPS Ground');
    expect(best([silent('post', 'down')], contextOf(client))).toContain('post http.timeout');
  });

  test('is the same whatever the order in which carriers answer', () => {
    const rates = fc.array(fc.record({ service: fc.constantFrom('A X', 'A Y', 'B X'), cost: fc.integer({ min: 1, max: 5 }), days: fc.option(fc.integer({ min: 1, max: 5 })) }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(rates, rates, fc.constantFrom('', '2026-11-24'), (one, two, deliverBy) => {
        const asked = [
          offered('post', ...one.map(({ service, cost, days }) => rate(service, cost, days))),
          offered('van', ...two.map(({ service, cost, days }) => rate(service, cost, days))),
        ];
        const context = contextOf(clientWith(), { deliverBy });
        expect(select(asked.toReversed(), context).chosen).toEqual(select(asked, context).chosen);
      }),
    );
  });

  test('keeps the promise whenever an allowed one does, and is then the cheapest that does', () => {
    const rates = fc.array(fc.record({ cost: fc.integer({ min: 1, max: 50 }), days: fc.integer({ min: 1, max: 9 }) }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 9 }), (given, promised) => {
        const deliverBy = workingDaysAfter('2026-11-20', promised);
        const asked = [offered('post', ...given.map(({ cost, days }, index) => rate(`P S${index}`, cost, days)))];
        const { chosen } = select(asked, contextOf(clientWith(), { deliverBy }));
        const inTime = given.filter(({ days }) => days <= promised);
        const soonest = Math.min(...given.map(({ days }) => days));
        if (inTime.length > 0) expect(chosen?.rate.cost).toBe(Math.min(...inTime.map(({ cost }) => cost)));
        else expect(chosen?.rate.deliveryDays).toBe(soonest);
      }),
    );
  });
});

describe('a rule on services', () => {
  const dims = { length: 1_200, width: 300, height: 200 };
  test.each<[string, object, object, object, string]>([
    ['names services', { services: ['USPS Priority'] }, {}, {}, 'not-allowed'],
    ['names warehouses', { from: ['south'] }, {}, {}, 'from-elsewhere'],
    ['names destinations', { to: ['FR', 'US-CA'] }, {}, {}, 'destination'],
    ['limits the weight', { weightUpTo: 1_000 }, {}, {}, 'weight'],
    ['limits the value', { valueUpTo: 10_000 }, {}, {}, 'value'],
    ['limits the longest side', { longestUpTo: 1_000 }, { dimensions: dims }, {}, 'size'],
    ['limits length and girth together', { girthUpTo: 2_000 }, { dimensions: dims }, {}, 'size'],
    ['takes no dangerous goods', {}, { hazardous: true }, {}, 'hazardous'],
    ['delivers to no PO box', {}, { poBox: true }, {}, 'po-box'],
    ['delivers to no military address', {}, { military: true }, {}, 'military'],
  ])('that %s keeps others out, and says why', (_what, rule, cargo, _more, why) => {
    const client = clientWith({ services: [{ carrier: 'post', ...rule }] });
    const context = contextOf(client);
    const { chosen, candidates } = select([offered('post', rate('UPS Ground', 500))], { ...context, cargo: { ...context.cargo, ...cargo } });

    expect(chosen).toBeNull();
    expect(candidates).toMatchObject([{ out: why }]);
  });

  test('allows what it names, where one of several allows it', () => {
    const client = clientWith({
      services: [
        { carrier: 'post', services: ['UPS Ground'], to: ['FR'] },
        { carrier: 'post', services: ['UPS Ground'], to: ['DE'], weightUpTo: 2_000, hazardous: true, poBox: true },
      ],
    });
    const context = contextOf(client);
    const cargo = { ...context.cargo, hazardous: true, poBox: true };

    expect(best([offered('post', rate('UPS Ground', 500))], { ...context, cargo })).toBe('post: UPS Ground');
    expect(mayAsk('post', cargo, client)).toBe(true);
    expect(mayAsk('van', cargo, client), 'nobody asks a carrier that has nothing for it').toBe(false);
  });

  test('is not needed, but for dangerous goods', () => {
    const context = contextOf(clientWith());

    expect(mayAsk('post', context.cargo, clientWith())).toBe(true);
    expect(mayAsk('post', { ...context.cargo, hazardous: true }, clientWith())).toBe(false);
  });

  test.each([
    [{ line1: 'P.O. Box 12' }, { poBox: true }],
    [{ line1: 'Postfach 1234' }, { poBox: true }],
    [{ line1: 'Packstation 102', line2: '123456' }, { poBox: true }],
    [{ line1: 'Boxberg 4' }, { poBox: false }],
    [{ country: 'US', region: 'AE', city: 'APO' }, { military: true }],
    [{ country: 'US', region: 'CA', city: 'Apollo' }, { military: false }],
  ])('sees of the address %j %j', (address, expected) => {
    expect(contextOf(clientWith(), {}, { ...TO, ...address }).cargo).toMatchObject(expected);
  });

  test('that names a carrier or warehouse nobody has is refused with the file', () => {
    expect(() => clientWith({ services: [{ carrier: 'horse' }] })).toThrow(/no carrier is called .*horse/);
    expect(() => clientWith({ services: [{ carrier: 'post', from: ['moon'] }] })).toThrow(/no warehouse is called .*moon/);
  });
});

describe('days', () => {
  const [north] = clientWith().warehouses;
  if (north === undefined) throw new Error('no warehouse');

  test.each([
    ['2026-11-20', 1, '2026-11-23'],
    ['2026-11-20', 5, '2026-11-27'],
    ['2026-11-22', 1, '2026-11-23'],
  ])('of carriers count from %s, %i of them, to %s', (from, days, to) => {
    expect(workingDaysAfter(from, days)).toBe(to);
  });

  test('on which a carrier gets a parcel follow the time at which it collects', () => {
    const client = clientWith();

    expect(shipDateOf(north, {}, client, NOW)).toBe('2026-11-20');
    expect(shipDateOf(north, { collects: '09:30' }, client, NOW), 'it is 10:00 in Berlin, and a Friday').toBe('2026-11-23');
  });

  test('that were promised count from the day on which the order should have left', () => {
    const client = clientWith({ promises: [{ to: ['DE'], days: 2 }, { days: 9 }] });
    const order = { shipBy: '2026-11-19T13:00:00.000Z', country: 'DE', region: '' };

    expect(deliverByOf(order, north, client, '2026-11-20')).toBe('2026-11-23');
    expect(deliverByOf({ ...order, country: 'FR' }, north, client, '2026-11-20')).toBe('2026-12-02');
    expect(deliverByOf(order, north, clientWith(), '2026-11-20')).toBe('');
  });
});

test('a sample order is worth what was paid for it', () => {
  expect(cargoOf({ ...EMPTY, ...PARCEL }, sampleOrder(), TO, clientWith())).toMatchObject({ value: 12_345, weight: 1_200, country: 'DE', hazardous: false });
});

describe('what is chosen', () => {
  test('has all that its purchase needs', () => {
    const asked = [offered('post', rate('USPS Priority', 600)), offered('van', rate('UPS Ground', 700, null))];

    const { chosen, candidates, reason } = select(asked, contextOf(clientWith(), { deliverBy: '2026-11-25' }));

    expect(chosen).toEqual({
      carrierId: 'post',
      rate: rate('USPS Priority', 600),
      expectedBy: '2026-11-25',
      source: 'quote',
      carrierRef: 'ref-post',
      reference: 'R-post',
      shipDate: '2026-11-20',
    });
    expect(candidates).toMatchObject([
      { carrierId: 'post', price: 600, days: 3, expectedBy: '2026-11-25', meets: true, onTime: null, score: 600, source: 'quote', out: null },
      { carrierId: 'van', price: 700, days: null, expectedBy: null, meets: null, onTime: null, score: 700, source: 'quote', out: null },
    ]);
    expect(reason).toBe('the cheapest of 2 that may be bought that is there by 2026-11-25');
  });

  test.each<[string, Asked[], Partial<SelectionContext>, string]>([
    ['alone', [offered('post', rate('USPS Priority', 600))], {}, 'the only one that may be bought'],
    ['alone, and in time', [offered('post', rate('USPS Priority', 600))], { deliverBy: '2026-11-25' }, 'the only one that may be bought that is there by 2026-11-25'],
    ['of two', [offered('post', rate('A X', 6), rate('A Y', 7))], {}, 'the cheapest of 2 that may be bought'],
    ['of two, beside one that is out', [offered('post', rate('A X', 6), rate('A Y', 7), rate('A Z', 1, 3, 'USD'))], {}, 'the cheapest of 2 that may be bought'],
    ['too late', [offered('post', rate('A X', 6, 4), rate('A Y', 7, 9))], { deliverBy: '2026-11-23' }, 'none is there by 2026-11-23; the soonest of 2 that may be bought'],
    [
      'without a day',
      [offered('post', rate('A X', 6, null), rate('A Y', 7, 2))],
      { deliverBy: '2026-11-25' },
      'the cheapest of 2 that may be bought; its carrier names no day of delivery',
    ],
    [
      'though it was late before',
      [offered('post', rate('A X', 6), rate('A Y', 900))],
      { scorecard: { [laneKey({ carrierId: 'post', service: 'A X', warehouse: 'north', country: 'DE' })]: { parcels: 20, late: 1 } } },
      'the cheapest of 2 that may be bought, reckoned dearer for being late before',
    ],
    [
      'and never was late',
      [offered('post', rate('A X', 6), rate('A Y', 900))],
      { scorecard: { [laneKey({ carrierId: 'post', service: 'A X', warehouse: 'north', country: 'DE' })]: { parcels: 20, late: 0 } } },
      'the cheapest of 2 that may be bought',
    ],
    ['not, as all are out', [offered('post', rate('A X', 6, 3, 'USD'), rate('A Y', 6, 3, 'USD'))], {}, '2 services were offered, and none may be bought (currency)'],
    [
      'not, as nobody offers any',
      [silent('post'), { ...silent('van', 'refused'), reason: '' }, { ...silent('van', 'down'), outcome: 'not-asked' }],
      {},
      'no carrier offers a service: post http.timeout; van refused; van http.timeout',
    ],
  ])('says why: %s', (_what, asked, more, expected) => {
    expect(select(asked, contextOf(clientWith(), more)).reason).toBe(expected);
  });

  test('stands in an order that is always the same: what may be bought, in time, cheap, soon, quoted, and by name', () => {
    const client = clientWith({ tariff: [{ carrier: 'van', service: 'T', cost: 500, days: 3 }] });
    const quotes = offered(
      'post',
      rate('Out X', 1, 1, 'USD'),
      rate('Late X', 1, 9),
      rate('Later X', 1, 12),
      rate('Slow X', 500, 4),
      rate('B X', 500, 3),
      rate('A X', 500, 3),
      rate('A W', 499, 4),
    );

    const { candidates } = select([silent('van'), quotes], contextOf(client, { deliverBy: '2026-11-26' }));

    expect(candidates.map(serviceName)).toEqual(['A W', 'A X', 'B X', 'T', 'Slow X', 'Late X', 'Later X', 'Out X']);
  });

  test('goes by whose word the price is, then by name, in whatever order they come; one whose day is not known comes after those of a known one', () => {
    const client = clientWith({ tariff: [{ carrier: 'post', service: 'A X', cost: 500, days: 3 }] });
    const rates = [rate('D X', 500, null), rate('C X', 500, 3), rate('B X', 500, 3), rate('A X', 500, 3), rate('E X', 500, 2)];
    const orders = [rates, rates.toReversed(), [...rates.slice(2), ...rates.slice(0, 2)]];

    for (const some of orders)
      for (const asked of [
        [silent('post'), offered('van', ...some)],
        [offered('van', ...some), silent('post')],
      ]) {
        const { candidates } = select(asked, contextOf(client));
        expect(candidates.map((one) => `${one.carrierId} ${serviceName(one)}`)).toEqual(['van E X', 'van A X', 'van B X', 'van C X', 'post A X', 'van D X']);
      }
  });

  test('names every reason why none may be bought', () => {
    const client = clientWith({ services: [{ carrier: 'post', to: ['FR'] }] });

    expect(select([offered('post', rate('A X', 1), rate('B X', 1, 1, 'USD'))], contextOf(client)).reason).toMatch(/\((?:currency, destination|destination, currency)\)$/);
  });

  test('of a tariff is what the file says, for what it is meant for', () => {
    const tariff = (entry: object) => clientWith({ tariff: [{ carrier: 'post', service: 'USPS', cost: 500, ...entry }] });
    const of = (entry: object) => select([silent('post')], contextOf(tariff(entry))).chosen;

    expect(of({})).toMatchObject({ rate: { rateId: '', carrier: 'USPS', service: '', cost: 500, currency: 'EUR', deliveryDays: null }, source: 'tariff', expectedBy: null });
    expect(of({ service: 'USPS Priority Mail', days: 2 })).toMatchObject({ rate: { carrier: 'USPS', service: 'Priority Mail', deliveryDays: 2 }, expectedBy: '2026-11-24' });
    expect(of({ weightUpTo: 1_200, to: ['DE'] })).not.toBeNull();
    expect([of({ weightUpTo: 1_199 }), of({ to: ['FR'] }), of({ carrier: 'van' })]).toEqual([null, null, null]);
  });
});

describe('the limits of a rule', () => {
  const cargo = { ...contextOf(clientWith()).cargo, dimensions: { length: 300, width: 1_200, height: 200 } };
  const isAsked = (rule: object, more: object = {}) => mayAsk('post', { ...cargo, ...more }, clientWith({ services: [{ carrier: 'post', ...rule }] }));

  test.each<[object, object, boolean]>([
    [{ weightUpTo: 1_200 }, {}, true],
    [{ weightUpTo: 1_199 }, {}, false],
    [{ valueUpTo: 12_345 }, {}, true],
    [{ valueUpTo: 12_344 }, {}, false],
    [{ valueUpTo: 99_999 }, { value: null }, false],
    [{}, { value: null }, true],
    [{ longestUpTo: 1_200 }, {}, true],
    [{ longestUpTo: 1_199 }, {}, false],
    [{ girthUpTo: 2_200 }, {}, true],
    [{ girthUpTo: 2_199 }, {}, false],
    [{ girthUpTo: 1 }, { dimensions: null }, true],
    [{ from: ['north'] }, {}, true],
    [{ to: ['FR', 'DE'] }, {}, true],
    [{ to: ['US-CA'] }, { country: 'US', region: 'CA' }, true],
    [{ to: ['US-CA'] }, { country: 'US', region: 'NV' }, false],
    [{ to: ['US-CA'] }, { country: 'US', region: '' }, false],
    [{ hazardous: true }, { hazardous: true }, true],
    [{ military: true }, { military: true }, true],
    [{ poBox: true }, { poBox: true }, true],
    [{ poBox: true, military: true }, {}, true],
  ])('%j allow %j: %s', (rule, more, allowed) => {
    expect(isAsked(rule, more)).toBe(allowed);
  });

  test('are those of its own carrier and services', () => {
    const client = clientWith({
      services: [
        { carrier: 'van', services: ['UPS Ground'] },
        { carrier: 'post', services: ['UPS Air'], to: ['FR'] },
      ],
    });
    const outs = select([offered('post', rate('UPS Ground', 5), rate('UPS Air', 5))], contextOf(client)).candidates.map(({ service, out }) => [service, out]);

    expect(outs).toEqual([
      ['Air', 'destination'],
      ['Ground', 'not-allowed'],
    ]);
  });

  test('without any rule leave out dangerous goods alone', () => {
    const { cargo: harmless, ...context } = contextOf(clientWith());
    const outs = [false, true].map((hazardous) => select([offered('post', rate('A X', 5))], { ...context, cargo: { ...harmless, hazardous } }).candidates[0]?.out);

    expect(outs).toEqual([null, 'hazardous']);
  });
});

describe('what a parcel is', () => {
  const product = (sku: string, hazardous: boolean) => ({ sku, name: sku, weight: 500, plant: 'mill', hazardous, reorder: { point: 2, upTo: 20 } });
  const units = (...skus: string[]) => skus.map((sku) => ({ sku, warehouse: 'north', quantity: 1 }));
  const client = clientWith({}, { products: [product('TENT', false), product('GAS', true)] });

  test('is dangerous with one dangerous product in it', () => {
    const hazardous = [units('TENT'), units('TENT', 'GAS'), units('GHOST')].map((one) => cargoOf({ ...EMPTY, units: one }, sampleOrder(), TO, client).hazardous);

    expect(hazardous).toEqual([false, true, false]);
  });

  test.each<[object, boolean]>([
    [{ country: 'US', region: 'AA', city: 'Miami' }, true],
    [{ country: 'US', region: 'AP', city: 'x' }, true],
    [{ country: 'US', city: 'apo' }, true],
    [{ country: 'US', city: 'FPO' }, true],
    [{ country: 'US', city: 'DPO' }, true],
    [{ country: 'US', city: 'Fort APO' }, false],
    [{ country: 'DE', region: 'AE', city: 'APO' }, false],
  ])('is for the forces: %j is %s', (address, military) => {
    expect(contextOf(clientWith(), {}, { ...TO, ...address }).cargo.military).toBe(military);
  });

  test.each([
    [{ line2: 'P.O. Box 12' }, true],
    [{ line2: 'Hinterhaus' }, false],
    [{}, false],
  ])('goes to a box where its second line says so: %j is %s', (address, poBox) => {
    expect(contextOf(clientWith(), {}, { ...TO, ...address }).cargo.poBox).toBe(poBox);
  });

  test('has its region, and its value where that can be told', () => {
    const { cargo } = contextOf(clientWith(), {}, { ...TO, country: 'US', region: 'CA' });

    expect(cargo).toMatchObject({ region: 'CA', poBox: false, dimensions: null });
    expect(contextOf(clientWith()).cargo.region).toBe('');
    expect(cargoOf(EMPTY, { total: 100, currency: 'USD' }, TO, clientWith()).value).toBeNull();
  });

  test('measures what somebody measured, or the first box that bears its weight', () => {
    const [small, large] = [100, 300].map((length) => ({ length, width: 50, height: 50 }));
    const boxes = (last: object) =>
      clientWith({
        boxes: [
          { name: 'small', dimensions: small, weightUpTo: 1_000 },
          { name: 'large', dimensions: large, ...last },
        ],
      });
    const own = { length: 1, width: 1, height: 1 };

    expect(measuresOf({ weight: 1_000, dimensions: own }, boxes({}))).toEqual(own);
    expect([1_000, 1_001, 90_000].map((weight) => measuresOf({ weight }, boxes({})))).toEqual([small, large, large]);
    expect(measuresOf({ weight: 2_001 }, boxes({ weightUpTo: 2_000 }))).toBeNull();
  });
});

test('a promise counts from the day on which the parcel leaves where its order was to leave later, or on no day', () => {
  const client = clientWith({ promises: [{ days: 2 }] });
  const [north] = client.warehouses;
  if (north === undefined) throw new Error('no warehouse');
  const order = { shipBy: '2026-11-25T13:00:00.000Z', country: 'DE', region: '' };

  expect(deliverByOf(order, north, client, '2026-11-20')).toBe('2026-11-24');
  expect(deliverByOf({ ...order, shipBy: '' }, north, client, '2026-11-20')).toBe('2026-11-24');
});
