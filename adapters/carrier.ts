import type * as z from 'zod';
import type { Address } from '../core/address.ts';
import type { Rate } from '../core/shipment.ts';
import type { TrackingUpdate } from '../core/tracking.ts';
import type { Grams } from '../core/weight.ts';
import type { Delivery } from './delivery.ts';
import type { Http } from './http.ts';
import type { SignatureScheme } from './signature.ts';

/** A parcel as a carrier is asked about it. */
export interface Shipment {
  /** 26-character ULID of the purchase attempt. */
  readonly reference: string;
  readonly from: Address;
  readonly to: Address;
  readonly email: string | null;
  readonly weight: Grams;
}

/** What a carrier offers for a shipment. Asking is free. */
export interface Offer {
  /** The carrier's name for the shipment, by which it is bought and found again. */
  readonly carrierRef: string;
  readonly rates: readonly Rate[];
}

/** A label that exists at the carrier, and was paid for. */
export interface BoughtLabel {
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  /** Minor units of `currency`. */
  readonly cost: number;
  readonly currency: string;
  /** Where the carrier keeps the label's document. */
  readonly documentUrl: string;
  /** The address that the carrier printed. */
  readonly address: Address;
}

/** The three outcomes of asking for money to be spent. Unknown is not a failure: look it up, never repeat it. */
export type Purchased =
  | { readonly outcome: 'bought'; readonly label: BoughtLabel }
  /** The answer proves that nothing was bought. */
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What a look-up of an earlier purchase says. */
export type Found = { readonly outcome: 'bought'; readonly label: BoughtLabel } | { readonly outcome: 'absent' } | { readonly outcome: 'unknown'; readonly reason: string };

/** A label that a carrier is asked to take back. */
export interface LabelAtCarrier {
  readonly reference: string;
  readonly carrierRef: string;
  readonly trackingNumber: string;
}

/** What comes of asking a carrier to take a label back. Unknown is not a failure: ask again later. */
export type Voided =
  /** It is void, and its price given back. */
  | { readonly outcome: 'voided' }
  /** The carrier has taken the request and decides later about the money. */
  | { readonly outcome: 'pending' }
  /** It is not taken back. `used`: because the carrier has seen the parcel, or must have. */
  | { readonly outcome: 'refused'; readonly used: boolean; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What an adapter is handed to call a carrier with. */
export interface CarrierCall<Settings> {
  readonly settings: Settings;
  /** The connection's API key. */
  readonly token: string;
  readonly http: Http;
}

/** What a carrier's callback turned out to be. */
export type ParsedUpdate = { readonly kind: 'update'; readonly update: TrackingUpdate } | { readonly kind: 'ignored'; readonly reason: string };

/** One kind of carrier: everything the hub needs to know of it is in its file in `carriers/`. */
export interface Carrier<Settings = unknown> {
  /** The name of its file. */
  readonly id: string;
  readonly title: string;
  readonly settings: z.ZodType<Settings>;
  /** What keeps a repeated purchase from being a second one. */
  readonly purchaseGuard: 'key' | 'two-step' | 'client-id' | 'find-by-reference' | 'none';
  /** Seconds after which a purchase that a look-up does not show was surely not made. */
  readonly settleSeconds: number;
  /** Whether it takes labels back that were not used: settled in its answer, later, or never. */
  readonly voids: 'at-once' | 'asynchronous' | 'never';
  /** How it signs its callbacks. */
  signature(settings: Settings): SignatureScheme;
  /** Services that may be bought, such as `USPS Priority`; empty allows all. */
  services(settings: Settings): readonly string[];
  /** @throws Unavailable, or Rejected when the carrier will not take this shipment */
  offer(shipment: Shipment, call: CarrierCall<Settings>): Promise<Offer>;
  /** Buys once: no retry of any kind inside. Never throws for what the carrier answers. */
  buy(purchase: { readonly reference: string; readonly carrierRef: string; readonly rate: Rate }, call: CarrierCall<Settings>): Promise<Purchased>;
  /** Looks an earlier purchase up. Never throws for what the carrier answers. */
  find(purchase: { readonly reference: string; readonly carrierRef: string }, call: CarrierCall<Settings>): Promise<Found>;
  /** Fetches a label's document. @throws Unavailable, or Rejected when it is no PDF, PNG or ZPL */
  label(documentUrl: string, call: CarrierCall<Settings>): Promise<{ readonly bytes: Buffer; readonly contentType: string; readonly extension: string }>;
  /**
   * Asks the carrier to take a label back; absent where it never does. Looks first, so that a repeat asks for nothing twice. Never throws
   * for what the carrier answers.
   */
  voidLabel?(label: LabelAtCarrier, call: CarrierCall<Settings>): Promise<Voided>;
  /** Reads a verified callback. @throws Rejected with the field and the value that cannot be read */
  parseUpdate(delivery: Delivery): ParsedUpdate;
}

/** Declares a carrier; infers its settings from their schema. */
export function defineCarrier<Settings>(carrier: Carrier<Settings>): Carrier<Settings> {
  return carrier;
}

/** A carrier is a file in ./carriers whose name is its kind. */
export async function loadCarrier(kind: string): Promise<Carrier> {
  const module: { default: Carrier } = await import(`./carriers/${kind}.ts`);
  return module.default;
}
