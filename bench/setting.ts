import { randomBytes } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand, type ScanCommandOutput } from '@aws-sdk/lib-dynamodb';
import { type Item, Table } from '../adapters/aws/table.ts';
import { loadClient } from '../adapters/client.ts';
import type { Client } from '../core/client.ts';
import type { Json } from '../core/json.ts';
import { type Cloud, type CloudOptions, startCloud } from '../local/cloud/cloud.ts';
import type { PlayedCarrier } from '../local/simulators/carrier.ts';
import { type CustomShop, openCustom } from '../local/simulators/custom.ts';
import { openEasypost } from '../local/simulators/easypost.ts';
import { openRelay } from './relay.ts';

const ROOT = join(import.meta.dirname, '..');
const ASSEMBLY = join(ROOT, 'cdk.out');
const CLIENT = 'demo';
const STACK = `crossdock-${CLIENT}`;
const WHOLESALE = 'wholesale';
const CARRIER = 'easypost';

/** How a setting differs from what is deployed. */
export interface SettingOptions {
  readonly dataFolder: string;
  /** Who authorises orders: `person` keeps everything after the intake from happening. */
  readonly authorisation: 'automatic' | 'person';
  /** Whether changes of the table are followed: without, nothing comes of an order but the order. */
  readonly stream: boolean;
  /** The carrier as it is to be: how long it takes for each of its answers, and how many calls a minute it takes. It is the only one then. */
  readonly carrier?: { readonly latencyMs: number; readonly perMinute: number };
  readonly through?: CloudOptions['through'];
  readonly log: (line: string) => void;
}

/** The synthesized stack of the demo client, running here with one storefront and one carrier, to be measured. */
export interface Setting {
  readonly client: Client;
  readonly cloud: Cloud;
  readonly wholesale: CustomShop;
  readonly carrier: PlayedCarrier;
  /** When the carrier was called, where its latency was given: milliseconds since 1970. */
  readonly carrierCalls: readonly number[];
  /** The table, by the emulator's own address: what is read here is not counted. */
  readonly table: Table;
  /** Where each sender posts to, and with what it signs. */
  readonly hooks: { readonly storefront: Hook; readonly carrier: Hook };
  /** Books goods as a warehouse does, and waits until the hub is quiet again. */
  receive(lines: readonly { readonly sku: string; readonly quantity: number }[]): Promise<void>;
  /** Everything in the table. */
  items(): Promise<Item[]>;
  /** Waits until nothing is left to do, or fails. */
  quiet(limitMs: number): Promise<void>;
  /** Bytes in the functions' logs. */
  logBytes(): number;
  close(): Promise<void>;
}

/** A sender's way into the hub. */
export interface Hook {
  readonly url: string;
  readonly secret: string;
}

