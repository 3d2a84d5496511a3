import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { graphql } from '../../../adapters/shopify/graphql.ts';
import { type Cost, newPace } from '../../../adapters/shopify/pace.ts';
import { json } from '../fixtures.ts';
import { shopThat } from './sold.ts';

const SHOP = 'https://pine.myshopify.com/graphql.json';

/** A pace whose time stands still but for what it sleeps. */
function paced() {
  const slept: number[] = [];
  let now = 0;
  const pace = newPace({
    clock: () => now,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
  });
  return { pace, slept, pass: (seconds: number) => (now += seconds * 1_000) };
}

const cost = (requestedQueryCost: number, currentlyAvailable: number, restoreRate = 100): Cost => ({ requestedQueryCost, throttleStatus: { currentlyAvailable, restoreRate } });

describe('keeping within the points of a shop', () => {
  test('waits for nothing as long as nothing is known, or there are points enough', async () => {
    const { pace, slept } = paced();

    await pace.enter(SHOP, 'ReadOrder');
    pace.heed(SHOP, 'ReadOrder', cost(300, 300));
    await pace.enter(SHOP, 'ReadOrder');

    expect(slept).toEqual([]);
  });

  test('waits as long as the bucket needs to fill, up to three seconds', async () => {
    const { pace, slept } = paced();

    pace.heed(SHOP, 'ReadOrder', cost(300, 50));
    await pace.enter(SHOP, 'ReadOrder');

    expect(slept).toEqual([2_500]);
  });

  test('counts what has filled since', async () => {
    const { pace, slept, pass } = paced();

    pace.heed(SHOP, 'ReadOrder', cost(300, 50));
    pass(2);
    await pace.enter(SHOP, 'ReadOrder');

    expect(slept).toEqual([500]);
  });

  test('leaves for later what would take longer, and says when', async () => {
    const { pace, slept } = paced();

    pace.heed(SHOP, 'ChangedOrders', cost(970, 10));

    await expect(pace.enter(SHOP, 'ChangedOrders')).rejects.toMatchObject({ name: 'Unavailable', retryAfterSeconds: 10 });
    expect(slept).toEqual([]);
  });

  test('knows each shop by itself, and each operation by its own cost', async () => {
    const { pace, slept } = paced();

    pace.heed(SHOP, 'ChangedOrders', cost(970, 10));
    pace.heed('https://oak.myshopify.com/graphql.json', 'Locations', cost(12, 2_000));
    await pace.enter(SHOP, 'Locations');
    await pace.enter('https://oak.myshopify.com/graphql.json', 'ChangedOrders');

    expect(slept).toEqual([20]);
  });
});

describe('what an answer says of points', () => {
  const Locations = z.object({ locations: z.object({ nodes: z.array(z.unknown()) }) });
  const answer = (extensions: unknown) => json({ data: { locations: { nodes: [] } }, extensions });

  test('is heeded at the next call', async () => {
    const { pace, slept } = paced();
    const { call, asked } = shopThat([answer({ cost: cost(12, 2) }), answer(undefined)]);

    await graphql('Locations', {}, Locations, call, pace);
    await graphql('Locations', {}, Locations, call, pace);

    expect(asked()).toHaveLength(2);
    expect(slept).toEqual([100]);
  });

  test('keeps a call from being made that would be refused', async () => {
    const { pace } = paced();
    const throttled = json({ errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }], extensions: { cost: cost(700, 100) } });
    const { call, asked } = shopThat([throttled]);

    await expect(graphql('Locations', {}, Locations, call, pace)).rejects.toMatchObject({ name: 'Unavailable', retryAfterSeconds: 6 });
    await expect(graphql('Locations', {}, Locations, call, pace)).rejects.toMatchObject({ name: 'Unavailable', retryAfterSeconds: 6 });

    expect(asked()).toHaveLength(1);
  });

  test.each([[null], [{ cost: null }], [{ cost: { throttleStatus: {} } }], ['text']])('is overlooked where nobody understands it: %j', async (extensions) => {
    const { pace } = paced();

    expect(await graphql('Locations', {}, Locations, shopThat([answer(extensions)]).call, pace)).toEqual({ locations: { nodes: [] } });
  });

  test('a part of an answer is none', async () => {
    const { pace } = paced();
    const part = json({ data: { locations: { nodes: [] } }, errors: [{ message: 'went wrong', path: ['locations', 'nodes'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });

    await expect(graphql('Locations', {}, Locations, shopThat([part]).call, pace)).rejects.toMatchObject({ name: 'Unavailable' });
  });
});
