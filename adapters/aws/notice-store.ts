import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Unavailable } from '../../core/error.ts';
import { conditionally } from './parcel-store.ts';
import type { Table } from './table.ts';

/** How long a notice belongs to the invocation that claimed it, in milliseconds: longer than that invocation may live. */
const LEASE_MS = 60_000;

/** One thing to tell, once: a row per order and notice, or per plant and request. */
export interface NoticeName {
  /** The partition it belongs to, such as `O#shop:1001`. */
  readonly partition: string;
  readonly noticeId: string;
}

/**
 * Tells somebody something once, whatever repeats: claims the notice, tells, and notes that it was told. A claim whose owner died
 * is taken over when its lease has lapsed; telling that failed gives it back at once. Only a crash between the telling and the
 * note tells twice, which is why a notice carries its id.
 * @throws what telling throws; Unavailable `notice.busy` while another invocation is telling
 */
export async function tellOnce(table: Table, name: NoticeName, now: () => Date, tell: () => Promise<void>): Promise<void> {
  const claim = await claimNotice(table, name, now());
  if (claim === 'sent') return;
  if (claim === 'busy') throw new Unavailable('notice.busy', `Notice ${name.noticeId} is being sent by another invocation.`, { retryAfterSeconds: 5 });
  try {
    await tell();
  } catch (error) {
    await update(table, name, 'SET leaseUntil = :value', 0);
    throw error;
  }
  await update(table, name, 'SET #status = :sent, sentAt = :value', now().toISOString());
}

async function claimNotice(table: Table, { partition, noticeId }: NoticeName, now: Date): Promise<'ours' | 'sent' | 'busy'> {
  const key = { PK: partition, SK: `N#${noticeId}` };
  const claim = new PutCommand({
    TableName: table.name,
    Item: { ...key, entity: 'notice', status: 'sending', leaseUntil: now.getTime() + LEASE_MS, claimedAt: now.toISOString() },
    ConditionExpression: 'attribute_not_exists(PK) OR (#status = :sending AND leaseUntil < :now)',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':sending': 'sending', ':now': now.getTime() },
  });
  if (await conditionally(table.client.send(claim))) return 'ours';
  const standing = await table.get<{ entity: 'notice'; status: string }>(key, 'notice');
  return standing?.status === 'sent' ? 'sent' : 'busy';
}

async function update(table: Table, { partition, noticeId }: NoticeName, expression: string, value: string | number): Promise<void> {
  const sent = expression.includes(':sent');
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: { PK: partition, SK: `N#${noticeId}` },
      UpdateExpression: expression,
      ExpressionAttributeValues: { ':value': value, ...(sent && { ':sent': 'sent' }) },
      ...(sent && { ExpressionAttributeNames: { '#status': 'status' } }),
    }),
  );
}
