import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { Manifested, ManifestRequest, Manifests, Source } from '../carrier.ts';
import { text } from '../fields.ts';
import { type HttpResponse, isPassing } from '../http.ts';
import { type DomesticAddress, domestic } from './address.ts';
import { ask, LABEL_ANSWER_BYTES, LABEL_JSON, reasonOf, refusalIn } from './api.ts';
import { partsOf } from './multipart.ts';
import type { Call, Settings } from './settings.ts';

type LeftOut = { readonly trackingNumber: string; readonly reason: string };

/** SCAN forms (PS Form 5630): one scan at the counter accepts every parcel on it. https://developers.usps.com/scanv3 (3.1.14) */
export const manifest: Manifests<Settings> = {
  close: (request, call) => close(request, [], call),
  look,
};

/** Closes what is not left out. USPS refuses a whole form for one label: those that its refusal names are left out of a second try, once. */
async function close(request: ManifestRequest, leftOut: readonly LeftOut[], call: Call): Promise<Manifested> {
  const out = new Set(leftOut.map(({ trackingNumber }) => trackingNumber));
  const trackingNumbers = request.labels.map(({ trackingNumber }) => trackingNumber).filter((number) => !out.has(number));
  const body = formFor(request, trackingNumbers);
  if (typeof body === 'string') return { outcome: 'refused', reason: body };
  const response = await answerTo(ask('POST', '/scan-forms/v3/scan-form', call, { headers: { accept: LABEL_JSON }, body: JSON.stringify(body), maxBytes: LABEL_ANSWER_BYTES }));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (isSuccess(response)) return closedBy(response, trackingNumbers, leftOut);
  const refusal = isPassing(response.status) || response.status === 409 ? undefined : refusalIn(response);
  if (refusal === undefined) return unknown(reasonOf(response));
  const named = trackingNumbers.filter((number) => refusal.includes(number));
  if (leftOut.length > 0 || named.length === 0 || named.length === trackingNumbers.length) return { outcome: 'refused', reason: reasonOf(response) };
  return await close(
    request,
    named.map((trackingNumber) => ({ trackingNumber, reason: reasonOf(response) })),
    call,
  );
}

/** There is no look-up. No label can be on two forms, so closing again closes nothing twice: if that is refused, the first one may have gone through. */
async function look(request: ManifestRequest, _manifestRef: string | null, call: Call): Promise<Manifested> {
  const again = await close(request, [], call);
  return again.outcome === 'refused' ? unknown(`it may be closed already, and USPS shows no SCAN form again: ${again.reason}`) : again;
}

/** The body of a form, or why there can be none. */
function formFor({ from, shipDate }: ManifestRequest, trackingNumbers: readonly string[]): object | string {
  const fromAddress = fromAddressOf(from);
  if (typeof fromAddress === 'string') return fromAddress;
  return {
    imageInfo: { imageType: 'PDF', labelType: '8.5X11LABEL' },
    mailingDate: shipDate,
    // A parcel that was packed for another day leaves on this one all the same.
    overwriteMailingDate: true,
    entryFacilityZIPCode: fromAddress.ZIPCode,
    destinationEntryFacilityType: 'NONE',
    shipment: { trackingNumbers },
    fromAddress,
  };
}

function fromAddressOf(from: ManifestRequest['from']): DomesticAddress | string {
  try {
    return domestic(from);
  } catch (cause) {
    if (cause instanceof Rejected) return cause.message;
    throw cause;
  }
}

const Form = z.object({ manifestNumber: z.string().min(1), trackingNumbers: z.array(z.string()).nullish(), SCANFormImage: text });

function closedBy(response: HttpResponse, asked: readonly string[], before: readonly LeftOut[]): Manifested {
  const { data } = Form.safeParse(formIn(response));
  if (data === undefined) return unknown(`answered ${response.status} without a SCAN form that can be read`);
  const taken = new Set(data.trackingNumbers ?? asked);
  const leftOut = asked.filter((number) => !taken.has(number)).map((trackingNumber) => ({ trackingNumber, reason: 'USPS did not put it on the form' }));
  const image = (data.SCANFormImage ?? '').replace(/\s/g, '');
  const documents: Source[] = image === '' ? [] : [{ in: 'answer', bytes: Buffer.from(image, 'base64') }];
  return { outcome: 'closed', manifestRef: data.manifestNumber, documents, leftOut: [...before, ...leftOut] };
}

/** One document, or the same in parts. */
function formIn(response: HttpResponse): unknown {
  const parts = partsOf(response.headers['content-type'] ?? '', response.body);
  const metadata = parts?.get('SCANFormMetaData');
  if (parts === undefined || metadata === undefined) return jsonOf(response);
  const read = jsonOf({ body: metadata });
  const image = parts.get('SCANFormImage') ?? parts.get('scanformImage');
  return typeof read === 'object' && read !== null ? { ...read, SCANFormImage: image?.toString('latin1') } : read;
}
