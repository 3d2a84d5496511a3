/**
 * The process that holds the emulators: SQS, SNS and S3 (fauxqs) inside it, DynamoDB as its child.
 * It ends when the runner does, however the runner ends, and takes DynamoDB with it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Server } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { type EmulatorReply, EmulatorRequest, type Messaging } from './emulator-messages.ts';
import { freePort, waitForPort } from './loopback.ts';
import { startPhones } from './phones.ts';

const DYNAMO_GONE_MS = 5_000;

let messaging: FauxqsServer | undefined;
let dynamo: ChildProcess | undefined;

process.on('disconnect', () => leave(0));
// Ctrl-C reaches every process of the terminal; the runner decides when the emulators go.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => leave(0));
process.on('message', (message) => {
  answer(message).then(reply, (error: unknown) => reply({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }));
});

async function answer(message: unknown): Promise<EmulatorReply> {
  const request = EmulatorRequest.parse(message);
  if (request.kind === 'start') return await start(request);
  if (!messaging) throw new Error('The emulators were configured before they were started.');
  configure(messaging, request.messaging);
  return { kind: 'configured' };
}

async function start(request: Extract<EmulatorRequest, { kind: 'start' }>): Promise<EmulatorReply> {
  lock(request.dataFolder);
  const [queues, dynamoPort] = await Promise.all([startMessaging(request), startDynamo(request)]);
  messaging = queues;
  const url = `http://127.0.0.1:${queues.port}`;
  const phones = await startPhones(url, request.outboxFile);
  return { kind: 'started', messaging: url, sns: phones.url, dynamodb: dynamoPort === undefined ? null : `http://127.0.0.1:${dynamoPort}`, dynamoProcessId: dynamo?.pid ?? null };
}

// An exclusive SQLite transaction is a lock that the system lifts when its holder dies, whatever it dies of.
function lock(dataFolder: string): void {
  const database = new DatabaseSync(join(dataFolder, 'emulators.lock'), { timeout: 10_000 });
  database.exec('BEGIN EXCLUSIVE');
}

async function startMessaging({ dataFolder, region }: { dataFolder: string; region: string }): Promise<FauxqsServer> {
  const folder = join(dataFolder, 'messaging');
  const port = await freePort();
  forgetReceivers(join(folder, 'fauxqs.db'));
  moveQueues(join(folder, 'fauxqs.db'), port);
  keepToLoopback();
  trustThePageCache();
  await nameQueuesByAddress();
  return await startFauxqs({ port, logger: false, defaultRegion: region, dataDir: folder });
}

/** The SDK sends a request to the host of a queue's URL, so URLs of an earlier run must name the port of this one. */
function moveQueues(file: string, port: number): void {
  if (!existsSync(file)) return;
  const database = new DatabaseSync(file);
  database.prepare("UPDATE sqs_queues SET url = 'http://127.0.0.1:' || ? || '/000000000000/' || name").run(String(port));
  database.close();
}

// fauxqs names queues by hosts under sqs.<region>.localhost, which not every system resolves, and has no option for it.
async function nameQueuesByAddress(): Promise<void> {
  const { SqsStore }: { SqsStore: { prototype: object } } = await import(new URL('./sqs/sqsStore.js', import.meta.resolve('fauxqs')).href);
  Object.defineProperty(SqsStore.prototype, 'buildQueueUrl', {
    value: (name: string, port: string) => `http://127.0.0.1:${port}/000000000000/${name}`,
  });
}

/**
 * Makes messages that were in flight receivable again: whoever received them died with the last run. In AWS the pollers
 * outlive our processes and a message waits for its visibility timeout; here it would wait for a receiver that cannot
 * come back. Receive counts stay, so a message that keeps killing the run still ends in its dead-letter queue.
 * Topics and subscriptions hold no messages and are declared anew by every start, so a changed filter takes effect.
 */
function forgetReceivers(file: string): void {
  if (!existsSync(file)) return;
  const database = new DatabaseSync(file);
  database.exec(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE receipt_handle IS NOT NULL; DELETE FROM sns_subscriptions; DELETE FROM sns_topics;',
  );
  database.close();
}

// fauxqs listens on every interface and has no option for it.
function keepToLoopback(): void {
  const listen = Server.prototype.listen;
  Object.defineProperty(Server.prototype, 'listen', {
    value(this: Server, ...parameters: unknown[]) {
      const loopback = parameters.map((parameter) =>
        typeof parameter === 'object' && parameter !== null && 'port' in parameter ? { ...parameter, host: '127.0.0.1' } : parameter,
      );
      return Reflect.apply(listen, this, loopback);
    },
  });
}

// What is written survives kill -9 in the system's page cache; an fsync for each message would only guard against a power cut.
function trustThePageCache(): void {
  const exec = DatabaseSync.prototype.exec;
  Object.defineProperty(DatabaseSync.prototype, 'exec', {
    value(this: DatabaseSync, sql: string) {
      Reflect.apply(exec, this, [sql]);
      if (sql.includes('journal_mode')) Reflect.apply(exec, this, ['PRAGMA synchronous = NORMAL']);
    },
  });
}

async function startDynamo({ dataFolder, dynamoBinary }: { dataFolder: string; dynamoBinary: string | null }): Promise<number | undefined> {
  if (dynamoBinary === null) return undefined;
  const port = await freePort();
  const child = spawn(dynamoBinary, ['serve', '--host', '127.0.0.1', '--port', String(port), '--db-path', join(dataFolder, 'dynamodb.db')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  dynamo = child;
  let ended: string | undefined;
  child.on('error', (error) => {
    ended = `The DynamoDB emulator did not start: ${error.message}`;
  });
  child.on('exit', (code, signal) => {
    ended = `The DynamoDB emulator ended (${signal ?? code}).`;
    console.error(ended);
    // Ctrl-C ends it too, while the runner is still stopping and needs the queues; without a stop, the run is over.
    setTimeout(() => process.exit(1), DYNAMO_GONE_MS);
  });
  await waitForPort(port, () => ended);
  return port;
}

function configure(server: FauxqsServer, wanted: Messaging): void {
  const fresh = wanted.queues.filter(({ name }) => server.inspectQueue(name) === undefined);
  // A queue that exists keeps its messages; the runner brings its attributes up to date.
  for (const { name, attributes } of fresh) server.createQueue(name, { attributes });
  for (const { name, attributes } of wanted.topics) server.createTopic(name, { attributes });
  for (const { topic, queue, attributes } of wanted.subscriptions) server.subscribe({ topic, queue, attributes });
  for (const name of wanted.buckets) server.createBucket(name);
}

function reply(message: EmulatorReply): void {
  process.send?.(message);
}

function leave(code: number): void {
  if (!dynamo || dynamo.exitCode !== null || dynamo.signalCode !== null) process.exit(code);
  dynamo.removeAllListeners('exit');
  dynamo.once('exit', () => process.exit(code));
  dynamo.kill('SIGKILL');
}
