import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { History } from '../../core/customer.ts';
import { judge, Rule, type RuleFacts, type Verdict } from '../../core/rule.ts';
import { NOW } from './samples.ts';

const RUNS = 2_000;

/** What rules may be asked: an order of 120.00 EUR, two tents of one kilogram each, to Germany, by a new customer. */
function factsWith(overrides: Partial<RuleFacts> = {}): RuleFacts {
  return {
    on: new Set(['received']),
    connectionId: 'shop',
    country: 'DE',
    total: 12_000,
    currency: 'EUR',
    units: [{ sku: 'TENT', quantity: 2 }],
    unitCount: 2,
    weight: 2_000,
    history: history(),
    ...overrides,
  };
}

/** The history of an order whose customer ordered so many hours before; the same goods, unless others are named. */
function history(...earlier: readonly { readonly hours: number; readonly goods?: string }[]): History {
  const past = earlier.map(({ hours, goods = 'tents' }, index) => ({ orderId: `shop:${index}`, at: new Date(NOW.getTime() - hours * 3_600_000).toISOString(), goods }));
  return { customer: past.length > 0 ? 'known' : 'new', earlier: past, at: NOW.toISOString(), goods: 'tents' };
}

function ruleOf(when: object, ...actions: readonly object[]): Rule {
  return Rule.parse({ name: 'one-rule', when, actions: actions.length > 0 ? actions : [HOLD] });
}

const HOLD = { do: 'hold', kind: 'fraud', reason: 'look at it first' };

function verdictOf(rules: readonly object[], facts: RuleFacts = factsWith()): Verdict {
  return judge(
    rules.map((rule) => Rule.parse(rule)),
    facts,
    'EUR',
  );
}

describe('a filter', () => {
  const cases: readonly (readonly [object, Partial<RuleFacts>, 'passes' | 'fails' | 'perhaps'])[] = [
    [{}, {}, 'passes'],
    [{ connections: ['shop'] }, {}, 'passes'],
    [{ connections: ['wholesale'] }, {}, 'fails'],
    [{ countries: ['AT', 'DE'] }, {}, 'passes'],
    [{ countries: ['AT'] }, {}, 'fails'],
    [{ countries: ['AT'] }, { country: '' }, 'perhaps'],
    [{ notCountries: ['AT'] }, {}, 'passes'],
    [{ notCountries: ['DE'] }, {}, 'fails'],
    [{ notCountries: ['DE'] }, { country: '' }, 'perhaps'],
    [{ totalAbove: 11_999 }, {}, 'passes'],
    [{ totalAbove: 12_000 }, {}, 'fails'],
    [{ totalAbove: 12_000 }, { currency: 'USD' }, 'perhaps'],
    [{ totalBelow: 12_001 }, {}, 'passes'],
    [{ totalBelow: 12_000 }, {}, 'fails'],
    [{ totalBelow: 1 }, { total: 0 }, 'passes'],
    [{ totalBelow: 1 }, { currency: 'USD' }, 'perhaps'],
    [{ skus: ['MUG', 'TENT'] }, {}, 'passes'],
    [{ skus: ['MUG'] }, {}, 'fails'],
    [{ skus: ['TENT'] }, { units: [] }, 'fails'],
    [{ skus: ['TENT'] }, { units: [{ sku: 'TENT', quantity: 0 }] }, 'fails'],
    [{ unitsAbove: 1 }, {}, 'passes'],
    [{ unitsAbove: 2 }, {}, 'fails'],
    [{ unitsAbove: 0 }, { unitCount: 0 }, 'fails'],
    [{ weightAbove: 1_999 }, {}, 'passes'],
    [{ weightAbove: 2_000 }, {}, 'fails'],
    [{ weightAbove: 2_000 }, { weight: undefined }, 'perhaps'],
    [{ customer: 'new' }, {}, 'passes'],
    [{ customer: 'known' }, {}, 'fails'],
    [{ customer: 'known' }, { history: history({ hours: 900 }) }, 'passes'],
    [{ customer: 'known' }, { history: undefined }, 'perhaps'],
    [{ duplicateWithinHours: 2 }, { history: history({ hours: 2 }) }, 'passes'],
    [{ duplicateWithinHours: 2 }, { history: history({ hours: 2.001 }) }, 'fails'],
    [{ duplicateWithinHours: 2 }, { history: history({ hours: 1, goods: 'mugs' }) }, 'fails'],
    [{ duplicateWithinHours: 2 }, { history: history({ hours: 1, goods: 'mugs' }, { hours: 1 }) }, 'passes'],
    [{ duplicateWithinHours: 2 }, { history: undefined }, 'perhaps'],
    // One filter that fails is enough, whatever the others.
    [{ countries: ['AT'], customer: 'new' }, { history: undefined }, 'fails'],
    [{ countries: ['DE'], customer: 'new' }, { history: undefined }, 'perhaps'],
    [{ countries: ['DE'], skus: ['TENT'], unitsAbove: 1 }, {}, 'passes'],
  ];

  test.each(cases)('%j of an order with %j: %s', (when, overrides, expected) => {
    const { holds, priority } = judge([ruleOf(when, HOLD, { do: 'prioritise', priority: 8 })], factsWith(overrides), 'EUR');

    // A hold is set where the filter may pass; a priority is given only where it does.
    expect({ held: holds.length, priority }).toEqual({ held: expected === 'fails' ? 0 : 1, priority: expected === 'passes' ? 8 : undefined });
  });
});

