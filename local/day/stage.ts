import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadClient } from '../../adapters/client.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import type { Client, StorefrontConnection } from '../../core/client.ts';
import type { Json } from '../../core/json.ts';
import { buildFunctions } from '../build.ts';
import { type Cloud, startCloud } from '../cloud/cloud.ts';
import { openVendors, type SharedSecret, type Vendors } from '../simulators/vendors.ts';
import { isUpToDate, noteAssembly } from './assembly.ts';
import { kindOfShop } from './kinds.ts';

const ROOT = join(import.meta.dirname, '..', '..');
// Some carriers' clocks have whole seconds.
const STEP_MS = 1_000;

/** What a day is played on: the client's stack running here, and its vendors. */
export interface Stage {
  readonly client: Client;
  readonly cloud: Cloud;
  readonly vendors: Vendors;
  readonly storefronts: readonly Storefront[];
  /** Connection id of the carrier in whose name bad callbacks are sent. */
  readonly carrier: string;
  close(): Promise<void>;
}

/** A storefront of the client's file, as its adapter describes it. */
export interface Storefront {
  readonly id: string;
  readonly kind: string;
  /** Whether its orders can be read, beside what it posts. */
  readonly polls: boolean;
  /** Topics that it must be subscribed to. */
  readonly topics: readonly string[];
  /** Whether a forged delivery is answered as if it had been taken. */
  readonly refusesSilently: boolean;
}

/** Where and how a stage is set. */
export interface StageOptions {
  readonly clientId: string;
  readonly dataFolder: string;
  /** Port of the HTTP API; 0 takes a free one. */
  readonly port: number;
  /** What the heap of each function may hold, in MB, where that is to be less than its memory. */
  readonly heapMegabytes?: number;
  readonly log: (line: string) => void;
}

/** Bundles the functions and synthesizes the client's stack, as for a deployment. */
export async function buildAndSynthesize(clientId: string): Promise<void> {
  await buildFunctions();
  await promisify(execFile)(process.execPath, [join(ROOT, 'bin', 'hub.ts')], { cwd: ROOT, env: { ...process.env, CLIENT: clientId } });
}

/** The same where that has not been done yet of the sources as they are: a day that goes on need not wait for it. */
export async function bringUpToDate(clientId: string): Promise<void> {
  const assembly = { root: ROOT, folder: join(ROOT, 'cdk.out'), clientId };
  if (isUpToDate(assembly)) return;
  await buildAndSynthesize(clientId);
  noteAssembly(assembly);
}

/** Starts the vendors and the stack that was synthesized last. What both knew in the same folder they know again. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const { client, capabilities } = await loadClient(join(ROOT, 'clients', `${options.clientId}.yaml`));
  const carrier = signerOf(client);
  const storefronts = await Promise.all(client.storefronts.map((connection) => describe(connection, capabilities[connection.id]?.includes('polls') === true)));
  const secrets = secretsOf(options.dataFolder, client);
  const vendors = await openVendors({
    folder: join(options.dataFolder, 'vendors'),
    shops: client.storefronts.map(({ id, kind, settings }) => ({ connectionId: id, kind, settings, secret: secrets.shared(id) })),
    carriers: client.carriers.map(({ id, kind, settings }) => ({ connectionId: id, kind, settings, secret: { apiKey: '', ...secrets.shared(id) } })),
    stepMs: STEP_MS,
    currency: client.currency,
  });
  const addresses: Record<string, Readonly<Record<string, string>>> = {
    ...Object.fromEntries([...vendors.shops, ...vendors.carriers].map(([id, { settings }]) => [id, settings])),
  };
  try {
    const cloud = await startCloud({
      assembly: join(ROOT, 'cdk.out'),
      stack: `crossdock-${client.id}`,
      dataFolder: options.dataFolder,
      port: options.port,
      heapMegabytes: options.heapMegabytes,
      schedules: 'manual',
      secrets: secrets.named(client.id),
      patchClient: (file) => patch(file, addresses),
      log: options.log,
    });
    return { client, cloud, vendors, storefronts, carrier: carrier.id, close: () => close(cloud, vendors) };
  } catch (cause) {
    await vendors.close();
    throw cause;
  }
}

async function close(cloud: Cloud, vendors: Vendors): Promise<void> {
  await vendors.close();
  await cloud.stop();
}

/** The carrier connection in whose name bad callbacks are sent: it signs what it posts, and asks for nothing before. */
function signerOf({ carriers }: Client): Client['carriers'][number] {
  const found = carriers.find(({ kind }) => kind === 'easypost');
  if (found === undefined) throw new Error("The day needs a connection of the kind easypost, and the client's file has none.");
  return found;
}

