import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { clientFiles, loadClient } from '../adapters/client.ts';
import { HubStack } from '../lib/hub-stack.ts';

const ROOT = join(import.meta.dirname, '..');

// The cdk command says where to write, and clears it itself; run directly, we do.
const byCommand = process.env.CDK_OUTDIR !== undefined;
const outdir = process.env.CDK_OUTDIR ?? join(ROOT, 'cdk.out');
if (!byCommand) rmSync(outdir, { recursive: true, force: true });

// Only the cdk command reads cdk.json, and both ways must synthesize the same template.
const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
const app = new App({
  outdir,
  context,
  // The CDK checks a template longer than it makes it: deployment and the tests wait for that, `npm start` need not.
  builtinCloudFormationValidation: byCommand,
  analyticsReporting: false,
  treeMetadata: false,
});
for (const file of chosenFiles(app.node.tryGetContext('client') ?? process.env.CLIENT)) {
  new HubStack(app, await loadClient(file));
}
app.synth();

/** The files of the named clients, or of all. @throws Error for a name that no file has */
function chosenFiles(names: unknown): string[] {
  const files = clientFiles();
  if (typeof names !== 'string' || names === '') return files;
  return names.split(',').map((name) => {
    const file = files.find((candidate) => basename(candidate, '.yaml') === name);
    if (file === undefined) throw new Error(`There is no clients/${name}.yaml; clients: ${files.map((candidate) => basename(candidate, '.yaml')).join(', ')}.`);
    return file;
  });
}
