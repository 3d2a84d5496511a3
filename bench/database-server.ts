/**
 * A process that plays DynamoDB: a limiter, and behind it a table in memory or an emulator. Apart from the processes that are measured,
 * so that neither waits for the other's work. Called with its set-up; writes its address to standard output; `GET /` tells what it stopped.
 */
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../core/json.ts';
import { post } from '../local/cloud/aws-json.ts';
import { listenOnLoopback } from '../local/cloud/loopback.ts';
import { openDatabase } from '../local/database/database.ts';
import { type Limits, openLimiter } from './limiter.ts';

/** How a server is set up. */
export interface ServerSetup {
  readonly limits: Limits;
  /** How long the table in memory takes to answer, in milliseconds; twice as long for a transaction. */
  readonly latencyMs: number;
  /** The emulator that answers; the table in memory where there is none. */
  readonly emulator?: string;
}

const { limits, latencyMs, emulator }: ServerSetup = JSON.parse(process.argv[2] ?? '');
const limiter = openLimiter(limits);
const database = openDatabase();

async function answer(incoming: IncomingMessage): Promise<{ readonly status: number; readonly bytes: Buffer }> {
  if (incoming.method === 'GET') return { status: 200, bytes: Buffer.from(JSON.stringify(limiter.limited())) };
  const received = await buffer(incoming);
  const request: Json = JSON.parse(received.toString('utf8'));
  const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
  const admitted = limiter.admit(operation, request);
  if (typeof admitted !== 'function') return { status: admitted.status, bytes: Buffer.from(JSON.stringify(admitted.body)) };
  try {
    if (emulator !== undefined) return await post(emulator, received, { headers: headersOf(incoming) });
    // Others' requests are read in between, as they would be by DynamoDB.
    await sleep(operation === 'TransactWriteItems' ? 2 * latencyMs : latencyMs);
    const { status, body } = database(operation, request);
    return { status, bytes: Buffer.from(JSON.stringify(body)) };
  } finally {
    admitted();
  }
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const kept = ['content-type', 'x-amz-target', 'x-amz-date', 'authorization'].map((name) => [name, headers[name]] as const);
  return Object.fromEntries(kept.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])));
}

const { url } = await listenOnLoopback((incoming, outgoing) => {
  answer(incoming)
    .then(({ status, bytes }) => {
      outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'content-length': bytes.length });
      outgoing.end(bytes);
    })
    .catch(() => outgoing.destroy());
});
process.stdout.write(`${url}\n`);
