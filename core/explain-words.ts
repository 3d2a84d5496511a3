import type { Criterion, Split } from './client.ts';
import { clockOf } from './day.ts';
import type { AuthorisationCause, Facts, Promised, Quantity, Running, Shortage } from './explanation.ts';
import type { Releaser } from './hold.ts';
import { printMoney } from './money.ts';
import { isLive, type Order, type OrderStatus, openDemand } from './order.ts';
import { type Selection, serviceName } from './selection.ts';
import type { Parcel, Refund } from './shipment.ts';

/** The question that facts answer. */
export function questionOf(facts: Facts): string {
  if (facts.about === 'allocation' && facts.chosen.length !== 1) return facts.chosen.length === 0 ? 'Why no warehouse?' : 'Why these warehouses?';
  return QUESTIONS[facts.about];
}

const QUESTIONS: Readonly<Record<Facts['about'], string>> = {
  end: 'Why is it over?',
  hold: 'Why does it not move?',
  shortage: 'Why does it not move?',
  authorisation: 'Why does it not move?',
  authorised: 'Who let it be packed?',
  clock: 'How long has it waited?',
  parcel: 'Where are its parcels?',
  allocation: 'Why this warehouse?',
  'no-allocation': 'Why no warehouse?',
  service: 'Why this carrier and service?',
  quantity: 'Why this quantity?',
  edits: 'Why this quantity?',
  promise: 'What was promised, and is it kept?',
};

const STATUS: Readonly<Record<OrderStatus, string>> = {
  held: 'held until what stands against it is settled',
  backordered: 'waiting for stock',
  allocated: 'reserved, and waiting to be authorised',
  authorised: 'authorised, and waiting to be packed',
  packing: 'being packed',
  packed: 'packed, and waiting to leave',
  dispatched: 'on its way',
  delivered: 'delivered',
  returned: 'returned',
  cancelled: 'cancelled',
  closed: 'closed, with nothing to ship',
};

/** The state of an order in words. */
export function statusInWords(order: Order): string {
  const isPart = openDemand(order).length > 0 && order.parcels.some(isLive);
  const isHeld = order.holds.length > 0 && order.status !== 'held';
  return [STATUS[order.status], isPart && 'a part of it is packed already', isHeld && 'held', order.late !== undefined && 'late'].filter(Boolean).join('; ');
}

/** Facts about an order in full sentences. */
export function answerTo(facts: Facts): string {
  switch (facts.about) {
    case 'end':
      return sentences(
        facts.said === undefined ? `It was ${facts.ending}` : `It was ${facts.ending} at ${time(facts.said.at)}: ${facts.said.reason}`,
        facts.left && 'Some of it had left before; that is followed all the same',
        facts.recalled.length > 0 && `Called back, and not unpacked yet: ${listOf(facts.recalled.map((parcel) => `parcel ${parcel}`))}`,
      );
    case 'hold':
      return sentences(
        `${capital(a(facts.hold.kind))} hold, set by ${actor(facts.hold.by)} ${spell(facts.minutes)} ago (${time(facts.hold.at)}): ${facts.hold.reason}`,
        RELEASED[facts.hold.release],
        facts.endsByItself && facts.hold.release !== 'hub' && 'A newer version of the order without this fault ends it too',
      );
    case 'shortage':
      return shortage(facts);
    case 'authorisation':
      return sentences(`The policy did not authorise it: ${listOf(facts.causes.map(causeInWords))}`);
    case 'authorised':
      return sentences(
        `Authorised by ${actor(facts.by)} at ${time(facts.at)}: ${facts.reason}`,
        facts.packing !== undefined && `${facts.packing.by} packs it in ${facts.packing.warehouse} since ${time(facts.packing.at)}`,
      );
    case 'clock':
      return sentences(`It waits ${waiting(facts)}`);
    case 'parcel':
      return parcel(facts.parcel, facts.clock);
    case 'allocation':
      return sentences(
        `Decided at ${time(facts.at)}: ${facts.why}`,
        `What counts, first things first: ${facts.prefer.map((criterion) => CRITERIA[criterion]).join(', ')}. ${SPLITS[facts.split]}`,
        facts.only.length > 0 && `Rules have it ship from ${listOf(facts.only)} alone`,
        facts.first.length > 0 && `Rules put ${listOf(facts.first)} first`,
      );
    case 'no-allocation':
      return sentences(`No warehouse was asked, because the client file does not have ${listOf(facts.unknown.map((sku) => sku || 'a line without SKU'))}`);
    case 'service':
      return service(facts.selection);
    case 'quantity':
      return quantity(facts);
    case 'edits':
      return sentences(`The order was changed ${times(facts.edits.length)} since it came in, last at ${time(facts.edits.at(-1)?.at ?? '')}: ${facts.edits.at(-1)?.reason ?? ''}`);
    case 'promise':
      return promise(facts);
    default:
      return facts satisfies never;
  }
}

