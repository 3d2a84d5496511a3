import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { BoughtLabel, DraftedPurchase, Found, LabelAtCarrier, Purchased, Source } from '../carrier.ts';
import { failureOf, type HttpResponse, isPassing } from '../http.ts';
import { ask, Charge, errorCodesOf, listOf, saidBy } from './api.ts';
import { SERVICES } from './services.ts';
import type { Call } from './settings.ts';
import { labelSpecification } from './shipment.ts';
import { numberByReference } from './tracking.ts';

const NumberOf1Z = z.string().trim().min(1).max(40);
const Picture = z.object({ GraphicImage: z.string().nullish() });
const Sold = z.object({
  ShipmentResponse: z.object({
    ShipmentResults: z.object({
      ShipmentIdentificationNumber: NumberOf1Z,
      ShipmentCharges: z.object({ TotalCharges: Charge }).nullish(),
      NegotiatedRateCharges: z.object({ TotalCharge: Charge.optional() }).nullish(),
      PackageResults: listOf(z.object({ TrackingNumber: NumberOf1Z, ShippingLabel: Picture.nullish() })),
      Form: z.object({ Image: Picture.nullish() }).nullish(),
    }),
  }),
});

/** Buys by one call. Nothing but an answer that names an error of the request proves that nothing was bought. */
export async function buy(purchase: DraftedPurchase, call: Call): Promise<Purchased> {
  const response = await answerTo(ask('POST', 'shipments/v2409/ship', purchase.request, call, { transId: purchase.reference }));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', again: true, reason: response.reason };
  if (isSuccess(response)) {
    const label = soldLabel(response, purchase, call);
    return label === undefined ? unknown(`answered ${response.status} without a readable label`) : { outcome: 'bought', label };
  }
  const said = saidBy(response);
  const proves = response.status >= 400 && !isPassing(response.status) && response.status !== 409 && errorCodesOf(response).length > 0;
  // A token that ended says nothing of the shipment.
  return proves ? { outcome: 'refused', again: response.status === 401, reason: said } : unknown(said);
}

function soldLabel(response: HttpResponse, { rate }: DraftedPurchase, call: Call): BoughtLabel | undefined {
  const results = Sold.safeParse(jsonOf(response)).data?.ShipmentResponse.ShipmentResults;
  const [parcel, ...others] = results?.PackageResults ?? [];
  const charge = results?.NegotiatedRateCharges?.TotalCharge ?? results?.ShipmentCharges?.TotalCharges;
  if (results === undefined || parcel === undefined || others.length > 0 || charge === undefined) return undefined;
  const picture = bytesOf(parcel.ShippingLabel?.GraphicImage);
  const isFinal = call.settings.labelFormat !== 'PDF' && picture !== undefined;
  return {
    ...soldAs(results.ShipmentIdentificationNumber, parcel.TrackingNumber, rate.rateId, rate.service),
    ...charge,
    document: isFinal ? { in: 'answer', bytes: picture } : recovered(call),
    forms: formsIn(results.Form?.Image?.GraphicImage),
  };
}

function soldAs(carrierRef: string, trackingNumber: string, rateId: string, service: string) {
  return {
    carrierRef,
    carrier: 'UPS',
    service: SERVICES.get(rateId) ?? service,
    trackingNumber,
    trackingUrl: `https://www.ups.com/track?tracknum=${encodeURIComponent(trackingNumber)}`,
    // UPS does not say which address it printed.
    address: null,
  };
}

/** The label is fetched by label recovery, with the tracking number alone. */
function recovered({ settings }: Call): Source {
  return { in: 'url', url: `${settings.endpoint}/api/${RECOVERY}` };
}

function formsIn(image: string | null | undefined): readonly Source[] {
  const bytes = bytesOf(image);
  return bytes === undefined ? [] : [{ in: 'answer', bytes }];
}

function bytesOf(base64: string | null | undefined): Buffer | undefined {
  const bytes = Buffer.from(base64 ?? '', 'base64');
  return bytes.length === 0 ? undefined : bytes;
}

const RECOVERY = 'labels/v1/recovery';
const Recovered = z.object({
  LabelRecoveryResponse: z.object({
    ShipmentIdentificationNumber: NumberOf1Z.nullish(),
    LabelResults: listOf(z.object({ TrackingNumber: NumberOf1Z.nullish(), LabelImage: Picture.nullish() })),
    TrackingCandidate: listOf(z.unknown()),
  }),
});
type Recovered = z.infer<typeof Recovered>['LabelRecoveryResponse'];

