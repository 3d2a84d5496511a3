import type { Demand } from './inventory.ts';
import { printMoney } from './money.ts';
import type { Order, OrderStatus } from './order.ts';
import { compareVersions, fulfilledIn, idOf, type OrderDocument, soldIn, sourceVersionOf } from './order-document.ts';

/** What taking a version of an order in once more would do to it. */
export interface Rehearsed {
  readonly orderId: string;
  /** `older` is also the other reading of a version that the hub has; `erased`: its personal data are deleted and stay so. */
  readonly outcome: 'new' | 'would change' | 'known' | 'older' | 'erased';
  /** Null where the hub does not know the order. */
  readonly before: OrderStatus | null;
  /** Null where nothing would be done. */
  readonly after: OrderStatus | null;
  /** What differs from the version that the hub has, personal data by name only. */
  readonly changes: readonly string[];
}

/** Which of several versions of an order a batch of them amounts to. */
export function newestOf(versions: readonly OrderDocument[]): OrderDocument[] {
  const newest = new Map<string, OrderDocument>();
  for (const version of versions) {
    const other = newest.get(idOf(version));
    if (other === undefined || compareVersions(sourceVersionOf(version), sourceVersionOf(other)) > 0) newest.set(idOf(version), version);
  }
  return [...newest.values()];
}

/** Whether a version is news to the hub. */
export function isNews(document: OrderDocument, order: Pick<Order, 'source'> | undefined): boolean {
  return order === undefined || compareVersions(sourceVersionOf(document), order.source) > 0;
}

const PERSONAL = ['email', 'phone', 'locale'] as const;

/** How two versions of an order differ: figures as old -> new, personal data by name only. */
export function differencesBetween(before: OrderDocument, after: OrderDocument): string[] {
  return [
    ...said('number', before.number, after.number),
    ...said('test', yes(before.test), yes(after.test)),
    ...said('cancelled', yes(before.cancelled), yes(after.cancelled)),
    ...said('paid', yes(before.paid), yes(after.paid)),
    ...said('total', moneyOf(before), moneyOf(after)),
    ...unitsSaid('units', soldIn(before), soldIn(after)),
    ...unitsSaid('shipped units', fulfilledIn(before), fulfilledIn(after)),
    ...said('placed at', before.placedAt, after.placedAt),
    ...(same(before.shipTo, after.shipTo) ? [] : ['address']),
    ...PERSONAL.filter((field) => before[field] !== after[field]),
    ...(same(wordsOf(before), wordsOf(after)) ? [] : ['titles, prices or ids of lines']),
  ];
}

function said(what: string, before: string, after: string): string[] {
  return before === after ? [] : [`${what}: ${before} -> ${after}`];
}

function yes(is: boolean): string {
  return is ? 'yes' : 'no';
}

function moneyOf({ total, currency }: OrderDocument): string {
  return `${printMoney(total, currency)} ${currency}`;
}

function unitsSaid(what: string, before: readonly Demand[], after: readonly Demand[]): string[] {
  const unitsOf = (units: readonly Demand[], sku: string) => units.find((one) => one.sku === sku)?.quantity ?? 0;
  const skus = [...new Set([...before, ...after].map(({ sku }) => sku))].sort();
  return skus.flatMap((sku) => said(`${what} of ${sku || 'a line without SKU'}`, String(unitsOf(before, sku)), String(unitsOf(after, sku))));
}

function wordsOf({ lines }: OrderDocument) {
  return lines.map(({ lineId, sku, title, unitPrice, requiresShipping }) => [lineId, sku, title, unitPrice, requiresShipping]);
}

function same(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
