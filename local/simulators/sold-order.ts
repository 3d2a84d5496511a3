/** One thing a customer bought. */
export interface SoldLine {
  readonly lineId: string;
  readonly sku: string | null;
  readonly title: string;
  readonly quantity: number;
  /** Minor units. */
  readonly unitPrice: number;
  /** Grams of one unit. */
  readonly grams: number;
  readonly kind: 'goods' | 'tip' | 'gift-card';
}

/** Who bought, and where it goes. The people are invented. */
export interface Buyer {
  readonly firstName: string;
  readonly lastName: string;
  readonly company: string;
  readonly line1: string;
  readonly line2: string;
  readonly city: string;
  /** State or province code, or empty. */
  readonly region: string;
  readonly postalCode: string;
  readonly country: string;
  readonly phone: string;
  readonly email: string;
  readonly locale: string;
}

/** How an order stood at one moment at its storefront. */
export interface SoldVersion {
  /** 1, 2, ... */
  readonly version: number;
  /** UTC instant on a whole second. */
  readonly updatedAt: string;
  readonly paid: boolean;
  readonly cancelled: boolean;
  /** Units refunded or removed so far, per line id. */
  readonly removed: Readonly<Record<string, number>>;
  /** Units that the customer adds only later, per line id. */
  readonly later?: Readonly<Record<string, number>>;
  readonly note: string;
}

/** An order as the people at a storefront see it: the simulators write it in each vendor's words. */
export interface SoldOrder {
  /** The storefront's own id, digit for digit. */
  readonly sourceId: string;
  readonly number: string;
  readonly placedAt: string;
  readonly currency: string;
  readonly test: boolean;
  readonly buyer: Buyer;
  /** Whether it has a shipping address: digital orders have none. */
  readonly shipped: boolean;
  readonly lines: readonly SoldLine[];
}

/** Units of a line that were bought so far, refunded ones too; none of a line that is added later. */
export function unitsBought(line: SoldLine, version: SoldVersion): number {
  return line.quantity - (version.later?.[line.lineId] ?? 0);
}

/** Units of a line that are still wanted in a version. */
export function unitsLeft(line: SoldLine, version: SoldVersion): number {
  return unitsBought(line, version) - (version.removed[line.lineId] ?? 0);
}

/** Minor units that the goods of a version cost. */
export function totalOf(order: SoldOrder, version: SoldVersion): number {
  return order.lines.reduce((sum, line) => sum + line.unitPrice * unitsLeft(line, version), 0);
}

/** Minor units as a decimal of a currency with two places, as storefronts write it. */
export function decimal(minor: number): string {
  return `${Math.trunc(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
}
