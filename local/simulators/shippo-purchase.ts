import type * as z from 'zod';
import type { Charge } from './carrier.ts';
import { count, type Row, text } from './database.ts';
import type { Answer, Call } from './listen.ts';
import { type Account, bodyOf, complain, newId, next, pageOf, purchaseRow, rateIn, rateOf, takeFault } from './shippo-account.ts';
import { type AddressInput, RefundInput, ShipmentInput, TransactionInput } from './shippo-requests.ts';
import { travel } from './shippo-tracking.ts';

const SLOW_MS = 2_500;

/** Who prices what; the token is the carrier's, by which accounts are told apart. */
const SERVICES = [
  { token: 'usps', provider: 'USPS', service: 'usps_ground_advantage', name: 'Ground Advantage', base: 290, perKilogram: 70, days: 6 },
  { token: 'usps', provider: 'USPS', service: 'usps_priority', name: 'Priority Mail', base: 420, perKilogram: 210, days: 3 },
  { token: 'ups', provider: 'UPS', service: 'ups_ground', name: 'Ground', base: 560, perKilogram: 110, days: 2 },
  { token: 'fedex', provider: 'FedEx', service: 'fedex_ground', name: 'FedEx Ground', base: 540, perKilogram: 120, days: null },
  { token: 'dhl_express', provider: 'DHL Express', service: 'dhl_express_worldwide', name: 'Express Worldwide', base: 1_480, perKilogram: 140, days: 1 },
] as const;

const GRAMS: Readonly<Record<string, number>> = { g: 1, kg: 1_000, oz: 28.35, lb: 453.6 };

/** Takes a shipment and prices it. https://docs.goshippo.com/api-reference/shipments */
export function rate(call: Call, account: Account): Answer {
  const read = bodyOf(ShipmentInput, call.body, 'POST /shipments', account);
  if ('answer' in read) return read.answer;
  const { input } = read;
  const fault = bordersOf(input);
  if (fault !== undefined) return complain(account, 'POST /shipments', fault);
  const recipient = nameOf(receiverOf(input));
  if (takeFault(account, recipient, ['throttled-rating'])) return { status: 429, headers: { 'retry-after': '1' }, json: { detail: 'Request was throttled.' } };
  if (takeFault(account, recipient, ['error-rating'])) return { status: 503, json: { detail: 'Service unavailable' } };
  const id = newId(account, 'shipment');
  const nobody = takeFault(account, recipient, ['no-rates']) !== undefined;
  const rates = nobody ? [] : ratesFor(id, input, account);
  const messages = nobody ? [{ source: 'USPS', code: 'no_rates', text: 'The destination is not served.' }] : [];
  account.database.prepare('INSERT INTO shipment VALUES (?, ?, ?, ?, ?)').run(id, recipient, JSON.stringify(input), JSON.stringify(rates), JSON.stringify(messages));
  const insert = account.database.prepare('INSERT INTO rate VALUES (?, ?, ?)');
  for (const one of rates) insert.run(one.object_id, id, JSON.stringify(one));
  // With `async` the rates are there at the next look only.
  return { status: 201, json: { ...shipmentJson(id, account), ...(input.async && { status: 'QUEUED', rates: [] }) } };
}

/** What Shippo's carriers refuse of parcels that pass a border. */
function bordersOf({ address_from, address_to, customs_declaration, extra }: ShipmentInput): string | undefined {
  const isUnion = EU.has(address_from.country) && EU.has(address_to.country);
  if (customs_declaration === undefined) return address_from.country === address_to.country || isUnion ? undefined : 'customs_declaration: required for international shipments';
  const leavesUs = address_from.country === 'US' && extra?.is_return !== true;
  return leavesUs && customs_declaration.eel_pfc === undefined ? 'customs_declaration.eel_pfc: required for exports from the US' : undefined;
}

const EU = new Set('AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK'.split(' '));

/** Labels that are paid when they are used have their ends turned round. */
function receiverOf({ address_from, address_to, extra }: ShipmentInput): AddressInput {
  return extra?.is_return === true ? address_from : address_to;
}

function nameOf({ name, company }: AddressInput): string {
  return (name ?? company ?? '').toUpperCase();
}

