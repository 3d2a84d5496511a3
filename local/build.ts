import { globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildResult, build, type Plugin } from 'esbuild';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Lets esbuild see that what the AWS SDK does not use may be left out: schemas of operations name their traits by computed keys, which might
 * have an effect for all it knows, and a client takes one line of its package file. 50 KB of a bundle that speaks with S3.
 */
const LEAN_SDK: Plugin = {
  name: 'lean-sdk',
  setup(esbuild) {
    esbuild.onLoad({ filter: /@aws-sdk[\\/]client-[\w-]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ }, ({ path }) => ({ contents: withPlainKeys(readFileSync(path, 'utf8')) }));
    esbuild.onLoad({ filter: /@aws-sdk[\\/]client-[\w-]+[\\/]package\.json$/ }, ({ path }) => {
      const { version }: { version: string } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/** The same source with `[_key]:` written as the text that the constant `_key` of the same file holds. */
function withPlainKeys(source: string): string {
  const constants = new Map([...source.matchAll(/^const (_\w+) = ("[^"]*");$/gm)].map(([, name = '', text = '']) => [name, text]));
  return source.replace(/\[(_\w+)\](?=:)/g, (key, name: string) => constants.get(name) ?? key);
}

/** What esbuild says of the bundles. */
type Metafile = BuildResult<{ metafile: true }>['metafile'];

/**
 * Bundles every function into `dist/<stage>/<name>/index.mjs` with one esbuild call; the path is the name. A function that loads adapters by
 * their kind is bundled once more by itself, each adapter in a file of its own beside it: it starts with those that its client uses, and one
 * adapter more costs it nothing.
 * @returns esbuild's account of what went into each bundle
 */
export async function buildFunctions(outdir = join(ROOT, 'dist')): Promise<{ readonly metafile: Metafile }> {
  rmSync(outdir, { recursive: true, force: true });
  const files = globSync('functions/*/*.ts', { cwd: ROOT }).filter((file) => !file.startsWith(join('functions', 'shell')));
  const entries = files.map((file) => ({ in: file, out: join(file.slice('functions/'.length, -'.ts'.length), 'index') }));
  const { metafile } = await bundle(entries, outdir, false);
  const loading = entries.filter(({ in: file }) => loadsAdapters(file, metafile));
  const again = await Promise.all(loading.map(async ({ in: file, out }) => (await bundle([{ in: file, out: 'index' }], join(outdir, dirname(out)), true)).metafile));
  return { metafile: { inputs: metafile.inputs, outputs: Object.assign({}, metafile.outputs, ...again.map(({ outputs }) => outputs)) } };
}

/** Whether a function loads adapters by their kind: storefronts, carriers and the like are files in folders beside their ports. */
function loadsAdapters(file: string, { outputs }: Metafile): boolean {
  const own = Object.values(outputs).find(({ entryPoint }) => entryPoint === file);
  return Object.keys(own?.inputs ?? {}).some((input) => /^adapters\/(carriers|storefronts)\//.test(input));
}

async function bundle(entryPoints: readonly { readonly in: string; readonly out: string }[], outdir: string, splitting: boolean): Promise<BuildResult<{ metafile: true }>> {
  return await build({
    absWorkingDir: ROOT,
    entryPoints: [...entryPoints],
    outdir,
    splitting,
    chunkNames: '[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    alias: {
      '@aws-sdk/credential-provider-node': join(ROOT, 'functions/shell/credentials.ts'),
      '@aws-sdk/middleware-endpoint-discovery': join(ROOT, 'functions/shell/endpoint-discovery.ts'),
    },
    // Dependencies that are CommonJS call require; ESM bundles have none of their own.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [LEAN_SDK],
    metafile: true,
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  const { metafile } = await buildFunctions();
  for (const [file, { bytes }] of Object.entries(metafile.outputs).sort()) {
    if (file.endsWith('.mjs')) console.log(`${String(Math.ceil(bytes / 1024)).padStart(6)} KB  ${file}`);
  }
  console.log(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
