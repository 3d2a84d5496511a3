import { addressHash } from './address.ts';
import { type AllocationDecision, type AllocationPlan, allocate, MAX_PLACES } from './allocation.ts';
import type { Change } from './change.ts';
import { type Client, productOf } from './client.ts';
import { authoriserOf, factsOf, type History } from './customer.ts';
import { type Refused, refused } from './error.ts';
import { type Hold, RELEASED_BY } from './hold.ts';
import { type Allocation, type Demand, lessUnits, placeKey, releasing, reserving } from './inventory.ts';
import { explode } from './kit.ts';
import type { LoadView, Slot } from './load.ts';
import {
  type Act,
  authorisationOf,
  fingerprintOf,
  hasContent,
  hasLeft,
  isFinal,
  isLive,
  missingUnits,
  next,
  type Order,
  openDemand,
  type Saved,
  soldUnitsSent,
  standingHold,
  turnOf,
  unfitness,
} from './order.ts';
import { compareVersions, fulfilledIn, idOf, type OrderDocument, type SourceVersion, soldIn, sourceVersionOf } from './order-document.ts';
import { judge, USUAL_PRIORITY } from './rule.ts';
import type { StockView } from './stock-view.ts';

/** What is known when orders are decided: read a moment ago, and drawn down by each order so that the next of a batch sees it. */
export interface Readings {
  readonly client: Client;
  readonly stock: StockView;
  readonly load: LoadView;
  /** What is known of the customers, by order; empty where no rule asks. */
  readonly history: ReadonlyMap<string, History>;
}

/** Nothing to do: the hub knows this version, or a newer one. */
export interface Unchanged {
  readonly kind: 'unchanged';
  readonly why: 'duplicate' | 'older';
}

/**
 * Takes in one version of an order: refuses repeats and older versions, asks the rules, reserves stock, authorises by policy. Units that
 * are packed stay packed: what has not left is called back when the order ends, and held for a person when it no longer fits.
 * Whatever the order of arrival, the result is that of the newest version.
 */
export function takeIn(document: OrderDocument, existing: Order | undefined, readings: Readings, act: Arriving): Saved | Unchanged {
  const source = sourceVersionOf(document);
  const age = existing === undefined ? 1 : compareVersions(source, existing.source);
  if (age <= 0) return { kind: 'unchanged', why: age === 0 ? 'duplicate' : 'older' };
  if (existing !== undefined && isRepeat(document, source, existing, readings.client)) return noteRepeat(existing, source, act);
  const draft = draftOf(document, source, existing, readings, act);
  const reason = document.cancelled ? 'cancelled by the storefront' : closedReason(document, draft.demand);
  if (reason !== undefined) return end(draft, existing, document.cancelled ? 'cancelled' : 'closed', reason, readings, act);

  const checked = afterPacking(draft, existing, act);
  const [type, why] = existing === undefined ? (['order.accepted', 'received'] as const) : changeOf(checked, existing);
  return settle(checked, existing, reserve(checked, existing, readings, act), { type, why }, readings, act);
}

/** Whether a newer version says nothing new: storefronts touch an order for reasons of their own, and repeat to us what we told them. */
function isRepeat(document: OrderDocument, { digest }: SourceVersion, existing: Order, client: Client): boolean {
  return hasContent(existing, digest) && sameUnits(demandOf(document, existing, client), existing.demand);
}

/** Notes that the storefront's newest version is this one, and leaves all else as people and the hub have decided it. */
function noteRepeat(existing: Order, { version, rank }: SourceVersion, act: Act): Saved {
  // Half a rank up where a person corrected it, as the correction was: a repeat of the same version does not undo it.
  const source = { ...existing.source, version, rank: existing.corrected === undefined ? rank : Math.max(rank, Math.floor(rank) + 0.5) };
  return next({ ...existing, source }, act, 'order.noted', 'the storefront repeats what is known');
}

