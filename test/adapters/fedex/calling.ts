import type { CarrierCall, LabelAtCarrier, Shipment } from '../../../adapters/carrier.ts';
import fedex from '../../../adapters/carriers/fedex.ts';
import { type Answer, fixture, json, scripted } from '../fixtures.ts';

export const SETTINGS = fedex.settings.parse(JSON.parse(fixture('fedex/settings.json')));
const NOW = new Date('2026-11-22T22:00:00.000Z');
export const REFERENCE = '01KAGM5Q80ABCDEFGHJKMNPQRS';
export const FROM = {
  name: 'Harbour & Pine',
  company: 'Harbour & Pine',
  line1: '200 Dock Street',
  city: 'Memphis',
  region: 'TN',
  postalCode: '38103',
  country: 'US',
  phone: '+1 901 555 0142',
};
export const TO = { name: 'Ada Sample', line1: '18 Juniper Court', line2: 'Apt 4', city: 'Portland', region: 'OR', postalCode: '97205', country: 'US', phone: '503-555-0187' };
export const SHIPMENT: Shipment = {
  reference: REFERENCE,
  from: FROM,
  to: TO,
  email: 'ada@example.com',
  weight: 2_520,
  dimensions: { length: 200, width: 300, height: 120 },
  shipDate: '2026-11-23',
  value: 8_900,
  currency: 'USD',
  customs: null,
  hazardous: false,
  returns: false,
};
export const ABROAD: Shipment = {
  ...SHIPMENT,
  to: { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', region: 'Sachsen', postalCode: '04109', country: 'DE', phone: '+49 341 555 01990' },
  customs: {
    contents: 'merchandise',
    currency: 'USD',
    items: [{ sku: 'LAMP-1', description: 'Desk lamp', quantity: 3, value: 8_970, weight: 2_100, hsCode: '940521', origin: 'PT' }],
    invoiceNumber: '#1001',
    invoiceDate: '2026-11-22',
    signer: 'Harbour & Pine',
    terms: 'DAP',
    undeliverable: 'return',
  },
};
export const RETURN: Shipment = { ...SHIPMENT, from: TO, to: FROM, returns: true };
export const PURCHASE = JSON.parse(fixture('fedex/purchase.json'));
export const LABEL: LabelAtCarrier = { reference: REFERENCE, carrierRef: 'FDXG~794600000001', trackingNumber: '794600000001' };
export const RATE = PURCHASE.rate;

export function calling(...answers: readonly Answer[]) {
  const { http, asked } = scripted(...answers);
  const call: CarrierCall<typeof SETTINGS> = {
    connectionId: 'fedex',
    settings: SETTINGS,
    token: 'tok',
    secondToken: '',
    apiKey: 'key',
    signingSecret: 'hush',
    updateUrl: 'https://hub.example.com/updates/fedex',
    http,
    now: NOW,
  };
  return { call, asked };
}

/** An answer that is kept as a file. */
export function kept(name: string, change: (body: ReturnType<typeof JSON.parse>) => unknown = () => {}): Answer {
  const { status, headers, body } = JSON.parse(fixture(`fedex/${name}.json`));
  change(body);
  return json(body, status, headers);
}

export const refusal = (status: number, code: string) => json({ transactionId: 'x', errors: [{ code, message: 'Not for Ada Sample' }] }, status);
export const bodyOf = (request: { readonly body?: string | Buffer } | undefined) => JSON.parse(String(request?.body));
export const draftOf = (shipment: Shipment, settings: object = {}) =>
  JSON.parse(fedex.draft(shipment, '', RATE, fedex.settings.parse({ accountNumber: '740561073', ...settings })));
