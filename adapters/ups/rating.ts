import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import type { Rate } from '../../core/shipment.ts';
import type { Quote, Shipment } from '../carrier.ts';
import { ask, Charge, compactDay, listOf, Numeric, read } from './api.ts';
import { NOT_FOR_RETURNS, SERVICES } from './services.ts';
import type { Call } from './settings.ts';
import { invoiceTotalOf, packageOf, partiesOf, RETURN_LABEL, weightOf } from './shipment.ts';

const Days = Numeric.nullish().transform((days) => (days !== null && days !== undefined && /^\d{1,3}$/.test(days) ? Number(days) : null));
const Rated = z.object({
  Service: z.object({ Code: Numeric }),
  TotalCharges: Charge,
  NegotiatedRateCharges: z.object({ TotalCharge: Charge.optional() }).nullish(),
  GuaranteedDelivery: z.object({ BusinessDaysInTransit: Days }).nullish(),
  TimeInTransit: z.object({ ServiceSummary: z.object({ EstimatedArrival: z.object({ BusinessDaysInTransit: Days }).nullish() }).nullish() }).nullish(),
});
const RateAnswer = z.object({ RateResponse: z.object({ RatedShipment: listOf(z.unknown()) }) });

/** Asks for the prices of all services, with their days in transit. @throws Unavailable, or Rejected when UPS will not take this shipment */
export async function quote(shipment: Shipment, call: Call): Promise<Quote> {
  const response = await ask('POST', 'rating/v2409/Shoptimeintransit', rateRequest(shipment, call), call);
  const { RateResponse } = read(RateAnswer, response);
  const rates = RateResponse.RatedShipment.map(rateOf).filter((rate) => rate !== undefined && !(shipment.returns && NOT_FOR_RETURNS.has(rate.rateId)));
  const offered = rates.filter((rate) => rate !== undefined);
  if (offered.length > 0) return { carrierRef: '', rates: offered };
  throw new Rejected('carrier.no-rates', `UPS offers none of the services that are bought here, of ${RateResponse.RatedShipment.length}; check address and weight.`);
}

/** What prices are asked with. Rating says `PackagingType` and `PaymentDetails` where Shipping says `Packaging` and `PaymentInformation`. */
export function rateRequest(shipment: Shipment, { settings }: Pick<Call, 'settings'>) {
  const { shipper, from, to, home } = partiesOf(shipment, settings);
  const { reference, returns, shipDate, weight } = shipment;
  const { Name, AttentionName, ShipperNumber, Address } = shipper;
  const isAbroad = from.Address.CountryCode !== to.Address.CountryCode;
  return {
    RateRequest: {
      Request: { RequestOption: 'Shoptimeintransit', TransactionReference: { CustomerContext: reference } },
      Shipment: {
        Shipper: { Name, AttentionName, ShipperNumber, Address },
        ShipTo: { Name: to.Name, AttentionName: to.AttentionName, Address: to.Address },
        ShipFrom: { Name: from.Name, AttentionName: from.AttentionName, Address: from.Address },
        PaymentDetails: { ShipmentCharge: [{ Type: '01', BillShipper: { AccountNumber: settings.accountNumber } }] },
        ...(isAbroad && { ShipmentTotalWeight: weightOf(weight, home.country), InvoiceLineTotal: invoiceTotalOf(shipment) }),
        Package: [{ PackagingType: { Code: '02' }, ...packageOf(shipment, home) }],
        ...(returns && { ShipmentServiceOptions: { ReturnService: { Code: RETURN_LABEL } } }),
        ...(settings.negotiatedRates && { ShipmentRatingOptions: { NegotiatedRatesIndicator: '' } }),
        DeliveryTimeInformation: { PackageBillType: '03', Pickup: { Date: compactDay(shipDate) } },
      },
    },
  };
}

/** One rate that cannot be read does not spoil the others. The account's own price is what is billed, where there is one. */
function rateOf(answer: unknown): Rate | undefined {
  const { data } = Rated.safeParse(answer);
  const service = SERVICES.get(data?.Service.Code ?? '');
  const charge = data?.NegotiatedRateCharges?.TotalCharge ?? data?.TotalCharges;
  if (data === undefined || service === undefined || charge === undefined) return undefined;
  const deliveryDays = data.TimeInTransit?.ServiceSummary?.EstimatedArrival?.BusinessDaysInTransit ?? data.GuaranteedDelivery?.BusinessDaysInTransit ?? null;
  return { rateId: data.Service.Code, carrier: 'UPS', service, cost: charge.cost, currency: charge.currency, deliveryDays };
}
