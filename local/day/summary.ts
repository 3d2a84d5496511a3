import { styleText } from 'node:util';
import type { Check } from './checks/check.ts';
import type { DayResult } from './day.ts';
import type { Figures, ShopFigures } from './figures.ts';

/** What happened, for people. */
export function summaryOf({ figures, checks, examples }: Pick<DayResult, 'figures' | 'checks' | 'examples'>): string {
  const failed = checks.filter(({ ok }) => !ok).length;
  const verdict = failed === 0 ? `All ${checks.length} checks hold.` : `${failed} of ${checks.length} checks FAILED.`;
  return [...happened(figures), ...toExplain(examples), '', ...shopTable(figures.storefronts), '', ...checks.flatMap(checkLines), '', verdict].join('\n');
}

function happened({ orders, ...rest }: Figures): string[] {
  const rows: readonly [string, string][] = [
    ['Orders', `${orders.received} received; ${orders.duplicatesRefused} duplicates and older versions refused`],
    ['', `${orders.held} held for a person or a payment, ${orders.backordered} waited for stock`],
    ['', `${orders.delivered} delivered, ${orders.returned} returned, ${orders.cancelled} cancelled, ${orders.closed} closed with nothing to ship`],
    ['Labels', `${rest.labelsBought} bought`],
    ['Told', `${rest.customerNotices} notices to customers, ${rest.plantAlerts} alerts to plants`],
    ['Lost', `${rest.lostWebhooks} webhooks; ${rest.foundByPoll} orders were found by reading, ${rest.subscriptionsRepaired} subscriptions mended`],
    ['Report', `${rest.reportObjects} objects`],
    ['Dead letters', `${rest.deadLetters}, from input that was broken on purpose`],
    ['Time', `${rest.seconds} s`],
  ];
  return rows.map(([name, text]) => `  ${name.padEnd(13)} ${text}`);
}

/** Orders that the hub can say something about, as long as the stack stays up. */
function toExplain(examples: DayResult['examples']): string[] {
  return examples.map(({ orderId, shows }, index) => `  ${(index === 0 ? 'To explain' : '').padEnd(13)} ${orderId} ${shows}`);
}

const COLUMNS: readonly [string, (shop: ShopFigures) => number][] = [
  ['orders', ({ orders }) => orders],
  ['webhooks', ({ webhooks }) => webhooks],
  ['lost', ({ lost }) => lost],
  ['found by reading', (shop) => shop.foundByPoll],
  ['mended', ({ mended }) => mended],
  ['parcels told', ({ parcelsTold }) => parcelsTold],
  ['SKUs told', ({ stockTold }) => stockTold],
];

/** What each storefront saw of the day. */
function shopTable(shops: readonly ShopFigures[]): string[] {
  const names = shops.map(({ id, kind }) => `${id} (${kind})`);
  const width = Math.max('Storefront'.length, ...names.map((name) => name.length));
  const heading = `  ${'Storefront'.padEnd(width)}  ${COLUMNS.map(([title]) => title).join('  ')}`;
  return [
    heading,
    ...shops.map((shop, index) => `  ${(names[index] ?? '').padEnd(width)}  ${COLUMNS.map(([title, value]) => String(value(shop)).padStart(title.length)).join('  ')}`),
  ];
}

const FAULTS_SHOWN = 8;

function checkLines({ name, ok, figures, faults }: Check): string[] {
  const shown = faults.slice(0, FAULTS_SHOWN).map((fault) => `           - ${fault}`);
  const more = faults.length > FAULTS_SHOWN ? [`           - and ${faults.length - FAULTS_SHOWN} more`] : [];
  return [`  ${ok ? styleText('green', ' ok ') : styleText('red', 'FAIL')}   ${name.padEnd(56)} ${figures}`, ...shown, ...more];
}
