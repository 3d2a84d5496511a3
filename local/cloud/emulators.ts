import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmulatorReply, type EmulatorRequest, type Messaging } from './emulator-messages.ts';

/** The emulators of DynamoDB, SQS, SNS and S3, running. */
export interface Emulators {
  readonly dynamodb: string;
  /** SQS and S3. */
  readonly messaging: string;
  readonly sns: string;
  readonly processId: number;
  readonly dynamoProcessId: number | undefined;
  /** File of the DynamoDB emulator's database; undefined when DynamoDB is not ours. */
  readonly dynamoFile: string | undefined;
  configure(messaging: Messaging): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the emulators on the state in the data folder.
 * @throws Error when the platform has no emulator of DynamoDB, or another run holds the folder
 */
export async function startEmulators(options: { dataFolder: string; region: string; outboxFile: string; onExit: (why: string) => void }): Promise<Emulators> {
  const elsewhere = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  const log = openSync(join(options.dataFolder, 'logs', 'emulators.log'), 'a');
  const child = fork(fileURLToPath(new URL('./emulator-process.ts', import.meta.url)), [], {
    env: { PATH: process.env.PATH ?? '', TZ: 'UTC', NODE_NO_WARNINGS: '1' },
    execArgv: [],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  let stopping = false;
  let dynamoProcessId: number | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      // The emulator process could not end its child if it was killed itself.
      if (dynamoProcessId !== undefined && signal === 'SIGKILL') endProcess(dynamoProcessId);
      if (!stopping) options.onExit(`The emulator process ended (${signal ?? code}); see logs/emulators.log in ${options.dataFolder}.`);
      resolve();
    });
  });
  const ask = oneAtATime((request: EmulatorRequest) => exchange(child, request));
  const stop = async () => {
    stopping = true;
    if (child.connected) child.disconnect();
    await exited;
  };
  try {
    const started = await ask({
      kind: 'start',
      dataFolder: options.dataFolder,
      region: options.region,
      outboxFile: options.outboxFile,
      dynamoBinary: elsewhere === undefined ? dynamoBinary() : null,
    });
    if (started.kind !== 'started') throw new Error(`The emulators answered ${started.kind} to start.`);
    dynamoProcessId = started.dynamoProcessId ?? undefined;
    return {
      dynamodb: started.dynamodb ?? elsewhere ?? '',
      messaging: started.messaging,
      sns: started.sns,
      processId: child.pid ?? 0,
      dynamoProcessId,
      dynamoFile: elsewhere === undefined ? join(options.dataFolder, 'dynamodb.db') : undefined,
      configure: async (messaging) => {
        await ask({ kind: 'configure', messaging });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Path of the DynamoDB emulator's binary for this platform. */
function dynamoBinary(): string {
  const name = `@dynoxide/${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/dynoxide${process.platform === 'win32' ? '.exe' : ''}`);
  } catch {
    throw new Error(`There is no DynamoDB emulator for this platform: run "npm install --no-save ${name}@1.2.1", or set AWS_ENDPOINT_URL_DYNAMODB to a DynamoDB Local that runs.`);
  }
}

function exchange(child: ChildProcess, request: EmulatorRequest): Promise<EmulatorReply> {
  return new Promise((resolve, reject) => {
    const ended = () => {
      child.off('message', answered);
      reject(new Error('The emulator process ended before it answered; see emulators.log.'));
    };
    const answered = (message: unknown) => {
      child.off('exit', ended);
      const reply = EmulatorReply.parse(message);
      if (reply.kind === 'failed') reject(new Error(explain(reply.message)));
      else resolve(reply);
    };
    child.once('exit', ended);
    child.once('message', answered);
    child.send(request);
  });
}

function explain(message: string): string {
  return message.includes('database is locked') ? 'Another run uses this data folder; stop it, or choose another folder.' : `The emulators did not start: ${message}`;
}

function oneAtATime<Request, Reply>(call: (request: Request) => Promise<Reply>): (request: Request) => Promise<Reply> {
  let last: Promise<unknown> = Promise.resolve();
  return (request) => {
    const next = last.then(() => call(request));
    last = next.catch(() => {});
    return next;
  };
}

function endProcess(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It had ended already.
  }
}
