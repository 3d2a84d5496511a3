import type { Customs, CustomsItem } from '../../core/customs.ts';
import { Rejected } from '../../core/error.ts';
import { exponentOf } from '../../core/money.ts';
import { type Party, wrapped } from './address.ts';
import { compactDay } from './api.ts';

// https://github.com/UPS-API/api-documentation/blob/main/Shipping.yaml ShipmentServiceOptions_InternationalForms
const MOST_PRODUCTS = 50;
const DESCRIPTION = { lines: 3, length: 35 } as const;
const PLACES = 6;

/** Incoterms as UPS's list has them: it has DDU for what is now called DAP. */
const TERMS = { DAP: 'DDU', DDP: 'DDP' } as const;

/**
 * Writes the invoice for customs.
 * @throws Rejected `carrier.customs-too-long` naming the product, `carrier.customs-too-many`
 */
export function formsOf({ items, currency, contents, invoiceNumber, invoiceDate, terms }: Customs, to: Party, returns: boolean) {
  if (items.length > MOST_PRODUCTS)
    throw new Rejected('carrier.customs-too-many', `UPS takes ${MOST_PRODUCTS} kinds of goods on an invoice, and this parcel has ${items.length}; split it.`, {
      seen: String(items.length),
    });
  const { ResidentialAddressIndicator: _, ...Address } = to.Address;
  return {
    // Of a parcel that comes back UPS takes a partial invoice alone.
    FormType: [returns ? '05' : '01'],
    InvoiceNumber: invoiceNumber.slice(-35),
    InvoiceDate: compactDay(invoiceDate),
    ReasonForExport: contents === 'merchandise' ? 'SALE' : 'RETURN',
    CurrencyCode: currency,
    TermsOfShipment: TERMS[terms],
    Contacts: { SoldTo: { ...to, Address } },
    Product: items.map((item) => productOf(item, currency)),
  };
}

function productOf({ sku, description, quantity, value, hsCode, origin }: CustomsItem, currency: string) {
  const lines = wrapped(description, DESCRIPTION.length);
  if (lines.length > DESCRIPTION.lines || lines.some((line) => line.length > DESCRIPTION.length))
    throw new Rejected(
      'carrier.customs-too-long',
      `UPS takes ${DESCRIPTION.lines} lines of ${DESCRIPTION.length} characters for a description on an invoice, and that of ${sku} is longer; shorten it.`,
      { seen: sku },
    );
  return {
    Description: lines,
    Unit: { Number: String(quantity), UnitOfMeasurement: { Code: 'PCS' }, Value: unitValue(value, quantity, currency) },
    CommodityCode: hsCode.replace(/[.\s]/g, ''),
    PartNumber: sku.slice(0, 35),
    OriginCountryCode: origin,
  };
}

/** What one unit is worth, with as many decimals as UPS takes and rounded up, so that the sum is never declared too low. */
export function unitValue(value: number, quantity: number, currency: string): string {
  const scaled = BigInt(value) * 10n ** BigInt(PLACES - exponentOf(currency));
  const unit = (scaled + BigInt(quantity) - 1n) / BigInt(quantity);
  const digits = String(unit).padStart(PLACES + 1, '0');
  const fraction = digits.slice(-PLACES).replace(/0+$/, '');
  return `${digits.slice(0, -PLACES)}${fraction === '' ? '' : `.${fraction}`}`;
}
