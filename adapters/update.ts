import { follow } from '../core/course.ts';
import { refused, Unavailable } from '../core/error.ts';
import type { Act, Order, Saved } from '../core/order.ts';
import { type Parcel, trackParcel } from '../core/shipment.ts';
import { eventKey, summarise, type TrackingEvent, type TrackingUpdate } from '../core/tracking.ts';
import { decide } from './aws/decide.ts';
import { commit, readOrders } from './aws/order-store.ts';
import { addTrackingEvents, findByTrackingNumbers, isOf, type ParcelName, readNamedParcels, readTrackingEvents, writeParcel } from './aws/parcel-store.ts';
import type { Table } from './aws/table.ts';

/** What applying updates works with. */
export interface Applying {
  readonly table: Table;
  now(): Date;
  /** A ULID. */
  newId(): string;
}

/** What a carrier tells of one tracking number. */
export interface Told extends TrackingUpdate {
  readonly carrierId: string;
}

/** What came of it. */
export interface Applied {
  /** Events that were not known yet. */
  readonly fresh: readonly TrackingEvent[];
  /** Events that are about no parcel of ours: they are older than its label, or about a label that it no longer has. */
  readonly foreign: number;
  /** Why some of it could not be applied: it is to be told again. `tracking.parcel-unknown`, `tracking.parcel-contended` and whatever the order throws. */
  readonly failure?: unknown;
}

/** The part of what is told that one parcel had its number for. */
interface Share {
  readonly told: Told;
  readonly name: ParcelName;
  readonly events: readonly TrackingEvent[];
}

/** A share with what is known of its parcel. */
interface Read extends Share {
  readonly parcel: Parcel;
  readonly known: readonly TrackingEvent[];
  readonly fresh: readonly TrackingEvent[];
}

/** Applies one update. @throws Unavailable `tracking.parcel-unknown`, `tracking.parcel-contended`, and whatever its order throws */
export async function applyUpdate(told: Told, applying: Applying): Promise<Applied> {
  const applied = (await applyTold([told], applying)).get(told) ?? NOTHING;
  if (applied.failure !== undefined) throw applied.failure;
  return applied;
}

/**
 * Adds the scans that are new, sums all of them up, and moves parcels and orders forward; a repeat changes nothing. Carriers use numbers again,
 * so each event goes to the parcel that had the number when it happened. What many parcels need is read and written for all of them at once.
 * @param all each about another tracking number
 */
export async function applyTold(all: readonly Told[], applying: Applying): Promise<Map<Told, Applied>> {
  const { table, now } = applying;
  const results = new Map<Told, Applied>(all.map((told) => [told, NOTHING]));
  const shares = await sharesOf(all, now(), table, note);
  const read = await readShares(shares, table, note);
  await addTrackingEvents(
    table,
    read.flatMap(({ name, fresh }) => fresh.map((event) => ({ ...name, event }))),
  );
  const moved = await Promise.all(read.map((share) => moveParcel(share, applying, note)));
  await followOrders(
    moved.filter((one) => one !== undefined),
    applying,
    note,
  );
  return results;

  function note(told: Told, more: Partial<Applied>): void {
    const { fresh, foreign, failure } = results.get(told) ?? NOTHING;
    const why = failure ?? more.failure;
    results.set(told, { fresh: [...fresh, ...(more.fresh ?? [])], foreign: foreign + (more.foreign ?? 0), ...(why !== undefined && { failure: why }) });
  }
}

const NOTHING: Applied = { fresh: [], foreign: 0 };

type Note = (told: Told, more: Partial<Applied>) => void;

async function sharesOf(all: readonly Told[], now: Date, table: Table, note: Note): Promise<Share[]> {
  const wanted = all.flatMap((told) => {
    const [since] = told.events.map(({ at }) => at).sort();
    return since === undefined ? [] : [{ ...told, told, since }];
  });
  const found = await findByTrackingNumbers(table, wanted, now);
  return wanted.flatMap((one) => {
    const { told, events } = one;
    const owners = found.get(one) ?? [];
    // A carrier may be faster than our own note of the purchase.
    if (owners.length === 0) note(told, { failure: new Unavailable('tracking.parcel-unknown', 'No parcel of ours has this tracking number yet.') });
    const byOwner = Map.groupBy(owners.length === 0 ? [] : events, ({ at }) => owners.find((owner) => isOf(owner, at)));
    note(told, { foreign: byOwner.get(undefined)?.length ?? 0 });
    return [...byOwner].flatMap(([owner, share]) => (owner === undefined ? [] : [{ told, name: { orderId: owner.orderId, parcel: owner.parcel }, events: share }]));
  });
}

