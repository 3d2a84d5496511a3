import { addressHash, differencesOf } from '../core/address.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import { printMoney } from '../core/money.ts';
import { type Act, hold, type Order } from '../core/order.ts';
import type { OrderDocument } from '../core/order-document.ts';
import { type Chosen, inClientCurrency, type Selection, serviceName, shipDateOf, workingDaysAfter } from '../core/selection.ts';
import { claimOf, endPurchase, type Label, labelled, labelRefused, offerAgain, type Parcel, type Purchase, park, renewLease } from '../core/shipment.ts';
import type { Bucket } from './aws/object-store.ts';
import { readDocument, readOrder } from './aws/order-store.ts';
import { trackingNumberItem, writeParcel } from './aws/parcel-store.ts';
import { claimPurchase, readRequests, settlePurchase, writePurchase } from './aws/purchase-store.ts';
import { readSelection } from './aws/selection-store.ts';
import type { BoughtLabel, DraftedPurchase, LabelAtCarrier, Purchased, Source } from './carrier.ts';
import { isDown, type ReachedCarrier, reachCarrier, secondsLeftAlone } from './carrier-reach.ts';
import { labelFileOf } from './label-file.ts';
import type { Selecting } from './select-service.ts';
import { shipmentOf, warehouseOf } from './shipment.ts';

/** What buying labels works with. */
export interface Buyer extends Selecting {
  readonly labels: Bucket;
}

/** Everything about one parcel that a purchase needs. */
interface Case {
  readonly parcel: Parcel;
  readonly order: Order;
  readonly document: OrderDocument;
}

/** A purchase and the carrier that it is made at. */
interface Deal extends Case {
  readonly reached: ReachedCarrier;
}

/**
 * Buys a label at the carrier and for the service that were chosen: price, draft, claim, buy, settle. The claim is written before money is
 * asked for; an outcome that is not known is left for a look-up, never repeated. docs/decisions/0003
 * @throws Unavailable when it must be looked at again
 */
export async function buy(buyer: Buyer, parcel: Parcel, attempt: number, purchases: readonly Purchase[]): Promise<void> {
  const one = await openCase(buyer, parcel);
  if (!mayShip(one.order, one.document, parcel)) return;
  const selection = await readSelection(buyer.table, parcel);
  if (selection?.chosen?.carrierId !== parcel.carrierId) return await chooseAgain(buyer, parcel, 'nobody was chosen to move it');
  // Nothing is claimed yet: while its carrier is down, another one may take it.
  if (await isDown(parcel.carrierId, buyer)) return await chooseAgain(buyer, parcel, `${parcel.carrierId} does not answer`);
  const deal: Deal = { ...one, reached: await reachCarrier(parcel.carrierId, buyer) };
  const priced = await priceNow(buyer, deal, selection, selection.chosen, purchases);
  if (priced.kind === 'gone') return await chooseAgain(buyer, parcel, priced.why);
  if (priced.kind === 'refused') return await refuse(buyer, deal, undefined, priced.why);
  const { chosen, request } = priced;
  const { reference, carrierRef, rate, carrierId, shipDate, expectedBy } = chosen;
  const purchase = claimOf(parcel, attempt, { reference, carrierRef, rate, carrierId, shipDate, ...(expectedBy !== null && { expectedBy }) }, buyer.now());
  if (!(await claimPurchase(buyer.table, purchase, parcel, { request, expiresAt: expiryOf(buyer) })))
    throw new Unavailable('shipment.claim-lost', 'The order changed, or another invocation claimed this label.', { retryAfterSeconds: 2 });
  await spend(buyer, deal, purchase, request);
}

type Priced =
  | { readonly kind: 'priced'; readonly chosen: Chosen; readonly request: string }
  /** Its service is not to be had any more. */
  | { readonly kind: 'gone'; readonly why: string }
  /** A person has to look. */
  | { readonly kind: 'refused'; readonly why: string };

