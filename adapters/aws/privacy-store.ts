import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import type { PrivacyRequest } from '../../core/connection.ts';
import { Rejected } from '../../core/error.ts';
import type { Instant } from '../../core/id.ts';
import { newCase, PrivacyCase } from '../../core/privacy.ts';
import type { Key, Table } from './table.ts';

/** An order that a request to erase waits for: it is still under way. */
interface Waiting {
  readonly entity: 'erasure';
  readonly orderId: string;
}

function caseKey({ connectionId, receivedAt, requestId }: Pick<PrivacyCase, 'connectionId' | 'receivedAt' | 'requestId'>): Key {
  return { PK: `PRIVACY#${connectionId}`, SK: `${receivedAt}#${requestId}` };
}

function waitingKey(one: PrivacyCase, orderId = ''): Key {
  const { PK, SK } = caseKey(one);
  return { PK, SK: `WAITING#${SK}#${orderId}` };
}

/** The requests of a connection, oldest first. */
export async function readCases(table: Table, connectionId: string): Promise<PrivacyCase[]> {
  // Their keys begin with the year.
  const rows = table.query<PrivacyCase>(`PRIVACY#${connectionId}`, '2', 'privacy', { ConsistentRead: true });
  return (await Array.fromAsync(rows)).map((row) => PrivacyCase.parse(row));
}

/** The case of a request: the one that is there, whenever the storefront sent it again, or a new one. */
export async function openCase(table: Table, connectionId: string, request: PrivacyRequest, receivedAt: Instant): Promise<PrivacyCase> {
  const known = (await readCases(table, connectionId)).find(({ requestId, wants }) => requestId === request.requestId && wants === request.wants);
  if (known !== undefined) return known;
  const fresh = { ...newCase(connectionId, request, receivedAt), version: 1 };
  return (await writeCase(table, fresh)) ? fresh : await openCase(table, connectionId, request, receivedAt);
}

/** A case by the name that people know it by: `<connection>:<request id>`. @throws Rejected `privacy.not-found` */
export async function readCase(table: Table, name: string): Promise<PrivacyCase> {
  const [connectionId = '', ...rest] = name.split(':');
  const found = (await readCases(table, connectionId)).filter(({ requestId }) => requestId === rest.join(':'));
  const known = found.find(({ status }) => status === 'open') ?? found.at(-1);
  if (known === undefined) throw new Rejected('privacy.not-found', `No privacy request is called ${JSON.stringify(name.slice(0, 160))}; crossdock privacy list shows them.`);
  return known;
}

/** Writes the version of a case that follows the one that was read. @returns false when somebody else wrote it since */
export async function writeCase(table: Table, one: PrivacyCase): Promise<boolean> {
  const condition =
    one.version === 1
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': one.version - 1 } };
  return (await table.transact([{ Put: { TableName: table.name, Item: { ...one, ...caseKey(one) }, ...condition } }])).written;
}

/** Notes that a request to erase waits for these orders. */
export async function addWaiting(table: Table, one: PrivacyCase, orderIds: readonly string[]): Promise<void> {
  await table.putAll(orderIds.map((orderId) => ({ ...waitingKey(one, orderId), entity: 'erasure', orderId })));
}

/** The orders that a request to erase waits for. */
export async function readWaiting(table: Table, one: PrivacyCase): Promise<string[]> {
  const { PK, SK } = waitingKey(one);
  return (await Array.fromAsync(table.query<Waiting>(PK, SK, 'erasure', { ConsistentRead: true }))).map(({ orderId }) => orderId);
}

/** A request waits for an order no more. */
export async function removeWaiting(table: Table, one: PrivacyCase, orderId: string): Promise<void> {
  await table.client.send(new DeleteCommand({ TableName: table.name, Key: waitingKey(one, orderId) }));
}
