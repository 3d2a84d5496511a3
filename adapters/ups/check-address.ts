import * as z from 'zod';
import { type Address, differencesOf } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import type { AddressVerdict } from '../carrier.ts';
import { text } from '../fields.ts';
import { addressOf } from './address.ts';
import { ask, listOf, Numeric, read } from './api.ts';
import type { Call } from './settings.ts';

/** Where UPS knows streets. */
const KNOWN = new Set(['US', 'PR']);
/** Presence is what counts: the value is an empty text. */
const indicator = z
  .unknown()
  .optional()
  .transform((value) => value !== undefined && value !== null);
const Candidate = z.object({
  AddressKeyFormat: z.object({
    AddressLine: listOf(z.string()),
    PoliticalDivision2: z.string(),
    PoliticalDivision1: text,
    PostcodePrimaryLow: Numeric.nullish(),
    PostcodeExtendedLow: Numeric.nullish(),
  }),
});
const CheckAnswer = z.object({
  XAVResponse: z.object({ ValidAddressIndicator: indicator, AmbiguousAddressIndicator: indicator, NoCandidatesIndicator: indicator, Candidate: listOf(z.unknown()) }),
});

/** Asks whether an address is deliverable. @throws Unavailable, or Rejected when a person must look */
export async function checkAddress(address: Address, call: Call): Promise<AddressVerdict> {
  if (!KNOWN.has(address.country)) return { verdict: 'unchecked', suggestion: null, problems: [] };
  const body = checkRequest(address);
  if (body === undefined) return { verdict: 'doubtful', suggestion: null, problems: ['it is longer than UPS has room for'] };
  const { XAVResponse } = read(CheckAnswer, await ask('POST', 'addressvalidation/v2/3', body, call));
  const [candidate, ...others] = XAVResponse.Candidate.map((one) => suggestionIn(one, address)).filter((one) => one !== undefined);
  if (!XAVResponse.ValidAddressIndicator) {
    const problem = XAVResponse.AmbiguousAddressIndicator ? 'several addresses fit it' : 'UPS finds no address like it';
    return { verdict: 'doubtful', suggestion: others.length === 0 ? (candidate ?? null) : null, problems: [problem] };
  }
  if (candidate === undefined || differencesOf(address, candidate).length === 0) return { verdict: 'ok', suggestion: null, problems: [] };
  return { verdict: 'corrected', suggestion: candidate, problems: [] };
}

/** The name stays here: UPS does not need it. Undefined where the address does not fit. */
export function checkRequest(address: Address) {
  const written = writtenAs(address);
  if (written === undefined) return undefined;
  const { AddressLine, City, StateProvinceCode, PostalCode, CountryCode } = written;
  return {
    XAVRequest: {
      Request: { RequestOption: '3' },
      AddressKeyFormat: {
        AddressLine,
        PoliticalDivision2: City,
        ...(StateProvinceCode !== undefined && { PoliticalDivision1: StateProvinceCode }),
        ...(PostalCode !== undefined && { PostcodePrimaryLow: PostalCode.slice(0, 5) }),
        ...(PostalCode !== undefined && PostalCode.length === 9 && { PostcodeExtendedLow: PostalCode.slice(5) }),
        CountryCode,
      },
    },
  };
}

function writtenAs(address: Address): ReturnType<typeof addressOf> | undefined {
  try {
    return addressOf('to', address);
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}

function suggestionIn(candidate: unknown, { line2: _, ...address }: Address): Address | undefined {
  const found = Candidate.safeParse(candidate).data?.AddressKeyFormat;
  const [line1, ...rest] = found?.AddressLine ?? [];
  if (found === undefined || line1 === undefined) return undefined;
  const { PoliticalDivision2: city, PoliticalDivision1: region, PostcodePrimaryLow: low, PostcodeExtendedLow: extended } = found;
  const line2 = rest.join(' ');
  return {
    ...address,
    line1,
    ...(line2 !== '' && { line2 }),
    city,
    ...(region && { region }),
    ...(low && { postalCode: extended ? `${low}-${extended}` : low }),
  };
}
