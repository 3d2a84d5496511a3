import * as z from 'zod';
import type { StorefrontCall } from '../storefront.ts';

const LOCATION_ID = "must be the digits of the location's id, in quotes";

/** What a client file says of a Shopify connection. */
export const Settings = z.strictObject({
  shopDomain: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/, { error: 'must be the shop as <name>.myshopify.com' })
    .meta({ title: 'Shop, as <name>.myshopify.com' }),
  apiVersion: z
    .string()
    .regex(/^\d{4}-(01|04|07|10)$/, { error: 'must be a version such as 2026-07' })
    .default('2026-07')
    .meta({ title: 'Version of the Admin API' }),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ title: 'Address of the GraphQL API, where it is not the usual one of the shop' }),
  paidStatuses: z
    .array(z.enum(['authorized', 'paid', 'partially_paid', 'partially_refunded', 'pending']))
    .min(1)
    .default(['paid', 'partially_refunded'])
    .meta({ title: 'Financial statuses with which an order may ship' }),
  locationId: z
    .string({ error: LOCATION_ID })
    .regex(/^[1-9]\d{0,19}$/, { error: LOCATION_ID })
    .optional()
    .meta({ title: 'Location whose stock is set, as digits; may be left out where the shop has one location only' }),
  notifyCustomer: z.boolean().default(false).meta({ title: 'Whether Shopify mails the customer when a parcel leaves' }),
});
export type Settings = z.infer<typeof Settings>;

/** How this shop is called. */
export type Call = StorefrontCall<Settings>;

/** An optional text, as Shopify's payloads and answers have many. */
export const text = z.string().nullish();

/** A SKU as people meant it. */
export function skuOf({ sku }: { readonly sku?: string | null | undefined }): string {
  return sku?.trim() ?? '';
}
