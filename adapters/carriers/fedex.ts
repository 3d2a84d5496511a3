// FedEx REST APIs, each of version 1: OAuth, Rate, Ship, Track, Ground End of Day Close, Pickup, Address Validation, Postal Code Validation, and the
// Advanced Integrated Visibility webhook (AIV): https://developer.fedex.com/api/en-us/catalog.html; what is read and written is in adapters/fedex.
// One API project serves a connection: a project that only tracks cannot buy, and the other way round; give one project all of these APIs.
// Buying has no idempotency key and a label cannot be had twice. A purchase whose answer is lost is looked up by our reference, which is printed on it;
// what is found is cancelled and bought anew.
// UNCONFIRMED by a live call, and handled like this: the envelope of AIV's callbacks (FedEx's sample has the Track API's; any is searched for parcels of
// that shape), whether a callback brings the history or only what is new (both are read; it is taken for the latter), base64 or hex in
// fdx-signature (both are taken), how soon a label shows by its reference (the setting settleSeconds), the name of the end of the range of a reference
// search (both names are sent), the codes of not found, cancelled already and nothing to close (matched by what they say), whether an answer names
// the price of a return (else the quoted one is kept), 30 numbers in a call of Track, whether the close's report is a PDF.
import { Rejected } from '../../core/error.ts';
import { type CarrierCapabilities, defineCarrier } from '../carrier.ts';
import { checkAddress } from '../fedex/address-check.ts';
import { refresh } from '../fedex/api.ts';
import { manifest, pickup } from '../fedex/hand-over.ts';
import { buy, find, voidLabel } from '../fedex/purchase.ts';
import { quote } from '../fedex/quote.ts';
import { shipRequest } from '../fedex/request.ts';
import { Secrets, Settings } from '../fedex/settings.ts';
import { parseUpdate, TRACK_BATCH, track } from '../fedex/tracking.ts';

export default defineCarrier<Settings>({
  id: 'fedex',
  title: 'FedEx',
  settings: Settings,
  secrets: Secrets,
  capabilities,
  signature: () => ({ family: 'hmac-body', header: 'fdx-signature', encoding: 'base64', orEncoding: 'hex' }),
  quote,
  draft: (shipment, _carrierRef, rate, settings) => JSON.stringify(shipRequest(shipment, rate, settings)),
  buy,
  find,
  label,
  void: voidLabel,
  track,
  parseUpdate,
  manifest,
  pickup,
  checkAddress,
  refresh,
});

function capabilities({ settleSeconds, groundClose, units }: Settings): CarrierCapabilities {
  return {
    purchaseGuard: 'find-by-reference',
    settleSeconds,
    canVoid: true,
    voidIsAsync: false,
    // Until it is handed over, or Ground's day is closed.
    voidDays: null,
    needsManifest: groundClose,
    labelFormats: ['PDF', 'PNG', 'ZPL'],
    reDownloadLabel: false,
    callbackAuth: 'signature',
    callbackHistory: 'delta',
    subscriptionTtlDays: null,
    ratesReturned: true,
    unitSystem: units,
    origins: null,
    // 1,400 in ten seconds. https://developer.fedex.com/api/en-us/guides/ratelimits.html
    requestsPerMinute: 8_400,
    trackBatch: TRACK_BATCH,
  };
}

async function label(): Promise<Buffer> {
  throw new Rejected('carrier.label-gone', 'FedEx gives a label once, in its answer to the purchase; cancel it and buy another one.');
}
