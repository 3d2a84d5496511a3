import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Cloud } from '../local/cloud/cloud.ts';
import { type Listener, listenOnLoopback } from '../local/cloud/loopback.ts';
import { refusedUnits, subjectsOf, tellsUnits, type Units, unitsOf } from './units.ts';

/** The addresses of the services that functions call. */
export type Endpoints = Cloud['endpoints'];

type Service = keyof Endpoints;

/** Requests of one kind by one function. */
export interface Tally {
  readonly service: Service;
  readonly operation: string;
  /** The function, such as `shipment/buy-label`. */
  readonly caller: string;
  /** For DynamoDB: the kinds of items, such as `order + stock`. */
  readonly subject: string;
  readonly requests: number;
  /** Requests as SQS and SNS charge them: one for each 64 KB of payload. */
  readonly chunks: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  /** Writes that a condition refused; their units are an estimate. */
  readonly refused: number;
}

/** Meters in front of the emulators. */
export interface Meters {
  /** What `startCloud` takes as `through`. */
  readonly through: (endpoints: Endpoints) => Promise<Endpoints>;
  tallies(): Tally[];
  /** Forgets everything that was counted so far. */
  reset(): void;
  close(): Promise<void>;
}

const CHUNK_BYTES = 64 * 1024;
const SERVICES = ['dynamodb', 'sqs', 'sns', 's3', 'secretsManager'] as const satisfies readonly Service[];

/**
 * Counts what functions ask of AWS: every request passes through a proxy on the loopback interface, which has DynamoDB say what
 * each request consumed.
 */
export function openMeters(): Meters {
  const counted = new Map<string, Tally>();
  const listeners: Listener[] = [];
  const agent = new Agent({ keepAlive: true });

  function count(tally: Tally): void {
    const key = [tally.service, tally.operation, tally.caller, tally.subject].join(' | ');
    const before = counted.get(key);
    if (before === undefined) counted.set(key, tally);
    else counted.set(key, sumOf(before, tally));
  }

  async function meter(service: Service, origin: string): Promise<string> {
    const listener = await listenOnLoopback((incoming, outgoing) => {
      pass(service, origin, incoming, outgoing, agent, count).catch(() => outgoing.destroy());
    });
    listeners.push(listener);
    return listener.url;
  }

  return {
    through: async (endpoints) => {
      const [dynamodb, sqs, sns, s3, secretsManager] = await Promise.all(SERVICES.map((service) => meter(service, endpoints[service])));
      if (!dynamodb || !sqs || !sns || !s3 || !secretsManager) throw new Error('Not every meter has an address.');
      return { dynamodb, sqs, sns, s3, secretsManager };
    },
    tallies: () => [...counted.values()],
    reset: () => counted.clear(),
    close: async () => {
      await Promise.all(listeners.map((listener) => listener.close()));
      agent.destroy();
    },
  };
}

function sumOf(a: Tally, b: Tally): Tally {
  return {
    ...a,
    requests: a.requests + b.requests,
    chunks: a.chunks + b.chunks,
    readUnits: a.readUnits + b.readUnits,
    writeUnits: a.writeUnits + b.writeUnits,
    refused: a.refused + b.refused,
  };
}

async function pass(service: Service, origin: string, incoming: IncomingMessage, outgoing: ServerResponse, agent: Agent, count: (tally: Tally) => void): Promise<void> {
  const received = await buffer(incoming);
  const operation = operationOf(service, incoming, received);
  const asksUnits = service === 'dynamodb' && tellsUnits(operation);
  const asked: object = asksUnits ? JSON.parse(received.toString('utf8')) : {};
  const body = asksUnits ? Buffer.from(JSON.stringify({ ...asked, ReturnConsumedCapacity: 'INDEXES' })) : received;
  const answer = await forward(`${origin}${incoming.url ?? '/'}`, incoming, body, agent);
  const refused = answer.status >= 400;
  const units: Units = !asksUnits ? { read: 0, write: 0 } : refused ? refusedUnits(operation, asked) : unitsOf(operation, JSON.parse(answer.body.toString('utf8')));
  count({
    service,
    operation,
    caller: callerOf(incoming),
    subject: asksUnits ? subjectsOf(asked) : '',
    requests: 1,
    chunks: Math.max(1, Math.ceil(received.length / CHUNK_BYTES)),
    readUnits: units.read,
    writeUnits: units.write,
    refused: refused ? 1 : 0,
  });
  outgoing.writeHead(answer.status, answer.headers);
  outgoing.end(answer.body);
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer;
}

// What holds for one connection, or for a body of another length.
const OWN_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'expect']);

function forward(url: string, incoming: IncomingMessage, body: Buffer, agent: Agent): Promise<Answer> {
  const headers = { ...endToEnd(incoming), 'content-length': String(body.length) };
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, method: incoming.method ?? 'POST', headers }, (response) => {
      buffer(response).then(
        (received) => resolve({ status: response.statusCode ?? 502, headers: { ...endToEnd(response), 'content-length': String(received.length) }, body: received }),
        reject,
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

function endToEnd({ headers }: IncomingMessage): Record<string, string | string[]> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined || OWN_HEADERS.has(name) ? [] : [[name, value]])));
}

/** The service's own name of the operation. */
function operationOf(service: Service, { headers, method = '', url = '' }: IncomingMessage, body: Buffer): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? target;
  if (service === 'sns') return new URLSearchParams(body.toString('utf8')).get('Action') ?? 'unknown';
  if (service === 's3') return S3_OPERATIONS[`${method}${url.includes('list-type=2') ? ' list' : ''}`] ?? method;
  return 'unknown';
}

const S3_OPERATIONS: Readonly<Record<string, string>> = { PUT: 'PutObject', GET: 'GetObject', 'GET list': 'ListObjectsV2', DELETE: 'DeleteObject', HEAD: 'HeadObject' };

/** Which function calls: the metered cloud has it say so. https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html */
function callerOf({ headers }: IncomingMessage): string {
  const agent = `${headers['x-amz-user-agent'] ?? ''} ${headers['user-agent'] ?? ''}`;
  return /\bapp\/(\S+)/.exec(agent)?.[1]?.replace('.', '/') ?? 'unknown';
}
