import { describe, expect, test } from 'vitest';
import type { Client } from '../../core/client.ts';
import { takeIn } from '../../core/intake.ts';
import type { Act, Order } from '../../core/order.ts';
import { type Box, beginPacking, type Packed, pack, packWhole, type Scan, Serial } from '../../core/packing.ts';
import { StockView } from '../../core/stock-view.ts';
import { NOW, sampleClient, sampleLine, sampleOrder, seeing } from './samples.ts';

const ACT: Act = { by: 'packer', now: NOW };
const product = (sku: string, more: object = {}) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, ...more });
const client = (split = 'warehouses') =>
  sampleClient({
    products: [product('TENT'), product('SALVE', { lots: true }), product('RADIO', { serials: true })],
    policies: { authorisation: { mode: 'automatic' }, allocation: { split } },
  });
const CLIENT = client();

type Shelf = { readonly sku: string; readonly warehouse?: string; readonly lot?: string; readonly expiresOn?: string; readonly available: number };

/** An authorised order of so many units, reserved from these shelves. */
function reserved(units: Readonly<Record<string, number>>, shelves: readonly Shelf[], of: Client = CLIENT): Order {
  const document = sampleOrder({ lines: Object.entries(units).map(([sku, quantity]) => sampleLine(sku, quantity)) });
  const stock = new StockView(shelves.map((shelf) => ({ warehouse: 'north', ...shelf })));
  const outcome = takeIn(document, undefined, seeing(stock, of), { by: 'hub', now: NOW });
  if (outcome.kind !== 'saved') throw new Error(`was ${outcome.kind}`);
  return outcome.order;
}

function packedIn(outcome: ReturnType<typeof pack>): Packed {
  if (outcome.kind === 'refused') throw new Error(outcome.why);
  return outcome;
}

const TENTS = reserved({ TENT: 3 }, [{ sku: 'TENT', available: 9 }]);
const SALVES = reserved({ SALVE: 5 }, [
  { sku: 'SALVE', lot: 'A', expiresOn: '2026-12-01', available: 2 },
  { sku: 'SALVE', lot: 'B', expiresOn: '2026-12-05', available: 9 },
]);
const RADIOS = reserved({ RADIO: 2 }, [{ sku: 'RADIO', available: 9 }]);
const TWO_SITES = reserved({ TENT: 5 }, [
  { sku: 'TENT', available: 3 },
  { sku: 'TENT', warehouse: 'south', available: 3 },
]);
const LACKING = reserved({ TENT: 3 }, [{ sku: 'TENT', available: 1 }], client('backorders'));

const three: Scan[] = [{ sku: 'TENT', quantity: 3 }];

describe('an order is not packed', () => {
  test.each<[string, Order, string, string]>([
    ['while it is held', { ...TENTS, holds: [{ kind: 'operator', reason: 'call first', at: NOW.toISOString(), by: 'mara', release: 'service' }] }, 'order.held', 'is held'],
    ['before it is authorised', { ...TENTS, authorisation: null }, 'order.not-authorised', 'authorise it first'],
    ['when its address changed since', { ...TENTS, addressHash: 'another' }, 'order.readdressed', 'changed after it was authorised'],
    ['when nothing is reserved for it', { ...TENTS, allocations: [] }, 'order.not-ready', 'nothing is reserved'],
    ['when it was packed already', packedIn(pack(TENTS, undefined, three, CLIENT, ACT)).order, 'order.packed-already', 'is packed already'],
  ])('%s', (_when, order, code, why) => {
    const refusal = { kind: 'refused', code, why: expect.stringContaining(why) };

    expect(beginPacking(order, undefined, ACT)).toMatchObject(refusal);
    expect(pack(order, undefined, three, CLIENT, ACT)).toMatchObject(refusal);
    expect(packWhole(order, CLIENT, ACT)).toMatchObject(refusal);
  });

  test('while it lacks something, where its goods must leave together, and what it lacks is named', () => {
    const refusal = { kind: 'refused', code: 'order.not-whole', why: 'Order shop:1001 must leave whole, and waits for 2 x TENT.' };

    expect(pack(LACKING, undefined, [{ sku: 'TENT', quantity: 1 }], CLIENT, ACT)).toMatchObject(refusal);
    expect(packWhole(LACKING, CLIENT, ACT)).toMatchObject(refusal);
  });

  test('but is, where what it lacks may follow', () => {
    expect(packedIn(packWhole(LACKING, client('backorders'), ACT)).packed).toMatchObject([{ units: [{ sku: 'TENT', quantity: 1 }] }]);
  });

  test.each([
    [undefined, 'Order shop:1001 is packed in several warehouses; name one: north, south.'],
    ['west', 'Order shop:1001 has nothing reserved in west: north, south.'],
  ])('from several warehouses when %s is named', (named, why) => {
    const refusal = { kind: 'refused', code: 'order.warehouse-differs', why };

    expect(pack(TWO_SITES, named, [{ sku: 'TENT', quantity: 3 }], CLIENT, ACT)).toEqual(refusal);
    expect(beginPacking(TWO_SITES, named, ACT)).toEqual(refusal);
  });
});