async function describe({ id, kind, settings }: StorefrontConnection, polls: boolean): Promise<Storefront> {
  const adapter = await loadStorefront(kind);
  return { id, kind, polls, topics: adapter.subscriptions?.wanted(settings) ?? [], refusesSilently: adapter.signature(settings).refusal === 'silent' };
}

/** Points every connection that is simulated at its simulator. */
function patch(file: Json, addresses: Readonly<Record<string, Record<string, string>>>): Json {
  if (file === null || typeof file !== 'object' || Array.isArray(file)) return file;
  const patched = (connections: Json | undefined): Json =>
    Array.isArray(connections)
      ? connections.map((connection) => (isObject(connection) ? { ...connection, settings: { ...settingsOf(connection), ...addresses[String(connection.id)] } } : connection))
      : [];
  return { ...file, storefronts: patched(file.storefronts), carriers: hurried(patched(file.carriers)) };
}

/** Seconds after which a simulated carrier shows every sale: a day of trade is over in minutes. */
const SETTLE_SECONDS = 3;

function hurried(carriers: Json): Json {
  return Array.isArray(carriers) ? carriers.map((connection) => (isObject(connection) ? { ...connection, settleSeconds: SETTLE_SECONDS } : connection)) : [];
}

function settingsOf(connection: { [key: string]: Json }): { [key: string]: Json } {
  const settings = connection.settings;
  return settings !== undefined && isObject(settings) ? settings : {};
}

function isObject(value: Json): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

interface Secrets {
  shared(connectionId: string): SharedSecret;
  /** Secret name to secret string, as Secrets Manager holds them. */
  named(clientId: string): Record<string, string>;
}

/** Secrets of this folder: made once, so that a day that was cut off goes on with them. */
function secretsOf(dataFolder: string, { storefronts, carriers }: Client): Secrets {
  const file = join(dataFolder, 'secrets.json');
  if (!existsSync(file)) {
    mkdirSync(dataFolder, { recursive: true });
    const made: Record<string, SharedSecret> = {
      ...Object.fromEntries(storefronts.map(({ id, kind }) => [id, kindOfShop(kind).secret()])),
      ...Object.fromEntries(carriers.map(({ id }) => [id, carrierSecret()])),
      links: { signing: randomBytes(32).toString('hex'), token: '' },
    };
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  }
  const secrets: Record<string, SharedSecret> = JSON.parse(readFileSync(file, 'utf8'));
  return {
    shared: (connectionId) => secrets[connectionId] ?? { signing: '', token: '' },
    named: (clientId) =>
      Object.fromEntries(
        Object.entries(secrets).map(([id, { signing, token, apiKey = '' }]) => [`crossdock/${clientId}/${id}`, JSON.stringify({ signing: { current: signing }, token, apiKey })]),
      ),
  };
}

/** EasyPost normalises secrets before it signs: letters with marks prove that we do too. 32 characters, as USPS has it. */
function carrierSecret(): SharedSecret {
  return {
    signing: `Zoë-Ångström-${randomBytes(16).toString('hex')}`.slice(0, 32),
    token: `EZTK${randomBytes(16).toString('hex')}`,
    apiKey: `id-${randomBytes(8).toString('hex')}`,
  };
}
