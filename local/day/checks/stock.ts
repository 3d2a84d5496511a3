import type { HubEvent } from '../../../core/event.ts';
import { type Check, check, type Evidence, sums } from './check.ts';

type SupplyEvent = Extract<HubEvent, { entity: 'supply' }>;

/** What must be true of stock and of what plants were asked for. */
export function stockChecks(evidence: Evidence): Check[] {
  return [counters(evidence), ledger(evidence), balance(evidence), oneRequest(evidence), plantAlerts(evidence)];
}

const place = ({ sku, warehouse }: { readonly sku: string; readonly warehouse: string }) => `${sku} in ${warehouse}`;

function counters({ snapshot }: Evidence): Check {
  const { stock } = snapshot.table;
  const faults = stock
    .filter(({ onHand, reserved, available, incoming }) => onHand !== reserved + available || Math.min(onHand, reserved, available, incoming) < 0)
    .map((row) => `${place(row)}: on hand ${row.onHand}, reserved ${row.reserved}, available ${row.available}, incoming ${row.incoming}`);
  return check('on hand = available + reserved, none below zero', `${stock.length} counters`, faults);
}

function ledger({ snapshot }: Evidence): Check {
  const { ledger: entries, stock } = snapshot.table;
  const faults = stock.flatMap((row) => {
    const own = entries.filter(({ sku, warehouse }) => sku === row.sku && warehouse === row.warehouse);
    return (['onHand', 'reserved', 'incoming'] as const).flatMap((counter) => {
      const folded = own.reduce((sum, entry) => sum + entry[counter], 0);
      return folded === row[counter] ? [] : [`${place(row)}: ${counter} is ${row[counter]}, its ledger says ${folded}`];
    });
  });
  return check('every counter equals the fold of its ledger', `${entries.length} entries`, faults);
}

/** Opening stock and deliveries, less what was packed, is what is there. */
function balance({ plan, snapshot, seen }: Evidence): Check {
  const { stock, parcels, supply, ledger: entries } = snapshot.table;
  const movements = entries.flatMap(({ sku, warehouse, movements: moved }) => moved.map((movement) => ({ sku, warehouse, ...movement })));
  const opened = sums(plan.opening, place, ({ quantity }) => quantity);
  const received = sums(
    movements.filter(({ reason, cause }) => reason === 'received' && !cause.startsWith('opening-')),
    place,
    ({ onHand }) => onHand,
  );
  const packed = sums(
    movements.filter(({ reason }) => reason === 'packed'),
    place,
    ({ onHand }) => -onHand,
  );
  const faults = stock.flatMap((row) => {
    const wanted = (opened.get(place(row)) ?? 0) + (received.get(place(row)) ?? 0) - (packed.get(place(row)) ?? 0);
    return wanted === row.onHand ? [] : [`${place(row)}: on hand ${row.onHand}, but opening + received - packed = ${wanted}`];
  });
  const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const inParcels = parcels.flatMap(({ units }) => units).reduce((sum, { quantity }) => sum + quantity, 0);
  if (inParcels !== total(packed)) faults.push(`${inParcels} units are in parcels, ${total(packed)} left the shelves`);
  const figures = `${total(opened)} opening + ${total(received)} received - ${total(packed)} packed; ${supply.length} supply slots, ${seen.plants.length} deliveries`;
  return check('opening + received - packed = on hand', figures, faults);
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
