import { createHash } from 'node:crypto';
import { addressHash } from './address.ts';
import { type Client, productOf } from './client.ts';
import type { Demand } from './inventory.ts';
import { type OrderDocument, soldIn } from './order-document.ts';
import type { Rule, RuleFacts } from './rule.ts';

/** One order of a customer, as it is remembered: by digests alone. */
export interface PastOrder {
  readonly orderId: string;
  /** UTC instant at which the hub first saw it. */
  readonly at: string;
  /** Digest of its goods. */
  readonly goods: string;
}

/** What is known of an order's customer from other orders. */
export interface History {
  /** Known: an earlier order of theirs is. */
  readonly customer: 'new' | 'known';
  /** Their orders before this one, cancelled and test orders left out. */
  readonly earlier: readonly PastOrder[];
  /** When the hub first saw this order. */
  readonly at: string;
  /** Digest of this order's goods. */
  readonly goods: string;
}

/** The history of one of a customer's orders; of any two orders exactly one is the earlier, whoever asks. */
export function historyOf(own: PastOrder, all: readonly PastOrder[]): History {
  const earlier = all.filter((other) => other.goods !== NO_GOODS && isBefore(other, own));
  return { customer: earlier.length > 0 ? 'known' : 'new', earlier, at: own.at, goods: own.goods };
}

function isBefore(a: PastOrder, b: PastOrder): boolean {
  return a.at === b.at ? a.orderId < b.orderId : a.at < b.at;
}

/**
 * What a customer is known by: a digest of their e-mail address, else of their telephone number, else of where their parcels go.
 * @returns undefined when there is nothing to know them by
 */
export function customerDigest({ email, phone, shipTo }: OrderDocument): string | undefined {
  const mail = email?.normalize('NFKC').trim().toLowerCase();
  if (mail) return digestOf('email', mail);
  const digits = phone?.replace(/\D/g, '').replace(/^00/, '');
  // Fewer digits are an extension or a filler, which many share.
  if (digits && digits.length >= 6) return digestOf('phone', digits);
  return shipTo !== null && (shipTo.name || shipTo.company) && shipTo.line1 ? digestOf('address', addressHash(shipTo)) : undefined;
}

// An order that ships nothing is nobody's duplicate, and makes nobody known.
const NO_GOODS = '';

/** What the goods of an order are known by: equal for equal units of equal SKUs, however its lines run; empty when it is cancelled or a test. */
export function goodsDigest(document: OrderDocument): string {
  if (document.cancelled || document.test) return NO_GOODS;
  const sold = soldIn(document);
  return sold.length === 0 ? NO_GOODS : digestOf('goods', JSON.stringify(sold.map(({ sku, quantity }) => [sku, quantity])));
}

function digestOf(kind: string, content: string): string {
  return createHash('sha256').update(`${kind}\n${content}`).digest('base64url').slice(0, 22);
}

/** Whether a client's rules, or its policy, ask who a customer is. */
export function needsHistory({ rules, policies }: Pick<Client, 'rules' | 'policies'>): boolean {
  return policies.authorisation.customers === 'known' || rules.some(({ when }) => when.customer !== undefined || when.duplicateWithinHours !== undefined);
}

/**
 * Who is to authorise an order, where that is not left to the policy's mode and limit. A rule lifts the limit, never the demand that
 * orders of new customers wait for a person.
 */
export function authoriserOf(asked: 'person' | 'policy' | undefined, { policies }: Pick<Client, 'policies'>, history: History | undefined): 'person' | 'policy' | undefined {
  return policies.authorisation.customers === 'known' && history?.customer !== 'known' ? 'person' : asked;
}

/**
 * What rules are asked about.
 * @param demand what is to be shipped, kits taken apart
 * @param on what happened to the order; `received` always did
 */
export function factsOf(document: OrderDocument, demand: readonly Demand[], client: Client, history: History | undefined, on: ReadonlySet<Rule['on']>): RuleFacts {
  return {
    on,
    connectionId: document.connectionId,
    country: document.shipTo?.country ?? '',
    total: document.total,
    currency: document.currency,
    units: [...soldIn(document), ...demand],
    unitCount: demand.reduce((sum, { quantity }) => sum + quantity, 0),
    weight: weightOf(demand, client),
    // Two versions may be decided together: each by its own goods.
    history: history && { ...history, goods: goodsDigest(document) },
  };
}

function weightOf(demand: readonly Demand[], client: Client): number | undefined {
  let grams = 0;
  for (const { sku, quantity } of demand) {
    const product = productOf(client, sku);
    if (product === undefined) return undefined;
    grams += product.weight * quantity;
  }
  return grams;
}
