import { describe, expect, test } from 'vitest';
import { setStock } from '../../../adapters/shopify/inventory.ts';
import { Settings } from '../../../adapters/shopify/settings.ts';
import { Rejected, Unavailable } from '../../../core/error.ts';
import { type Answer, json } from '../fixtures.ts';
import { settingsOf, shopThat } from './sold.ts';

const SETTINGS = { shopDomain: 'pine.myshopify.com', locationId: '77' };
const LOCATION = 'gid://shopify/Location/77';

const level = (sku: string, quantity: number, before: number | null = null, sequence = 5) => ({
  sku,
  quantity,
  sequence,
  before,
  at: '2026-11-20T09:00:00.000Z',
  eventId: `shop/${sku}#${sequence}`,
});

/** Items as `[id, SKU, units available]`; null units: not stocked at the location. */
const found = (items: readonly (readonly [number, string | null, number | null])[], endCursor: string | null = null) =>
  json({
    data: {
      location: { id: LOCATION },
      inventoryItems: {
        pageInfo: { hasNextPage: endCursor !== null, endCursor },
        nodes: items.map(([id, sku, quantity]) => ({
          id: `gid://shopify/InventoryItem/${id}`,
          sku,
          inventoryLevel: quantity === null ? null : { quantities: [{ name: 'available', quantity }] },
        })),
      },
    },
  });
const written = (...userErrors: object[]) => json({ data: { inventorySetQuantities: { userErrors } } });
const refusal = (code: string, index = 0, message = 'as Shopify puts it') => ({ code, field: ['input', 'quantities', String(index), 'quantity'], message });

function tell(levels: readonly ReturnType<typeof level>[], answers: readonly Answer[], settings: object = SETTINGS) {
  const { call, bodies } = shopThat(answers, settingsOf(settings));
  return { told: setStock(levels, call), bodies };
}

