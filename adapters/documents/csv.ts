import { stringify } from 'csv-stringify/sync';
import { printMoney } from '../../core/money.ts';
import { checksumOf, type DailyReport } from '../../core/report.ts';
import type { ReportDocument } from '../document.ts';

/** One figure: where it belongs, what it is of, what it measures, in which unit. */
type Row = readonly [section: string, key: string, measure: string, unit: string, value: string | number | null];
type Figures = Readonly<Record<string, string | number | null>>;

/** For spreadsheets: one long table, so that a pivot table or a filter finds any figure by its section, key and measure. */
export default {
  id: 'csv',
  extension: 'csv',
  contentType: 'text/csv; charset=utf-8',
  render: (report, { generatedAt }) => {
    const rows = [...aboutRows(report, generatedAt), ...headlineRows(report), ...breakdownRows(report), ...exceptionRows(report), ...timeRows(report), ...stockRows(report)];
    return Buffer.from(
      stringify(
        rows.map((row) => row.map(safe)),
        {
          header: true,
          columns: ['section', 'key', 'measure', 'unit', 'value'],
          // Without the mark Excel reads UTF-8 as the code page of the country, and names turn to rubbish.
          bom: true,
          quoted_string: true,
          escape_formulas: true,
          // RFC 4180
          record_delimiter: 'windows',
        },
      ),
      'utf8',
    );
  },
} satisfies ReportDocument;

/**
 * Takes off what would hide a leading `=`, `+`, `-` or `@` from the escaping of formulas, and what would break the line; and escapes them after
 * a semicolon too, where a spreadsheet of a country with decimal commas begins a cell. https://owasp.org/www-community/attacks/CSV_Injection
 */
