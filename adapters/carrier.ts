import type * as z from 'zod';
import type { Address } from '../core/address.ts';
import type { Customs } from '../core/customs.ts';
import type { Dimensions } from '../core/dimensions.ts';
import type { Rate } from '../core/shipment.ts';
import type { TrackingUpdate } from '../core/tracking.ts';
import type { Grams } from '../core/weight.ts';
import type { Grant } from './credential.ts';
import type { Delivery } from './delivery.ts';
import type { Http } from './http.ts';
import type { SignatureScheme } from './signature.ts';

/** A box that a carrier is asked to move. */
export interface Shipment {
  /** 26-character ULID of the purchase attempt: given to the carrier as our reference. */
  readonly reference: string;
  readonly from: Address;
  readonly to: Address;
  /** The recipient's, where it is known. */
  readonly email: string | null;
  /** With packaging. */
  readonly weight: Grams;
  /** Null where nobody measured the box. */
  readonly dimensions: Dimensions | null;
  /** Day on which the carrier gets it, by the warehouse's clocks: `2026-11-23`. */
  readonly shipDate: string;
  /** What the goods in it are worth, in minor units of `currency`. */
  readonly value: number;
  readonly currency: string;
  /** There where it passes customs. */
  readonly customs: Customs | null;
  /** It holds dangerous goods in limited quantity. */
  readonly hazardous: boolean;
  /** A label for goods that come back: `from` is the customer, `to` the warehouse. The carrier bills it when it is used, where it can. */
  readonly returns: boolean;
}

/** What a carrier asks for a shipment. Asking is free. */
export interface Quote {
  /** The carrier's name for the shipment, by which it is bought and found again; empty where it has none before it is bought. */
  readonly carrierRef: string;
  /** Never empty: where nothing is offered, `quote` throws. */
  readonly rates: readonly Rate[];
}

/** A purchase as it was written down before the carrier was asked for money. */
export interface DraftedPurchase {
  readonly reference: string;
  readonly carrierRef: string;
  readonly rate: Rate;
  /** What `draft` made: the body of the one call that spends money, byte for byte the same at every repeat. */
  readonly request: string;
}

/** Where the bytes of a label or form are: in the answer, at an address of the carrier's, or out of reach. */
export type Source = { readonly in: 'answer'; readonly bytes: Buffer } | { readonly in: 'url'; readonly url: string } | { readonly in: 'nowhere' };

/** A label that exists at the carrier, and was paid for. */
export interface BoughtLabel {
  /** The carrier's name for the shipment. */
  readonly carrierRef: string;
  /** Who moves the parcel, such as `USPS`, and its service. */
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly trackingUrl: string;
  /** Minor units of `currency`. */
  readonly cost: number;
  readonly currency: string;
  /** `nowhere`: the label was sold, and its picture cannot be had: it is voided, and another one bought. */
  readonly document: Source;
  /** Customs forms that go with it, if any. */
  readonly forms: readonly Source[];
  /** The address that the carrier says it printed; null where its answer names none. */
  readonly address: Address | null;
}

