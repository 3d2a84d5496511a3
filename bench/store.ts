import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { startEmulators } from '../local/cloud/emulators.ts';
import { ensureTable, indexStreamRecords, TableProperties } from '../local/cloud/tables.ts';
import type { ServerSetup } from './database-server.ts';
import type { Limited } from './limiter.ts';

const REGION = 'eu-central-1';
const TEMPLATE = join(import.meta.dirname, '..', 'cdk.out', 'crossdock-demo.template.json');
const SERVER = fileURLToPath(new URL('./database-server.ts', import.meta.url));
const Template = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })) });

/** The table that every store holds. */
export const TABLE = 'hub';

/** A database with one empty table, behind a limiter, in processes of its own. */
export interface Store {
  readonly endpoint: string;
  readonly region: string;
  /** The process that does the work. */
  readonly processId: number;
  /** What the limiter stopped so far. */
  limited(): Promise<Limited>;
  stop(): Promise<void>;
}

/** Starts the table in memory. */
export async function openMemory(setup: ServerSetup): Promise<Store> {
  return await startServer(setup);
}

/** Starts the DynamoDB emulator with the table as it was synthesized last: with its index and its stream. */
export async function openEmulator(setup: ServerSetup, dataFolder: string): Promise<Store> {
  mkdirSync(join(dataFolder, 'logs'), { recursive: true });
  const emulators = await startEmulators({ dataFolder, region: REGION, outboxFile: join(dataFolder, 'outbox'), onExit: () => {} });
  const tables = Object.values(Template.parse(JSON.parse(readFileSync(TEMPLATE, 'utf8'))).Resources).filter(({ Type }) => /^AWS::DynamoDB::(Global)?Table$/.test(Type));
  await ensureTable(emulators.dynamodb, REGION, TABLE, TableProperties.parse(tables[0]?.Properties));
  if (emulators.dynamoFile !== undefined) indexStreamRecords(emulators.dynamoFile);
  const server = await startServer({ ...setup, emulator: emulators.dynamodb });
  const stop = async () => {
    await server.stop();
    await emulators.stop();
  };
  return { ...server, processId: emulators.dynamoProcessId ?? 0, stop };
}

async function startServer(setup: ServerSetup): Promise<Store> {
  const child = spawn(process.execPath, [SERVER, JSON.stringify(setup)], { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH ?? '' } });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill();
    await ended;
  };
  for await (const endpoint of createInterface(child.stdout)) {
    const limited = async (): Promise<Limited> => JSON.parse(await (await fetch(endpoint)).text());
    return { endpoint, region: REGION, processId: child.pid ?? 0, limited, stop };
  }
  throw new Error('The database of the bench did not start.');
}
