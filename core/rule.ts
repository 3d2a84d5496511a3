import * as z from 'zod';
import type { History } from './customer.ts';
import { type Hold, HoldKind, RELEASED_BY, Releaser } from './hold.ts';
import { Sku, Slug } from './id.ts';
import type { Demand } from './inventory.ts';
import { Minor } from './money.ts';
import { Grams } from './weight.ts';

const title = (text: string) => ({ title: text });
const Countries = z.array(z.string().regex(/^[A-Z]{2}$/, { error: 'must be a two-letter country code such as DE' })).min(1);

/** What an order must be like for a rule to apply; all that is given must hold, and nothing given applies to every order. */
const Filter = z.strictObject({
  connections: z.array(Slug).min(1).optional().meta(title('Came in by one of these storefront connections')),
  countries: Countries.optional().meta(title('Goes to one of these countries')),
  notCountries: Countries.optional().meta(title('Goes to none of these countries')),
  totalAbove: Minor.min(0).optional().meta(title('Total above this, in minor units of the client currency')),
  totalBelow: Minor.min(0).optional().meta(title('Total below this, in minor units of the client currency')),
  skus: z.array(Sku).min(1).optional().meta(title('Holds one of these SKUs')),
  unitsAbove: z.int().min(0).optional().meta(title('More units than this')),
  weightAbove: Grams.optional().meta(title('Heavier than this, in grams')),
  customer: z.enum(['new', 'known']).optional().meta(title('Whether an earlier order of the same customer is known')),
  duplicateWithinHours: z.int().min(1).max(720).optional().meta(title('The same customer ordered the same goods within so many hours')),
});

/** What a rule does to an order that it applies to. */
const Action = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('hold'),
    kind: HoldKind.exclude(['stock']),
    reason: z.string().trim().min(3).max(200),
    release: Releaser.exclude(['hub']).optional().meta(title('Who may release it')),
  }),
  z.strictObject({ do: z.literal('prioritise'), priority: z.int().min(0).max(9).meta(title('9 is served first; 5 is usual')) }),
  z.strictObject({
    do: z.literal('route'),
    only: z.array(Slug).min(1).optional().meta(title('Ships from these warehouses alone')),
    prefer: z.array(Slug).min(1).optional().meta(title('Ships from these warehouses first')),
  }),
  z.strictObject({
    do: z.literal('authorise'),
    by: z.enum(['person', 'policy']).meta(title('person: always waits for a person; policy: authorised although its total is above the limit')),
  }),
]);

/**
 * A rule of the client file: on an event, for the orders that pass its filter, do something.
 * `received`: every version of an order, as it then stands; `edited`, `readdressed`: a version that changes the lines, or the
 * address, of an order that the hub has already. A change is over once it is seen, so rules for one may only hold: a hold stays.
 */
export const Rule = z
  .strictObject({
    name: Slug,
    on: z.enum(['received', 'edited', 'readdressed']).default('received').meta(title('When it is asked')),
    when: Filter.prefault({}),
    actions: z.array(Action).min(1),
  })
  .refine(({ on, actions }) => on === 'received' || actions.every((action) => action.do === 'hold'), {
    error: 'may only hold when the rule is for edited or readdressed: anything else would be forgotten with the next version',
    path: ['actions'],
  });
export type Rule = z.infer<typeof Rule>;

/** The priority of an order that no rule and no person gives another. */
export const USUAL_PRIORITY = 5;

type Filter = z.infer<typeof Filter>;
type Action = z.infer<typeof Action>;

/** What rules are asked about: all that is known of one version of an order. */
export interface RuleFacts {
  /** What happened; `received` always did. */
  readonly on: ReadonlySet<Rule['on']>;
  readonly connectionId: string;
  /** ISO 3166-1 alpha-2, or empty where there is no address. */
  readonly country: string;
  /** Minor units of `currency`. */
  readonly total: number;
  readonly currency: string;
  /** What was sold and what that comes to, kits and their parts alike. */
  readonly units: readonly Demand[];
  /** Units to ship; kits are taken apart. */
  readonly unitCount: number;
  /** Grams; undefined where a product is unknown. */
  readonly weight: number | undefined;
  /** Undefined where it was not looked up, or there is nothing to know the customer by. */
  readonly history: History | undefined;
}