const RELEASED: Readonly<Record<Releaser, string>> = {
  service: 'A service representative or a fulfilment manager may release it',
  manager: 'Only a fulfilment manager may release it',
  hub: 'Nobody releases it: it ends when its cause is gone',
};

const CRITERIA: Readonly<Record<Criterion, string>> = {
  'fewest-parcels': 'the fewest parcels',
  soonest: 'the soonest departure',
  nearest: 'the nearest warehouse',
  priority: 'the order of preference',
};

const SPLITS: Readonly<Record<Split, string>> = {
  never: "This client's orders leave whole, from one warehouse",
  warehouses: "This client's orders leave whole, from as many warehouses as it takes",
  backorders: "Of this client's orders leaves what is there, and the rest follows",
};

function shortage({ sku, missing, wanted, verdict, othersLack, sites, queue, requests, split }: Shortage): string {
  const together = sites.reduce((units, { available }) => units + available, 0);
  const stand = sites.map(({ warehouse, available }) => `${warehouse} ${available}`).join(', ');
  const quarantined = sites.filter((site) => site.quarantined > 0).map((site) => `${site.quarantined} in ${site.warehouse}`);
  const missed = `${missing === wanted ? '' : `${missing} of `}${wanted} x ${sku} ${missing === 1 ? 'is' : 'are'} ${verdict === 'there' ? 'not reserved' : 'missing'}`;
  const why = {
    none: 'None can be promised now',
    'too-few': `${together} can be promised now (${stand}), which is too few${split === 'backorders' ? '' : ': the order must leave whole'}`,
    scattered: `${together} can be promised now (${stand}), but no warehouse has all of them, and the order must leave whole from one`,
    there: `${together} can be promised now (${stand})${othersLack && split !== 'backorders' ? ', waiting for the rest: the order must leave whole' : ', to be given out in turn'}`,
  }[verdict];
  return sentences(
    missed,
    why,
    quarantined.length > 0 && `${capital(listOf(quarantined))} stand in quarantine, to be inspected`,
    queue && `It is ${ordinal(queue.place)} of ${queue.length} in the queue for ${sku}${queue.place === 1 ? '' : `; those before it lack ${queue.ahead}`}`,
    verdict !== 'there' && coming(sites, requests),
  );
}

function coming(sites: Shortage['sites'], requests: Shortage['requests']): string {
  const asked = requests.map(
    (one) => `${one.quantity} for ${one.warehouse} from plant ${one.plant}, ${one.late ? 'overdue since' : 'expected by'} ${one.needBy} (request ${one.requestId})`,
  );
  const moved = sites.flatMap(({ warehouse, incoming }) => {
    const rest = incoming - requests.reduce((units, one) => (one.warehouse === warehouse ? units + one.quantity : units), 0);
    return rest > 0 ? [`${rest} for ${warehouse} from another warehouse`] : [];
  });
  return asked.length + moved.length === 0 ? 'None are on their way' : `On their way: ${listOf([...asked, ...moved])}`;
}

