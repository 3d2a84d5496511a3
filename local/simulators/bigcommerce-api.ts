// https://github.com/bigcommerce/docs/tree/main/reference: orders.v2.oas2.yml, webhooks.v3.yml, inventory.v3.yml
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { addShipment, type OrderState, objectionTo, readModified, readOrder, type Shipment, statusOf } from './bigcommerce-orders.ts';
import { orderOf, productOf, shipmentOf, shippingAddressesOf } from './bigcommerce-payload.ts';
import { count, inTransaction, type Row, text } from './database.ts';
import type { Answer, Call } from './listen.ts';

/** How many requests a window takes, and how long it is. */
export interface Window {
  readonly requests: number;
  readonly ms: number;
}

/** What answering takes. */
export interface Api {
  readonly database: DatabaseSync;
  /** `/stores/<hash>`. */
  readonly base: string;
  readonly token: string;
  readonly window: Window;
  /** Told of a shipment that somebody made, with the order before and after it. */
  readonly shipped: (before: OrderState, after: OrderState, shipmentId: number) => void;
}

/** The tables beside those of the orders. */
export const API_SCHEMA = `
  CREATE TABLE IF NOT EXISTS hook (id INTEGER PRIMARY KEY, scope TEXT, destination TEXT, active INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, quantity INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS fault (source_id TEXT PRIMARY KEY, kind TEXT, left INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS complaint (id INTEGER PRIMARY KEY, what TEXT) STRICT;
`;

type Route = (api: Api, call: Call, params: readonly string[], query: URLSearchParams) => Answer;

const LIST = ['page', 'limit'];
const PARTS = ['include', 'consignment_structure'];

/** Each with the parameters that it knows: any other is refused. */
const ROUTES: readonly { readonly method: string; readonly path: RegExp; readonly query: readonly string[]; readonly route: Route }[] = [
  { method: 'GET', path: /^\/v2\/orders$/, query: ['min_date_modified', 'max_date_modified', 'sort', ...LIST, ...PARTS], route: listOrders },
  {
    method: 'GET',
    path: /^\/v2\/orders\/(\d+)$/,
    query: PARTS,
    route: (api, _, [id = ''], query) => ofOrder(api, id, (state) => ({ status: 200, json: orderOf(state, api.base, hasParts(query)) })),
  },
  {
    method: 'GET',
    path: /^\/v2\/orders\/(\d+)\/products$/,
    query: LIST,
    route: (api, _, [id = ''], query) =>
      ofOrder(api, id, (state) =>
        paged(
          state.lines.map((line) => productOf(state, line)),
          query,
        ),
      ),
  },
  {
    method: 'GET',
    path: /^\/v2\/orders\/(\d+)\/shipping_addresses$/,
    query: LIST,
    route: (api, _, [id = ''], query) => ofOrder(api, id, (state) => paged(shippingAddressesOf(state), query)),
  },
  {
    method: 'GET',
    path: /^\/v2\/orders\/(\d+)\/shipments$/,
    query: LIST,
    route: (api, _, [id = ''], query) =>
      ofOrder(api, id, (state) =>
        paged(
          state.shipments.map((one) => shipmentOf(state, one)),
          query,
        ),
      ),
  },
  { method: 'POST', path: /^\/v2\/orders\/(\d+)\/shipments$/, query: [], route: ship },
  { method: 'GET', path: /^\/v3\/hooks$/, query: [...LIST, 'scope', 'destination', 'is_active'], route: listHooks },
  { method: 'POST', path: /^\/v3\/hooks$/, query: [], route: createHook },
  { method: 'PUT', path: /^\/v3\/hooks\/(\d+)$/, query: [], route: updateHook },
  { method: 'GET', path: /^\/v3\/inventory\/locations\/(\d+)\/items$/, query: ['sku:in', 'variant_id:in', 'product_id:in', ...LIST], route: listStock },
  { method: 'PUT', path: /^\/v3\/inventory\/adjustments\/absolute$/, query: [], route: setStock },
];

