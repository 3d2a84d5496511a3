import type { Shipped } from '../../../adapters/storefront.ts';
import type { SoldOrder, SoldVersion } from '../../../local/simulators/sold-order.ts';

/** The stored secret of its webhooks has entities, as WordPress keeps them. */
export const SECRET = { signing: "a&amp;b<'>", token: 'ck_1:cs_1' };
const FIRST_AT = Date.parse('2026-11-22T09:00:00.000Z');

/** An order of an invented customer. */
export const ORDER: SoldOrder = {
  sourceId: '4101',
  number: '4101',
  placedAt: '2026-11-22T08:50:00.000Z',
  currency: 'EUR',
  test: false,
  shipped: true,
  buyer: {
    firstName: 'Zoë',
    lastName: "O'Vandergloom",
    company: 'Nachtegaal & Co',
    line1: 'Nachtegaalsteeg 1',
    line2: '',
    city: 'Utrecht',
    region: '',
    postalCode: '3511 AB',
    country: 'NL',
    phone: '+31305550100',
    email: 'zoe@mail.example.org',
    locale: 'nl',
  },
  lines: [
    { lineId: '41011', sku: 'TENT-2P', title: 'Tent – small', quantity: 3, unitPrice: 22_500, grams: 2_400, kind: 'goods' },
    { lineId: '41012', sku: null, title: 'Tip', quantity: 1, unitPrice: 300, grams: 0, kind: 'tip' },
  ],
};
/** The parcel that all of it leaves in. */
export const SHIPPED: Shipped = {
  sourceId: '4101',
  orderId: 'boutique:4101',
  parcel: 1,
  units: [{ sku: 'TENT-2P', quantity: 3 }],
  lines: [{ lineId: '41011', sku: 'TENT-2P', quantity: 3, requiresShipping: true }],
  completes: true,
  carrier: 'USPS',
  service: 'Priority',
  trackingNumber: '9400100000000000000001',
  trackingUrl: 'https://track.example.com/1',
  shippedAt: '2026-11-22T10:00:00.000Z',
};

/** A version of it; each changed a minute after the one before. */
export function at(version: number, changes: Partial<SoldVersion> = {}): SoldVersion {
  return { version, updatedAt: new Date(FIRST_AT + version * 60_000).toISOString(), paid: true, cancelled: false, removed: {}, note: '', ...changes };
}
