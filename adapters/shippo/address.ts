import * as z from 'zod';
import { Address, differencesOf } from '../../core/address.ts';
import type { AddressVerdict } from '../carrier.ts';
import { text } from '../fields.ts';
import { asked, readAnswer } from './api.ts';
import type { Call, Settings } from './settings.ts';

/** An address in Shippo's words; what is not known is left out. Shippo sells no label without a name, so a company alone is named there too. */
export function theirAddress(address: Address, email: string | null = null): Record<string, string> {
  const { company, line1: street1, line2: street2, city, region: state, postalCode: zip, country, phone } = address;
  const fields = { name: address.name || company, company, street1, street2, city, state, zip, country, phone, email };
  return Object.fromEntries(Object.entries(fields).flatMap(([field, value]) => (value ? [[field, value]] : [])));
}

/** A warehouse in Shippo's words, with what carriers ask of senders. */
export function senderAddress(address: Address, { senderEmail, senderPhone }: Settings): Record<string, string> {
  return theirAddress(address.phone || senderPhone === undefined ? address : { ...address, phone: senderPhone }, senderEmail ?? null);
}

const Checked = z.object({
  name: text,
  company: text,
  street1: text,
  street2: text,
  street3: text,
  city: text,
  state: text,
  zip: text,
  country: text,
  phone: text,
  validation_results: z.object({ is_valid: z.boolean().nullish(), messages: z.array(z.unknown()).nullish() }).nullish(),
});
const Finding = z.object({ code: text, type: text });

/**
 * Has an address checked against those that Shippo knows; an address object stays at Shippo with each.
 * https://docs.goshippo.com/docs/addresses/addressvalidation
 */
export async function checkAddress(address: Address, call: Call): Promise<AddressVerdict> {
  const response = await asked('POST', 'addresses', { ...theirAddress(address), validate: true }, call);
  const checked = readAnswer(Checked, response, 'an address');
  const { is_valid = null, messages } = checked.validation_results ?? {};
  const problems = (messages ?? []).map(problemOf).filter((problem) => problem !== '');
  if (is_valid === null) return { verdict: 'unchecked', suggestion: null, problems };
  const suggestion = suggestionOf(checked, address);
  if (!is_valid) return { verdict: 'doubtful', suggestion, problems: problems.length === 0 ? ['Shippo knows no such address'] : problems };
  return suggestion === null ? { verdict: 'ok', suggestion: null, problems } : { verdict: 'corrected', suggestion, problems };
}

/** The code alone: the text of a message may repeat the address. */
function problemOf(message: unknown): string {
  const { data } = Finding.safeParse(message);
  return [data?.code, data?.type].find((word) => /^[\w ,.'-]{1,80}$/.test(word ?? '')) ?? '';
}

/** What Shippo made of an address, if that is another one. */
function suggestionOf(checked: z.output<typeof Checked>, asGiven: Address): Address | null {
  const { street1, street2, street3, city, state, zip, country } = checked;
  const line2 = [street2, street3].filter((line) => line).join(', ');
  const { data } = Address.safeParse({
    ...asGiven,
    line1: street1 || asGiven.line1,
    line2: line2 || undefined,
    city: city || asGiven.city,
    region: state || asGiven.region,
    postalCode: zip || asGiven.postalCode,
    country: (country || asGiven.country).toUpperCase(),
  });
  if (data === undefined || differencesOf(asGiven, data).length === 0) return null;
  return data;
}