/** Makes what answers the store's API: counts its requests in windows, as the store does. */
export function answering(api: Api): (call: Call) => Answer {
  let window = { began: 0, left: api.window.requests };
  return (call) => {
    const now = Date.now();
    if (now - window.began >= api.window.ms) window = { began: now, left: api.window.requests };
    const headers = () => ({
      'x-rate-limit-time-window-ms': String(api.window.ms),
      'x-rate-limit-time-reset-ms': String(window.began + api.window.ms - now),
      'x-rate-limit-requests-quota': String(api.window.requests),
      'x-rate-limit-requests-left': String(window.left),
    });
    if (window.left === 0) return { status: 429, headers: headers(), json: { status: 429, title: 'Too Many Requests' } };
    window = { ...window, left: window.left - 1 };
    const answer = route(api, call);
    return typeof answer === 'string' ? answer : { ...answer, headers: { ...headers(), ...answer.headers } };
  };
}

function route(api: Api, call: Call): Answer {
  if (call.headers['x-auth-token'] !== api.token) return { status: 401, json: { status: 401, title: 'X-Auth-Token header is required' } };
  if (!call.path.startsWith(`${api.base}/`)) return refuse(api, call, 404, 'no such store');
  const path = call.path.slice(api.base.length);
  // Orders V2 answers in XML where JSON was not asked for.
  if (call.headers.accept !== 'application/json') return refuse(api, call, 406, 'accept is not application/json');
  const query = new URLSearchParams(call.query);
  for (const one of ROUTES) {
    const params = call.method === one.method ? one.path.exec(path) : null;
    if (params === null) continue;
    const unknown = [...query.keys()].filter((key) => !one.query.includes(key));
    if (unknown.length > 0) return refuse(api, call, 400, `The parameter ${unknown.join(', ')} is not known`);
    return one.route(api, call, params.slice(1), query);
  }
  return refuse(api, call, 404, 'The requested resource was not found');
}

/** Refuses a call that breaks the contract, and remembers it. */
function refuse({ database }: Api, { method, path }: Call, status: number, what: string): Answer {
  database.prepare('INSERT INTO complaint (what) VALUES (?)').run(`${method} ${path}: ${what}`);
  return { status, json: path.includes('/v2/') ? [{ status, message: what }] : { status, title: what, type: 'https://developer.bigcommerce.com/docs/start/about/status-codes' } };
}

