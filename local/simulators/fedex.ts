import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { sign } from '../../adapters/signature.ts';
import { printMoney } from '../../core/money.ts';
import type { CarrierFault, CarrierOptions, Charge, PlayedCarrier } from './carrier.ts';
import { count, openDatabase, type Row, text } from './database.ts';
import { type Account, good, next, problem } from './fedex-account.ts';
import { closeDay, reprint } from './fedex-close.ts';
import { CANCELLED, FEDEX_JOURNEYS, type FedexParcel, resolvedAddress, shipAnswer, trackResult, webhookBody } from './fedex-payload.ts';
import { companyOf, pricesOf } from './fedex-prices.ts';
import {
  CancelPickupRequest,
  CancelRequest,
  CloseRequest,
  type Party,
  PickupRequest,
  PostalRequest,
  RateRequest,
  ReferenceRequest,
  ReprintRequest,
  ResolveRequest,
  ShipRequest,
  TrackRequest,
} from './fedex-requests.ts';
import type { Journey } from './journey.ts';
import { type Answer, type Call, listen } from './listen.ts';
import { seeded } from './seed.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS shipment (
    tracking TEXT PRIMARY KEY, reference TEXT NOT NULL, recipient TEXT NOT NULL, request TEXT NOT NULL, company TEXT NOT NULL, service TEXT NOT NULL,
    cost INTEGER NOT NULL, currency TEXT NOT NULL, bought_at INTEGER NOT NULL, left_at INTEGER, cancelled_at INTEGER, cycle TEXT, wrong INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS pickup (code TEXT PRIMARY KEY, cancelled INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS expectation (recipient TEXT PRIMARY KEY, fault TEXT, left INTEGER, journey TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS complaint (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
`;
const SLOW_MS = 2_500;
/** A label is found by its reference a little later than it is sold. */
const SHOWN_AFTER_MS = 300;
/** A scan is told of a little later than it is made. */
const TOLD_AFTER_MS = 150;
const TOKEN_SECONDS = 3_599;
const SCHEME = { family: 'hmac-body', header: 'fdx-signature', encoding: 'base64' } as const;

/** Opens FedEx's APIs on the loopback interface. https://developer.fedex.com/api/en-us/catalog.html */
export async function openFedex(options: CarrierOptions): Promise<PlayedCarrier> {
  const database = openDatabase(options.file, SCHEMA);
  const account: Account = { database, options, number: String(options.settings.accountNumber ?? '740561073'), down: false };
  const server = await listen((call) => answer(call, account));
  return {
    connectionId: options.connectionId,
    settings: { endpoint: server.url },
    address: ({ body }, now) => ({ url: options.updateUrl(), headers: { 'content-type': 'application/json', ...sign(body, SCHEME, options.secret.signing, { id: '', at: now }) } }),
    expect: (expectations) => {
      const insert = database.prepare('INSERT OR IGNORE INTO expectation VALUES (?, ?, 1, ?)');
      for (const { recipient, fault, journey } of expectations) insert.run(recipient.toUpperCase(), fault ?? null, journey);
    },
    handOver: (trackingNumbers) => {
      const sold = database.prepare('SELECT * FROM shipment WHERE tracking = ? AND cancelled_at IS NULL AND left_at IS NULL');
      for (const shipment of trackingNumbers.flatMap((number) => sold.all(number))) leave(shipment, account);
    },
    charges: () => database.prepare('SELECT * FROM shipment ORDER BY tracking').all().map(chargeOf),
    voids: () => database.prepare('SELECT * FROM shipment WHERE cancelled_at IS NOT NULL ORDER BY tracking').all().map(carrierRefOf),
    // FedEx refuses no repeat: it sells a second label.
    repeats: () => 0,
    manifested: () => columnOf(database, 'SELECT tracking AS value FROM shipment WHERE cycle IS NOT NULL ORDER BY tracking'),
    complaints: () => columnOf(database, 'SELECT text AS value FROM complaint ORDER BY id'),
    breakDown: (isDown) => {
      account.down = isDown;
    },
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

function columnOf(database: DatabaseSync, query: string): string[] {
  return database
    .prepare(query)
    .all()
    .map((row) => text(row, 'value'));
}

/** What is done with a request once it has the shape that FedEx takes. */
type Handler = (call: Call, account: Account) => Answer | Promise<Answer>;

const ROUTES: Readonly<Record<string, Handler>> = {
  'POST /rate/v1/rates/quotes': taking(RateRequest, ({ accountNumber }) => accountNumber.value, rate),
  'POST /ship/v1/shipments': taking(ShipRequest, ({ accountNumber }) => accountNumber.value, ship),
  'PUT /ship/v1/shipments/cancel': taking(CancelRequest, ({ accountNumber }) => accountNumber.value, cancel),
  'PUT /ship/v1/endofday/': taking(
    CloseRequest,
    ({ accountNumber }) => accountNumber.value,
    (_close, account) => closeDay(account),
  ),
  'POST /ship/v1/endofday/': taking(
    ReprintRequest,
    ({ accountNumber }) => accountNumber.value,
    ({ trackingNumber }, account) => reprint(trackingNumber, account),
  ),
  'POST /pickup/v1/pickups': taking(PickupRequest, ({ associatedAccountNumber }) => associatedAccountNumber.value, bookPickup),
  'PUT /pickup/v1/pickups/cancel': taking(CancelPickupRequest, ({ associatedAccountNumber }) => associatedAccountNumber.value, cancelPickup),
  'POST /address/v1/addresses/resolve': taking(ResolveRequest, undefined, ({ addressesToValidate }) =>
    good({ resolvedAddresses: addressesToValidate.map(({ address }) => resolvedAddress(address)) }),
  ),
  'POST /country/v1/postal/validate': taking(PostalRequest, undefined, ({ postalCode, countryCode }) =>
    /^0+$/.test(postalCode) ? problem(400, 'POSTAL.CODE.INVALID') : good({ countryCode, cleanedPostalCode: postalCode }),
  ),
  'POST /track/v1/trackingnumbers': taking(TrackRequest, undefined, track),
  'POST /track/v1/referencenumbers': taking(ReferenceRequest, ({ referencesInformation }) => referencesInformation.accountNumber, trackByReference),
};

async function answer(call: Call, account: Account): Promise<Answer> {
  if (account.down) return problem(503, 'SERVICE.UNAVAILABLE.ERROR');
  if (call.method === 'POST' && call.path === '/oauth/token') return giveToken(call, account);
  const handler = ROUTES[`${call.method} ${call.path}`];
  if (handler === undefined) return complain(account, call, 404, 'NOT.FOUND.ERROR', 'no such endpoint');
  const token = /^Bearer (.+)$/.exec(call.headers.authorization ?? '')?.[1] ?? '';
  const known = account.database.prepare('SELECT expires_at FROM token WHERE token = ?').get(token);
  if (count(known, 'expires_at') <= Date.now()) return problem(401, 'NOT.AUTHORIZED.ERROR');
  return await handler(call, account);
}

/** Holds a request against its schema and the account before anything is done. */
function taking<Schema extends z.ZodType>(
  schema: Schema,
  accountOf: ((input: z.output<Schema>) => string) | undefined,
  handle: (input: z.output<Schema>, account: Account, call: Call) => Answer | Promise<Answer>,
): Handler {
  return (call, account) => {
    if (call.headers['content-type'] !== 'application/json') return complain(account, call, 415, 'UNSUPPORTED.MEDIA.TYPE', 'the body is not sent as JSON');
    const input = schema.safeParse(jsonIn(call.body));
    if (!input.success) return complain(account, call, 400, 'INVALID.INPUT.EXCEPTION', z.prettifyError(input.error));
    if (accountOf !== undefined && accountOf(input.data) !== account.number) return complain(account, call, 400, 'ACCOUNT.NUMBER.MISMATCH', 'another account');
    return handle(input.data, account, call);
  };
}

function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function giveToken(call: Call, account: Account): Answer {
  const form = new URLSearchParams(call.body);
  if (call.headers['content-type'] !== 'application/x-www-form-urlencoded') return complain(account, call, 400, 'BAD.REQUEST.ERROR', 'the token is not asked for by a form');
  const { apiKey, token: secret } = account.options.secret;
  if (form.get('grant_type') !== 'client_credentials' || form.get('client_id') !== apiKey || form.get('client_secret') !== secret) return problem(401, 'NOT.AUTHORIZED.ERROR');
  const token = `fdx-${next(account, 'token')}-${seeded(account.options.connectionId).hex(16)}`;
  account.database.prepare('INSERT INTO token VALUES (?, ?)').run(token, Date.now() + TOKEN_SECONDS * 1_000);
  return { status: 200, json: { access_token: token, token_type: 'bearer', expires_in: TOKEN_SECONDS, scope: 'CXS' } };
}

function complain(account: Account, { method, path }: Call, status: number, code: string, why: string): Answer {
  account.database.prepare('INSERT INTO complaint (text) VALUES (?)').run(`${method} ${path}: ${why}`);
  return problem(status, code);
}

/** A request for prices names nobody: a fault of rating strikes whoever asks next. */
function rate({ requestedShipment: shipment }: z.infer<typeof RateRequest>, account: Account): Answer {
  const fault = account.database
    .prepare(
      "UPDATE expectation SET left = 0 WHERE recipient = (SELECT recipient FROM expectation WHERE left > 0 AND fault IN ('throttled-rating', 'error-rating') LIMIT 1) RETURNING fault",
    )
    .get();
  if (text(fault, 'fault') === 'throttled-rating') return problem(429, 'TOO.MANY.REQUESTS', { 'retry-after': '1' });
  if (fault !== undefined) return problem(503, 'SERVICE.UNAVAILABLE.ERROR');
  const { currency } = account.options;
  const offers = pricesOf(shipment.shipper.address, shipment.recipient.address, shipment.requestedPackageLineItems[0].weight);
  if (offers.length === 0) return problem(400, 'RATE.LOCATION.NOSERVICE');
  const rated = (rateType: string, cost: number) => ({ rateType, ratedWeightMethod: 'ACTUAL', totalNetCharge: JSON.rawJSON(printMoney(cost, currency)), currency });
  const rateReplyDetails = offers.map(({ service, cost, transit }) => ({
    serviceType: service,
    serviceName: service,
    packagingType: 'YOUR_PACKAGING',
    ratedShipmentDetails: [rated('LIST', Math.round(cost * 1.4)), rated('ACCOUNT', cost)],
    operationalDetail: { transitTime: transit },
    commit: { transitDays: { minimumTransitTime: transit } },
  }));
  return good({ rateReplyDetails, quoteDate: shipment.shipDateStamp, encoded: false });
}

async function ship(input: ShipRequest, account: Account, call: Call): Promise<Answer> {
  const { shipper, recipients, serviceType, requestedPackageLineItems, customsClearanceDetail, shipmentSpecialServices } = input.requestedShipment;
  const [recipient] = recipients;
  const [box] = requestedPackageLineItems;
  const offer = pricesOf(shipper.address, recipient.address, box.weight).find(({ service }) => service === serviceType);
  if (offer === undefined) return complain(account, call, 400, 'SERVICE.PACKAGECOMBINATION.INVALID', `${serviceType} does not go there`);
  const abroad = shipper.address.countryCode !== recipient.address.countryCode && [shipper, recipient].some(({ address }) => address.countryCode === 'US');
  if (abroad && customsClearanceDetail === undefined) return complain(account, call, 400, 'CUSTOMSCLEARANCEDETAIL.REQUIRED', 'goods that pass customs are not described');
  // Goods that come back are known by the customer who sends them.
  const name = nameOf(shipmentSpecialServices === undefined ? recipient : shipper);
  if (takeFault(account, name, ['error-before'])) return problem(503, 'SERVICE.UNAVAILABLE.ERROR');
  if (takeFault(account, name, ['throttled'])) return problem(429, 'TOO.MANY.REQUESTS');
  if (takeFault(account, name, ['declined'])) return problem(400, 'ACCOUNT.CREDIT.LIMIT.EXCEEDED');
  if (takeFault(account, name, ['no-rates'])) return problem(400, 'RECIPIENT.LOCATION.NOSERVICE');
  if (takeFault(account, name, ['slow'])) await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  return charge(input, name, offer.cost, account);
}

/** From here on the label is paid for, whatever becomes of the answer. */
function charge(input: ShipRequest, recipient: string, cost: number, account: Account): Answer {
  const { database, options } = account;
  const { requestedShipment: shipment } = input;
  const reference = shipment.requestedPackageLineItems[0].customerReferences.find(({ customerReferenceType }) => customerReferenceType === 'CUSTOMER_REFERENCE')?.value ?? '';
  const wrong = takeFault(account, recipient, ['wrong-address']);
  const fault = text(database.prepare('SELECT fault FROM expectation WHERE recipient = ? AND left > 0').get(recipient), 'fault');
  const trackingNumber = `7946${String(next(account, 'tracking')).padStart(8, '0')}`;
  const company = companyOf(shipment.serviceType);
  database
    .prepare('INSERT INTO shipment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, ?)')
    .run(trackingNumber, reference, recipient, JSON.stringify(input), company, shipment.serviceType, cost, options.currency, Date.now(), wrong ? 1 : 0);
  tell(rowOf(trackingNumber, account), 'bought', account);
  if (!takeFault(account, recipient, ['hang-after-charge', 'reset-after-charge', 'error-after-charge']))
    return { status: 200, json: shipAnswer(input, { trackingNumber, company, reference, cost: printMoney(cost, options.currency), currency: options.currency }) };
  if (fault === 'error-after-charge') return problem(500, 'INTERNAL.SERVER.ERROR');
  return fault === 'hang-after-charge' ? 'hang' : 'reset';
}

/** Neither a parcel that has left nor one of a day that is closed is taken back. */
function cancel({ trackingNumber }: z.infer<typeof CancelRequest>, account: Account): Answer {
  const shipment = account.database.prepare('SELECT * FROM shipment WHERE tracking = ?').get(trackingNumber);
  if (shipment === undefined) return problem(404, 'TRACKING.NUMBER.NOTFOUND');
  if (shipment.cancelled_at !== null) return problem(400, 'SHIPMENT.ALREADY.CANCELLED');
  if (shipment.left_at !== null || shipment.cycle !== null) return problem(400, 'SHIPMENT.CANNOT.BE.DELETED');
  account.database.prepare('UPDATE shipment SET cancelled_at = ? WHERE tracking = ?').run(Date.now(), trackingNumber);
  return good({ cancelledShipment: true, cancelledHistory: true, successMessage: 'Success' });
}

function bookPickup({ carrierCode, originDetail }: z.infer<typeof PickupRequest>, account: Account): Answer {
  if (originDetail.readyDateTimestamp.slice(11, 19) >= originDetail.customerCloseTime) return problem(400, 'PICKUP.READYTIME.AFTER.CLOSETIME');
  const code = String(3000 + next(account, 'pickup'));
  account.database.prepare('INSERT INTO pickup (code) VALUES (?)').run(code);
  return good({ pickupConfirmationCode: code, message: 'Courier on the way', ...(carrierCode === 'FDXE' && { location: 'COSA' }) });
}

function cancelPickup({ pickupConfirmationCode }: z.infer<typeof CancelPickupRequest>, { database }: Account): Answer {
  const pickup = database.prepare('SELECT cancelled FROM pickup WHERE code = ?').get(pickupConfirmationCode);
  if (pickup === undefined) return problem(404, 'PICKUP.CONFIRMATION.NOTFOUND');
  if (count(pickup, 'cancelled') === 1) return problem(400, 'PICKUP.ALREADY.CANCELLED');
  database.prepare('UPDATE pickup SET cancelled = 1 WHERE code = ?').run(pickupConfirmationCode);
  return good({ pickupConfirmationCode, cancelConfirmationMessage: 'Requested pickup has been cancelled Successfully.' });
}

/** What is not known is an error within a good answer. */
function track({ trackingInfo }: z.infer<typeof TrackRequest>, account: Account): Answer {
  const completeTrackResults = trackingInfo.map(({ trackingNumberInfo: { trackingNumber } }) => {
    const shipment = account.database.prepare('SELECT * FROM shipment WHERE tracking = ?').get(trackingNumber);
    const missing = {
      trackingNumberInfo: { trackingNumber, carrierCode: '', trackingNumberUniqueId: '' },
      error: { code: 'TRACKING.TRACKINGNUMBER.NOTFOUND', message: 'Tracking number cannot be found.' },
    };
    return { trackingNumber, trackResults: [shipment === undefined ? missing : trackResult(parcelOf(shipment, account, Date.now()))] };
  });
  return good({ completeTrackResults });
}

function trackByReference({ referencesInformation: { value, shipDateBegin, shipDateEnd } }: z.infer<typeof ReferenceRequest>, account: Account): Answer {
  const bought = account.database.prepare('SELECT * FROM shipment WHERE reference = ? AND bought_at <= ?').all(value, Date.now() - SHOWN_AFTER_MS);
  const within = bought.filter((shipment) => {
    const { shipDatestamp } = requestOf(shipment).requestedShipment;
    return shipDatestamp >= shipDateBegin && shipDatestamp <= shipDateEnd;
  });
  if (within.length === 0)
    return good({ completeTrackResults: [{ trackResults: [{ error: { code: 'TRACKING.REFERENCENUMBER.NOTFOUND', message: 'Reference number cannot be found.' } }] }] });
  return good({
    completeTrackResults: within.map((shipment) => ({ trackingNumber: text(shipment, 'tracking'), trackResults: [trackResult(parcelOf(shipment, account, Date.now()))] })),
  });
}

function requestOf(shipment: Row): ShipRequest {
  return ShipRequest.parse(JSON.parse(text(shipment, 'request')));
}

function rowOf(trackingNumber: string, { database }: Account): Row {
  return database.prepare('SELECT * FROM shipment WHERE tracking = ?').get(trackingNumber) ?? {};
}

/** A parcel with all that has happened to it by an instant. */
function parcelOf(shipment: Row, account: Account, now: number): FedexParcel {
  const cancelledAt = count(shipment, 'cancelled_at');
  const happened = scansOf(shipment, account).filter(({ at }) => at <= now);
  const all = cancelledAt > 0 ? [...happened, { scan: CANCELLED, at: cancelledAt }] : happened;
  const [trackingNumber, company, service, reference] = ['tracking', 'company', 'service', 'reference'].map((column) => text(shipment, column));
  return { trackingNumber: trackingNumber ?? '', company: company ?? '', service: service ?? '', reference: reference ?? '', scans: all.toReversed() };
}

/** The first scan is the label's; the others begin once the parcel has left. */
function scansOf(shipment: Row, { database, options }: Account) {
  const expectation = database.prepare('SELECT journey FROM expectation WHERE recipient = ?').get(text(shipment, 'recipient'));
  const journey = Object.keys(FEDEX_JOURNEYS).find((name): name is Journey => name === text(expectation, 'journey')) ?? 'plain';
  const leftAt = count(shipment, 'left_at');
  const scans = FEDEX_JOURNEYS[journey].map((scan, index) => ({ scan, at: index === 0 ? count(shipment, 'bought_at') : leftAt + index * options.stepMs }));
  return leftAt > 0 ? scans : scans.slice(0, 1);
}

function leave(shipment: Row, account: Account): void {
  const trackingNumber = text(shipment, 'tracking');
  account.database.prepare('UPDATE shipment SET left_at = ? WHERE tracking = ?').run(Date.now(), trackingNumber);
  tell(rowOf(trackingNumber, account), 'handed over', account);
}

/** Posts each scan by itself, some twice and some late: the webhook brings what is new, not the history. */
function tell(shipment: Row, because: 'bought' | 'handed over', account: Account): void {
  const { options } = account;
  const random = seeded(text(shipment, 'tracking'));
  const parcel = parcelOf(shipment, account, 0);
  const postings = scansOf(shipment, account).flatMap(({ scan, at }, index) => {
    if ((because === 'bought') !== (index === 0)) return [];
    const id = `${options.connectionId}-${parcel.trackingNumber}-${index}`;
    const body = webhookBody({ ...parcel, scans: [{ scan, at }] });
    const due = at + TOLD_AFTER_MS + (random.chance(0.1) ? options.stepMs * 1.5 : 0);
    const posting = { id, sender: options.connectionId, meta: {}, body, due };
    return random.chance(0.1) ? [posting, { ...posting, id: `${id}-again`, due: due + 120 }] : [posting];
  });
  options.post(postings);
}

/** Uses a recipient's fault up when it is one of those. */
function takeFault({ database }: Account, recipient: string, faults: readonly CarrierFault[]): boolean {
  const fault = text(database.prepare('SELECT fault FROM expectation WHERE recipient = ? AND left > 0').get(recipient), 'fault');
  if (!faults.some((candidate) => candidate === fault)) return false;
  database.prepare('UPDATE expectation SET left = 0 WHERE recipient = ?').run(recipient);
  return true;
}

function nameOf({ contact }: Party): string {
  return contact.personName.toUpperCase();
}

function carrierRefOf(shipment: Row): string {
  return `${text(shipment, 'company')}~${text(shipment, 'tracking')}`;
}

function chargeOf(shipment: Row): Charge {
  const { recipients } = requestOf(shipment).requestedShipment;
  const { contact, address } = recipients[0];
  const [line1 = '', ...rest] = address.streetLines;
  const wrong = count(shipment, 'wrong') === 1;
  return {
    carrierRef: carrierRefOf(shipment),
    reference: text(shipment, 'reference'),
    recipient: text(shipment, 'recipient'),
    trackingNumber: text(shipment, 'tracking'),
    cost: count(shipment, 'cost'),
    currency: text(shipment, 'currency'),
    printed: {
      name: contact.personName,
      line1: wrong ? `${line1.replace(/\d+/g, '')}999` : line1,
      line2: rest.join(' '),
      city: address.city,
      postalCode: address.postalCode ?? '',
      country: address.countryCode,
    },
  };
}
