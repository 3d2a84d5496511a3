import { generateKeyPairSync } from 'node:crypto';

export const NOW = new Date('2026-11-20T09:00:00.000Z');

/** 70 bytes with an id past 2^53, accents, an en dash, Japanese and an emoji. */
export const BODY = Buffer.from('{"id":820982911946154508,"name":"#1001","note":"Zoë – 東京 🎁"}', 'utf8');

/** What a sender names a posting by. */
export const MESSAGE = { id: 'msg_1', at: NOW };

/** A pair of keys, as PEM. */
export interface Pair {
  readonly publicPem: string;
  readonly privatePem: string;
}

/** An RSA key of so many bits. */
export function rsaPair(modulusLength = 2048): Pair {
  return inPem(generateKeyPairSync('rsa', { modulusLength }));
}

/** A key on an elliptic curve. */
export function curvePair(namedCurve = 'P-256'): Pair {
  return inPem(generateKeyPairSync('ec', { namedCurve }));
}

/** An Ed25519 key as Standard Webhooks writes it. */
export function edwardsPair(): { readonly whpk: string; readonly whsk: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  // The raw 32 bytes end the DER of both.
  const raw = (der: Buffer) => der.subarray(-32).toString('base64');
  return { whpk: `whpk_${raw(publicKey.export({ format: 'der', type: 'spki' }))}`, whsk: `whsk_${raw(privateKey.export({ format: 'der', type: 'pkcs8' }))}` };
}

function inPem({ publicKey, privateKey }: ReturnType<typeof generateKeyPairSync>): Pair {
  return { publicPem: String(publicKey.export({ format: 'pem', type: 'spki' })), privatePem: String(privateKey.export({ format: 'pem', type: 'pkcs8' })) };
}
