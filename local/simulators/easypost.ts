import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { sign } from '../../adapters/signature.ts';
import type { CarrierFault, CarrierOptions, Charge, PlayedCarrier } from './carrier.ts';
import { count, openDatabase, type Row, text } from './database.ts';
import { answerAtDesk, codesOnForms, DESK_SCHEMA, type Desk, formDocument } from './easypost-desk.ts';
import { JOURNEYS, type Journey, type Scan, trackerEvent } from './journey.ts';
import { labelPdf, labelPng, labelZpl } from './label-document.ts';
import { type Answer, type Call, listen } from './listen.ts';
import type { Addressed, Posting } from './outbox.ts';
import { seeded } from './seed.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS shipment (
    id TEXT PRIMARY KEY, reference TEXT, recipient TEXT, shipment TEXT, rates TEXT, format TEXT, rate TEXT, tracking_code TEXT, wrong INTEGER NOT NULL DEFAULT 0,
    form TEXT, bought_at INTEGER, handed_at INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS charge (id INTEGER PRIMARY KEY, shipment_id TEXT, cost INTEGER, currency TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS handed_over (shipment_id TEXT PRIMARY KEY) STRICT;
  CREATE TABLE IF NOT EXISTS refund (shipment_id TEXT PRIMARY KEY, status TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS expectation (recipient TEXT PRIMARY KEY, fault TEXT, left INTEGER, journey TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER) STRICT;
  ${DESK_SCHEMA}
`;
const SLOW_MS = 2_500;

const optional = z.string().nullish();
const AddressInput = z.object({
  name: optional,
  company: optional,
  street1: z.string().min(1),
  street2: optional,
  city: z.string().min(1),
  state: optional,
  zip: optional,
  country: z.string().length(2),
  phone: optional,
  email: optional,
});
type AddressInput = z.infer<typeof AddressInput>;
const CustomsInput = z.strictObject({
  eel_pfc: z.string().min(1),
  customs_certify: z.boolean(),
  customs_signer: z.string().min(1),
  contents_type: z.enum(['merchandise', 'returned_goods', 'gift', 'sample', 'documents', 'other']),
  restriction_type: z.enum(['none', 'other', 'quarantine', 'sanitary_phytosanitary_inspection']),
  non_delivery_option: z.enum(['return', 'abandon']),
  customs_items: z
    .array(
      z.strictObject({
        description: z.string().min(1),
        quantity: z.int().positive(),
        value: z.string().regex(/^\d+\.\d{2}$/),
        currency: z.string().length(3),
        weight: z.number().positive(),
        hs_tariff_number: z.string().regex(/^\d{6,10}$/),
        origin_country: z.string().length(2),
        code: z.string().max(20).optional(),
      }),
    )
    .min(1),
});
const ShipmentInput = z.strictObject({
  shipment: z.strictObject({
    to_address: AddressInput,
    from_address: AddressInput,
    parcel: z.strictObject({
      weight: z.number().positive(),
      length: z.number().positive().optional(),
      width: z.number().positive().optional(),
      height: z.number().positive().optional(),
    }),
    reference: z.string().optional(),
    customs_info: CustomsInput.optional(),
    is_return: z.boolean().optional(),
    carrier_accounts: z.array(z.string()).optional(),
    options: z
      .strictObject({
        label_format: z.enum(['PNG', 'PDF', 'ZPL', 'EPL2']).optional(),
        label_date: z.iso.datetime().optional(),
        hazmat: z.string().optional(),
        incoterm: z.enum(['DAP', 'DDP']).optional(),
      })
      .optional(),
  }),
});
const BuyInput = z.object({ rate: z.object({ id: z.string() }) });

interface Rate {
  readonly id: string;
  readonly carrier: string;
  readonly service: string;
  readonly rate: string;
  readonly currency: string;
  readonly delivery_days: number | null;
}

/** Opens the API on the loopback interface. https://docs.easypost.com/docs/shipments */
export async function openEasypost(options: CarrierOptions): Promise<PlayedCarrier> {
  const database = openDatabase(options.file, SCHEMA);
  let down = false;
  const server = await listen((call) => (down ? problem(503, 'SERVICE_UNAVAILABLE', 'The service is temporarily unavailable.') : answer(call, account)));
  const account: Account = { database, options, origin: server.url };
  const { connectionId } = options;
  return {
    connectionId,
    settings: { endpoint: `${server.url}/v2` },
    address: easypostAddress(options.updateUrl, options.secret.signing),
    expect: (expectations) => {
      const insert = database.prepare('INSERT OR IGNORE INTO expectation VALUES (?, ?, 1, ?)');
      for (const { recipient, fault, journey } of expectations) insert.run(recipient.toUpperCase(), fault ?? null, journey);
    },
    handOver: (trackingNumbers) => {
      const sold = database.prepare('SELECT * FROM shipment WHERE tracking_code = ?');
      for (const shipment of trackingNumbers.flatMap((number) => sold.all(number))) leave(shipment, account);
    },
    charges: () => chargesOf(database),
    voids: () =>
      database
        .prepare("SELECT shipment_id FROM refund WHERE status = 'submitted'")
        .all()
        .map((row) => text(row, 'shipment_id')),
    repeats: () => count(database.prepare("SELECT value FROM counter WHERE name = 'repeat'").get(), 'value'),
    manifested: () => codesOnForms(database),
    complaints: () =>
      database
        .prepare('SELECT what FROM complaint ORDER BY id')
        .all()
        .map((row) => text(row, 'what')),
    breakDown: (isDown) => {
      down = isDown;
    },
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

/** How EasyPost addresses and signs a callback. https://docs.easypost.com/docs/webhooks */
export function easypostAddress(updateUrl: string | (() => string), secret: string): (posting: Posting, now: Date) => Addressed {
  return ({ body }, now) => {
    const scheme = { family: 'hmac-body', header: 'x-hmac-signature', encoding: 'hex', prefix: 'hmac-sha256-hex=', normalise: 'NFKD' } as const;
    const headers = { 'content-type': 'application/json', 'user-agent': 'EasyPost/v2 Webhooks', ...sign(body, scheme, secret, { id: '', at: now }) };
    return { url: typeof updateUrl === 'string' ? updateUrl : updateUrl(), headers };
  };
}

interface Account {
  readonly database: DatabaseSync;
  readonly options: CarrierOptions;
  readonly origin: string;
}

function answer(call: Call, account: Account): Answer | Promise<Answer> {
  const [, first, second, id = '', action = ''] = call.path.split('/');
  if (first === 'labels' && call.method === 'GET') return document(call.path.split('/')[2] ?? '', account);
  if (first === 'forms' && call.method === 'GET') return formDocument(second ?? '', account.database);
  if (first !== 'v2') return problem(404, 'NOT_FOUND', 'The requested resource could not be found.');
  const expected = `Basic ${Buffer.from(`${account.options.secret.token}:`).toString('base64')}`;
  if (call.headers.authorization !== expected) return problem(401, 'APIKEY.INACTIVE', 'This api key is no longer active.');
  const atDesk = answerAtDesk(call, deskOf(account));
  if (atDesk !== undefined) return atDesk;
  if (second !== 'shipments') return problem(404, 'NOT_FOUND', 'The requested resource could not be found.');
  if (call.method === 'POST' && id === '') return rate(call, account);
  const shipment = account.database.prepare('SELECT * FROM shipment WHERE id = ?').get(id);
  if (shipment === undefined) return problem(404, 'SHIPMENT.NOT_FOUND', 'The shipment could not be found.');
  if (call.method === 'POST' && action === 'buy') return buy(call, shipment, account);
  if (call.method === 'POST' && action === 'refund') return refund(shipment, account);
  return call.method === 'GET' && action === '' ? { status: 200, json: shipmentJson(shipment, account) } : problem(404, 'NOT_FOUND', 'The requested resource could not be found.');
}

function deskOf(account: Account): Desk {
  return {
    database: account.database,
    origin: account.origin,
    problem,
    complain: (what) => complain(account, what),
    show: (shipment) => shipmentJson(shipment, account),
    scans: (shipment) => scansOf(shipment, account).filter(({ at }) => at <= Date.now()),
  };
}

function complain({ database }: Account, what: string): void {
  database.prepare('INSERT INTO complaint (what) VALUES (?)').run(what.slice(0, 300));
}

function problem(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, json: { error: { code, message, errors: [] } } };
}

function rate(call: Call, account: Account): Answer {
  const input = ShipmentInput.safeParse(JSON.parse(call.body));
  if (!input.success) {
    complain(account, z.prettifyError(input.error));
    return problem(422, 'SHIPMENT.INVALID_PARAMS', z.prettifyError(input.error));
  }
  const { to_address, from_address, parcel, reference = '', options, customs_info } = input.data.shipment;
  if (needsCustoms(from_address.country, to_address.country) && customs_info === undefined) {
    complain(account, `a parcel from ${from_address.country} to ${to_address.country} without customs_info`);
    return problem(422, 'SHIPMENT.CUSTOMS_INFO.REQUIRED', 'Customs information is required for this destination.');
  }
  const recipient = (to_address.name ?? to_address.company ?? '').toUpperCase();
  if (takeFault(account, recipient, ['throttled-rating'])) return problem(429, 'RATE_LIMITED', 'Too many requests.', { 'retry-after': '1' });
  if (takeFault(account, recipient, ['error-rating'])) return problem(503, 'SERVICE_UNAVAILABLE', 'The service is temporarily unavailable.');
  const id = `shp_${next(account, 'shipment').toString(16).padStart(32, '0')}`;
  const rates = takeFault(account, recipient, ['no-rates']) ? [] : ratesFor(id, parcel.weight, to_address.country, account.options.currency);
  account.database
    .prepare('INSERT INTO shipment (id, reference, recipient, shipment, rates, format) VALUES (?, ?, ?, ?, ?, ?)')
    .run(id, reference, recipient, JSON.stringify(input.data.shipment), JSON.stringify(rates), options?.label_format ?? 'PNG');
  return { status: 201, json: shipmentJson(account.database.prepare('SELECT * FROM shipment WHERE id = ?').get(id) ?? {}, account) };
}

const EU = new Set('AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '));

function needsCustoms(from: string, to: string): boolean {
  return from !== to && !(EU.has(from) && EU.has(to));
}

/** Prices rise with weight and distance; the cheapest of all is in another currency, the next one is a service nobody asked for. */
function ratesFor(id: string, ounces: number, country: string, currency: string): Rate[] {
  const zone = country === 'DE' ? 0 : country === 'US' ? 900 : 350;
  const priced = (base: number, perOunce: number) => Math.round(base + zone + ounces * perOunce);
  const table = [
    { carrier: 'USPS', service: 'GroundAdvantage', cost: priced(290, 2), currency: 'USD', delivery_days: 6 },
    { carrier: 'FedEx', service: 'INTERNATIONAL_ECONOMY', cost: priced(310, 2), currency, delivery_days: null },
    { carrier: 'USPS', service: 'Priority', cost: priced(420, 6), currency, delivery_days: 3 },
    { carrier: 'UPS', service: 'UPSStandard', cost: priced(560, 3), currency, delivery_days: 2 },
    { carrier: 'DHLExpress', service: 'ExpressWorldwide', cost: priced(1480, 4), currency, delivery_days: 1 },
  ];
  return table.map(({ cost, ...entry }, index) => ({
    id: id.replace('shp_', `rate_${index}`),
    rate: `${Math.trunc(cost / 100)}.${String(cost % 100).padStart(2, '0')}`,
    ...entry,
  }));
}

async function buy(call: Call, shipment: Row, account: Account): Promise<Answer> {
  const input = BuyInput.safeParse(JSON.parse(call.body));
  const rates: Rate[] = JSON.parse(text(shipment, 'rates'));
  const chosen = rates.find(({ id }) => id === input.data?.rate.id);
  if (chosen === undefined) return problem(422, 'SHIPMENT.RATES.UNAVAILABLE', 'The rate is not one of this shipment.');
  if (text(shipment, 'tracking_code') !== '') {
    next(account, 'repeat');
    return problem(422, 'SHIPMENT.POSTAGE.EXISTS', 'Postage already exists for this shipment.');
  }
  const recipient = text(shipment, 'recipient');
  if (takeFault(account, recipient, ['error-before'])) return problem(500, 'INTERNAL_SERVER_ERROR', 'We are looking into it.');
  if (takeFault(account, recipient, ['throttled'])) return problem(429, 'RATE_LIMITED', 'Too many requests.');
  if (takeFault(account, recipient, ['declined'])) return problem(402, 'PAYMENT_REQUIRED', 'Insufficient funds.');
  if (takeFault(account, recipient, ['slow'])) await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  return charge(shipment, chosen, recipient, account);
}

/** From here on the label is paid for, whatever becomes of the answer. */
function charge(shipment: Row, chosen: Rate, recipient: string, account: Account): Answer {
  const { database } = account;
  const id = text(shipment, 'id');
  const wrong = takeFault(account, recipient, ['wrong-address']);
  const fault = faultOf(account, recipient);
  const trackingCode = trackingCodeOf(chosen.carrier, next(account, 'tracking'));
  database.prepare('INSERT INTO charge (shipment_id, cost, currency) VALUES (?, ?, ?)').run(id, Number(chosen.rate.replace('.', '')), chosen.currency);
  database.prepare('UPDATE shipment SET rate = ?, tracking_code = ?, wrong = ?, bought_at = ? WHERE id = ?').run(chosen.id, trackingCode, wrong ? 1 : 0, Date.now(), id);
  const bought = database.prepare('SELECT * FROM shipment WHERE id = ?').get(id) ?? {};
  travel(bought, 'bought', account);
  if (!takeFault(account, recipient, ['hang-after-charge', 'reset-after-charge', 'error-after-charge'])) return { status: 200, json: shipmentJson(bought, account) };
  if (fault === 'error-after-charge') return problem(502, 'BAD_GATEWAY', 'The upstream carrier did not answer.');
  return fault === 'hang-after-charge' ? 'hang' : 'reset';
}

/** Postage of a parcel that has left is not given back. https://docs.easypost.com/docs/shipments/refunds */
function refund(shipment: Row, account: Account): Answer {
  const id = text(shipment, 'id');
  if (text(shipment, 'tracking_code') === '' || refundOf(id, account) !== null)
    return problem(422, 'SHIPMENT.REFUND.UNAVAILABLE', 'Refunds are only available for shipments with postage, once.');
  const left = account.database.prepare('SELECT 1 FROM handed_over WHERE shipment_id = ?').get(id) !== undefined;
  account.database.prepare('INSERT INTO refund VALUES (?, ?)').run(id, left ? 'rejected' : 'submitted');
  return { status: 200, json: shipmentJson(shipment, account) };
}

function refundOf(id: string, { database }: Account): string | null {
  return text(database.prepare('SELECT status FROM refund WHERE shipment_id = ?').get(id), 'status') || null;
}

/** A parcel whose label was taken back does not travel. */
function leave(shipment: Row, account: Account): void {
  const id = text(shipment, 'id');
  if (refundOf(id, account) === 'submitted') return;
  account.database.prepare('INSERT OR IGNORE INTO handed_over VALUES (?)').run(id);
  account.database.prepare('UPDATE shipment SET handed_at = coalesce(handed_at, ?) WHERE id = ?').run(Date.now(), id);
  travel(account.database.prepare('SELECT * FROM shipment WHERE id = ?').get(id) ?? shipment, 'handed over', account);
}

function trackingCodeOf(carrier: string, number: number): string {
  const digits = String(number).padStart(10, '0');
  if (carrier === 'UPS') return `1Z999AA${digits}`;
  return carrier === 'DHLExpress' ? `JD01${digits}` : `940010000000${digits}`;
}

function document(file: string, account: Account): Answer {
  const [id = '', extension = ''] = file.split('.');
  const shipment = account.database.prepare('SELECT * FROM shipment WHERE id = ?').get(id);
  const code = text(shipment, 'tracking_code');
  if (shipment === undefined || code === '') return { status: 404 };
  const lines = ['SHIPPING LABEL (simulated)', code, `Reference ${text(shipment, 'reference')}`];
  if (extension === 'pdf') return { status: 200, bytes: labelPdf(lines), headers: { 'content-type': 'application/pdf' } };
  if (extension === 'zpl') return { status: 200, bytes: labelZpl(lines), headers: { 'content-type': 'application/zpl' } };
  return { status: 200, bytes: labelPng(code), headers: { 'content-type': 'image/png' } };
}

/** Schedules the tracker's callbacks: some are sent twice, some overtake each other. Those that are scheduled already stay. */
function travel(shipment: Row, because: 'bought' | 'handed over', account: Account): void {
  const { options } = account;
  const id = text(shipment, 'id');
  const random = seeded(id);
  const scans = scansOf(shipment, account);
  const postings = scans.flatMap(({ at }, index) => {
    if ((because === 'bought') !== (index === 0)) return [];
    const eventId = `evt_${id.slice(-12)}${index}`;
    const body = trackerEvent(eventId, { shipmentId: id, trackingCode: text(shipment, 'tracking_code'), carrier: moverOf(shipment), scans: scans.slice(0, index + 1) });
    const late = random.chance(0.1) ? options.stepMs * 1.5 : 0;
    const posting = { id: eventId, sender: options.connectionId, meta: {}, body, due: at + late };
    return random.chance(0.1) ? [posting, { ...posting, id: `${eventId}-again`, due: at + late + 120 }] : [posting];
  });
  options.post(postings);
}

/** The scans of a parcel's journey, past and to come; all but the first only once it was handed over. */
function scansOf(shipment: Row, { database, options }: Account): readonly { readonly scan: Scan; readonly at: number }[] {
  const expectation = database.prepare('SELECT journey FROM expectation WHERE recipient = ?').get(text(shipment, 'recipient'));
  const journey = Object.keys(JOURNEYS).find((name): name is Journey => name === text(expectation, 'journey')) ?? 'plain';
  const [boughtAt, handedAt] = [count(shipment, 'bought_at'), count(shipment, 'handed_at')];
  return JOURNEYS[journey].flatMap((scan, index) => {
    if (index === 0) return [{ scan, at: boughtAt + 150 }];
    return handedAt === 0 ? [] : [{ scan, at: handedAt + index * options.stepMs }];
  });
}

function moverOf(shipment: Row): string {
  const rates: Rate[] = JSON.parse(text(shipment, 'rates'));
  return rates.find((rate) => rate.id === text(shipment, 'rate'))?.carrier ?? '';
}

function shipmentJson(shipment: Row, account: Account): Record<string, unknown> {
  const { to_address, from_address, parcel } = ShipmentInput.shape.shipment.parse(JSON.parse(text(shipment, 'shipment')));
  const rates: Rate[] = JSON.parse(text(shipment, 'rates'));
  const code = text(shipment, 'tracking_code');
  const selected = rates.find(({ id }) => id === text(shipment, 'rate'));
  const id = text(shipment, 'id');
  const format = text(shipment, 'format');
  const bought = code !== '' && selected !== undefined;
  return {
    id,
    object: 'Shipment',
    mode: 'test',
    reference: text(shipment, 'reference'),
    to_address: printed(to_address, count(shipment, 'wrong') === 1),
    from_address: printed(from_address, false),
    parcel: { object: 'Parcel', ...parcel },
    rates: rates.map((rate) => ({ object: 'Rate', ...rate, list_rate: rate.rate, retail_rate: rate.rate, shipment_id: id, delivery_date_guaranteed: false })),
    messages: rates.length > 0 ? [] : [{ carrier: 'USPS', type: 'rate_error', message: 'The destination is not served.' }],
    selected_rate: selected === undefined ? null : { object: 'Rate', ...selected },
    tracking_code: bought ? code : null,
    postage_label: bought ? { object: 'PostageLabel', label_url: `${account.origin}/labels/${id}.${format.toLowerCase()}`, label_file_type: format, label_size: '4x6' } : null,
    tracker: bought ? { object: 'Tracker', id: id.replace('shp_', 'trk_'), tracking_code: code, status: 'unknown', public_url: `https://track.easypost.com/${code}` } : null,
    refund_status: refundOf(id, account),
    scan_form: text(shipment, 'form') === '' ? null : { id: text(shipment, 'form'), object: 'ScanForm' },
    created_at: new Date(count(shipment, 'bought_at')).toISOString(),
    status: 'unknown',
  };
}

