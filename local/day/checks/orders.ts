import { finalUnits, type PlannedOrder } from '../plan.ts';
import { type Check, check, differences, type Evidence } from './check.ts';

/** The status in the table by which each ending shows. */
const STATUS = { delivered: 'delivered', returned: 'dispatched', cancelled: 'cancelled', closed: 'closed', held: 'held', intercepted: 'packed' } as const;

/** What must be true of orders. */
export function orderChecks(evidence: Evidence): Check[] {
  return [acknowledged(evidence), existOnce(evidence), duplicates(evidence), endings(evidence), contents(evidence), people(evidence)];
}

function acknowledged({ vendors, shop, plan }: Evidence): Check {
  const open = vendors.outbox.open();
  const { acknowledged: taken, attempts } = vendors.outbox.counts();
  const faults = open.map(({ id, status, attempts: tries }) => `${id}: ${tries === 0 ? 'never sent' : `answered ${status} after ${tries} attempts`}`);
  return check(
    'every webhook and callback was acknowledged',
    `${taken} taken in ${attempts} attempts; ${plan.postings.filter(({ sender }) => sender === shop).length} of them Shopify's`,
    faults,
  );
}

function existOnce({ plan, snapshot }: Evidence): Check {
  const expected = new Set(plan.orders.map(({ orderId }) => orderId));
  const rows = snapshot.table.orders.map(({ orderId }) => orderId);
  return check('every order exists exactly once', `${rows.length} of ${expected.size}`, differences(expected, new Set(rows)));
}

/** Each order takes in at most its distinct versions: whatever else arrived changed nothing. */
function duplicates({ plan, snapshot }: Evidence): Check {
  const takenIn = new Map<string, number>();
  for (const event of snapshot.facts) {
    if (event.entity !== 'order' || !['order.accepted', 'order.changed', 'order.noted', 'order.cancelled', 'order.closed'].includes(event.type)) continue;
    if (event.by !== event.order.connectionId && event.by !== 'hub') continue;
    takenIn.set(event.order.orderId, (takenIn.get(event.order.orderId) ?? 0) + 1);
  }
  const faults = plan.orders
    .filter(({ orderId, versions }) => (takenIn.get(orderId) ?? 0) > versions.length)
    .map(({ orderId, versions }) => `${orderId} changed ${takenIn.get(orderId)} times for ${versions.length} versions`);
  const unwelcome = snapshot.facts.filter(({ type }) => type === 'order.accepted').map((event) => (event.entity === 'order' ? event.order.orderId : ''));
  const twice = unwelcome.filter((id, index) => unwelcome.indexOf(id) !== index).map((id) => `${id} accepted twice`);
  return check('duplicates and older versions changed nothing', `${plan.duplicates} duplicates, ${plan.stale} late older versions`, [...faults, ...twice]);
}

function endings({ plan, snapshot }: Evidence): Check {
  const rows = new Map(snapshot.table.orders.map((order) => [order.orderId, order]));
  const faults = plan.orders.flatMap((order) => {
    const row = rows.get(order.orderId);
    const wanted = STATUS[order.ending];
    if (row === undefined) return [];
    const held = row.holds.map(({ kind }) => kind).join(', ');
    if (row.status !== wanted) return [`${order.orderId} (${order.course.name}) is ${row.status}, not ${wanted}${held === '' ? '' : `; holds: ${held}`}`];
    if (order.ending === 'intercepted' && held !== 'address') return [`${order.orderId} has holds "${held}", not address`];
    return order.ending !== 'intercepted' && order.ending !== 'held' && held !== '' ? [`${order.orderId} (${order.course.name}) still has holds: ${held}`] : [];
  });
  const counts = Object.entries(Object.groupBy(plan.orders, ({ ending }) => ending)).map(([ending, orders]) => `${orders.length} ${ending}`);
  return check('every order ended as it had to', counts.join(', '), faults);
}

function contents({ plan, snapshot }: Evidence): Check {
  const parcels = new Map(snapshot.table.parcels.map((parcel) => [parcel.orderId, parcel]));
  const shipped = plan.orders.filter(leaves);
  const faults = shipped.flatMap((order) => {
    const packed = new Map((parcels.get(order.orderId)?.units ?? []).map(({ sku, quantity }) => [sku, quantity]));
    const wanted = finalUnits(order);
    const same = packed.size === wanted.size && [...wanted].every(([sku, quantity]) => packed.get(sku) === quantity);
    return same ? [] : [`${order.orderId} (${order.course.name}) packed ${print(packed)}, wanted ${print(wanted)}`];
  });
  const units = shipped.flatMap((order) => [...finalUnits(order).values()]).reduce((sum, quantity) => sum + quantity, 0);
  return check('every parcel holds exactly what was ordered', `${units} units in ${shipped.length} parcels`, faults);
}

function people({ refusedDeeds }: Evidence): Check {
  return check(
    'people and plants were answered',
    `${refusedDeeds.length} refused`,
    refusedDeeds.map(({ id, status, answer }) => `${id}: ${status} ${answer}`),
  );
}

/** Whether an order's goods end in a parcel. */
export function leaves(order: PlannedOrder): boolean {
  return order.ending === 'delivered' || order.ending === 'returned' || order.ending === 'intercepted';
}

/** Whether an order's parcel is handed to the carrier. */
export function travels(order: PlannedOrder): boolean {
  return order.ending === 'delivered' || order.ending === 'returned';
}

function print(units: ReadonlyMap<string, number>): string {
  return [...units].map(([sku, quantity]) => `${quantity} x ${sku}`).join(' + ') || 'nothing';
}
