// Written for version 2026-07, where compare-and-set and an idempotency key are mandatory:
// https://shopify.dev/docs/api/admin-graphql/2026-07/mutations/inventorySetQuantities and
// https://shopify.dev/docs/api/usage/implementing-idempotency
// Not confirmed by a live call, so handled tolerantly: whether a search for a SKU in quotes is exact (its answers are compared), and
// whether a refused quantity stops the others of its call (all are read again).
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Rejected, Unavailable } from '../../core/error.ts';
import { hasDrifted } from '../../core/level.ts';
import { text } from '../fields.ts';
import type { StockLevel, StockTold } from '../storefront.ts';
import { graphql } from './graphql.ts';
import { type Call, digitsOf, gidOf, nextPage, PageInfo, skuOf } from './settings.ts';

/** One of the shop's items with one of our SKUs; a shop may have several. */
interface Item {
  readonly id: string;
  readonly level: StockLevel;
  /** Units that the shop offers; below 0 when it has sold more than it had. */
  readonly theirs: number;
}

const Found = z.object({
  location: z.object({ id: z.string() }).nullable(),
  inventoryItems: z.object({
    pageInfo: PageInfo,
    nodes: z.array(z.object({ id: z.string(), sku: text, inventoryLevel: z.object({ quantities: z.array(z.object({ name: z.string(), quantity: z.int() })) }).nullish() })),
  }),
});
type FoundItems = z.infer<typeof Found>['inventoryItems'];
const UserError = z.object({ code: text, field: z.array(z.string()).nullish(), message: z.string() });
type UserError = z.infer<typeof UserError>;
const Written = z.object({ inventorySetQuantities: z.object({ userErrors: z.array(UserError) }) });
const Locations = z.object({ locations: z.object({ nodes: z.array(z.object({ id: z.string(), name: text })) }) });

/** What a refused quantity amounts to; any other code is for a person. */
const MEANS: ReadonlyMap<string, 'changed' | 'later' | 'unknown'> = new Map([
  ['CHANGE_FROM_QUANTITY_STALE', 'changed'],
  ['COMPARE_QUANTITY_STALE', 'changed'],
  ['IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED', 'changed'],
  ['IDEMPOTENCY_CONCURRENT_REQUEST', 'later'],
  ['ITEM_NOT_STOCKED_AT_LOCATION', 'unknown'],
  ['NON_MUTABLE_INVENTORY_ITEM', 'unknown'],
  ['INVALID_INVENTORY_ITEM', 'unknown'],
]);

const SKUS_PER_CALL = 50;
const MAX_TRIES = 5;

/** Sets what the shop has available at its location, each figure on condition that the shop still has what was read a moment before. */
export async function setStock(levels: readonly StockLevel[], call: Call): Promise<StockTold[]> {
  const location = await locationOf(call);
  const told: StockTold[] = [];
  for (let from = 0; from < levels.length; from += SKUS_PER_CALL) told.push(...(await setSome(levels.slice(from, from + SKUS_PER_CALL), location, call)));
  return told;
}

async function setSome(levels: readonly StockLevel[], location: string, call: Call): Promise<StockTold[]> {
  const impossible = new Set<string>();
  const drifted = new Map<string, number>();
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    const items = (await readItems(levels, location, call)).filter(({ id }) => !impossible.has(id));
    for (const { level, theirs } of items) if (hasDrifted(theirs, level)) drifted.set(level.sku, theirs);
    const different = items.filter(({ level, theirs }) => theirs !== level.quantity);
    const refusals = different.length === 0 ? [] : await write(different, location, attempt, call);
    if (refusals.length === 0) return levels.map(({ sku }) => outcomeOf(sku, items, drifted.get(sku)));
    for (const { item, means } of refusals) if (item !== undefined && means === 'unknown') impossible.add(item.id);
  }
  throw new Unavailable('storefront.stock-contended', `Shopify's stock changed ${MAX_TRIES} times while it was being set; the next try reads it again.`);
}

