import { text } from './database.ts';
import { type Account, good, next, problem } from './fedex-account.ts';
import { labelPdf } from './label-document.ts';
import type { Answer } from './listen.ts';

/** Closes all of Ground that was bought and neither closed nor cancelled. */
export function closeDay(account: Account): Answer {
  const open = account.database.prepare("SELECT tracking FROM shipment WHERE company = 'FDXG' AND cycle IS NULL AND cancelled_at IS NULL").all();
  if (open.length === 0) return problem(400, 'CLOSE.NO.SHIPMENTS.FOUND');
  const cycle = `1003${String(next(account, 'cycle')).padStart(12, '0')}`;
  account.database.prepare("UPDATE shipment SET cycle = ? WHERE company = 'FDXG' AND cycle IS NULL AND cancelled_at IS NULL").run(cycle);
  return good({ closeDocuments: [reportOf(cycle, account)] });
}

/** The report that a parcel is on, again. */
export function reprint(trackingNumber: string, account: Account): Answer {
  const cycle = text(account.database.prepare('SELECT cycle FROM shipment WHERE tracking = ?').get(trackingNumber), 'cycle');
  return cycle === '' ? problem(400, 'CLOSE.REPORT.NOT.FOUND') : good({ closeDocuments: [reportOf(cycle, account)] });
}

function reportOf(cycle: string, { database }: Account) {
  const numbers = database
    .prepare('SELECT tracking FROM shipment WHERE cycle = ? ORDER BY tracking')
    .all(cycle)
    .map((row) => text(row, 'tracking'));
  const image = labelPdf([`GROUND MANIFEST (simulated) ${cycle}`, `${numbers.length} parcels`, ...numbers.slice(0, 12)]).toString('base64');
  return { type: 'MANIFEST', shippingCycle: cycle, resolution: 200, copiesToPrint: 1, parts: [{ documentPartSequenceNumber: 1, image }] };
}
