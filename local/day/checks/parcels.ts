import { differencesOf } from '../../../core/address.ts';
import type { PlannedOrder } from '../plan.ts';
import { type Check, chargesOf, check, differences, type Evidence, repeated } from './check.ts';
import { isKept, leaves } from './orders.ts';

const PARCEL_STATUS = { delivered: 'delivered', returned: 'returned', intercepted: 'labelled', 'called-back': 'unpacked' } as const;

/** What must be true of labels and parcels. */
export function parcelChecks(evidence: Evidence): Check[] {
  return [
    labels(evidence),
    cost(evidence),
    voids(evidence),
    books(evidence),
    contracts(evidence),
    manifests(evidence),
    outageHeldNobodyUp(evidence),
    documents(evidence),
    addresses(evidence),
    statuses(evidence),
  ];
}

/** Whether an order was packed, whatever became of it then. */
function isPacked(order: PlannedOrder): boolean {
  return leaves(order) || order.ending === 'called-back';
}

/** Labels that count: those that parcels have. One that was sold and could not be had was voided, and is in the ledger of purchases. */
function labels({ plan, vendors, snapshot }: Evidence): Check {
  const charged = chargesOf(vendors).map(({ carrierId, trackingNumber }) => `${carrierId} ${trackingNumber}`);
  const bought = snapshot.table.purchases.flatMap(({ carrierId, bought: paid }) => (paid === undefined ? [] : [`${carrierId} ${paid.trackingNumber}`]));
  const used = snapshot.table.parcels.flatMap(({ carrierId, label }) => (label === undefined ? [] : [`${carrierId} ${label.trackingNumber}`]));
  const faults = [
    ...repeated(charged),
    ...repeated(bought),
    ...repeated(used),
    ...differences(new Set(charged), new Set(bought)),
    ...[...new Set(used).difference(new Set(bought))].map((label) => `${label} is on a parcel, and no purchase bought it`),
    ...snapshot.table.parcels.filter((parcel) => isKept(parcel) && parcel.label === undefined).map(({ orderId, parcel }) => `parcel ${parcel} of ${orderId} has no label`),
  ];
  const lost = plan.orders.filter(({ fault }) => fault?.endsWith('-after-charge')).length;
  return check(
    'every label was bought exactly once',
    `${charged.length} charged by carriers, ${bought.length} in the hub, ${used.length} on parcels; ${lost} answers lost after the charge`,
    faults,
  );
}

/** Carriers give back what the labels had cost of parcels that were called back, and of purchases whose label could not be had; and nothing else. */
function voids({ vendors, snapshot }: Evidence): Check {
  const back = new Set([...vendors.carriers].flatMap(([carrierId, carrier]) => carrier.voids().map((carrierRef) => `${carrierId} ${carrierRef}`)));
  const recalled = new Set(snapshot.table.parcels.filter(({ status }) => status === 'unpacked').map(({ orderId, parcel }) => `${orderId}/${parcel}`));
  const labelled = new Set(snapshot.table.parcels.flatMap(({ label }) => label?.reference ?? []));
  const paid = snapshot.table.purchases.flatMap((purchase) => (purchase.bought === undefined ? [] : [{ ...purchase, bought: purchase.bought }]));
  const useless = paid.filter(({ orderId, parcel, reference }) => recalled.has(`${orderId}/${parcel}`) || !labelled.has(reference));
  const wanted = new Set(useless.map(({ carrierId, bought }) => `${carrierId} ${bought.carrierRef}`));
  const voided = new Set(paid.filter(({ status }) => status === 'voided').map(({ carrierId, bought }) => `${carrierId} ${bought.carrierRef}`));
  const lost = useless.filter(({ orderId, parcel }) => !recalled.has(`${orderId}/${parcel}`)).length;
  return check('labels that nobody needs are voided', `${back.size} voided: ${back.size - lost} of parcels that were called back, ${lost} that were sold and could not be had`, [
    ...differences(wanted, back),
    ...differences(wanted, voided),
  ]);
}

function cost({ vendors, snapshot }: Evidence): Check {
  const charged = totals(chargesOf(vendors));
  const recorded = totals(snapshot.table.purchases.flatMap(({ carrierId, bought }) => (bought === undefined ? [] : [{ carrierId, ...bought }])));
  const print = (sums: ReadonlyMap<string, number>) => [...sums].map(([key, sum]) => `${key} ${(sum / 100).toFixed(2)}`).join(', ');
  return check('label costs agree to the cent, carrier by carrier', `${print(charged)} charged and recorded`, differences(entriesOf(charged), entriesOf(recorded)));
}

/** Minor units by carrier and currency. */
function totals(costs: readonly { readonly carrierId: string; readonly cost: number; readonly currency: string }[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { carrierId, cost: amount, currency } of costs) sums.set(`${carrierId} ${currency}`, (sums.get(`${carrierId} ${currency}`) ?? 0) + amount);
  return sums;
}

