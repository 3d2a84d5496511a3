import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Json, parseJson } from '../../core/json.ts';

/** One resource of a synthesized template. */
export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  /** Construct path below the stack, such as `Shipment/shipment--buy-label/Function/Resource`; the logical id where the assembly has none. */
  readonly path: string;
  /** What the hub's construct says a function is, such as `shipment/buy-label`. */
  readonly functionName: string | undefined;
  readonly properties: Readonly<Record<string, Json>>;
}

/** A synthesized stack: its template and where its assets lie. */
export interface Template {
  readonly stack: string;
  readonly region: string;
  readonly resources: ReadonlyMap<string, Resource>;
  /** Parameter defaults. */
  readonly parameters: Readonly<Record<string, Json>>;
  readonly outputs: Readonly<Record<string, Json>>;
  /** Object key in the asset bucket to folder or file on this machine. */
  readonly assets: ReadonlyMap<string, string>;
}

const DEFAULT_REGION = 'eu-central-1';

const JsonValue: z.ZodType<Json> = z.custom<Json>(() => true);
const Properties = z.record(z.string(), JsonValue);

const TemplateFile = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: Properties.default({}),
      Metadata: z.object({ 'aws:cdk:path': z.string().optional(), 'crossdock:function': z.string().optional() }).default({}),
    }),
  ),
  Parameters: z.record(z.string(), z.object({ Default: JsonValue.optional() })).default({}),
  Outputs: z.record(z.string(), z.object({ Value: JsonValue })).default({}),
});

const AssetsFile = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});

const MetadataFile = z.record(z.string(), z.array(z.object({ type: z.string(), data: z.unknown() })));

const ManifestFile = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      displayName: z.string().optional(),
      properties: z.object({ templateFile: z.string().optional(), stackName: z.string().optional() }).optional(),
    }),
  ),
});

/**
 * Reads a stack from a cloud assembly.
 * @param stack artifact id, display name or stack name
 * @throws Error that lists the stacks there are when the named one is missing
 */
export function readTemplate(assembly: string, stack: string): Template {
  const manifestFile = join(assembly, 'manifest.json');
  if (!existsSync(manifestFile)) throw new Error(`${manifestFile} does not exist: synthesize first (npm run synth).`);
  const stacks = Object.entries(read(manifestFile, ManifestFile).artifacts).filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack');
  const found = stacks.find(([id, artifact]) => [id, artifact.displayName, artifact.properties?.stackName].includes(stack));
  if (!found) throw new Error(`${assembly} holds no stack ${stack}; it holds ${stacks.map(([id]) => id).join(', ') || 'none'}.`);
  const [id, artifact] = found;
  const template = read(join(assembly, artifact.properties?.templateFile ?? `${id}.template.json`), TemplateFile);
  return {
    stack: id,
    region: regionOf(artifact.environment),
    resources: readResources(template, readPaths(assembly, id)),
    parameters: Object.fromEntries(Object.entries(template.Parameters).map(([name, { Default }]) => [name, Default ?? ''])),
    outputs: Object.fromEntries(Object.entries(template.Outputs).map(([name, { Value }]) => [name, Value])),
    assets: readAssets(assembly, id),
  };
}

function read<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(readFileSync(file)));
  if (!parsed.success) throw new Error(`${file} is not what the CDK writes: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function readResources(template: z.infer<typeof TemplateFile>, paths: ReadonlyMap<string, string>): ReadonlyMap<string, Resource> {
  return new Map(
    Object.entries(template.Resources).map(([logicalId, { Type, Properties: properties, Metadata }]) => {
      const path = paths.get(logicalId) ?? Metadata['aws:cdk:path'];
      return [logicalId, { logicalId, type: Type, properties, path: path?.replace(/^\/?[^/]*\//, '') ?? logicalId, functionName: Metadata['crossdock:function'] }];
    }),
  );
}

// Construct paths are in the template or beside it, by the CDK's settings.
function readPaths(assembly: string, id: string): ReadonlyMap<string, string> {
  const file = join(assembly, `${id}.metadata.json`);
  if (!existsSync(file)) return new Map();
  return new Map(
    Object.entries(read(file, MetadataFile)).flatMap(([path, entries]) =>
      entries.flatMap(({ type, data }): Array<[string, string]> => (type === 'aws:cdk:logicalId' && typeof data === 'string' ? [[data, path]] : [])),
    ),
  );
}

function readAssets(assembly: string, id: string): ReadonlyMap<string, string> {
  const file = join(assembly, `${id}.assets.json`);
  if (!existsSync(file)) return new Map();
  return new Map(
    Object.values(read(file, AssetsFile).files).flatMap(({ source, destinations }) =>
      Object.values(destinations).map(({ objectKey }): [string, string] => [objectKey, join(assembly, source.path ?? '')]),
    ),
  );
}

function regionOf(environment: string | undefined): string {
  const region = environment?.split('/').at(-1);
  return !region || region === 'unknown-region' ? DEFAULT_REGION : region;
}
