import type { Address } from './address.ts';
import { dayIn, daysAfter, departureOf, zoneOf } from './calendar.ts';
import type { CarrierConnection, Client, ServiceRule, Tariff, Warehouse } from './client.ts';
import { productOf } from './client.ts';
import { type Dimensions, girthOf, longestFirst } from './dimensions.ts';
import { exponentOf } from './money.ts';
import type { Order } from './order.ts';
import { onTimeOn, type Scorecard } from './scorecard.ts';
import type { Parcel, Rate } from './shipment.ts';

/** What a parcel is, as far as the choice of its service depends on it. Holds no personal data. */
export interface Cargo {
  readonly warehouse: string;
  readonly country: string;
  readonly region: string;
  /** Grams. */
  readonly weight: number;
  readonly dimensions: Dimensions | null;
  /** What its order is worth, in minor units of the client's currency; null where that is not known. */
  readonly value: number | null;
  readonly hazardous: boolean;
  readonly poBox: boolean;
  readonly military: boolean;
}

/** What became of asking a carrier for its prices. */
export interface Asked {
  readonly carrierId: string;
  /** `offered`: it named prices; `refused`: it takes no such parcel; `failed`: no answer; `down`: it was not asked, because it has not answered lately; `not-asked`: the client's rules have nothing for it. */
  readonly outcome: 'offered' | 'refused' | 'failed' | 'down' | 'not-asked';
  readonly reason: string;
  /** Our reference of the shipment that was priced, and the carrier's name for it. */
  readonly reference: string;
  readonly carrierRef: string;
  readonly rates: readonly Rate[];
  /** Day on which it would get the parcel. */
  readonly shipDate: string;
}

/** Why a service is not chosen. */
export type Exclusion =
  | 'not-allowed'
  | 'from-elsewhere'
  | 'destination'
  | 'weight'
  | 'value'
  | 'size'
  | 'hazardous'
  | 'po-box'
  | 'military'
  /** Its price is in a currency for which the client file names no exchange rate. */
  | 'currency';

/** A service that might be bought, and what speaks for it. */
export interface Candidate {
  readonly carrierId: string;
  readonly carrier: string;
  readonly service: string;
  /** Minor units of `currency`. */
  readonly cost: number;
  readonly currency: string;
  /** The same in minor units of the client's currency. */
  readonly price: number | null;
  readonly days: number | null;
  readonly expectedBy: string | null;
  /** Whether it is there when it was promised; null where nothing was promised, or the carrier names no day. */
  readonly meets: boolean | null;
  /** What our own parcels of this service on this lane show; null below the floor on evidence. */
  readonly onTime: { readonly parcels: number; readonly late: number } | null;
  /** What it is compared by: its price, and more where it is often late. */
  readonly score: number | null;
  readonly source: 'quote' | 'tariff';
  readonly out: Exclusion | null;
  readonly rate: Rate;
}

/** What was chosen, with all that its purchase needs. */
export interface Chosen {
  readonly carrierId: string;
  readonly carrierRef: string;
  readonly reference: string;
  readonly rate: Rate;
  readonly shipDate: string;
  readonly expectedBy: string | null;
  /** Whether the price is the carrier's own word, or reckoned from the tariff. */
  readonly source: Candidate['source'];
}

/** How a parcel's service was chosen, with what it was chosen from. */
export interface Selection {
  readonly entity: 'selection';
  readonly orderId: string;
  readonly parcel: number;
  /** UTC instant. */
  readonly at: string;
  readonly cargo: Cargo;
  /** Day by which the customer was promised it; empty where nothing was promised. */
  readonly deliverBy: string;
  readonly asked: readonly Omit<Asked, 'rates'>[];
  /** Best first; those that are out last. */
  readonly candidates: readonly Omit<Candidate, 'rate'>[];
  readonly chosen: Chosen | null;
  /** Why this one, in one sentence. */
  readonly reason: string;
}