/** The price that holds now, and the request that buys at it: the chosen one while it is fresh, else asked for again and compared. */
async function priceNow(buyer: Buyer, deal: Deal, selection: Selection, chosen: Chosen, purchases: readonly Purchase[]): Promise<Priced> {
  const { client } = buyer;
  const { parcel, order, document, reached } = deal;
  const now = buyer.now();
  const shipDate = shipDateOf(warehouseOf(parcel, client), reached.connection, client, now);
  const age = now.getTime() - Date.parse(selection.at);
  const isFresh =
    chosen.source === 'quote' && age <= client.shipping.quoteMinutes * 60_000 && chosen.shipDate === shipDate && purchases.every(({ reference }) => reference !== chosen.reference);
  const made = shipmentOf(parcel, order, document, client, isFresh ? chosen.reference : buyer.newId(), shipDate);
  if (made.kind === 'lacks') return { kind: 'refused', why: made.what };
  const { shipment } = made;
  const { carrier, call } = reached;
  try {
    const current = isFresh ? chosen : await priceAgain(shipment, chosen, deal);
    if (current === undefined) return { kind: 'gone', why: `${serviceName(chosen.rate)} is not offered any more` };
    const dearer = dearerBy(chosen, current, buyer);
    return dearer === undefined
      ? { kind: 'priced', chosen: current, request: carrier.draft(shipment, current.carrierRef, current.rate, call.settings) }
      : { kind: 'refused', why: dearer };
  } catch (error) {
    if (error instanceof Rejected) return { kind: 'refused', why: error.message };
    throw error;
  }
}

async function priceAgain(shipment: Parameters<ReachedCarrier['carrier']['quote']>[0], chosen: Chosen, { reached: { carrier, call } }: Deal): Promise<Chosen | undefined> {
  const { carrierRef, rates } = await carrier.quote(shipment, call);
  const rate = rates.find((one) => serviceName(one) === serviceName(chosen.rate));
  if (rate === undefined) return undefined;
  const { reference, shipDate } = shipment;
  const expectedBy = rate.deliveryDays === null ? null : workingDaysAfter(shipDate, rate.deliveryDays);
  return { ...chosen, source: 'quote', reference, carrierRef, rate, shipDate, expectedBy };
}

/** Why a price is not paid that rose since it was chosen, or undefined. */
function dearerBy({ rate: before }: Chosen, { rate }: Chosen, { client }: Buyer): string | undefined {
  const [old, now] = [inClientCurrency(before.cost, before.currency, client), inClientCurrency(rate.cost, rate.currency, client)];
  if (now === null) return `its price is now in ${rate.currency}, for which the client file names no exchange rate`;
  const { percent, amount } = client.shipping.tolerance;
  const most = (old ?? 0) + Math.max(amount, Math.floor(((old ?? 0) * percent) / 100));
  if (now <= most) return undefined;
  const print = (minor: number) => `${printMoney(minor, client.currency)} ${client.currency}`;
  return `the price of ${serviceName(rate)} rose from ${print(old ?? 0)} to ${print(now)}; release the hold to have a service chosen at the prices of today`;
}

/** Nothing was bought: has a carrier and service chosen anew. */
async function chooseAgain({ table, now }: Buyer, parcel: Parcel, why: string): Promise<void> {
  const again = offerAgain(parcel, { by: 'hub', now: now() }, why);
  if (again === undefined || (await writeParcel(table, again))) return;
  throw new Unavailable('shipment.parcel-contended', 'The parcel changed meanwhile.', { retryAfterSeconds: 1 });
}

/** Asks for the label the first time: what is refused now was not bought. */
async function spend(buyer: Buyer, deal: Deal, purchase: Purchase, request: string): Promise<void> {
  const outcome = await ask(buyer, deal, purchase, request);
  if (outcome === undefined) return;
  if (!outcome.again) return await refuse(buyer, deal, purchase, outcome.reason);
  await writePurchase(buyer.table, endPurchase(purchase, 'absent', outcome.reason, buyer.now()));
  throw new Unavailable('shipment.not-sold-now', `The carrier sold nothing, for no fault of this parcel's (${outcome.reason}); a new attempt follows.`, { retryAfterSeconds: 30 });
}

type Refusal = Extract<Purchased, { readonly outcome: 'refused' }>;

/** The one place where money is spent: a single call under a claim that this invocation holds. @returns its refusal, which is the caller's to judge */
async function ask(buyer: Buyer, deal: Deal, purchase: Purchase, request: string): Promise<Refusal | undefined> {
  const { carrier, call, capabilities } = deal.reached;
  const outcome = await carrier.buy(draftOf(purchase, request), call);
  if (outcome.outcome === 'refused') return outcome;
  if (outcome.outcome === 'bought') await adopt(buyer, deal, purchase, outcome.label);
  else if (capabilities.purchaseGuard === 'none') await parkPurchase(buyer, deal, purchase, outcome.reason);
  else await leave(buyer, purchase, outcome.reason, LOOK_AFTER_SECONDS);
  return undefined;
}

