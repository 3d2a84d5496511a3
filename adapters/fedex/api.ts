import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import type { Answered } from '../answer.ts';
import { isSuccess, jsonOf } from '../answer.ts';
import type { CarrierCall } from '../carrier.ts';
import { failureOf, type HttpResponse, isPassing } from '../http.ts';
import type { PayloadKind } from '../payload.ts';
import type { Call, Settings } from './settings.ts';

/** Of FedEx's answers these fields hold personal data. */
export const ANSWER: PayloadKind = {
  code: 'carrier.answer-unreadable',
  what: "FedEx's answer",
  personal: new Set(['streetLinesToken', 'city', 'contact', 'address', 'deliveryDetails', 'shipperInformation', 'recipientInformation', 'scanLocation']),
};

/** What a call may take beside its path and body. */
interface Manner {
  /** Our reference: FedEx repeats it in its answer, and does nothing else with it. */
  readonly reference?: string;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

/** Calls FedEx once. */
export async function ask(method: 'POST' | 'PUT', path: string, body: unknown, { settings, token, http }: Call, { reference, ...limits }: Manner = {}): Promise<HttpResponse> {
  return await http({
    method,
    url: `${settings.endpoint}${path}`,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'x-locale': 'en_US',
      ...(reference !== undefined && { 'x-customer-transaction-id': reference }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...limits,
  });
}

/** Calls FedEx for what costs nothing. @throws Unavailable, or Rejected, for any answer outside 2xx */
export async function asked(...call: Parameters<typeof ask>): Promise<HttpResponse> {
  const response = await ask(...call);
  if (isSuccess(response)) return response;
  const codes = sayCodes(response);
  if (response.status === 401)
    throw new Unavailable('carrier.token-refused', 'FedEx does not take the token any more; another one is asked for.', { seen: '401', retryAfterSeconds: 1 });
  throw failureOf(response, 'carrier', codes);
}

const Errors = z.object({ errors: z.array(z.object({ code: z.string().min(1).max(120) })).min(1) });

/** The codes of an answer that is an error; none where it is not FedEx's. Messages stay behind: they may repeat what was sent. */
export function codesOf(response: HttpResponse): string[] {
  const { data } = Errors.safeParse(jsonOf(response));
  return (data?.errors ?? []).map(({ code }) => code);
}

/** An answer's status and codes in words. */
export function said(response: HttpResponse): string {
  return `answered ${response.status} ${sayCodes(response)}`.trim();
}

function sayCodes(response: HttpResponse): string {
  return codesOf(response).slice(0, 3).join(', ');
}

// Codes that speak of FedEx's own troubles come with 4xx too, and then prove nothing.
const THEIR_TROUBLE = /INTERNAL|UNAVAILABLE|TIMEOUT|SYSTEM/i;

/** Whether an answer proves that FedEx did not do what it was asked: a refusal with FedEx's own code, and not one that may pass. */
export function isRefusal(response: HttpResponse): boolean {
  const codes = codesOf(response);
  const isFinal = response.status >= 400 && response.status < 500 && response.status !== 409 && !isPassing(response.status);
  return isFinal && codes.length > 0 && !codes.some((code) => THEIR_TROUBLE.test(code));
}

/** Whether a refusal is about the token or the account's rights: it says nothing of what was asked about. */
export function isLockedOut({ status }: HttpResponse): boolean {
  return status === 401 || status === 403;
}

/** Why there is no answer that can be used, in words; undefined where there is one. */
export function whyNot(answered: Answered): string | undefined {
  if ('reason' in answered) return answered.reason;
  return isSuccess(answered) ? undefined : said(answered);
}

const Token = z.object({ access_token: z.string().min(1), expires_in: z.union([z.int(), z.string().regex(/^\d{1,7}$/)]).transform(Number) });

/**
 * Asks for a token by the project's key and secret. https://developer.fedex.com/api/en-us/catalog/authorization/docs.html
 * @throws Unavailable, or Rejected when they are refused
 */
export async function refresh({ settings, apiKey, secret, http, now }: Pick<CarrierCall<Settings>, 'settings' | 'apiKey' | 'http' | 'now'> & { readonly secret: string }) {
  const response = await http({
    method: 'POST',
    url: `${settings.endpoint}/oauth/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: apiKey, client_secret: secret }).toString(),
  });
  if (!isSuccess(response)) throw failureOf(response, 'carrier', sayCodes(response));
  const { data } = Token.safeParse(jsonOf(response));
  if (data === undefined) throw new Rejected('carrier.answer-unreadable', "FedEx's answer to the request for a token has no access_token and expires_in.");
  return { token: data.access_token, refreshToken: '', expiresAt: new Date(now.getTime() + data.expires_in * 1_000).toISOString() };
}
