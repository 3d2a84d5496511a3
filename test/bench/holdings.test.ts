import { expect, it } from 'vitest';
import { HoldingsCount } from '../../bench/endurance/holdings.ts';

const PLACE = { sku: 'SOCK', warehouse: 'hamburg' };
const ORDER = 'wholesale:B-000001';

function movement(reason: string, reserved: number, cause = ORDER) {
  return { reason, cause, reserved, onHand: 0 };
}

function holdingsOf(items: readonly Record<string, unknown>[]) {
  const counting = new HoldingsCount();
  for (const item of items) counting.add(item);
  return counting.holdings();
}

it('gathers what belongs to an order, in whatever order it is read, and passes over the rest', () => {
  const { orders, unbalanced } = holdingsOf([
    { entity: 'timeline', PK: `O#${ORDER}`, change: { type: 'order.accepted' } },
    { entity: 'timeline', PK: `O#${ORDER}`, change: { type: 'order.authorised' } },
    { entity: 'ledger', ...PLACE, onHand: 0, reserved: 1, movements: [movement('reserved', 1)] },
    { entity: 'parcel', orderId: ORDER, status: 'labelled', carrierId: 'ups', label: { trackingNumber: '1Z1' } },
    { entity: 'parcel', orderId: ORDER, status: 'packed', carrierId: 'ups' },
    { entity: 'customer', PK: 'K#1' },
    { entity: 'stock', ...PLACE, onHand: 0, reserved: 1 },
    { entity: 'order', orderId: ORDER, status: 'packed' },
  ]);

  expect([...orders]).toEqual([[ORDER, { status: 'packed', reserved: 1, accepted: 1, labels: ['ups 1Z1', ''] }]]);
  expect(unbalanced).toEqual([]);
});

it('counts what was reserved less what was released, order by order, and not what was packed', () => {
  const other = 'wholesale:B-000002';
  const movements = [movement('reserved', 1), movement('reserved', 1, other), movement('released', -1), movement('reserved', 1), movement('packed', -1)];
  const { orders } = holdingsOf([{ entity: 'ledger', ...PLACE, onHand: -1, reserved: 1, movements }]);

  expect([...orders].map(([orderId, { reserved }]) => [orderId, reserved])).toEqual([
    [ORDER, 1],
    [other, 1],
  ]);
});

it('finds a counter that is not the sum of its ledger, and one that is missing', () => {
  const { unbalanced } = holdingsOf([
    { entity: 'stock', ...PLACE, onHand: 10, reserved: 1 },
    { entity: 'ledger', ...PLACE, onHand: 10, reserved: 2, movements: [] },
    { entity: 'ledger', sku: 'SOCK', warehouse: 'leipzig', onHand: 5, reserved: 0, movements: [] },
  ]);

  expect(unbalanced).toEqual([
    'SOCK in hamburg: the counter says 10 on hand, 1 reserved, and its ledger 10 on hand, 2 reserved',
    'SOCK in leipzig: the counter says nothing, and its ledger 5 on hand, 0 reserved',
  ]);
});
