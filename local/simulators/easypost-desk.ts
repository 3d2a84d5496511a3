import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { count, type Row, text } from './database.ts';
import { trackerOf } from './journey.ts';
import { labelPdf } from './label-document.ts';
import type { Answer, Call } from './listen.ts';

/** What the desk must know of the account: its shipments' shapes are the account's own matter. */
export interface Desk {
  readonly database: DatabaseSync;
  readonly origin: string;
  readonly problem: (status: number, code: string, message: string) => Answer;
  /** Notes a call that broke the contract. */
  readonly complain: (what: string) => void;
  /** A shipment as the API shows it. */
  readonly show: (shipment: Row) => Record<string, unknown>;
  /** Scans of a shipment that are past. */
  readonly scans: (shipment: Row) => Parameters<typeof trackerOf>[0]['scans'];
}

/** Tables beside those of shipments. */
export const DESK_SCHEMA = `
  CREATE TABLE IF NOT EXISTS complaint (id INTEGER PRIMARY KEY, what TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS scan_form (id TEXT PRIMARY KEY, status TEXT NOT NULL, codes TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS pickup (id TEXT PRIMARY KEY, status TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS webhook (id TEXT PRIMARY KEY, url TEXT NOT NULL UNIQUE, disabled INTEGER NOT NULL DEFAULT 0) STRICT;
`;

const FormInput = z.strictObject({ scan_form: z.strictObject({ shipments: z.array(z.strictObject({ id: z.string() })).min(1) }) });
const PickupInput = z.strictObject({
  pickup: z.strictObject({
    reference: z.string(),
    address: z.looseObject({ street1: z.string().min(1), city: z.string().min(1), country: z.string().length(2) }),
    is_account_address: z.boolean(),
    min_datetime: z.iso.datetime(),
    max_datetime: z.iso.datetime(),
    instructions: z.string().max(255),
    shipment: z.strictObject({ id: z.string() }).optional(),
  }),
});
const VerifyInput = z.strictObject({ address: z.looseObject({ street1: z.string(), city: z.string(), country: z.string() }), verify: z.boolean() });
const HookInput = z.strictObject({ webhook: z.strictObject({ url: z.url(), webhook_secret: z.string().min(1) }) });

/** Answers what is no shipment: forms, pickups, addresses, webhooks, trackers, lists. Undefined for what it does not know. */
export function answerAtDesk(call: Call, desk: Desk): Answer | undefined {
  const [, , noun = '', id = '', action = ''] = call.path.split('/');
  const known = ROUTES.get(`${call.method} ${noun}${id === '' ? '' : '/:id'}${action === '' ? '' : `/${action}`}`);
  return known?.(call, desk, id);
}

const ROUTES = new Map<string, (call: Call, desk: Desk, id: string) => Answer>([
  ['GET shipments', listShipments],
  ['POST scan_forms', createForm],
  ['GET scan_forms/:id', (_call, desk, id) => showForm(id, desk)],
  ['POST pickups', createPickup],
  ['POST pickups/:id/buy', (_call, desk, id) => movePickup(id, 'unknown', 'scheduled', desk)],
  ['POST pickups/:id/cancel', (_call, desk, id) => movePickup(id, 'scheduled', 'canceled', desk)],
  ['POST addresses', verify],
  ['GET webhooks', (_call, { database }) => ({ status: 200, json: { webhooks: database.prepare('SELECT * FROM webhook').all().map(hookJson) } })],
  ['POST webhooks', createHook],
  ['PATCH webhooks/:id', wakeHook],
  ['GET trackers', listTrackers],
]);

