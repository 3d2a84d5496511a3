import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Address, addressHash, problemsOf } from './address.ts';
import type { Change } from './change.ts';
import { type Client, productOf } from './client.ts';
import { type Refused, refused } from './error.ts';
import { Instant, orderIdOf } from './id.ts';
import { type Allocation, allocate, type Demand, type Movement, packing, releasing, reserving, type StockView } from './inventory.ts';
import { Currency, Minor } from './money.ts';

/** How many different SKUs one order may hold: a DynamoDB transaction has 100 items and each SKU takes two. */
export const MAX_SKUS = 45;
/** How many lines one order may hold. */
export const MAX_LINES = 200;
/** How many units one line may hold. */
export const MAX_QUANTITY = 10_000;

/** One line of an order as the storefront sold it. */
export const OrderLine = z.object({
  lineId: z.string().min(1).max(80),
  /** Null where the storefront's product has none. */
  sku: z.string().max(80).nullable(),
  title: z.string().max(300),
  /** Units still to be shipped: refunded and removed units are already taken off. */
  quantity: z.int().min(0).max(MAX_QUANTITY),
  unitPrice: Minor,
  requiresShipping: z.boolean(),
});
export type OrderLine = z.infer<typeof OrderLine>;

/**
 * The canonical order: what every storefront adapter turns its payload into, and what is kept as the order document.
 * Holds personal data. Money is in minor units of `currency`.
 */
export const OrderDocument = z.object({
  connectionId: z.string(),
  /** The storefront's own id, digit for digit. */
  sourceId: z.string().min(1).max(120),
  /** The number people know the order by, such as `#1001`. */
  number: z.string().min(1).max(60),
  /** Rises with every change at the storefront: milliseconds of its clock, or its own counter. */
  sourceVersion: z.int().min(0),
  placedAt: Instant,
  test: z.boolean(),
  cancelled: z.boolean(),
  paid: z.boolean(),
  currency: Currency,
  total: Minor.min(0),
  lines: z
    .array(OrderLine)
    .min(1)
    .max(MAX_LINES)
    .refine((lines) => demandOf({ lines }).length <= MAX_SKUS, { error: `hold more than ${MAX_SKUS} different SKUs to ship; split the order` }),
  /** Null where the storefront gave none, as for pick-up or withheld data. */
  shipTo: Address.nullable(),
  email: z.string().max(254).nullable(),
  phone: z.string().max(40).nullable(),
  /** BCP 47 language of the customer. */
  locale: z.string().max(20),
});
export type OrderDocument = z.infer<typeof OrderDocument>;

/** Why an order waits. */
export const HoldKind = z.enum(['address', 'payment', 'stock', 'client', 'operator']);
export type HoldKind = z.infer<typeof HoldKind>;

/** Something that stands between an order and its packing. */
interface Hold {
  readonly kind: HoldKind;
  readonly reason: string;
  readonly at: string;
  readonly by: string;
}

type OrderStatus = 'held' | 'backordered' | 'allocated' | 'authorised' | 'packed' | 'dispatched' | 'delivered' | 'cancelled' | 'closed';

/** Which of two versions of an order is the newer: the storefront's clock, then how far it got in life, then its content. */
export interface SourceVersion {
  readonly version: number;
  readonly rank: number;
  readonly digest: string;
}

/** The state of one order. Holds no personal data; small, because it is written at every step. */
export interface Order {
  readonly entity: 'order';
  readonly orderId: string;
  readonly connectionId: string;
  readonly number: string;
  readonly source: SourceVersion;
  readonly status: OrderStatus;
  readonly holds: readonly Hold[];
  /** Fingerprints of holds that a person has released, so that a repeat of the same order does not raise them again. */
  readonly cleared: readonly string[];
  /** Units to ship per SKU. */
  readonly demand: readonly Demand[];
  readonly allocations: readonly Allocation[];
  readonly currency: string;
  readonly total: number;
  /** ISO 3166-1 alpha-2, or empty where there is no address. */
  readonly country: string;
  readonly addressHash: string;
  readonly authorisation: { readonly by: string; readonly at: string; readonly addressHash: string } | null;
  readonly receivedAt: string;
  readonly packedAt?: string;
  readonly dispatchedAt?: string;
  readonly deliveredAt?: string;
  readonly version: number;
  readonly change: Change;
  /** The list a person or sweeper finds it in, if any. */
  readonly work?: string;
}

/** Who does something, and when. */
export interface Act {
  /** `hub`, `policy`, a connection id, or a person's user name. */
  readonly by: string;
  readonly now: Date;
}

