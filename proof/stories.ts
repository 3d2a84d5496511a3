import { authoriseAll, buyLabels, buyNone, callCarrier, closeEarly, correct, count, decide, pack, receive, release, sendOff } from './desk.ts';
import { SHOP } from './etsy.ts';
import { askToErase, beOdd, buy, list, mention, post, postPoison, scan, travel } from './outside.ts';
import { fallDue, readStorefront } from './schedules.ts';
import type { World } from './world.ts';

/** A stretch of a hub's life: after each step the hub comes to rest, so that a story is the same every time it is told. */
export interface Story {
  readonly name: string;
  /** What the client's file says otherwise. */
  readonly client?: object;
  readonly steps: readonly ((world: World) => void | Promise<void>)[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What is told again and again, each time with something else going wrong. */
export const STORIES: readonly Story[] = [
  {
    name: 'an order is delivered',
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => {
        post(world, { id: '1' });
        post(world, { id: '1' });
      },
      (world) => scan(world, '1', 'plain', 2),
      (world) => {
        scan(world, '1', 'plain', 4);
        scan(world, '1', 'plain', 3);
      },
    ],
  },
  {
    name: 'two orders want the last unit',
    steps: [
      (world) => receive(world, 'first', { TENT: 3 }),
      (world) => {
        post(world, { id: '1', units: { TENT: 2 } });
        post(world, { id: '2', units: { TENT: 2 } });
      },
      (world) => receive(world, 'second', { TENT: 5 }, 'request'),
      (world) => {
        scan(world, '1', 'plain', 4);
        scan(world, '2', 'delayed', 3);
      },
    ],
  },
  {
    name: 'an order is edited, then cancelled',
    steps: [
      (world) => receive(world, 'first', { TENT: 9, MUG: 9 }),
      (world) => post(world, { id: '1', paid: false }),
      (world) => {
        post(world, { id: '1', version: 3, paid: false, units: { TENT: 1, MUG: 2 } });
        post(world, { id: '1', version: 2, paid: false, units: { MUG: 5 } });
      },
      (world) => post(world, { id: '1', version: 4, paid: false, units: { TENT: 1 }, status: 'cancelled' }),
    ],
  },
  {
    name: 'a parcel is called back',
    steps: [(world) => receive(world, 'first', { TENT: 4 }), (world) => post(world, { id: '1' }), (world) => decide(world, '1', 'recall'), (world) => scan(world, '1', 'plain', 2)],
  },
  {
    name: "the carrier's answer is lost after the charge",
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => {
        beOdd(world, '1', 'answers-never');
        post(world, { id: '1' });
      },
    ],
  },
  {
    name: 'the carrier is busy once',
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => {
        beOdd(world, '1', 'declines-once');
        post(world, { id: '1' });
      },
    ],
  },
  {
    name: 'a label prints another address',
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => {
        beOdd(world, '1', 'prints-another-address');
        post(world, { id: '1' });
      },
      (world) => release(world, '1', 'address'),
      (world) => scan(world, '1', 'plain', 4),
    ],
  },
  {
    name: 'a parcel comes back, and the customer is forgotten',
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => post(world, { id: '1' }),
      (world) => scan(world, '1', 'returned', 3),
      (world) => scan(world, '1', 'plain', 4),
      (world) => askToErase(world, '1'),
    ],
  },
  {
    name: 'stock is counted short, and a message is poison',
    steps: [
      (world) => receive(world, 'first', { TENT: 3 }),
      (world) => {
        post(world, { id: '1', paid: false });
        postPoison(world);
      },
      (world) => count(world, 'count-1', 'TENT', 2),
      (world) => post(world, { id: '1', version: 2 }),
    ],
  },
  {
    name: 'people decide',
    client: { policies: { authorisation: { mode: 'person' }, packing: 'scan' } },
    steps: [
      (world) => receive(world, 'first', { TENT: 4, MUG: 2 }),
      (world) => receive(world, 'second', { TENT: 4 }, 'free', 'south'),
      (world) => {
        post(world, { id: '1', units: { TENT: 2, MUG: 1 } });
        post(world, { id: '2', units: { TENT: 1 } });
        post(world, { id: '3', units: { TENT: 1 } });
      },
      (world) => decide(world, '1', 'hold'),
      (world) => correct(world, '1', 'Beispielweg 5'),
      (world) => release(world, '1', 'fraud'),
      (world) => decide(world, '2', 'prioritise'),
      (world) => decide(world, '2', 'moveSouth'),
      (world) => authoriseAll(world, '2', '3'),
      (world) => decide(world, '1', 'authorise'),
      (world) => decide(world, '1', 'beginPacking'),
      (world) => pack(world, '1', { TENT: 2, MUG: 1 }),
      (world) => decide(world, '1', 'handOver'),
      (world) => decide(world, '1', 'reportDelivered'),
    ],
  },
  {
    name: 'a day ends at the dock',
    steps: [
      (world) => receive(world, 'first', { TENT: 9 }),
      (world) => post(world, { id: '1' }),
      (world) => post(world, { id: '2' }),
      (world) => callCarrier(world, '2026-11-20'),
      (world) => fallDue(world, 'shipment/end-day'),
      (world) => post(world, { id: '3' }),
      (world) => closeEarly(world),
      (world) => callCarrier(world, '2026-11-23'),
      (world) => sendOff(world, 'north-2026-11-23-1'),
    ],
  },
  {
    name: 'a night',
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => {
        post(world, { id: '1' });
        post(world, { id: '2', units: { TENT: 9 } });
      },
      (world) => fallDue(world, 'tracking/renew-subscriptions'),
      (world) => fallDue(world, 'storefront/check-connections'),
      (world) => scan(world, '1', 'plain', 2),
      (world) => {
        world.state.now += DAY_MS;
        travel(world, '1', 'plain', 4);
      },
      (world) => fallDue(world, 'tracking/poll-updates'),
      (world) => fallDue(world, 'shipment/reconcile-labels'),
      (world) => fallDue(world, 'inventory/check-stock'),
      (world) => fallDue(world, 'order/sweep-clocks'),
      (world) => fallDue(world, 'shipment/score-services'),
      (world) => fallDue(world, 'report/write-report'),
    ],
  },
  {
    name: 'a storefront that posts nothing is read',
    client: {
      storefronts: [
        {
          id: 'wholesale',
          kind: 'custom',
          settings: { callbackUrl: 'https://wholesale.example.com/crossdock', ordersUrl: 'https://wholesale.example.com/orders', toleranceSeconds: 300 },
        },
      ],
    },
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => {
        list(world, { id: '1' });
        list(world, { id: '2' });
        return readStorefront(world);
      },
      (world) => {
        list(world, { id: '1', version: 2, paid: false });
        post(world, { id: '3' });
        return readStorefront(world);
      },
    ],
  },
  {
    name: 'a customer sends goods back',
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => post(world, { id: '1' }),
      (world) => scan(world, '1', 'plain', 4),
      (world) => decide(world, '1', 'sendBack'),
    ],
  },
  {
    name: 'a shop says only which order changed',
    client: { storefronts: [{ id: SHOP.connectionId, kind: 'etsy', settings: { shopId: SHOP.id, apiUrl: `https://${SHOP.host}`, toleranceSeconds: 300 } }] },
    steps: [
      (world) => receive(world, 'first', { TENT: 9 }),
      (world) => {
        buy(world, { id: '301' });
        buy(world, { id: '302', units: { TENT: 2 }, status: 'Open' });
        mention(world, '301', 'order.paid');
        mention(world, '399', 'order.paid');
      },
      (world) => {
        world.state.now += 2 * HOUR_MS;
        buy(world, { id: '302', status: 'Canceled' });
        scan(world, '301', 'plain', 2);
      },
    ],
  },
  {
    name: 'labels are bought by hand',
    client: { carriers: [{ id: 'counter', kind: 'manual', settings: { title: 'Counter', services: [{ name: 'Parcel', cost: '6.40', currency: 'EUR', days: 2 }] } }] },
    steps: [
      (world) => receive(world, 'first', { TENT: 4 }),
      (world) => {
        post(world, { id: '1' });
        post(world, { id: '2' });
      },
      (world) => buyLabels(world, '1'),
      (world) => decide(world, '2', 'recall'),
      (world) => buyNone(world, '2'),
      (world) => buyNone(world, '2'),
      (world) => buyLabels(world, '2'),
      (world) => decide(world, '1', 'handOver'),
      (world) => decide(world, '1', 'reportDelivered'),
    ],
  },
];
