import { Duration } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import type { Foundation } from './foundation.ts';
import type { HubFunction } from './hub-function.ts';
import { Worker } from './worker.ts';

/** Where orders come in from, and where their tracking goes back to. */
export class Storefront extends Construct {
  private readonly receiveWebhook: HubFunction;

  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    this.receiveWebhook = hub.gateway
      .answers(this, 'storefront/receive-webhook', {
        description: "Verifies a storefront's delivery and puts it on the inbox, untouched.",
        failureMeans: 'orders are not taken in; storefronts send them again for some hours, then stop',
        timeout: Duration.seconds(5),
        // The processor comes with the memory, and a storefront waits only a second or five.
        memory: 1024,
      })
      .knows(hub.clientLayer)
      .opens(hub.secrets, hub.secrets.storefronts);
    new Worker(this, 'storefront/write-back', {
      description: 'Tells the storefront that a parcel left, and its tracking number.',
      failureMeans: 'customers see no tracking in the shop, which still calls their parcel unfulfilled',
      timeout: Duration.seconds(30),
      batchWindow: Duration.seconds(2),
      maxConcurrency: 10,
      receives: 10,
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .opens(hub.secrets, hub.secrets.storefronts)
      .hears('write-back', hub.topics.events, { type: ['parcel.dispatched'] });
    if (hub.client.storefronts.some(({ stock }) => stock.publish)) this.publishStock(hub);
  }

  private publishStock(hub: Foundation): void {
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
    })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .opens(hub.secrets, hub.secrets.storefronts)
      .hears('stock-levels', hub.topics.events, { type: ['stock.moved', 'stock.received', 'stock.repaired'] });
  }

  /** Hands every delivery on to the one who takes orders in. */
  deliversTo(inbox: IQueue): void {
    this.receiveWebhook.sends(ENV.inboxQueue, inbox);
  }
}
