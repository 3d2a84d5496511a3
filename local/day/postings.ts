import type { Client } from '../../core/client.ts';
import type { Posting } from '../simulators/outbox.ts';
import type { Random } from '../simulators/seed.ts';
import type { Happening, Written } from '../simulators/shop.ts';
import type { SoldVersion } from '../simulators/sold-order.ts';
import { writerOf } from '../simulators/vendors.ts';
import type { Gate } from './courses.ts';
import { kindOfShop } from './kinds.ts';
import type { PlannedOrder, PlanOptions } from './plan.ts';

/** A posting of the day, and what has happened at its storefront by then. */
export interface PlannedPosting extends Posting {
  readonly orderId: string;
  /** The version that the order comes to. */
  readonly version: number;
}

/** Postings that wait until the hub has seen an order come to a state. */
export interface GatedPosting {
  readonly postingId: string;
  /** The order that is waited for. */
  readonly orderId: string;
  readonly gate: Gate;
}

/** A while in which a storefront posts nothing, because it has ended its subscriptions: what happens there is found by reading its orders. */
export interface Gap {
  readonly connectionId: string;
  /** The posting before which the subscriptions end; it is the first to go missing. */
  readonly begins: string;
  /** Postings that go missing, unless the hub was quick. */
  readonly during: readonly string[];
  /** Postings that wait until the subscriptions are mended. */
  readonly after: readonly string[];
}

/** A posting in the making. */
export interface Draft {
  readonly posting: PlannedPosting;
  readonly order: PlannedOrder;
  readonly gate?: Gate;
  readonly duplicate: boolean;
  readonly stale: boolean;
}

/** Milliseconds between two orders of the day. */
const PACE_MS = 22;
const DUPLICATE_SHARE = 0.15;
const LOST_SHARE = 0.07;
/** Where in a storefront's postings its subscriptions end, and where they are mended. */
const GAP = { from: 0.45, until: 0.7 };

/** What a storefront posts of an order: repeated now and then, and now and then lost on the way. */
export function draftsOf(order: PlannedOrder, index: number, { client, startAt }: PlanOptions, random: Random): Draft[] {
  const due = startAt + index * PACE_MS;
  const kind = client.storefronts.find(({ id }) => id === order.connectionId)?.kind ?? '';
  const sent = order.course.sends.map(({ version, afterMs = 0, gate }, position): Draft => {
    const posting = postingOf(order, version, kind, `${order.orderId}/${position}`, gate === undefined ? due + afterMs + random.int(0, 400) : null);
    const earlier = order.course.sends.slice(0, position).map((one) => one.version);
    const stale = !kindOfShop(kind).postsIds && earlier.some((one) => one > version);
    return { order, posting: random.chance(LOST_SHARE) ? lost(posting) : posting, ...(gate !== undefined && { gate }), duplicate: earlier.includes(version), stale };
  });
  const [first] = sent;
  // What was lost is not repeated, or it would not be missed.
  if (first === undefined || first.gate !== undefined || isLost(first.posting) || !random.chance(DUPLICATE_SHARE)) return sent;
  return [...sent, { order, posting: repeatOf(first.posting, order, kind, due, random), duplicate: true, stale: false }];
}

/** Whether a posting was planned to go missing on its way. */
export function isLost({ meta }: Pick<Posting, 'meta'>): boolean {
  return meta.lost === 'true';
}

function lost(posting: PlannedPosting): PlannedPosting {
  return { ...posting, meta: { ...posting.meta, lost: 'true' } };
}

/** The same posting again, or the same version of the order in a posting of its own. */
function repeatOf(posting: PlannedPosting, order: PlannedOrder, kind: string, due: number, random: Random): PlannedPosting {
  const id = `${posting.id}/again`;
  const at = due + random.int(200, 3_000);
  if (random.chance(0.5)) return { ...posting, id, due: at };
  return { ...posting, id, due: at, ...write('updated', order, versionOf(order, posting.version), kind, id) };
}

function postingOf(order: PlannedOrder, number: number, kind: string, id: string, due: number | null): PlannedPosting {
  const version = versionOf(order, number);
  const before = order.versions[number - 2];
  const happening = before === undefined ? 'created' : version.cancelled ? 'cancelled' : version.paid && !before.paid ? 'paid' : 'updated';
  return { id, sender: order.connectionId, ...write(happening, order, version, kind, id), due, orderId: order.orderId, version: number };
}

function write(happening: Happening, order: PlannedOrder, version: SoldVersion, kind: string, id: string): Written {
  return writerOf(kind)(happening, order.sold, version, `msg_${id.replace(/[^A-Za-z0-9]/g, '_')}`);
}

function versionOf(order: PlannedOrder, number: number): SoldVersion {
  const version = order.versions[number - 1];
  if (version === undefined) throw new Error(`The course ${order.course.name} has no version ${number}.`);
  return version;
}

/** One gap for every storefront that may end its subscriptions, where its day is long enough to have a before, a during and an after. */
export function gapsIn(drafts: readonly Draft[], { storefronts }: Pick<Client, 'storefronts'>): Gap[] {
  return storefronts.flatMap(({ id, kind }) => {
    if (!kindOfShop(kind).unsubscribes) return [];
    const own = drafts.filter(({ order, gate }) => order.connectionId === id && gate === undefined).sort((a, b) => (a.posting.due ?? 0) - (b.posting.due ?? 0));
    const ids = own.filter(({ posting }) => !isLost(posting)).map(({ posting }) => posting.id);
    const [from, until] = [Math.floor(ids.length * GAP.from), Math.ceil(ids.length * GAP.until)];
    const [begins] = ids.slice(from, from + 1);
    return begins === undefined || until >= ids.length ? [] : [{ connectionId: id, begins, during: ids.slice(from, until), after: ids.slice(until) }];
  });
}
