import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { buildFunctions } from '../../local/build.ts';
import type { Bench, Findings } from '../section.ts';
import { median } from '../statistics.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WARM_UP = 3;
const RUNS = 21;
const AIM = 1.3;

const BARE = "export { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';\n";
const TIMED_IMPORT = 'const before = performance.now(); await import(process.argv[1]); process.stdout.write(String(performance.now() - before));';

/**
 * Times the import of the receiving edge against the import of nothing but the SQS client, as anybody would ship it: each in a fresh
 * process, turn by turn, so that what else the machine does falls on all alike.
 */
export async function measureImport({ scratch, say }: Bench): Promise<Findings> {
  say('bundling the receiving edge and the bare SQS client');
  await buildFunctions(join(scratch, 'dist'));
  const contenders = {
    edge: join(scratch, 'dist', 'storefront', 'receive-webhook', 'index.mjs'),
    bare: await bareClient(scratch, 'bare', {}),
    bareEnvironmentOnly: await bareClient(scratch, 'bare-environment', { '@aws-sdk/credential-provider-node': join(ROOT, 'functions/shell/credentials.ts') }),
  };
  say(`importing each of 3 bundles ${WARM_UP + RUNS} times`);
  const edge: number[] = [];
  const bare: number[] = [];
  const bareEnvironmentOnly: number[] = [];
  for (let run = 0; run < WARM_UP + RUNS; run++) {
    const times = [await importOnce(contenders.edge), await importOnce(contenders.bare), await importOnce(contenders.bareEnvironmentOnly)] as const;
    if (run < WARM_UP) continue;
    edge.push(times[0]);
    bare.push(times[1]);
    bareEnvironmentOnly.push(times[2]);
  }
  return {
    rows: [
      { name: 'receive-webhook / bare SQS client', value: median(edge) / median(bare), unit: 'x', atMost: AIM },
      { name: 'receive-webhook / bare SQS client with our credentials', value: median(edge) / median(bareEnvironmentOnly), unit: 'x' },
      { name: 'import of receive-webhook, median', value: median(edge), unit: 'ms' },
      { name: 'import of the bare SQS client, median', value: median(bare), unit: 'ms' },
      { name: 'import of the bare SQS client with our credentials, median', value: median(bareEnvironmentOnly), unit: 'ms' },
    ],
    notes: [
      `${RUNS} fresh processes each, in turn, after ${WARM_UP} to warm the file cache; no compile cache.`,
      'The bare client has the SDK\'s own chain of credential providers; "with our credentials" reads them from the environment, as our bundles do.',
    ],
  };
}

/** Bundles the bare client as local/build.ts bundles functions. @returns the bundle's file */
async function bareClient(scratch: string, name: string, alias: Record<string, string>): Promise<string> {
  const outfile = join(scratch, `${name}.mjs`);
  const entry = join(scratch, `${name}.ts`);
  writeFileSync(entry, BARE);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile,
    nodePaths: [join(ROOT, 'node_modules')],
    alias,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    minify: true,
    logLevel: 'warning',
  });
  return outfile;
}

/** @returns milliseconds */
async function importOnce(file: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', TIMED_IMPORT, pathToFileURL(file).href], {
    env: { PATH: process.env.PATH ?? '' },
  });
  const milliseconds = Number(stdout);
  if (!(milliseconds > 0)) throw new Error(`Importing ${file} did not tell a time: ${JSON.stringify(stdout.slice(0, 100))}.`);
  return milliseconds;
}
