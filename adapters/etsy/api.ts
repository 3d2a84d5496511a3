import * as z from 'zod';
import type { StorefrontCall } from '../storefront.ts';

/** What a client file says of an Etsy connection. */
export const Settings = z.strictObject({
  shopId: z
    .string()
    .regex(/^[1-9]\d{0,19}$/, { error: "must be the digits of the shop's id, in quotes" })
    .meta({ title: 'Id of the shop, as digits' }),
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .default('https://openapi.etsy.com')
    .meta({ title: 'Address of the Open API' }),
  toleranceSeconds: z.int().min(30).max(3600).default(300).meta({ title: 'How far the time of a webhook may be from ours, in seconds' }),
});
export type Settings = z.infer<typeof Settings>;

/** How this shop is called. */
export type Call = StorefrontCall<Settings>;

/** Address and headers of a request to the shop's part of the Open API. https://developers.etsy.com/documentation/essentials/authentication */
export function api(path: string, { settings, apiKey, token }: Call): { readonly url: string; readonly headers: Readonly<Record<string, string>> } {
  return {
    url: `${settings.apiUrl}/v3/application/shops/${settings.shopId}${path}`,
    headers: { accept: 'application/json', 'x-api-key': apiKey, authorization: `Bearer ${token}` },
  };
}
