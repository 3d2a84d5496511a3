import { dayIn, daysAfter, departureAfter, zoneOf } from './calendar.ts';
import type { Change } from './change.ts';
import type { Client } from './client.ts';
import { clockOf, isPromiseBroken } from './clock.ts';
import { stepsFor } from './explain-steps.ts';
import { answerTo, questionOf, statusInWords } from './explain-words.ts';
import type { AuthorisationCause, Decided, Explanation, Facts, Known, Promised, Quantity, Running, Shortage } from './explanation.ts';
import { addUnits, lessUnits, type Stock, unitsOf } from './inventory.ts';
import { usableAt } from './lot.ts';
import { hasLeft, isBeyondPacking, isFinal, isLive, missingUnits, type Order } from './order.ts';
import type { Parcel } from './shipment.ts';
import type { SupplyRequest } from './supply.ts';

/** Explains an order from what was stored when it was decided: why it does not move, why from there, why so many, and what was promised. */
export function explain(known: Known): Explanation {
  const { order } = known;
  const facts = [...obstacles(known), ...clocks(known), ...parcels(known), ...services(known), ...allocations(known), ...quantities(known), ...edits(known), ...promise(known)];
  return {
    orderId: order.orderId,
    number: order.number,
    state: order.status,
    status: statusInWords(order),
    because: facts.map((one) => ({ question: questionOf(one), answer: answerTo(one), facts: one })),
    next: stepsFor(order, facts, known.client, known.routes),
  };
}

function obstacles({ order, ...known }: Known): Facts[] {
  return [...endOf(order, known.changes), ...holdsOf(order, known.now), ...shortages({ order, ...known }), ...authorisation(order, known.client)];
}

function endOf(order: Order, changes: readonly Change[]): Facts[] {
  if (order.ending === undefined) return [];
  const said = [...changes, order.change].findLast(({ type }) => type === `order.${order.ending}`);
  const recalled = order.parcels.filter(({ status }) => status === 'recalled').map(({ parcel }) => parcel);
  return [{ about: 'end', ending: order.ending, said, left: order.parcels.some(hasLeft), recalled }];
}

function holdsOf({ holds }: Order, now: Date): Facts[] {
  return holds.map((hold) => ({ about: 'hold', hold, endsByItself: hold.standing === undefined, minutes: minutesBetween(hold.at, now) }));
}

function shortages(known: Known): Shortage[] {
  const { order, client, stock, queues, supply, now } = known;
  const missing = missingUnits(order).filter(({ sku }) => sku !== '');
  const usable = usableAt(client, now);
  const warehouses = client.warehouses.map(({ id }) => id).filter((id) => order.only === undefined || order.only.includes(id));
  const drafts = missing.map(({ sku, quantity }) => {
    const sites = warehouses.map((warehouse) =>
      siteOf(
        warehouse,
        stock.filter((one) => one.sku === sku && one.warehouse === warehouse),
        usable,
      ),
    );
    return { sku, missing: quantity, sites, verdict: verdictOn(sites, quantity, client) };
  });
  const lacking = drafts.filter(({ verdict }) => verdict !== 'there').map(({ sku }) => sku);
  const ordered = drafts.toSorted((a, b) => Number(a.verdict === 'there') - Number(b.verdict === 'there'));
  return ordered.map((draft) => ({
    about: 'shortage',
    ...draft,
    wanted: unitsOf(order.demand, draft.sku),
    othersLack: lacking.some((sku) => sku !== draft.sku),
    queue: queues.find(({ sku }) => sku === draft.sku),
    requests: requestsFor(draft.sku, supply, dayIn(client.timeZone, now)),
    split: client.policies.allocation.split,
    priority: order.priority,
  }));
}

function siteOf(warehouse: string, counters: readonly Stock[], usable: (stock: Stock) => boolean): Shortage['sites'][number] {
  const sum = (list: readonly Stock[], field: 'available' | 'quarantined' | 'incoming') => list.reduce((units, one) => units + one[field], 0);
  return { warehouse, available: sum(counters.filter(usable), 'available'), quarantined: sum(counters, 'quarantined'), incoming: sum(counters, 'incoming') };
}

