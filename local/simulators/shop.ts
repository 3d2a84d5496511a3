import type { Posting } from './outbox.ts';
import type { SoldOrder, SoldVersion } from './sold-order.ts';

/** What a storefront posts when an order comes to a version: pure, so that a day can be planned before anything runs. */
export interface Written {
  readonly body: Buffer;
  /** What its address needs beside the body: the topic, the id of the delivery, and so on. */
  readonly meta: Readonly<Record<string, string>>;
}

/** What happened to an order, in nobody's words. */
export type Happening = 'created' | 'updated' | 'paid' | 'cancelled';

/** Writes postings in one kind of storefront's words. `id` is unique to the posting. */
export type Writer = (happening: Happening, order: SoldOrder, version: SoldVersion, id: string) => Written;

/** Where a posting goes and what it carries; undefined while nobody is subscribed to its topic: it is then never sent. */
export type ShopAddress = (posting: Posting, now: Date) => { readonly url: string; readonly headers: Readonly<Record<string, string>> } | undefined;

/** What goes wrong once when a shop is told that a parcel of an order left. `hang-after`: it takes note of the parcel and never answers. */
export type TellingFault = 'hang-after' | 'busy' | 'broken';

/** An order as its storefront shows it to its own people. */
export interface ShopOrder {
  readonly sourceId: string;
  /** Units that the storefront counts as shipped, by SKU; none that are 0. */
  readonly fulfilled: Readonly<Record<string, number>>;
  /** Each tracking number that its customer sees, once for each time it was written. */
  readonly trackingNumbers: readonly string[];
  /** The storefront's own word for where the order stands. */
  readonly status: string;
  /** What its customer was mailed by the storefront because of us, in order, such as `tracking`, `completed`. */
  readonly mails: readonly string[];
}

/**
 * A storefront as a day of trade plays it: it keeps the state of its orders, stock and subscriptions on disk, signs what it posts, and
 * enforces its vendor's contract on whoever calls it.
 */
export interface PlayedShop {
  readonly connectionId: string;
  /** Settings by which the hub calls this simulator instead of the vendor. */
  readonly settings: Readonly<Record<string, string>>;
  readonly address: ShopAddress;
  /** The order is at this version now; one that is not newer changes nothing. `at` is when it changed, by the storefront's clock. */
  place(order: SoldOrder, version: SoldVersion): void;
  /** Sets what goes wrong once when it is told that a parcel of an order left. */
  expect(faults: readonly { readonly sourceId: string; readonly fault: TellingFault }[]): void;
  /** Begins to sell SKUs, with the units it offers before it is told better; SKUs it knows stay as they are. */
  stock(units: Readonly<Record<string, number>>): void;
  /** Ends the subscriptions as the vendor does after too many failures: deleted or disabled. */
  unsubscribe(): void;
  /** Topics it posts now, at the hub's address. */
  subscribed(): readonly string[];
  /** All orders that were placed, by source id. */
  orders(): readonly ShopOrder[];
  /** What it offers, by SKU. */
  available(): Readonly<Record<string, number>>;
  /** Calls that broke its contract, each with what was wrong: a field it does not know, a key that is missing, more units than are left. */
  complaints(): readonly string[];
  close(): Promise<void>;
}

/** How any simulated shop is set up. */
export interface ShopOptions {
  readonly connectionId: string;
  /** SQLite file with its state. */
  readonly file: string;
  /** What it signs with, and what callers must prove themselves with. */
  readonly secret: { readonly signing: string; readonly token: string };
  /** Settings of the connection in the client's file. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Where the hub takes webhooks: known once it runs. */
  readonly hookUrl: () => string;
}
