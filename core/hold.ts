import * as z from 'zod';

/** Why an order waits. */
export const HoldKind = z.enum(['address', 'fraud', 'payment', 'stock', 'client', 'operator', 'duplicate']);
export type HoldKind = z.infer<typeof HoldKind>;

/** Who may take a hold off: a service representative, a fulfilment manager, or nobody but the hub, when its cause is gone. */
export const Releaser = z.enum(['service', 'manager', 'hub']);
export type Releaser = z.infer<typeof Releaser>;

/** Who releases a hold of a kind where nothing else is said. */
export const RELEASED_BY: Readonly<Record<HoldKind, Releaser>> = {
  address: 'service',
  fraud: 'manager',
  payment: 'manager',
  stock: 'hub',
  client: 'manager',
  operator: 'manager',
  duplicate: 'service',
};

/** Something that stands between an order and its packing. */
export interface Hold {
  readonly kind: HoldKind;
  readonly reason: string;
  /** UTC instant. */
  readonly at: string;
  /** Who set it: `hub`, `rule <name>`, a connection id, or a person's user name. */
  readonly by: string;
  readonly release: Releaser;
  /** It stays until somebody releases it; others are found anew, or not, in every version of the order. */
  readonly standing?: true;
}
