import { describe, expect, test } from 'vitest';
import { customsOf, gapsInWords, passesCustoms } from '../../core/customs.ts';
import { NOW, sampleClient, sampleLine, sampleOrder } from './samples.ts';

const at = (country: string, postalCode = '', more: object = {}) => ({ name: 'A', line1: 'B 1', city: 'C', country, postalCode, ...more });
const DAY = NOW.toISOString().slice(0, 10);
const CUSTOMS = { hsCode: '630622', origin: 'DE', description: 'Camping tent' };

function clientWith(customs: Record<string, object>) {
  const product = (sku: string) => ({ sku, name: `Name of ${sku}`, weight: 500, plant: 'mill', reorder: { point: 2, upTo: 20 }, customs: customs[sku] ?? {} });
  return sampleClient({ products: ['TENT', 'MUG', 'LAMP'].map(product) });
}

const units = (...pairs: readonly [string, number][]) => ({ units: pairs.map(([sku, quantity]) => ({ sku, warehouse: 'north', quantity })) });

describe('a parcel', () => {
  test.each([
    ['DE', '20457', 'DE', '04109', false],
    ['DE', '20457', 'FR', '42000', false],
    ['DE', '20457', 'MC', '98000', false],
    ['DE', '20457', 'GB', 'YO1 7HH', true],
    ['DE', '20457', 'CH', '8001', true],
    ['DE', '20457', 'US', '97201', true],
    ['US', '97209', 'US', '97201', false],
    ['US', '97209', 'CA', 'V5K 0A1', true],
    // The Canaries, Heligoland, Livigno and Aland are outside of the EU's customs or tax territory.
    ['DE', '20457', 'ES', '35001', true],
    ['DE', '20457', 'ES', '35 001', true],
    ['ES', '35001', 'ES', '38001', false],
    ['ES', '29001', 'ES', '38001', true],
    ['DE', '20457', 'DE', '27498', true],
    ['DE', '20457', 'IT', '23041', true],
    ['DE', '20457', 'FI', '22100', true],
  ])('from %s %s to %s %s passes customs: %s', (from, fromCode, to, toCode, expected) => {
    expect(passesCustoms(at(from, fromCode), at(to, toCode))).toBe(expected);
  });
});

describe('a customs form', () => {
  test('names each product once, with what was paid for it, its weight, code and origin', () => {
    const document = sampleOrder({ lines: [sampleLine('TENT', 2, { unitPrice: 10_001 }), sampleLine('TENT', 1, { lineId: 'x', unitPrice: 10_000 }), sampleLine('MUG', 1)] });

    const answer = customsOf(units(['TENT', 1], ['TENT', 2], ['MUG', 1]), document, clientWith({ TENT: CUSTOMS, MUG: { hsCode: '732394', origin: 'CZ' } }), DAY, false);

    expect(answer).toEqual({
      kind: 'customs',
      customs: {
        contents: 'merchandise',
        currency: 'EUR',
        items: [
          // (2 x 100.01 + 100.00) / 3 is 100.00666..., which customs are told as 100.01.
          { sku: 'TENT', description: 'Camping tent', quantity: 3, value: 30_003, weight: 1_500, hsCode: '630622', origin: 'DE' },
          { sku: 'MUG', description: 'Name of MUG', quantity: 1, value: 1_000, weight: 500, hsCode: '732394', origin: 'CZ' },
        ],
        invoiceNumber: '#1001',
        invoiceDate: DAY,
        signer: 'Sample Client',
        terms: 'DAP',
        undeliverable: 'return',
      },
    });
  });

  test('takes the value of a part of a kit, which has no price of its own, from the client file', () => {
    const client = clientWith({ LAMP: { ...CUSTOMS, value: 4_200 } });

    expect(customsOf(units(['LAMP', 2]), sampleOrder(), client, DAY, true)).toMatchObject({ customs: { contents: 'returned-goods', items: [{ value: 8_400 }] } });
  });

  test('does not count what was given away, and knows no value of what was given away alone', () => {
    const gift = sampleLine('TENT', 1, { lineId: 'gift', unitPrice: 0 });
    const client = clientWith({ TENT: CUSTOMS });
    const formOf = (lines: Parameters<typeof sampleOrder>[0]) => customsOf(units(['TENT', 2]), sampleOrder(lines), client, DAY, false);

    expect(formOf({ lines: [sampleLine('TENT', 1), gift] })).toMatchObject({ customs: { items: [{ quantity: 2, value: 2_000 }] } });
    expect(formOf({ lines: [gift] })).toMatchObject({ kind: 'gaps', gaps: [{ sku: 'TENT', missing: 'value' }] });
  });

  test('of goods that the client file does not name has every gap', () => {
    expect(customsOf(units(['GONE', 1]), sampleOrder(), clientWith({}), DAY, false)).toEqual({
      kind: 'gaps',
      gaps: (['hsCode', 'origin', 'value'] as const).map((missing) => ({ sku: 'GONE', missing })),
    });
  });

  test('with gaps is none, and says which product lacks what', () => {
    const client = clientWith({ TENT: { origin: 'DE' } });
    const answer = customsOf(units(['TENT', 1], ['LAMP', 1]), sampleOrder(), client, DAY, false);

    expect(answer.kind === 'gaps' && gapsInWords(answer.gaps)).toBe('TENT has no HS code; LAMP has no HS code, no country of origin, no value');
  });

  test('does not take the value in one currency for that in another', () => {
    const client = clientWith({ LAMP: { ...CUSTOMS, value: 4_200 } });

    expect(customsOf(units(['LAMP', 1]), sampleOrder({ currency: 'USD' }), client, DAY, false)).toMatchObject({ kind: 'gaps', gaps: [{ sku: 'LAMP', missing: 'value' }] });
  });
});
