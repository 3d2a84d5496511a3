import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Unavailable } from '../../core/error.ts';
import { isSuccess, jsonOf, plainWords } from '../answer.ts';
import type { Grant } from '../credential.ts';
import { failureOf, type HttpRequest, type HttpResponse } from '../http.ts';
import type { Call, Settings } from './settings.ts';

/** The answer that holds a label's data and picture in one JSON document, instead of in parts. */
export const LABEL_JSON = 'application/vnd.usps.labels+json';
/** A label of the largest size that is kept, as base64, with its metadata. */
export const LABEL_ANSWER_BYTES = 6 * 1024 * 1024;

const TIMEOUT_MS = 15_000;

/** A request to USPS, beside what every one carries. */
export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly maxBytes?: number;
}

/** Sends a request to one of the APIs. @throws Unavailable when there is no answer */
export async function ask(
  method: HttpRequest['method'],
  path: string,
  { settings, token, http }: Pick<Call, 'settings' | 'token' | 'http'>,
  asking: Asking = {},
): Promise<HttpResponse> {
  const { headers = {}, ...rest } = asking;
  const content = rest.body === undefined ? {} : { 'content-type': 'application/json' };
  return await http({
    method,
    url: `${settings.endpoint.replace(/\/+$/, '')}${path}`,
    headers: { accept: 'application/json', ...(token !== '' && { authorization: `Bearer ${token}` }), ...content, ...headers },
    timeoutMs: TIMEOUT_MS,
    ...rest,
  });
}

/** The header that lets a label be paid for, or taken back. */
export function paying({ secondToken }: Pick<Call, 'secondToken'>): Record<string, string> {
  return { 'x-payment-authorization-token': secondToken };
}

/**
 * The idempotency key of a purchase: always the same UUID for the same reference, so that no look-up of ours is needed to find it again. It has
 * the form of version 4, as USPS asks for a random one; its 122 bits are a digest of the reference, which holds 80 random bits itself.
 */
export function keyOf(reference: string): string {
  const hex = createHash('sha256').update(`usps label ${reference}`).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const Failure = z.object({
  error: z.object({
    message: z.string().nullish(),
    errors: z
      .array(
        z.object({
          code: z.string().nullish(),
          title: z.string().nullish(),
          detail: z.string().nullish(),
          source: z.object({ parameter: z.string().nullish() }).nullish(),
        }),
      )
      .nullish(),
  }),
});
const TokenFailure = z.object({ error: z.string(), error_description: z.string().nullish() });

/** What an answer that refuses says: every sentence in it, for telling refusals apart; undefined where it is no error of USPS's making. */
export function refusalIn(response: HttpResponse): string | undefined {
  const answer = jsonOf(response);
  const refused = Failure.safeParse(answer).data?.error;
  if (refused !== undefined) {
    const said = (refused.errors ?? []).flatMap(({ code, title, detail, source }) => [source?.parameter, detail ?? title, code]);
    return [refused.message, ...said].filter((part) => part !== null && part !== undefined && part !== '').join('; ');
  }
  const token = TokenFailure.safeParse(answer).data;
  return token === undefined ? undefined : `${token.error}; ${token.error_description ?? ''}`;
}

/** What a person may read of a refusal: nothing in quotes, no digits and no e-mail address, as those may be the customer's. */
export function reasonOf(response: HttpResponse): string {
  const said = (refusalIn(response) ?? '')
    .replace(/(["'`]).*?\1/g, '...')
    .replace(/\S+@\S+/g, '...')
    .replace(/\d[\d-]*/g, '#');
  return `answered ${response.status} ${said.slice(0, 150)}`.trim();
}

/** The error that an answer outside 2xx amounts to. It is logged, so it says codes, names of fields and plain words. */
export function failure(response: HttpResponse): ReturnType<typeof failureOf> {
  const answer = jsonOf(response);
  const said = (Failure.safeParse(answer).data?.error.errors ?? []).flatMap(({ code, source }) => [source?.parameter, code]);
  const codes = [...said, TokenFailure.safeParse(answer).data?.error].filter((word) => /^[\w.[\]-]{1,60}$/.test(word ?? ''));
  return failureOf(response, 'carrier', [codes.slice(0, 4).join(', '), plainWords(refusalIn(response) ?? '').slice(0, 150)].filter(Boolean).join(': '));
}

/** The error of an answer to a harmless question that cannot be read: it may be asked again. */
export function unreadable(what: string, { status }: HttpResponse, cause?: unknown): Unavailable {
  return new Unavailable('carrier.answer-unreadable', `USPS answered ${status} without ${what} that can be read; the request will be repeated later.`, { cause });
}

const Token = z.object({ access_token: z.string().min(1), expires_in: z.union([z.int().min(1), z.string().regex(/^\d{1,9}$/)]).transform(Number) });
const PaymentToken = z.object({ paymentAuthorizationToken: z.string().min(1) });
const PAYMENT_TOKEN_SECONDS = 8 * 3600;

/**
 * Asks for an access token, and with it for a token that lets labels be paid for. Both are used until the first of them ends.
 * https://developers.usps.com/oauth3 and https://developers.usps.com/paymentsv3
 * @throws Unavailable, or Rejected when the key, the secret or the payment account is refused
 */
export async function refresh({ settings, apiKey, secret, http, now }: Pick<Call, 'settings' | 'apiKey' | 'http' | 'now'> & { readonly secret: string }): Promise<Grant> {
  // Without scopes it holds all that were approved for the app.
  const asked = JSON.stringify({ client_id: apiKey, client_secret: secret, grant_type: 'client_credentials' });
  const answer = await ask('POST', '/oauth2/v3/token', { settings, token: '', http }, { body: asked });
  if (!isSuccess(answer)) throw failure(answer);
  const token = Token.safeParse(jsonOf(answer));
  if (!token.success) throw unreadable('a token', answer, token.error);
  const { access_token, expires_in } = token.data;
  const paid = await ask('POST', '/payments/v3/payment-authorization', { settings, token: access_token, http }, { body: JSON.stringify({ roles: rolesOf(settings) }) });
  if (!isSuccess(paid)) throw failure(paid);
  const payment = PaymentToken.safeParse(jsonOf(paid));
  if (!payment.success) throw unreadable('a payment token', paid, payment.error);
  const seconds = Math.min(expires_in, PAYMENT_TOKEN_SECONDS);
  return {
    token: access_token,
    refreshToken: secret,
    secondToken: payment.data.paymentAuthorizationToken,
    expiresAt: new Date(now.getTime() + seconds * 1000).toISOString(),
  };
}

/** Who pays, whose numbers the labels bear and, with a contract, whose prices they are sold at. */
function rolesOf({ crid: CRID, mid: MID, manifestMid: manifestMID = MID, accountType, accountNumber, permitZip, priceType }: Settings): object[] {
  const account = accountType === 'EPS' ? { accountType, accountNumber } : { accountType, permitNumber: accountNumber, permitZIP: permitZip };
  return [
    { roleName: 'PAYER', CRID, ...account },
    { roleName: 'LABEL_OWNER', CRID, MID, manifestMID },
    ...(priceType === 'CONTRACT' ? [{ roleName: 'RATE_HOLDER', CRID, ...account }] : []),
  ];
}
