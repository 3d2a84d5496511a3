import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { BoughtLabel, DraftedPurchase, Found, LabelAtCarrier, Purchased, Source, Voided } from '../carrier.ts';
import { text } from '../fields.ts';
import { ask, codesOf, isLockedOut, isRefusal, said } from './api.ts';
import { Amount, costOf } from './quote.ts';
import type { Call } from './settings.ts';
import { progressOf } from './tracking.ts';

/** A label comes within the answer, as base64. */
const SHIP_LIMITS = { timeoutMs: 15_000, maxBytes: 12 * 1024 * 1024 };

/** Buys by one call. FedEx knows no repeat of it: whatever is not proven is looked up by our reference. */
export async function buy(purchase: DraftedPurchase, call: Call): Promise<Purchased> {
  const { reference, request } = purchase;
  const response = await answerTo(ask('POST', '/ship/v1/shipments', request, call, { reference, ...SHIP_LIMITS }));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', again: true, reason: response.reason };
  if (isSuccess(response)) {
    const label = boughtLabel(jsonOf(response), purchase);
    return label === undefined ? unknown(`answered ${response.status} without a readable label`) : { outcome: 'bought', label };
  }
  return isRefusal(response) ? { outcome: 'refused', again: response.status === 401, reason: said(response) } : unknown(said(response));
}

const Document = z.object({ contentType: text, encodedLabel: text });
const Piece = z.object({
  trackingNumber: z.string().trim().min(1).max(60),
  netChargeAmount: Amount.nullish(),
  currency: text,
  packageDocuments: z.array(Document).min(1),
});
const Rating = z.object({ rateType: text, totalNetCharge: Amount, currency: z.string() });
const Bought = z.object({
  customerTransactionId: text,
  output: z.object({
    transactionShipments: z
      .array(
        z.object({
          serviceType: text,
          masterTrackingNumber: text,
          pieceResponses: z.array(Piece).length(1),
          shipmentDocuments: z.array(Document).nullish(),
          completedShipmentDetail: z
            .object({ carrierCode: text, shipmentRating: z.object({ actualRateType: text, shipmentRateDetails: z.array(z.unknown()).nullish() }).nullish() })
            .nullish(),
        }),
      )
      .length(1),
  }),
});
type BoughtShipment = z.infer<typeof Bought>['output']['transactionShipments'][number];

function boughtLabel(answer: Json | undefined, { reference, rate }: DraftedPurchase): BoughtLabel | undefined {
  const { data } = Bought.safeParse(answer);
  const [shipment] = data?.output.transactionShipments ?? [];
  const [piece] = shipment?.pieceResponses ?? [];
  if (data === undefined || shipment === undefined || piece === undefined) return undefined;
  // FedEx repeats what we call a request: an answer to another one is not taken for this one's.
  if (data.customerTransactionId && data.customerTransactionId !== reference) return undefined;
  const documents = piece.packageDocuments.filter(({ encodedLabel }) => encodedLabel);
  const picture = documents.find(({ contentType }) => contentType === 'LABEL') ?? documents[0];
  const bytes = Buffer.from(picture?.encodedLabel ?? '', 'base64');
  if (bytes.length === 0) return undefined;
  const forms = [...documents.filter((one) => one !== picture), ...(shipment.shipmentDocuments ?? [])].map(formOf).filter((form) => form !== undefined);
  const service = shipment.serviceType || rate.service;
  return {
    ...namesOf(piece.trackingNumber, service, shipment.completedShipmentDetail?.carrierCode),
    ...billedOf(shipment, piece, rate),
    document: { in: 'answer', bytes },
    forms,
  };
}

function formOf({ encodedLabel }: z.infer<typeof Document>): Source | undefined {
  const bytes = Buffer.from(encodedLabel ?? '', 'base64');
  return bytes.length === 0 ? undefined : { in: 'answer', bytes };
}

