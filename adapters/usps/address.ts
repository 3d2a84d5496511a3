import * as z from 'zod';
import { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import { text } from '../fields.ts';

/** An address in the United States and what belongs to them, as every API of USPS takes it. */
export interface DomesticAddress {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly firm?: string;
  readonly streetAddress: string;
  readonly secondaryAddress?: string;
  readonly city: string;
  readonly state: string;
  readonly ZIPCode: string;
  readonly ZIPPlus4?: string;
}

/** An address abroad. */
export interface ForeignAddress extends Omit<DomesticAddress, 'state' | 'ZIPCode' | 'ZIPPlus4'> {
  readonly province?: string;
  readonly postalCode?: string;
  readonly country: string;
  readonly countryISOAlpha2Code: string;
  readonly phone?: string;
}

/** To the United States with a country code of their own. */
const POSSESSIONS = new Set(['PR', 'GU', 'VI', 'AS', 'MP', 'FM', 'MH', 'PW']);
/** Where parcels of domestic mail need a customs form as soon as customs are to be told of them. */
const WITH_CUSTOMS = new Set(['AA', 'AE', 'AP', 'AS', 'GU', 'MP', 'VI', 'FM', 'MH', 'PW']);
const STATES = new Set(
  'AA AE AL AK AP AS AZ AR CA CO CT DE DC FM FL GA GU HI ID IL IN IA KS KY LA ME MH MD MA MI MN MS MO MP MT NE NV NH NJ NM NY NC ND OH OK OR PW PA PR RI SC SD TN TX UT VT VI VA WA WV WI WY'.split(
    ' ',
  ),
);
const PART = 50;

/** Whether it is within what USPS calls domestic. */
export function isDomestic({ country }: Pick<Address, 'country'>): boolean {
  return country === 'US' || POSSESSIONS.has(country);
}

/** Whether a domestic parcel there carries a customs form. */
export function takesCustomsForm(address: Address): boolean {
  return WITH_CUSTOMS.has(stateOf(address) ?? '');
}

/**
 * Writes an address for USPS. A name is split before its last word; one that is a single word goes to `firm`, as USPS wants two names or a firm.
 * @throws Rejected `carrier.address-too-long` or `carrier.address-invalid`, naming the field
 */
export function domestic(address: Address): DomesticAddress {
  const [, ZIPCode, ZIPPlus4] = /^(\d{5})(?:-?(\d{4}))?$/.exec(address.postalCode ?? '') ?? [];
  const state = stateOf(address);
  if (ZIPCode === undefined) throw invalid('postalCode', 'a ZIP code of 5 or 9 digits');
  if (state === undefined) throw invalid('region', 'a state as two letters, such as CA');
  return { ...namesOf(address), ...streetsOf(address), city: within(address.city, 28, 'city'), state, ZIPCode, ...(ZIPPlus4 !== undefined && { ZIPPlus4 }) };
}

/** Writes an address abroad. @throws Rejected as `domestic` does */
export function foreign(address: Address): ForeignAddress {
  const { region, postalCode, phone } = address;
  const digits = phoneOf(phone);
  return {
    ...namesOf(address),
    ...streetsOf(address),
    city: within(address.city, 28, 'city'),
    ...(region !== undefined && region !== '' && { province: within(region, 40, 'region') }),
    ...(postalCode !== undefined && postalCode !== '' && { postalCode: within(postalCode, 11, 'postalCode') }),
    country: countryName(address.country),
    countryISOAlpha2Code: address.country,
    ...(digits !== undefined && { phone: digits }),
  };
}

/** The state of a domestic address, or undefined where it names none that USPS knows. */
export function stateOf({ country, region = '' }: Address): string | undefined {
  const state = POSSESSIONS.has(country) ? country : region.trim().toUpperCase().replace(/^US-/, '');
  return STATES.has(state) ? state : undefined;
}

/** A phone number as USPS takes it, or undefined where it cannot be written so: it takes labels without one. */
export function phoneOf(phone: string | undefined): string | undefined {
  const digits = (phone ?? '').replace(/^\s*00/, '+').replace(/[\s().\-/]/g, '');
  return /^(\+?[1-9]\d{7,14}|\d{6,15})$/.test(digits) ? digits : undefined;
}

/** The first and last name of a person, each within USPS's limit; undefined where there is but one word, or none. */
export function splitName(name: string): { readonly firstName: string; readonly lastName: string } | undefined {
  const words = name.split(/\s+/).filter((word) => word !== '');
  for (let cut = words.length - 1; cut > 0; cut--) {
    const [firstName, lastName] = [words.slice(0, cut).join(' '), words.slice(cut).join(' ')];
    if (firstName.length <= PART && lastName.length <= PART) return { firstName, lastName };
  }
  if (words.length > 1) throw tooLong('name', PART);
  return undefined;
}

function namesOf({ name, company = '' }: Address): Pick<DomesticAddress, 'firstName' | 'lastName' | 'firm'> {
  const split = splitName(name);
  const firm = company === '' ? {} : { firm: within(company, PART, 'company') };
  if (split !== undefined) return { ...split, ...firm };
  if (name === '') return firm;
  return company === '' ? { firm: within(name, PART, 'name') } : { firstName: within(name, PART, 'name'), ...firm };
}

/** One street line and one for the unit: what does not fit the first goes on in the second, between words. */
function streetsOf({ line1, line2 = '' }: Address): Pick<DomesticAddress, 'streetAddress' | 'secondaryAddress'> {
  if (line1.length <= PART && line2.length <= PART) return { streetAddress: line1, ...(line2 !== '' && { secondaryAddress: line2 }) };
  const words = `${line1} ${line2}`.split(/\s+/).filter((word) => word !== '');
  for (let cut = words.length - 1; cut > 0; cut--) {
    const [streetAddress, secondaryAddress] = [words.slice(0, cut).join(' '), words.slice(cut).join(' ')];
    if (streetAddress.length <= PART) return { streetAddress, secondaryAddress: within(secondaryAddress, PART, 'line2') };
  }
  throw tooLong('line1', PART);
}

function within(value: string, limit: number, field: keyof Address): string {
  if (value.length <= limit) return value;
  throw tooLong(field, limit);
}

function tooLong(field: keyof Address, limit: number): Rejected {
  return new Rejected('carrier.address-too-long', `The address's ${field} does not fit USPS's ${limit} characters; shorten it in the order.`, { seen: field });
}

function invalid(field: keyof Address, wanted: string): Rejected {
  return new Rejected('carrier.address-invalid', `The address's ${field} is not ${wanted}; correct it in the order.`, { seen: field });
}

let names: Intl.DisplayNames | undefined;

function countryName(code: string): string {
  names ??= new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });
  return names.of(code) ?? code;
}

