import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Capability } from '../../adapters/storefront.ts';
import { EventType } from '../../core/change.ts';
import { ENV } from '../../functions/shell/env.ts';
import { ROUTES, type Route } from '../../functions/shell/routes.ts';
import { functionFiles, Reference, synthesizeAll } from './synthesized.ts';

const stacks = await synthesizeAll();
const DAYS_14 = 1_209_600;

const Queue = z.object({
  MessageRetentionPeriod: z.number(),
  SqsManagedSseEnabled: z.literal(true),
  VisibilityTimeout: z.number().optional(),
  RedrivePolicy: z.object({ deadLetterTargetArn: Reference, maxReceiveCount: z.number() }).optional(),
});
const Mapping = z.object({
  EventSourceArn: Reference,
  FunctionName: Reference,
  FunctionResponseTypes: z.array(z.string()).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional(),
  MaximumRetryAttempts: z.number().optional(),
  BisectBatchOnFunctionError: z.boolean().optional(),
  DestinationConfig: Reference,
});
const Lambda = z.object({
  Timeout: z.number(),
  Runtime: z.string(),
  Architectures: z.array(z.string()),
  LoggingConfig: z.object({ LogGroup: Reference }),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});
const Alarm = z.object({
  AlarmDescription: z.string(),
  AlarmActions: Reference,
  Threshold: z.number(),
  EvaluationPeriods: z.number(),
  ComparisonOperator: z.string(),
  MetricName: z.string(),
  Dimensions: Reference,
});

test('there are two clients at least, so that no rule holds by the accident of one', () => {
  expect(stacks.map(({ loaded }) => loaded.client.id)).toEqual(expect.arrayContaining(['demo', 'kiosk']));
});

