import type { AnyLabel, OptionsRequest } from './usps-contract.ts';

/** A price in cents, with what a label must say to get it. */
export interface UspsPrice {
  readonly mailClass: string;
  readonly rateIndicator: string;
  readonly processingCategory: string;
  readonly destinationEntryFacilityType: string;
  readonly postage: number;
  readonly fees: readonly { readonly name: string; readonly price: number }[];
  readonly extras: readonly { readonly name: string; readonly price: number }[];
  /** Days until delivery; null where USPS commits to nothing. */
  readonly days: number | null;
}

interface Tariff {
  readonly mailClass: string;
  readonly rateIndicator: string;
  readonly facility?: string;
  readonly base: number;
  readonly perPound: number;
  readonly days: number | null;
}

const OUTBOUND: readonly Tariff[] = [
  { mailClass: 'MEDIA_MAIL', rateIndicator: 'SP', base: 413, perPound: 75, days: 8 },
  { mailClass: 'PARCEL_SELECT', rateIndicator: 'SP', facility: 'DESTINATION_DELIVERY_UNIT', base: 310, perPound: 20, days: 2 },
  { mailClass: 'USPS_GROUND_ADVANTAGE', rateIndicator: 'SP', base: 525, perPound: 62, days: 5 },
  { mailClass: 'USPS_GROUND_ADVANTAGE', rateIndicator: 'CP', base: 790, perPound: 0, days: 5 },
  { mailClass: 'PRIORITY_MAIL', rateIndicator: 'SP', base: 899, perPound: 110, days: 3 },
  // In a box that USPS gives out: not for ours, however cheap.
  { mailClass: 'PRIORITY_MAIL', rateIndicator: 'FS', base: 420, perPound: 0, days: 3 },
  { mailClass: 'PRIORITY_MAIL_EXPRESS', rateIndicator: 'PA', base: 3_040, perPound: 385, days: 1 },
];
const RETURNS: readonly Tariff[] = [
  { mailClass: 'USPS_GROUND_ADVANTAGE_RETURN_SERVICE', rateIndicator: 'SP', base: 465, perPound: 60, days: null },
  { mailClass: 'PRIORITY_MAIL_RETURN_SERVICE', rateIndicator: 'SP', base: 815, perPound: 105, days: null },
];
const ABROAD: readonly Tariff[] = [
  { mailClass: 'FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE', rateIndicator: 'SP', base: 1_580, perPound: 890, days: null },
  { mailClass: 'PRIORITY_MAIL_INTERNATIONAL', rateIndicator: 'SP', base: 4_250, perPound: 520, days: null },
  { mailClass: 'PRIORITY_MAIL_EXPRESS_INTERNATIONAL', rateIndicator: 'PA', base: 6_564, perPound: 610, days: null },
];
const TARIFFS: Readonly<Record<string, readonly Tariff[]>> = { ALL_OUTBOUND: OUTBOUND, ALL_RETURNS: RETURNS, ALL: ABROAD };

interface Piece {
  readonly from: string;
  /** ZIP code or country. */
  readonly to: string;
  readonly weight: number;
  readonly length: number;
  readonly extraServices: readonly number[];
}

/** Every price that USPS has for a package. */
export function pricesOf(request: OptionsRequest): UspsPrice[] {
  const { mailClass, weight, length, extraServices = [] } = request.packageDescription;
  const to = 'destinationZIPCode' in request ? request.destinationZIPCode : request.destinationCountryCode;
  return (TARIFFS[mailClass] ?? []).map((tariff) => priceOf(tariff, { from: request.originZIPCode, to, weight, length, extraServices }));
}

/** The price of a label; undefined where there is none for what it says. */
export function priceOfLabel({ packageDescription, toAddress, fromAddress }: AnyLabel): UspsPrice | undefined {
  const { mailClass, rateIndicator, processingCategory, weight, length, extraServices = [] } = packageDescription;
  const tariff = Object.values(TARIFFS)
    .flat()
    .find((one) => one.mailClass === mailClass && one.rateIndicator === rateIndicator && one.facility === undefined);
  if (tariff === undefined) return undefined;
  const price = priceOf(tariff, { from: fromAddress.ZIPCode, to: toAddress.ZIPCode ?? toAddress.countryISOAlpha2Code ?? '', weight, length, extraServices });
  return price.processingCategory === processingCategory ? price : undefined;
}

/** Prices rise with weight and distance; a long box costs a fee, and dangerous goods a service. */
function priceOf({ mailClass, rateIndicator, facility = 'NONE', base, perPound, days }: Tariff, { from, to, weight, length, extraServices }: Piece): UspsPrice {
  const zone = /^\d/.test(to) ? Math.abs(Number(from.charAt(0)) - Number(to.charAt(0))) : to.charCodeAt(0) % 10;
  const isLong = length > 22;
  return {
    mailClass,
    rateIndicator,
    processingCategory: isLong ? 'NONSTANDARD' : 'MACHINABLE',
    destinationEntryFacilityType: facility,
    postage: base + zone * 35 + Math.ceil(weight) * perPound,
    fees: isLong ? [{ name: 'Nonstandard Length > 22', price: 300 }] : [],
    extras: extraServices.map((code) => ({ name: `Extra service ${code}`, price: code === 831 ? 0 : 250 })),
    days,
  };
}

/** All that is charged, in cents. */
export function totalOf({ postage, fees, extras }: UspsPrice): number {
  return [...fees, ...extras].reduce((sum, { price }) => sum + price, postage);
}

/** Cents as the JSON number that USPS writes. */
export function dollars(cents: number): number {
  return Number(`${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`);
}
