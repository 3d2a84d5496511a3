import type { Client } from '../../core/client.ts';
import type { DailyReport } from '../../core/report.ts';
import type { Format } from './format.ts';
import { html, type Markup } from './markup.ts';
import { table } from './table.ts';

/** How many lines of one kind a page lists; the CSV and JSON hold them all. */
const LISTED = 25;

/** What a person does about a hold of each kind. */
const HOLD_ADVICE: Readonly<Record<string, string>> = {
  address: 'Correct the address, then authorise the order.',
  payment: 'Nothing now: it goes on when the storefront reports the payment. Ask the customer if it takes long.',
  stock: 'The order names a product that is not in the client file: add it there, with stock.',
  fraud: 'A rule or a person doubts it: look into the order, then release the hold or have the storefront cancel it.',
  duplicate: 'The same customer ordered the same goods shortly before: ask them, then release the hold or have one cancelled.',
  client: 'The storefront changed the order after it was packed: recall the parcel, or release the hold to ship as packed.',
  operator: 'Somebody here stopped it: read the reason on the order, mend the cause, release the hold.',
};

const WAITS_FOR: Readonly<Record<DailyReport['exceptions']['open'][number]['waitsFor'], string>> = {
  held: 'a person',
  backordered: 'stock',
  allocated: 'authorisation',
};

interface Exception {
  readonly title: string;
  readonly count: number;
  readonly todo: string | Markup;
  readonly list: Markup;
  /** How many lines the list could have. */
  readonly lines: number;
}

/** Everything in a day that asks for a person, each with what to do about it. */
export function exceptionSection(report: DailyReport, client: Client, format: Format): Markup {
  const exceptions = [...waiting(report, format), ...still(report, format), ...labels(report, format), ...transport(report, format), ...lowStock(report, client)].filter(
    ({ count }) => count > 0,
  );
  const nothing = html`<p class="note good">Nothing asks for a person: no order waits, no label was refused, no parcel is late or lost, and no stock is low.</p>`;
  return html`<section aria-labelledby="exceptions"><h2 id="exceptions">What needs somebody</h2>
${exceptions.length === 0 ? nothing : exceptions.map((exception) => card(exception, format))}
</section>
`;
}

function card({ title, count, todo, list, lines }: Exception, format: Format): Markup {
  return html`<div class="exception"><h3><span class="count">${format.count(count)}</span> ${title}</h3>
<p class="todo"><b>What to do:</b> ${todo}</p>
${list}${lines > LISTED && html`<p class="more">The first ${LISTED} of ${format.count(lines)}; the CSV and JSON files of this report hold them all.</p>`}
</div>
`;
}

function waiting({ exceptions: { holds, open }, period }: DailyReport, format: Format): Exception[] {
  const kinds = table({
    caption: 'Holds by kind',
    columns: ['Kind', 'Orders held in the day#', 'Held at its end#', 'What to do'],
    rows: holds.map(({ kind, raised, open: left }) => ({ cells: [kind, format.count(raised), format.count(left), HOLD_ADVICE[kind] ?? 'Read the reason on the order.'] })),
    empty: 'No order was held.',
  });
  const orders = table({
    caption: 'Orders that wait, oldest first',
    columns: ['Order', 'Storefront', 'Waits for', 'Units#', 'Received', 'Waiting#'],
    rows: open.slice(0, LISTED).map(({ orderId, connectionId, waitsFor, holds: kindsOf, units, receivedAt }) => ({
      cells: [
        orderId,
        connectionId,
        kindsOf.length > 0 ? `a person (${kindsOf.join(', ')})` : WAITS_FOR[waitsFor],
        format.count(units),
        format.moment(receivedAt),
        format.duration(Math.max(0, Math.round((Date.parse(period.to) - Date.parse(receivedAt)) / 1000))),
      ],
    })),
    empty: 'No order was waiting when the day ended.',
  });
  const backordered = open.filter(({ waitsFor }) => waitsFor === 'backordered').length;
  const toAuthorise = open.filter(({ waitsFor }) => waitsFor === 'allocated').length;
  const todo = [
    'release or mend the held ones as listed by kind',
    ...(toAuthorise > 0 ? [`authorise ${format.count(toAuthorise)}`] : []),
    ...(backordered > 0 ? [`${format.count(backordered)} wait for stock and go on by themselves when it arrives: see supply requests`] : []),
  ];
  const raised = holds.length > 0;
  return [
    {
      title: open.length === 1 ? 'order waits' : 'orders wait',
      count: open.length > 0 || !raised ? open.length : 0,
      todo: `${todo.slice(raised && holds.some((hold) => hold.open > 0) ? 0 : 1).join('; ')}.`,
      list: html`${raised && kinds}${orders}`,
      lines: open.length,
    },
    {
      title: 'kinds of holds were put on orders, and all were settled in the day',
      count: open.length === 0 && raised ? holds.length : 0,
      todo: 'nothing now; holds of one kind day after day point at a cause worth mending.',
      list: kinds,
      lines: 0,
    },
  ];
}

