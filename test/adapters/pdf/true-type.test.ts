import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readTrueType } from '../../../adapters/pdf/true-type.ts';
import { FONTS } from './fonts.ts';

const { plain } = FONTS;

function glyphsOf(text: string): number[] {
  return [...text].map((char) => plain.glyphOf(char.codePointAt(0) ?? 0));
}

describe('a TrueType font', () => {
  it('has the letters of Latin, Greek and Cyrillic', () => {
    expect(glyphsOf('azÄÖÜßłőşğñçøÅ€ΑΩЖя„“’–·×').every((glyph) => glyph > 0)).toBe(true);
  });

  test.each([0x65e5, 0x1f600, 0xffff, 0x0378, 0x10ffff])('has no glyph for U+%s', (codePoint) => {
    expect(plain.glyphOf(codePoint)).toBe(0);
  });

  it('tells how wide letters are', () => {
    const [narrow = 0, wide = 0] = glyphsOf('iW');

    expect(plain.advanceOf(narrow)).toBe(250);
    expect(plain.advanceOf(wide)).toBe(890);
  });

  it('is refused where it is none', () => {
    expect(() => readTrueType(Buffer.alloc(64))).toThrow('The font has no table head');
  });
});

/** The tables of a font file by name, with the checksum that the directory tells. */
function tablesOf(file: Buffer): Map<string, { readonly checksum: number; readonly bytes: Buffer }> {
  return new Map(
    Array.from({ length: file.readUInt16BE(4) }, (_, index) => {
      const at = 12 + 16 * index;
      const start = file.readUInt32BE(at + 8);
      return [file.toString('latin1', at, at + 4), { checksum: file.readUInt32BE(at + 4), bytes: file.subarray(start, start + file.readUInt32BE(at + 12)) }];
    }),
  );
}

function tableOf(file: Buffer, tag: string): Buffer {
  return tablesOf(file).get(tag)?.bytes ?? Buffer.alloc(0);
}

describe('a font of some glyphs alone', () => {
  it('is small, and has every table that a PDF wants', () => {
    const file = plain.subset([0, ...glyphsOf('abc')]);

    expect(file.length).toBeLessThan(20_000);
    expect([...tablesOf(file).keys()].filter((tag) => tag !== 'cvt ' && tag !== 'fpgm' && tag !== 'prep')).toEqual(['glyf', 'head', 'hhea', 'hmtx', 'loca', 'maxp']);
  });

  it('takes in what letters with accents are made of, by the new numbers', () => {
    const file = plain.subset([0, ...glyphsOf('Ä')]);
    const [loca, glyf] = [tableOf(file, 'loca'), tableOf(file, 'glyf')];
    const outline = glyf.subarray(loca.readUInt32BE(4), loca.readUInt32BE(8));

    expect(outline.readInt16BE(0)).toBeLessThan(0);
    expect(outline.readUInt16BE(12)).toBe(2);
    expect(tableOf(file, 'maxp').readUInt16BE(4)).toBeGreaterThanOrEqual(4);
  });

  it('is whole for any glyphs: as many outlines and widths as it says, each checksum right', () => {
    const glyphs = fc.uniqueArray(fc.integer({ min: 1, max: 5_000 }), { maxLength: 40 });
    fc.assert(
      fc.property(glyphs, (some) => {
        const file = plain.subset([0, ...some]);
        const count = tableOf(file, 'maxp').readUInt16BE(4);

        expect(count).toBeGreaterThan(some.length);
        expect(tableOf(file, 'hhea').readUInt16BE(34)).toBe(count);
        expect(tableOf(file, 'hmtx').length).toBe(4 * count);
        expect(tableOf(file, 'loca').length).toBe(4 * count + 4);
        expect(tableOf(file, 'loca').readUInt32BE(4 * count)).toBe(tableOf(file, 'glyf').length);
        some.forEach((glyph, index) => void expect(Math.round((tableOf(file, 'hmtx').readUInt16BE(4 * (index + 1)) * 1000) / 2048)).toBe(plain.advanceOf(glyph)));
        for (const { checksum, bytes } of tablesOf(file).values()) expect(sumOf(bytes)).toBe(checksum);
      }),
      { numRuns: 40 },
    );
  });

  function sumOf(bytes: Buffer): number {
    const whole = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
    return Array.from({ length: whole.length / 4 }, (_, index) => whole.readUInt32BE(4 * index)).reduce((sum, word) => (sum + word) % 2 ** 32, 0);
  }
});
