import * as z from 'zod';
import { unpackDelivery } from '../../../adapters/delivery.ts';
import { DailyReport } from '../../../core/report.ts';
import { fingerprint } from '../bad-input.ts';
import type { Ending } from '../courses.ts';
import { canaries } from '../people.ts';
import type { PlannedOrder } from '../plan.ts';
import { type Check, chargesOf, check, differences, type Evidence } from './check.ts';
import { isKept, leaves, travels } from './orders.ts';

/** What must be true of notices, reports, dead letters and logs. */
export function tellingChecks(evidence: Evidence): Check[] {
  return [notices(evidence), reports(evidence), badInput(evidence), deadLetters(evidence), privacy(evidence)];
}

/** The notices that customers must get: no more, no fewer. */
function expectedNotices({ plan, snapshot }: Evidence): Set<string> {
  const waited = snapshot.facts.flatMap((event) =>
    event.entity === 'order' && event.type === 'order.backordered' && event.order.status === 'backordered' ? [`${event.order.orderId}#delayed-stock`] : [],
  );
  const parcels = Map.groupBy(snapshot.table.parcels.filter(isKept), ({ orderId }) => orderId);
  const planned = plan.orders.flatMap((order) => [
    ...(order.course.welcomed ? [`${order.orderId}#accepted`] : []),
    ...(travels(order) ? (parcels.get(order.orderId) ?? []) : []).flatMap(({ parcel }) => [
      `${order.orderId}#shipped-${parcel}`,
      ...(isDelayed(order) ? [`${order.orderId}#delayed-carrier-${parcel}`] : []),
      ...(order.ending === 'delivered' ? [`${order.orderId}#delivered-${parcel}`] : []),
    ]),
  ]);
  return new Set([...planned, ...waited]);
}

function isDelayed({ journey }: PlannedOrder): boolean {
  return journey === 'delayed' || journey === 'exception';
}

function notices(evidence: Evidence): Check {
  const expected = expectedNotices(evidence);
  const told = evidence.seen.customers.map(({ attributes }) => attributes.noticeId ?? '');
  const twice = told.filter((id, index) => told.indexOf(id) !== index);
  // A notice whose sender died between sending and noting may come again: receivers drop it by its id.
  const faults = [...differences(expected, new Set(told)), ...twice.slice(evidence.restarts * 20).map((id) => `told twice: ${id}`)];
  return check('customers were told everything once', `${told.length} notices, ${expected.size} expected`, faults);
}

const ReportFile = z.object({ report: DailyReport });

/** The figures of the day's reports, added up, are the figures of the day. */
function reports({ plan, snapshot, vendors, seen }: Evidence): Check {
  const files = snapshot.reports.filter(({ key }) => key.endsWith('.json')).map(({ body }) => ReportFile.parse(JSON.parse(body.toString('utf8'))).report);
  const add = (figure: (headline: DailyReport['headline']) => number) => files.reduce((sum, { headline }) => sum + figure(headline), 0);
  const ends = (...endings: readonly Ending[]) => plan.orders.filter(({ ending }) => endings.includes(ending)).length;
  // A label that was sold and could not be had is on no parcel.
  const used = new Set(snapshot.table.parcels.flatMap(({ carrierId, label }) => (label === undefined ? [] : [`${carrierId} ${label.trackingNumber}`])));
  const charges = chargesOf(vendors).filter(({ carrierId, trackingNumber }) => used.has(`${carrierId} ${trackingNumber}`));
  const parcelsOf = (which: (order: PlannedOrder) => boolean) => {
    const ids = new Set(plan.orders.filter(which).map(({ orderId }) => orderId));
    return snapshot.table.parcels.filter((parcel) => isKept(parcel) && ids.has(parcel.orderId)).length;
  };
  const wanted: readonly [string, number, number][] = [
    ['orders received', add(({ orders }) => orders.received), plan.orders.length],
    ['orders cancelled', add(({ orders }) => orders.cancelled), ends('cancelled', 'called-back')],
    ['orders closed', add(({ orders }) => orders.closed), ends('closed')],
    ['orders packed', add(({ orders }) => orders.packed), plan.orders.filter(leaves).length + ends('called-back')],
    ['orders delivered', add(({ orders }) => orders.delivered), ends('delivered')],
    ['parcels labelled', add(({ parcels }) => parcels.labelled), charges.length],
    ['parcels dispatched', add(({ parcels }) => parcels.dispatched), parcelsOf(travels)],
    ['parcels delayed', add(({ parcels }) => parcels.delayed), parcelsOf(isDelayed)],
    ['label cost', add(({ labelCost }) => labelCost.reduce((sum, { amount }) => sum + amount, 0)), charges.reduce((sum, { cost }) => sum + cost, 0)],
  ];
  const kinds = ['html', 'csv', 'json'].filter((kind) => !snapshot.reports.some(({ key }) => key.endsWith(`.${kind}`)));
  const faults = [
    ...wanted.flatMap(([name, said, is]) => (said === is ? [] : [`${name}: the report says ${said}, the day had ${is}`])),
    ...kinds.map((kind) => `there is no ${kind} report`),
    ...(seen.reports.length === 0 ? ['the supply managers were not told'] : []),
  ];
  return check('the daily report says what happened', `${files.length} day(s), ${snapshot.reports.length} objects, ${wanted.length} figures`, faults);
}

