import type { OrderStatus } from '../../core/order.ts';
import type { CarrierFault } from '../simulators/carrier.ts';
import type { Journey } from '../simulators/journey.ts';
import type { Buyer } from '../simulators/sold-order.ts';

/** What the hub must have shown of an order before its customer or storefront goes on. */
export type Gate = 'held' | 'cancelled' | 'readdressed' | 'labelled' | 'repeated';

/**
 * How an order must end. `held`, `waiting`: for somebody, or for stock, as it should; `intercepted`: packed, labelled and stopped;
 * `called-back`: cancelled after that, and its goods unpacked; `returned`: on its way back.
 */
export type Ending = 'delivered' | 'returned' | 'cancelled' | 'closed' | 'held' | 'waiting' | 'intercepted' | 'called-back';

/** The status by which each ending shows. */
export const STATUS_AT_END: Readonly<Record<Ending, OrderStatus>> = {
  delivered: 'delivered',
  returned: 'returned',
  cancelled: 'cancelled',
  closed: 'closed',
  held: 'held',
  waiting: 'backordered',
  intercepted: 'packed',
  'called-back': 'cancelled',
};

/** What a person must do for it. */
type Help = 'correct-address' | 'release-address' | 'release-duplicate' | 'release-operator' | 'authorise';

/** What a customer buys. `far-apart`: what no one warehouse has all of; `sold-out`: more than there will ever be. */
export type Goods = 'any' | 'kit' | 'far-apart' | 'sold-out' | 'no-sku' | 'gift-card';

/** What a customer pays: more than a new one may without being looked at, or more than anyone may. */
type Price = 'usual' | 'big' | 'over-limit';

interface VersionChange {
  /** @default true */
  readonly paid?: boolean;
  readonly cancelled?: boolean;
  /** One unit of one line is refunded: `quantity` still counts it, `current_quantity` does not. */
  readonly refundOne?: boolean;
  /** One unit of one line is added only later. */
  readonly oneLater?: boolean;
  /** The last line takes the place of the first: it is not there before, and the first not after. */
  readonly swap?: 'before' | 'after';
  readonly note?: string;
}

interface Send {
  /** Which version is sent. */
  readonly version: number;
  readonly afterMs?: number;
  /** Waits for this instead of a time. */
  readonly gate?: Gate;
}

/** One kind of story that an order may have. */
export interface Course {
  readonly name: string;
  /** How many of a hundred orders; one at least from `from` orders on. */
  readonly percent: number;
  /** The smallest day in which it is played. */
  readonly from: number;
  readonly versions: readonly VersionChange[];
  readonly sends: readonly Send[];
  readonly address: (buyer: Buyer) => Buyer;
  readonly goods: Goods;
  readonly price: Price;
  readonly minimumUnits: number;
  readonly minimumLines: number;
  /** The same goods for the same customer as in another order of the day. */
  readonly repeats: boolean;
  readonly help: readonly Help[];
  readonly journey: Journey;
  readonly fault?: CarrierFault;
  readonly ending: Ending;
  /** Whether the customer is told that the order was accepted. */
  readonly welcomed: boolean;
}

const CLEAN: Course = {
  name: 'clean',
  percent: 0,
  from: 0,
  versions: [{}],
  sends: [{ version: 1 }],
  address: (buyer) => buyer,
  goods: 'any',
  price: 'usual',
  minimumUnits: 1,
  minimumLines: 1,
  repeats: false,
  help: [],
  journey: 'plain',
  ending: 'delivered',
  welcomed: true,
};

/** A clean order whose label meets a fault. */
function faulty(fault: CarrierFault, more: Partial<Course> = {}): Course {
  return { ...CLEAN, name: fault, percent: 0.4, from: 40, fault, ...more };
}

const badPostcode = (buyer: Buyer): Buyer => ({ ...buyer, postalCode: `${buyer.postalCode.slice(0, 2)}?` });