/** An order that changed, with the stock that moves in the same transaction. */
export interface Saved {
  readonly kind: 'saved';
  readonly order: Order;
  readonly movements: readonly Movement[];
}

/** Nothing to do: the hub knows this version, or a newer one. */
export interface Unchanged {
  readonly kind: 'unchanged';
  readonly why: 'duplicate' | 'older';
}

/** The id of the order that a document is a version of. */
export function idOf(document: Pick<OrderDocument, 'connectionId' | 'sourceId'>): string {
  return orderIdOf(document.connectionId, document.sourceId);
}

// Made once: a schema compiles itself on its first use.
const Content = OrderDocument.omit({ sourceVersion: true });

/** The version of a document. The digest leaves the clock out, so a repeat of the same content is the same document. */
export function sourceVersionOf({ sourceVersion, ...content }: OrderDocument): SourceVersion {
  const digest = createHash('sha256')
    .update(JSON.stringify(Content.parse(content)))
    .digest('base64url')
    .slice(0, 22);
  return { version: sourceVersion, rank: content.cancelled ? 2 : content.paid ? 1 : 0, digest };
}

/** Negative when `a` is the older version, 0 when they are the same, positive when `a` is the newer one. */
export function compareVersions(a: SourceVersion, b: SourceVersion): number {
  return a.version - b.version || a.rank - b.rank || (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0);
}

/**
 * Takes in one version of an order: refuses repeats and older versions, evaluates holds, reserves stock, authorises by policy.
 * Whatever the order of arrival, the result is that of the newest version.
 * @param stock is drawn down by what the order takes, so that the next order of a batch sees it
 */
export function takeIn(document: OrderDocument, existing: Order | undefined, stock: StockView, client: Client, act: Act): Saved | Unchanged {
  const source = sourceVersionOf(document);
  const age = existing === undefined ? 1 : compareVersions(source, existing.source);
  if (age <= 0) return { kind: 'unchanged', why: age === 0 ? 'duplicate' : 'older' };
  if (existing !== undefined && isBeyondPacking(existing)) return afterPacking(document, source, existing, act);

  const draft = draftOf(document, source, existing, client, act);
  const finished = document.cancelled ? 'cancelled' : closedReason(document, draft.demand) ? 'closed' : undefined;
  if (finished !== undefined) {
    const reason = document.cancelled ? 'cancelled by the storefront' : (closedReason(document, draft.demand) ?? '');
    return settle({ ...draft, holds: [] }, existing, { allocations: [], authorisation: null, status: finished }, stock, act, `order.${finished}`, reason);
  }

  const kept = existing !== undefined && sameDemand(existing.demand, draft.demand) ? existing.allocations : [];
  for (const allocation of existing?.allocations ?? []) stock.move(releasing(allocation, draft.orderId));
  const found = kept.length > 0 ? kept : (isKnown(draft.demand, client) && allocate(draft.demand, warehousesOf(client), stock)) || [];
  // Giving up one set of counters and taking another must fit one transaction; else the order gives up now and is filled next.
  const allocations = placesOf([...(existing?.allocations ?? []), ...found]) > MAX_SKUS ? [] : found;
  for (const allocation of existing?.allocations ?? []) stock.move(reserving(allocation, draft.orderId));
  const authorisation =
    allocations.length > 0 && draft.holds.length === 0 && existing === undefined ? byPolicy(draft, client, act) : keptAuthorisation(draft, existing, allocations, client, act);
  return settle(
    draft,
    existing,
    { allocations, authorisation },
    stock,
    act,
    existing === undefined ? 'order.accepted' : 'order.changed',
    existing === undefined ? 'received' : 'changed at the storefront',
  );
}

/** Reserves stock for an order that waits for it. @returns undefined when there still is not enough */
export function fill(order: Order, stock: StockView, client: Client, act: Act): Saved | undefined {
  if (order.allocations.length > 0 || !['backordered', 'held'].includes(order.status) || !isKnown(order.demand, client)) return undefined;
  const allocations = allocate(order.demand, warehousesOf(client), stock);
  if (allocations === undefined) return undefined;
  const authorisation = order.holds.length === 0 && order.cleared.length === 0 ? byPolicy(order, client, act) : null;
  return settle(order, order, { allocations, authorisation }, stock, act, 'order.allocated', 'stock arrived');
}

