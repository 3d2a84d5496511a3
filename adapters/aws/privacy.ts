import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { PrivacyRequest } from '../../core/connection.ts';
import { Unavailable } from '../../core/error.ts';
import { type Instant, instant, orderIdOf } from '../../core/id.ts';
import { OrderDocument } from '../../core/order-document.ts';
import { isOf, type PrivacyCase, settle } from '../../core/privacy.ts';
import { type Erasing, eraseOver } from './erase.ts';
import { openCase, readWaiting, writeCase } from './privacy-store.ts';
import type { Item, Table } from './table.ts';

/** A request as the queue brings it. */
export interface PrivacyMessage {
  readonly connectionId: string;
  readonly request: PrivacyRequest;
  readonly receivedAt: Instant;
}

/** How a request is honoured. */
export interface Honouring extends Erasing {
  /** How long it may take before it goes on in another invocation, in milliseconds. */
  readonly patience: number;
  /** Items of the table that are looked at before it is kept how far it came. @default - a megabyte of them */
  readonly page?: number;
}

/**
 * Honours a request as far as that can be done now: finds the orders that it is about, page by page, and erases those that are over. Where it
 * stands is kept after each page, so that it goes on from there whatever happens.
 * @returns the case as it then is
 * @throws Unavailable `privacy.unfinished` when there is more than fits its patience
 */
export async function honour({ connectionId, request, receivedAt }: PrivacyMessage, honouring: Honouring): Promise<PrivacyCase> {
  const { table, now, patience } = honouring;
  const end = now().getTime() + patience;
  let one = await openCase(table, connectionId, request, receivedAt);
  while (one.status === 'open' && !one.found) {
    if (now().getTime() >= end) throw new Unavailable('privacy.unfinished', `Request ${one.requestId} of ${connectionId} goes on from where it stopped.`, { retryAfterSeconds: 1 });
    const { orderIds, position } = await nextOrders(honouring, one, request);
    const erased = one.wants === 'show' ? 0 : await eraseOver(honouring, one, orderIds);
    one = await keep(table, progressOf(one, orderIds, erased, position));
  }
  if (one.status === 'done' || one.wants === 'show' || (await readWaiting(table, one)).length > 0) return one;
  return await keep(table, settle(one, 'hub', instant(now())));
}

function progressOf({ position: _, ...one }: PrivacyCase, orderIds: readonly string[], erased: number, position: Record<string, string> | undefined): PrivacyCase {
  const shown = one.wants === 'show' ? [...new Set([...one.orderIds, ...orderIds])] : [];
  return { ...one, orderIds: shown, erased: one.erased + erased, found: position === undefined, ...(position && { position }), version: one.version + 1 };
}

async function keep(table: Table, one: PrivacyCase): Promise<PrivacyCase> {
  if (await writeCase(table, one)) return one;
  throw new Unavailable('privacy.contended', `Request ${one.requestId} of ${one.connectionId} is being honoured by another invocation.`, { retryAfterSeconds: 30 });
}

interface Found {
  readonly orderIds: readonly string[];
  readonly position: Record<string, string> | undefined;
}

/** The next orders that a request is about: those it names, else those of its customer, else all of the connection. */
async function nextOrders(honouring: Honouring, { connectionId, wants, position }: PrivacyCase, request: PrivacyRequest): Promise<Found> {
  if (wants === 'erase-all') return await scan(honouring, connectionId, position, 'order', () => true);
  const named = request.sourceIds.map((sourceId) => orderIdOf(connectionId, sourceId));
  if (named.length > 0 || (request.email === null && request.phone === null)) return { orderIds: named, position: undefined };
  return await scan(honouring, connectionId, position, 'document', ({ document }) => {
    const parsed = OrderDocument.safeParse(JSON.parse(String(document)));
    return parsed.success && isOf(parsed.data, request);
  });
}

/** One page of the table. No index leads from a shop or a customer to their orders: such a request is too rare to pay for one with every order. */
async function scan(
  { table, page }: Honouring,
  connectionId: string,
  from: Record<string, string> | undefined,
  entity: 'order' | 'document',
  isMeant: (item: Item) => boolean,
): Promise<Found> {
  const { Items = [], LastEvaluatedKey } = await table.client.send(
    new ScanCommand({
      TableName: table.name,
      FilterExpression: 'entity = :entity AND begins_with(PK, :orders)',
      ExpressionAttributeValues: { ':entity': entity, ':orders': `O#${connectionId}:` },
      ...(entity === 'order' && { ProjectionExpression: 'PK' }),
      ...(from && { ExclusiveStartKey: from }),
      ...(page !== undefined && { Limit: page }),
    }),
  );
  const orderIds = new Set(Items.filter(isMeant).map(({ PK }) => String(PK).slice('O#'.length)));
  const position = LastEvaluatedKey && { PK: String(LastEvaluatedKey.PK), SK: String(LastEvaluatedKey.SK) };
  return { orderIds: [...orderIds], position };
}
