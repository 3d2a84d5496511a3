import * as z from 'zod';
import { isSuccess, jsonOf } from '../answer.ts';
import type { CarrierCall } from '../carrier.ts';
import { failureOf, type HttpResponse } from '../http.ts';

export const Settings = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .default('https://api.easypost.com/v2')
    .meta({ title: 'Address of the API' }),
  scanForms: z
    .array(z.string().min(1))
    .default(['USPS'])
    .meta({ title: 'Carriers behind EasyPost whose parcels go on a SCAN form at the end of the day, as they are called in rates' }),
  labelFormat: z.enum(['PDF', 'PNG', 'ZPL']).default('PDF').meta({ title: 'Format of labels' }),
  carrierAccounts: z
    .array(z.string().regex(/^ca_\w+$/))
    .default([])
    .meta({ title: 'Carrier accounts to ask, such as ca_...; empty asks all' }),
});
export type Settings = z.infer<typeof Settings>;
export type Call = CarrierCall<Settings>;

// Rating and buying ask several carriers behind EasyPost in turn.
const TIMEOUT_MS = 15_000;

/** Sends a request with the API key, which also chooses between test and production. */
export async function ask(method: 'GET' | 'POST' | 'PATCH', path: string, body: object | string | undefined, { settings, token, http }: Call): Promise<HttpResponse> {
  const authorization = `Basic ${Buffer.from(`${token}:`).toString('base64')}`;
  const content = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  return await http({
    method,
    url: `${settings.endpoint.replace(/\/$/, '')}/${path}`,
    headers: { authorization, accept: 'application/json', 'content-type': 'application/json' },
    timeoutMs: TIMEOUT_MS,
    ...content,
  });
}

/** Asks for something that costs nothing. @throws Unavailable or Rejected for any answer but success */
export async function askFreely(method: 'GET' | 'POST' | 'PATCH', path: string, body: object | undefined, call: Call): Promise<HttpResponse> {
  const response = await ask(method, path, body, call);
  if (!isSuccess(response)) throw failureOf(response, 'carrier', errorCodeOf(response));
  return response;
}

const Failure = z.object({ error: z.object({ code: z.string() }) });

/** The error code of an answer, or ''. Messages are left alone: they may repeat the customer's address. */
export function errorCodeOf(response: HttpResponse): string {
  const code = Failure.safeParse(jsonOf(response)).data?.error.code ?? '';
  return /^[\w.-]{1,80}$/.test(code) ? code : '';
}

/** What an answer of no success says, for a person. */
export function saidBy(response: HttpResponse): string {
  return `answered ${response.status} ${errorCodeOf(response)}`.trim();
}
