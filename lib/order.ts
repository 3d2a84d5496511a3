import { Duration } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import { DeadLetters } from './dead-letters.ts';
import { type Foundation, WORK_INDEX } from './foundation.ts';
import { HubFunction } from './hub-function.ts';
import type { Storefront } from './storefront.ts';
import { Timetable } from './timetable.ts';
import { Worker } from './worker.ts';

const ANSWER_WITHIN = Duration.seconds(10);

/** What people and programs ask about orders. */
const QUESTIONS = {
  'order/show-order': { description: 'Shows an order.', failureMeans: 'people cannot see orders' },
  'order/explain-order': { description: 'Says why an order stands where it stands.', failureMeans: 'people cannot see why an order does not move' },
} as const;

/** What people decide about orders. */
const DECISIONS = {
  'order/correct-address': { description: "Corrects an order's address.", failureMeans: 'orders with a bad address cannot be mended and stay held' },
  'order/hold-order': { description: 'Puts an order on hold.', failureMeans: 'orders that must wait cannot be stopped' },
  'order/release-hold': { description: 'Releases a hold.', failureMeans: 'held orders stay held' },
  'order/prioritise-order': { description: 'Gives an order another place in the queue for stock.', failureMeans: 'urgent orders wait their usual turn' },
  'order/reallocate-order': { description: 'Gives an order stock from elsewhere.', failureMeans: 'orders cannot be moved to another warehouse, or off an expired lot' },
  'order/authorise-order': {
    description: 'Authorises an order to be packed.',
    failureMeans: 'orders that wait for a person cannot be authorised and are not packed',
  },
  'order/authorise-orders': {
    description: 'Authorises many orders to be packed.',
    failureMeans: 'orders that wait for a person cannot be authorised together and are not packed',
  },
} as const;

/** Takes orders in, lets people see and decide about them, and notices those that stand still. */
export class Order extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation, storefront: Storefront) {
    super(scope, id);
    const acceptOrders = new Worker(this, 'order/accept-orders', {
      description: 'Turns deliveries into orders, checks them and reserves their stock.',
      failureMeans: 'paid orders have reached us and are not in the hub',
      timeout: Duration.seconds(30),
      memory: 1024,
      // As many orders of one SKU as one transaction takes.
      batchSize: 98,
      batchWindow: Duration.seconds(1),
      // More would only contend for the same stock counters.
      maxConcurrency: 4,
      receives: 5,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .puts(ENV.deliveriesBucket, hub.buckets.deliveries);
    storefront.handsOver(acceptOrders);
    this.answers(hub);
    this.watches(hub);
  }

  private answers(hub: Foundation): void {
    for (const name of keysOf(QUESTIONS))
      hub.gateway
        .answers(this, name, { ...QUESTIONS[name], timeout: ANSWER_WITHIN })
        .knows(hub.clientLayer)
        .reads(hub.table);
    for (const name of keysOf(DECISIONS))
      hub.gateway
        .answers(this, name, { ...DECISIONS[name], timeout: ANSWER_WITHIN })
        .knows(hub.clientLayer)
        .stores(hub.table);
  }

  private watches(hub: Foundation): void {
    const missed = new DeadLetters(this, 'Missed', { failureMeans: 'orders and parcels that stand still are not noticed', runbook: 'order-sweep-clocks' });
    const sweepClocks = new HubFunction(this, 'order/sweep-clocks', {
      description: 'Notices orders and parcels that stand still for longer than their clocks allow.',
      timeout: Duration.minutes(5),
      lost: missed,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .clears(hub.table)
      .searches(hub.table, WORK_INDEX);
    new Timetable(this, 'Clocks', { description: `The clocks of ${hub.client.name}`, schedule: ScheduleExpression.rate(Duration.minutes(15)), calls: sweepClocks, missed });
  }
}

function keysOf<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  // Object.keys forgets which keys a table has.
  return Object.keys(table) as Name[];
}
