import type { Order } from '../../core/order.ts';
import { readOrders } from './order-store.ts';
import type { Key, Table } from './table.ts';

/** A unit by its serial number. */
export interface SerialUnit {
  readonly sku: string;
  readonly serial: string;
}

/** Which order a unit left in, so that it cannot leave twice. */
interface Shipped extends SerialUnit {
  readonly entity: 'serial';
  readonly orderId: string;
}

/** The write that notes that a unit goes out with an order; `from` is the order it came back from, if any. */
export interface SerialClaim extends SerialUnit {
  readonly from?: string;
}

function serialKey({ sku, serial }: SerialUnit): Key {
  return { PK: `SERIAL#${sku}`, SK: serial };
}

/**
 * Looks up who has units already. A unit whose parcel was unpacked, or came back, may go out again.
 * @returns the claims to write, or the units that are with another order
 */
export async function claimSerials(table: Table, units: readonly SerialUnit[], orderId: string): Promise<{ readonly claims: SerialClaim[]; readonly taken: SerialUnit[] }> {
  const known = await table.getMany<Shipped>(units.map(serialKey), 'serial');
  const owners = await readOrders(table, new Set(known.map((row) => row.orderId)));
  const taken = known.filter((row) => row.orderId !== orderId && !isBack(owners.get(row.orderId)));
  const before = new Map(known.map((row) => [`${row.sku} ${row.serial}`, row.orderId]));
  const claims = units.map((unit): SerialClaim => {
    const from = before.get(`${unit.sku} ${unit.serial}`);
    return from === undefined ? unit : { ...unit, from };
  });
  return { claims, taken: taken.map(({ sku, serial }) => ({ sku, serial })) };
}

function isBack(owner: Order | undefined): boolean {
  return owner === undefined || owner.parcels.every(({ status }) => status === 'unpacked' || status === 'returned') || owner.status === 'returned';
}

/** The puts that go with the packing, one for each unit. */
export function serialWrites(table: Table, claims: readonly SerialClaim[], orderId: string) {
  return claims.map(({ sku, serial, from }) => ({
    Put: {
      TableName: table.name,
      Item: { ...serialKey({ sku, serial }), entity: 'serial', sku, serial, orderId },
      ...(from === undefined ? { ConditionExpression: 'attribute_not_exists(PK)' } : { ConditionExpression: 'orderId = :from', ExpressionAttributeValues: { ':from': from } }),
    },
  }));
}
