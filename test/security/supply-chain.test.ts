import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '..', '..');
const Versions = z.record(z.string(), z.string()).default({});
const Manifest = z.object({ dependencies: Versions, devDependencies: Versions, optionalDependencies: Versions, allowScripts: z.record(z.string(), z.boolean()) });
const Locked = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  inBundle: z.boolean().default(false),
  link: z.boolean().default(false),
  dev: z.boolean().default(false),
  optional: z.boolean().default(false),
  os: z.array(z.string()).optional(),
  hasInstallScript: z.boolean().default(false),
});
const Root = z.object({ dependencies: Versions, devDependencies: Versions, optionalDependencies: Versions });
const Lockfile = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), z.unknown()) });

const manifest = Manifest.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
const { packages } = Lockfile.parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));
const root = Root.parse(packages['']);
const locked = Object.entries(packages).flatMap(([path, one]) => (path === '' ? [] : [[path, Locked.parse(one)] as const]));
const byPath = new Map(locked);

/** What is needed to run, to deploy and to operate, and for what. One more is a decision, and stands here. */
const RUNTIME: Readonly<Record<string, string>> = {
  '@aws-sdk/client-cloudformation': 'the command line finds a stack by its outputs',
  '@aws-sdk/client-dynamodb': 'functions',
  '@aws-sdk/client-s3': 'functions',
  '@aws-sdk/client-secrets-manager': 'functions',
  '@aws-sdk/client-sns': 'functions',
  '@aws-sdk/client-sqs': 'functions',
  '@aws-sdk/credential-provider-env': 'functions: the one place in which Lambda has credentials',
  '@aws-sdk/lib-dynamodb': 'functions',
  '@aws-sdk/s3-request-presigner': 'functions: links to labels and reports',
  '@aws-sdk/util-dynamodb': 'functions',
  '@middy/core': 'functions',
  'aws-cdk-lib': 'the template',
  commander: 'the command line',
  constructs: 'the template',
  'csv-parse': 'the command line reads files',
  'csv-stringify': 'functions: reports and lists',
  'dejavu-fonts-ttf': 'fonts of packing slips',
  yaml: 'client files',
  zod: 'functions',
};

describe('packages', () => {
  test('needed at run time are those that somebody decided upon, at versions that are settled to the digit', () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual(Object.keys(RUNTIME).sort());
    const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(ranges).toEqual([]);
  });

  test('are locked as they are asked for', () => {
    expect(root).toEqual({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
      optionalDependencies: manifest.optionalDependencies,
    });
    for (const [name, version] of Object.values(root).flatMap((one) => Object.entries(one))) expect(byPath.get(`node_modules/${name}`)?.version, name).toBe(version);
  });

  test('come from one registry, or from whichever the installing machine is told of: from no file, repository or address of their own', () => {
    const origins = new Set(locked.flatMap(([, { resolved }]) => (resolved === undefined ? [] : [URL.parse(resolved)?.origin ?? resolved])));

    expect(locked.length).toBeGreaterThan(200);
    expect([...origins].filter((origin) => origin !== 'https://registry.npmjs.org')).toEqual([]);
    expect(locked.filter(([, { link }]) => link)).toEqual([]);
  });

  test('are proved by their digests, but for tools of other systems, which no lockfile of one system can know', () => {
    const unproved = locked.filter(([, one]) => one.integrity === undefined && !one.inBundle);

    expect(unproved.filter(([path, { dev, optional, os }]) => !(dev && optional && os !== undefined && /\/(?:@biomejs\/cli|@oxc-parser\/binding)-/.test(path)))).toEqual([]);
    for (const [path, { integrity }] of locked) if (integrity !== undefined) expect(integrity, path).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
  });

  test('that ship to Lambda are all proved by their digests', () => {
    expect(locked.filter(([, { dev, inBundle, integrity }]) => !dev && !inBundle && integrity === undefined)).toEqual([]);
  });

  test('may run no script as they are installed, but for those that are named', () => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path.replace(/^.*node_modules\//, ''));

    expect(
      Object.entries(manifest.allowScripts)
        .filter(([, isAllowed]) => isAllowed)
        .map(([name]) => name),
    ).toEqual(['node']);
    // esbuild works without its script: https://esbuild.github.io/getting-started/#simultaneous-platforms
    expect(scripted.sort()).toEqual(['esbuild', 'node']);
  });
});

test('npm is told of no other registry, and of no token', () => {
  const lines = readFileSync(join(ROOT, '.npmrc'), 'utf8').trim().split('\n');

  expect(lines.filter((line) => /registry|_auth|token|password|ca(?:file)?\s*=|strict-ssl|proxy/i.test(line))).toEqual([]);
});
