import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { SlipFonts } from '../../../adapters/packing-slip.ts';
import { readTrueType } from '../../../adapters/pdf/true-type.ts';

const require = createRequire(import.meta.url);
const FOLDER = join(dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf');

/** The fonts that slips are set in, as their layer has them. */
export const FONTS: SlipFonts = { plain: fontOf('DejaVuSansCondensed.ttf'), bold: fontOf('DejaVuSansCondensed-Bold.ttf') };

function fontOf(file: string) {
  return readTrueType(readFileSync(join(FOLDER, file)));
}