describe('whoever begins to pack', () => {
  const begun = beginPacking(TENTS, undefined, ACT);
  const inHand = begun.kind === 'saved' ? begun.order : TENTS;

  test('is named on the order, with place and time', () => {
    expect(inHand).toMatchObject({ packing: { by: 'packer', at: NOW.toISOString(), warehouse: 'north' }, change: { type: 'order.packing' } });
  });

  test('may begin again, and nobody else may', () => {
    expect(beginPacking(inHand, undefined, ACT)).toMatchObject({ kind: 'saved' });
    expect(beginPacking(inHand, undefined, { ...ACT, by: 'other' })).toMatchObject({
      kind: 'refused',
      code: 'order.packing-already',
      why: expect.stringContaining('by packer since'),
    });
  });

  test('keeps nobody from packing what is in another warehouse', () => {
    const north = beginPacking(TWO_SITES, 'north', ACT);
    if (north.kind !== 'saved') throw new Error(north.why);

    expect(beginPacking(north.order, 'south', { ...ACT, by: 'other' })).toMatchObject({ kind: 'saved', order: { packing: { by: 'other', warehouse: 'south' } } });
  });
});

describe('what was scanned', () => {
  test.each<[string, Order, Scan[], string]>([
    ['too little', TENTS, [{ sku: 'TENT', quantity: 2 }], 'TENT planned 3, scanned 2'],
    ['too much', TENTS, [{ sku: 'TENT', quantity: 4 }], 'TENT planned 3, scanned 4'],
    ['something else', TENTS, [...three, { sku: 'MUG', quantity: 1 }], 'MUG planned 0, scanned 1'],
    [
      'too much of a lot',
      SALVES,
      [
        { sku: 'SALVE', lot: 'A', quantity: 3 },
        { sku: 'SALVE', quantity: 2 },
      ],
      'SALVE of lot A planned 2, scanned 3',
    ],
    ['a lot that was not planned', SALVES, [{ sku: 'SALVE', lot: 'C', quantity: 5 }], 'SALVE of lot C planned 0, scanned 5'],
    ['no serial numbers', RADIOS, [{ sku: 'RADIO', quantity: 2 }], 'RADIO needs 2 serial numbers, 0 scanned'],
    ['a serial number too few', RADIOS, [{ sku: 'RADIO', quantity: 2, serials: ['S1'] }], 'RADIO needs 2 serial numbers, 1 scanned'],
    [
      'one of them twice',
      RADIOS,
      [
        { sku: 'RADIO', quantity: 1, serials: ['S1'] },
        { sku: 'RADIO', quantity: 1, serials: ['S1'] },
      ],
      'RADIO has a serial number scanned twice',
    ],
  ])('is refused when it is %s', (_what, order, scans, why) => {
    expect(pack(order, undefined, scans, CLIENT, ACT)).toEqual({
      kind: 'refused',
      code: 'shipment.contents-differ',
      why: `The parcel does not hold what the order needs: ${why}.`,
    });
  });

  test('may name lots or not, and the reservation is spent as it was made', () => {
    const { packed, movements } = packedIn(
      pack(
        SALVES,
        undefined,
        [
          { sku: 'SALVE', lot: 'A', quantity: 1 },
          { sku: 'SALVE', quantity: 4 },
        ],
        CLIENT,
        ACT,
      ),
    );

    expect(packed).toMatchObject([
      {
        parcel: 1,
        warehouse: 'north',
        status: 'packed',
        units: [
          { lot: 'A', quantity: 2 },
          { lot: 'B', quantity: 3 },
        ],
      },
    ]);
    expect(movements.map(({ lot, onHand, reserved }) => [lot, onHand, reserved])).toEqual([
      ['A', -2, -2],
      ['B', -3, -3],
    ]);
  });

  test('leaves its serial numbers with the parcel, and nothing where there are none', () => {
    const scans: Scan[] = [{ sku: 'RADIO', quantity: 2, serials: ['S1', 'S2'] }];

    expect(packedIn(pack(RADIOS, undefined, scans, CLIENT, ACT)).packed[0]?.serials).toEqual([
      { sku: 'RADIO', serial: 'S1' },
      { sku: 'RADIO', serial: 'S2' },
    ]);
    expect(packedIn(pack(TENTS, undefined, three, CLIENT, ACT)).packed[0]).not.toHaveProperty('serials');
    expect(packWhole(RADIOS, CLIENT, ACT)).toMatchObject({ code: 'shipment.serials-missing', why: expect.stringContaining('holds RADIO') });
  });

  test('of a lot whose last day is over in its warehouse is not packed', () => {
    const late = { ...ACT, now: new Date('2026-12-01T23:30:00.000Z') };

    expect(pack(SALVES, undefined, [{ sku: 'SALVE', quantity: 5 }], CLIENT, late)).toMatchObject({
      kind: 'refused',
      code: 'order.lot-expired',
      why: expect.stringContaining('Lot A of SALVE in north expired on 2026-12-01'),
    });
    const inNewYork = { ...CLIENT, warehouses: CLIENT.warehouses.map((one) => (one.id === 'north' ? { ...one, timeZone: 'America/New_York' } : one)) };
    expect(pack(SALVES, undefined, [{ sku: 'SALVE', quantity: 5 }], inNewYork, late)).toMatchObject({ kind: 'saved' });
    const withoutNorth = { ...inNewYork, warehouses: inNewYork.warehouses.filter(({ id }) => id !== 'north') };
    expect(pack(SALVES, undefined, [{ sku: 'SALVE', quantity: 5 }], withoutNorth, late), 'the hub’s own calendar').toMatchObject({ code: 'order.lot-expired' });
  });
});

