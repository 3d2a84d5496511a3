import * as z from 'zod';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { Booked, LabelAtCarrier, Manifested, ManifestRequest, Manifests, PickupRequest, Pickups, Source } from '../carrier.ts';
import { text } from '../fields.ts';
import { ask, codesOf, isRefusal, said, whyNot } from './api.ts';
import { partyOf } from './party.ts';
import { isCancelledAlready } from './purchase.ts';
import { weightOf } from './request.ts';
import type { Call, Settings } from './settings.ts';

const CLOSE_TIMEOUT_MS = 15_000;

/**
 * FedEx Ground's end-of-day close. It closes all that the account bought and has not closed, whatever warehouse it is in, and its answer names
 * no parcels, so none is ever left out. Express has no close: a label is all it wants, so where there are only such, nobody is asked.
 * https://developer.fedex.com/api/en-us/catalog/close/v1/docs.html
 */
export const manifest: Manifests<Settings> = { close, look };

async function close(request: ManifestRequest, call: Call): Promise<Manifested> {
  if (!call.settings.groundClose || firstOfGround(request) === undefined) return nothingToClose(request);
  const body = { closeReqType: 'GCDR', ...whatToClose(request, call), closeDocumentSpecification: { closeDocumentTypes: ['MANIFEST'] } };
  const response = await answerTo(ask('PUT', '/ship/v1/endofday/', body, call, { reference: request.reference, timeoutMs: CLOSE_TIMEOUT_MS, maxBytes: 12 * 1024 * 1024 }));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (isSuccess(response)) return closedBy(jsonOf(response), request);
  return isRefusal(response) ? { outcome: 'refused', reason: said(response) } : unknown(said(response));
}

/** Asks for the report that a parcel of this close is on: there is one when the close was made. */
async function look(request: ManifestRequest, _manifestRef: string | null, call: Call): Promise<Manifested> {
  const parcel = firstOfGround(request);
  if (!call.settings.groundClose || parcel === undefined) return nothingToClose(request);
  const body = { closeReqType: 'RGCDR', ...whatToClose(request, call), reprintOption: 'BY_TRACKING_NUMBER', trackingNumber: parcel.trackingNumber };
  const response = await answerTo(ask('POST', '/ship/v1/endofday/', body, call, { reference: request.reference, timeoutMs: CLOSE_TIMEOUT_MS, maxBytes: 12 * 1024 * 1024 }));
  if ('reason' in response) return unknown(response.reason);
  if (isSuccess(response)) return closedBy(jsonOf(response), request);
  // UNCONFIRMED what FedEx calls a report that it does not have; any other refusal may be about the request for it.
  const isMissing = isRefusal(response) && codesOf(response).some((code) => /NOT\.?_?FOUND|NO\.?_?(DATA|SHIPMENTS?|CLOSE)|NOT\.?_?AVAILABLE/.test(code));
  return isMissing ? { outcome: 'refused', reason: said(response) } : unknown(said(response));
}

function whatToClose({ shipDate }: ManifestRequest, { settings }: Call) {
  return { accountNumber: { value: settings.accountNumber }, groundServiceCategory: 'GROUND', closeDate: shipDate };
}

function firstOfGround({ labels }: Pick<ManifestRequest, 'labels'>): LabelAtCarrier | undefined {
  return labels.find((label) => companyOf(label) !== 'FDXE');
}

function companyOf({ carrierRef }: LabelAtCarrier): string {
  return carrierRef.includes('~') ? carrierRef.slice(0, carrierRef.indexOf('~')) : 'FDXG';
}

function nothingToClose({ shipDate }: ManifestRequest): Manifested {
  return { outcome: 'closed', manifestRef: `FDXE-${shipDate}`, documents: [], leftOut: [] };
}

const Closed = z.object({
  output: z.object({
    closeDocuments: z.array(z.object({ shippingCycle: text, parts: z.array(z.object({ image: text })).nullish() })).nullish(),
  }),
});