function badInput({ badInputs }: Evidence): Check {
  const faults = badInputs.flatMap(({ input, deed }) => (deed?.status === input.status ? [] : [`${input.name}: answered ${deed?.status ?? 'nothing'}, not ${input.status}`]));
  const by = (fate: string) => badInputs.filter(({ input }) => input.fate === fate).length;
  return check('bad input was answered as it must be', `${badInputs.length} kinds: ${by('refused')} refused, ${by('quarantined')} quarantined, ${by('ignored')} ignored`, faults);
}

/** Dead-letter queues hold the poison of the day, byte for byte, and nothing else. */
function deadLetters({ badInputs, snapshot }: Evidence): Check {
  const poison = badInputs.filter(({ input }) => input.fate === 'quarantined').map(({ input }) => input);
  const names = new Map(poison.map(({ body, name }) => [fingerprint(body), name]));
  const expected = new Set(poison.map(({ name }) => name));
  const found = snapshot.deadLetters.map((letter) => names.get(bodyOf(letter.body)) ?? `${letter.code || 'no code'} in ${letter.queue}`);
  const twice = found.filter((name, index) => found.indexOf(name) !== index).map((name) => `quarantined twice: ${name}`);
  const unexplained = snapshot.deadLetters.filter(({ code }) => code === '').map(({ queue }) => `a message in ${queue} does not say what is wrong with it`);
  return check('dead-letter queues hold exactly the poison', `${found.length} of ${expected.size}`, [...differences(expected, new Set(found)), ...twice, ...unexplained]);
}

function bodyOf(letter: string): string {
  try {
    return fingerprint(unpackDelivery(letter).body);
  } catch {
    return '';
  }
}

/** No name, street or e-mail address of any customer outside the table, the labels and the notices. */
function privacy({ snapshot, seen }: Evidence): Check {
  const places = [
    ...[...snapshot.logs].map(([file, content]) => ({ where: `log ${file}`, content })),
    ...snapshot.reports.map(({ key, body }) => ({ where: `report ${key}`, content: body.toString('utf8') })),
    { where: 'the facts', content: JSON.stringify(snapshot.facts) },
    { where: 'the events topic', content: seen.events.map(({ body }) => body).join('\n') },
    { where: 'the plants topic', content: seen.plants.map(({ body }) => body).join('\n') },
    { where: 'the codes of dead letters', content: snapshot.deadLetters.map(({ code }) => code).join('\n') },
  ];
  const faults = places.flatMap(({ where, content }) => canaries().flatMap((word) => (content.includes(word) ? [`${where} says "${word}"`] : [])));
  const bytes = places.reduce((sum, { content }) => sum + content.length, 0);
  return check('no personal data in logs, events or reports', `${Math.ceil(bytes / 1024)} KB searched`, faults);
}
