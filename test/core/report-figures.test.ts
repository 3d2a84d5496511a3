import { expect, test } from 'vitest';
import { dayNamed } from '../../core/day.ts';
import type { HubEvent } from '../../core/event.ts';
import { dailyReport } from '../../core/report.ts';
import { sampleClient } from './samples.ts';

type Facts<Entity extends HubEvent['entity']> = Omit<Extract<HubEvent, { entity: Entity }>, 'id' | 'type' | 'at' | 'by' | 'reason' | 'entity'>;

const SUNDAY = '2026-11-22';
const happened = (key: string, version: number, type: HubEvent['type'], time: string, reason = '') => {
  const at = `${time.length > 5 ? time : `${SUNDAY}T${time}`}:00.000Z`;
  return { id: `${key}#${version}#${type}`, type, at, by: 'hub', reason };
};

type OrderFacts = Facts<'order'>['order'];
function order(orderId: string, version: number, types: readonly HubEvent['type'][], time: string, change: Partial<OrderFacts> = {}): HubEvent[] {
  const facts: OrderFacts = {
    orderId,
    connectionId: 'shop',
    country: 'DE',
    currency: 'EUR',
    total: 1_000,
    status: 'authorised',
    demand: [{ sku: 'TENT', quantity: 2 }],
    holds: [],
    receivedAt: `${SUNDAY}T08:00:00.000Z`,
    ...change,
  };
  return types.map((type) => ({ ...happened(orderId, version, type, time, 'as told'), entity: 'order', order: facts }));
}

type ParcelFacts = Facts<'parcel'>['parcel'];
function parcel(orderId: string, version: number, type: HubEvent['type'], time: string, change: Partial<ParcelFacts> = {}): HubEvent {
  const facts: ParcelFacts = {
    orderId,
    parcel: 1,
    connectionId: 'shop',
    country: 'DE',
    warehouse: 'north',
    carrierId: 'easypost',
    carrier: 'UPS',
    service: 'Standard',
    cost: 600,
    currency: 'EUR',
    units: 2,
    tracking: 'unknown',
    expectedBy: '',
    firstScanAt: '',
    deliveredAt: '',
    receivedAt: `${SUNDAY}T08:00:00.000Z`,
    ...change,
  };
  return { ...happened(`${orderId}/${facts.parcel}`, version, type, time, 'as told'), entity: 'parcel', parcel: facts };
}

function stock(sku: string, warehouse: string, version: number, type: HubEvent['type'], time: string, available: number, change: Partial<Facts<'stock'>['stock']> = {}): HubEvent {
  const facts = { sku, warehouse, onHand: available + 3, reserved: 2, quarantined: 1, available, incoming: 4, ...change };
  return { ...happened(`${sku}/${warehouse}/${change.lot ?? ''}`, version, type, time), entity: 'stock', stock: facts };
}

function supply(requestId: string, type: HubEvent['type'], version: number, time: string): HubEvent {
  return { ...happened(requestId, version, type, time), entity: 'supply', supply: { requestId, plant: 'mill', sku: 'TENT', warehouse: 'north', quantity: 18 } };
}

const SATURDAY = '2026-11-21T10:00';

