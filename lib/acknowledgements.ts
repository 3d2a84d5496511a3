import { Stack, Validations } from 'aws-cdk-lib';
import { CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IConstruct } from 'constructs';
import { ROUTES, type Route } from '../functions/shell/routes.ts';
import { DeadLetters } from './dead-letters.ts';
import type { Foundation } from './foundation.ts';
import { HubFunction } from './hub-function.ts';
import { Worker } from './worker.ts';

/** A finding of cdk-nag that we know of and leave as it is. */
interface Acknowledgement {
  readonly findings: readonly string[];
  /** The only places where it is left. */
  readonly at: (construct: IConstruct) => boolean;
  readonly reason: string;
}

const OPEN_ROUTES: readonly Route[] = Object.values(ROUTES).filter((route: Route) => route.scope === null);
const OPEN_ROUTE_KEYS = new Set(OPEN_ROUTES.map((route) => `${route.method} ${route.path}`));

/** Records every finding of cdk-nag that is left as it is, where, and why. There is no other list. */
export function acknowledgeFindings(stack: Stack, hub: Foundation): void {
  const constructs = stack.node.findAll();
  for (const { findings, at, reason } of acknowledgements(hub)) {
    for (const construct of constructs.filter(at)) Validations.of(construct).acknowledge(...findings.map((id) => ({ id, reason })));
  }
}

function acknowledgements(hub: Foundation): Acknowledgement[] {
  return [
    {
      findings: ['AwsSolutions-APIG4'],
      at: (construct) => construct instanceof CfnRoute && OPEN_ROUTE_KEYS.has(construct.routeKey),
      reason: 'A storefront, a carrier or the holder of a report link has no token: the function verifies the signature of the request itself.',
    },
    {
      findings: ['AwsSolutions-SMG4'],
      at: (construct) => construct instanceof CfnSecret,
      reason: 'Storefronts and carriers issue these: only they can rotate them. The hub accepts the old and the new one while an operator changes over.',
    },
    {
      findings: ['AwsSolutions-SQS3', 'Serverless-SQSRedrivePolicy'],
      at: (construct) => construct instanceof DeadLetters,
      reason: 'It is a dead-letter queue: what lies here waits for a person, and an alarm calls one.',
    },
    {
      findings: ['Serverless-LambdaDLQ'],
      at: (construct) => construct instanceof HubFunction && isInvokedInTurn(construct),
      reason: 'Never invoked asynchronously: a caller sees the failure, or the queue or stream behind it has a dead-letter queue of its own.',
    },
    {
      findings: ['Serverless-LambdaEventSourceMappingDestination'],
      at: (construct) => construct instanceof CfnEventSourceMapping && isWithin(construct, Worker),
      reason: 'SQS mappings have no failure destination: the queue itself moves what failed too often to its dead-letter queue.',
    },
    {
      findings: ['AwsSolutions-IAM5[Resource::*]', 'Serverless-LambdaStarPermissions'],
      at: (construct) => construct instanceof CfnRole && isWithin(construct, HubFunction),
      reason:
        'X-Ray has no resources to name: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html. A test sees to it that nothing else is granted on *.',
    },
    {
      findings: [`AwsSolutions-IAM5[Resource::<${logicalId(hub.table)}.Arn>/stream/*]`],
      at: isRoleOf('event/publish-changes'),
      reason: 'ListStreams, which the mapping needs, names the streams of a table and not one of them; the name of a stream changes when it is made anew.',
    },
    ...objectsOf(
      hub.buckets.facts,
      ['event/publish-changes', 'report/write-report', 'shipment/score-services'],
      'Facts are put under the names of their days and stream positions, and read by day.',
    ),
    ...objectsOf(
      hub.buckets.deliveries,
      ['order/accept-orders', 'tracking/apply-updates'],
      'What storefronts and carriers posted is put under the names of its connection, day and instant.',
    ),
    ...objectsOf(
      hub.buckets.labels,
      ['shipment/buy-label', 'shipment/void-label', 'storefront/honour-privacy', 'storefront/check-connections'],
      'A label is put and erased under the name of its parcel; who voids one may first have to take in its purchase.',
    ),
    ...objectsOf(hub.buckets.labels, ['shipment/write-slip', 'shipment/show-documents'], 'The papers of a parcel are put and read under the names of its order and its number.'),
    ...objectsOf(
      hub.buckets.labels,
      ['shipment/close-manifests', 'shipment/settle-pickups', 'shipment/show-manifests'],
      'Manifests and lists are put and read under the names of their carrier, warehouse and day.',
    ),
    ...objectsOf(hub.buckets.reports, ['report/write-report', 'report/open-report', 'notification/notify-manager'], 'A report is put and read under the name of its day.'),
  ];
}

function objectsOf(bucket: Bucket, names: readonly string[], reason: string): Acknowledgement[] {
  return names.map((name) => ({ findings: [`AwsSolutions-IAM5[Resource::<${logicalId(bucket)}.Arn>/*]`], at: isRoleOf(name), reason }));
}

function isInvokedInTurn(fn: HubFunction): boolean {
  return fn instanceof Worker || Object.hasOwn(ROUTES, fn.name) || fn.name === 'event/publish-changes';
}

function isRoleOf(name: string): Acknowledgement['at'] {
  return (construct) => construct instanceof CfnRole && construct.node.scopes.some((scope) => scope instanceof HubFunction && scope.name === name);
}

function isWithin(construct: IConstruct, kind: typeof HubFunction): boolean {
  return construct.node.scopes.some((scope) => scope instanceof kind);
}

function logicalId(construct: Construct): string {
  const resource = construct.node.defaultChild;
  const found: unknown = resource === undefined ? undefined : Reflect.get(resource, 'logicalId');
  return String(Stack.of(construct).resolve(found));
}
