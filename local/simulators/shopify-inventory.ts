import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { count, inTransaction, text } from './database.ts';
import { type Directives, GraphqlError, type Offered, type Value } from './graphql.ts';

/** A place where the shop has stock. */
export interface ShopLocation {
  /** Digits. */
  readonly id: string;
  readonly name: string;
}

/** What the shop offers, at the first of its locations. */
export interface ShopInventory {
  /** Sets what is available of SKUs, as staff do; a SKU that is not known is from then on. */
  stock(units: Readonly<Record<string, number>>): void;
  /** Sells units, which lowers what is available. */
  buy(sku: string, quantity: number): void;
  /** Sells units just after the next time that the SKU is read. */
  buyAfterRead(sku: string, quantity: number): void;
  /** What is available, by SKU. */
  available(): Record<string, number>;
  /** How many writes of stock changed something. */
  writes(): number;
}

/** The tables of the inventory. */
export const INVENTORY_SCHEMA = `
  CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, sku TEXT UNIQUE, available INTEGER, buy_after_read INTEGER DEFAULT 0) STRICT;
  CREATE TABLE IF NOT EXISTS stock_write (key TEXT PRIMARY KEY, input TEXT, failed INTEGER) STRICT;
`;

/** Opens the inventory in the shop's database. */
export function openInventory(database: DatabaseSync): ShopInventory {
  const lower = database.prepare('UPDATE item SET available = available - ? WHERE sku = ?');
  const set = database.prepare('INSERT INTO item (sku, available) VALUES (?, ?) ON CONFLICT (sku) DO UPDATE SET available = excluded.available');
  return {
    stock: (units) => {
      for (const [sku, quantity] of Object.entries(units)) set.run(sku, quantity);
    },
    buy: (sku, quantity) => void lower.run(quantity, sku),
    buyAfterRead: (sku, quantity) => void database.prepare('UPDATE item SET buy_after_read = ? WHERE sku = ?').run(quantity, sku),
    available: () =>
      Object.fromEntries(
        database
          .prepare('SELECT * FROM item ORDER BY sku')
          .all()
          .map((row) => [text(row, 'sku'), count(row, 'available')]),
      ),
    writes: () => count(database.prepare('SELECT count(*) AS n FROM stock_write WHERE failed = 0').get(), 'n'),
  };
}

/** What can be asked of the inventory. https://shopify.dev/docs/api/admin-graphql/2026-07/queries/inventoryItems */
export function inventoryQueries(database: DatabaseSync, locations: readonly ShopLocation[]) {
  const nodes = locations.map(({ id, name }) => ({ id: `gid://shopify/Location/${id}`, name }));
  return {
    locations: ({ first }: Record<string, Value>) => ({ nodes: nodes.slice(0, Number(first)) }),
    location: ({ id }: Record<string, Value>) => nodes.find((node) => node.id === id) ?? null,
    inventoryItems: (args: Record<string, Value>) => findItems(database, nodes[0]?.id ?? '', args),
  };
}

