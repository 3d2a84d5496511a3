import type { DatabaseSync } from 'node:sqlite';
import { GraphQLError, type GraphQLResolveInfo } from 'graphql';
import { count, inTransaction, type Row, text } from './database.ts';
import { connectionOf, idempotencyKeyOf, type Paging } from './graphql.ts';
import { cursorOf, digitsOf, gid, locationNode, type UserError } from './shopify-nodes.ts';
import type { ShopLocation } from './shopify-orders.ts';

/** What the shop offers, at the first of its locations. */
export interface ShopInventory {
  /** Sets what is available of SKUs, as staff do; a SKU that is not known is from then on. */
  stock(units: Readonly<Record<string, number>>): void;
  /** Begins to sell SKUs with what is available of them; those it knows stay as they are. */
  add(units: Readonly<Record<string, number>>): void;
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
    add: (units) => {
      const add = database.prepare('INSERT OR IGNORE INTO item (sku, available) VALUES (?, ?)');
      for (const [sku, quantity] of Object.entries(units)) add.run(sku, quantity);
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
  const nodes = locations.map(locationNode);
  const stocked = nodes[0]?.id ?? '';
  return {
    locations: (paging: Paging) =>
      connectionOf(
        nodes.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1)),
        paging,
        idOf,
      ),
    location: ({ id }: { readonly id?: string | null }) => (id ? nodes.find((node) => node.id === gid('Location', digitsOf('Location', id))) : nodes[0]) ?? null,
    inventoryItem: ({ id }: { readonly id: string }) => {
      const row = itemOf(database, id);
      return row === undefined ? null : itemNode(row, stocked);
    },
    inventoryItems: (args: Paging & { readonly query?: string | null }) => findItems(database, stocked, args),
  };
}

const idOf = ({ id }: { readonly id: string }): string => cursorOf(id.split('/').at(-1) ?? '');

