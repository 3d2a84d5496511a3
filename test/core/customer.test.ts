import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authoriserOf, customerDigest, factsOf, goodsDigest, historyOf, needsHistory, type PastOrder } from '../../core/customer.ts';
import { judge, Rule } from '../../core/rule.ts';
import { runs } from '../runs.ts';
import { NOW, sampleClient, sampleLine, sampleOrder } from './samples.ts';

const RUNS = 2_000;
const RECEIVED = new Set(['received' as const]);
const ADDRESS = { name: 'Erika Muster', line1: 'Beispielweg 4', city: 'Leipzig', postalCode: '04109', country: 'DE' };

describe('customerDigest', () => {
  test('knows a customer by e-mail, however it is written', () => {
    const digests = ['erika@example.com', ' Erika@Example.COM ', 'ERIKA@example.com'].map((email) => customerDigest(sampleOrder({ email })));

    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toMatch(/^[\w-]{22}$/);
  });

  test.each([
    ['telephone', { email: null, phone: '+49 341 555 0100' }, { email: ' ', phone: '0049 (341) 555-0100', shipTo: null }],
    ['address', { email: null, phone: null }, { email: null, phone: 'ext. 12', shipTo: { ...ADDRESS, line1: 'BEISPIELWEG 4' } }],
  ])('without one, by %s', (_by, one, other) => {
    expect(customerDigest(sampleOrder(one))).toBeDefined();
    expect(customerDigest(sampleOrder(other))).toBe(customerDigest(sampleOrder(one)));
  });

  test.each([[null], [{ ...ADDRESS, name: '' }], [{ ...ADDRESS, line1: '' }]])('takes nobody for somebody when there is nothing to know them by: %j', (shipTo) => {
    expect(customerDigest(sampleOrder({ email: null, phone: null, shipTo }))).toBeUndefined();
  });

  test('tells customers apart', () => {
    const documents = [{ email: 'max@example.com' }, { email: 'erika@example.com' }, { email: null, phone: '+49 341 555 0100' }, { email: null, phone: null }];

    expect(new Set(documents.map((document) => customerDigest(sampleOrder(document)))).size).toBe(documents.length);
  });
});

describe('goodsDigest', () => {
  const Units = fc.uniqueArray(fc.record({ sku: fc.constantFrom('TENT', 'MUG', 'LAMP', 'SOCK'), quantity: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    selector: ({ sku }) => sku,
  });

  test('is the same for the same goods, however the lines run and are split, and another for one unit more', () => {
    fc.assert(
      fc.property(Units, fc.infiniteStream(fc.nat()), (units, keys) => {
        const whole = units.map(({ sku, quantity }) => sampleLine(sku, quantity));
        const singles = units
          .flatMap(({ sku, quantity }) => Array.from({ length: quantity }, () => ({ line: sampleLine(sku, 1), key: keys.next().value })))
          .sort((a, b) => a.key - b.key)
          .map(({ line }) => line);
        const digest = goodsDigest(sampleOrder({ lines: whole }));

        expect(goodsDigest(sampleOrder({ lines: [...singles, sampleLine('GIFT-CARD', 1, { requiresShipping: false })] }))).toBe(digest);
        expect(goodsDigest(sampleOrder({ lines: [...whole, sampleLine('MUG', 1)] }))).not.toBe(digest);
      }),
      { numRuns: runs(500) },
    );
  });

  test.each([{ cancelled: true }, { test: true }, { lines: [sampleLine('MUG', 0)] }])('is empty for an order that ships nothing: %j', (overrides) => {
    expect(goodsDigest(sampleOrder(overrides))).toBe('');
  });
});

describe('historyOf', () => {
  const minute = (count: number) => new Date(NOW.getTime() + count * 60_000).toISOString();
  const tents = (orderId: string, minutes: number, goods = 'tents'): PastOrder => ({ orderId, at: minute(minutes), goods });

  test('of orders at the same time the id decides which is the earlier', () => {
    const orders = [tents('shop:2', 0), tents('shop:1', 0)];

    expect(orders.map((own) => historyOf(own, orders).customer)).toEqual(['known', 'new']);
  });

  test('an order that ships nothing makes nobody known', () => {
    expect(historyOf(tents('shop:2', 1), [tents('shop:1', 0, ''), tents('shop:2', 1)])).toMatchObject({ customer: 'new', earlier: [] });
  });

  test('of any number of same orders exactly one is no duplicate, and it is the earliest', () => {
    const Orders = fc.uniqueArray(fc.record({ orderId: fc.integer({ min: 1, max: 99 }).map((id) => `shop:${id}`), minutes: fc.integer({ min: 0, max: 5 }) }), {
      minLength: 1,
      maxLength: 20,
      selector: ({ orderId }) => orderId,
    });
    const rule = Rule.parse({ name: 'twice', when: { duplicateWithinHours: 1 }, actions: [{ do: 'hold', kind: 'duplicate', reason: 'ordered twice' }] });
    const client = sampleClient();
    const document = sampleOrder();
    const goods = goodsDigest(document);
    fc.assert(
      fc.property(Orders, (entries) => {
        const orders = entries.map(({ orderId, minutes }) => tents(orderId, minutes, goods));
        const free = orders.filter((own) => judge([rule], factsOf(document, [], client, historyOf(own, orders), RECEIVED), 'EUR').holds.length === 0);

        expect(free).toEqual([orders.toSorted((a, b) => (`${a.at} ${a.orderId}` < `${b.at} ${b.orderId}` ? -1 : 1))[0]]);
      }),
      { numRuns: RUNS },
    );
  });

  test('what comes later never changes the history of what came before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 10 }), fc.integer({ min: 6, max: 9 }), (minutes, later) => {
        const orders = minutes.map((count, index) => tents(`shop:${index}`, count));
        const own = orders[0] ?? tents('shop:0', 0);

        expect(historyOf(own, [...orders, tents('shop:late', later)])).toEqual(historyOf(own, orders));
      }),
      { numRuns: RUNS },
    );
  });
});

