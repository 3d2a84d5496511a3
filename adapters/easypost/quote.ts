import * as z from 'zod';
import type { Customs } from '../../core/customs.ts';
import { longestFirst, toInches } from '../../core/dimensions.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { parseMoney, printMoney } from '../../core/money.ts';
import type { Rate } from '../../core/shipment.ts';
import { toOunces } from '../../core/weight.ts';
import { jsonOf } from '../answer.ts';
import type { Quote, Shipment } from '../carrier.ts';
import { theirAddress } from './address.ts';
import { askFreely, type Call } from './api.ts';

const Rated = z.object({
  id: z.string().min(1),
  rates: z.array(z.unknown()),
  messages: z.array(z.object({ carrier: z.string().nullish(), type: z.string().nullish() })).nullish(),
});

/** Creates a shipment, which is free, and reads its rates. https://docs.easypost.com/docs/shipments */
export async function quote(shipment: Shipment, call: Call): Promise<Quote> {
  const { data, error } = Rated.safeParse(jsonOf(await askFreely('POST', 'shipments', { shipment: theirShipment(shipment, call) }, call)));
  // Asking is free, so an answer that cannot be read may be asked for again.
  if (data === undefined)
    throw new Unavailable('carrier.answer-unreadable', 'The carrier answered without a readable shipment; the request will be repeated later.', { cause: error });
  const { id, rates, messages } = data;
  const offered = rates.map(rateOf).filter((rate) => rate !== undefined);
  if (offered.length > 0) return { carrierRef: id, rates: offered };
  const said = (messages ?? []).map(({ carrier, type }) => `${carrier ?? 'carrier'}: ${type ?? 'no reason'}`).slice(0, 5);
  throw new Rejected(
    'carrier.no-rates',
    `No carrier offers a rate for shipment ${id}${said.length === 0 ? '' : ` (${said.join('; ')})`}; check address, weight and carrier accounts.`,
  );
}

function theirShipment(shipment: Shipment, { settings }: Call): object {
  const { reference, from, to, email, weight, dimensions, customs, hazardous, returns } = shipment;
  return {
    reference,
    to_address: { ...theirAddress(to), ...(!returns && { email }) },
    from_address: { ...theirAddress(from), ...(returns && { email }) },
    parcel: { weight: toOunces(weight), ...(dimensions !== null && inchesOf(dimensions)) },
    ...(customs !== null && { customs_info: customsInfo(customs) }),
    ...(returns && { is_return: true }),
    ...(settings.carrierAccounts.length > 0 && { carrier_accounts: settings.carrierAccounts }),
    options: { label_format: settings.labelFormat, label_date: `${shipment.shipDate}T12:00:00Z`, ...(hazardous && { hazmat: 'LIMITED_QUANTITY' }), ...incotermOf(customs) },
  };
}

function inchesOf(dimensions: NonNullable<Shipment['dimensions']>): object {
  const { length, width, height } = longestFirst(dimensions);
  return { length: toInches(length, 10), width: toInches(width, 10), height: toInches(height, 10) };
}

function incotermOf(customs: Customs | null): object {
  return customs === null ? {} : { incoterm: customs.terms };
}

/** Values and weights are those of all units of an item together. https://docs.easypost.com/docs/customs-infos */
function customsInfo({ contents, currency, items, signer, undeliverable }: Customs): object {
  return {
    // No filing is needed below 2,500 USD a code: https://www.ecfr.gov/current/title-15/section-30.37
    eel_pfc: 'NOEEI 30.37(a)',
    customs_certify: true,
    customs_signer: signer,
    contents_type: contents === 'returned-goods' ? 'returned_goods' : 'merchandise',
    restriction_type: 'none',
    non_delivery_option: undeliverable,
    customs_items: items.map(({ description, quantity, value, weight, hsCode, origin, sku }) => ({
      description,
      quantity,
      value: printMoney(value, currency),
      currency,
      weight: toOunces(weight),
      hs_tariff_number: hsCode,
      origin_country: origin,
      code: sku.slice(0, 20),
    })),
  };
}

export const Price = z.object({ carrier: z.string().min(1), service: z.string().min(1), rate: z.union([z.string(), z.int()]), currency: z.string() });
const RateAnswer = Price.extend({ id: z.string().min(1), delivery_days: z.int().nullish() });

/** One rate that cannot be read does not spoil the others. */
function rateOf(answer: unknown): Rate | undefined {
  const { data } = RateAnswer.safeParse(answer);
  const cost = data === undefined ? undefined : costOf(data);
  if (data === undefined || cost === undefined || cost < 0) return undefined;
  return { rateId: data.id, carrier: data.carrier, service: data.service, cost, currency: data.currency, deliveryDays: data.delivery_days ?? null };
}

/** Minor units of a price; undefined where it cannot be read. */
export function costOf({ rate, currency }: Pick<z.infer<typeof Price>, 'rate' | 'currency'>): number | undefined {
  try {
    return parseMoney(String(rate), currency);
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}
