import { parseJson } from '../../core/json.ts';
import { type Family, macComparer, macOf, offeredIn, secretKeys } from './family.ts';

/**
 * HMAC-SHA256 of a few fields of the JSON body, joined by dots: Ecwid. The rest of the body is not signed, so its adapter
 * may use nothing of it but what to fetch.
 */
export interface HmacFields {
  readonly header: string;
  readonly encoding: 'base64' | 'hex';
  /** Names of fields of the body's top level, in the order in which they are signed. */
  readonly fields: readonly string[];
}

// Such bodies carry ids only; a larger one would have us parse what nobody signed.
const MAX_BODY_BYTES = 65_536;

/** Signs and verifies by a shared secret over some fields. */
export const hmacFields: Family<HmacFields> = {
  signedBytes: ({ body }, { fields }) => joined(body, fields),
  offered: ({ headers }, { header, encoding }) => offeredIn(headers[header], encoding),
  keysOf: (secret) => secretKeys(Buffer.from(secret, 'utf8')),
  comparer: macComparer,
  sign(body, scheme, secret) {
    const [key] = hmacFields.keysOf(secret, scheme);
    const message = joined(body, scheme.fields);
    return { [scheme.header]: key === undefined || message === undefined ? '' : macOf(message, key).toString(scheme.encoding) };
  },
};

function joined(body: Buffer, fields: readonly string[]): Buffer | undefined {
  if (body.length > MAX_BODY_BYTES) return undefined;
  const payload = objectOf(body);
  const values = fields.map((field) => payload?.get(field));
  return values.every((value) => typeof value === 'string' || typeof value === 'number') ? Buffer.from(values.join('.'), 'utf8') : undefined;
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
