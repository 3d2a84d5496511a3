/** Whether a carrier posts to us, as it was when we last looked. */
export interface CarrierSubscription {
  readonly entity: 'subscription';
  readonly carrierId: string;
  /** What the last look found or did; `failed`: it could not be seen to. */
  readonly state: 'kept' | 'made' | 'mended' | 'failed';
  /** Where the hub was reached then: a carrier goes on posting to that. */
  readonly hubUrl: string;
  /** UTC instant at which it lapses; null where it does not, or that is not known. */
  readonly until: string | null;
  /** UTC instant. */
  readonly checkedAt: string;
  /** Why it could not be seen to, and since when. */
  readonly problem?: { readonly code: string; readonly message: string; readonly since: string };
  readonly version: number;
}

const DAY_MS = 86_400_000;

/**
 * Whether a subscription is to be seen to now: less than a third of its term is left, or nobody knows when it lapses, or the last time failed, or
 * the hub has moved; and once a day in any case, as carriers switch off what they could not reach.
 * @param ttlDays days for which a subscription holds; null where it does not lapse
 * @param hubUrl where the hub is reached now
 */
export function isDue(subscription: CarrierSubscription | undefined, ttlDays: number | null, hubUrl: string, now: Date): boolean {
  if (subscription === undefined || subscription.state === 'failed' || ttlDays === null || subscription.until === null) return true;
  if (subscription.hubUrl !== hubUrl) return true;
  const left = Date.parse(subscription.until) - now.getTime();
  return left < (ttlDays * DAY_MS) / 3 || now.getTime() - Date.parse(subscription.checkedAt) >= DAY_MS;
}

/** Whose subscription it is, and where the hub is reached. */
export type Subscriber = Pick<CarrierSubscription, 'carrierId' | 'hubUrl'>;

/** What is known after a look that succeeded. */
export function seenTo(
  before: CarrierSubscription | undefined,
  { carrierId, hubUrl }: Subscriber,
  { state, until }: Pick<CarrierSubscription, 'state' | 'until'>,
  now: Date,
): CarrierSubscription {
  return { entity: 'subscription', carrierId, state, hubUrl, until, checkedAt: now.toISOString(), version: (before?.version ?? 0) + 1 };
}

/** What is known after one that failed: what lapses when is as it was. */
export function notSeenTo(
  before: CarrierSubscription | undefined,
  { carrierId, hubUrl }: Subscriber,
  { code, message }: { readonly code: string; readonly message: string },
  now: Date,
): CarrierSubscription {
  const at = now.toISOString();
  const problem = { code, message: message.slice(0, 300), since: before?.problem?.since ?? at };
  return { entity: 'subscription', carrierId, state: 'failed', hubUrl, until: before?.until ?? null, checkedAt: at, problem, version: (before?.version ?? 0) + 1 };
}

const PATIENCE_MS = 6 * 3_600_000;

/** Whether a person must hear that a subscription could not be seen to: at once where trying again does not help, else after some hours or when it lapses. */
export function isLapsing({ problem, until }: CarrierSubscription, passes: boolean, now: Date): boolean {
  if (problem === undefined) return false;
  return !passes || now.getTime() - Date.parse(problem.since) >= PATIENCE_MS || (until !== null && Date.parse(until) <= now.getTime());
}
