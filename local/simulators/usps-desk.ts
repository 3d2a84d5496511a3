import { text } from './database.ts';
import { labelPdf } from './label-document.ts';
import type { Answer, Call } from './listen.ts';
import { type Account, bodyOf, complain, labelOf, next, problem } from './usps-account.ts';
import { AddressQuery, PickupBody, ScanFormRequest } from './usps-contract.ts';

/** Puts labels on a SCAN form; one that cannot be on it spoils the whole form. https://developers.usps.com/scanv3 */
export function scanForm(call: Call, account: Account): Answer {
  const read = bodyOf(call, ScanFormRequest, account);
  if ('refusal' in read) return read.refusal;
  const { trackingNumbers } = read.body.shipment;
  const unfit = trackingNumbers.filter((tracking) => {
    const label = labelOf(account, tracking);
    return label === undefined || text(label, 'state') !== 'sold' || text(label, 'filed') === '1';
  });
  if (unfit.length > 0) return problem(400, 'Bad Request', `Labels are not eligible or already on a SCAN form: ${unfit.join(', ')}`, 'shipment.trackingNumbers');
  const number = `9475${String(next(account, 'form')).padStart(18, '0')}`;
  for (const tracking of trackingNumbers) {
    account.database.prepare('INSERT INTO form VALUES (?, ?)').run(number, tracking);
    account.database.prepare('UPDATE label SET filed = 1 WHERE tracking = ?').run(tracking);
  }
  const image = labelPdf(['PS Form 5630 (simulated)', number, `${trackingNumbers.length} parcels`]).toString('base64');
  const { shipment, mailingDate, entryFacilityZIPCode } = read.body;
  return { status: 200, json: { shipment, mailingDate, entryFacilityZIPCode, manifestNumber: number, trackingNumbers, SCANFormImage: image } };
}

/** Books, shows and cancels collections; to cancel, one names the version that was read. https://developers.usps.com/carrierpickupv3 */
export function pickups(call: Call, confirmation: string, account: Account): Answer {
  if (call.method === 'POST' && confirmation === '') return bookPickup(call, account);
  const found = account.database.prepare('SELECT * FROM pickup WHERE confirmation = ?').get(confirmation);
  if (found === undefined) return problem(404, 'Not Found', 'The pickup does not exist');
  if (call.method === 'GET') return { status: 200, json: [pickupJson(confirmation, text(found, 'body'))], headers: { etag: text(found, 'etag') } };
  if (call.method !== 'DELETE') return problem(405, 'Method Not Allowed');
  if (call.headers['if-match'] !== text(found, 'etag')) {
    complain(account, `DELETE ${call.path}: without the version that was read`);
    return problem(412, 'Precondition Failed');
  }
  account.database.prepare('DELETE FROM pickup WHERE confirmation = ?').run(confirmation);
  return { status: 200, json: {} };
}

function bookPickup(call: Call, account: Account): Answer {
  const read = bodyOf(call, PickupBody, account);
  if ('refusal' in read) return read.refusal;
  if (new Date(read.body.pickupDate).getUTCDay() === 0) return problem(400, 'Bad Request', 'Pickups are Monday to Saturday', 'pickupDate');
  const confirmation = `WTC${String(next(account, 'pickup')).padStart(8, '0')}`;
  const etag = `"${confirmation.toLowerCase()}"`;
  account.database.prepare('INSERT INTO pickup VALUES (?, ?, ?)').run(confirmation, call.body, etag);
  return { status: 200, json: pickupJson(confirmation, call.body), headers: { etag } };
}

function pickupJson(confirmationNumber: string, body: string): object {
  const carrierPickupRequest = PickupBody.parse(JSON.parse(body));
  return { confirmationNumber, pickupDate: carrierPickupRequest.pickupDate, carrierPickupRequest };
}

/** A tower has apartments, a street without a number nothing; all else is there. https://developers.usps.com/addressesv3 */
export function addressAnswer(call: Call, account: Account): Answer {
  const read = AddressQuery.safeParse(Object.fromEntries(new URLSearchParams(call.query)));
  if (!read.success) {
    complain(account, `GET ${call.path}: ${read.error.issues[0]?.message ?? ''}`);
    return problem(400, 'Bad Request', 'The request is not valid', read.error.issues[0]?.path.join('.') ?? '');
  }
  const { firm, streetAddress, secondaryAddress = '', city = '', state, ZIPCode = '97201' } = read.data;
  if (!/\d/.test(streetAddress)) return problem(404, 'There is no match for the address requested.');
  if (/\btwin\b/i.test(streetAddress)) return problem(404, 'Multiple addresses were found.');
  const lacksUnit = /\btower\b/i.test(streetAddress) && secondaryAddress === '';
  return {
    status: 200,
    json: {
      ...(firm !== undefined && { firm: firm.toUpperCase() }),
      address: {
        streetAddress: streetAddress.toUpperCase().replace(/\bAVENU\b/, 'AVENUE'),
        streetAddressAbbreviation: null,
        secondaryAddress: secondaryAddress.toUpperCase(),
        city: city.toUpperCase(),
        state,
        ZIPCode,
        ZIPPlus4: '0042',
        urbanization: null,
      },
      additionalInfo: {
        deliveryPoint: '42',
        carrierRoute: /\bghost\b/i.test(streetAddress) ? 'R777' : 'C012',
        DPVConfirmation: lacksUnit ? 'D' : 'Y',
        DPVCMRA: 'N',
        business: 'N',
        vacant: 'N',
      },
      corrections: lacksUnit ? [{ code: '32', text: 'Default address' }] : [],
      matches: [{ code: '31', text: 'Single Response - exact match' }],
      warnings: [],
    },
  };
}