function verdictOn(sites: Shortage['sites'], missing: number, { policies }: Client): Shortage['verdict'] {
  const together = sites.reduce((units, { available }) => units + available, 0);
  if (together === 0) return 'none';
  if (together < missing) return 'too-few';
  return policies.allocation.split === 'never' && sites.every(({ available }) => available < missing) ? 'scattered' : 'there';
}

function requestsFor(sku: string, supply: readonly SupplyRequest[], today: string): Shortage['requests'] {
  return supply
    .filter((request) => request.sku === sku && request.status === 'open')
    .map(({ requestId, plant, warehouse, quantity, received, needBy }) => ({ requestId, plant, warehouse, quantity: quantity - received, needBy, late: needBy < today }));
}

function authorisation(order: Order, client: Client): Facts[] {
  const { status, authorisation: given, allocations: reserved, packing } = order;
  if (status === 'allocated') return [{ about: 'authorisation', causes: causesOf(order, client) }];
  if (given === null || (status !== 'authorised' && status !== 'packing')) return [];
  const { by, at, reason } = given;
  return [{ about: 'authorised', by, at, reason, warehouses: [...new Set(reserved.map(({ warehouse }) => warehouse))], packing }];
}

function causesOf(order: Order, { policies, rules, currency }: Client): AuthorisationCause[] {
  const { mode, limit, customers } = policies.authorisation;
  const causes: AuthorisationCause[] = [];
  if (order.cleared.length > 0) causes.push({ cause: 'released', holds: [...new Set(order.cleared.map((print) => print.split(':')[0] ?? ''))] });
  if (order.authoriser === 'person') {
    const asking = rules.filter(({ actions }) => actions.some((action) => action.do === 'authorise' && action.by === 'person')).map(({ name }) => name);
    causes.push({ cause: 'person-asked', rules: asking, newCustomers: customers === 'known' });
  }
  if (order.authoriser !== 'policy') {
    if (mode === 'person') causes.push({ cause: 'mode' });
    if (limit !== undefined && order.currency !== currency) causes.push({ cause: 'currency', currency: order.currency, limitCurrency: currency });
    else if (limit !== undefined && order.total > limit) causes.push({ cause: 'limit', total: order.total, limit, currency });
  }
  return causes.length > 0 ? causes : [{ cause: 'withdrawn', at: order.change.at, reason: order.change.reason }];
}

function clocks({ order, client, now }: Known): Facts[] {
  const clock = running(order, client, now);
  return clock === undefined ? [] : [{ about: 'clock', ...clock }];
}

function running(item: Order | Parcel, client: Client, now: Date): Running | undefined {
  const clock = clockOf(item, client);
  return clock && { ...clock, minutes: minutesBetween(clock.since, now), late: clock.dueAt < now.toISOString() };
}

function parcels({ parcels: boxes, client, now }: Known): Facts[] {
  return boxes.toSorted((a, b) => a.parcel - b.parcel).map((parcel) => ({ about: 'parcel', parcel, clock: running(parcel, client, now) }));
}

/** How the services of those parcels were chosen that are not back on the shelf. */
function services({ parcels: boxes, selections = [] }: Known): Facts[] {
  const live = new Set(boxes.filter(({ status }) => status !== 'unpacked').map(({ parcel }) => parcel));
  return selections
    .filter(({ parcel }) => live.has(parcel))
    .toSorted((a, b) => a.parcel - b.parcel)
    .map((selection) => ({ about: 'service', selection }));
}

/** The last decision, and those before it by which units stand, or were packed, in a warehouse that no later one chose. */
function allocations({ order, decisions, client }: Known): Facts[] {
  const used = new Set([...order.allocations, ...order.parcels.filter(isLive)].map(({ warehouse }) => warehouse));
  const telling: Decided[] = [];
  for (const decision of decisions.toReversed()) {
    const tells = decision.chosen.some((warehouse) => used.has(warehouse));
    if (telling.length === 0 || tells) telling.unshift(decision);
    for (const warehouse of decision.chosen) used.delete(warehouse);
  }
  if (telling.length > 0) return telling.map((decision) => ({ about: 'allocation', ...decision, only: order.only ?? [], first: order.prefer ?? [] }));
  const products = new Set(client.products.map(({ sku }) => sku));
  const unknown = order.demand.map(({ sku }) => sku).filter((sku) => !products.has(sku));
  return isFinal(order) || unknown.length === 0 ? [] : [{ about: 'no-allocation', unknown }];
}

