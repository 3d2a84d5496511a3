import * as z from 'zod';
import { Rejected } from './error.ts';

/** An ISO 4217 code that is in use today. */
export const Currency = z.string().refine((code) => isCurrency(code), { error: 'must be an ISO 4217 currency code in use, such as EUR' });
export type Currency = z.infer<typeof Currency>;

// Far below 2^53, so that sums of thousands stay exact.
const LARGEST = 9_000_000_000_000;

/** An amount in the minor unit of its currency: 1234 is 12.34 EUR, 1234 JPY and 1.234 KWD. */
export const Minor = z.int().min(-LARGEST).max(LARGEST);
export type Minor = z.infer<typeof Minor>;

// ISO 4217 exponents other than 2: https://www.six-group.com/en/products-services/financial-information/data-standards.html
const EXPONENTS: Record<string, number> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
};

let known: ReadonlySet<string> | undefined;

/** Whether a code names a currency in use. */
export function isCurrency(code: string): boolean {
  known ??= new Set(Intl.supportedValuesOf('currency'));
  return known.has(code);
}

/** How many digits stand behind the point in a currency. */
export function exponentOf(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

/**
 * Reads a decimal such as `"12.34"` into minor units, digit by digit, never through a float.
 * Digits beyond the currency's exponent must be zeros.
 * @throws Rejected `money.unreadable`, `money.too-large` or `money.currency-unknown`
 */
export function parseMoney(text: string, currency: string): Minor {
  if (!isCurrency(currency)) {
    throw new Rejected('money.currency-unknown', `Currency ${quote(currency)} is not an ISO 4217 code in use.`, { seen: currency });
  }
  const exponent = exponentOf(currency);
  const match = /^(-?)(\d{1,13})(?:\.(\d{1,12}))?$/.exec(text.trim());
  const [, sign, whole, fraction = ''] = match ?? [];
  if (whole === undefined || /[1-9]/.test(fraction.slice(exponent))) {
    throw new Rejected('money.unreadable', `Amount ${quote(text)} is not a decimal with at most ${exponent} places, as ${currency} has.`, { seen: text });
  }
  const minor = Number(whole + fraction.slice(0, exponent).padEnd(exponent, '0'));
  if (minor > LARGEST) throw new Rejected('money.too-large', `Amount ${quote(text)} ${currency} is more than ${printMoney(LARGEST, currency)}.`, { seen: text });
  return sign === '-' && minor !== 0 ? -minor : minor;
}

/** Writes minor units as a plain decimal: `printMoney(1234, 'EUR')` is `"12.34"`. */
export function printMoney(minor: Minor, currency: string): string {
  const exponent = exponentOf(currency);
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0');
  const sign = minor < 0 ? '-' : '';
  return exponent === 0 ? sign + digits : `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
