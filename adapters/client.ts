import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { CarrierConnection, Client, StorefrontConnection } from '../core/client.ts';
import { Rejected } from '../core/error.ts';
import { loadCarrier } from './carrier.ts';
import { refusalOf } from './http.ts';
import type { SignatureScheme } from './signature.ts';
import { type Capability, loadStorefront } from './storefront.ts';

/** What the receiving edge must know to verify a sender without loading its adapter. */
interface Edge {
  /** By storefront connection id. */
  readonly storefronts: Record<string, SignatureScheme>;
  /** By carrier connection id. */
  readonly carriers: Record<string, SignatureScheme>;
}

/** A client file, read and checked to the last setting. */
export interface LoadedClient {
  readonly client: Client;
  readonly edge: Edge;
  /** What each connection can do, by its id. */
  readonly capabilities: Readonly<Record<string, readonly string[]>>;
}

/** Parts of a carrier that not every carrier has: what it can do is called by them. */
const CARRIER_ABILITIES = ['void', 'track', 'manifest', 'pickup', 'checkAddress', 'list', 'subscribe'] as const;

/** One thing that is wrong with a client file. */
interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** JSON of the value, or undefined where none is there or it may be a secret in the wrong place. */
  readonly seen?: string | undefined;
  readonly remedy: string;
}

type Connection = StorefrontConnection | CarrierConnection;

/** The part of an adapter that a client file is checked with. */
interface Adapter {
  readonly settings: z.ZodType;
  signature(settings: unknown): SignatureScheme;
  /** A list for storefronts. */
  capabilities(settings: unknown): readonly Capability[] | object;
}

const SIDES = {
  storefronts: { folder: join(import.meta.dirname, 'storefronts'), load: loadStorefront, connection: StorefrontConnection },
  carriers: { folder: join(import.meta.dirname, 'carriers'), load: loadCarrier, connection: CarrierConnection },
} as const satisfies Record<string, { folder: string; load: (kind: string) => Promise<Adapter>; connection: z.ZodType<Connection> }>;

type Side = keyof typeof SIDES;

const CLIENTS = join(import.meta.dirname, '..', 'clients');
const Settings = z.record(z.string(), z.unknown());
const SEEN_LENGTH = 60;

/** The client files of this checkout, as absolute paths in the order of their names. */
export function clientFiles(folder = CLIENTS): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => join(folder, file));
}

/**
 * Reads a client file and checks all of it: its shape, and each connection's settings by its adapter's own schema.
 * Settings come back with the adapter's defaults filled in.
 * @throws Rejected `client.invalid`, listing every problem at once: where, what, the value seen, what to do
 */
export async function loadClient(path: string): Promise<LoadedClient> {
  const content = parseYaml(path, await readFile(path, 'utf8'));
  const parsed = Client.safeParse(content);
  const storefronts = await checkConnections('storefronts', content);
  const carriers = await checkConnections('carriers', content);
  const shape = parsed.success ? [] : problemsOf(parsed.error, content);
  const problems = [...shape, ...namingProblems(path, content), ...storefronts.problems, ...carriers.problems];
  if (!parsed.success || problems.length > 0) throw invalid(path, problems);

  return {
    client: { ...parsed.data, storefronts: withSettings(parsed.data.storefronts, storefronts), carriers: withSettings(parsed.data.carriers, carriers) },
    edge: { storefronts: storefronts.schemes, carriers: carriers.schemes },
    capabilities: { ...storefronts.capabilities, ...carriers.capabilities },
  };
}

/** The connections as their adapters read their settings, defaults filled in. */
function withSettings<C extends Connection>(connections: readonly C[], checked: Checked): C[] {
  const settings = new Map(checked.connections.map((connection) => [connection.id, connection.settings]));
  return connections.map((connection) => ({ ...connection, settings: settings.get(connection.id) ?? connection.settings }));
}

function parseYaml(path: string, text: string): unknown {
  const document = parseDocument(text);
  if (document.errors.length === 0) return document.toJS();
  throw invalid(
    path,
    document.errors.map((error) => ({ path: [], message: firstLine(error.message), remedy: 'correct the YAML there' })),
  );
}

/** A stack is named after its client and a file after its stack: two names would let two files deploy over each other. */
function namingProblems(path: string, content: unknown): Problem[] {
  const name = basename(path, '.yaml');
  const id = valueAt(content, ['id']);
  if (typeof id !== 'string' || id === name) return [];
  return [{ path: ['id'], message: "differs from the file's name", seen: shorten(id), remedy: `make it ${JSON.stringify(name)} or rename the file` }];
}

