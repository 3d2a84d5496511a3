import type { CarrierOptions, PlayedCarrier } from './carrier.ts';
import { count, openDatabase, text } from './database.ts';
import { type Answer, type Call, listen } from './listen.ts';
import { type Account, bodyOf, next, problem, SCHEMA, takeAnyFault } from './usps-account.ts';
import { OptionsRequest, PaymentRequest, TokenRequest } from './usps-contract.ts';
import { addressAnswer, pickups, scanForm } from './usps-desk.ts';
import { cancel, chargesOf, labelPathOf, reprint, sell } from './usps-labels.ts';
import { dollars, pricesOf, totalOf, type UspsPrice } from './usps-prices.ts';
import { addressOf, leave, subscriptions, tell, trackingOf } from './usps-tracking.ts';

/**
 * Opens USPS's APIs on the loopback interface: an account with a payment token, labels that are sold once for each idempotency key, refunds,
 * SCAN forms, pickups, addresses, tracking and a subscription, without which nothing is posted. `throttled-rating` and `error-rating` strike
 * whoever asks for prices next, as USPS asks for no name then; `no-rates` is a label that is refused. https://developers.usps.com/apis
 */
export async function openUsps(options: CarrierOptions): Promise<PlayedCarrier> {
  const database = openDatabase(options.file, SCHEMA);
  const account: Account = { database, options };
  let isDown = false;
  const server = await listen((call) => (isDown ? problem(503, 'Service Unavailable') : answer(call, account)));
  const column = (query: string, name: string) =>
    database
      .prepare(query)
      .all()
      .map((row) => text(row, name));
  return {
    connectionId: options.connectionId,
    settings: { endpoint: server.url },
    address: (posting, now) => addressOf(posting, now, account),
    expect: (expectations) => {
      const insert = database.prepare('INSERT OR IGNORE INTO expectation VALUES (?, ?, 1, ?)');
      for (const { recipient, fault, journey } of expectations) insert.run(recipient.toUpperCase(), fault ?? null, journey);
    },
    handOver: (trackingNumbers) => {
      const sold = database.prepare('SELECT * FROM label WHERE tracking = ?');
      for (const label of trackingNumbers.flatMap((number) => sold.all(number))) leave(label, account);
    },
    charges: () => chargesOf(account),
    voids: () => column("SELECT key FROM label WHERE state <> 'sold' ORDER BY sold_at", 'key'),
    repeats: () => count(database.prepare("SELECT value FROM counter WHERE name = 'repeat'").get(), 'value'),
    manifested: () => column('SELECT tracking FROM form ORDER BY rowid', 'tracking'),
    complaints: () => column('SELECT what FROM complaint ORDER BY id', 'what'),
    breakDown: (down) => {
      isDown = down;
    },
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

async function answer(call: Call, account: Account): Promise<Answer> {
  if (call.path === '/oauth2/v3/token') return issue(call, account);
  if (!isGranted(call.headers.authorization?.replace(/^Bearer /, ''), 'access', account)) return problem(401, 'Unauthorized', 'Invalid access token');
  if (call.path === '/payments/v3/payment-authorization' && call.method === 'POST') return authorise(call, account);
  const [, api, version, resource = '', last = ''] = call.path.split('/');
  const route = `${call.method} /${api}/${version}/${resource}`;
  if (route === 'POST /shipments/v3/options') return rate(call, account);
  if (route === 'GET /addresses/v3/address') return addressAnswer(call, account);
  if (route === 'GET /tracking/v3/tracking') return trackingOf(decodeURIComponent(last), account);
  if (route === 'POST /scan-forms/v3/scan-form') return scanForm(call, account);
  if (`/${api}/${version}/${resource}` === '/pickup/v3/carrier-pickup') return pickups(call, decodeURIComponent(last), account);
  if (`/${api}/${version}/${resource}` === '/subscriptions-tracking/v3/subscriptions') return subscriptions(call, decodeURIComponent(last), account);
  return await labels(call, resource, decodeURIComponent(last), account);
}

/** Everything about labels wants the payment token as well. */
async function labels(call: Call, resource: string, tracking: string, account: Account): Promise<Answer> {
  const path = labelPathOf(call.path);
  const isReprint = /^(international-)?label-reprint$/.test(resource);
  const isCancel = /^(international-)?label$/.test(resource) && call.method === 'DELETE';
  if (path === undefined && !isReprint && !isCancel) return problem(404, 'Not Found', 'The resource does not exist');
  if (!isGranted(String(call.headers['x-payment-authorization-token'] ?? ''), 'payment', account)) return problem(401, 'Unauthorized', 'Invalid payment authorization token');
  if (isCancel) return cancel(tracking, account);
  if (call.method !== 'POST') return problem(405, 'Method Not Allowed');
  if (isReprint) return reprint(call, tracking, account);
  if (path === undefined) return problem(404, 'Not Found', 'The resource does not exist');
  const sold = account.database.prepare('SELECT count(*) AS labels FROM label');
  const before = count(sold.get(), 'labels');
  const answered = await sell(call, path, account);
  // Also one whose answer is lost is told of.
  if (count(sold.get(), 'labels') > before) {
    const label = account.database.prepare('SELECT * FROM label WHERE key = ?').get(String(call.headers['x-idempotency-key']));
    if (label !== undefined) tell(label, account);
  }
  return answered;
}

const LIFE_SECONDS = 28_799;

function issue(call: Call, account: Account): Answer {
  const read = bodyOf(call, TokenRequest, account);
  if ('refusal' in read) return read.refusal;
  const { apiKey, token } = account.options.secret;
  if (read.body.client_id !== apiKey || read.body.client_secret !== token)
    return {
      status: 401,
      json: { error: 'invalid_client', error_description: 'Client authentication failed.', error_uri: 'https://datatracker.ietf.org/doc/html/rfc6749#page-45' },
    };
  return {
    status: 200,
    json: { access_token: grant('access', account), token_type: 'Bearer', issued_at: String(Date.now()), expires_in: String(LIFE_SECONDS), status: 'approved' },
  };
}

function authorise(call: Call, account: Account): Answer {
  const read = bodyOf(call, PaymentRequest, account);
  if ('refusal' in read) return read.refusal;
  const { crid, mid } = account.options.settings;
  const isOurs = read.body.roles.every((role) => role.CRID === crid && (!('MID' in role) || role.MID === mid));
  if (!isOurs) return problem(403, 'Forbidden', 'The CRID or MID is not linked to the app', 'roles');
  return { status: 200, json: { paymentAuthorizationToken: grant('payment', account), roles: read.body.roles } };
}

function grant(kind: 'access' | 'payment', account: Account): string {
  const value = `${kind}.${next(account, 'token')}.${account.options.connectionId}`;
  account.database.prepare('INSERT INTO token VALUES (?, ?, ?)').run(value, kind, Date.now() + LIFE_SECONDS * 1000);
  return value;
}

function isGranted(value: string | undefined, kind: 'access' | 'payment', { database }: Account): boolean {
  const token = database.prepare('SELECT until FROM token WHERE value = ? AND kind = ?').get(value ?? '', kind);
  return count(token, 'until') > Date.now();
}

function rate(call: Call, account: Account): Answer {
  const read = bodyOf(call, OptionsRequest, account);
  if ('refusal' in read) return read.refusal;
  if (takeAnyFault(account, 'throttled-rating')) return problem(429, 'Too Many Requests', undefined, '', { 'retry-after': '1' });
  if (takeAnyFault(account, 'error-rating')) return problem(503, 'Service Unavailable');
  const prices = Map.groupBy(pricesOf(read.body), ({ mailClass }) => mailClass);
  const shippingOptions = [...prices].map(([mailClass, of]) => ({ mailClass, rateOptions: of.map((price) => rateOption(price, read.body)) }));
  const { pricingOptions: _, packageDescription: __, ...asked } = read.body;
  return { status: 200, json: { ...asked, pricingOptions: [{ shippingOptions, priceType: read.body.pricingOptions[0]?.priceType }] } };
}

function rateOption(price: UspsPrice, { packageDescription }: OptionsRequest): object {
  const { mailClass, rateIndicator, processingCategory, destinationEntryFacilityType, postage, fees, extras, days } = price;
  const lines = (all: UspsPrice['fees']) => all.map(({ name, price: cents }) => ({ name, price: dollars(cents), SKU: 'DXXX0XXXXCX0000' }));
  const base = fees.reduce((sum, fee) => sum + fee.price, postage);
  return {
    ...(days !== null && { commitment: commitment(days, packageDescription.mailingDate) }),
    ...(extras.length > 0 && { totalPrice: dollars(totalOf(price)) }),
    totalBasePrice: dollars(base),
    rates: [
      {
        description: mailClass,
        price: dollars(postage),
        zone: '01',
        weight: packageDescription.weight,
        dimWeight: 0,
        fees: lines(fees),
        priceType: 'COMMERCIAL',
        mailClass,
        processingCategory,
        rateIndicator,
        destinationEntryFacilityType,
        SKU: 'DUXP0XXXXC01010',
      },
    ],
    extraServices: lines(extras),
  };
}

function commitment(days: number, mailingDate = new Date().toISOString().slice(0, 10)): object {
  const day = new Date(Date.parse(mailingDate) + days * 86_400_000).toISOString().slice(0, 10);
  return { name: `${days} Days`, scheduleDeliveryDate: day, expectedDeliveryDate: day, guaranteedDelivery: false };
}
