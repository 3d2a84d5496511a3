import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { domestic, foreign, isDomestic, ourAddress, phoneOf, splitName, TheirAddress } from '../../../adapters/usps/address.ts';
import { type Address, differencesOf } from '../../../core/address.ts';
import { rejectionOf } from '../fixtures.ts';

const TO: Address = { name: 'Zoë Vandergloom', line1: '7 Thistledown Lane', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US' };
const LONG = 'Thistledown '.repeat(5).trim();

describe('an address for USPS', () => {
  test.each([
    ['Zoë Vandergloom', undefined, { firstName: 'Zoë', lastName: 'Vandergloom' }],
    ['Anna  Maria de la Cruz', undefined, { firstName: 'Anna Maria de la', lastName: 'Cruz' }],
    ['Zoë', undefined, { firm: 'Zoë' }],
    ['Zoë', 'Pine Works', { firstName: 'Zoë', firm: 'Pine Works' }],
    ['', 'Pine Works', { firm: 'Pine Works' }],
    ['Zoë Vandergloom', 'Pine Works', { firstName: 'Zoë', lastName: 'Vandergloom', firm: 'Pine Works' }],
  ])('has its name %j of %j split before the last word', (name, company, expected) => {
    const { firstName, lastName, firm } = domestic({ ...TO, name, ...(company !== undefined && { company }) });

    expect({ ...(firstName && { firstName }), ...(lastName && { lastName }), ...(firm && { firm }) }).toEqual(expected);
  });

  test('moves words to the last name where the first would be too long', () => {
    expect(splitName(`${LONG.slice(0, 47)} Anna Maria`)).toEqual({ firstName: `${LONG.slice(0, 47)}`.trim(), lastName: 'Anna Maria' });
  });

  test.each([
    ['7 Thistledown Lane', 'Apt 3', '7 Thistledown Lane', 'Apt 3'],
    [`7 ${LONG}`, undefined, '7 Thistledown Thistledown Thistledown Thistledown', 'Thistledown'],
    [`7 ${LONG}`, 'Apt 3', '7 Thistledown Thistledown Thistledown Thistledown', 'Thistledown Apt 3'],
  ])('puts %j and %j on two lines, between words', (line1, line2, streetAddress, secondaryAddress) => {
    expect(domestic({ ...TO, line1, ...(line2 !== undefined && { line2 }) })).toMatchObject({ streetAddress, secondaryAddress });
  });

  test.each([
    ['name', { name: `${'x'.repeat(51)} y` }],
    ['name', { name: 'x'.repeat(51) }],
    ['company', { company: 'x'.repeat(51) }],
    ['line1', { line1: 'x'.repeat(51) }],
    ['line2', { line1: `7 ${LONG}`, line2: LONG }],
    ['city', { city: 'x'.repeat(29) }],
  ])('is refused when its %s is too long, without its value', (field, extra) => {
    const { code, seen, message } = rejectionOf(() => domestic({ ...TO, ...extra }));

    expect({ code, seen }).toEqual({ code: 'carrier.address-too-long', seen: field });
    expect(message).not.toMatch(/xxx|Thistle/);
  });

  test.each([
    ['postalCode', { postalCode: '9720' }],
    ['postalCode', { postalCode: undefined }],
    ['region', { region: 'Oregon' }],
    ['region', { region: undefined }],
  ])('is refused when its %s is not one of USPS', (seen, extra) => {
    const { postalCode, region, ...rest } = { ...TO, ...extra };
    const address: Address = { ...rest, ...(postalCode !== undefined && { postalCode }), ...(region !== undefined && { region }) };

    expect(rejectionOf(() => domestic(address))).toMatchObject({ code: 'carrier.address-invalid', seen });
  });

  test.each([
    ['US', true],
    ['PR', true],
    ['GU', true],
    ['CA', false],
    ['DE', false],
  ])('%s is domestic: %s', (country, expected) => {
    expect(isDomestic({ country })).toBe(expected);
  });

  test('takes ZIP+4, states with their country, and possessions as states', () => {
    expect(domestic({ ...TO, region: 'us-or', postalCode: '97201-0042' })).toMatchObject({ state: 'OR', ZIPCode: '97201', ZIPPlus4: '0042' });
    expect(domestic({ ...TO, region: '', country: 'PR', postalCode: '00731' })).toMatchObject({ state: 'PR', ZIPCode: '00731' });
  });

  test.each([
    ['+1 (503) 555-0100', '+15035550100'],
    ['0049 341 555 0199', '+493415550199'],
    ['503.555.0100', '5035550100'],
    ['call me', undefined],
    ['12', undefined],
    [undefined, undefined],
  ])('writes the number %j as %j', (phone, expected) => {
    expect(phoneOf(phone)).toBe(expected);
  });
});

describe('an address as USPS prints it', () => {
  const word = fc.stringMatching(/^[A-Za-z][a-z]{0,9}$/);
  const words = (most: number) => fc.array(word, { minLength: 1, maxLength: most }).map((all) => all.join(' '));
  const address: fc.Arbitrary<Address> = fc.record({
    name: words(4),
    line1: fc.tuple(fc.nat(9999), words(8)).map(([number, street]) => `${number} ${street}`),
    city: words(2),
    region: fc.constantFrom('OR', 'NY', 'TX'),
    postalCode: fc.stringMatching(/^\d{5}$/),
    country: fc.constant('US'),
  });

  test('differs in nothing from the one that was sent, but for letter case and the long ZIP code', () => {
    fc.assert(
      fc.property(address, fc.option(words(3), { nil: undefined }), (sent, company) => {
        const ours: Address = { ...sent, ...(company !== undefined && { company }) };
        const printed = TheirAddress.parse({ ...inCapitals(domestic(ours)), ZIPPlus4: '0042' });
        const read = ourAddress(printed, 'US');
        expect(read && differencesOf(ours, read)).toEqual([]);
      }),
    );
  });

  test('abroad differs in nothing either', () => {
    const ours: Address = { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Leipzig', region: 'SN', postalCode: '04109', country: 'DE' };
    const read = ourAddress(TheirAddress.parse({ ...foreign(ours), city: 'LEIPZIG' }), 'DE');

    expect(read && differencesOf(ours, read)).toEqual([]);
  });

  test('of a company alone has no name', () => {
    const ours: Address = { ...TO, name: '', company: 'Pine Works' };

    expect(ourAddress(TheirAddress.parse(domestic(ours)), 'US')).toMatchObject({ name: '', company: 'Pine Works' });
  });

  test('is none where it holds no street or a country that is none', () => {
    expect(TheirAddress.safeParse({ city: 'PORTLAND' }).success).toBe(false);
    expect(ourAddress(TheirAddress.parse({ ...domestic(TO), countryISOAlpha2Code: 'USA' }), 'US')).toBeUndefined();
  });
});

/** Values in capitals under the names as USPS writes them. */
function inCapitals(sent: object): object {
  return Object.fromEntries(Object.entries(sent).map(([key, value]) => [key, String(value).toUpperCase()]));
}