/** Units per product that a version of an order needs: kits are taken apart, by the recipe they had when they first came in. */
export function demandOf(document: OrderDocument, existing: Order | undefined, client: Client): Demand[] {
  return explode(wantedIn(document, existing), client, existing?.kits ?? []).demand;
}

/**
 * Units to ship per SKU as they were sold, less those that the storefront counts as shipped and that did not leave in parcels of ours: a
 * storefront repeats to us what we told it, and that changes nothing; what somebody else shipped is not shipped again.
 */
function wantedIn(document: OrderDocument, existing: Order | undefined): Demand[] {
  const sold = soldIn(document);
  const fulfilled = fulfilledIn(document);
  if (fulfilled.length === 0) return sold;
  const ours = existing === undefined ? [] : soldUnitsSent(existing);
  // It was told of a parcel of ours, and says the same of those that are still to leave.
  if (document.fulfils === 'order' && ours.length > 0) return sold;
  return lessUnits(sold, lessUnits(fulfilled, ours));
}

/** The priority that rules give a new order. */
export function priorityOf(document: OrderDocument, { client, history }: Readings): number {
  if (!client.rules.some((rule) => rule.actions.some((action) => action.do === 'prioritise'))) return USUAL_PRIORITY;
  const facts = factsOf(document, demandOf(document, undefined, client), client, history.get(idOf(document)), new Set(['received'] as const));
  return judge(client.rules, facts, client.currency).priority ?? USUAL_PRIORITY;
}

/** Who brought a version of an order in, and when it was acknowledged, if that is not now. */
export interface Arriving extends Act {
  /** UTC instant. */
  readonly receivedAt?: string;
}

/** Reserves stock for an order that waits for it. @returns undefined when there still is nothing to be had */
export function fill(order: Order, readings: Readings, act: Act): Saved | undefined {
  const { client } = readings;
  if (isFinal(order) || !isKnown(order.demand, client) || missingUnits(order).length === 0) return undefined;
  const plan = reserve(order, order, readings, act);
  if (sameAllocations(plan.allocations, order.allocations)) return undefined;
  // The SKU that nobody knew has come into the client file and into stock.
  const holds = order.holds.filter(({ kind, release }) => !(kind === 'stock' && release === 'hub'));
  return settle({ ...order, holds }, order, plan, { type: 'order.allocated', why: 'stock arrived' }, readings, act);
}

/** Gives an order other stock: all it has reserved goes back, and it is allocated anew, from one warehouse alone where one is named. */
export function reallocate(order: Order, warehouse: string | undefined, reason: string, readings: Readings, act: Act): Saved | Refused {
  if (order.allocations.length === 0) return refused('order.not-allocated', `Order ${order.orderId} is ${order.status} and has nothing reserved that could be moved.`);
  if (warehouse !== undefined && order.only?.includes(warehouse) === false)
    return refused('order.warehouse-barred', `Rules let order ${order.orderId} ship from ${order.only.join(', ')} alone, not from ${warehouse}.`);
  const only = warehouse === undefined ? {} : { only: [warehouse] };
  const plan = reserve({ ...order, ...only }, { ...order, demand: [] }, readings, act);
  const worse = lessUnits(missingUnits({ ...order, allocations: plan.allocations }), missingUnits(order)).length > 0;
  if (plan.allocations.length === 0 || worse)
    return refused('order.no-other-stock', `Order ${order.orderId} keeps what it has: ${plan.decision?.why ?? 'there is no other stock'}.`);
  const { packing: _, ...rest } = order;
  return settle(rest, order, plan, { type: 'order.allocated', why: `moved: ${reason}` }, readings, act);
}

/** What an order is to have reserved. */
interface Plan {
  readonly allocations: readonly Allocation[];
  readonly leaves: readonly Slot[];
  readonly shipBy?: string;
  readonly decision?: AllocationDecision;
}

