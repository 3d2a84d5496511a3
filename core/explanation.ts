import type { AllocationDecision } from './allocation.ts';
import type { Change } from './change.ts';
import type { Client, Split } from './client.ts';
import type { Clock } from './clock.ts';
import type { Hold } from './hold.ts';
import type { Stock } from './inventory.ts';
import type { Order, OrderStatus } from './order.ts';
import type { Selection } from './selection.ts';
import type { Parcel } from './shipment.ts';
import type { SupplyRequest } from './supply.ts';

/** An allocation decision as it was stored with one version of an order. */
export interface Decided extends AllocationDecision {
  /** UTC instant. */
  readonly at: string;
  readonly version: number;
}

/** An order's place in the queue for a SKU. */
export interface Queued {
  readonly sku: string;
  /** 1 is served next. */
  readonly place: number;
  readonly length: number;
  /** Units that those before it lack. */
  readonly ahead: number;
}

/** What an order is explained from: all of it stored, none of it worked out anew but the place in the queue. */
export interface Known {
  readonly order: Order;
  readonly parcels: readonly Parcel[];
  /** Oldest first. */
  readonly decisions: readonly Decided[];
  /** How the services of its parcels were chosen. */
  readonly selections?: readonly Selection[];
  /** What happened to the order, oldest first. */
  readonly changes: readonly Change[];
  /** Counters of the SKUs that it lacks. */
  readonly stock: readonly Stock[];
  readonly queues: readonly Queued[];
  /** Requests to plants for the SKUs that it lacks, open or not. */
  readonly supply: readonly SupplyRequest[];
  readonly client: Client;
  readonly now: Date;
  /** Where people and programs give commands. */
  readonly routes: Routes;
}

/** One thing that answers a question about an order, as facts. */
export type Facts =
  | Held
  | Shortage
  | { readonly about: 'authorisation'; readonly causes: readonly AuthorisationCause[] }
  | Authorised
  | Ended
  | ({ readonly about: 'clock' } & Running)
  | { readonly about: 'parcel'; readonly parcel: Parcel; readonly clock: Running | undefined }
  | ({ readonly about: 'allocation'; readonly only: readonly string[]; readonly first: readonly string[] } & Decided)
  | { readonly about: 'no-allocation'; readonly unknown: readonly string[] }
  | { readonly about: 'service'; readonly selection: Selection }
  | Quantity
  | { readonly about: 'edits'; readonly edits: readonly Change[] }
  | Promised;

/** A hold, for how long, and whether a newer version of the order without its cause ends it. */
interface Held {
  readonly about: 'hold';
  readonly hold: Hold;
  readonly endsByItself: boolean;
  readonly minutes: number;
}

/** Why an order is not shipped, or no more of it. */
interface Ended {
  readonly about: 'end';
  readonly ending: 'cancelled' | 'closed';
  /** What said so; undefined where that is not known. */
  readonly said: Change | undefined;
  /** Some of it had left: that is followed all the same. */
  readonly left: boolean;
  /** Numbers of parcels that are called back and not unpacked yet. */
  readonly recalled: readonly number[];
}

/** By whom an order may be packed, and where that is done. */
interface Authorised {
  readonly about: 'authorised';
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  readonly warehouses: readonly string[];
  readonly packing: Order['packing'];
}

/** A running clock, for how long it has run, and whether it has run out. */
export interface Running extends Clock {
  readonly minutes: number;
  readonly late: boolean;
}

/** What an order lacks of one SKU, and what is known of more. */
export interface Shortage {
  readonly about: 'shortage';
  readonly sku: string;
  readonly missing: number;
  readonly wanted: number;
  /** `none` or `too-few` in all warehouses together; `scattered`: enough, but in no one of them; `there`: it waits for something else. */
  readonly verdict: 'none' | 'too-few' | 'scattered' | 'there';
  /** Whether the order lacks other SKUs of which there are too few. */
  readonly othersLack: boolean;
  /** Warehouses that may ship it. */
  readonly sites: readonly { readonly warehouse: string; readonly available: number; readonly quarantined: number; readonly incoming: number }[];
  readonly queue: Omit<Queued, 'sku'> | undefined;
  readonly requests: readonly {
    readonly requestId: string;
    readonly plant: string;
    readonly warehouse: string;
    readonly quantity: number;
    readonly needBy: string;
    readonly late: boolean;
  }[];
  readonly split: Split;
  readonly priority: number;
}

/** Why the policy did not authorise an order. */
export type AuthorisationCause =
  | { readonly cause: 'mode' }
  | { readonly cause: 'limit'; readonly total: number; readonly limit: number; readonly currency: string }
  | { readonly cause: 'currency'; readonly currency: string; readonly limitCurrency: string }
  /** A rule asks for a person, or the policy for new customers does: the rules that can, and whether there is such a policy. */
  | { readonly cause: 'person-asked'; readonly rules: readonly string[]; readonly newCustomers: boolean }
  | { readonly cause: 'released'; readonly holds: readonly string[] }
  | { readonly cause: 'withdrawn'; readonly at: string; readonly reason: string };

/** Why an order ships so many units of one SKU, and where they are. */
export interface Quantity {
  readonly about: 'quantity';
  readonly sku: string;
  readonly wanted: number;
  readonly single: number;
  readonly kits: readonly { readonly sku: string; readonly quantity: number; readonly each: number }[];
  readonly reserved: readonly { readonly warehouse: string; readonly lot?: string | undefined; readonly quantity: number }[];
  readonly packed: readonly { readonly parcel: number; readonly quantity: number }[];
  readonly returned: number;
  readonly missing: number;
  /** Packed beyond what its newest version wants. */
  readonly excess: number;
}

/** What an order was promised, and what came of it. */
export interface Promised {
  readonly about: 'promise';
  readonly shipBy: string;
  /** The warehouse whose cut-off that is; undefined where none was asked. */
  readonly warehouse: string | undefined;
  readonly timeZone: string;
  readonly outcome: 'open' | 'kept' | 'broken' | 'overdue';
  readonly packedAt: string | undefined;
  /** Minutes between the promise and what came of it, or now. */
  readonly minutes: number;
}

/** Who has to do something next. */
export type Who = 'a service representative' | 'a fulfilment manager' | 'a packer' | 'a receiver' | 'an operator' | 'the hub' | 'the plant' | 'the carrier' | 'the storefront';

/** What has to happen next. */
export interface Step {
  readonly who: Who;
  /** What they have to do, to stand after `has to`. */
  readonly does: string;
  /** The request by which it is done, where there is one, with the fields that its body holds. */
  readonly how?: { readonly method: string; readonly path: string; readonly body: readonly string[] };
}

/** A command that people and programs give. */
export type Command =
  | 'order/correct-address'
  | 'order/release-hold'
  | 'order/authorise-order'
  | 'order/prioritise-order'
  | 'shipment/pack-order'
  | 'shipment/settle-label'
  | 'shipment/hand-over-parcels'
  | 'inventory/book-stock';

/** Where commands are given; paths have `{parameters}`. */
export type Routes = Readonly<Record<Command, { readonly method: string; readonly path: string }>>;

/** One answer about an order, in words and as the facts that they rest on. */
export interface Statement {
  readonly question: string;
  readonly answer: string;
  readonly facts: Facts;
}

/** Why an order is where it is, and what has to happen. Holds no personal data. */
export interface Explanation {
  readonly orderId: string;
  readonly number: string;
  readonly state: OrderStatus;
  /** Its state in words. */
  readonly status: string;
  readonly because: readonly Statement[];
  readonly next: readonly Step[];
}
