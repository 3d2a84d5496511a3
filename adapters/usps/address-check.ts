import * as z from 'zod';
import { type Address, differencesOf } from '../../core/address.ts';
import { isSuccess, jsonOf } from '../answer.ts';
import type { AddressVerdict } from '../carrier.ts';
import { text } from '../fields.ts';
import { isDomestic, ourAddress, stateOf, TheirAddress } from './address.ts';
import { ask, failure, refusalIn, unreadable } from './api.ts';
import type { Call } from './settings.ts';

const Coded = z.array(z.object({ code: text })).nullish();
const Checked = z.object({
  address: TheirAddress,
  additionalInfo: z.object({ DPVConfirmation: text, vacant: text, carrierRoute: text }).nullish(),
  corrections: Coded,
});

/** What the confirmation of the delivery point says beside `Y`. */
const CONFIRMATIONS: ReadonlyMap<string, string> = new Map([
  ['D', 'the building is known, and the apartment or suite is missing'],
  ['S', 'the building is known, and the apartment or suite is not'],
  ['N', 'the house number is not known'],
]);
const CORRECTIONS: ReadonlyMap<string, string> = new Map([
  ['22', 'several addresses match it'],
  ['32', 'it lacks an apartment, suite or box number'],
]);
/** Routes on which USPS brings nothing to the street. */
const PHANTOM_ROUTES = new Set(['R777', 'R779']);

/**
 * Asks whether USPS delivers to an address. https://developers.usps.com/addressesv3 (3.2.3)
 * @throws Unavailable, or Rejected when a person must look
 */
export async function checkAddress(address: Address, call: Call): Promise<AddressVerdict> {
  if (!isDomestic(address)) return { verdict: 'unchecked', suggestion: null, problems: [] };
  const query = queryOf(address);
  if (query === undefined) return doubtful(['its state is not one of USPS']);
  const response = await ask('GET', `/addresses/v3/address?${query}`, call);
  if (response.status === 404 || response.status === 400)
    return doubtful([/multiple/i.test(refusalIn(response) ?? '') ? 'several addresses match it' : 'USPS finds no such address']);
  if (!isSuccess(response)) throw failure(response);
  const { data } = Checked.safeParse(jsonOf(response));
  if (data === undefined) throw unreadable('an address', response);
  return verdictOn(address, data);
}

function queryOf(address: Address): string | undefined {
  const { line1, line2 = '', city, company = '', postalCode = '' } = address;
  const state = stateOf(address);
  if (state === undefined) return undefined;
  const [, zip = '', plus4 = ''] = /^(\d{5})(?:-?(\d{4}))?$/.exec(postalCode) ?? [];
  const fields = { firm: company.slice(0, 50), streetAddress: line1, secondaryAddress: line2, city, state, ZIPCode: zip, ZIPPlus4: plus4 };
  return new URLSearchParams(Object.entries(fields).filter(([, value]) => value !== '')).toString();
}

function verdictOn(address: Address, { address: theirs, additionalInfo, corrections }: z.infer<typeof Checked>): AddressVerdict {
  const { DPVConfirmation, vacant, carrierRoute } = additionalInfo ?? {};
  const problems = [
    CONFIRMATIONS.get(DPVConfirmation ?? ''),
    ...(corrections ?? []).map(({ code }) => CORRECTIONS.get(code ?? '')),
    vacant === 'Y' ? 'nobody lives or works there' : undefined,
    PHANTOM_ROUTES.has(carrierRoute ?? '') ? 'USPS does not deliver to this street; the recipient may have a PO box' : undefined,
  ].filter((problem) => problem !== undefined);
  const suggestion = suggestionOf(address, theirs);
  if (problems.length > 0) return doubtful(problems, suggestion);
  if (suggestion === null) return { verdict: 'ok', suggestion: null, problems: [] };
  return { verdict: 'corrected', suggestion, problems: [] };
}

/** The address as USPS writes it, with the names as they are, where it differs by more than formatting. */
function suggestionOf(address: Address, theirs: TheirAddress): Address | null {
  const written = ourAddress(theirs, address.country);
  if (written === undefined) return null;
  const { name, company, phone } = address;
  const { company: _, ...place } = written;
  const suggestion: Address = {
    ...place,
    name,
    ...(company !== undefined && { company }),
    ...(phone !== undefined && { phone }),
    ...(address.region !== undefined && place.region === undefined && { region: address.region }),
  };
  return differencesOf(address, suggestion).length === 0 ? null : suggestion;
}

function doubtful(problems: readonly string[], suggestion: Address | null = null): AddressVerdict {
  return { verdict: 'doubtful', suggestion, problems };
}
