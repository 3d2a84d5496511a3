import { join } from 'node:path';
import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import type { FunctionDefinition } from './functions.ts';
import { mountLayers, underMount } from './layers.ts';
import type { Resources } from './resources.ts';
import type { Template } from './template.ts';

const FunctionProperties = z.object({
  Code: z.object({ S3Key: z.string().optional() }),
  Handler: z.string().default('index.handler'),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).default({ Variables: {} }),
  Layers: z.array(z.string()).default([]),
});

const LayerProperties = z.object({ Content: z.object({ S3Key: z.string() }) });

/** What functions get that the template does not say. */
export interface FunctionSurroundings {
  readonly dataFolder: string;
  readonly patchClient: ((client: Json) => Json) | undefined;
  /** Region, credentials that mean nothing, and the addresses of the emulators. */
  readonly awsEnvironment: Readonly<Record<string, string>>;
}

/**
 * The template's functions with their code folders, layers mounted and environments complete.
 * @throws Error naming a function whose asset is missing
 */
export function declaredFunctions(template: Template, resources: Resources, surroundings: FunctionSurroundings): FunctionDefinition[] {
  const layerFolders = new Map(
    resources
      .ofType('AWS::Lambda::LayerVersion')
      .map(({ logicalId, ref, path, properties }): [string, { logicalId: string; folder: string }] => [
        ref,
        { logicalId, folder: asset(template, LayerProperties.parse(properties).Content.S3Key, path) },
      ]),
  );
  const mounted = new Map<string, string>();

  function mount(layers: readonly string[], path: string): string | undefined {
    if (layers.length === 0) return undefined;
    const found = layers.map((layer) => layerFolders.get(layer) ?? unknownLayer(layer, path));
    const name = found.map(({ logicalId }) => logicalId).join('+');
    const folder = mounted.get(name) ?? join(surroundings.dataFolder, 'opt', name);
    if (!mounted.has(name)) {
      mountLayers(
        found.map((layer) => layer.folder),
        folder,
        surroundings.patchClient,
      );
    }
    mounted.set(name, folder);
    return folder;
  }

  return resources.ofType('AWS::Lambda::Function').map((resource): FunctionDefinition => {
    const properties = FunctionProperties.parse(resource.properties);
    const codeFolder = properties.Code.S3Key === undefined ? undefined : asset(template, properties.Code.S3Key, resource.path);
    const folder = mount(properties.Layers, resource.path);
    const variables = Object.entries(properties.Environment.Variables).map(([name, value]): [string, string] => [name, folder === undefined ? value : underMount(value, folder)]);
    return {
      logicalId: resource.logicalId,
      name: resource.functionName ?? resource.logicalId,
      arn: String(resources.attribute(resource.logicalId, 'Arn')),
      codeFolder,
      handler: properties.Handler,
      timeoutSeconds: properties.Timeout,
      memoryMegabytes: properties.MemorySize,
      environment: {
        ...surroundings.awsEnvironment,
        PATH: process.env.PATH ?? '',
        TZ: 'UTC',
        LAMBDA_TASK_ROOT: codeFolder ?? '',
        _HANDLER: properties.Handler,
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_NAME: resource.name,
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        ...Object.fromEntries(variables),
      },
    };
  });
}

function asset(template: Template, key: string, path: string): string {
  const folder = template.assets.get(key);
  if (folder === undefined) throw new Error(`${path} uses the asset ${key}, which the assembly does not list.`);
  return folder;
}

function unknownLayer(layer: string, path: string): never {
  throw new Error(`${path} uses the layer ${layer}, which the template does not define.`);
}