/** What the rules of a client make of an order, all together. */
export interface Verdict {
  /** One of a kind: the first rule's words, the strictest releaser. */
  readonly holds: readonly Omit<Hold, 'at'>[];
  readonly priority: number | undefined;
  /** Warehouses that it may ship from; undefined where rules leave it all of them, or leave it none and so hold it. */
  readonly only: readonly string[] | undefined;
  readonly prefer: readonly string[] | undefined;
  readonly authorise: 'person' | 'policy' | undefined;
  /** What each rule did, in the order of the client file. */
  readonly fired: readonly { readonly rule: string; readonly did: string }[];
}

/** An action that applies to an order. */
interface Fired {
  readonly rule: Rule;
  readonly action: Action;
  /** Facts that its rule needed and that are not known. */
  readonly unknown: readonly string[];
}

/**
 * Asks every rule, in the order of the client file, and puts together what they say: of priorities the last counts, of warehouses those
 * that all rules allow, of authorisers a person before the policy. Rules that leave no warehouse hold the order.
 *
 * Fails closed: a filter whose fact is not known (no history, no weight, no country, a total in another currency) neither passes nor
 * fails its rule. What such a rule would do to stop or narrow an order (hold, authorise by a person, ship from some warehouses only) is
 * done; what would ease its way (authorise by policy, a priority, preferred warehouses) is not.
 * @param clientCurrency the currency that the limits of rules are in
 */
export function judge(rules: readonly Rule[], facts: RuleFacts, clientCurrency: string): Verdict {
  const known = comparable(facts, clientCurrency);
  const fired = rules.filter(({ on }) => facts.on.has(on)).flatMap((rule) => firedBy(rule, known));
  const routes = fired.map(({ rule, action }) => ({ rule, only: action.do === 'route' ? action.only : undefined, prefer: action.do === 'route' ? action.prefer : undefined }));
  const { only, emptiedBy } = commonTo(routes);
  const prefer = [...new Set(routes.flatMap((route) => route.prefer ?? []))];
  const authorisers = new Set(fired.map(({ action }) => (action.do === 'authorise' ? action.by : undefined)));
  return {
    holds: oneOfAKind([...(emptiedBy === undefined ? [] : [noWarehouse(emptiedBy)]), ...fired.flatMap(holdsOf)]),
    priority: fired.map(({ action }) => (action.do === 'prioritise' ? action.priority : undefined)).findLast((priority) => priority !== undefined),
    only,
    prefer: prefer.length === 0 ? undefined : prefer,
    authorise: (['person', 'policy'] as const).find((by) => authorisers.has(by)),
    fired: fired.map((one) => ({ rule: one.rule.name, did: didOf(one) })),
  };
}

/** Facts as filters compare them: undefined is what is not known. */
type Known = Omit<RuleFacts, 'total' | 'country'> & { readonly total: number | undefined; readonly country: string | undefined };

function comparable(facts: RuleFacts, clientCurrency: string): Known {
  return { ...facts, total: facts.currency === clientCurrency ? facts.total : undefined, country: facts.country || undefined };
}

/** The filters of a rule, with the fact that each needs. */
const FILTERS: readonly { readonly fact: string; readonly passes: (when: Filter, facts: Known) => boolean | undefined }[] = [
  { fact: 'storefront', passes: ({ connections }, { connectionId }) => ask(connections, connectionId, (some, id) => some.includes(id)) },
  { fact: 'country', passes: ({ countries }, { country }) => ask(countries, country, (some, code) => some.includes(code)) },
  { fact: 'country', passes: ({ notCountries }, { country }) => ask(notCountries, country, (some, code) => !some.includes(code)) },
  { fact: 'total in the currency of the client', passes: ({ totalAbove }, { total }) => ask(totalAbove, total, (limit, sum) => sum > limit) },
  { fact: 'total in the currency of the client', passes: ({ totalBelow }, { total }) => ask(totalBelow, total, (limit, sum) => sum < limit) },
  { fact: 'goods', passes: ({ skus }, { units }) => ask(skus, units, (some, all) => all.some(({ sku, quantity }) => quantity > 0 && some.includes(sku))) },
  { fact: 'units', passes: ({ unitsAbove }, { unitCount }) => ask(unitsAbove, unitCount, (limit, count) => count > limit) },
  { fact: 'weight', passes: ({ weightAbove }, { weight }) => ask(weightAbove, weight, (limit, grams) => grams > limit) },
  { fact: 'customer', passes: ({ customer }, { history }) => ask(customer, history, (wanted, { customer: found }) => wanted === found) },
  { fact: 'customer', passes: ({ duplicateWithinHours }, { history }) => ask(duplicateWithinHours, history, isDuplicate) },
];

