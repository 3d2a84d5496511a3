import type { HubEvent } from '../../../core/event.ts';
import { type Check, check, type Evidence, sums } from './check.ts';

type SupplyEvent = Extract<HubEvent, { entity: 'supply' }>;

/** What must be true of stock and of what plants were asked for. */
export function stockChecks(evidence: Evidence): Check[] {
  return [counters(evidence), ledger(evidence), balance(evidence), reservations(evidence), nobodyWaits(evidence), levels(evidence), oneRequest(evidence), plantAlerts(evidence)];
}

const place = ({ sku, warehouse, lot }: { readonly sku: string; readonly warehouse: string; readonly lot?: string | undefined }) =>
  `${sku}${lot === undefined ? '' : ` of lot ${lot}`} in ${warehouse}`;

function counters({ snapshot }: Evidence): Check {
  const { stock } = snapshot.table;
  const faults = stock
    .filter(
      ({ onHand, reserved, quarantined, available, incoming }) => onHand !== reserved + quarantined + available || Math.min(onHand, reserved, quarantined, available, incoming) < 0,
    )
    .map((row) => `${place(row)}: on hand ${row.onHand}, reserved ${row.reserved}, quarantined ${row.quarantined}, available ${row.available}, incoming ${row.incoming}`);
  return check('on hand = available + reserved + quarantined, all >= 0', `${stock.length} counters`, faults);
}

function ledger({ snapshot }: Evidence): Check {
  const { ledger: entries, stock } = snapshot.table;
  const byPlace = Map.groupBy(entries, place);
  const faults = stock.flatMap((row) =>
    (['onHand', 'reserved', 'quarantined', 'incoming'] as const).flatMap((counter) => {
      const folded = (byPlace.get(place(row)) ?? []).reduce((sum, entry) => sum + entry[counter], 0);
      return folded === row[counter] ? [] : [`${place(row)}: ${counter} is ${row[counter]}, its ledger says ${folded}`];
    }),
  );
  return check('every counter equals the fold of its ledger', `${entries.length} entries, 4 counters each`, faults);
}

/** Opening stock and deliveries, less what was packed, and what was unpacked again, is what is there; the unpacked is in quarantine. */
function balance({ plan, snapshot, seen }: Evidence): Check {
  const { stock, parcels, supply, ledger: entries } = snapshot.table;
  const movements = entries.flatMap(({ sku, warehouse, movements: moved }) => moved.map((movement) => ({ sku, warehouse, ...movement })));
  const unitsOf = (reason: string, is: (cause: string) => boolean = () => true) =>
    sums(
      movements.filter((movement) => movement.reason === reason && is(movement.cause)),
      place,
      ({ onHand }) => Math.abs(onHand),
    );
  const opened = sums(plan.opening, place, ({ quantity }) => quantity);
  const received = unitsOf('received', (cause) => !cause.startsWith('opening-'));
  const [packed, unpacked] = [unitsOf('packed'), unitsOf('unpacked')];
  const faults = stock.flatMap((row) => {
    const at = (counts: ReadonlyMap<string, number>) => counts.get(place(row)) ?? 0;
    const wanted = at(opened) + at(received) - at(packed) + at(unpacked);
    return [
      ...(wanted === row.onHand ? [] : [`${place(row)}: on hand ${row.onHand}, but opening + received - packed + unpacked = ${wanted}`]),
      ...(at(unpacked) === row.quarantined ? [] : [`${place(row)}: quarantined ${row.quarantined}, but ${at(unpacked)} were unpacked`]),
    ];
  });
  const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const inParcels = unitsIn(parcels);
  if (inParcels !== total(packed)) faults.push(`${inParcels} units were put into parcels, ${total(packed)} left the shelves`);
  const back = unitsIn(parcels.filter(({ status }) => status === 'unpacked'));
  if (back !== total(unpacked)) faults.push(`${back} units were in parcels that were called back, ${total(unpacked)} are on the shelves again`);
  const figures = `${total(opened)} opening + ${total(received)} received - ${total(packed)} packed + ${total(unpacked)} unpacked; ${supply.length} supply slots, ${seen.plants.length} deliveries`;
  return check('opening + received - packed + unpacked = on hand', figures, faults);
}

function unitsIn(parcels: Evidence['snapshot']['table']['parcels']): number {
  return parcels.flatMap(({ units }) => units).reduce((sum, { quantity }) => sum + quantity, 0);
}