describe.each(stacks)('the stack of $loaded.client.id', ({ loaded: { client, capabilities, edge }, text, template, resources, functions }) => {
  const queues = new Map(resources('AWS::SQS::Queue', Queue));
  const lambdas = new Map(resources('AWS::Lambda::Function', Lambda));
  const mappings = resources('AWS::Lambda::EventSourceMapping', Mapping);
  const queueMappings = mappings.filter(([, mapping]) => mapping.EventSourceArn.some((id) => queues.has(id)));
  const alarms = resources('AWS::CloudWatch::Alarm', Alarm);
  const asksForTokens = Object.values(edge.carriers).some(({ family }) => family === 'issued-token');
  const storefrontsThat = (capability: Capability) => client.storefronts.filter(({ id }) => capabilities[id]?.includes(capability));
  const carriersThat = (ability: string) => client.carriers.filter(({ id }) => capabilities[id]?.includes(ability));
  const routesOf = Object.entries(ROUTES).flatMap(([name, route]) => (functions.has(name) ? [route satisfies Route] : []));
  const timeoutOf = (name: string) => lambdas.get(functions.get(name) ?? '')?.Timeout;
  const queueOf = (mapping: z.infer<typeof Mapping>) => queues.get(mapping.EventSourceArn[0] ?? '');

  describe('queues', () => {
    test('every queue that feeds a function has a dead-letter queue, kept 14 days', () => {
      expect(queueMappings.length).toBeGreaterThan(5);
      for (const [id, mapping] of queueMappings) {
        const redrive = queueOf(mapping)?.RedrivePolicy;
        expect(redrive?.maxReceiveCount, id).toBeGreaterThanOrEqual(5);
        expect(queues.get(redrive?.deadLetterTargetArn[0] ?? '')?.MessageRetentionPeriod, id).toBe(DAYS_14);
      }
    });

    test('every dead-letter queue has an alarm at one message', () => {
      const dead = [...queues].filter(([, queue]) => queue.RedrivePolicy === undefined);
      expect(dead.length).toBeGreaterThan(5);
      for (const [id, queue] of dead) {
        expect(queue.MessageRetentionPeriod, id).toBe(DAYS_14);
        const alarm = alarms.find(([, { Dimensions }]) => Dimensions.includes(id))?.[1];
        expect(alarm, id).toMatchObject({
          Threshold: 1,
          EvaluationPeriods: 1,
          ComparisonOperator: 'GreaterThanOrEqualToThreshold',
          MetricName: 'ApproximateNumberOfMessagesVisible',
        });
      }
    });

    test('a message stays hidden for six timeouts of its function', () => {
      for (const [id, mapping] of queueMappings) {
        const timeout = lambdas.get(mapping.FunctionName[0] ?? '')?.Timeout ?? Number.NaN;
        expect(queueOf(mapping)?.VisibilityTimeout, id).toBeGreaterThanOrEqual(6 * timeout);
      }
    });

    test('every mapping reports partial failures and has a limit', () => {
      for (const [id, mapping] of mappings) expect(mapping.FunctionResponseTypes, id).toEqual(['ReportBatchItemFailures']);
      for (const [id, mapping] of queueMappings) expect(mapping.ScalingConfig?.MaximumConcurrency, id).toBeGreaterThanOrEqual(2);
    });

    test('the stream gives up on a bad record and keeps it', () => {
      const streams = mappings.filter((mapping) => !queueMappings.includes(mapping));

      expect(streams).toHaveLength(1);
      for (const [, mapping] of streams) {
        expect(mapping).toMatchObject({ MaximumRetryAttempts: 10, BisectBatchOnFunctionError: true });
        expect(queues.has(mapping.DestinationConfig[0] ?? '')).toBe(true);
      }
    });

    test('a subscription hears of events that exist, as they were published, and keeps what it cannot deliver', () => {
      const Subscription = z.object({ RawMessageDelivery: z.literal(true), FilterPolicy: z.object({ type: z.array(EventType).min(1) }), RedrivePolicy: Reference });
      const subscriptions = resources('AWS::SNS::Subscription', Subscription);
      expect(subscriptions.length).toBeGreaterThan(4);
      for (const [id, { RedrivePolicy }] of subscriptions) expect(queues.get(RedrivePolicy[0] ?? '')?.MessageRetentionPeriod, id).toBe(DAYS_14);
    });

    test('each carrier has queues of its own for labels and recalls, and what is packed has one for all', () => {
      const Filter = z.object({ FilterPolicy: z.object({ type: z.array(z.string()), carrierId: z.array(z.string()).optional() }) });
      const filters = resources('AWS::SNS::Subscription', Filter).map(([, { FilterPolicy }]) => FilterPolicy);
      const heard = (type: string) => filters.filter((filter) => filter.type.includes(type));
      const each = client.carriers.map(({ id }) => [id]);
      expect(heard('parcel.packed')).toEqual([{ type: ['parcel.packed', 'return.requested'] }, { type: ['parcel.packed'] }]);
      expect(heard('parcel.assigned').map(({ carrierId }) => carrierId)).toEqual(each);
      expect(heard('return.assigned').map(({ carrierId }) => carrierId)).toEqual(each);
      expect(heard('parcel.recalled').map(({ carrierId }) => carrierId)).toEqual(each);
    });

    test('each carrier that can be asked where parcels are has a queue of its own for it', () => {
      const id = functions.get('tracking/look-up-parcels');
      const feeding = queueMappings.filter(([, { FunctionName }]) => id !== undefined && FunctionName.includes(id));
      expect(feeding).toHaveLength(carriersThat('track').length);
    });

    test('one policy covers all queues, and lets nobody send but the topic of events', () => {
      const Policy = z.object({
        Queues: Reference,
        PolicyDocument: z.object({ Statement: z.array(z.object({ Effect: z.string(), Action: z.string(), Principal: z.unknown(), Condition: z.unknown() })) }),
      });
      const policies = resources('AWS::SQS::QueuePolicy', Policy).map(([, policy]) => policy);
      expect(policies.map(({ Queues }) => Queues.toSorted())).toEqual([[...queues.keys()].sort()]);
      const allowed = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow'));
      expect(allowed.map(({ Action, Principal }) => [Action, Principal])).toEqual([['sqs:SendMessage', { Service: 'sns.amazonaws.com' }]]);
      expect(allowed.flatMap(({ Condition }) => Reference.parse(Condition)).map((id) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['FoundationEvents']);
    });

    test('each storefront that can be told of parcels has a queue of its own for it', () => {
      const Filter = z.object({ FilterPolicy: z.object({ type: z.array(z.string()), connectionId: z.array(z.string()).optional() }) });
      const heard = resources('AWS::SNS::Subscription', Filter).filter(([, { FilterPolicy }]) => FilterPolicy.connectionId !== undefined);
      expect(heard.map(([, { FilterPolicy }]) => FilterPolicy)).toEqual(storefrontsThat('writesTracking').map(({ id }) => ({ type: ['parcel.dispatched'], connectionId: [id] })));
    });
  });

  describe('functions', () => {
    test('every function has its source, and every source is deployed where its client wants it', () => {
      const isTold = client.storefronts.some(({ stock }) => stock.publish);
      const unwanted = [
        ...(client.policies.packing === 'confirm' ? [] : ['shipment/pack-parcels']),
        ...(isTold ? [] : ['storefront/publish-stock']),
        ...(storefrontsThat('polls').length > 0 ? [] : ['storefront/poll-orders']),
        ...(carriersThat('track').length > 0 ? [] : ['tracking/look-up-parcels', 'tracking/poll-updates']),
        ...(carriersThat('subscribe').length > 0 ? [] : ['tracking/renew-subscriptions']),
        ...(asksForTokens ? [] : ['tracking/issue-token']),
      ];
      expect([...functions.keys()].sort()).toEqual(functionFiles().filter((name) => !unwanted.includes(name)));
    });

    test('every function is reached by a route, a mapping or a schedule', () => {
      const reached = new Set([
        ...mappings.flatMap(([, { FunctionName }]) => FunctionName),
        ...resources('AWS::ApiGatewayV2::Integration', z.object({ IntegrationUri: Reference })).flatMap(([, { IntegrationUri }]) => IntegrationUri),
        ...resources('AWS::Scheduler::Schedule', z.object({ Target: z.object({ Arn: Reference }) })).flatMap(([, { Target }]) => Target.Arn),
      ]);
      expect([...functions].filter(([, id]) => !reached.has(id))).toEqual([]);
    });

    test('timers are those of the architecture', () => {
      const timers = {
        'storefront/receive-webhook': 5,
        'order/accept-orders': 30,
        // A purchase is under a lease of 90 s, a manifest under one of 150.
        'shipment/select-service': 60,
        'shipment/buy-label': 60,
        'shipment/void-label': 60,
        'shipment/close-manifests': 120,
        'shipment/settle-pickups': 120,
        'tracking/receive-update': 5,
        'tracking/apply-updates': 20,
        'report/write-report': 300,
      };
      for (const [name, seconds] of Object.entries(timers)) expect(timeoutOf(name), name).toBe(seconds);
      if (asksForTokens) expect(timeoutOf('tracking/issue-token')).toBe(5);
    });

    test('each is told where things are, and nothing it has no use for', () => {
      const told = [...functions].map(([name, id]) => [name, Object.keys(lambdas.get(id)?.Environment.Variables ?? {}).sort()]);
      const expected = Object.entries(TOLD).map(([name, variables]) => [name, ['NODE_OPTIONS', ...variables].sort()]);
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(expected.filter(([name]) => functions.has(String(name)))));
    });

    test('log groups forget', () => {
      const groups = new Map(resources('AWS::Logs::LogGroup', z.object({ RetentionInDays: z.number().max(400) })));
      for (const [id, lambda] of lambdas) expect(groups.has(lambda.LoggingConfig.LogGroup[0] ?? ''), id).toBe(true);
    });

    test('all run on Node 24 on ARM', () => {
      for (const [id, lambda] of lambdas) expect(lambda, id).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    });
  });

  describe('permissions', () => {
    const Statement = z.object({
      Effect: z.string(),
      Action: z.union([z.string(), z.array(z.string())]).transform((action) => [action].flat()),
      Resource: z.unknown().optional(),
      NotResource: z.unknown().optional(),
    });
    const Policy = z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) });
    const roles = resources('AWS::IAM::Role', z.object({ ManagedPolicyArns: z.undefined().optional(), Policies: z.array(Policy).default([]) }));
    const statements = roles.flatMap(([id, { Policies }]) => Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.map((statement) => ({ id, ...statement }))));

    test('each role holds what it may do, and no policy stands beside it', () => {
      expect(resources('AWS::IAM::Policy', z.unknown())).toEqual([]);
      for (const [id, { Policies }] of roles) expect(Policies, id).toHaveLength(1);
    });

    test('none allows an action with a wildcard', () => {
      expect(statements.filter(({ Action }) => Action.some((action) => action.includes('*')))).toEqual([]);
    });

    test('none but X-Ray is allowed on everything', () => {
      const wide = statements.filter(({ Resource }) => [Resource].flat().includes('*'));
      expect(new Set(wide.flatMap(({ Action }) => Action))).toEqual(new Set(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']));
    });

    test('there is a role for every function, one for the API and one for all schedules, and none uses a policy that AWS manages', () => {
      expect(roles.length).toBe(functions.size + 2);
    });

    test('the API may call the functions of its routes, schedules those that are due, and nobody else any', () => {
      const callers = statements.filter(({ Action }) => Action.includes('lambda:InvokeFunction'));
      const [api, ...timekeepers] = callers.toSorted((a, b) => Reference.parse(b.Resource).length - Reference.parse(a.Resource).length);
      const routed = Object.keys(ROUTES).flatMap((name) => functions.get(name) ?? []);
      expect(Reference.parse(api?.Resource).sort()).toEqual(routed.sort());
      const due = resources('AWS::Scheduler::Schedule', z.object({ Target: z.object({ Arn: Reference }) })).flatMap(([, { Target }]) => Target.Arn);
      expect(timekeepers.map(({ Resource }) => Reference.parse(Resource).sort())).toEqual([[...new Set(due)].sort()]);
    });

    test('each puts into, reads and erases from no other buckets than these', () => {
      const touched = (name: string) =>
        statements
          .filter(({ id, Action }) => id.startsWith(rolePrefix(name)) && Action.some((action) => action.startsWith('s3:') && action !== 's3:ListBucket'))
          .flatMap(({ Action, Resource }) => [...new Set(Reference.parse(Resource))].map((id) => `${Action.join(' ')} ${id.replace(/^Foundation|[0-9A-F]{8}$/g, '')}`));
      for (const name of functions.keys()) expect(touched(name).sort(), name).toEqual((BUCKETS[name] ?? []).toSorted());
    });

    test('who only reads the table cannot write it, and who only receives cannot even read it', () => {
      const tableActions = (name: string) =>
        statements.filter(({ id }) => id.startsWith(rolePrefix(name))).flatMap(({ Action }) => Action.filter((action) => action.startsWith('dynamodb:')));
      expect(tableActions('order/show-order').sort()).toEqual(['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query']);
      expect(tableActions('shipment/show-manifests').sort()).toEqual(['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query']);
      for (const name of ['storefront/receive-webhook', 'storefront/receive-request', 'tracking/receive-update', 'tracking/issue-token', 'shipment/end-day', 'report/open-report'])
        expect(tableActions(name), name).toEqual([]);
    });

    test('each opens only the secrets of those it speaks with', () => {
      const names = new Map(resources('AWS::SecretsManager::Secret', z.object({ Name: z.string().default('') })).map(([id, { Name }]) => [id, Name.split('/').at(-1)]));
      const opened = (name: string) =>
        statements
          .filter(({ id, Action }) => id.startsWith(rolePrefix(name)) && Action.includes('secretsmanager:GetSecretValue'))
          .flatMap(({ Resource }) => Reference.parse(Resource).map((id) => names.get(id)));
      const storefronts = client.storefronts.map(({ id }) => id);
      const carriers = client.carriers.map(({ id }) => id);
      const expected: Record<string, string[]> = {
        'storefront/answer-question': storefronts,
        'storefront/check-connections': storefronts,
        'storefront/fetch-orders': storefronts,
        'storefront/poll-orders': storefronts,
        'storefront/publish-stock': storefronts,
        'storefront/receive-request': storefronts,
        'storefront/receive-webhook': storefronts,
        'storefront/write-back': storefronts,
        'shipment/buy-label': carriers,
        'shipment/close-manifests': carriers,
        'shipment/reconcile-labels': carriers,
        'shipment/select-service': carriers,
        'shipment/settle-pickups': carriers,
        'shipment/void-label': carriers,
        'tracking/issue-token': carriers,
        'tracking/look-up-parcels': carriers,
        'tracking/receive-update': carriers,
        'tracking/renew-subscriptions': carriers,
        'notification/notify-manager': ['links'],
        'report/open-report': ['links'],
      };
      for (const name of functions.keys()) expect(opened(name).sort(), name).toEqual((expected[name] ?? []).toSorted());
    });

    function rolePrefix(name: string): string {
      return (functions.get(name) ?? 'none').replace(/Function[0-9A-F]{8}$/, 'Role');
    }
  });

  describe('data', () => {
    test('the table has a stream of both images, forgets what expires, can be restored and cannot be deleted by mistake', () => {
      const tables = resources('AWS::DynamoDB::Table', z.unknown());
      expect(tables).toHaveLength(1);
      expect(tables[0]?.[1]).toMatchObject({
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
        BillingMode: 'PAY_PER_REQUEST',
      });
      expect(template.Resources[tables[0]?.[0] ?? '']?.DeletionPolicy).toBe('Retain');
    });

    test('buckets are private, encrypted, speak TLS only, are kept when the stack goes, and forget', () => {
      const Bucket = z.object({
        PublicAccessBlockConfiguration: z.object({
          BlockPublicAcls: z.literal(true),
          BlockPublicPolicy: z.literal(true),
          IgnorePublicAcls: z.literal(true),
          RestrictPublicBuckets: z.literal(true),
        }),
        BucketEncryption: z.object({}),
        LifecycleConfiguration: z.object({ Rules: z.array(z.object({ ExpirationInDays: z.number() })).min(1) }),
      });
      const buckets = resources('AWS::S3::Bucket', Bucket);
      expect(buckets.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
        'FoundationAccessLogs',
        'FoundationDeliveries',
        'FoundationFacts',
        'FoundationLabels',
        'FoundationReports',
      ]);
      for (const [id] of buckets) {
        expect(tlsOnly('AWS::S3::BucketPolicy', 'Bucket', id), id).toBe(true);
        expect(template.Resources[id]?.DeletionPolicy, id).toBe('Retain');
      }
    });

    test('labels, which show addresses, go when personal data goes', () => {
      const Labels = z.object({
        LifecycleConfiguration: z.object({ Rules: z.array(z.object({ ExpirationInDays: z.number().optional() })) }),
        VersioningConfiguration: z.unknown().optional(),
      });
      const labels = resources('AWS::S3::Bucket', Labels).find(([id]) => id.includes('Labels'))?.[1];
      expect(labels?.LifecycleConfiguration.Rules[0]?.ExpirationInDays).toBe(client.policies.personalDataDays);
      expect(labels?.VersioningConfiguration).toBeUndefined();
    });

    test('what storefronts posted goes within the days in which a request to erase must be honoured', () => {
      const Deliveries = z.object({
        LifecycleConfiguration: z.object({ Rules: z.array(z.object({ ExpirationInDays: z.number().optional() })) }),
        VersioningConfiguration: z.unknown().optional(),
      });
      const deliveries = resources('AWS::S3::Bucket', Deliveries).find(([id]) => id.includes('Deliveries'))?.[1];
      expect(deliveries?.LifecycleConfiguration.Rules[0]?.ExpirationInDays).toBe(client.policies.deliveryDays);
      expect(client.policies.deliveryDays).toBeLessThanOrEqual(30);
      expect(deliveries?.VersioningConfiguration).toBeUndefined();
    });

    test('queues and topics speak TLS only', () => {
      for (const id of queues.keys()) expect(tlsOnly('AWS::SQS::QueuePolicy', 'Queues', id), id).toBe(true);
      for (const [id] of resources('AWS::SNS::Topic', z.unknown())) expect(tlsOnly('AWS::SNS::TopicPolicy', 'Topics', id), id).toBe(true);
    });

    test('topics that may carry what concerns people are encrypted', () => {
      const open = resources('AWS::SNS::Topic', z.object({ KmsMasterKeyId: z.unknown().optional() })).filter(([, { KmsMasterKeyId }]) => KmsMasterKeyId === undefined);
      expect(open.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['FoundationAlarms']);
    });

    function tlsOnly(type: string, field: string, id: string): boolean {
      const Refusal = z.object({ Effect: z.string(), Condition: z.unknown().optional() });
      const documents = resources(type, z.object({ [field]: Reference, PolicyDocument: z.object({ Statement: z.array(Refusal) }) }));
      return documents.some(([, properties]) => {
        const named = z.array(z.string()).parse(properties[field]).includes(id);
        const { Statement } = z.object({ Statement: z.array(Refusal) }).parse(properties.PolicyDocument);
        return named && Statement.some(({ Effect, Condition }) => Effect === 'Deny' && JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}');
      });
    }
  });

  describe('routes', () => {
    const RouteProperties = z.object({
      RouteKey: z.string(),
      AuthorizationType: z.string().default('NONE'),
      AuthorizationScopes: z.array(z.string()).optional(),
      AuthorizerId: Reference,
    });
    const routes = resources('AWS::ApiGatewayV2::Route', RouteProperties).map(([, route]) => route);

    test('are those of the table, each with its scope', () => {
      const expected = routesOf.map(({ method, path, scope }: Route) => [`${method} ${path}`, scope === null ? undefined : [`hub/${scope}`]]);
      expect(Object.fromEntries(routes.map(({ RouteKey, AuthorizationScopes }) => [RouteKey, AuthorizationScopes]))).toEqual(Object.fromEntries(expected));
    });

    test('want a token, but for those whose requests prove themselves', () => {
      const open = routesOf.flatMap(({ method, path, scope }: Route) => (scope === null ? [`${method} ${path}`] : []));
      expect(
        routes
          .filter(({ AuthorizationType }) => AuthorizationType !== 'JWT')
          .map(({ RouteKey }) => RouteKey)
          .sort(),
      ).toEqual(open.sort());
    });

    test('a system that may call can ask for no scope of authorising', () => {
      const clients = resources('AWS::Cognito::UserPoolClient', z.object({ AllowedOAuthFlows: z.array(z.string()), AllowedOAuthScopes: z.unknown().optional() }));
      const systems = clients.filter(([, { AllowedOAuthFlows }]) => AllowedOAuthFlows.includes('client_credentials'));
      expect(systems).toHaveLength(1);
      expect(JSON.stringify(systems)).not.toMatch(/authorise|orders\.write/);
    });
  });

  describe('alarms', () => {
    test('every function that fails for good wakes a person, with what it means and where to look', () => {
      const headings = alarms.map(([, { AlarmDescription }]) => AlarmDescription.match(/^.{20,}\. What to do: docs\/runbook\.md#([a-z-]+)$/)?.[1]);
      expect([...new Set(headings)].sort()).toEqual([...functions.keys()].map((name) => name.replace('/', '-')).sort());
    });

    test('the runbook has the heading that each of them links to', () => {
      const runbook = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'runbook.md'), 'utf8');
      const links = alarms.map(([, { AlarmDescription }]) => AlarmDescription.split('#').at(-1));
      expect(links.filter((link) => !runbook.includes(`\n## ${link}\n`))).toEqual([]);
    });

    test('all of them reach the operators', () => {
      for (const [id, { AlarmActions }] of alarms) expect(AlarmActions[0], id).toMatch(/^FoundationAlarms/);
    });

    test('every route counts the failures that its callers saw, by one filter, and has an alarm for them', () => {
      const Filter = z.object({
        FilterPattern: z.string(),
        MetricTransformations: z.array(z.object({ MetricName: z.string(), Dimensions: z.array(z.object({ Key: z.string(), Value: z.string() })) })),
      });
      const filters = resources('AWS::Logs::MetricFilter', Filter).map(([, filter]) => filter);
      const Watching = z.object({ MetricName: z.string(), Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]) });
      const watched = resources('AWS::CloudWatch::Alarm', Watching).flatMap(([, { MetricName, Dimensions }]) => (MetricName === 'failed' ? Dimensions : []));
      expect(filters).toEqual([{ FilterPattern: '{ $.status = "5*" }', MetricTransformations: [{ MetricName: 'failed', Dimensions: [{ Key: 'route', Value: '$.route' }] }] }]);
      expect(watched.map(({ Value }) => Value).sort()).toEqual(routesOf.map(({ method, path }) => `${method} ${path}`).sort());
    });

    test('a person is woken by labels that differ from the books of a carrier, and by subscriptions that lapse', () => {
      const noticed = new Map(alarms.map(([, { MetricName, AlarmDescription }]) => [MetricName, AlarmDescription.split('#').at(-1)]));
      expect(noticed.get('labelsDiffer')).toBe('shipment-reconcile-labels');
      expect(noticed.get('subscriptionLapsing')).toBe(carriersThat('subscribe').length > 0 ? 'tracking-renew-subscriptions' : undefined);
    });
  });

  test("what is done on schedule is done at the client's hours in the client's time zone, thrice at most, within an hour", () => {
    const [hour, minute] = client.reports.daily.at.split(':').map(Number);
    const Schedule = z.object({
      ScheduleExpression: z.string(),
      ScheduleExpressionTimezone: z.string().optional(),
      State: z.literal('ENABLED'),
      Target: z.object({
        Input: z.string(),
        RetryPolicy: z.object({ MaximumEventAgeInSeconds: z.literal(3600), MaximumRetryAttempts: z.literal(3) }),
        DeadLetterConfig: z.object({}),
      }),
    });
    const due = '"scheduledAt":"<aws.scheduler.scheduled-time>"';

    const schedules = resources('AWS::Scheduler::Schedule', Schedule).map(([, schedule]) => schedule);

    const polled = storefrontsThat('polls').map(({ id, poll }) => [`rate(${poll.everyMinutes} minutes)`, `{"connectionId":"${id}",${due}}`]);
    // The ends of days are in hand-over.test.ts.
    const others = schedules.filter(({ Target }) => warehouseOf(Target.Input) === undefined);
    expect(others.map(({ ScheduleExpression, Target }) => [ScheduleExpression, Target.Input]).sort()).toEqual(
      [
        [`cron(${minute} ${hour} * * ? *)`, `{"report":"daily",${due}}`],
        ['cron(30 2 * * ? *)', `{${due}}`],
        ['cron(10 3 * * ? *)', `{${due}}`],
        ['cron(40 3 * * ? *)', `{${due}}`],
        ['rate(15 minutes)', `{${due}}`],
        ['rate(1 hour)', `{${due}}`],
        ...(carriersThat('track').length > 0 ? [['rate(30 minutes)', `{${due}}`]] : []),
        ...(carriersThat('subscribe').length > 0 ? [['rate(1 hour)', `{${due}}`]] : []),
        ...polled,
      ].sort(),
    );
    expect(new Set(schedules.flatMap(({ Target }) => warehouseOf(Target.Input) ?? []))).toEqual(new Set(client.warehouses.map(({ id }) => id)));
    const byClock = schedules.filter(({ ScheduleExpression }) => ScheduleExpression.startsWith('cron'));
    for (const { ScheduleExpressionTimezone, Target } of byClock)
      expect(ScheduleExpressionTimezone).toBe(client.warehouses.find(({ id }) => id === warehouseOf(Target.Input))?.timeZone ?? client.timeZone);
  });

  test('it holds no secret', () => {
    const SECRETS = /AKIA[0-9A-Z]{16}|-----BEGIN|whsec_|shp(ss|at|ca)_|EZ[AT]K[0-9a-f]{8}|xox[bp]-|"(password|apiKey|token)\\*":\\*"[a-z0-9]/i;
    expect(text.match(SECRETS)?.[0]).toBeUndefined();
    const secrets = resources('AWS::SecretsManager::Secret', z.object({ SecretString: z.unknown().optional() })).flatMap(([, { SecretString }]) =>
      SecretString === undefined ? [] : [SecretString],
    );
    for (const value of secrets) expect(JSON.stringify(value)).toContain('{{resolve:secretsmanager:');
  });

  test('it needs no code of its own to deploy', () => {
    expect(Object.values(template.Resources).filter(({ Type }) => Type.startsWith('Custom::') || Type.endsWith('CustomResource'))).toEqual([]);
  });

  test('it has room to grow within the 500 resources that a stack may hold', () => {
    expect(Object.keys(template.Resources).length).toBeLessThanOrEqual(480);
  });

  test('it says where it is reached and where its state is', () => {
    expect(Object.keys(template.Outputs).sort()).toEqual([
      'ApiUrl',
      'DeliveriesBucketName',
      'InboxQueueUrl',
      'LabelsBucketName',
      'ManifestsQueueUrl',
      'PickupsQueueUrl',
      'TableName',
    ]);
  });
});

