import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Client, productOf } from './client.ts';
import { type Day, hoursOf, isWithin } from './day.ts';
import type { HubEvent } from './event.ts';
import { Instant } from './id.ts';
import { compare, distinct, isOver, type OrderDay, type OrderFacts, orderDay, type ParcelDay, type ParcelFacts, parcelDay, storiesOf } from './story.ts';

const Count = z.int().min(0);
/** Amounts per currency, never added across currencies; sorted by currency. Minor units. */
const Amounts = z.array(z.strictObject({ currency: z.string(), amount: z.int() }));
const ParcelName = { orderId: z.string(), parcel: z.int() };

/** Seconds from the hub's receipt of an order to the first carrier scan of its parcel. Percentiles are nearest-rank: a parcel that exists. Null without parcels. */
const Times = z.strictObject({
  parcels: Count,
  median: Count.nullable(),
  percentile90: Count.nullable(),
  slowest: z.strictObject({ ...ParcelName, seconds: Count }).nullable(),
});

const Position = { onHand: z.int(), reserved: z.int(), quarantined: z.int(), available: z.int(), incoming: z.int() };

/**
 * The volume and nature of one day's orders at one client. Lists are sorted by their keys. Instants are UTC, money is in minor units.
 * Something counts for the day when the hub recorded it in the day. Orders and parcels are counted once per day and line, however often it happened to them.
 */
export const DailyReport = z.strictObject({
  version: z.literal(1),
  client: z.strictObject({ id: z.string(), name: z.string(), currency: z.string() }),
  period: z.strictObject({ day: z.string(), from: Instant, to: Instant, timeZone: z.string() }),
  /** Events that the report rests on: those of the day, and earlier ones that only complete what stood at its end. */
  facts: z.strictObject({ counted: Count, earlier: Count }),
  headline: z.strictObject({
    orders: z.strictObject({
      /** Seen by the hub for the first time. */
      received: Count,
      /** Taken on to be shipped: received, and neither cancelled, a test, nor without anything to ship. */
      accepted: Count,
      /** On which a hold was put. */
      held: Count,
      /** Whose last hold ended, by a person, a corrected address or a payment. */
      released: Count,
      /** That began to wait for stock. */
      backordered: Count,
      /** That waited for stock and got it. */
      filled: Count,
      cancelled: Count,
      /** Ended without a parcel for another reason: test orders, nothing to ship. */
      closed: Count,
      packed: Count,
      dispatched: Count,
      delivered: Count,
      /** Held, waiting for stock or for authorisation when the day ended. */
      open: Count,
    }),
    parcels: z.strictObject({
      packed: Count,
      /** For which a label was bought. */
      labelled: Count,
      /** For which the carrier refused to sell one. */
      refused: Count,
      /** First scanned by the carrier. */
      dispatched: Count,
      /** Reported late by the carrier for the first time. */
      delayed: Count,
      delivered: Count,
    }),
    /** Units of accepted orders, as accepted; units put into parcels; units in dispatched parcels. */
    units: z.strictObject({ ordered: Count, packed: Count, dispatched: Count }),
    /** Order totals of accepted orders, as accepted. */
    orderValue: Amounts,
    /** What the labels bought cost. */
    labelCost: Amounts,
  }),
  /** Orders received in each hour of the local clock. */
  hours: z.array(z.strictObject({ from: Instant, hour: z.int().min(0).max(23), received: Count })),
  storefronts: z.array(
    z.strictObject({
      connectionId: z.string(),
      received: Count,
      accepted: Count,
      held: Count,
      backordered: Count,
      cancelled: Count,
      units: Count,
      value: Amounts,
      /** Parcels. */
      dispatched: Count,
      receivedToShipped: Times,
    }),
  ),
  /** Every product of the client file and every other SKU that was ordered; stock is the sum of its warehouses, null where nothing is known. */
  products: z.array(z.strictObject({ sku: z.string(), name: z.string().nullable(), orders: Count, ordered: Count, packed: Count, stock: z.strictObject(Position).nullable() })),
  /** Accepted orders by ISO 3166-1 country, empty where there is no address; parcels are those dispatched. */
  destinations: z.array(z.strictObject({ country: z.string(), orders: Count, units: Count, parcels: Count })),
  /** Labels bought; average cost is rounded to the minor unit. */
  carriers: z.array(
    z.strictObject({ carrierId: z.string(), carrier: z.string(), service: z.string(), currency: z.string(), parcels: Count, units: Count, cost: z.int(), averageCost: z.int() }),
  ),
  exceptions: z.strictObject({
    /** Orders on which a hold of the kind was put, and how many orders had one of it when the day ended. */
    holds: z.array(z.strictObject({ kind: z.string(), raised: Count, open: Count })),
    /** Orders that waited when the day ended: for a person (`held`), for stock, or for authorisation (`allocated`); `since` they began to. Oldest first. */
    open: z.array(
      z.strictObject({
        orderId: z.string(),
        connectionId: z.string(),
        waitsFor: z.enum(['held', 'backordered', 'allocated']),
        holds: z.array(z.string()),
        units: Count,
        receivedAt: z.string(),
        since: z.string(),
      }),
    ),
    refusedLabels: z.array(z.strictObject({ ...ParcelName, carrierId: z.string(), reason: z.string(), at: z.string() })),
    delayed: z.array(z.strictObject({ ...ParcelName, carrier: z.string(), service: z.string(), at: z.string() })),
    undelivered: z.array(z.strictObject({ ...ParcelName, carrier: z.string(), service: z.string(), outcome: z.enum(['returned_to_sender', 'lost']), at: z.string() })),
    /** Orders, and parcels by their number, that stood still for longer than their clocks allow. */
    late: z.array(z.strictObject({ orderId: z.string(), parcel: z.int().nullable(), reason: z.string(), at: z.string() })),
  }),
  /** Over all parcels dispatched in the day. */
  receivedToShipped: Times,
  /** Where each counter stood when the day ended. `low`: available is at or below the reorder point; `alerts`: how often it fell there in the day. */
  stock: z.array(z.strictObject({ sku: z.string(), warehouse: z.string(), ...Position, reorderPoint: Count.nullable(), low: z.boolean(), alerts: Count })),
  /** Requests to plants that were made or answered in the day, or were open when it ended. */
  supply: z.array(
    z.strictObject({
      requestId: z.string(),
      plant: z.string(),
      sku: z.string(),
      warehouse: z.string(),
      quantity: Count,
      requestedAt: z.string().nullable(),
      receivedAt: z.string().nullable(),
    }),
  ),
});
export type DailyReport = z.infer<typeof DailyReport>;
type Times = z.infer<typeof Times>;
type Amounts = z.infer<typeof Amounts>;

