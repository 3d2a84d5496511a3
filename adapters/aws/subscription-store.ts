import type { CarrierSubscription } from '../../core/subscription.ts';
import { connectionKey } from './connection-row.ts';
import type { Table } from './table.ts';

/** Reads whether a carrier posts to us. @returns undefined when nobody has looked yet */
export async function readSubscription(table: Table, carrierId: string): Promise<CarrierSubscription | undefined> {
  return await table.get<CarrierSubscription>(connectionKey(carrierId, 'SUBSCRIPTION'), 'subscription');
}

/** Writes what follows what was read. Of two looks at once the first is kept: the other said the same. */
export async function writeSubscription(table: Table, subscription: CarrierSubscription): Promise<boolean> {
  const after = { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': subscription.version - 1 } };
  const condition = subscription.version === 1 ? { ConditionExpression: 'attribute_not_exists(PK)' } : after;
  const Item = { ...subscription, ...connectionKey(subscription.carrierId, 'SUBSCRIPTION') };
  return (await table.transact([{ Put: { TableName: table.name, Item, ...condition } }])).written;
}
