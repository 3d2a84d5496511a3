import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { expect, test } from 'vitest';
import { readFonts } from '../../adapters/packing-slip.ts';
import { FontLayer } from '../../lib/font-layer.ts';

test('the layer holds the fonts where the function looks for them, and their licence', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'crossdock-assembly-'));
  const app = new App({ outdir });
  const layer = new FontLayer(new Stack(app, 'Stack'), 'Fonts');

  app.synth();

  const [asset = ''] = readdirSync(outdir).filter((name) => name.startsWith('asset.'));
  const folder = join(outdir, asset, layer.folder.slice('/opt/'.length));
  expect(readdirSync(folder).sort()).toEqual(['LICENSE', 'bold.ttf', 'plain.ttf']);
  expect(readFonts(folder).plain.glyphOf(0x141)).toBeGreaterThan(0);
  rmSync(outdir, { recursive: true });
});