/** Prices rise with weight and distance. An account whose id ends like `_usps` prices that carrier's services only. */
function ratesFor(shipment: string, input: ShipmentInput, account: Account): { readonly object_id: string }[] {
  const grams = input.parcels.reduce((sum, { weight, mass_unit }) => sum + Number(weight) * (GRAMS[mass_unit] ?? 1), 0);
  const zone = input.address_from.country === input.address_to.country ? 0 : 900;
  const accounts = input.carrier_accounts ?? ['account_usps', 'account_ups', 'account_fedex', 'account_dhl_express'];
  return accounts.flatMap((carrier_account) => {
    const own = SERVICES.filter(({ token }) => carrier_account.endsWith(`_${token}`));
    return (own.length === 0 ? SERVICES : own).map(({ provider, service, name, base, perKilogram, days }) => {
      const cents = Math.round(base + zone + (grams * perKilogram) / 1_000);
      const amount = `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
      const servicelevel = { name, token: service, terms: '', extended_token: service, parent_servicelevel: null };
      return {
        ...{ object_id: newId(account, 'rate'), amount, currency: account.options.currency, amount_local: amount, currency_local: account.options.currency },
        ...{ provider, carrier_account, servicelevel, estimated_days: days, shipment, attributes: [], test: true },
      };
    });
  });
}

export function shipmentJson(id: string, { database }: Account): Record<string, unknown> {
  const row = database.prepare('SELECT * FROM shipment WHERE id = ?').get(id);
  const body = ShipmentInput.parse(JSON.parse(text(row, 'body')));
  return { object_id: id, status: 'SUCCESS', ...body, rates: JSON.parse(text(row, 'rates')), messages: JSON.parse(text(row, 'messages')), test: true };
}

/** Sells a label: 201 whatever comes of it. https://docs.goshippo.com/api-reference/transactions */
export async function purchase(call: Call, account: Account): Promise<Answer> {
  const read = bodyOf(TransactionInput, call.body, 'POST /transactions', account);
  if ('answer' in read) return read.answer;
  const { input } = read;
  const chosen = account.database.prepare('SELECT * FROM rate WHERE id = ?').get(input.rate);
  if (chosen === undefined) return { status: 400, json: { rate: ['Rate does not exist.'] } };
  const shipment = account.database.prepare('SELECT recipient, body FROM shipment WHERE id = ?').get(text(chosen, 'shipment_id'));
  const { address_from, address_to } = ShipmentInput.parse(JSON.parse(text(shipment, 'body')));
  // Prices are given without names, labels are not.
  if (address_from.name === undefined || address_to.name === undefined) return complain(account, 'POST /transactions', 'address_from.name, address_to.name: required for purchase');
  const recipient = text(shipment, 'recipient');
  if (takeFault(account, recipient, ['error-before'])) return { status: 500, json: { detail: 'Internal server error' } };
  if (takeFault(account, recipient, ['throttled'])) return { status: 409, json: { detail: 'Too many concurrent requests.' } };
  const declined = takeFault(account, recipient, ['declined']) !== undefined;
  if (takeFault(account, recipient, ['slow'])) await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  const bought = writePurchase(input, chosen, recipient, declined, account);
  if (declined) return { status: 201, json: purchaseJson(bought, account) };
  const fault = takeFault(account, recipient, ['hang-after-charge', 'reset-after-charge', 'error-after-charge']);
  if (fault === 'hang-after-charge') return 'hang';
  if (fault === 'reset-after-charge') return 'reset';
  if (fault === 'error-after-charge') return { status: 502, json: { detail: 'Bad gateway' } };
  return { status: 201, json: input.async ? queued(purchaseJson(bought, account)) : purchaseJson(bought, account) };
}

/** From here on the label is paid for, whatever becomes of the answer. A second one of the same rate is another label. */
function writePurchase(input: z.output<typeof TransactionInput>, chosen: Row, recipient: string, declined: boolean, account: Account): Row {
  const { database } = account;
  const priced = rateIn(chosen);
  const id = newId(account, 'purchase');
  const wrong = !declined && takeFault(account, recipient, ['wrong-address']) !== undefined;
  const trackingNumber = declined ? null : trackingNumberOf(priced.provider, next(account, 'tracking'));
  const messages = declined ? [{ source: 'Shippo', code: 'payment_declined', text: 'The payment method was declined.' }] : [];
  database
    .prepare(
      `INSERT INTO purchase (id, rate_id, shipment_id, recipient, reference, status, messages, tracking_number, label_type, created, wrong)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...[id, input.rate, text(chosen, 'shipment_id'), recipient, input.metadata ?? '', declined ? 'ERROR' : 'SUCCESS', JSON.stringify(messages), trackingNumber],
      ...[input.label_file_type ?? 'PDF', new Date().toISOString(), wrong ? 1 : 0],
    );
  const bought = purchaseRow(id, account) ?? {};
  if (declined) return bought;
  database.prepare('INSERT INTO charge (purchase_id, cost, currency) VALUES (?, ?, ?)').run(id, Number(priced.amount.replace('.', '')), priced.currency);
  travel(bought, 'bought', account);
  return bought;
}

/** As it is while Shippo is still at work on it. */
function queued(json: Record<string, unknown>): Record<string, unknown> {
  return { ...json, status: 'QUEUED', tracking_number: '', label_url: '', tracking_url_provider: '' };
}

function trackingNumberOf(provider: string, number: number): string {
  const digits = String(number).padStart(10, '0');
  if (provider === 'UPS') return `1Z999AA1${digits}`;
  if (provider === 'FedEx') return `79${digits}`;
  return provider === 'DHL Express' ? `JJD01${digits}` : `92055901${digits}${digits.slice(-4)}`;
}

/** A transaction; lists repeat the rate's price, single answers its id alone. */
export function purchaseJson(bought: Row, account: Account, isListed = false): Record<string, unknown> {
  const { amount, currency, provider, carrier_account, servicelevel } = rateOf(bought, account);
  const id = text(bought, 'id');
  const number = text(bought, 'tracking_number');
  const rate_id = text(bought, 'rate_id');
  const listed = { object_id: rate_id, amount, currency, provider, carrier_account, servicelevel_name: servicelevel.name, servicelevel_token: servicelevel.token };
  const isAbroad = text(account.database.prepare('SELECT body FROM shipment WHERE id = ?').get(text(bought, 'shipment_id')), 'body').includes('"customs_declaration"');
  return {
    object_id: id,
    object_created: text(bought, 'created'),
    object_state: 'VALID',
    status: text(bought, 'status'),
    rate: isListed ? listed : rate_id,
    metadata: text(bought, 'reference'),
    label_file_type: text(bought, 'label_type'),
    label_url: number === '' ? '' : fileUrl(`${id}.${extensionOf(bought)}`, account),
    commercial_invoice_url: number !== '' && isAbroad ? fileUrl(`${id}-invoice.pdf`, account) : null,
    tracking_number: number,
    tracking_status: count(bought, 'handed_over') === 1 ? 'TRANSIT' : 'UNKNOWN',
    tracking_url_provider: number === '' ? '' : `https://track.example.com/${number}`,
    messages: JSON.parse(text(bought, 'messages')),
    test: true,
  };
}

/** Addresses of files expire, as Shippo's do. */
export function fileUrl(file: string, { origin }: Account): string {
  return `${origin}/files/${file}?Expires=${Math.floor(Date.now() / 1000) + 86_400}`;
}

function extensionOf(bought: Row): string {
  const type = text(bought, 'label_type');
  if (type.startsWith('ZPL')) return 'zpl';
  return type.startsWith('PNG') ? 'png' : 'pdf';
}

/** Transactions, the newest first. */
export function listPurchases(query: URLSearchParams, account: Account): Answer {
  const rate_id = query.get('rate');
  const where = rate_id === null ? '' : 'WHERE rate_id = ?';
  const rows = account.database.prepare(`SELECT * FROM purchase ${where} ORDER BY number DESC`).all(...(rate_id === null ? [] : [rate_id]));
  return pageOf(rows, query, 'transactions', account, (row) => purchaseJson(row, account, true));
}

/** Takes the request for a refund; the carrier decides later, but for a parcel that has left. https://docs.goshippo.com/api-reference/refunds */
export function refund(call: Call, account: Account): Answer {
  const read = bodyOf(RefundInput, call.body, 'POST /refunds', account);
  if ('answer' in read) return read.answer;
  const { transaction } = read.input;
  const bought = purchaseRow(transaction, account);
  if (bought === undefined || text(bought, 'status') === 'ERROR') return { status: 404, json: { detail: 'Not found.' } };
  if (text(bought, 'status') !== 'SUCCESS') return complain(account, 'POST /refunds', 'transaction: a refund of it was asked for already');
  const id = newId(account, 'refund');
  if (count(bought, 'handed_over') === 1) return { status: 201, json: { object_id: id, transaction, status: 'ERROR', test: true } };
  account.database.prepare('INSERT INTO refund VALUES (?, ?)').run(transaction, id);
  account.database.prepare("UPDATE purchase SET status = 'REFUNDPENDING' WHERE id = ?").run(transaction);
  return { status: 201, json: { object_id: id, transaction, status: 'PENDING', test: true } };
}

/** All money that was ever taken. */
export function chargesOf({ database }: Account): Charge[] {
  const rows = database.prepare('SELECT charge.cost, charge.currency, purchase.* FROM charge JOIN purchase ON purchase.id = charge.purchase_id ORDER BY charge.id').all();
  return rows.map((row) => ({
    carrierRef: text(row, 'id'),
    reference: text(row, 'reference'),
    recipient: text(row, 'recipient'),
    trackingNumber: text(row, 'tracking_number'),
    cost: count(row, 'cost'),
    currency: text(row, 'currency'),
    printed: printedOn(row, database.prepare('SELECT body FROM shipment WHERE id = ?').get(text(row, 'shipment_id'))),
  }));
}

/** Carriers print capitals; a wrong one prints another house number. */
function printedOn(bought: Row, shipment: Row | undefined): Charge['printed'] {
  const { name, company, street1, street2, city, zip, country } = receiverOf(ShipmentInput.parse(JSON.parse(text(shipment, 'body'))));
  const line1 = count(bought, 'wrong') === 1 ? `${street1.replace(/\d+/g, '')}999` : street1;
  const upper = (value = '') => value.toUpperCase();
  return { name: upper(name ?? company), line1: upper(line1), line2: upper(street2), city: upper(city), postalCode: upper(zip), country };
}