/** Takes a hold off. The order then waits for a person's authorisation. */
export function releaseHold(order: Order, kind: HoldKind, reason: string, act: Act): Saved | Refused {
  if (!order.holds.some((hold) => hold.kind === kind)) return refused('order.hold-absent', `Order ${order.orderId} has no ${kind} hold; its holds: ${holdList(order)}.`);
  if (kind === 'stock') return refused('order.hold-fixed', 'A stock hold ends when the SKU is in the client file and in stock; add the product there.');
  const holds = order.holds.filter((hold) => hold.kind !== kind);
  const cleared = [...order.cleared, `${kind}:${kind === 'address' ? order.addressHash : order.source.digest}`].slice(-10);
  return next({ ...order, holds, cleared }, act, 'order.released', `${kind} hold released: ${reason}`);
}

/** Replaces the address an order goes to. An address hold ends when the new one is fit to ship to; authorisation is withdrawn. */
export function correctAddress(order: Order, document: OrderDocument, act: Act): Saved | Refused {
  if (isBeyondPacking(order) || isFinal(order)) return refused('order.address-fixed', `Order ${order.orderId} is ${order.status}; its address can no longer change.`);
  if (document.shipTo === null) return refused('address.missing', 'The correction holds no address.');
  const problems = problemsOf(document.shipTo);
  if (problems.length > 0) return refused('address.unfit', `The address is not fit to ship to: ${problems.map(({ field, problem }) => `${field} ${problem}`).join('; ')}.`);
  const hash = addressHash(document.shipTo);
  // The address a person gave is cleared, the storefront's is not: a newer version that brings the bad one back is held again.
  const cleared = [...order.cleared, `address:${hash}`].slice(-10);
  // Half a rank up: a repeat of the version that was corrected is older now, and does not undo the correction.
  const source = { ...order.source, rank: Math.floor(order.source.rank) + 0.5, digest: sourceVersionOf(document).digest };
  const holds = order.holds.filter((hold) => hold.kind !== 'address');
  return next({ ...order, source, holds, cleared, addressHash: hash, country: document.shipTo.country, authorisation: null }, act, 'order.readdressed', 'address corrected');
}

/** Authorises an order for packing. */
export function authorise(order: Order, reason: string, act: Act): Saved | Refused {
  if (order.status === 'authorised') return refused('order.authorised-already', `Order ${order.orderId} is authorised already.`);
  if (order.status !== 'allocated') return refused('order.not-ready', `Order ${order.orderId} is ${order.status}; ${whatIsMissing(order)}.`);
  return next({ ...order, authorisation: authorisationOf(order, act) }, act, 'order.authorised', reason);
}

/** Whether an order may be packed and labelled now. The database checks the same again when it writes. */
export function packGate(order: Order): Refused | undefined {
  if (order.holds.length > 0) return refused('order.held', `Order ${order.orderId} is held (${holdList(order)}); release the holds first.`);
  if (order.authorisation === null) return refused('order.not-authorised', `Order ${order.orderId} is ${order.status}; authorise it first.`);
  if (order.authorisation.addressHash !== order.addressHash)
    return refused('order.readdressed', `The address of order ${order.orderId} changed after it was authorised; authorise it again.`);
  return undefined;
}

/** Packs an order: every unit that was planned must have been scanned, no more and no fewer. The reservation is spent. */
export function pack(order: Order, scanned: readonly Demand[], act: Act): Saved | Refused {
  if (isBeyondPacking(order)) return refused('order.packed-already', `Order ${order.orderId} is ${order.status} already.`);
  const gate = packGate(order);
  if (gate !== undefined) return gate;
  const wrong = scanDifferences(order.demand, scanned);
  if (wrong.length > 0) return refused('shipment.contents-differ', `The parcel does not hold what the order needs: ${wrong.join('; ')}.`);
  const movements = order.allocations.map((allocation) => packing(allocation, order.orderId));
  return { ...next({ ...order, status: 'packed', packedAt: act.now.toISOString() }, act, 'order.packed', 'all units scanned'), movements };
}

/** Notes that an order left the building, or reached its customer. @returns undefined when that is known already */
export function follow(order: Order, to: 'dispatched' | 'delivered', at: string, act: Act, dispatchedAt = at): Saved | undefined {
  if (!isBeyondPacking(order) || order.status === to || order.status === 'delivered') return undefined;
  const clocks = to === 'dispatched' ? { dispatchedAt: at } : { dispatchedAt: order.dispatchedAt ?? dispatchedAt, deliveredAt: at };
  return next({ ...order, ...clocks, status: to }, act, `order.${to}`, `the parcel was ${to}`);
}

