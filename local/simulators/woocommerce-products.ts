import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { count, type Row, text } from './database.ts';
import type { Answer } from './listen.ts';
import { productIdsOf } from './woocommerce-payload.ts';
import { answered, bodyOf, fieldsOf, pageOf, type RestCall, type Route, refused } from './woocommerce-rest.ts';

/** The table of products and variations. */
export const PRODUCTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS product (id INTEGER PRIMARY KEY, parent INTEGER, sku TEXT UNIQUE, quantity INTEGER, counts INTEGER) STRICT;
`;

const MAX_BATCH = 100;
const Id = z.union([z.int(), z.string().regex(/^\d+$/)]).transform(Number);
const Batch = z.strictObject({ update: z.array(z.strictObject({ id: Id, manage_stock: z.boolean(), stock_quantity: z.int().min(0) })) });

/** Begins to sell SKUs; those that it knows stay as they are. The site does not count down by itself here: figures stay comparable with the hub's. */
export function addProducts(database: DatabaseSync, units: Readonly<Record<string, number>>): void {
  const insert = database.prepare('INSERT OR IGNORE INTO product VALUES (?, ?, ?, ?, ?)');
  for (const [sku, quantity] of Object.entries(units)) {
    const { productId, variationId } = productIdsOf(sku);
    insert.run(variationId || productId, variationId === 0 ? 0 : productId, sku, quantity, 1);
  }
}

/** What the site offers, by SKU. */
export function availableProducts(database: DatabaseSync): Record<string, number> {
  const rows = database.prepare('SELECT * FROM product ORDER BY sku').all();
  return Object.fromEntries(rows.map((row) => [text(row, 'sku'), count(row, 'quantity')]));
}

/** https://woocommerce.github.io/woocommerce-rest-api-docs/#products */
export function productRoutes(database: DatabaseSync): Route[] {
  return [
    ['GET', /^\/wc\/v3\/products$/, (call) => search(database, call)],
    ['POST', /^\/wc\/v3\/products\/batch$/, (call) => update(database, 0, call)],
    ['POST', /^\/wc\/v3\/products\/(\d+)\/variations\/batch$/, (call) => update(database, Number(call.parts[0]), call)],
  ];
}

/** A search finds the SKUs between its commas, and the one that has commas itself. */
function search(database: DatabaseSync, call: RestCall): Answer {
  const asked = call.query.get('sku') ?? '';
  const skus = new Set([...asked.split(','), asked]);
  const { limit, offset } = pageOf(call);
  const rows = database.prepare('SELECT * FROM product ORDER BY id').all();
  const found = rows.filter((row) => asked === '' || skus.has(text(row, 'sku')));
  return answered(found.slice(offset, offset + limit).map((row) => fieldsOf(productOf(row), call)));
}

function productOf(row: Row) {
  const parent = count(row, 'parent');
  const stock = count(row, 'counts') === 1 ? { manage_stock: true, stock_quantity: count(row, 'quantity') } : { manage_stock: false, stock_quantity: null };
  return { id: count(row, 'id'), name: text(row, 'sku'), type: parent === 0 ? 'simple' : 'variation', sku: text(row, 'sku'), parent_id: parent, ...stock };
}

function update(database: DatabaseSync, parent: number, call: RestCall): Answer {
  const items = bodyOf(Batch, call).update;
  if (items.length > MAX_BATCH) return refused(413, 'woocommerce_rest_request_entity_too_large', 'Unable to accept more than 100 items for this request.');
  const set = database.prepare('UPDATE product SET quantity = ?, counts = ? WHERE id = ? AND parent = ? RETURNING *');
  const updated = items.map(({ id, manage_stock, stock_quantity }) => {
    const row = set.get(stock_quantity, manage_stock ? 1 : 0, id, parent);
    return row === undefined ? { id, error: { code: 'woocommerce_rest_product_invalid_id', message: 'Invalid ID.', data: { status: 400 } } } : productOf(row);
  });
  return answered({ update: updated });
}
