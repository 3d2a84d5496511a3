import { differencesOf } from '../../../core/address.ts';
import type { PlannedOrder } from '../plan.ts';
import { type Check, check, differences, type Evidence, repeated } from './check.ts';
import { isKept, leaves } from './orders.ts';

const PARCEL_STATUS = { delivered: 'delivered', returned: 'returned', intercepted: 'labelled', 'called-back': 'unpacked' } as const;

/** What must be true of labels and parcels. */
export function parcelChecks(evidence: Evidence): Check[] {
  return [labels(evidence), cost(evidence), voids(evidence), documents(evidence), addresses(evidence), statuses(evidence)];
}

/** Whether an order was packed, whatever became of it then. */
function isPacked(order: PlannedOrder): boolean {
  return leaves(order) || order.ending === 'called-back';
}

function labels({ plan, vendors, snapshot }: Evidence): Check {
  const charges = vendors.easypost.charges();
  const charged = charges.map(({ trackingCode }) => trackingCode);
  const ours = snapshot.table.parcels.flatMap(({ label }) => (label === undefined ? [] : [label.trackingNumber]));
  const faults = [
    ...repeated(charged),
    ...repeated(ours),
    ...differences(new Set(charged), new Set(ours)),
    ...snapshot.table.parcels.filter((parcel) => isKept(parcel) && parcel.label === undefined).map(({ orderId, parcel }) => `parcel ${parcel} of ${orderId} has no label`),
    ...(charges.length === ours.length ? [] : [`${charges.length} labels were charged, ${ours.length} parcels have one`]),
  ];
  const lost = plan.orders.filter(({ fault }) => fault?.endsWith('-after-charge')).length;
  return check('every label was bought exactly once', `${charges.length} charged by the carrier, ${ours.length} in the hub; ${lost} answers lost after the charge`, faults);
}

/** The carrier gives back what the labels of called-back parcels had cost, and nothing else. */
function voids({ vendors, snapshot }: Evidence): Check {
  const byTracking = new Map(vendors.easypost.charges().map((charge) => [charge.trackingCode, charge]));
  const back = snapshot.table.parcels.flatMap(({ status, label }) => (status === 'unpacked' && label !== undefined ? (byTracking.get(label.trackingNumber) ?? []) : []));
  const refunds = vendors.easypost.refunds();
  const amount = back.reduce((sum, charge) => sum + charge.cost, 0);
  const voided = snapshot.table.purchases.filter(({ status }) => status === 'voided').map(({ carrierRef }) => carrierRef);
  const shipments = new Set(back.map(({ shipmentId }) => shipmentId));
  return check('labels of parcels that were called back are voided', `${refunds.length} voided, ${amount / 100} to be given back`, [
    ...differences(shipments, new Set(refunds)),
    ...differences(shipments, new Set(voided)),
  ]);
}

function cost({ vendors, snapshot }: Evidence): Check {
  const carrier = vendors.easypost.charges().reduce((sum, charge) => sum + charge.cost, 0);
  const hub = snapshot.table.parcels.reduce((sum, { label }) => sum + (label?.cost ?? 0), 0);
  const currencies = new Set([...vendors.easypost.charges(), ...snapshot.table.parcels.flatMap(({ label }) => label ?? [])].map(({ currency }) => currency));
  return check('label costs agree to the cent', `${carrier / 100} charged, ${hub / 100} recorded`, [
    ...(carrier === hub ? [] : [`differ by ${Math.abs(carrier - hub)} minor units`]),
    ...(currencies.size <= 1 ? [] : [`in several currencies: ${[...currencies].join(', ')}`]),
  ]);
}

function documents({ snapshot }: Evidence): Check {
  const stored = new Map(snapshot.labels.map(({ key, body }) => [key, body]));
  const faults = snapshot.table.parcels.flatMap(({ orderId, label }) => {
    if (label === undefined) return [];
    const body = stored.get(label.document);
    return body !== undefined && /^(%PDF|\x89PNG|\^XA)/.test(body.toString('latin1', 0, 8))
      ? []
      : [`${orderId}: ${body === undefined ? 'no label document' : 'the label document is no label'}`];
  });
  return check('every label document is kept', `${stored.size} documents`, faults);
}

/** What the carrier printed is where the order goes, and where it is not, the order is held. */
function addresses({ plan, vendors, snapshot }: Evidence): Check {
  // A customer who ordered twice is one recipient, with one address.
  const byRecipient = new Map(plan.orders.filter(isPacked).map((order) => [order.recipient.toUpperCase(), order]));
  const held = new Set(snapshot.table.orders.filter(({ holds }) => holds.some(({ kind }) => kind === 'address')).map(({ orderId }) => orderId));
  let wrong = 0;
  const faults = vendors.easypost.charges().flatMap(({ recipient, printed }) => {
    const order = byRecipient.get(recipient);
    if (order === undefined) return ['a label was printed for somebody who ordered nothing'];
    const fields = differencesOf(order.address, printed)
      .map(({ field }) => field)
      // The region is not printed on labels of every country.
      .filter((field) => field !== 'region' && field !== 'company');
    if (fields.length > 0) wrong += 1;
    if (fields.length > 0 && !held.has(order.orderId)) return [`${order.orderId}: the label differs in ${fields.join(', ')} and nobody was told`];
    return fields.length === 0 && held.has(order.orderId) ? [`${order.orderId} is held for an address that is right`] : [];
  });
  return check('every label shows the address of its order', `${wrong} printed wrong, all held`, faults);
}

function statuses({ plan, snapshot }: Evidence): Check {
  const parcels = Map.groupBy(snapshot.table.parcels, ({ orderId }) => orderId);
  const wantedOf = new Map(Object.entries(PARCEL_STATUS));
  const faults = plan.orders.flatMap((order) => {
    const wanted = wantedOf.get(order.ending) ?? 'absent';
    const own = (parcels.get(order.orderId) ?? []).map(({ status }) => status);
    const found = own.length === 0 ? ['absent'] : own;
    return found.filter((status) => status !== wanted).map((status) => `${order.orderId} (${order.course.name}): a parcel is ${status}, not ${wanted}`);
  });
  const planned = (ending: string) => plan.orders.filter((order) => order.ending === ending).reduce((sum, { orderId }) => sum + (parcels.get(orderId)?.length ?? 0), 0);
  const figures = `${planned('delivered')} delivered, ${planned('returned')} returned, ${planned('intercepted')} intercepted, ${planned('called-back')} called back`;
  return check('every parcel arrived where it had to', figures, faults);
}
