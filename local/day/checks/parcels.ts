import { differencesOf } from '../../../core/address.ts';
import { finalUnits } from '../plan.ts';
import { type Check, check, differences, type Evidence, repeated } from './check.ts';
import { leaves, travels } from './orders.ts';

const PARCEL_STATUS = { delivered: 'delivered', returned: 'returned', intercepted: 'labelled' } as const;

/** What must be true of labels, parcels, and what storefronts know of them. */
export function parcelChecks(evidence: Evidence): Check[] {
  return [labels(evidence), cost(evidence), documents(evidence), addresses(evidence), statuses(evidence), shopifyKnows(evidence), wholesaleKnows(evidence)];
}

function labels({ plan, vendors, snapshot }: Evidence): Check {
  const charges = vendors.easypost.charges();
  const charged = charges.map(({ trackingCode }) => trackingCode);
  const ours = snapshot.table.parcels.flatMap(({ label }) => (label === undefined ? [] : [label.trackingNumber]));
  const faults = [
    ...repeated(charges.map(({ recipient }) => recipient)).map((who) => `charged more than once for one parcel: ${who}`),
    ...repeated(ours),
    ...differences(new Set(charged), new Set(ours)),
    ...(charges.length === plan.orders.filter(leaves).length ? [] : [`${charges.length} labels were charged for ${plan.orders.filter(leaves).length} parcels`]),
  ];
  const lost = plan.orders.filter(({ fault }) => fault?.endsWith('-after-charge')).length;
  return check('every label was bought exactly once', `${charges.length} charged by the carrier, ${ours.length} in the hub; ${lost} answers lost after the charge`, faults);
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
  const byRecipient = new Map(plan.orders.filter(leaves).map((order) => [order.recipient.toUpperCase(), order]));
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
  const parcels = new Map(snapshot.table.parcels.map((parcel) => [parcel.orderId, parcel.status]));
  const faults = plan.orders.flatMap((order) => {
    const status = parcels.get(order.orderId);
    const wanted = order.ending === 'delivered' || order.ending === 'returned' || order.ending === 'intercepted' ? PARCEL_STATUS[order.ending] : undefined;
    return status === wanted ? [] : [`${order.orderId} (${order.course.name}): parcel is ${status ?? 'absent'}, not ${wanted ?? 'absent'}`];
  });
  const planned = (ending: string) => plan.orders.filter((order) => order.ending === ending).length;
  return check('every parcel arrived where it had to', `${planned('delivered')} delivered, ${planned('returned')} returned, ${planned('intercepted')} intercepted`, faults);
}

function shopifyKnows({ plan, vendors, shop, snapshot }: Evidence): Check {
  const sent = plan.orders.filter((order) => order.connectionId === shop && travels(order));
  const numbers = new Map(snapshot.table.parcels.map(({ orderId, label }) => [orderId, label?.trackingNumber]));
  const fulfilments = Map.groupBy(vendors.shopify.fulfilments(), ({ sourceId }) => sourceId);
  const faults = sent.flatMap((order) => {
    const own = fulfilments.get(order.sold.sourceId) ?? [];
    if (own.length !== 1) return [`${order.orderId} has ${own.length} fulfilments at the shop`];
    const wanted = finalUnits(order);
    const same = [...wanted].every(([sku, quantity]) => own[0]?.units[sku] === quantity) && Object.keys(own[0]?.units ?? {}).length === wanted.size;
    if (!same) return [`${order.orderId} is fulfilled with other units than were packed`];
    return own[0]?.number === numbers.get(order.orderId) ? [] : [`${order.orderId} is fulfilled with another tracking number`];
  });
  const strangers = [...fulfilments.keys()]
    .filter((id) => !sent.some((order) => order.sold.sourceId === id))
    .map((id) => `the shop has a fulfilment of ${id}, which was never sent`);
  return check('Shopify shows every parcel once', `${vendors.shopify.fulfilments().length} fulfilments for ${sent.length} parcels`, [...faults, ...strangers]);
}

function wholesaleKnows({ plan, vendors, shop, snapshot }: Evidence): Check {
  const sent = plan.orders.filter((order) => order.connectionId !== shop && travels(order));
  const wanted = new Set(sent.map(({ orderId, sold }) => `${sold.sourceId} ${snapshot.table.parcels.find((parcel) => parcel.orderId === orderId)?.label?.trackingNumber}`));
  const notes = vendors.custom.notes();
  const told = notes.map(({ orderId, trackingNumber }) => `${orderId} ${trackingNumber}`);
  const faults = [...differences(wanted, new Set(told)), ...repeated(told), ...(vendors.custom.refused() === 0 ? [] : [`${vendors.custom.refused()} callbacks did not verify`])];
  return check('the wholesale shop was told of every parcel once', `${notes.length} notes, ${notes.reduce((sum, { copies }) => sum + copies, 0)} callbacks`, faults);
}
