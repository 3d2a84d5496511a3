import { Duration } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import { metricAlarms } from './alarm.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Foundation } from './foundation.ts';
import { HubFunction } from './hub-function.ts';
import { Timetable } from './timetable.ts';
import { Worker } from './worker.ts';

/** What storefronts post. A processor comes with the memory, and a storefront waits only a second or five. */
const RECEIVED = {
  'storefront/receive-webhook': {
    description: "Verifies a storefront's delivery and puts it on the inbox, untouched.",
    failureMeans: 'orders are not taken in; storefronts send them again for some hours, then stop',
    timeout: Duration.seconds(5),
    memory: 1024,
  },
  'storefront/receive-request': {
    description: 'Verifies what a storefront asks of us as its fulfilment service, and puts it on the inbox.',
    failureMeans: 'a storefront cannot ask us to fulfil; its orders are found by the next reading',
    timeout: Duration.seconds(5),
    memory: 1024,
  },
} as const;

/** What the metrics of the hourly check mean when they are not nothing. */
const FOUND = {
  connectionSilent: 'a storefront has posted nothing for much longer than it ever does: its orders may not reach us',
  connectionUnhealthy: 'a storefront cannot be reached with the token and settings we have: nothing can be read from it or written to it',
} as const;

/** What the metrics of taking orders in mean when they are not nothing; a dead letter tells of other faults. */
const NOTICED = {
  shapeChanged: 'a storefront sends something else than it did, and its orders are set aside until its adapter is mended',
  connectionEnded: 'a storefront ended its connection: nothing more comes from it, and nothing can be written to it',
} as const;

