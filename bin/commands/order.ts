import { readDocumentIfKept, readOrder } from '../../adapters/aws/order-store.ts';
import { readParcels, readTrackingEvents } from '../../adapters/aws/parcel-store.ts';
import { type AddressProof, readAddressProof } from '../../adapters/aws/purchase-store.ts';
import { Table } from '../../adapters/aws/table.ts';
import { readTimeline, type TimelineEntry } from '../../adapters/aws/timeline-store.ts';
import type { Address } from '../../core/address.ts';
import type { Hold, Releaser } from '../../core/hold.ts';
import type { Demand } from '../../core/inventory.ts';
import { printMoney } from '../../core/money.ts';
import { missingUnits, type Order } from '../../core/order.ts';
import type { OrderDocument } from '../../core/order-document.ts';
import type { Parcel } from '../../core/shipment.ts';
import type { Stack } from '../stack.ts';
import { columns, type Output, time } from '../terminal.ts';

/** Shows one order: where it stands, what it waits for, what is in it, where it goes. */
export async function showOrder(stack: Stack, orderId: string, table = new Table(stack.tableName)): Promise<Output> {
  const order = await readOrder(table, orderId);
  const [document, parcels] = await Promise.all([readDocumentIfKept(table, order), readParcels(table, orderId)]);
  const proofs = await Promise.all(parcels.map((parcel) => readAddressProof(table, parcel)));
  return { json: { order, document, parcels, proofs: proofs.filter((proof) => proof !== undefined) }, text: describe(order, document, parcels, proofs) };
}

function describe(order: Order, document: OrderDocument | undefined, parcels: readonly Parcel[], proofs: readonly (AddressProof | undefined)[]): string {
  const facts = [
    ['status', order.status],
    ...order.holds.map((hold) => ['hold', holdLine(hold)]),
    ['storefront', `${order.connectionId}, its number ${order.number}`],
    ['received', time(order.receivedAt)],
    ['ship by', order.shipBy === '' ? 'not promised' : time(order.shipBy)],
    ...(order.late === undefined ? [] : [['late', `noted at ${time(order.late.at)}: ${order.late.stage.replaceAll('+', ', ')}`]]),
    ['priority', `${order.priority}${order.prioritised ? ', given by a person' : ''}`],
    ['total', `${printMoney(order.total, order.currency)} ${order.currency}`],
    ['to ship', unitList(order.demand)],
    ...(order.kits ?? []).map(({ sku, quantity, parts }) => ['  kit', `${quantity} x ${sku}, each of ${unitList(parts)}`]),
    ['reserved', reservedLine(order)],
    ...(missingUnits(order).length === 0 ? [] : [['missing', unitList(missingUnits(order))]]),
    ['authorised', order.authorisation === null ? 'no' : `by ${order.authorisation.by} at ${time(order.authorisation.at)}: ${order.authorisation.reason}`],
    ...(order.packing === undefined ? [] : [['packing', `by ${order.packing.by} in ${order.packing.warehouse} since ${time(order.packing.at)}`]]),
    ['ship to', document === undefined ? '(personal data erased)' : addressLine(document.shipTo)],
    ...parcels.flatMap((parcel, index) => parcelFacts(parcel, proofs[index])),
  ];
  return `order ${order.orderId}\n${columns(facts)}`;
}

const RELEASERS: Readonly<Record<Releaser, string>> = {
  service: 'for a service representative or a manager to release',
  manager: 'for a fulfilment manager to release',
  hub: 'ends when its cause is gone',
};

function holdLine({ kind, reason, at, by, release }: Hold): string {
  return `${kind}: ${reason} (since ${time(at)}, by ${by}; ${RELEASERS[release]})`;
}

function unitList(units: readonly Demand[]): string {
  return units.map(({ sku, quantity }) => `${quantity} x ${sku || '(no SKU)'}`).join(', ') || 'nothing';
}

function reservedLine({ allocations }: Order): string {
  const warehouses = [...Map.groupBy(allocations, ({ warehouse }) => warehouse)].map(
    ([warehouse, units]) => `${units.map(({ sku, quantity, lot }) => `${quantity} x ${sku}${lot === undefined ? '' : ` of lot ${lot}`}`).join(', ')} in ${warehouse}`,
  );
  return warehouses.join('; ') || 'nothing';
}

function parcelFacts(parcel: Parcel, proof: AddressProof | undefined): string[][] {
  const { label, tracking, refund } = parcel;
  const refunded = refund === undefined ? '' : `, refund ${refund}`;
  return [
    [`parcel ${parcel.parcel}`, `${parcel.status}, from ${parcel.warehouse}, ${parcel.weight} g: ${unitList(parcel.units)}`],
    ...(label === undefined
      ? []
      : [['  label', `${label.carrier} ${label.service}, ${printMoney(label.cost, label.currency)} ${label.currency}, ${label.trackingNumber}${refunded}`]]),
    ...(parcel.handedOverAt === undefined ? [] : [['  handed over', time(parcel.handedOverAt)]]),
    ...(tracking.at === '' ? [] : [['  tracking', `${tracking.status.replaceAll('_', ' ')} since ${time(tracking.at)}${label?.trackingUrl ? `, ${label.trackingUrl}` : ''}`]]),
    ...(parcel.late === undefined ? [] : [['  late', `noted at ${time(parcel.late.at)}: ${parcel.late.stage}`]]),
    ...(proof === undefined
      ? []
      : proof.differences.map(({ field, ours, theirs }) => [`  ${field}`, `the order says ${JSON.stringify(ours)}, the label prints ${JSON.stringify(theirs)}`])),
  ];
}

function addressLine(address: Address | null): string {
  if (address === null) return 'no address';
  const { name, company, line1, line2, postalCode, city, region, country } = address;
  return [name, company, line1, line2, [postalCode, city].filter(Boolean).join(' '), region, country].filter(Boolean).join(', ');
}

/** Shows everything that happened to an order, oldest first, with the carrier's scans in between. */
export async function showTimeline(stack: Stack, orderId: string): Promise<Output> {
  const table = new Table(stack.tableName);
  await readOrder(table, orderId);
  const [entries, parcels] = await Promise.all([readTimeline(table, orderId), readParcels(table, orderId)]);
  const scans = (await Promise.all(parcels.map(async (parcel) => (await readTrackingEvents(table, parcel)).map((event) => ({ parcel: parcel.parcel, event }))))).flat();
  const rows = [
    ...entries.map((entry) => ({ at: entry.change.at, row: entryRow(entry) })),
    ...scans.map(({ parcel, event }) => ({ at: event.at, row: [time(event.at), `parcel ${parcel}`, 'scan', event.description || event.code, 'carrier'] })),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  return { json: { orderId, timeline: entries, scans }, text: `timeline of order ${orderId}\n${columns(rows.map(({ row }) => row))}` };
}

function entryRow({ change, subject, before, after }: TimelineEntry): string[] {
  const moved = before === after ? after : [before, after].filter(Boolean).join(' -> ');
  return [time(change.at), subject, moved, change.reason, `by ${change.by}`];
}
