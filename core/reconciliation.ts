import type { Purchase } from './shipment.ts';

/** A label as a carrier's own books have it. */
export interface BookedLabel {
  readonly reference: string;
  readonly trackingNumber: string;
  /** Minor units of `currency`. */
  readonly cost: number;
  readonly currency: string;
  readonly voided: boolean;
}

/**
 * In what a carrier's books differ from ours. `orphan`: it sold a label that no parcel has, which is to be voided. `cost`: it asks another price.
 * `voided-there`: it took a label back that a parcel still has. `kept-there`: it still charges for a label that we believe is voided.
 * `unsettled`: it sold a label for a purchase of ours that is not settled yet.
 */
export type Difference =
  | { readonly kind: 'orphan' | 'voided-there' | 'kept-there' | 'unsettled'; readonly reference: string; readonly trackingNumber: string }
  | { readonly kind: 'cost'; readonly reference: string; readonly trackingNumber: string; readonly ours: number; readonly theirs: number; readonly currency: string };

/** Compares a label of a carrier's books with our purchase of that reference. @returns undefined where they agree, or it is none of ours */
export function differenceOf(booked: BookedLabel, purchase: Purchase | undefined): Difference | undefined {
  if (purchase === undefined) return undefined;
  const { reference, trackingNumber } = booked;
  const name = { reference, trackingNumber };
  switch (purchase.status) {
    case 'bought': {
      if (booked.voided) return { kind: 'voided-there', ...name };
      const { bought } = purchase;
      if (bought === undefined || (bought.cost === booked.cost && bought.currency === booked.currency)) return undefined;
      return { kind: 'cost', ...name, ours: bought.cost, theirs: booked.cost, currency: booked.currency };
    }
    case 'absent':
    case 'refused':
    case 'orphan':
      return booked.voided ? undefined : { kind: 'orphan', ...name };
    case 'voided':
      return booked.voided ? undefined : { kind: 'kept-there', ...name };
    case 'buying':
    case 'parked':
    case 'voiding':
      return { kind: 'unsettled', ...name };
    case 'kept':
    case 'used':
      return undefined;
    default:
      return purchase.status satisfies never;
  }
}

/** What became of comparing a carrier's labels with ours. */
export interface Reconciliation {
  readonly carrierId: string;
  /** UTC instants. */
  readonly since: string;
  readonly at: string;
  /** Whether the carrier has a list of its labels; where it has none, only purchases that were given up are looked up again. */
  readonly listed: boolean;
  readonly compared: number;
  /** Labels in its list whose reference is none of ours: somebody bought them elsewhere. */
  readonly foreign: number;
  /** Purchases taken for not made that were looked up again. */
  readonly lookedUp: number;
  readonly orphansVoided: number;
  readonly differences: readonly Difference[];
}
