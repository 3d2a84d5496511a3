import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import type { Minor } from '../../core/money.ts';
import { workingDaysAfter } from '../../core/selection.ts';
import type { Rate } from '../../core/shipment.ts';
import { isSuccess, jsonOf } from '../answer.ts';
import type { Quote, Shipment } from '../carrier.ts';
import type { HttpResponse } from '../http.ts';
import { domestic, isDomestic } from './address.ts';
import { ask, failure, unreadable } from './api.ts';
import { hazardRefused, LIMITED_QUANTITY, measuresOf, originRefused } from './label-request.ts';
import { Amount, minorOf, sumOf } from './price.ts';
import { rateIdOf } from './service.ts';
import type { Call, Settings } from './settings.ts';

/** What the labels API takes; other categories are of mail that is no parcel. */
const CATEGORIES = new Set(['MACHINABLE', 'NONSTANDARD', 'FLATS', 'LETTERS']);
const LIMITED_QUANTITY_CLASS = 'USPS_GROUND_ADVANTAGE';

/**
 * Asks for the prices of every mail class at once, with the day of delivery. https://developers.usps.com/shippingoptionsv3
 * @throws Unavailable, or Rejected when USPS will not take this shipment
 */
export async function quote(shipment: Shipment, call: Call): Promise<Quote> {
  const response = await ask('POST', '/shipments/v3/options/search', call, { body: JSON.stringify(searchFor(shipment, call.settings)) });
  if (!isSuccess(response)) throw failure(response);
  const rates = ratesIn(response, shipment, call.settings);
  if (rates.length > 0) return { carrierRef: '', rates };
  throw new Rejected(
    'carrier.no-rates',
    `USPS offers none of the mail classes ${call.settings.mailClasses.join(', ')} for this parcel; check its address, weight and measures, and the connection's settings.`,
  );
}

function searchFor({ from, to, weight, dimensions, shipDate, hazardous, returns }: Shipment, settings: Settings): object {
  if (!isDomestic(from)) throw originRefused(from.country);
  const isAbroad = !isDomestic(to);
  if (hazardous && isAbroad) throw hazardRefused();
  const mailClass = isAbroad ? 'ALL' : returns ? 'ALL_RETURNS' : 'ALL_OUTBOUND';
  return {
    pricingOptions: [{ priceType: settings.priceType, ...(settings.priceType === 'CONTRACT' && { paymentAccount: accountOf(settings, returns) }) }],
    originZIPCode: domestic(from).ZIPCode,
    ...(isAbroad ? destinationAbroad(to) : { destinationZIPCode: domestic(to).ZIPCode, destinationEntryFacilityType: 'NONE' }),
    packageDescription: { ...measuresOf(weight, dimensions), mailClass, mailingDate: shipDate, ...(hazardous && { extraServices: [LIMITED_QUANTITY] }) },
  };
}

function destinationAbroad({ country, postalCode = '' }: Shipment['to']): object {
  return { destinationCountryCode: country, ...(postalCode !== '' && { foreignPostalCode: postalCode.slice(0, 11) }) };
}

/** Whose contract the prices are of; returns are billed to a Mailer ID. */
function accountOf({ accountType, accountNumber, mid, crid: CRID }: Settings, returns: boolean): object {
  return returns ? { accountType: 'MID', accountNumber: mid } : { accountType, accountNumber, CRID };
}

const Options = z.object({
  pricingOptions: z.array(z.object({ shippingOptions: z.array(z.object({ mailClass: z.string(), rateOptions: z.array(z.unknown()) })).nullish() })),
});
const RateOption = z.object({
  totalPrice: Amount.nullish(),
  totalBasePrice: Amount.nullish(),
  commitment: z.object({ expectedDeliveryDate: z.string().nullish(), scheduleDeliveryDate: z.string().nullish() }).nullish(),
  rates: z.tuple(
    [
      z.object({
        price: Amount,
        fees: z.array(z.object({ price: Amount })).nullish(),
        rateIndicator: z.string().regex(/^[A-Z0-9]{2}$/),
        processingCategory: z.string(),
        destinationEntryFacilityType: z.string().regex(/^[A-Z_]{1,60}$/),
      }),
    ],
    z.unknown(),
  ),
});

function ratesIn(response: HttpResponse, { shipDate, hazardous }: Shipment, settings: Settings): Rate[] {
  const options = Options.safeParse(jsonOf(response));
  if (!options.success) throw unreadable('prices', response, options.error);
  const wanted = new Set(hazardous ? settings.mailClasses.filter((one) => one === LIMITED_QUANTITY_CLASS) : settings.mailClasses);
  const offered = options.data.pricingOptions.flatMap(({ shippingOptions }) => shippingOptions ?? []).filter(({ mailClass }) => wanted.has(mailClass));
  const cheapest = new Map<string, Rate>();
  for (const { mailClass, rateOptions } of offered) {
    for (const option of rateOptions) {
      const rate = rateOf(mailClass, option, shipDate, settings);
      if (rate !== undefined && rate.cost < (cheapest.get(mailClass)?.cost ?? Number.POSITIVE_INFINITY)) cheapest.set(mailClass, rate);
    }
  }
  return [...cheapest.values()];
}

/** One rate that cannot be read, or does not fit our boxes and where we hand them over, does not spoil the others. */
function rateOf(mailClass: string, option: unknown, shipDate: string, { rateIndicators, entryFacilities }: Settings): Rate | undefined {
  const { data } = RateOption.safeParse(option);
  if (data === undefined) return undefined;
  const [parts] = data.rates;
  const isOurs =
    rateIndicators.includes(parts.rateIndicator) && entryFacilities.some((facility) => facility === parts.destinationEntryFacilityType) && CATEGORIES.has(parts.processingCategory);
  const cost = costOf(data);
  if (!isOurs || cost === undefined || cost < 0) return undefined;
  const day = data.commitment?.expectedDeliveryDate || data.commitment?.scheduleDeliveryDate || '';
  return { rateId: rateIdOf(parts), carrier: 'USPS', service: mailClass, cost, currency: 'USD', deliveryDays: daysUntil(day, shipDate) };
}

/** The total, which is there only with extra services; else postage with its fees. */
function costOf({ totalPrice, totalBasePrice, rates: [{ price, fees }] }: z.infer<typeof RateOption>): Minor | undefined {
  const total = totalPrice ?? totalBasePrice;
  return total === null || total === undefined ? sumOf([price, ...(fees ?? []).map((fee) => fee.price)]) : minorOf(total);
}

const LONGEST_DAYS = 60;

/** Working days from the day of mailing until a day; a Saturday counts as the Monday after it. */
function daysUntil(day: string, shipDate: string): number | null {
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return null;
  for (let days = 0; days <= LONGEST_DAYS; days++) if (workingDaysAfter(shipDate, days) >= day) return days;
  return null;
}
