// The receipt of Etsy's Open API v3: https://developers.etsy.com/documentation/reference#operation/getShopReceipt
import * as z from 'zod';
import type { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import { parseJson } from '../../core/json.ts';
import { Currency, type Minor } from '../../core/money.ts';
import { MAX_QUANTITY, OrderDocument } from '../../core/order-document.ts';
import type { Delivery } from '../delivery.ts';
import { Digits, text } from '../fields.ts';
import { type PayloadKind, readMoney, readPayload } from '../payload.ts';

const PAYLOAD: PayloadKind = {
  code: 'storefront.payload-unreadable',
  what: 'The Etsy receipt',
  personal: new Set(['name', 'first_line', 'second_line', 'city', 'zip', 'formatted_address', 'buyer_email', 'shipTo', 'email']),
};

/** An amount as a whole number of the `divisor`-th part of its currency. */
const Money = z.object({ amount: z.int().min(0), divisor: z.int().min(1), currency_code: Currency });
const Seconds = z.int({ error: 'must be whole seconds since 1970' }).min(0).max(99_999_999_999);

/**
 * What each status means for shipping. A partial refund names no lines: what it was for, people agree on, and what was ordered is shipped.
 */
const STATUSES = {
  open: 'unpaid',
  'payment processing': 'unpaid',
  paid: 'paid',
  completed: 'paid',
  'partially refunded': 'paid',
  'fully refunded': 'cancelled',
  canceled: 'cancelled',
} as const;

const Transaction = z.object({
  transaction_id: Digits,
  title: text,
  sku: text,
  quantity: z.int({ error: 'must be a whole number' }).min(0).max(MAX_QUANTITY),
  price: Money,
  is_digital: z.boolean().nullish(),
});

/** What is read of a receipt. */
export const Receipt = z.object({
  receipt_id: Digits,
  status: z.preprocess(
    (status) => (typeof status === 'string' ? status.toLowerCase() : status),
    z.literal(['open', 'payment processing', 'paid', 'completed', 'partially refunded', 'fully refunded', 'canceled']),
  ),
  is_paid: z.boolean(),
  is_shipped: z.boolean(),
  created_timestamp: Seconds,
  updated_timestamp: Seconds,
  grandtotal: Money,
  name: text,
  first_line: text,
  second_line: text,
  city: text,
  state: text,
  zip: text,
  country_iso: text,
  buyer_email: text,
  transactions: z.array(Transaction),
  shipments: z.array(z.object({ tracking_code: text })).nullish(),
});
type Receipt = z.infer<typeof Receipt>;

/** Turns a receipt, as fetch and poll bring it, into the canonical order. @throws Rejected with the field and the value that cannot be read */
export function orderOf(delivery: Delivery): OrderDocument {
  const receipt = readPayload(Receipt, parseJson(delivery.body), PAYLOAD);
  const means = STATUSES[receipt.status];
  const order: OrderDocument = {
    connectionId: delivery.connectionId,
    sourceId: receipt.receipt_id,
    number: receipt.receipt_id,
    sourceVersion: receipt.updated_timestamp * 1000,
    placedAt: new Date(receipt.created_timestamp * 1000).toISOString(),
    test: false,
    cancelled: means === 'cancelled',
    paid: means === 'paid' && receipt.is_paid,
    currency: receipt.grandtotal.currency_code,
    total: minorOf('grandtotal', receipt.grandtotal, receipt),
    lines: receipt.transactions.map((transaction, index) => ({
      lineId: transaction.transaction_id,
      sku: transaction.sku?.trim() || null,
      title: (transaction.title ?? '').slice(0, 300),
      quantity: transaction.quantity,
      fulfilled: receipt.is_shipped ? transaction.quantity : 0,
      unitPrice: minorOf(`transactions[${index}].price`, transaction.price, receipt),
      requiresShipping: transaction.is_digital !== true,
    })),
    // A tracking number marks the whole receipt as shipped.
    fulfils: 'order',
    shipTo: addressOf(receipt),
    email: receipt.buyer_email || null,
    phone: null,
    locale: 'en',
  };
  return readPayload(OrderDocument, order, PAYLOAD);
}

function minorOf(field: string, { amount, divisor, currency_code }: z.infer<typeof Money>, { grandtotal }: Receipt): Minor {
  if (currency_code !== grandtotal.currency_code)
    throw new Rejected(PAYLOAD.code, `Field ${field}: is in ${currency_code}, and the receipt in ${grandtotal.currency_code}.`, { seen: currency_code });
  const places = Math.log10(divisor);
  if (!Number.isInteger(places)) throw new Rejected(PAYLOAD.code, `Field ${field}.divisor (${divisor}): must be a power of ten.`, { seen: String(divisor) });
  const shown = String(amount).padStart(places + 1, '0');
  return readMoney(field, places === 0 ? shown : `${shown.slice(0, -places)}.${shown.slice(-places)}`, currency_code);
}

function addressOf({ name, first_line, second_line, city, state, zip, country_iso }: Receipt): Address | null {
  if (!first_line && !city && !zip) return null;
  return {
    name: name?.trim() ?? '',
    line1: first_line ?? '',
    city: city ?? '',
    // A country that is no two-letter code becomes an address hold, where a person can mend it.
    country: country_iso?.length === 2 ? country_iso.toUpperCase() : '',
    ...(second_line && { line2: second_line }),
    ...(state && { region: state }),
    ...(zip && { postalCode: zip }),
  };
}
