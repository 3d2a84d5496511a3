// https://developer.bigcommerce.com/docs/rest-management/inventory: what is set is what is on hand at a location. A safety stock that the
// merchant keeps there comes off it, and stays the merchant's own.
import * as z from 'zod';
import { Rejected } from '../../core/error.ts';
import { hasDrifted } from '../../core/level.ts';
import { Digits, text } from '../fields.ts';
import type { StockLevel, StockTold } from '../storefront.ts';
import { numberOf, openStore, readAnswer, type Store } from './rest.ts';
import type { Call } from './settings.ts';

/** Short enough for a query; an adjustment could take 2,000. */
const SKUS_PER_CALL = 50;
const REASON = 'Crossdock';

const Items = z.object({
  data: z.array(z.object({ identity: z.object({ sku: text, product_id: Digits.nullish() }), total_inventory_onhand: z.int() })),
});

/** One of the store's items with one of our SKUs. */
interface Item {
  readonly level: StockLevel;
  /** Units that the store has on hand; below 0 when it has sold more than it had. */
  readonly theirs: number;
  readonly productId: string | undefined;
}

/**
 * Sets what the store has on hand at its location. It cannot compare: a sale between our reading and our setting is put right with the next
 * figure, which every order brings.
 */
export async function setStock(levels: readonly StockLevel[], call: Call): Promise<StockTold[]> {
  const store = openStore(call);
  const location = call.settings.locationId;
  const told: StockTold[] = [];
  for (let from = 0; from < levels.length; from += SKUS_PER_CALL) told.push(...(await setSome(levels.slice(from, from + SKUS_PER_CALL), location, store)));
  return told;
}

async function setSome(levels: readonly StockLevel[], location: string, store: Store): Promise<StockTold[]> {
  const items = await readItems(levels, location, store);
  const different = items.filter(({ level, theirs }) => theirs !== level.quantity);
  if (different.length > 0) await write(different, location, store);
  return levels.map((level) => {
    const theirs = items.filter((item) => item.level.sku === level.sku).map((item) => item.theirs);
    if (theirs.length === 0) return { sku: level.sku, became: 'unknown' };
    const most = Math.max(...theirs);
    return { sku: level.sku, became: hasDrifted(most, level) ? 'drifted' : 'set', theirs: most };
  });
}

async function readItems(levels: readonly StockLevel[], location: string, store: Store): Promise<Item[]> {
  const bySku = new Map(levels.map((level) => [level.sku, level]));
  const skus = levels.map(({ sku }) => encodeURIComponent(sku)).join(',');
  const answer = await store.find(`/v3/inventory/locations/${location}/items?sku:in=${skus}&limit=${SKUS_PER_CALL * 4}`);
  if (answer === undefined)
    throw new Rejected('storefront.location-absent', `BigCommerce knows no location ${location}; correct locationId in the client's file.`, { seen: location });
  return readAnswer(Items, answer).data.flatMap(({ identity, total_inventory_onhand: theirs }) => {
    // The answer may hold others, as where case does not count in the store's search.
    const level = bySku.get(identity.sku?.trim() ?? '');
    return level === undefined ? [] : [{ level, theirs, productId: identity.product_id ?? undefined }];
  });
}

/** All in one call. Where the store refuses that, one by one, so that one item that it tracks in another way does not stop the others. */
async function write(items: readonly Item[], location: string, store: Store): Promise<void> {
  if (
    await isSet(
      items.map((item) => bySku(item, location)),
      store,
    )
  )
    return;
  for (const item of items) {
    const isDone = (await isSet([bySku(item, location)], store)) || (item.productId !== undefined && (await isSet([byProduct(item.productId, item, location)], store)));
    if (!isDone) throw new Rejected('storefront.stock-refused', `BigCommerce refuses to set the stock of ${item.level.sku}; see whether it tracks the stock of this product.`);
  }
}

/** @returns false when an item cannot be set in this way: the stock of a product without variants may go by the product alone */
async function isSet(items: readonly object[], store: Store): Promise<boolean> {
  try {
    await store.ask('PUT', '/v3/inventory/adjustments/absolute', { reason: REASON, items });
    return true;
  } catch (error) {
    if (error instanceof Rejected && error.seen === '422') return false;
    throw error;
  }
}

function bySku({ level }: Item, location: string): object {
  return { location_id: numberOf(location), sku: level.sku, quantity: level.quantity };
}

function byProduct(productId: string, { level }: Item, location: string): object {
  return { location_id: numberOf(location), product_id: numberOf(productId), quantity: level.quantity };
}
