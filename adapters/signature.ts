import type { KeyObject } from 'node:crypto';
import { type Ecdsa, ecdsa } from './signatures/ecdsa.ts';
import { type Family, type Message, type Offered, objectIn, type Signed, type Verdict } from './signatures/family.ts';
import { type HmacBody, hmacBody } from './signatures/hmac-body.ts';
import { type HmacFields, hmacFields } from './signatures/hmac-fields.ts';
import { type HmacTimestamped, hmacTimestamped } from './signatures/hmac-timestamped.ts';
import { type IssuedToken, issuedToken } from './signatures/issued-token.ts';
import { type JwtRs256Body, jwtRs256Body } from './signatures/jwt-rs256-body.ts';
import type { NamedKeys, PublishedKeys } from './signatures/published-keys.ts';
import { type RsaSha256, rsaSha256 } from './signatures/rsa-sha256.ts';
import { type StandardWebhooks, standardWebhooks } from './signatures/standard-webhooks.ts';
import { type StaticHeader, staticHeader } from './signatures/static-header.ts';
import { type Transport, transport } from './signatures/transport.ts';

export type { Signed, Verdict } from './signatures/family.ts';

/** What each family must be told of a vendor: all of it JSON, as the edge table carries it. */
interface Schemes {
  readonly 'hmac-body': HmacBody;
  readonly 'standard-webhooks': StandardWebhooks;
  readonly 'hmac-fields': HmacFields;
  readonly 'hmac-timestamped': HmacTimestamped;
  readonly 'rsa-sha256': RsaSha256;
  readonly ecdsa: Ecdsa;
  readonly 'jwt-rs256-body': JwtRs256Body;
  readonly 'static-header': StaticHeader;
  readonly 'issued-token': IssuedToken;
  readonly transport: Transport;
}

type FamilyName = keyof Schemes;

type SchemeOf<Name extends FamilyName> = { [Each in Name]: { readonly family: Each } & Schemes[Each] & Manners }[Name];

/**
 * How a sender signs what it posts: declared as data by its adapter, so that the receiving edge needs no adapter code.
 * One entry per family, not one per vendor.
 */
export type SignatureScheme = SchemeOf<FamilyName>;

/** How a sender is answered, whatever its family. */
interface Manners {
  /** What it sends unsigned and must be answered, without anything being taken in. */
  readonly handshake?: Handshake;
  /** `silent`: a bad signature is answered 200 and dropped, for senders that shut out a whole domain that refuses. @default 401 */
  readonly refusal?: 'silent';
  /** Where the keys that a request names are published, in families of public keys. */
  readonly keys?: PublishedKeys;
}

/** Nothing is ever taken in of a handshake, so it does no harm that anybody can send one at any time. */
type Handshake =
  /** A form with nothing but this field, holding a number, is answered 200; WooCommerce activates a webhook by it. */
  | { readonly family: 'unsigned-ping'; readonly field: string }
  /**
   * A small JSON without this field, in which genuine messages have what they tell, or nothing at all is answered 200; USPS tries an address by
   * something of that kind when it is subscribed, in a shape that no document says. A message whose signature was lost holds the field: it is refused.
   */
  | { readonly family: 'unsigned-json'; readonly without: string };

/** The secrets that may sign now: a new one, and the one before it until its grace ends. */
export interface SigningSecrets {
  readonly current: string;
  readonly previous?: string | undefined;
  /** UTC instant; a previous secret without it is not accepted. */
  readonly previousUntil?: string | undefined;
}

/** What each family does: the one place that knows them all. */
const FAMILIES: { readonly [Name in FamilyName]: Family<SchemeOf<Name>> } = {
  'hmac-body': hmacBody,
  'standard-webhooks': standardWebhooks,
  'hmac-fields': hmacFields,
  'hmac-timestamped': hmacTimestamped,
  'rsa-sha256': rsaSha256,
  ecdsa,
  'jwt-rs256-body': jwtRs256Body,
  'static-header': staticHeader,
  'issued-token': issuedToken,
  transport,
};

/** Verifies a signature on raw bytes, whether in time or late where its scheme takes that. */
export function isSigned(request: Signed, scheme: SignatureScheme, secrets: SigningSecrets, now: Date): boolean {
  return verdictOn(request, scheme, secrets, now) !== 'refused';
}

