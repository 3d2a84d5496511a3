import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { parseMoney } from '../../core/money.ts';
import type { Rate } from '../../core/shipment.ts';
import { jsonOf } from '../answer.ts';
import type { Quote, Shipment } from '../carrier.ts';
import { text } from '../fields.ts';
import { asked } from './api.ts';
import { rateRequest } from './request.ts';
import type { Call } from './settings.ts';

/** An amount as its source text, or a whole number. */
export const Amount = z.union([z.string().max(40), z.int()]).transform(String);
const Priced = z.object({ rateType: z.string(), totalNetCharge: Amount, currency: z.string() });
const Offer = z.object({
  serviceType: z.string().min(1).max(80),
  ratedShipmentDetails: z.array(z.unknown()),
  commit: z.object({ dateDetail: z.object({ dayFormat: text, dayCxsFormat: text }).nullish(), transitDays: z.object({ minimumTransitTime: text }).nullish() }).nullish(),
  operationalDetail: z.object({ transitTime: text, deliveryDate: text, commitDate: text }).nullish(),
});
const Offers = z.object({ output: z.object({ rateReplyDetails: z.array(z.unknown()).nullish() }) });

// What the account pays, then what everybody pays; amounts converted to another currency are not what is billed.
const RATE_TYPES = ['ACCOUNT', 'LIST'];

/** Asks for the prices of every service that FedEx has for a shipment. */
export async function quote(shipment: Shipment, call: Call): Promise<Quote> {
  if (shipment.hazardous)
    throw new Rejected(
      'carrier.hazardous-not-taken',
      'FedEx takes dangerous goods from approved shippers only, with declarations that the hub does not write; choose another carrier.',
    );
  const response = await asked('POST', '/rate/v1/rates/quotes', rateRequest(shipment, call.settings), call, { timeoutMs: 15_000, maxBytes: 4 * 1024 * 1024 });
  const { data } = Offers.safeParse(jsonOf(response));
  if (data === undefined) throw new Unavailable('carrier.answer-unreadable', 'FedEx answered without output.rateReplyDetails; the request will be repeated later.');
  const rates = (data.output.rateReplyDetails ?? []).map((offer) => rateOf(offer, shipment.shipDate)).filter((rate) => rate !== undefined);
  if (rates.length === 0) throw new Rejected('carrier.no-rates', 'FedEx offers no service for this shipment; check address, weight and account.');
  // FedEx keeps nothing of a quote, so it has no name for it.
  return { carrierRef: '', rates };
}

/** One offer that cannot be read does not spoil the others. */
function rateOf(answer: unknown, shipDate: string): Rate | undefined {
  const offer = Offer.safeParse(answer).data;
  if (offer === undefined) return undefined;
  const priced = offer.ratedShipmentDetails.map((detail) => Priced.safeParse(detail).data).filter((detail) => detail !== undefined);
  const billed = RATE_TYPES.map((type) => priced.find(({ rateType }) => rateType === type)).find((detail) => detail !== undefined);
  const cost = billed === undefined ? undefined : costOf(billed.totalNetCharge, billed.currency);
  if (billed === undefined || cost === undefined) return undefined;
  return { rateId: offer.serviceType, carrier: 'FedEx', service: offer.serviceType, cost, currency: billed.currency, deliveryDays: daysOf(offer, shipDate) };
}

/** Minor units; undefined for what is no amount of that currency, or below nothing. */
export function costOf(amount: string, currency: string): number | undefined {
  try {
    const cost = parseMoney(amount, currency);
    return cost < 0 ? undefined : cost;
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}

const NUMBERS = ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE', 'SIX', 'SEVEN', 'EIGHT', 'NINE', 'TEN', 'ELEVEN', 'TWELVE', 'THIRTEEN', 'FOURTEEN', 'FIFTEEN'];

/** Working days to the door: as FedEx says it in words, else counted to the day that it names. */
function daysOf({ commit, operationalDetail }: z.infer<typeof Offer>, shipDate: string): number | null {
  const [, word = ''] = /^([A-Z]+)_DAYS?$/.exec(operationalDetail?.transitTime ?? commit?.transitDays?.minimumTransitTime ?? '') ?? [];
  const spelt = NUMBERS.indexOf(word);
  if (spelt >= 0) return spelt + 1;
  const dates = [commit?.dateDetail?.dayFormat, commit?.dateDetail?.dayCxsFormat, operationalDetail?.commitDate, operationalDetail?.deliveryDate];
  const day = dates.find((date) => /^\d{4}-\d{2}-\d{2}/.test(date ?? ''))?.slice(0, 10);
  return day === undefined ? null : workingDaysBetween(shipDate, day);
}

const DAY_MS = 86_400_000;

function workingDaysBetween(from: string, to: string): number | null {
  const [start, end] = [Date.parse(`${from}T00:00:00Z`), Date.parse(`${to}T00:00:00Z`)];
  const days = Math.round((end - start) / DAY_MS);
  if (!(days >= 0 && days <= 60)) return null;
  return Array.from({ length: days }, (_, index) => new Date(start + (index + 1) * DAY_MS).getUTCDay()).filter((weekday) => weekday % 6 !== 0).length;
}
