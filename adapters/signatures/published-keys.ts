import type { KeyObject } from 'node:crypto';
import { Unavailable } from '../../core/error.ts';
import type { Http } from '../http.ts';
import { publicKeysIn } from './public-key.ts';

/** Where a vendor publishes the keys it signs with. Requests name a key; nothing they say leads to another host or another path. */
export interface PublishedKeys {
  /** Asked by https on port 443, without redirects. */
  readonly host: string;
  /** Path on it, with `{id}` for the key's id: `/prod/keys/pub-key-{id}.pem`. */
  readonly path: string;
}

/** Keys that a request says it was signed with. */
export interface NamedKeys {
  readonly where: PublishedKeys;
  /** Each a key's id, or the whole path to it. */
  readonly names: readonly string[];
}

/**
 * Fetches the keys that a request names; those that are not there, or that are named wrongly, are left out.
 * @throws Unavailable when a key cannot be fetched now
 */
export type KeysFor = (named: NamedKeys, now: Date) => Promise<readonly KeyObject[]>;

interface Kept {
  readonly keys: Promise<readonly KeyObject[]>;
  readonly until: number;
}

const ID = /^[A-Za-z0-9-]{1,64}$/;
const KEEP_MS = 24 * 3_600_000;
const KEEP_ABSENT_MS = 60_000;
const MAX_KEPT = 100;
const MAX_NAMES = 2;
/** Keys that may be asked for in a minute: a flood of invented names must not become a flood of calls. */
const MAX_ASKED = 20;
const TIMEOUT_MS = 1_500;
const MAX_BYTES = 16_384;

/** Makes a source of published keys that remembers them for a day. */
export function publishedKeys(http: Http): KeysFor {
  const kept = new Map<string, Kept>();
  let asked: number[] = [];

  return async function keysFor({ where, names }, now) {
    const found = await Promise.all(names.slice(0, MAX_NAMES).map((name) => look(urlOf(name, where), now.getTime())));
    return found.flat();
  };

  async function look(url: string | undefined, now: number): Promise<readonly KeyObject[]> {
    if (url === undefined) return [];
    const known = kept.get(url);
    if (known !== undefined && now < known.until) return await known.keys;
    asked = asked.filter((at) => now - at < 60_000);
    if (asked.length >= MAX_ASKED) throw new Unavailable('keys.too-many', `${MAX_ASKED} published keys were asked for within a minute; this one is asked for later.`);
    asked.push(now);
    const keys = fetchKeys(http, url);
    keep(url, { keys, until: now + KEEP_MS });
    return await keys.then(
      (read) => {
        if (read.length === 0) keep(url, { keys, until: now + KEEP_ABSENT_MS });
        return read;
      },
      (cause: unknown) => {
        kept.delete(url);
        throw cause;
      },
    );
  }

  function keep(url: string, value: Kept): void {
    const [oldest] = kept.keys();
    if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(url, value);
  }
}

/** The address of a key; undefined for a name that is not one of an id or the path to it. */
function urlOf(name: string, { host, path }: PublishedKeys): string | undefined {
  const [before = '', after = ''] = path.split('{id}');
  const isPath = name.startsWith(before) && name.endsWith(after) && name.length > before.length + after.length;
  const id = isPath ? name.slice(before.length, name.length - after.length) : name;
  return ID.test(id) ? `https://${host}${before}${id}${after}` : undefined;
}

async function fetchKeys(http: Http, url: string): Promise<readonly KeyObject[]> {
  const { status, body } = await http({ method: 'GET', url, timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES });
  if (status === 200) return publicKeysIn(body.toString('utf8'));
  if (status === 400 || status === 404 || status === 410) return [];
  throw new Unavailable('keys.unavailable', `${new URL(url).host} answered ${status} for a published key.`, { seen: String(status) });
}
