import * as z from 'zod';
import type { CloudQueue } from './cloud.ts';
import { lastPart } from './declared-messaging.ts';
import { readFilter } from './event-filter.ts';
import type { FunctionDefinition } from './functions.ts';
import type { GatewayAuthorizer, GatewayRoute } from './gateway-routes.ts';
import type { QueueMapping } from './queue-mapping.ts';
import type { Resources } from './resources.ts';
import type { Schedule } from './schedules.ts';
import type { StreamMapping } from './stream-mapping.ts';

/** A mapping with the function it feeds. */
export type Mapped<Mapping> = Mapping & { readonly functionId: string };

// Strict: a property that would be left out is an error here rather than a surprise in AWS.
const MappingProperties = z.strictObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  BatchSize: z.coerce.number().optional(),
  MaximumBatchingWindowInSeconds: z.coerce.number().default(0),
  FunctionResponseTypes: z.array(z.string()).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number().optional() }).default({}),
  StartingPosition: z.string().optional(),
  BisectBatchOnFunctionError: z.boolean().default(false),
  MaximumRetryAttempts: z.coerce.number().default(-1),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).default({}),
  FilterCriteria: z.unknown().optional(),
  Enabled: z.boolean().default(true),
  // Without effect on one machine: one shard, read by one poller, records seldom a day old; tags and metrics are for AWS.
  ParallelizationFactor: z.unknown().optional(),
  MaximumRecordAgeInSeconds: z.unknown().optional(),
  MetricsConfig: z.unknown().optional(),
  Tags: z.unknown().optional(),
});

const DEFAULT_BATCH = { queue: 10, stream: 100 } as const;
// The SQS default of unbounded concurrency; the function host bounds it by its instances.
const UNBOUNDED = 1_000;

const isQueue = (arn: string) => arn.startsWith('arn:aws:sqs:');

/** Event source mappings from queues. */
export function declaredQueueMappings(resources: Resources, functions: readonly FunctionDefinition[], queues: readonly CloudQueue[], instances: number): Mapped<QueueMapping>[] {
  return mappings(resources)
    .filter(({ properties }) => isQueue(properties.EventSourceArn))
    .map(unfiltered)
    .map(({ path, properties }) => ({
      functionId: functionByReference(functions, properties.FunctionName, path),
      queueUrl: queueUrl(queues, properties.EventSourceArn, path),
      queueArn: properties.EventSourceArn,
      batchSize: properties.BatchSize ?? DEFAULT_BATCH.queue,
      windowSeconds: properties.MaximumBatchingWindowInSeconds,
      concurrency: Math.min(instances, properties.ScalingConfig.MaximumConcurrency ?? UNBOUNDED),
      partial: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    }));
}

function unfiltered<Declared extends { readonly path: string; readonly properties: { readonly FilterCriteria?: unknown } }>(declared: Declared): Declared {
  if (declared.properties.FilterCriteria === undefined) return declared;
  throw new Error(`${declared.path} filters the messages of a queue, which the local cloud does not know; filter at the topic instead.`);
}

/**
 * Event source mappings from table streams.
 * @param streams table ARN to the emulator's ARN of its stream
 */
export function declaredStreamMappings(
  resources: Resources,
  functions: readonly FunctionDefinition[],
  queues: readonly CloudQueue[],
  streams: ReadonlyMap<string, string>,
): Mapped<StreamMapping>[] {
  return mappings(resources)
    .filter(({ properties }) => !isQueue(properties.EventSourceArn))
    .map(({ logicalId, path, properties }) => {
      const tableArn = properties.EventSourceArn.replace(/\/stream\/.*$/, '');
      const emulatorStreamArn = streams.get(tableArn);
      if (emulatorStreamArn === undefined) throw new Error(`${path} reads ${properties.EventSourceArn}, which is neither a queue nor the stream of a table of this template.`);
      const destination = properties.DestinationConfig.OnFailure?.Destination;
      return {
        logicalId,
        functionId: functionByReference(functions, properties.FunctionName, path),
        tableArn,
        emulatorStreamArn,
        batchSize: properties.BatchSize ?? DEFAULT_BATCH.stream,
        windowSeconds: properties.MaximumBatchingWindowInSeconds,
        partial: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
        bisect: properties.BisectBatchOnFunctionError,
        retries: properties.MaximumRetryAttempts,
        wants: properties.FilterCriteria === undefined ? () => true : readFilter(properties.FilterCriteria, path),
        failureQueueUrl: destination === undefined ? undefined : queueUrl(queues, destination, path),
      };
    });
}

const ScheduleProperties = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  Target: z.object({
    Arn: z.string(),
    Input: z.string().optional(),
    RetryPolicy: z.object({ MaximumRetryAttempts: z.coerce.number().default(185) }).default({ MaximumRetryAttempts: 185 }),
    DeadLetterConfig: z.object({ Arn: z.string().optional() }).default({}),
  }),
});

