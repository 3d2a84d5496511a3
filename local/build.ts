import { globSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildResult, build } from 'esbuild';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Bundles every function into `dist/<stage>/<name>/index.mjs` with one esbuild call; the path is the name.
 * @returns esbuild's account of what went into each bundle
 */
export async function buildFunctions(outdir = join(ROOT, 'dist')): Promise<BuildResult<{ metafile: true }>> {
  rmSync(outdir, { recursive: true, force: true });
  const files = globSync('functions/*/*.ts', { cwd: ROOT }).filter((file) => !file.startsWith(join('functions', 'shell')));
  return await build({
    absWorkingDir: ROOT,
    entryPoints: files.map((file) => ({ in: file, out: join(file.slice('functions/'.length, -'.ts'.length), 'index') })),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    alias: { '@aws-sdk/credential-provider-node': join(ROOT, 'functions/shell/credentials.ts') },
    // Dependencies that are CommonJS call require; ESM bundles have none of their own.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    minify: true,
    sourcemap: 'linked',
    sourcesContent: false,
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
