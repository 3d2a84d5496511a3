import { beforeAll, describe, expect, it } from 'vitest';
import { loadClient } from '../../../adapters/client.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import custom from '../../../adapters/storefronts/custom.ts';
import shopify from '../../../adapters/storefronts/shopify.ts';
import { problemsOf } from '../../../core/address.ts';
import type { Client } from '../../../core/client.ts';
import { idOf, soldIn } from '../../../core/order-document.ts';
import { COURSES } from '../../../local/day/courses.ts';
import { canaries } from '../../../local/day/people.ts';
import { finalTotal, finalUnits, type Plan, type PlannedOrder, planDay } from '../../../local/day/plan.ts';

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
      const wanted = document.cancelled ? [] : [...finalUnits(order)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([sku, quantity]) => ({ sku, quantity }));
      if (order.course.name !== 'no-sku') expect(soldIn(document)).toEqual(order.connectionId === 'shop' || !document.cancelled ? wanted : soldIn(document));
      if (!document.cancelled) expect(document.total).toBe(finalTotal(order));
      expect([order.course.name, document.cancelled, document.test]).toEqual([order.course.name, order.ending === 'cancelled', order.course.name === 'test']);
    }
  });

  it('gives every recipient a name of their own, by which the carrier knows what to do', () => {
    const names = plan(1000).orders.map(({ recipient }) => recipient.toUpperCase());

    expect(new Set(names).size).toBe(1000);
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

  it('stays within the limit of automatic authorisation, but for those planned above it', () => {
    const limit = client.policies.authorisation.limit ?? 0;

    for (const order of plan(400).orders) expect([order.course.name, finalTotal(order) > limit]).toEqual([order.course.name, order.course.overLimit]);
  });

  it('sells more of two products than the warehouses hold', () => {
    const day = plan();
    const wanted = new Map<string, number>();
    for (const order of day.orders) for (const [sku, quantity] of finalUnits(order)) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);

    const short = client.products.filter(({ sku }) => day.opening.reduce((sum, stock) => (stock.sku === sku ? sum + stock.quantity : sum), 0) < (wanted.get(sku) ?? 0));
    expect(short).toHaveLength(2);
  });

  it('posts duplicates and late older versions as they were planned', () => {
    const day = plan(1000);

    expect(day.duplicates).toBeGreaterThan(100);
    expect(day.stale).toBeGreaterThan(80);
    expect(new Set(day.postings.map(({ id }) => id)).size).toBe(day.postings.length);
  });
});
