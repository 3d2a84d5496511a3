import { type Family, macComparer, macOf, offeredIn, type Signed, secretKeys } from './family.ts';

/** HMAC-SHA256 of the raw body in one header: Shopify, EasyPost, FedEx, WooCommerce, Squarespace, TikTok Shop. */
export interface HmacBody {
  readonly header: string;
  readonly encoding: 'base64' | 'hex';
  /** A second encoding that is taken too, where a sender's documents name two: FedEx. */
  readonly orEncoding?: 'base64' | 'hex';
  /** Text before the signature in the header. */
  readonly prefix?: string;
  /** Text that is signed before the body, such as the key of TikTok's app. */
  readonly before?: string;
  /** What becomes the key: the secret's UTF-8 bytes, what its hexadecimal digits say, or its text with HTML entities decoded. @default 'utf8' */
  readonly key?: 'utf8' | 'hex' | 'html-entities';
  /** Unicode normalisation of the secret before its UTF-8 bytes are the key. */
  readonly normalise?: 'NFKD';
  /** A header that must name this sender: the signature does not cover headers, so this only refuses mix-ups. */
  readonly sender?: { readonly header: string; readonly value: string };
  /**
   * A newer signature that a sender may send beside this one, in the same encoding and after the same prefix: of time, method, path and body without
   * anything between them. Whether it verifies is counted and decides nothing: that this is EasyPost's V2 is likely and not confirmed.
   */
  readonly second?: { readonly header: string; readonly timestamp: string; readonly path: string };
}

/** Signs and verifies by a shared secret over the body. */
export const hmacBody: Family<HmacBody> = {
  signedBytes: ({ body }, { before = '' }) => (before === '' ? body : Buffer.concat([Buffer.from(before, 'utf8'), body])),
  offered: ({ headers }, { header, encoding, orEncoding = encoding, prefix }) => [...new Set([encoding, orEncoding])].flatMap((one) => offeredIn(headers[header], one, prefix)),
  keysOf: (secret, scheme) => secretKeys(keyOf(secret, scheme)),
  comparer: macComparer,
  standing: ({ headers }, { sender }) => (sender === undefined || headers[sender.header] === sender.value ? 'genuine' : 'refused'),
  second(request, { second, encoding, prefix }, key) {
    const [offered] = second === undefined ? [] : offeredIn(request.headers[second.header], encoding, prefix);
    return second === undefined || offered === undefined ? undefined : macComparer(timedMessage(request, second), key)(offered);
  },
  sign(body, scheme, secret) {
    const [key] = hmacBody.keysOf(secret, scheme);
    const message = hmacBody.signedBytes({ headers: {}, body }, scheme) ?? body;
    const signature = key === undefined ? '' : macOf(message, key).toString(scheme.encoding);
    return { ...(scheme.sender && { [scheme.sender.header]: scheme.sender.value }), [scheme.header]: `${scheme.prefix ?? ''}${signature}` };
  },
};

function timedMessage({ headers, body }: Signed, { timestamp, path }: NonNullable<HmacBody['second']>): Buffer {
  // Callbacks are posted and nothing else.
  return Buffer.concat([Buffer.from(`${headers[timestamp] ?? ''}POST${headers[path] ?? ''}`, 'utf8'), body]);
}

function keyOf(secret: string, { key = 'utf8', normalise }: HmacBody): Buffer {
  if (key === 'hex') return /^(?:[0-9a-f]{2})+$/i.test(secret) ? Buffer.from(secret, 'hex') : Buffer.alloc(0);
  const text = key === 'html-entities' ? decodeEntities(secret) : secret;
  return Buffer.from(normalise === undefined ? text : text.normalize(normalise), 'utf8');
}

const ENTITY = /&(?:amp|lt|gt|quot|#0*(?:34|38|39|60|62)|#[xX]0*(?:22|26|27));/g;
const NAMED = new Map([
  ['&amp;', '&'],
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&quot;', '"'],
]);

/**
 * Decodes what WordPress escapes in a stored secret, and no other entity; what comes out is not decoded again.
 * https://developer.wordpress.org/reference/functions/wp_specialchars_decode/ with ENT_QUOTES
 */
function decodeEntities(text: string): string {
  return text.replace(ENTITY, (entity) => NAMED.get(entity) ?? String.fromCharCode(Number(entity.slice(2, -1).replace(/^x/i, '0x'))));
}
