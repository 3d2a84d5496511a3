import { afterCall, type Breaker, CLOSED, mayCall } from '../core/breaker.ts';
import type { CarrierConnection, Client } from '../core/client.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import { readBreaker, takeTurn, writeBreaker } from './aws/call-store.ts';
import type { SecretStore } from './aws/secret-store.ts';
import type { Table } from './aws/table.ts';
import { dropToken, freshGrant } from './aws/token-store.ts';
import { type Carrier, type CarrierCall, type CarrierCapabilities, loadCarrier } from './carrier.ts';
import type { Http, HttpResponse } from './http.ts';

/** What reaching a carrier takes. */
export interface CarrierReaching {
  readonly client: Client;
  readonly table: Table;
  readonly secrets: Pick<SecretStore, 'read'>;
  readonly http: Http;
  /** Where the hub is reached from outside: `https://...` without a slash at its end. */
  readonly publicUrl: string;
  now(): Date;
  /** Waits so many milliseconds. */
  wait(milliseconds: number): Promise<void>;
}

/** A carrier that can be called. */
export interface ReachedCarrier {
  readonly connection: CarrierConnection;
  readonly carrier: Carrier;
  readonly capabilities: CarrierCapabilities;
  readonly call: CarrierCall<unknown>;
}

/** A call that would have to wait longer than this for its turn comes back later instead. */
const LONGEST_WAIT_MS = 5_000;

/** The carrier connection of a client by its id. @throws Rejected `carrier.unknown` */
export function carrierConnectionOf({ carriers }: Pick<Client, 'carriers'>, connectionId: string): CarrierConnection {
  const connection = carriers.find(({ id }) => id === connectionId);
  if (connection === undefined) throw new Rejected('carrier.unknown', `No carrier connection is called ${JSON.stringify(connectionId)} in this client's file.`);
  return connection;
}

/**
 * Gets all that is needed to call a carrier: its adapter, its settings, a token that is still valid, and a way out that keeps to its rate and
 * leaves it alone while it is down.
 * @param limitMs milliseconds that any call may take at most
 * @throws Rejected `carrier.unknown`; Unavailable `carrier.down`, `storefront.token-busy`; whatever asking for a token throws
 */
export async function reachCarrier(connectionId: string, reaching: CarrierReaching, limitMs?: number): Promise<ReachedCarrier> {
  const { client, table, secrets, publicUrl, now } = reaching;
  const connection = carrierConnectionOf(client, connectionId);
  const [carrier, secret] = await Promise.all([loadCarrier(connection.kind), secrets.read(connectionId, now())]);
  const { settings } = connection;
  const { settleSeconds } = connection;
  const capabilities = { ...carrier.capabilities(settings), ...(settleSeconds !== undefined && { settleSeconds }) };
  const http = wayOut(connection, capabilities, reaching, limitMs);
  const first = secret?.token ?? '';
  const apiKey = secret?.apiKey ?? '';
  const { refresh } = carrier;
  const grant =
    refresh === undefined
      ? { token: first }
      : await patiently(reaching, () => freshGrant({ table, connectionId, first, now, refresh: () => refresh({ settings, apiKey, secret: first, http, now: now() }) }));
  const call: CarrierCall<unknown> = {
    connectionId,
    settings,
    token: grant.token,
    secondToken: grant.secondToken ?? '',
    apiKey,
    signingSecret: secret?.signing.current ?? '',
    updateUrl: `${publicUrl}/updates/${connectionId}`,
    http: refresh === undefined ? http : dropping(http, grant.token, table, connectionId),
    now: now(),
  };
  return { connection, carrier, capabilities, call };
}

/** Asking for a token takes a second or two: whoever comes meanwhile waits for it, as long as a call may wait for its turn. */
async function patiently<Result>({ wait }: CarrierReaching, ask: () => Promise<Result>): Promise<Result> {
  for (let waited = 0; waited < LONGEST_WAIT_MS; waited += TOKEN_WAIT_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unavailable) || error.code !== 'storefront.token-busy') throw error;
      await wait(TOKEN_WAIT_MS);
    }
  }
  return await ask();
}

const TOKEN_WAIT_MS = 500;

/** Whether a carrier is left alone now, because it has not answered lately. */
export async function isDown(connectionId: string, reaching: Pick<CarrierReaching, 'table' | 'now'>): Promise<boolean> {
  return (await secondsLeftAlone(connectionId, reaching)) !== undefined;
}

