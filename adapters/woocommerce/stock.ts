// https://woocommerce.github.io/woocommerce-rest-api-docs/#products: a search by SKU also finds variations, which say their parent.
// WooCommerce has one stock for a whole site, sells from it by itself, and cannot compare and set: figures are absolute, and a sale in the
// moment between reading and writing is made good by the next figure.
// Not confirmed by a live call, so handled tolerantly: whether a search finds SKUs in another case (answers are compared exactly), and
// whether every version finds variations (a SKU that is not found is reported as unknown).
import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { hasDrifted } from '../../core/level.ts';
import { Digits, text } from '../fields.ts';
import type { StockLevel, StockTold } from '../storefront.ts';
import { ask } from './rest.ts';
import type { Call } from './settings.ts';

/** A product or variation with one of our SKUs; sites in several languages have one for each. */
interface Item {
  readonly id: string;
  /** The product that a variation belongs to; null for a product. */
  readonly parent: string | null;
  readonly level: StockLevel;
  /** Units that the site has; undefined while it does not count them. */
  readonly theirs: number | undefined;
  /** False while it does not count them itself: a variation may use its parent's. */
  readonly counts: boolean;
}

// Text of 80 characters and its encoding keep the address under the 8 KB that web servers take.
const SKUS_PER_SEARCH = 25;
const PER_PAGE = 100;
const PER_BATCH = 100;

const Stocked = z.union([z.int(), z.string().regex(/^-?\d{1,12}(\.\d+)?$/)]).transform((quantity) => Math.floor(Number(quantity)));
const Products = z.array(
  z.object({ id: Digits, type: text, sku: text, parent_id: z.union([z.int(), z.string()]).nullish(), manage_stock: z.unknown(), stock_quantity: Stocked.nullish() }),
);
type Product = z.infer<typeof Products>[number];
const Batch = z.object({ update: z.array(z.object({ id: z.union([z.int(), z.string()]), error: z.object({ code: z.string() }).nullish() })) });

/** Sets what the site has in stock of each SKU. */
export async function setStock(levels: readonly StockLevel[], call: Call): Promise<StockTold[]> {
  const told: StockTold[] = [];
  for (const some of searches(levels)) {
    const items = await readItems(some, call);
    const different = items.filter(({ level, theirs, counts }) => !counts || theirs !== level.quantity);
    const gone = await write(different, call);
    const left = items.filter(({ id }) => !gone.has(id));
    told.push(...some.map((level) => outcomeOf(level, left)));
  }
  return told;
}

/** A comma separates the SKUs of a search, so a SKU that has one is searched alone. */
function searches(levels: readonly StockLevel[]): StockLevel[][] {
  const plain = levels.filter(({ sku }) => !sku.includes(','));
  const several = Array.from({ length: Math.ceil(plain.length / SKUS_PER_SEARCH) }, (_, index) => plain.slice(index * SKUS_PER_SEARCH, (index + 1) * SKUS_PER_SEARCH));
  return [...several, ...levels.filter(({ sku }) => sku.includes(',')).map((level) => [level])];
}

function outcomeOf(level: StockLevel, items: readonly Item[]): StockTold {
  const { sku } = level;
  const own = items.filter((item) => item.level === level);
  if (own.length === 0) return { sku, became: 'unknown' };
  const counted = own.flatMap(({ theirs }) => theirs ?? []);
  if (counted.length === 0) return { sku, became: 'set' };
  const theirs = Math.max(...counted);
  return { sku, became: hasDrifted(theirs, level) ? 'drifted' : 'set', theirs };
}

async function readItems(levels: readonly StockLevel[], call: Call): Promise<Item[]> {
  const bySku = new Map(levels.map((level) => [level.sku, level]));
  const sku = [...bySku.keys()].join(',');
  const items: Item[] = [];
  for (let page = 1; ; page++) {
    const query = { sku, _fields: 'id,type,sku,parent_id,manage_stock,stock_quantity', per_page: String(PER_PAGE), page: String(page) };
    const found = await ask(Products, { method: 'GET', path: '/wc/v3/products', query }, call);
    for (const product of found) {
      const level = bySku.get(product.sku?.trim() ?? '');
      if (level !== undefined) items.push(itemOf(product, level));
    }
    if (found.length < PER_PAGE) return items;
  }
}

function itemOf({ id, type, parent_id, manage_stock, stock_quantity }: Product, level: StockLevel): Item {
  return { id, parent: type === 'variation' ? String(parent_id ?? '') : null, level, theirs: stock_quantity ?? undefined, counts: manage_stock === true };
}

/** @returns ids of those that are not there any more */
async function write(items: readonly Item[], call: Call): Promise<Set<string>> {
  const gone = new Set<string>();
  for (const [parent, own] of Map.groupBy(items, (item) => item.parent)) {
    const path = parent === null ? '/wc/v3/products/batch' : `/wc/v3/products/${encodeURIComponent(parent)}/variations/batch`;
    for (let from = 0; from < own.length; from += PER_BATCH) {
      const some = own.slice(from, from + PER_BATCH);
      const update = some.map(({ id, level }) => ({ id, manage_stock: true, stock_quantity: level.quantity }));
      const answer = await ask(Batch, { method: 'POST', path, json: { update } }, call);
      for (const [index, { id, error }] of answer.update.entries()) if (error) gone.add(goneOr(String(id), some[index], error.code));
    }
  }
  return gone;
}

/** A batch succeeds although some of it is refused. */
function goneOr(id: string, item: Item | undefined, code: string): string {
  if (code.endsWith('_invalid_id')) return id;
  const seen = code.slice(0, 80);
  throw new Rejected(
    'storefront.stock-refused',
    `WooCommerce refused to set the stock of ${item?.level.sku ?? `product ${id}`} (${seen}); look at the product, and at what the key's user may do.`,
    { seen },
  );
}
