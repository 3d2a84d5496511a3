import * as z from 'zod';
import { Instant } from './id.ts';

/** A webhook that a storefront was asked to send, as it lists it. */
export interface Listed {
  readonly id: string;
  readonly topic: string;
  readonly address: string;
  /** Whether it still sends. */
  readonly active: boolean;
}

/** What is to be done about a connection's subscriptions, and what is only noted. */
export interface SubscriptionPlan<Seen extends Listed> {
  readonly create: readonly string[];
  readonly repair: readonly Seen[];
  /** More of ours than one for a topic: each delivery comes twice, which costs and harms nothing. */
  readonly duplicates: readonly Seen[];
  /** Every topic that is wanted, and whether it sends to us. */
  readonly topics: readonly TopicHealth[];
}

/**
 * Compares the subscriptions that are there with the topics that must be. Those of others are left alone: what sends to another host may be
 * another hub's, and two hubs that each take it for theirs would take it from each other for ever.
 * @param hookUrl where the connection's webhooks reach us
 */
export function planSubscriptions<Seen extends Listed>(wanted: readonly string[], seen: readonly Seen[], hookUrl: string): SubscriptionPlan<Seen> {
  const ours = seen.filter(({ address }) => isOurs(address, hookUrl)).sort((a, b) => rankOf(a, hookUrl) - rankOf(b, hookUrl) || (a.id < b.id ? -1 : 1));
  const byTopic = wanted.map((topic) => ({ topic, own: ours.filter((one) => one.topic === topic) }));
  return {
    create: byTopic.filter(({ own }) => own.length === 0).map(({ topic }) => topic),
    repair: byTopic.flatMap(({ own: [first] }) => (first !== undefined && !sends(first, hookUrl) ? [first] : [])),
    duplicates: byTopic.flatMap(({ own }) => own.slice(1).filter(({ active }) => active)),
    topics: byTopic.map(({ topic, own }) => ({ topic, active: own.some((one) => sends(one, hookUrl)) })),
  };
}

function sends({ active, address }: Listed, hookUrl: string): boolean {
  return active && address === hookUrl;
}

/** The best one first: it sends; it has the right address; it is there. */
function rankOf(one: Listed, hookUrl: string): number {
  return sends(one, hookUrl) ? 0 : one.address === hookUrl ? 1 : 2;
}

/** Ours is what goes to our host for this connection, however the address was written. */
function isOurs(address: string, hookUrl: string): boolean {
  if (!URL.canParse(address) || !URL.canParse(hookUrl)) return address === hookUrl;
  const [theirs, own] = [new URL(address), new URL(hookUrl)];
  return theirs.host === own.host && theirs.pathname.replace(/\/+$/, '') === own.pathname;
}

const TopicHealth = z.object({ topic: z.string(), active: z.boolean() });
type TopicHealth = z.infer<typeof TopicHealth>;

/** How a connection is. One row a connection. */
export const Health = z.object({
  entity: z.literal('health'),
  connectionId: z.string(),
  /** When it was last looked at; left out before the first time. */
  checkedAt: Instant.exactOptional(),
  /** The topics that must be subscribed, as the storefront listed them last. */
  topics: z.array(TopicHealth),
  /** Ids of subscriptions that send what another sends too. */
  duplicates: z.array(z.string()),
  repaired: z.object({ at: Instant, topics: z.array(z.string()) }).exactOptional(),
  /** What keeps the connection from working, and what to do. */
  problem: z.object({ since: Instant, code: z.string(), message: z.string() }).exactOptional(),
  /** The last delivery before a silence that is longer than chance explains. */
  silentSince: Instant.exactOptional(),
  /** The storefront ended the connection: it can be neither read nor written until it is made anew. */
  ended: z.object({ at: Instant, reason: z.string() }).exactOptional(),
  version: z.int(),
});
export type Health = z.infer<typeof Health>;

/** What a look at a connection found. */
export interface Looked {
  /** Whether the storefront was listed its subscriptions with what we have: a connection that ended is there again. */
  readonly answered: boolean;
  readonly topics: readonly TopicHealth[];
  readonly duplicates: readonly string[];
  readonly repaired: readonly string[];
  readonly problem: { readonly code: string; readonly message: string } | undefined;
}

/** A connection that was never looked at. */
export function unchecked(connectionId: string): Health {
  return { entity: 'health', connectionId, topics: [], duplicates: [], version: 0 };
}

/**
 * The health that follows from a look. A problem of the same code goes on since it began.
 * @param silentSince the last delivery, where nothing came for too long
 */
export function healthAfter(before: Health, looked: Looked, silentSince: string | undefined, begunAt: Instant): Health {
  const { repaired, problem, ended } = before;
  const { code, message } = looked.problem ?? {};
  const since = problem?.code === code ? (problem?.since ?? begunAt) : begunAt;
  // What ended while we looked has ended all the same.
  const stays = ended !== undefined && (!looked.answered || ended.at > begunAt);
  const repairs = looked.repaired.length > 0 ? { at: begunAt, topics: [...looked.repaired] } : repaired;
  return {
    entity: 'health',
    connectionId: before.connectionId,
    checkedAt: begunAt,
    topics: looked.answered ? [...looked.topics] : before.topics,
    duplicates: looked.answered ? [...looked.duplicates] : before.duplicates,
    ...(repairs !== undefined && { repaired: repairs }),
    ...(code !== undefined && message !== undefined && { problem: { since, code, message } }),
    ...(silentSince !== undefined && { silentSince }),
    ...(stays && { ended }),
    version: before.version + 1,
  };
}

/** The health of a connection that the storefront ended. */
export function endedHealth(before: Health, reason: string, at: Instant): Health {
  return { ...before, ended: before.ended ?? { at, reason: reason.slice(0, 200) }, version: before.version + 1 };
}