/** Plans what an order gets. Where its needs and its way are what they were, it keeps what it has, and only what it lacks is looked for. */
function reserve(draft: Order, existing: Order | undefined, { client, stock, load }: Readings, act: Act): Plan {
  const before = existing?.allocations ?? [];
  const same = existing !== undefined && sameUnits(openDemand(existing), openDemand(draft)) && isBoundAlike(existing, draft);
  const kept = same ? before : [];
  const wanted = lessUnits(openDemand(draft), kept);
  const keptLeaves = same ? (existing?.leaves ?? []) : [];
  if (wanted.length === 0) return { allocations: kept, leaves: keptLeaves };
  if (!isKnown(draft.demand, client)) return { allocations: kept, leaves: keptLeaves };
  // An order that must leave whole is looked for whole.
  const anew = !same || client.policies.allocation.split !== 'backorders';
  const given = anew ? before : [];
  for (const allocation of given) stock.move(releasing(allocation, draft.orderId));
  const plan = allocate({ ...draft, demand: anew ? openDemand(draft) : wanted }, stock, client, (site, day) => load.orders(site, day), act.now);
  for (const allocation of given) stock.move(reserving(allocation, draft.orderId));
  if (same && plan.allocations.length === 0) return { allocations: before, leaves: keptLeaves, shipBy: plan.shipsOn.cutOff, decision: plan.decision };
  const leaves = slotsOf([...(anew ? [] : keptLeaves), ...leavesOf(plan, client)]);
  // Giving up some counters and taking others must fit one transaction; else the order gives up now and is filled next.
  if (placesOf([...before, ...plan.allocations]) > MAX_PLACES) return { allocations: anew ? [] : before, leaves: anew ? [] : keptLeaves, shipBy: plan.shipsOn.cutOff };
  return { allocations: onePerPlace([...(anew ? [] : kept), ...plan.allocations]), leaves, shipBy: plan.shipsOn.cutOff, decision: plan.decision };
}

function onePerPlace(allocations: readonly Allocation[]): Allocation[] {
  const places = new Map<string, Allocation>();
  for (const allocation of allocations) {
    const quantity = allocation.quantity + (places.get(placeKey(allocation))?.quantity ?? 0);
    places.set(placeKey(allocation), { ...allocation, quantity });
  }
  return [...places.values()];
}

/** Slots, each once: an order counts once for a day, however often it gets stock. */
function slotsOf(slots: readonly Slot[]): Slot[] {
  return [...new Map(slots.map((slot) => [`${slot.warehouse} ${slot.day}`, slot])).values()];
}

/** The days of warehouses of limited capacity that a plan takes one order of. */
function leavesOf({ decision, allocations }: AllocationPlan, client: Client): Slot[] {
  const limited = new Set(client.warehouses.filter(({ capacity }) => capacity !== undefined).map(({ id }) => id));
  if (limited.size === 0) return [];
  const used = new Set(allocations.map(({ warehouse }) => warehouse));
  return decision.sites.filter(({ warehouse }) => used.has(warehouse) && limited.has(warehouse)).map(({ warehouse, leaves }) => ({ warehouse, day: leaves }));
}

/** Whether the same warehouses come into question for both, in the same order: else another version of it would have got other stock. */
function isBoundAlike(a: Order, b: Order): boolean {
  const bounds = [a, b].map(({ country, region, only, prefer }) => JSON.stringify([country, region, only, prefer]));
  return bounds[0] === bounds[1];
}

/** Ends an order: gives up what it has reserved, calls back what has not left, and leaves a word about what has. */
function end(draft: Order, existing: Order | undefined, ending: 'cancelled' | 'closed', reason: string, readings: Readings, act: Act): Saved {
  const recalls = draft.parcels.filter(({ status }) => status === 'packed').map(({ parcel }) => parcel);
  const parcels = draft.parcels.map((entry) => (entry.status === 'packed' ? { ...entry, status: 'recalled' as const } : entry));
  const gone = parcels.filter(({ status }) => status === 'dispatched').map(({ parcel }) => parcel);
  const holds = gone.length === 0 ? [] : [standingHold('client', `${ending} after parcel ${gone.join(', ')} had left: intercept it, or expect its return`, act)];
  const ended = { ...draft, ending, parcels, holds };
  const left = parcels.some(hasLeft);
  const type = gone.length > 0 ? 'order.held' : left || existing?.ending === ending ? 'order.noted' : (`order.${ending}` as const);
  const saved = settle(ended, existing, { allocations: [], leaves: [] }, { type, why: left ? `${reason} after it had left` : reason }, readings, act);
  return recalls.length === 0 ? saved : { ...saved, recalls };
}