function causeInWords(cause: AuthorisationCause): string {
  switch (cause.cause) {
    case 'mode':
      return 'a person authorises every order of this client';
    case 'limit':
      return `its total of ${money(cause.total, cause.currency)} is above the limit of ${money(cause.limit, cause.currency)}`;
    case 'currency':
      return `its total is in ${cause.currency} and the limit in ${cause.limitCurrency}, so the two cannot be compared`;
    case 'person-asked':
      return askedBy(cause);
    case 'released':
      return `a person had to release a hold of it or mend it (${listOf(cause.holds)}), so it does not pass without one`;
    case 'withdrawn':
      return `its authorisation was withdrawn at ${time(cause.at)} (${cause.reason})`;
    default:
      return cause satisfies never;
  }
}

function askedBy({ rules, newCustomers }: Extract<AuthorisationCause, { readonly cause: 'person-asked' }>): string {
  const named = `a rule asks for a person (${rules.join(' or ')})`;
  if (!newCustomers) return rules.length === 0 ? 'a rule asks for a person' : named;
  return rules.length === 0 ? 'orders of new customers wait for a person' : `its customer is new, or ${named}`;
}

function parcel(one: Parcel, clock: Running | undefined): string {
  const { label } = one;
  return sentences(
    `Parcel ${one.parcel} (${one.units.map(({ sku, quantity: units }) => `${units} x ${sku}`).join(', ')}, from ${one.warehouse}) ${course(one)}`,
    clock && `It waits ${waiting(clock)}`,
    label && `Its label: ${label.carrier} ${label.service}, ${label.trackingNumber}`,
    one.refund && REFUNDS[one.refund],
  );
}

/** How a service was chosen. */
function service({ parcel: number, at, chosen, reason, deliverBy, cargo, asked, candidates }: Selection): string {
  const silent = asked
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'down')
    .map(({ carrierId, outcome }) => `${carrierId} ${SILENT[outcome === 'down' ? 'down' : 'failed']}`);
  const refused = asked.filter(({ outcome }) => outcome === 'refused').map(({ carrierId, reason: why }) => `${carrierId} (${why})`);
  const out = candidates.filter(({ out: why }) => why !== null).length;
  return sentences(
    chosen === null
      ? `Parcel ${number} has no service: ${reason}`
      : `Parcel ${number} goes by ${serviceName(chosen.rate)} of ${chosen.carrierId} for ${money(chosen.rate.cost, chosen.rate.currency)}, as chosen at ${time(at)}: ${reason}`,
    `It weighs ${cargo.weight} g and goes to ${cargo.region === '' ? cargo.country : `${cargo.country}-${cargo.region}`}${deliverBy === '' ? '' : `; the customer was promised it by ${deliverBy}`}`,
    chosen?.source === 'tariff' && 'Its price was reckoned from the tariff, as the carrier did not answer in time',
    refused.length > 0 && `Not offered by ${listOf(refused)}`,
    silent.length > 0 && `No answer: ${listOf(silent)}`,
    out > 0 && `${out} of ${candidates.length} services may not be bought by the client's rules`,
  );
}

const SILENT = { failed: 'did not answer in time', down: 'had not answered before and was left alone' } as const;

const REFUNDS: Readonly<Record<Refund, string>> = {
  pending: 'The carrier was asked to refund its label',
  refunded: 'The carrier refunded its label',
  lost: 'The cost of its label is lost',
};

function course({ status, packedAt, handedOverAt, recalledAt, tracking, label, change, parked }: Parcel): string {
  const word = tracking.status.replaceAll('_', ' ');
  switch (status) {
    case 'packed':
      return parked === undefined
        ? `was packed at ${time(packedAt)}`
        : `was packed at ${time(packedAt)}; only a person can say whether its label was bought (${parked.reason}, ${time(parked.at)})`;
    case 'labelled':
      return handedOverAt === undefined ? `has had its label since ${time(label?.boughtAt ?? packedAt)}` : `was handed over to the carrier at ${time(handedOverAt)}`;
    case 'refused':
      return `got no label: ${change.reason}`;
    case 'dispatched':
      return `is on its way since ${time(tracking.firstScanAt ?? tracking.at)}; the carrier's last word: ${word}, ${time(tracking.at)}`;
    case 'delivered':
      return `was delivered at ${time(tracking.deliveredAt ?? tracking.at)}`;
    case 'returned':
      return `went back to its sender at ${time(tracking.at)}`;
    case 'lost':
      return `is lost, the carrier said at ${time(tracking.at)}`;
    case 'recalled':
      return `was called back at ${time(recalledAt ?? change.at)}: ${label === undefined ? 'it has no label' : 'its label has to be voided'} before its units go back to the shelf`;
    case 'unpacked':
      return `was called back and unpacked; its units went into quarantine at ${time(change.at)}`;
    default:
      return status satisfies never;
  }
}

