import * as z from 'zod';
import type { HttpRequest, HttpResponse } from '../adapters/http.ts';
import { trackerEvent } from '../local/simulators/journey.ts';

/** What is odd about the parcels of one recipient. */
export type Oddity = 'prints-another-address' | 'answers-never' | 'declines-once';

interface Shipment {
  readonly id: string;
  readonly reference: string;
  readonly to: Readonly<Record<string, string | null>>;
  readonly oddity: Oddity | undefined;
  trackingCode: string;
  asked: number;
  refund: 'submitted' | null;
  /** UTC. */
  readonly createdAt: string;
  form: string | null;
  /** What the carrier saw of the parcel, whether it told us or not. */
  scans: Scans;
}

type Scans = Parameters<typeof trackerEvent>[1]['scans'];

/** A form that lists parcels for the driver. */
interface Form {
  readonly id: string;
  readonly trackingCodes: readonly string[];
}

interface Pickup {
  readonly id: string;
  status: 'unknown' | 'scheduled' | 'canceled';
}

/** What the carrier knows and took: plain data, so that it can be copied. */
export interface CarrierState {
  readonly shipments: Shipment[];
  readonly forms: Form[];
  readonly pickups: Pickup[];
  /** Addresses that it posts to. */
  readonly hooks: string[];
  /** By recipient. */
  readonly oddities: Record<string, Oddity>;
}

/** Money that the carrier took and keeps, or gave back. */
export interface Charge {
  readonly recipient: string;
  readonly reference: string;
  readonly trackingCode: string;
  /** Minor units. */
  readonly cost: number;
  readonly isVoid: boolean;
}

/** What every label costs, in minor units. */
export const COST = 640;

/** Every label that was ever charged. */
export function chargesOf({ shipments }: CarrierState): Charge[] {
  return shipments
    .filter(({ trackingCode }) => trackingCode !== '')
    .map(({ to, reference, trackingCode, refund }) => ({ recipient: to.name ?? '', reference, trackingCode, cost: COST, isVoid: refund !== null }));
}

/** It begins with nothing. */
export function emptyCarrier(): CarrierState {
  return { shipments: [], forms: [], pickups: [], hooks: [], oddities: {} };
}

/** The same again. */
export function copyCarrier({ shipments, forms, pickups, hooks, oddities }: CarrierState): CarrierState {
  return { shipments: shipments.map((one) => ({ ...one })), forms: [...forms], pickups: pickups.map((one) => ({ ...one })), hooks: [...hooks], oddities: { ...oddities } };
}

/** What is asked of it: the words of the path behind the version, what was sent, and when. */
interface Asked {
  readonly id: string;
  readonly action: string;
  readonly query: URLSearchParams;
  /** What was sent, where it was JSON. */
  readonly sent: Record<string, Record<string, unknown>>;
  /** UTC. */
  readonly at: string;
}

const ROUTES: Readonly<Record<string, (state: CarrierState, asked: Asked) => HttpResponse | undefined>> = {
  'POST shipments': (state, asked) => (asked.id === '' ? rate(state, asked) : actOn(state, asked)),
  'GET shipments': (state, asked) => (asked.id === '' ? listed(state) : withShipment(state, asked.id, (shipment) => answer(200, shown(shipment)))),
  'GET trackers': tracked,
  'POST scan_forms': makeForm,
  'GET scan_forms': ({ forms }, { id }) => withOne(forms, id, shownForm),
  'POST pickups': collect,
  'GET webhooks': ({ hooks }) => answer(200, { webhooks: hooks.map((url, index) => ({ id: `hook_${index + 1}`, url, disabled_at: null })) }),
  'POST webhooks': ({ hooks }, { sent }) => {
    hooks.push(String(sent.webhook?.url));
    return answer(201, { id: `hook_${hooks.length}` });
  },
};

/** EasyPost as it behaves: two steps, one sale per shipment. https://docs.easypost.com/docs/shipments @returns undefined where no answer comes */
export function answerOf(state: CarrierState, { method, url, body }: HttpRequest, at: Date): HttpResponse | undefined {
  const { pathname, searchParams: query } = new URL(url);
  const [, first, second = '', id = '', action = ''] = pathname.split('/');
  if (first === 'labels') return documentOf(state, second.replace('.pdf', ''));
  const route = ROUTES[`${method} ${second}`];
  return route === undefined ? problem(404, 'NOT_FOUND') : route(state, { id, action, query, sent: body === undefined ? {} : JSON.parse(String(body)), at: at.toISOString() });
}

function withOne<One extends { readonly id: string }>(all: readonly One[], id: string, then: (one: One) => HttpResponse | undefined): HttpResponse | undefined {
  const one = all.find((known) => known.id === id);
  return one === undefined ? problem(404, 'NOT_FOUND') : then(one);
}

function withShipment({ shipments }: CarrierState, id: string, then: (shipment: Shipment) => HttpResponse | undefined): HttpResponse | undefined {
  return withOne(shipments, id, then);
}

function actOn(state: CarrierState, { id, action }: Asked): HttpResponse | undefined {
  return withShipment(state, id, (shipment) => (action === 'refund' ? refund(shipment) : buy(shipment)));
}

