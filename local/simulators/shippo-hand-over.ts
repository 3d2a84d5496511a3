import * as z from 'zod';
import { count, type Row, text } from './database.ts';
import type { Answer, Call } from './listen.ts';
import { type Account, bodyOf, complain, newId, pageOf, purchaseRow, rateOf, tokenOf } from './shippo-account.ts';
import { fileUrl } from './shippo-purchase.ts';
import { ManifestInput, PickupInput } from './shippo-requests.ts';

/** Takes the request for a manifest, which is made a little later. https://docs.goshippo.com/api-reference/manifests */
export function close(call: Call, account: Account): Answer {
  const read = bodyOf(ManifestInput, call.body, 'POST /manifests', account);
  if ('answer' in read) return read.answer;
  const { input } = read;
  const errors = input.transactions.flatMap((id) => faultOf(id, input.carrier_account, account));
  const id = newId(account, 'manifest');
  account.database.prepare('INSERT INTO manifest (id, body, errors) VALUES (?, ?, ?)').run(id, JSON.stringify(input), JSON.stringify(errors));
  return { status: 201, json: manifestJson(account.database.prepare('SELECT * FROM manifest WHERE id = ?').get(id) ?? {}, account) };
}

function faultOf(id: string, carrierAccount: string, account: Account): string[] {
  const bought = purchaseRow(id, account);
  if (bought === undefined || text(bought, 'status') !== 'SUCCESS') return [`${id} is no label that is valid`];
  if (rateOf(bought, account).carrier_account !== carrierAccount) return [`${id} is of another carrier account`];
  return manifested(account).includes(text(bought, 'tracking_number')) ? [`${id} is on a manifest already`] : [];
}

/** At the first look it is queued, unless it cannot be made. */
function manifestJson(row: Row, account: Account): object {
  const input = ManifestInput.parse(JSON.parse(text(row, 'body')));
  const errors = Errors.parse(JSON.parse(text(row, 'errors')));
  const id = text(row, 'id');
  const isDone = count(row, 'looks') > 0;
  const status = errors.length > 0 ? 'ERROR' : isDone ? 'SUCCESS' : 'QUEUED';
  const documents = status === 'SUCCESS' ? [fileUrl(`${id}.pdf`, account)] : [];
  const { carrier_account, shipment_date, transactions } = input;
  return { object_id: id, status, carrier_account, shipment_date, transactions, address_from: newId(account, 'address'), documents, errors };
}

const Errors = z.array(z.string());

export function lookAtManifest(id: string, account: Account): Answer {
  account.database.prepare('UPDATE manifest SET looks = looks + 1 WHERE id = ?').run(id);
  const row = account.database.prepare('SELECT * FROM manifest WHERE id = ?').get(id);
  return row === undefined ? { status: 404, json: { detail: 'Not found.' } } : { status: 200, json: manifestJson(row, account) };
}

export function listManifests(query: URLSearchParams, account: Account): Answer {
  return pageOf(account.database.prepare('SELECT * FROM manifest ORDER BY number DESC').all(), query, 'manifests', account, (row) => manifestJson(row, account));
}

/** Tracking numbers on manifests that were made, each once for every manifest that it is on. */
export function manifested(account: Account): string[] {
  const rows = account.database.prepare("SELECT body FROM manifest WHERE errors = '[]' ORDER BY number").all();
  const ids = rows.flatMap((row) => ManifestInput.parse(JSON.parse(text(row, 'body'))).transactions);
  return ids.map((id) => text(purchaseRow(id, account), 'tracking_number'));
}

const COLLECTING: ReadonlySet<string> = new Set(['usps', 'dhl_express']);

/** Books a collection. https://docs.goshippo.com/api-reference/pickups */
export function book(call: Call, account: Account): Answer {
  const read = bodyOf(PickupInput, call.body, 'POST /pickups', account);
  if ('answer' in read) return read.answer;
  const { transactions, requested_start_time, requested_end_time, location, carrier_account } = read.input;
  const parcels = transactions.map((id) => purchaseRow(id, account));
  if (parcels.includes(undefined)) return { status: 400, json: { transactions: ['Transaction does not exist.'] } };
  if (location.building_location_type === 'Other' && location.instructions === undefined) return complain(account, 'POST /pickups', 'location.instructions: required for Other');
  const isServed = parcels.every((parcel) => parcel !== undefined && COLLECTING.has(tokenOf(parcel, account)) && rateOf(parcel, account).carrier_account === carrier_account);
  const isTimely = requested_start_time < requested_end_time;
  const object_id = newId(account, 'pickup');
  const made = { object_id, ...read.input, timezone: 'US/Pacific' };
  if (!isServed || !isTimely) return { status: 201, json: { ...made, status: 'ERROR', messages: [{ source: 'USPS', code: isServed ? 'bad_time' : 'not_served', text: '' }] } };
  return { status: 201, json: { ...made, status: 'CONFIRMED', confirmation_code: `WTC${object_id.slice(-9)}`, confirmed_start_time: requested_start_time, messages: null } };
}
