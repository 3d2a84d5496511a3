import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Address, addressHash, differencesOf, problemsOf } from '../../core/address.ts';

const BERLIN: Address = { name: 'Erika Muster', line1: 'Beispielstraße 4', city: 'Berlin', postalCode: '10115', country: 'DE' };
const OAKLAND: Address = {
  name: 'Sam Sample',
  company: 'Sample & Co',
  line1: '417 Montgomery Street',
  line2: 'Floor 5',
  city: 'San Francisco',
  region: 'CA',
  postalCode: '94104',
  country: 'US',
};

describe('problemsOf', () => {
  test('finds nothing wrong with addresses that are fit to ship to', () => {
    expect(problemsOf(BERLIN)).toEqual([]);
    expect(problemsOf(OAKLAND)).toEqual([]);
    expect(problemsOf({ ...BERLIN, name: '', company: 'Muster GmbH' })).toEqual([]);
    expect(problemsOf({ ...BERLIN, name: 'Łukasz 王 עדי 👋', country: 'IE', postalCode: 'D02 AF30' })).toEqual([]);
  });

  test.each<[Partial<Address>, string]>([
    [{ name: '' }, 'name'],
    [{ line1: '' }, 'line1'],
    [{ city: '' }, 'city'],
    [{ country: '' }, 'country'],
    [{ country: 'ZZ' }, 'country'],
    [{ country: 'de' }, 'country'],
    [{ country: 'EU' }, 'country'],
    [{ postalCode: '1011' }, 'postalCode'],
    [{ postalCode: '' }, 'postalCode'],
    [{ country: 'US', postalCode: '94104' }, 'region'],
    [{ line1: 'Weg 1\u0000' }, 'line1'],
    [{ name: 'Erika\nMuster' }, 'name'],
  ])('finds the problem of %j in field %s', (change, field) => {
    expect(problemsOf({ ...BERLIN, ...change }).map((problem) => problem.field)).toContain(field);
  });
});

describe('addressHash', () => {
  test('is the same for the same address written differently', () => {
    expect(addressHash({ ...BERLIN, name: 'ERIKA  MUSTER', line1: 'Beispielstrasse 4' })).toBe(addressHash(BERLIN));
    expect(addressHash({ ...OAKLAND, line1: '417 Montgomery St.', postalCode: '94104-1129' })).toBe(addressHash(OAKLAND));
  });

  test.each<Partial<Address>>([{ line1: 'Beispielstraße 5' }, { city: 'Bern' }, { postalCode: '10117' }, { name: 'Max Muster' }, { country: 'AT' }])(
    'changes with %j',
    (change) => {
      expect(addressHash({ ...BERLIN, ...change })).not.toBe(addressHash(BERLIN));
    },
  );
});

describe('differencesOf', () => {
  test('passes what carriers do to an address', () => {
    const printed = { name: 'SAM SAMPLE', line1: '417 MONTGOMERY ST', line2: 'FL 5', city: 'SAN FRANCISCO', region: 'CA', postalCode: '94104-1129', country: 'US' };

    expect(differencesOf(OAKLAND, printed)).toEqual([]);
    expect(differencesOf(OAKLAND, { ...printed, line1: '417 MONTGOMERY ST FL 5', line2: '' })).toEqual([]);
  });

  test('shows both values of a field that really differs', () => {
    expect(differencesOf(OAKLAND, { ...OAKLAND, line1: '471 Montgomery Street' })).toEqual([{ field: 'line1', ours: '417 Montgomery Street', theirs: '471 Montgomery Street' }]);
  });

  test.each<Partial<Address>>([{ line2: 'Floor 6' }, { name: 'Pat Sample' }, { postalCode: '94105' }, { city: 'Oakland' }, { region: 'NV' }, { company: 'Other & Co' }])(
    'finds %j',
    (change) => {
      expect(differencesOf(OAKLAND, { ...OAKLAND, ...change })).toHaveLength(1);
    },
  );

  test('finds none between an address and itself', () => {
    const word = fc.string({ maxLength: 30 });
    const address = fc.record({ name: word, line1: word, line2: word, city: word, region: word, postalCode: word, country: fc.constantFrom('DE', 'US', 'JP') });

    fc.assert(fc.property(address, (one) => void expect(differencesOf(one, one)).toEqual([])));
  });
});

test('an address trims what it is given and refuses fields beyond any label', () => {
  expect(Address.parse({ ...BERLIN, city: '  Berlin ' }).city).toBe('Berlin');
  expect(Address.safeParse({ ...BERLIN, line1: 'x'.repeat(121) }).success).toBe(false);
  expect(Address.safeParse({ ...BERLIN, country: 'DEU' }).success).toBe(false);
});
