import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endedHealth, type Health, healthAfter, type Listed, type Looked, planSubscriptions, unchecked } from '../../core/health.ts';
import { runs } from '../runs.ts';

const HOOK = 'https://hub.example.com/hooks/shop';
const AT = '2026-11-20T09:00:00.000Z';
const LATER = '2026-11-20T10:00:00.000Z';

function listed(id: string, overrides: Partial<Listed> = {}): Listed {
  return { id, topic: 'orders', address: HOOK, active: true, ...overrides };
}

describe('subscriptions', () => {
  test.each<[string, Listed[], { create?: string[]; repair?: string[]; duplicates?: string[]; active: boolean }]>([
    ['that are missing are created', [], { create: ['orders'], active: false }],
    ['that send are left as they are', [listed('1')], { active: true }],
    ['that were switched off are switched on', [listed('1', { active: false })], { repair: ['1'], active: false }],
    ['that are written with a slash too many are put right', [listed('1', { address: `${HOOK}/` })], { repair: ['1'], active: false }],
    ['that go to our host by the wrong scheme are put right', [listed('1', { address: HOOK.replace('https', 'http') })], { repair: ['1'], active: false }],
    ['of another hub are left alone', [listed('1', { address: 'https://staging.example.com/hooks/shop' })], { create: ['orders'], active: false }],
    ['of another connection are left alone', [listed('1', { address: `${HOOK}2`, active: false })], { create: ['orders'], active: false }],
    ['of somebody else are left alone', [listed('1', { address: 'pubsub://project:topic' }), listed('2')], { active: true }],
    ['for a topic that nobody wants are left alone', [listed('1'), listed('2', { topic: 'carts', active: false })], { active: true }],
    ['that are there twice are noted', [listed('2'), listed('1')], { duplicates: ['2'], active: true }],
    ['of which one sends need no other', [listed('1', { active: false }), listed('2')], { active: true }],
    [
      'that are there twice and do not send are put right at the one with the right address',
      [listed('1', { address: `${HOOK}/`, active: false }), listed('2', { active: false })],
      { repair: ['2'], active: false },
    ],
    ['that are written with slashes too many are put right', [listed('1', { address: `${HOOK}///` })], { repair: ['1'], active: false }],
    ['of which none sends need one', [listed('2', { active: false }), listed('1', { active: false })], { repair: ['1'], active: false }],
  ])('%s', (_, seen, { create = [], repair = [], duplicates = [], active }) => {
    const plan = planSubscriptions(['orders'], seen, HOOK);

    expect({ create: plan.create, repair: plan.repair.map(({ id }) => id), duplicates: plan.duplicates.map(({ id }) => id), topics: plan.topics }).toEqual({
      create,
      repair,
      duplicates,
      topics: [{ topic: 'orders', active }],
    });
  });

  test('of a hub whose address is no web address are ours where they are the same', () => {
    const plan = planSubscriptions(['orders'], [listed('1', { address: 'queue' }), listed('2', { address: 'queue2' })], 'queue');

    expect(plan).toMatchObject({ create: [], repair: [], duplicates: [], topics: [{ topic: 'orders', active: true }] });
  });

  test('whatever is there, doing what the plan says leaves every topic sending, nothing more to do, and all of others untouched', () => {
    const topics = ['orders', 'refunds', 'uninstalled'];
    const addresses = [HOOK, `${HOOK}/`, 'https://other.example.com/hooks/shop', 'https://hub.example.com/hooks/shop2', 'arn:aws:events'];
    const Seen = fc.array(fc.record({ topic: fc.constantFrom(...topics, 'carts'), address: fc.constantFrom(...addresses), active: fc.boolean() }), { maxLength: 12 });

    fc.assert(
      fc.property(Seen, (some) => {
        const seen = some.map((one, index): Listed => ({ id: String(index), ...one }));

        const plan = planSubscriptions(topics, seen, HOOK);
        const repaired = seen.map((one) => (plan.repair.includes(one) ? { ...one, address: HOOK, active: true } : one));
        const after = [...repaired, ...plan.create.map((topic, index) => listed(`new ${index}`, { topic }))];

        const again = planSubscriptions(topics, after, HOOK);
        expect([again.create, again.repair]).toEqual([[], []]);
        expect(again.topics.every(({ active }) => active)).toBe(true);
        for (const { address, topic } of plan.repair)
          expect([address.startsWith('https://hub.example.com/hooks/shop') && !address.endsWith('2'), topic === 'carts']).toEqual([true, false]);
      }),
      { numRuns: runs(1_000) },
    );
  });
});

