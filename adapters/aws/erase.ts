import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { instant } from '../../core/id.ts';
import type { Order } from '../../core/order.ts';
import { OrderDocument } from '../../core/order-document.ts';
import { isOver, type PrivacyCase, settle } from '../../core/privacy.ts';
import { slipKey } from '../slip-key.ts';
import { forgetOrder } from './customer-store.ts';
import type { Bucket } from './object-store.ts';
import { readOrders } from './order-store.ts';
import { readParcels, readReturns } from './parcel-store.ts';
import { addWaiting, readCases, readWaiting, removeWaiting, writeCase } from './privacy-store.ts';
import { requestKey } from './purchase-store.ts';
import type { Item, Table } from './table.ts';

/** What personal data is erased with. */
export interface Erasing {
  readonly table: Table;
  readonly labels: Bucket;
  now(): Date;
}

/** What a look at a connection's requests to erase came to. */
export interface Erased {
  /** Orders that were erased now. */
  readonly erased: number;
  /** Orders that are still under way. */
  readonly waiting: number;
  /** Requests that are open. */
  readonly open: number;
  /** By when the first of them must be settled. */
  readonly nextDue: string;
}

/**
 * Erases the personal data of those orders that are over; the others keep theirs, as they cannot be shipped without it, and are noted.
 * Orders that the hub does not have count as erased: nothing is kept of them.
 * @returns how many were erased
 */
export async function eraseOver(erasing: Erasing, one: PrivacyCase, orderIds: readonly string[]): Promise<number> {
  const orders = await readOrders(erasing.table, orderIds);
  const under = [...orders.values()].filter((order) => !isOver(order));
  await addWaiting(
    erasing.table,
    one,
    under.map(({ orderId }) => orderId),
  );
  for (const order of orders.values()) if (isOver(order)) await eraseOrder(erasing, order);
  return orderIds.length - under.length;
}

/** Tries again what requests to erase wait for, and settles those that wait for nothing. */
export async function eraseWaiting(connectionId: string, erasing: Erasing, report: (erased: Readonly<Record<keyof Erased, number | string>>) => void): Promise<void> {
  const open = (await readCases(erasing.table, connectionId)).filter(({ status, found, wants }) => status === 'open' && found && wants !== 'show');
  if (open.length === 0) return;
  let [erased, waiting, left] = [0, 0, 0];
  for (const one of open) {
    const orderIds = await readWaiting(erasing.table, one);
    const orders = await readOrders(erasing.table, orderIds);
    let done = 0;
    for (const orderId of orderIds) {
      const order = orders.get(orderId);
      if (order !== undefined && !isOver(order)) continue;
      if (order !== undefined) await eraseOrder(erasing, order);
      await removeWaiting(erasing.table, one, orderId);
      done += 1;
    }
    [erased, waiting, left] = [erased + done, waiting + orderIds.length - done, left + (done < orderIds.length ? 1 : 0)];
    const counted = { ...one, erased: one.erased + done };
    if (done === orderIds.length) await writeCase(erasing.table, settle(counted, 'hub', instant(erasing.now())));
    else if (done > 0) await writeCase(erasing.table, { ...counted, version: one.version + 1 });
  }
  report({ erased, waiting, open: left, nextDue: open.map(({ dueBy }) => dueBy).sort()[0] ?? '' });
}

/**
 * Erases what is known of an order's customer: its documents, the addresses that a carrier printed, whose order it was, and its labels and packing slips. What
 * was shipped, for how much and with which tracking number stays: it names nobody. May be repeated; the documents go last, because they say
 * what else must go.
 */
async function eraseOrder({ table, labels }: Erasing, { orderId }: Order): Promise<void> {
  const documents = await itemsOf(table, orderId, 'DOC#');
  for (const { document } of documents) {
    const parsed = OrderDocument.safeParse(JSON.parse(String(document)));
    if (parsed.success) await forgetOrder(table, parsed.data);
  }
  for (const parcel of [...(await readParcels(table, orderId)), ...(await readReturns(table, orderId))])
    for (const Key of [slipKey(parcel), parcel.label?.document, ...(parcel.label?.forms ?? [])].filter(Boolean))
      await labels.client.send(new DeleteObjectCommand({ Bucket: labels.name, Key }));
  const printed = (await itemsOf(table, orderId, 'P#')).filter(({ entity }) => entity === 'address-proof');
  const requests = (await itemsOf(table, orderId, 'P#')).flatMap(({ entity, reference }) => (entity === 'purchase' ? [requestKey(String(reference))] : []));
  for (const { PK, SK } of [...printed, ...requests, ...documents]) await table.client.send(new DeleteCommand({ TableName: table.name, Key: { PK, SK } }));
}

async function itemsOf(table: Table, orderId: string, prefix: string): Promise<Item[]> {
  const ExpressionAttributeValues = { ':partition': `O#${orderId}`, ':prefix': prefix };
  return await Array.fromAsync(
    table.pages({ TableName: table.name, KeyConditionExpression: 'PK = :partition AND begins_with(SK, :prefix)', ExpressionAttributeValues, ConsistentRead: true }),
  );
}