/** Puts an order on hold. */
export function hold(order: Order, kind: HoldKind, reason: string, act: Act): Saved {
  const holds = [...order.holds.filter((other) => other.kind !== kind), holdOf(kind, reason, act)];
  return next({ ...order, holds }, act, 'order.held', reason);
}

function draftOf(document: OrderDocument, source: SourceVersion, existing: Order | undefined, client: Client, act: Act): Order {
  const demand = demandOf(document);
  const hash = document.shipTo === null ? '' : addressHash(document.shipTo);
  const base = {
    entity: 'order' as const,
    orderId: idOf(document),
    connectionId: document.connectionId,
    number: document.number,
    source,
    status: 'held' as const,
    cleared: existing?.cleared ?? [],
    demand,
    allocations: existing?.allocations ?? [],
    currency: document.currency,
    total: document.total,
    country: document.shipTo?.country ?? '',
    addressHash: hash,
    authorisation: null,
    receivedAt: existing?.receivedAt ?? act.now.toISOString(),
    version: existing?.version ?? 0,
    change: { type: 'order.accepted' as const, at: act.now.toISOString(), by: act.by, reason: '' },
  };
  const manual = existing?.holds.filter((held) => held.kind === 'operator' || held.kind === 'client') ?? [];
  const found = holdsFor(document, demand, client, act).filter((held) => !base.cleared.includes(`${held.kind}:${held.kind === 'address' ? hash : source.digest}`));
  return { ...base, holds: [...manual, ...found] };
}

function holdsFor(document: OrderDocument, demand: readonly Demand[], client: Client, act: Act): Hold[] {
  const holds: Hold[] = [];
  const problems = document.shipTo === null ? ['no shipping address'] : problemsOf(document.shipTo).map(({ field, problem }) => `${field} ${problem}`);
  if (problems.length > 0) holds.push(holdOf('address', problems.join('; '), act));
  if (!document.paid) holds.push(holdOf('payment', 'not paid yet', act));
  const unknown = demand.filter(({ sku }) => productOf(client, sku) === undefined).map(({ sku }) => sku || 'a line without SKU');
  if (unknown.length > 0) holds.push(holdOf('stock', `not in the client file: ${unknown.slice(0, 5).join(', ')}`, act));
  return holds;
}

function holdOf(kind: HoldKind, reason: string, act: Act): Hold {
  return { kind, reason: reason.slice(0, 200), at: act.now.toISOString(), by: act.by };
}