/** Holds an order whose packed parcels are not what its newest version wants, unless they have arrived. */
function afterPacking(draft: Order, existing: Order | undefined, act: Act): Order {
  const open = draft.parcels.filter(({ status }) => status === 'packed' || status === 'dispatched');
  if (existing === undefined || open.length === 0) return draft;
  const packed = draft.parcels.filter(isLive).flatMap(({ units }) => units);
  const changes = [lessUnits(packed, draft.demand).length > 0 ? 'lines changed' : undefined, draft.addressHash === existing.addressHash ? undefined : 'address changed'].filter(
    (change) => change !== undefined,
  );
  if (changes.length === 0) return draft;
  const which = open.map(({ parcel }) => parcel).join(', ');
  const remedy = open.some(({ status }) => status === 'packed')
    ? `recall parcel ${which} to pack it anew, or release this hold to send it as it is`
    : `parcel ${which} has left: intercept it`;
  return { ...draft, holds: [...draft.holds.filter(({ kind }) => kind !== 'client'), standingHold('client', `${changes.join(', ')} after packing; ${remedy}`, act)] };
}

function changeOf(draft: Order, existing: Order): readonly [Change['type'], string] {
  const settled = openDemand(draft).length === 0 && existing.parcels.some(isLive);
  if (draft.holds.length > existing.holds.length && settled) return ['order.held', draft.holds.at(-1)?.reason ?? ''];
  return settled
    ? ['order.noted', 'changed at the storefront, nothing to do']
    : ['order.changed', isFinal(existing) ? 'opened again at the storefront' : 'changed at the storefront'];
}

function settle(
  draft: Order,
  existing: Order | undefined,
  plan: Plan,
  change: { readonly type: Change['type']; readonly why: string },
  { client, stock, load }: Readings,
  act: Act,
): Saved {
  const before = existing?.allocations ?? [];
  const movements = sameAllocations(before, plan.allocations) ? [] : netOf(before, plan.allocations, draft.orderId);
  for (const movement of movements) stock.move(movement);
  const loads = loadsOf(existing?.leaves ?? [], plan.leaves);
  for (const { orders, ...slot } of loads) load.add(slot, orders);
  const { leaves: _, packing, ...rest } = draft;
  const settled = {
    ...rest,
    allocations: plan.allocations,
    ...(plan.leaves.length > 0 && { leaves: plan.leaves }),
    ...(packing !== undefined && movements.length === 0 && { packing }),
    shipBy: existing?.shipBy || plan.shipBy || act.now.toISOString(),
  };
  const authorisation = authorisationFor(settled, existing, client, act);
  const saved = next({ ...settled, authorisation }, act, change.type, change.why);
  const missing = missingUnits(saved.order);
  return {
    ...saved,
    movements,
    ...(loads.length > 0 && { loads }),
    ...(missing.length > 0 && !(existing !== undefined && queuesAlike(existing, saved.order)) && { waits: missing }),
    ...(plan.decision && { decision: plan.decision }),
  };
}

/** Whether an order still waits for the same, in the same turn. */
function queuesAlike(before: Order, after: Order): boolean {
  return sameUnits(missingUnits(before), missingUnits(after)) && turnOf(before) === turnOf(after);
}

/** What is given up and what is taken; units that stay where they are move nothing. */
function netOf(before: readonly Allocation[], after: readonly Allocation[], orderId: string) {
  const gone = before.flatMap((allocation) => changed(allocation, after));
  const come = after.flatMap((allocation) => changed(allocation, before));
  return [...gone.map((allocation) => releasing(allocation, orderId)), ...come.map((allocation) => reserving(allocation, orderId))];
}

