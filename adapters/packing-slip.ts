import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { code128, QUIET_MODULES } from '../core/code-128.ts';
import type { PackingSlip, SlipLine } from '../core/packing-slip.ts';
import { openPdf, type Pdf, type Style } from './pdf/document.ts';
import { wrap } from './pdf/lines.ts';
import { readTrueType, type TrueType } from './pdf/true-type.ts';

/** The fonts of slips, plain and bold. DejaVu Sans Condensed has all letters of Latin, Greek and Cyrillic: https://dejavu-fonts.github.io */
export interface SlipFonts {
  readonly plain: TrueType;
  readonly bold: TrueType;
}

/** Reads the fonts from the folder of their layer. */
export function readFonts(folder: string): SlipFonts {
  const read = (file: string) => readTrueType(readFileSync(join(folder, file)));
  return { plain: read('plain.ttf'), bold: read('bold.ttf') };
}

/** A slip as a file. */
export interface SlipFile {
  readonly bytes: Buffer;
  /** Characters that are shown as `?` because the fonts lack them, such as Chinese, or cannot set them, such as Arabic. */
  readonly missing: number;
}

// Millimetres. The recipient stands where a window envelope shows it: DIN 5008, form B.
const LEFT = 20;
const RIGHT = 190;
const FACTS = 115;
const AMOUNT = { right: 32 };
const NAME = { left: 38, width: 100 };
const SKU = { left: 143, width: 47 };
const LINE = 4.7;
/** Where the title stands, at least, and where a later page begins. */
const TITLE = 104;
const NEXT_PAGE = 37;
const BOTTOM = 273;

const TEXT = { font: 'plain', size: 10 } as const satisfies Style;
const STRONG = { font: 'bold', size: 10 } as const satisfies Style;
const SMALL = { font: 'plain', size: 8.5, grey: 0.3 } as const satisfies Style;
const FINE = { font: 'plain', size: 7.5, grey: 0.3 } as const satisfies Style;
const TINY = { font: 'plain', size: 6.5, grey: 0.3 } as const satisfies Style;
const RULE = { width: 0.2, grey: 0.75 };

/** Draws a slip on as many A4 pages as it takes, each with the number of the order and the parcel. The same slip gives the same bytes. */
export function drawPackingSlip(slip: PackingSlip, fonts: SlipFonts): SlipFile {
  const pdf = openPdf({ plain: fonts.plain, bold: fonts.bold });
  const sheet = new Sheet(pdf, slip);
  for (const line of slip.lines) sheet.add(rowsOf(pdf, line));
  sheet.add([{ height: 8, draw: (y) => pdf.text(slip.words.units(slip.units), NAME.left, y + 1, STRONG) }]);
  if (slip.elsewhere.length > 0) drawElsewhere(pdf, slip, sheet);
  drawBack(pdf, slip, sheet);
  drawFooters(pdf, slip, sheet.pages);
  const bytes = pdf.bytes({ title: `${slip.words.title} ${slip.number}, ${slip.parcel}`, author: slip.shop, language: slip.language, createdAt: new Date(slip.packedAt) });
  return { bytes, missing: pdf.missing() };
}

/** One line of what runs over pages. */
interface Row {
  /** Millimetres down to the next one. */
  readonly height: number;
  /** @param y where its text stands */
  draw(y: number): void;
}

/** What runs over pages, and where it has come to. */
class Sheet {
  pages = 1;
  readonly #pdf: Pdf;
  readonly #slip: PackingSlip;
  #y: number;

