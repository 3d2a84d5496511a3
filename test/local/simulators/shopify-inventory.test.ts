import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ShopifyShop } from '../../../local/simulators/shopify.ts';
import { ask, openShop } from './shopify-shop.ts';

const MUTATION = 'mutation M($i: InventorySetQuantitiesInput!, $k: String!) { inventorySetQuantities(input: $i) @idempotent(key: $k) { userErrors { code field } } }';
let shop: ShopifyShop;

beforeEach(async () => {
  shop = await openShop();
  shop.stock({ TENT: 10, MUG: 4 });
});
afterEach(() => shop.close());

const wanted = (item: number, quantity: number, changeFromQuantity?: number | null) => ({
  inventoryItemId: `gid://shopify/InventoryItem/${item}`,
  locationId: 'gid://shopify/Location/1',
  quantity,
  ...(changeFromQuantity !== undefined && { changeFromQuantity }),
});

async function set(key: string, ...quantities: readonly object[]) {
  const answer = await ask(shop, MUTATION, { i: { name: 'available', reason: 'correction', quantities }, k: key });
  return answer.data?.inventorySetQuantities?.userErrors.map(({ code }: { code: string }) => code) ?? answer.errors[0].message;
}

describe('the simulated inventory of Shopify', () => {
  it('sets all quantities when each still is what was read, and otherwise none', async () => {
    expect(await set('a', wanted(1, 8, 10), wanted(2, 3, 5))).toEqual(['CHANGE_FROM_QUANTITY_STALE']);
    expect(shop.inventory.available()).toEqual({ TENT: 10, MUG: 4 });

    expect(await set('b', wanted(1, 8, 10), wanted(2, 3, null))).toEqual([]);

    expect(shop.inventory.available()).toEqual({ TENT: 8, MUG: 3 });
    expect(shop.inventory.writes()).toBe(1);
    expect(shop.complaints()).toEqual([]);
  });

  it('keeps what it offers of a SKU that it already sells', () => {
    shop.stock({ TENT: 99, LAMP: 1 });

    expect(shop.available()).toEqual({ TENT: 10, MUG: 4, LAMP: 1 });
  });

  it('answers a key again as before, and refuses it for anything else', async () => {
    await set('a', wanted(1, 8, 10));
    shop.inventory.buy('TENT', 1);

    expect(await set('a', wanted(1, 8, 10))).toEqual([]);
    expect(await set('a', wanted(1, 9, 10))).toEqual(['IDEMPOTENCY_KEY_PARAMETER_MISMATCH']);
    await set('b', wanted(1, 8, 10));
    expect(await set('b', wanted(1, 8, 10))).toEqual(['IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED']);

    expect(shop.inventory.available()).toEqual({ TENT: 7, MUG: 4 });
  });

  it('wants the key, and the quantity that is changed from, though it may be null', async () => {
    const withoutKey = await ask(shop, MUTATION.replace(' @idempotent(key: $k)', '').replace(', $k: String!', ''), {
      i: { name: 'available', reason: 'correction', quantities: [wanted(1, 8, 10)] },
    });

    expect(withoutKey.errors[0].message).toContain('@idempotent');
    expect(await set('a', wanted(1, 8))).toContain('changeFromQuantity');
    expect(shop.inventory.available()).toEqual({ TENT: 10, MUG: 4 });
    expect(shop.complaints()).toHaveLength(2);
  });

  it.each([
    ['INVALID_INVENTORY_ITEM', wanted(9, 1, 0)],
    ['INVALID_QUANTITY_NEGATIVE', wanted(1, -1, 10)],
    ['ITEM_NOT_STOCKED_AT_LOCATION', { ...wanted(1, 1, 10), locationId: 'gid://shopify/Location/2' }],
  ])('refuses with %s', async (code, quantity) => {
    expect(await set('a', quantity)).toEqual([code]);
    expect(shop.complaints()).toHaveLength(1);
  });

  it('finds items page by page, and has its sale after the reading', async () => {
    shop.inventory.buyAfterRead('TENT', 3);
    const query =
      'query Q($a: String) { inventoryItems(first: 1, query: "sku:\\"TENT\\" OR sku:\\"mug\\"", after: $a) { pageInfo { hasNextPage endCursor } nodes { sku inventoryLevel(locationId: "gid://shopify/Location/1") { quantities(names: ["available"]) { quantity } } } } }';
    const first = (await ask(shop, query, { a: null })).data.inventoryItems;
    const second = (await ask(shop, query, { a: first.pageInfo.endCursor })).data.inventoryItems;

    expect(first).toEqual({ pageInfo: { hasNextPage: true, endCursor: '00000000000000000001' }, nodes: [{ sku: 'TENT', inventoryLevel: { quantities: [{ quantity: 10 }] } }] });
    expect(second).toMatchObject({ pageInfo: { hasNextPage: false }, nodes: [{ sku: 'MUG' }] });
    expect(shop.inventory.available()).toEqual({ TENT: 7, MUG: 4 });
  });
});