test.each([
  { do: 'authorise', by: 'person' },
  { do: 'prioritise', priority: 9 },
  { do: 'route', only: ['north'] },
])('a rule for a change may only hold, not %j', (action) => {
  const { error } = Rule.safeParse({ name: 'moved', on: 'readdressed', actions: [HOLD, action] });

  expect(error?.issues).toMatchObject([{ path: ['actions'], message: expect.stringContaining('may only hold') }]);
});

describe('what a rule did is told in words', () => {
  test.each<[object, string]>([
    [{ do: 'route', only: ['north', 'south'], prefer: ['south', 'north'] }, 'only north, south; prefer south, north'],
    [{ do: 'route', only: ['north'] }, 'only north'],
    [{ do: 'route', prefer: ['south'] }, 'prefer south'],
    [{ do: 'prioritise', priority: 9 }, 'priority 9'],
    [{ do: 'authorise', by: 'policy' }, 'authorise by policy'],
  ])('%j: %s', (action, did) => {
    expect(verdictOf([{ name: 'one-rule', actions: [action] }]).fired).toEqual([{ rule: 'one-rule', did }]);
  });

  test.each<[object, string[]]>([
    [HOLD, ['hold fraud: look at it first (not known: customer)']],
    [{ do: 'authorise', by: 'person' }, ['authorise by person (not known: customer)']],
    [{ do: 'route', only: ['north'], prefer: ['south'] }, ['only north (not known: customer)']],
    [{ do: 'route', prefer: ['south'] }, []],
    [{ do: 'prioritise', priority: 9 }, []],
    [{ do: 'authorise', by: 'policy' }, []],
  ])('%j, where nobody knows whether it applies: %j', (action, did) => {
    const { fired } = verdictOf([{ name: 'one-rule', when: { customer: 'new' }, actions: [action] }], factsWith({ history: undefined }));

    expect(fired).toEqual(did.map((one) => ({ rule: 'one-rule', did: one })));
  });
});

describe('rules together', () => {
  test('that say nothing of warehouses leave all of them open', () => {
    expect(verdictOf([{ name: 'one-rule', actions: [HOLD] }])).toMatchObject({ only: undefined, prefer: undefined, priority: undefined, authorise: undefined });
  });

  test('a rule is asked on its own event alone', () => {
    const rules = [{ name: 'edits', on: 'edited', actions: [HOLD] }];

    expect(verdictOf(rules).holds).toEqual([]);
    expect(verdictOf(rules, factsWith({ on: new Set(['received', 'edited']) })).holds).toEqual([
      { kind: 'fraud', reason: 'look at it first', by: 'rule edits', release: 'manager', standing: true },
    ]);
  });

  test('of several holds of a kind the first gives the words, and the strictest says who releases it', () => {
    const { holds, fired } = verdictOf([
      { name: 'first', actions: [{ do: 'hold', kind: 'address', reason: 'check the street' }] },
      { name: 'second', actions: [{ do: 'hold', kind: 'address', reason: 'never there', release: 'manager' }] },
    ]);

    expect(holds).toEqual([{ kind: 'address', reason: 'check the street', by: 'rule first', release: 'manager' }]);
    expect(fired).toEqual([
      { rule: 'first', did: 'hold address: check the street' },
      { rule: 'second', did: 'hold address: never there' },
    ]);
  });

  test('of priorities the last counts, 0 among them', () => {
    const rules = [
      { name: 'urgent', actions: [{ do: 'prioritise', priority: 9 }] },
      { name: 'no-hurry', actions: [{ do: 'prioritise', priority: 0 }] },
    ];

    expect(verdictOf(rules).priority).toBe(0);
    expect(verdictOf(rules.toReversed()).priority).toBe(9);
  });

  test('a person goes before the policy, whichever rule comes first', () => {
    const rules = (['person', 'policy'] as const).map((by) => ({ name: `by-${by}`, actions: [{ do: 'authorise', by }] }));

    expect([rules, rules.toReversed(), rules.slice(1), []].map((some) => verdictOf(some).authorise)).toEqual(['person', 'person', 'policy', undefined]);
  });

  test('an order ships only from warehouses that all rules allow, and first from the first that is preferred', () => {
    const { only, prefer } = verdictOf([
      { name: 'north-and-south', actions: [{ do: 'route', only: ['north', 'south'], prefer: ['south'] }] },
      { name: 'south-and-west', actions: [{ do: 'route', only: ['south', 'west'], prefer: ['west', 'south'] }] },
    ]);

    expect({ only, prefer }).toEqual({ only: ['south'], prefer: ['south', 'west'] });
  });

  test('rules that leave no warehouse hold the order for a manager, before any other operator hold', () => {
    const { only, holds } = verdictOf([
      { name: 'operator-look', actions: [{ do: 'hold', kind: 'operator', reason: 'look at it', release: 'service' }] },
      { name: 'north', actions: [{ do: 'route', only: ['north'] }] },
      { name: 'south', actions: [{ do: 'route', only: ['south'] }] },
    ]);

    expect(only).toBeUndefined();
    expect(holds).toEqual([{ kind: 'operator', reason: 'rules leave no warehouse', by: 'rule south', release: 'manager' }]);
  });

  test('what was done because a fact is not known says so', () => {
    const { fired } = judge([ruleOf({ totalAbove: 1, customer: 'new' })], factsWith({ currency: 'USD', history: undefined }), 'EUR');

    expect(fired).toEqual([{ rule: 'one-rule', did: 'hold fraud: look at it first (not known: total in the currency of the client, customer)' }]);
  });
});

