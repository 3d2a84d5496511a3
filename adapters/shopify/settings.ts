import * as z from 'zod';
import { text } from '../fields.ts';
import type { StorefrontCall } from '../storefront.ts';

const LOCATION_ID = "must be the digits of the location's id, in quotes";
const LocationId = z.string({ error: LOCATION_ID }).regex(/^[1-9]\d{0,19}$/, { error: LOCATION_ID });

/** What a client file says of a Shopify connection. */
export const Settings = z
  .strictObject({
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
    ships: z
      .enum(['order', 'assigned'])
      .default('order')
      .meta({ title: "order: all of an order is ours to ship; assigned: what Shopify has assigned to our locations, and the rest is somebody else's" }),
    locationId: LocationId.optional().meta({ title: 'Location whose stock is set, as digits; may be left out where the shop has one location only' }),
    locationIds: z.array(LocationId).min(1).optional().meta({ title: 'Locations that we ship from, as digits; locationId alone where left out' }),
    service: z.boolean().default(false).meta({ title: 'Whether the shop has us as its fulfilment service, with requests and questions of its own' }),
    notifyCustomer: z.boolean().default(false).meta({ title: 'Whether Shopify mails the customer when a parcel leaves' }),
  })
  .refine((settings) => settings.ships === 'order' || ownLocations(settings).length > 0, {
    error: 'must name the locations that we ship from, where ships is assigned',
    path: ['locationIds'],
  })
  .refine(({ service, ships }) => !service || ships === 'assigned', {
    error: 'must be assigned where service is true: a fulfilment service ships what it was asked for',
    path: ['ships'],
  });
export type Settings = z.infer<typeof Settings>;

/** The locations that we ship from, as global ids; none where they are not told apart. */
export function ownLocations({
  locationId,
  locationIds = locationId === undefined ? [] : [locationId],
}: {
  locationId?: string | undefined;
  locationIds?: string[] | undefined;
}): string[] {
  return locationIds.map((id) => gidOf('Location', id));
}

/** A global id. https://shopify.dev/docs/api/usage/gids */
export function gidOf(noun: string, digits: string): string {
  return `gid://shopify/${noun}/${digits}`;
}

/** The digits of a global id. */
export function digitsOf(gid: string): string {
  return gid.split('/').at(-1) ?? '';
}

/** How this shop is called. */
export type Call = StorefrontCall<Settings>;

/** A SKU as people meant it. */
export function skuOf({ sku }: { readonly sku?: string | null | undefined }): string {
  return sku?.trim() ?? '';
}

/** Whether and where a connection goes on. */
export const PageInfo = z.object({ hasNextPage: z.boolean(), endCursor: text });

/** Where the next page begins; null when this is the last, or would only come again. */
export function nextPage({ hasNextPage, endCursor }: z.infer<typeof PageInfo>, after: string | null): string | null {
  return hasNextPage && endCursor && endCursor !== after ? endCursor : null;
}

/** Why a mutation changed nothing. */
export const UserErrors = z.array(z.object({ field: z.array(z.string()).nullish(), message: z.string() }));

/** What a mutation was refused for, on one line. */
export function sayUserErrors(errors: z.infer<typeof UserErrors>): string {
  return errors
    .slice(0, 5)
    .map(({ field, message }) => `${field?.join('.') || 'the request'}: ${message.slice(0, 120)}`)
    .join('; ');
}