/** Parcels before their events: whoever adds some in between writes the parcel too, and then our write of it is refused. */
async function readShares(shares: readonly Share[], table: Table, note: Note): Promise<Read[]> {
  const names = new Map(shares.map(({ name }) => [keyOf(name), name]));
  const parcels = new Map((await readNamedParcels(table, [...names.values()])).map((parcel) => [keyOf(parcel), parcel]));
  const read = await Promise.all(
    shares.map(async (share): Promise<Read | undefined> => {
      const { told, name, events } = share;
      const parcel = parcels.get(keyOf(name));
      if (parcel === undefined || !isOfLabel(parcel, told)) {
        note(told, { foreign: events.length });
        return undefined;
      }
      try {
        const known = await readTrackingEvents(table, name);
        const fresh = newEvents(events, known);
        note(told, { fresh });
        return { ...share, parcel, known, fresh };
      } catch (failure) {
        note(told, { failure });
        return undefined;
      }
    }),
  );
  return read.filter((one) => one !== undefined);
}

/** What becomes of a label that was voided, or never had, says nothing of the parcel that gets another one. */
function isOfLabel({ label, status }: Parcel, { trackingNumber }: Told): boolean {
  return label === undefined ? status !== 'packed' && status !== 'refused' : label.trackingNumber === trackingNumber;
}

function keyOf({ orderId, parcel }: ParcelName): string {
  return `${orderId} ${parcel}`;
}

/** The events that are not known yet, each once: carriers repeat themselves within one callback too. */
function newEvents(told: readonly TrackingEvent[], known: readonly TrackingEvent[]): TrackingEvent[] {
  const fresh = new Map(told.map((event) => [eventKey(event), event]));
  for (const event of known) fresh.delete(eventKey(event));
  return [...fresh.values()];
}

/** A parcel as its scans have it. */
interface Moved {
  readonly told: Told;
  readonly parcel: Parcel;
}

/** @returns undefined when it could not be written: somebody else was faster, say */
async function moveParcel({ told, parcel, known, fresh }: Read, { table, now }: Applying, note: Note): Promise<Moved | undefined> {
  const tracked = trackParcel(parcel, summarise([...known, ...fresh]), actOf(told, now()));
  try {
    if (tracked === undefined || (await writeParcel(table, tracked))) return { told, parcel: tracked ?? parcel };
    throw new Unavailable('tracking.parcel-contended', 'The parcel changed meanwhile.', { retryAfterSeconds: 1 });
  } catch (failure) {
    note(told, { failure });
    return undefined;
  }
}

function actOf({ carrierId }: Told, now: Date): Act {
  return { by: carrierId, now };
}

/** Moves orders along with their parcels; also after a crash between the two writes, because every update looks. */
async function followOrders(moved: readonly Moved[], { table, now, newId }: Applying, note: Note): Promise<void> {
  const left = moved.filter(({ parcel: { tracking, returns } }) => tracking.firstScanAt !== undefined && returns === undefined);
  const orders = await readOrders(
    table,
    left.map(({ parcel }) => parcel.orderId),
  );
  await Promise.all(
    left.map(async ({ told, parcel }) => {
      const act = actOf(told, now());
      const order = orders.get(parcel.orderId);
      const decided = order && followed(order, parcel, act);
      if (order !== undefined && decided === undefined) return;
      const posting = { ...act, reference: newId(), reason: `parcel ${parcel.status}` };
      const decision = (latest: Order) => followed(latest, parcel, act) ?? refused('order.known', `The order is ${latest.status} already.`);
      try {
        if (decided === undefined || !(await commit(table, [decided], posting))) await decide(table, parcel.orderId, posting, decision);
      } catch (failure) {
        note(told, { failure });
      }
    }),
  );
}

/** The order after what its parcel's scans say. What comes back does not move it: the warehouse says what came back when it is there. */
function followed(order: Order, { status, tracking, parcel }: Parcel, act: Act): Saved | undefined {
  const { firstScanAt, deliveredAt } = tracking;
  if (firstScanAt === undefined) return undefined;
  // A parcel that was lost had left all the same.
  const to = status === 'delivered' || status === 'returned' ? status : 'dispatched';
  const at = to === 'delivered' ? (deliveredAt ?? tracking.at) : to === 'returned' ? tracking.at : firstScanAt;
  return follow(order, parcel, to, at, act, firstScanAt);
}
