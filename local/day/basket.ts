import type { Client } from '../../core/client.ts';
import type { Random } from '../simulators/seed.ts';
import type { SoldLine } from '../simulators/sold-order.ts';
import type { Course, Goods } from './courses.ts';

/** What one course alone sells, and where it is kept: by its place in the client file. The rest is sold in every mix. */
const APART: Readonly<Partial<Record<Goods, readonly { readonly sku: string; readonly quantity: number; readonly warehouse: number; readonly enough: boolean }[]>>> = {
  'far-apart': [
    { sku: 'RAFT-PACK', quantity: 1, warehouse: 0, enough: true },
    { sku: 'PADDLE-4', quantity: 1, warehouse: 1, enough: true },
  ],
  'sold-out': [{ sku: 'LAMP-BRASS', quantity: 3, warehouse: 0, enough: false }],
};
const KEPT = new Map(
  Object.values(APART)
    .flat()
    .map((line) => [line.sku, line]),
);

/** Where a product is kept that only one course sells, and whether there is enough of it; undefined for all others. */
export function keptApart(sku: string): { readonly warehouse: number; readonly enough: boolean } | undefined {
  return KEPT.get(sku);
}

/** Units of the products that an order's lines come to: kits are taken apart. */
export function productsIn(units: ReadonlyMap<string, number>, { kits }: Pick<Client, 'kits'>): Map<string, number> {
  const products = new Map<string, number>();
  for (const [sku, quantity] of units) {
    const parts = kits.find((kit) => kit.sku === sku)?.parts ?? [{ sku, quantity: 1 }];
    for (const part of parts) products.set(part.sku, (products.get(part.sku) ?? 0) + part.quantity * quantity);
  }
  return products;
}

/** The highest total that nobody has to look at: above it the policy, or a rule, asks for a person. Minor units. */
export function usualLimit({ policies, rules }: Pick<Client, 'policies' | 'rules'>): number {
  const ruled = rules.filter(({ actions }) => actions.some((action) => action.do === 'authorise' && action.by === 'person'));
  return Math.min(policies.authorisation.limit ?? Number.POSITIVE_INFINITY, ...ruled.map(({ when }) => when.totalAbove ?? Number.POSITIVE_INFINITY));
}

/** What a customer buys. */
export function linesOf(sourceId: string, course: Course, client: Client, random: Random): SoldLine[] {
  const id = lineIds(sourceId);
  switch (course.goods) {
    case 'gift-card':
      return [{ lineId: id(1), sku: null, title: 'Gift card', quantity: 1, unitPrice: 5_000, grams: 0, kind: 'gift-card' }];
    case 'no-sku':
      return [{ lineId: id(1), sku: null, title: 'Hand-made one-off', quantity: 1, unitPrice: 12_000, grams: 400, kind: 'goods' }];
    case 'kit':
      return client.kits.slice(0, 1).map((kit) => lineOf(id(1), { ...kit, weight: weightOf(kit.parts, client) }, 1));
    case 'far-apart':
    case 'sold-out':
      return (APART[course.goods] ?? []).flatMap(({ sku, quantity }, index) => {
        const product = client.products.find((one) => one.sku === sku);
        return product === undefined ? [] : [lineOf(id(index + 1), product, quantity)];
      });
    case 'any':
      return anyLines(id, course, client, random);
    default:
      return course.goods satisfies never;
  }
}

/** The same goods for another order. */
export function sameLines(sourceId: string, lines: readonly SoldLine[]): SoldLine[] {
  const id = lineIds(sourceId);
  return lines.map((line, index) => ({ ...line, lineId: id(index + 1) }));
}

function lineIds(sourceId: string): (n: number) => string {
  return (n) => `${sourceId.replace(/\D/g, '').slice(-9).padStart(11, '1')}${n}`;
}

/** A price for a product, from its weight: good enough for a story. Minor units. */
function priceOf(weight: number): number {
  return 900 + Math.round((weight * 9) / 100) * 100;
}

function weightOf(parts: Client['kits'][number]['parts'], { products }: Client): number {
  return parts.reduce((sum, { sku, quantity }) => sum + quantity * (products.find((product) => product.sku === sku)?.weight ?? 0), 0);
}

function lineOf(lineId: string, { sku, name, weight }: { readonly sku: string; readonly name: string; readonly weight: number }, quantity: number): SoldLine {
  return { lineId, sku, title: name, quantity, unitPrice: priceOf(weight), grams: weight, kind: 'goods' };
}

function anyLines(id: (n: number) => string, course: Course, client: Client, random: Random): SoldLine[] {
  const limit = usualLimit(client);
  const wanted = Math.max(course.minimumLines, random.pick([1, 1, 1, 2, 2, 3]));
  const lines: SoldLine[] = [];
  let total = 0;
  for (const product of random.shuffle(client.products.filter(({ sku }) => keptApart(sku) === undefined))) {
    if (lines.length === wanted) break;
    const price = priceOf(product.weight);
    const quantity = Math.max(course.minimumUnits, random.pick([1, 1, 2, 2, 3]));
    const affordable = Math.min(quantity, Math.floor((limit - total) / price));
    if (affordable < (lines.length === 0 ? course.minimumUnits : 1)) continue;
    total += price * affordable;
    lines.push(lineOf(id(lines.length + 1), product, affordable));
  }
  if (course.price !== 'usual') return dear(lines, course.price === 'big' ? limit : (client.policies.authorisation.limit ?? limit));
  // A tip is a line without a product.
  const tip = random.chance(0.1) && total + 300 <= limit && course.minimumLines === 1;
  return tip ? [...lines, { lineId: id(lines.length + 1), sku: null, title: 'Tip', quantity: 1, unitPrice: 300, grams: 0, kind: 'tip' }] : lines;
}

/** Two units that together cost a little more than a limit. */
function dear([first]: readonly SoldLine[], limit: number): SoldLine[] {
  return first === undefined ? [] : [{ ...first, quantity: 2, unitPrice: limit === Number.POSITIVE_INFINITY ? first.unitPrice : Math.ceil(limit / 2) + 100 }];
}
