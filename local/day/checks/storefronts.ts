import type { ShopOrder } from '../../simulators/shop.ts';
import { kindOfShop } from '../kinds.ts';
import { type PlannedOrder, soldUnits } from '../plan.ts';
import { isLost } from '../postings.ts';
import { type Check, check, type Evidence, isEcho, readOrders, repeated, takesIn } from './check.ts';
import { isKept, sameUnits, travels } from './orders.ts';

type ParcelRow = Evidence['snapshot']['table']['parcels'][number];

/** What must be true of storefronts: that they show what the hub knows, and that nothing of theirs was lost on the way. */
export function storefrontChecks(evidence: Evidence): Check[] {
  return [fulfilments(evidence), tracking(evidence), statuses(evidence), mails(evidence), lostWebhooks(evidence), subscriptions(evidence), complaints(evidence), echoes(evidence)];
}

/** The planned orders of a storefront, each as the storefront shows it. */
function shown(evidence: Evidence): { readonly order: PlannedOrder; readonly shopOrder: ShopOrder | undefined }[] {
  const { plan, vendors } = evidence;
  const byId = new Map([...vendors.shops].map(([id, shop]) => [id, new Map(shop.orders().map((one) => [one.sourceId, one]))]));
  return plan.orders.map((order) => ({ order, shopOrder: byId.get(order.connectionId)?.get(order.sold.sourceId) }));
}

/** The units that a storefront counts as shipped are those of our parcels that left, kits as they were sold. */
function fulfilments(evidence: Evidence): Check {
  const orders = shown(evidence);
  const faults = orders.flatMap(({ order, shopOrder }) => {
    if (shopOrder === undefined) return [`${order.orderId} was never placed at its storefront`];
    const told = new Map(Object.entries(shopOrder.fulfilled));
    const wanted = travels(order) ? soldUnits(order) : new Map<string, number>();
    return sameUnits(told, wanted) ? [] : [`${order.orderId} (${order.course.name}) is fulfilled with ${print(told)}, not ${print(wanted)}`];
  });
  const units = orders.flatMap(({ shopOrder }) => Object.values(shopOrder?.fulfilled ?? {})).reduce((sum, quantity) => sum + quantity, 0);
  return check('storefronts count as shipped what left, kits as sold', `${units} units at ${evidence.storefronts.length} storefronts`, faults);
}

/** A parcel that brings only a part of a kit is told with the one that completes it; the last one always is. */
function tracking(evidence: Evidence): Check {
  const parcels = Map.groupBy(
    evidence.snapshot.table.parcels.filter(isKept).sort((a, b) => a.parcel - b.parcel),
    ({ orderId }) => orderId,
  );
  const orders = shown(evidence);
  const faults = orders.flatMap(({ order, shopOrder }) => {
    const told = shopOrder?.trackingNumbers ?? [];
    const own = travels(order) ? (parcels.get(order.orderId) ?? []) : [];
    const isKit = evidence.client.kits.some(({ sku }) => soldUnits(order).has(sku));
    const [must, may] = [numbersOf(isKit ? own.slice(-1) : own), numbersOf(own)];
    const wrong = [...[...must.difference(new Set(told))].map((number) => `misses ${number}`), ...[...new Set(told).difference(may)].map((number) => `shows ${number}`)];
    return [...wrong, ...repeated(told)].map((what) => `${order.orderId}: its storefront's tracking ${what}`);
  });
  const count = orders.reduce((sum, { shopOrder }) => sum + (shopOrder?.trackingNumbers.length ?? 0), 0);
  return check('storefronts show every tracking number once', `${count} numbers`, faults);
}

function numbersOf(parcels: readonly ParcelRow[]): Set<string> {
  return new Set(parcels.map(({ label }) => label?.trackingNumber ?? 'no label'));
}

/** An order that left whole stands as shipped at its storefront, and no other does. */
function statuses(evidence: Evidence): Check {
  const kinds = new Map(evidence.storefronts.map(({ id, kind }) => [id, kindOfShop(kind)]));
  const orders = shown(evidence);
  const faults = orders.flatMap(({ order, shopOrder }) => {
    const isShipped = shopOrder?.status === kinds.get(order.connectionId)?.shipped;
    return isShipped === travels(order) ? [] : [`${order.orderId} (${order.course.name}) stands as ${shopOrder?.status ?? 'nothing'} at its storefront`];
  });
  return check('orders that left stand as shipped at their storefronts', `${orders.filter(({ order }) => travels(order)).length} shipped`, faults);
}

