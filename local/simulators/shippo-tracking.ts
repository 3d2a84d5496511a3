import * as z from 'zod';
import { type Row, text } from './database.ts';
import { JOURNEYS, type Journey, type Scan } from './journey.ts';
import type { Answer } from './listen.ts';
import { seeded } from './seed.ts';
import { type Account, rateOf, tokenOf } from './shippo-account.ts';

/** What each line of a journey is in Shippo's words. https://docs.goshippo.com/docs/tracking/tracking */
const WORDS: Readonly<Record<string, readonly [status: string, substatus: string, actionRequired: boolean]>> = {
  'pre_transit/label_created': ['PRE_TRANSIT', 'information_received', false],
  'in_transit/status_update': ['TRANSIT', 'package_accepted', false],
  'in_transit/delayed': ['TRANSIT', 'delayed', false],
  'failure/address_correction': ['TRANSIT', 'address_issue', true],
  'out_for_delivery/out_for_delivery': ['TRANSIT', 'out_for_delivery', false],
  'delivered/arrived_at_destination': ['DELIVERED', 'delivered', false],
  'return_to_sender/return': ['RETURNED', 'return_to_sender', false],
};

/** Gives the parcels with these labels to their carriers; one whose label was taken back does not travel. */
export function handOver(trackingNumbers: readonly string[], account: Account): void {
  const { database } = account;
  const here = database.prepare("SELECT * FROM purchase WHERE tracking_number = ? AND status = 'SUCCESS' AND handed_over = 0");
  for (const bought of trackingNumbers.flatMap((number) => here.all(number))) {
    database.prepare('UPDATE purchase SET handed_over = 1 WHERE id = ?').run(text(bought, 'id'));
    travel(bought, 'handed over', account);
  }
}

/** Schedules scans and their callbacks: some are sent twice, some overtake each other. Those that are scheduled already stay. */
export function travel(bought: Row, because: 'bought' | 'handed over', account: Account): void {
  const { database, options } = account;
  const id = text(bought, 'id');
  const random = seeded(id);
  const start = Date.now() + (because === 'bought' ? 150 : options.stepMs);
  const steps = journeyOf(bought, account).map((scan, index) => ({ scan, index, at: wholeSeconds(start + (because === 'bought' ? index : index - 1) * options.stepMs) }));
  const due = steps.filter(({ index }) => (because === 'bought') === (index === 0));
  const insert = database.prepare('INSERT OR IGNORE INTO scan VALUES (?, ?, ?, ?)');
  for (const { scan, index, at } of due) insert.run(id, index, at, JSON.stringify(scanJson(`${id.slice(0, 28)}${String(index).padStart(4, '0')}`, scan, at)));
  const postings = due.flatMap(({ index, at }) => {
    const postingId = `${id}-${index}`;
    const body = Buffer.from(JSON.stringify({ event: 'track_updated', test: true, data: trackJson(bought, at, account) }));
    const late = random.chance(0.1) ? options.stepMs * 1.5 : 0;
    const posting = { id: postingId, sender: options.connectionId, meta: {}, body, due: at + late };
    return random.chance(0.1) ? [posting, { ...posting, id: `${postingId}-again`, due: at + late + 120 }] : [posting];
  });
  options.post(postings);
}

function journeyOf(bought: Row, { database }: Account): readonly Scan[] {
  const expectation = database.prepare('SELECT journey FROM expectation WHERE recipient = ?').get(text(bought, 'recipient'));
  const journey = Object.keys(JOURNEYS).find((name): name is Journey => name === text(expectation, 'journey')) ?? 'plain';
  return JOURNEYS[journey];
}

/** Shippo's clock has whole seconds; rounded up, so that no scan seems to come before what caused it. */
function wholeSeconds(at: number): number {
  return Math.ceil(at / 1000) * 1000;
}

function scanJson(object_id: string, scan: Scan, at: number): object {
  const [status, code, action_required] = WORDS[`${scan.status}/${scan.detail}`] ?? ['UNKNOWN', 'other', false];
  const status_date = new Date(at).toISOString().replace('.000Z', 'Z');
  return {
    object_id,
    object_created: status_date,
    object_updated: null,
    status,
    substatus: { code, text: scan.message, action_required },
    status_date,
    status_details: scan.message,
    location: null,
  };
}

const KnownScan = z.looseObject({ status: z.string() });

/** A parcel's whole history until an instant. */
function trackJson(bought: Row, until: number, account: Account): object {
  const rows = account.database.prepare('SELECT body FROM scan WHERE purchase_id = ? AND at <= ? ORDER BY step').all(text(bought, 'id'), until);
  const tracking_history = rows.map((row) => KnownScan.parse(JSON.parse(text(row, 'body'))));
  const { servicelevel } = rateOf(bought, account);
  return {
    ...{ messages: [], carrier: tokenOf(bought, account), tracking_number: text(bought, 'tracking_number'), address_from: null, address_to: null },
    ...{ eta: null, original_eta: null, servicelevel, metadata: text(bought, 'reference'), tracking_history, transaction: text(bought, 'id'), test: true },
    tracking_status: tracking_history.at(-1) ?? { object_id: '', status: 'UNKNOWN', substatus: null, status_date: null, status_details: '', location: null },
  };
}

/** Answers where a parcel is; a carrier that is asked for another one's number knows nothing of it. */
export function trackOf(carrier: string, trackingNumber: string, account: Account): Answer {
  const bought = account.database.prepare('SELECT * FROM purchase WHERE tracking_number = ?').get(trackingNumber);
  if (bought !== undefined && tokenOf(bought, account) === carrier) return { status: 200, json: trackJson(bought, Date.now(), account) };
  const nothing = { object_id: '', status: 'UNKNOWN', substatus: null, status_date: null, status_details: 'The package has not been found.', location: null };
  return { status: 200, json: { messages: [], carrier, tracking_number: trackingNumber, tracking_history: [], tracking_status: nothing, metadata: null, eta: null } };
}
