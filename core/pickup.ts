import { type Refused, refused } from './error.ts';
import { MANIFEST_LEASE_MS } from './manifest.ts';

type PickupStatus =
  /** A person asked for it, and the carrier was not asked yet. */
  | 'asked'
  /** The carrier is being asked. */
  | 'booking'
  | 'booked'
  | 'refused'
  /** A person has to say whether it was booked: carriers have no look-up of pickups. */
  | 'unknown'
  | 'cancelling'
  | 'cancelled';

/** A collection that a carrier was asked for. */
export interface Pickup {
  readonly entity: 'pickup';
  /** `<warehouse>-<day>-<number>`: the key itself refuses a second one. */
  readonly pickupId: string;
  readonly carrierId: string;
  readonly warehouse: string;
  /** `2026-11-23`. */
  readonly day: string;
  readonly number: number;
  /** Local times of the warehouse: `14:00`. */
  readonly readyAt: string;
  readonly closesAt: string;
  /** Where the driver finds the parcels. */
  readonly instructions: string;
  /** 26-character ULID, given to the carrier as our reference. */
  readonly reference: string;
  readonly status: PickupStatus;
  /** How many parcels, and how many grams, the carrier is told of; counted when it is asked, unless a person said so. */
  readonly parcels: number | null;
  readonly weight: number | null;
  /** The carrier's name for it. */
  readonly confirmation?: string;
  /** Minor units of `currency`; absent where the carrier names no price. */
  readonly cost?: number;
  readonly currency?: string;
  readonly reason: string;
  readonly by: string;
  readonly askedAt: string;
  /** UTC instant until which no other invocation touches it. */
  readonly leaseUntil: string;
  readonly version: number;
}

/** What a person asks for. */
export type PickupWish = Pick<Pickup, 'carrierId' | 'warehouse' | 'day' | 'readyAt' | 'closesAt' | 'instructions' | 'parcels' | 'weight'>;

const OVER: ReadonlySet<PickupStatus> = new Set(['refused', 'cancelled']);

/**
 * The pickup that a wish amounts to: the one that waits to be asked for already, or a new one.
 * @param before pickups of the same carrier, warehouse and day
 * @param another whether a second one on the same day is meant
 */
export function askForPickup(before: readonly Pickup[], wish: PickupWish, another: boolean, reference: string, by: string, now: Date): Pickup | Refused {
  const live = before.filter(({ status }) => !OVER.has(status));
  const waiting = live.find((one) => one.status === 'asked' && one.readyAt === wish.readyAt && one.closesAt === wish.closesAt);
  if (waiting !== undefined) return waiting;
  const [first] = live;
  if (first !== undefined && !another)
    return refused(
      'shipment.pickup-booked',
      `Pickup ${first.pickupId} of ${first.carrierId} is ${first.status} for ${first.day} already; cancel it first, or say that another one is meant.`,
    );
  const number = Math.max(0, ...before.map((one) => one.number)) + 1;
  return {
    entity: 'pickup',
    pickupId: `${wish.warehouse}-${wish.day}-${number}`,
    ...wish,
    number,
    reference,
    status: 'asked',
    reason: '',
    by,
    askedAt: now.toISOString(),
    leaseUntil: now.toISOString(),
    version: 1,
  };
}

/** What must happen next for a pickup. */
export type PickupStep =
  | { readonly do: 'nothing' }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'book' }
  /** Whoever asked the carrier did not live to hear its answer. */
  | { readonly do: 'park' }
  | { readonly do: 'cancel'; readonly confirmation: string };

/** The pickup protocol: intent first, one call, and no repeat of one whose outcome is not known. */
export function pickupStep({ status, leaseUntil, confirmation = '' }: Pickup, now: Date): PickupStep {
  if (status === 'asked') return { do: 'book' };
  if (status === 'cancelling') return { do: 'cancel', confirmation };
  if (status !== 'booking') return { do: 'nothing' };
  const left = Date.parse(leaseUntil) - now.getTime();
  return left > 0 ? { do: 'wait', seconds: Math.ceil(left / 1000) } : { do: 'park' };
}

/** Claims the booking of a pickup. */
export function claimPickup(pickup: Pickup, parcels: number, weight: number, now: Date): Pickup {
  return { ...pickup, status: 'booking', parcels, weight, leaseUntil: new Date(now.getTime() + MANIFEST_LEASE_MS).toISOString(), version: pickup.version + 1 };
}

/** Moves a pickup on and gives its lease back. */
export function movePickup(pickup: Pickup, status: PickupStatus, changed: Partial<Pick<Pickup, 'confirmation' | 'cost' | 'currency' | 'reason'>>, now: Date): Pickup {
  const reason = (changed.reason ?? '').slice(0, 250);
  return { ...pickup, ...changed, status, reason, leaseUntil: now.toISOString(), version: pickup.version + 1 };
}

/** What a person knows of a pickup beside that it is to be cancelled. */
export interface PickupWord {
  /** The carrier's name for it, as its pages show it. */
  readonly confirmation?: string | undefined;
  /** The carrier's pages show none. */
  readonly notMade?: boolean | undefined;
}

/**
 * The pickup that is to be cancelled, or is cancelled by this alone. One that is cancelled or refused already is left as it is.
 * @param word needed where nobody knows whether it was booked
 */
export function cancelPickup(pickup: Pickup, { confirmation, notMade = false }: PickupWord, by: string, now: Date): Pickup | Refused {
  const { status, pickupId } = pickup;
  if (OVER.has(status) || status === 'cancelling') return pickup;
  if (status === 'asked') return movePickup(pickup, 'cancelled', { reason: `cancelled by ${by} before the carrier was asked` }, now);
  if (status === 'booking') return refused('shipment.pickup-booking', `The carrier is being asked for pickup ${pickupId}; cancel it in some minutes.`);
  if (status === 'booked') return movePickup(pickup, 'cancelling', { reason: `cancelled by ${by}` }, now);
  if (notMade) return movePickup(pickup, 'cancelled', { reason: `${by} found none at the carrier` }, now);
  if (confirmation !== undefined) return movePickup(pickup, 'cancelling', { confirmation, reason: `found at the carrier and cancelled by ${by}` }, now);
  return refused(
    'shipment.pickup-unknown',
    `Whether pickup ${pickupId} was booked is not known (${pickup.reason}). Look in the carrier's own pages: give its confirmation, or say that it was not made.`,
  );
}