const Warehouses = fc.uniqueArray(fc.constantFrom('north', 'south', 'west'), { minLength: 1, maxLength: 2 });
const Country = fc.constantFrom('DE', 'AT', 'US');
const AnyHold = fc.record(
  {
    do: fc.constant('hold'),
    kind: fc.constantFrom('fraud', 'operator', 'duplicate', 'address'),
    reason: fc.constantFrom('first look', 'second look'),
    release: fc.constantFrom('service', 'manager'),
  },
  { requiredKeys: ['do', 'kind', 'reason'] },
);
const AnyAction = fc.oneof(
  AnyHold,
  fc.record({ do: fc.constant('prioritise'), priority: fc.integer({ min: 0, max: 9 }) }),
  fc.record({ do: fc.constant('route'), only: Warehouses, prefer: Warehouses }, { requiredKeys: ['do'] }),
  fc.record({ do: fc.constant('authorise'), by: fc.constantFrom('person', 'policy') }),
);
const AnyFilter = fc.record(
  {
    connections: fc.constantFrom(['shop'], ['wholesale'], ['shop', 'wholesale']),
    countries: fc.uniqueArray(Country, { minLength: 1 }),
    notCountries: fc.uniqueArray(Country, { minLength: 1, maxLength: 1 }),
    totalAbove: fc.integer({ min: 0, max: 3 }),
    totalBelow: fc.integer({ min: 0, max: 3 }),
    skus: fc.constantFrom(['TENT'], ['MUG', 'TENT']),
    unitsAbove: fc.integer({ min: 0, max: 3 }),
    weightAbove: fc.integer({ min: 1, max: 3 }),
    customer: fc.constantFrom('new', 'known'),
    duplicateWithinHours: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [] },
);
const AnyRule = fc.oneof(
  { arbitrary: fc.record({ on: fc.constant('received'), when: AnyFilter, actions: fc.array(AnyAction, { minLength: 1, maxLength: 3 }) }), weight: 2 },
  { arbitrary: fc.record({ on: fc.constantFrom('edited', 'readdressed'), when: AnyFilter, actions: fc.array(AnyHold, { minLength: 1, maxLength: 2 }) }), weight: 1 },
);
const AnyRules = fc.array(AnyRule, { maxLength: 6 }).map((rules) => rules.map((rule, index) => Rule.parse({ name: `rule-${index}`, ...rule })));
const AnyHistory = fc.array(fc.record({ hours: fc.integer({ min: 0, max: 4 }), goods: fc.constantFrom('tents', 'mugs') }), { maxLength: 3 }).map((earlier) => history(...earlier));
const AnyFacts: fc.Arbitrary<RuleFacts> = fc.record({
  on: fc.subarray(['edited', 'readdressed'] as const).map((more) => new Set(['received' as const, ...more])),
  connectionId: fc.constantFrom('shop', 'wholesale'),
  country: Country,
  total: fc.integer({ min: 0, max: 4 }),
  currency: fc.constant('EUR'),
  units: fc.subarray([
    { sku: 'TENT', quantity: 1 },
    { sku: 'MUG', quantity: 2 },
    { sku: 'LAMP', quantity: 3 },
  ]),
  unitCount: fc.integer({ min: 0, max: 4 }),
  weight: fc.integer({ min: 0, max: 4 }),
  history: AnyHistory,
});
const Unknown: fc.Arbitrary<Partial<RuleFacts>> = fc
  .subarray([{ weight: undefined }, { history: undefined }, { currency: 'USD' }, { country: '' }], { minLength: 1 })
  .map((parts) => Object.assign({}, ...parts));