/** @returns undefined where a filter is given and its fact is not known */
function ask<Wanted, Fact>(wanted: Wanted | undefined, fact: Fact | undefined, passes: (wanted: Wanted, fact: Fact) => boolean): boolean | undefined {
  if (wanted === undefined) return true;
  return fact === undefined ? undefined : passes(wanted, fact);
}

function isDuplicate(hours: number, { at, goods, earlier }: History): boolean {
  return earlier.some((other) => other.goods === goods && Date.parse(at) - Date.parse(other.at) <= hours * 3_600_000);
}

/** What of a rule's actions applies: all of them where its filter passes, the careful ones where that is not known. */
function firedBy(rule: Rule, facts: Known): Fired[] {
  const answers = FILTERS.map(({ fact, passes }) => ({ fact, passed: passes(rule.when, facts) }));
  if (answers.some(({ passed }) => passed === false)) return [];
  const unknown = [...new Set(answers.filter(({ passed }) => passed === undefined).map(({ fact }) => fact))];
  const actions = unknown.length === 0 ? rule.actions : rule.actions.flatMap(carefulPart);
  return actions.map((action) => ({ rule, action, unknown }));
}

/** What of an action is done although nobody knows whether its rule applies: what stops or narrows an order. */
function carefulPart(action: Action): Action[] {
  switch (action.do) {
    case 'hold':
      return [action];
    case 'authorise':
      return action.by === 'person' ? [action] : [];
    case 'route':
      return action.only === undefined ? [] : [{ do: 'route', only: action.only }];
    case 'prioritise':
      return [];
    default:
      return action satisfies never;
  }
}

/** The warehouses that all routes allow, and the rule that left none, if one did. */
function commonTo(routes: readonly { readonly rule: Rule; readonly only: readonly string[] | undefined }[]): { only: readonly string[] | undefined; emptiedBy?: Rule } {
  let common: readonly string[] | undefined;
  for (const { rule, only } of routes) {
    if (only === undefined) continue;
    common = common === undefined ? [...new Set(only)] : common.filter((warehouse) => only.includes(warehouse));
    // A manager who lets such an order pass decides where it ships from.
    if (common.length === 0) return { only: undefined, emptiedBy: rule };
  }
  return { only: common };
}

function noWarehouse(rule: Rule): Omit<Hold, 'at'> {
  return { kind: 'operator', reason: 'rules leave no warehouse', by: `rule ${rule.name}`, release: RELEASED_BY.operator };
}

function holdsOf({ rule, action }: Fired): Omit<Hold, 'at'>[] {
  if (action.do !== 'hold') return [];
  const { kind, reason, release = RELEASED_BY[kind] } = action;
  return [{ kind, reason, by: `rule ${rule.name}`, release, ...(rule.on !== 'received' && { standing: true as const }) }];
}

/** The first hold of each kind, which stays if one of them has to, and is for the manager to release if one of them is. */
function oneOfAKind(holds: readonly Omit<Hold, 'at'>[]): Omit<Hold, 'at'>[] {
  return [...Map.groupBy(holds, ({ kind }) => kind).values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const strictest = alike.find(({ release }) => release === 'manager') ?? first;
    return [{ ...first, release: strictest.release, ...(alike.some(({ standing }) => standing) && { standing: true as const }) }];
  });
}

function didOf({ action, unknown }: Fired): string {
  return unknown.length === 0 ? describe(action) : `${describe(action)} (not known: ${unknown.join(', ')})`;
}

function describe(action: Action): string {
  switch (action.do) {
    case 'hold':
      return `hold ${action.kind}: ${action.reason}`;
    case 'prioritise':
      return `priority ${action.priority}`;
    case 'route':
      return [action.only && `only ${action.only.join(', ')}`, action.prefer && `prefer ${action.prefer.join(', ')}`].filter(Boolean).join('; ');
    case 'authorise':
      return `authorise by ${action.by}`;
    default:
      return action satisfies never;
  }
}
