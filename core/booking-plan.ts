import { type Entry, placeOf } from './booking.ts';
import { type BookedLine, type BookingContext, Desk, type Plan, type Refusal, refusal, type Step, type Transfer, transferKey } from './booking-desk.ts';
import { type Client, productOf } from './client.ts';
import { takeBack } from './course.ts';
import { placeKey } from './inventory.ts';
import { isExpired } from './lot.ts';
import { answerSupply, type SupplyRequest } from './supply.ts';

/**
 * Works out what entries do to stock, to the requests and transfers they answer and to the orders they come back from. Entries are taken
 * one after the other, each on what those before it leave. One that cannot be booked is a refusal, and moves nothing.
 */
export function movementsOf(entries: readonly Entry[], context: BookingContext): Plan {
  const desk = new Desk(context);
  for (const [index, entry] of entries.entries()) {
    const step = stepOf(entry, desk);
    if ('code' in step) desk.refusals.push({ index, ...step });
    else desk.take(step);
  }
  return desk.plan();
}

type Of<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

function stepOf(entry: Entry, desk: Desk): Step | Refusal {
  switch (entry.kind) {
    case 'receipt':
      return receive(entry, desk);
    case 'adjustment':
      return adjust(entry, desk);
    case 'transfer':
      return send(entry, desk);
    case 'count':
      return count(entry, desk);
    case 'return':
      return bringBack(entry, desk);
    case 'inspection':
      return inspect(entry, desk);
    default:
      return entry satisfies never;
  }
}

function receive(entry: Of<'receipt'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const answered = entry.against === 'transfer' ? arrival(entry, desk) : entry.against === 'request' ? answer(entry, desk) : {};
  if ('code' in answered) return answered;
  const known = desk.expiryOf(place) ?? answered.transfer?.expiresOn;
  if (known !== undefined && entry.expiresOn !== undefined && known !== entry.expiresOn) {
    return refusal(
      'expiresOn',
      'inventory.lot-differs',
      `${entry.expiresOn} is said of lot ${entry.lot}, which expires on ${known}; correct the day, or give the goods a lot of their own`,
    );
  }
  const expiresOn = known ?? entry.expiresOn;
  const { quantity } = entry;
  const expired = expiresOn !== undefined && isExpired({ expiresOn }, desk.today(entry.warehouse)) ? quantity : 0;
  const { incoming = 0, line, ...rest } = answered;
  return {
    movements: [
      desk.moving(place, { onHand: quantity }, 'received'),
      desk.moving(place, { quarantined: expired }, 'expired'),
      // What is still to come is of no lot yet.
      desk.moving({ sku: place.sku, warehouse: place.warehouse }, { incoming: -incoming }, 'received'),
    ],
    line: { ...place, onHand: quantity, quarantined: expired, ...line },
    ...rest,
    ...(expiresOn !== undefined && { expiry: { place, expiresOn } }),
  };
}

/** What a receipt answers: the item as it then is, the units that are incoming no more, and what to tell. */
interface Answering {
  readonly request?: SupplyRequest;
  readonly transfer?: Transfer;
  readonly incoming?: number;
  readonly line?: Partial<BookedLine>;
}

function answer({ sku, warehouse, quantity }: Of<'receipt'>, desk: Desk): Answering {
  const plant = productOf(desk.client, sku)?.plant;
  const open = desk.requests.get(`${plant} ${warehouse} ${sku}`);
  const answered = answerSupply(open, quantity, desk.act);
  if (open === undefined || answered === undefined) return {};
  return { request: answered.after, incoming: answered.incoming, line: { requestId: open.requestId, ...compared(open.quantity - open.received, quantity) } };
}

