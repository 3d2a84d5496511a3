import * as z from 'zod';
import type { CarrierCall } from '../carrier.ts';

const MailerId = z.string().regex(/^(\d{6}|\d{9})$/, { error: 'must be a Mailer ID of 6 or 9 digits' });
const ZipCode = z.string().regex(/^\d{5}$/, { error: 'must be a ZIP code of 5 digits' });

/** What packages can be priced as when they are the shipper's own boxes; all others are for packaging that USPS gives out, or for presorted mail. */
const OWN_BOX_INDICATORS = ['SP', 'PA', 'CP', 'DR', 'OS'];

/** Sold to anybody for any contents. Media Mail, Library Mail and Bound Printed Matter are for some contents alone. */
const MAIL_CLASSES = [
  'USPS_GROUND_ADVANTAGE',
  'PRIORITY_MAIL',
  'PRIORITY_MAIL_EXPRESS',
  'USPS_GROUND_ADVANTAGE_RETURN_SERVICE',
  'PRIORITY_MAIL_RETURN_SERVICE',
  'PRIORITY_MAIL_EXPRESS_RETURN_SERVICE',
  'FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE',
  'PRIORITY_MAIL_INTERNATIONAL',
  'PRIORITY_MAIL_EXPRESS_INTERNATIONAL',
];

/** What a client file says of a USPS connection. */
export const Settings = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .default('https://apis.usps.com')
      .meta({ title: 'Address of the APIs; https://apis-tem.usps.com for tests, whose labels are no postage' }),
    crid: z
      .string()
      .regex(/^\d{2,18}$/, { error: 'must be a Customer Registration ID of 2 to 18 digits' })
      .meta({ title: 'Customer Registration ID' }),
    mid: MailerId.meta({ title: 'Mailer ID that labels are made for; it must be linked to the app for its tracking to be seen' }),
    manifestMid: MailerId.optional().meta({ title: 'Mailer ID of the manifests; the same where it is not given' }),
    accountType: z.enum(['EPS', 'PERMIT']).default('EPS').meta({ title: 'What pays: an Enterprise Payment account, or a permit' }),
    accountNumber: z
      .string()
      .regex(/^\d{1,20}$/, { error: 'must be a number of up to 20 digits' })
      .meta({ title: 'Number of the payment account or permit' }),
    permitZip: ZipCode.optional().meta({ title: 'ZIP code of the post office that issued the permit' }),
    priceType: z.enum(['COMMERCIAL', 'CONTRACT', 'RETAIL']).default('COMMERCIAL').meta({ title: 'Which prices are asked for' }),
    mailClasses: z.array(z.string().min(1)).min(1).default(MAIL_CLASSES).meta({ title: 'Mail classes that may be bought' }),
    rateIndicators: z.array(z.string().length(2)).min(1).default(OWN_BOX_INDICATORS).meta({ title: 'Rate indicators that fit your packaging' }),
    entryFacilities: z
      .array(z.enum(['NONE', 'INTERNATIONAL_SERVICE_CENTER']))
      .min(1)
      .default(['NONE'])
      .meta({ title: 'Where you hand over: NONE is any post office or the letter carrier' }),
    labelFormat: z.enum(['PDF', 'PNG', 'GIF', 'ZPL']).default('PDF').meta({ title: 'Format of labels; those with a customs form are PDF where it is PNG or GIF' }),
    trustAddresses: z.boolean().default(false).meta({ title: 'Print addresses that USPS cannot confirm, instead of refusing the label' }),
    exportStatement: z.string().min(1).max(35).optional().meta({ title: 'Export number (ITN) or exemption on every customs form; the usual exemptions where it is not given' }),
    scanForm: z.boolean().default(true).meta({ title: 'Close each day with a SCAN form, so that one scan accepts every parcel' }),
    contactEmail: z.email().max(50).optional().meta({ title: 'Whom USPS writes to about pickups and subscriptions' }),
    pickupType: z
      .enum(['USPS_GROUND_ADVANTAGE', 'PRIORITY_MAIL', 'PRIORITY_MAIL_EXPRESS', 'OTHER'])
      .default('USPS_GROUND_ADVANTAGE')
      .meta({ title: 'What most parcels of a pickup are; international ones are known by their numbers' }),
  })
  .refine(({ accountType, permitZip }) => accountType !== 'PERMIT' || permitZip !== undefined, { error: 'a permit needs permitZip', path: ['permitZip'] });
export type Settings = z.infer<typeof Settings>;

export type Call = CarrierCall<Settings>;
