import type { Client, StorefrontConnection } from '../core/client.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import type { SecretStore } from './aws/secret-store.ts';
import type { Table } from './aws/table.ts';
import { dropToken, freshToken } from './aws/token-store.ts';
import type { Http, HttpResponse } from './http.ts';
import { loadStorefront, type Storefront, type StorefrontCall } from './storefront.ts';

/** What reaching a storefront takes. */
export interface Reaching {
  readonly client: Client;
  readonly table: Table;
  readonly secrets: Pick<SecretStore, 'read'>;
  readonly http: Http;
  /** Where the hub is reached from outside: `https://...` without a slash at its end. */
  readonly publicUrl: string;
  now(): Date;
}

/** A storefront that can be called. */
export interface Reached {
  readonly connection: StorefrontConnection;
  readonly storefront: Storefront;
  readonly call: StorefrontCall<unknown>;
}

/** Where a connection's webhooks reach the hub. */
function hookUrlOf(publicUrl: string, connectionId: string): string {
  return `${publicUrl}/hooks/${connectionId}`;
}

/** The connection of a client by its id. @throws Rejected `storefront.unknown` */
export function connectionOf({ storefronts }: Pick<Client, 'storefronts'>, connectionId: string): StorefrontConnection {
  const connection = storefronts.find(({ id }) => id === connectionId);
  if (connection === undefined) throw new Rejected('storefront.unknown', `No storefront connection is called ${JSON.stringify(connectionId)} in this client's file.`);
  return connection;
}

/**
 * Gets all that is needed to call a storefront: its adapter, its settings and a token that is still valid.
 * A call whose token is refused throws Unavailable `storefront.token-refused`, where there are others to be had.
 * @throws Rejected `storefront.unknown`; Unavailable `storefront.token-busy`; whatever asking for a token throws
 */
export async function reach(connectionId: string, reaching: Reaching): Promise<Reached> {
  const { client, table, secrets, http, publicUrl, now } = reaching;
  const connection = connectionOf(client, connectionId);
  const [storefront, secret] = await Promise.all([loadStorefront(connection.kind), secrets.read(connectionId, now())]);
  const { settings } = connection;
  const base = {
    connectionId,
    settings,
    apiKey: secret?.apiKey ?? '',
    signingSecret: secret?.signing.current ?? '',
    hookUrl: hookUrlOf(publicUrl, connectionId),
    http,
    now: now(),
  };
  const { refresh } = storefront;
  const first = secret?.token ?? '';
  const token = refresh === undefined ? first : await freshToken({ table, connectionId, first, now, refresh: (spent) => refresh(spent, base) });
  return { connection, storefront, call: { ...base, token, http: refresh === undefined ? http : dropping(http, token, table, connectionId) } };
}

/** A token that is refused before its time is dropped: the same call may succeed with the next one. */
function dropping(http: Http, token: string, table: Table, connectionId: string): Http {
  return async function dropRefused(request): Promise<HttpResponse> {
    const response = await http(request);
    if (response.status !== 401) return response;
    // Should that fail, the next call is refused as well, and drops it.
    await dropToken(table, connectionId, token).catch(() => undefined);
    throw new Unavailable('storefront.token-refused', `${connectionId} does not take its token any more, though its time is not over; the next try asks for another one.`, {
      seen: '401',
      retryAfterSeconds: 1,
    });
  };
}