/** The warehouse whose day a schedule ends, if it does that. */
function warehouseOf(input: string): string | undefined {
  return z.object({ warehouse: z.string().optional() }).parse(JSON.parse(input)).warehouse;
}

const HUB = [ENV.clientFolder, ENV.table];
const WORKER = [...HUB, ENV.deadLetterQueue];
const CALLING = [...HUB, ENV.secretsPrefix, ENV.publicUrl];
const TOLD: Record<string, readonly string[]> = {
  'event/publish-changes': [ENV.table, ENV.eventsTopic, ENV.factsBucket],
  'inventory/check-stock': HUB,
  'inventory/fill-backorders': WORKER,
  'inventory/book-stock': HUB,
  'notification/notify-customer': [...WORKER, ENV.customersTopic],
  'notification/notify-manager': [...WORKER, ENV.secretsPrefix, ENV.reportsBucket, ENV.reportsTopic, ENV.publicUrl],
  'notification/notify-plant': [...WORKER, ENV.plantsTopic],
  'order/accept-orders': [...WORKER, ENV.deliveriesBucket, ENV.fetchQueue, ENV.privacyQueue],
  'order/authorise-order': HUB,
  'order/authorise-orders': HUB,
  'order/correct-address': HUB,
  'order/explain-order': HUB,
  'order/hold-order': HUB,
  'order/prioritise-order': HUB,
  'order/reallocate-order': HUB,
  'order/release-hold': HUB,
  'order/show-order': HUB,
  'order/sweep-clocks': HUB,
  'report/open-report': [ENV.clientFolder, ENV.secretsPrefix, ENV.reportsBucket],
  'report/write-report': [...HUB, ENV.factsBucket, ENV.reportsBucket],
  'shipment/begin-packing': HUB,
  'shipment/book-pickup': [...HUB, ENV.pickupsQueue],
  'shipment/buy-label': [...CALLING, ENV.deadLetterQueue, ENV.labelsBucket],
  'shipment/cancel-pickup': [...HUB, ENV.pickupsQueue],
  'shipment/close-manifest': [...HUB, ENV.manifestsQueue],
  'shipment/close-manifests': [...CALLING, ENV.deadLetterQueue, ENV.labelsBucket],
  'shipment/end-day': [...HUB, ENV.manifestsQueue],
  'shipment/hand-over-parcels': HUB,
  'shipment/pack-order': HUB,
  'shipment/pack-parcels': WORKER,
  'shipment/recall-parcel': HUB,
  'shipment/reconcile-labels': CALLING,
  'shipment/request-return': HUB,
  'shipment/score-services': [...HUB, ENV.factsBucket],
  'shipment/select-service': [...CALLING, ENV.deadLetterQueue],
  'shipment/settle-label': HUB,
  'shipment/settle-pickups': [...CALLING, ENV.deadLetterQueue, ENV.labelsBucket],
  'shipment/show-documents': [...HUB, ENV.labelsBucket],
  'shipment/show-manifests': [...HUB, ENV.labelsBucket],
  'shipment/void-label': [...CALLING, ENV.deadLetterQueue, ENV.labelsBucket],
  'shipment/write-slip': [...WORKER, ENV.fontsFolder, ENV.labelsBucket],
  'storefront/answer-question': [...HUB, ENV.secretsPrefix],
  'storefront/check-connections': [...CALLING, ENV.deliveriesBucket, ENV.labelsBucket],
  'storefront/fetch-orders': [...CALLING, ENV.deadLetterQueue, ENV.inboxQueue],
  'storefront/honour-privacy': [...WORKER, ENV.labelsBucket],
  'storefront/poll-orders': [...CALLING, ENV.inboxQueue],
  'storefront/publish-stock': [...CALLING, ENV.deadLetterQueue],
  'storefront/receive-request': [ENV.clientFolder, ENV.secretsPrefix, ENV.inboxQueue],
  'storefront/receive-webhook': [ENV.clientFolder, ENV.secretsPrefix, ENV.inboxQueue],
  'storefront/write-back': [...CALLING, ENV.deadLetterQueue],
  'tracking/apply-updates': [...WORKER, ENV.deliveriesBucket, ENV.lookupsQueue],
  'tracking/issue-token': [ENV.clientFolder, ENV.secretsPrefix],
  'tracking/look-up-parcels': [...CALLING, ENV.deadLetterQueue, ENV.updatesQueue],
  'tracking/poll-updates': [...HUB, ENV.lookupsQueue],
  'tracking/receive-update': [ENV.clientFolder, ENV.secretsPrefix, ENV.updatesQueue],
  'tracking/renew-subscriptions': CALLING,
  'tracking/report-scan': HUB,
};

/** What each may do to the objects of which buckets. */
const BUCKETS: Record<string, readonly string[]> = {
  'event/publish-changes': ['s3:PutObject Facts'],
  'notification/notify-manager': ['s3:GetObject Reports'],
  'order/accept-orders': ['s3:PutObject Deliveries'],
  'report/open-report': ['s3:GetObject Reports'],
  'report/write-report': ['s3:GetObject Facts', 's3:PutObject Reports'],
  'shipment/buy-label': ['s3:PutObject Labels'],
  'shipment/close-manifests': ['s3:PutObject Labels'],
  'shipment/score-services': ['s3:GetObject Facts'],
  'shipment/settle-pickups': ['s3:PutObject Labels'],
  'shipment/show-documents': ['s3:GetObject Labels'],
  'shipment/show-manifests': ['s3:GetObject Labels'],
  'shipment/void-label': ['s3:PutObject Labels'],
  'shipment/write-slip': ['s3:PutObject Labels'],
  'storefront/check-connections': ['s3:DeleteObject Labels'],
  'storefront/honour-privacy': ['s3:DeleteObject Labels'],
  'tracking/apply-updates': ['s3:PutObject Deliveries'],
};