/** A customer who is told by the storefront that the order is complete has been told its tracking number before. */
function mails(evidence: Evidence): Check {
  const orders = shown(evidence).flatMap(({ order, shopOrder }) => (shopOrder === undefined ? [] : [{ order, mails: shopOrder.mails }]));
  const faults = orders.flatMap(({ order, mails: sent }) => {
    const completed = sent.indexOf('completed');
    return completed >= 0 && (completed < sent.length - 1 || !sent.includes('tracking')) ? [`${order.orderId}: its storefront mailed ${sent.join(', ')}`] : [];
  });
  return check('storefronts mail tracking first, completion last, once', `${orders.reduce((sum, { mails: sent }) => sum + sent.length, 0)} mails`, faults);
}

/** What no webhook brought, a reading did. */
function lostWebhooks({ plan, vendors, snapshot, restarts }: Evidence): Check {
  const [lost, arrived, found] = [vendors.outbox.lost(), vendors.outbox.acknowledged(), readOrders(snapshot)];
  const known = new Set(snapshot.table.orders.map(({ orderId }) => orderId));
  const postings = Map.groupBy(plan.postings, ({ orderId }) => orderId);
  const silent = plan.orders.filter(({ orderId }) => !(postings.get(orderId) ?? []).some(({ id }) => arrived.has(id)));
  const missed = silent.filter(({ orderId }) => !known.has(orderId)).map(({ orderId, course }) => `${orderId} (${course.name}) was posted to nobody, and no reading found it`);
  // Where all was cut off, an answer to a storefront that posts only once may be missing, and a reading that was not written down.
  const unexplained = silent.filter(({ orderId }) => known.has(orderId) && !found.has(orderId)).slice(restarts * 20);
  const figures = `${plan.postings.filter(({ id }) => lost.has(id)).length} lost, with them all of ${silent.length} orders; readings found those`;
  return check('what no webhook brought was found by reading', figures, [
    ...missed,
    ...unexplained.map(({ orderId }) => `${orderId} was posted to nobody and not read, and yet it is here`),
  ]);
}

/** A storefront that ended its subscriptions missed something, was mended, and posts again. */
function subscriptions({ plan, vendors, storefronts, mended }: Evidence): Check {
  const [lost, arrived] = [vendors.outbox.lost(), vendors.outbox.acknowledged()];
  const unplanned = new Set(plan.postings.filter((posting) => !isLost(posting)).map(({ id }) => id));
  const missing = storefronts.flatMap(({ id, topics }) => {
    const posted = new Set(vendors.shops.get(id)?.subscribed().map(lettersOf));
    return topics.filter((topic) => !posted.has(lettersOf(topic))).map((topic) => `${id} does not post ${topic}`);
  });
  const gaps = plan.gaps.flatMap(({ connectionId, during, after }) => [
    ...(during.some((id) => lost.has(id) && unplanned.has(id)) ? [] : [`${connectionId} ended its subscriptions, and nothing went missing`]),
    ...(after.some((id) => arrived.has(id)) ? [] : [`${connectionId} was mended, and nothing came`]),
  ]);
  const repaired = [...mended.values()].reduce((sum, topics) => sum + topics, 0);
  const missed = plan.gaps.flatMap(({ connectionId }) => plan.postings.filter(({ id, sender }) => sender === connectionId && lost.has(id) && unplanned.has(id)));
  return check('dead subscriptions were mended', `${plan.gaps.length} storefronts, ${repaired} topics; ${missed.length} webhooks missed meanwhile`, [...missing, ...gaps]);
}

/** Vendors write a topic one way where it is asked for and another where it is posted: `ORDERS_CREATE`, `orders/create`. */
function lettersOf(topic: string): string {
  return topic.toLowerCase().replace(/[^a-z]/g, '');
}

function complaints({ vendors }: Evidence): Check {
  const said = [...vendors.shops].flatMap(([id, shop]) => shop.complaints().map((complaint) => `${id}: ${complaint}`));
  return check('no call broke a storefront contract', `${vendors.shops.size} storefronts, ${said.length} complaints`, said);
}

/** After its first parcel left, what a storefront says of an order is what it was told by the hub: noted at most. */
function echoes({ snapshot }: Evidence): Check {
  const facts = snapshot.facts.flatMap((event) => (event.entity === 'order' ? [event] : []));
  const leftAt = new Map(
    facts
      .filter(({ type }) => type === 'order.dispatched')
      .sort((a, b) => (a.at < b.at ? 1 : -1))
      .map((event) => [event.order.orderId, event.at]),
  );
  const faults = facts
    .filter((event) => takesIn(event) && event.type !== 'order.noted' && event.at > (leftAt.get(event.order.orderId) ?? '9'))
    .map((event) => `${event.order.orderId}: ${event.type} after it had left: ${event.reason}`);
  return check('echoes of our own word changed nothing', `${leftAt.size} orders left; ${facts.filter(isEcho).length} echoes noted`, faults);
}

function print(units: ReadonlyMap<string, number>): string {
  return [...units].map(([sku, quantity]) => `${quantity} x ${sku}`).join(' + ') || 'nothing';
}
