import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { TrueType } from './true-type.ts';

/** A4 in millimetres. */
const PAGE = { width: 210, height: 297 } as const;

/** How text is set. */
export interface Style {
  /** One of the fonts that the document was opened with. */
  readonly font: string;
  /** Points. */
  readonly size: number;
  /** 0 is black, 1 is white. @default 0 */
  readonly grey?: number;
}

/** What a document says of itself. */
interface About {
  readonly title: string;
  readonly author: string;
  /** BCP 47. */
  readonly language: string;
  readonly createdAt: Date;
}

/**
 * A PDF of A4 pages with text, lines and boxes. Places are in millimetres from the top left; text stands on its place. The same calls give the
 * same bytes. ISO 32000-1: https://opensource.adobe.com/dc-acrobat-sdk-docs/standards/pdfstandards/pdf/PDF32000_2008.pdf
 */
export interface Pdf {
  /** Begins a page; what is drawn is drawn on the last one. @returns its number, from 1 on */
  addPage(): number;
  /** Goes to a page that was begun before. */
  turnTo(page: number): void;
  text(text: string, x: number, y: number, style: Style): void;
  line(x1: number, y1: number, x2: number, y2: number, width: number, grey: number): void;
  /** A filled box. */
  box(x: number, y: number, width: number, height: number, grey: number): void;
  /** How wide text comes out, in millimetres. */
  widthOf(text: string, style: Style): number;
  /** How many characters were drawn as `?` because no font has them. */
  missing(): number;
  bytes(about: About): Buffer;
}

const POINTS = 72 / 25.4;

/** Opens a document. @param fonts by the names that styles call them by; the first is also for what has no other */
export function openPdf(fonts: Readonly<Record<string, TrueType>>): Pdf {
  const used = new Map(Object.entries(fonts).map(([name, font], index) => [name, new UsedFont(`F${index + 1}`, font)]));
  const pages: string[][] = [];
  let current: string[] = [];
  const fontOf = (name: string) => used.get(name) ?? unknownFont(name);
  return {
    addPage() {
      current = [];
      return pages.push(current);
    },
    turnTo: (page) => {
      current = pages[page - 1] ?? current;
    },
    text: (text, x, y, { font, size, grey = 0 }) => {
      const { name, hex } = fontOf(font).encode(text);
      current.push(`BT /${name} ${figure(size)} Tf ${figure(grey)} g ${place(x, y)} Td <${hex}> Tj ET`);
    },
    line: (x1, y1, x2, y2, width, grey) => void current.push(`${figure(grey)} G ${figure(width * POINTS)} w ${place(x1, y1)} m ${place(x2, y2)} l S`),
    box: (x, y, width, height, grey) => void current.push(`${figure(grey)} g ${place(x, y + height)} ${figure(width * POINTS)} ${figure(height * POINTS)} re f`),
    widthOf: (text, { font, size }) => (fontOf(font).widthOf(text) * size) / 1000 / POINTS,
    missing: () => [...used.values()].reduce((sum, { missing }) => sum + missing, 0),
    bytes: (about) =>
      fileOf(
        pages.map((page) => page.join('\n')),
        [...used.values()].filter(({ isUsed }) => isUsed),
        about,
      ),
  };
}

function unknownFont(name: string): never {
  throw new Error(`The document was opened without a font ${name}.`);
}

