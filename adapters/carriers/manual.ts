// A carrier without an API: a person buys each label, in the carrier's own pages or at its counter, and types the tracking number in. Nothing is
// called, nothing is posted to us. The worked example of docs/adding-a-carrier.md.
import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { Currency, parseMoney } from '../../core/money.ts';
import type { Rate } from '../../core/shipment.ts';
import { Grams } from '../../core/weight.ts';
import { unknown } from '../answer.ts';
import { type CarrierCall, defineCarrier, type LabelAtCarrier, type Quote, type Shipment } from '../carrier.ts';

const NUMBER = '{trackingNumber}';

const Service = z
  .strictObject({
    name: z.string().min(1).max(60).meta({ title: 'Name of the service' }),
    cost: z.string().meta({ title: 'Price of a parcel, such as "4.90"' }),
    currency: Currency.meta({ title: 'Currency of the price' }),
    days: z.int().min(0).max(90).meta({ title: 'Days until it is delivered' }),
    to: z
      .array(z.string().regex(/^[A-Z]{2}$/, { error: 'must be a country of two capital letters' }))
      .min(1)
      .exactOptional()
      .meta({ title: 'Countries that it goes to; any where none is named' }),
    weightUpTo: Grams.exactOptional().meta({ title: 'Heaviest parcel in grams, with packaging' }),
  })
  .refine(isPriced, { path: ['cost'], error: 'must be a price in its currency, as a decimal in quotation marks' });
type Service = z.infer<typeof Service>;

const Settings = z.strictObject({
  title: z.string().min(1).max(60).meta({ title: "Carrier's name, as customers know it" }),
  services: z.array(Service).min(1).meta({ title: 'Services and what they cost' }),
  trackingUrl: z
    .url({ protocol: /^https?$/ })
    .includes(NUMBER, { error: `must hold ${NUMBER}` })
    .exactOptional()
    .meta({ title: `Address at which customers follow a parcel, with ${NUMBER} in it` }),
});
type Settings = z.infer<typeof Settings>;

const BY_HAND = 'a person buys this label and types its tracking number in';

export default defineCarrier<Settings>({
  id: 'manual',
  title: 'Carrier without an API',
  settings: Settings,
  secrets: z.object({}),
  capabilities: () => ({
    purchaseGuard: 'none',
    settleSeconds: 60,
    canVoid: false,
    voidIsAsync: false,
    voidDays: null,
    needsManifest: false,
    labelFormats: [],
    reDownloadLabel: false,
    callbackAuth: 'none',
    callbackHistory: 'delta',
    subscriptionTtlDays: null,
    ratesReturned: true,
    unitSystem: 'metric',
    origins: null,
    requestsPerMinute: null,
    trackBatch: 1,
  }),
  signature: () => ({ family: 'transport' }),
  quote,
  draft: (shipment, _carrierRef, rate) => JSON.stringify({ reference: shipment.reference, service: rate.service }),
  // A person is asked each time: what they bought nobody else knows.
  buy: async () => unknown(BY_HAND),
  find: async () => unknown(BY_HAND),
  label,
  parseUpdate: () => ({ kind: 'ignored', reason: 'this carrier posts nothing' }),
  trackingUrl: (trackingNumber, { trackingUrl }) => trackingUrl?.replaceAll(NUMBER, () => encodeURIComponent(trackingNumber)) ?? '',
});

async function quote({ to, weight }: Shipment, { settings }: CarrierCall<Settings>): Promise<Quote> {
  const rates = settings.services.filter((service) => takes(service, to.country, weight)).map((service) => rateOf(service, settings.title));
  if (rates.length > 0) return { carrierRef: '', rates };
  throw new Rejected('carrier.no-rates', `${settings.title} has no service for ${weight} g to ${to.country}; add one to its settings, or choose another carrier.`);
}

function takes({ to, weightUpTo }: Service, country: string, weight: Grams): boolean {
  return (to === undefined || to.includes(country)) && (weightUpTo === undefined || weight <= weightUpTo);
}

function rateOf({ name, cost, currency, days }: Service, carrier: string): Rate {
  return { rateId: name, carrier, service: name, cost: parseMoney(cost, currency), currency, deliveryDays: days };
}

function isPriced({ cost, currency }: { readonly cost: string; readonly currency: string }): boolean {
  try {
    return parseMoney(cost, currency) >= 0;
  } catch (cause) {
    if (cause instanceof Rejected) return false;
    throw cause;
  }
}

async function label({ trackingNumber }: LabelAtCarrier): Promise<Buffer> {
  throw new Rejected('carrier.label-elsewhere', `The label ${trackingNumber} was bought by a person; print it where it was bought.`);
}
