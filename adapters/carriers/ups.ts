// UPS: Rating, Shipping and Pickup v2409, Label Recovery and Track v1, Track Alert and Address Validation v2. https://developer.ups.com,
// https://github.com/UPS-API/api-documentation
// Not confirmed by a live call, so handled tolerantly:
// - which error says that label recovery knows no shipment: unless `absentCodes` names it, tracking by reference must know none either;
// - how soon a shipment shows there: `settleSeconds` is our own caution;
// - which error says that a parcel was used and cannot be voided: its scans tell; how long a label can be voided (28 or 90 days): the shorter;
// - whether Track Alert takes a second subscription of an account: a refusal is shown to a person;
// - times without GMT or offset are taken for UTC; a list may be an object, as it was before v2403;
// - a label that is found again is entered at the price that was quoted: recovery names none.
// A declaration to the authorities, as US exports of more than 2,500 USD of one commodity need, is not made here.

import * as z from 'zod';
import { defineCarrier } from '../carrier.ts';
import { secretField } from '../credential.ts';
import { checkAddress } from '../ups/check-address.ts';
import { buy, find, label } from '../ups/labels.ts';
import { pickup } from '../ups/pickup.ts';
import { quote } from '../ups/rating.ts';
import { Settings } from '../ups/settings.ts';
import { draft, usesPounds } from '../ups/shipment.ts';
import { refresh } from '../ups/token.ts';
import { parseUpdate, subscribe, track } from '../ups/tracking.ts';
import { voidLabel } from '../ups/void-label.ts';

export default defineCarrier<Settings>({
  id: 'ups',
  title: 'UPS',
  settings: Settings,
  secrets: z.object({
    apiKey: secretField('Client id of the app, also what UPS names itself by when it asks us for a token'),
    token: secretField('Client secret of the app'),
    signing: secretField('Secret with which UPS asks us for a token; it stands in the webhook credentials at UPS'),
  }),
  capabilities: ({ accountCountry }) => ({
    purchaseGuard: 'find-by-reference',
    settleSeconds: 900,
    canVoid: true,
    voidIsAsync: false,
    voidDays: 28,
    // With daily pickup UPS has the data of every label from the moment it is made.
    needsManifest: false,
    labelFormats: ['ZPL', 'GIF', 'PDF'],
    reDownloadLabel: true,
    callbackAuth: 'token',
    callbackHistory: 'delta',
    subscriptionTtlDays: 14,
    ratesReturned: true,
    unitSystem: usesPounds(accountCountry) ? 'imperial' : 'metric',
    origins: null,
    requestsPerMinute: null,
    trackBatch: 1,
  }),
  signature: () => ({ family: 'issued-token' }),
  quote,
  draft,
  buy,
  find,
  label,
  void: voidLabel,
  track,
  parseUpdate,
  pickup,
  checkAddress,
  subscribe,
  refresh,
});
