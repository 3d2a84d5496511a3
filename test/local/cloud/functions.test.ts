import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FunctionHost, hostFunctions } from '../../../local/cloud/functions.ts';

const NAME = 'slow';
/** Takes as long as it is told, and says how often it was called. */
const HANDLER = 'let calls = 0; export const handler = async ({ ms }) => { calls += 1; const call = calls; await new Promise((done) => setTimeout(done, ms)); return call; };';

let folder: string;
let host: FunctionHost;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'functions-'));
  mkdirSync(join(folder, 'logs'));
  writeFileSync(join(folder, 'index.mjs'), HANDLER);
  const environment = { PATH: process.env.PATH ?? '', LAMBDA_TASK_ROOT: folder, _HANDLER: 'index.handler', AWS_LAMBDA_FUNCTION_NAME: NAME };
  const definition = { logicalId: NAME, name: NAME, arn: '', codeFolder: folder, handler: 'index.handler', timeoutSeconds: 20, memoryMegabytes: 128, environment };
  host = hostFunctions([definition], { dataFolder: folder, instances: 1, log: () => {} });
});

afterEach(async () => {
  await host.stop(0);
  rmSync(folder, { recursive: true, force: true });
});

function call(ms: number, gone = new AbortController().signal, mostWaiting = 2) {
  return host.invoke(NAME, { ms }, undefined, { gone, mostWaiting });
}

test('when too many wait for a free process, the next is refused at once and the others are served', async () => {
  const [first, second, third, fourth] = await Promise.all([call(200), call(0), call(0), call(0)]);

  expect([first, second, third]).toEqual([1, 2, 3].map((value) => ({ kind: 'result', value })));
  expect(fourth).toMatchObject({ kind: 'failed', errorType: 'LocalCloud.Throttled' });
});

test('what nobody waits for any more is not begun, and holds nobody up', async () => {
  const hungUp = new AbortController();
  const running = call(200);
  const waiting = call(0, hungUp.signal);
  const behind = call(0);
  hungUp.abort();

  expect(await waiting).toMatchObject({ kind: 'failed', errorType: 'LocalCloud.CallerGone' });
  expect([await running, await behind]).toEqual([1, 2].map((value) => ({ kind: 'result', value })));
});

test('who hangs up at the moment of their turn passes it on', async () => {
  const hungUp = new AbortController();
  const running = call(50);
  const waiting = call(0, hungUp.signal);
  const behind = call(0);
  // Told before the one that waits, in the same turn of the loop in which the process is free.
  void running.then(() => hungUp.abort());

  expect(await behind).toMatchObject({ kind: 'result' });
  await waiting;
});

test('what has begun is ended, whether or not anybody waits', async () => {
  const hungUp = new AbortController();
  const running = call(100, hungUp.signal);
  setTimeout(() => hungUp.abort(), 50);

  expect(await running).toEqual({ kind: 'result', value: 1 });
});

test('queues have no caller that could give up: however many wait, all are served', async () => {
  const outcomes = await Promise.all(Array.from({ length: 60 }, () => host.invoke(NAME, { ms: 0 })));

  expect(outcomes.every(({ kind }) => kind === 'result')).toBe(true);
});
