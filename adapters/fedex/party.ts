import type { Address } from '../../core/address.ts';
import { Rejected } from '../../core/error.ts';
import type { Settings } from './settings.ts';

// https://developer.fedex.com/api/en-us/catalog/ship/v1/docs.html
const NAME = 70;
const COMPANY = 35;
const LINE = 35;
const LINES = 3;
const CITY = 35;
const POSTAL_CODE = 10;
/** Where a state or province must be said. */
const STATES = new Set(['US', 'CA', 'PR']);

/** Whose address it is, for messages. */
type Role = 'sender' | 'recipient';

/** A place as FedEx takes it where nobody is met there. */
export function placeOf(address: Address, role: Role) {
  const state = stateOf(address, role);
  return {
    city: fitting('city', address.city, CITY, role),
    ...(state !== undefined && { stateOrProvinceCode: state }),
    ...(address.postalCode && { postalCode: fitting('postal code', address.postalCode, POSTAL_CODE, role) }),
    countryCode: address.country,
    // FedEx prices homes apart. Nobody tells us, so whoever names no company is taken to live there.
    residential: role === 'recipient' && !address.company,
  };
}

/**
 * Somebody with an address, as FedEx takes them.
 * @throws Rejected `carrier.address-too-long` or `carrier.phone-missing`: nothing is cut, and no phone number is made up
 */
export function partyOf(address: Address, role: Role, settings: Pick<Settings, 'phone'>) {
  const { name, company = '' } = address;
  return {
    contact: {
      personName: fitting('name', name || company, NAME, role),
      ...(company !== '' && { companyName: fitting('company', company, COMPANY, role) }),
      phoneNumber: phoneOf(address, role, settings),
    },
    address: { streetLines: streetOf(address, role), ...placeOf(address, role) },
  };
}

/** The street in up to three lines of 35 characters, broken between words. */
export function streetOf({ line1, line2 = '' }: Pick<Address, 'line1' | 'line2'>, role: Role): string[] {
  const apart = [...wrap(line1), ...wrap(line2)];
  const lines = apart.length <= LINES ? apart : wrap(`${line1} ${line2}`);
  if (lines.length > LINES || lines.some((line) => line.length > LINE)) throw tooLong('street', `${line1} ${line2}`.trim().length, `${LINES} lines of ${LINE}`, role);
  return lines;
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function fitting(field: string, value: string, limit: number, role: Role): string {
  if (value.length > limit) throw tooLong(field, value.length, String(limit), role);
  return value;
}

function tooLong(field: string, length: number, limit: string, role: Role): Rejected {
  return new Rejected('carrier.address-too-long', `The ${role}'s ${field} has ${length} characters, and FedEx takes at most ${limit}; shorten it.`, { seen: field });
}

/** 10 digits with an optional 1 before them in the United States and Canada, 10 to 15 elsewhere. */
function phoneOf({ phone = '', country }: Address, role: Role, settings: Pick<Settings, 'phone'>): string {
  const isNumber = country === 'US' || country === 'CA' ? /^1?\d{10}$/ : /^\d{10,15}$/;
  const own = phone.replace(/\D/g, '');
  if (isNumber.test(own)) return own;
  // The shipper's own number is one by the rules of the shipper's country.
  if (settings.phone !== undefined) return settings.phone.replace(/\D/g, '');
  const seen = phone === '' ? 'has no phone number' : `has a phone number of ${own.length} digits`;
  throw new Rejected(
    'carrier.phone-missing',
    `The ${role} ${seen}, and FedEx wants one of 10 to 15 digits (in US and CA of 10); give one, or set phone in the connection's settings.`,
    {
      seen: 'phone',
    },
  );
}

function stateOf({ region = '', country }: Address, role: Role): string | undefined {
  if (/^[A-Za-z]{2}$/.test(region)) return region.toUpperCase();
  if (!STATES.has(country)) return undefined;
  throw new Rejected(
    'carrier.region-unknown',
    `The ${role}'s region ${JSON.stringify(region.slice(0, 40))} is not a code of two letters, as FedEx wants for ${country}; give one such as TN.`,
    {
      seen: 'region',
    },
  );
}
