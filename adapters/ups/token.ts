import * as z from 'zod';
import type { CarrierCall } from '../carrier.ts';
import type { Grant } from '../credential.ts';
import { Numeric, read } from './api.ts';
import type { Settings } from './settings.ts';

const TokenAnswer = z.object({ access_token: z.string().min(1), expires_in: Numeric });
/** What a term that cannot be read is taken for; UPS gives about four hours. */
const SHORT_TERM = 600;

/** Asks for a token with the id and secret of the app. https://github.com/UPS-API/api-documentation/blob/main/OAuthClientCredentials.yaml */
export async function refresh({
  settings,
  apiKey,
  secret,
  http,
  now,
}: Pick<CarrierCall<Settings>, 'settings' | 'apiKey' | 'http' | 'now'> & { readonly secret: string }): Promise<Grant> {
  const response = await http({
    method: 'POST',
    // Without the `/api` of all other calls.
    url: `${settings.endpoint.replace(/\/$/, '')}/security/v1/oauth/token`,
    headers: {
      authorization: `Basic ${Buffer.from(`${apiKey}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      'x-merchant-id': settings.accountNumber,
    },
    body: 'grant_type=client_credentials',
  });
  const { access_token: token, expires_in } = read(TokenAnswer, response);
  // All values are texts, this number too.
  const seconds = /^\d{1,7}$/.test(expires_in) ? Number(expires_in) : SHORT_TERM;
  return { token, refreshToken: '', expiresAt: new Date(now.getTime() + seconds * 1000).toISOString() };
}