function changed(allocation: Allocation, others: readonly Allocation[]): Allocation[] {
  const key = placeKey(allocation);
  const other = others.reduce((sum, one) => (placeKey(one) === key ? sum + one.quantity : sum), 0);
  return allocation.quantity > other ? [{ ...allocation, quantity: allocation.quantity - other }] : [];
}

function loadsOf(before: readonly Slot[], after: readonly Slot[]): NonNullable<Saved['loads']> {
  const names = (slots: readonly Slot[]) => new Set(slots.map(({ warehouse, day }) => `${warehouse} ${day}`));
  const had = names(before);
  const has = names(after);
  return [
    ...before.filter(({ warehouse, day }) => !has.has(`${warehouse} ${day}`)).map((slot) => ({ ...slot, orders: -1 as const })),
    ...after.filter(({ warehouse, day }) => !had.has(`${warehouse} ${day}`)).map((slot) => ({ ...slot, orders: 1 as const })),
  ];
}

/** Keeps an authorisation that still covers the order; else the policy gives one, where it may. */
function authorisationFor(order: Order, existing: Order | undefined, client: Client, act: Act): Order['authorisation'] {
  if (order.ending !== undefined) return null;
  // What this version is held for was not known when the order was authorised; what a person holds it for is between people.
  if (order.holds.some(({ standing }) => !standing)) return null;
  if (order.holds.length > 0 || order.allocations.length === 0) return existing !== undefined && covers(existing, order) ? existing.authorisation : null;
  if (existing?.authorisation && covers(existing, order)) return existing.authorisation;
  // A person once had to look at this order: an edit does not let it past them again.
  return order.cleared.length > 0 ? null : byPolicy(order, client, act);
}

function covers(existing: Order, order: Order): boolean {
  const sameOrCheaper = existing.currency === order.currency && order.total <= existing.total;
  return existing.authorisation?.addressHash === order.addressHash && sameUnits(existing.demand, order.demand) && sameOrCheaper;
}

function byPolicy(order: Order, client: Client, act: Act): Order['authorisation'] {
  const { mode, limit } = client.policies.authorisation;
  if (order.authoriser === 'person' || (mode === 'person' && order.authoriser !== 'policy')) return null;
  // A limit is in the client's currency; an order in another one is not comparable and waits for a person.
  const within = limit === undefined || (order.currency === client.currency && order.total <= limit);
  if (!within && order.authoriser !== 'policy') return null;
  return authorisationOf(order, order.authoriser === 'policy' ? 'a rule lets it pass' : 'clean, and within the policy', { ...act, by: 'policy' });
}

function draftOf(document: OrderDocument, source: SourceVersion, existing: Order | undefined, { client, history }: Readings, act: Arriving): Order {
  const { demand, kits } = explode(wantedIn(document, existing), client, existing?.kits ?? []);
  const hash = document.shipTo === null ? '' : addressHash(document.shipTo);
  const known = history.get(idOf(document));
  const verdict = judge(client.rules, factsOf(document, demand, client, known, eventsOf(existing, demand, hash)), client.currency);
  const found = [...holdsFor(document, demand, client, act), ...verdict.holds.map((held) => ({ ...held, at: act.now.toISOString() }))];
  const cleared = existing?.cleared ?? [];
  const raised = found.filter((held) => !cleared.includes(fingerprintOf(held, hash, source.digest)));
  const standing = existing?.holds.filter((held) => held.standing) ?? [];
  const { only, prefer } = verdict;
  const authoriser = authoriserOf(verdict.authorise, client, known);
  const { ending: _, corrected: _corrected, kits: _kits, only: _only, prefer: _prefer, authoriser: _authoriser, leaves, ...kept } = existing ?? fresh(document, act);
  return {
    ...kept,
    number: document.number,
    source,
    holds: distinct([...standing, ...raised]),
    demand,
    ...(kits.length > 0 && { kits }),
    priority: kept.prioritised ? kept.priority : (verdict.priority ?? USUAL_PRIORITY),
    ...(only && { only }),
    ...(prefer && { prefer }),
    ...(authoriser && { authoriser }),
    ...(leaves && { leaves }),
    currency: document.currency,
    total: document.total,
    country: document.shipTo?.country ?? '',
    region: document.shipTo?.region ?? '',
    addressHash: hash,
    authorisation: null,
  };
}