describe('whatever the rules and the order', () => {
  test('a fact that becomes unknown takes no hold off, eases no release, lets nobody past a person and opens no warehouse', () => {
    let stricter = 0;
    fc.assert(
      fc.property(AnyRules, AnyFacts, Unknown, (rules, facts, unknown) => {
        const knowing = judge(rules, facts, 'EUR');
        const guessing = judge(rules, { ...facts, ...unknown }, 'EUR');

        for (const held of knowing.holds) {
          const same = guessing.holds.find(({ kind }) => kind === held.kind);
          expect(same).toBeDefined();
          if (held.release === 'manager') expect(same?.release).toBe('manager');
          if (held.standing) expect(same?.standing).toBe(true);
        }
        if (knowing.authorise === 'person') expect(guessing.authorise).toBe('person');
        if (guessing.authorise === 'policy') expect(knowing.authorise).toBe('policy');
        if (knowing.only !== undefined && guessing.only !== undefined) expect(knowing.only).toEqual(expect.arrayContaining([...guessing.only]));
        if (knowing.only !== undefined && guessing.only === undefined) expect(guessing.holds[0]?.reason).toBe('rules leave no warehouse');
        if (guessing.prefer !== undefined) expect(knowing.prefer).toEqual(expect.arrayContaining([...guessing.prefer]));
        stricter += guessing.holds.length > knowing.holds.length ? 1 : 0;
      }),
      { numRuns: RUNS },
    );
    // The property says something only where the difference occurs.
    expect(stricter).toBeGreaterThan(RUNS / 50);
  });

  test('the order of the rules decides words and priorities, never whether an order is held, who releases it, or where it ships from', () => {
    fc.assert(
      fc.property(AnyRules, AnyFacts, Unknown, fc.boolean(), fc.infiniteStream(fc.nat()), (rules, facts, unknown, known, keys) => {
        const shuffled = rules
          .map((rule) => ({ rule, key: keys.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ rule }) => rule);
        const asked = known ? facts : { ...facts, ...unknown };

        expect(essence(judge(shuffled, asked, 'EUR'))).toEqual(essence(judge(rules, asked, 'EUR')));
      }),
      { numRuns: RUNS },
    );
  });

  test('the same facts make the same verdict, in whatever order the units and the earlier orders are told, and nothing is changed', () => {
    fc.assert(
      fc.property(AnyRules, AnyFacts, (rules, facts) => {
        const before = structuredClone({ rules, facts });
        const verdict = judge(rules, facts, 'EUR');
        const { units, history: told } = facts;
        const turned = { ...facts, units: units.toReversed(), history: told && { ...told, earlier: told.earlier.toReversed() } };

        expect(judge(rules, turned, 'EUR')).toEqual(verdict);
        expect({ rules, facts }).toEqual(before);
      }),
      { numRuns: RUNS },
    );
  });

  test('a verdict has one hold of a kind, names the rule of each, and tells of every rule that did something', () => {
    fc.assert(
      fc.property(AnyRules, AnyFacts, (rules, facts) => {
        const { holds, fired, priority, authorise, prefer } = judge(rules, facts, 'EUR');
        const names = fired.map(({ rule }) => rule);

        expect(new Set(holds.map(({ kind }) => kind)).size).toBe(holds.length);
        for (const { by } of holds) expect(names).toContain(by.slice('rule '.length));
        if (priority !== undefined) expect(fired.map(({ did }) => did)).toContain(`priority ${priority}`);
        if (authorise !== undefined) expect(fired.map(({ did }) => did)).toContain(`authorise by ${authorise}`);
        expect(new Set(prefer).size).toBe(prefer?.length ?? 0);
        expect(names).toEqual(names.toSorted());
      }),
      { numRuns: RUNS },
    );
  });

  /** What of a verdict does not depend on the order of the rules. */
  function essence({ holds, only, prefer, authorise, fired }: Verdict) {
    return {
      holds: holds.map(({ kind, release, standing }) => `${kind} ${release} ${standing}`).sort(),
      only: only?.toSorted(),
      prefer: prefer?.toSorted(),
      authorise,
      fired: fired.map(({ rule, did }) => `${rule} ${did}`).sort(),
    };
  }
});
