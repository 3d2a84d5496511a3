import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signed link opens. */
export interface Linked {
  /** Path below the hub's public address, such as `reports/daily/2026-11-22`. */
  readonly path: string;
  readonly format: string;
  /** Epoch seconds after which the link is dead. */
  readonly expires: number;
}

/** Makes a link that opens one thing for whoever holds it, until it expires: for readers who have no account here. */
export function signLink(publicUrl: string, linked: Linked, secret: string): string {
  const url = new URL(`${publicUrl.replace(/\/$/, '')}/${linked.path}`);
  url.search = new URLSearchParams({ format: linked.format, expires: String(linked.expires), signature: signatureOf(linked, secret) }).toString();
  return url.href;
}

/** Whether a link was made by `signLink` with this secret and is still alive. */
export function isLinkGenuine(linked: Linked, signature: string, secret: string, now: Date): boolean {
  const expected = Buffer.from(signatureOf(linked, secret));
  const offered = Buffer.from(signature);
  const same = expected.length === offered.length && timingSafeEqual(expected, offered);
  return same && secret !== '' && now.getTime() / 1000 < linked.expires;
}

function signatureOf({ path, format, expires }: Linked, secret: string): string {
  return createHmac('sha256', secret).update(`${path}\n${format}\n${expires}`).digest('base64url');
}
