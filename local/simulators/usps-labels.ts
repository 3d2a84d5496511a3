import { setTimeout as pause } from 'node:timers/promises';
import type { Charge } from './carrier.ts';
import { count, type Row, text } from './database.ts';
import { labelPdf, labelPng, labelZpl } from './label-document.ts';
import type { Answer, Call } from './listen.ts';
import { type Account, bodyOf, complain, faultOf, labelOf, next, problem, takeFault, today } from './usps-account.ts';
import { AnyLabel, LABEL_REQUESTS, ReprintRequest } from './usps-contract.ts';
import { dollars, priceOfLabel, totalOf } from './usps-prices.ts';

type LabelPath = keyof typeof LABEL_REQUESTS;

const SLOW_MS = 2_500;
const REPRINTS = 3;
const DAY_MS = 86_400_000;

/** The path of a call that buys a label. */
export function labelPathOf(path: string): LabelPath | undefined {
  return Object.keys(LABEL_REQUESTS).find((known): known is LabelPath => known === path);
}

/** Sells a label once for each key: the same key with the same bytes is answered with what was sold. */
export async function sell(call: Call, path: LabelPath, account: Account): Promise<Answer> {
  const key = String(call.headers['x-idempotency-key'] ?? '');
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(key)) {
    complain(account, `POST ${path}: the idempotency key is no UUID`);
    return problem(400, 'Bad Request', 'The key must be a UUID', 'X-Idempotency-Key');
  }
  const known = account.database.prepare('SELECT * FROM label WHERE key = ?').get(key);
  if (known !== undefined) return repeated(call, known, account);
  const read = bodyOf(call, LABEL_REQUESTS[path], account);
  if ('refusal' in read) return read.refusal;
  const label = AnyLabel.parse(read.body);
  const recipient = recipientOf(label);
  if (takeFault(account, recipient, ['error-before'])) return problem(500, 'Internal Server Error');
  if (takeFault(account, recipient, ['throttled'])) return problem(429, 'Too Many Requests', undefined, '', { 'retry-after': '1' });
  if (takeFault(account, recipient, ['declined'])) return problem(400, 'Bad Request', 'The payment account has insufficient funds', 'X-Payment-Authorization-Token');
  if (takeFault(account, recipient, ['no-rates'])) return problem(400, 'Bad Request', 'No rates found for the package', 'packageDescription');
  const price = priceOfLabel(label);
  if (price === undefined) return problem(400, 'Bad Request', 'No rates found for the package', 'packageDescription.rateIndicator');
  if (!isMailable(label.packageDescription.mailingDate))
    return problem(400, 'Bad Request', 'The mailing date must be today or up to 7 days ahead', 'packageDescription.mailingDate');
  const after = ['hang-after-charge', 'reset-after-charge', 'error-after-charge', 'slow'].find((fault) => fault === faultOf(account, recipient));
  write(account, key, path, call.body, label, totalOf(price), takeFault(account, recipient, ['wrong-address']));
  if (after !== undefined) takeFault(account, recipient, ['hang-after-charge', 'reset-after-charge', 'error-after-charge', 'slow']);
  if (after === 'hang-after-charge') return 'hang';
  if (after === 'reset-after-charge') return 'reset';
  if (after === 'error-after-charge') return problem(503, 'Service Unavailable');
  if (after === 'slow') await pause(SLOW_MS);
  return labelAnswer(call, account.database.prepare('SELECT * FROM label WHERE key = ?').get(key) ?? {}, false);
}

function repeated(call: Call, known: Row, account: Account): Answer {
  if (text(known, 'body') !== call.body) {
    complain(account, `POST ${call.path}: a key came again with another body`);
    return problem(400, 'Bad Request', 'The idempotency key was used with another request', 'X-Idempotency-Key');
  }
  next(account, 'repeat');
  return labelAnswer(call, known, false);
}

function isMailable(day: string | undefined): boolean {
  // A day more on either side: the warehouse's clocks are not these.
  return day === undefined || Math.abs(Date.parse(day) - Date.parse(today()) - 3 * DAY_MS) <= 5 * DAY_MS;
}

