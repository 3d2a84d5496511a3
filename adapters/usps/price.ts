import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import type { Minor } from '../../core/money.ts';
import { readRoundedMoney } from '../payload.ts';

/** An amount as USPS writes it, a JSON number or a text: in US dollars, which it names nowhere. */
export const Amount = z.union([z.string(), z.int()]);
export type Amount = z.infer<typeof Amount>;

/** Cents, digit by digit; undefined where it is no amount. USPS's sums may end in the dust of binary fractions (9.170000000000002). */
export function minorOf(amount: Amount): Minor | undefined {
  try {
    return readRoundedMoney('price', String(amount).replace(/(\.\d{12})\d+$/, '$1'), 'USD');
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}

/** The sum of amounts in cents; undefined where one of them is none. */
export function sumOf(amounts: readonly Amount[]): Minor | undefined {
  const minors = amounts.map(minorOf);
  return minors.reduce<Minor | undefined>((sum, minor) => (sum === undefined || minor === undefined ? undefined : sum + minor), 0);
}
