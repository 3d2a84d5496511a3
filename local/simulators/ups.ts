import * as z from 'zod';
import type { CarrierOptions, PlayedCarrier } from './carrier.ts';
import { count, openDatabase, text } from './database.ts';
import { type Answer, type Call, listen } from './listen.ts';
import { type Account, bodyOf, complain, isAnswer, next, problem, SCHEMA, SUCCESS } from './ups-account.ts';
import { AddressCheckInput, PickupInput } from './ups-requests.ts';
import { chargesOf, rate, recover, ship, voidShipment } from './ups-shipping.ts';
import { handOver, isSubscribed, subscribe, trackingByReference, trackingOf } from './ups-tracking.ts';

/** UPS's tokens last about four hours. */
const TOKEN_SECONDS = 14_399;

/** Opens UPS on the loopback interface. https://developer.ups.com */
export async function openUps(options: CarrierOptions): Promise<PlayedCarrier> {
  const database = openDatabase(options.file, SCHEMA);
  const account: Account = { database, options, number: String(options.settings.accountNumber ?? '') };
  let isDown = false;
  const server = await listen((call) => (isDown ? problem(503, '10004', 'Something went wrong while processing your request, please try again later') : answer(call, account)));
  const tokens = hubTokens(options);
  return {
    connectionId: options.connectionId,
    settings: { endpoint: server.url },
    address: async (_posting, now) => {
      if (!isSubscribed(account, now)) return undefined;
      const authorization = `Bearer ${await tokens(now)}`;
      const headers = { 'content-type': 'application/json', 'user-agent': 'UPSPubSubTrackingService', 'x-api-key': options.secret.apiKey, authorization };
      return { url: options.updateUrl(), headers };
    },
    expect: (expectations) => {
      const insert = database.prepare('INSERT OR IGNORE INTO expectation VALUES (?, ?, 1, ?)');
      for (const { recipient, fault, journey } of expectations) insert.run(recipient.toUpperCase(), fault ?? null, journey);
    },
    handOver: (trackingNumbers) => handOver(trackingNumbers, account),
    charges: () => chargesOf(account),
    voids: () =>
      database
        .prepare('SELECT id FROM shipment WHERE voided = 1 ORDER BY id')
        .all()
        .map((row) => text(row, 'id')),
    // UPS refuses no repeat: it sells another label.
    repeats: () => 0,
    manifested: () => [],
    complaints: () =>
      database
        .prepare('SELECT what FROM complaint ORDER BY id')
        .all()
        .map((row) => text(row, 'what')),
    breakDown: (down) => {
      isDown = down;
    },
    close: async () => {
      await server.close();
      database.close();
    },
  };
}

const Granted = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number() });

/** Before UPS posts, it asks the hub for a token: at `/oauth/<connection>/token`, by HTTP Basic. */
function hubTokens({ secret, updateUrl }: CarrierOptions): (now: Date) => Promise<string> {
  let held = { token: '', until: 0 };
  return async function tokenNow(now) {
    if (held.until > now.getTime()) return held.token;
    const url = updateUrl().replace(/\/updates\/([^/]+)$/, '/oauth/$1/token');
    const authorization = `Basic ${Buffer.from(`${secret.apiKey}:${secret.signing}`).toString('base64')}`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
      signal: AbortSignal.timeout(5_000),
    }).catch(() => undefined);
    const granted = response?.ok === true ? Granted.safeParse(await response.json()).data : undefined;
    // Without a token it posts all the same, and is refused, and tries again.
    if (granted === undefined) return '';
    held = { token: granted.access_token, until: now.getTime() + Math.max(0, granted.expires_in - 60) * 1000 };
    return held.token;
  };
}

/** One call of the API, as far as it goes by method and path. */
type Route = readonly [method: string, path: RegExp, answer: (found: readonly string[], call: Call, account: Account) => Answer | Promise<Answer>];

const ROUTES: readonly Route[] = [
  ['POST', /^\/api\/rating\/v2409\/Shoptimeintransit$/, (_, { body }, account) => rate(body, account)],
  ['POST', /^\/api\/shipments\/v2409\/ship$/, (_, { body }, account) => ship(body, account)],
  ['DELETE', /^\/api\/shipments\/v2409\/void\/cancel\/([^/]+)$/, ([id = ''], _, account) => voidShipment(id, account)],
  ['POST', /^\/api\/labels\/v1\/recovery$/, (_, { body }, account) => recover(body, account)],
  ['GET', /^\/api\/track\/v1\/details\/([^/]+)$/, ([number = ''], _, account) => trackingOf(number, account)],
  ['GET', /^\/api\/track\/v1\/reference\/details\/([^/]+)$/, ([reference = ''], _, account) => trackingByReference(reference, account)],
  ['POST', /^\/api\/track\/v2\/subscription\/standard\/account$/, (_, { body }, account) => subscribe(body, account)],
  ['POST', /^\/api\/pickupcreation\/v2409\/pickup$/, (_, { body }, account) => bookPickup(body, account)],
  ['DELETE', /^\/api\/shipments\/v2409\/pickup\/02$/, (_, { headers }, account) => cancelPickup(String(headers.prn ?? ''), account)],
  ['POST', /^\/api\/addressvalidation\/v2\/3$/, (_, { body }, account) => checkAddress(body, account)],
];

