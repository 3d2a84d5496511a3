import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openPdf, type Pdf } from '../../../adapters/pdf/document.ts';
import { wrap } from '../../../adapters/pdf/lines.ts';
import { FONTS } from './fonts.ts';
import { readPdf } from './read-pdf.ts';

const ABOUT = { title: 'Größe „1“', author: 'Elbe Kontor', language: 'de', createdAt: new Date('2026-11-20T09:00:00.000Z') };
const TEXT = { font: 'plain', size: 10 };

function open(): Pdf {
  return openPdf({ plain: FONTS.plain, bold: FONTS.bold });
}

function drawn(text: string): Pdf {
  const pdf = open();
  pdf.addPage();
  pdf.text(text, 20, 20, TEXT);
  return pdf;
}

describe('a PDF', () => {
  it('says again what was written, in letters of many languages', () => {
    const text = 'Łódź, Größe 3, Αθήνα, Москва, 5 €';

    expect(readPdf(drawn(text).bytes(ABOUT)).texts).toEqual([[text]]);
  });

  it('can be read back whatever was written, with a ? for each character that it cannot show', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (text) => {
        const pdf = drawn(text);

        const [[said = ''] = []] = readPdf(pdf.bytes(ABOUT)).texts;
        const questions = (one: string) => one.split('?').length - 1;
        expect(questions(said)).toBe(questions(text) + pdf.missing());
      }),
    );
  });

  it.each([
    ['日本語', '???', 3],
    ['😀', '?', 1],
    ['שלום', '????', 4],
    ['e\u0301te\u0301', 'été', 0],
    ['a\tb\nc', 'a b c', 0],
    ['soft\u00adly zero\u200bwidth', 'softly zerowidth', 0],
    ['\ud800x', '?x', 1],
  ])('shows %j as %j', (text, shown, missing) => {
    const pdf = drawn(text);

    expect(readPdf(pdf.bytes(ABOUT)).texts).toEqual([[shown]]);
    expect(pdf.missing()).toBe(missing);
  });

  it('has the same bytes when it is drawn again, and others when anything differs', () => {
    expect(drawn('once').bytes(ABOUT)).toEqual(drawn('once').bytes(ABOUT));
    expect(drawn('once').bytes(ABOUT)).not.toEqual(drawn('twice').bytes(ABOUT));
  });

  it('tells its title, its language and when it was made', () => {
    const { objects } = readPdf(drawn('x').bytes(ABOUT));

    expect(objects[0]?.toString()).toContain('/Lang <feff00640065>');
    expect(objects[2]?.toString()).toContain('(D:20261120090000Z)');
    expect(objects[2]?.toString()).toContain(Buffer.from('Größe „1“', 'utf16le').swap16().toString('hex'));
  });

  it('goes back to a page that was drawn before', () => {
    const pdf = drawn('first');
    const second = pdf.addPage();
    pdf.text('second', 20, 20, TEXT);
    pdf.turnTo(1);
    pdf.text('more', 20, 40, { ...TEXT, font: 'bold' });

    expect(second).toBe(2);
    expect(readPdf(pdf.bytes(ABOUT)).texts).toEqual([['first', 'more'], ['second']]);
  });

  it('refuses a font that it was not opened with', () => {
    expect(() => open().widthOf('x', { font: 'serif', size: 10 })).toThrow('without a font serif');
  });
});

describe('wrap', () => {
  it('keeps every word, in lines that fit, and breaks only words that are longer than a line', () => {
    const pdf = open();
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom(...'abcdeWm') }), { maxLength: 12 }),
        fc.integer({ min: 20, max: 90 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width, TEXT, pdf);

          expect(lines.length).toBeGreaterThan(0);
          expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''));
          for (const line of lines) expect(pdf.widthOf(line, TEXT)).toBeLessThanOrEqual(width);
          for (const word of words.filter((one) => pdf.widthOf(one, TEXT) <= width)) expect(lines.some((line) => line.split(' ').includes(word))).toBe(true);
        },
      ),
    );
  });
});