/** Units to ship per SKU: lines of one SKU are added up, lines that need no shipping are left out. */
export function demandOf(document: { readonly lines: readonly OrderLine[] }): Demand[] {
  const units = new Map<string, number>();
  for (const { sku, quantity, requiresShipping } of document.lines) {
    if (requiresShipping && quantity > 0) units.set(sku ?? '', (units.get(sku ?? '') ?? 0) + quantity);
  }
  return [...units].map(([sku, quantity]) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
}

function closedReason(document: OrderDocument, demand: readonly Demand[]): string | undefined {
  if (document.test) return 'a test order of the storefront: recorded, never shipped';
  return demand.length === 0 ? 'nothing to ship' : undefined;
}

function isKnown(demand: readonly Demand[], client: Client): boolean {
  return demand.every(({ sku }) => productOf(client, sku) !== undefined);
}

function warehousesOf(client: Client): string[] {
  return client.warehouses.map((warehouse) => warehouse.id);
}

function byPolicy(order: Pick<Order, 'total' | 'currency' | 'addressHash'>, client: Client, act: Act): Order['authorisation'] {
  const { mode, limit } = client.policies.authorisation;
  // A limit is in the client's currency; an order in another one is not comparable and waits for a person.
  const within = limit === undefined || (order.currency === client.currency && order.total <= limit);
  return mode === 'automatic' && within ? authorisationOf(order, { ...act, by: 'policy' }) : null;
}

function authorisationOf(order: Pick<Order, 'addressHash'>, act: Act): NonNullable<Order['authorisation']> {
  return { by: act.by, at: act.now.toISOString(), addressHash: order.addressHash };
}

function keptAuthorisation(draft: Order, existing: Order | undefined, allocations: readonly Allocation[], client: Client, act: Act): Order['authorisation'] {
  if (existing === undefined || draft.holds.length > 0 || allocations.length === 0) return null;
  const sameOrCheaper = existing.currency === draft.currency && draft.total <= existing.total;
  const unchanged = existing.authorisation?.addressHash === draft.addressHash && sameDemand(existing.demand, draft.demand) && sameOrCheaper;
  if (unchanged) return existing.authorisation;
  // A person once had to look at this order: an edit does not let it past them again.
  return existing.cleared.length > 0 ? null : byPolicy(draft, client, act);
}

function afterPacking(document: OrderDocument, source: SourceVersion, existing: Order, act: Act): Saved {
  const changes = [
    document.cancelled ? 'cancelled' : undefined,
    sameDemand(demandOf(document), existing.demand) ? undefined : 'lines changed',
    document.shipTo !== null && addressHash(document.shipTo) === existing.addressHash ? undefined : 'address changed',
  ].filter((change) => change !== undefined);
  // Before the label is bought the hold stops the purchase; afterwards it tells a person to intercept the parcel.
  return changes.length === 0 || existing.status === 'delivered'
    ? next({ ...existing, source }, act, 'order.noted', changes.length === 0 ? 'changed at the storefront, nothing to do' : `${changes.join(', ')} after delivery`)
    : hold({ ...existing, source }, 'client', `${changes.join(', ')} at the storefront after packing`, act);
}

function settle(
  draft: Order,
  existing: Order | undefined,
  to: { readonly allocations: readonly Allocation[]; readonly authorisation: Order['authorisation']; readonly status?: OrderStatus },
  stock: StockView,
  act: Act,
  type: Change['type'],
  reason: string,
): Saved {
  const before = existing?.allocations ?? [];
  const same = sameAllocations(before, to.allocations);
  const movements = same ? [] : [...before.map((allocation) => releasing(allocation, draft.orderId)), ...to.allocations.map((allocation) => reserving(allocation, draft.orderId))];
  for (const movement of movements) stock.move(movement);
  const saved = next({ ...draft, allocations: to.allocations, authorisation: to.authorisation, ...(to.status && { status: to.status }) }, act, type, reason);
  return { ...saved, movements };
}

/** The next version of an order, with its status and work list derived from the rest. */
function next(order: Order, act: Act, type: Change['type'], reason: string): Saved {
  const status = statusOf(order);
  const { work: _, ...rest } = order;
  const work = order.holds.length > 0 && status !== 'delivered' ? 'held' : WORK[status];
  const change = { type, at: act.now.toISOString(), by: act.by, reason: reason.slice(0, 250) };
  return { kind: 'saved', order: { ...rest, status, version: order.version + 1, change, ...(work && { work }) }, movements: [] };
}

const WORK: Partial<Record<OrderStatus, string>> = { backordered: 'backordered', allocated: 'authorise' };

function statusOf(order: Order): OrderStatus {
  if (isFinal(order) || isBeyondPacking(order)) return order.status;
  if (order.holds.length > 0) return 'held';
  if (order.allocations.length === 0) return 'backordered';
  return order.authorisation === null ? 'allocated' : 'authorised';
}

/** Whether the goods are in a parcel, so that stock no longer answers for them. */
export function isBeyondPacking(order: Pick<Order, 'status'>): boolean {
  return order.status === 'packed' || order.status === 'dispatched' || order.status === 'delivered';
}

function isFinal(order: Pick<Order, 'status'>): boolean {
  return order.status === 'cancelled' || order.status === 'closed';
}

function holdList(order: Order): string {
  return order.holds.map((held) => held.kind).join(', ') || 'none';
}

function whatIsMissing(order: Order): string {
  if (order.status === 'held') return `release its holds first (${holdList(order)})`;
  return order.status === 'backordered' ? 'it waits for stock' : 'there is nothing to authorise';
}

function sameDemand(a: readonly Demand[], b: readonly Demand[]): boolean {
  return a.length === b.length && a.every((line, index) => line.sku === b[index]?.sku && line.quantity === b[index]?.quantity);
}

function placesOf(allocations: readonly Allocation[]): number {
  return new Set(allocations.map(({ sku, warehouse }) => `${warehouse} ${sku}`)).size;
}

function sameAllocations(a: readonly Allocation[], b: readonly Allocation[]): boolean {
  return sameDemand(a, b) && a.every((line, index) => line.warehouse === b[index]?.warehouse);
}

function scanDifferences(planned: readonly Demand[], scanned: readonly Demand[]): string[] {
  const units = (list: readonly Demand[], sku: string) => list.reduce((sum, line) => (line.sku === sku ? sum + line.quantity : sum), 0);
  const skus = new Set([...planned, ...scanned].map((line) => line.sku));
  return [...skus].filter((sku) => units(planned, sku) !== units(scanned, sku)).map((sku) => `${sku} planned ${units(planned, sku)}, scanned ${units(scanned, sku)}`);
}
