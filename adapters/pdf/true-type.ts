/** A TrueType font, as far as a PDF needs it. https://learn.microsoft.com/en-us/typography/opentype/spec/otff */
export interface TrueType {
  /** All of these in thousandths of the font size. */
  readonly ascent: number;
  readonly descent: number;
  readonly box: readonly [number, number, number, number];
  /** The glyph of a character; 0 where the font has none. */
  glyphOf(codePoint: number): number;
  /** How far a glyph moves on, in thousandths of the font size. */
  advanceOf(glyph: number): number;
  /** A font of these glyphs alone, numbered by their places in the list; the first is the one for what is missing, 0. */
  subset(glyphs: readonly number[]): Buffer;
}

interface Tables {
  /** @throws Error when the font lacks the table */
  readonly of: (tag: string) => Buffer;
  readonly has: (tag: string) => boolean;
}

/** Reads a font whose outlines are TrueType's own. @throws Error when it is no such font */
export function readTrueType(bytes: Buffer): TrueType {
  const tables = tablesOf(bytes);
  const scale = 1000 / tables.of('head').readUInt16BE(18);
  const thousandths = (tag: string, offset: number) => Math.round(tables.of(tag).readInt16BE(offset) * scale);
  const glyphs = glyphsOf(tables);
  return {
    ascent: thousandths('hhea', 4),
    descent: thousandths('hhea', 6),
    box: [thousandths('head', 36), thousandths('head', 38), thousandths('head', 40), thousandths('head', 42)],
    glyphOf: characterMap(tables.of('cmap')),
    advanceOf: (glyph) => Math.round(metricsOf(tables, glyph).readUInt16BE(0) * scale),
    subset: (wanted) => subsetOf(tables, glyphs, wanted),
  };
}

function tablesOf(bytes: Buffer): Tables {
  const tables = new Map<string, Buffer>();
  for (let index = 0; index < bytes.readUInt16BE(4); index++) {
    const at = 12 + 16 * index;
    const start = bytes.readUInt32BE(at + 8);
    tables.set(bytes.toString('latin1', at, at + 4), bytes.subarray(start, start + bytes.readUInt32BE(at + 12)));
  }
  return { of: (tag) => tables.get(tag) ?? lacking(tag), has: (tag) => tables.has(tag) };
}

function lacking(tag: string): never {
  throw new Error(`The font has no table ${tag}; it takes a TrueType font with a Unicode character map.`);
}

const UNICODE_BMP = 0x0003_0001;

/** Format 4, which every font for Windows has. https://learn.microsoft.com/en-us/typography/opentype/spec/cmap */
function characterMap(cmap: Buffer): TrueType['glyphOf'] {
  const records = Array.from({ length: cmap.readUInt16BE(2) }, (_, index) => 4 + 8 * index);
  const record = records.find((at) => cmap.readUInt32BE(at) === UNICODE_BMP);
  const map = record === undefined ? lacking('cmap') : cmap.subarray(cmap.readUInt32BE(record + 4));
  const double = map.readUInt16BE(6);
  const ends = Array.from({ length: double / 2 }, (_, index) => map.readUInt16BE(14 + 2 * index));
  return function glyphOf(codePoint) {
    const segment = 2 * ends.findIndex((end) => end >= codePoint);
    if (segment < 0) return 0;
    const start = map.readUInt16BE(16 + double + segment);
    if (start > codePoint) return 0;
    const delta = map.readUInt16BE(16 + 2 * double + segment);
    const at = 16 + 3 * double + segment;
    const range = map.readUInt16BE(at);
    if (range === 0) return (codePoint + delta) & 0xffff;
    const glyph = map.readUInt16BE(at + range + 2 * (codePoint - start));
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  };
}

/** Advance and side bearing of a glyph, 4 bytes: those past the last advance share it. */
function metricsOf(tables: Tables, glyph: number): Buffer {
  const full = tables.of('hhea').readUInt16BE(34);
  const hmtx = tables.of('hmtx');
  if (glyph < full) return hmtx.subarray(4 * glyph, 4 * glyph + 4);
  const bearing = 4 * full + 2 * (glyph - full);
  return Buffer.concat([hmtx.subarray(4 * full - 4, 4 * full - 2), hmtx.subarray(bearing, bearing + 2)]);
}