/** What FedEx says that it bills; what it quoted, where its answer names no price, as for returns, which it bills when they are used. */
function billedOf({ completedShipmentDetail }: BoughtShipment, piece: z.infer<typeof Piece>, { cost, currency }: DraftedPurchase['rate']): Pick<BoughtLabel, 'cost' | 'currency'> {
  const { actualRateType, shipmentRateDetails } = completedShipmentDetail?.shipmentRating ?? {};
  const ratings = (shipmentRateDetails ?? []).map((detail) => Rating.safeParse(detail).data).filter((detail) => detail !== undefined);
  const rating = ratings.find(({ rateType }) => rateType && rateType === actualRateType) ?? ratings.find(({ rateType }) => rateType?.includes('ACCOUNT')) ?? ratings[0];
  const rated = rating === undefined ? undefined : costOf(rating.totalNetCharge, rating.currency);
  if (rating !== undefined && rated !== undefined) return { cost: rated, currency: rating.currency };
  const charged = piece.currency && piece.netChargeAmount ? costOf(piece.netChargeAmount, piece.currency) : undefined;
  return charged !== undefined && piece.currency ? { cost: charged, currency: piece.currency } : { cost, currency };
}

/** FedEx's answers name no address: what was sent is the proof of what is printed. */
function namesOf(trackingNumber: string, service: string, carrierCode: string | null | undefined): Omit<BoughtLabel, 'cost' | 'currency' | 'document' | 'forms'> {
  return {
    carrierRef: carrierRefOf(trackingNumber, service, carrierCode),
    carrier: 'FedEx',
    service,
    trackingNumber,
    trackingUrl: `https://www.fedex.com/fedextrack/?trknbr=${encodeURIComponent(trackingNumber)}`,
    address: null,
  };
}

/** The operating company and the tracking number, such as `FDXG~794644790138`: only Ground's day is closed. */
function carrierRefOf(trackingNumber: string, service: string, carrierCode: string | null | undefined): string {
  const company = carrierCode || (/GROUND/.test(service) ? 'FDXG' : 'FDXE');
  return `${company}~${trackingNumber}`;
}

const DAY_MS = 86_400_000;
const Sent = z.object({ requestedShipment: z.object({ shipDatestamp: z.iso.date() }) });

/** Looks a purchase up by the reference that is printed on it. What is found has no picture: Ship v1 gives none again. */
export async function find(purchase: DraftedPurchase, call: Call): Promise<Found> {
  const { reference } = purchase;
  const response = await answerTo(
    ask('POST', '/track/v1/referencenumbers', { referencesInformation: referenceOf(purchase, call), includeDetailedScans: true }, call, { reference }),
  );
  if ('reason' in response) return unknown(response.reason);
  if (!isSuccess(response)) return isAbsent(codesOf(response)) ? { outcome: 'absent' } : unknown(said(response));
  return foundIn(jsonOf(response), purchase);
}

/**
 * UNCONFIRMED: FedEx's schema calls the end of the range shipDateEndDate, its own samples shipDateEnd; both are sent. The range leaves room for a
 * parcel that FedEx dates by its own clocks.
 */
function referenceOf({ reference, request }: DraftedPurchase, { settings, now }: Call) {
  const today = now.getTime();
  const sent = Sent.safeParse(jsonOf({ body: Buffer.from(request) })).data;
  const shipped = sent === undefined ? today : Date.parse(`${sent.requestedShipment.shipDatestamp}T00:00:00Z`);
  const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
  const end = dayOf(Math.max(today, shipped) + DAY_MS);
  const range = { shipDateBegin: dayOf(Math.min(today, shipped) - DAY_MS), shipDateEnd: end, shipDateEndDate: end };
  return { value: reference, accountNumber: settings.accountNumber, ...range };
}

const Identifier = z.object({ type: text, values: z.array(z.string()).nullish(), value: z.union([z.string(), z.array(z.string())]).nullish() });
const TrackResult = z.object({
  trackingNumberInfo: z.object({ trackingNumber: text, carrierCode: text }).nullish(),
  additionalTrackingInfo: z.object({ packageIdentifiers: z.array(Identifier).nullish() }).nullish(),
  serviceDetail: z.object({ type: text }).nullish(),
  latestStatusDetail: z.object({ code: text }).nullish(),
  error: z.object({ code: text }).nullish(),
});
type TrackResult = z.infer<typeof TrackResult>;
const Referenced = z.object({
  output: z.object({
    completeTrackResults: z.array(z.object({ trackResults: z.array(TrackResult) })).nullish(),
    alerts: z.union([z.array(z.object({ code: text })), z.string()]).nullish(),
  }),
});