async function answer(call: Call, account: Account): Promise<Answer> {
  if (call.method === 'POST' && call.path === '/security/v1/oauth/token') return grant(call, account);
  const route = ROUTES.find(([method, path]) => method === call.method && path.test(call.path));
  if (route === undefined) return complain(account, `${call.method} ${call.path}`, 'there is no such call');
  const [, token = ''] = /^Bearer (.+)$/.exec(call.headers.authorization ?? '') ?? [];
  const until = count(account.database.prepare('SELECT until FROM token WHERE token = ?').get(token), 'until');
  if (until === 0) return problem(401, '250002', 'Invalid Authentication Information.');
  if (until <= Date.now()) return problem(401, '251004', 'Bearer Token expired');
  const { transid, transactionsrc } = call.headers;
  if (typeof transid !== 'string' || transid.length > 32) return complain(account, call.path, 'VSS002 transId is missing or too long');
  if (transactionsrc === undefined) return complain(account, call.path, 'VSS004 transactionSrc is missing');
  const found = route[1].exec(call.path)?.slice(1) ?? [];
  return await route[2](found.map(decodeURIComponent), call, account);
}

/** Client credentials; all values of the answer are texts. */
function grant({ headers, body }: Call, { database, options: { secret } }: Account): Answer {
  const expected = `Basic ${Buffer.from(`${secret.apiKey}:${secret.token}`).toString('base64')}`;
  if (headers.authorization !== expected) return problem(401, '250003', 'Invalid Access License number');
  if (new URLSearchParams(body).get('grant_type') !== 'client_credentials') return problem(400, '250004', 'Invalid grant');
  const token = `upstok${String(Math.random()).slice(2)}`;
  database.prepare('INSERT INTO token VALUES (?, ?)').run(token, Date.now() + TOKEN_SECONDS * 1000);
  const issued = { token_type: 'Bearer', issued_at: String(Date.now()), client_id: secret.apiKey, access_token: token, expires_in: String(TOKEN_SECONDS), status: 'approved' };
  return { status: 200, json: issued };
}

function bookPickup(body: string, account: Account): Answer {
  const input = bodyOf(PickupInput, body, 'pickup', account);
  if (isAnswer(input)) return input;
  const { CloseTime, ReadyTime } = input.PickupCreationRequest.PickupDateInfo;
  if (CloseTime <= ReadyTime) return problem(400, '9510114', 'The close time must be later than the ready time.');
  const PRN = `2929602E${String(next(account, 'pickup')).padStart(3, '0')}`;
  account.database.prepare('INSERT INTO pickup (prn) VALUES (?)').run(PRN);
  const RateResult = { CurrencyCode: 'USD', GrandTotalOfAllCharge: '6.10' };
  return { status: 200, json: { PickupCreationResponse: { Response: SUCCESS, PRN, RateStatus: { Code: '01' }, RateResult } } };
}

function cancelPickup(prn: string, { database }: Account): Answer {
  const changed = database.prepare('UPDATE pickup SET cancelled = 1 WHERE prn = ? AND cancelled = 0').run(prn).changes;
  if (changed === 0) return problem(400, '9510117', 'The pickup request was not found or is completed.');
  return { status: 200, json: { PickupCancelResponse: { Response: SUCCESS, PickupType: '01' } } };
}

/** Streets with a number exist, those of a road that is called Nowhere do not; ZIP codes get their last four digits. */
function checkAddress(body: string, account: Account): Answer {
  const input = bodyOf(AddressCheckInput, body, 'address validation', account);
  if (isAnswer(input)) return input;
  const { AddressLine, PoliticalDivision2, PoliticalDivision1, PostcodePrimaryLow, CountryCode } = input.XAVRequest.AddressKeyFormat;
  const street = AddressLine.map((line) => line.toUpperCase().replace(/\bRAOD\b/, 'RD'));
  const AddressKeyFormat = {
    AddressLine: street,
    PoliticalDivision2: PoliticalDivision2.toUpperCase(),
    PoliticalDivision1,
    PostcodePrimaryLow,
    PostcodeExtendedLow: '0042',
    CountryCode,
  };
  const verdict = /NOWHERE/.test(street.join(' '))
    ? { NoCandidatesIndicator: '' }
    : { [/\d/.test(street[0] ?? '') ? 'ValidAddressIndicator' : 'AmbiguousAddressIndicator']: '', Candidate: [{ AddressKeyFormat }] };
  return { status: 200, json: { XAVResponse: { Response: SUCCESS, ...verdict } } };
}
