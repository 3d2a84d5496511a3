import * as z from 'zod';
import type { CarrierCall } from '../carrier.ts';

/** What a client file says of a UPS account. */
export const Settings = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .default('https://onlinetools.ups.com')
    .meta({ title: 'Address of the API: https://wwwcie.ups.com for tests' }),
  accountNumber: z
    .string()
    .regex(/^[A-Z0-9]{6}$/, 'must be six capital letters and digits')
    .meta({ title: 'UPS account (shipper) number' }),
  accountCountry: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 country code')
    .default('US')
    .meta({ title: 'Country of the account, such as US or DE' }),
  labelFormat: z.enum(['ZPL', 'GIF', 'PDF']).default('ZPL').meta({ title: 'Format of labels; PDF costs one more call for each label' }),
  negotiatedRates: z.boolean().default(true).meta({ title: "Ask for the account's own prices" }),
  absentCodes: z.array(z.string().min(1)).default([]).meta({ title: 'Error codes by which label recovery says that there is no such shipment, once a test has shown them' }),
  pickupPayment: z.enum(['00', '01']).default('01').meta({ title: 'Payment for collections: 01 by the account, 00 where they are free' }),
  pickupService: z
    .string()
    .regex(/^\d{3}$/, 'must have three digits')
    .optional()
    .meta({ title: 'Service code of collections, three digits; ground within the US and standard elsewhere when left out' }),
});
export type Settings = z.infer<typeof Settings>;
export type Call = CarrierCall<Settings>;
