import { addressHash, differencesOf } from '../core/address.ts';
import type { Client } from '../core/client.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import { type Act, hold, type Order } from '../core/order.ts';
import type { OrderDocument } from '../core/order-document.ts';
import { chooseRate, claimOf, endPurchase, type Label, labelled, labelRefused, type Parcel, type Purchase, renewLease } from '../core/shipment.ts';
import type { Bucket } from './aws/object-store.ts';
import { readDocument, readOrder } from './aws/order-store.ts';
import { claimPurchase, settlePurchase, writePurchase } from './aws/purchase-store.ts';
import type { SecretStore } from './aws/secret-store.ts';
import type { Table } from './aws/table.ts';
import { type BoughtLabel, type Carrier, type CarrierCall, loadCarrier } from './carrier.ts';
import type { Http } from './http.ts';

/** What buying labels works with. */
export interface Buyer {
  readonly table: Table;
  readonly client: Client;
  readonly secrets: SecretStore;
  readonly http: Http;
  readonly labels: Bucket;
  now(): Date;
  newId(): string;
}

/** Everything about one parcel that a purchase needs. */
interface Case {
  readonly parcel: Parcel;
  readonly order: Order;
  readonly document: OrderDocument;
  readonly carrier: Carrier;
  readonly call: CarrierCall<unknown>;
}

/**
 * Buys a label: offer, claim, buy, settle. The claim is written before money is asked for; an outcome that is not known
 * is left for a look-up, never repeated.
 * @throws Unavailable when it must be looked at again
 */
export async function buy(buyer: Buyer, parcel: Parcel, attempt: number): Promise<void> {
  const purchaseCase = await open(buyer, parcel);
  const { order, document, carrier, call } = purchaseCase;
  // A hold, or an address that changed after packing: the release of the hold brings the parcel here again.
  if (document.shipTo === null || !mayShip(order, document, parcel)) return;
  const from = buyer.client.warehouses.find(({ id }) => id === parcel.warehouse)?.address;
  if (from === undefined) throw new Rejected('shipment.warehouse-unknown', `Warehouse ${parcel.warehouse} is not in the client file.`);
  const reference = buyer.newId();
  const offer = await offerOrRefusal(carrier, { reference, from, to: document.shipTo, email: document.email, weight: parcel.weight }, call);
  const rate = typeof offer === 'string' ? undefined : chooseRate(offer.rates, buyer.client.currency, carrier.services(call.settings));
  if (typeof offer === 'string' || rate === undefined) {
    return await refuse(buyer, purchaseCase, undefined, typeof offer === 'string' ? offer : `no allowed service at a price in ${buyer.client.currency}`);
  }
  const purchase = claimOf(parcel, attempt, { reference, carrierRef: offer.carrierRef, rate }, buyer.now());
  if (!(await claimPurchase(buyer.table, purchase, parcel)))
    throw new Unavailable('shipment.claim-lost', 'The order changed, or another invocation claimed this label.', { retryAfterSeconds: 2 });
  await spend(buyer, purchaseCase, purchase);
}

/** The one place where money is spent: a single call under a claim that this invocation holds. */
async function spend(buyer: Buyer, purchaseCase: Case, purchase: Purchase): Promise<void> {
  const outcome = await purchaseCase.carrier.buy(purchase, purchaseCase.call);
  if (outcome.outcome === 'bought') return await adopt(buyer, purchaseCase, purchase, outcome.label);
  if (outcome.outcome === 'refused') return await refuse(buyer, purchaseCase, purchase, outcome.reason);
  await leave(buyer, purchase, outcome.reason, LOOK_AFTER_SECONDS);
}

/** A purchase that was made shows at once as a rule, so the first look is soon. */
const LOOK_AFTER_SECONDS = 2;

/**
 * Looks up a purchase whose outcome is not known: adopts it if it was made. If it was not, a carrier whose purchase has two steps
 * is asked again, for it sells one shipment once; of any other it is only believed after its settle time, and then frees the way for
 * another attempt. Earlier attempts are looked up too: a carrier may show one late.
 */
export async function find(buyer: Buyer, parcel: Parcel, latest: Purchase, purchases: readonly Purchase[]): Promise<void> {
  const purchaseCase = await open(buyer, parcel);
  const { carrier, call, order, document } = purchaseCase;
  const purchase = renewLease(latest, buyer.now());
  if (!(await writePurchase(buyer.table, purchase))) throw new Unavailable('shipment.claim-lost', 'Another invocation looks this purchase up.', { retryAfterSeconds: 2 });
  for (const one of [purchase, ...purchases.filter(({ status }) => status === 'absent')]) {
    const found = await carrier.find(one, call);
    if (found.outcome === 'bought') return await adopt(buyer, purchaseCase, one, found.label);
    if (found.outcome === 'unknown') return await leave(buyer, purchase, found.reason, undefined);
  }
  if (carrier.purchaseGuard === 'two-step' && mayShip(order, document, parcel)) return await spend(buyer, purchaseCase, purchase);
  const unsettled = carrier.settleSeconds - (buyer.now().getTime() - Date.parse(purchase.claimedAt)) / 1000;
  if (unsettled > 0) return await leave(buyer, purchase, 'not shown yet', Math.ceil(unsettled));
  await writePurchase(buyer.table, endPurchase(purchase, 'absent', 'the carrier does not know of it', buyer.now()));
  throw new Unavailable('shipment.purchase-absent', 'The carrier sold nothing; a new attempt follows.', { retryAfterSeconds: 1 });
}

/**
 * Looks attempts up that were given up as absent, before a parcel is unpacked: a carrier may show a sale late, and a label that was paid
 * for is kept.
 * @returns whether one was bought after all
 * @throws Unavailable when the carrier does not tell
 */
