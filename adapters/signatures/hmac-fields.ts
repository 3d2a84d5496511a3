import { parseJson } from '../../core/json.ts';
import { type Family, macComparer, macOf, offeredIn, secretKeys } from './family.ts';

/**
 * HMAC-SHA256 of a few fields of the JSON body, as the texts that JSON says and not as they are escaped: Ecwid, USPS. The rest of the body is not
 * signed, so its adapter may use nothing of it but what to fetch.
 */
export interface HmacFields {
  readonly header: string;
  /** A second header that may carry the signature, where a sender's documents name two. */
  readonly alias?: string;
  readonly encoding: 'base64' | 'hex';
  /** Names of fields of the body's top level, in the order in which they are signed. */
  readonly fields: readonly string[];
  /** What stands between them. Where it is empty, no field but the last may be of free length. @default '.' */
  readonly join?: string;
}

// Holds one parcel's history, escaped; a larger body would have us parse what nobody signed.
const MAX_BODY_BYTES = 262_144;

/** Signs and verifies by a shared secret over some fields. */
export const hmacFields: Family<HmacFields> = {
  signedBytes: ({ body }, scheme) => joined(body, scheme),
  offered: ({ headers }, { header, alias, encoding }) => [header, ...(alias === undefined ? [] : [alias])].flatMap((name) => offeredIn(headers[name], encoding)),
  keysOf: (secret) => secretKeys(Buffer.from(secret, 'utf8')),
  comparer: macComparer,
  sign(body, scheme, secret) {
    const [key] = hmacFields.keysOf(secret, scheme);
    const message = joined(body, scheme);
    return { [scheme.header]: key === undefined || message === undefined ? '' : macOf(message, key).toString(scheme.encoding) };
  },
};

function joined(body: Buffer, { fields, join = '.' }: HmacFields): Buffer | undefined {
  if (body.length > MAX_BODY_BYTES) return undefined;
  const payload = objectOf(body);
  const values = fields.map((field) => payload?.get(field));
  return values.every((value) => typeof value === 'string' || typeof value === 'number') ? Buffer.from(values.join(join), 'utf8') : undefined;
}

/** The fields of a body, numbers digit for digit. */
function objectOf(body: Buffer): ReadonlyMap<string, unknown> | undefined {
  try {
    const payload = parseJson(body);
    return typeof payload === 'object' && payload !== null ? new Map(Object.entries(payload)) : undefined;
  } catch {
    return undefined;
  }
}
