import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { Table } from '../adapters/aws/table.ts';
import { freePort, waitForPort } from '../local/cloud/loopback.ts';

/** DynamoDB as tests use it: one process per test file, a table per test. */
export interface Emulator {
  /** Makes a table like the hub's, empty. */
  freshTable(): Promise<Table>;
  /** Opens a table once more, by a client of its own: what another invocation would hold. */
  reopen(table: Table): Table;
}

/** Starts the emulator before the tests of a file and ends it after them. */
export function useEmulator(): Emulator {
  let emulator: ChildProcess | undefined;
  let endpoint = '';
  beforeAll(async () => {
    const port = await freePort();
    let said = '';
    let ended: string | undefined;
    const { program, options, cwd } = SECOND_OPINION === undefined ? dynoxide(port) : dynamodbLocal(SECOND_OPINION, port);
    emulator = spawn(program, options, { ...(cwd !== undefined && { cwd }), stdio: ['ignore', 'ignore', 'pipe'] });
    emulator.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2_000);
    });
    emulator.once('exit', (code, signal) => {
      ended = `The DynamoDB emulator ended (${signal ?? code}): ${said}`;
    });
    await waitForPort(port, () => ended);
    endpoint = `http://127.0.0.1:${port}`;
  }, 20_000);
  afterAll(() => void emulator?.kill('SIGKILL'));
  return {
    async freshTable() {
      const name = `hub-${randomUUID()}`;
      const client = clientOf(endpoint);
      await client.send(tableLikeOurs(name));
      return new Table(name, documentsOf(client));
    },
    reopen: ({ name }) => new Table(name, documentsOf(clientOf(endpoint))),
  };
}

/** The folder of Amazon's DynamoDB Local, where that is to be asked instead: test/second-opinion.ts. */
const SECOND_OPINION = process.env.CROSSDOCK_DYNAMODB_LOCAL;

/** Whether these tests run against DynamoDB Local. */
export const isSecondOpinion = SECOND_OPINION !== undefined;

interface Program {
  readonly program: string;
  readonly options: readonly string[];
  readonly cwd?: string;
}

function dynoxide(port: number): Program {
  return { program: binary(), options: ['serve', '--host', '127.0.0.1', '--port', String(port)] };
}

/** It listens on every address of the machine, as nothing tells it otherwise; it holds what one test file invents, as long as that runs. */
function dynamodbLocal(folder: string, port: number): Program {
  return {
    program: 'java',
    options: ['-Djava.library.path=./DynamoDBLocal_lib', '-jar', 'DynamoDBLocal.jar', '-inMemory', '-disableTelemetry', '-port', String(port)],
    cwd: folder,
  };
}

/** @throws Error naming the package to add */
function binary(): string {
  const name = `@dynoxide/${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/dynoxide${process.platform === 'win32' ? '.exe' : ''}`);
  } catch (cause) {
    throw new Error(`These tests need the DynamoDB emulator of this platform: npm install --no-save ${name}@1.2.1`, { cause });
  }
}

function tableLikeOurs(name: string): CreateTableCommand {
  return new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['PK', 'SK', 'work', 'since'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
    KeySchema: [
      { AttributeName: 'PK', KeyType: 'HASH' },
      { AttributeName: 'SK', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'work',
        KeySchema: [
          { AttributeName: 'work', KeyType: 'HASH' },
          { AttributeName: 'since', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
}

function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({ endpoint, region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, maxAttempts: 3 });
}

function documentsOf(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}
