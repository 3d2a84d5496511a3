import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadClient } from '../../adapters/client.ts';
import type { Client } from '../../core/client.ts';
import type { Json } from '../../core/json.ts';
import { buildFunctions } from '../build.ts';
import { type Cloud, startCloud } from '../cloud/cloud.ts';
import { openVendors, type SharedSecret, type Vendors } from '../simulators/vendors.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const STEP_MS = 700;

/** What a day is played on: the client's stack running here, and its vendors. */
export interface Stage {
  readonly client: Client;
  readonly cloud: Cloud;
  readonly vendors: Vendors;
  /** Connection ids of the Shopify shop, the wholesale shop and the carrier. */
  readonly shop: string;
  readonly wholesale: string;
  readonly carrier: string;
  close(): Promise<void>;
}

/** Where and how a stage is set. */
export interface StageOptions {
  readonly clientId: string;
  readonly dataFolder: string;
  /** Port of the HTTP API; 0 takes a free one. */
  readonly port: number;
  readonly log: (line: string) => void;
}

/** Bundles the functions and synthesizes the client's stack, as for a deployment. */
export async function buildAndSynthesize(clientId: string): Promise<void> {
  await buildFunctions();
  await promisify(execFile)(process.execPath, [join(ROOT, 'bin', 'hub.ts')], { cwd: ROOT, env: { ...process.env, CLIENT: clientId } });
}

/** Starts the vendors and the stack that was synthesized last. What both knew in the same folder they know again. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const { client } = await loadClient(join(ROOT, 'clients', `${options.clientId}.yaml`));
  const shop = connectionOf(client.storefronts, 'shopify');
  const wholesale = connectionOf(client.storefronts, 'custom');
  const carrier = connectionOf(client.carriers, 'easypost');
  const secrets = secretsOf(options.dataFolder, { shop: shop.id, wholesale: wholesale.id, carrier: carrier.id });
  const vendors = await openVendors({
    folder: join(options.dataFolder, 'vendors'),
    shopify: {
      connectionId: shop.id,
      shopDomain: String(shop.settings.shopDomain),
      apiVersion: String(shop.settings.apiVersion ?? '2026-07'),
      secret: secrets.shared(shop.id),
    },
    custom: { connectionId: wholesale.id, secret: secrets.shared(wholesale.id) },
    easypost: { connectionId: carrier.id, secret: secrets.shared(carrier.id), stepMs: STEP_MS, currency: client.currency },
  });
  const addresses: Record<string, Record<string, string>> = {
    [shop.id]: { endpoint: vendors.shopify.endpoint },
    [wholesale.id]: { callbackUrl: vendors.custom.callbackUrl },
    [carrier.id]: { endpoint: vendors.easypost.endpoint },
  };
  try {
    const cloud = await startCloud({
      assembly: join(ROOT, 'cdk.out'),
      stack: `crossdock-${client.id}`,
      dataFolder: options.dataFolder,
      port: options.port,
      schedules: 'manual',
      secrets: secrets.named(client.id),
      patchClient: (file) => patch(file, addresses),
      log: options.log,
    });
    return { client, cloud, vendors, shop: shop.id, wholesale: wholesale.id, carrier: carrier.id, close: () => close(cloud, vendors) };
  } catch (cause) {
    await vendors.close();
    throw cause;
  }
}

async function close(cloud: Cloud, vendors: Vendors): Promise<void> {
  await vendors.close();
  await cloud.stop();
}

function connectionOf<Connection extends { readonly id: string; readonly kind: string }>(connections: readonly Connection[], kind: string): Connection {
  const found = connections.find((connection) => connection.kind === kind);
  if (found === undefined) throw new Error(`The day needs a connection of the kind ${kind}, and the client's file has none.`);
  return found;
}

/** Points every connection that is simulated at its simulator. */
function patch(file: Json, addresses: Readonly<Record<string, Record<string, string>>>): Json {
  if (file === null || typeof file !== 'object' || Array.isArray(file)) return file;
  const patched = (connections: Json | undefined): Json =>
    Array.isArray(connections)
      ? connections.map((connection) => (isObject(connection) ? { ...connection, settings: { ...settingsOf(connection), ...addresses[String(connection.id)] } } : connection))
      : [];
  return { ...file, storefronts: patched(file.storefronts), carriers: patched(file.carriers) };
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
function secretsOf(dataFolder: string, ids: { readonly shop: string; readonly wholesale: string; readonly carrier: string }): Secrets {
  const file = join(dataFolder, 'secrets.json');
  if (!existsSync(file)) {
    mkdirSync(dataFolder, { recursive: true });
    const made: Record<string, SharedSecret> = {
      [ids.shop]: { signing: randomBytes(32).toString('hex'), token: `shpat_${randomBytes(16).toString('hex')}` },
      [ids.wholesale]: { signing: `whsec_${randomBytes(32).toString('base64')}`, token: '' },
      // EasyPost normalises secrets before it signs: letters with marks prove that we do too.
      [ids.carrier]: { signing: `Zoë-Ångström-${randomBytes(16).toString('hex')}`, token: `EZTK${randomBytes(16).toString('hex')}` },
      links: { signing: randomBytes(32).toString('hex'), token: '' },
    };
    writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  }
  const secrets: Record<string, SharedSecret> = JSON.parse(readFileSync(file, 'utf8'));
  return {
    shared: (connectionId) => secrets[connectionId] ?? { signing: '', token: '' },
    named: (clientId) =>
      Object.fromEntries(Object.entries(secrets).map(([id, { signing, token }]) => [`crossdock/${clientId}/${id}`, JSON.stringify({ signing: { current: signing }, token })])),
  };
}
