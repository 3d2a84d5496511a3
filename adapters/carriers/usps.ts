// USPS, its REST APIs of 2026 (labels 3.9.13, international labels 3.3.7, shipping options 3.1.29, payments 3.1.20, SCAN forms 3.1.14, pickup 3.1.8,
// addresses 3.2.3, tracking 3.2.6): https://developers.usps.com/apis; what it is asked and how it is read is in adapters/usps.
// An app is given 60 requests an hour until USPS raises that: put the figure into the connection's `requestsPerMinute` then.
// Not confirmed by a live call, so handled tolerantly: whether labels come as one JSON document as asked (multipart is read as well); what a
// repeated key with other bytes does (never sent; a refusal that speaks of the key or of the day of mailing is an unknown outcome); how a
// look-up by key says that nothing was sold (see `find`); the unit of weights in shipping options, which name none (pounds, as everywhere else);
// the extra service for limited quantities (831); how subscriptions are answered, and the challenge with which USPS tries a new listener (any
// small unsigned JSON without a `payload` is answered 200, and nothing is taken in of it); the batch call of tracking (v3r2, not used).
// USPS lists no labels, so costs are compared with its invoices by a person. Origin United States only.
import * as z from 'zod';
import { type CarrierCapabilities, defineCarrier } from '../carrier.ts';
import { secretField } from '../credential.ts';
import { checkAddress } from '../usps/address-check.ts';
import { refresh } from '../usps/api.ts';
import { buy, find, label, voidLabel } from '../usps/label.ts';
import { draft } from '../usps/label-request.ts';
import { manifest } from '../usps/manifest.ts';
import { pickup } from '../usps/pickup.ts';
import { quote } from '../usps/quote.ts';
import { Settings } from '../usps/settings.ts';
import { subscribe } from '../usps/subscription.ts';
import { parseUpdate, track } from '../usps/tracking.ts';

const Secrets = z.strictObject({
  apiKey: secretField("The app's consumer key"),
  token: secretField("The app's consumer secret"),
  signing: secretField('32 characters of your choice, by which USPS signs its callbacks'),
});

export default defineCarrier<Settings>({
  id: 'usps',
  title: 'USPS',
  settings: Settings,
  secrets: Secrets,
  capabilities,
  signature: () => ({
    family: 'hmac-fields',
    header: 'x-hmac',
    alias: 'hmac-header',
    encoding: 'base64',
    fields: ['timestamp', 'payload'],
    join: '',
    handshake: { family: 'unsigned-json', without: 'payload' },
  }),
  quote,
  draft,
  buy,
  find,
  label,
  void: voidLabel,
  track,
  parseUpdate,
  manifest,
  pickup,
  checkAddress,
  subscribe,
  refresh,
});

function capabilities({ scanForm }: Settings): CarrierCapabilities {
  return {
    purchaseGuard: 'key',
    // Between a sale and the look-up that shows it; our own caution.
    settleSeconds: 300,
    canVoid: true,
    voidIsAsync: true,
    voidDays: null,
    needsManifest: scanForm,
    labelFormats: ['PDF', 'PNG', 'GIF', 'ZPL'],
    reDownloadLabel: true,
    callbackAuth: 'signature',
    callbackHistory: 'delta',
    subscriptionTtlDays: 30,
    ratesReturned: true,
    unitSystem: 'imperial',
    origins: ['US'],
    requestsPerMinute: 1,
    trackBatch: 1,
  };
}
