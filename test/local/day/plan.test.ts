import { beforeAll, describe, expect, it } from 'vitest';
import { loadClient } from '../../../adapters/client.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import { loadStorefront, type Parsed } from '../../../adapters/storefront.ts';
import { problemsOf } from '../../../core/address.ts';
import type { Client } from '../../../core/client.ts';
import { idOf, type OrderDocument, soldIn } from '../../../core/order-document.ts';
import { usualLimit } from '../../../local/day/basket.ts';
import { COURSES } from '../../../local/day/courses.ts';
import { kindOfShop } from '../../../local/day/kinds.ts';
import { canaries } from '../../../local/day/people.ts';
import { finalTotal, finalUnits, type Plan, type PlannedOrder, planDay, soldUnits } from '../../../local/day/plan.ts';
import { isLost, type PlannedPosting } from '../../../local/day/postings.ts';

const START = Date.parse('2026-11-22T09:00:00.000Z');
let client: Client;

beforeAll(async () => {
  ({ client } = await loadClient('clients/demo.yaml'));
});

function plan(orders = 200, seed = 'harbour'): Plan {
  return planDay({ client, orders, seed, startAt: START });
}

/** What the adapter makes of a posting, as the storefront's webhook brings it. */
async function parsed(posting: PlannedPosting): Promise<Parsed> {
  const connection = client.storefronts.find(({ id }) => id === posting.sender);
  const adapter = await loadStorefront(connection?.kind ?? '');
  const headers = { 'x-shopify-topic': posting.meta.topic ?? '', 'x-wc-webhook-topic': posting.meta.topic ?? '' };
  const delivery: Delivery = { connectionId: posting.sender, headers, body: posting.body, receivedAt: new Date(START).toISOString() };
  return adapter.parse(delivery, connection?.settings);
}

function postingOf(day: Plan, order: PlannedOrder, index = 0): PlannedPosting {
  const posting = day.postings.find(({ id }) => id === `${order.orderId}/${index}`);
  if (posting === undefined) throw new Error('no posting');
  return posting;
}

/** The order that a posting shows; undefined where it only names one. */
async function documentOf(day: Plan, order: PlannedOrder, index = 0): Promise<OrderDocument | undefined> {
  const found = await parsed(postingOf(day, order, index));
  return found.kind === 'orders' ? found.orders[0] : undefined;
}

function expectAsPlanned(order: PlannedOrder, [document, ...others]: readonly OrderDocument[]): void {
  if (document === undefined || others.length > 0) throw new Error(`${order.orderId} became ${others.length + 1} orders`);
  const wanted = [...soldUnits(order)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([sku, quantity]) => ({ sku, quantity }));
  const cancelled = order.ending === 'cancelled' || order.ending === 'called-back';
  expect(idOf(document)).toBe(order.orderId);
  if (order.course.name !== 'no-sku' && !cancelled) expect(soldIn(document)).toEqual(wanted);
  if (!cancelled) expect(document.total).toBe(finalTotal(order));
  expect([order.course.name, document.cancelled, document.test]).toEqual([order.course.name, cancelled, order.course.name === 'test']);
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

  it('spreads the orders over all storefronts, where they can happen, and gives each an id of its own', () => {
    const day = plan(400);
    const byShop = Map.groupBy(day.orders, ({ connectionId }) => connectionId);

    expect([...byShop.keys()].sort()).toEqual(client.storefronts.map(({ id }) => id).sort());
    for (const { id, kind } of client.storefronts) {
      const orders = byShop.get(id) ?? [];
      expect(orders.length).toBeGreaterThan(50);
      expect(orders.filter(({ course }) => kindOfShop(kind).lacks.includes(course.name))).toEqual([]);
      expect(new Set(orders.map(({ sold }) => sold.sourceId)).size).toBe(orders.length);
    }
  });

  it('writes orders that the adapters read back as they were planned, or names them', async () => {
    const day = plan();

    for (const order of day.orders) {
      const last = order.course.sends.findIndex(({ version }) => version === order.versions.length);
      const found = await parsed(postingOf(day, order, last));
      if (found.kind === 'reference') expect(found.reference.id).toContain(order.sold.sourceId);
      else if (found.kind === 'orders') expectAsPlanned(order, found.orders);
      else throw new Error(`${order.orderId} was taken for ${found.kind}`);
    }
  });

  it('gives every recipient a name of their own, by which the carrier knows what to do; only who buys again is there twice', () => {
    const orders = plan(1000).orders;
    const names = orders.map(({ recipient }) => recipient.toUpperCase());

    expect(new Set(names).size).toBe(orders.filter(({ repeats }) => repeats === undefined).length);
    expect(names.every((name) => canaries().some((word) => name.includes(word)))).toBe(true);
  });

  it('has addresses that are fit to ship to, but for those planned otherwise', async () => {
    const day = plan(400);
    const spoilt = new Set(['bad-address', 'no-address', 'odd-address', 'digital']);

    for (const order of day.orders) {
      const document = await documentOf(day, order);
      const fit = document === undefined ? undefined : document.shipTo !== null && problemsOf(document.shipTo).length === 0;
      expect([order.course.name, fit ?? !spoilt.has(order.course.name)]).toEqual([order.course.name, !spoilt.has(order.course.name)]);
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

  it('changes the lines of the orders that are changed: one unit more, one product for another', async () => {
    const day = plan(400);
    const skusIn = async (order: PlannedOrder, index: number) => (await documentOf(day, order, index))?.lines.flatMap(({ sku, quantity }) => Array(quantity).fill(sku));

    for (const order of day.orders.filter(({ course }) => course.name === 'edited-up')) {
      const [before, after] = [await skusIn(order, 0), await skusIn(order, 1)];
      expect(after?.length).toBe(before === undefined ? undefined : before.length + 1);
    }
    for (const order of day.orders.filter(({ course }) => course.name === 'swapped')) {
      const [before, after] = [await skusIn(order, 0), await skusIn(order, 1)];
      if (before !== undefined) expect(after).not.toEqual(before);
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

  it('loses some webhooks of every storefront, and repeats none of those', () => {
    const day = plan(1000);
    const lost = day.postings.filter(isLost);

    expect(new Set(lost.map(({ sender }) => sender)).size).toBe(client.storefronts.length);
    expect(lost.length).toBeGreaterThan(40);
    expect(lost.length).toBeLessThan(150);
    expect(lost.some(({ version }) => version > 1)).toBe(true);
    for (const { id } of lost) expect(day.postings.map((posting) => posting.id)).not.toContain(`${id}/again`);
  });

  it('has a gap at every storefront that ends subscriptions by itself: a before, a during, and an after that waits', () => {
    const day = plan(60);
    const postings = new Map(day.postings.map((posting) => [posting.id, posting]));
    const unsubscribing = client.storefronts.filter(({ kind }) => kindOfShop(kind).unsubscribes);

    expect(day.gaps.map(({ connectionId }) => connectionId)).toEqual(unsubscribing.map(({ id }) => id));
    for (const { connectionId, begins, during, after } of day.gaps) {
      expect(during[0]).toBe(begins);
      expect([...during, ...after].map((id) => postings.get(id)?.sender)).toEqual(Array(during.length + after.length).fill(connectionId));
      expect(during.every((id) => postings.get(id)?.due !== null)).toBe(true);
      expect(after.every((id) => postings.get(id)?.due === null)).toBe(true);
      expect([...during, ...after].some((id) => day.gated.some(({ postingId }) => postingId === id))).toBe(false);
    }
  });
});