describe('boxes', () => {
  const box = (of: Partial<Scan>[]): Scan[] => of.map((scan) => ({ sku: 'SALVE', quantity: 1, ...scan }));

  test('are parcels in the order of their numbers, each with the lots that were scanned into it', () => {
    const scans = box([
      { box: 2, quantity: 2 },
      { box: 1, lot: 'B', quantity: 2 },
      { box: 2, lot: 'A' },
    ]);
    const { packed, movements } = packedIn(pack(SALVES, undefined, scans, CLIENT, ACT));

    expect(packed.map(({ parcel, units }) => [parcel, units.map(({ lot, quantity }) => [lot, quantity])])).toEqual([
      [1, [['B', 2]]],
      [
        2,
        [
          ['A', 2],
          ['B', 1],
        ],
      ],
    ]);
    expect(movements).toHaveLength(2);
  });

  test('hold the units of one place as one, however often they were scanned', () => {
    const scans = box([
      { box: 1, lot: 'B' },
      { box: 1, lot: 'B' },
      { box: 2, lot: 'A', quantity: 2 },
      { box: 2, lot: 'B' },
    ]);

    expect(packedIn(pack(SALVES, undefined, scans, CLIENT, ACT)).packed.map(({ units }) => units.map(({ lot, quantity }) => [lot, quantity]))).toEqual([
      [['B', 2]],
      [
        ['A', 2],
        ['B', 1],
      ],
    ]);
  });

  test('have their own measures and serial numbers', () => {
    const measured: Box[] = [{ weight: 900 }, { weight: 1_100, dimensions: { length: 300, width: 200, height: 100 } }];
    const scans: Scan[] = [1, 2].map((number) => ({ sku: 'RADIO', quantity: 1, box: number, serials: [`S${number}`] }));
    const { packed } = packedIn(pack(RADIOS, undefined, scans, CLIENT, ACT, measured));

    expect(packed.map(({ box: own, serials }) => [own, serials?.map(({ serial }) => serial)])).toEqual([
      [measured[0], ['S1']],
      [measured[1], ['S2']],
    ]);
    expect(packedIn(pack(TENTS, undefined, three, CLIENT, ACT)).packed[0]).not.toHaveProperty('box');
  });

  test('that were measured must have been scanned into', () => {
    expect(pack(TENTS, undefined, three, CLIENT, ACT, [{ weight: 1 }, { weight: 2 }])).toMatchObject({
      code: 'shipment.boxes-differ',
      why: expect.stringContaining('2 boxes were measured, and units were scanned into 1'),
    });
  });
});

test('what one warehouse has packed leaves the other its share, and the order waits until all is packed', () => {
  const first = packedIn(pack(TWO_SITES, 'north', [{ sku: 'TENT', quantity: 3 }], CLIENT, ACT));

  expect(first.order).toMatchObject({ allocations: [{ warehouse: 'south', quantity: 2 }], parcels: [{ parcel: 1, warehouse: 'north' }] });
  expect(first.order).not.toHaveProperty('packedAt');
  expect(first.movements.map(({ warehouse, reserved }) => [warehouse, reserved])).toEqual([['north', -3]]);

  const second = packedIn(pack(first.order, undefined, [{ sku: 'TENT', quantity: 2 }], CLIENT, ACT));
  expect(second.order).toMatchObject({ allocations: [], packedAt: NOW.toISOString(), parcels: [{ parcel: 1 }, { parcel: 2, warehouse: 'south' }] });
});

test.each([
  [' SN-1 ', 'SN-1'],
  ['x'.repeat(60), 'x'.repeat(60)],
  ['x'.repeat(61), undefined],
  ['two words', undefined],
  ['', undefined],
])('%j as a serial number is read as %j', (text, serial) => {
  expect(Serial.safeParse(text).data).toBe(serial);
});
