import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rejected } from '../../core/error.ts';
import { exponentOf, isCurrency, Minor, parseMoney, printMoney } from '../../core/money.ts';

describe('parseMoney', () => {
  test.each([
    ['12.34', 'EUR', 1234],
    ['12', 'EUR', 1200],
    ['12.3', 'EUR', 1230],
    ['0.07', 'USD', 7],
    ['-5.00', 'USD', -500],
    ['-0.00', 'USD', 0],
    ['1500', 'JPY', 1500],
    ['1500.00', 'JPY', 1500],
    ['1.234', 'KWD', 1234],
    ['7.70000', 'USD', 770],
    ['89999999999.99', 'EUR', 8_999_999_999_999],
    ['90000000000.00', 'EUR', 9_000_000_000_000],
    [' 5.93 ', 'USD', 593],
  ])('reads %s %s as %d minor units', (text, currency, minor) => {
    expect(parseMoney(text, currency)).toBe(minor);
  });

  test.each([
    ['12.345', 'EUR', 'money.unreadable'],
    ['1.5', 'JPY', 'money.unreadable'],
    ['1e309', 'EUR', 'money.unreadable'],
    ['NaN', 'EUR', 'money.unreadable'],
    ['', 'EUR', 'money.unreadable'],
    ['12,34', 'EUR', 'money.unreadable'],
    ['1 000', 'EUR', 'money.unreadable'],
    ['.5', 'EUR', 'money.unreadable'],
    ['5.', 'EUR', 'money.unreadable'],
    ['٣', 'EUR', 'money.unreadable'],
    ['99999999999999', 'EUR', 'money.unreadable'],
    ['90000000000.01', 'EUR', 'money.too-large'],
    ['1.00', 'XQQ', 'money.currency-unknown'],
    ['1.00', 'eur', 'money.currency-unknown'],
    ['1.00', '__proto__', 'money.currency-unknown'],
  ])('refuses %j in %s with %s', (text, currency, code) => {
    expect(() => parseMoney(text, currency)).toThrow(expect.objectContaining({ name: 'Rejected', code }));
  });

  test.each([
    ['1.00', 'X'.repeat(50)],
    ['1e9', 'EUR'],
    ['90000000000.01', 'EUR'],
  ])('shows what was seen where it refuses %s in %s', (text, currency) => {
    const seen = currency === 'EUR' ? text : currency;

    expect(() => parseMoney(text, currency)).toThrow(expect.objectContaining({ seen, message: expect.stringContaining(JSON.stringify(seen.slice(0, 40))) }));
  });

  test('is undone by printMoney for every amount and currency', () => {
    const currencies = fc.constantFrom(...Intl.supportedValuesOf('currency'));
    const amounts = fc.integer({ min: -9_000_000_000_000, max: 9_000_000_000_000 });

    fc.assert(fc.property(currencies, amounts, (currency, minor) => void expect(parseMoney(printMoney(minor, currency), currency)).toBe(minor)));
  });

  test('answers minor units or throws Rejected, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)), fc.constantFrom('EUR', 'JPY', 'KWD'), (text, currency) => {
        try {
          expect(Minor.safeParse(parseMoney(text, currency)).success).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Rejected);
        }
      }),
    );
  });
});

test.each([
  [0, 'EUR', '0.00'],
  [7, 'EUR', '0.07'],
  [-1234, 'EUR', '-12.34'],
  [0, 'JPY', '0'],
  [-1500, 'JPY', '-1500'],
  [5, 'KWD', '0.005'],
])('%d minor units of %s are printed as %s', (minor, currency, text) => {
  expect(printMoney(minor, currency)).toBe(text);
});

test('currencies agree with the exponents that the platform knows, where the two speak of the same thing', () => {
  // Intl follows CLDR, which rounds some currencies to what shops use; ISO 4217 decides on the wire.
  const known = ['EUR', 'USD', 'GBP', 'JPY', 'KRW', 'KWD', 'BHD', 'TND', 'CHF', 'SEK', 'CLP', 'VND', 'XOF'];
  for (const currency of known) {
    expect(exponentOf(currency), currency).toBe(new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits);
  }
});

test('isCurrency knows codes in use and nothing else', () => {
  expect(['EUR', 'USD', 'JPY'].every(isCurrency)).toBe(true);
  expect(['', 'eur', 'ABC', 'constructor'].some(isCurrency)).toBe(false);
});
