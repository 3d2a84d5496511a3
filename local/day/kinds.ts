import { randomBytes } from 'node:crypto';
import type { SharedSecret } from '../simulators/vendors.ts';

/** What a day of trade must know of a kind of storefront to tell a story in its words: how it is played is in the simulators. */
interface KindOfShop {
  /** The id and the number that it gives the nth order of a day. */
  readonly named: (index: number) => { readonly sourceId: string; readonly number: string };
  /** Makes what the shop and the hub both know, in the vendor's form. */
  readonly secret: () => SharedSecret;
  /** Courses that cannot happen there. */
  readonly lacks: readonly string[];
  /** Whether what it posts only names an order, so that no version can come late. */
  readonly postsIds: boolean;
  /** Whether it ends subscriptions by itself. */
  readonly unsubscribes: boolean;
  /** Its own word for an order that left whole. */
  readonly shipped: string;
}

const FIRST_SHOPIFY_ID = 820_982_911_946_154_508n;

const KINDS: ReadonlyMap<string, KindOfShop> = new Map<string, KindOfShop>([
  [
    'shopify',
    {
      // Half of the ids are past 2^53, where a double would damage them.
      named: (index) => ({ sourceId: String(index % 2 === 0 ? FIRST_SHOPIFY_ID + BigInt(index) : 5_400_000_000_000 + index), number: `#${1001 + index}` }),
      secret: () => ({ signing: hex(32), token: `shpat_${hex(16)}` }),
      lacks: [],
      postsIds: false,
      unsubscribes: true,
      shipped: 'FULFILLED',
    },
  ],
  [
    'custom',
    {
      named: (index) => ({ sourceId: `W-${String(index + 1).padStart(6, '0')}`, number: `WH-${2001 + index}` }),
      secret: () => ({ signing: `whsec_${randomBytes(32).toString('base64')}`, token: '' }),
      lacks: [],
      postsIds: false,
      unsubscribes: false,
      shipped: 'shipped',
    },
  ],
  [
    'woocommerce',
    {
      named: (index) => ({ sourceId: String(4_101 + index), number: String(4_101 + index) }),
      secret: () => ({ signing: hex(20), token: `ck_${hex(20)}:cs_${hex(20)}` }),
      // It has no orders that are only a test.
      lacks: ['test'],
      postsIds: false,
      unsubscribes: true,
      shipped: 'completed',
    },
  ],
  [
    'bigcommerce',
    {
      named: (index) => ({ sourceId: String(301 + index), number: String(301 + index) }),
      secret: () => ({ signing: hex(32), token: hex(16) }),
      lacks: [],
      postsIds: true,
      unsubscribes: true,
      shipped: 'Shipped',
    },
  ],
]);

/** @throws Error for a kind that no day is played with */
export function kindOfShop(kind: string): KindOfShop {
  const found = KINDS.get(kind);
  if (found === undefined)
    throw new Error(`A day of trade cannot be played with a storefront of the kind ${kind}; add it to local/day/kinds.ts and its simulator to local/simulators/vendors.ts.`);
  return found;
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