/**
 * Judges a signature on raw bytes. Compares in constant time, tries every key and every offered signature without an early exit.
 * @param published keys that were fetched because the request named them, see `keysNamedBy`
 */
export function verdictOn<Name extends FamilyName>(request: Signed, scheme: SchemeOf<Name>, secrets: SigningSecrets, now: Date, published: readonly KeyObject[] = []): Verdict {
  const family = familyOf(scheme);
  const message = family.signedBytes(request, scheme);
  if (message === undefined) return 'refused';
  const offered = family.offered(request, scheme);
  const keys = [...published, ...acceptedSecrets(secrets, now).flatMap((secret) => family.keysOf(secret, scheme))];
  const proofs: Offered[] = [];
  for (const key of keys) {
    const compare = family.comparer(message, key);
    for (const one of offered) if (compare(one)) proofs.push(one);
  }
  if (proofs.length === 0) return 'refused';
  return family.standing?.(request, scheme, now, proofs) ?? 'genuine';
}

/** Whether the second signature of a genuine request verifies; undefined where it carries none that its scheme knows. Nothing may rest on it. */
export function secondVerdict<Name extends FamilyName>(request: Signed, scheme: SchemeOf<Name>, secrets: SigningSecrets, now: Date): boolean | undefined {
  const family = familyOf(scheme);
  const verdicts = acceptedSecrets(secrets, now).flatMap((secret) => family.keysOf(secret, scheme).map((key) => family.second?.(request, scheme, key)));
  return verdicts.includes(true) || verdicts.find((verdict) => verdict !== undefined);
}

/** The published keys that a request must be verified with; undefined where keys are in the connection's secret. */
export function keysNamedBy<Name extends FamilyName>(request: Signed, scheme: SchemeOf<Name>): NamedKeys | undefined {
  if (scheme.keys === undefined) return undefined;
  return { where: scheme.keys, names: familyOf(scheme).keyNames?.(request, scheme) ?? [] };
}

/** Whether a request is what its sender sends unsigned before anything else: nothing in it is worth taking in. */
export function isHandshake<Name extends FamilyName>(request: Signed, scheme: SchemeOf<Name>): boolean {
  const { handshake } = scheme;
  if (handshake === undefined || familyOf(scheme).offered(request, scheme).length > 0) return false;
  return handshake.family === 'unsigned-ping' ? isPing(request, handshake.field) : isUntold(request, handshake.without);
}

function isPing({ body }: Signed, expected: string): boolean {
  const [, field, value = ''] = /^([a-z_]{1,40})=(\d{1,20})$/.exec(body.toString('latin1', 0, 100)) ?? [];
  return field === expected && body.length === field.length + 1 + value.length;
}

// Far more than a challenge needs: what is larger is not worth reading unsigned.
const CHALLENGE_BYTES = 4_096;

function isUntold({ body }: Signed, field: string): boolean {
  if (body.length === 0) return true;
  const object = body.length > CHALLENGE_BYTES ? undefined : objectIn(body.toString('utf8'));
  return object !== undefined && !Object.hasOwn(object, field);
}

/**
 * Signs as a sender does: for our own outgoing webhooks, and for the senders that tests and the local stack play.
 * @param secret what the sender has: for public keys the private one, as PEM or `whsk_` and base64
 * @throws Rejected `signature.key-unusable` for a secret that only verifies
 */
export function sign<Name extends FamilyName>(body: Buffer, scheme: SchemeOf<Name>, secret: string, message: Message): Record<string, string> {
  return familyOf(scheme).sign(body, scheme, secret, message);
}

function familyOf<Name extends FamilyName>(scheme: SchemeOf<Name>): Family<SchemeOf<Name>> {
  return FAMILIES[scheme.family];
}

/** The secrets that may sign at an instant. */
export function acceptedSecrets({ current, previous, previousUntil }: SigningSecrets, now: Date): string[] {
  const inGrace = previous !== undefined && previousUntil !== undefined && now.getTime() < Date.parse(previousUntil);
  // An empty secret would let anybody sign.
  return [current, ...(inGrace ? [previous] : [])].filter((secret) => secret !== '');
}