/** A small day, every figure of which can be counted by hand. */
function smallDay(): HubEvent[] {
  const wholesale = {
    connectionId: 'wholesale',
    country: 'AT',
    currency: 'USD',
    total: 500,
    demand: [
      { sku: 'TENT', quantity: 1 },
      { sku: 'GONE', quantity: 4 },
    ],
  };
  return [
    // Shipped whole, in two parcels, and delivered.
    ...order('shop:1', 1, ['order.accepted'], '08:10', { status: 'allocated', receivedAt: `${SUNDAY}T08:10:00.000Z` }),
    ...order('shop:1', 2, ['order.authorised'], '08:20'),
    ...order('shop:1', 3, ['order.packed'], '09:00', { status: 'packed' }),
    ...order('shop:1', 4, ['order.dispatched'], '12:00', { status: 'dispatched' }),
    ...order('shop:1', 5, ['order.delivered'], '18:00', { status: 'delivered' }),
    parcel('shop:1', 1, 'parcel.packed', '09:00'),
    parcel('shop:1', 2, 'parcel.labelled', '09:05'),
    parcel('shop:1', 3, 'parcel.dispatched', '12:00', { firstScanAt: `${SUNDAY}T12:00:00.000Z`, tracking: 'in_transit' }),
    parcel('shop:1', 4, 'parcel.delivered', '18:00', { tracking: 'delivered' }),
    parcel('shop:1', 1, 'parcel.packed', '09:00', { parcel: 2, units: 1 }),
    parcel('shop:1', 2, 'parcel.labelled', '09:06', { parcel: 2, units: 1, cost: 701 }),
    parcel('shop:1', 3, 'parcel.late', '20:00', { parcel: 2, units: 1 }),
    // Waited for stock, got it, and waits for a person.
    ...order('wholesale:1', 1, ['order.accepted', 'order.backordered'], '09:30', { ...wholesale, status: 'backordered', receivedAt: `${SUNDAY}T09:30:00.000Z` }),
    ...order('wholesale:1', 2, ['order.allocated'], '11:00', { ...wholesale, status: 'allocated', receivedAt: `${SUNDAY}T09:30:00.000Z` }),
    // Held, and late; before it one that was held the day before, and one whose hold was released.
    ...order('shop:2', 1, ['order.accepted', 'order.held'], '12:30', { status: 'held', holds: ['payment', 'address'], receivedAt: `${SUNDAY}T12:30:00.000Z` }),
    ...order('shop:2', 2, ['order.late'], '20:30', { status: 'held', holds: ['payment', 'address'], receivedAt: `${SUNDAY}T12:30:00.000Z` }),
    ...order('shop:3', 1, ['order.accepted', 'order.held'], SATURDAY, { status: 'held', holds: ['fraud'], receivedAt: '2026-11-21T10:00:00.000Z' }),
    ...order('shop:4', 1, ['order.accepted', 'order.held'], SATURDAY, { status: 'held', holds: ['fraud'], receivedAt: '2026-11-21T10:00:00.000Z' }),
    ...order('shop:4', 2, ['order.released', 'order.late'], '10:00', { receivedAt: '2026-11-21T10:00:00.000Z' }),
    ...order('shop:4', 3, ['order.cancelled'], '10:30', { status: 'cancelled', receivedAt: '2026-11-21T10:00:00.000Z' }),
    ...order('shop:5', 1, ['order.closed'], '13:00', { status: 'closed', receivedAt: `${SUNDAY}T13:00:00.000Z` }),
    // Parcels that had no luck.
    parcel('shop:6', 1, 'parcel.refused', '14:00', { carrier: '', service: '' }),
    parcel('shop:7', 5, 'parcel.delayed', '15:00', { tracking: 'in_transit' }),
    parcel('shop:8', 6, 'parcel.updated', '16:00', { tracking: 'returned_to_sender' }),
    parcel('shop:9', 2, 'parcel.labelled', '16:30', { carrier: 'DHL', service: 'Express', currency: 'USD', cost: 1_900, units: 5 }),
    parcel('shop:9', 3, 'parcel.dispatched', '17:00', {
      carrier: 'DHL',
      service: 'Express',
      country: 'CH',
      units: 5,
      firstScanAt: `${SUNDAY}T17:00:00.000Z`,
      receivedAt: '2026-11-21T17:00:00.000Z',
    }),
    // Two lots of a SKU are one position.
    stock('TENT', 'north', 3, 'stock.moved', '09:00', 5, { lot: 'A' }),
    stock('TENT', 'north', 4, 'stock.moved', '10:00', 7, { lot: 'B' }),
    stock('TENT', 'south', 2, 'stock.received', SATURDAY, 30),
    stock('MUG', 'north', 8, 'stock.low', SATURDAY, 2),
    stock('MUG', 'north', 9, 'stock.moved', '08:00', 9),
    stock('MUG', 'north', 10, 'stock.low', '11:00', 2),
    stock('GONE', 'south', 1, 'stock.moved', '11:00', 0),
    // Made today; answered today; answered before; open since.
    supply('R1', 'supply.requested', 1, '11:00'),
    supply('R2', 'supply.requested', 1, SATURDAY),
    supply('R2', 'supply.received', 2, '12:00'),
    supply('R3', 'supply.requested', 1, SATURDAY),
    supply('R3', 'supply.received', 2, '2026-11-21T12:00'),
    supply('R4', 'supply.requested', 1, SATURDAY),
  ];
}