/** Carriers answer in capitals, with a long ZIP code; a wrong one prints another house number. */
function printed(address: AddressInput, wrong: boolean): Record<string, unknown> {
  const upper = Object.fromEntries(Object.entries(address).map(([field, value]) => [field, typeof value === 'string' && field !== 'email' ? value.toUpperCase() : value]));
  const zip = address.country === 'US' && /^\d{5}$/.test(address.zip ?? '') ? `${address.zip}-0042` : (address.zip ?? null);
  return { object: 'Address', ...upper, zip, ...(wrong && { street1: `${address.street1.replace(/\d+/g, '')}999`.toUpperCase() }) };
}

function faultOf({ database }: Account, recipient: string): string {
  return text(database.prepare('SELECT fault FROM expectation WHERE recipient = ? AND left > 0').get(recipient), 'fault');
}

/** Uses a recipient's fault up when it is one of those. */
function takeFault(account: Account, recipient: string, faults: readonly CarrierFault[]): boolean {
  const fault = faultOf(account, recipient);
  if (!faults.some((candidate) => candidate === fault)) return false;
  account.database.prepare('UPDATE expectation SET left = 0 WHERE recipient = ?').run(recipient);
  return true;
}

function next({ database }: Account, name: string): number {
  return count(database.prepare('INSERT INTO counter VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value').get(name), 'value');
}

function printedOn(shipment: Row): Charge['printed'] {
  const { to_address } = ShipmentInput.shape.shipment.parse(JSON.parse(text(shipment, 'shipment')));
  const { name, street1, street2, city, zip, country } = AddressInput.parse(printed(to_address, count(shipment, 'wrong') === 1));
  return { name: name ?? '', line1: street1, line2: street2 ?? '', city, postalCode: zip ?? '', country };
}

function chargesOf(database: DatabaseSync): Charge[] {
  const rows = database.prepare('SELECT charge.cost, charge.currency, shipment.* FROM charge JOIN shipment ON shipment.id = charge.shipment_id').all();
  return rows.map((row) => ({
    carrierRef: text(row, 'id'),
    reference: text(row, 'reference'),
    recipient: text(row, 'recipient'),
    trackingNumber: text(row, 'tracking_code'),
    cost: count(row, 'cost'),
    currency: text(row, 'currency'),
    printed: printedOn(row),
  }));
}
