import { type Family, MAX_OFFERED, macComparer, macOf, type Offered, type Signed, sameDigest, secretKeys, type Verdict } from './family.ts';

/** HMAC-SHA256 of `time.body` in hexadecimal, as `t=<unix seconds>,v1=<signature>` with one signature or, around a rotation, several: Shippo. */
export interface HmacTimestamped {
  readonly header: string;
  /** How far the signed time may be from ours, in either direction. @default 300 */
  readonly toleranceSeconds?: number;
  /**
   * Also takes the secret itself as the query parameter of this name, for senders that sign only some of their customers' callbacks. The sender's
   * address is then a secret: neither the access log nor a log line nor a queue message of ours holds a query.
   */
  readonly orToken?: string;
}

const TOLERANCE_SECONDS = 300;
const TOKEN = 'token';

/** Signs and verifies by a shared secret over time and body. */
export const hmacTimestamped: Family<HmacTimestamped> = {
  signedBytes: (request, scheme) => Buffer.concat([Buffer.from(`${partsOf(request, scheme).get('t')?.[0] ?? ''}.`, 'latin1'), request.body]),
  offered: (request, scheme) => [...signaturesIn(request, scheme), ...tokensIn(request, scheme)],
  keysOf: (secret) => secretKeys(Buffer.from(secret, 'utf8')),
  comparer(message, key) {
    const isMac = macComparer(message, key);
    const isSecret = sameDigest(key.export());
    return (offered) => (offered.how === TOKEN ? isSecret(offered.bytes) : isMac(offered));
  },
  standing(request, scheme, now, proofs) {
    // A token has no time: it proves who posts, whenever.
    return proofs.some(({ how }) => how === TOKEN) ? 'genuine' : timely(request, scheme, now);
  },
  sign(body, scheme, secret, { at }) {
    const [key] = hmacTimestamped.keysOf(secret, scheme);
    const time = Math.floor(at.getTime() / 1000);
    return { [scheme.header]: `t=${time},v1=${key === undefined ? '' : macOf(Buffer.concat([Buffer.from(`${time}.`), body]), key).toString('hex')}` };
  },
};

/** The values of a header's `name=value` by their names. */
function partsOf({ headers }: Signed, { header }: HmacTimestamped): ReadonlyMap<string, readonly string[]> {
  const parts = new Map<string, string[]>();
  for (const part of (headers[header] ?? '').split(',', MAX_OFFERED + 1)) {
    const [, name = '', value = ''] = /^\s*([a-z0-9]{1,8})=(\S{0,200})\s*$/.exec(part) ?? [];
    parts.set(name, [...(parts.get(name) ?? []), value]);
  }
  return parts;
}

function signaturesIn(request: Signed, scheme: HmacTimestamped): readonly Offered[] {
  return (partsOf(request, scheme).get('v1') ?? []).filter((value) => /^[0-9a-f]{64}$/.test(value)).map((value) => ({ bytes: Buffer.from(value, 'hex') }));
}

function tokensIn({ query = '' }: Signed, { orToken }: HmacTimestamped): readonly Offered[] {
  if (orToken === undefined) return [];
  const tokens = new URLSearchParams(query).getAll(orToken).slice(0, 1);
  return tokens.map((token) => ({ bytes: Buffer.from(token, 'utf8'), how: TOKEN }));
}

function timely(request: Signed, scheme: HmacTimestamped, now: Date): Verdict {
  const times = partsOf(request, scheme).get('t') ?? [];
  const [time = ''] = times;
  if (times.length !== 1 || !/^\d{1,12}$/.test(time)) return 'refused';
  return Math.abs(now.getTime() / 1000 - Number(time)) <= (scheme.toleranceSeconds ?? TOLERANCE_SECONDS) ? 'genuine' : 'refused';
}
