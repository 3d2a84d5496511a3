import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Unavailable } from '../../core/error.ts';
import { conditionally } from './parcel-store.ts';
import type { Key, Table } from './table.ts';

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
  const claimedAt = now();
  const leaseUntil = claimedAt.getTime() + LEASE_MS;
  const claim = await claimNotice(table, name, claimedAt, leaseUntil);
  if (claim === 'sent') return;
  if (claim === 'busy') throw new Unavailable('notice.busy', `Notice ${name.noticeId} is being sent by another invocation.`, { retryAfterSeconds: 5 });
  try {
    await tell();
  } catch (error) {
    await giveBack(table, name, leaseUntil);
    throw error;
  }
  await noteSent(table, name, now());
}

async function claimNotice(table: Table, name: NoticeName, claimedAt: Date, leaseUntil: number): Promise<'ours' | 'sent' | 'busy'> {
  const claim = new PutCommand({
    TableName: table.name,
    Item: { ...noticeKey(name), entity: 'notice', status: 'sending', leaseUntil, claimedAt: claimedAt.toISOString() },
    ConditionExpression: 'attribute_not_exists(PK) OR (#status = :sending AND leaseUntil < :now)',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':sending': 'sending', ':now': claimedAt.getTime() },
  });
  if (await conditionally(table.client.send(claim))) return 'ours';
  const standing = await table.get<{ entity: 'notice'; status: string }>(noticeKey(name), 'notice');
  return standing?.status === 'sent' ? 'sent' : 'busy';
}

/** Lets the next invocation tell at once; a claim that was taken over meanwhile is another's and stays. */
async function giveBack(table: Table, name: NoticeName, leaseUntil: number): Promise<void> {
  const update = new UpdateCommand({
    TableName: table.name,
    Key: noticeKey(name),
    UpdateExpression: 'SET leaseUntil = :lapsed',
    ConditionExpression: 'leaseUntil = :ours',
    ExpressionAttributeValues: { ':lapsed': 0, ':ours': leaseUntil },
  });
  await conditionally(table.client.send(update));
}

async function noteSent(table: Table, name: NoticeName, sentAt: Date): Promise<void> {
  const update = new UpdateCommand({
    TableName: table.name,
    Key: noticeKey(name),
    UpdateExpression: 'SET #status = :sent, sentAt = :at',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: { ':sent': 'sent', ':at': sentAt.toISOString() },
  });
  await table.client.send(update);
}

function noticeKey({ partition, noticeId }: NoticeName): Key {
  return { PK: partition, SK: `N#${noticeId}` };
}
