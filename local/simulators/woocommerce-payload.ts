import { createHash } from 'node:crypto';
import { decimal, type SoldLine, type SoldOrder, type SoldVersion, unitsBought, unitsLeft } from './sold-order.ts';

/** How an order stands at the site, beside what was bought. */
interface OrderState {
  readonly status: string;
  /** Milliseconds since 1970, on a whole second. */
  readonly modified: number;
}

/** Where the site keeps a product: some are variations of another. */
interface ProductIds {
  readonly productId: number;
  /** 0 for a product that is none. */
  readonly variationId: number;
}

const MANY = 1_000_000;

/** Always the same for a SKU: its product, or the variation of a product. */
export function productIdsOf(sku: string): ProductIds {
  const id = 10 + (createHash('sha256').update(sku).digest().readUInt32BE(0) % (MANY - 10));
  return id % 2 === 0 ? { productId: id, variationId: 0 } : { productId: MANY + id, variationId: id };
}

/** The status that a version of an order comes to at the site by itself. */
export function statusOf({ paid, cancelled }: SoldVersion): string {
  return cancelled ? 'cancelled' : paid ? 'processing' : 'pending';
}

/** One version of an order, as the REST API and the webhooks write it. https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties */
export function wooOrder(
  order: SoldOrder,
  version: SoldVersion,
  { status, modified }: OrderState = { status: statusOf(version), modified: Date.parse(version.updatedAt) },
): Buffer {
  const contact = contactOf(order);
  const address = order.shipped ? { ...contact, ...addressOf(order) } : { ...contact, ...NO_ADDRESS };
  const bought = order.lines.filter((line) => unitsBought(line, version) > 0);
  const created = Date.parse(order.placedAt);
  return phpJson({
    id: `@${order.sourceId}`,
    parent_id: 0,
    status,
    currency: order.currency,
    version: '11.2.0',
    prices_include_tax: false,
    date_created: localOf(created),
    date_modified: localOf(modified),
    discount_total: '0.00',
    shipping_total: '0.00',
    total: decimal(bought.reduce((sum, line) => sum + line.unitPrice * unitsBought(line, version), 0)),
    total_tax: '0.00',
    customer_id: 0,
    order_key: `wc_order_${order.sourceId}`,
    billing: { ...address, email: order.buyer.email, phone: order.buyer.phone },
    shipping: order.shipped ? { ...address, phone: '' } : { ...contact, first_name: '', last_name: '', ...NO_ADDRESS, phone: '' },
    payment_method: 'stripe',
    transaction_id: version.paid ? `ch_${order.sourceId}` : '',
    customer_note: version.note,
    number: order.number,
    meta_data: [{ id: 9001, key: '_wc_order_attribution', value: { pages: 3.5, referrer: null } }],
    line_items: bought.filter(({ kind }) => kind !== 'tip').map((line) => lineOf(line, version)),
    tax_lines: [],
    shipping_lines: order.shipped ? [{ id: 1, method_title: 'Flat rate', method_id: 'flat_rate', instance_id: '2', total: '0.00', meta_data: [] }] : [],
    fee_lines: bought.filter(({ kind }) => kind === 'tip').map((line) => ({ id: `@${line.lineId}`, name: escaped(line.title), total: decimal(line.unitPrice), meta_data: [] })),
    coupon_lines: [],
    refunds: refundOf(order, version).map(({ id, reason, amount }) => ({ id, reason, total: `-${amount}` })),
    needs_payment: status === 'pending',
    needs_processing: bought.some(({ kind }) => kind === 'goods'),
    date_created_gmt: gmtOf(created),
    date_modified_gmt: gmtOf(modified),
    date_paid_gmt: version.paid ? gmtOf(created) : null,
    currency_symbol: '€',
  });
}

/** The refunds of a version, with their lines: what the order itself does not say. https://woocommerce.github.io/woocommerce-rest-api-docs/#refund-properties */
export function wooRefunds(order: SoldOrder, version: SoldVersion): Buffer {
  return phpJson(refundOf(order, version));
}

function refundOf(order: SoldOrder, version: SoldVersion) {
  const lines = order.lines.flatMap((line) => {
    const units = unitsBought(line, version) - unitsLeft(line, version);
    return units > 0 ? [{ line, units }] : [];
  });
  if (lines.length === 0) return [];
  return [
    {
      id: `@${order.sourceId.replace(/^./, '9')}`,
      date_created_gmt: gmtOf(Date.parse(version.updatedAt)),
      amount: decimal(lines.reduce((sum, { line, units }) => sum + line.unitPrice * units, 0)),
      reason: version.note,
      meta_data: [],
      line_items: lines.map(({ line, units }) => ({
        ...lineOf(line, version),
        id: `@${line.lineId.replace(/^./, '8')}`,
        quantity: -units,
        total: `-${decimal(line.unitPrice * units)}`,
        meta_data: [{ id: 2076, key: '_refunded_item_id', value: line.lineId }],
      })),
    },
  ];
}

function lineOf(line: SoldLine, version: SoldVersion) {
  const { productId, variationId } = productIdsOf(line.sku ?? line.title);
  const total = decimal(line.unitPrice * unitsBought(line, version));
  return {
    id: `@${line.lineId}`,
    name: escaped(line.title),
    product_id: productId,
    variation_id: variationId,
    quantity: unitsBought(line, version),
    tax_class: '',
    subtotal: total,
    total,
    taxes: [],
    meta_data: [],
    sku: line.sku ?? '',
    // As PHP writes what it divided: not always a decimal that people would write.
    price: (line.unitPrice * unitsBought(line, version)) / 100 / unitsBought(line, version),
    parent_name: null,
  };
}

function contactOf({ buyer }: SoldOrder) {
  return { first_name: escaped(buyer.firstName), last_name: escaped(buyer.lastName) };
}

const NO_ADDRESS = { company: '', address_1: '', address_2: '', city: '', state: '', postcode: '', country: '' };

function addressOf({ buyer }: SoldOrder) {
  const { company, line1, line2, city, region, postalCode, country } = buyer;
  return { company: escaped(company), address_1: escaped(line1), address_2: escaped(line2), city: escaped(city), state: region, postcode: postalCode, country };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll("'", '&#039;').replaceAll(' - ', ' &ndash; ');
}

/** The site writes times without a zone: those in UTC say so by their name alone. */
function gmtOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19);
}

/** The site's own time: it stands in a zone an hour ahead. */
function localOf(milliseconds: number): string {
  return gmtOf(milliseconds + 3_600_000);
}

/** JSON as PHP encodes it; a text of `@` and digits is a number of any size. */
export function phpJson(value: unknown): Buffer {
  const json = JSON.stringify(value).replace(/"@(\d+)"/g, '$1');
  return Buffer.from(json.replaceAll('/', '\\/').replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`));
}
