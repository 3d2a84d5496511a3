import { USUAL_PRIORITY } from '../../../core/rule.ts';
import { STATUS_AT_END } from '../courses.ts';
import { finalUnits, type PlannedOrder } from '../plan.ts';
import { type Check, check, differences, type Evidence, sums, takesIn } from './check.ts';

/** What must be true of orders. */
export function orderChecks(evidence: Evidence): Check[] {
  return [acknowledged(evidence), existOnce(evidence), duplicates(evidence), endings(evidence), contents(evidence), splits(evidence), rules(evidence), people(evidence)];
}

function acknowledged({ vendors }: Evidence): Check {
  const open = vendors.outbox.open();
  const { acknowledged: taken, attempts, lost } = vendors.outbox.counts();
  const faults = open.map(({ id, status, attempts: tries }) => `${id}: ${tries === 0 ? 'never sent' : `answered ${status} after ${tries} attempts`}`);
  return check('every webhook that was sent was acknowledged', `${taken} taken in ${attempts} attempts, ${lost} never sent`, faults);
}

function existOnce({ plan, snapshot }: Evidence): Check {
  const expected = new Set(plan.orders.map(({ orderId }) => orderId));
  const rows = snapshot.table.orders.map(({ orderId }) => orderId);
  return check('every order exists exactly once', `${rows.length} of ${expected.size}`, differences(expected, new Set(rows)));
}

/** Each order takes in at most its distinct versions: whatever else arrived changed nothing. */
function duplicates({ plan, snapshot }: Evidence): Check {
  const takenIn = sums(
    snapshot.facts.filter(takesIn),
    ({ order }) => order.orderId,
    () => 1,
  );
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
    const wanted = STATUS_AT_END[order.ending];
    if (row === undefined) return [];
    const held = row.holds.map(({ kind }) => kind).join(', ');
    if (row.status !== wanted) return [`${order.orderId} (${order.course.name}) is ${row.status}, not ${wanted}${held === '' ? '' : `; holds: ${held}`}`];
    if (order.ending === 'intercepted' && held !== 'address') return [`${order.orderId} has holds "${held}", not address`];
    return order.ending !== 'intercepted' && order.ending !== 'held' && held !== '' ? [`${order.orderId} (${order.course.name}) still has holds: ${held}`] : [];
  });
  const counts = Object.entries(Object.groupBy(plan.orders, ({ ending }) => ending)).map(([ending, orders]) => `${orders.length} ${ending}`);
  return check('every order ended as it had to', counts.join(', '), faults);
}

/** What is in an order's parcels, all together, is what was ordered; parts of kits count as themselves. */
function contents({ client, plan, snapshot }: Evidence): Check {
  const parcels = Map.groupBy(snapshot.table.parcels.filter(isKept), ({ orderId }) => orderId);
  const shipped = plan.orders.filter(leaves);
  const faults = shipped.flatMap((order) => {
    const packed = sums(
      (parcels.get(order.orderId) ?? []).flatMap(({ units }) => units),
      ({ sku }) => sku,
      ({ quantity }) => quantity,
    );
    const wanted = finalUnits(order, client);
    return sameUnits(packed, wanted) ? [] : [`${order.orderId} (${order.course.name}) packed ${print(packed)}, wanted ${print(wanted)}`];
  });
  const units = shipped.flatMap((order) => [...finalUnits(order, client).values()]).reduce((sum, quantity) => sum + quantity, 0);
  const boxes = shipped.reduce((sum, { orderId }) => sum + (parcels.get(orderId)?.length ?? 0), 0);
  return check('parcels hold exactly what was ordered', `${units} units of ${shipped.length} orders in ${boxes} parcels`, faults);
}

/** One parcel from each warehouse that has a part of the order, and several where no warehouse has all of it. */
function splits({ plan, snapshot }: Evidence): Check {
  const parcels = Map.groupBy(snapshot.table.parcels.filter(isKept), ({ orderId }) => orderId);
  const faults = plan.orders.filter(leaves).flatMap((order) => {
    const warehouses = (parcels.get(order.orderId) ?? []).map(({ warehouse }) => warehouse);
    if (new Set(warehouses).size !== warehouses.length) return [`${order.orderId} has several parcels from one warehouse: ${warehouses.join(', ')}`];
    const apart = order.course.goods === 'far-apart';
    return apart && warehouses.length < 2 ? [`${order.orderId} left in ${warehouses.length} parcels, though no warehouse has all of it`] : [];
  });
  const several = [...parcels.values()].filter((own) => own.length > 1).length;
  return check('one parcel per warehouse that an order leaves from', `${several} orders in several parcels`, faults);
}

/** Priorities, duplicate holds and who authorised: as the rules of the demo client have it, and nothing beside. */
function rules({ client, plan, snapshot }: Evidence): Check {
  const rows = new Map(snapshot.table.orders.map((order) => [order.orderId, order]));
  const urgent = new Map(
    client.rules.flatMap(({ when, actions }) =>
      actions.flatMap((action) => (action.do === 'prioritise' ? (when.connections ?? []).map((id) => [id, action.priority] as const) : [])),
    ),
  );
  const raised = new Set(snapshot.facts.flatMap((event) => (event.entity === 'order' && event.order.holds.includes('duplicate') ? [event.order.orderId] : [])));
  const faults = plan.orders.flatMap((order) => {
    const row = rows.get(order.orderId);
    if (row === undefined) return [];
    const name = `${order.orderId} (${order.course.name})`;
    const priority = urgent.get(order.connectionId) ?? USUAL_PRIORITY;
    const byPerson = order.course.help.includes('authorise');
    return [
      ...(row.priority === priority ? [] : [`${name} has priority ${row.priority}, not ${priority}`]),
      ...(raised.has(order.orderId) === order.course.repeats ? [] : [`${name} was ${order.course.repeats ? 'not ' : ''}held as a duplicate`]),
      ...(!leaves(order) || (row.authorisation !== null && (row.authorisation.by !== 'policy') === byPerson)
        ? []
        : [`${name} was authorised by ${row.authorisation?.by ?? 'nobody'}`]),
    ];
  });
  return check('rules did what they say, and nothing else', `${client.rules.length} rules, ${raised.size} duplicates`, faults);
}

function people({ refusedDeeds }: Evidence): Check {
  return check(
    'people and plants were answered',
    `${refusedDeeds.length} refused`,
    refusedDeeds.map(({ id, status, answer }) => `${id}: ${status} ${answer}`),
  );
}

/** Whether an order's goods end in parcels. */
export function leaves(order: PlannedOrder): boolean {
  return order.ending === 'delivered' || order.ending === 'returned' || order.ending === 'intercepted';
}

/** Whether an order's parcels are handed to the carrier. */
export function travels(order: PlannedOrder): boolean {
  return order.ending === 'delivered' || order.ending === 'returned';
}

/** Whether a parcel was not called back. */
export function isKept({ status }: { readonly status: string }): boolean {
  return status !== 'recalled' && status !== 'unpacked';
}

/** Whether two sums are of the same units. */
export function sameUnits(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([sku, quantity]) => b.get(sku) === quantity);
}

function print(units: ReadonlyMap<string, number>): string {
  return [...units].map(([sku, quantity]) => `${quantity} x ${sku}`).join(' + ') || 'nothing';
}