function outcomeOf(sku: string, items: readonly Item[], drifted: number | undefined): StockTold {
  const own = items.filter(({ level }) => level.sku === sku);
  if (own.length === 0) return { sku, became: 'unknown' };
  if (drifted !== undefined) return { sku, became: 'drifted', theirs: drifted };
  return { sku, became: 'set', theirs: Math.max(...own.map(({ theirs }) => theirs)) };
}

async function locationOf(call: Call): Promise<string> {
  if (call.settings.locationId !== undefined) return gidOf('Location', call.settings.locationId);
  const { nodes } = (await graphql('Locations', {}, Locations, call)).locations;
  const [only, ...others] = nodes;
  if (only !== undefined && others.length === 0) return only.id;
  const names = nodes.map(({ id, name }) => `${digitsOf(id)} (${name ?? 'no name'})`).join(', ') || 'none';
  throw new Rejected('storefront.location-unclear', `The shop has not exactly one location, but ${names}; name the one whose stock is set as locationId in the client's file.`, {
    seen: names.slice(0, 200),
  });
}

/** Reads the shop's items with our SKUs; those that the location does not stock are left out. */
async function readItems(levels: readonly StockLevel[], location: string, call: Call): Promise<Item[]> {
  const bySku = new Map(levels.map((level) => [level.sku, level]));
  const skus = [...bySku.keys()].map((sku) => `sku:"${sku.replace(/[\\"]/g, '\\$&')}"`).join(' OR ');
  const items: Item[] = [];
  for (let after: string | null = null; ; ) {
    const { nodes, pageInfo }: FoundItems = await findPage({ skus, location, after }, call);
    for (const node of nodes) {
      const level = bySku.get(skuOf(node));
      const theirs = node.inventoryLevel?.quantities.find(({ name }) => name === 'available')?.quantity;
      if (level !== undefined && theirs !== undefined) items.push({ id: node.id, level, theirs });
    }
    after = nextPage(pageInfo, after);
    if (after === null) return items;
  }
}

async function findPage(variables: { readonly skus: string; readonly location: string; readonly after: string | null }, call: Call): Promise<FoundItems> {
  const { location, inventoryItems } = await graphql('StockedItems', variables, Found, call);
  if (location !== null) return inventoryItems;
  const id = digitsOf(variables.location);
  throw new Rejected('storefront.location-absent', `Shopify knows no location ${id}; correct locationId in the client's file.`, { seen: id });
}

interface Refusal {
  readonly item: Item | undefined;
  readonly means: 'changed' | 'unknown';
}

/** Sets all of them in one call. @returns those that were refused, none when all are set */
async function write(items: readonly Item[], location: string, attempt: number, call: Call): Promise<Refusal[]> {
  const quantities = items.map(({ id, level, theirs }) => ({ inventoryItemId: id, locationId: location, quantity: level.quantity, changeFromQuantity: theirs }));
  const input = { name: 'available', reason: 'correction', quantities };
  const key = keyOf([attempt, items.map(({ level }) => level.eventId), input]);
  const { inventorySetQuantities } = await graphql('SetStock', { input, key }, Written, call);
  return inventorySetQuantities.userErrors.map((error) => refusalOf(error, items));
}

function refusalOf(error: UserError, items: readonly Item[]): Refusal {
  const { code, field, message } = error;
  const means = MEANS.get(code ?? '');
  const item = items[Number(field?.find((part) => /^\d+$/.test(part)) ?? Number.NaN)];
  if (means === 'later')
    throw new Unavailable('storefront.unavailable', 'Shopify is still at an earlier try to set this stock; the next try reads it first.', { seen: code ?? '' });
  if (means === 'changed' || (means === 'unknown' && item !== undefined)) return { item, means };
  const sku = item === undefined ? 'of some SKU' : `of ${item.level.sku}`;
  throw new Rejected('storefront.stock-refused', `Shopify refused to set the stock ${sku} (${code ?? 'no code'}): ${message.slice(0, 200)}`, { seen: code ?? '' });
}

/** The same for a repeat of the same request and no other: Shopify keeps what it answered under a key. */
function keyOf(request: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  return [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)].join('-');
}
