import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import * as z from 'zod';
import type { Table } from '../../adapters/aws/table.ts';
import { loadCarrier } from '../../adapters/carrier.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import type { Client } from '../../core/client.ts';
import { ENV } from '../../functions/shell/env.ts';
import { CONTEXT } from '../functions/invoke.ts';
import { clientWith } from '../functions/world.ts';
import { type FakeWorld, startFakeWorld } from './fake-aws.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Every function of the hub, by name. */
export const FUNCTIONS = globSync('functions/*/*.ts', { cwd: ROOT })
  .filter((file) => !file.startsWith(join('functions', 'shell')))
  .map((file) => file.slice('functions/'.length, -'.ts'.length))
  .sort();

const Module = z.object({ handler: z.custom<(event: unknown, context: unknown) => Promise<unknown>>((value) => typeof value === 'function') });

/** A function as it is deployed. */
export async function handlerOf(name: string): Promise<(event: unknown) => Promise<unknown>> {
  const file = join(ROOT, 'functions', `${name}.ts`);
  const { handler } = Module.parse(await import(file));
  return async (event) => await handler(event, CONTEXT);
}

/** What every function finds around it when it is deployed: its variables, AWS, and everybody else. */
export interface Deployed {
  readonly client: Client;
  readonly world: FakeWorld;
  close(): Promise<void>;
}

/** Deploys the functions upon a table. The variables of this process are theirs until `close`. */
export async function deploy(table: Table): Promise<Deployed> {
  const folder = mkdtempSync(join(tmpdir(), 'crossdock-deployed-'));
  const endpoint = await table.client.config.endpoint?.();
  const world = await startFakeWorld(`http://${endpoint?.hostname}:${endpoint?.port}/`);
  const client = await clientOfAllKinds(world.url);
  const edge = { storefronts: await schemesOf(client.storefronts, loadStorefront), carriers: await schemesOf(client.carriers, loadCarrier) };
  writeFileSync(join(folder, 'client.json'), JSON.stringify(client));
  writeFileSync(join(folder, 'edge.json'), JSON.stringify(edge));
  for (const name of Object.values(ENV))
    vi.stubEnv(
      name,
      /QUEUE_URL$/.test(name) ? `${world.url}/000000000000/${name}` : /TOPIC_ARN$/.test(name) ? `arn:aws:sns:eu-central-1:000000000000:${name}` : name.toLowerCase(),
    );
  const queues = JSON.stringify(Object.fromEntries(client.carriers.map(({ id }) => [id, `${world.url}/000000000000/${id}`])));
  const variables = {
    [ENV.table]: table.name,
    [ENV.clientFolder]: folder,
    [ENV.lookupsQueue]: queues,
    [ENV.secretsPrefix]: 'crossdock/sample/',
    [ENV.publicUrl]: 'https://hub.example.com',
  };
  const machine = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'hush-hush-role', AWS_ENDPOINT_URL: world.url, AWS_MAX_ATTEMPTS: '1' };
  for (const [name, value] of Object.entries({ ...variables, ...machine })) vi.stubEnv(name, value);
  return {
    client,
    world,
    close: async () => {
      vi.unstubAllEnvs();
      await world.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A client with a connection of every kind there is, each at the one address of the world. */
async function clientOfAllKinds(url: string): Promise<Client> {
  const names = ['endpoint', 'apiUrl', 'siteUrl', 'callbackUrl', 'ordersUrl'];
  const kindsIn = (side: string) => globSync(`adapters/${side}/*.ts`, { cwd: ROOT }).map((file) => file.split('/').at(-1)?.replace('.ts', '') ?? '');
  const settingsOf = (kind: string, schema: z.ZodType) => {
    const least: object = JSON.parse(readFileSync(join(ROOT, 'test/fixtures', kind, 'settings.json'), 'utf8'));
    const addresses = names.map((name) => ({ [name]: url })).filter((one) => schema.safeParse({ ...least, ...one }).success);
    return schema.parse(Object.assign({}, least, ...addresses));
  };
  const storefronts = await Promise.all(
    kindsIn('storefronts').map(async (kind) => ({ id: kind === 'custom' ? 'wholesale' : kind, kind, settings: settingsOf(kind, (await loadStorefront(kind)).settings) })),
  );
  const carriers = await Promise.all(
    kindsIn('carriers').map(async (kind) => ({ id: kind, kind, settings: settingsOf(kind, (await loadCarrier(kind)).settings), settleSeconds: 1 })),
  );
  return clientWith({ storefronts, carriers: carriers.sort((a, b) => Number(b.id === 'easypost') - Number(a.id === 'easypost')) });
}

async function schemesOf(
  connections: Client['carriers'] | Client['storefronts'],
  load: (kind: string) => Promise<{ signature(settings: unknown): unknown }>,
): Promise<Record<string, unknown>> {
  const schemes = await Promise.all(connections.map(async ({ id, kind, settings }) => [id, (await load(kind)).signature(settings)] as const));
  return Object.fromEntries(schemes);
}