/** A purchase that was made shows at once as a rule, so the first look is soon. */
const LOOK_AFTER_SECONDS = 2;

function draftOf({ reference, carrierRef, rate }: Purchase, request: string): DraftedPurchase {
  return { reference, carrierRef, rate, request };
}

/**
 * Looks up a purchase whose outcome is not known: adopts it if it was made. If it was not, a carrier that sells one shipment once, or answers
 * the same to the same key, is asked again with the same bytes; of any other it is only believed after its settle time, and then frees the way
 * for another attempt. A refusal of the repeat says nothing of the call before it, and is believed no sooner. Earlier attempts are looked up
 * too: a carrier may show one late.
 */
export async function find(buyer: Buyer, parcel: Parcel, latest: Purchase, purchases: readonly Purchase[]): Promise<void> {
  const one = await openCase(buyer, parcel);
  const deal: Deal = { ...one, reached: await reachCarrier(latest.carrierId, buyer) };
  const purchase = renewLease(latest, buyer.now());
  if (!(await writePurchase(buyer.table, purchase))) throw new Unavailable('shipment.claim-lost', 'Another invocation looks this purchase up.', { retryAfterSeconds: 2 });
  const attempts = [purchase, ...purchases.filter(({ status }) => status === 'absent')];
  const requests = await readRequests(
    buyer.table,
    attempts.map(({ reference }) => reference),
  );
  const { capabilities, carrier } = deal.reached;
  if (capabilities.purchaseGuard === 'none') return await parkPurchase(buyer, deal, purchase, `${carrier.title} cannot be asked what was bought`);
  const mayBuy = mayShip(one.order, one.document, parcel);
  const request = requests.get(purchase.reference);
  const repeated = mayBuy && REPEATED.has(capabilities.purchaseGuard) ? request : undefined;
  const isAskedFirst = capabilities.purchaseGuard === 'key' && attempts.length === 1;
  let refusal = isAskedFirst && repeated !== undefined ? await ask(buyer, deal, purchase, repeated) : undefined;
  if (isAskedFirst && repeated !== undefined && refusal === undefined) return;
  for (const attempt of attempts) {
    const reached = attempt.carrierId === purchase.carrierId ? deal.reached : await reachCarrier(attempt.carrierId, buyer);
    const found = await reached.carrier.find(draftOf(attempt, requests.get(attempt.reference) ?? ''), reached.call);
    if (found.outcome === 'unknown') return await leave(buyer, purchase, found.reason, undefined);
    if (found.outcome === 'absent') continue;
    // It has not shown, and another one is used: should it show yet, it is voided.
    const givenUp = attempt === purchase ? undefined : endPurchase(purchase, 'absent', `attempt ${attempt.attempt} had bought it`, buyer.now());
    return await adopt(buyer, { ...deal, reached }, attempt, found.label, givenUp);
  }
  if (repeated !== undefined && refusal === undefined) {
    refusal = await ask(buyer, deal, purchase, repeated);
    if (refusal === undefined) return;
  }
  const unsettled = capabilities.settleSeconds - (buyer.now().getTime() - Date.parse(purchase.claimedAt)) / 1000;
  if (unsettled > 0) return await leave(buyer, purchase, refusal?.reason ?? 'not shown yet', Math.ceil(unsettled));
  if (refusal !== undefined && !refusal.again) return await refuse(buyer, deal, purchase, refusal.reason);
  await writePurchase(buyer.table, endPurchase(purchase, 'absent', 'the carrier does not know of it', buyer.now()));
  throw new Unavailable('shipment.purchase-absent', 'The carrier sold nothing; a new attempt follows.', { retryAfterSeconds: 1 });
}

/** Guards by which the same bytes may be sent again. */
const REPEATED: ReadonlySet<string> = new Set(['key', 'two-step', 'client-id']);

/**
 * Looks attempts up that were given up as absent, before a parcel is unpacked: a carrier may show a sale late, and a label that was paid
 * for is kept.
 * @returns whether one was bought after all
 * @throws Unavailable when the carrier does not tell
 */