/** Finds a glyph's outline. */
function glyphsOf(tables: Tables): (glyph: number) => Buffer {
  const [loca, glyf] = [tables.of('loca'), tables.of('glyf')];
  const isLong = tables.of('head').readInt16BE(50) === 1;
  const offsetOf = (glyph: number) => (isLong ? loca.readUInt32BE(4 * glyph) : 2 * loca.readUInt16BE(2 * glyph));
  return (glyph) => glyf.subarray(offsetOf(glyph), offsetOf(glyph + 1));
}

function subsetOf(tables: Tables, outlineOf: (glyph: number) => Buffer, wanted: readonly number[]): Buffer {
  const numbers = new Map(wanted.map((glyph, index) => [glyph, index]));
  const outlines: Buffer[] = [];
  // Letters with accents are made of glyphs that may not be wanted by themselves: these join at the end, and the walk reaches them there.
  for (const glyph of numbers.keys()) outlines.push(padded(renumbered(outlineOf(glyph), numbers)));
  const loca = Buffer.alloc(4 * (numbers.size + 1));
  outlines.reduce((end, outline, index) => loca.writeUInt32BE(end + outline.length, 4 * (index + 1)) && end + outline.length, 0);
  const [head, hhea, maxp] = [Buffer.from(tables.of('head')), Buffer.from(tables.of('hhea')), Buffer.from(tables.of('maxp'))];
  head.writeInt16BE(1, 50);
  hhea.writeUInt16BE(numbers.size, 34);
  maxp.writeUInt16BE(numbers.size, 4);
  const hmtx = Buffer.concat([...numbers.keys()].map((glyph) => metricsOf(tables, glyph)));
  const hints = ['cvt ', 'fpgm', 'prep'].filter(tables.has).map((tag) => [tag, tables.of(tag)] as const);
  return fontFile([...hints, ['glyf', Buffer.concat(outlines)], ['head', head], ['hhea', hhea], ['hmtx', hmtx], ['loca', loca], ['maxp', maxp]]);
}

// Flags of a part: https://learn.microsoft.com/en-us/typography/opentype/spec/glyf#composite-glyph-description
const WORDS = 0x0001;
const SCALE = 0x0008;
const MORE = 0x0020;
const TWO_SCALES = 0x0040;
const MATRIX = 0x0080;

/** The outline with the parts that it is made of called by their numbers in the subset; parts that have none yet get one. */
function renumbered(outline: Buffer, numbers: Map<number, number>): Buffer {
  if (outline.length === 0 || outline.readInt16BE(0) >= 0) return outline;
  const copy = Buffer.from(outline);
  for (let at = 10, flags = MORE; (flags & MORE) !== 0; ) {
    flags = copy.readUInt16BE(at);
    const part = copy.readUInt16BE(at + 2);
    const number = numbers.get(part) ?? numbers.size;
    numbers.set(part, number);
    copy.writeUInt16BE(number, at + 2);
    at += 4 + ((flags & WORDS) !== 0 ? 4 : 2) + ((flags & SCALE) !== 0 ? 2 : (flags & TWO_SCALES) !== 0 ? 4 : (flags & MATRIX) !== 0 ? 8 : 0);
  }
  return copy;
}

function fontFile(tables: readonly (readonly [string, Buffer])[]): Buffer {
  const power = Math.floor(Math.log2(tables.length));
  const directory = Buffer.alloc(12 + 16 * tables.length);
  directory.writeUInt32BE(0x0001_0000, 0);
  [tables.length, 16 * 2 ** power, power, 16 * (tables.length - 2 ** power)].forEach((value, index) => void directory.writeUInt16BE(value, 4 + 2 * index));
  let start = directory.length;
  for (const [index, [tag, table]] of tables.entries()) {
    const at = 12 + 16 * index;
    directory.write(tag, at, 'latin1');
    [checksumOf(padded(table)), start, table.length].forEach((value, field) => void directory.writeUInt32BE(value, at + 4 + 4 * field));
    start += padded(table).length;
  }
  return Buffer.concat([directory, ...tables.map(([, table]) => padded(table))]);
}

function padded(bytes: Buffer): Buffer {
  return bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}

function checksumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0;
  return sum;
}
