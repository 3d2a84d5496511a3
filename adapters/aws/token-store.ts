import { createHash } from 'node:crypto';
import { Rejected, Unavailable } from '../../core/error.ts';
import type { Grant } from '../credential.ts';
import { connectionKey } from './connection-row.ts';
import type { Table } from './table.ts';

/** The token of a connection whose tokens expire. One row a connection. */
interface TokenRow extends Grant {
  readonly entity: 'token';
  /** Digest of the secret it was first asked for with: another secret begins anew. */
  readonly seed: string;
  /** Until when asking for the next one belongs to whoever began, in milliseconds since 1970. */
  readonly leaseUntil: number;
  readonly version: number;
}

/** How long asking for a token belongs to who began it, in milliseconds: longer than two calls may take, as the secret may be tried after the last one. */
const LEASE_MS = 28_000;
/** A token that ends sooner is not used for a call any more. */
const MARGIN_MS = 120_000;

/** How a new token is asked for. */
export interface Refreshing {
  readonly table: Table;
  readonly connectionId: string;
  /** What the operator put into the connection's secret: a refresh token, or the secret that tokens are asked for with. */
  readonly first: string;
  readonly refresh: (refreshToken: string) => Promise<Grant>;
  now(): Date;
}

/**
 * The token of a connection, asked for anew when it is about to end; one invocation asks, the others use what is still valid or come back.
 * Where the last refresh token is spent, the one in the secret is tried.
 * @throws Unavailable `storefront.token-busy`, and whatever asking throws
 */
export async function freshToken(refreshing: Refreshing): Promise<string> {
  return (await freshGrant(refreshing)).token;
}

/** As `freshToken`, with the second token that came with it. */
export async function freshGrant(refreshing: Refreshing): Promise<Pick<Grant, 'token' | 'secondToken'>> {
  const { table, connectionId, first, now } = refreshing;
  const seed = createHash('sha256').update(first).digest('base64url').slice(0, 22);
  const row = await table.get<TokenRow>(connectionKey(connectionId, 'TOKEN'), 'token');
  const known = row?.seed === seed ? row : undefined;
  const left = known === undefined ? 0 : Date.parse(known.expiresAt) - now().getTime();
  if (known !== undefined && left > MARGIN_MS) return known;
  const leaseUntil = now().getTime() + LEASE_MS;
  const { token = '', refreshToken = first, expiresAt = now().toISOString() } = known ?? {};
  const claim: TokenRow = { ...known, entity: 'token', seed, token, refreshToken, expiresAt, leaseUntil, version: (row?.version ?? 0) + 1 };
  const isFree = row === undefined || row.leaseUntil < now().getTime();
  if (!isFree || !(await keep(table, connectionId, claim))) {
    if (known !== undefined && left > 0) return known;
    throw new Unavailable('storefront.token-busy', `A new token for ${connectionId} is being asked for by another invocation.`, { retryAfterSeconds: 3 });
  }
  const grant = await ask(refreshToken, refreshing).catch(async (error: unknown) => {
    await keep(table, connectionId, { ...claim, leaseUntil: 0, version: claim.version + 1 });
    throw error;
  });
  await keep(table, connectionId, { ...claim, ...grant, leaseUntil: 0, version: claim.version + 1 });
  return grant;
}

/** Drops the token of a connection that was refused before its time: the next call asks for a new one. */
export async function dropToken(table: Table, connectionId: string, token: string): Promise<void> {
  const row = await table.get<TokenRow>(connectionKey(connectionId, 'TOKEN'), 'token');
  if (row?.token === token) await keep(table, connectionId, { ...row, expiresAt: new Date(0).toISOString(), version: row.version + 1 });
}

async function ask(refreshToken: string, { refresh, first }: Refreshing): Promise<Grant> {
  try {
    return await refresh(refreshToken);
  } catch (error) {
    if (!(error instanceof Rejected) || refreshToken === first) throw error;
    return await refresh(first);
  }
}

/** Writes the row after the version that was read. @returns false when somebody was faster */
async function keep(table: Table, connectionId: string, row: TokenRow): Promise<boolean> {
  const condition =
    row.version === 1
      ? { ConditionExpression: 'attribute_not_exists(PK)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': row.version - 1 } };
  return (await table.transact([{ Put: { TableName: table.name, Item: { ...row, ...connectionKey(connectionId, 'TOKEN') }, ...condition } }])).written;
}