/** Reads a body by its schema, or says what is wrong with it. */
function bodyOf<Schema extends z.ZodType>(schema: Schema, { headers, body }: Call): { readonly data: z.output<Schema> } | { readonly wrong: string } {
  if (headers['content-type'] !== 'application/json') return { wrong: 'content-type is not application/json' };
  const read = schema.safeParse(JSON.parse(body));
  return read.success ? { data: read.data } : { wrong: read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ') };
}

function hasParts(query: URLSearchParams): boolean {
  return query.get('include') === 'consignments.line_items' && query.get('consignment_structure') === 'object';
}

function ofOrder({ database }: Api, id: string, answer: (state: OrderState) => Answer): Answer {
  const state = readOrder(database, id);
  return state === undefined ? { status: 404, json: [{ status: 404, message: 'The requested resource was not found.' }] } : answer(state);
}

/** V2 answers a list with nothing in it by 204. */
function paged(items: readonly unknown[], query: URLSearchParams): Answer {
  const { limit, page } = pageOf(query);
  const part = items.slice((page - 1) * limit, page * limit);
  return part.length === 0 ? { status: 204 } : { status: 200, json: part };
}

function pageOf(query: URLSearchParams): { readonly limit: number; readonly page: number } {
  return { limit: Math.min(250, Number(query.get('limit') ?? 50)), page: Math.max(1, Number(query.get('page') ?? 1)) };
}

function listOrders(api: Api, call: Call, _: readonly string[], query: URLSearchParams): Answer {
  const [from, until] = [Date.parse(query.get('min_date_modified') ?? '1970-01-01T00:00:00Z'), Date.parse(query.get('max_date_modified') ?? '9999-01-01T00:00:00Z')];
  if (Number.isNaN(from) || Number.isNaN(until)) return refuse(api, call, 400, 'min_date_modified is no date; a + in a query is a space');
  if (query.get('sort') !== 'date_modified:asc') return refuse(api, call, 400, 'the simulator sorts by date_modified:asc alone');
  const { limit, page } = pageOf(query);
  const found = readModified(api.database, from, until, limit, (page - 1) * limit);
  return found.length === 0 ? { status: 204 } : { status: 200, json: found.map((state) => orderOf(state, api.base, hasParts(query))) };
}

const ShipmentPost = z.strictObject({
  order_address_id: z.int().min(1),
  items: z.array(z.strictObject({ order_product_id: z.int().min(1), quantity: z.int().min(1) })).min(1),
  tracking_number: z.string().max(50).optional(),
  tracking_link: z.string().max(500).optional(),
  merchant_shipping_cost: z.string().optional(),
  shipping_method: z.string().optional(),
  shipping_provider: z
    .union([z.enum(['', 'auspost', 'canadapost', 'endicia', 'fedex', 'royalmail', 'shipperhq', 'ups', 'upsonline', 'upsready', 'usps']), z.string().regex(/^carrier_\d+$/)])
    .optional(),
  tracking_carrier: z.string().optional(),
  comments: z.string().optional(),
});

/** There is no idempotency key: a shipment is made as often as it is asked for, while there is something left. */
function ship(api: Api, call: Call, [id = '']: readonly string[]): Answer {
  const fault = takeFault(api.database, id);
  if (fault === 'busy') return { status: 429, headers: { 'x-rate-limit-time-reset-ms': '900' }, json: { status: 429, title: 'Too Many Requests' } };
  if (fault === 'broken') return { status: 502, bytes: Buffer.from('<html>Bad Gateway</html>') };
  const read = bodyOf(ShipmentPost, call);
  if ('wrong' in read) return refuse(api, call, 400, read.wrong);
  const { order_address_id: addressId, items, tracking_number = '', tracking_link = '', shipping_provider = '', tracking_carrier = '' } = read.data;
  return ofOrder(api, id, (state) => {
    const wrong = objection(state, addressId, items, tracking_number);
    if (wrong !== undefined) return refuse(api, call, 400, wrong);
    const shipment = { addressId, items, trackingNumber: tracking_number, provider: shipping_provider, carrier: tracking_carrier, link: tracking_link };
    const shipmentId = addShipment(api.database, state, shipment, Date.now());
    const after = readOrder(api.database, id);
    const made = after?.shipments.find((one) => one.id === shipmentId);
    if (after === undefined || made === undefined) throw new Error(`Shipment ${shipmentId} of order ${id} was not kept.`);
    api.shipped(state, after, shipmentId);
    return fault === 'hang-after' ? 'hang' : { status: 201, json: shipmentOf(after, made) };
  });
}

function objection(state: OrderState, addressId: number, items: Shipment['items'], trackingNumber: string): string | undefined {
  const { id, name } = statusOf(state);
  if (id === 4 || id === 5) return `the order is ${name}`;
  if (new Set(items.map(({ order_product_id }) => order_product_id)).size < items.length) return 'a product is named twice';
  // The store would take it; whoever asks for it has not looked before repeating.
  if (trackingNumber !== '' && state.shipments.some((one) => one.trackingNumber === trackingNumber && one.addressId === addressId)) return `${trackingNumber} was told before`;
  for (const { order_product_id, quantity } of items) {
    const line = state.lines.find((one) => one.line.lineId === String(order_product_id));
    const wrong = objectionTo(line, quantity, addressId);
    if (wrong !== undefined) return `product ${order_product_id}: ${wrong}`;
  }
  return undefined;
}

function takeFault(database: DatabaseSync, sourceId: string): string | undefined {
  const row = database.prepare('UPDATE fault SET left = left - 1 WHERE source_id = ? AND left > 0 RETURNING kind').get(sourceId);
  return row === undefined ? undefined : text(row, 'kind');
}

const Hook = { scope: z.string().regex(/^store\/[A-Za-z\d/*]+$/), destination: z.url(), is_active: z.boolean(), headers: z.record(z.string(), z.string()).nullish() };
const HookPost = z.strictObject({ ...Hook, is_active: Hook.is_active.default(true) });
const HookPut = z.strictObject({ ...Hook, events_history_enabled: z.boolean() }).partial();
const MAX_HOOKS_OF_A_SCOPE = 10;

function listHooks({ database, base }: Api, _call: Call, _: readonly string[], query: URLSearchParams): Answer {
  const rows = database.prepare('SELECT * FROM hook ORDER BY id').all();
  const wanted = (name: string, value: string) => (query.get(name) ?? value) === value;
  const found = rows.filter(
    (row) => wanted('scope', text(row, 'scope')) && wanted('destination', text(row, 'destination')) && wanted('is_active', String(count(row, 'active') === 1)),
  );
  const { limit, page } = pageOf(query);
  const data = found.slice((page - 1) * limit, page * limit).map((row) => hookOf(row, base));
  return {
    status: 200,
    json: {
      data,
      meta: { pagination: { total: found.length, count: data.length, per_page: limit, current_page: page, total_pages: Math.max(1, Math.ceil(found.length / limit)) } },
    },
  };
}

function hookOf(row: Row, base: string) {
  const destination = text(row, 'destination');
  return {
    id: count(row, 'id'),
    client_id: 'played',
    store_hash: base.split('/').at(-1),
    scope: text(row, 'scope'),
    destination,
    headers: null,
    is_active: count(row, 'active') === 1,
  };
}

function createHook(api: Api, call: Call): Answer {
  const read = bodyOf(HookPost, call);
  if ('wrong' in read) return refuse(api, call, 422, read.wrong);
  const { scope, destination, is_active } = read.data;
  const same = api.database.prepare('SELECT * FROM hook WHERE scope = ?').all(scope);
  if (same.length >= MAX_HOOKS_OF_A_SCOPE) return refuse(api, call, 422, `there are ${MAX_HOOKS_OF_A_SCOPE} hooks of ${scope}`);
  if (same.some((row) => text(row, 'destination') === destination)) return refuse(api, call, 422, `${scope} is sent there already`);
  const row = api.database.prepare('INSERT INTO hook VALUES ((SELECT coalesce(max(id), 18048000) + 1 FROM hook), ?, ?, ?) RETURNING *').get(scope, destination, is_active ? 1 : 0);
  return { status: 200, json: { data: row === undefined ? null : hookOf(row, api.base), meta: {} } };
}

function updateHook(api: Api, call: Call, [id = '']: readonly string[]): Answer {
  const read = bodyOf(HookPut, call);
  if ('wrong' in read) return refuse(api, call, 422, read.wrong);
  const { scope, destination, is_active } = read.data;
  const row = api.database
    .prepare('UPDATE hook SET scope = coalesce(?, scope), destination = coalesce(?, destination), active = coalesce(?, active) WHERE id = ? RETURNING *')
    .get(scope ?? null, destination ?? null, is_active === undefined ? null : Number(is_active), Number(id));
  return row === undefined ? refuse(api, call, 404, `Webhook with id [${id}] not found`) : { status: 200, json: { data: hookOf(row, api.base), meta: {} } };
}

const LOCATION = 1;

function listStock(api: Api, call: Call, [location]: readonly string[], query: URLSearchParams): Answer {
  if (Number(location) !== LOCATION) return refuse(api, call, 404, `location ${location} is not there`);
  const skus = new Set((query.get('sku:in') ?? '').split(','));
  const rows = api.database
    .prepare('SELECT rowid AS id, * FROM stock ORDER BY sku')
    .all()
    .filter((row) => skus.has(text(row, 'sku')));
  const { limit, page } = pageOf(query);
  const data = rows.slice((page - 1) * limit, page * limit).map((row) => ({
    identity: { sku: text(row, 'sku'), variant_id: count(row, 'id'), product_id: count(row, 'id') },
    available_to_sell: count(row, 'quantity'),
    total_inventory_onhand: count(row, 'quantity'),
    settings: { safety_stock: 0, is_in_stock: count(row, 'quantity') > 0, warning_level: 0, bin_picking_number: '' },
  }));
  return {
    status: 200,
    json: { data, meta: { pagination: { total: rows.length, count: data.length, per_page: limit, current_page: page, total_pages: Math.max(1, Math.ceil(rows.length / limit)) } } },
  };
}

const Adjustment = z.strictObject({
  reason: z.string().optional(),
  items: z
    .array(z.strictObject({ location_id: z.literal(LOCATION), sku: z.string().min(1), quantity: z.int().min(0) }))
    .min(1)
    .max(2_000),
});

function setStock(api: Api, call: Call): Answer {
  const read = bodyOf(Adjustment, call);
  if ('wrong' in read) return refuse(api, call, 422, read.wrong);
  const set = api.database.prepare('UPDATE stock SET quantity = ? WHERE sku = ?');
  const known = new Set(
    api.database
      .prepare('SELECT sku FROM stock')
      .all()
      .map((row) => text(row, 'sku')),
  );
  const strange = read.data.items.find(({ sku }) => !known.has(sku));
  if (strange !== undefined) return refuse(api, call, 422, `sku ${strange.sku} is not sold`);
  inTransaction(api.database, () => {
    for (const { sku, quantity } of read.data.items) set.run(quantity, sku);
  });
  return { status: 200, json: { transaction_id: `tx-${Date.now()}` } };
}
