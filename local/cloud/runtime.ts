/**
 * A function's process: the part of the Lambda runtime that a handler can see. It loads the handler that the environment
 * names, runs one invocation at a time, and ends with the runner.
 */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches every process of the terminal; the runner lets invocations finish and then ends us.
process.on('SIGINT', () => {});

interface Invocation {
  readonly id: string;
  readonly event: unknown;
  /** When the process is going to be killed, in epoch milliseconds. */
  readonly deadline: number;
}

type Handler = (event: unknown, context: object) => unknown;

const handler = load();
handler.then(
  () => process.send?.({ kind: 'ready' }),
  (error: unknown) => process.send?.({ kind: 'init-error', ...describe(error) }),
);

process.on('message', (message) => {
  if (isInvocation(message)) void invoke(message);
});

async function load(): Promise<Handler> {
  const { LAMBDA_TASK_ROOT = '', _HANDLER = '', AWS_LAMBDA_FUNCTION_NAME = '' } = process.env;
  // Stands in for the snapshot of compiled code that AWS keeps; one folder for all functions.
  enableCompileCache(process.argv[2]);
  const [module = '', name = ''] = _HANDLER.split('.');
  const file = ['.mjs', '.js', '.cjs'].map((extension) => join(LAMBDA_TASK_ROOT, module + extension)).find((path) => existsSync(path));
  if (file === undefined) throw new Error(`${AWS_LAMBDA_FUNCTION_NAME}: ${LAMBDA_TASK_ROOT} holds no ${module}.mjs; build first (npm run build), then synthesize.`);
  const loaded: Record<string, unknown> = await import(pathToFileURL(file).href);
  const found = loaded[name];
  if (!isHandler(found)) throw new Error(`${AWS_LAMBDA_FUNCTION_NAME}: ${file} exports no function ${name}.`);
  return found;
}

// Written by hand: a schema library would be loaded by every cold start.
function isInvocation(value: unknown): value is Invocation {
  return typeof value === 'object' && value !== null && 'id' in value && 'event' in value && 'deadline' in value;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

async function invoke({ id, event, deadline }: Invocation): Promise<void> {
  const cpu = process.cpuUsage();
  const outcome = await run(id, event, deadline);
  const used = process.cpuUsage(cpu);
  process.send?.({ id, ...outcome, cpuMs: (used.user + used.system) / 1_000, peakRssBytes: process.resourceUsage().maxRSS * 1_024 });
}

async function run(id: string, event: unknown, deadline: number): Promise<object> {
  try {
    const value = await (await handler)(event, context(id, deadline));
    return { kind: 'result', value: value ?? null };
  } catch (error) {
    console.error(error);
    return { kind: 'error', ...describe(error) };
  }
}

function context(awsRequestId: string, deadline: number): object {
  const { AWS_LAMBDA_FUNCTION_NAME: functionName = '', AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memoryLimitInMB = '', AWS_REGION = '' } = process.env;
  return {
    awsRequestId,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${AWS_REGION}:000000000000:function:${functionName}`,
    memoryLimitInMB,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: `local/[$LATEST]${process.pid}`,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function describe(error: unknown): { errorType: string; errorMessage: string } {
  return error instanceof Error ? { errorType: error.name, errorMessage: error.message } : { errorType: 'Error', errorMessage: String(error) };
}