function closedBy(answer: unknown, { shipDate }: ManifestRequest): Manifested {
  const { data } = Closed.safeParse(answer);
  if (data === undefined) return unknown('answered without readable close documents');
  const reports = data.output.closeDocuments ?? [];
  const images = reports.flatMap(({ parts }) => parts ?? []).map(({ image }) => Buffer.from(image ?? '', 'base64'));
  const documents = images.filter(({ length }) => length > 0).map((bytes): Source => ({ in: 'answer', bytes }));
  return { outcome: 'closed', manifestRef: reports[0]?.shippingCycle || `FDXG-${shipDate}`, documents, leftOut: [] };
}

/** Collections by one of FedEx's two drivers, Express or Ground. https://developer.fedex.com/api/en-us/catalog/pickup/v1/docs.html */
export const pickup: Pickups<Settings> = { book, cancel };

/** Characters that the driver is told. */
const REMARKS = 60;
const Confirmed = z.object({ output: z.object({ pickupConfirmationCode: z.union([z.string().min(1).max(60), z.int().transform(String)]), location: text }) });

async function book(request: PickupRequest, call: Call): Promise<Booked> {
  const { settings } = call;
  const { day, parcels, weight, instructions, reference } = request;
  if (instructions.length > REMARKS)
    return { outcome: 'refused', reason: `the instructions have ${instructions.length} characters, and FedEx takes at most ${REMARKS}; shorten them` };
  const carrierCode = driverOf(request, settings);
  const body = {
    associatedAccountNumber: { value: settings.accountNumber },
    originDetail: originOf(request, call),
    totalWeight: weightOf(weight, { units: 'imperial' }),
    packageCount: parcels,
    carrierCode,
    ...(instructions !== '' && { remarks: instructions }),
  };
  const response = await answerTo(ask('POST', '/pickup/v1/pickups', body, call, { reference, timeoutMs: CLOSE_TIMEOUT_MS }));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (!isSuccess(response)) return isRefusal(response) ? { outcome: 'refused', reason: said(response) } : unknown(said(response));
  const { data } = Confirmed.safeParse(jsonOf(response));
  if (data === undefined) return unknown('answered without a confirmation code');
  const { pickupConfirmationCode, location } = data.output;
  return { outcome: 'booked', confirmation: [carrierCode, day, pickupConfirmationCode, location ?? ''].join('~'), cost: null, currency: null };
}

/** Times are local to the pickup, without a zone. */
function originOf({ from, day, readyAt, closesAt, timeZone }: PickupRequest, { settings, now }: Call) {
  const { contact, address } = partyOf(from, 'sender', settings);
  const today = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(now);
  return {
    pickupAddressType: 'OTHER',
    pickupLocation: { contact, address },
    readyDateTimestamp: `${day}T${readyAt}:00Z`,
    customerCloseTime: `${closesAt}:00`,
    pickupDateType: day === today ? 'SAME_DAY' : 'FUTURE_DAY',
    packageLocation: settings.pickupAt,
  };
}

/** The driver of the parcels, where all are of one company; else the one that the settings name. */
function driverOf({ labels }: PickupRequest, { pickupCarrier }: Settings): Settings['pickupCarrier'] {
  const companies = new Set(labels.map(companyOf));
  if (companies.size !== 1) return pickupCarrier;
  return companies.has('FDXE') ? 'FDXE' : 'FDXG';
}

async function cancel(confirmation: string, call: Call): ReturnType<Pickups<Settings>['cancel']> {
  const [carrierCode = '', scheduledDate = '', pickupConfirmationCode = '', location = ''] = confirmation.split('~');
  const associatedAccountNumber = { value: call.settings.accountNumber };
  const body = { associatedAccountNumber, pickupConfirmationCode, carrierCode, scheduledDate, ...(location !== '' && { location }) };
  const response = await answerTo(ask('PUT', '/pickup/v1/pickups/cancel', body, call));
  const why = whyNot(response);
  if (why === undefined) return { outcome: 'cancelled' };
  if ('reason' in response || !isRefusal(response)) return unknown(why);
  return isCancelledAlready(codesOf(response)) ? { outcome: 'cancelled' } : { outcome: 'refused', reason: why };
}