/** An order of which nothing is known yet. */
function fresh(document: OrderDocument, act: Arriving): Order {
  const at = act.now.toISOString();
  return {
    entity: 'order',
    orderId: idOf(document),
    connectionId: document.connectionId,
    number: document.number,
    source: sourceVersionOf(document),
    status: 'held',
    holds: [],
    cleared: [],
    demand: [],
    allocations: [],
    parcels: [],
    priority: USUAL_PRIORITY,
    shipBy: '',
    currency: document.currency,
    total: document.total,
    country: '',
    region: '',
    addressHash: '',
    authorisation: null,
    receivedAt: act.receivedAt ?? at,
    since: at,
    version: 0,
    change: { type: 'order.accepted', at, by: act.by, reason: '' },
  };
}

/** Which rules are asked: about the order as it stands, and about what is new in it. */
function eventsOf(existing: Order | undefined, demand: readonly Demand[], hash: string): ReadonlySet<'received' | 'edited' | 'readdressed'> {
  const events = new Set<'received' | 'edited' | 'readdressed'>(['received']);
  if (existing !== undefined && !sameUnits(existing.demand, demand)) events.add('edited');
  if (existing !== undefined && existing.addressHash !== hash) events.add('readdressed');
  return events;
}

function holdsFor(document: OrderDocument, demand: readonly Demand[], client: Client, act: Act): Hold[] {
  const holds: Hold[] = [];
  const unfit = unfitness(document.shipTo);
  if (unfit !== undefined) holds.push(holdOf('address', unfit, act));
  if (!document.paid) holds.push(holdOf('payment', 'not paid yet', act));
  const unknown = demand.filter(({ sku }) => productOf(client, sku) === undefined).map(({ sku }) => sku || 'a line without SKU');
  if (unknown.length > 0) holds.push(holdOf('stock', `not in the client file: ${unknown.slice(0, 5).join(', ')}`, act));
  if (demand.length > MAX_PLACES) holds.push(holdOf('operator', `its kits come to ${demand.length} different products, more than ${MAX_PLACES}; have the order split`, act));
  return holds;
}

function holdOf(kind: Hold['kind'], reason: string, act: Act): Hold {
  return { kind, reason: reason.slice(0, 200), at: act.now.toISOString(), by: 'hub', release: RELEASED_BY[kind] };
}

/** One hold of a kind and source; what stands goes before what was found again. */
function distinct(holds: readonly Hold[]): Hold[] {
  return holds.filter((held, index) => holds.findIndex(({ kind, by }) => kind === held.kind && by === held.by) === index);
}

function closedReason(document: OrderDocument, demand: readonly Demand[]): string | undefined {
  if (document.test) return 'a test order of the storefront: recorded, never shipped';
  if (demand.length > 0) return undefined;
  return soldIn(document).length === 0 ? 'nothing to ship' : 'shipped by somebody else, as the storefront says';
}

function isKnown(demand: readonly Demand[], client: Client): boolean {
  return demand.length <= MAX_PLACES && demand.every(({ sku }) => productOf(client, sku) !== undefined);
}

function sameUnits(a: readonly Demand[], b: readonly Demand[]): boolean {
  return a.length === b.length && a.every((line, index) => line.sku === b[index]?.sku && line.quantity === b[index]?.quantity);
}

function placesOf(allocations: readonly Allocation[]): number {
  return new Set(allocations.map(placeKey)).size;
}

function sameAllocations(a: readonly Allocation[], b: readonly Allocation[]): boolean {
  return sameUnits(a, b) && a.every((line, index) => placeKey(line) === placeKey(b[index] ?? line));
}
