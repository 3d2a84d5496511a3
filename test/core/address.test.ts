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
    [{ country: 'UN' }, 'country'],
    [{ country: 'XX' }, 'country'],
    [{ country: 'EZ' }, 'country'],
    [{ country: 'DEU' }, 'country'],
    [{ country: 'xDE' }, 'country'],
    [{ postalCode: '1011' }, 'postalCode'],
    [{ postalCode: '' }, 'postalCode'],
    [{ country: 'US', postalCode: '94104' }, 'region'],
    [{ line1: 'Weg 1\u0000' }, 'line1'],
    [{ name: '', company: '' }, 'name'],
    [{ country: 'US', region: '', postalCode: '94104' }, 'region'],
    [{ name: 'Erika\nMuster' }, 'name'],
    [{ line2: 'Hof\t2' }, 'line2'],
    [{ city: 'Ber\u007flin' }, 'city'],
  ])('finds the one problem of %j in field %s, and says what it is', (change, field) => {
    expect(problemsOf({ ...BERLIN, ...change })).toEqual([{ field, problem: expect.stringMatching(/\w+ \w+/) }]);
  });

  test('finds that a postcode is missing', () => {
    const { postalCode: _, ...rest } = BERLIN;
    expect(problemsOf(rest)).toEqual([{ field: 'postalCode', problem: expect.stringContaining('postcode of DE') }]);
  });
});

describe('addressHash', () => {
  test('stays what it was when orders were taken in: it stands in the table', () => {
    expect(addressHash(BERLIN)).toBe('rpZEcL1KUCeJ0ccXEF01vQ');
    expect(addressHash(OAKLAND)).toBe('SkFbyqSZ7YCCpH1i0xC8Bs');
  });

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

  test.each<[keyof Address, string]>([
    ['name', 'Pat Sample'],
    ['company', 'Other & Co'],
    ['line1', '471 Montgomery Street'],
    ['city', 'Oakland'],
    ['region', 'NV'],
    ['postalCode', '94105'],
    ['country', 'CA'],
  ])('finds another %s', (field, theirs) => {
    expect(differencesOf(OAKLAND, { ...OAKLAND, [field]: theirs })).toContainEqual({ field, ours: OAKLAND[field], theirs });
  });

  test('finds another second street line in the street, and shows what is missing as nothing', () => {
    const { region: _, line2: __, ...rest } = OAKLAND;

    expect(differencesOf(OAKLAND, { ...OAKLAND, line2: 'Floor 6' }).map(({ field }) => field)).toEqual(['line1']);
    expect(differencesOf(BERLIN, { ...BERLIN, line2: '' })).toEqual([]);
    expect(differencesOf(OAKLAND, { ...rest, line2: 'Floor 5' })).toEqual([{ field: 'region', ours: 'CA', theirs: '' }]);
    expect(differencesOf({ ...rest, line2: 'Floor 5' }, OAKLAND)).toEqual([{ field: 'region', ours: '', theirs: 'CA' }]);
  });

  test('passes a company that was left out, and none that was put in', () => {
    const { company: _, ...ours } = OAKLAND;

    expect(differencesOf(OAKLAND, ours)).toEqual([]);
    expect(differencesOf(ours, OAKLAND)).toEqual([{ field: 'company', ours: '', theirs: 'Sample & Co' }]);
  });

  test.each<[Partial<Address>, Partial<Address>]>([
    [{ city: 'Köln' }, { city: 'KOLN' }],
    [
      { country: 'US', postalCode: '941 04' },
      { country: 'US', postalCode: '94104' },
    ],
    [{ line1: 'Große Straße 4' }, { line1: 'Grosse Str. 4' }],
    [{ line1: 'Beispielstrasse 4' }, { line1: 'BEISPIELSTR 4' }],
    [
      { country: 'GB', postalCode: 'SW1A 1AA' },
      { country: 'GB', postalCode: 'sw1a1aa' },
    ],
  ])('passes %j printed as %j', (ours, theirs) => {
    expect(differencesOf({ ...BERLIN, ...ours }, { ...BERLIN, ...theirs })).toEqual([]);
  });

  test.each<[Partial<Address>, Partial<Address>]>([
    [{ postalCode: '10115' }, { postalCode: '10115-1129' }],
    [{ line1: 'Alte Hauptstrassenbrücke 4' }, { line1: 'Alte Hauptstrnbrücke 4' }],
    [{ city: 'New Castle' }, { city: 'Newcastle' }],
  ])('does not pass %j printed as %j', (ours, theirs) => {
    expect(differencesOf({ ...BERLIN, ...ours }, { ...BERLIN, ...theirs })).toHaveLength(1);
  });

  test('finds none between an address and itself', () => {
    const word = fc.string({ maxLength: 30 });
    const address = fc.record({ name: word, line1: word, line2: word, city: word, region: word, postalCode: word, country: fc.constantFrom('DE', 'US', 'JP') });

    fc.assert(fc.property(address, (one) => void expect(differencesOf(one, one)).toEqual([])));
  });
});

test('an address trims what it is given and refuses fields beyond any label', () => {
  expect(Address.parse({ ...BERLIN, city: '  Berlin ' }).city).toBe('Berlin');
  expect(Address.parse({ ...BERLIN, line1: 'Weg\r\n1^~A' }).line1).toBe('Weg 1 A');
  expect(Address.safeParse({ ...BERLIN, line1: 'x'.repeat(121) }).success).toBe(false);
  expect(Address.safeParse({ ...BERLIN, country: 'DEU' }).success).toBe(false);
});
