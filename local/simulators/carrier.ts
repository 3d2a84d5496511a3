import type { Journey } from './journey.ts';
import type { Addressed, Posting } from './outbox.ts';

/**
 * What goes wrong for a shipment, once. `*-rating`: before anything is bought; `error-before` and `throttled`: the purchase is
 * refused and nothing is charged; `*-after-charge`: the label is charged, and the answer is lost or an error.
 */
export type CarrierFault =
  | 'throttled-rating'
  | 'error-rating'
  | 'no-rates'
  | 'error-before'
  | 'throttled'
  | 'declined'
  | 'slow'
  | 'hang-after-charge'
  | 'reset-after-charge'
  | 'error-after-charge'
  | 'wrong-address';

/** What the carrier will do with the parcel of one recipient. */
interface Expectation {
  /** The recipient's name on the parcel; must be unique. */
  readonly recipient: string;
  readonly fault?: CarrierFault;
  readonly journey: Journey;
}

/** Money the carrier took. */
export interface Charge {
  /** The carrier's name for the shipment. */
  readonly carrierRef: string;
  readonly reference: string;
  readonly recipient: string;
  readonly trackingNumber: string;
  /** Minor units. */
  readonly cost: number;
  readonly currency: string;
  /** What the label shows. */
  readonly printed: { readonly name: string; readonly line1: string; readonly line2: string; readonly city: string; readonly postalCode: string; readonly country: string };
}

/** What the simulated account shares with the hub. */
export interface CarrierSecret {
  /** Signs callbacks. */
  readonly signing: string;
  readonly token: string;
  readonly apiKey: string;
}

/** How any simulated carrier is set up. */
export interface CarrierOptions {
  readonly connectionId: string;
  /** SQLite file with its state. */
  readonly file: string;
  readonly secret: CarrierSecret;
  /** Settings of the connection in the client's file. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Takes the callbacks it posts; sent as the connection's postings. */
  readonly post: (postings: readonly Posting[]) => void;
  /** Where the hub takes updates: known once it runs. */
  readonly updateUrl: () => string;
  /** Milliseconds between two scans of a parcel. */
  readonly stepMs: number;
  /** The currency its prices are in, where it has no currency of its own. */
  readonly currency: string;
}

/**
 * A carrier as a day of trade plays it: it keeps labels, charges and voids on disk, speaks its documented contract, refuses what the carrier
 * refuses, enforces authentication, and has faults on demand.
 */
export interface PlayedCarrier {
  readonly connectionId: string;
  /** Settings by which the hub calls this simulator instead of the vendor. */
  readonly settings: Readonly<Record<string, string>>;
  /** How it signs and addresses a posting; undefined where it posts none now. */
  readonly address: (posting: Posting, now: Date) => Addressed | undefined | Promise<Addressed | undefined>;
  expect(expectations: readonly Expectation[]): void;
  /** Gives the parcels with these labels to the carrier: from now on they travel, unless their label was taken back. */
  handOver(trackingNumbers: readonly string[]): void;
  /** All money it ever took, also for labels that were voided since. */
  charges(): readonly Charge[];
  /** `carrierRef` of the labels that were taken back. */
  voids(): readonly string[];
  /** Purchases that it refused because the shipment had been bought already. */
  repeats(): number;
  /** Tracking numbers on manifests that were closed, each once for every manifest that it is on. */
  manifested(): readonly string[];
  /** Calls that broke its contract, each with what was wrong. */
  complaints(): readonly string[];
  /** Answers nothing but errors until it is told otherwise. */
  breakDown(isDown: boolean): void;
  close(): Promise<void>;
}
