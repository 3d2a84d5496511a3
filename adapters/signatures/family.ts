import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What was posted to us: raw bytes, and headers with lower-case names. */
export interface Signed {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** What stands behind the `?` of the address, as it was sent. May hold a secret. */
  readonly query?: string;
  /** The connection whose address it was posted to, whether there is one or not. */
  readonly connectionId?: string;
}

/** One of the signatures that a request offers. */
export interface Offered {
  readonly bytes: Buffer;
  /** How it was made, in families that know several ways. */
  readonly how?: string;
}

/** `late`: genuine, and of a time that is past by more than is usual, which the scheme takes. */
export type Verdict = 'genuine' | 'late' | 'refused';

/** What a sender names a posting by and when it signs it, where the family signs that too. */
export interface Message {
  readonly id: string;
  readonly at: Date;
  /** The connection that it is posted to, in families whose proof names it. */
  readonly connectionId?: string;
}

/** What one family of signatures does. A new vendor of a family is data; a new family is one of these. */
export interface Family<Scheme> {
  /** What a signature must cover; undefined when the request does not hold it. */
  signedBytes(request: Signed, scheme: Scheme): Buffer | undefined;
  /** The signatures that a request offers, at most ten. */
  offered(request: Signed, scheme: Scheme): readonly Offered[];
  /** The keys that a connection's secret holds: none when it is no secret of this family. */
  keysOf(secret: string, scheme: Scheme): readonly KeyObject[];
  /** How signatures are compared under one key: what is dear is done once, however many are offered. */
  comparer(message: Buffer, key: KeyObject): (offered: Offered) => boolean;
  /**
   * What a genuine signature is worth by the time it signed and the sender it names. @default 'genuine'
   * @param proofs those of the offered signatures that verified, at least one
   */
  standing?(request: Signed, scheme: Scheme, now: Date, proofs: readonly Offered[]): Verdict;
  /** Whether a second, newer signature verifies, where a request carries one that its scheme knows; it decides nothing. */
  second?(request: Signed, scheme: Scheme, key: KeyObject): boolean | undefined;
  /** Names of published keys that the request says it was signed with. */
  keyNames?(request: Signed, scheme: Scheme): readonly string[];
  /** The headers that a sender signs with. */
  sign(body: Buffer, scheme: Scheme, secret: string, message: Message): Record<string, string>;
}

/** How many offered signatures are looked at. */
export const MAX_OFFERED = 10;

/** A key for HMAC; none of no bytes, with which anybody could sign. */
export function secretKeys(bytes: Buffer): readonly KeyObject[] {
  return bytes.length === 0 ? [] : [createSecretKey(bytes)];
}

/** HMAC-SHA256. */
export function macOf(message: Buffer, key: KeyObject): Buffer {
  return createHmac('sha256', key).update(message).digest();
}

/** Compares with the HMAC-SHA256 of a message, in constant time. */
export function macComparer(message: Buffer, key: KeyObject): (offered: Offered) => boolean {
  const expected = macOf(message, key);
  return ({ bytes }) => bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

/** Compares with these bytes in constant time: by digests, which have one length, so that it does not tell how long they are. */
export function sameDigest(expected: Buffer): (offered: Buffer) => boolean {
  const digest = digestOf(expected);
  return (offered) => timingSafeEqual(digestOf(offered), digest);
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** Decodes strictly: Buffer.from skips characters it does not know, so what does not print back the same is nothing. */
export function decode(text: string, encoding: 'base64' | 'base64url' | 'hex'): Buffer {
  const bytes = Buffer.from(text, encoding);
  return bytes.toString(encoding) === text ? bytes : Buffer.alloc(0);
}

/** The signature in a header, if there is one. */
export function offeredIn(header: string | undefined, encoding: 'base64' | 'hex', prefix = ''): readonly Offered[] {
  if (header === undefined || !header.startsWith(prefix)) return [];
  const bytes = decode(header.slice(prefix.length), encoding);
  return bytes.length === 0 ? [] : [{ bytes }];
}

/** A JSON object in text that nobody has vouched for yet; undefined when it is none. */
export function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}