/** Where orders come in from, and where their tracking goes back to. */
export class Storefront extends Construct {
  private readonly hub: Foundation;
  private readonly receivers: readonly HubFunction[];
  private readonly fetchOrders: Worker;
  private readonly honourPrivacy: Worker;
  private readonly pollOrders: HubFunction | undefined;
  private readonly checkConnections: HubFunction;
  private inbox: IQueue | undefined;

  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    this.hub = hub;
    this.receivers = this.receives();
    this.fetchOrders = this.fetches();
    this.honourPrivacy = this.honours();
    this.pollOrders = hub.storefrontsThat('polls').length === 0 ? undefined : this.polls();
    this.answers();
    this.checkConnections = this.checks();
    this.writesBack();
    if (hub.client.storefronts.some(({ stock }) => stock.publish)) this.publishesStock();
  }

  /** Hands everything that comes in to the one who takes orders in, and takes from it what must be looked up or honoured. */
  handsOver(acceptOrders: Worker): void {
    const inbox = acceptOrders.worksOff('inbox');
    for (const sender of [...this.receivers, this.fetchOrders, ...(this.pollOrders ? [this.pollOrders] : [])]) sender.sends(ENV.inboxQueue, inbox);
    acceptOrders.sends(ENV.fetchQueue, this.fetchOrders.worksOff('fetches')).sends(ENV.privacyQueue, this.honourPrivacy.worksOff('privacy'));
    this.inbox = inbox;
    metricAlarms(acceptOrders, NOTICED, this.checkConnections);
  }

  /** Where deliveries wait to be taken in. */
  get inboxUrl(): string {
    if (this.inbox === undefined) throw new Error('Nobody takes orders in yet: call handsOver first.');
    return this.inbox.queueUrl;
  }

  private receives(): HubFunction[] {
    const { gateway, clientLayer, secrets } = this.hub;
    return (['storefront/receive-webhook', 'storefront/receive-request'] as const).map((name) =>
      gateway.answers(this, name, RECEIVED[name]).knows(clientLayer).opens(secrets, secrets.storefronts),
    );
  }

  private fetches(): Worker {
    return this.calling(
      new Worker(this, 'storefront/fetch-orders', {
        description: 'Fetches the orders that storefronts only named.',
        failureMeans: 'orders were announced and their content was not fetched: they are not in the hub until the next reading',
        timeout: Duration.seconds(60),
        batchWindow: Duration.seconds(1),
        // Storefronts count our calls.
        maxConcurrency: 4,
        receives: 10,
      }),
    );
  }

  private honours(): Worker {
    return new Worker(this, 'storefront/honour-privacy', {
      description: 'Shows and erases personal data at the request of customers and shops.',
      failureMeans: 'a request to show or erase personal data is not honoured, and the law sets a term',
      timeout: Duration.minutes(5),
      maxConcurrency: 2,
      receives: 10,
    })
      .knows(this.hub.clientLayer)
      .stores(this.hub.table)
      .clears(this.hub.table)
      .scans(this.hub.table)
      .erases(ENV.labelsBucket, this.hub.buckets.labels);
  }

  private polls(): HubFunction {
    const missed = new DeadLetters(this, 'Missed', { failureMeans: 'orders whose webhook was lost are not found', runbook: 'storefront-poll-orders' });
    const pollOrders = this.calling(
      new HubFunction(this, 'storefront/poll-orders', {
        description: 'Reads the orders that changed at a storefront, and takes in what no webhook brought.',
        timeout: Duration.minutes(5),
        lost: missed,
      }),
    );
    for (const { id, poll } of this.hub.storefrontsThat('polls')) {
      new Timetable(this, `Poll-${id}`, {
        description: `Reading the orders of ${id}`,
        schedule: ScheduleExpression.rate(Duration.minutes(poll.everyMinutes)),
        within: Duration.minutes(Math.max(1, Math.floor(poll.everyMinutes / 2))),
        calls: pollOrders,
        input: { connectionId: id },
        missed,
      });
    }
    return pollOrders;
  }

  private answers(): void {
    const { gateway, clientLayer, secrets, table } = this.hub;
    gateway
      .answers(this, 'storefront/answer-question', {
        description: 'Answers what a storefront asks of us as its fulfilment service.',
        failureMeans: 'a storefront that asks us for stock and tracking numbers gets no answer, and asks again within the hour',
        timeout: Duration.seconds(10),
      })
      .knows(clientLayer)
      .reads(table)
      .opens(secrets, secrets.storefronts);
  }

  private checks(): HubFunction {
    const missed = new DeadLetters(this, 'Unchecked', { failureMeans: 'nobody would notice that a storefront posts no more', runbook: 'storefront-check-connections' });
    const checkConnections = this.calling(
      new HubFunction(this, 'storefront/check-connections', {
        description: "Mends storefronts' subscriptions, and notices those that fell silent.",
        timeout: Duration.minutes(5),
        lost: missed,
      }),
    )
      // What was to be erased and could not be yet, because its order was on its way, is erased by this.
      .clears(this.hub.table)
      .scans(this.hub.table)
      .erases(ENV.labelsBucket, this.hub.buckets.labels)
      .counts(ENV.deliveriesBucket, this.hub.buckets.deliveries);
    metricAlarms(checkConnections, FOUND);
    new Timetable(this, 'Check', {
      description: `The hourly check of the storefronts of ${this.hub.client.name}`,
      schedule: ScheduleExpression.rate(Duration.hours(1)),
      within: Duration.minutes(10),
      calls: checkConnections,
      missed,
    });
    return checkConnections;
  }

  private writesBack(): void {
    const writeBack = this.calling(
      new Worker(this, 'storefront/write-back', {
        description: 'Tells the storefront that a parcel left, and its tracking number.',
        failureMeans: 'customers see no tracking in the shop, which still calls their parcel unfulfilled',
        timeout: Duration.seconds(30),
        batchWindow: Duration.seconds(2),
        maxConcurrency: 4,
        receives: 12,
      }),
    );
    // A queue each, so that a storefront that is down holds up only its own parcels.
    for (const { id } of this.hub.storefrontsThat('writesTracking')) {
      writeBack.hears(`write-back-${id}`, this.hub.topics.events, { type: ['parcel.dispatched'], connectionId: [id] });
    }
  }

  private publishesStock(): void {
    this.calling(
      new Worker(this, 'storefront/publish-stock', {
        description: 'Tells storefronts how much they may sell of what has moved.',
        failureMeans: 'a storefront goes on selling by an old figure: what is gone is sold again, or what has come is not offered',
        timeout: Duration.seconds(30),
        // Many movements of a SKU become one figure.
        batchSize: 100,
        batchWindow: Duration.seconds(5),
        maxConcurrency: 2,
        // Two that meet at a SKU that never rests send each other back now and then.
        receives: 20,
      }),
    ).hears('stock-levels', this.hub.topics.events, { type: ['stock.moved', 'stock.received', 'stock.repaired'] });
  }

  /** A function that calls storefronts: with their settings and secrets, and a token that it may have to renew. */
  private calling<Fn extends HubFunction>(fn: Fn): Fn {
    const { clientLayer, table, secrets, gateway } = this.hub;
    fn.knows(clientLayer).stores(table).opens(secrets, secrets.storefronts).isTold(ENV.publicUrl, gateway.url);
    return fn;
  }
}
