import { stringify } from 'csv-stringify/sync';
import type { CarrierConnection, Client, Warehouse } from '../core/client.ts';
import { type LeftOut, type Manifest, manifestId } from '../core/manifest.ts';
import type { Parcel } from '../core/shipment.ts';
import { safe } from './documents/csv.ts';
import { type Format, formatFor, NONE } from './html/format.ts';
import { html, type Markup } from './html/markup.ts';
import { STYLE } from './html/style.ts';
import { table } from './html/table.ts';

/** What was given to a carrier on a day, in full. Holds no names and no addresses. */
export interface HandOverList {
  readonly client: Client;
  readonly connection: CarrierConnection;
  readonly warehouse: Warehouse;
  /** IANA name of the warehouse's. */
  readonly timeZone: string;
  readonly day: string;
  readonly closedAt: Date;
  readonly rows: readonly { readonly manifest: Manifest; readonly parcel: Parcel }[];
  readonly leftOut: readonly LeftOut[];
}

/** The list as files: a page for the driver to sign, and rows for a spreadsheet. */
export function handOverDocuments(list: HandOverList) {
  return [
    { extension: 'html', contentType: 'text/html; charset=utf-8', bytes: Buffer.from(page(list).markup, 'utf8') },
    { extension: 'csv', contentType: 'text/csv; charset=utf-8', bytes: Buffer.from(rowsOf(list), 'utf8') },
  ] as const;
}

const COLUMNS = ['outcome', 'order', 'parcel', 'trackingNumber', 'carrier', 'service', 'grams', 'manifest', 'reason'] as const;

function rowsOf({ rows, leftOut }: HandOverList): string {
  const given = rows.map(({ manifest, parcel: { orderId, parcel, label, weight } }) => [
    'given',
    orderId,
    parcel,
    label?.trackingNumber ?? '',
    label?.carrier ?? '',
    label?.service ?? '',
    weight,
    manifestId(manifest),
    '',
  ]);
  const behind = leftOut.map(({ orderId, parcel, trackingNumber, reason }) => ['left out', orderId, parcel, trackingNumber, '', '', '', '', reason]);
  const cells = [...given, ...behind].map((row) => row.map(safe));
  return stringify(cells, { header: true, columns: [...COLUMNS], bom: true, quoted_string: true, escape_formulas: true, record_delimiter: 'windows' });
}

/** What a driver signs is on paper: a line for each hand, and no shade. */
const SIGNATURES =
  '.sign{display:grid;grid-template-columns:1fr 1fr;gap:28px 36px;margin:34px 0 0;break-inside:avoid}.sign div{border-bottom:1px solid var(--ink);min-height:64px}.sign p{margin:4px 0 0;color:var(--soft);font-size:.84rem}';

function page(list: HandOverList): Markup {
  const { client, connection, warehouse, timeZone, day, closedAt, rows, leftOut } = list;
  const format = formatFor(client.reports.locale, timeZone);
  const weight = rows.reduce((sum, { parcel }) => sum + parcel.weight, 0);
  // The style is ours and holds nothing from outside.
  const style: Markup = { markup: `<style>${STYLE}${SIGNATURES}</style>` };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${client.name}: hand-over to ${connection.id}, ${warehouse.name}, ${format.day(day)}</title>
${style}
</head>
<body>
<main>
<header><div><p class="client">${client.name}, ${warehouse.name}</p><h1>Hand-over to ${connection.id}</h1></div><p>${format.day(day)}<br>closed ${format.moment(closedAt.toISOString())}, ${timeZone}</p></header>
<p class="lead">${format.plural(rows.length, 'parcel')}, ${format.weight(weight)} in all.</p>
${leftOut.length > 0 && html`<p class="note warn">${format.plural(leftOut.length, 'parcel')} stay${leftOut.length === 1 && 's'} behind: see <a href="#behind">What stays behind</a> below.</p>`}
${manifestTable(list, format)}
${parcelTable(list, format)}
<section class="sign" aria-label="Signatures">
<div></div><div></div>
<p>Handed over for ${warehouse.name}: name, signature, time</p><p>Taken by the driver: name, signature, time, number of parcels</p>
</section>
${behindTable(list)}
</main>
</body>
</html>
`;
}

function manifestTable({ rows }: HandOverList, format: Format): Markup {
  const manifests = [...Map.groupBy(rows, ({ manifest }) => manifest)];
  return table({
    caption: 'Manifests',
    columns: ['Manifest', 'Carrier', "Carrier's number", 'Parcels#', 'Weight#'],
    rows: manifests.map(([manifest, parcels]) => ({
      cells: [manifestId(manifest), manifest.carrier, manifest.manifestRef || NONE, format.count(parcels.length), format.weight(weightOf(parcels))],
    })),
    empty: 'Nothing was given to the carrier.',
  });
}

function weightOf(rows: HandOverList['rows']): number {
  return rows.reduce((sum, { parcel }) => sum + parcel.weight, 0);
}

function parcelTable({ rows }: HandOverList, format: Format): Markup {
  return table({
    caption: 'Parcels',
    columns: ['Tracking number', 'Order', 'Parcel#', 'Carrier', 'Service', 'Weight#'],
    rows: rows.map(({ parcel: { orderId, parcel, label, weight } }) => ({
      cells: [label?.trackingNumber ?? NONE, orderId, String(parcel), label?.carrier ?? NONE, label?.service ?? NONE, format.weight(weight)],
    })),
    total: ['All', '', format.count(rows.length), '', '', format.weight(weightOf(rows))],
    empty: 'No parcel was given to the carrier.',
  });
}

function behindTable({ leftOut }: HandOverList): Markup {
  return html`<h2 id="behind">What stays behind</h2>
${table({
  caption: 'Left out, each with its reason',
  columns: ['Order', 'Parcel#', 'Tracking number', 'Why'],
  rows: leftOut.map(({ orderId, parcel, trackingNumber, reason }) => ({ cells: [orderId, String(parcel), trackingNumber || NONE, reason] })),
  empty: 'Nothing: everything that waits for this carrier is on the list above.',
})}`;
}
