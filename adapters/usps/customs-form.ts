import type { Customs, CustomsItem } from '../../core/customs.ts';
import { Rejected } from '../../core/error.ts';
import { printMoney } from '../../core/money.ts';
import type { Settings } from './settings.ts';

const ITEMS = 30;
const DESCRIPTION = 30;
/** USPS takes these for no description at all, in any letter case. */
const EMPTY_WORDS = new Set(['none', 'not applicable', 'n/a', 'null', 'gift', 'merchandise']);
/** Up to this value of goods of one kind nothing is filed, in cents. https://www.ecfr.gov/current/title-15/section-30.37 */
const UNFILED_VALUE = 250_000;

/**
 * Writes the customs form of a label.
 * @throws Rejected with a code of `carrier.customs-...` when USPS has no words for it
 */
export function customsForm(customs: Customs, country: string, settings: Settings): object {
  const { items, currency, contents, invoiceNumber, terms } = customs;
  if (currency !== 'USD') throw unfit('currency', `USPS takes values in USD, and these are in ${currency}; send this parcel with another carrier`);
  if (terms === 'DDP') throw unfit('terms', 'the hub has USPS collect duties from the recipient alone; send this parcel with another carrier, or as DAP');
  if (items.length > ITEMS) throw unfit('items', `USPS takes ${ITEMS} kinds of goods, and these are ${items.length}; pack fewer kinds into one parcel`);
  return {
    customsContentType: contents === 'merchandise' ? 'MERCHANDISE' : 'RETURNED_GOODS',
    AESITN: statementOf(items, country, settings),
    // The number is for the recipient's customs; a longer one than USPS takes is on the invoice itself.
    ...(invoiceNumber.length > 0 && invoiceNumber.length <= 15 && { invoiceNumber }),
    contents: items.map(contentOf),
  };
}

/** The exemption from filing that holds for most parcels. https://pe.usps.com/text/imm/immc5_012.htm */
function statementOf(items: readonly CustomsItem[], country: string, { exportStatement }: Settings): string {
  if (exportStatement !== undefined) return exportStatement;
  if (country === 'CA') return 'NO EEI 30.36';
  const values = new Map<string, number>();
  for (const { hsCode, value } of items) values.set(hsCode, (values.get(hsCode) ?? 0) + value);
  if ([...values.values()].some((value) => value > UNFILED_VALUE))
    throw unfit('statement', `goods of one kind are worth more than ${printMoney(UNFILED_VALUE, 'USD')} USD; file them, and send this parcel by hand with its export number`);
  return 'NO EEI 30.37(a)';
}

function contentOf({ sku, description, quantity, value, weight, hsCode, origin }: CustomsItem): object {
  const itemDescription = description.trim().slice(0, DESCRIPTION).trim();
  if (itemDescription === '' || EMPTY_WORDS.has(itemDescription.toLowerCase()))
    throw unfit('description', `${JSON.stringify(itemDescription)} says nothing of ${sku}; describe it in the client file`);
  if (value < 1) throw unfit('value', `${sku} is declared as worth nothing; give its value in the client file`);
  return {
    itemDescription,
    itemQuantity: quantity,
    // At most eight digits: what JSON writes of it is what was printed.
    itemTotalValue: Number(printMoney(value, 'USD')),
    itemTotalWeight: poundsOf(weight),
    weightUOM: 'lb',
    ...(/^\.*(?:[A-Za-z\d]\.*){6,14}$/.test(hsCode) && { HSTariffNumber: hsCode }),
    countryofOrigin: origin,
  };
}

/** Rounded down, unlike a parcel's weight: goods must not weigh more than the parcel that holds them. */
function poundsOf(grams: number): number {
  return Math.max(1, Math.floor((grams * 1_000_000) / 45_359.237)) / 10_000;
}

function unfit(what: string, why: string): Rejected {
  return new Rejected(`carrier.customs-${what}`, `The customs form cannot be made: ${why}.`, { seen: what });
}