function findItems(database: DatabaseSync, location: string, { query, ...paging }: Paging & { readonly query?: string | null }) {
  const skus = [...String(query).matchAll(/sku:"((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) => quoted.replace(/\\(.)/g, '$1').toLowerCase());
  const rows = database
    .prepare('SELECT * FROM item ORDER BY id')
    .all()
    // A search is not exact: it does not tell capitals from small letters.
    .filter((row) => skus.includes(text(row, 'sku').toLowerCase()));
  const found = connectionOf(
    rows.map((row) => itemNode(row, location)),
    paging,
    idOf,
  );
  const sell = database.prepare('UPDATE item SET available = available - buy_after_read, buy_after_read = 0 WHERE sku = ?');
  for (const { sku } of found.nodes) sell.run(sku);
  return found;
}

function itemNode(row: Row, location: string) {
  const [id, available] = [count(row, 'id'), count(row, 'available')];
  // All units of a SKU are available here: no order holds any back.
  const quantities = ({ names }: { readonly names: readonly string[] }) =>
    names.map((name) => ({ id: gid('InventoryQuantity', `${id}?name=${name}`), name, quantity: name === 'available' || name === 'on_hand' ? available : 0 }));
  return {
    id: gid('InventoryItem', id),
    sku: text(row, 'sku'),
    tracked: true,
    inventoryLevel: ({ locationId }: { readonly locationId: string }) =>
      locationId === location ? { id: gid('InventoryLevel', `${id}?inventory_item_id=${id}`), isActive: true, quantities } : null,
  };
}

function itemOf(database: DatabaseSync, id: string): Row | undefined {
  return database.prepare('SELECT * FROM item WHERE id = ?').get(Number(digitsOf('InventoryItem', id)));
}

interface WantedQuantity {
  readonly inventoryItemId: string;
  readonly locationId: string;
  readonly quantity: number;
  /** Mandatory since 2026-04, and null to set unseen. */
  readonly changeFromQuantity?: number | null;
}

interface SetInput {
  readonly name: string;
  readonly reason: string;
  readonly quantities: readonly WantedQuantity[];
}

interface QuantityError extends UserError {
  readonly code: string;
}

const MAX_QUANTITIES = 250;
/** What two careful callers may run into together: anything else that is refused is somebody's mistake. */
const EXPECTED_CODES: ReadonlySet<string> = new Set(['CHANGE_FROM_QUANTITY_STALE', 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED']);

/**
 * Sets all quantities or none. https://shopify.dev/docs/api/admin-graphql/2026-07/mutations/inventorySetQuantities
 * @throws GraphQLError without the idempotency key, or without the quantity that is changed from
 */
export function inventoryMutations(database: DatabaseSync, locations: readonly ShopLocation[], complain: (error: UserError) => UserError) {
  const location = gid('Location', locations[0]?.id ?? '');
  return {
    inventorySetQuantities: ({ input }: { readonly input: SetInput }, _context: unknown, info: GraphQLResolveInfo) => {
      const key = idempotencyKeyOf(info);
      if (key === undefined) throw new GraphQLError('The @idempotent directive is required for this mutation but was not provided.');
      const unseen = input.quantities.findIndex(({ changeFromQuantity }) => changeFromQuantity === undefined);
      if (unseen >= 0) throw new GraphQLError(`InventoryQuantityInput must include changeFromQuantity (quantities.${unseen}).`);
      if (input.quantities.length > MAX_QUANTITIES) throw new GraphQLError(`The input array size of ${input.quantities.length} is greater than the maximum allowed of 250.`);
      const errors = setOnce(database, location, key, input);
      for (const error of errors) if (!EXPECTED_CODES.has(error.code)) complain(error);
      return { inventoryAdjustmentGroup: errors.length === 0 ? { id: gid('InventoryAdjustmentGroup', 1), reason: input.reason } : null, userErrors: errors };
    },
  };
}

function setOnce(database: DatabaseSync, location: string, key: string, input: SetInput): readonly QuantityError[] {
  const said = JSON.stringify(input);
  const earlier = database.prepare('SELECT * FROM stock_write WHERE key = ?').get(key);
  if (earlier !== undefined) return errorsOfRepeat(text(earlier, 'input') === said, count(earlier, 'failed') === 1);
  const { name, quantities } = input;
  const misnamed = { code: 'INVALID_NAME', field: ['input', 'name'], message: 'The quantity name must be either available or on_hand.' };
  const errors = name === 'available' || name === 'on_hand' ? quantities.flatMap((wanted, index) => problemOf(database, location, wanted, index)) : [misnamed];
  inTransaction(database, () => {
    database.prepare('INSERT INTO stock_write VALUES (?, ?, ?)').run(key, said, errors.length > 0 ? 1 : 0);
    const update = database.prepare('UPDATE item SET available = ? WHERE id = ?');
    if (errors.length === 0) for (const { inventoryItemId, quantity } of quantities) update.run(quantity, Number(digitsOf('InventoryItem', inventoryItemId)));
  });
  return errors;
}

function errorsOfRepeat(isSame: boolean, hasFailed: boolean): readonly QuantityError[] {
  const refusal = (code: string) => [{ code, field: null, message: 'The idempotency key was used before.' }];
  if (!isSame) return refusal('IDEMPOTENCY_KEY_PARAMETER_MISMATCH');
  return hasFailed ? refusal('IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED') : [];
}

function problemOf(database: DatabaseSync, location: string, { inventoryItemId, locationId, quantity, changeFromQuantity }: WantedQuantity, index: number): QuantityError[] {
  const problem = (code: string, field: string, message: string) => [{ code, field: ['input', 'quantities', String(index), field], message }];
  const row = itemOf(database, inventoryItemId);
  if (row === undefined) return problem('INVALID_INVENTORY_ITEM', 'inventoryItemId', 'The inventory item could not be found.');
  if (locationId !== location) return problem('ITEM_NOT_STOCKED_AT_LOCATION', 'locationId', 'The inventory item is not stocked at the location.');
  if (quantity < 0) return problem('INVALID_QUANTITY_NEGATIVE', 'quantity', 'The quantity cannot be negative.');
  if (changeFromQuantity === null || changeFromQuantity === count(row, 'available')) return [];
  return problem('CHANGE_FROM_QUANTITY_STALE', 'changeFromQuantity', 'The quantity has changed since it was read.');
}