function reservations({ snapshot }: Evidence): Check {
  const { orders, stock } = snapshot.table;
  const held = sums(
    orders.flatMap(({ allocations }) => allocations),
    place,
    ({ quantity }) => quantity,
  );
  const reserved = new Map(stock.map((row) => [place(row), row.reserved]));
  const faults = [...new Set([...held.keys(), ...reserved.keys()])]
    .filter((key) => (held.get(key) ?? 0) !== (reserved.get(key) ?? 0))
    .map((key) => `${key}: ${reserved.get(key) ?? 0} reserved, orders hold ${held.get(key) ?? 0}`);
  return check('what orders hold is what is reserved', `${[...held.values()].reduce((sum, units) => sum + units, 0)} units at the end`, faults);
}

/** An order leaves whole, from as many warehouses as it takes: one that waits must lack something that all together have not. */
function nobodyWaits({ client, snapshot }: Evidence): Check {
  const available = sums(
    snapshot.table.stock,
    ({ sku }) => sku,
    (row) => row.available,
  );
  const known = new Set(client.products.map(({ sku }) => sku));
  const waiting = snapshot.table.orders.filter(
    ({ status, demand, allocations }) => (status === 'held' || status === 'backordered') && allocations.length === 0 && demand.every(({ sku }) => known.has(sku)),
  );
  const faults = waiting
    .filter(({ demand }) => demand.every(({ sku, quantity }) => (available.get(sku) ?? 0) >= quantity))
    .map(({ orderId, demand }) => `${orderId} waits, and all of it is there: ${demand.map(({ sku, quantity }) => `${quantity} x ${sku}`).join(', ')}`);
  return check('no order waits whose stock is there', `${waiting.length} wait at the end`, faults);
}

/** What storefronts that are told of stock offer is what the hub could promise, less their buffer. */
function levels({ client, vendors, snapshot }: Evidence): Check {
  const available = sums(
    snapshot.table.stock,
    ({ sku }) => sku,
    (row) => row.available,
  );
  const inKits = client.kits.map(({ sku, parts }) => [sku, Math.min(...parts.map((part) => Math.floor((available.get(part.sku) ?? 0) / part.quantity)))] as const);
  const told = client.storefronts.filter(({ stock }) => stock.publish);
  const faults = told.flatMap(({ id, stock }) => {
    const offered = new Map(Object.entries(vendors.shops.get(id)?.available() ?? {}));
    const wanted = new Map([...available, ...inKits].map(([sku, units]) => [sku, Math.max(0, units - (stock.buffers[sku] ?? stock.buffer))]));
    return [...new Set([...wanted.keys(), ...offered.keys()])]
      .filter((sku) => offered.get(sku) !== wanted.get(sku))
      .map((sku) => `${id} offers ${offered.get(sku) ?? 'nothing'} of ${sku}; by the hub it is ${wanted.get(sku) ?? 'nothing'}`);
  });
  return check('storefronts offer what the hub has, less their buffer', `${told.length} told of ${available.size + inKits.length} SKUs`, faults);
}

/** At no time two open requests for one SKU of one plant and warehouse. */
function oneRequest({ snapshot }: Evidence): Check {
  const requests = snapshot.facts
    .filter((event): event is SupplyEvent => event.entity === 'supply')
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.type < b.type ? -1 : 1));
  const open = new Map<string, string>();
  const faults: string[] = [];
  for (const { type, supply } of requests) {
    const slot = `${supply.plant}: ${place(supply)}`;
    const standing = open.get(slot);
    if (type === 'supply.requested' && standing !== undefined && standing !== supply.requestId) faults.push(`${slot} has ${standing} and ${supply.requestId} open at once`);
    if (type === 'supply.requested') open.set(slot, supply.requestId);
    if (type === 'supply.received') open.delete(slot);
  }
  return check(
    'one open request per SKU, plant and warehouse',
    `${requests.filter(({ type }) => type === 'supply.requested').length} requests, ${open.size} open at the end`,
    faults,
  );
}

function plantAlerts({ snapshot, seen, restarts }: Evidence): Check {
  const requested = new Set(snapshot.facts.flatMap((event) => (event.entity === 'supply' && event.type === 'supply.requested' ? [event.supply.requestId] : [])));
  const told = seen.plants.map(({ attributes }) => attributes.noticeId ?? '');
  const faults = [
    ...[...requested].filter((id) => !told.includes(id)).map((id) => `no alert for request ${id}`),
    ...told.filter((id) => !requested.has(id)).map((id) => `alert for ${id}, which was never requested`),
    ...told
      .filter((id, index) => told.indexOf(id) !== index)
      .slice(restarts * 10)
      .map((id) => `alerted twice: ${id}`),
  ];
  return check('plants were alerted once per request', `${told.length} alerts`, faults);
}