interface Checked {
  readonly connections: Connection[];
  readonly schemes: Record<string, SignatureScheme>;
  readonly capabilities: Record<string, readonly string[]>;
  readonly problems: Problem[];
}

/** Checks the connections of a file that may be wrong elsewhere; one that is no connection at all is the shape's problem. */
async function checkConnections(side: Side, content: unknown): Promise<Checked> {
  const checked: Checked = { connections: [], schemes: {}, capabilities: {}, problems: [] };
  const entries = valueAt(content, [side]);
  for (const [index, entry] of Array.isArray(entries) ? entries.entries() : []) {
    const connection = SIDES[side].connection.safeParse(entry);
    if (connection.success) await checkConnection(side, index, connection.data, checked);
  }
  return checked;
}

async function checkConnection(side: Side, index: number, connection: Connection, { connections, schemes, capabilities, problems }: Checked): Promise<void> {
  const kinds = kindsOf(side);
  if (!kinds.includes(connection.kind)) {
    const remedy = `use one of ${kinds.join(', ')}, or add adapters/${side}/${connection.kind}.ts`;
    problems.push({ path: [side, index, 'kind'], message: 'names no adapter', seen: shorten(connection.kind), remedy });
    return;
  }
  const adapter: Adapter = await SIDES[side].load(connection.kind);
  const settings = adapter.settings.safeParse(connection.settings);
  if (!settings.success) {
    problems.push(...problemsOf(settings.error, connection.settings, [side, index, 'settings']));
    return;
  }
  problems.push(...addressProblems(Settings.parse(settings.data), [side, index, 'settings']));
  const declared = adapter.capabilities(settings.data);
  const can: readonly string[] = Array.isArray(declared) ? declared : CARRIER_ABILITIES.filter((ability) => ability in adapter);
  if ('stock' in connection && connection.stock.publish && !can.includes('writesStock')) {
    const remedy = `leave it out, or have adapters/${side}/${connection.kind}.ts write stock`;
    problems.push({ path: [side, index, 'stock', 'publish'], message: `is nothing that ${connection.kind} can be told`, seen: 'true', remedy });
    return;
  }
  connections.push({ ...connection, settings: Settings.parse(settings.data) });
  schemes[connection.id] = adapter.signature(settings.data);
  capabilities[connection.id] = can;
}

/** What is deployed calls public hosts by https and nobody else; simulators on 127.0.0.1 are put into the copy that a local run reads, later. */
function addressProblems(settings: Readonly<Record<string, unknown>>, at: readonly PropertyKey[]): Problem[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const url = typeof value === 'string' && /^https?:/i.test(value) ? URL.parse(value) : null;
    const refusal = url === null ? undefined : refusalOf(url, true);
    // An address with a password in it is not shown.
    return refusal === undefined ? [] : [{ path: [...at, name], message: `is an address that the hub does not call: ${refusal}`, remedy: 'name a public host, by https' }];
  });
}

function kindsOf(side: Side): string[] {
  return readdirSync(SIDES[side].folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
}

function problemsOf(error: z.ZodError, content: unknown, at: readonly PropertyKey[] = []): Problem[] {
  return error.issues.map((issue) => {
    const path = [...at, ...issue.path];
    // A key in the wrong place may hold a token: name it, never show what it holds.
    if (issue.code === 'unrecognized_keys') return { path, message: `does not know ${issue.keys.join(', ')}`, remedy: 'remove it or correct its spelling' };
    const seen = valueAt(content, issue.path);
    if (seen === undefined) return { path, message: 'is missing', remedy: `add it: ${issue.message}` };
    return { path, message: issue.message, seen: shorten(seen), remedy: 'correct the value' };
  });
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined), content);
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SEEN_LENGTH ? `${text.slice(0, SEEN_LENGTH)}...` : text;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function invalid(path: string, problems: readonly Problem[]): Rejected {
  const lines = problems.map(({ path: at, message, seen, remedy }) => `  ${pathText(at)}: ${message}${seen === undefined ? '' : `, seen ${seen}`}; ${remedy}`);
  return new Rejected('client.invalid', [`clients/${basename(path)} has ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}:`, ...lines].join('\n'));
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(file)';
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`)).join('');
}
