import { createPublicKey, type KeyObject } from 'node:crypto';

const PEM = /-----BEGIN ((?:RSA )?PUBLIC KEY)-----([\s\S]*?)-----END \1-----/g;
const MIN_RSA_BITS = 2048;
const MAX_KEYS = 5;
const REMEMBERED = 50;

const read = new Map<string, readonly KeyObject[]>();

/**
 * The public keys in a text, as PEM: one or, around a rotation, several. Line breaks may be missing or written as in JSON, as eBay and
 * Wix hand them out. Keys that cannot be read, and RSA keys too short to trust, are left out.
 */
export function publicKeysIn(text: string): readonly KeyObject[] {
  const known = read.get(text);
  if (known !== undefined) return known;
  const keys = [...text.matchAll(PEM)].slice(0, MAX_KEYS).flatMap(([, label = '', base64 = '']) => keyOf(label, base64));
  if (read.size >= REMEMBERED) read.clear();
  read.set(text, keys);
  return keys;
}

function keyOf(label: string, base64: string): readonly KeyObject[] {
  const lines = base64.replace(/\\[nr]|[^A-Za-z0-9+/=]/g, '').match(/.{1,64}/g) ?? [];
  try {
    const key = createPublicKey(`-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`);
    return isTrusted(key) ? [key] : [];
  } catch {
    return [];
  }
}

function isTrusted({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

/** Of these keys the RSA ones. */
export function rsaKeysIn(text: string): readonly KeyObject[] {
  return publicKeysIn(text).filter(({ asymmetricKeyType }) => asymmetricKeyType === 'rsa');
}

/** Of these keys those on the curve P-256. */
export function curveKeysIn(text: string): readonly KeyObject[] {
  return publicKeysIn(text).filter(({ asymmetricKeyType }) => asymmetricKeyType === 'ec');
}
