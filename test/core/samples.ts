import { Client } from '../../core/client.ts';
import type { Readings } from '../../core/intake.ts';
import { LoadView } from '../../core/load.ts';
import { OrderDocument } from '../../core/order-document.ts';
import type { StockView } from '../../core/stock-view.ts';

/** An instant that tests count from. */
export const NOW = new Date('2026-11-20T09:00:00.000Z');

/** A small client: two warehouses in order of preference, three products, clean orders authorised up to 600.00 EUR. */
export function sampleClient(overrides: object = {}): Client {
  const address = { name: 'Sample Depot', line1: 'Am Hafen 1', city: 'Hamburg', postalCode: '20457', country: 'DE' };
  const product = (sku: string) => ({ sku, name: sku, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 } });
  return Client.parse({
    id: 'sample',
    name: 'Sample Client',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    storefronts: [{ id: 'shop', kind: 'shopify' }],
    carriers: [{ id: 'easypost', kind: 'easypost' }],
    warehouses: [
      { id: 'north', name: 'North', address },
      { id: 'south', name: 'South', address },
    ],
    plants: [{ id: 'mill', name: 'Sample Mill', leadTimeDays: 3 }],
    products: [product('TENT'), product('MUG'), product('LAMP')],
    policies: { authorisation: { mode: 'automatic', limit: 60_000 }, packing: 'confirm' },
    ...overrides,
  });
}

/** A clean, paid order of two tents and a mug. */
export function sampleOrder(overrides: Partial<OrderDocument> = {}): OrderDocument {
  return OrderDocument.parse({
    connectionId: 'shop',
    sourceId: '1001',
    number: '#1001',
    sourceVersion: 1_000,
    placedAt: '2026-11-20T08:00:00.000Z',
    test: false,
    cancelled: false,
    paid: true,
    currency: 'EUR',
    total: 12_345,
    lines: [sampleLine('TENT', 2), sampleLine('MUG', 1)],
    shipTo: { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '04109', country: 'DE' },
    email: 'erika@example.com',
    phone: null,
    locale: 'de',
    ...overrides,
  });
}

/** One line of an order. */
export function sampleLine(sku: string | null, quantity: number, overrides: Partial<OrderDocument['lines'][number]> = {}): OrderDocument['lines'][number] {
  return { lineId: `line-${sku}-${quantity}`, sku, title: sku ?? 'Tip', quantity, unitPrice: 1_000, requiresShipping: true, ...overrides };
}

/** What intake sees: stock and nothing else. */
export function seeing(stock: StockView, client: Client = sampleClient()): Readings {
  return { client, stock, load: new LoadView(), history: new Map() };
}
