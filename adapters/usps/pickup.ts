import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { toPounds } from '../../core/weight.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { Booked, PickupRequest, Pickups } from '../carrier.ts';
import { isPassing } from '../http.ts';
import { domestic, phoneOf, splitName } from './address.ts';
import { ask, reasonOf, refusalIn } from './api.ts';
import { kindOfNumber } from './service.ts';
import type { Call, Settings } from './settings.ts';

const PATH = '/pickup/v3/carrier-pickup';

/** Collections by the letter carrier, which cost nothing. https://developers.usps.com/carrierpickupv3 (3.1.8) */
export const pickup: Pickups<Settings> = { book, cancel };

async function book(request: PickupRequest, call: Call): Promise<Booked> {
  const body = bodyOrReason(request, call.settings);
  if (typeof body === 'string') return { outcome: 'refused', reason: body };
  const response = await answerTo(ask('POST', PATH, call, { body: JSON.stringify(body) }));
  if ('reason' in response) return response.sent ? unknown(response.reason) : { outcome: 'refused', reason: response.reason };
  if (isSuccess(response)) {
    const { data } = Confirmed.safeParse(jsonOf(response));
    return data === undefined
      ? unknown(`answered ${response.status} without a confirmation`)
      : { outcome: 'booked', confirmation: data.confirmationNumber, cost: null, currency: null };
  }
  const isFinal = !isPassing(response.status) && response.status !== 409 && refusalIn(response) !== undefined;
  return isFinal ? { outcome: 'refused', reason: reasonOf(response) } : unknown(reasonOf(response));
}

const Confirmed = z.object({ confirmationNumber: z.string().min(1) });

function bodyOrReason(request: PickupRequest, settings: Settings): object | string {
  try {
    return bodyOf(request, settings);
  } catch (cause) {
    if (cause instanceof Rejected) return cause.message;
    throw cause;
  }
}

function bodyOf({ from, day, weight, instructions, parcels, labels }: PickupRequest, settings: Settings): object | string {
  const contact = contactOf(from.phone, settings);
  if (contact === undefined)
    return "USPS wants an e-mail address or a US telephone number for a pickup: give contactEmail in the connection's settings, or the warehouse's telephone";
  const { firstName: _, lastName: __, firm, ...address } = domestic(from);
  // USPS wants a person to ask for; a warehouse that is named by one word is asked for by it twice.
  const person = splitName(from.name) ?? { firstName: from.name, lastName: from.name };
  const abroad = labels.filter(({ trackingNumber }) => kindOfNumber(trackingNumber) === 'international').length;
  const packages = [
    { packageType: settings.pickupType, packageCount: Math.max(0, parcels - abroad) },
    { packageType: 'INTERNATIONAL', packageCount: abroad },
  ];
  return {
    pickupDate: day,
    pickupAddress: { ...person, ...(firm !== undefined && { firm }), address, contact: [contact] },
    packages: packages.filter(({ packageCount }) => packageCount > 0),
    estimatedWeight: toPounds(weight, 1),
    pickupLocation: instructions === '' ? { packageLocation: 'KNOCK_ON_DOOR' } : { packageLocation: 'OTHER', specialInstructions: instructions },
  };
}

function contactOf(phone: string | undefined, { contactEmail }: Settings): object | undefined {
  if (contactEmail !== undefined) return { email: contactEmail };
  const cellNumber = (phoneOf(phone) ?? '').replace(/^\+?1(?=\d{10}$)/, '');
  return /^\d{10}$/.test(cellNumber) ? { cellNumber } : undefined;
}

/** Takes two calls: what is cancelled must be named by the version of it that was read. */
async function cancel(confirmation: string, call: Call): ReturnType<Pickups<Settings>['cancel']> {
  const path = `${PATH}/${encodeURIComponent(confirmation)}`;
  const seen = await answerTo(ask('GET', path, call));
  if ('reason' in seen) return unknown(seen.reason);
  if (isGone(seen.status, refusalIn(seen))) return { outcome: 'cancelled' };
  const version = seen.headers.etag;
  if (!isSuccess(seen) || version === undefined) return unknown(isSuccess(seen) ? 'the pickup came without its version (ETag)' : reasonOf(seen));
  const response = await answerTo(ask('DELETE', path, call, { headers: { 'if-match': version } }));
  if ('reason' in response) return unknown(response.reason);
  if (isSuccess(response) || isGone(response.status, refusalIn(response))) return { outcome: 'cancelled' };
  const isFinal = response.status === 400 || response.status === 403;
  return isFinal ? { outcome: 'refused', reason: reasonOf(response) } : unknown(reasonOf(response));
}

function isGone(status: number, refusal = ''): boolean {
  return status === 404 || status === 410 || (status === 400 && /not found|already been cancell?ed/i.test(refusal));
}