// Written by customers in many ways: https://pe.usps.com/text/pub28/28c2_037.htm and the same in other languages
const PO_BOX = /\b(p\.?\s?o\.?\s?box|post\s?office\s+box|postfach|packstation|postfiliale|bo[iî]te\s+postale|b\.?p\.?\s+\d|postbus|apartado|casella\s+postale|skrytka)/iu;
const MILITARY_STATES = new Set(['AA', 'AE', 'AP']);

/** What of a parcel and its order decides on services. */
export function cargoOf(parcel: Parcel, order: Pick<Order, 'total' | 'currency'>, to: Address, client: Client): Cargo {
  const isMilitary = to.country === 'US' && (MILITARY_STATES.has(to.region ?? '') || /^(APO|FPO|DPO)$/i.test(to.city));
  return {
    warehouse: parcel.warehouse,
    country: to.country,
    region: to.region ?? '',
    weight: parcel.weight,
    dimensions: measuresOf(parcel, client),
    value: inClientCurrency(order.total, order.currency, client),
    hazardous: parcel.units.some(({ sku }) => productOf(client, sku)?.hazardous === true),
    poBox: PO_BOX.test(`${to.line1}\n${to.line2 ?? ''}`),
    military: isMilitary,
  };
}

/** What a parcel measures: as somebody measured it, or as the box that the client uses for its weight; null where neither is known. */
export function measuresOf({ dimensions, weight }: Pick<Parcel, 'dimensions' | 'weight'>, { shipping: { boxes } }: Pick<Client, 'shipping'>): Dimensions | null {
  return dimensions ?? boxes.find(({ weightUpTo }) => weightUpTo === undefined || weight <= weightUpTo)?.dimensions ?? null;
}

/** An amount in minor units of the client's currency, rounded up; null where the client file names no exchange rate. Never through a float. */
export function inClientCurrency(amount: number, currency: string, client: Pick<Client, 'currency' | 'shipping'>): number | null {
  if (currency === client.currency) return amount;
  const exchange = client.shipping.exchange[currency];
  if (exchange === undefined) return null;
  const [whole = '0', fraction = ''] = exchange.split('.');
  const numerator = BigInt(amount) * BigInt(whole + fraction) * 10n ** BigInt(exponentOf(client.currency));
  const denominator = 10n ** BigInt(fraction.length + exponentOf(currency));
  return Number((numerator + denominator - 1n) / denominator);
}

/** The day on which a carrier gets a parcel that is labelled now, by the warehouse's clocks and the time at which the carrier collects. */
export function shipDateOf(warehouse: Warehouse, { collects }: Pick<CarrierConnection, 'collects'>, client: Client, now: Date): string {
  const zone = zoneOf(warehouse, client);
  return departureOf(collects === undefined ? warehouse : { ...warehouse, cutOff: collects }, zone, now).day;
}