/** SCAN forms are for labels of one carrier and one origin that are on no form yet and were not taken back. https://docs.easypost.com/docs/scan-form */
function createForm(call: Call, desk: Desk): Answer {
  const { data, error } = FormInput.safeParse(JSON.parse(call.body));
  if (data === undefined) return refuse(desk, 'SCAN_FORM.INVALID_PARAMS', z.prettifyError(error));
  const { database } = desk;
  const ids = data.scan_form.shipments.map(({ id }) => id);
  const shipments = ids.map((id) => database.prepare('SELECT * FROM shipment WHERE id = ? AND tracking_code IS NOT NULL').get(id));
  const taken = new Set(codesOnForms(database));
  const wrong = shipments.findIndex((shipment) => shipment === undefined || taken.has(text(shipment, 'tracking_code')));
  if (wrong >= 0) return refuse(desk, 'SCAN_FORM.SHIPMENT_INELIGIBLE', `shipment ${ids[wrong]} has no label, or is on a form already`);
  const form = `sf_${String(count(database.prepare('SELECT count(*) AS forms FROM scan_form').get(), 'forms') + 1).padStart(8, '0')}`;
  database.prepare('INSERT INTO scan_form VALUES (?, ?, ?)').run(form, 'created', JSON.stringify(shipments.map((shipment) => text(shipment, 'tracking_code'))));
  for (const id of ids) database.prepare('UPDATE shipment SET form = ? WHERE id = ?').run(form, id);
  return showForm(form, desk);
}

function showForm(id: string, { database, origin, problem }: Desk): Answer {
  const form = database.prepare('SELECT * FROM scan_form WHERE id = ?').get(id);
  if (form === undefined) return problem(404, 'NOT_FOUND', 'The requested resource could not be found.');
  const codes: string[] = JSON.parse(text(form, 'codes'));
  return { status: 200, json: { id, object: 'ScanForm', status: text(form, 'status'), message: '', form_url: `${origin}/forms/${id}.pdf`, tracking_codes: codes } };
}

/** The document of a form. */
export function formDocument(file: string, database: DatabaseSync): Answer {
  const form = database.prepare('SELECT * FROM scan_form WHERE id = ?').get(file.replace('.pdf', ''));
  if (form === undefined) return { status: 404 };
  const codes: string[] = JSON.parse(text(form, 'codes'));
  return { status: 200, bytes: labelPdf(['SCAN FORM (simulated)', text(form, 'id'), ...codes.slice(0, 12)]), headers: { 'content-type': 'application/pdf' } };
}

/** Tracking numbers on forms, once for each form that each is on. */
export function codesOnForms(database: DatabaseSync): string[] {
  return database
    .prepare('SELECT codes FROM scan_form')
    .all()
    .flatMap((row): string[] => JSON.parse(text(row, 'codes')));
}

function createPickup(call: Call, desk: Desk): Answer {
  const { data, error } = PickupInput.safeParse(JSON.parse(call.body));
  if (data === undefined) return refuse(desk, 'PICKUP.INVALID_PARAMS', z.prettifyError(error));
  if (data.pickup.min_datetime >= data.pickup.max_datetime) return refuse(desk, 'PICKUP.INVALID_PARAMS', 'min_datetime is not before max_datetime');
  const id = `pickup_${String(count(desk.database.prepare('SELECT count(*) AS pickups FROM pickup').get(), 'pickups') + 1).padStart(8, '0')}`;
  desk.database.prepare('INSERT INTO pickup VALUES (?, ?)').run(id, 'unknown');
  return showPickup(id, desk, 201);
}

function movePickup(id: string, from: string, to: string, desk: Desk): Answer {
  const { changes } = desk.database.prepare('UPDATE pickup SET status = ? WHERE id = ? AND status IN (?, ?)').run(to, id, from, to);
  return changes === 0 ? refuse(desk, 'PICKUP.FAILURE', `pickup ${id} is not ${from}`) : showPickup(id, desk, 200);
}

function showPickup(id: string, { database }: Desk, status: number): Answer {
  const state = text(database.prepare('SELECT status FROM pickup WHERE id = ?').get(id), 'status');
  const pickup_rates = [
    { id: `${id}_1`, object: 'PickupRate', carrier: 'UPS', service: 'Future-day Pickup', rate: '4.90', currency: 'EUR' },
    { id: `${id}_2`, object: 'PickupRate', carrier: 'UPS', service: 'Same-day Pickup', rate: '9.90', currency: 'EUR' },
  ];
  return { status, json: { id, object: 'Pickup', status: state, confirmation: state === 'scheduled' ? `CONF-${id}` : null, pickup_rates } };
}