  constructor(pdf: Pdf, slip: PackingSlip) {
    this.#pdf = pdf;
    this.#slip = slip;
    pdf.addPage();
    this.#y = drawLetterhead(pdf, slip) + 15;
    drawColumns(pdf, slip, this.#y);
  }

  /** Draws rows below a rule; the first two stay together, and all of them where they are to. */
  add(rows: readonly Row[], { together = 2, heading = false } = {}): void {
    const needed = rows.slice(0, together).reduce((sum, { height }) => sum + height, 0);
    if (this.#y + needed > BOTTOM) this.#turn(!heading);
    for (const row of rows) {
      if (this.#y + row.height > BOTTOM) this.#turn(!heading);
      row.draw(this.#y);
      this.#y += row.height;
    }
  }

  #turn(withColumns: boolean): void {
    this.pages = this.#pdf.addPage();
    drawRunningHead(this.#pdf, this.#slip);
    if (withColumns) drawColumns(this.#pdf, this.#slip, NEXT_PAGE);
    this.#y = NEXT_PAGE;
  }
}

/** @returns where the title stands: below the window, and lower where a long address needs more */
function drawLetterhead(pdf: Pdf, slip: PackingSlip): number {
  drawShop(pdf, slip.shop);
  drawBarcode(pdf, slip.reference, 14);
  const sender = wrap(slip.sender, 85, TINY, pdf);
  for (const [index, line] of sender.entries()) pdf.text(line, LEFT, 49 - 2.6 * (sender.length - 1 - index), TINY);
  pdf.line(LEFT, 50.2, LEFT + 85, 50.2, RULE.width, RULE.grey);
  const recipient = slip.recipient.flatMap((line) => wrap(line, 85, TEXT, pdf));
  for (const [index, line] of recipient.entries()) pdf.text(line, LEFT, 55.5 + LINE * index, TEXT);
  const below = drawFacts(pdf, slip);
  const title = Math.max(TITLE, 55.5 + LINE * recipient.length + 8, below + 8);
  const parcel: Style = { font: 'bold', size: 13 };
  pdf.text(slip.words.title, LEFT, title, { font: 'bold', size: 18 });
  pdf.text(slip.parcel, RIGHT - pdf.widthOf(slip.parcel, parcel), title, parcel);
  return title;
}

function drawShop(pdf: Pdf, shop: string): void {
  const large: Style = { font: 'bold', size: 16 };
  const isLong = wrap(shop, 78, large, pdf).length > 2;
  const style: Style = isLong ? { font: 'bold', size: 10.5 } : large;
  for (const [index, line] of wrap(shop, 78, style, pdf).entries()) pdf.text(line, LEFT, 20 + (isLong ? 5 : 7) * index, style);
}

/** @returns where the next one would stand */
function drawFacts(pdf: Pdf, { facts }: PackingSlip): number {
  let y = 55.5;
  for (const { label, value } of facts) {
    pdf.text(label, FACTS, y, SMALL);
    for (const line of wrap(value, RIGHT - FACTS - 30, STRONG, pdf)) {
      pdf.text(line, FACTS + 30, y, STRONG);
      y += 5.2;
    }
  }
  return y;
}

function drawRunningHead(pdf: Pdf, { words, number, parcel }: PackingSlip): void {
  pdf.text(`${words.title} · ${words.order} ${number}`, LEFT, 20, STRONG);
  pdf.text(parcel, RIGHT - pdf.widthOf(parcel, STRONG), 20, STRONG);
}

function drawColumns(pdf: Pdf, { words }: PackingSlip, firstLine: number): void {
  const y = firstLine - 7.5;
  pdf.text(words.quantity, AMOUNT.right - pdf.widthOf(words.quantity, SMALL), y, SMALL);
  pdf.text(words.product, NAME.left, y, SMALL);
  pdf.text(words.sku, SKU.left, y, SMALL);
  pdf.line(LEFT, y + 2, RIGHT, y + 2, 0.35, 0);
}

/** A product or kit: its amount, name and number side by side, what is to be said of it below. */
function rowsOf(pdf: Pdf, { sku, quantity, name, details, parts }: SlipLine): Row[] {
  const names = wrap(name, NAME.width, STRONG, pdf);
  const skus = wrap(sku, SKU.width, TEXT, pdf);
  const head = Array.from(
    { length: Math.max(names.length, skus.length) },
    (_, index): Row => ({
      height: LINE,
      draw(y) {
        if (index === 0) drawAmount(pdf, String(quantity), y, STRONG);
        pdf.text(names[index] ?? '', NAME.left, y, STRONG);
        pdf.text(skus[index] ?? '', SKU.left, y, TEXT);
      },
    }),
  );
  const below = [...detailRows(pdf, details, 0), ...parts.flatMap((part) => partRows(pdf, part))];
  return [...head, ...below, { height: 5.8, draw: (y) => pdf.line(LEFT, y - 1.6, RIGHT, y - 1.6, RULE.width, RULE.grey) }];
}

function partRows(pdf: Pdf, { sku, quantity, name, details }: SlipLine): Row[] {
  const names = wrap(`${quantity} × ${name}`, NAME.width - 3, SMALL, pdf);
  const skus = wrap(sku, SKU.width, SMALL, pdf);
  const rows = Array.from(
    { length: Math.max(names.length, skus.length) },
    (_, index): Row => ({
      height: 4,
      draw(y) {
        pdf.text(names[index] ?? '', NAME.left + 3, y, SMALL);
        pdf.text(skus[index] ?? '', SKU.left, y, SMALL);
      },
    }),
  );
  return [...rows, ...detailRows(pdf, details, 6)];
}

function detailRows(pdf: Pdf, details: readonly string[], indent: number): Row[] {
  return details.flatMap((detail) => wrap(detail, NAME.width - indent, SMALL, pdf)).map((line): Row => ({ height: 4, draw: (y) => pdf.text(line, NAME.left + indent, y, SMALL) }));
}

function drawAmount(pdf: Pdf, amount: string, y: number, style: Style): void {
  pdf.text(amount, AMOUNT.right - pdf.widthOf(amount, style), y, style);
}

function drawElsewhere(pdf: Pdf, { words, elsewhere }: PackingSlip, sheet: Sheet): void {
  const heading: Row = { height: 7, draw: (y) => pdf.text(words.elsewhere, LEFT, y + 1.5, { font: 'bold', size: 11 }) };
  const rows = elsewhere.map(({ sku, quantity, name, where }) => {
    const names = wrap(`${name} (${sku})`, NAME.width, SMALL, pdf);
    const places = wrap(where, SKU.width, SMALL, pdf);
    return Array.from(
      { length: Math.max(names.length, places.length) },
      (_, index): Row => ({
        height: 4.4,
        draw(y) {
          if (index === 0) drawAmount(pdf, String(quantity), y, SMALL);
          pdf.text(names[index] ?? '', NAME.left, y, SMALL);
          pdf.text(places[index] ?? '', SKU.left, y, SMALL);
        },
      }),
    );
  });
  sheet.add([{ height: 4, draw: () => {} }, heading, ...(rows[0] ?? [])], { together: 3, heading: true });
  for (const row of rows.slice(1)) sheet.add(row, { heading: true });
}

/** What to do with goods that are to come back; never torn apart. */
function drawBack(pdf: Pdf, { words, shop, number }: PackingSlip, sheet: Sheet): void {
  const lines = wrap(words.backHow(shop, number), RIGHT - LEFT, SMALL, pdf);
  const rows: Row[] = [
    { height: 6, draw: () => {} },
    { height: 5, draw: (y) => pdf.text(words.back, LEFT, y, { font: 'bold', size: 9 }) },
    ...lines.map((line): Row => ({ height: 4, draw: (y) => pdf.text(line, LEFT, y, SMALL) })),
  ];
  sheet.add(rows, { together: rows.length, heading: true });
}

function drawFooters(pdf: Pdf, { words, sender, reference }: PackingSlip, pages: number): void {
  for (let page = 1; page <= pages; page++) {
    pdf.turnTo(page);
    pdf.line(LEFT, 280, RIGHT, 280, RULE.width, RULE.grey);
    const style = wrap(sender, 95, FINE, pdf).length > 2 ? TINY : FINE;
    for (const [index, line] of wrap(sender, 95, style, pdf).entries()) pdf.text(line, LEFT, 284.5 + 2.6 * index, style);
    const right = pages === 1 ? reference : `${reference} · ${words.page(page, pages)}`;
    pdf.text(right, RIGHT - pdf.widthOf(right, FINE), 284.5, FINE);
  }
}

const BARCODE = { width: 88, height: 13, widest: 0.4, narrowest: 0.19 };

/** The bars of a reference, with the reference below for people. What is too long for a scanner to tell its bars apart has none. */
function drawBarcode(pdf: Pdf, reference: string, top: number): void {
  const bars = code128(reference) ?? [];
  const modules = bars.reduce((sum, width) => sum + width, 0);
  const module = Math.min(BARCODE.widest, BARCODE.width / (modules + 2 * QUIET_MODULES));
  const isDrawn = bars.length > 0 && module >= BARCODE.narrowest;
  let x = RIGHT - modules * module;
  const start = isDrawn ? x : RIGHT - BARCODE.width;
  for (const [index, width] of isDrawn ? bars.entries() : []) {
    if (index % 2 === 0) pdf.box(x, top, width * module, BARCODE.height, 0);
    x += width * module;
  }
  for (const [index, line] of wrap(reference, RIGHT - start, FINE, pdf).entries()) pdf.text(line, start, top + BARCODE.height + 3.5 + 3.2 * index, FINE);
}
