import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { addUnits, type Demand } from '../../core/inventory.ts';
import { asSold, packingSlipOf, type SlipSources, slipGap } from '../../core/packing-slip.ts';
import { SLIP_LANGUAGES, slipLanguageOf, wordsFor } from '../../core/packing-slip-words.ts';
import { sampleOrder } from './samples.ts';
import { SET, type SlipOf, slipSources } from './slips.ts';

function slipOf(of: SlipOf) {
  return packingSlipOf(slipSources(of));
}

describe('what stands on a packing slip', () => {
  it('says in the language of the order who sends what to whom, and asks no money', () => {
    const slip = slipOf({ units: { TENT: 2, MUG: 1 } });

    expect(slip).toMatchObject({
      language: 'de',
      shop: 'Sample Client',
      sender: 'Sample Client · Am Hafen 1 · 20457 Hamburg · Deutschland',
      recipient: ['Erika Muster', 'Beispielweg 4', '04109 Leipzig', 'Deutschland'],
      number: '#1001',
      parcel: 'Paket 1 von 1',
      units: 3,
      reference: 'shop:1001/1',
      elsewhere: [],
    });
    expect(slip.facts).toEqual([
      { label: 'Bestellung', value: '#1001' },
      { label: 'Bestellt am', value: '20. November 2026' },
      { label: 'Gepackt am', value: '21. November 2026' },
    ]);
    expect(JSON.stringify(slip)).not.toContain('12345');
  });

  it("calls products as the customer bought them, else as the client does, in the order's own order", () => {
    const slip = slipOf({ units: { MUG: 1, TENT: 2, LAMP: 1 }, titles: { TENT: 'Zelt „Fjord“', MUG: '' } });

    expect(slip.lines.map(({ sku, quantity, name }) => [sku, quantity, name])).toEqual([
      ['TENT', 2, 'Zelt „Fjord“'],
      ['MUG', 1, 'MUG'],
      ['LAMP', 1, 'LAMP'],
    ]);
  });

  it('names a kit as it was sold, with what it is made of, and singly what is left over', () => {
    const slip = slipOf({ units: { TENT: 1, MUG: 3 }, kits: [{ ...SET, quantity: 2 }], demand: { TENT: 2, MUG: 4 }, titles: { SET: '' } });

    expect(slip.lines).toMatchObject([
      {
        sku: 'SET',
        quantity: 1,
        name: 'Camping set',
        parts: [
          { sku: 'MUG', quantity: 2 },
          { sku: 'TENT', quantity: 1 },
        ],
      },
      { sku: 'MUG', quantity: 1, parts: [] },
    ]);
  });

  it('names the lot and the serial number of every unit once, wherever it is', () => {
    const slip = slipOf({
      units: { TENT: 1 },
      lots: [
        { sku: 'MUG', quantity: 1, lot: 'A', expiresOn: '2027-03-31' },
        { sku: 'MUG', quantity: 2, lot: 'B' },
      ],
      serials: [{ sku: 'TENT', serial: 'T-77' }],
      kits: [{ ...SET, quantity: 1 }],
      demand: { TENT: 1, MUG: 3 },
    });

    expect(slip.lines.flatMap(({ details, parts }) => [details, ...parts.map((part) => part.details)])).toEqual([
      [],
      ['1 × Charge A, haltbar bis 31. März 2027', '1 × Charge B'],
      ['Seriennummer T-77'],
      ['Charge B'],
    ]);
  });

  it('says what is in other parcels, and what follows; how many parcels there will be is not known before', () => {
    const slip = slipOf({ units: { TENT: 1 }, number: 2, others: [{ parcel: 1, units: { MUG: 1 } }], demand: { TENT: 2, MUG: 1 } });

    expect(slip.parcel).toBe('Paket 2');
    expect(slip.elsewhere).toEqual([
      { sku: 'MUG', quantity: 1, name: 'MUG', where: 'in Paket 1' },
      { sku: 'TENT', quantity: 1, name: 'TENT', where: 'wird nachgeliefert' },
    ]);
  });

  it('does not count a parcel that was called back', () => {
    const slip = slipOf({ units: { TENT: 2, MUG: 1 }, number: 2, others: [{ parcel: 1, units: { TENT: 2, MUG: 1 }, status: 'unpacked' }] });

    expect(slip.parcel).toBe('Paket 1 von 1');
    expect(slip.reference).toBe('shop:1001/2');
    expect(slip.elsewhere).toEqual([]);
  });

  it("counts the day by the warehouse's clocks", () => {
    expect(slipOf({ units: { TENT: 2, MUG: 1 }, zone: 'America/Los_Angeles' }).facts.at(-1)?.value).toBe('20. November 2026');
  });

  test.each([
    ['US', 'Portland, OR 97201'],
    ['GB', 'Portland, OR 97201'],
    ['DE', '97201 Portland, OR'],
  ])('writes the place as it is written in %s', (country, place) => {
    const shipTo = { name: 'Erika Muster', company: 'Muster AG', line1: 'Beispielweg 4', line2: 'Hof', city: 'Portland', region: 'OR', postalCode: '97201', country };

    expect(slipOf({ units: { TENT: 1 }, order: { shipTo } }).recipient.slice(0, 5)).toEqual(['Erika Muster', 'Muster AG', 'Beispielweg 4', 'Hof', place]);
  });

  it('keeps a country that nobody knows as it is', () => {
    const shipTo = { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', country: '??' };

    expect(slipOf({ units: { TENT: 1 }, order: { shipTo } }).recipient.at(-1)).toBe('??');
  });
});

describe('the language of a slip', () => {
  test.each([
    ['de', 'de'],
    ['de_AT', 'de-AT'],
    ['EN-us', 'en-US'],
    ['nl-Latn-BE', 'nl-BE'],
    ['fr-CA', 'fr-CA'],
    ['es-419', 'es'],
    ['ja-JP', 'en'],
    ['deu', 'en'],
    ['', 'en'],
  ])('of %j is %s', (locale, language) => {
    expect(slipLanguageOf(locale)).toBe(language);
  });

  test.each(SLIP_LANGUAGES)('every word is said in %s', (language) => {
    const words = wordsFor(language);
    const said = [words.parcel(7), words.parcelOf(7, 9), words.inParcel(7), words.units(7), words.backHow('Elbe Kontor', '#1'), words.page(7, 9), ...Object.values(words)];

    expect(said.slice(0, 6).filter((text) => !/7|Elbe Kontor.*#1/.test(String(text)))).toEqual([]);
    expect(said.filter((text) => text === '' || text === undefined)).toEqual([]);
  });

  it('knows no words for a language that no slip is written in', () => {
    expect(() => wordsFor('ja')).toThrow('No packing slip is written in ja.');
  });

  it('is one that dates and countries are written in, whatever a storefront sends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 20 }), fc.stringMatching(/^(de|en|fr|es|nl)[-_][A-Za-z0-9_-]{0,8}$/)), (locale) => {
        const slip = slipOf({ units: { TENT: 1 }, order: { locale } });

        expect(Intl.getCanonicalLocales(slip.language)).toHaveLength(1);
        expect(slip.facts[1]?.value).toContain('2026');
      }),
    );
  });
});

