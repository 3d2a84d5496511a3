import type * as z from 'zod';
import type { PrivacyRequest } from '../core/connection.ts';
import type { Demand } from '../core/inventory.ts';
import type { OrderStatus } from '../core/order.ts';
import type { OrderDocument } from '../core/order-document.ts';
import type { Grant } from './credential.ts';
import type { Delivery } from './delivery.ts';
import type { Http } from './http.ts';
import type { SignatureScheme } from './signature.ts';

/**
 * What a storefront can do, as its adapter declares it. Shared code asks for these and never for a storefront's name.
 *
 * | capability | means |
 * |---|---|
 * | `webhooks` | it posts to us; `subscriptions` is there where it lets us see and mend them |
 * | `polls` | its orders can be listed by when they changed: `poll` is there |
 * | `fetchBack` | what it posts may only name an order: `fetch` is there |
 * | `writesTracking` | it can be told of a parcel that left: `markShipped` is there |
 * | `writesStock` | it can be told what it may sell: `setStock` is there |
 * | `compareAndSet` | it takes a figure of stock on condition of the one before |
 * | `handshake` | it sends something unsigned that must be answered: the scheme says `handshake` |
 * | `compliance` | it asks for personal data to be shown or erased |
 * | `service` | it puts questions and requests to us: `answerRequests` and `answerQuestion` are there |
 */
export const CAPABILITIES = ['webhooks', 'polls', 'fetchBack', 'writesTracking', 'writesStock', 'compareAndSet', 'handshake', 'compliance', 'service'] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** Something at the storefront that must be fetched to know an order. Only the adapter that made it reads it. */
export interface Reference {
  /** The adapter's own word for it, such as `order` or `fulfillment-order`. */
  readonly what: string;
  readonly id: string;
}

/** What a storefront's delivery turned out to be. */
export type Parsed =
  | {
      readonly kind: 'orders';
      /** Usually one; several where one order of the storefront goes to several addresses. */
      readonly orders: readonly OrderDocument[];
      /** Source ids that are no orders any more, if they ever were: deleted, or taken apart. */
      readonly gone?: readonly string[];
    }
  /** It only names what changed: to be fetched. */
  | { readonly kind: 'reference'; readonly reference: Reference }
  /** A customer or a shop asks for personal data to be shown or erased. */
  | { readonly kind: 'privacy'; readonly request: PrivacyRequest }
  /** The storefront ended the connection: nothing more will come, and nothing more can be written. */
  | { readonly kind: 'ended'; readonly reason: string }
  /** Verified, understood, and nothing for us to do: a ping, a topic we do not use. */
  | { readonly kind: 'ignored'; readonly reason: string };

/** What a reference led to. */
export type Fetched =
  /** Bodies as `parse` reads them in a delivery that came `via` anything but a webhook. */
  | { readonly kind: 'found'; readonly bodies: readonly Buffer[] }
  /** The storefront no longer has it; the source ids it was known by here. */
  | { readonly kind: 'absent'; readonly sourceIds: readonly string[] };

/** From where on a storefront is asked for what changed. */
export interface Cursor {
  /** UTC instant: what changed at it or later. */
  readonly since: string;
  /** The page to go on with, as the page before it said; null for the first. */
  readonly page: string | null;
}

/** Some of what changed, oldest first where the storefront can sort. */
export interface Page {
  /** Bodies as `parse` reads them in a delivery that came `via` anything but a webhook. */
  readonly bodies: readonly Buffer[];
  /** Null when this is the last page. */
  readonly next: string | null;
}

/** A webhook that the storefront has been asked to send. */
export interface Subscription {
  readonly id: string;
  readonly topic: string;
  readonly address: string;
  /** Whether it still sends. */
  readonly active: boolean;
}

/** How the storefront's subscriptions are seen and mended. Calls look before they repeat: creating twice leaves one. */
export interface Subscriptions<Settings> {
  /** Topics that must be subscribed for these settings. */
  wanted(settings: Settings): readonly string[];
  /** All that are there, ours and others'. */
  list(call: StorefrontCall<Settings>): Promise<readonly Subscription[]>;
  /** Subscribes `call.hookUrl` to a topic. */
  create(topic: string, call: StorefrontCall<Settings>): Promise<void>;
  /** Makes one of ours send again, to `call.hookUrl`. */
  repair(subscription: Subscription, call: StorefrontCall<Settings>): Promise<void>;
}

/** A parcel that left, as the storefront is to hear of it. */
export interface Shipped {
  /** The storefront's own order id. */
  readonly sourceId: string;
  readonly orderId: string;
  readonly parcel: number;
  /** By SKU, as the storefront sold them. */
  readonly units: readonly Demand[];
  /** The order's lines as the storefront sold them: its own line ids for the SKUs. */
  readonly lines: readonly { readonly lineId: string; readonly sku: string | null; readonly quantity: number; readonly requiresShipping: boolean }[];
  /** Whether with this parcel, and those told before it, all of the order has left. */
  readonly completes: boolean;
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  /** UTC instant of the first scan. */
  readonly shippedAt: string;
}

/** The units of a SKU that a storefront is to offer. */
export interface StockLevel {
  readonly sku: string;
  readonly quantity: number;
  /** Rises with every figure of this SKU: of two, the one with the higher sequence holds. */
  readonly sequence: number;
  /** Units that we last told this storefront; null when we never did. */
  readonly before: number | null;
  /** UTC instant of the movement that made the figure. */
  readonly at: string;
  /** The same whenever this figure is told again. */
  readonly eventId: string;
}

