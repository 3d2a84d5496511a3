import type { Snapshot } from './snapshot.ts';

/** An order of the day that is worth a look, and what there is to see. */
export interface Example {
  readonly orderId: string;
  readonly shows: string;
}

/** An order that waits for stock, one that a rule holds, and one that left in several parcels, as far as the day has them. */
export function examplesOf({ table }: Pick<Snapshot, 'table'>): Example[] {
  const orders = table.orders.toSorted((a, b) => (a.orderId < b.orderId ? -1 : 1));
  const waiting = orders.find(({ status }) => status === 'backordered');
  const held = orders.find(({ holds }) => holds.some(({ kind }) => kind === 'duplicate')) ?? orders.find(({ status }) => status === 'held');
  const split = orders.find(({ parcels }) => parcels.length > 1);
  return [
    ...(waiting === undefined ? [] : [{ orderId: waiting.orderId, shows: 'waits for stock' }]),
    ...(held === undefined ? [] : [{ orderId: held.orderId, shows: `is held (${held.holds.map(({ kind }) => kind).join(', ')})` }]),
    ...(split === undefined ? [] : [{ orderId: split.orderId, shows: `left in ${split.parcels.length} parcels` }]),
  ];
}
