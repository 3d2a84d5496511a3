import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MessageQueue, type Outbox } from '../../adapters/aws/message-queue.ts';
import { SecretStore } from '../../adapters/aws/secret-store.ts';
import { Table } from '../../adapters/aws/table.ts';
import type { CarrierReaching } from '../../adapters/carrier-reach.ts';
import { type Http, httpClient } from '../../adapters/http.ts';
import type { Reaching } from '../../adapters/reach.ts';
import { Client } from '../../core/client.ts';
import { ulid } from '../../core/id.ts';
import { ENV, type EnvName, readEnv, readQueues } from './env.ts';

/** Where time and ids come from; tests and the proof suite put their own here. */
export interface World {
  now(): Date;
  /** A ULID. */
  newId(): string;
}

const world: World = { now: () => new Date(), newId: () => ulid(new Date(), randomBytes(10)) };

/** What nearly every function needs: the client's file, its table, and the world. */
export interface Hub extends World {
  readonly client: Client;
  readonly table: Table;
}

/** Opens the client's file and table, as the environment names them. */
export function openHub(): Hub {
  const env = readEnv(ENV.table, ENV.clientFolder);
  return { ...world, client: readClient(env[ENV.clientFolder]), table: new Table(env[ENV.table]) };
}

/** Opens the client's secrets and the way out to its storefronts and carriers. */
export function openOutside(client: Client): { readonly secrets: SecretStore; readonly http: Http } {
  return { secrets: new SecretStore(readEnv(ENV.secretsPrefix)[ENV.secretsPrefix]), http: httpClient({ trustedOrigins: originsOf(client) }) };
}

/** Opens the way to the client's storefronts. */
export function openStorefronts(hub: Hub): Hub & Reaching {
  return { ...hub, ...openOutside(hub.client), publicUrl: readEnv(ENV.publicUrl)[ENV.publicUrl] };
}

/** Opens the way to the client's carriers. */
export function openCarriers(hub: Hub): Hub & CarrierReaching {
  return { ...hub, ...openOutside(hub.client), publicUrl: readEnv(ENV.publicUrl)[ENV.publicUrl], wait: (milliseconds) => setTimeout(milliseconds) };
}

/** Opens the queues that one variable names, each for a connection. */
export function openQueues(name: EnvName): Readonly<Record<string, Outbox>> {
  return Object.fromEntries(Object.entries(readQueues(name)).map(([connectionId, url]) => [connectionId, new MessageQueue(url)]));
}

/** Reads the client's file as it was deployed with the function. */
export function readClient(folder: string): Client {
  return Client.parse(JSON.parse(readFileSync(join(folder, 'client.json'), 'utf8')));
}

/** The addresses an operator wrote into the client's file; anything else must be public https. */
function originsOf(client: Client): string[] {
  const settings = [...client.storefronts, ...client.carriers].flatMap((connection) => Object.values(connection.settings));
  return settings.flatMap((value) => (typeof value === 'string' && URL.canParse(value) ? [new URL(value).origin] : []));
}