function foundIn(answer: Json | undefined, { reference, rate }: DraftedPurchase): Found {
  const { data } = Referenced.safeParse(answer);
  if (data === undefined) return unknown('the answer to the look-up cannot be read');
  const results = (data.output.completeTrackResults ?? []).flatMap(({ trackResults }) => trackResults);
  const parcels = results.filter((result) => result.trackingNumberInfo?.trackingNumber && !result.error?.code);
  // A label that was cancelled since is none.
  const labels = parcels.filter(({ latestStatusDetail }) => latestStatusDetail?.code !== 'CA');
  const [label] = labels;
  const trackingNumber = label?.trackingNumberInfo?.trackingNumber;
  if (labels.length > 1) return unknown(`${labels.length} parcels carry the reference`);
  if (label !== undefined && trackingNumber) {
    if (isOfAnother(label, reference)) return unknown('the parcel that is found carries another reference');
    const service = label.serviceDetail?.type || rate.service;
    const names = namesOf(trackingNumber, service, label.trackingNumberInfo?.carrierCode);
    return { outcome: 'bought', label: { ...names, cost: rate.cost, currency: rate.currency, document: { in: 'nowhere' }, forms: [] } };
  }
  const alerts = typeof data.output.alerts === 'string' ? [data.output.alerts] : (data.output.alerts ?? []).map(({ code }) => code ?? '');
  const codes = [...results.map(({ error }) => error?.code ?? ''), ...alerts].filter((code) => code !== '');
  return parcels.length > 0 || isAbsent(codes) ? { outcome: 'absent' } : unknown('the answer to the look-up names neither a parcel nor that there is none');
}

/** Whether every reference that a parcel is said to carry is somebody else's. */
function isOfAnother({ additionalTrackingInfo }: TrackResult, reference: string): boolean {
  const references = (additionalTrackingInfo?.packageIdentifiers ?? []).filter(({ type }) => type === 'CUSTOMER_REFERENCE' || type === 'SHIPPER_REFERENCE');
  const values = references.flatMap(({ values, value }) => [...(values ?? []), ...(typeof value === 'string' ? [value] : (value ?? []))]);
  return values.length > 0 && !values.includes(reference);
}

/** UNCONFIRMED which of TRACKING.REFERENCENUMBER.NOTFOUND, TRACKING.TRACKINGNUMBER.NOTFOUND and TRACKING.DATA.NOTFOUND comes: any says so. */
function isAbsent(codes: readonly string[]): boolean {
  return codes.length > 0 && codes.every((code) => /^TRACKING\..*NOTFOUND/.test(code));
}

const Cancelled = z.object({ output: z.object({ cancelledShipment: z.boolean() }) });

/** UNCONFIRMED what FedEx calls the cancelling of what is cancelled: any code that says both is taken for it. */
export function isCancelledAlready(codes: readonly string[]): boolean {
  return codes.some((code) => /ALREADY/.test(code) && /CANCEL|DELETE/.test(code));
}

/**
 * Cancels a label; FedEx bills none that was cancelled before it was handed over. A repeat does no harm. Where FedEx refuses, its tracking
 * says whether the label was used.
 */
export async function voidLabel({ reference, trackingNumber }: LabelAtCarrier, call: Call): Promise<Voided> {
  const body = { accountNumber: { value: call.settings.accountNumber }, trackingNumber, deletionControl: 'DELETE_ALL_PACKAGES' };
  const response = await answerTo(ask('PUT', '/ship/v1/shipments/cancel', body, call, { reference }));
  if ('reason' in response) return unknown(response.reason);
  const codes = codesOf(response);
  if (isCancelledAlready(codes)) return { outcome: 'voided' };
  const { data } = isSuccess(response) ? Cancelled.safeParse(jsonOf(response)) : { data: undefined };
  if (data?.output.cancelledShipment === true) return { outcome: 'voided' };
  const refused = data !== undefined || (isRefusal(response) && !isLockedOut(response));
  return refused ? await whyKept(trackingNumber, said(response), call) : unknown(said(response));
}

async function whyKept(trackingNumber: string, reason: string, call: Call): Promise<Voided> {
  const progress = await progressOf(trackingNumber, call);
  if (progress === 'cancelled') return { outcome: 'voided' };
  if (progress === undefined) return unknown(`${reason}, and whether the parcel moves cannot be asked`);
  return { outcome: 'refused', used: progress === 'moving', reason };
}
