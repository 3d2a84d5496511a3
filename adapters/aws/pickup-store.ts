import { Rejected } from '../../core/error.ts';
import type { Pickup } from '../../core/pickup.ts';
import { following } from './manifest-store.ts';
import type { Table } from './table.ts';

function partition(carrierId: string): string {
  return `PU#${carrierId}`;
}

/** Reads one pickup. @throws Rejected `pickup.not-found` */
export async function readPickup(table: Table, carrierId: string, pickupId: string): Promise<Pickup> {
  const pickup = await table.get<Pickup>({ PK: partition(carrierId), SK: pickupId }, 'pickup');
  if (pickup === undefined)
    throw new Rejected('pickup.not-found', `No pickup of ${carrierId} is called ${JSON.stringify(pickupId.slice(0, 80))}; ids look like north-2026-11-23-1.`);
  return pickup;
}

/** Reads the pickups of a carrier whose ids begin in a way, such as `north-2026-11-23-`; all of them where nothing is given. */
export async function readPickups(table: Table, carrierId: string, prefix = ''): Promise<Pickup[]> {
  // A prefix may not be empty.
  const options = prefix === '' ? { KeyConditionExpression: 'PK = :partition', ExpressionAttributeValues: { ':partition': partition(carrierId) } } : {};
  return await Array.fromAsync(table.query<Pickup>(partition(carrierId), prefix, 'pickup', { ConsistentRead: true, ...options }));
}

/** Writes the next version of a pickup. @returns false when somebody else wrote it since it was read */
export async function writePickup(table: Table, pickup: Pickup): Promise<boolean> {
  const Item = { ...pickup, PK: partition(pickup.carrierId), SK: pickup.pickupId };
  return (await table.transact([{ Put: { TableName: table.name, Item, ...following(pickup) } }])).written;
}
