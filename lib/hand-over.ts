import { Duration, TimeZone } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { CarrierConnection, Warehouse } from '../core/client.ts';
import { ENV } from '../functions/shell/env.ts';
import { metricAlarms } from './alarm.ts';
import { DeadLetters } from './dead-letters.ts';
import { type Foundation, WORK_INDEX } from './foundation.ts';
import { type FunctionName, HubFunction } from './hub-function.ts';
import { Timetable } from './timetable.ts';
import { Worker, type WorkerProps } from './worker.ts';

/** What the metrics of closing days mean when they are not nothing. */
const MANIFEST_NOTICES = {
  manifestRefused: 'a carrier refuses a manifest: its driver may not take the parcels',
  manifestUnknown: 'whether a carrier has a manifest is not known, and its parcels wait for a person',
  manifestFormLost: 'a manifest is made and its form cannot be printed: the driver has nothing to scan',
};

/** What the metrics of pickups mean when they are not nothing. */
const PICKUP_NOTICES = {
  pickupRefused: 'a carrier will not come for a pickup that people count on',
  pickupUnknown: 'whether a carrier comes for a pickup is not known, and only a person can find out',
  pickupKept: 'a carrier will not cancel a pickup: it comes, and may charge for it',
};

/** Minutes after a carrier collects: a label that is being bought then is there. */
const CLOSES_AFTER_MINUTES = 5;

/** Gives parcels to carriers: closes their days on schedule and on demand, and has them come. */
export class HandOver extends Construct {
  /** Where requests to close a day wait, and those for pickups. */
  readonly queues: { readonly manifests: Queue; readonly pickups: Queue };

  constructor(scope: Construct, id: string, hub: Foundation) {
    super(scope, id);
    const closeManifests = this.dealing(hub, 'shipment/close-manifests', {
      description: 'Closes the day of a carrier in a warehouse: manifests, and the list that the driver signs.',
      failureMeans: 'parcels are on no manifest, and drivers may not take them',
      // A look-up that stays without an answer is given up after half an hour.
      receives: 20,
    });
    const settlePickups = this.dealing(hub, 'shipment/settle-pickups', {
      description: 'Asks a carrier to come, or tells it that it need not, once.',
      failureMeans: 'pickups are neither booked nor cancelled',
      receives: 10,
    });
    metricAlarms(closeManifests, MANIFEST_NOTICES);
    metricAlarms(settlePickups, PICKUP_NOTICES);
    this.queues = { manifests: closeManifests.worksOff('manifests'), pickups: settlePickups.worksOff('pickups') };
    this.answers(hub);
    this.ends(hub);
  }

  private answers({ gateway, clientLayer, table, buckets }: Foundation): void {
    const { manifests, pickups } = this.queues;
    gateway
      .answers(this, 'shipment/close-manifest', {
        description: 'Takes the wish to close the day of a carrier now.',
        failureMeans: 'the day of a carrier cannot be closed by hand; at its cut-off it is closed by itself',
        timeout: Duration.seconds(10),
      })
      .knows(clientLayer)
      .stores(table)
      .sends(ENV.manifestsQueue, manifests);
    gateway
      .answers(this, 'shipment/show-manifests', {
        description: 'Shows what a carrier gets on a day, what stays behind, and the papers.',
        failureMeans: 'people at the dock cannot print manifests and lists for drivers',
        timeout: Duration.seconds(10),
      })
      .knows(clientLayer)
      .reads(table)
      .fetches(ENV.labelsBucket, buckets.labels);
    const asks = { 'shipment/book-pickup': 'Takes the wish for a pickup.', 'shipment/cancel-pickup': 'Takes the word that a pickup is not wanted.' } as const;
    for (const name of ['shipment/book-pickup', 'shipment/cancel-pickup'] as const) {
      gateway
        .answers(this, name, { description: asks[name], failureMeans: 'pickups cannot be booked or cancelled; carriers can be called by telephone', timeout: Duration.seconds(10) })
        .knows(clientLayer)
        .stores(table)
        .sends(ENV.pickupsQueue, pickups);
    }
  }

  private ends(hub: Foundation): void {
    const missed = new DeadLetters(this, 'Missed', { failureMeans: 'the day of a carrier was not closed at its cut-off', runbook: 'shipment-end-day' });
    const endDay = new HubFunction(this, 'shipment/end-day', {
      description: 'Has the day of carriers closed where the warehouse works on it.',
      timeout: Duration.seconds(10),
      lost: missed,
    })
      .knows(hub.clientLayer)
      .isTold(ENV.table, hub.table.tableName)
      .sends(ENV.manifestsQueue, this.queues.manifests);
    for (const warehouse of hub.client.warehouses) {
      // Carriers of one hour share a schedule: each costs three resources, and a stack has room for 500.
      for (const [time, carriers] of Map.groupBy(hub.client.carriers, (carrier) => closingTime(carrier, warehouse))) {
        const [hour, minute] = time.split(':').map(Number);
        new Timetable(this, `End-${warehouse.id}-${time.replace(':', '')}`, {
          description: `The end of the day of ${carriers.length} ${carriers.length === 1 ? 'carrier' : 'carriers'} in ${warehouse.id}`,
          schedule: ScheduleExpression.cron({ hour: String(hour), minute: String(minute), timeZone: TimeZone.of(warehouse.timeZone ?? hub.client.timeZone) }),
          calls: endDay,
          input: { warehouse: warehouse.id, carriers: carriers.map(({ id }) => id).join(' ') },
          missed,
        });
      }
    }
  }

  /** A worker that asks carriers about parcels that leave. Its time is within the lease of what it claims. */
  private dealing(hub: Foundation, name: FunctionName, props: Pick<WorkerProps, 'description' | 'failureMeans' | 'receives'>): Worker {
    return new Worker(this, name, { ...props, timeout: Duration.seconds(120), memory: 1024, batchSize: 1, maxConcurrency: 5 })
      .knows(hub.clientLayer)
      .stores(hub.table)
      .searches(hub.table, WORK_INDEX)
      .opens(hub.secrets, hub.secrets.carriers)
      .isTold(ENV.publicUrl, hub.gateway.url)
      .puts(ENV.labelsBucket, hub.buckets.labels);
  }
}

/** Some minutes after the carrier collects, on the same day: `14:05`. */
function closingTime({ collects, closesAfterMinutes = CLOSES_AFTER_MINUTES }: CarrierConnection, { cutOff }: Warehouse): string {
  const [hour = 0, minute = 0] = (collects ?? cutOff).split(':').map(Number);
  const at = Math.min(hour * 60 + minute + closesAfterMinutes, 23 * 60 + 59);
  return [Math.floor(at / 60), at % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
