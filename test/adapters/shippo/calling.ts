import type { CarrierCall, LabelAtCarrier, Shipment } from '../../../adapters/carrier.ts';
import { Settings } from '../../../adapters/shippo/settings.ts';
import { type Answer, fixture, json, scripted } from '../fixtures.ts';

export const NOW = new Date('2026-11-20T09:00:00.000Z');
export const FROM = { name: 'Harbour & Pine', line1: '12 Pier Street', city: 'Portland', region: 'OR', postalCode: '97209', country: 'US' };
export const TO = { name: 'Erika Sample', company: 'Sample Works', line1: '4 Elm Street', line2: 'Suite 7', city: 'Austin', region: 'TX', postalCode: '78701', country: 'US' };
export const SHIPMENT: Shipment = {
  ...{ reference: '01KAGM5Q80ABCDEFGHJKMNPQRS', from: FROM, to: { ...TO, phone: '+1 512 555 0100' }, email: 'erika@example.com', weight: 2_520 },
  ...{ dimensions: { length: 150, width: 300, height: 200 }, shipDate: '2026-11-20', value: 4_990, currency: 'USD', customs: null, hazardous: false, returns: false },
};
export const CUSTOMS: NonNullable<Shipment['customs']> = {
  ...{ contents: 'merchandise', currency: 'USD', invoiceNumber: 'HP-1001', invoiceDate: '2026-11-20', signer: 'Harbour & Pine', terms: 'DAP', undeliverable: 'return' },
  items: [{ sku: 'MUG-1', description: 'Stoneware mug', quantity: 2, value: 4_990, weight: 800, hsCode: '691200', origin: 'PT' }],
};
export const QUOTED = JSON.parse(fixture('shippo/quote.json')).body;
export const BOUGHT = JSON.parse(fixture('shippo/bought.json')).body;
export const PURCHASE = JSON.parse(fixture('shippo/purchase.json'));
export const LABEL: LabelAtCarrier = { reference: PURCHASE.reference, carrierRef: BOUGHT.object_id, trackingNumber: BOUGHT.tracking_number };
export const LIST = (...results: readonly unknown[]) => json({ next: null, previous: null, results });

/** A call whose answers are told beforehand, and what it asked. */
export function calling(answers: readonly Answer[], settings: object = {}) {
  const { http, asked } = scripted(...answers);
  const call: CarrierCall<Settings> = {
    ...{ connectionId: 'shippo', settings: Settings.parse(settings), token: 'shippo_live_1', secondToken: '', apiKey: '', signingSecret: 'hush' },
    ...{ updateUrl: 'https://hub.example.com/updates/shippo', http, now: NOW },
  };
  return { call, asked, body: (index = 0): unknown => JSON.parse(String(asked[index]?.body)) };
}
