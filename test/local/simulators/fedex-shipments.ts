import type { Shipment } from '../../../adapters/carrier.ts';

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
export const TO = { name: 'Ada Sample', line1: '18 Juniper Court', city: 'Portland', region: 'OR', postalCode: '97205', country: 'US', phone: '503-555-0187' };
export const BERLIN = { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Berlin', postalCode: '10115', country: 'DE', phone: '+49 30 555 01990' };

let made = 0;
/** A shipment with a reference of its own. */
export function shipmentTo(to: Shipment['to'], change: Partial<Shipment> = {}): Shipment {
  made += 1;
  return {
    reference: `01KAGM5Q80ABCDEFGHJK${String(made).padStart(6, '0')}`,
    from: FROM,
    to,
    email: null,
    weight: 2_520,
    dimensions: { length: 300, width: 200, height: 120 },
    shipDate: new Date().toISOString().slice(0, 10),
    value: 8_900,
    currency: 'USD',
    customs: null,
    hazardous: false,
    returns: false,
    ...change,
  };
}

/** Looks until it is there, for five seconds at most. */
export async function eventually<Value>(look: () => Promise<Value>, isThere: (value: Value) => boolean): Promise<Value> {
  const until = Date.now() + 5_000;
  for (;;) {
    const value = await look();
    if (isThere(value) || Date.now() > until) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