export async function findLate(buyer: Buyer, parcel: Parcel, absent: readonly Purchase[]): Promise<boolean> {
  if (absent.length === 0) return false;
  const one = await openCase(buyer, parcel);
  const requests = await readRequests(
    buyer.table,
    absent.map(({ reference }) => reference),
  );
  for (const attempt of absent) {
    const reached = await reachCarrier(attempt.carrierId, buyer);
    const found = await reached.carrier.find(draftOf(attempt, requests.get(attempt.reference) ?? ''), reached.call);
    if (found.outcome === 'unknown')
      throw new Unavailable('shipment.outcome-unknown', `Whether attempt ${attempt.attempt} bought a label is not known (${found.reason}); it is looked up.`);
    if (found.outcome === 'absent') continue;
    await adopt(buyer, { ...one, reached }, attempt, found.label);
    return true;
  }
  return false;
}

/** Whether a label may be bought for a parcel now. The database checks the same again when a purchase is claimed. */
export function mayShip(order: Order, { shipTo }: OrderDocument, parcel: Parcel): boolean {
  return parcel.status === 'packed' && shipTo !== null && order.holds.length === 0 && addressHash(shipTo) === parcel.addressHash;
}

async function openCase(buyer: Buyer, parcel: Parcel): Promise<Case> {
  const order = await readOrder(buyer.table, parcel.orderId);
  return { parcel, order, document: await readDocument(buyer.table, order) };
}

/**
 * Records a label that was paid for. What it prints is compared with the order; a difference holds the order and shows both.
 * @param givenUp a later attempt that ends with that
 */
async function adopt(buyer: Buyer, deal: Deal, purchase: Purchase, bought: BoughtLabel, givenUp?: Purchase): Promise<void> {
  const { parcel, order, document } = deal;
  const act = actOf(buyer);
  // Nobody will print or read the label of a parcel that was called back: it is kept to be voided.
  const isUsed = parcel.status !== 'recalled';
  const paid: Purchase = { ...purchase, bought: paidFor(bought) };
  if (isUsed && bought.document.in === 'nowhere') return await orphan(buyer, parcel, paid, bought.trackingNumber);
  try {
    const { key, forms, fault } = isUsed ? await keepLabel(buyer, deal, bought, purchase.reference) : UNPRINTED;
    const label = labelOf(bought, purchase, { document: key, forms, boughtAt: act.now.toISOString() });
    const ours = parcel.returns === undefined ? document.shipTo : warehouseOf(parcel, buyer.client).address;
    const differences = ours === null || bought.address === null || !isUsed ? [] : differencesOf(ours, bought.address);
    const problem =
      differences.length > 0 ? `the label prints another ${differences.map(({ field }) => field).join(', ')}; compare both with: crossdock order show ${order.orderId}` : fault;
    const settled = await settlePurchase(buyer.table, {
      purchase: endPurchase(paid, 'bought', '', act.now),
      givenUp,
      parcel: labelled({ ...parcel, carrierId: purchase.carrierId }, label, act),
      held: problem === undefined ? undefined : hold(order, 'address', problem, act).order,
      proof:
        ours === null || bought.address === null || differences.length === 0
          ? undefined
          : { addresses: { ours, printed: bought.address, differences }, expiresAt: expiryOf(buyer) },
    });
    if (!settled) throw new Unavailable('shipment.settle-lost', 'The order or parcel changed while its label was bought.', { retryAfterSeconds: 1 });
  } catch (error) {
    // The money is spent: give the lease back so that the next try adopts the purchase at once. One that was given up has none, and is looked up as such.
    if (error instanceof Unavailable && purchase.status === 'buying') await writePurchase(buyer.table, endPurchase(purchase, 'buying', error.message, act.now));
    throw error;
  }
}

const UNPRINTED: Kept = { key: '', forms: [] };

function paidFor({ trackingNumber, carrierRef, cost, currency }: BoughtLabel): NonNullable<Purchase['bought']> {
  return { trackingNumber, carrierRef, cost, currency };
}

function labelOf(
  bought: BoughtLabel,
  { reference, expectedBy, shipDate }: Purchase,
  kept: { readonly document: string; readonly forms: readonly string[]; readonly boughtAt: string },
): Label {
  const { carrier, service, trackingNumber, trackingUrl, cost, currency, carrierRef } = bought;
  const { document, forms, boughtAt } = kept;
  return {
    ...{ carrier, service, trackingNumber, trackingUrl, cost, currency, document, boughtAt, reference, carrierRef },
    ...(forms.length > 0 && { forms }),
    ...(shipDate !== undefined && { shipDate }),
    ...(expectedBy !== undefined && { expectedBy }),
    proof: bought.address === null ? 'request' : 'answer',
  };
}

