import { describe, expect, it, test } from 'vitest';
import { drawPackingSlip } from '../../adapters/packing-slip.ts';
import { code128 } from '../../core/code-128.ts';
import { type PackingSlip, packingSlipOf } from '../../core/packing-slip.ts';
import { SLIP_LANGUAGES } from '../../core/packing-slip-words.ts';
import { sampleOrder } from '../core/samples.ts';
import { type SlipOf, slipSources } from '../core/slips.ts';
import { FONTS } from './pdf/fonts.ts';
import { readPdf } from './pdf/read-pdf.ts';

function slipOf(of: Partial<SlipOf> = {}): PackingSlip {
  return packingSlipOf(slipSources({ units: { TENT: 2, MUG: 1 }, ...of }));
}

function textsOf(slip: PackingSlip): readonly (readonly string[])[] {
  return readPdf(drawPackingSlip(slip, FONTS).bytes).texts;
}

/** A slip of so many products, each with a name of two lines. */
function longSlip(products: number): PackingSlip {
  const slip = slipOf({ units: { TENT: 1 }, demand: { TENT: 2 } });
  const line = (index: number) => ({
    sku: `SKU-${index}`,
    quantity: 1,
    name: `Product ${index} with a name that is longer than a line of the slip is wide, by far`,
    details: [],
    parts: [],
  });
  return { ...slip, lines: Array.from({ length: products }, (_, index) => line(index + 1)) };
}

describe('the page of a packing slip', () => {
  it('shows who, what, how many, and no price', () => {
    const [texts = []] = textsOf(slipOf({ demand: { TENT: 2, MUG: 3 }, titles: { TENT: 'Zelt Größe L' } }));

    const all = texts.join('\n');
    for (const text of [
      'Sample Client',
      'Erika Muster',
      '04109 Leipzig',
      '#1001',
      'Lieferschein',
      'Paket 1',
      'Zelt Größe L',
      'TENT',
      '3 Stück in diesem Paket',
      'Nicht in diesem Paket',
      'wird nachgeliefert',
      'shop:1001/1',
    ])
      expect(all).toContain(text);
    expect(all).not.toMatch(/\d+[.,]\d{2}\b|EUR|€/);
  });

  test.each(SLIP_LANGUAGES)('is drawn in %s without a character missing', (locale) => {
    const { bytes, missing } = drawPackingSlip(slipOf({ order: { locale } }), FONTS);

    expect(missing).toBe(0);
    expect(bytes.length).toBeLessThan(40_000);
  });

  it('counts what it cannot show, and shows the rest', () => {
    const slip = slipOf({ titles: { TENT: '寝袋 Fjord' } });

    expect(drawPackingSlip(slip, FONTS).missing).toBe(2);
    expect(textsOf(slip).flat()).toContain('?? Fjord');
  });

  it('has the same bytes when it is drawn again', () => {
    expect(drawPackingSlip(slipOf(), FONTS).bytes).toEqual(drawPackingSlip(slipOf(), FONTS).bytes);
  });

  it('has the bars of its reference, no wider than a scanner reads and no narrower', () => {
    const [page = ''] = readPdf(drawPackingSlip(slipOf(), FONTS).bytes).pages;

    const bars = [...page.matchAll(/([\d.]+) [\d.]+ ([\d.]+) [\d.]+ re f/g)].map(([, , width]) => Number(width));
    const widths = (code128('shop:1001/1') ?? []).filter((_, index) => index % 2 === 0);
    const module = (bars[0] ?? 0) / (widths[0] ?? 1);
    expect(bars.map((bar) => Math.round(bar / module))).toEqual(widths);
    // Points: 0.19 and 0.4 mm.
    expect(module).toBeGreaterThan(0.53);
    expect(module).toBeLessThan(1.14);
  });

  it('shows a reference that is too long for bars in letters, all of it', () => {
    const reference = `shop:${'X'.repeat(110)}/1`;
    const [page = ''] = readPdf(drawPackingSlip({ ...slipOf(), reference }, FONTS).bytes).pages;

    expect(page).not.toContain(' re f');
    expect(
      textsOf({ ...slipOf(), reference })
        .flat()
        .join(''),
    ).toContain(reference);
  });

  it('moves down for an address that fills more than the window, and keeps every word of it', () => {
    const shipTo = {
      name: 'N'.repeat(120),
      company: 'C'.repeat(120),
      line1: 'L'.repeat(120),
      line2: 'M'.repeat(120),
      city: 'S'.repeat(80),
      region: 'R'.repeat(40),
      postalCode: '04109',
      country: 'DE',
    };
    const of: Partial<SlipOf> = { order: { shipTo, number: 'W'.repeat(60) }, client: { name: 'W'.repeat(80) } };
    const { pages, texts } = readPdf(drawPackingSlip(slipOf(of), FONTS).bytes);

    const words = texts.flat().join('').replaceAll(' ', '');
    for (const field of [shipTo.name, shipTo.company, shipTo.line1, shipTo.line2, shipTo.city, 'W'.repeat(80)]) expect(words).toContain(field);
    expect(onPaper(pages)).toBe(true);
  });
});