test('every figure of a small day is what one counts by hand', () => {
  const report = dailyReport(smallDay(), dayNamed(SUNDAY, 'Europe/Berlin'), sampleClient());

  expect(report).toEqual({
    carriers: [
      { averageCost: 1900, carrier: 'DHL', carrierId: 'easypost', cost: 1900, currency: 'USD', parcels: 1, service: 'Express', units: 5 },
      { averageCost: 651, carrier: 'UPS', carrierId: 'easypost', cost: 1301, currency: 'EUR', parcels: 2, service: 'Standard', units: 3 },
    ],
    client: { currency: 'EUR', id: 'sample', name: 'Sample Client' },
    destinations: [
      { country: 'AT', orders: 1, parcels: 0, units: 5 },
      { country: 'CH', orders: 0, parcels: 1, units: 0 },
      { country: 'DE', orders: 2, parcels: 1, units: 4 },
    ],
    exceptions: {
      delayed: [{ at: '2026-11-22T15:00:00.000Z', carrier: 'UPS', orderId: 'shop:7', parcel: 1, service: 'Standard' }],
      holds: [
        { kind: 'address', open: 1, raised: 1 },
        { kind: 'fraud', open: 1, raised: 0 },
        { kind: 'payment', open: 1, raised: 1 },
      ],
      late: [
        { at: '2026-11-22T10:00:00.000Z', orderId: 'shop:4', parcel: null, reason: 'as told' },
        { at: '2026-11-22T20:00:00.000Z', orderId: 'shop:1', parcel: 2, reason: 'as told' },
        { at: '2026-11-22T20:30:00.000Z', orderId: 'shop:2', parcel: null, reason: 'as told' },
      ],
      open: [
        { connectionId: 'shop', holds: ['fraud'], orderId: 'shop:3', receivedAt: '2026-11-21T10:00:00.000Z', since: '2026-11-21T10:00:00.000Z', units: 2, waitsFor: 'held' },
        {
          connectionId: 'wholesale',
          holds: [],
          orderId: 'wholesale:1',
          receivedAt: '2026-11-22T09:30:00.000Z',
          since: '2026-11-22T11:00:00.000Z',
          units: 5,
          waitsFor: 'allocated',
        },
        {
          connectionId: 'shop',
          holds: ['address', 'payment'],
          orderId: 'shop:2',
          receivedAt: '2026-11-22T12:30:00.000Z',
          since: '2026-11-22T12:30:00.000Z',
          units: 2,
          waitsFor: 'held',
        },
      ],
      refusedLabels: [{ at: '2026-11-22T14:00:00.000Z', carrierId: 'easypost', orderId: 'shop:6', parcel: 1, reason: 'as told' }],
      undelivered: [{ at: '2026-11-22T16:00:00.000Z', carrier: 'UPS', orderId: 'shop:8', outcome: 'returned_to_sender', parcel: 1, service: 'Standard' }],
    },
    facts: { counted: 34, earlier: 10 },
    headline: {
      labelCost: [
        { amount: 1301, currency: 'EUR' },
        { amount: 1900, currency: 'USD' },
      ],
      orderValue: [
        { amount: 2000, currency: 'EUR' },
        { amount: 500, currency: 'USD' },
      ],
      orders: { accepted: 3, backordered: 1, cancelled: 1, closed: 1, delivered: 1, dispatched: 1, filled: 1, held: 1, open: 3, packed: 1, received: 4, released: 1 },
      parcels: { delayed: 1, delivered: 1, dispatched: 2, labelled: 3, packed: 2, refused: 1 },
      units: { dispatched: 7, ordered: 9, packed: 2 },
    },
    hours: Array.from({ length: 24 }, (_, hour) => ({
      from: new Date(Date.parse('2026-11-21T23:00:00.000Z') + hour * 3_600_000).toISOString(),
      hour,
      received: [9, 10, 13, 14].includes(hour) ? 1 : 0,
    })),
    period: { day: '2026-11-22', from: '2026-11-21T23:00:00.000Z', timeZone: 'Europe/Berlin', to: '2026-11-22T23:00:00.000Z' },
    products: [
      { name: null, ordered: 4, orders: 1, packed: 0, sku: 'GONE', stock: { available: 0, incoming: 4, onHand: 3, quarantined: 1, reserved: 2 } },
      { name: 'LAMP', ordered: 0, orders: 0, packed: 0, sku: 'LAMP', stock: null },
      { name: 'MUG', ordered: 0, orders: 0, packed: 0, sku: 'MUG', stock: { available: 2, incoming: 4, onHand: 5, quarantined: 1, reserved: 2 } },
      { name: 'TENT', ordered: 5, orders: 3, packed: 2, sku: 'TENT', stock: { available: 42, incoming: 12, onHand: 51, quarantined: 3, reserved: 6 } },
    ],
    receivedToShipped: { median: 14400, parcels: 2, percentile90: 86400, slowest: { orderId: 'shop:9', parcel: 1, seconds: 86400 } },
    stock: [
      { alerts: 0, available: 0, incoming: 4, low: false, onHand: 3, quarantined: 1, reorderPoint: null, reserved: 2, sku: 'GONE', warehouse: 'south' },
      { alerts: 1, available: 2, incoming: 4, low: true, onHand: 5, quarantined: 1, reorderPoint: 2, reserved: 2, sku: 'MUG', warehouse: 'north' },
      { alerts: 0, available: 12, incoming: 8, low: false, onHand: 18, quarantined: 2, reorderPoint: 2, reserved: 4, sku: 'TENT', warehouse: 'north' },
      { alerts: 0, available: 30, incoming: 4, low: false, onHand: 33, quarantined: 1, reorderPoint: 2, reserved: 2, sku: 'TENT', warehouse: 'south' },
    ],
    storefronts: [
      {
        accepted: 2,
        backordered: 0,
        cancelled: 1,
        connectionId: 'shop',
        dispatched: 2,
        held: 1,
        received: 3,
        receivedToShipped: { median: 14400, parcels: 2, percentile90: 86400, slowest: { orderId: 'shop:9', parcel: 1, seconds: 86400 } },
        units: 4,
        value: [{ amount: 2000, currency: 'EUR' }],
      },
      {
        accepted: 1,
        backordered: 1,
        cancelled: 0,
        connectionId: 'wholesale',
        dispatched: 0,
        held: 0,
        received: 1,
        receivedToShipped: { median: null, parcels: 0, percentile90: null, slowest: null },
        units: 5,
        value: [{ amount: 500, currency: 'USD' }],
      },
    ],
    supply: [
      { plant: 'mill', quantity: 18, receivedAt: null, requestId: 'R1', requestedAt: '2026-11-22T11:00:00.000Z', sku: 'TENT', warehouse: 'north' },
      { plant: 'mill', quantity: 18, receivedAt: '2026-11-22T12:00:00.000Z', requestId: 'R2', requestedAt: '2026-11-21T10:00:00.000Z', sku: 'TENT', warehouse: 'north' },
      { plant: 'mill', quantity: 18, receivedAt: null, requestId: 'R4', requestedAt: '2026-11-21T10:00:00.000Z', sku: 'TENT', warehouse: 'north' },
    ],
    version: 1,
  });
});