/** A label that was sold and cannot be had: it is voided, and then another one bought. */
async function orphan(buyer: Buyer, parcel: Parcel, purchase: Purchase, trackingNumber: string): Promise<never> {
  // The carrier tells of it all the same, and is to be understood.
  await buyer.table.putAll([{ ...trackingNumberItem({ ...parcel, carrierId: purchase.carrierId }, trackingNumber, buyer.now().toISOString()) }]);
  await writePurchase(buyer.table, endPurchase(purchase, 'orphan', 'its label cannot be had any more', buyer.now()));
  throw new Unavailable('shipment.label-lost', 'The label was sold and its picture is lost; it is voided, and another one bought.', { retryAfterSeconds: 1 });
}

/** Where a label's documents are kept, or why they cannot be used. */
interface Kept {
  readonly key: string;
  readonly forms: readonly string[];
  readonly fault?: string;
}

/** More customs forms than any carrier prints. */
const MOST_FORMS = 5;

async function keepLabel(buyer: Buyer, deal: Deal, bought: BoughtLabel, reference: string): Promise<Kept> {
  const { orderId, parcel } = deal.parcel;
  const folder = `labels/${encodeURIComponent(orderId)}`;
  const known: LabelAtCarrier = { reference, carrierRef: bought.carrierRef, trackingNumber: bought.trackingNumber };
  try {
    const key = await keepFile(buyer, deal, known, bought.document, `${folder}/${parcel}`);
    const forms: string[] = [];
    for (const [index, form] of bought.forms.slice(0, MOST_FORMS).entries())
      if (form.in !== 'nowhere') forms.push(await keepFile(buyer, deal, known, form, `${folder}/${parcel}-customs-${index + 1}`));
    return { key, forms };
  } catch (error) {
    if (error instanceof Rejected) return { key: '', forms: [], fault: `the label's document cannot be used: ${error.message}` };
    throw error;
  }
}

async function keepFile({ labels }: Buyer, { reached: { carrier, call } }: Deal, label: LabelAtCarrier, source: Source, name: string): Promise<string> {
  const bytes = source.in === 'answer' ? source.bytes : await carrier.label(label, source.in === 'url' ? source.url : null, call);
  const file = labelFileOf(bytes);
  const key = `${name}.${file.extension}`;
  await labels.put(key, file.bytes, file.contentType);
  return key;
}

/** The carrier sells no label for this parcel: the order waits for a person. Proof that nothing was bought ends the purchase, if one was claimed. */
async function refuse(buyer: Buyer, { parcel, order }: Case, purchase: Purchase | undefined, reason: string): Promise<void> {
  const act = actOf(buyer);
  const settled = await settlePurchase(buyer.table, {
    purchase: purchase === undefined ? undefined : endPurchase(purchase, 'refused', reason, act.now),
    parcel: labelRefused(parcel, reason, act),
    held: hold(order, 'operator', `the carrier sells no label: ${reason}`, act).order,
  });
  if (!settled) throw new Unavailable('shipment.settle-lost', 'The order or parcel changed while its label was refused.', { retryAfterSeconds: 1 });
}

/** Nobody but a person can say what became of this purchase. */
async function parkPurchase(buyer: Buyer, { parcel }: Case, purchase: Purchase, reason: string): Promise<void> {
  const act = actOf(buyer);
  const parked = park(parcel, reason, act);
  const ended = endPurchase(purchase, 'parked', reason, act.now);
  const settled = parked === undefined ? await writePurchase(buyer.table, ended) : await settlePurchase(buyer.table, { purchase: ended, parcel: parked });
  if (!settled) throw new Unavailable('shipment.settle-lost', 'The parcel changed while its purchase was parked.', { retryAfterSeconds: 1 });
}

/** The outcome is not known: gives the lease back and comes again to look it up. */
async function leave(buyer: Buyer, purchase: Purchase, reason: string, settles: number | undefined): Promise<never> {
  await writePurchase(buyer.table, endPurchase(purchase, 'buying', reason, buyer.now()));
  const seconds = settles ?? (await secondsLeftAlone(purchase.carrierId, buyer));
  const detail = seconds === undefined ? {} : { retryAfterSeconds: seconds };
  throw new Unavailable('shipment.outcome-unknown', `Whether the label was bought is not known (${reason}); it is looked up.`, detail);
}

function actOf(buyer: Buyer): Act {
  return { by: 'hub', now: buyer.now() };
}

function expiryOf({ client, now }: Buyer): number {
  return Math.floor(now().getTime() / 1000) + client.policies.personalDataDays * 86_400;
}
