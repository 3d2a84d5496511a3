import { sign } from '../../adapters/signature.ts';
import type { CarrierOptions, PlayedCarrier } from './carrier.ts';
import { openDatabase, text } from './database.ts';
import { labelPdf, labelPng, labelZpl } from './label-document.ts';
import { type Answer, type Call, listen } from './listen.ts';
import type { Addressed, Posting } from './outbox.ts';
import { type Account, bodyOf, complain, newId, pageOf, purchaseRow, SCHEMA } from './shippo-account.ts';
import { book, close, listManifests, lookAtManifest, manifested } from './shippo-hand-over.ts';
import { chargesOf, listPurchases, purchase, purchaseJson, rate, refund, shipmentJson } from './shippo-purchase.ts';
import { CheckInput, WebhookInput } from './shippo-requests.ts';
import { handOver, trackOf } from './shippo-tracking.ts';

/** Opens Shippo on the loopback interface. https://docs.goshippo.com/api-reference */
export async function openShippo(options: CarrierOptions): Promise<PlayedCarrier> {
  const database = openDatabase(options.file, SCHEMA);
  let isDown = false;
  const server = await listen((call) => (isDown ? { status: 503, json: { detail: 'Service unavailable' } } : answer(call, { database, options, origin: server.url })));
  const account: Account = { database, options, origin: server.url };
  const textsOf = (query: string, column: string) =>
    database
      .prepare(query)
      .all()
      .map((row) => text(row, column));
  return {
    connectionId: options.connectionId,
    settings: { endpoint: server.url },
    address: (posting, now) => addressed(posting, now, account),
    expect: (expectations) => {
      const insert = database.prepare('INSERT OR IGNORE INTO expectation VALUES (?, ?, 1, ?)');
      for (const { recipient, fault, journey } of expectations) insert.run(recipient.toUpperCase(), fault ?? null, journey);
    },
    handOver: (trackingNumbers) => handOver(trackingNumbers, account),
    charges: () => chargesOf(account),
    voids: () => textsOf('SELECT purchase_id FROM refund ORDER BY purchase_id', 'purchase_id'),
    // Shippo refuses no repeat: it sells another label.
    repeats: () => 0,
    manifested: () => manifested(account),
    complaints: () => textsOf('SELECT what FROM complaint ORDER BY id', 'what'),
    breakDown: (down) => {
      isDown = down;
    },
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

/** Posts to the webhook that is registered for tracking, of several to that of the hub's present address; signs where that is turned on for the account. */
function addressed({ body }: Posting, now: Date, { database, options }: Account): Addressed | undefined {
  const webhooks = database
    .prepare('SELECT body FROM webhook ORDER BY id')
    .all()
    .map((row) => WebhookInput.parse(JSON.parse(text(row, 'body'))));
  const heard = webhooks.filter(({ event, active }) => (event === 'track_updated' || event === 'all') && active !== false);
  const webhook = heard.find(({ url }) => url.split('?')[0] === options.updateUrl()) ?? heard[0];
  if (webhook === undefined) return undefined;
  const scheme = { family: 'hmac-timestamped', header: 'shippo-auth-signature' } as const;
  const signature = options.settings.callbacks === 'signature' ? sign(body, scheme, options.secret.signing, { id: '', at: now }) : {};
  return { url: webhook.url, headers: { 'content-type': 'application/json', 'user-agent': 'Shippo/1.0', 'shippo-api-version': '2018-02-08', ...signature } };
}

type Serve = (call: Call, account: Account, id: string, second: string) => Answer | Promise<Answer>;

/** By method and path; `+` stands for an id. */
const ROUTES: Readonly<Record<string, Serve>> = {
  'POST shipments': rate,
  'GET shipments/+': (_call, account, id) => found(account, 'shipment', id, () => shipmentJson(id, account)),
  'GET rates/+': (_call, account, id) => found(account, 'rate', id, () => JSON.parse(text(account.database.prepare('SELECT body FROM rate WHERE id = ?').get(id), 'body'))),
  'POST transactions': purchase,
  'GET transactions': (call, account) => listPurchases(new URLSearchParams(call.query), account),
  'GET transactions/+': (_call, account, id) => found(account, 'purchase', id, () => purchaseJson(purchaseRow(id, account) ?? {}, account)),
  'POST refunds': refund,
  'POST manifests': close,
  'GET manifests': (call, account) => listManifests(new URLSearchParams(call.query), account),
  'GET manifests/+': (_call, account, id) => lookAtManifest(id, account),
  'POST pickups': book,
  'POST addresses': check,
  'GET tracks/+/+': (_call, account, carrier, number) => trackOf(carrier, number, account),
  'GET webhooks': (call, account) =>
    pageOf(account.database.prepare('SELECT * FROM webhook ORDER BY id').all(), new URLSearchParams(call.query), 'webhooks', account, (row) => ({
      object_id: text(row, 'id'),
      ...WebhookInput.parse(JSON.parse(text(row, 'body'))),
    })),
  'POST webhooks': (call, account) => writeWebhook(call, account, newId(account, 'webhook'), 201),
  'PUT webhooks/+': (call, account, id) => (isThere(account, 'webhook', id) ? writeWebhook(call, account, id, 200) : NOT_FOUND),
};

function answer(call: Call, account: Account): Answer | Promise<Answer> {
  const [root = '', id = '', second = ''] = call.path
    .replace(/^\/|\/$/g, '')
    .split('/')
    .map(decodeURIComponent);
  if (root === 'files' && call.method === 'GET') return document(id, call, account);
  if (call.headers.authorization !== `ShippoToken ${account.options.secret.token}`) return complain(account, call.path, 'Invalid token.', 401);
  if (call.headers['shippo-api-version'] !== '2018-02-08') return complain(account, call.path, `Shippo-API-Version ${call.headers['shippo-api-version'] ?? 'is missing'}`);
  const serve = ROUTES[[`${call.method} ${root}`, ...(id === '' ? [] : ['+']), ...(second === '' ? [] : ['+'])].join('/')];
  return serve?.(call, account, id, second) ?? complain(account, `${call.method} ${call.path}`, 'Not found.', 404);
}

const NOT_FOUND: Answer = { status: 404, json: { detail: 'Not found.' } };

function isThere({ database }: Account, table: 'shipment' | 'rate' | 'purchase' | 'webhook', id: string): boolean {
  return database.prepare(`SELECT 1 FROM ${table} WHERE id = ?`).get(id) !== undefined;
}

function found(account: Account, table: 'shipment' | 'rate' | 'purchase', id: string, json: () => unknown): Answer {
  return isThere(account, table, id) ? { status: 200, json: json() } : NOT_FOUND;
}

function writeWebhook(call: Call, { database, ...rest }: Account, id: string, status: number): Answer {
  const read = bodyOf(WebhookInput, call.body, `${call.method} /webhooks`, { database, ...rest });
  if ('answer' in read) return read.answer;
  database.prepare('INSERT OR REPLACE INTO webhook VALUES (?, ?)').run(id, JSON.stringify(read.input));
  return { status, json: { object_id: id, ...read.input } };
}

/** Knows addresses of the United States only: cleans what has a house number, and knows no other. https://docs.goshippo.com/docs/addresses/addressvalidation */
function check(call: Call, account: Account): Answer {
  const read = bodyOf(CheckInput, call.body, 'POST /addresses', account);
  if ('answer' in read) return read.answer;
  const { validate, ...address } = read.input;
  const object_id = newId(account, 'address');
  if (!validate || address.country !== 'US') return { status: 201, json: { object_id, ...address, is_complete: true, validation_results: {} } };
  const is_valid = /\d/.test(address.street1);
  const fault = { source: 'Shippo Address Validator', code: 'Unknown Street', type: 'address_warning', text: `${address.street1} is not a match.` };
  const cleaned = { ...address, street1: address.street1.replace(/\bStreet\b/, 'St'), zip: (address.zip ?? '').replace(/^(\d{5})$/, '$1-0042') };
  return { status: 201, json: { object_id, ...(is_valid ? cleaned : address), is_complete: true, validation_results: { is_valid, messages: is_valid ? [] : [fault] } } };
}

/** Labels, invoices and manifests, until their addresses expire. */
function document(file: string, call: Call, account: Account): Answer {
  if (Number(new URLSearchParams(call.query).get('Expires') ?? '0') * 1000 < Date.now()) return { status: 403, bytes: Buffer.from('<Error>Request has expired</Error>') };
  const [name = '', extension = ''] = file.split('.');
  const [id = '', isInvoice] = name.split('-');
  const bought = purchaseRow(id, account);
  const number = text(bought, 'tracking_number');
  const what = isInvoice === undefined ? 'SHIPPING LABEL' : 'COMMERCIAL INVOICE';
  const lines = bought === undefined ? ['MANIFEST (simulated)', id] : [`${what} (simulated)`, number, `Reference ${text(bought, 'reference')}`];
  if (extension === 'zpl') return { status: 200, bytes: labelZpl(lines), headers: { 'content-type': 'application/octet-stream' } };
  if (extension === 'png') return { status: 200, bytes: labelPng(number), headers: { 'content-type': 'image/png' } };
  return { status: 200, bytes: labelPdf(lines), headers: { 'content-type': 'application/pdf' } };
}
