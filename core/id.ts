import * as z from 'zod';

/** A name an operator chooses in a client file: lower-case letters, digits and dashes. */
export const Slug = z.string().regex(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/, { error: 'must be 2 to 40 lower-case letters, digits and dashes, starting with a letter' });

/** A stock keeping unit, exactly as the storefront writes it. */
export const Sku = z.string().trim().min(1).max(80);

/** An instant in UTC, ISO 8601 with milliseconds: sorts as text. */
export const Instant = z.iso.datetime({ precision: 3 });
export type Instant = z.infer<typeof Instant>;

/** The instant of a date. */
export function instant(date: Date): Instant {
  return date.toISOString();
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A ULID: 26 characters, fits the reference field of every carrier, sorts by time. https://github.com/ulid/spec
 * @param at the instant it is made for
 * @param random 10 random bytes
 */
export function ulid(at: Date, random: Uint8Array): string {
  let time = '';
  for (let rest = at.getTime(), i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = CROCKFORD.charAt(rest % 32) + time;
  let tail = '';
  let bits = 0n;
  for (const byte of random.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte);
  for (let i = 0; i < 16; i++, bits >>= 5n) tail = CROCKFORD.charAt(Number(bits & 31n)) + tail;
  return time + tail;
}

/**
 * The hub's id of an order, made from where it came from, so that the key itself refuses duplicates:
 * `shop:820982911946154508`. Characters outside `[A-Za-z0-9._-]` become `~` and their hexadecimal code.
 */
export function orderIdOf(connectionId: string, sourceId: string): string {
  return `${connectionId}:${sourceId.replace(/[^A-Za-z0-9._-]/gu, (char) => `~${char.codePointAt(0)?.toString(16)}~`)}`;
}

/** An order's id as somebody outside writes it. Source ids have 120 characters at most, each of which becomes eight at most. */
export const OrderId = z
  .string()
  .max(1_001, { error: 'is too long for an order id' })
  .regex(/^[a-z][a-z0-9-]*:[A-Za-z0-9._~-]+$/, { error: 'must be an order id such as shop:1001' });

/** Parts that a work list is split into, so that no list is one partition that everybody writes to. */
export const SHARDS = 8;

/** The part that an id belongs to: always the same, 0 to `SHARDS - 1`. FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
export function shardOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % SHARDS;
}
