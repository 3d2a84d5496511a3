import { type Fulfilment, financialStatusOf } from './shopify-orders.ts';
import { type Buyer, decimal, type SoldLine, type SoldOrder, type SoldVersion, totalOf, unitsBought, unitsLeft } from './sold-order.ts';

/** What the shop knows of an order beside what was sold: nothing before its first parcel left. */
export interface SinceSold {
  /** UTC instant. */
  readonly updatedAt: string;
  readonly fulfilments: readonly Fulfilment[];
}

/**
 * Writes one version of an order as Shopify's REST-shaped webhook body of 2026-07.
 * Ids are written digit for digit, also past 2^53, as Shopify does.
 * @see https://shopify.dev/docs/api/admin-rest/2026-07/resources/order
 */
export function shopifyOrder(order: SoldOrder, version: SoldVersion, since: SinceSold = { updatedAt: version.updatedAt, fulfilments: [] }): Buffer {
  return Buffer.from(JSON.stringify(payloadOf(order, version, since)).replace(/"@(\d+)"/g, '$1'));
}

/** A number too long for a double: written as a marked string, and unmarked in the text. */
function digits(id: string): string {
  return `@${id}`;
}

function payloadOf(order: SoldOrder, version: SoldVersion, { updatedAt, fulfilments }: SinceSold): Record<string, unknown> {
  const lines = order.lines.filter((line) => unitsBought(line, version) > 0).map((line) => lineOf(order, line, version, fulfilments));
  const placed = order.lines.reduce((sum, line) => sum + line.unitPrice * unitsBought(line, version), 0);
  const current = totalOf(order, version);
  const { buyer } = order;
  return {
    id: digits(order.sourceId),
    admin_graphql_api_id: `gid://shopify/Order/${order.sourceId}`,
    app_id: 1354745,
    browser_ip: null,
    buyer_accepts_marketing: false,
    cancel_reason: version.cancelled ? 'customer' : null,
    cancelled_at: version.cancelled ? local(version.updatedAt) : null,
    cart_token: null,
    checkout_id: digits(order.sourceId.replace(/^./, '3')),
    client_details: null,
    closed_at: null,
    confirmation_number: `C${order.number.replace(/\D/g, '').padStart(8, '0')}`,
    confirmed: true,
    contact_email: buyer.email,
    created_at: local(order.placedAt),
    currency: order.currency,
    current_subtotal_price: decimal(current),
    current_subtotal_price_set: priceSet(current, order.currency),
    current_total_discounts: '0.00',
    current_total_duties_set: null,
    current_total_price: decimal(current),
    current_total_price_set: priceSet(current, order.currency),
    current_total_tax: '0.00',
    customer_locale: buyer.locale,
    device_id: null,
    discount_applications: [],
    discount_codes: [],
    duties_included: false,
    email: buyer.email,
    estimated_taxes: false,
    financial_status: financialStatusOf(order, version).toLowerCase(),
    fulfillment_status: wholeOf(order, version, fulfilments),
    fulfillments: fulfilments.map((fulfilment) => fulfilmentOf(order, version, fulfilment)),
    landing_site: '/?utm_source=newsletter',
    line_items: lines,
    location_id: null,
    merchant_of_record_app_id: null,
    name: order.number,
    note: version.note === '' ? null : version.note,
    note_attributes: [],
    number: Number(order.number.replace(/\D/g, '')) - 1000,
    order_number: Number(order.number.replace(/\D/g, '')),
    original_total_duties_set: null,
    payment_gateway_names: ['shopify_payments'],
    payment_terms: null,
    phone: null,
    po_number: null,
    presentment_currency: order.currency,
    processed_at: local(order.placedAt),
    refunds: refundsOf(order, version),
    shipping_address: order.shipped ? addressOf(buyer) : null,
    billing_address: addressOf(buyer),
    customer: customerOf(order),
    shipping_lines: order.shipped ? [shippingLine(order)] : [],
    source_name: 'web',
    subtotal_price: decimal(placed),
    subtotal_price_set: priceSet(placed, order.currency),
    tags: 'Léon, newsletter',
    tax_exempt: false,
    tax_lines: [],
    taxes_included: true,
    test: order.test,
    token: order.sourceId.padStart(32, 'a'),
    total_discounts: '0.00',
    total_line_items_price: decimal(placed),
    total_outstanding: version.paid ? '0.00' : decimal(current),
    total_price: decimal(placed),
    total_price_set: priceSet(placed, order.currency),
    total_shipping_price_set: priceSet(0, order.currency),
    total_tax: '0.00',
    total_tip_received: '0.00',
    total_weight: order.lines.reduce((sum, line) => sum + line.grams * unitsBought(line, version), 0),
    updated_at: local(updatedAt),
    user_id: null,
  };
}

/** Units of a line that left in fulfilments. */
function shippedOf({ lineId }: SoldLine, fulfilments: readonly Fulfilment[]): number {
  return fulfilments.flatMap(({ lines }) => lines.filter((line) => line.lineId === lineId)).reduce((sum, { quantity }) => sum + quantity, 0);
}

function partOf(shipped: number, wanted: number): 'partial' | 'fulfilled' | null {
  if (shipped === 0) return null;
  return shipped < wanted ? 'partial' : 'fulfilled';
}

function wholeOf(order: SoldOrder, version: SoldVersion, fulfilments: readonly Fulfilment[]): 'partial' | 'fulfilled' | null {
  const goods = order.lines.filter(({ kind }) => kind === 'goods');
  const shipped = goods.reduce((sum, line) => sum + shippedOf(line, fulfilments), 0);
  return partOf(
    shipped,
    goods.reduce((sum, line) => sum + unitsLeft(line, version), 0),
  );
}

