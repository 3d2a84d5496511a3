// EasyPost API v2: https://docs.easypost.com. Test or production is chosen by the API key.
// Not confirmed by a live call, so handled tolerantly: the HTTP status of SHIPMENT.POSTAGE.EXISTS (the code decides, whatever the
// status), how soon a lost purchase shows (settleSeconds is our own caution), and whether GET /trackers filters by tracking_code alone.

import * as z from 'zod';
import { defineCarrier } from '../carrier.ts';
import { secretField } from '../credential.ts';
import { checkAddress } from '../easypost/address.ts';
import { Settings } from '../easypost/api.ts';
import { bookPickup, cancelPickup, closeManifest, lookAtManifest } from '../easypost/hand-over.ts';
import { list } from '../easypost/list.ts';
import { buy, find, label, voidLabel } from '../easypost/purchase.ts';
import { quote } from '../easypost/quote.ts';
import { parseUpdate, subscribe, track } from '../easypost/tracking.ts';

export default defineCarrier<Settings>({
  id: 'easypost',
  title: 'EasyPost',
  settings: Settings,
  secrets: z.strictObject({ token: secretField('API key, test or production'), signing: secretField('Webhook secret, chosen by you') }),
  capabilities: ({ labelFormat, scanForms }) => ({
    purchaseGuard: 'two-step',
    settleSeconds: 60,
    canVoid: true,
    voidIsAsync: true,
    voidDays: 30,
    needsManifest: scanForms.length > 0,
    labelFormats: [labelFormat],
    reDownloadLabel: true,
    callbackAuth: 'signature',
    callbackHistory: 'full',
    subscriptionTtlDays: null,
    ratesReturned: true,
    unitSystem: 'imperial',
    origins: null,
    requestsPerMinute: null,
    trackBatch: 1,
  }),
  signature: () => ({
    family: 'hmac-body',
    header: 'x-hmac-signature',
    encoding: 'hex',
    prefix: 'hmac-sha256-hex=',
    normalise: 'NFKD',
    // The formula of the newer signature is not confirmed: it is counted, and decides nothing.
    second: { header: 'x-hmac-signature-v2', timestamp: 'x-timestamp', path: 'x-path' },
  }),
  quote,
  draft: (_shipment, _carrierRef, rate) => JSON.stringify({ rate: { id: rate.rateId } }),
  buy,
  find,
  label,
  void: voidLabel,
  track,
  parseUpdate,
  manifest: { close: closeManifest, look: lookAtManifest },
  pickup: { book: bookPickup, cancel: cancelPickup },
  checkAddress,
  list,
  subscribe,
});