/** All the stories of a day. The first is the one that most orders have. */
export const COURSES: readonly [Course, ...Course[]] = [
  CLEAN,
  { ...CLEAN, name: 'older-late', percent: 10, from: 5, versions: [{}, { note: 'Please ring twice.' }], sends: [{ version: 2 }, { version: 1, afterMs: 900 }] },
  {
    ...CLEAN,
    name: 'bad-address',
    percent: 2.5,
    from: 20,
    sends: [{ version: 1 }, { version: 1, gate: 'readdressed' }],
    address: badPostcode,
    help: ['correct-address', 'authorise'],
  },
  { ...CLEAN, name: 'no-address', percent: 0.5, from: 30, help: ['correct-address', 'authorise'] },
  // The postcode rule is wrong about it, and a person knows better.
  {
    ...CLEAN,
    name: 'odd-address',
    percent: 0.5,
    from: 30,
    address: (buyer) => ({ ...buyer, country: 'DE', region: '', postalCode: 'D-20457' }),
    help: ['release-address', 'authorise'],
  },
  { ...CLEAN, name: 'paid-later', percent: 1, from: 10, versions: [{ paid: false }, {}], sends: [{ version: 1 }, { version: 2, gate: 'held' }] },
  {
    ...CLEAN,
    name: 'refund-before-payment',
    percent: 1,
    from: 20,
    minimumUnits: 2,
    versions: [{ paid: false }, { refundOne: true }],
    sends: [{ version: 1 }, { version: 2, gate: 'held' }],
  },
  {
    ...CLEAN,
    name: 'cancelled-unpaid',
    percent: 1,
    from: 10,
    versions: [{ paid: false }, { paid: false, cancelled: true }],
    sends: [{ version: 1 }, { version: 2, gate: 'held' }],
    ending: 'cancelled',
  },
  {
    ...CLEAN,
    name: 'cancelled-first',
    percent: 1,
    from: 10,
    versions: [{}, { cancelled: true }],
    sends: [{ version: 2 }, { version: 1, gate: 'cancelled' }],
    ending: 'cancelled',
    welcomed: false,
  },
  { ...CLEAN, name: 'test', percent: 1, from: 20, ending: 'closed', welcomed: false },
  { ...CLEAN, name: 'digital', percent: 1, from: 20, goods: 'gift-card', ending: 'closed', welcomed: false },
  { ...CLEAN, name: 'no-sku', percent: 0, from: 30, goods: 'no-sku', ending: 'held' },
  { ...CLEAN, name: 'over-limit', percent: 1.5, from: 10, price: 'over-limit', help: ['authorise'] },
  { ...CLEAN, name: 'delayed', percent: 3, from: 10, journey: 'delayed' },
  { ...CLEAN, name: 'exception', percent: 1, from: 20, journey: 'exception' },
  { ...CLEAN, name: 'returned', percent: 1, from: 20, journey: 'returned', ending: 'returned' },
  { ...CLEAN, name: 'kit', percent: 3, from: 40, goods: 'kit' },
  { ...CLEAN, name: 'split', percent: 2, from: 40, goods: 'far-apart' },
  { ...CLEAN, name: 'sold-out', percent: 0, from: 40, goods: 'sold-out', ending: 'waiting' },
  { ...CLEAN, name: 'duplicate-order', percent: 0.5, from: 40, repeats: true, sends: [{ version: 1, gate: 'repeated' }], ending: 'held' },
  { ...CLEAN, name: 'ordered-twice', percent: 1, from: 40, repeats: true, sends: [{ version: 1, gate: 'repeated' }], help: ['release-duplicate', 'authorise'] },
  {
    ...CLEAN,
    name: 'cancelled-packed',
    percent: 1,
    from: 40,
    versions: [{}, { cancelled: true }],
    sends: [{ version: 1 }, { version: 2, gate: 'labelled' }],
    journey: 'kept',
    ending: 'called-back',
  },
  {
    ...CLEAN,
    name: 'edited-up',
    percent: 1,
    from: 40,
    minimumUnits: 2,
    versions: [{ paid: false, oneLater: true }, {}],
    sends: [{ version: 1 }, { version: 2, gate: 'held' }],
  },
  {
    ...CLEAN,
    name: 'swapped',
    percent: 1,
    from: 40,
    minimumLines: 2,
    versions: [{ paid: false, swap: 'before' }, { swap: 'after' }],
    sends: [{ version: 1 }, { version: 2, gate: 'held' }],
  },
  { ...CLEAN, name: 'first-big', percent: 1, from: 40, price: 'big', help: ['authorise'] },
  // What was charged and not answered comes first: a short day plays these rather than the rest.
  faulty('hang-after-charge'),
  faulty('reset-after-charge'),
  faulty('error-after-charge'),
  faulty('throttled-rating'),
  faulty('error-rating'),
  faulty('slow'),
  faulty('declined', { help: ['release-operator'] }),
  faulty('no-rates', { help: ['release-operator'] }),
  // Only a carrier that names the address it printed can be found out: the rules send parcels to the Netherlands by one that does.
  faulty('wrong-address', { journey: 'kept', ending: 'intercepted', address: (buyer) => ({ ...buyer, country: 'NL', region: '', city: 'Utrecht', postalCode: '3511 AB' }) }),
  faulty('error-before'),
  faulty('throttled'),
];

/** How many orders of a day follow a course. */
export function sharesOf(course: Course, orders: number): number {
  if (course === CLEAN || orders < course.from) return 0;
  return Math.max(1, Math.round((orders * course.percent) / 100));
}