/** A transfer's goods are awaited once: what has not come with them will not come. */
function arrival(entry: Of<'receipt'>, desk: Desk): Answering | Refusal {
  const { transferId = '', warehouse, sku, lot, quantity } = entry;
  const transfer = desk.transfers.get(transferKey({ transferId, to: warehouse, sku, lot }));
  if (transfer === undefined)
    return refusal(
      'transferId',
      'inventory.transfer-unknown',
      `${JSON.stringify(transferId)} sent no such goods to ${warehouse}; book them against "free" if they are here all the same`,
    );
  if (transfer.status === 'received')
    return refusal('transferId', 'inventory.transfer-received', `${JSON.stringify(transferId)} is received already: ${transfer.received} of ${transfer.sent} units`);
  return {
    transfer: { ...transfer, received: quantity, status: 'received' },
    incoming: transfer.sent,
    line: { transferId, ...compared(transfer.sent, quantity) },
  };
}

function compared(asked: number, received: number): Pick<BookedLine, 'asked' | 'over' | 'short'> {
  return { asked, over: Math.max(0, received - asked), short: Math.max(0, asked - received) };
}

function adjust(entry: Of<'adjustment'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { quantity, cause } = entry;
  const leaving = cause === 'damaged' ? quantity : -quantity;
  const { available, reserved } = desk.at(place);
  if (leaving > available + reserved) {
    return refusal('quantity', 'inventory.short', `${quantity} is more than the ${available + reserved} units of ${place.sku} in ${place.warehouse} that are not in quarantine`);
  }
  const unknown = leaving < 0 ? desk.unknownLot(place) : undefined;
  if (unknown !== undefined) return unknown;
  const deltas = cause === 'damaged' ? { quarantined: quantity } : { onHand: quantity };
  return {
    movements: [desk.moving(place, deltas, cause === 'damaged' ? 'damaged' : 'adjusted')],
    line: { ...place, onHand: 0, quarantined: 0, ...deltas },
    ...desk.expiring(place),
  };
}

function send(entry: Of<'transfer'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { from, to, sku, lot, quantity, transferId } = entry;
  const { available } = desk.at(place);
  if (quantity > available)
    return refusal('quantity', 'inventory.short', `${quantity} is more than the ${available} units of ${sku} that ${from} has available; what orders have reserved stays`);
  const under = desk.transfers.get(transferKey(entry));
  if (under !== undefined && (under.status === 'received' || under.from !== from)) {
    return refusal('sku', 'inventory.transfer-received', `${JSON.stringify(sku)} of transfer ${JSON.stringify(transferId)} is received already; send more under another id`);
  }
  const expiresOn = desk.expiryOf(place);
  const begun: Transfer = {
    entity: 'transfer',
    transferId,
    from,
    to,
    sku,
    ...(lot !== undefined && { lot }),
    ...(expiresOn && { expiresOn }),
    sent: 0,
    received: 0,
    status: 'open',
    version: 0,
  };
  return {
    movements: [desk.moving(place, { onHand: -quantity }, 'sent'), desk.moving({ sku, warehouse: to }, { incoming: quantity }, 'sent')],
    line: { ...place, onHand: -quantity, quarantined: 0, transferId },
    transfer: { ...(under ?? begun), sent: (under?.sent ?? 0) + quantity },
  };
}

function count(entry: Of<'count'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { counted, expected } = entry;
  const { onHand, available, reserved } = desk.at(place);
  const difference = counted - onHand;
  if (expected !== undefined && expected !== onHand) {
    return refusal('expected', 'inventory.moved', `${expected} is what the counter saw; ${onHand} units of ${place.sku} are on hand in ${place.warehouse} now; count again`);
  }
  const open = isTolerable(difference, onHand, desk.client) ? undefined : recountOf(entry, difference, onHand, desk);
  if (open !== undefined) return open;
  const unknown = difference > 0 ? desk.unknownLot(place) : undefined;
  if (unknown !== undefined) return unknown;
  // A count does not say which units are missing: what is promised to nobody goes first, what nobody can have last.
  const beyond = Math.max(0, -difference - available - reserved);
  return {
    movements: [desk.moving(place, { onHand: difference, quarantined: -beyond }, 'counted')],
    line: { ...place, onHand: difference, quarantined: 0 - beyond, expected: onHand },
    ...(difference !== 0 && { counted: onHand }),
    ...desk.expiring(place),
  };
}

