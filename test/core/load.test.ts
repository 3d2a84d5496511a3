import { expect, test } from 'vitest';
import { LoadView } from '../../core/load.ts';

const FRIDAY = { warehouse: 'north', day: '2026-11-20' };

test('a warehouse has promised nothing of which nothing was read', () => {
  expect(new LoadView().orders('north', '2026-11-20')).toBe(0);
});

test('orders are counted for each warehouse and day, added to and taken off', () => {
  const load = new LoadView([
    { ...FRIDAY, orders: 3 },
    { warehouse: 'south', day: '2026-11-20', orders: 5 },
    { warehouse: 'north', day: '2026-11-23', orders: 7 },
  ]);

  load.add(FRIDAY, 2);
  load.add({ warehouse: 'south', day: '2026-11-20' }, -1);

  expect([load.orders('north', '2026-11-20'), load.orders('south', '2026-11-20'), load.orders('north', '2026-11-23')]).toEqual([5, 4, 7]);
});
