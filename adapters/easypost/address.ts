import * as z from 'zod';
import type { Address } from '../../core/address.ts';
import { jsonOf } from '../answer.ts';
import type { AddressVerdict } from '../carrier.ts';
import { text } from '../fields.ts';
import { askFreely, type Call } from './api.ts';

export const TheirAddress = z.object({ name: text, company: text, street1: text, street2: text, city: text, state: text, zip: text, country: text, phone: text });

/** An address in EasyPost's words. */
export function theirAddress(address: Address): z.infer<typeof TheirAddress> {
  const { name, company = null, line1: street1, line2: street2 = null, city, region: state = null, postalCode: zip = null, country, phone = null } = address;
  return { name, company, street1, street2, city, state, zip, country, phone };
}

/** An address of EasyPost's in ours. */
export function ourAddress({ name, company, street1, street2, city, state, zip, country, phone }: z.infer<typeof TheirAddress>): Address {
  return {
    name: name ?? '',
    line1: street1 ?? '',
    city: city ?? '',
    country: (country ?? '').toUpperCase(),
    ...(company && { company }),
    ...(street2 && { line2: street2 }),
    ...(state && { region: state }),
    ...(zip && { postalCode: zip }),
    ...(phone && { phone }),
  };
}

const Checked = TheirAddress.extend({
  verifications: z.object({ delivery: z.object({ success: z.boolean(), errors: z.array(z.object({ code: text, field: text })).nullish() }).nullish() }).nullish(),
});

/** Has an address verified. https://docs.easypost.com/docs/addresses: a verified one comes back as it should be written. */
export async function checkAddress(address: Address, call: Call): Promise<AddressVerdict> {
  const response = await askFreely('POST', 'addresses', { address: theirAddress(address), verify: true }, call);
  const { data } = Checked.safeParse(jsonOf(response));
  const delivery = data?.verifications?.delivery;
  if (data === undefined || !delivery) return { verdict: 'unchecked', suggestion: null, problems: [] };
  const problems = (delivery.errors ?? []).map(({ code, field }) => `${field ?? 'address'}: ${code ?? 'not verified'}`.slice(0, 80)).slice(0, 5);
  if (!delivery.success) return { verdict: 'doubtful', suggestion: null, problems };
  return { verdict: 'corrected', suggestion: { ...ourAddress(data), name: address.name, ...(address.company !== undefined && { company: address.company }) }, problems };
}
