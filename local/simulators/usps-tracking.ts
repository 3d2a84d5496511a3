import { createHash } from 'node:crypto';
import { sign } from '../../adapters/signature.ts';
import { count, type Row, text } from './database.ts';
import { JOURNEYS, type Journey } from './journey.ts';
import type { Answer, Call } from './listen.ts';
import type { Addressed, Posting } from './outbox.ts';
import { seeded } from './seed.ts';
import { type Account, bodyOf, complain, labelOf, next, problem } from './usps-account.ts';
import { SubscriptionRequest } from './usps-contract.ts';

/** What USPS says of a parcel, in its own words and codes. */
interface UspsScan {
  readonly code: string;
  readonly type: string;
  readonly category: string;
}

// The journeys' steps, whatever carrier they are told of, in the words of USPS.
const WORDS: Readonly<Record<string, UspsScan>> = {
  label_created: { code: 'GX', type: 'Shipping Label Created, USPS Awaiting Item', category: 'Pre-Shipment' },
  status_update: { code: '03', type: 'USPS in possession of item', category: 'Accepted' },
  delayed: { code: 'NT', type: 'In Transit, Arriving Late', category: 'In Transit' },
  address_correction: { code: '04', type: 'Refused, or insufficient address', category: 'Alert' },
  out_for_delivery: { code: 'OF', type: 'Out for Delivery', category: 'Out for Delivery' },
  arrived_at_destination: { code: '01', type: 'Delivered, In/At Mailbox', category: 'Delivered' },
  return: { code: '09', type: 'Return to Sender Processed', category: 'Alert' },
};

