import type { Client } from '../../core/client.ts';
import { checksumOf, type DailyReport } from '../../core/report.ts';
import type { DocumentContext, ReportDocument } from '../document.ts';
import { chartSection } from '../html/day-charts.ts';
import { exceptionSection } from '../html/exceptions.ts';
import { type Format, formatFor, NONE } from '../html/format.ts';
import { html, type Markup } from '../html/markup.ts';
import { STYLE } from '../html/style.ts';
import { table } from '../html/table.ts';

/** For people: one page that needs nothing but itself, to be read on a screen, on a phone or on paper. */
export default {
  id: 'html',
  extension: 'html',
  contentType: 'text/html; charset=utf-8',
  render: (report, context) => Buffer.from(page(report, context).markup, 'utf8'),
} satisfies ReportDocument;

function page(report: DailyReport, context: DocumentContext): Markup {
  const { client, period } = report;
  const format = formatFor(context.client.reports.locale, period.timeZone);
  const day = format.day(period.day);
  // The style is ours and holds nothing from outside.
  const style: Markup = { markup: `<style>${STYLE}</style>` };
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
<title>${client.name}: daily report, ${day}</title>
${style}
</head>
<body>
<main>
<header><div><p class="client">${client.name}</p><h1>${day}</h1></div><p>Daily report of orders and parcels<br>${format.moment(period.from)} to ${format.moment(period.to)}, ${period.timeZone}</p></header>
<p class="lead">${summary(report, format)}</p>
${attention(report, format)}
${tiles(report, format)}
${counts(report, format)}
${chartSection(report, format)}
${tables(report, context.client, format)}
${exceptionSection(report, context.client, format)}
${times(report, format)}
${stockAndSupply(report, context.client, format)}
${footnote(report, context, format)}
</main>
</body>
</html>
`;
}

function summary({ headline: { orders, parcels, orderValue }, receivedToShipped }: DailyReport, format: Format): string {
  if (orders.received === 0 && parcels.dispatched === 0 && parcels.delivered === 0) return 'A quiet day: no order came in and no parcel moved.';
  const worth = orderValue.length > 0 ? `, worth ${format.amounts(orderValue)}` : '';
  const speed =
    receivedToShipped.parcels > 1
      ? ` Half of them were with the carrier within ${format.duration(receivedToShipped.median)} of the order, nine in ten within ${format.duration(receivedToShipped.percentile90)}.`
      : '';
  const left = parcels.dispatched === 0 ? 'no parcel left' : `${format.plural(parcels.dispatched, 'parcel')} left`;
  return `${format.plural(orders.received, 'order')} came in${worth}, and ${left}.${speed}`;
}

function attention({ headline: { orders }, exceptions, stock }: DailyReport, format: Format): Markup {
  const low = stock.filter((position) => position.low).length;
  const parts = [
    { count: orders.open, words: `${format.plural(orders.open, 'order')} still ${orders.open === 1 ? 'waits' : 'wait'}` },
    { count: exceptions.refusedLabels.length, words: `${format.plural(exceptions.refusedLabels.length, 'label')} refused` },
    { count: exceptions.undelivered.length, words: `${format.plural(exceptions.undelivered.length, 'parcel')} returned or lost` },
    { count: exceptions.delayed.length, words: `${format.plural(exceptions.delayed.length, 'parcel')} delayed` },
    { count: low, words: `${format.plural(low, 'product')} low in stock` },
  ].filter(({ count }) => count > 0);
  if (parts.length === 0) return html`<p class="note good">Nothing needs anybody: no order waits and no stock is low.</p>`;
  return html`<p class="note warn">${parts.map(({ words }) => words).join(' · ')}. <a href="#exceptions">What to do</a></p>`;
}

function tiles({ headline: { orders, parcels, units, orderValue, labelCost }, receivedToShipped, carriers }: DailyReport, format: Format): Markup {
  const money = (list: typeof orderValue) =>
    list.length === 0 ? html`${NONE}` : html`${list.map(({ currency, amount }) => html`<span>${format.money(amount, currency)}</span>`)}`;
  const averages = labelCost.map(({ currency, amount }) => {
    const labels = carriers.filter((row) => row.currency === currency).reduce((sum, row) => sum + row.parcels, 0);
    return format.money(Math.round(amount / Math.max(1, labels)), currency);
  });
  const tile = (title: string, figure: Markup, under: string) => html`<div class="tile"><h3>${title}</h3><p class="figure">${figure}</p><p class="under">${under}</p></div>
`;
  return html`<section class="tiles" aria-label="Headline figures">
${tile('Orders received', html`${format.count(orders.received)}`, `${format.count(orders.accepted)} accepted`)}
${tile('Parcels dispatched', html`${format.count(parcels.dispatched)}`, `${format.count(parcels.delivered)} delivered`)}
${tile('Received to shipped', html`${format.duration(receivedToShipped.median)}`, receivedToShipped.parcels === 0 ? 'no parcel shipped' : `median; nine in ten within ${format.duration(receivedToShipped.percentile90)}`)}
${tile('Order value', money(orderValue), `${format.plural(units.ordered, 'unit')} ordered`)}
${tile('Label cost', money(labelCost), averages.length === 0 ? 'no label bought' : `${averages.join(' + ')} a label on average`)}
${tile('Waiting at the end', html`${format.count(orders.open)}`, orders.open === 1 ? 'order held, backordered or to authorise' : 'orders held, backordered or to authorise')}
</section>`;
}

function counts({ headline: { orders, parcels } }: DailyReport, format: Format): Markup {
  const list = (title: string, figures: readonly (readonly [string, number])[]) =>
    html`<div class="card"><h3>${title}</h3><dl>${figures.map(([name, value]) => html`<div${value === 0 && html` class="zero"`}><dt>${name}</dt><dd>${format.count(value)}</dd></div>`)}</dl></div>
`;
  return html`<section class="counts" aria-label="Orders and parcels by step">
${list('Orders', [
  ['Received', orders.received],
  ['Accepted', orders.accepted],
  ['Packed', orders.packed],
  ['Dispatched', orders.dispatched],
  ['Delivered', orders.delivered],
  ['Closed', orders.closed],
  ['Held', orders.held],
  ['Released', orders.released],
  ['Backordered', orders.backordered],
  ['Filled', orders.filled],
  ['Cancelled', orders.cancelled],
  ['Still waiting', orders.open],
])}${list('Parcels', [
  ['Packed', parcels.packed],
  ['Labelled', parcels.labelled],
  ['Dispatched', parcels.dispatched],
  ['Delivered', parcels.delivered],
  ['Refused', parcels.refused],
  ['Delayed', parcels.delayed],
])}</section>`;
}

function tables({ storefronts, products, destinations, carriers, headline }: DailyReport, client: Client, format: Format): Markup {
  const { count } = format;
  const moved = destinations.toSorted((a, b) => b.orders - a.orders);
  return html`<section aria-labelledby="tables"><h2 id="tables">The figures</h2>
${table({
  caption: 'By storefront',
  columns: ['Storefront', 'Received#', 'Accepted#', 'Held#', 'Backordered#', 'Cancelled#', 'Units#', 'Value#', 'Parcels dispatched#'],
  rows: storefronts.map((row) => ({
    cells: [
      row.connectionId,
      ...[row.received, row.accepted, row.held, row.backordered, row.cancelled, row.units].map(count),
      amountCell(row.value, format),
      count(row.dispatched),
    ],
  })),
  total: [
    'All',
    ...[headline.orders.received, headline.orders.accepted, headline.orders.held, headline.orders.backordered, headline.orders.cancelled, headline.units.ordered].map(count),
    amountCell(headline.orderValue, format),
    count(headline.parcels.dispatched),
  ],
  empty: 'The client has no storefront.',
})}${table({
  caption: 'By product',
  columns: ['Product', 'Orders#', 'Units ordered#', 'Units packed#', 'On hand#', 'Reserved#', 'Quarantined#', 'Available#', 'Incoming#'],
  rows: products
    .toSorted((a, b) => b.ordered - a.ordered || b.packed - a.packed)
    .map(({ sku, name, orders, ordered, packed, stock }) => ({
      cells: [
        html`${name ?? 'Not in the client file'}<small>${sku === '' ? 'no SKU' : sku}</small>`,
        ...[orders, ordered, packed].map(count),
        ...(stock === null ? [NONE, NONE, NONE, NONE, NONE] : [stock.onHand, stock.reserved, stock.quarantined, stock.available, stock.incoming].map(count)),
      ],
    })),
  empty: 'The client has no product.',
})}${table({
  caption: 'By destination',
  columns: ['Country', 'Orders accepted#', 'Share#', 'Units#', 'Parcels dispatched#'],
  rows: moved.map(({ country, orders, units, parcels }) => ({
    cells: [format.country(country), count(orders), percent(orders, headline.orders.accepted), count(units), count(parcels)],
  })),
  empty: 'No order was accepted and no parcel dispatched.',
})}${table({
  caption: 'By carrier and service',
  columns: ['Carrier and service', 'Parcels#', 'Share#', 'Units#', 'Cost#', 'Average#'],
  rows: carriers
    .toSorted((a, b) => b.parcels - a.parcels)
    .map(({ carrierId, carrier, service, currency, parcels, units, cost, averageCost }) => ({
      cells: [
        html`${carrier} ${service}${client.carriers.length > 1 && html`<small>by ${carrierId}</small>`}`,
        count(parcels),
        percent(parcels, headline.parcels.labelled),
        count(units),
        format.money(cost, currency),
        format.money(averageCost, currency),
      ],
    })),
  empty: 'No label was bought.',
})}</section>
`;
}

function times({ receivedToShipped, storefronts }: DailyReport, format: Format): Markup {
  const cells = (name: string, row: DailyReport['receivedToShipped']) => [
    name,
    format.count(row.parcels),
    format.duration(row.median),
    format.duration(row.percentile90),
    row.slowest === null ? NONE : html`${format.duration(row.slowest.seconds)}<small>${row.slowest.orderId}</small>`,
  ];
  return html`<section aria-labelledby="times"><h2 id="times">From order to carrier</h2>
${table({
  caption: 'Received to shipped',
  columns: ['Storefront', 'Parcels#', 'Half within#', 'Nine in ten within#', 'Slowest#'],
  rows: receivedToShipped.parcels === 0 ? [] : storefronts.map((row) => ({ cells: cells(row.connectionId, row.receivedToShipped) })),
  total: cells('All', receivedToShipped),
  empty: 'No parcel was dispatched in the day, so there are no times to show.',
})}</section>
`;
}

function stockAndSupply({ stock, supply, period }: DailyReport, client: Client, format: Format): Markup {
  const productName = (sku: string) => client.products.find((product) => product.sku === sku)?.name ?? sku;
  const placeName = (id: string) => client.warehouses.find((warehouse) => warehouse.id === id)?.name ?? id;
  const plantName = (id: string) => client.plants.find((plant) => plant.id === id)?.name ?? id;
  const { count } = format;
  return html`<section aria-labelledby="stock"><h2 id="stock">Stock and supply</h2>
${table({
  caption: 'Stock when the day ended, as far as it moved',
  columns: ['Product', 'Warehouse', 'On hand#', 'Reserved#', 'Quarantined#', 'Available#', 'Reorder point#', 'Incoming#', 'State'],
  rows: stock
    .toSorted((a, b) => Number(b.low) - Number(a.low))
    .map(({ sku, warehouse, onHand, reserved, quarantined, available, incoming, reorderPoint, low, alerts }) => ({
      low,
      cells: [
        html`${productName(sku)}<small>${sku}</small>`,
        placeName(warehouse),
        ...[onHand, reserved, quarantined, available].map(count),
        reorderPoint === null ? NONE : count(reorderPoint),
        count(incoming),
        low ? html`<span class="flag">low</span>` : alerts > 0 ? 'was low' : 'enough',
      ],
    })),
  empty: 'No stock moved, so there is no position to show.',
})}${table({
  caption: 'Supply requests',
  columns: ['Product', 'Plant', 'Warehouse', 'Units#', 'Requested', 'Received', 'Request'],
  rows: supply.map(({ requestId, plant, sku, warehouse, quantity, requestedAt, receivedAt }) => ({
    cells: [
      html`${productName(sku)}<small>${sku}</small>`,
      plantName(plant),
      placeName(warehouse),
      count(quantity),
      requestedAt === null ? 'before' : format.time(requestedAt, period.day),
      receivedAt === null ? 'open' : format.time(receivedAt, period.day),
      html`<small>${requestId}</small>`,
    ],
  })),
  empty: 'No supply was requested, received or open.',
})}</section>
`;
}

const DEFINITIONS: readonly (readonly [string, string])[] = [
  ['Received', 'orders that the hub saw for the first time in the day.'],
  ['Accepted', 'received orders that are to be shipped: not cancelled, no test, with something to ship. Units and value are as accepted; later changes are not in them.'],
  ['Held, released', 'orders on which a hold was put; orders whose last hold ended.'],
  ['Backordered, filled', 'orders that began to wait for stock; orders that had waited and got it.'],
  ['Closed', 'orders that ended without a parcel for another reason than being cancelled.'],
  ['Labelled', 'parcels for which a label was bought; its cost is what the carrier charged, in the currency it charged.'],
  ['Dispatched', 'first scanned by the carrier. A label bought is not yet a parcel shipped.'],
  [
    'Received to shipped',
    'from the hub’s receipt of the order to that first scan, for parcels dispatched in the day. Half within, nine in ten within: the 50th and 90th percentile, nearest rank.',
  ],
  ['Available', 'on hand less reserved and quarantined (damaged, returned and not inspected, or expired). Low: at or below the reorder point of the client file.'],
  [
    'Counting',
    'an order or parcel counts once in a line, and in the day in which it happened: an order received yesterday and packed today is received yesterday and packed today.',
  ],
  ['Money', 'is never added across currencies.'],
];

function footnote(report: DailyReport, { generatedAt }: DocumentContext, format: Format): Markup {
  const { period, facts } = report;
  return html`<footer><h2>How to read this</h2>
<dl>${DEFINITIONS.map(
    ([term, meaning]) => html`<div><dt>${term}</dt><dd>${meaning}</dd></div>
`,
  )}</dl>
<p>Period: ${period.from} to ${period.to} UTC, the calendar day ${period.day} in ${period.timeZone}. Worked out from ${format.plural(facts.counted, 'event')} of the day${facts.earlier > 0 && ` and ${format.plural(facts.earlier, 'earlier one')} for what stood at its end`}.${generatedAt !== undefined && ` Written at ${generatedAt.toISOString()}.`}<br>
Checksum of the content: <code>${checksumOf(report)}</code></p>
</footer>`;
}

function amountCell(list: DailyReport['headline']['orderValue'], format: Format): Markup {
  return list.length === 0 ? html`${NONE}` : html`${list.map(({ currency, amount }) => html`<span>${format.money(amount, currency)}</span>`)}`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? NONE : `${Math.round((100 * part) / whole)} %`;
}