function findItems(database: DatabaseSync, location: string, { first, query, after }: Record<string, Value>): Offered {
  const skus = [...String(query).matchAll(/sku:"((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) => quoted.replace(/\\(.)/g, '$1').toLowerCase());
  const rows = database
    .prepare('SELECT * FROM item ORDER BY id')
    .all()
    // A search is not exact: it does not tell capitals from small letters.
    .filter((row) => skus.includes(text(row, 'sku').toLowerCase()));
  const from = Number(after ?? 0);
  const page = rows.slice(from, from + Number(first));
  const nodes = page.map((row) => ({
    id: `gid://shopify/InventoryItem/${count(row, 'id')}`,
    sku: text(row, 'sku'),
    inventoryLevel: ({ locationId }: Record<string, Value>) => (locationId === location ? { quantities: [{ name: 'available', quantity: count(row, 'available') }] } : null),
  }));
  for (const row of page) database.prepare('UPDATE item SET available = available - buy_after_read, buy_after_read = 0 WHERE id = ?').run(count(row, 'id'));
  const end = from + page.length;
  return { nodes, pageInfo: { hasNextPage: end < rows.length, hasPreviousPage: from > 0, startCursor: String(from), endCursor: String(end) } };
}

const SetInput = z.strictObject({
  name: z.literal(['available', 'on_hand']),
  reason: z.string().min(1),
  referenceDocumentUri: z.string().optional(),
  quantities: z
    .array(
      z.strictObject({
        inventoryItemId: z.string().startsWith('gid://shopify/InventoryItem/'),
        locationId: z.string().startsWith('gid://shopify/Location/'),
        quantity: z.int(),
        // Mandatory since 2026-04, and null to set unseen.
        changeFromQuantity: z.int().nullable(),
      }),
    )
    .min(1)
    .max(250),
});

interface UserError {
  readonly code: string;
  readonly field: string[];
  readonly message: string;
}

/** Sets all quantities or none. https://shopify.dev/docs/api/admin-graphql/2026-07/mutations/inventorySetQuantities */
export function setQuantities(database: DatabaseSync, location: string, args: Record<string, Value>, directives: Directives): Offered {
  const key = directives.idempotent?.key;
  if (typeof key !== 'string' || key === '') throw new GraphqlError('The @idempotent directive is required for this mutation but was not provided.');
  const read = SetInput.safeParse(args.input);
  if (!read.success) throw new GraphqlError(`Variable $input of type InventorySetQuantitiesInput! was provided invalid value: ${z.prettifyError(read.error)}`);
  const input = JSON.stringify(read.data);
  const earlier = database.prepare('SELECT * FROM stock_write WHERE key = ?').get(key);
  if (earlier !== undefined) return earlierAnswer(text(earlier, 'input') === input, count(earlier, 'failed') === 1);
  const errors = read.data.quantities.flatMap((wanted, index) => problemOf(database, location, wanted, index));
  inTransaction(database, () => {
    database.prepare('INSERT INTO stock_write VALUES (?, ?, ?)').run(key, input, errors.length > 0 ? 1 : 0);
    const update = database.prepare('UPDATE item SET available = ? WHERE id = ?');
    if (errors.length === 0) for (const { inventoryItemId, quantity } of read.data.quantities) update.run(quantity, idOf(inventoryItemId));
  });
  return answerOf(errors);
}

function earlierAnswer(isSame: boolean, hasFailed: boolean): Offered {
  const refusal = (code: string) => answerOf([{ code, field: [], message: 'The idempotency key was used before.' }]);
  if (!isSame) return refusal('IDEMPOTENCY_KEY_PARAMETER_MISMATCH');
  return hasFailed ? refusal('IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED') : answerOf([]);
}

function answerOf(userErrors: readonly UserError[]): Offered {
  return { inventoryAdjustmentGroup: userErrors.length === 0 ? { id: 'gid://shopify/InventoryAdjustmentGroup/1' } : null, userErrors: userErrors.map((error) => ({ ...error })) };
}

type Wanted = z.infer<typeof SetInput>['quantities'][number];

function problemOf(database: DatabaseSync, location: string, { inventoryItemId, locationId, quantity, changeFromQuantity }: Wanted, index: number): UserError[] {
  const problem = (code: string, field: string, message: string) => [{ code, field: ['input', 'quantities', String(index), field], message }];
  const row = database.prepare('SELECT * FROM item WHERE id = ?').get(idOf(inventoryItemId));
  if (row === undefined) return problem('INVALID_INVENTORY_ITEM', 'inventoryItemId', 'The inventory item could not be found.');
  if (locationId !== location) return problem('ITEM_NOT_STOCKED_AT_LOCATION', 'locationId', 'The inventory item is not stocked at the location.');
  if (quantity < 0) return problem('INVALID_QUANTITY_NEGATIVE', 'quantity', 'The quantity cannot be negative.');
  if (changeFromQuantity === null || changeFromQuantity === count(row, 'available')) return [];
  return problem('CHANGE_FROM_QUANTITY_STALE', 'changeFromQuantity', 'The quantity has changed since it was read.');
}

function idOf(gid: string): number {
  return Number(gid.replace('gid://shopify/InventoryItem/', ''));
}