describe('the health of a connection', () => {
  const looked = (overrides: Partial<Looked> = {}): Looked => ({ answered: true, topics: [], duplicates: [], repaired: [], problem: undefined, ...overrides });
  const ill = (before: Health, code: string, at: string) => healthAfter(before, looked({ answered: false, problem: { code, message: 'mend it' } }), undefined, at);

  test('keeps since when a problem lasts, and begins anew with another', () => {
    const first = ill(unchecked('shop'), 'storefront.refused', AT);

    expect(ill(first, 'storefront.refused', LATER).problem?.since).toBe(AT);
    expect(ill(first, 'storefront.other', LATER).problem?.since).toBe(LATER);
    expect(healthAfter(first, looked(), undefined, LATER).problem).toBeUndefined();
  });

  test('remembers the last repair', () => {
    const mended = healthAfter(unchecked('shop'), looked({ repaired: ['orders'] }), undefined, AT);

    expect(healthAfter(mended, looked(), undefined, LATER).repaired).toEqual({ at: AT, topics: ['orders'] });
  });

  test('has ended until the storefront answers again', () => {
    const ended = endedHealth(unchecked('shop'), 'uninstalled', AT);

    expect(ill(ended, 'storefront.refused', LATER).ended).toEqual({ at: AT, reason: 'uninstalled' });
    expect(endedHealth(ended, 'again', LATER).ended).toEqual({ at: AT, reason: 'uninstalled' });
    expect(healthAfter(ended, looked(), undefined, LATER).ended).toBeUndefined();
  });

  test('has ended when it ended while we looked', () => {
    expect(healthAfter(endedHealth(unchecked('shop'), 'uninstalled', LATER), looked(), undefined, AT).ended).toEqual({ at: LATER, reason: 'uninstalled' });
  });

  test('is nothing before the first look, and after it all that was seen', () => {
    expect(unchecked('shop')).toEqual({ entity: 'health', connectionId: 'shop', topics: [], duplicates: [], version: 0 });
    expect(healthAfter(unchecked('shop'), looked({ topics: [{ topic: 'orders', active: true }], duplicates: ['2'] }), undefined, AT)).toEqual({
      entity: 'health',
      connectionId: 'shop',
      checkedAt: AT,
      topics: [{ topic: 'orders', active: true }],
      duplicates: ['2'],
      version: 1,
    });
  });

  test('says since when nothing has come, while nothing comes', () => {
    const silent = healthAfter(unchecked('shop'), looked(), AT, LATER);

    expect(silent.silentSince).toBe(AT);
    expect(healthAfter(silent, looked(), undefined, LATER)).not.toHaveProperty('silentSince');
  });

  test('counts its versions, and keeps a reason no longer than a row should be', () => {
    const ended = endedHealth({ ...unchecked('shop'), version: 7 }, 'x'.repeat(300), AT);

    expect(ended).toMatchObject({ ended: { at: AT, reason: 'x'.repeat(200) }, version: 8 });
    expect(healthAfter(ended, looked(), undefined, AT)).not.toHaveProperty('ended');
  });

  test('keeps what was known of its topics while it does not answer', () => {
    const known = healthAfter(unchecked('shop'), looked({ topics: [{ topic: 'orders', active: true }] }), undefined, AT);

    expect(ill(known, 'storefront.refused', LATER).topics).toEqual([{ topic: 'orders', active: true }]);
  });
});