/**
 * Works out the report on a day: a pure function of the set of events, whatever their order and number of repeats.
 * Events after the day are left out. Events before it count nowhere; they complete what stood at its end (open orders, stock, supply requests).
 */
export function dailyReport(events: Iterable<HubEvent>, period: Day, client: Client): DailyReport {
  const known = distinct(events).filter((event) => event.at < period.to);
  const counted = known.filter((event) => event.at >= period.from).length;
  const stories = storiesOf(known);
  const orders = stories.orders.map((story) => orderDay(story, period));
  const parcels = stories.parcels.map((story) => parcelDay(story, period));
  const stock = stockAtEnd(stories.stock, period, client);
  return {
    version: 1,
    client: { id: client.id, name: client.name, currency: client.currency },
    period: { day: period.day, from: period.from, to: period.to, timeZone: period.timeZone },
    facts: { counted, earlier: known.length - counted },
    headline: headlineOf(orders, parcels),
    hours: byHour(orders, period),
    storefronts: byStorefront(orders, parcels, client),
    products: byProduct(orders, stock, client),
    destinations: byDestination(orders, parcels),
    carriers: byCarrier(parcels),
    exceptions: exceptionsOf(orders, stories, period),
    receivedToShipped: timesOf(parcels),
    stock,
    supply: supplyOf(stories.supply, period),
  };
}

