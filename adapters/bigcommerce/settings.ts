import * as z from 'zod';
import type { StorefrontCall } from '../storefront.ts';
import { MAY_SHIP } from './status.ts';

const LOCATION_ID = "must be the digits of the location's id, in quotes";

/** What a client file says of a BigCommerce connection. */
export const Settings = z.strictObject({
  storeHash: z
    .string()
    .regex(/^[a-z0-9]{1,40}$/, { error: 'must be the lower-case letters and digits after stores/ in the API path' })
    .meta({ title: 'Store hash, as in the API path' }),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://api.bigcommerce.com')
    .meta({ title: 'Address of the API' }),
  locationId: z
    .string({ error: LOCATION_ID })
    .regex(/^[1-9]\d{0,14}$/, { error: LOCATION_ID })
    .default('1')
    .meta({ title: 'Location whose stock is set, as digits' }),
  paidStatusIds: z.array(z.literal(MAY_SHIP)).min(1).default([9, 11]).meta({ title: 'Ids of the statuses with which an order may ship' }),
  toleranceSeconds: z.int().min(30).max(3600).default(300).meta({ title: 'How far the time of a webhook may be from ours before it counts as late, in seconds' }),
});
export type Settings = z.infer<typeof Settings>;

/** How this store is called. */
export type Call = StorefrontCall<Settings>;

/** A SKU as people meant it. */
export function skuOf({ sku }: { readonly sku?: string | null | undefined }): string {
  return sku?.trim() ?? '';
}