/** Whether a difference is booked without a second count: few units, or a small part of what was on hand. */
export function isTolerable(difference: number, onHand: number, { policies }: Pick<Client, 'policies'>): boolean {
  const { toleranceUnits, tolerancePercent } = policies.counting;
  const units = Math.abs(difference);
  return units <= toleranceUnits || units * 100 <= tolerancePercent * onHand;
}

/** What stands against a large difference: nobody has counted twice, or the two counts do not agree. */
function recountOf(entry: Of<'count'>, difference: number, onHand: number, desk: Desk): Refusal | undefined {
  const place = placeOf(entry);
  const seen = `${entry.counted} counted of ${place.sku} in ${place.warehouse}${place.lot === undefined ? '' : `, lot ${place.lot}`}, ${onHand} on hand`;
  if (!entry.recount) {
    desk.differences.set(placeKey(place), difference);
    return refusal('counted', 'inventory.count-again', `${seen}: too large a difference for one count; count again, and book it as a recount`);
  }
  // Goods may have moved between the counts: it is the difference that must stand.
  const first = entry.first === undefined ? desk.firstCounts.get(placeKey(place)) : entry.first - onHand;
  if (first === undefined) return refusal('counted', 'inventory.count-unknown', `${seen}, and no first count of it is known; book one first, without recount`);
  if (first === difference) return undefined;
  return refusal('counted', 'inventory.counts-disagree', `${seen}: the first count differed by ${first}, this one by ${difference}; begin anew with a count under another id`);
}

function bringBack(entry: Of<'return'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { orderId, parcel, sku, lot, quantity } = entry;
  const order = desk.orders.get(orderId);
  if (order === undefined) return refusal('orderId', 'order.not-found', `${JSON.stringify(orderId)} is no order`);
  if (parcel !== undefined && !order.parcels.some((one) => one.parcel === parcel)) {
    return refusal('parcel', 'shipment.parcel-absent', `${parcel} is no parcel of order ${orderId}; its parcels: ${order.parcels.map((one) => one.parcel).join(', ') || 'none'}`);
  }
  const taken = takeBack(order, [{ sku, quantity }], desk.act);
  if (taken.kind === 'refused') return refusal('quantity', taken.code, taken.why);
  const shipped = order.parcels.flatMap(({ units }) => units).find((unit) => unit.sku === sku && unit.lot === lot);
  const unknown = desk.unknownLot(place, shipped?.expiresOn);
  if (unknown !== undefined) return unknown;
  return {
    movements: [desk.moving(place, { onHand: quantity, quarantined: quantity }, 'returned')],
    line: { ...place, onHand: quantity, quarantined: quantity },
    order: taken,
    ...desk.expiring(place, shipped?.expiresOn),
  };
}

function inspect(entry: Of<'inspection'>, desk: Desk): Step | Refusal {
  const place = placeOf(entry);
  const { quantity, verdict, sku, warehouse } = entry;
  const { quarantined } = desk.at(place);
  if (quantity > quarantined) return refusal('quantity', 'inventory.short', `${quantity} is more than the ${quarantined} units of ${sku} in ${warehouse} that are in quarantine`);
  const expiresOn = desk.expiryOf(place);
  if (verdict === 'restock' && isExpired({ expiresOn }, desk.today(warehouse))) {
    return refusal('verdict', 'inventory.expired', `"restock" is said of lot ${place.lot}, which expired on ${expiresOn}; scrap it`);
  }
  const scrapped = verdict === 'scrap' ? -quantity : 0;
  return {
    movements: [desk.moving(place, { onHand: scrapped, quarantined: -quantity }, verdict === 'scrap' ? 'scrapped' : 'restocked')],
    line: { ...place, onHand: scrapped, quarantined: -quantity },
  };
}
