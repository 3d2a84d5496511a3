import { Rejected, Unavailable } from '../core/error.ts';
import { type Difference, differenceOf, type Reconciliation } from '../core/reconciliation.ts';
import { endPurchase, type Purchase, unlist } from '../core/shipment.ts';
import { readParcel } from './aws/parcel-store.ts';
import { findByReference, readPurchases, readRequests, readUnsold, writePurchase } from './aws/purchase-store.ts';
import type { ListedLabel } from './carrier.ts';
import { type CarrierReaching, type ReachedCarrier, reachCarrier } from './carrier-reach.ts';
import { voidLabel } from './void-label.ts';

/** How long a purchase that was taken for not made is looked up again each night, in days; no longer than its label could be voided. */
const LOOK_DAYS = 14;
const DAY_MS = 86_400_000;
/** Differences that one report names. */
const MOST_NAMED = 200;

/**
 * Compares what a carrier says it sold with what we believe we bought: labels that nobody needs are voided while they can be, prices compared,
 * and purchases that were taken for not made looked up again.
 * @param since UTC instant from which on the carrier's list is read
 */
export async function reconcile(carrierId: string, since: string, reaching: CarrierReaching): Promise<Reconciliation> {
  const reached = await reachCarrier(carrierId, reaching);
  const list = await compareList(reached, since, reaching);
  const orphans = new Set(list.differences.flatMap(({ kind, reference }) => (kind === 'orphan' ? [reference] : [])));
  const again = await lookAgain(reached, orphans, reaching);
  const settled = new Set(again.differences.map(({ reference }) => reference));
  return {
    carrierId,
    since,
    at: reaching.now().toISOString(),
    listed: reached.carrier.list !== undefined,
    compared: list.compared,
    foreign: list.foreign,
    lookedUp: again.lookedUp,
    orphansVoided: list.voided + again.voided,
    differences: [...list.differences.filter(({ reference }) => !settled.has(reference)), ...again.differences].slice(0, MOST_NAMED),
  };
}

interface Compared {
  readonly compared: number;
  readonly foreign: number;
  readonly voided: number;
  readonly differences: readonly Difference[];
}

async function compareList({ carrier, call }: ReachedCarrier, since: string, reaching: CarrierReaching): Promise<Compared> {
  const { list } = carrier;
  let [compared, foreign, voided] = [0, 0, 0];
  const differences: Difference[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly labels: readonly ListedLabel[]; readonly next: string | null } = (await list?.(since, cursor, call)) ?? { labels: [], next: null };
    for (const label of page.labels) {
      compared += 1;
      const purchase = await purchaseOf(label.reference, reaching);
      if (purchase === undefined) foreign += 1;
      const difference = differenceOf(label, purchase);
      if (difference === undefined || purchase === undefined) continue;
      differences.push(difference);
      const { carrierRef, trackingNumber, cost, currency } = label;
      if (difference.kind === 'orphan' && (await voidOrphan({ ...purchase, bought: { carrierRef, trackingNumber, cost, currency } }, reaching)) === 'void') voided += 1;
    }
    cursor = page.next;
  } while (cursor !== null);
  return { compared, foreign, voided, differences };
}

async function purchaseOf(reference: string, { table }: CarrierReaching): Promise<Purchase | undefined> {
  const name = reference === '' ? undefined : await findByReference(table, reference);
  return name === undefined ? undefined : (await readPurchases(table, name)).find((purchase) => purchase.reference === reference);
}

/**
 * Looks up again what was taken for not made, as a carrier may show a sale late, and has voided what was left of no use. Without a list of the
 * carrier's labels nothing else would tell.
 * @param met references of orphans that the carrier's list has shown already
 */
async function lookAgain(
  { connection, capabilities }: ReachedCarrier,
  met: ReadonlySet<string>,
  reaching: CarrierReaching,
): Promise<Omit<Compared, 'compared' | 'foreign'> & { readonly lookedUp: number }> {
  const { table, now } = reaching;
  const days = Math.min(LOOK_DAYS, capabilities.voidDays ?? LOOK_DAYS);
  let [lookedUp, voided] = [0, 0];
  const differences: Difference[] = [];
  for await (const purchase of readUnsold(table)) {
    if (purchase.carrierId !== connection.id || met.has(purchase.reference)) continue;
    if (now().getTime() - Date.parse(purchase.claimedAt) > days * DAY_MS) {
      await writePurchase(table, unlist(purchase));
      continue;
    }
    if (purchase.status === 'absent') lookedUp += 1;
    const became = await followUp(purchase, reaching);
    if (became === undefined) continue;
    differences.push(became.difference);
    if (became.isVoid) voided += 1;
  }
  return { lookedUp, voided, differences };
}

/** @returns what a purchase turned out to be that costs money for nothing, or undefined where that is not known */
async function followUp(purchase: Purchase, reaching: CarrierReaching): Promise<{ readonly difference: Difference; readonly isVoid: boolean } | undefined> {
  const { status, leaseUntil, reference } = purchase;
  if (status !== 'absent' && Date.parse(leaseUntil) > reaching.now().getTime()) return undefined;
  const orphan = status === 'absent' ? await lookUp(purchase, reaching) : purchase;
  if (orphan === undefined) return undefined;
  const became = await voidOrphan(orphan, reaching);
  // A label that is being voided for its parcel's recall is no orphan.
  if (became === 'needed' && status !== 'absent') return undefined;
  return { difference: { kind: 'orphan', reference, trackingNumber: orphan.bought?.trackingNumber ?? '' }, isVoid: became === 'void' };
}

/** @returns the purchase with what it bought after all, or undefined */
async function lookUp(purchase: Purchase, reaching: CarrierReaching): Promise<Purchase | undefined> {
  const { reference, carrierRef, rate } = purchase;
  const requests = await readRequests(reaching.table, [reference]);
  const { carrier, call } = await reachCarrier(purchase.carrierId, reaching);
  const found = await carrier.find({ reference, carrierRef, rate, request: requests.get(reference) ?? '' }, call);
  if (found.outcome !== 'bought') return undefined;
  const { trackingNumber, cost, currency } = found.label;
  return { ...purchase, bought: { carrierRef: found.label.carrierRef, trackingNumber, cost, currency } };
}

/**
 * Has a label voided that no parcel needs.
 * @returns `needed`: its parcel waits for a label, or has this one, and whoever deals with that deals with it; `open`: it is not void yet, and is
 * met again the next night
 */
async function voidOrphan(purchase: Purchase, reaching: CarrierReaching): Promise<'void' | 'open' | 'needed'> {
  const { table, now } = reaching;
  const { reference, status } = purchase;
  const parcel = await readParcel(table, purchase);
  if (parcel.status === 'packed' || parcel.label?.reference === reference) return 'needed';
  const isKnown = status === 'orphan' || status === 'voiding';
  const orphan = isKnown ? purchase : endPurchase(purchase, 'orphan', 'the carrier shows it, and no parcel needs it', now());
  if (!isKnown && !(await writePurchase(table, orphan))) return 'open';
  try {
    return (await voidLabel(reaching, orphan, '')).status === 'voided' ? 'void' : 'open';
  } catch (error) {
    if (error instanceof Unavailable || error instanceof Rejected) return 'open';
    throw error;
  }
}