/** Starts the stack that was synthesized last. */
export async function openSetting(options: SettingOptions): Promise<Setting> {
  const { client } = await loadClient(join(ROOT, 'clients', `${CLIENT}.yaml`));
  const signing = { [WHOLESALE]: `whsec_${randomBytes(32).toString('base64')}`, [CARRIER]: randomBytes(32).toString('hex') };
  const token = randomBytes(16).toString('hex');
  const vendors = join(options.dataFolder, 'vendors');
  const wholesale = await openCustom({
    connectionId: WHOLESALE,
    file: join(vendors, 'custom.sqlite'),
    secret: { signing: signing[WHOLESALE], token: '' },
    settings: {},
    // Callers post for it.
    hookUrl: () => '',
  });
  const carrier = await openEasypost({
    connectionId: CARRIER,
    file: join(vendors, 'easypost.sqlite'),
    secret: { signing: signing[CARRIER], token, apiKey: '' },
    settings: {},
    // Callers post as many callbacks as they want to count.
    post: () => {},
    updateUrl: () => '',
    stepMs: 0,
    currency: client.currency,
  });
  const relay = options.carrier && (await openRelay(carrier.settings.endpoint ?? '', options.carrier.latencyMs));
  const settings = { [WHOLESALE]: wholesale.settings, [CARRIER]: relay === undefined ? carrier.settings : { endpoint: relay.url } };
  const secrets = { ...signing, links: randomBytes(32).toString('hex') };
  const closeVendors = () => Promise.all([wholesale.close(), relay?.close(), carrier.close()]);
  const starting = startCloud({
    assembly: options.stream ? ASSEMBLY : withoutStream(join(options.dataFolder, 'assembly')),
    stack: STACK,
    dataFolder: options.dataFolder,
    schedules: 'manual',
    secrets: Object.fromEntries(Object.entries(secrets).map(([id, current]) => [`crossdock/${CLIENT}/${id}`, JSON.stringify({ signing: { current }, token })])),
    patchClient: (file) => patched(file, settings, options),
    log: options.log,
    ...(options.through && { through: options.through }),
  });
  const cloud = await starting.catch(async (cause: unknown) => {
    await closeVendors();
    throw cause;
  });
  const dynamodb = new DynamoDBClient({ region: cloud.region, endpoint: cloud.endpoints.dynamodb, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
  const table = new Table(cloud.tableName, DynamoDBDocumentClient.from(dynamodb));
  const quiet = (limitMs: number) => untilQuiet(cloud, limitMs);
  return {
    client,
    cloud,
    wholesale,
    carrier,
    carrierCalls: relay?.calls ?? [],
    table,
    hooks: {
      storefront: { url: `${cloud.apiUrl.replace(/\/$/, '')}/hooks/${WHOLESALE}`, secret: signing[WHOLESALE] },
      carrier: { url: `${cloud.apiUrl.replace(/\/$/, '')}/updates/${CARRIER}`, secret: signing[CARRIER] },
    },
    receive: async (lines) => {
      await bookGoods(cloud, client, lines);
      await quiet(30_000);
    },
    items: () => scan(table),
    quiet,
    logBytes: () => bytesOfLogs(join(options.dataFolder, 'logs')),
    close: async () => {
      dynamodb.destroy();
      await cloud.stop();
      await closeVendors();
    },
  };
}

/** The assembly with the mapping of the table's stream disabled. @returns the folder given, filled with a changed copy */
function withoutStream(folder: string): string {
  cpSync(ASSEMBLY, folder, { recursive: true });
  const file = join(folder, `${STACK}.template.json`);
  const template: { Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }> } = JSON.parse(readFileSync(file, 'utf8'));
  const streams = Object.values(template.Resources).filter(
    ({ Type, Properties }) => Type === 'AWS::Lambda::EventSourceMapping' && JSON.stringify(Properties?.EventSourceArn).includes('StreamArn'),
  );
  if (streams.length === 0) throw new Error('The template maps no stream to a function.');
  for (const stream of streams) stream.Properties = { ...stream.Properties, Enabled: false };
  writeFileSync(file, JSON.stringify(template));
  return folder;
}

/** Points the connections that are played here at their simulators, has nobody else told of stock, and sets who authorises and who carries. */
function patched(file: Json, settings: Readonly<Record<string, Readonly<Record<string, string>>>>, options: SettingOptions): Json {
  const client = asObject(file);
  const policies = asObject(client.policies);
  const connected = (connections: Json | undefined): Json[] =>
    (Array.isArray(connections) ? connections : []).map(asObject).map((connection) => {
      const own = settings[String(connection.id)];
      if (own === undefined) return 'stock' in connection ? { ...connection, stock: { ...asObject(connection.stock), publish: false } } : connection;
      return { ...connection, settings: { ...asObject(connection.settings), ...own } };
    });
  const authorisation = { ...asObject(policies.authorisation), mode: options.authorisation };
  const pointed: { [key: string]: Json } = {
    ...client,
    storefronts: connected(client.storefronts),
    carriers: connected(client.carriers),
    policies: { ...policies, authorisation },
  };
  return options.carrier === undefined ? pointed : onlyCarrier(pointed, options.carrier.perMinute);
}

/** Leaves one carrier that any parcel may go with. */
function onlyCarrier(client: Readonly<Record<string, Json>>, requestsPerMinute: number): Json {
  const carriers = (Array.isArray(client.carriers) ? client.carriers : []).map(asObject).map((carrier) => (carrier.id === CARRIER ? { ...carrier, requestsPerMinute } : carrier));
  return { ...client, carriers, shipping: { ...asObject(client.shipping), services: [{ carrier: CARRIER }] } };
}

function asObject(value: Json | undefined): { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

async function bookGoods(cloud: Cloud, client: Client, lines: readonly { readonly sku: string; readonly quantity: number }[]): Promise<void> {
  const token = await cloud.issuer.token({ user: 'warehouse', scopes: ['hub/stock.write'] });
  const response = await fetch(`${cloud.apiUrl.replace(/\/$/, '')}/stock/bookings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ kind: 'receipt', id: `bench-${randomBytes(4).toString('hex')}`, warehouse: client.warehouses[0]?.id, lines }),
  });
  if (response.status !== 200) throw new Error(`The goods could not be booked: ${response.status} ${await response.text()}`);
}

/** Quiet twice in a row: between a queue and a function a message is in neither for a moment. */
async function untilQuiet(cloud: Cloud, limitMs: number): Promise<void> {
  const until = Date.now() + limitMs;
  for (let looks = 0; looks < 2; ) {
    looks = (await cloud.quiet()) ? looks + 1 : 0;
    if (Date.now() > until) {
      const full = (await cloud.queueDepths())
        .filter(({ waiting, inFlight }) => waiting + inFlight > 0)
        .map(({ queue, waiting, inFlight }) => `${queue}: ${waiting} waiting, ${inFlight} in flight`);
      throw new Error(`The hub did not come to rest within ${limitMs / 1_000} s. ${full.join('; ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

function bytesOfLogs(folder: string): number {
  const files = readdirSync(folder).filter((file) => file !== 'emulators.log');
  return files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

async function scan({ client, name }: Table): Promise<Item[]> {
  const items: Item[] = [];
  let ExclusiveStartKey: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const page: ScanCommandOutput = await client.send(new ScanCommand({ TableName: name, ConsistentRead: true, ExclusiveStartKey }));
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return items;
}