describe('asSold', () => {
  it('says the same units as they were packed, once its kits are taken apart', () => {
    const units = fc.record({ TENT: fc.nat(6), MUG: fc.nat(9), LAMP: fc.nat(3) }).map((record) => listOf(record));
    fc.assert(
      fc.property(units, fc.nat(4), fc.nat(2), (packed, sets, lamps) => {
        const demand = addUnits([...SET.parts.map(({ sku, quantity }) => ({ sku, quantity: quantity * sets })), { sku: 'LAMP', quantity: lamps }]);
        const sold = asSold({ demand, kits: sets === 0 ? [] : [{ ...SET, quantity: sets }] }, packed);

        const apart = sold.flatMap(({ sku, quantity, kit }) =>
          kit === undefined ? [{ sku, quantity }] : kit.parts.map((part) => ({ sku: part.sku, quantity: part.quantity * quantity })),
        );
        expect(addUnits(apart)).toEqual(addUnits(packed));
        expect(sold.every(({ quantity }) => quantity > 0)).toBe(true);
      }),
    );
  });
});

describe('slipGap', () => {
  const sources = slipSources({ units: { TENT: 1 } });
  const gaps: [string, Partial<SlipSources>, string | undefined][] = [
    ['a packed parcel', {}, undefined],
    ['goods that come back', { parcel: { ...sources.parcel, returns: 1 } }, 'goods that come back need none'],
    ['a parcel that was called back', { parcel: { ...sources.parcel, status: 'recalled' } }, 'the parcel is recalled'],
    ['an order without an address', { document: sampleOrder({ shipTo: null }) }, 'the order has no shipping address'],
    ['another address', { parcel: { ...sources.parcel, addressHash: 'other' } }, 'the address of the order is not the one that the parcel was packed for'],
  ];
  test.each(gaps)('of %s', (_what, changed, gap) => {
    expect(slipGap({ ...sources, ...changed })).toBe(gap);
  });
});

function listOf(units: Readonly<Record<string, number>>): Demand[] {
  return Object.entries(units).flatMap(([sku, quantity]) => (quantity === 0 ? [] : [{ sku, quantity }]));
}