/** The day so many working days of carriers, Monday to Friday, after another. */
export function workingDaysAfter(day: string, days: number): string {
  let [at, left] = [day, days];
  while (left > 0) {
    at = daysAfter(at, 1);
    const weekday = new Date(at).getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return at;
}

/** The day by which an order's customer was promised it; empty where the client promises nothing there. */
export function deliverByOf(order: Pick<Order, 'shipBy' | 'country' | 'region'>, warehouse: Warehouse, client: Client, shipDate: string): string {
  const promise = client.shipping.promises.find(({ to }) => reaches(to, order));
  if (promise === undefined) return '';
  // The promise counts from the day on which the order should have left, not from the one on which it does.
  const from = order.shipBy === '' ? shipDate : dayIn(zoneOf(warehouse, client), new Date(order.shipBy));
  return workingDaysAfter(from < shipDate ? from : shipDate, promise.days);
}

/** Whether the client's rules might have a service of a carrier for a parcel: one that has none is not asked. */
export function mayAsk(carrierId: string, cargo: Cargo, { shipping: { services } }: Pick<Client, 'shipping'>): boolean {
  if (services.length === 0) return !cargo.hazardous;
  return services.some((rule) => rule.carrier === carrierId && exclusionBy(rule, cargo) === null);
}

/** What prices are compared by. */
export interface SelectionContext {
  readonly cargo: Cargo;
  readonly deliverBy: string;
  readonly client: Client;
  readonly scorecard: Scorecard;
}

/**
 * Chooses a service: of those that are allowed and there when it was promised, the cheapest, where often late is reckoned dearer; if none is there
 * in time, the soonest.
 * @returns all candidates, best first, and what was chosen, if any
 */
export function select(asked: readonly Asked[], context: SelectionContext): { readonly candidates: readonly Candidate[]; readonly chosen: Chosen | null; readonly reason: string } {
  const offered = asked.flatMap((one) => candidatesOf(one, context).map((candidate) => ({ candidate, one })));
  const ranked = offered.sort((a, b) => compare(a.candidate, b.candidate));
  const best = ranked.find(({ candidate }) => candidate.out === null);
  const candidates = ranked.map(({ candidate }) => candidate);
  if (best === undefined) return { candidates, chosen: null, reason: reasonForNone(asked, candidates) };
  const { candidate, one } = best;
  const { carrierId, rate, expectedBy, source } = candidate;
  return {
    candidates,
    chosen: { carrierId, rate, expectedBy, source, carrierRef: one.carrierRef, reference: one.reference, shipDate: one.shipDate },
    reason: reasonFor(candidate, candidates, context),
  };
}

function candidatesOf(one: Asked, context: SelectionContext): Candidate[] {
  const { cargo, client } = context;
  if (one.outcome === 'offered') return one.rates.map((rate) => candidateOf(one, rate, 'quote', context));
  if (one.outcome !== 'failed') return [];
  // It did not tell its prices in time: those that the client file has are reckoned with.
  const tariff = client.shipping.tariff.filter((entry) => entry.carrier === one.carrierId && fits(entry, cargo));
  return tariff.map((entry) => candidateOf(one, rateOf(entry, client), 'tariff', context));
}

function fits({ to, weightUpTo }: Tariff, cargo: Cargo): boolean {
  return reaches(to, cargo) && (weightUpTo === undefined || cargo.weight <= weightUpTo);
}

function rateOf({ service, cost, days }: Tariff, { currency }: Client): Rate {
  const [carrier = service, ...rest] = service.split(' ');
  return { rateId: '', carrier, service: rest.join(' '), cost, currency, deliveryDays: days ?? null };
}

/** The name of a service as client files have it: `USPS Priority`. */
export function serviceName({ carrier, service }: Pick<Rate, 'carrier' | 'service'>): string {
  return `${carrier} ${service}`.trim();
}

function candidateOf(one: Asked, rate: Rate, source: Candidate['source'], { cargo, deliverBy, client, scorecard }: SelectionContext): Candidate {
  const price = inClientCurrency(rate.cost, rate.currency, client);
  const expectedBy = rate.deliveryDays === null ? null : workingDaysAfter(one.shipDate, rate.deliveryDays);
  const { atLeast, weight } = client.shipping.scorecard;
  const seen = onTimeOn(scorecard, { carrierId: one.carrierId, service: serviceName(rate), warehouse: cargo.warehouse, country: cargo.country });
  const onTime = seen !== undefined && seen.parcels >= atLeast ? seen : null;
  const dearer = price === null || onTime === null ? 0 : Math.round((price * weight * onTime.late) / (100 * onTime.parcels));
  return {
    carrierId: one.carrierId,
    carrier: rate.carrier,
    service: rate.service,
    cost: rate.cost,
    currency: rate.currency,
    price,
    days: rate.deliveryDays,
    expectedBy,
    meets: deliverBy === '' || expectedBy === null ? null : expectedBy <= deliverBy,
    onTime,
    score: price === null ? null : price + dearer,
    source,
    out: price === null ? 'currency' : exclusionOf(one.carrierId, rate, cargo, client),
    rate,
  };
}

/** Why a service may not be bought for a parcel, or null where one rule allows it. */
function exclusionOf(carrierId: string, rate: Rate, cargo: Cargo, { shipping: { services } }: Client): Exclusion | null {
  if (services.length === 0) return cargo.hazardous ? 'hazardous' : null;
  const own = services.filter((rule) => rule.carrier === carrierId && (rule.services.length === 0 || rule.services.includes(serviceName(rate))));
  const reasons = own.map((rule) => exclusionBy(rule, cargo));
  return reasons.includes(null) ? null : (reasons[0] ?? 'not-allowed');
}

/** What a rule has against a parcel, in the order in which people ask. */
const TESTS: readonly (readonly [Exclusion, (rule: ServiceRule, cargo: Cargo) => boolean])[] = [
  ['from-elsewhere', ({ from }, { warehouse }) => from.length > 0 && !from.includes(warehouse)],
  ['destination', ({ to }, cargo) => !reaches(to, cargo)],
  ['hazardous', (rule, { hazardous }) => hazardous && !rule.hazardous],
  ['military', (rule, { military }) => military && !rule.military],
  ['po-box', (rule, { poBox }) => poBox && !rule.poBox],
  ['weight', ({ weightUpTo }, { weight }) => weightUpTo !== undefined && weight > weightUpTo],
  ['value', ({ valueUpTo }, { value }) => valueUpTo !== undefined && (value === null || value > valueUpTo)],
  ['size', ({ longestUpTo, girthUpTo }, { dimensions }) => dimensions !== null && isOversize(dimensions, longestUpTo, girthUpTo)],
];

function exclusionBy(rule: ServiceRule, cargo: Cargo): Exclusion | null {
  return TESTS.find(([, against]) => against(rule, cargo))?.[0] ?? null;
}

function isOversize(dimensions: Dimensions, longestUpTo = Number.POSITIVE_INFINITY, girthUpTo = Number.POSITIVE_INFINITY): boolean {
  const { length } = longestFirst(dimensions);
  return length > longestUpTo || length + girthOf(dimensions) > girthUpTo;
}

function reaches(to: readonly string[], { country, region }: Pick<Cargo, 'country' | 'region'>): boolean {
  return to.length === 0 || to.includes(country) || (region !== '' && to.includes(`${country}-${region}`));
}

/** Those that may be bought first; of them those that keep the promise, by score; then those that may, by when they are there. A repeat chooses the same. */
function compare(a: Candidate, b: Candidate): number {
  const group = (candidate: Candidate) => (candidate.out !== null ? 2 : candidate.meets === false ? 1 : 0);
  const late = (candidate: Candidate) => candidate.expectedBy ?? '9999';
  const byScore = (a.score ?? Number.MAX_SAFE_INTEGER) - (b.score ?? Number.MAX_SAFE_INTEGER);
  const bySoonest = late(a) < late(b) ? -1 : late(a) > late(b) ? 1 : 0;
  const [first, second] = group(a) === 1 ? [bySoonest, byScore] : [byScore, bySoonest];
  // A quote is the carrier's word, a tariff ours.
  const bySource = (a.source === 'quote' ? 0 : 1) - (b.source === 'quote' ? 0 : 1);
  const name = ({ carrierId, carrier, service }: Candidate) => `${carrierId} ${carrier} ${service}`;
  return group(a) - group(b) || first || second || bySource || (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);
}

function reasonFor(best: Candidate, candidates: readonly Candidate[], { deliverBy }: SelectionContext): string {
  const rivals = candidates.filter(({ out }) => out === null);
  const of = rivals.length === 1 ? 'the only one that may be bought' : `of ${rivals.length} that may be bought`;
  const dearest = best.onTime !== null && best.onTime.late > 0 ? ', reckoned dearer for being late before' : '';
  if (best.meets === false) return `none is there by ${deliverBy}; the soonest ${of}`;
  const inTime = best.meets === true ? ` that is there by ${deliverBy}` : deliverBy === '' ? '' : '; its carrier names no day of delivery';
  return rivals.length === 1 ? `${of}${inTime}` : `the cheapest ${of}${inTime}${dearest}`;
}

function reasonForNone(asked: readonly Asked[], candidates: readonly Candidate[]): string {
  if (candidates.length > 0) {
    const reasons = [...new Set(candidates.map(({ out }) => out))].join(', ');
    return `${candidates.length} services were offered, and none may be bought (${reasons})`;
  }
  return `no carrier offers a service: ${asked.map(({ carrierId, outcome, reason }) => `${carrierId} ${reason || outcome}`).join('; ')}`;
}