describe('setting the stock of a shop', () => {
  test('reads what it has, and writes on condition that it still has that', async () => {
    const { told, bodies } = tell(
      [level('TENT', 8, 10), level('MUG "BIG"', 0)],
      [
        found([
          [1, 'TENT', 10],
          [2, ' MUG "BIG" ', 4],
        ]),
        written(),
      ],
    );

    expect(await told).toEqual([
      { sku: 'TENT', became: 'set', theirs: 10 },
      { sku: 'MUG "BIG"', became: 'set', theirs: 4 },
    ]);
    const [read, write] = bodies();
    expect(read.variables).toEqual({ skus: 'sku:"TENT" OR sku:"MUG \\"BIG\\""', location: LOCATION, after: null });
    expect(write.query).toContain('inventorySetQuantities(input: $input) @idempotent(key: $key)');
    expect(write.variables.key).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(write.variables.input).toEqual({
      name: 'available',
      reason: 'correction',
      quantities: [
        { inventoryItemId: 'gid://shopify/InventoryItem/1', locationId: LOCATION, quantity: 8, changeFromQuantity: 10 },
        { inventoryItemId: 'gid://shopify/InventoryItem/2', locationId: LOCATION, quantity: 0, changeFromQuantity: 4 },
      ],
    });
  });

  test('writes nothing where the shop has the figure already', async () => {
    const { told, bodies } = tell([level('TENT', 8, 10)], [found([[1, 'TENT', 8]])]);

    expect(await told).toEqual([{ sku: 'TENT', became: 'set', theirs: 8 }]);
    expect(bodies()).toHaveLength(1);
  });

  test('repeats a request under the same key, and no other request under it', async () => {
    const keyOf = async (quantity: number, theirs: number, sequence: number) => {
      const { told, bodies } = tell([level('TENT', quantity, 10, sequence)], [found([[1, 'TENT', theirs]]), written()]);
      await told;
      return bodies()[1].variables.key;
    };
    const key = await keyOf(8, 10, 5);

    expect(await keyOf(8, 10, 5)).toBe(key);
    expect(new Set([key, await keyOf(8, 10, 9), await keyOf(8, 11, 5), await keyOf(7, 10, 5)]).size).toBe(4);
  });

  test('reads again when the shop sold meanwhile, and writes under a new key', async () => {
    const { told, bodies } = tell([level('TENT', 8, 10)], [found([[1, 'TENT', 10]]), written(refusal('CHANGE_FROM_QUANTITY_STALE')), found([[1, 'TENT', 9]]), written()]);

    expect(await told).toEqual([{ sku: 'TENT', became: 'set', theirs: 9 }]);
    const [, first, , second] = bodies();
    expect(second.variables.input.quantities[0].changeFromQuantity).toBe(9);
    expect(second.variables.key).not.toBe(first.variables.key);
  });

  test('tries again under a new key when the shop remembers an earlier try as failed', async () => {
    const { told, bodies } = tell([level('TENT', 8, 10)], [found([[1, 'TENT', 10]]), written(refusal('IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED')), found([[1, 'TENT', 10]]), written()]);

    await told;
    expect(bodies()[3].variables.input).toEqual(bodies()[1].variables.input);
    expect(bodies()[3].variables.key).not.toBe(bodies()[1].variables.key);
  });

  test('gives up for now when the shop never stands still', async () => {
    const sold = [10, 9, 8, 7, 6].flatMap((theirs) => [found([[1, 'TENT', theirs]]), written(refusal('CHANGE_FROM_QUANTITY_STALE'))]);

    await expect(tell([level('TENT', 20, 10)], sold).told).rejects.toMatchObject({ name: 'Unavailable', code: 'storefront.stock-contended' });
  });

  test('tells a drift, also one that is seen only at the second reading', async () => {
    const { told } = tell(
      [level('TENT', 8, 10), level('MUG', 3, 3)],
      [
        found([
          [1, 'TENT', 50],
          [2, 'MUG', 2],
        ]),
        written(refusal('CHANGE_FROM_QUANTITY_STALE', 1)),
        found([
          [1, 'TENT', 50],
          [2, 'MUG', 9],
        ]),
        written(),
      ],
    );

    expect(await told).toEqual([
      { sku: 'TENT', became: 'drifted', theirs: 50 },
      { sku: 'MUG', became: 'drifted', theirs: 9 },
    ]);
  });

  test('does not know what the shop has not, what its location does not stock, and what the search confused with it', async () => {
    const levels = [level('TENT', 8), level('MUG', 3), level('LAMP', 1)];
    const { told, bodies } = tell(levels, [
      found([
        [1, 'tent', 5],
        [2, 'MUG', null],
        [3, 'LAMP', 0],
        [4, null, 7],
      ]),
      written(),
    ]);

    expect((await told).map(({ became }) => became)).toEqual(['unknown', 'unknown', 'set']);
    expect(bodies()[1].variables.input.quantities).toHaveLength(1);
  });

  test.each(['NON_MUTABLE_INVENTORY_ITEM', 'ITEM_NOT_STOCKED_AT_LOCATION'])('sets the others when one is refused by %s', async (code) => {
    const items = found([
      [1, 'BUNDLE', 1],
      [2, 'MUG', 1],
    ]);
    const { told, bodies } = tell([level('BUNDLE', 8), level('MUG', 3)], [items, written(refusal(code, 0)), items, written()]);

    expect((await told).map(({ became }) => became)).toEqual(['unknown', 'set']);
    expect(bodies()[3].variables.input.quantities.map(({ inventoryItemId }: { inventoryItemId: string }) => inventoryItemId)).toEqual(['gid://shopify/InventoryItem/2']);
  });

  test('sets every item that has the SKU', async () => {
    const { told, bodies } = tell([level('TENT', 8, 10)], [found([[1, 'TENT', 10]], 'next'), found([[2, 'TENT', 3]]), written()]);

    expect(await told).toEqual([{ sku: 'TENT', became: 'set', theirs: 10 }]);
    expect(bodies()[1].variables.after).toBe('next');
    expect(bodies()[2].variables.input.quantities).toHaveLength(2);
  });

  test('asks for fifty SKUs at a time', async () => {
    const levels = Array.from({ length: 51 }, (_, index) => level(`SKU-${index}`, 1));
    const items = levels.map(({ sku }, index) => [index + 1, sku, 0] as const);
    const { told, bodies } = tell(levels, [found(items.slice(0, 50)), written(), found(items.slice(50)), written()]);

    expect(await told).toHaveLength(51);
    expect(bodies()[1].variables.input.quantities).toHaveLength(50);
  });

  test.each<[string, Answer, typeof Unavailable | typeof Rejected, RegExp]>([
    ['an earlier try that is under way', written(refusal('IDEMPOTENCY_CONCURRENT_REQUEST')), Unavailable, /earlier try/],
    ['a refusal that nobody foresaw', written(refusal('INVALID_REASON', 0, 'The reason is invalid')), Rejected, /stock of TENT \(INVALID_REASON\): The reason is invalid/],
    ['a refusal that names no item', written({ code: 'NON_MUTABLE_INVENTORY_ITEM', message: 'no' }), Rejected, /NON_MUTABLE/],
    ['a refusal without a code', written({ code: null, field: null, message: 'no' }), Rejected, /no code/],
    ['an answer that says nothing', json({ data: { inventorySetQuantities: null } }), Unavailable, /cannot be read/],
    ['a schema that does not know the mutation', json({ errors: [{ message: 'Field does not exist', extensions: { code: 'undefinedField' } }] }), Rejected, /undefinedField/],
    ['a busy shop', json({ errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }] }), Unavailable, /THROTTLED/],
  ])('%s ends in the right kind of error', async (_what, answer, kind, message) => {
    const error: unknown = await tell([level('TENT', 8)], [found([[1, 'TENT', 5]]), answer]).told.catch((cause: unknown) => cause);

    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });
});

describe('the location', () => {
  const located = (...names: readonly string[]) => json({ data: { locations: { nodes: names.map((name, index) => ({ id: `gid://shopify/Location/${index + 1}`, name })) } } });
  const unnamed = { shopDomain: 'pine.myshopify.com' };

  test('is the only one that the shop has, where none is named', async () => {
    const { told, bodies } = tell([level('TENT', 8)], [located('Hamburg'), found([[1, 'TENT', 5]]), written()], unnamed);

    await told;
    expect(bodies()[1].variables.location).toBe('gid://shopify/Location/1');
  });

  test.each([
    [['Hamburg', 'Leipzig'], /1 \(Hamburg\), 2 \(Leipzig\); name the one whose stock is set as locationId/],
    [[], /but none; name the one/],
  ])('of a shop that has %j must be named', async (names, message) => {
    await expect(tell([level('TENT', 8)], [located(...names)], unnamed).told).rejects.toMatchObject({
      name: 'Rejected',
      code: 'storefront.location-unclear',
      message: expect.stringMatching(message),
    });
  });

  test('that the shop does not know is a mistake in the client file', async () => {
    const absent = json({ data: { location: null, inventoryItems: { pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] } } });

    await expect(tell([level('TENT', 8)], [absent]).told).rejects.toMatchObject({ name: 'Rejected', code: 'storefront.location-absent', seen: '77' });
  });

  test.each(['gid://shopify/Location/1', '0', '', 77])('cannot be called %j', (locationId) => {
    expect(Settings.safeParse({ ...unnamed, locationId }).success).toBe(false);
  });
});
