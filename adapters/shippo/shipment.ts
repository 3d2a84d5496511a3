import * as z from 'zod';
import type { Customs } from '../../core/customs.ts';
import { type Dimensions, longestFirst } from '../../core/dimensions.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { parseMoney, printMoney } from '../../core/money.ts';
import type { Rate } from '../../core/shipment.ts';
import type { Quote, Shipment } from '../carrier.ts';
import { senderAddress, theirAddress } from './address.ts';
import { asked, isCarrierSilent, Messages, readAnswer, sayMessages } from './api.ts';
import type { Call, Settings } from './settings.ts';

/** Asks for prices: a shipment object and its rates, which are good for seven days. https://docs.goshippo.com/docs/shipments/createshipment */
export async function quote(shipment: Shipment, call: Call): Promise<Quote> {
  const rated = await settled(readAnswer(Rated, await asked('POST', 'shipments', requestOf(shipment, call), call), 'a shipment'), call);
  const rates = rated.rates.map(rateOf).filter((rate) => rate !== undefined);
  if (rates.length > 0) return { carrierRef: rated.object_id, rates };
  if (IN_WORK.has(rated.status)) throw new Unavailable('carrier.rates-pending', `Shippo is still asking for the rates of shipment ${rated.object_id}.`, { retryAfterSeconds: 5 });
  const why = sayMessages(rated.messages);
  if (isCarrierSilent(rated.messages)) throw new Unavailable('carrier.unavailable', `No rates for shipment ${rated.object_id}: a carrier behind Shippo did not answer (${why}).`);
  throw new Rejected(
    'carrier.no-rates',
    `No carrier offers a rate for shipment ${rated.object_id}${why === '' ? '' : ` (${why})`}; look at it in Shippo, and check address, weight and carrier accounts.`,
  );
}

const Rated = z.object({
  object_id: z.string().min(1),
  status: z
    .string()
    .nullish()
    .transform((status) => status ?? ''),
  rates: z.array(z.unknown()),
  messages: Messages,
});
const IN_WORK: ReadonlySet<string> = new Set(['QUEUED', 'WAITING']);

/** Rates are asked for synchronously; should Shippo not be done all the same, it is given one more look. */
async function settled(rated: z.output<typeof Rated>, call: Call): Promise<z.output<typeof Rated>> {
  if (rated.rates.length > 0 || !IN_WORK.has(rated.status)) return rated;
  return readAnswer(Rated, await asked('GET', `shipments/${encodeURIComponent(rated.object_id)}`, undefined, call), 'a shipment');
}

const RateAnswer = z.object({
  object_id: z.string().min(1),
  amount: z.union([z.string(), z.int()]),
  currency: z.string(),
  provider: z.string().min(1),
  servicelevel: z.object({ token: z.string().min(1) }),
  estimated_days: z.int().nullish(),
});

/** One rate that cannot be read does not spoil the others. */
function rateOf(answer: unknown): Rate | undefined {
  const { data } = RateAnswer.safeParse(answer);
  const cost = data === undefined ? undefined : costOf(data.amount, data.currency);
  if (data === undefined || cost === undefined) return undefined;
  return { rateId: data.object_id, carrier: data.provider, service: data.servicelevel.token, cost, currency: data.currency, deliveryDays: data.estimated_days ?? null };
}