/** By reference with the account's number, or by tracking number. */
function recover(by: { readonly reference: string } | { readonly trackingNumber: string }, call: Call): Promise<HttpResponse> {
  const { accountNumber, labelFormat } = call.settings;
  const LabelRecoveryRequest = {
    Request: {},
    LabelSpecification: labelSpecification(labelFormat),
    ...('reference' in by ? { ReferenceValues: { ReferenceNumber: { Value: by.reference }, ShipperNumber: accountNumber } } : { TrackingNumber: by.trackingNumber }),
  };
  return ask('POST', RECOVERY, { LabelRecoveryRequest }, call);
}

/** Looks a purchase up by its reference: in label recovery, and where that knows of none, in tracking as well. Buys nothing. */
export async function find(purchase: DraftedPurchase, call: Call): Promise<Found> {
  const response = await answerTo(recover({ reference: purchase.reference }, call));
  if ('reason' in response) return unknown(response.reason);
  if (isSuccess(response)) return foundIn(response, purchase, call);
  if (!isRefusal(response)) return unknown(saidBy(response));
  // UNCONFIRMED which code says that there is none: unless the settings name it, tracking has to say the same.
  if (errorCodesOf(response).some((code) => call.settings.absentCodes.includes(code))) return { outcome: 'absent' };
  return await findInTracking(purchase, call);
}

function foundIn(response: HttpResponse, purchase: DraftedPurchase, call: Call): Found {
  const answer = Recovered.safeParse(jsonOf(response)).data?.LabelRecoveryResponse;
  if (answer === undefined) return unknown(`answered ${response.status} without a readable recovery`);
  if (answer.TrackingCandidate.length > 0) return unknown(`has ${answer.TrackingCandidate.length} shipments under this reference; a person must look which is ours`);
  const [trackingNumber, ...others] = [...new Set(answer.LabelResults.map((result) => result.TrackingNumber ?? ''))].filter((number) => number !== '');
  if (trackingNumber === undefined || others.length > 0) return unknown('the recovered label names no tracking number, or several');
  return { outcome: 'bought', label: adopted(answer.ShipmentIdentificationNumber ?? trackingNumber, trackingNumber, answer, purchase, call) };
}

/** Recovery names no price: it is the one that was quoted, to the same account a moment before. */
function adopted(carrierRef: string, trackingNumber: string, answer: Recovered | undefined, { rate }: DraftedPurchase, call: Call): BoughtLabel {
  const picture = bytesOf(answer?.LabelResults[0]?.LabelImage?.GraphicImage);
  return {
    ...soldAs(carrierRef, trackingNumber, rate.rateId, rate.service),
    cost: rate.cost,
    currency: rate.currency,
    document: picture === undefined ? recovered(call) : { in: 'answer', bytes: picture },
    forms: [],
  };
}

async function findInTracking(purchase: DraftedPurchase, call: Call): Promise<Found> {
  const { reference } = purchase;
  const found = await numberByReference(reference, call);
  if (found.outcome !== 'found') return found;
  // A shipment of one package is named by its tracking number.
  return { outcome: 'bought', label: adopted(found.trackingNumber, found.trackingNumber, undefined, purchase, call) };
}

/** Fetches a label again by its tracking number, in the format of the settings. @throws Unavailable, or Rejected when it cannot be had */
export async function label({ trackingNumber }: LabelAtCarrier, _url: string | null, call: Call): Promise<Buffer> {
  const response = await recover({ trackingNumber }, call);
  if (!isSuccess(response)) throw failureOf(response, 'carrier', errorCodesOf(response).slice(0, 3).join(', '));
  const answer = Recovered.safeParse(jsonOf(response)).data?.LabelRecoveryResponse;
  const picture = bytesOf(answer?.LabelResults[0]?.LabelImage?.GraphicImage);
  if (picture !== undefined) return picture;
  if (answer === undefined)
    throw new Unavailable('carrier.answer-unreadable', `UPS answered ${response.status} without a readable label; it is paid for, so it is asked for again later.`);
  throw new Rejected('carrier.label-unreadable', `UPS has the shipment ${trackingNumber} and gives no picture of its label; look at it in UPS's own pages.`, {
    seen: trackingNumber,
  });
}

/** Whether an answer refuses what was asked, and not who asked or when. */
export function isRefusal({ status }: HttpResponse): boolean {
  return status >= 400 && !isPassing(status) && status !== 401 && status !== 403 && status !== 409;
}