function fulfilmentOf(order: SoldOrder, version: SoldVersion, fulfilment: Fulfilment): Record<string, unknown> {
  const { id, name, numbers, urls, company, at, locationId } = fulfilment;
  const lines = order.lines.flatMap((line) => {
    const quantity = shippedOf(line, [fulfilment]);
    return quantity === 0 ? [] : [{ ...lineOf(order, line, version, [fulfilment]), quantity }];
  });
  return {
    id,
    admin_graphql_api_id: `gid://shopify/Fulfillment/${id}`,
    created_at: local(at),
    line_items: lines,
    location_id: digits(locationId),
    name,
    order_id: digits(order.sourceId),
    origin_address: {},
    receipt: {},
    service: 'manual',
    shipment_status: null,
    status: 'success',
    tracking_company: company === '' ? null : company,
    tracking_number: numbers[0] ?? null,
    tracking_numbers: numbers,
    tracking_url: urls[0] ?? null,
    tracking_urls: urls,
    updated_at: local(at),
  };
}

/** `quantity` still counts refunded units, `current_quantity` does not; both count what has shipped. */
function lineOf(order: SoldOrder, line: SoldLine, version: SoldVersion, fulfilments: readonly Fulfilment[]): Record<string, unknown> {
  const left = unitsLeft(line, version);
  const shipped = shippedOf(line, fulfilments);
  const goods = line.kind === 'goods';
  return {
    id: digits(line.lineId),
    admin_graphql_api_id: `gid://shopify/LineItem/${line.lineId}`,
    attributed_staffs: [],
    current_quantity: version.cancelled ? 0 : left,
    discount_allocations: [],
    duties: [],
    fulfillable_quantity: goods && !version.cancelled ? Math.max(0, left - shipped) : 0,
    fulfillment_service: 'manual',
    fulfillment_status: partOf(shipped, left),
    gift_card: line.kind === 'gift-card',
    grams: line.grams,
    name: line.title,
    price: decimal(line.unitPrice),
    price_set: priceSet(line.unitPrice, order.currency),
    product_exists: goods,
    product_id: goods ? digits(line.lineId.replace(/^./, '7')) : null,
    properties: goods ? [{ name: 'Engraving', value: 'none' }] : {},
    quantity: unitsBought(line, version),
    requires_shipping: goods,
    sku: line.sku,
    tax_lines: [{ channel_liable: false, price: '0.00', rate: 0.19, title: 'VAT' }],
    taxable: goods,
    title: line.title,
    total_discount: '0.00',
    total_discount_set: priceSet(0, order.currency),
    variant_id: goods ? digits(line.lineId.replace(/^./, '4')) : null,
    variant_inventory_management: goods ? 'shopify' : null,
    variant_title: null,
    vendor: goods ? 'Harbour & Pine' : null,
  };
}

/** Refunded amounts are JSON numbers here, unlike everywhere else. */
function refundsOf(order: SoldOrder, version: SoldVersion): Record<string, unknown>[] {
  const refunded = order.lines.filter((line) => unitsLeft(line, version) < unitsBought(line, version));
  if (refunded.length === 0) return [];
  return [
    {
      id: digits(order.sourceId.replace(/^./, '9')),
      order_id: digits(order.sourceId),
      created_at: local(version.updatedAt),
      note: null,
      restock: true,
      refund_line_items: refunded.map((line) => ({
        id: digits(line.lineId.replace(/^./, '9')),
        line_item_id: digits(line.lineId),
        quantity: unitsBought(line, version) - unitsLeft(line, version),
        restock_type: 'cancel',
        subtotal: ((unitsBought(line, version) - unitsLeft(line, version)) * line.unitPrice) / 100,
        total_tax: 0,
      })),
      transactions: [],
      order_adjustments: [],
    },
  ];
}

function addressOf(buyer: Buyer): Record<string, unknown> {
  return {
    first_name: buyer.firstName,
    last_name: buyer.lastName,
    name: `${buyer.firstName} ${buyer.lastName}`,
    company: buyer.company === '' ? null : buyer.company,
    address1: buyer.line1,
    address2: buyer.line2,
    city: buyer.city,
    province: buyer.region === '' ? null : buyer.region,
    province_code: buyer.region === '' ? null : buyer.region,
    zip: buyer.postalCode,
    country: buyer.country,
    country_code: buyer.country,
    phone: buyer.phone,
    latitude: 53.5413,
    longitude: 9.9841,
  };
}

function customerOf(order: SoldOrder): Record<string, unknown> {
  return {
    id: digits(order.sourceId.replace(/^./, '6')),
    email: order.buyer.email,
    first_name: order.buyer.firstName,
    last_name: order.buyer.lastName,
    phone: order.buyer.phone,
    state: 'disabled',
    currency: order.currency,
    tags: '',
    verified_email: true,
  };
}

function shippingLine(order: SoldOrder): Record<string, unknown> {
  return {
    id: digits(order.sourceId.replace(/^./, '5')),
    carrier_identifier: null,
    code: 'STANDARD',
    discounted_price: '0.00',
    is_removed: false,
    phone: null,
    price: '0.00',
    requested_fulfillment_service_id: null,
    source: 'shopify',
    tax_lines: [],
    title: 'Standard',
  };
}

function priceSet(minor: number, currency: string): Record<string, unknown> {
  const amount = { amount: decimal(minor), currency_code: currency };
  return { shop_money: amount, presentment_money: amount };
}

/** Shopify writes the shop's local time with its offset; one hour ahead of UTC here. */
function local(instant: string): string {
  return new Date(Date.parse(instant) + 3_600_000).toISOString().replace(/\.\d{3}Z$/, '+01:00');
}