/** For how many seconds a carrier is left alone from now on; undefined where it may be called. */
export async function secondsLeftAlone(connectionId: string, reaching: Pick<CarrierReaching, 'table' | 'now'>): Promise<number | undefined> {
  const now = reaching.now().getTime();
  const breaker = await breakerOf(connectionId, reaching);
  return mayCall(breaker, now) ? undefined : Math.ceil((breaker.openUntil - now) / 1000);
}

/** For so long a container takes a carrier for reachable that was a moment ago: a label asks three times, and a read each time costs more than a call too many. */
const REMEMBERED_MS = 3_000;
const lastClosed = new WeakMap<Table, Map<string, number>>();

async function breakerOf(connectionId: string, { table, now }: Pick<CarrierReaching, 'table' | 'now'>): Promise<Breaker> {
  const closed = lastClosed.get(table) ?? new Map<string, number>();
  lastClosed.set(table, closed);
  const at = now().getTime();
  if (at - (closed.get(connectionId) ?? Number.NEGATIVE_INFINITY) < REMEMBERED_MS) return CLOSED;
  const { version: _, ...breaker } = await readBreaker(table, connectionId);
  // One failure, and every call is looked at again.
  if (breaker.failures === 0 && breaker.opened === 0) closed.set(connectionId, at);
  else closed.delete(connectionId);
  return breaker;
}

/** The way out to one carrier: in turn, and not at all while it is down. */
function wayOut({ id, requestsPerMinute }: CarrierConnection, capabilities: CarrierCapabilities, reaching: CarrierReaching, limitMs: number | undefined): Http {
  const { table, now, wait } = reaching;
  const perMinute = requestsPerMinute ?? capabilities.requestsPerMinute;
  return async function http(request) {
    const breaker = await breakerOf(id, reaching);
    if (!mayCall(breaker, now().getTime())) {
      const seconds = Math.ceil((breaker.openUntil - now().getTime()) / 1000);
      throw new Unavailable('carrier.down', `${id} has not answered ${breaker.failures} times in a row; it is left alone for ${seconds} s.`, { retryAfterSeconds: seconds });
    }
    const waitMs = perMinute === null ? 0 : await takeTurn(table, id, perMinute, LONGEST_WAIT_MS, now);
    if (waitMs > LONGEST_WAIT_MS)
      throw new Unavailable('carrier.throttled', `${id} takes ${perMinute} calls a minute, and they are spoken for.`, { retryAfterSeconds: Math.ceil(waitMs / 1000) });
    if (waitMs > 0) await wait(waitMs);
    const timeoutMs = Math.min(request.timeoutMs ?? Number.POSITIVE_INFINITY, limitMs ?? Number.POSITIVE_INFINITY);
    const limited = Number.isFinite(timeoutMs) ? { ...request, timeoutMs } : request;
    const response = await reaching.http(limited).catch(async (error: unknown) => {
      if (error instanceof Unavailable) await note(id, false, reaching);
      throw error;
    });
    // An answer of any kind shows that somebody is there, but for the errors of what stands before a server that is not.
    const answered = response.status < 500;
    if (!answered || breaker.failures > 0 || breaker.opened > 0) await note(id, answered, reaching);
    return response;
  };
}

/** Remembers whether a carrier answered. Any may be forgotten: the next call says the same. */
async function note(connectionId: string, answered: boolean, reaching: CarrierReaching): Promise<void> {
  // The call has left, and its answer may be of money: no trouble of ours may take its place, or pass for a call that never left.
  await remember(connectionId, answered, reaching).catch(() => undefined);
}

async function remember(connectionId: string, answered: boolean, { table, now }: CarrierReaching): Promise<void> {
  if (!answered) lastClosed.get(table)?.delete(connectionId);
  const breaker = await readBreaker(table, connectionId);
  const after = afterCall(breaker, answered, now().getTime());
  if (after !== breaker) await writeBreaker(table, connectionId, after, breaker.version);
}

/** Drops a token that is refused before its time, so that the next call asks for another one. */
function dropping(http: Http, token: string, table: Table, connectionId: string): Http {
  return async function dropRefused(request): Promise<HttpResponse> {
    const response = await http(request);
    // Should that fail, the next call is refused as well, and drops it.
    if (response.status === 401) await dropToken(table, connectionId, token).catch(() => undefined);
    return response;
  };
}
