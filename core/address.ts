import { createHash } from 'node:crypto';
import * as z from 'zod';

/** One line. `^` and `~` begin the commands of label printers, and stand in no address. */
const text = (max: number) =>
  z
    .string()
    .overwrite((line) => line.replace(/[\p{Cc}\p{Zl}\p{Zp}^~]+/gu, ' '))
    .trim()
    .max(max);

/** A postal address as a carrier needs it. Personal data: never in logs, events or reports. */
export const Address = z.object({
  name: text(120),
  company: text(120).optional(),
  line1: text(120),
  line2: text(120).optional(),
  city: text(80),
  /** State, province or region code, where the country has one. */
  region: text(40).optional(),
  postalCode: text(20).optional(),
  /** ISO 3166-1 alpha-2, upper case. */
  country: text(2),
  phone: text(40).optional(),
});
export type Address = z.infer<typeof Address>;

/** What makes an address unfit to ship to. */
export interface AddressProblem {
  readonly field: keyof Address;
  readonly problem: string;
}

// Postcode shapes by country: https://www.upu.int/en/postal-solutions/programmes-services/addressing-solutions
const POSTCODES: Record<string, RegExp> = {
  AT: /^\d{4}$/,
  AU: /^\d{4}$/,
  BE: /^\d{4}$/,
  CA: /^[A-Z]\d[A-Z] ?\d[A-Z]\d$/i,
  CH: /^\d{4}$/,
  CZ: /^\d{3} ?\d{2}$/,
  DE: /^\d{5}$/,
  DK: /^\d{4}$/,
  ES: /^\d{5}$/,
  FI: /^\d{5}$/,
  FR: /^\d{5}$/,
  GB: /^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$/i,
  IT: /^\d{5}$/,
  JP: /^\d{3}-?\d{4}$/,
  NL: /^\d{4} ?[A-Z]{2}$/i,
  NO: /^\d{4}$/,
  PL: /^\d{2}-?\d{3}$/,
  PT: /^\d{4}-?\d{3}$/,
  SE: /^\d{3} ?\d{2}$/,
  US: /^\d{5}(-\d{4})?$/,
};
const REGION_REQUIRED = new Set(['AU', 'CA', 'US']);

/** What a person must mend before a parcel can go to this address; an empty list means fit to ship. */
export function problemsOf(address: Address): AddressProblem[] {
  const problems: AddressProblem[] = [];
  const need = (field: keyof Address, ok: boolean, problem: string) => void (ok || problems.push({ field, problem }));
  const postcode = POSTCODES[address.country];
  need('name', address.name !== '' || (address.company ?? '') !== '', 'no name and no company');
  need('line1', address.line1 !== '', 'no street line');
  need('city', address.city !== '', 'no city');
  need('country', isCountry(address.country), 'not an ISO 3166-1 country code');
  need('postalCode', postcode === undefined || postcode.test(address.postalCode ?? ''), `does not have the shape of a postcode of ${address.country}`);
  need('region', !REGION_REQUIRED.has(address.country) || (address.region ?? '') !== '', `missing; ${address.country} needs a state or province`);
  for (const field of ['name', 'line1', 'line2', 'city'] as const) need(field, !hasControl(address[field] ?? ''), 'contains control characters');
  return problems;
}

let countryNames: Intl.DisplayNames | undefined;

function isCountry(code: string): boolean {
  countryNames ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  return /^[A-Z]{2}$/.test(code) && countryNames.of(code) !== undefined && !['ZZ', 'EU', 'UN', 'EZ'].includes(code);
}

function hasControl(value: string): boolean {
  return /\p{Cc}/u.test(value);
}

/** A fingerprint of where the parcel goes: equal for addresses that differ in formatting alone. */
export function addressHash(address: Address): string {
  const parts = COMPARED.map((field) => formatless(field, address[field], address));
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

/** One field in which two addresses really differ. */
export interface AddressDifference {
  readonly field: keyof Address;
  readonly ours: string;
  readonly theirs: string;
}

const COMPARED = ['name', 'company', 'line1', 'line2', 'city', 'region', 'postalCode', 'country'] as const;

/**
 * Where an address that came back from a carrier differs from ours beyond formatting: letter case, accents,
 * punctuation, white space, usual street abbreviations, a ZIP+4 ending, and the split over two street lines.
 */
export function differencesOf(ours: Address, theirs: Address): AddressDifference[] {
  const street = (address: Address) => formatless('line1', `${address.line1} ${address.line2 ?? ''}`, address);
  return COMPARED.filter((field) => {
    if (field === 'line1') return street(ours) !== street(theirs);
    if (field === 'line2') return false;
    // Carriers leave out what they do not print; only a different value is a difference.
    if (field === 'company' && !(theirs.company ?? '')) return false;
    return formatless(field, ours[field], ours) !== formatless(field, theirs[field], theirs);
  }).map((field) => ({ field, ours: ours[field] ?? '', theirs: theirs[field] ?? '' }));
}

const ABBREVIATIONS: Record<string, string> = {
  street: 'st',
  strasse: 'str',
  avenue: 'ave',
  road: 'rd',
  boulevard: 'blvd',
  drive: 'dr',
  lane: 'ln',
  court: 'ct',
  place: 'pl',
  square: 'sq',
  highway: 'hwy',
  suite: 'ste',
  apartment: 'apt',
  floor: 'fl',
  north: 'n',
  south: 's',
  east: 'e',
  west: 'w',
  northeast: 'ne',
  northwest: 'nw',
  southeast: 'se',
  southwest: 'sw',
};

function formatless(field: keyof Address, value: string | undefined, address: Address): string {
  const words = (value ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  if (field === 'postalCode') return address.country === 'US' ? words.join('').slice(0, 5) : words.join('');
  return words.map((word) => ABBREVIATIONS[word] ?? word.replace(/(.+)strasse$/u, '$1str')).join(' ');
}
