import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { buildFunctions } from '../../local/build.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Stands for what the machine that builds knows, and no bundle may. */
const CANARY = 'canary-of-the-machine-that-builds';

/** Secrets as vendors and clouds write them. */
const SECRETS =
  /AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{20}|whs(?:ec|k)_[A-Za-z0-9+/=]{20,}|shp(?:ss|at|ca|pa)_[a-f0-9]{16,}|EZ[AT]K[0-9a-f]{8}|shippo_(?:live|test)_[0-9a-f]{8,}|xox[bp]-\d|gh[pousr]_[A-Za-z0-9]{20}|sk_(?:live|test)_\w{8}|eyJhbGciOi[\w-]{10,}\.eyJ/g;
/** Folders of people's machines and of build machines. */
const MACHINES = /(?<![\w.])\/(?:home|Users|root|workspace|builds)\/[\w.-]+|[A-Z]:\\{1,2}(?:Users|home)\\/g;

/** Packages that the functions carry, beside the AWS SDK and Smithy of which its clients are made. One more is looked at first. */
const CARRIED = ['@middy/core', '@middy/util', 'bowser', 'csv-stringify', 'zod'];

describe('the bundles of the functions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossdock-bundles-'));
  let metafile: Awaited<ReturnType<typeof buildFunctions>>['metafile'];
  let files: readonly { readonly name: string; readonly text: string }[] = [];

  beforeAll(async () => {
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'NPM_TOKEN', 'CROSSDOCK_SECRET']) vi.stubEnv(name, CANARY);
    ({ metafile } = await buildFunctions(join(folder, 'dist')));
    vi.unstubAllEnvs();
    files = globSync('dist/**/*.*', { cwd: folder }).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('are of every function, each with its map', () => {
    const functions = globSync('functions/*/*.ts', { cwd: ROOT }).filter((file) => !file.startsWith(join('functions', 'shell')));
    const bundles = files.filter(({ name }) => name.endsWith('/index.mjs'));

    expect(bundles.length).toBe(functions.length);
    expect(files.filter(({ name }) => name.endsWith('.mjs.map')).length).toBe(files.filter(({ name }) => name.endsWith('.mjs')).length);
    expect(files.filter(({ name }) => !/\.mjs(?:\.map)?$/.test(name))).toEqual([]);
  });

  test('have maps that hold places and names, and not the source', () => {
    const SourceMap = z.object({ sources: z.array(z.string()), sourcesContent: z.undefined().optional(), sourceRoot: z.undefined().optional() });
    const maps = files.filter(({ name }) => name.endsWith('.map')).map(({ name, text }) => ({ name, ...SourceMap.parse(JSON.parse(text)) }));

    expect(maps.length).toBeGreaterThan(50);
    expect(maps.flatMap(({ sources }) => sources).filter((source) => /^(?:\/|file:|[A-Z]:)/.test(source))).toEqual([]);
    // Seen from dist, as here from a folder elsewhere, each leads into this checkout and says no more of where that lies.
    const places = maps.flatMap(({ name, sources }) => sources.map((source) => relative(ROOT, join(folder, dirname(name), source))));
    expect(places.filter((place) => !/^(?:functions|adapters|core|node_modules)\//.test(place))).toEqual([]);
  });

  test('are made of functions, adapters, core and packages: of no simulator, issuer, test or tool of this machine', () => {
    const inputs = Object.keys(metafile.inputs).filter((input) => !input.startsWith('<'));

    expect(inputs.filter((input) => !/^(?:functions|adapters|core|node_modules)\//.test(input))).toEqual([]);
    expect(inputs.filter((input) => /node_modules\/(?:jose|fauxqs|vitest|fast-check|esbuild|aws-cdk-lib|commander|yaml|@dynoxide)\//.test(input))).toEqual([]);
    expect(inputs.filter((input) => /\.env|\.pem$|\.key$|client\.ya?ml/.test(input))).toEqual([]);
  });

  test('carry the packages that are known, and no other', () => {
    const packages = Object.keys(metafile.inputs).flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input)?.[1] ?? []);
    const others = [...new Set(packages)].filter((name) => !/^@(?:aws-sdk|smithy|aws-crypto|aws)\//.test(name));

    expect(others.filter((name) => !CARRIED.includes(name)).sort()).toEqual([]);
  });

  test('hold no secret, nothing of the machine that built them, and no way in for a debugger', () => {
    expect(files.length).toBeGreaterThan(100);
    for (const { name, text } of files) {
      expect(text.match(SECRETS), name).toBeNull();
      expect(text.includes(CANARY), name).toBe(false);
    }
    for (const { name, text } of files.filter((file) => file.name.endsWith('.mjs'))) {
      expect(text.includes(ROOT), name).toBe(false);
      expect(text.match(MACHINES), name).toBeNull();
      expect(/inspector\.open|--inspect|process\.loadEnvFile|\beval\(/.test(text), name).toBe(false);
    }
  });

  test('do not know where simulators listen: that stands in the client file of a local run alone', () => {
    const ours = Object.keys(metafile.inputs).filter((input) => /^(?:functions|adapters|core)\//.test(input));
    const naming = ours.filter((input) => /127\.0\.0\.1:\d|localhost/.test(readFileSync(join(ROOT, input), 'utf8')));

    expect(naming).toEqual([]);
  });
});

describe.runIf(existsSync(join(ROOT, '.git')))('what is in the repository', () => {
  /** Published by those who invented them, for tests, or made to look like one. */
  const EXAMPLES = new Set([
    // https://github.com/standard-webhooks/standard-webhooks, and zeros.
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  ]);
  const listed = existsSync(join(ROOT, '.git')) ? execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' }) : '';
  const tracked = listed.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));
  const self = 'test/security/bundles.test.ts';

  function matches(pattern: RegExp): string[] {
    return tracked
      .filter((file) => file !== self)
      .flatMap((file) => (readFileSync(join(ROOT, file), 'utf8').match(pattern) ?? []).map((found) => `${file}: ${found}`))
      .filter((line) => !EXAMPLES.has(line.split(': ')[1] ?? ''));
  }

  test('is read', () => expect(tracked.length).toBeGreaterThan(500));

  test('is no secret', () => expect(matches(SECRETS)).toEqual([]));

  test('is no path of anybody’s machine', () => expect(matches(MACHINES)).toEqual([]));

  test('is no file that holds secrets or what was built', () => {
    expect(
      tracked.filter((file) =>
        /(?:^|\/)(?:\.env(?:\..*)?|\.aws|\.netrc|id_[a-z0-9]+|node_modules|dist|cdk\.out|\.crossdock)(?:\/|$)|\.(?:pem|key|p12|pfx|jks|sqlite|db)$/.test(file),
      ),
    ).toEqual([]);
  });

  test('would be found: the patterns know what they are to find', () => {
    const made = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('');
    expect([made, ['whsec', 'b3duZWQgb3duZWQgb3duZWQ'].join('_'), ['EZAK', '0123456789'].join('')].every((secret) => secret.match(SECRETS) !== null)).toBe(true);
    expect(['', 'home', 'ann', 'x'].join('/').match(MACHINES)).not.toBeNull();
  });
});