function figure(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

function place(x: number, y: number): string {
  return `${figure(x * POINTS)} ${figure((PAGE.height - y) * POINTS)}`;
}

/** What runs from right to left or joins its letters takes more than a glyph for each character. */
const SHAPED = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const REPLACEMENT = '?';

/** A font and what of it is used so far. */
class UsedFont {
  readonly name: string;
  readonly font: TrueType;
  missing = 0;
  /** Glyphs by the characters that they stand for; their places are their numbers in the file. */
  readonly #glyphs = new Map<number, string>([[0, REPLACEMENT]]);
  readonly #numbers = new Map<number, number>([[0, 0]]);
  readonly #known = new Map<string, { readonly glyph: number; readonly isMissing: boolean }>();

  constructor(name: string, font: TrueType) {
    this.name = name;
    this.font = font;
  }

  get isUsed(): boolean {
    return this.#glyphs.size > 1;
  }

  widthOf(text: string): number {
    return charactersOf(text).reduce((sum, char) => sum + this.font.advanceOf(this.#find(char).glyph), 0);
  }

  /** @returns the text as the file says it: two bytes for each glyph */
  encode(text: string): { readonly name: string; readonly hex: string } {
    const numbers = charactersOf(text).map((char) => {
      const { glyph, isMissing } = this.#find(char);
      if (isMissing) this.missing += 1;
      return this.#numberOf(glyph, isMissing ? REPLACEMENT : char);
    });
    return { name: this.name, hex: numbers.map((number) => number.toString(16).padStart(4, '0')).join('') };
  }

  #find(char: string): { readonly glyph: number; readonly isMissing: boolean } {
    const known = this.#known.get(char);
    if (known !== undefined) return known;
    const glyph = SHAPED.test(char) ? 0 : this.font.glyphOf(codeOf(char));
    const found = glyph === 0 ? { glyph: this.font.glyphOf(codeOf(REPLACEMENT)), isMissing: true } : { glyph, isMissing: false };
    this.#known.set(char, found);
    return found;
  }

  #numberOf(glyph: number, char: string): number {
    const known = this.#numbers.get(glyph);
    if (known !== undefined) return known;
    const number = this.#glyphs.size;
    this.#numbers.set(glyph, number);
    this.#glyphs.set(glyph, char);
    return number;
  }

  /** The five objects of a font. @param from the number of the first */
  objects(from: number): Buffer[] {
    const { font } = this;
    const glyphs = [...this.#glyphs.keys()];
    const file = font.subset(glyphs);
    const base = `/BaseFont /${this.#baseName(file)}`;
    const descriptor = `/Flags 4 /FontBBox [${font.box.join(' ')}] /ItalicAngle 0 /Ascent ${font.ascent} /Descent ${font.descent} /CapHeight ${font.ascent} /StemV 80`;
    return [
      object(`<< /Type /Font /Subtype /Type0 ${base} /Encoding /Identity-H /DescendantFonts [${from + 1} 0 R] /ToUnicode ${from + 4} 0 R >>`),
      object(
        `<< /Type /Font /Subtype /CIDFontType2 ${base} /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor ${from + 2} 0 R ` +
          `/CIDToGIDMap /Identity /W [0 [${glyphs.map((glyph) => font.advanceOf(glyph)).join(' ')}]] >>`,
      ),
      object(`<< /Type /FontDescriptor /FontName /${this.#baseName(file)} ${descriptor} /FontFile2 ${from + 3} 0 R >>`),
      stream(file, `/Length1 ${file.length}`),
      stream(Buffer.from(unicodeMap([...this.#glyphs.values()]))),
    ];
  }

  /** Six letters before the name tell subsets of a font apart: ISO 32000-1, 9.6.4. */
  #baseName(file: Buffer): string {
    const letters = [...createHash('sha256').update(file).digest().subarray(0, 6)].map((byte) => String.fromCharCode(65 + (byte % 26)));
    return `${letters.join('')}+${this.name}`;
  }
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

/** The characters of a text as they are drawn: accents joined to their letters, no control characters. */
function charactersOf(text: string): string[] {
  return [
    ...text
      .normalize('NFC')
      .replace(/\p{Cc}+/gu, ' ')
      .replace(/\p{Default_Ignorable_Code_Point}/gu, ''),
  ];
}

/** By which readers search and copy the text. @param chars by glyph number */
function unicodeMap(chars: readonly string[]): string {
  const hex = (char: string) => Buffer.from(char, 'utf16le').swap16().toString('hex');
  const rows = chars.map((char, number) => `<${number.toString(16).padStart(4, '0')}> <${hex(char)}>`);
  const blocks = Array.from({ length: Math.ceil(rows.length / 100) }, (_, index) => rows.slice(100 * index, 100 * (index + 1)));
  return [
    '/CIDInit /ProcSet findresource begin 12 dict begin begincmap',
    '/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def /CMapName /Adobe-Identity-UCS def /CMapType 2 def',
    '1 begincodespacerange <0000> <ffff> endcodespacerange',
    ...blocks.map((block) => `${block.length} beginbfchar\n${block.join('\n')}\nendbfchar`),
    'endcmap CMapName currentdict /CMap defineresource pop end end',
  ].join('\n');
}

function object(body: string): Buffer {
  return Buffer.from(body, 'latin1');
}

function stream(bytes: Buffer, entries = ''): Buffer {
  const packed = deflateSync(bytes, { level: 9 });
  return Buffer.concat([object(`<< /Length ${packed.length} /Filter /FlateDecode ${entries}>>\nstream\n`), packed, object('\nendstream')]);
}

/** Text outside the pages: UTF-16 with its mark. */
function words(text: string): string {
  return `<feff${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;
}

const FONT_OBJECTS = 5;

function fileOf(pages: readonly string[], fonts: readonly UsedFont[], { title, author, language, createdAt }: About): Buffer {
  const firstFont = 4;
  const firstPage = firstFont + FONT_OBJECTS * fonts.length;
  const resources = fonts.map(({ name }, index) => `/${name} ${firstFont + FONT_OBJECTS * index} 0 R`).join(' ');
  const at = `(D:${createdAt.toISOString().replace(/\D/g, '').slice(0, 14)}Z)`;
  const media = `/MediaBox [0 0 ${figure(PAGE.width * POINTS)} ${figure(PAGE.height * POINTS)}]`;
  return withIndex([
    object(`<< /Type /Catalog /Pages 2 0 R /Lang ${words(language)} /ViewerPreferences << /DisplayDocTitle true >> >>`),
    object(
      `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((_, index) => `${firstPage + 2 * index} 0 R`).join(' ')}] ${media} /Resources << /Font << ${resources} >> >> >>`,
    ),
    object(`<< /Title ${words(title)} /Author ${words(author)} /CreationDate ${at} /Producer (Crossdock) >>`),
    ...fonts.flatMap((font, index) => font.objects(firstFont + FONT_OBJECTS * index)),
    ...pages.flatMap((content, index) => [object(`<< /Type /Page /Parent 2 0 R /Contents ${firstPage + 2 * index + 1} 0 R >>`), stream(Buffer.from(content, 'latin1'))]),
  ]);
}

/** Puts objects into a file, with the table that says where each begins. */
function withIndex(objects: readonly Buffer[]): Buffer {
  const header = Buffer.from('%PDF-1.5\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1');
  const parts = objects.map((body, index) => Buffer.concat([object(`${index + 1} 0 obj\n`), body, object('\nendobj\n')]));
  const starts: number[] = [];
  let end = header.length;
  for (const part of parts) {
    starts.push(end);
    end += part.length;
  }
  const id = createHash('sha256').update(Buffer.concat(parts)).digest('hex').slice(0, 32);
  const rows = starts.map((start) => `${String(start).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  const tail = `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${size} /Root 1 0 R /Info 3 0 R /ID [<${id}> <${id}>] >>\nstartxref\n${end}\n%%EOF\n`;
  return Buffer.concat([header, ...parts, object(tail)]);
}
