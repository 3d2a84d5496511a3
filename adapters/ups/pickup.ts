import * as z from 'zod';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { Booked, PickupRequest, Pickups } from '../carrier.ts';
import { phoneOf } from './address.ts';
import { ask, Charge, compactDay, errorCodesOf, Numeric, saidBy } from './api.ts';
import { isRefusal } from './labels.ts';
import type { Call, Settings } from './settings.ts';
import { usesPounds, weightOf } from './shipment.ts';

// https://github.com/UPS-API/api-documentation/blob/main/Pickup.yaml PickupCreationRequest
const LIMITS = { CompanyName: 27, ContactName: 22, AddressLine: 73, City: 50, PostalCode: 8, SpecialInstruction: 57 } as const;
/** Grams of a parcel above which UPS wants to be told: 70 pounds, or 32 kilograms. */
const HEAVY = 31_751;
const MOST_PARCELS = 999;

const BookAnswer = z.object({
  PickupCreationResponse: z.object({
    PRN: z.string().trim().min(1).max(40),
    RateResult: z.object({ CurrencyCode: z.string().nullish(), GrandTotalOfAllCharge: Numeric.nullish() }).nullish(),
  }),
});

/** Books a collection by one call. */
async function book(request: PickupRequest, call: Call): Promise<Booked> {
  const tooLong = misfitOf(request);
  if (tooLong !== undefined) return { outcome: 'refused', reason: tooLong };
  const response = await answerTo(ask('POST', 'pickupcreation/v2409/pickup', pickupRequest(request, call.settings), call));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (!isSuccess(response)) return isRefusal(response) && errorCodesOf(response).length > 0 ? { outcome: 'refused', reason: saidBy(response) } : unknown(saidBy(response));
  const answer = BookAnswer.safeParse(jsonOf(response)).data?.PickupCreationResponse;
  if (answer === undefined) return unknown(`answered ${response.status} without a readable confirmation`);
  const { CurrencyCode, GrandTotalOfAllCharge } = answer.RateResult ?? {};
  const charge = Charge.safeParse({ CurrencyCode, MonetaryValue: GrandTotalOfAllCharge }).data;
  return { outcome: 'booked', confirmation: answer.PRN, cost: charge?.cost ?? null, currency: charge?.currency ?? null };
}

/** Which of the warehouse's fields UPS has no room for. */
function misfitOf({ from, parcels, instructions }: PickupRequest): string | undefined {
  const fields: readonly (readonly [keyof typeof LIMITS, string])[] = [
    ['CompanyName', from.company || from.name],
    ['ContactName', from.name || (from.company ?? '')],
    ['AddressLine', streetOf(from)],
    ['City', from.city],
    ['PostalCode', postalCodeOf(from)],
    ['SpecialInstruction', instructions],
  ];
  const misfit = fields.find(([field, value]) => value.length > LIMITS[field]);
  if (misfit !== undefined) return `UPS takes ${LIMITS[misfit[0]]} characters for ${misfit[0]}, and the warehouse's has ${misfit[1].length}; shorten it in the client file`;
  if ((from.phone ?? '') === '') return 'UPS wants a telephone number of the warehouse, and from.phone is empty; add it to the client file';
  return parcels > MOST_PARCELS ? `UPS takes ${MOST_PARCELS} parcels in one collection, and there are ${parcels}` : undefined;
}

function streetOf({ line1, line2 = '' }: PickupRequest['from']): string {
  return `${line1} ${line2}`.trim();
}

/** Its field has no room for the last four digits of a ZIP code. */
function postalCodeOf({ postalCode = '', country }: PickupRequest['from']): string {
  return country === 'US' ? postalCode.slice(0, 5) : postalCode;
}

/** What a collection is booked with; service codes have three digits here. */
export function pickupRequest(request: PickupRequest, settings: Settings) {
  const { from, reference, day, readyAt, closesAt, parcels, weight, instructions } = request;
  const { UnitOfMeasurement, Weight } = weightOf(weight, from.country);
  const isHeavy = weight > HEAVY && weight / Math.max(parcels, 1) > HEAVY;
  const { region = '' } = from;
  return {
    PickupCreationRequest: {
      Request: { TransactionReference: { CustomerContext: reference } },
      RatePickupIndicator: 'Y',
      Shipper: { Account: { AccountNumber: settings.accountNumber, AccountCountryCode: settings.accountCountry } },
      PickupDateInfo: { CloseTime: closesAt.replace(':', ''), ReadyTime: readyAt.replace(':', ''), PickupDate: compactDay(day) },
      PickupAddress: {
        CompanyName: from.company || from.name,
        ContactName: from.name || (from.company ?? ''),
        AddressLine: [streetOf(from)],
        City: from.city,
        ...(region !== '' && { StateProvince: region }),
        ...(postalCodeOf(from) !== '' && { PostalCode: postalCodeOf(from) }),
        CountryCode: from.country,
        ResidentialIndicator: 'N',
        Phone: { Number: phoneOf(from.phone ?? '', from.country) },
      },
      AlternateAddressIndicator: 'Y',
      PickupPiece: [
        {
          ServiceCode: settings.pickupService ?? (usesPounds(from.country) ? '003' : '011'),
          Quantity: String(parcels),
          DestinationCountryCode: from.country,
          ContainerCode: '01',
        },
      ],
      TotalWeight: { Weight, UnitOfMeasurement: UnitOfMeasurement.Code },
      OverweightIndicator: isHeavy ? 'Y' : 'N',
      PaymentMethod: settings.pickupPayment,
      ...(instructions !== '' && { SpecialInstruction: instructions }),
      ReferenceNumber: reference,
      ShippingLabelsAvailable: 'Y',
    },
  };
}

const CancelAnswer = z.object({ PickupCancelResponse: z.object({ Response: z.object({ ResponseStatus: z.object({ Code: Numeric }) }) }) });

/** Cancels by the number of the collection. */
async function cancel(confirmation: string, call: Call): ReturnType<Pickups<Settings>['cancel']> {
  const response = await answerTo(ask('DELETE', 'shipments/v2409/pickup/02', undefined, call, { Prn: confirmation }));
  if ('reason' in response) return unknown(response.reason);
  if (!isSuccess(response)) return isRefusal(response) ? { outcome: 'refused', reason: saidBy(response) } : unknown(saidBy(response));
  const code = CancelAnswer.safeParse(jsonOf(response)).data?.PickupCancelResponse.Response.ResponseStatus.Code;
  return code === '1' ? { outcome: 'cancelled' } : unknown(`answered ${response.status} without saying that it is cancelled`);
}

export const pickup: Pickups<Settings> = { book, cancel };