function rate(state: CarrierState, { sent, at }: Asked): HttpResponse {
  const { reference, to_address } = Sale.parse(sent.shipment);
  const id = `shp_${state.shipments.length + 1}`;
  const oddity = state.oddities[to_address.name ?? ''];
  const shipment: Shipment = { id, reference, to: to_address, oddity, trackingCode: '', asked: 0, refund: null, createdAt: at, form: null, scans: [] };
  state.shipments.push(shipment);
  return answer(201, shown(shipment));
}

const Sale = z.object({ reference: z.string(), to_address: z.record(z.string(), z.string().nullable()) });

function listed({ shipments }: CarrierState): HttpResponse {
  return answer(200, { shipments: shipments.filter(({ trackingCode }) => trackingCode !== '').map(shown), has_more: false });
}

function tracked({ shipments }: CarrierState, { query }: Asked): HttpResponse {
  const known = shipments.filter(({ trackingCode, scans }) => trackingCode === query.get('tracking_code') && scans.length > 0);
  const trackers = known.map(({ id, trackingCode, scans }) => JSON.parse(trackerEvent('', { shipmentId: id, trackingCode, carrier: 'UPS', scans }).toString()).result);
  return answer(200, { trackers, has_more: false });
}

/** A shipment is on one form only. https://docs.easypost.com/docs/scan-form */
function makeForm({ shipments, forms }: CarrierState, { sent }: Asked): HttpResponse {
  const ids = new Set(Listed.parse(sent.scan_form).shipments.map(({ id }) => id));
  const on = shipments.filter(({ id }) => ids.has(id));
  if (on.length === 0 || on.some(({ form, trackingCode, refund: isBack }) => form !== null || trackingCode === '' || isBack !== null))
    return problem(422, 'SCAN_FORM.SHIPMENTS.INVALID');
  const form = { id: `sf_${forms.length + 1}`, trackingCodes: on.map(({ trackingCode }) => trackingCode) };
  forms.push(form);
  for (const shipment of on) shipment.form = form.id;
  return shownForm(form);
}

const Listed = z.object({ shipments: z.array(z.object({ id: z.string() })) });

function shownForm({ id, trackingCodes }: Form): HttpResponse {
  return answer(200, { id, status: 'created', form_url: `https://labels.example.com/labels/${id}.pdf`, message: null, tracking_codes: trackingCodes });
}

function collect(state: CarrierState, { id, action }: Asked): HttpResponse | undefined {
  const price = { carrier: 'UPS', service: 'Same-day Pickup', rate: '4.00', currency: 'EUR' };
  if (id === '') {
    const pickup: Pickup = { id: `pickup_${state.pickups.length + 1}`, status: 'unknown' };
    state.pickups.push(pickup);
    return answer(201, { ...pickup, confirmation: null, pickup_rates: [price] });
  }
  return withOne(state.pickups, id, (pickup) => {
    pickup.status = action === 'cancel' ? 'canceled' : 'scheduled';
    return answer(200, { ...pickup, confirmation: `confirmed ${pickup.id}`, pickup_rates: [price] });
  });
}

function buy(shipment: Shipment): HttpResponse | undefined {
  if (shipment.trackingCode !== '') return problem(422, 'SHIPMENT.POSTAGE.EXISTS');
  shipment.asked += 1;
  if (shipment.oddity === 'declines-once' && shipment.asked === 1) return problem(503, 'SERVICE_UNAVAILABLE');
  shipment.trackingCode = `TRACK${shipment.id.slice(4)}`;
  return shipment.oddity === 'answers-never' ? undefined : answer(200, shown(shipment));
}

function refund(shipment: Shipment): HttpResponse {
  if (shipment.trackingCode === '' || shipment.refund !== null) return problem(422, 'SHIPMENT.REFUND.UNAVAILABLE');
  shipment.refund = 'submitted';
  return answer(200, shown(shipment));
}

function documentOf({ shipments, forms }: CarrierState, id: string): HttpResponse {
  if (forms.some((form) => form.id === id)) return { status: 200, headers: {}, body: Buffer.from(`%PDF-1.4 ${id}`) };
  const shipment = shipments.find((one) => one.id === id);
  if (shipment === undefined || shipment.trackingCode === '') return problem(404, 'NOT_FOUND');
  return { status: 200, headers: {}, body: Buffer.from(`%PDF-1.4 ${shipment.trackingCode}`) };
}

function shown({ id, reference, to, oddity, trackingCode, refund: refund_status, createdAt: created_at, form }: Shipment): object {
  const selected_rate = { id: `rate_${id}`, carrier: 'UPS', service: 'UPSStandard', rate: '6.40', currency: 'EUR', delivery_days: 2 };
  const to_address = oddity === 'prints-another-address' ? { ...to, street1: 'Falsche Gasse 9' } : to;
  const common = {
    id,
    object: 'Shipment',
    reference,
    to_address,
    rates: [selected_rate],
    messages: [],
    tracking_code: null,
    postage_label: null,
    refund_status,
    created_at,
    scan_form: form === null ? null : { id: form },
  };
  if (trackingCode === '') return common;
  const postage_label = { label_url: `https://labels.example.com/labels/${id}.pdf` };
  return { ...common, tracking_code: trackingCode, postage_label, selected_rate, tracker: { public_url: `https://track.example.com/${trackingCode}` } };
}

function answer(status: number, body: object): HttpResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

/** An answer in EasyPost's words that something is wrong. */
export function problem(status: number, code: string): HttpResponse {
  return answer(status, { error: { code, message: 'as the carrier puts it', errors: [] } });
}
