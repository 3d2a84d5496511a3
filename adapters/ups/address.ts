import type { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';

// https://github.com/UPS-API/api-documentation/blob/main/Shipping.yaml: Shipment_ShipTo, ShipTo_Address, ShipTo_Phone
const LIMITS = { name: 35, company: 35, line: 35, lines: 3, city: 30, region: 5, stateCode: 2, postalCode: 9, phone: 15 } as const;
/** Where UPS wants a state; elsewhere it is free to be left out, and long names do not fit its field. */
const WITH_STATE = new Set(['US', 'CA', 'PR', 'VN']);
/** Where a number has ten digits without the country's. */
const NORTH_AMERICA = new Set(['US', 'CA', 'PR']);

/** A postal address in the words of Rating and Shipping. */
interface TheirAddress {
  readonly AddressLine: readonly string[];
  readonly City: string;
  readonly StateProvinceCode?: string;
  readonly PostalCode?: string;
  readonly CountryCode: string;
  readonly ResidentialAddressIndicator?: string;
}

/** Sender or recipient. */
export interface Party {
  readonly Name: string;
  readonly AttentionName: string;
  readonly Phone?: { readonly Number: string };
  readonly Address: TheirAddress;
}

/**
 * Writes a sender or recipient.
 * @param field whose address it is, for the message of a refusal
 * @throws Rejected `carrier.address-too-long` naming the field and its limit
 */
export function partyOf(field: 'from' | 'to', address: Address): Party {
  const { name, company = '', phone = '' } = address;
  const Name = within(field, company === '' ? 'name' : 'company', company || name, company === '' ? LIMITS.name : LIMITS.company);
  const digits = phoneOf(phone, address.country);
  return {
    Name,
    AttentionName: within(field, 'name', name || company, LIMITS.name),
    ...(digits !== '' && { Phone: { Number: within(field, 'phone', digits, LIMITS.phone) } }),
    Address: addressOf(field, address),
  };
}

/** Writes a postal address. @throws Rejected `carrier.address-too-long` */
export function addressOf(field: 'from' | 'to', address: Address): TheirAddress {
  const { city, region = '', country } = address;
  const postalCode = postalCodeOf(address);
  return {
    AddressLine: streetOf(field, address),
    City: within(field, 'city', city, LIMITS.city),
    ...(region !== '' &&
      WITH_STATE.has(country) && { StateProvinceCode: within(field, 'region', region.toUpperCase(), NORTH_AMERICA.has(country) ? LIMITS.stateCode : LIMITS.region) }),
    ...(postalCode !== '' && { PostalCode: within(field, 'postalCode', postalCode, LIMITS.postalCode) }),
    CountryCode: country,
  };
}

/** Digits alone; in North America without the country's own. */
export function phoneOf(phone: string, country: string): string {
  const digits = phone.replace(/\D/g, '').replace(/^00/, '');
  return NORTH_AMERICA.has(country) && /^1\d{10}$/.test(digits) ? digits.slice(1) : digits;
}

/** Without what only separates, where UPS says how long it must be. */
function postalCodeOf({ postalCode = '', country }: Address): string {
  return NORTH_AMERICA.has(country) ? postalCode.replace(/[\s-]/g, '').toUpperCase() : postalCode;
}

function streetOf(field: 'from' | 'to', { line1, line2 = '' }: Address): readonly string[] {
  const lines = [line1, line2].flatMap((line) => wrapped(line, LIMITS.line));
  const isLong = lines.length > LIMITS.lines || lines.some((line) => line.length > LIMITS.line);
  if (isLong) throw tooLong(field, 'line1 and line2', `${LIMITS.lines} lines of ${LIMITS.line} characters`, `${line1.length + line2.length}`);
  return lines;
}

/** A text over lines of a length, broken between words; a word that is longer than a line stays whole. */
export function wrapped(text: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= length) lines.splice(-1, 1, `${last} ${word}`);
    else lines.push(word);
  }
  return lines;
}

function within(field: 'from' | 'to', part: keyof Address, value: string, most: number): string {
  if (value.length > most) throw tooLong(field, part, `${most} characters`, `${value.length}`);
  return value;
}

function tooLong(field: 'from' | 'to', part: string, limit: string, seen: string): Rejected {
  const whose = field === 'to' ? "the recipient's" : "the sender's";
  return new Rejected('carrier.address-too-long', `UPS takes ${limit} for ${part}, and ${whose} has ${seen} characters; shorten it.`, { seen: `${field}.${part}` });
}
