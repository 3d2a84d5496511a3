import * as z from 'zod';
import { isScan } from '../../core/tracking.ts';
import { answerTo, isSuccess, jsonOf, unknown } from '../answer.ts';
import type { LabelAtCarrier, Voided } from '../carrier.ts';
import { ask, listOf, Numeric, saidBy } from './api.ts';
import { isRefusal } from './labels.ts';
import type { Call } from './settings.ts';
import { eventsFor } from './tracking.ts';

const Status = z.object({ Status: z.object({ Code: Numeric }) });
const VoidAnswer = z.object({
  VoidShipmentResponse: z.object({ SummaryResult: Status, PackageLevelResults: listOf(Status) }),
});
/** Of a package: voided now, or already. */
const DONE = '1';

/**
 * Takes a shipment back. A repeat does no harm: UPS says of one that is void already that it is. Where UPS refuses, its tracking tells whether the
 * parcel has moved, for no document says which error code means that.
 */
export async function voidLabel(label: LabelAtCarrier, call: Call): Promise<Voided> {
  const { carrierRef, trackingNumber } = label;
  const shipment = carrierRef === '' ? trackingNumber : carrierRef;
  const response = await answerTo(ask('DELETE', `shipments/v2409/void/cancel/${encodeURIComponent(shipment)}`, undefined, call));
  if ('reason' in response) return unknown(response.reason);
  if (!isSuccess(response)) return isRefusal(response) ? await refusedFor(saidBy(response), trackingNumber, call) : unknown(saidBy(response));
  const answer = VoidAnswer.safeParse(jsonOf(response)).data?.VoidShipmentResponse;
  if (answer === undefined) return unknown(`answered ${response.status} without a readable state`);
  const codes = answer.PackageLevelResults.map(({ Status: { Code } }) => Code);
  const isVoid = codes.length > 0 ? codes.every((code) => code === DONE) : answer.SummaryResult.Status.Code === DONE;
  return isVoid ? { outcome: 'voided' } : await refusedFor('not voided', trackingNumber, call);
}

async function refusedFor(reason: string, trackingNumber: string, call: Call): Promise<Voided> {
  const events = await eventsFor(trackingNumber, call);
  if (events === undefined) return unknown(`${reason}, and where the parcel is cannot be asked`);
  if (events.some(({ status }) => status === 'cancelled')) return { outcome: 'voided' };
  return { outcome: 'refused', used: events.some(({ status }) => isScan(status)), reason };
}
