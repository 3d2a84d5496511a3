import * as z from 'zod';
import { Dimensions } from '../../core/dimensions.ts';
import type { CarrierCall } from '../carrier.ts';
import { secretField } from '../credential.ts';

/** Labels as Shippo makes them. https://docs.goshippo.com/docs/shipments/shippinglabelsizes */
const LABEL_TYPES = ['PDF_4x6', 'PDF', 'PDF_4x8', 'PDF_2.3x7.5', 'PDF_A4', 'PDF_A5', 'PDF_A6', 'PNG', 'PNG_2.3x7.5', 'ZPLII'] as const;

/** Where a driver finds parcels. https://docs.goshippo.com/docs/manifests_and_pickups/pickups */
const PICKUP_PLACES = [
  'Front Door',
  'Back Door',
  'Side Door',
  'Knock on Door/Ring Bell',
  'Mail Room',
  'Office',
  'Reception',
  'In/At Mailbox',
  'Security Deck',
  'Shipping Dock',
  'Other',
] as const;

/** What a client file says of a connection to Shippo. */
export const Settings = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .default('https://api.goshippo.com')
      .meta({ title: 'Address of the API' }),
    carrierAccounts: z
      .array(z.string().regex(/^[\w-]{1,64}$/, 'must be the object id of a carrier account'))
      .default([])
      .meta({ title: 'Object ids of the carrier accounts that labels are bought with; empty takes all that are active' }),
    manifests: z.boolean().default(false).meta({ title: 'Whether the carrier wants parcels on a manifest; needs exactly one carrier account' }),
    labelType: z.enum(LABEL_TYPES).default('PDF_4x6').meta({ title: "Format of labels, in Shippo's words" }),
    box: Dimensions.optional().meta({ title: 'Millimetres of a box that nobody measured; without it such parcels are held' }),
    senderEmail: z.email().optional().meta({ title: 'E-mail of the sender, which some carriers ask for' }),
    senderPhone: z.string().min(1).max(40).optional().meta({ title: 'Phone number of the sender where the warehouse has none; some carriers ask for it' }),
    returns: z
      .enum(['pay-on-use', 'prepaid'])
      .default('pay-on-use')
      .meta({ title: 'How labels for returns are billed: when they are used (USPS, UPS and FedEx only), or when they are bought' }),
    callbacks: z
      .enum(['token', 'signature'])
      .default('token')
      .meta({ title: 'How Shippo proves who posts: a token in the address, or signatures once Shippo has turned them on for the account' }),
    trackingCarriers: z
      .array(z.string().regex(/^[a-z0-9_]{1,40}$/, "must be one of Shippo's carrier tokens, such as dhl_express"))
      .default(['usps', 'ups', 'fedex', 'dhl_express'])
      .meta({ title: "Shippo's tokens of the carriers that parcels go with, by which they are looked up" }),
    pickupPlace: z.enum(PICKUP_PLACES).default('Office').meta({ title: 'Where the driver finds the parcels; Security Deck and Shipping Dock are for DHL Express only' }),
    requestsPerMinute: z.int().min(1).max(4_000).default(500).meta({ title: 'Calls a minute that Shippo takes: 500 live, 50 with a test token' }),
  })
  .refine(({ manifests, carrierAccounts }) => !manifests || carrierAccounts.length === 1, {
    path: ['carrierAccounts'],
    error: 'must name exactly one carrier account where manifests are wanted: a manifest is of one account',
  });
export type Settings = z.infer<typeof Settings>;

/** What a connection's secret holds. */
export const Secrets = z.object({
  token: secretField('API token: shippo_live_... or shippo_test_...'),
  signing: secretField("What callbacks are proven by: the token in their address, or the account's HMAC secret"),
});

export type Call = CarrierCall<Settings>;