function quantities({ order }: Known): Quantity[] {
  const live = order.parcels.filter(isLive);
  const packed = live.flatMap(({ units }) => units);
  const missing = missingUnits(order);
  const excess = lessUnits(addUnits(packed), order.demand);
  return [...new Set([...order.demand, ...order.allocations, ...packed].map(({ sku }) => sku))].map((sku) => {
    const kits = (order.kits ?? []).flatMap((kit) => (unitsOf(kit.parts, sku) === 0 ? [] : [{ sku: kit.sku, quantity: kit.quantity, each: unitsOf(kit.parts, sku) }]));
    const wanted = unitsOf(order.demand, sku);
    return {
      about: 'quantity',
      sku,
      wanted,
      single: wanted - kits.reduce((units, { quantity, each }) => units + quantity * each, 0),
      kits,
      reserved: order.allocations.filter((one) => one.sku === sku).map(({ warehouse, lot, quantity }) => ({ warehouse, ...(lot !== undefined && { lot }), quantity })),
      packed: live.map(({ parcel, units }) => ({ parcel, quantity: unitsOf(units, sku) })).filter(({ quantity }) => quantity > 0),
      returned: unitsOf(order.returned ?? [], sku),
      missing: unitsOf(missing, sku),
      excess: unitsOf(excess, sku),
    };
  });
}

const EDITS: ReadonlySet<Change['type']> = new Set(['order.changed', 'order.readdressed']);

function edits({ changes }: Known): Facts[] {
  const made = changes.filter(({ type }) => EDITS.has(type));
  return made.length === 0 ? [] : [{ about: 'edits', edits: made }];
}

function promise({ order, decisions, client, now }: Known): Promised[] {
  if (order.shipBy === '' || isFinal(order) || order.demand.length === 0) return [];
  const packedAt = isBeyondPacking(order) ? order.packedAt : undefined;
  const site = siteOfPromise(order, decisions[0], client);
  const minutes = Math.abs(minutesBetween(order.shipBy, packedAt === undefined ? now : new Date(packedAt)));
  return [
    {
      about: 'promise',
      shipBy: order.shipBy,
      warehouse: site?.id,
      timeZone: site === undefined ? client.timeZone : zoneOf(site, client),
      outcome: outcomeOf(order, packedAt, now),
      packedAt,
      minutes,
    },
  ];
}

function outcomeOf(order: Order, packedAt: string | undefined, now: Date): Promised['outcome'] {
  if (packedAt !== undefined) return packedAt <= order.shipBy ? 'kept' : 'broken';
  return isPromiseBroken(order, now) ? 'overdue' : 'open';
}

/**
 * The warehouse whose cut-off the promise is: one of those that the first decision saw leave on its day, rather one that it chose. Several
 * may leave on a day, so the one whose cut-off it is to the minute goes first; the client file may have changed since.
 */
function siteOfPromise({ shipBy }: Order, first: Decided | undefined, client: Client): Client['warehouses'][number] | undefined {
  const leaving = (first?.sites ?? []).flatMap(({ warehouse, leaves }) => {
    const site = client.warehouses.find(({ id }) => id === warehouse);
    return site === undefined || dayIn(zoneOf(site, client), new Date(shipBy)) !== leaves ? [] : [{ site, leaves }];
  });
  const exact = leaving.filter(({ site, leaves }) => departureAfter(site, zoneOf(site, client), daysAfter(leaves, -1)).cutOff === shipBy);
  const sites = (exact.length > 0 ? exact : leaving).map(({ site }) => site);
  return sites.find(({ id }) => first?.chosen.includes(id)) ?? sites[0];
}

function minutesBetween(from: string, to: Date): number {
  return Math.round((to.getTime() - Date.parse(from)) / 60_000);
}