/** A fingerprint of a report's content: equal reports, equal checksum. */
export function checksumOf(report: DailyReport): string {
  return createHash('sha256')
    .update(JSON.stringify(DailyReport.parse(report)))
    .digest('hex');
}

function headlineOf(orders: readonly OrderDay[], parcels: readonly ParcelDay[]): DailyReport['headline'] {
  const accepted = orders.flatMap((order) => order.accepted ?? []);
  const labelled = parcels.flatMap((parcel) => parcel.labelled ?? []);
  const dispatched = parcels.filter((parcel) => parcel.dispatchedAt !== undefined);
  return {
    orders: {
      received: count(orders, (order) => order.received),
      accepted: accepted.length,
      held: count(orders, (order) => order.raised.size > 0),
      released: count(orders, (order) => order.released),
      backordered: count(orders, (order) => order.did.has('order.backordered')),
      filled: count(orders, (order) => order.filled),
      cancelled: count(orders, (order) => order.did.has('order.cancelled')),
      closed: count(orders, (order) => order.did.has('order.closed')),
      packed: count(orders, (order) => order.did.has('order.packed')),
      dispatched: count(orders, (order) => order.dispatched),
      delivered: count(orders, (order) => order.did.has('order.delivered')),
      open: count(orders, (order) => waitsFor(order.last) !== undefined),
    },
    parcels: {
      packed: count(parcels, (parcel) => parcel.did.has('parcel.packed')),
      labelled: labelled.length,
      refused: count(parcels, (parcel) => parcel.did.has('parcel.refused')),
      dispatched: dispatched.length,
      delayed: count(parcels, (parcel) => parcel.did.has('parcel.delayed')),
      delivered: count(parcels, (parcel) => parcel.did.has('parcel.delivered')),
    },
    units: {
      ordered: sum(accepted, unitsOf),
      packed: sum(
        orders.flatMap((order) => order.packed ?? []),
        unitsOf,
      ),
      dispatched: sum(dispatched, (parcel) => parcel.last.units),
    },
    orderValue: amounts(accepted.map(({ currency, total }) => ({ currency, amount: total }))),
    labelCost: amounts(labelled.map(({ currency, cost }) => ({ currency, amount: cost }))),
  };
}

function byHour(orders: readonly OrderDay[], period: Day): DailyReport['hours'] {
  const received = orders.filter((order) => order.received).map((order) => order.last.receivedAt);
  const hours = hoursOf(period);
  return hours.map(({ from, hour }, index) => {
    const to = hours[index + 1]?.from ?? period.to;
    return { from, hour, received: count(received, (at) => at >= from && at < to) };
  });
}

function byStorefront(orders: readonly OrderDay[], parcels: readonly ParcelDay[], client: Client): DailyReport['storefronts'] {
  const ids = new Set([...client.storefronts.map(({ id }) => id), ...orders.map(({ last }) => last.connectionId), ...parcels.map(({ last }) => last.connectionId)]);
  return [...ids].sort(compare).map((connectionId) => {
    const itsParcels = parcels.filter(({ last }) => last.connectionId === connectionId);
    const {
      orders: figures,
      units,
      orderValue,
      parcels: moved,
    } = headlineOf(
      orders.filter(({ last }) => last.connectionId === connectionId),
      itsParcels,
    );
    const { received, accepted, held, backordered, cancelled } = figures;
    const shipped = { dispatched: moved.dispatched, receivedToShipped: timesOf(itsParcels) };
    return { connectionId, received, accepted, held, backordered, cancelled, units: units.ordered, value: orderValue, ...shipped };
  });
}