/** Minor units of an amount as Shippo writes it; undefined where it is none. */
export function costOf(amount: string | number, currency: string): number | undefined {
  try {
    const cost = parseMoney(String(amount), currency);
    return cost < 0 ? undefined : cost;
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}

function requestOf(shipment: Shipment, { settings, now }: Call): object {
  const extra = extraOf(shipment, settings);
  return {
    ...endsOf(shipment, settings),
    parcels: [parcelOf(shipment, settings)],
    shipment_date: shipmentDate(shipment.shipDate, now),
    metadata: shipment.reference,
    async: false,
    ...(settings.carrierAccounts.length > 0 && { carrier_accounts: settings.carrierAccounts }),
    ...(Object.keys(extra).length > 0 && { extra }),
    ...(shipment.customs !== null && { customs_declaration: declarationOf(shipment.customs, shipment) }),
  };
}

/**
 * Who sends, and who receives. Shippo turns the two round for labels that are paid when they are used.
 * https://docs.goshippo.com/docs/shipments/returns
 */
function endsOf({ from, to, email, returns }: Shipment, settings: Settings): object {
  if (!returns) return { address_from: senderAddress(from, settings), address_to: theirAddress(to, email) };
  const [customer, warehouse] = [theirAddress(from, email), senderAddress(to, settings)];
  return settings.returns === 'pay-on-use' ? { address_from: warehouse, address_to: customer } : { address_from: customer, address_to: warehouse };
}

function extraOf({ returns, hazardous }: Shipment, settings: Settings): object {
  return { ...(returns && settings.returns === 'pay-on-use' && { is_return: true }), ...(hazardous && { dangerous_goods: { contains: true } }) };
}

/** Weight and measures as they are: Shippo takes grams and millimetres, as texts. */
function parcelOf({ weight, dimensions }: Shipment, { box }: Settings): object {
  const measured = dimensions ?? box;
  if (measured === undefined)
    throw new Rejected('carrier.dimensions-absent', 'Shippo wants the measures of every box, and nobody measured this one; measure it, or give the connection the setting `box`.');
  return { ...sidesOf(measured), distance_unit: 'mm', weight: String(weight), mass_unit: 'g' };
}

function sidesOf(box: Dimensions): object {
  const { length, width, height } = longestFirst(box);
  return { length: String(length), width: String(width), height: String(height) };
}

/** Noon of the day, which is that day almost everywhere; some carriers do not take an instant that has passed. */
function shipmentDate(shipDate: string, now: Date): string {
  const noon = `${shipDate}T12:00:00.000Z`;
  return noon > now.toISOString() ? noon : now.toISOString();
}

// Above this, exports from the United States are declared to the authorities first. https://www.ecfr.gov/current/title-15/section-30.37
const US_EXEMPT_CENTS = 250_000;

function declarationOf(customs: Customs, { from, to, returns }: Shipment): object {
  const { contents, items, currency, terms, undeliverable, signer, invoiceNumber } = customs;
  return {
    contents_type: contents === 'merchandise' ? 'MERCHANDISE' : 'RETURN_MERCHANDISE',
    non_delivery_option: undeliverable === 'return' ? 'RETURN' : 'ABANDON',
    // DAP is known for three carriers only; DDU says the same of who pays duties, and all know it.
    incoterm: terms === 'DDP' ? 'DDP' : 'DDU',
    certify: true,
    certify_signer: signer,
    invoice: invoiceNumber,
    ...(!returns && from.country === 'US' && { eel_pfc: exemptionOf(customs, to.country) }),
    items: items.map((item) => ({
      description: item.description,
      quantity: item.quantity,
      net_weight: String(Math.max(1, item.weight)),
      mass_unit: 'g',
      value_amount: printMoney(item.value, currency),
      value_currency: currency,
      origin_country: item.origin,
      hs_code: item.hsCode,
      tariff_number: item.hsCode,
      sku_code: item.sku,
    })),
  };
}

/** Why an export from the United States need not be declared. */
function exemptionOf({ items, currency }: Customs, country: string): string {
  if (country === 'CA') return 'NOEEI_30_36';
  const byCode = Map.groupBy(items, ({ hsCode }) => hsCode);
  for (const [hsCode, own] of byCode) {
    const value = own.reduce((sum, item) => sum + item.value, 0);
    if (currency === 'USD' && value > US_EXEMPT_CENTS)
      throw new Rejected(
        'carrier.customs-filing-needed',
        `Goods of HS code ${hsCode} for more than 2,500 USD leave the United States: declare them in AES and buy this label by hand.`,
        {
          seen: hsCode,
        },
      );
  }
  return 'NOEEI_30_37_a';
}

/** What the call that buys will say. Shippo is to answer when the label is made, not when it is queued. */
export function draft({ reference }: Shipment, _carrierRef: string, { rateId }: Rate, { labelType }: Settings): string {
  return JSON.stringify({ rate: rateId, label_file_type: labelType, metadata: reference, async: false });
}