/** The three outcomes of asking for money to be spent. Unknown is not a failure: look it up, never repeat it. */
export type Purchased =
  | { readonly outcome: 'bought'; readonly label: BoughtLabel }
  /** The answer proves that nothing was bought. `again`: not because of this shipment (a token that ended, a quota), so it may be asked for again. */
  | { readonly outcome: 'refused'; readonly again: boolean; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What a look-up of an earlier purchase says. */
export type Found = { readonly outcome: 'bought'; readonly label: BoughtLabel } | { readonly outcome: 'absent' } | { readonly outcome: 'unknown'; readonly reason: string };

/** A label that was bought, as the carrier knows it. */
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

/** The parcels of one warehouse that a carrier takes at the end of a day. */
export interface ManifestRequest {
  /** 26-character ULID. */
  readonly reference: string;
  readonly from: Address;
  /** Day on which the carrier takes them: `2026-11-23`. */
  readonly shipDate: string;
  readonly labels: readonly LabelAtCarrier[];
  /** Who moves them, as their labels say, such as `USPS`: one and the same for all. */
  readonly carrier?: string;
}

/** What became of closing a day. */
export type Manifested =
  /** `leftOut`: parcels that the carrier did not take onto it, each with its reason. */
  | {
      readonly outcome: 'closed';
      readonly manifestRef: string;
      readonly documents: readonly Source[];
      readonly leftOut: readonly { readonly trackingNumber: string; readonly reason: string }[];
    }
  /** The carrier is at work on it: look again by this name. */
  | { readonly outcome: 'pending'; readonly manifestRef: string }
  /** Proves that nothing was closed. */
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** A collection that a carrier is asked for. */
export interface PickupRequest {
  /** 26-character ULID. */
  readonly reference: string;
  readonly from: Address;
  /** `2026-11-23`. */
  readonly day: string;
  /** Local times of the warehouse: `14:00`. */
  readonly readyAt: string;
  readonly closesAt: string;
  /** IANA time zone of the warehouse. */
  readonly timeZone: string;
  readonly parcels: number;
  readonly weight: Grams;
  /** Where the driver finds them, for a person. */
  readonly instructions: string;
  readonly labels: readonly LabelAtCarrier[];
}

/** What became of asking for a collection. */
export type Booked =
  /** Minor units of `currency`; null where the carrier names no price. */
  | { readonly outcome: 'booked'; readonly confirmation: string; readonly cost: number | null; readonly currency: string | null }
  | { readonly outcome: 'refused'; readonly reason: string }
  /** Nothing was booked, for a reason that passes. */
  | { readonly outcome: 'later'; readonly reason: string }
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What a carrier says of an address. */
export interface AddressVerdict {
  /** `corrected`: it is deliverable as `suggestion` writes it. `doubtful`: it may not be deliverable. `unchecked`: the carrier does not know addresses there. */
  readonly verdict: 'ok' | 'corrected' | 'doubtful' | 'unchecked';
  readonly suggestion: Address | null;
  /** What is wrong, for a person, without the address itself. */
  readonly problems: readonly string[];
}

/** A label as a carrier's own list has it. */
export interface ListedLabel extends LabelAtCarrier {
  /** Minor units of `currency`. */
  readonly cost: number;
  readonly currency: string;
  /** UTC instant. */
  readonly boughtAt: string;
  /** Whether it was given back, or is to be. */
  readonly voided: boolean;
}

/** What an adapter is handed to call a carrier with. */
export interface CarrierCall<Settings> {
  readonly connectionId: string;
  readonly settings: Settings;
  /** The connection's token; where tokens expire, one that is fresh. */
  readonly token: string;
  /** A second token that came with it, such as USPS's payment token; else empty. */
  readonly secondToken: string;
  /** The id that goes with the connection's secret, for carriers that want one. */
  readonly apiKey: string;
  /** Signs the carrier's callbacks, for carriers that it is handed to with a subscription. */
  readonly signingSecret: string;
  /** Where the carrier's callbacks reach us. */
  readonly updateUrl: string;
  /** The one way out. It keeps to the carrier's rate and its circuit breaker, and never repeats. */
  readonly http: Http;
  readonly now: Date;
}

/** What a carrier's callback, or its answer to `track`, turned out to be. */
export type ParsedUpdate = { readonly kind: 'updates'; readonly updates: readonly TrackingUpdate[] } | { readonly kind: 'ignored'; readonly reason: string };

type LabelFormat = 'PDF' | 'PNG' | 'ZPL' | 'GIF';

/** What a carrier can do, and how it must be dealt with. Shared code asks this, never for a carrier's name. */
export interface CarrierCapabilities {
  /**
   * What keeps a repeated purchase from being a second one. `key`: the carrier repeats its answer to the same key and bytes. `two-step`: it sells
   * a shipment once. `find-by-reference`: nothing does, but a look-up shows whether it was made. `none`: a person must look.
   */
  readonly purchaseGuard: 'key' | 'two-step' | 'client-id' | 'find-by-reference' | 'none';
  /** Seconds after which a purchase that a look-up does not show was surely not made. */
  readonly settleSeconds: number;
  readonly canVoid: boolean;
  /** The money of a voided label is decided upon later. */
  readonly voidIsAsync: boolean;
  /** Days after the purchase within which a label can be voided; null where no term is known. */
  readonly voidDays: number | null;
  /** Parcels must be on a manifest before the carrier takes them. */
  readonly needsManifest: boolean;
  readonly labelFormats: readonly LabelFormat[];
  /** Whether the label of a purchase that is found again can still be had. */
  readonly reDownloadLabel: boolean;
  /** How a callback proves itself; `none`: it is a hint, and the carrier is asked before anything rests on it. */
  readonly callbackAuth: 'signature' | 'token' | 'none';
  /** Whether each callback brings the whole history of its parcel, or only what is new. */
  readonly callbackHistory: 'full' | 'delta';
  /** Days after which a subscription lapses; null where it does not. */
  readonly subscriptionTtlDays: number | null;
  readonly ratesReturned: boolean;
  readonly unitSystem: 'metric' | 'imperial';
  /** Countries from which it takes parcels; null for any. */
  readonly origins: readonly string[] | null;
  /** Calls a minute that it declares it takes; null where it declares none. */
  readonly requestsPerMinute: number | null;
  /** Tracking numbers in one call of `track`. */
  readonly trackBatch: number;
}

/** Closes days. Never throws for what the carrier answers. */
export interface Manifests<Settings> {
  /** Labels that one manifest holds; more are closed in several. @default 1,000 */
  readonly most?: number;
  close(request: ManifestRequest, call: CarrierCall<Settings>): Promise<Manifested>;
  /** Looks a close up whose outcome is not known (`manifestRef` is then null) or that was pending. `refused` says that there is none. */
  look(request: ManifestRequest, manifestRef: string | null, call: CarrierCall<Settings>): Promise<Manifested>;
}

/** Books collections. Never throws for what the carrier answers. */
export interface Pickups<Settings> {
  book(request: PickupRequest, call: CarrierCall<Settings>): Promise<Booked>;
  /** @returns whether it is cancelled, also where it was already; a reason where it is not */
  cancel(confirmation: string, call: CarrierCall<Settings>): Promise<{ readonly outcome: 'cancelled' } | { readonly outcome: 'refused' | 'unknown'; readonly reason: string }>;
}

/** One kind of carrier: everything the hub needs to know of it is in its file in `carriers/`. */
export interface Carrier<Settings = unknown> {
  /** The name of its file. */
  readonly id: string;
  readonly title: string;
  /** What a client file must say of a connection; titles make the operators' form. */
  readonly settings: z.ZodType<Settings>;
  /** What the connection's secret must hold, made with `secretField`: some of `signing` (the current one), `token` and `apiKey`. */
  readonly secrets: z.ZodObject;
  capabilities(settings: Settings): CarrierCapabilities;
  /** How it signs its callbacks; may depend on the settings. */
  signature(settings: Settings): SignatureScheme;
  /** Asks for prices; costs nothing. @throws Unavailable, or Rejected when the carrier will not take this shipment */
  quote(shipment: Shipment, call: CarrierCall<Settings>): Promise<Quote>;
  /** Writes the body of the call that buys. Pure: the same input, the same bytes. @throws Rejected when the shipment cannot be put into the carrier's words */
  draft(shipment: Shipment, carrierRef: string, rate: Rate, settings: Settings): string;
  /** Buys by one call with the drafted bytes: no retry of any kind inside. Never throws for what the carrier answers. */
  buy(purchase: DraftedPurchase, call: CarrierCall<Settings>): Promise<Purchased>;
  /** Looks an earlier purchase up; buys nothing. Never throws for what the carrier answers. */
  find(purchase: DraftedPurchase, call: CarrierCall<Settings>): Promise<Found>;
  /**
   * Fetches a label's bytes, from the address that came with the purchase or, with `reDownloadLabel`, again by what the carrier knows it by.
   * @throws Unavailable, or Rejected when it cannot be had
   */
  label(label: LabelAtCarrier, url: string | null, call: CarrierCall<Settings>): Promise<Buffer>;
  /**
   * Asks the carrier to take a label back; absent where it never does. Looks first where a repeat would do harm. Never throws for what the
   * carrier answers.
   */
  void?(label: LabelAtCarrier, call: CarrierCall<Settings>): Promise<Voided>;
  /**
   * Asks where parcels are: bodies that `parseUpdate` reads, with `via: 'poll'`; at most `trackBatch` numbers at a time.
   * @throws Unavailable, or Rejected when a person must look
   */
  track?(trackingNumbers: readonly string[], call: CarrierCall<Settings>): Promise<readonly Buffer[]>;
  /** Reads a verified callback, or an answer to `track`. @throws Rejected with the field and the value that cannot be read */
  parseUpdate(delivery: Delivery, settings: Settings): ParsedUpdate;
  /** Where a person follows a parcel; for carriers whose labels a person buys. */
  trackingUrl?(trackingNumber: string, settings: Settings): string;
  readonly manifest?: Manifests<Settings>;
  readonly pickup?: Pickups<Settings>;
  /** Asks whether an address is deliverable. @throws Unavailable, or Rejected when a person must look */
  checkAddress?(address: Address, call: CarrierCall<Settings>): Promise<AddressVerdict>;
  /** Lists the labels that were bought since an instant, a page at a time. @throws Unavailable, or Rejected when a person must look */
  list?(since: string, cursor: string | null, call: CarrierCall<Settings>): Promise<{ readonly labels: readonly ListedLabel[]; readonly next: string | null }>;
  /**
   * Sees to it that the carrier posts to us: looks first, then makes or mends the subscription. Absent where that is done by a person.
   * @returns what was found, and when it lapses
   * @throws Unavailable, or Rejected when a person must look
   */
  subscribe?(call: CarrierCall<Settings>): Promise<{ readonly state: 'kept' | 'made' | 'mended'; readonly until: string | null }>;
  /** Asks for a fresh token, where tokens expire. @throws Unavailable, or Rejected when the secret is refused */
  refresh?(call: Pick<CarrierCall<Settings>, 'settings' | 'apiKey' | 'http' | 'now'> & { readonly secret: string }): Promise<Grant>;
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