describe('factsOf', () => {
  const client = sampleClient();

  test('has the units as sold and as shipped, and what these weigh', () => {
    const document = sampleOrder({ lines: [sampleLine('CAMP-KIT', 1)] });
    const demand = [
      { sku: 'MUG', quantity: 2 },
      { sku: 'TENT', quantity: 1 },
    ];

    const facts = factsOf(document, demand, client, undefined, RECEIVED);

    expect(facts).toMatchObject({ country: 'DE', total: 12_345, currency: 'EUR', unitCount: 3, weight: 1_500, history: undefined });
    expect(facts.units.map(({ sku }) => sku)).toEqual(['CAMP-KIT', 'MUG', 'TENT']);
  });

  test('does not know the weight of an order with a product that nobody knows, nor the country of one without address', () => {
    expect(factsOf(sampleOrder({ shipTo: null }), [{ sku: 'NOBODY', quantity: 1 }], client, undefined, RECEIVED)).toMatchObject({ weight: undefined, country: '' });
  });

  test('compares each version by its own goods', () => {
    const document = sampleOrder();
    const stale = historyOf({ orderId: 'shop:1001', at: NOW.toISOString(), goods: 'of another version' }, []);

    expect(factsOf(document, [], client, stale, RECEIVED).history?.goods).toBe(goodsDigest(document));
  });
});

describe('who a customer is', () => {
  const hold = { do: 'hold', kind: 'fraud', reason: 'look at it first' };

  test.each([
    [false, {}],
    [false, { rules: [{ name: 'big', when: { unitsAbove: 9 }, actions: [hold] }] }],
    [true, { rules: [{ name: 'new-one', when: { customer: 'new' }, actions: [hold] }] }],
    [true, { rules: [{ name: 'twice', when: { duplicateWithinHours: 1 }, actions: [hold] }] }],
    [true, { policies: { authorisation: { customers: 'known' } } }],
  ])('is asked: %s, for a client with %j', (asked, overrides) => {
    expect(needsHistory(sampleClient(overrides))).toBe(asked);
  });

  test('a rule does not let orders of new or unknown customers past the person that the policy has them wait for', () => {
    const careful = sampleClient({ policies: { authorisation: { customers: 'known' } } });
    const orders = [
      { orderId: 'shop:1', at: '2026-11-20T08:00:00.000Z', goods: 'tents' },
      { orderId: 'shop:2', at: '2026-11-20T09:00:00.000Z', goods: 'tents' },
    ];
    const [first, second] = orders.map((own) => historyOf(own, orders));

    expect([first, second, undefined].map((history) => authoriserOf('policy', careful, history))).toEqual(['person', 'policy', 'person']);
    expect([first, undefined].map((history) => authoriserOf('policy', sampleClient(), history))).toEqual(['policy', 'policy']);
    expect(authoriserOf(undefined, sampleClient(), first)).toBeUndefined();
  });
});
