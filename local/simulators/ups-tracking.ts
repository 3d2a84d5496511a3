import { count, type Row, text } from './database.ts';
import type { Journey } from './journey.ts';
import type { Answer } from './listen.ts';
import type { Posting } from './outbox.ts';
import { seeded } from './seed.ts';
import { type Account, bodyOf, isAnswer, shipmentOf } from './ups-account.ts';
import { SubscriptionInput } from './ups-requests.ts';

/** A scan in UPS's words. */
interface Scan {
  readonly type: string;
  readonly code: string;
  readonly number: string;
  readonly description: string;
}

const LABEL: Scan = { type: 'M', code: 'MP', number: '003', description: 'Shipment Ready for UPS' };
const MOVING: Scan = { type: 'I', code: 'OR', number: '005', description: 'On the Way' };
const LATE: Scan = { type: 'X', code: 'DL', number: '048', description: 'Delay' };
const TROUBLE: Scan = { type: 'X', code: 'AA', number: '013', description: 'Exception' };
const OUT: Scan = { type: 'I', code: 'OT', number: '021', description: 'Out for Delivery' };
const THERE: Scan = { type: 'D', code: 'FS', number: '011', description: 'Delivered' };
const BACK: Scan = { type: 'X', code: 'RS', number: '035', description: 'Returning to Sender' };

/** What UPS says of each journey; the first scan comes with the label. */
const JOURNEYS: Readonly<Record<Journey, readonly Scan[]>> = {
  plain: [LABEL, MOVING, OUT, THERE],
  delayed: [LABEL, MOVING, LATE, OUT, THERE],
  exception: [LABEL, MOVING, TROUBLE, OUT, THERE],
  returned: [LABEL, MOVING, BACK],
  kept: [LABEL],
};

/** Schedules a parcel's scans and their alerts: some are sent twice, some overtake each other. Each alert is about one scan alone. */
export function travel(sold: Row, because: 'bought' | 'handed over', { database, options }: Account): void {
  const id = text(sold, 'id');
  const expectation = database.prepare('SELECT journey FROM expectation WHERE recipient = ?').get(text(sold, 'recipient'));
  const journey = Object.entries(JOURNEYS).find(([name]) => name === text(expectation, 'journey'))?.[1] ?? JOURNEYS.plain;
  const random = seeded(`${id} ${because}`);
  const isFirst = because === 'bought';
  const start = Date.now() + (isFirst ? 150 : options.stepMs);
  const insert = database.prepare('INSERT OR IGNORE INTO scan VALUES (?, ?, ?, ?, ?, ?)');
  const postings = (isFirst ? journey.slice(0, 1) : journey.slice(1)).flatMap((scan, index) => {
    const at = start + index * options.stepMs;
    insert.run(id, at, scan.type, scan.code, scan.number, scan.description);
    const due = at + (random.chance(0.1) ? options.stepMs * 1.5 : 0);
    const posting: Posting = { id: `${id}-${scan.number}`, sender: options.connectionId, meta: {}, body: alertOf(id, scan, at), due };
    return random.chance(0.1) ? [posting, { ...posting, id: `${posting.id}-again`, due: due + 120 }] : [posting];
  });
  options.post(postings);
}

/** A parcel whose label was taken back does not travel. */
export function handOver(trackingNumbers: readonly string[], account: Account): void {
  const { database } = account;
  const waiting = database.prepare('SELECT * FROM shipment WHERE id = ? AND voided = 0 AND handed_over = 0');
  for (const sold of trackingNumbers.flatMap((number) => waiting.all(number))) {
    database.prepare('UPDATE shipment SET handed_over = 1 WHERE id = ?').run(text(sold, 'id'));
    travel(sold, 'handed over', account);
  }
}

/** UPS's clock has whole seconds; rounded up, so that no scan seems to come before what caused it. */
function clock(at: number): { readonly day: string; readonly time: string } {
  const iso = new Date(Math.ceil(at / 1000) * 1000).toISOString();
  return { day: iso.slice(0, 10).replaceAll('-', ''), time: iso.slice(11, 19).replaceAll(':', '') };
}