/** A street line with the word Unknown is found nowhere; one with a misspelt Strase comes back as it should be written. */
function verify(call: Call, desk: Desk): Answer {
  const { data, error } = VerifyInput.safeParse(JSON.parse(call.body));
  if (data === undefined) return refuse(desk, 'ADDRESS.INVALID_PARAMS', z.prettifyError(error));
  const { address } = data;
  const found = !/\bunknown\b/i.test(address.street1);
  const street1 = address.street1.replace(/(s)trase\b/i, '$1traße');
  const errors = found ? [] : [{ code: 'E.ADDRESS.NOT_FOUND', field: 'address', message: 'Address not found', suggestion: null }];
  return { status: 201, json: { id: 'adr_1', object: 'Address', ...address, street1, verifications: { delivery: { success: found, errors, details: {} } } } };
}

function createHook(call: Call, desk: Desk): Answer {
  const { data, error } = HookInput.safeParse(JSON.parse(call.body));
  if (data === undefined) return refuse(desk, 'WEBHOOK.INVALID_PARAMS', z.prettifyError(error));
  const id = `hook_${String(count(desk.database.prepare('SELECT count(*) AS hooks FROM webhook').get(), 'hooks') + 1).padStart(8, '0')}`;
  const { changes } = desk.database.prepare('INSERT OR IGNORE INTO webhook (id, url) VALUES (?, ?)').run(id, data.webhook.url);
  if (changes === 0) return refuse(desk, 'WEBHOOK.DUPLICATE', 'a second webhook with the same address');
  return { status: 201, json: hookJson(desk.database.prepare('SELECT * FROM webhook WHERE id = ?').get(id) ?? {}) };
}

function wakeHook(_call: Call, { database, problem }: Desk, id: string): Answer {
  const { changes } = database.prepare('UPDATE webhook SET disabled = 0 WHERE id = ?').run(id);
  if (changes === 0) return problem(404, 'NOT_FOUND', 'The requested resource could not be found.');
  return { status: 200, json: hookJson(database.prepare('SELECT * FROM webhook WHERE id = ?').get(id) ?? {}) };
}

function hookJson(row: Row): Record<string, unknown> {
  return { id: text(row, 'id'), object: 'Webhook', mode: 'test', url: text(row, 'url'), disabled_at: count(row, 'disabled') === 1 ? '2026-11-01T00:00:00Z' : null };
}

const PAGE = 100;

function listShipments(call: Call, { database, show }: Desk): Answer {
  const query = new URLSearchParams(call.query);
  const size = Math.min(Number(query.get('page_size') ?? '20'), PAGE);
  const rows = database
    .prepare('SELECT * FROM shipment WHERE tracking_code IS NOT NULL AND (? IS NULL OR id < ?) ORDER BY id DESC LIMIT ?')
    .all(query.get('before_id'), query.get('before_id'), size + 1);
  return { status: 200, json: { shipments: rows.slice(0, size).map(show), has_more: rows.length > size } };
}

function listTrackers(call: Call, desk: Desk): Answer {
  const code = new URLSearchParams(call.query).get('tracking_code') ?? '';
  const shipment = desk.database.prepare('SELECT * FROM shipment WHERE tracking_code = ?').get(code);
  if (shipment === undefined) return { status: 200, json: { trackers: [], has_more: false } };
  const tracker = trackerOf({ shipmentId: text(shipment, 'id'), trackingCode: code, carrier: '', scans: desk.scans(shipment) });
  return { status: 200, json: { trackers: [tracker], has_more: false } };
}

function refuse({ problem, complain }: Desk, code: string, what: string): Answer {
  complain(what);
  return problem(422, code, what);
}
