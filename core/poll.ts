import type { PollState } from './connection.ts';

/** How far back the first reading of a connection goes. */
const FIRST_MS = 24 * 3_600_000;
/** Digests that a row remembers at most. */
const REMEMBERED = 500;

/** Where reading begins that was never done. */
export function newPollState(connectionId: string, now: Date): PollState {
  const since = new Date(now.getTime() - FIRST_MS).toISOString();
  const at = now.toISOString();
  return { entity: 'cursor', connectionId, since, page: null, startedAt: at, readAt: null, notBefore: null, handled: [], found: 0, foundAt: null, version: 0 };
}

/** A reading begins, unless one is to be gone on with. */
export function begin(state: PollState, now: Date): PollState {
  return state.page === null ? { ...state, startedAt: now.toISOString() } : state;
}

/** A reading begins anew: the page that it was to go on with is not there any more. */
export function beginAnew(state: PollState, now: Date): PollState {
  return begin({ ...state, page: null }, now);
}

/**
 * From where on the storefront is asked. A reading goes back before the one before it: a storefront may list a change late, and its clock is
 * not ours.
 */
export function cursorOf({ since, page }: PollState, overlapMinutes: number): { readonly since: string; readonly page: string | null } {
  return { since: new Date(Date.parse(since) - overlapMinutes * 60_000).toISOString(), page };
}

/** Whether the storefront asked to be left alone until later. */
export function isBarred({ notBefore }: PollState, now: Date): boolean {
  return notBefore !== null && notBefore > now.toISOString();
}

/** What a page brought. */
export interface Turned {
  /** The page to go on with; null after the last one. */
  readonly next: string | null;
  /** Orders that no webhook had brought. */
  readonly found: number;
  /** Digests of all that could not be compared with what the hub has, in this run. */
  readonly handled: ReadonlySet<string>;
  /** Whether this run began the reading, so that it has seen all of it. */
  readonly whole: boolean;
}

/** A page has been read. After the last one, all that changed before the reading began has been read. */
export function turn(state: PollState, { next, found, handled, whole }: Turned, now: Date): PollState {
  const at = now.toISOString();
  const ends = next === null;
  // What a whole reading did not bring will not come again.
  const remembered = ends && whole ? [...handled] : [...new Set([...state.handled, ...handled])];
  return {
    ...state,
    page: next,
    notBefore: null,
    handled: remembered.slice(-REMEMBERED),
    found: state.found + found,
    foundAt: found > 0 ? at : state.foundAt,
    ...(ends && { since: state.startedAt, readAt: at }),
    version: state.version + 1,
  };
}

/** The storefront asked to be left alone for so many seconds. */
export function bar(state: PollState, seconds: number, now: Date): PollState {
  return { ...state, notBefore: new Date(now.getTime() + seconds * 1_000).toISOString(), version: state.version + 1 };
}
