import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Client } from '../core/client.ts';
import { acknowledgeFindings } from './acknowledgements.ts';
import { sendAlarmsTo } from './alarm.ts';
import type { EdgeSchemes } from './client-layer.ts';
import { Event } from './event.ts';
import { type Capabilities, Foundation, type Retention } from './foundation.ts';
import { HandOver } from './hand-over.ts';
import { Inventory } from './inventory.ts';
import { Notification } from './notification.ts';
import { Order } from './order.ts';
import { Report } from './report.ts';
import { Shipment } from './shipment.ts';
import { Storefront } from './storefront.ts';
import { Tracking } from './tracking.ts';

/** Whom a stack is for. */
export interface HubStackProps extends StackProps {
  readonly client: Client;
  readonly edge: EdgeSchemes;
  /** What each storefront connection can do, by its id. */
  readonly capabilities: Capabilities;
  readonly retention?: Retention;
}

/** The hub of one client: its orders from the storefront to the report. */
export class HubStack extends Stack {
  constructor(scope: Construct, { client, edge, capabilities, retention = {}, ...props }: HubStackProps) {
    super(scope, `crossdock-${client.id}`, { description: `Crossdock for ${client.name}`, ...props });
    const hub = new Foundation(this, 'Foundation', { client, edge, capabilities, retention });
    new Event(this, 'Event', hub);

    const storefront = new Storefront(this, 'Storefront', hub);
    new Order(this, 'Order', hub, storefront);
    new Inventory(this, 'Inventory', hub);
    new Shipment(this, 'Shipment', hub);
    const handOver = new HandOver(this, 'HandOver', hub);
    new Tracking(this, 'Tracking', hub);
    new Notification(this, 'Notification', hub);
    new Report(this, 'Report', hub);

    sendAlarmsTo(hub.topics.alarms);
    acknowledgeFindings(this, hub);
    new CfnOutput(this, 'ApiUrl', { value: hub.gateway.url, description: 'Where storefronts, carriers and people reach the hub' });
    new CfnOutput(this, 'TableName', { value: hub.table.tableName, description: 'Where the hub keeps its state' });
    new CfnOutput(this, 'DeliveriesBucketName', { value: hub.buckets.deliveries.bucketName, description: 'What storefronts posted, as it came' });
    new CfnOutput(this, 'LabelsBucketName', { value: hub.buckets.labels.bucketName, description: 'Labels, packing slips and forms' });
    new CfnOutput(this, 'InboxQueueUrl', { value: storefront.inboxUrl, description: 'Where deliveries wait to be taken in' });
    new CfnOutput(this, 'ManifestsQueueUrl', { value: handOver.queues.manifests.queueUrl, description: 'Where requests to close a day wait' });
    new CfnOutput(this, 'PickupsQueueUrl', { value: handOver.queues.pickups.queueUrl, description: 'Where pickups wait to be booked or cancelled' });
  }
}