interface Scanned {
  readonly scan: UspsScan;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What has been, or will be, said of a label's parcel, in the order of time. */
function scansOf(label: Row, { database, options }: Account): Scanned[] {
  const expectation = database.prepare('SELECT journey FROM expectation WHERE recipient = ?').get(text(label, 'recipient'));
  const journey = Object.keys(JOURNEYS).find((name): name is Journey => name === text(expectation, 'journey')) ?? 'plain';
  const leftAt = text(label, 'left_at') === '' ? undefined : count(label, 'left_at');
  return JOURNEYS[journey].flatMap((step, index) => {
    const scan = WORDS[step.detail];
    if (scan === undefined || (index > 0 && leftAt === undefined)) return [];
    return [{ scan, at: index === 0 ? count(label, 'sold_at') : (leftAt ?? 0) + index * options.stepMs }];
  });
}

/** Gives a parcel to USPS: from then on it is scanned, unless its label was taken back. */
export function leave(label: Row, account: Account): void {
  if (text(label, 'state') !== 'sold' || text(label, 'left_at') !== '') return;
  account.database.prepare('UPDATE label SET left_at = ?, filed = 1 WHERE key = ?').run(Date.now(), text(label, 'key'));
  tell(labelOf(account, text(label, 'tracking')) ?? label, account);
}

/** Schedules the callbacks of a label: some are sent twice, some overtake each other. Those that are scheduled already stay. */
export function tell(label: Row, account: Account): void {
  const { stepMs, post, connectionId } = account.options;
  const tracking = text(label, 'tracking');
  const random = seeded(tracking);
  const scans = scansOf(label, account);
  const leftAt = count(label, 'left_at');
  const postings = scans.flatMap(({ at }, index) => {
    const id = `usps-${tracking}-${index}`;
    const late = random.chance(0.1) ? stepMs * 1.5 : 0;
    const due = (index === 0 ? count(label, 'sold_at') + 150 : leftAt + index * stepMs) + late;
    const posting: Posting = { id, sender: connectionId, meta: {}, body: callback(tracking, scans.slice(0, index + 1), at), due };
    return random.chance(0.1) ? [posting, { ...posting, id: `${id}-again`, due: due + 120 }] : [posting];
  });
  post(postings);
}

/** A callback tells of the last few scans; its payload is a text that holds JSON. */
function callback(tracking: string, scans: readonly Scanned[], at: number): Buffer {
  const payload = JSON.stringify(trackingJson(tracking, scans.slice(-2)));
  return Buffer.from(
    JSON.stringify({
      subscriptionId: createHash('sha256').update(tracking).digest('hex').slice(0, 32),
      subscriptionType: 'TRACKING',
      timestamp: new Date(at).toISOString(),
      payload,
      links: [{ rel: 'self', href: `https://apis.usps.com/tracking/v3/tracking/${tracking}` }],
    }),
  );
}

/** Booleans come as texts, and the newest event first, as USPS really answers. */
function trackingJson(tracking: string, scans: readonly Scanned[]): object {
  const newest = scans.toReversed();
  return {
    destinationZIP: '97201',
    emailEnabled: 'true',
    mailClass: 'USPS Ground Advantage<SUP>&#153;</SUP>',
    mailType: 'DM',
    onTime: 'false',
    status: newest[0]?.scan.type ?? '',
    statusCategory: newest[0]?.scan.category ?? '',
    uniqueMailPieceID: tracking.slice(-9),
    mailPieceIntakeDate: '2026-11-15 11:09:19.000000',
    trackingEvents: newest.map(({ scan, at }) => ({
      eventType: scan.type,
      eventTimestamp: new Date(at - 5 * 3_600_000).toISOString().slice(0, 19),
      GMTTimestamp: new Date(at).toISOString(),
      GMTOffset: '-05:00',
      eventCity: null,
      name: null,
      authorizedAgent: 'false',
      eventCode: scan.code,
    })),
    trackingNumber: tracking,
  };
}

/** Answers where a parcel is now. https://developers.usps.com/trackingv3 */
export function trackingOf(tracking: string, account: Account): Answer {
  const label = labelOf(account, tracking);
  const seen = label === undefined ? [] : scansOf(label, account).filter(({ at }) => at <= Date.now());
  if (seen.length === 0) return problem(404, 'Not Found', 'A status update is not yet available on the tracking number');
  return { status: 200, json: trackingJson(tracking, seen) };
}

/** Makes, shows and removes subscriptions. The list is there by Mailer ID alone, and the secret is in every answer. */
export function subscriptions(call: Call, id: string, account: Account): Answer {
  const { database } = account;
  if (call.method === 'POST' && id === '') return subscribeTo(call, account);
  if (call.method === 'GET' && id === '') {
    const mid = new URLSearchParams(call.query).get('MID') ?? '';
    return { status: 200, json: database.prepare('SELECT * FROM subscription WHERE mid = ?').all(mid).map(subscriptionJson) };
  }
  const found = database.prepare('SELECT * FROM subscription WHERE id = ?').get(id);
  if (found === undefined) return problem(404, 'Not Found', 'The subscription does not exist');
  if (call.method === 'GET') return { status: 200, json: subscriptionJson(found), headers: { etag: text(found, 'etag') } };
  if (call.method !== 'DELETE') return problem(405, 'Method Not Allowed');
  if (call.headers['if-match'] !== text(found, 'etag')) {
    complain(account, `DELETE ${call.path}: without the version that was read`);
    return problem(412, 'Precondition Failed');
  }
  database.prepare('DELETE FROM subscription WHERE id = ?').run(id);
  return { status: 200, json: {} };
}

function subscribeTo(call: Call, account: Account): Answer {
  const read = bodyOf(call, SubscriptionRequest, account);
  if ('refusal' in read) return read.refusal;
  const { listenerURL, secret, filterProperties } = read.body;
  const known = account.database.prepare('SELECT id FROM subscription WHERE listener = ?').get(listenerURL);
  if (known !== undefined) return problem(400, 'Bad Request', `The subscription already exists: ${text(known, 'id')}`, 'listenerURL');
  const number = next(account, 'subscription').toString(16).padStart(12, '0');
  const id = `5b0c7d1e-0000-4000-8000-${number}`;
  account.database.prepare("INSERT INTO subscription VALUES (?, ?, ?, ?, 'ENABLED', ?)").run(id, listenerURL, filterProperties.MID, secret, `"${number}"`);
  // What the challenge looks like is in no document.
  const challenge: Posting = {
    id: `usps-challenge-${number}`,
    sender: account.options.connectionId,
    meta: { challenge: 'true' },
    body: Buffer.from(JSON.stringify({ challenge: number })),
    due: Date.now(),
  };
  account.options.post([challenge]);
  return { status: 201, json: subscriptionJson(account.database.prepare('SELECT * FROM subscription WHERE id = ?').get(id) ?? {}) };
}

function subscriptionJson(row: Row): object {
  return {
    subscriptionId: text(row, 'id'),
    listenerURL: text(row, 'listener'),
    secret: text(row, 'secret'),
    status: text(row, 'status'),
    filterProperties: { MID: text(row, 'mid'), trackingEventTypes: ['ALL_UPDATES'] },
  };
}

/** Signs a callback with the secret of the subscription, of several that of the hub's present address; nobody who is not subscribed gets one. */
export function addressOf({ body, meta }: Posting, now: Date, { database, options }: Account): Addressed | undefined {
  const subscription = database.prepare("SELECT listener, secret FROM subscription WHERE status = 'ENABLED' ORDER BY listener = ? DESC").get(options.updateUrl());
  if (subscription === undefined) return undefined;
  const scheme = { family: 'hmac-fields', header: 'x-hmac', encoding: 'base64', fields: ['timestamp', 'payload'], join: '' } as const;
  const signature = meta.challenge === 'true' ? {} : sign(body, scheme, text(subscription, 'secret'), { id: '', at: now });
  return { url: text(subscription, 'listener'), headers: { 'content-type': 'application/json', 'user-agent': 'USPS Subscriptions', ...signature } };
}
