import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { code128 } from '../../core/code-128.ts';

/** Bars and spaces as ones and noughts, a digit for each module. */
function modulesOf(widths: readonly number[] = []): string {
  return widths.map((width, index) => (index % 2 === 0 ? '1' : '0').repeat(width)).join('');
}

const START_B = '11010010000';
const START_C = '11010011100';
const STOP = '1100011101011';

describe('code128', () => {
  // Its checksum is 88: https://en.wikipedia.org/wiki/Code_128#Check_digit_calculation
  it('draws the bars of a known code', () => {
    expect(modulesOf(code128('Wikipedia'))).toBe(
      [START_B, '11101000110', '10000110100', '11000010010', '10000110100', '10100111100', '10110010000', '10000100110', '10000110100', '10010110000', '11110010010', STOP].join(
        '',
      ),
    );
  });

  it('takes digits by twos where that saves room', () => {
    expect(modulesOf(code128('123456'))).toBe([START_C, '10110011100', '10001011000', '11100010110', '10001101110', STOP].join(''));
  });

  test.each([
    ['1', 4],
    ['12', 4],
    ['123', 6],
    ['1234', 5],
    ['12345', 7],
    ['a12', 6],
    ['a1234', 7],
    ['a12345b', 10],
    ['a123456b', 10],
    ['shop:5678901234567/1', 19],
  ])('%s takes %i symbols', (text, symbols) => {
    // Every symbol has 11 modules, and the last one 13.
    expect(modulesOf(code128(text))).toHaveLength(11 * symbols + 2);
  });

  test.each(['', 'ä', 'a\n', '日', '\u007f'])('has no bars for %j', (text) => {
    expect(code128(text)).toBeUndefined();
  });

  it('says any printable text so that it is read again', () => {
    fc.assert(
      fc.property(
        fc.string({
          minLength: 1,
          maxLength: 60,
          unit: fc.oneof(
            fc.constantFrom(...'0123456789'),
            fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
          ),
        }),
        (text) => {
          expect(read(modulesOf(code128(text)))).toBe(text);
        },
      ),
    );
  });
});

/** Reads bars as a scanner does; it learns the symbols from codes of one character. */
function read(modules: string): string {
  const values = Array.from({ length: (modules.length - 2) / 11 - 1 }, (_, index) => SYMBOLS.indexOf(modules.slice(11 * index, 11 * index + 11)));
  const checksum = values.slice(0, -1).reduce((sum, value, index) => sum + value * Math.max(1, index), 0) % 103;
  expect(values.at(-1)).toBe(checksum);
  let isByTwos = values[0] === 105;
  let text = '';
  for (const value of values.slice(1, -1)) {
    // A code changes to the other: 99 is a pair of digits too, where digits are read by twos already.
    if (value === (isByTwos ? 100 : 99)) isByTwos = !isByTwos;
    else text += isByTwos ? String(value).padStart(2, '0') : String.fromCharCode(value + 32);
  }
  return text;
}

/** The symbols by value: pairs of digits have all up to 99; the changes of code and the starts are known. */
const SYMBOLS = [
  ...Array.from({ length: 100 }, (_, pair) => modulesOf(code128(String(pair).padStart(2, '0'))).slice(11, 22)),
  '10111101110',
  '11101011110',
  '11110101110',
  '11010000100',
  START_B,
  START_C,
];