/** An address as USPS answers with it. What it does not print is missing, null or empty. */
export const TheirAddress = z.object({
  firstName: text,
  lastName: text,
  firm: text,
  streetAddress: z.string().min(1),
  secondaryAddress: text,
  city: z.string().min(1),
  state: text,
  ZIPCode: text,
  ZIPPlus4: text,
  province: text,
  postalCode: text,
  countryISOAlpha2Code: text,
});
export type TheirAddress = z.infer<typeof TheirAddress>;

/**
 * Reads an address that USPS answered with.
 * @param country of the address that was sent: a domestic answer names none
 * @returns undefined where it is no address of ours
 */
export function ourAddress(theirs: TheirAddress, country: string): Address | undefined {
  const { firstName, lastName, firm, streetAddress, secondaryAddress, city, state, ZIPCode, ZIPPlus4, province, postalCode, countryISOAlpha2Code } = theirs;
  const person = [firstName, lastName].filter((part) => (part ?? '') !== '').join(' ');
  // A firm of one word that stands without a person is a name of one word, as `domestic` writes it.
  const isName = person === '' && !/\s/.test(firm ?? '');
  const region = POSSESSIONS.has(country) ? '' : (state ?? province ?? '');
  const zip = ZIPCode ? `${ZIPCode}${ZIPPlus4 ? `-${ZIPPlus4}` : ''}` : (postalCode ?? '');
  return Address.safeParse({
    name: isName ? (firm ?? '') : person,
    ...(firm && !isName && { company: firm }),
    line1: streetAddress,
    ...(secondaryAddress && { line2: secondaryAddress }),
    city,
    ...(region !== '' && { region }),
    ...(zip !== '' && { postalCode: zip }),
    country: (countryISOAlpha2Code || country).toUpperCase(),
  }).data;
}