function quantity({ sku, wanted, single, kits, reserved, packed, returned, missing, excess }: Quantity): string {
  const parts = kits.map((kit) => `${kit.quantity * kit.each} in ${kit.quantity} x ${kit.sku} (${kit.each} in each, by the recipe of the day it was sold)`);
  const sold = kits.length === 0 ? 'sold as such' : listOf([...(single > 0 ? [`${single} sold as such`] : []), ...parts]);
  const where = [
    ...reserved.map((one) => `${one.quantity} reserved in ${one.warehouse}${one.lot === undefined ? '' : ` (lot ${one.lot})`}`),
    ...packed.map((one) => `${one.quantity} in parcel ${one.parcel}`),
    ...(missing > 0 ? [`${missing} missing`] : []),
    ...(returned > 0 ? [`${returned} came back`] : []),
  ];
  return sentences(
    wanted === 0 ? `${sku} is not wanted any more` : `${wanted} x ${sku}: ${sold}`,
    where.length > 0 && `Of these: ${where.join(', ')}`,
    excess > 0 && `${excess} more ${excess === 1 ? 'is' : 'are'} packed than its newest version wants`,
  );
}

function promise({ shipBy, warehouse, timeZone, outcome, packedAt, minutes }: Promised): string {
  const from = warehouse === undefined ? 'no warehouse could be asked, so it counts from the order itself' : `the cut-off of ${warehouse}`;
  const came = {
    open: `That is ${spell(minutes)} from now`,
    kept: `Kept: packed at ${time(packedAt ?? '')}, ${spell(minutes)} before`,
    broken: `Not kept: packed at ${time(packedAt ?? '')}, ${spell(minutes)} after`,
    overdue: `Not kept: that was ${spell(minutes)} ago, and it is not packed`,
  }[outcome];
  return sentences(`To ship by ${localTime(shipBy, timeZone)}: ${from}`, came);
}

function waiting({ waits, since, minutes, hours, dueAt, late }: Running): string {
  const allowed = hours === 1 ? 'an hour is allowed' : `${hours} hours are allowed`;
  const limit = late ? `${allowed}: late since ${time(dueAt)}` : `${allowed}, until ${time(dueAt)}`;
  return `${waits} since ${time(since)}, for ${spell(minutes)}; ${limit}`;
}

/** A time of a warehouse's own clocks: `2026-11-22 14:00 (Europe/Berlin)`. */
function localTime(instant: string, timeZone: string): string {
  const at = Date.parse(instant);
  const shown = new Date(at + clockOf(timeZone)(at).offset * 60_000).toISOString();
  return `${shown.slice(0, 10)} ${shown.slice(11, 16)} (${timeZone})`;
}

function time(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}

/** A length of time as a person says it: `3 hours`. */
function spell(minutes: number): string {
  const [length, unit] = minutes < 120 ? [minutes, 'minute'] : minutes < 72 * 60 ? [Math.round(minutes / 60), 'hour'] : [Math.round(minutes / 1_440), 'day'];
  return `${length} ${unit}${length === 1 ? '' : 's'}`;
}

function ordinal(number: number): string {
  const teen = number % 100 > 10 && number % 100 < 14;
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${number}${ending}`;
}

function times(number: number): string {
  return number === 1 ? 'once' : `${number} times`;
}

function money(minor: number, currency: string): string {
  return `${printMoney(minor, currency)} ${currency}`;
}

function actor(by: string): string {
  return by === 'hub' || by === 'policy' ? `the ${by}` : by;
}

function a(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function listOf(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function sentences(...parts: readonly (string | false | undefined)[]): string {
  return parts
    .filter((part): part is string => typeof part === 'string' && part !== '')
    .map((part) => (part.endsWith('.') ? part : `${part}.`))
    .join(' ');
}
