import { beforeAll, describe, expect, it } from 'vitest';
import { loadClient } from '../../../adapters/client.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import custom from '../../../adapters/storefronts/custom.ts';
import shopify from '../../../adapters/storefronts/shopify.ts';
import { problemsOf } from '../../../core/address.ts';
import type { Client } from '../../../core/client.ts';
import { idOf, soldIn } from '../../../core/order-document.ts';
import { usualLimit } from '../../../local/day/basket.ts';
import { COURSES } from '../../../local/day/courses.ts';
import { canaries } from '../../../local/day/people.ts';
import { finalTotal, finalUnits, type Plan, type PlannedOrder, planDay, soldUnits } from '../../../local/day/plan.ts';

const START = Date.parse('2026-11-22T09:00:00.000Z');
let client: Client;

beforeAll(async () => {
  ({ client } = await loadClient('clients/demo.yaml'));
});

function plan(orders = 200, seed = 'harbour'): Plan {
  return planDay({ client, orders, seed, startAt: START, shop: 'shop', wholesale: 'wholesale' });
}

function documentOf(day: Plan, order: PlannedOrder, index = 0) {
  const posting = day.postings.find(({ id }) => id === `${order.orderId}/${index}`);
  if (posting === undefined) throw new Error('no posting');
  const headers = { 'x-shopify-topic': posting.meta.topic };
  const delivery: Delivery = { connectionId: posting.sender, headers, body: posting.body, receivedAt: new Date(START).toISOString() };
  const connection = client.storefronts.find(({ id }) => id === posting.sender);
  const adapter = posting.sender === 'shop' ? shopify : custom;
  const parsed =
    posting.sender === 'shop' ? shopify.parse(delivery, shopify.settings.parse(connection?.settings)) : custom.parse(delivery, custom.settings.parse(connection?.settings));
  if (parsed.kind !== 'order') throw new Error(`${adapter.id} ignored it: ${parsed.reason}`);
  return parsed.order;
}