export async function findLate(buyer: Buyer, parcel: Parcel, absent: readonly Purchase[]): Promise<boolean> {
  if (absent.length === 0) return false;
  const purchaseCase = await open(buyer, parcel);
  for (const one of absent) {
    const found = await purchaseCase.carrier.find(one, purchaseCase.call);
    if (found.outcome === 'unknown')
      throw new Unavailable('shipment.outcome-unknown', `Whether attempt ${one.attempt} bought a label is not known (${found.reason}); it is looked up.`);
    if (found.outcome === 'absent') continue;
    await adopt(buyer, purchaseCase, one, found.label);
    return true;
  }
  return false;
}

function mayShip(order: Order, { shipTo }: OrderDocument, parcel: Parcel): boolean {
  return parcel.status === 'packed' && shipTo !== null && order.holds.length === 0 && addressHash(shipTo) === parcel.addressHash;
}

async function open(buyer: Buyer, parcel: Parcel): Promise<Case> {
  const [line, order] = await Promise.all([connect(buyer, parcel), readOrder(buyer.table, parcel.orderId)]);
  const document = await readDocument(buyer.table, order);
  return { parcel, order, document, ...line };
}

/** Opens the line to a parcel's carrier. @throws Rejected `carrier.unknown` */
export async function connect(buyer: Buyer, parcel: Parcel): Promise<Pick<Case, 'carrier' | 'call'>> {
  const connection = buyer.client.carriers.find(({ id }) => id === parcel.carrierId);
  if (connection === undefined) throw new Rejected('carrier.unknown', `No carrier connection is called ${JSON.stringify(parcel.carrierId)} in this client's file.`);
  const [carrier, secret] = await Promise.all([loadCarrier(connection.kind), buyer.secrets.read(connection.id, buyer.now())]);
  return { carrier, call: { settings: connection.settings, token: secret?.token ?? '', http: buyer.http } };
}

/** An offer, or why the carrier will not take the shipment. */
async function offerOrRefusal(carrier: Carrier, shipment: Parameters<Carrier['offer']>[0], call: CarrierCall<unknown>) {
  try {
    return await carrier.offer(shipment, call);
  } catch (error) {
    if (error instanceof Rejected) return error.message;
    throw error;
  }
}

/** Records a label that was paid for. What it prints is compared with the order; a difference holds the order and shows both. */
async function adopt(buyer: Buyer, { parcel, order, document, carrier, call }: Case, purchase: Purchase, bought: BoughtLabel): Promise<void> {
  const act = actOf(buyer);
  // Nobody will print or read the label of a parcel that was called back: it is kept to be voided.
  const used = parcel.status !== 'recalled';
  try {
    const { key, fault } = used ? await keepLabel(buyer, parcel, bought, carrier, call) : UNPRINTED;
    const label: Label = { ...priceOf(bought), document: key, boughtAt: act.now.toISOString() };
    const differences = document.shipTo === null || !used ? [] : differencesOf(document.shipTo, bought.address);
    const problem =
      differences.length > 0 ? `the label prints another ${differences.map(({ field }) => field).join(', ')}; compare both with: crossdock order show ${order.orderId}` : fault;
    const settled = await settlePurchase(buyer.table, {
      purchase: endPurchase(purchase, 'bought', '', act.now),
      parcel: labelled(parcel, label, act),
      held: problem === undefined ? undefined : hold(order, 'address', problem, act).order,
      proof:
        document.shipTo === null || differences.length === 0
          ? undefined
          : { addresses: { ours: document.shipTo, printed: bought.address, differences }, expiresAt: expiryOf(buyer) },
    });
    if (!settled) throw new Unavailable('shipment.settle-lost', 'The order or parcel changed while its label was bought.', { retryAfterSeconds: 1 });
  } catch (error) {
    // The money is spent: give the lease back so that the next try adopts the purchase at once.
    if (error instanceof Unavailable) await writePurchase(buyer.table, endPurchase(purchase, 'buying', error.message, act.now));
    throw error;
  }
}

const UNPRINTED: Kept = { key: '' };

function priceOf({ carrier, service, trackingNumber, trackingUrl, cost, currency }: BoughtLabel): Omit<Label, 'document' | 'boughtAt'> {
  return { carrier, service, trackingNumber, trackingUrl, cost, currency };
}

/** Where a label's document is kept, or why it cannot be used. */
interface Kept {
  readonly key: string;
  readonly fault?: string;
}

async function keepLabel(buyer: Buyer, parcel: Parcel, bought: BoughtLabel, carrier: Carrier, call: CarrierCall<unknown>): Promise<Kept> {
  try {
    const { bytes, contentType, extension } = await carrier.label(bought.documentUrl, call);
    const key = `labels/${encodeURIComponent(parcel.orderId)}/${parcel.parcel}.${extension}`;
    await buyer.labels.put(key, bytes, contentType);
    return { key };
  } catch (error) {
    if (error instanceof Rejected) return { key: '', fault: `the label's document cannot be used: ${error.message}` };
    throw error;
  }
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

/** The outcome is not known: gives the lease back and comes again to look it up. */
async function leave(buyer: Buyer, purchase: Purchase, reason: string, seconds: number | undefined): Promise<never> {
  await writePurchase(buyer.table, endPurchase(purchase, 'buying', reason, buyer.now()));
  const detail = seconds === undefined ? {} : { retryAfterSeconds: seconds };
  throw new Unavailable('shipment.outcome-unknown', `Whether the label was bought is not known (${reason}); it is looked up.`, detail);
}

function actOf(buyer: Buyer): Act {
  return { by: 'hub', now: buyer.now() };
}

function expiryOf({ client, now }: Buyer): number {
  return Math.floor(now().getTime() / 1000) + client.policies.personalDataDays * 86_400;
}
