import type { DailyReport } from '../../core/report.ts';
import { type Bar, barChart, columnChart } from './chart.ts';
import type { Format } from './format.ts';
import { html, type Markup } from './markup.ts';

/** The day as pictures: when orders came, what was in them, who carried it, where it went. */
export function chartSection(report: DailyReport, format: Format): Markup {
  return html`<section aria-labelledby="charts"><h2 id="charts">The day in charts</h2><div class="charts">
<figure class="wide"><figcaption>Orders received by hour <small>Hours of the local clock</small></figcaption>${byHour(report, format)}</figure>
${byProduct(report, format)}
<div class="stack">${byCarrier(report, format)}
${byDestination(report, format)}</div>
</div></section>
`;
}

function byHour({ hours, headline: { orders } }: DailyReport, format: Format): Markup {
  if (orders.received === 0) return html`<p class="empty">No order was received, so there is nothing to draw.</p>`;
  const busiest = hours.reduce((most, hour) => (hour.received > most.received ? hour : most));
  const columns = hours.map(({ hour, received }) => ({ label: `${clock(hour)} to ${clock(hour + 1)}`, ...(hour % 3 === 0 && { tick: clock(hour).slice(0, 2) }), value: received }));
  return columnChart(columns, {
    id: 'hours',
    title: 'Orders received by hour of the local day',
    description: `${format.count(orders.received)} orders in ${hours.length} hours; most from ${clock(busiest.hour)} to ${clock(busiest.hour + 1)}: ${format.count(busiest.received)}.`,
  });
}

function byProduct({ products }: DailyReport, format: Format): Markup {
  const moved = products.filter((product) => product.ordered > 0 || product.packed > 0).sort((a, b) => b.ordered - a.ordered || b.packed - a.packed);
  const bars = moved.map(({ sku, name, ordered, packed }) => ({
    label: name ?? (sku || 'A line without SKU'),
    value: html`<b>${format.count(ordered)}</b> · ${format.count(packed)} packed`,
    outer: ordered,
    inner: packed,
  }));
  const key = html`<span class="key"></span> ordered <span class="key inner"></span> packed`;
  return ranking({ title: 'Units by product', subtitle: key, bars, most: 12, empty: 'No unit was ordered or packed.' });
}

function byCarrier({ carriers }: DailyReport, format: Format): Markup {
  const bars = carriers
    .toSorted((a, b) => b.parcels - a.parcels)
    .map(({ carrier, service, parcels, averageCost, currency }) => ({
      label: `${carrier} ${service}`,
      value: html`<b>${format.count(parcels)}</b> · ${format.money(averageCost, currency)} each`,
      inner: parcels,
    }));
  return ranking({ title: 'Parcels by carrier and service', subtitle: html`Labels bought`, bars, most: 6, empty: 'No label was bought.' });
}

function byDestination({ destinations }: DailyReport, format: Format): Markup {
  const bars = destinations
    .filter((row) => row.orders > 0)
    .sort((a, b) => b.orders - a.orders)
    .map(({ country, orders, units }) => ({ label: format.country(country), value: html`<b>${format.count(orders)}</b> · ${format.plural(units, 'unit')}`, inner: orders }));
  return ranking({ title: 'Destinations', subtitle: html`Accepted orders by country`, bars, most: 8, empty: 'No order was accepted.' });
}

function ranking({ title, subtitle, bars, most, empty }: { title: string; subtitle: Markup; bars: readonly Bar[]; most: number; empty: string }): Markup {
  const rest = bars.length - most;
  return html`<figure><figcaption>${title} <small>${subtitle}</small></figcaption>${bars.length === 0 ? html`<p class="empty">${empty}</p>` : barChart(bars.slice(0, most))}${rest > 0 && html`<p class="empty">and ${rest} more in the table below</p>`}</figure>`;
}

function clock(hour: number): string {
  return `${String(hour % 24).padStart(2, '0')}:00`;
}
