import { describe, expect, test } from 'vitest';
import fedex from '../../../adapters/carriers/fedex.ts';
import { Unavailable } from '../../../core/error.ts';
import { type Answer, json } from '../fixtures.ts';
import { bodyOf, calling, refusal, TO } from './calling.ts';

describe('checking an address', () => {
  const resolved = (attributes: object, rest: object = {}) =>
    json({
      output: {
        resolvedAddresses: [
          {
            streetLinesToken: ['18 JUNIPER CT', 'APT 4'],
            city: 'PORTLAND',
            stateOrProvinceCode: 'OR',
            countryCode: 'US',
            parsedPostalCode: { base: '97205', addOn: '1234' },
            attributes: { CountrySupported: 'true', Resolved: 'true', Matched: 'true', DPV: 'true', AddressType: 'STANDARDIZED', ...attributes },
            ...rest,
          },
        ],
      },
    });

  test('one that FedEx writes in its manner is good', async () => {
    const { call, asked } = calling(resolved({}));

    expect(await fedex.checkAddress?.(TO, call)).toEqual({ verdict: 'ok', suggestion: null, problems: [] });
    expect(bodyOf(asked[0])).toEqual({
      addressesToValidate: [{ address: { streetLines: ['18 Juniper Court', 'Apt 4'], city: 'Portland', stateOrProvinceCode: 'OR', postalCode: '97205', countryCode: 'US' } }],
    });
  });

  test('one that FedEx writes otherwise is shown with our name and phone', async () => {
    expect(await fedex.checkAddress?.(TO, calling(resolved({}, { parsedPostalCode: { base: '97209' } })).call)).toEqual({
      verdict: 'corrected',
      suggestion: { ...TO, line1: '18 JUNIPER CT', line2: 'APT 4', city: 'PORTLAND', postalCode: '97209' },
      problems: [],
    });
  });

  test.each<[string, Answer, string]>([
    ['is not found', resolved({ AddressType: 'NORMALIZED', Resolved: false }), 'the address is not in the reference data'],
    ['gets no post', resolved({ DPV: 'false' }), 'the post does not deliver to it'],
    ['lacks its apartment', resolved({ SuiteRequiredButMissing: true }), 'the apartment or suite is missing'],
    ['is half found', resolved({}, { customerMessages: [{ code: 'PARTIAL.STREET.MATCH' }] }), 'only the street is known, not the house number'],
    ['has no attributes', resolved({}, { attributes: null }), 'FedEx says nothing about the address'],
  ])('one that %s is doubtful', async (_what, answer, problem) => {
    expect(await fedex.checkAddress?.(TO, calling(answer).call)).toMatchObject({ verdict: 'doubtful', problems: [problem] });
  });

  test.each<[string, Answer, string]>([
    ['a postal code that FedEx knows', json({ output: { cleanedPostalCode: '97205' } }), 'unchecked'],
    ['one that it does not', refusal(400, 'POSTAL.CODE.INVALID'), 'doubtful'],
    ['no answer', new Unavailable('http.timeout', 'no answer'), 'unchecked'],
    ['no right to ask', refusal(403, 'FORBIDDEN.ERROR'), 'unchecked'],
  ])('where FedEx knows no streets, %s decides', async (_what, answer, verdict) => {
    expect(await fedex.checkAddress?.(TO, calling(resolved({ CountrySupported: 'false', AddressType: 'RAW' }), answer).call)).toMatchObject({ verdict });
  });
});