function byProduct(orders: readonly OrderDay[], stock: DailyReport['stock'], client: Client): DailyReport['products'] {
  const demands = orders.flatMap(({ accepted }) => (accepted === undefined ? [] : [accepted.demand]));
  const packs = orders.flatMap(({ packed }) => (packed === undefined ? [] : [packed.demand]));
  const skus = new Set([...client.products.map(({ sku }) => sku), ...[...demands, ...packs].flat().map(({ sku }) => sku)]);
  return [...skus].sort(compare).map((sku) => {
    const unitsIn = (demand: OrderFacts['demand']) => sum(demand, (line) => (line.sku === sku ? line.quantity : 0));
    const positions = stock.filter((position) => position.sku === sku);
    const total = (field: keyof typeof Position) => sum(positions, (position) => position[field]);
    return {
      sku,
      name: productOf(client, sku)?.name ?? null,
      orders: count(demands, (demand) => unitsIn(demand) > 0),
      ordered: sum(demands, unitsIn),
      packed: sum(packs, unitsIn),
      stock:
        positions.length === 0
          ? null
          : { onHand: total('onHand'), reserved: total('reserved'), quarantined: total('quarantined'), available: total('available'), incoming: total('incoming') },
    };
  });
}

function byDestination(orders: readonly OrderDay[], parcels: readonly ParcelDay[]): DailyReport['destinations'] {
  const accepted = orders.flatMap((order) => order.accepted ?? []);
  const dispatched = parcels.filter((parcel) => parcel.dispatchedAt !== undefined).map((parcel) => parcel.last);
  const countries = new Set([...accepted, ...dispatched].map((facts) => facts.country));
  return [...countries].sort(compare).map((country) => {
    const there = accepted.filter((order) => order.country === country);
    return { country, orders: there.length, units: sum(there, unitsOf), parcels: count(dispatched, (parcel) => parcel.country === country) };
  });
}

function byCarrier(parcels: readonly ParcelDay[]): DailyReport['carriers'] {
  const labelled = parcels.flatMap((parcel) => parcel.labelled ?? []);
  const keyOf = ({ carrierId, carrier, service, currency }: ParcelFacts) => JSON.stringify([carrierId, carrier, service, currency]);
  return [...Map.groupBy(labelled, keyOf)]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([, group]) => {
      const first = group[0];
      if (first === undefined) return [];
      const cost = sum(group, (parcel) => parcel.cost);
      const { carrierId, carrier, service, currency } = first;
      const units = sum(group, (parcel) => parcel.units);
      return [{ carrierId, carrier, service, currency, parcels: group.length, units, cost, averageCost: Math.round(cost / group.length) }];
    });
}

function exceptionsOf(orders: readonly OrderDay[], stories: Pick<ReturnType<typeof storiesOf>, 'orders' | 'parcels'>, period: Day): DailyReport['exceptions'] {
  const open = stories.orders.flatMap(({ key, steps, last: { facts, at } }) => {
    const state = waitsFor(facts);
    if (state === undefined) return [];
    const { connectionId, receivedAt } = facts;
    const since = steps[steps.findLastIndex((step) => waitsFor(step.facts) !== state) + 1]?.at ?? at;
    return [{ orderId: key, connectionId, waitsFor: state, holds: facts.holds.toSorted(compare), units: unitsOf(facts), receivedAt, since }];
  });
  const kinds = new Set([...orders.flatMap((order) => [...order.raised]), ...open.flatMap((order) => order.holds)]);
  const steps = stories.parcels.flatMap((story) => story.steps.map((step, index) => ({ ...step, before: story.steps[index - 1] })).filter(({ at }) => isWithin(at, period)));
  return {
    holds: [...kinds].sort(compare).map((kind) => ({ kind, raised: count(orders, (order) => order.raised.has(kind)), open: count(open, (order) => order.holds.includes(kind)) })),
    open: open.sort((a, b) => compare(a.receivedAt, b.receivedAt) || compare(a.orderId, b.orderId)),
    refusedLabels: steps.filter(({ types }) => types.has('parcel.refused')).map(({ facts, reason, at }) => ({ ...nameOf(facts), carrierId: facts.carrierId, reason, at })),
    delayed: steps.filter(({ types }) => types.has('parcel.delayed')).map(({ facts, at }) => ({ ...nameOf(facts), carrier: facts.carrier, service: facts.service, at })),
    undelivered: steps.flatMap(({ facts, at, before }) => {
      const outcome = facts.tracking === 'returned_to_sender' || facts.tracking === 'lost' ? facts.tracking : undefined;
      return outcome === undefined || before?.facts.tracking === outcome ? [] : [{ ...nameOf(facts), carrier: facts.carrier, service: facts.service, outcome, at }];
    }),
    late: [
      ...stories.orders
        .flatMap((story) => story.steps)
        .filter(({ types, at }) => types.has('order.late') && isWithin(at, period))
        .map(({ facts, reason, at }) => ({ orderId: facts.orderId, parcel: null, reason, at })),
      ...steps.filter(({ types }) => types.has('parcel.late')).map(({ facts, reason, at }) => ({ orderId: facts.orderId, parcel: facts.parcel, reason, at })),
    ].sort((a, b) => compare(a.at, b.at) || compare(a.orderId, b.orderId) || (a.parcel ?? 0) - (b.parcel ?? 0)),
  };
}

