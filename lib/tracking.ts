import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ENV } from '../functions/shell/env.ts';
import type { Foundation } from './foundation.ts';
import { Worker } from './worker.ts';

/** Follows parcels by what carriers report. */
export class Tracking extends Construct {
  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    const applyUpdates = new Worker(this, 'tracking/apply-updates', {
      description: "Applies carriers' updates to parcels.",
      failureMeans: 'parcels move and neither the hub nor the customer hears of it',
      timeout: Duration.seconds(20),
      batchWindow: Duration.seconds(1),
      maxConcurrency: 10,
      // A callback may come before our own note of the label, which a crash delays by the lease of 90 s: the growing pauses must outlast it.
      receives: 10,
    })
      .knows(hub.clientLayer)
      .stores(hub.table);
    hub.gateway
      .answers(this, 'tracking/receive-update', {
        description: "Verifies a carrier's update and queues it, untouched.",
        failureMeans: "carriers' updates are not taken in; carriers send them again for some hours, then stop",
        timeout: Duration.seconds(5),
        memory: 1024,
      })
      .knows(hub.clientLayer)
      .opens(hub.secrets, hub.secrets.carriers)
      .sends(ENV.updatesQueue, applyUpdates.worksOff('updates'));
  }
}