function write(account: Account, key: string, path: LabelPath, body: string, label: AnyLabel, cost: number, wrong: boolean): void {
  const number = String(next(account, 'label'));
  const tracking = path.startsWith('/international') ? `LZ${number.padStart(9, '0')}US` : `9234690${number.padStart(15, '0')}`;
  const reference = label.packageDescription.customerReference?.[0]?.referenceNumber ?? '';
  account.database.exec('BEGIN');
  account.database
    .prepare('INSERT INTO label (key, path, body, recipient, reference, tracking, cost, wrong, mailing_date, sold_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(key, path, body, recipientOf(label), reference, tracking, cost, wrong ? 1 : 0, label.packageDescription.mailingDate ?? today(), Date.now());
  account.database.prepare('INSERT INTO charge VALUES (?, ?)').run(key, cost);
  account.database.exec('COMMIT');
}

/** Who a parcel is for, as expectations name them; of one that comes back, who sends it. */
function recipientOf({ toAddress, fromAddress, packageDescription }: AnyLabel): string {
  const { firstName, lastName, firm } = packageDescription.mailClass.endsWith('_RETURN_SERVICE') ? fromAddress : toAddress;
  const person = [firstName, lastName].filter((part) => part !== undefined).join(' ');
  return (person || (firm ?? '')).toUpperCase();
}

/** Prints a label again, by its key or its number. https://developers.usps.com/domesticlabelsv3 */
export function reprint(call: Call, tracking: string, account: Account): Answer {
  const read = bodyOf(call, ReprintRequest, account);
  if ('refusal' in read) return read.refusal;
  const key = String(call.headers['x-idempotency-key'] ?? '');
  const label = tracking === '' ? account.database.prepare('SELECT * FROM label WHERE key = ?').get(key) : labelOf(account, tracking);
  const isItsPath = label !== undefined && text(label, 'path').startsWith('/international') === call.path.startsWith('/international');
  if (label === undefined || !isItsPath) return problem(400, 'Bad Request', 'Order not found', tracking === '' ? 'X-Idempotency-Key' : 'trackingNumber');
  if (text(label, 'state') !== 'sold') return problem(400, 'Bad Request', 'Canceled labels are not eligible for reprint', 'trackingNumber');
  if (count(label, 'reprints') >= REPRINTS) return problem(400, 'Bad Request', 'The label was reprinted 3 times', 'trackingNumber');
  account.database.prepare('UPDATE label SET reprints = reprints + 1 WHERE key = ?').run(text(label, 'key'));
  return labelAnswer(call, { ...label, reprints: count(label, 'reprints') + 1 }, true);
}

/** Cancels a label, or takes a request for its postage once it was filed. */
export function cancel(tracking: string, account: Account): Answer {
  const label = labelOf(account, tracking);
  if (label === undefined) return problem(400, 'Bad Request', 'Order not found', 'trackingNumber');
  const state = text(label, 'state');
  // What USPS says of a second cancellation is in no document.
  if (state === 'canceled') return problem(400, 'Bad Request', 'The label has already been canceled', 'trackingNumber');
  if (state === 'disputed') return problem(400, 'Bad Request', 'A refund request for this order has already been submitted today', 'trackingNumber');
  if (text(label, 'left_at') !== '') return problem(400, 'Bad Request', 'A refund request for this order cannot be submitted', 'trackingNumber');
  const isFiled = count(label, 'filed') === 1;
  account.database.prepare('UPDATE label SET state = ? WHERE tracking = ?').run(isFiled ? 'disputed' : 'canceled', tracking);
  return {
    status: 200,
    json: isFiled ? { trackingNumber: tracking, status: 'DISPUTED', disputeId: String(100_000 + next(account, 'dispute')) } : { trackingNumber: tracking, status: 'CANCELED' },
  };
}

/** One JSON document where it is asked for, else the parts that USPS sends to everybody. */
function labelAnswer(call: Call, label: Row, isReprint: boolean): Answer {
  const isAbroad = text(label, 'path').startsWith('/international');
  const isReturn = text(label, 'path').endsWith('/return-label');
  const metadata = metadataOf(label);
  const [metadataName, imageName] = isReturn ? ['returnLabelMetadata', 'returnLabelImage'] : ['labelMetadata', 'labelImage'];
  const image = imageOf(label).toString('base64');
  const status = isAbroad && !isReprint ? 201 : 200;
  const headers = isReprint ? { 'x-idempotency-key': text(label, 'key') } : {};
  const reprintInfo = { reprintNumber: count(label, 'reprints'), reprintLimit: REPRINTS };
  if (!String(call.headers.accept ?? '').includes('application/vnd.usps.labels+json'))
    return { status, ...inParts(metadataName, JSON.stringify(metadata), imageName, image, headers) };
  return { status, headers, json: isReprint ? { [metadataName]: metadata, [imageName]: image, reprintInfo } : { ...metadata, [imageName]: image } };
}

function inParts(metadataName: string, metadata: string, imageName: string, image: string, headers: Record<string, string>): { bytes: Buffer; headers: Record<string, string> } {
  const boundary = 'uspsPartOf7d1f';
  const file = imageName === 'labelImage' ? 'label-image.pdf' : 'return-label-image.pdf';
  const lines = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="${metadataName}"`,
    'Content-Type: application/json',
    '',
    metadata,
    `--${boundary}`,
    'Content-Type: application/pdf',
    `Content-Disposition: form-data; filename="${file}"; name="${imageName}"`,
    'Content-Transfer-Encoding: binary',
    '',
    image,
    `--${boundary}--`,
    '',
  ];
  return { bytes: Buffer.from(lines.join('\r\n')), headers: { ...headers, 'content-type': `multipart/form-data;boundary=${boundary}` } };
}

function metadataOf(label: Row): Record<string, unknown> {
  const request = AnyLabel.parse(JSON.parse(text(label, 'body')));
  const price = priceOfLabel(request);
  const isAbroad = text(label, 'path').startsWith('/international');
  const money = (lines: readonly { name: string; price: number }[]) => lines.map(({ name, price: cents }) => ({ name, SKU: 'DXXX0XXXXCX0000', price: dollars(cents) }));
  return {
    labelAddress: printed(request, count(label, 'wrong') === 1),
    ...(isAbroad ? { internationalTrackingNumber: text(label, 'tracking'), constructCode: 'I01' } : { trackingNumber: text(label, 'tracking'), constructCode: 'C01' }),
    ...(!isAbroad && { routingInformation: `420${request.toAddress.ZIPCode ?? ''}` }),
    SKU: 'DUXP0XXXXC01010',
    postage: dollars(price?.postage ?? 0),
    fees: money(price?.fees ?? []),
    extraServices: money(price?.extras ?? []),
    zone: '01',
    weightUOM: isAbroad ? 'lb' : 'LB',
    weight: request.packageDescription.weight,
    dimensionalWeight: isAbroad ? '0.0' : 0,
    bannerText: 'USPS TRACKING # USPS Ship',
  };
}

/** USPS answers in capitals, with a long ZIP code; a wrong one prints another house number. */
function printed({ toAddress }: AnyLabel, wrong: boolean): Record<string, unknown> {
  const upper = Object.fromEntries(Object.entries(toAddress).map(([field, value]) => [field, String(value).toUpperCase()]));
  const street = toAddress.streetAddress.toUpperCase();
  return {
    ...upper,
    ...(toAddress.ZIPCode !== undefined && { ZIPPlus4: '0042' }),
    streetAddress: wrong ? `${street.replace(/\d+/g, '').trim()} 999` : street,
    ignoreBadAddress: 'false',
  };
}

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

function imageOf(label: Row): Buffer {
  const { imageInfo } = AnyLabel.parse(JSON.parse(text(label, 'body')));
  const lines = ['USPS LABEL (simulated)', text(label, 'tracking'), `Reference ${text(label, 'reference')}`];
  if (imageInfo.imageType === 'PDF') return labelPdf(lines);
  if (imageInfo.imageType === 'GIF') return GIF;
  return imageInfo.imageType === 'PNG' ? labelPng(text(label, 'tracking')) : labelZpl(lines);
}

/** All money that was taken. */
export function chargesOf({ database }: Account): Charge[] {
  const rows = database.prepare('SELECT charge.cost AS paid, label.* FROM charge JOIN label ON label.key = charge.key ORDER BY label.sold_at').all();
  return rows.map((row) => {
    const request = AnyLabel.parse(JSON.parse(text(row, 'body')));
    const address = AnyLabel.shape.toAddress.parse(printed(request, count(row, 'wrong') === 1));
    const name = [address.firstName, address.lastName].filter((part) => part !== undefined).join(' ') || (address.firm ?? '');
    return {
      carrierRef: text(row, 'key'),
      reference: text(row, 'reference'),
      recipient: text(row, 'recipient'),
      trackingNumber: text(row, 'tracking'),
      cost: count(row, 'paid'),
      currency: 'USD',
      printed: {
        name,
        line1: address.streetAddress,
        line2: address.secondaryAddress ?? '',
        city: address.city,
        postalCode: address.ZIPCode ?? address.postalCode ?? '',
        country: address.countryISOAlpha2Code ?? 'US',
      },
    };
  });
}