describe('a long packing slip', () => {
  it.each([1, 14, 15, 16, 29, 30, 31, 200])('of %i products names each once, with the columns, the order and the page on every page', (products) => {
    const slip = longSlip(products);
    const { pages, texts } = readPdf(drawPackingSlip(slip, FONTS).bytes);

    const skus = texts.flat().filter((text) => text.startsWith('SKU-'));
    expect(skus).toEqual(slip.lines.map(({ sku }) => sku));
    for (const [index, page] of texts.entries()) {
      expect(page.join('\n')).toContain('#1001');
      expect(page.join('\n')).toContain('Paket 1');
      if (texts.length > 1) expect(page.join('\n')).toContain(`Seite ${index + 1} von ${texts.length}`);
      if (page.some((text) => text.startsWith('SKU-'))) expect(page).toContain('Artikelnummer');
    }
    expect(onPaper(pages)).toBe(true);
  });

  it('keeps the first two lines of a product together', () => {
    for (const products of [13, 14, 15, 16, 17]) {
      const texts = readPdf(drawPackingSlip(longSlip(products), FONTS).bytes).texts;
      for (const page of texts)
        expect(page.filter((text) => text.startsWith('Product ')).length).toBe(page.filter((text) => text.startsWith('slip is') || text.includes('by far')).length);
    }
  });

  it('breaks within a kit of many parts that fits on no page', () => {
    const parts = Array.from({ length: 90 }, (_, index) => ({ sku: `PART-${index}`, quantity: 1, name: `Part ${index}`, details: [`Seriennummer S-${index}`], parts: [] }));
    const slip = { ...slipOf(), lines: [{ sku: 'KIT', quantity: 1, name: 'Kit', details: [], parts }] };
    const { pages, texts } = readPdf(drawPackingSlip(slip, FONTS).bytes);

    expect(texts.flat().filter((text) => text.startsWith('PART-'))).toEqual(parts.map(({ sku }) => sku));
    expect(pages.length).toBeGreaterThan(2);
    expect(onPaper(pages)).toBe(true);
  });
});

/** Whether all text stands within the page, and above the foot but for what belongs there. */
function onPaper(pages: readonly string[]): boolean {
  const places = pages.flatMap((page) => [...page.matchAll(/([\d.-]+) ([\d.-]+) Td/g)].map(([, x, y]) => [Number(x), Number(y)] as const));
  return places.every(([x = 0, y = 0]) => x >= 50 && x <= 540 && y >= 20 && y <= 820);
}

test('an order without a name for its language is answered in English', () => {
  expect(textsOf(packingSlipOf(slipSources({ units: { TENT: 1 }, order: { ...sampleOrder(), locale: 'xx' } }))).flat()).toContain('Packing slip');
});
