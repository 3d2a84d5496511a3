import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { clientFiles, type LoadedClient, loadClient } from '../../adapters/client.ts';
import { ROOT_CONTEXT } from '../../lib/hub-function.ts';
import { HubStack } from '../../lib/hub-stack.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const Template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown().default({}), Metadata: z.unknown().optional(), DeletionPolicy: z.string().optional() })),
  Outputs: z.record(z.string(), z.unknown()),
});

/** A `Ref`, a `Fn::GetAtt` or whatever else refers to resources: the logical ids that are named in it. */
export const Reference = z
  .unknown()
  .default(null)
  .transform((value) => [...JSON.stringify(value).matchAll(/"(?:Ref|Fn::GetAtt)":(?:"([^"]+)"|\["([^"]+)")/g)].map((match) => match[1] ?? match[2] ?? ''));

/** Every function there is a file for, as `stage/name`. */
export function functionFiles(root = ROOT): string[] {
  const stages = readdirSync(join(root, 'functions'), { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'shell');
  return stages.flatMap(({ name: stage }) => readdirSync(join(root, 'functions', stage)).map((file) => `${stage}/${basename(file, '.ts')}`)).sort();
}

/** A folder with this checkout's functions and an empty bundle for each: a template does not depend on what is in them. */
export function rootWithStubs(): string {
  const root = mkdtempSync(join(tmpdir(), 'crossdock-root-'));
  symlinkSync(join(ROOT, 'functions'), join(root, 'functions'));
  for (const name of functionFiles()) {
    mkdirSync(join(root, 'dist', name), { recursive: true });
    writeFileSync(join(root, 'dist', name, 'index.mjs'), `// ${name}\n`);
  }
  return root;
}

/** An app as bin/hub.ts makes it, over stubs. */
export function makeApp(root: string): App {
  const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
  return new App({ outdir: join(root, 'cdk.out'), context: { ...context, [ROOT_CONTEXT]: root }, analyticsReporting: false, treeMetadata: false });
}

/** One client's stack, synthesized. */
export interface Synthesized {
  readonly loaded: LoadedClient;
  readonly text: string;
  readonly template: z.infer<typeof Template>;
  /** Logical id and checked properties of every resource of a type. */
  resources<Properties>(type: string, schema: z.ZodType<Properties>): [string, Properties][];
  /** Functions by their `stage/name`. */
  readonly functions: ReadonlyMap<string, string>;
}

/** Synthesizes every client. */
export async function synthesizeAll(): Promise<Synthesized[]> {
  const loaded = await Promise.all(clientFiles().map((file) => loadClient(file)));
  return synthesize(loaded);
}

/** Synthesizes clients as they were loaded, or changed since. */
export function synthesize(clients: readonly LoadedClient[]): Synthesized[] {
  const root = rootWithStubs();
  const app = makeApp(root);
  for (const client of clients) new HubStack(app, client);
  const assembly = app.synth();
  const synthesized = clients.map((loaded) => describeStack(loaded, readFileSync(assembly.getStackByName(`crossdock-${loaded.client.id}`).templateFullPath, 'utf8')));
  rmSync(root, { recursive: true });
  return synthesized;
}

function describeStack(loaded: LoadedClient, text: string): Synthesized {
  const template = Template.parse(JSON.parse(text));
  const entries = Object.entries(template.Resources);
  const Named = z.object({ 'crossdock:function': z.string() });
  return {
    loaded,
    text,
    template,
    resources: (type, schema) => entries.filter(([, resource]) => resource.Type === type).map(([id, resource]) => [id, schema.parse(resource.Properties)]),
    functions: new Map(entries.filter(([, { Type }]) => Type === 'AWS::Lambda::Function').map(([id, { Metadata }]) => [Named.parse(Metadata)['crossdock:function'], id])),
  };
}
