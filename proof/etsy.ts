import type { HttpRequest, HttpResponse } from '../adapters/http.ts';

/** What a buyer bought, as the shop has it. */
interface Receipt {
  readonly id: string;
  readonly buyer: string;
  units: Readonly<Record<string, number>>;
  status: 'Open' | 'Paid' | 'Completed' | 'Canceled';
  /** Seconds since 1970. */
  readonly createdAt: number;
  updatedAt: number;
  trackingCodes: readonly string[];
}

/** A token that was given out. */
interface AccessToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What the shop knows and gave out: plain data, so that it can be copied. */
export interface ShopState {
  readonly receipts: Receipt[];
  readonly tokens: AccessToken[];
  /** Refresh tokens that were given out with a token and not used yet. */
  readonly refreshTokens: string[];
}

/** It begins with nothing. */
export function emptyShop(): ShopState {
  return { receipts: [], tokens: [], refreshTokens: [] };
}

/** The same again. */
export function copyShop({ receipts, tokens, refreshTokens }: ShopState): ShopState {
  return { receipts: receipts.map((one) => ({ ...one })), tokens: [...tokens], refreshTokens: [...refreshTokens] };
}

/** The shop's id, where it is reached, and what the hub calls it. */
export const SHOP = { id: '51230042', host: 'openapi.etsy.com', connectionId: 'handmade' };

/** What the shop tells of whatever it did. */
export interface Tells {
  /** The buyer gets a mail. */
  readonly mailed: (receiptId: string, trackingCode: string) => void;
  /** The webhook of a receipt. */
  readonly posted: (receiptId: string, type: string) => void;
}

const HOUR_MS = 3_600_000;

/**
 * Etsy as it behaves: a token lives for an hour, and each refresh token that came with one is taken once; who posts a tracking number mails the
 * buyer, every time, and gets the receipt's webhook. https://developers.etsy.com/documentation/essentials/authentication
 */
export function answerOfShop(state: ShopState, { method, url, headers, body }: HttpRequest, at: Date, tells: Tells): HttpResponse {
  const { pathname } = new URL(url);
  const sent = new URLSearchParams(String(body ?? ''));
  if (pathname === '/v3/public/oauth/token') return grant(state, sent.get('refresh_token') ?? '', at.getTime());
  const token = state.tokens.find((one) => headers?.authorization === `Bearer ${one.token}`);
  if (token === undefined || token.expiresAt <= at.getTime()) return problem(401, 'invalid_token');
  const [, id = '', action] = RECEIPT.exec(pathname) ?? [];
  const receipt = state.receipts.find((one) => one.id === id);
  if (receipt === undefined) return problem(404, 'Resource not found');
  if (method === 'POST' && action === 'tracking') track(receipt, sent.get('tracking_code') ?? '', at, tells);
  return answer(200, shown(receipt));
}

const RECEIPT = new RegExp(`^/v3/application/shops/${SHOP.id}/receipts/(\\d+)(?:/(\\w+))?$`);

/** The first refresh token, from the sign-in, is taken as long as nobody signs in anew. */
function grant({ tokens, refreshTokens }: ShopState, refreshToken: string, now: number): HttpResponse {
  const at = refreshTokens.indexOf(refreshToken);
  if (at < 0 && refreshToken !== FIRST_REFRESH_TOKEN) return problem(400, 'invalid_grant');
  if (at >= 0) refreshTokens.splice(at, 1);
  const number = tokens.length + 1;
  const next = `refresh_${number}`;
  tokens.push({ token: `access_${number}`, expiresAt: now + HOUR_MS });
  refreshTokens.push(next);
  return answer(200, { access_token: `access_${number}`, refresh_token: next, expires_in: HOUR_MS / 1000 });
}

/** What an operator puts into the connection's secret. */
export const FIRST_REFRESH_TOKEN = 'a refresh token that proves nothing';

function track(receipt: Receipt, trackingCode: string, at: Date, { mailed, posted }: Tells): void {
  receipt.trackingCodes = [...new Set([...receipt.trackingCodes, trackingCode])];
  receipt.status = 'Completed';
  receipt.updatedAt = Math.floor(at.getTime() / 1000);
  mailed(receipt.id, trackingCode);
  posted(receipt.id, 'order.shipped');
}

function shown({ id, buyer, units, status, createdAt, updatedAt, trackingCodes }: Receipt): object {
  const euros = (amount: number) => ({ amount, divisor: 100, currency_code: 'EUR' });
  const lines = Object.entries(units);
  return {
    receipt_id: Number(id),
    status,
    is_paid: status !== 'Open',
    is_shipped: status === 'Completed',
    created_timestamp: createdAt,
    updated_timestamp: updatedAt,
    grandtotal: euros(lines.reduce((sum, [, quantity]) => sum + quantity * UNIT_PRICE, 0)),
    ...{ name: buyer, first_line: 'Beispielweg 4', second_line: null, city: 'Leipzig', state: null, zip: '04109', country_iso: 'DE', buyer_email: 'erika@example.com' },
    transactions: lines.map(([sku, quantity], index) => ({ transaction_id: Number(`${id}${index}`), title: sku, sku, quantity, price: euros(UNIT_PRICE), is_digital: false })),
    shipments: trackingCodes.map((tracking_code) => ({ tracking_code })),
  };
}

const UNIT_PRICE = 1_000;

/** The body of a webhook: which receipt, and nothing of it. */
export function shopEvent(receiptId: string, type: string): Buffer {
  return Buffer.from(JSON.stringify({ event_type: type, resource_url: `https://${SHOP.host}/v3/application/shops/${SHOP.id}/receipts/${receiptId}`, shop_id: Number(SHOP.id) }));
}

function answer(status: number, body: object): HttpResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

function problem(status: number, error: string): HttpResponse {
  return answer(status, { error });
}