/** The body of a Track Alert: fields that have no value are blank. */
function alertOf(trackingNumber: string, scan: Scan, at: number): Buffer {
  const gmt = clock(at);
  const local = clock(at - 5 * 3_600_000);
  const isThere = scan === THERE;
  const alert = {
    trackingNumber,
    localActivityDate: local.day,
    localActivityTime: local.time,
    activityLocation: { city: '', stateProvince: '', postalCode: '', country: 'US' },
    activityStatus: { type: scan.type, code: scan.code, description: scan.description, descriptionCode: scan.number },
    scheduledDeliveryDate: '',
    actualDeliveryDate: isThere ? local.day : '',
    actualDeliveryTime: isThere ? local.time : '',
    gmtActivityDate: gmt.day,
    gmtActivityTime: gmt.time,
    gmtOffset: '-05.00',
    deliveryStartTime: '',
    deliveryEndTime: '',
    deliveryTimeDescription: '',
    deliveryPhoto: '',
  };
  return Buffer.from(JSON.stringify(alert));
}

/** What tracking says of a number: the latest scan first. One that it does not know is a 200 with a warning. */
export function trackingOf(number: string, account: Account): Answer {
  const sold = shipmentOf(account, number);
  return { status: 200, json: { trackResponse: { shipment: [sold === undefined ? unknownNumber(number) : parcelOf(sold, number, account)] } } };
}

/** The same by the shipper's reference. */
export function trackingByReference(reference: string, account: Account): Answer {
  const rows = account.database.prepare('SELECT * FROM shipment WHERE reference = ?').all(reference);
  const shipment = rows.length === 0 ? [unknownNumber(reference)] : rows.map((row) => parcelOf(row, text(row, 'id'), account));
  return { status: 200, json: { trackResponse: { shipment } } };
}

function unknownNumber(inquiryNumber: string): object {
  return { inquiryNumber, warnings: [{ code: 'TW0001', message: 'Tracking Information Not Found' }] };
}

function parcelOf(sold: Row, inquiryNumber: string, { database }: Account): object {
  const scans = database.prepare('SELECT * FROM scan WHERE shipment_id = ? AND at <= ? ORDER BY at DESC, rowid DESC').all(text(sold, 'id'), Date.now());
  const activity = scans.map((scan) => {
    const { day, time } = clock(count(scan, 'at'));
    const local = clock(count(scan, 'at') - 5 * 3_600_000);
    return {
      location: { address: { countryCode: 'US', country: 'US' } },
      status: { type: text(scan, 'type'), description: text(scan, 'description'), code: text(scan, 'code'), statusCode: text(scan, 'number') },
      date: local.day,
      time: local.time,
      gmtDate: day,
      gmtOffset: '-05:00',
      gmtTime: time.replace(/^(..)(..)(..)$/, '$1:$2:$3'),
    };
  });
  const isThere = scans.some((scan) => text(scan, 'number') === THERE.number);
  const parcel = { trackingNumber: text(sold, 'id'), activity, ...(isThere && { deliveryDate: [{ type: 'DEL', date: activity[0]?.date }] }) };
  return { inquiryNumber, package: [parcel] };
}

/** Track Alert for a whole account: posts from now on, and for so long. */
export function subscribe(body: string, account: Account): Answer {
  const input = bodyOf(SubscriptionInput, body, 'track alert', account);
  if (isAnswer(input)) return input;
  const until = Date.now() + 14 * 86_400_000;
  account.database.prepare('INSERT OR REPLACE INTO subscription VALUES (?, ?)').run(input.shipperAccountNumber, until);
  return { status: 200, json: { expiryDate: new Date(until).toISOString().slice(0, 10) } };
}

/** Whether anything is posted now. */
export function isSubscribed({ database, number }: Account, now: Date): boolean {
  return count(database.prepare('SELECT until FROM subscription WHERE account = ?').get(number), 'until') > now.getTime();
}
