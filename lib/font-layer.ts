import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

const require = createRequire(import.meta.url);
const FONTS = dirname(require.resolve('dejavu-fonts-ttf/package.json'));

const FILES = { plain: 'DejaVuSansCondensed.ttf', bold: 'DejaVuSansCondensed-Bold.ttf' };

/** The fonts that documents are set in, with their licence: too large for a bundle. */
export class FontLayer extends LayerVersion {
  /** Where Lambda unpacks layers, and the folder in it. https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html */
  readonly folder = '/opt/fonts';

  constructor(scope: Construct, id: string) {
    const folder = mkdtempSync(join(tmpdir(), 'crossdock-fonts-'));
    mkdirSync(join(folder, 'fonts'));
    for (const [style, file] of Object.entries(FILES)) cpSync(join(FONTS, 'ttf', file), join(folder, 'fonts', `${style}.ttf`));
    cpSync(join(FONTS, 'LICENSE'), join(folder, 'fonts', 'LICENSE'));
    super(scope, id, {
      code: Code.fromAsset(folder),
      description: 'Fonts that documents are set in',
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      compatibleArchitectures: [Architecture.ARM_64],
    });
    // The assembly holds a copy by now.
    rmSync(folder, { recursive: true });
  }
}
