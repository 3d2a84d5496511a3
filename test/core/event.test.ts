import { describe, expect, test } from 'vitest';
import { eventsOf, HubEvent } from '../../core/event.ts';
import { takeIn } from '../../core/intake.ts';
import type { Stock } from '../../core/inventory.ts';
import type { Order } from '../../core/order.ts';
import { labelled, parcelOf } from '../../core/shipment.ts';
import { StockView } from '../../core/stock-view.ts';
import { NOW, sampleClient, sampleOrder, seeing } from './samples.ts';

const CLIENT = sampleClient();
const ACT = { by: 'shop', now: NOW };

function takenOrder(): Order {
  const stock = new StockView(CLIENT.products.map(({ sku }) => ({ sku, warehouse: 'north', available: 9 })));
  const outcome = takeIn(sampleOrder(), undefined, seeing(stock), ACT);
  if (outcome.kind !== 'saved') throw new Error('the sample order was not taken in');
  return outcome.order;
}

function stock(available: number, version: number, type: 'stock.moved' | 'stock.received' = 'stock.moved'): Stock {
  const change = { type, at: NOW.toISOString(), by: 'hub', reason: '' };
  return { entity: 'stock', sku: 'TENT', warehouse: 'north', onHand: available, reserved: 0, quarantined: 0, available, incoming: 0, reorderPoint: 5, version, change };
}

const types = (events: readonly HubEvent[]) => events.map(({ type }) => type);

describe('eventsOf', () => {
  test('a new order is accepted and enters its status', () => {
    expect(types(eventsOf(undefined, takenOrder()))).toEqual(['order.accepted', 'order.authorised']);
  });

  test('a change within a status is one event', () => {
    const order = takenOrder();

    expect(types(eventsOf(order, { ...order, version: 2, change: { ...order.change, type: 'order.changed' } }))).toEqual(['order.changed']);
  });

  test('the same version again is no event', () => {
    const order = takenOrder();

    expect(eventsOf(order, order)).toEqual([]);
  });

  test('ids are the item, its version and the type, so that a repeat is recognised', () => {
    expect(eventsOf(undefined, takenOrder()).map(({ id }) => id)).toEqual(['shop:1001#1#order.accepted', 'shop:1001#1#order.authorised']);
  });

  test.each<[string, Stock | undefined, Stock, string[]]>([
    ['falls to the reorder point', stock(6, 1), stock(5, 2), ['stock.moved', 'stock.low']],
    ['stays low', stock(5, 1), stock(4, 2), ['stock.moved']],
    ['stays above', stock(8, 1), stock(7, 2), ['stock.moved']],
    ['grows', stock(5, 1), stock(9, 2, 'stock.received'), ['stock.received', 'stock.gained']],
    ['grows and is still low', stock(1, 1), stock(3, 2, 'stock.received'), ['stock.received', 'stock.gained', 'stock.low']],
    ['begins', undefined, stock(9, 1, 'stock.received'), ['stock.received', 'stock.gained']],
  ])('stock that %s', (_what, before, after, expected) => {
    expect(types(eventsOf(before, after))).toEqual(expected);
  });

  test('an event is what its schema says, and holds no personal data', () => {
    const order = takenOrder();
    const label = { carrier: 'USPS', service: 'Priority', trackingNumber: '9400', trackingUrl: '', cost: 593, currency: 'EUR', document: 'a.pdf', boughtAt: NOW.toISOString() };
    const parcel = labelled(parcelOf(order, { parcel: 1, warehouse: 'north', units: order.allocations, status: 'packed' }, CLIENT, ACT), label, ACT);
    const events = [...eventsOf(undefined, order), ...eventsOf(undefined, parcel), ...eventsOf(undefined, stock(1, 1))];

    for (const event of events) expect(HubEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
    expect(JSON.stringify(events)).not.toMatch(/Erika|Muster|Beispielweg|example\.com|9400/);
  });
});