export function safe(cell: string | number | null): string | number {
  if (typeof cell === 'number') return cell;
  return (cell ?? '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/^[\p{White_Space}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]+/u, '')
    .replace(/;(?=["'\p{White_Space}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]*[=+\-@＝＋－＠])/gu, ";'")
    .trimEnd();
}

function aboutRows(report: DailyReport, generatedAt: Date | undefined): Row[] {
  const { period, client, facts } = report;
  const about: Figures = { client: client.name, day: period.day, from: period.from, to: period.to, timeZone: period.timeZone, events: facts.counted, earlierEvents: facts.earlier };
  const generated: Figures = generatedAt === undefined ? {} : { generatedAt: generatedAt.toISOString() };
  return rowsOf('report', client.id, { ...about, ...generated, checksum: checksumOf(report) }, '');
}

function headlineRows({ headline: { orders, parcels, units, orderValue, labelCost } }: DailyReport): Row[] {
  return [
    ...rowsOf('headline', 'all', orders, 'orders'),
    ...rowsOf('headline', 'all', parcels, 'parcels'),
    ...rowsOf('headline', 'all', units, 'units'),
    ...moneyRows('headline', 'all', 'orderValue', orderValue),
    ...moneyRows('headline', 'all', 'labelCost', labelCost),
  ];
}

function breakdownRows(report: DailyReport): Row[] {
  return [
    ...report.hours.map(({ from, received }): Row => ['hour', from, 'received', 'orders', received]),
    ...report.storefronts.flatMap(({ connectionId, units, dispatched, value, receivedToShipped: _, ...orders }) => [
      ...rowsOf('storefront', connectionId, orders, 'orders'),
      ...rowsOf('storefront', connectionId, { ordered: units }, 'units'),
      ...rowsOf('storefront', connectionId, { dispatched }, 'parcels'),
      ...moneyRows('storefront', connectionId, 'orderValue', value),
    ]),
    ...report.products.flatMap(({ sku, name, orders, ordered, packed, stock }) => [
      ...rowsOf('product', sku, { name }, ''),
      ...rowsOf('product', sku, { orders }, 'orders'),
      ...rowsOf('product', sku, { ordered, packed, ...stock }, 'units'),
    ]),
    ...report.destinations.flatMap(({ country, orders, units, parcels }) => [
      ...rowsOf('destination', country || 'unknown', { orders }, 'orders'),
      ...rowsOf('destination', country || 'unknown', { ordered: units }, 'units'),
      ...rowsOf('destination', country || 'unknown', { dispatched: parcels }, 'parcels'),
    ]),
    ...report.carriers.flatMap(({ carrier, service, currency, parcels, units, cost, averageCost }) => {
      const key = `${carrier} ${service}`;
      return [
        ...rowsOf('carrier', key, { labelled: parcels }, 'parcels'),
        ...rowsOf('carrier', key, { labelled: units }, 'units'),
        ...moneyRows('carrier', key, 'labelCost', [{ currency, amount: cost }]),
        ...moneyRows('carrier', key, 'averageLabelCost', [{ currency, amount: averageCost }]),
      ];
    }),
  ];
}

function exceptionRows({ exceptions }: DailyReport): Row[] {
  return [
    ...exceptions.holds.flatMap(({ kind, raised, open }) => rowsOf('hold', kind, { raised, open }, 'orders')),
    ...exceptions.open.flatMap(({ orderId, connectionId, waitsFor, holds, units, receivedAt, since }) => [
      ...rowsOf('open order', orderId, { storefront: connectionId, waitsFor, holds: holds.join(' '), receivedAt, since }, ''),
      ...rowsOf('open order', orderId, { units }, 'units'),
    ]),
    ...exceptions.refusedLabels.flatMap(({ carrierId, reason, at, ...name }) => rowsOf('refused label', parcelKey(name), { carrier: carrierId, reason, at }, '')),
    ...exceptions.late.flatMap(({ orderId, parcel, reason, at }) => rowsOf('late', parcel === null ? orderId : parcelKey({ orderId, parcel }), { reason, at }, '')),
    ...exceptions.delayed.flatMap(({ carrier, service, at, ...name }) => rowsOf('delayed parcel', parcelKey(name), { carrier, service, at }, '')),
    ...exceptions.undelivered.flatMap(({ carrier, service, outcome, at, ...name }) => rowsOf('undelivered parcel', parcelKey(name), { carrier, service, outcome, at }, '')),
  ];
}

function timeRows({ receivedToShipped, storefronts }: DailyReport): Row[] {
  const all = [{ key: 'all', times: receivedToShipped }, ...storefronts.map((storefront) => ({ key: storefront.connectionId, times: storefront.receivedToShipped }))];
  return all.flatMap(({ key, times: { parcels, median, percentile90, slowest } }) => [
    ...rowsOf('received to shipped', key, { parcels }, 'parcels'),
    ...rowsOf('received to shipped', key, { median, percentile90, slowest: slowest?.seconds ?? null }, 'seconds'),
  ]);
}

function stockRows({ stock, supply }: DailyReport): Row[] {
  return [
    ...stock.flatMap(({ sku, warehouse, low, alerts, ...units }) => [
      ...rowsOf('stock', `${sku} ${warehouse}`, units, 'units'),
      ...rowsOf('stock', `${sku} ${warehouse}`, { low: low ? 'yes' : 'no', alerts }, ''),
    ]),
    ...supply.flatMap(({ requestId, quantity, ...about }) => [...rowsOf('supply request', requestId, about, ''), ...rowsOf('supply request', requestId, { quantity }, 'units')]),
  ];
}

function rowsOf(section: string, key: string, figures: Figures, unit: string): Row[] {
  return Object.entries(figures).map(([measure, value]) => [section, key, measure, unit, value]);
}

function moneyRows(section: string, key: string, measure: string, amounts: DailyReport['headline']['orderValue']): Row[] {
  return amounts.map(({ currency, amount }) => [section, key, measure, currency, printMoney(amount, currency)]);
}

function parcelKey({ orderId, parcel }: { readonly orderId: string; readonly parcel: number }): string {
  return `${orderId}/${parcel}`;
}
