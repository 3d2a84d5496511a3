// Shippo, API version 2018-02-08: https://docs.goshippo.com/api-reference. Test or live is chosen by the token.
// Not confirmed by a live call, so handled tolerantly:
// - what a second purchase of one rate does: taken for a second label, so a purchase is looked up by its rate, and never repeated;
// - how soon a lost purchase shows there: `settleSeconds` is our own caution;
// - whether a label may have been sold where Shippo could not hear the carrier: that is looked up before another one is bought;
// - whether a label that is asked for again gets a new address once the first has expired, and for how long labels are refunded;
// - whether a transaction repeats its price: where it names the rate alone, the price quoted is the price;
// - in which order lists come: newest first is expected, and a look-up never rests on it alone;
// - how a shipment's date is taken in the sender's time zone: noon UTC is sent, or now where that has passed;
// - that a substatus may be missing: the status alone is then read.
// Shippo wants a carrier's token with every number that is looked up, and a purchase does not name it: the settings and the number's shape tell.
// No answer repeats the address that was printed, so labels are proven by what was sent.
import { defineCarrier } from '../carrier.ts';
import { checkAddress } from '../shippo/address.ts';
import { manifest, pickup } from '../shippo/hand-over.ts';
import { Secrets, Settings } from '../shippo/settings.ts';
import { draft, quote } from '../shippo/shipment.ts';
import { parseUpdate, track } from '../shippo/tracking.ts';
import { buy, find, label, list, voidLabel } from '../shippo/transaction.ts';
import { subscribe } from '../shippo/webhooks.ts';

export default defineCarrier<Settings>({
  id: 'shippo',
  title: 'Shippo',
  settings: Settings,
  secrets: Secrets,
  capabilities: ({ manifests, callbacks, requestsPerMinute }) => ({
    purchaseGuard: 'find-by-reference',
    settleSeconds: 120,
    canVoid: true,
    voidIsAsync: true,
    // The shortest of the carriers behind it, USPS's.
    voidDays: 30,
    needsManifest: manifests,
    labelFormats: ['PDF', 'PNG', 'ZPL'],
    reDownloadLabel: true,
    callbackAuth: callbacks,
    callbackHistory: 'full',
    subscriptionTtlDays: null,
    ratesReturned: true,
    unitSystem: 'metric',
    origins: null,
    requestsPerMinute,
    trackBatch: 1,
  }),
  // Both at once: until signatures are turned on, and while the secret is changed, the token is what there is.
  signature: () => ({ family: 'hmac-timestamped', header: 'shippo-auth-signature', orToken: 'token' }),
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
  list,
  subscribe,
});