function stockAtEnd(stories: ReturnType<typeof storiesOf>['stock'], period: Day, client: Client): DailyReport['stock'] {
  // The lots of a SKU in a warehouse are one position.
  const positions = Map.groupBy(stories, ({ last }) => `${last.facts.sku} ${last.facts.warehouse}`);
  return [...positions.values()].flatMap((lots) => {
    const { sku, warehouse } = lots[0]?.last.facts ?? {};
    if (sku === undefined || warehouse === undefined) return [];
    const total = (field: keyof typeof Position) => sum(lots, ({ last }) => last.facts[field]);
    const reorderPoint = productOf(client, sku)?.reorder.point ?? null;
    const alerts = sum(lots, ({ steps }) => count(steps, (step) => step.types.has('stock.low') && isWithin(step.at, period)));
    const [onHand, reserved, quarantined, available, incoming] = [total('onHand'), total('reserved'), total('quarantined'), total('available'), total('incoming')];
    return [{ sku, warehouse, onHand, reserved, quarantined, available, incoming, reorderPoint, low: reorderPoint !== null && available <= reorderPoint, alerts }];
  });
}

function supplyOf(stories: ReturnType<typeof storiesOf>['supply'], period: Day): DailyReport['supply'] {
  return stories.flatMap(({ last, steps }) => {
    const requestedAt = steps.find((step) => step.types.has('supply.requested'))?.at ?? null;
    const receivedAt = steps.find((step) => step.types.has('supply.received'))?.at ?? null;
    if (receivedAt !== null && !steps.some((step) => isWithin(step.at, period))) return [];
    const { requestId, plant, sku, warehouse, quantity } = last.facts;
    return [{ requestId, plant, sku, warehouse, quantity, requestedAt, receivedAt }];
  });
}

function timesOf(parcels: readonly ParcelDay[]): Times {
  const times = parcels
    .flatMap(({ last, dispatchedAt }) => (dispatchedAt === undefined ? [] : [{ ...nameOf(last), seconds: secondsBetween(last.receivedAt, dispatchedAt) }]))
    .sort((a, b) => a.seconds - b.seconds || compare(b.orderId, a.orderId) || b.parcel - a.parcel);
  const rank = (share: number) => times[Math.ceil(share * times.length) - 1]?.seconds ?? null;
  return { parcels: times.length, median: rank(0.5), percentile90: rank(0.9), slowest: times.at(-1) ?? null };
}

function waitsFor({ status, holds }: OrderFacts): 'held' | 'backordered' | 'allocated' | undefined {
  // A hold put on after packing does not show in the status.
  if (holds.length > 0 && !isOver({ status }) && status !== 'delivered' && status !== 'returned') return 'held';
  return status === 'backordered' || status === 'allocated' ? status : undefined;
}

function nameOf({ orderId, parcel }: ParcelFacts): { readonly orderId: string; readonly parcel: number } {
  return { orderId, parcel };
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000));
}

function unitsOf(order: OrderFacts): number {
  return sum(order.demand, (line) => line.quantity);
}

function amounts(list: Amounts): Amounts {
  const perCurrency = new Map<string, number>();
  for (const { currency, amount } of list) perCurrency.set(currency, (perCurrency.get(currency) ?? 0) + amount);
  return [...perCurrency].sort(([a], [b]) => compare(a, b)).map(([currency, amount]) => ({ currency, amount }));
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function count<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length;
}