describe('the plan of a day', () => {
  it('is the same for the same seed and another for another', () => {
    expect(plan()).toEqual(plan());
    expect(plan(200, 'other').orders.map(({ course }) => course.name)).not.toEqual(plan().orders.map(({ course }) => course.name));
  });

  it('plays every course of its size at least once', () => {
    const played = new Set(plan(400).orders.map(({ course }) => course.name));

    expect(COURSES.map(({ name }) => name).filter((name) => !played.has(name))).toEqual([]);
  });

  it('writes orders that the adapters read back as they were planned', () => {
    const day = plan();

    for (const order of day.orders) {
      const last = order.course.sends.findIndex(({ version }) => version === order.versions.length);
      const document = documentOf(day, order, last);
      expect(idOf(document)).toBe(order.orderId);
      const wanted = document.cancelled ? [] : [...soldUnits(order)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([sku, quantity]) => ({ sku, quantity }));
      if (order.course.name !== 'no-sku') expect(soldIn(document)).toEqual(order.connectionId === 'shop' || !document.cancelled ? wanted : soldIn(document));
      if (!document.cancelled) expect(document.total).toBe(finalTotal(order));
      const cancelled = order.ending === 'cancelled' || order.ending === 'called-back';
      expect([order.course.name, document.cancelled, document.test]).toEqual([order.course.name, cancelled, order.course.name === 'test']);
    }
  });

  it('gives every recipient a name of their own, by which the carrier knows what to do; only who buys again is there twice', () => {
    const orders = plan(1000).orders;
    const names = orders.map(({ recipient }) => recipient.toUpperCase());

    expect(new Set(names).size).toBe(orders.filter(({ repeats }) => repeats === undefined).length);
    expect(names.every((name) => canaries().some((word) => name.includes(word)))).toBe(true);
  });

  it('has addresses that are fit to ship to, but for those planned otherwise', () => {
    const day = plan(400);
    const spoilt = new Set(['bad-address', 'no-address', 'odd-address', 'digital']);

    for (const order of day.orders) {
      const { shipTo } = documentOf(day, order);
      const fit = shipTo !== null && problemsOf(shipTo).length === 0;
      expect([order.course.name, fit]).toEqual([order.course.name, !spoilt.has(order.course.name)]);
      if (order.course.help.includes('correct-address')) expect(problemsOf(order.address)).toEqual([]);
    }
  });

  it('stays within what nobody looks at, but for those planned above it', () => {
    const limit = client.policies.authorisation.limit ?? 0;

    expect(usualLimit(client)).toBeLessThan(limit);
    for (const order of plan(400).orders) {
      const total = finalTotal(order);
      const price = total > limit ? 'over-limit' : total > usualLimit(client) ? 'big' : 'usual';
      expect([order.course.name, price]).toEqual([order.course.name, order.course.price]);
    }
  });

  it('sells a kit, and what no one warehouse has all of', () => {
    const day = plan(400);
    const kits = day.orders.filter(({ course }) => course.goods === 'kit');
    const apart = day.orders.filter(({ course }) => course.goods === 'far-apart');

    expect(kits.length).toBeGreaterThan(0);
    for (const order of kits) {
      expect(soldUnits(order)).toEqual(new Map([['CAMP-2P', 1]]));
      expect(Object.fromEntries(finalUnits(order, client))).toEqual({ 'TENT-2P': 1, 'BAG-DOWN': 2, 'MAT-AIR': 2 });
    }
    expect(apart.length).toBeGreaterThan(0);
    for (const order of apart) {
      const placesOf = (sku: string) => day.opening.filter((stock) => stock.sku === sku).map(({ warehouse }) => warehouse);
      expect([...finalUnits(order, client).keys()].map(placesOf)).toEqual([['hamburg'], ['leipzig']]);
    }
  });

  it('has customers buy the same again once their first order is known', () => {
    const day = plan(400);
    const again = day.orders.filter(({ course }) => course.repeats);

    expect(again.map(({ ending }) => ending)).toEqual(expect.arrayContaining(['held', 'delivered']));
    for (const order of again) {
      const first = day.orders.find(({ orderId }) => orderId === order.repeats);
      expect(first).toMatchObject({ course: { name: 'clean' }, sold: { buyer: order.sold.buyer } });
      expect(first && soldUnits(first)).toEqual(soldUnits(order));
      expect(day.gated).toContainEqual({ postingId: `${order.orderId}/0`, orderId: order.repeats, gate: 'repeated' });
    }
  });

  it('changes the lines of the orders that are changed: one unit more, one product for another', () => {
    const day = plan(400);
    const unitsIn = (order: PlannedOrder, index: number) => soldIn(documentOf(day, order, index)).reduce((sum, { quantity }) => sum + quantity, 0);

    for (const order of day.orders.filter(({ course }) => course.name === 'edited-up')) expect(unitsIn(order, 1)).toBe(unitsIn(order, 0) + 1);
    for (const order of day.orders.filter(({ course }) => course.name === 'swapped')) {
      const [before, after] = [0, 1].map((index) => soldIn(documentOf(day, order, index)).map(({ sku }) => sku));
      expect(before).not.toEqual(after);
      expect([...(before ?? [])]).toHaveLength(after?.length ?? 0);
    }
  });

  it('sells more of two products than the warehouses hold until more comes, and of one that never does', () => {
    const day = plan();
    const wanted = new Map<string, number>();
    for (const order of day.orders) for (const [sku, quantity] of finalUnits(order, client)) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);

    const short = client.products.filter(({ sku }) => day.opening.reduce((sum, stock) => (stock.sku === sku ? sum + stock.quantity : sum), 0) < (wanted.get(sku) ?? 0));
    expect(short).toHaveLength(3);
    expect(short.map(({ sku }) => sku)).toContain('LAMP-BRASS');
  });

  it('posts duplicates and late older versions as they were planned', () => {
    const day = plan(1000);

    expect(day.duplicates).toBeGreaterThan(100);
    expect(day.stale).toBeGreaterThan(80);
    expect(new Set(day.postings.map(({ id }) => id)).size).toBe(day.postings.length);
  });
});
