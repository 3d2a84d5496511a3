import * as z from 'zod';
import { type Address, differencesOf } from '../../core/address.ts';
import { answerTo, isSuccess, jsonOf } from '../answer.ts';
import type { AddressVerdict } from '../carrier.ts';
import { text } from '../fields.ts';
import { readPayload } from '../payload.ts';
import { ANSWER, ask, asked, codesOf, isLockedOut, isRefusal } from './api.ts';
import { streetOf } from './party.ts';
import type { Call } from './settings.ts';

/** FedEx sends these as texts, and its schema says booleans: both are read. */
const Flag = z.union([z.boolean(), z.string().transform((word) => word === 'true')]).nullish();
const Attributes = z.object({
  AddressType: text,
  CountrySupported: Flag,
  Resolved: Flag,
  Matched: Flag,
  DPV: Flag,
  InvalidSuiteNumber: Flag,
  SuiteRequiredButMissing: Flag,
  InterpolatedStreetAddress: Flag,
  PostalValidated: Flag,
});
const Resolved = z.object({
  streetLinesToken: z.array(z.string()).nullish(),
  city: text,
  stateOrProvinceCode: text,
  postalCode: text,
  parsedPostalCode: z.object({ base: text, addOn: text }).nullish(),
  postalCodeToken: z.object({ value: text }).nullish(),
  countryCode: text,
  customerMessages: z.array(z.object({ code: text })).nullish(),
  customerMessage: z.array(z.object({ code: text })).nullish(),
  attributes: Attributes.nullish(),
});
type Resolved = z.infer<typeof Resolved>;
const Answer = z.object({ output: z.object({ resolvedAddresses: z.array(Resolved).min(1) }) });

/** Asks whether an address is deliverable. https://developer.fedex.com/api/en-us/catalog/address-validation/v1/docs.html */
export async function checkAddress(address: Address, call: Call): Promise<AddressVerdict> {
  const { city, region, postalCode, country } = address;
  const sent = {
    streetLines: streetOf(address, 'recipient'),
    city,
    ...(region && { stateOrProvinceCode: region }),
    ...(postalCode && { postalCode }),
    countryCode: country,
  };
  const response = await asked('POST', '/address/v1/addresses/resolve', { addressesToValidate: [{ address: sent }] }, call);
  const [resolved] = readPayload(Answer, jsonOf(response), ANSWER).output.resolvedAddresses;
  if (resolved === undefined || isUncovered(resolved)) return await checkPostalCode(address, call);
  const problems = problemsOf(resolved, country);
  const suggestion = suggestionOf(resolved, address);
  if (problems.length > 0) return { verdict: 'doubtful', suggestion, problems };
  const differs = suggestion !== null && differencesOf(address, suggestion).length > 0;
  return differs ? { verdict: 'corrected', suggestion, problems: [] } : { verdict: 'ok', suggestion: null, problems: [] };
}

/** FedEx has no reference data for the country. */
function isUncovered({ attributes }: Resolved): boolean {
  return attributes?.CountrySupported === false || attributes?.AddressType === 'RAW';
}

/** What FedEx says against an address, in our words. */
const DOUBTS: readonly { readonly problem: string; readonly applies: (attributes: z.infer<typeof Attributes>, country: string) => boolean }[] = [
  { problem: 'the address is not in the reference data', applies: ({ AddressType, Resolved }) => AddressType === 'NORMALIZED' || Resolved === false },
  { problem: 'the post does not deliver to it', applies: ({ DPV }, country) => country === 'US' && DPV === false },
  { problem: 'the apartment or suite is missing', applies: ({ SuiteRequiredButMissing }) => SuiteRequiredButMissing === true },
  { problem: 'the apartment or suite is not known', applies: ({ InvalidSuiteNumber }) => InvalidSuiteNumber === true },
  { problem: 'the house number is not known in this street', applies: ({ InterpolatedStreetAddress }) => InterpolatedStreetAddress === true },
];
const MESSAGES: Readonly<Record<string, string>> = {
  'INVALID.SUITE.NUMBER': 'the apartment or suite is not known',
  'SUITE.NUMBER.REQUIRED': 'the apartment or suite is missing',
  'PARTIAL.STREET.MATCH': 'only the street is known, not the house number',
  'MISSING.OR.AMBIGUOUS.DIRECTIONAL': 'the direction in the name of the street (North, South) is missing or ambiguous',
  'INTERPOLATED.STREET.ADDRESS': 'the house number is not known in this street',
  'RRHC.CONVERSION': 'a rural route: a street address is needed',
};

function problemsOf({ attributes, customerMessages, customerMessage }: Resolved, country: string): string[] {
  const doubts = attributes ? DOUBTS.filter(({ applies }) => applies(attributes, country)).map(({ problem }) => problem) : ['FedEx says nothing about the address'];
  const messages = [...(customerMessages ?? []), ...(customerMessage ?? [])].map(({ code }) => MESSAGES[code ?? '']).filter((problem) => problem !== undefined);
  return [...new Set([...doubts, ...messages])];
}

/** The address as FedEx writes it; name, company and phone stay ours. */
function suggestionOf(resolved: Resolved, ours: Address): Address | null {
  const [line1 = '', ...rest] = (resolved.streetLinesToken ?? []).map((line) => line.trim()).filter((line) => line !== '');
  if (line1 === '' || !resolved.city) return null;
  const { name, company, phone } = ours;
  const postalCode = postalCodeOf(resolved) || ours.postalCode;
  const region = resolved.stateOrProvinceCode || ours.region;
  return {
    name,
    line1,
    city: resolved.city,
    country: resolved.countryCode || ours.country,
    ...(company !== undefined && { company }),
    ...(rest.length > 0 && { line2: rest.join(' ') }),
    ...(region && { region }),
    ...(postalCode && { postalCode }),
    ...(phone !== undefined && { phone }),
  };
}

function postalCodeOf({ postalCode, parsedPostalCode, postalCodeToken }: Resolved): string {
  const { base, addOn } = parsedPostalCode ?? {};
  if (base) return addOn ? `${base}-${addOn}` : base;
  return postalCode || postalCodeToken?.value || '';
}

const UNCHECKED: AddressVerdict = { verdict: 'unchecked', suggestion: null, problems: [] };

/** Where FedEx does not know streets it may still know postal codes. https://developer.fedex.com/api/en-us/catalog/postal-code/v1/docs.html */
async function checkPostalCode({ postalCode, region, country }: Address, call: Call): Promise<AddressVerdict> {
  if (!postalCode) return UNCHECKED;
  const shipDate = call.now.toISOString().slice(0, 10);
  const body = { carrierCode: 'FDXE', countryCode: country, stateOrProvinceCode: region ?? '', postalCode, shipDate, checkForMismatch: false };
  const response = await answerTo(ask('POST', '/country/v1/postal/validate', body, call));
  if ('reason' in response || isSuccess(response) || isLockedOut(response) || !isRefusal(response)) return UNCHECKED;
  const isAboutCode = codesOf(response).some((code) => /POSTAL/.test(code));
  return isAboutCode ? { verdict: 'doubtful', suggestion: null, problems: ['FedEx does not know the postal code'] } : UNCHECKED;
}