function entriesOf(sums: ReadonlyMap<string, number>): ReadonlySet<string> {
  return new Set([...sums].map(([key, sum]) => `${key} ${sum}`));
}

const SETTLING_MS = 5_000;

/** While one carrier is down, it sells nothing, and the others go on. */
function outageHeldNobodyUp({ outage: { carrierId, begin, end }, snapshot }: Evidence): Check {
  const during = snapshot.table.parcels.filter(({ label }) => label !== undefined && begin !== undefined && label.boughtAt > begin && label.boughtAt < (end ?? ''));
  const others = during.filter((parcel) => parcel.carrierId !== carrierId).length;
  // What it had sold a moment before is written down a moment later.
  const own = during.filter((parcel) => parcel.carrierId === carrierId && Date.parse(parcel.label?.boughtAt ?? '') > Date.parse(begin ?? '') + SETTLING_MS).length;
  const faults = [
    ...(begin === undefined || end === undefined ? [`${carrierId} was not down and up again`] : []),
    ...(own > 0 ? [`${own} labels were bought from ${carrierId} while it was down`] : []),
    ...(others === 0 ? [`nobody bought a label while ${carrierId} was down`] : []),
  ];
  return check('a carrier that was down held nobody up', `${others} labels bought from others while ${carrierId} was down`, faults);
}

/** What left is on a manifest or list of its carrier, and a carrier's own forms name no label twice. */
function manifests({ vendors, snapshot }: Evidence): Check {
  const listed = snapshot.table.parcels.filter(({ manifest }) => manifest !== undefined);
  const ours = new Set(listed.flatMap(({ carrierId, label }) => (label === undefined ? [] : [`${carrierId} ${label.trackingNumber}`])));
  const theirs = [...vendors.carriers].flatMap(([carrierId, carrier]) => carrier.manifested().map((trackingNumber) => `${carrierId} ${trackingNumber}`));
  const faults = [
    ...repeated(theirs),
    ...theirs.filter((label) => !ours.has(label)).map((label) => `${label} is on a form of its carrier, and on none of ours`),
    ...snapshot.table.parcels
      .filter(({ status, manifest }) => hasTravelled(status) && manifest === undefined)
      .map(({ orderId, parcel }) => `parcel ${parcel} of ${orderId} left on no list`),
  ];
  const papers = snapshot.labels.filter(({ key }) => key.startsWith('manifests/')).length;
  return check('what left is on a list that the driver signed', `${listed.length} parcels listed, ${theirs.length} of them on forms of their carriers; ${papers} papers`, faults);
}

function hasTravelled(status: string): boolean {
  return status === 'dispatched' || status === 'delivered' || status === 'returned';
}

/** In the night what carriers sold is compared with what the hub has: on a day on which every purchase was settled, nothing differs. */
function books({ client, snapshot }: Evidence): Check {
  const compared = snapshot.table.reconciliations;
  const faults = [
    ...client.carriers.filter(({ id }) => !compared.some(({ carrierId }) => carrierId === id)).map(({ id }) => `the labels of ${id} were not compared`),
    ...compared.flatMap(({ carrierId, differences: found }) => found.map(({ kind, reference }) => `${carrierId}: ${kind} ${reference}`)),
  ];
  const sum = (figure: (one: (typeof compared)[number]) => number) => compared.reduce((total, one) => total + figure(one), 0);
  return check(
    'the books of carriers agree with ours',
    `${sum((one) => one.compared)} labels of lists compared, ${sum(({ lookedUp }) => lookedUp)} purchases looked up again`,
    faults,
  );
}

/** Carriers refuse what breaks their contracts, and remember it. */
function contracts({ vendors }: Evidence): Check {
  const faults = [...vendors.carriers].flatMap(([id, carrier]) => carrier.complaints().map((complaint) => `${id}: ${complaint}`));
  const sold = [...vendors.carriers].map(([id, carrier]) => `${id} ${carrier.charges().length}`).join(', ');
  return check('no call broke the contract of a carrier', `labels: ${sold}`, faults);
}

function documents({ snapshot }: Evidence): Check {
  const stored = new Map(snapshot.labels.map(({ key, body }) => [key, body]));
  const faults = snapshot.table.parcels.flatMap(({ orderId, label }) => {
    if (label === undefined) return [];
    const body = stored.get(label.document);
    return body !== undefined && /^(%PDF|\x89PNG|GIF8|\^XA)/.test(body.toString('latin1', 0, 8))
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
  const faults = chargesOf(vendors).flatMap(({ recipient, printed }) => {
    const order = byRecipient.get(recipient.toUpperCase());
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
