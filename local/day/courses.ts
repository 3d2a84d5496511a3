import type { CarrierFault } from '../simulators/easypost.ts';
import type { Journey } from '../simulators/journey.ts';
import type { Buyer } from '../simulators/sold-order.ts';

/** What the hub must have shown of an order before its customer or storefront goes on. */
export type Gate = 'held' | 'cancelled' | 'readdressed';

/** How an order must end. `held`: it waits for somebody, as it should; `intercepted`: packed, labelled and stopped; `returned`: on its way back. */
export type Ending = 'delivered' | 'returned' | 'cancelled' | 'closed' | 'held' | 'intercepted';

/** What a person must do for it. */
type Help = 'correct-address' | 'release-address' | 'release-operator' | 'authorise';

interface VersionChange {
  /** @default true */
  readonly paid?: boolean;
  readonly cancelled?: boolean;
  /** One unit of one line is refunded: `quantity` still counts it, `current_quantity` does not. */
  readonly refundOne?: boolean;
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
  readonly minimumUnits: number;
  readonly overLimit: boolean;
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
  minimumUnits: 1,
  overLimit: false,
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
  { ...CLEAN, name: 'digital', percent: 1, from: 20, ending: 'closed', welcomed: false },
  { ...CLEAN, name: 'no-sku', percent: 0, from: 30, ending: 'held' },
  { ...CLEAN, name: 'over-limit', percent: 1.5, from: 10, overLimit: true, help: ['authorise'] },
  { ...CLEAN, name: 'delayed', percent: 3, from: 10, journey: 'delayed' },
  { ...CLEAN, name: 'exception', percent: 1, from: 20, journey: 'exception' },
  { ...CLEAN, name: 'returned', percent: 1, from: 20, journey: 'returned', ending: 'returned' },
  faulty('throttled-rating'),
  faulty('error-rating'),
  faulty('slow'),
  faulty('declined', { help: ['release-operator'] }),
  faulty('no-rates', { help: ['release-operator'] }),
  faulty('hang-after-charge'),
  faulty('reset-after-charge'),
  faulty('error-after-charge'),
  faulty('wrong-address', { journey: 'kept', ending: 'intercepted' }),
  faulty('error-before'),
  faulty('throttled'),
];

/** How many orders of a day follow a course. */
export function sharesOf(course: Course, orders: number): number {
  if (course === CLEAN || orders < course.from) return 0;
  return Math.max(1, Math.round((orders * course.percent) / 100));
}