/** What became of one level. */
export interface StockTold {
  readonly sku: string;
  /**
   * `set`: the storefront has it. `drifted`: it has it now, and had more than we had told it, by `hasDrifted` of core/level.ts.
   * `unknown`: it does not sell the SKU, or not from where we set stock.
   */
  readonly became: 'set' | 'drifted' | 'unknown';
  /** Units that it had before, where it can be read. */
  readonly theirs?: number;
}

/** What an adapter is handed to call a storefront with. */
export interface StorefrontCall<Settings> {
  readonly connectionId: string;
  readonly settings: Settings;
  /** The connection's API token; one that expires is fresh. */
  readonly token: string;
  /** The key that names our app, for storefronts that want one beside the token. */
  readonly apiKey: string;
  /** The connection's signing secret, for storefronts that we sign to, or that we hand it to with a subscription. */
  readonly signingSecret: string;
  /** Where this connection's webhooks reach us. */
  readonly hookUrl: string;
  readonly http: Http;
  readonly now: Date;
}

/** What the hub knows that a storefront may ask for. Orders are named by their source ids. */
export interface Knowledge {
  /** Undefined when the hub has no such order. */
  statusOf(sourceId: string): Promise<OrderStatus | undefined>;
  /** Units that this storefront may be told of, by SKU; of every product when none is named. */
  stockOf(skus?: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Tracking numbers of an order's parcels that left, in their order. */
  trackingOf(sourceId: string): Promise<readonly { readonly parcel: number; readonly carrier: string; readonly trackingNumber: string; readonly trackingUrl: string }[]>;
  /** The order that people know by this number, as `OrderDocument.number` has it; undefined when there is none. */
  sourceIdOf(number: string): Promise<string | undefined>;
}

/** One kind of storefront: everything the hub needs to know of it is in its file in `storefronts/`. */
export interface Storefront<Settings = unknown> {
  /** The name of its file. */
  readonly id: string;
  readonly title: string;
  /** What a client file must say of a connection; titles make the operators' form. */
  readonly settings: z.ZodType<Settings>;
  /** What the connection's secret must hold, made with `secretField`: some of `signing` (the current one), `token` and `apiKey`. */
  readonly secrets: z.ZodObject;
  /** What it can do; some of it may depend on the settings. */
  capabilities(settings: Settings): readonly Capability[];
  /** How it signs; may depend on the settings. */
  signature(settings: Settings): SignatureScheme;
  /**
   * Turns a verified delivery into canonical orders, or says what to fetch.
   * @throws Rejected with the field and the value that cannot be read
   */
  parse(delivery: Delivery, settings: Settings): Parsed;
  /**
   * Fetches what a delivery referred to. Builds every address itself: one that came with a delivery is never followed.
   * @throws Unavailable when it should be tried again, Rejected when a person must look
   */
  fetch?(reference: Reference, call: StorefrontCall<Settings>): Promise<Fetched>;
  /**
   * Lists what changed, a page at a time.
   * @throws Unavailable when it should be tried again, Rejected when a person must look
   */
  poll?(cursor: Cursor, call: StorefrontCall<Settings>): Promise<Page>;
  /** There where subscriptions can be seen and mended through the storefront's API. */
  readonly subscriptions?: Subscriptions<Settings>;
  /**
   * Tells the storefront that a parcel left. Looks before it repeats: calling it twice never makes two fulfilments.
   * @throws Unavailable when it should be tried again, Rejected when a person must look
   */
  markShipped?(shipped: Shipped, call: StorefrontCall<Settings>): Promise<'written' | 'known'>;
  /**
   * Tells the storefront how much it may sell; absent where it cannot be told. Each SKU comes once, and calling it twice does no harm.
   * Where the storefront can compare and set, a figure that it changed meanwhile is read again and never overwritten unseen.
   * @returns what became of each level
   * @throws Unavailable when it should be tried again, Rejected when a person must look
   */
  setStock?(levels: readonly StockLevel[], call: StorefrontCall<Settings>): Promise<readonly StockTold[]>;
  /**
   * Answers what the storefront asked of us as its fulfilment service: an order that the hub has taken in is accepted, one that it has not is
   * brought in first and accepted when this is called again.
   * @returns orders to take in, and how many requests are still open
   */
  answerRequests?(hub: Knowledge, call: StorefrontCall<Settings>): Promise<{ readonly bodies: readonly Buffer[]; readonly open: number }>;
  /** Answers a question that the storefront put over HTTP, behind a path that only it knows; undefined for a question it does not know. */
  answerQuestion?(question: string, query: Readonly<Record<string, string>>, hub: Knowledge): Promise<unknown>;
  /** Asks for the next token, where tokens expire. */
  refresh?(refreshToken: string, call: Pick<StorefrontCall<Settings>, 'settings' | 'apiKey' | 'http' | 'now'>): Promise<Grant>;
}

/** Declares a storefront; infers its settings from their schema. */
export function defineStorefront<Settings>(storefront: Storefront<Settings>): Storefront<Settings> {
  return storefront;
}

/** A storefront is a file in ./storefronts whose name is its kind. */
export async function loadStorefront(kind: string): Promise<Storefront> {
  const module: { default: Storefront } = await import(`./storefronts/${kind}.ts`);
  return module.default;
}
