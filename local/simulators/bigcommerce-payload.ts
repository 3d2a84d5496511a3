// https://github.com/bigcommerce/docs/blob/main/reference/orders.v2.oas2.yml
import { type LineState, type OrderState, type Shipment, statusOf } from './bigcommerce-orders.ts';
import { type Buyer, decimal } from './sold-order.ts';

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region' });
// The store knows its customers' states by name.
const STATES: Readonly<Record<string, string>> = {
  'US-TX': 'Texas',
  'US-CA': 'California',
  'US-NY': 'New York',
  'CA-ON': 'Ontario',
  'CA-QC': 'Quebec',
  'AU-NSW': 'New South Wales',
};

/** Writes an order as Orders V2 answers it. @param withParts whether lines and addresses were asked for, in the object structure */
export function orderOf(state: OrderState, base: string, withParts: boolean): Record<string, unknown> {
  const { sold, version, modified, lines, addresses } = state;
  const total = money(lines.reduce((sum, { line, bought }) => sum + line.unitPrice * bought, 0));
  const status = statusOf(state);
  const link = (what: string) => ({ url: `${base}/v2/orders/${sold.sourceId}/${what}`, resource: `/orders/${sold.sourceId}/${what}` });
  return {
    id: numberOf(sold.sourceId),
    customer_id: 0,
    date_created: rfc2822(Date.parse(sold.placedAt)),
    date_modified: rfc2822(modified),
    date_shipped: state.shipments.length === 0 ? '' : rfc2822(state.shipments.at(-1)?.at ?? 0),
    status_id: status.id,
    status: status.name,
    subtotal_ex_tax: total,
    subtotal_inc_tax: total,
    subtotal_tax: '0.0000',
    shipping_cost_ex_tax: '0.0000',
    shipping_cost_inc_tax: '0.0000',
    total_ex_tax: total,
    total_inc_tax: total,
    total_tax: '0.0000',
    items_total: lines.reduce((sum, { bought }) => sum + bought, 0),
    items_shipped: lines.reduce((sum, { shipped }) => sum + shipped, 0),
    payment_method: sold.test ? 'Test Payment Gateway' : 'Credit Card',
    payment_status: version.paid ? 'captured' : '',
    refunded_amount: '0.0000',
    order_is_digital: addresses.length === 0,
    currency_code: sold.currency,
    default_currency_code: sold.currency,
    staff_notes: version.note,
    customer_message: '',
    discount_amount: '0.0000',
    coupon_discount: '0.0000',
    shipping_address_count: addresses.length,
    is_deleted: false,
    channel_id: 1,
    external_order_id: '',
    custom_status: status.name,
    customer_locale: sold.buyer.locale,
    billing_address: contactOf(sold.buyer),
    products: link('products'),
    shipping_addresses: link('shipping_addresses'),
    coupons: link('coupons'),
    consignments: withParts ? consignmentsOf(state) : link('consignments'),
  };
}

function consignmentsOf(state: OrderState): Record<string, unknown> {
  const linesAt = (id: number) => state.lines.filter(({ addressId }) => addressId === id).map((line) => productOf(state, line));
  const elsewhere = state.lines.filter(({ addressId }) => addressId === 0);
  const recipient = (kept: readonly LineState[]) =>
    kept.length === 0 ? [] : [{ recipient_email: state.sold.buyer.email, line_items: kept.map((line) => productOf(state, line)) }];
  return {
    pickups: [],
    shipping: shippingAddressesOf(state).map((address) => ({ ...address, line_items: linesAt(address.id) })),
    downloads: recipient(elsewhere.filter(({ line }) => line.kind !== 'gift-card')),
    email: { gift_certificates: recipient(elsewhere.filter(({ line }) => line.kind === 'gift-card')) },
  };
}

/** Writes the addresses that an order goes to. */
export function shippingAddressesOf({ sold, lines, addresses }: OrderState) {
  return addresses.map(({ id, buyer }) => {
    const there = lines.filter(({ addressId }) => addressId === id);
    return {
      id,
      order_id: numberOf(sold.sourceId),
      ...contactOf(buyer),
      shipping_method: 'Flat Rate',
      items_total: there.reduce((sum, { bought }) => sum + bought, 0),
      items_shipped: there.reduce((sum, { shipped }) => sum + shipped, 0),
      base_cost: '0.0000',
      cost_inc_tax: '0.0000',
      form_fields: [],
    };
  });
}

const TYPES = { goods: 'physical', tip: 'digital', 'gift-card': 'giftcertificate' } as const;

/** Writes a line of an order. */
export function productOf({ sold }: OrderState, { line, bought, refunded, shipped, addressId }: LineState): Record<string, unknown> {
  const price = money(line.unitPrice);
  return {
    id: numberOf(line.lineId),
    order_id: numberOf(sold.sourceId),
    product_id: 111,
    variant_id: 77,
    order_pickup_method_id: 0,
    order_address_id: addressId,
    name: line.title,
    sku: line.sku ?? '',
    upc: '',
    type: TYPES[line.kind],
    base_price: price,
    price_ex_tax: price,
    price_inc_tax: price,
    price_tax: '0.0000',
    total_inc_tax: money(line.unitPrice * bought),
    weight: (line.grams / 1_000).toFixed(4),
    quantity: bought,
    is_refunded: refunded === bought,
    quantity_refunded: refunded,
    refund_amount: '0.0000',
    quantity_shipped: shipped,
    wrapping_name: '',
    wrapping_message: '',
    event_date: null,
    parent_order_product_id: null,
    is_bundled_product: false,
    applied_discounts: [],
    product_options: [],
  };
}

/** Writes a shipment. */
export function shipmentOf({ sold }: OrderState, { id, addressId, trackingNumber, provider, carrier, link, at, items }: Shipment): Record<string, unknown> {
  return {
    id,
    order_id: numberOf(sold.sourceId),
    customer_id: 0,
    order_address_id: addressId,
    date_created: rfc2822(at),
    tracking_number: trackingNumber,
    merchant_shipping_cost: '0.0000',
    shipping_method: 'Flat Rate',
    comments: '',
    shipping_provider: provider,
    tracking_carrier: carrier,
    tracking_link: link,
    billing_address: contactOf(sold.buyer),
    items: items.map((item) => ({ ...item, product_id: 111 })),
  };
}

function contactOf(buyer: Buyer) {
  return {
    first_name: buyer.firstName,
    last_name: buyer.lastName,
    company: buyer.company,
    street_1: buyer.line1,
    street_2: buyer.line2,
    city: buyer.city,
    state: STATES[`${buyer.country}-${buyer.region}`] ?? buyer.region,
    zip: buyer.postalCode,
    country: buyer.country.length === 2 ? COUNTRIES.of(buyer.country) : buyer.country,
    country_iso2: buyer.country,
    phone: buyer.phone,
    email: buyer.email,
  };
}

/** Ids are numbers here: a story with others cannot be told by this store. */
export function numberOf(id: string): number {
  const number = Number(id);
  if (!Number.isSafeInteger(number)) throw new Error(`BigCommerce has no ids such as ${JSON.stringify(id)}.`);
  return number;
}

function money(minor: number): string {
  return `${decimal(minor)}00`;
}

function rfc2822(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000');
}