function still({ exceptions: { late } }: DailyReport, format: Format): Exception[] {
  const list = table({
    caption: 'What stood still for longer than its clock allows',
    columns: ['Order', 'Parcel', 'Which clock', 'When'],
    rows: late.slice(0, LISTED).map(({ orderId, parcel, reason, at }) => ({ cells: [orderId, parcel === null ? '' : String(parcel), reason, format.moment(at)] })),
    empty: '',
  });
  const todo = html`ask why with <code>crossdock order explain</code>, which names who can move each of them, and how.`;
  return [{ title: late.length === 1 ? 'order or parcel stood still' : 'orders and parcels stood still', count: late.length, todo, list, lines: late.length }];
}

function labels({ exceptions: { refusedLabels } }: DailyReport, format: Format): Exception[] {
  const list = table({
    caption: 'Refused labels',
    columns: ['Order', 'Parcel#', 'Carrier', 'What the carrier says', 'When'],
    rows: refusedLabels.slice(0, LISTED).map(({ orderId, parcel, carrierId, reason, at }) => ({ cells: [orderId, String(parcel), carrierId, reason, format.moment(at)] })),
    empty: '',
  });
  const todo = "nothing was bought. Mend what the carrier names, usually the address, the weight or the service, then release the order's hold.";
  return [{ title: refusedLabels.length === 1 ? 'label was refused' : 'labels were refused', count: refusedLabels.length, todo, list, lines: refusedLabels.length }];
}

function transport({ exceptions: { delayed, undelivered } }: DailyReport, format: Format): Exception[] {
  const lost = table({
    caption: 'Returned and lost parcels',
    columns: ['Order', 'Parcel#', 'Carrier', 'Outcome', 'When'],
    rows: undelivered.slice(0, LISTED).map(({ orderId, parcel, carrier, service, outcome, at }) => ({
      cells: [orderId, String(parcel), `${carrier} ${service}`, outcome === 'lost' ? 'lost' : 'returned to sender', format.moment(at)],
    })),
    empty: '',
  });
  const late = table({
    caption: 'Delayed parcels',
    columns: ['Order', 'Parcel#', 'Carrier', 'Reported'],
    rows: delayed.slice(0, LISTED).map(({ orderId, parcel, carrier, service, at }) => ({ cells: [orderId, String(parcel), `${carrier} ${service}`, format.moment(at)] })),
    empty: '',
  });
  return [
    {
      title: undelivered.length === 1 ? 'parcel was returned or lost' : 'parcels were returned or lost',
      count: undelivered.length,
      todo: 'tell the storefront, which owes its customer a refund or a replacement; claim lost parcels from the carrier.',
      list: lost,
      lines: undelivered.length,
    },
    {
      title: delayed.length === 1 ? 'parcel is delayed' : 'parcels are delayed',
      count: delayed.length,
      todo: 'the customers have been told. Ask the carrier about any that is not scanned again within two days.',
      list: late,
      lines: delayed.length,
    },
  ];
}

function lowStock({ stock, supply }: DailyReport, client: Client): Exception[] {
  const low = stock.filter((position) => position.low);
  const isAsked = (sku: string, warehouse: string) => supply.some((request) => request.sku === sku && request.warehouse === warehouse && request.receivedAt === null);
  const open = low.filter(({ sku, warehouse }) => !isAsked(sku, warehouse));
  const name = (sku: string) => client.products.find((product) => product.sku === sku)?.name ?? sku;
  const names = low
    .slice(0, LISTED)
    .map(({ sku, warehouse }) => `${name(sku)} in ${warehouse}`)
    .join(', ');
  const todo =
    open.length === 0
      ? 'each has an open supply request below; hold the plants to their dates.'
      : `ask the plants for those without an open supply request: ${open.map(({ sku, warehouse }) => `${name(sku)} in ${warehouse}`).join(', ')}.`;
  return [{ title: low.length === 1 ? 'product is low' : 'products are low', count: low.length, todo, list: html`<p class="more">${names}</p>`, lines: low.length }];
}
