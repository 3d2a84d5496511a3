import type * as z from 'zod';
import type { Demand } from '../core/inventory.ts';
import type { OrderDocument } from '../core/order-document.ts';
import type { Delivery } from './delivery.ts';
import type { Http } from './http.ts';
import type { SignatureScheme } from './signature.ts';

/** What a storefront's delivery turned out to be. */
export type Parsed =
  | { readonly kind: 'order'; readonly order: OrderDocument }
  /** Verified, understood, and nothing for us to do: a ping, a topic we do not use. */
  | { readonly kind: 'ignored'; readonly reason: string };

/** A parcel that left, as the storefront is to hear of it. */
export interface Shipped {
  /** The storefront's own order id. */
  readonly sourceId: string;
  readonly orderId: string;
  readonly parcel: number;
  readonly units: readonly Demand[];
  readonly carrier: string;
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
  readonly settings: Settings;
  /** The connection's API token. */
  readonly token: string;
  /** The connection's signing secret, for storefronts that we sign to. */
  readonly signingSecret: string;
  readonly http: Http;
  readonly now: Date;
}

/** One kind of storefront: everything the hub needs to know of it is in its file in `storefronts/`. */
export interface Storefront<Settings = unknown> {
  /** The name of its file. */
  readonly id: string;
  readonly title: string;
  /** What a client file must say of a connection; titles make the operators' form. */
  readonly settings: z.ZodType<Settings>;
  /** How it signs; may depend on the settings. */
  signature(settings: Settings): SignatureScheme;
  /**
   * Turns a verified delivery into the canonical order.
   * @throws Rejected with the field and the value that cannot be read
   */
  parse(delivery: Delivery, settings: Settings): Parsed;
  /**
   * Tells the storefront that a parcel left. Looks before it repeats: calling it twice never makes two fulfilments.
   * @throws Unavailable when it should be tried again, Rejected when a person must look
   */
  markShipped(shipped: Shipped, call: StorefrontCall<Settings>): Promise<'written' | 'known'>;
  /**
   * Tells the storefront how much it may sell; absent where it cannot be told. Each SKU comes once, and calling it twice does no harm.
   * Where the storefront can compare and set, a figure that it changed meanwhile is read again and never overwritten unseen.
   * @returns what became of each level
   * @throws Unavailable when it should be tried again, Rejected when a person must look
   */
  setStock?(levels: readonly StockLevel[], call: StorefrontCall<Settings>): Promise<readonly StockTold[]>;
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