/** Schedules, each with a function as its target. */
export function declaredSchedules(resources: Resources, functions: readonly FunctionDefinition[], queues: readonly CloudQueue[]): Schedule[] {
  return resources.ofType('AWS::Scheduler::Schedule').map(({ logicalId, name, path, properties }) => {
    const { ScheduleExpression, ScheduleExpressionTimezone, State, Target } = ScheduleProperties.parse(properties);
    return {
      name,
      path,
      arn: String(resources.attribute(logicalId, 'Arn')),
      expression: ScheduleExpression,
      timeZone: ScheduleExpressionTimezone,
      enabled: State === 'ENABLED',
      functionId: functionByReference(functions, Target.Arn, path),
      input: Target.Input,
      retries: Target.RetryPolicy.MaximumRetryAttempts,
      deadLetterQueueUrl: Target.DeadLetterConfig.Arn === undefined ? undefined : queueUrl(queues, Target.DeadLetterConfig.Arn, path),
    };
  });
}

const RouteProperties = z.object({
  RouteKey: z.string(),
  Target: z.string(),
  AuthorizationType: z.string().default('NONE'),
  AuthorizerId: z.string().optional(),
  AuthorizationScopes: z.array(z.string()).default([]),
});
const IntegrationProperties = z.object({ IntegrationType: z.literal('AWS_PROXY'), IntegrationUri: z.string(), PayloadFormatVersion: z.literal('2.0') });
const AuthorizerProperties = z.object({
  AuthorizerType: z.literal('JWT'),
  IdentitySource: z.array(z.string()).default(['$request.header.Authorization']),
  JwtConfiguration: z.object({ Issuer: z.string(), Audience: z.array(z.string()).default([]) }),
});

/** Routes of the HTTP API. */
export function declaredRoutes(resources: Resources, functions: readonly FunctionDefinition[]): GatewayRoute[] {
  const integrations = new Map(
    resources
      .ofType('AWS::ApiGatewayV2::Integration')
      .map(({ ref, path, properties }): [string, string] => [ref, functionByReference(functions, IntegrationProperties.parse(properties).IntegrationUri, path)]),
  );
  const authorizers = new Map(
    resources.ofType('AWS::ApiGatewayV2::Authorizer').map(({ ref, properties }): [string, GatewayAuthorizer] => [ref, authorizer(AuthorizerProperties.parse(properties))]),
  );
  return resources.ofType('AWS::ApiGatewayV2::Route').map(({ path, properties }) => {
    const route = RouteProperties.parse(properties);
    const functionId = integrations.get(route.Target.replace('integrations/', ''));
    if (functionId === undefined) throw new Error(`${path} has the target ${route.Target}, which is no integration of this template.`);
    return { key: route.RouteKey, functionId, authorizer: authorizerOf(route, authorizers, path), scopes: route.AuthorizationScopes };
  });
}

function authorizerOf(route: z.infer<typeof RouteProperties>, authorizers: ReadonlyMap<string, GatewayAuthorizer>, path: string): GatewayAuthorizer | undefined {
  if (route.AuthorizationType === 'NONE') return undefined;
  const found = authorizers.get(route.AuthorizerId ?? '');
  // Never open a route because its guard is not understood.
  if (route.AuthorizationType !== 'JWT' || !found) throw new Error(`${path} is guarded by ${route.AuthorizationType}; the local cloud knows JWT authorizers only.`);
  return found;
}

function authorizer({ IdentitySource, JwtConfiguration }: z.infer<typeof AuthorizerProperties>): GatewayAuthorizer {
  return {
    issuer: JwtConfiguration.Issuer,
    audience: JwtConfiguration.Audience,
    identityHeaders: IdentitySource.map((source) => source.replace('$request.header.', '').toLowerCase()),
  };
}

function mappings(resources: Resources): ReadonlyArray<{ logicalId: string; path: string; properties: z.infer<typeof MappingProperties> }> {
  return resources
    .ofType('AWS::Lambda::EventSourceMapping')
    .map(({ logicalId, path, properties }) => {
      const parsed = MappingProperties.safeParse(properties);
      if (!parsed.success) throw new Error(`${path} is a mapping the local cloud cannot run: ${z.prettifyError(parsed.error)}`);
      return { logicalId, path, properties: parsed.data };
    })
    .filter(({ properties }) => properties.Enabled);
}

// A function is named by its name, its ARN, or an API Gateway address that holds the ARN.
function functionByReference(functions: readonly FunctionDefinition[], reference: string, path: string): string {
  const found = functions.find(({ arn, logicalId }) => reference === arn || reference === lastPart(arn) || reference.includes(`${arn}/invocations`) || reference === logicalId);
  if (!found) throw new Error(`${path} names the function ${reference}, which the template does not define.`);
  return found.logicalId;
}

function queueUrl(queues: readonly CloudQueue[], arn: string, path: string): string {
  const found = queues.find((queue) => queue.arn === arn);
  if (!found) throw new Error(`${path} names ${arn}, which is no queue of this template.`);
  return found.url;
}
