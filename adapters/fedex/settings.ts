import * as z from 'zod';
import type { CarrierCall } from '../carrier.ts';
import { secretField } from '../credential.ts';

/** What a connection to FedEx is told. */
export const Settings = z.strictObject({
  accountNumber: z
    .string()
    .regex(/^\d{1,9}$/, { error: 'must be 1 to 9 digits' })
    .meta({ title: 'Account number, which is billed' }),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .default('https://apis.fedex.com')
    .meta({ title: 'Address of the API; https://apis-sandbox.fedex.com for tests' }),
  labelFormat: z.enum(['PDF', 'PNG', 'ZPL']).default('PDF').meta({ title: 'Format of labels, 4 by 6 inches' }),
  units: z.enum(['imperial', 'metric']).default('imperial').meta({ title: 'Units: pounds and inches, or kilograms and centimetres' }),
  phone: z
    .string()
    .regex(/^\+?\d{10,15}$/, { error: 'must be 10 to 15 digits' })
    .optional()
    .meta({ title: 'Phone number that is given for a sender or recipient who has none; without it their parcels are held' }),
  handOver: z
    .enum(['USE_SCHEDULED_PICKUP', 'DROPOFF_AT_FEDEX_LOCATION', 'CONTACT_FEDEX_TO_SCHEDULE'])
    .default('USE_SCHEDULED_PICKUP')
    .meta({ title: 'How parcels reach FedEx: by a regular pickup, brought to a station, or collected when asked' }),
  groundClose: z.boolean().default(true).meta({ title: "Whether the hub closes FedEx Ground's day; false where FedEx does so by itself" }),
  pickupCarrier: z.enum(['FDXE', 'FDXG']).default('FDXG').meta({ title: 'Which driver is booked where parcels are of both: FDXE for Express, FDXG for Ground' }),
  pickupAt: z.enum(['FRONT', 'REAR', 'SIDE', 'NONE']).default('FRONT').meta({ title: 'Side of the building at which the driver finds the parcels' }),
  settleSeconds: z.int().min(10).max(86_400).default(1_800).meta({ title: 'Seconds after which a purchase that FedEx does not show was surely not made' }),
});
export type Settings = z.infer<typeof Settings>;

/** What a connection's secret holds. */
export const Secrets = z.strictObject({
  signing: secretField("Security token of the project's Advanced Integrated Visibility webhook"),
  token: secretField('Secret key of the API project'),
  apiKey: secretField('API key of the API project'),
});

export type Call = CarrierCall<Settings>;
