import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ROUTES } from '../../functions/shell/routes.ts';
import { Reference, synthesizeAll } from './synthesized.ts';

/** What is allowed on everything, and why. Nothing else may be. */
const ON_EVERYTHING: Readonly<Record<string, string>> = {
  'xray:PutTelemetryRecords': 'X-Ray has no resources to name.',
  'xray:PutTraceSegments': 'X-Ray has no resources to name.',
};

/** Kinds of resources that a stack is made of. One that is new to it is looked at here first. */
const KINDS = new Set([
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Authorizer',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudWatch::Alarm',
  'AWS::Cognito::UserPool',
  'AWS::Cognito::UserPoolClient',
  'AWS::Cognito::UserPoolDomain',
  'AWS::Cognito::UserPoolResourceServer',
  'AWS::DynamoDB::Table',
  'AWS::IAM::Role',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::LayerVersion',
  'AWS::Logs::LogGroup',
  'AWS::Logs::MetricFilter',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::Schedule',
  'AWS::SecretsManager::Secret',
]);

const List = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());
const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: List,
  Resource: z.unknown().optional(),
  NotResource: z.unknown().optional(),
  Principal: z.unknown().optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
type Statement = z.infer<typeof Statement>;
const Document = z.object({ Version: z.string(), Statement: z.array(Statement) });

describe.each(await synthesizeAll())('the stack of $loaded.client.id', ({ text, template, resources, functions }) => {
  const roles = resources('AWS::IAM::Role', z.object({ AssumeRolePolicyDocument: Document, Policies: z.array(z.object({ PolicyDocument: Document })) }));
  const lambdas = new Map(
    resources(
      'AWS::Lambda::Function',
      z.object({ Role: Reference, Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }), LoggingConfig: Reference, DeadLetterConfig: Reference }),
    ),
  );
  const rolesById = new Map(roles);
  const granted = (role: string) => rolesById.get(role)?.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement) ?? [];

  test('is made of kinds of resources that somebody has looked at', () => {
    expect([...new Set(Object.values(template.Resources).map(({ Type }) => Type))].filter((kind) => !KINDS.has(kind))).toEqual([]);
  });

  describe('a role', () => {
    test('allows nothing on everything but what is acknowledged, and names each action in full', () => {
      const all = roles.flatMap(([, { Policies }]) => Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement));
      const wide = all.filter(({ Resource, NotResource }) => NotResource !== undefined || [Resource].flat().includes('*')).flatMap(({ Action }) => Action);

      expect(all.length).toBeGreaterThan(100);
      expect(all.filter(({ Effect, Principal }) => Effect !== 'Allow' || Principal !== undefined)).toEqual([]);
      expect(all.flatMap(({ Action }) => Action).filter((action) => !/^[a-z0-9-]+:[A-Z][A-Za-z]+$/.test(action))).toEqual([]);
      expect([...new Set(wide)].filter((action) => !Object.hasOwn(ON_EVERYTHING, action))).toEqual([]);
    });

    test('is of nobody but one service of AWS', () => {
      const trusted = roles.map(([, { AssumeRolePolicyDocument }]) => AssumeRolePolicyDocument.Statement.map(({ Action, Effect, Principal }) => ({ Action, Effect, Principal })));
      const kinds = new Map(trusted.map((statements) => [JSON.stringify(statements), statements]));
      const one = (Service: string) => [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service } }];

      expect([...kinds.values()]).toEqual(expect.arrayContaining(['lambda', 'apigateway', 'scheduler'].map((service) => one(`${service}.amazonaws.com`))));
      expect(kinds.size).toBe(3);
    });

    test('cannot make, change or hand on rights, code, queues, buckets, tables or keys', () => {
      const actions = new Set(roles.flatMap(([id]) => granted(id).flatMap(({ Action }) => Action)));

      expect([...actions].filter((action) => /^(?:iam|sts|kms|cloudformation|apigateway|cognito-idp|lambda(?!:InvokeFunction$)|events|ssm):/.test(action))).toEqual([]);
      expect(
        [...actions].filter((action) => /:(?:Create(?!LogStream)|Delete(?!Message$|Item$|Object$)|Update(?!Item$)|Set|Add|Remove|Attach|Tag|Untag|Purge)/.test(action)),
      ).toEqual([]);
      expect(
        [...actions].filter((action) => /^(?:s3|sqs|sns|secretsmanager|dynamodb):.*(?:Policy|Acl|Versioning|Lifecycle|Replication|PutSecret|Restore|Export|Backup)/.test(action)),
      ).toEqual([]);
    });

    test.each([...functions])('of %s reaches what its function is told of or called by, and nothing beside', (_name, id) => {
      const lambda = lambdas.get(id);
      const mappings = resources('AWS::Lambda::EventSourceMapping', z.object({ FunctionName: Reference, EventSourceArn: Reference })).flatMap(([, mapping]) =>
        mapping.FunctionName.includes(id) ? mapping.EventSourceArn : [],
      );
      const variables = lambda?.Environment.Variables ?? {};
      // A prefix names secrets, which are rows of a test of their own in hub-stack.test.ts.
      const secrets = 'SECRETS_PREFIX' in variables ? resources('AWS::SecretsManager::Secret', z.unknown()).map(([secret]) => secret) : [];
      const lost = [...(lambda?.DeadLetterConfig ?? []), ...onFailureOf(id)];
      const known = new Set([...Reference.parse(variables), ...mappings, ...secrets, ...(lambda?.LoggingConfig ?? []), ...lost]);
      const reached = granted(lambda?.Role[0] ?? '').flatMap(({ Resource }) => Reference.parse(Resource));

      expect(reached.length).toBeGreaterThan(0);
      expect([...new Set(reached)].filter((resource) => !known.has(resource))).toEqual([]);
    });

    test('is of one function alone', () => {
      const owners = [...lambdas.values()].map(({ Role }) => Role[0]);

      expect(new Set(owners).size).toBe(owners.length);
    });

    function onFailureOf(id: string): string[] {
      const Mapping = z.object({ FunctionName: Reference, DestinationConfig: Reference });
      return resources('AWS::Lambda::EventSourceMapping', Mapping).flatMap(([, { FunctionName, DestinationConfig }]) => (FunctionName.includes(id) ? DestinationConfig : []));
    }
  });

  describe('a policy of a resource', () => {
    const policies = ['AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'].flatMap((type) =>
      resources(type, z.object({ PolicyDocument: Document })).flatMap(([id, { PolicyDocument }]) => PolicyDocument.Statement.map((statement) => ({ id, ...statement }))),
    );

    test('speaks of everybody only to refuse, and of a service only on behalf of this account or topic', () => {
      const allowed = policies.filter(({ Effect }) => Effect === 'Allow');

      expect(allowed.filter(({ Principal }) => isEverybody(Principal))).toEqual([]);
      for (const { id, Principal, Condition } of allowed) {
        expect(Principal, id).toEqual({ Service: expect.stringMatching(/^(?:sns|logging\.s3|cloudwatch)\.amazonaws\.com$/) });
        expect(JSON.stringify(Condition), id).toMatch(/aws:SourceArn|aws:SourceAccount/);
      }
    });

    test('of every queue, topic and bucket refuses what does not come by TLS', () => {
      const Covered = z.object({ Queues: Reference, Topics: Reference, Bucket: Reference, PolicyDocument: Document });
      const covered = ['AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'].flatMap((type) =>
        resources(type, Covered).flatMap(([, { Queues, Topics, Bucket, PolicyDocument }]) =>
          PolicyDocument.Statement.some(refusesPlain) ? [...Queues, ...Topics, ...Bucket] : [],
        ),
      );
      const kinds = ['AWS::SQS::Queue', 'AWS::SNS::Topic', 'AWS::S3::Bucket'];
      const all = Object.entries(template.Resources).flatMap(([id, { Type }]) => (kinds.includes(Type) ? [id] : []));

      expect(all.length).toBeGreaterThan(40);
      expect(all.filter((id) => !covered.includes(id))).toEqual([]);
    });

    test('of buckets whose objects are linked ends a link after five minutes, however long it was signed for', () => {
      const capped = resources('AWS::S3::BucketPolicy', z.object({ Bucket: Reference, PolicyDocument: Document })).flatMap(([, { Bucket, PolicyDocument }]) =>
        PolicyDocument.Statement.some(({ Effect, Principal, Condition }) => {
          return Effect === 'Deny' && isEverybody(Principal) && JSON.stringify(Condition) === '{"NumericGreaterThan":{"s3:signatureAge":"300000"}}';
        })
          ? Bucket
          : [],
      );

      expect(capped.map((id) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual(['FoundationLabels', 'FoundationReports']);
    });

    test('lets the alarms of this account reach their topic: a policy of its own takes the place of the one that topics have', () => {
      const alarms = policies.filter(({ id, Effect }) => id.startsWith('FoundationAlarms') && Effect === 'Allow');

      expect(alarms).toMatchObject([
        { Action: ['sns:Publish'], Principal: { Service: 'cloudwatch.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } },
      ]);
    });
  });

  describe('what is kept', () => {
    test('as a log is forgotten, and every function writes into one of its own', () => {
      const groups = new Map(resources('AWS::Logs::LogGroup', z.object({ RetentionInDays: z.int().min(1).max(400) })));
      const used = [...lambdas.values()].flatMap(({ LoggingConfig }) => LoggingConfig);

      expect(used.filter((id) => !groups.has(id))).toEqual([]);
      expect(new Set(used).size).toBe(lambdas.size);
    });

    test('in versions, by a bucket, is what nobody may lose; what shows people has no versions to hide in', () => {
      const Bucket = z.object({
        VersioningConfiguration: z.object({ Status: z.literal('Enabled') }).optional(),
        LifecycleConfiguration: z.object({ Rules: z.array(z.object({ NoncurrentVersionExpiration: z.unknown().optional(), AbortIncompleteMultipartUpload: z.object({}) })) }),
      });
      const buckets = resources('AWS::S3::Bucket', Bucket);
      const versioned = buckets.filter(([, { VersioningConfiguration }]) => VersioningConfiguration !== undefined);

      expect(versioned.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['FoundationReports']);
      for (const [id, { LifecycleConfiguration }] of versioned) expect(LifecycleConfiguration.Rules[0]?.NoncurrentVersionExpiration, id).toBeDefined();
    });

    test('in the table and its stream, queues, buckets and topics is encrypted', () => {
      for (const [id, queue] of resources('AWS::SQS::Queue', z.object({ SqsManagedSseEnabled: z.boolean().default(false) }))) expect(queue.SqsManagedSseEnabled, id).toBe(true);
      for (const [id] of resources('AWS::S3::Bucket', z.object({ BucketEncryption: z.object({ ServerSideEncryptionConfiguration: z.array(z.object({})).min(1) }) })))
        expect(id).not.toBe('');
    });
  });

  describe('the way in', () => {
    test('is the API alone: no function has an address of its own, and none may be called by strangers', () => {
      const types = Object.values(template.Resources).map(({ Type }) => Type);

      expect(types.filter((type) => /Lambda::(?:Url|Permission|Alias)|ElasticLoadBalancing|EC2::|CloudFront/.test(type))).toEqual([]);
    });

    test('is opened to no other origin, throttled, and logs neither paths nor addresses', () => {
      for (const [id, api] of resources('AWS::ApiGatewayV2::Api', z.object({ CorsConfiguration: z.unknown().optional() }))) expect(api.CorsConfiguration, id).toBeUndefined();
      const Stage = z.object({
        AccessLogSettings: z.object({ Format: z.string() }),
        DefaultRouteSettings: z.object({ ThrottlingBurstLimit: z.int().max(5_000), ThrottlingRateLimit: z.int().max(2_000), DataTraceEnabled: z.literal(false).optional() }),
        RouteSettings: z.undefined().optional(),
      });
      const stages = resources('AWS::ApiGatewayV2::Stage', Stage);
      expect(stages).toHaveLength(1);
      for (const [, { AccessLogSettings }] of stages)
        expect(AccessLogSettings.Format).not.toMatch(/\$context\.(?:path|identity|http|authorizer\.claims\.(?!sub)|requestOverride)|\$request/);
    });

    test('has no route that is not in the table of routes', () => {
      const known = new Set(Object.values(ROUTES).map(({ method, path }) => `${method} ${path}`));
      const routes = resources('AWS::ApiGatewayV2::Route', z.object({ RouteKey: z.string() })).map(([, { RouteKey }]) => RouteKey);

      expect(routes.filter((key) => !known.has(key) || key.includes('$default') || key.includes('+'))).toEqual([]);
    });

    test('takes tokens of its own pool, for its own clients, from nowhere but their header', () => {
      const pools = resources('AWS::Cognito::UserPool', z.unknown()).map(([id]) => id);
      const clients = resources('AWS::Cognito::UserPoolClient', z.unknown()).map(([id]) => id);
      const Authorizer = z.object({
        AuthorizerType: z.literal('JWT'),
        IdentitySource: z.tuple([z.literal('$request.header.Authorization')]),
        JwtConfiguration: z.object({ Audience: z.array(Reference), Issuer: z.unknown() }),
      });
      const authorizers = resources('AWS::ApiGatewayV2::Authorizer', Authorizer);

      expect(authorizers).toHaveLength(1);
      for (const [, { JwtConfiguration }] of authorizers) {
        expect(JwtConfiguration.Audience.flat().sort()).toEqual(clients.sort());
        expect(JSON.stringify(JwtConfiguration.Issuer)).toContain(`{"Ref":"${pools[0]}"}`);
        expect(JSON.stringify(JwtConfiguration.Issuer)).toContain('https://cognito-idp.');
      }
    });

    test('is for people whom somebody let in, with a second factor', () => {
      const pools = resources(
        'AWS::Cognito::UserPool',
        z.object({
          MfaConfiguration: z.literal('ON'),
          AdminCreateUserConfig: z.object({ AllowAdminCreateUserOnly: z.literal(true) }),
          UserPoolAddOns: z.object({ AdvancedSecurityMode: z.literal('ENFORCED') }),
        }),
      );
      const clients = resources(
        'AWS::Cognito::UserPoolClient',
        z.object({ AllowedOAuthFlows: z.array(z.enum(['code', 'client_credentials'])), ExplicitAuthFlows: z.array(z.string()).default([]) }),
      );

      expect(pools).toHaveLength(1);
      expect(clients.flatMap(([, { ExplicitAuthFlows }]) => ExplicitAuthFlows).filter((flow) => /PASSWORD/.test(flow))).toEqual([]);
    });
  });

  describe('a secret', () => {
    test('stands in no variable: each holds a name, an address of a resource, or a folder', () => {
      for (const [id, { Environment }] of lambdas)
        for (const [name, value] of Object.entries(Environment.Variables)) {
          const literal = typeof value === 'string' ? value : '';
          expect(literal, `${id} ${name}`).toMatch(/^(?:--enable-source-maps|\/opt(?:\/[a-z-]+)?|crossdock\/[a-z0-9-]+\/|)$/);
          expect(name, id).not.toMatch(/TOKEN|PASSWORD|API_?KEY|SIGNING|CREDENTIAL/i);
        }
    });

    test('stands nowhere in the template: no key of a vendor, no private key, and nothing that looks random', () => {
      const KEYS =
        /AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|-----BEGIN|whs(?:ec|k)_|shp(?:ss|at|ca|pa)_|EZ[AT]K[0-9a-f]{8}|shippo_(?:live|test)_|xox[bp]-|gh[pousr]_[A-Za-z0-9]{20}|eyJhbGciOi/;
      expect(text.match(KEYS)?.[0]).toBeUndefined();
      const strings = [...text.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, string = '']) => string);
      const random = strings.flatMap((string) => string.match(/[A-Za-z0-9+/=_-]{28,}/g) ?? []).filter((word) => looksRandom(word));
      expect(random.filter((word) => !Object.hasOwn(template.Resources, word))).toEqual([]);
    });

    test('would be seen by the test above', () => {
      expect(['wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY', 'dGhlIHNlY3JldCBvZiBhIGNvbm5lY3Rpb24x'].every(looksRandom)).toBe(true);
      expect(['GreaterThanOrEqualToThreshold', 'shipment-reconcile-labels', 'AllowedOAuthFlowsUserPoolClient'].some(looksRandom)).toBe(false);
    });
  });
});

function isEverybody(principal: unknown): boolean {
  return /^(?:"\*"|\{"AWS":"\*"\}|\{"AWS":\["\*"\]\})$/.test(JSON.stringify(principal) ?? '');
}

function refusesPlain({ Effect, Principal, Condition }: Statement): boolean {
  return Effect === 'Deny' && isEverybody(Principal) && JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}';
}

/** Whether a word has the letters and digits of a random one. */
function looksRandom(word: string): boolean {
  const shares = [...Map.groupBy(word, (char) => char).values()].map(({ length }) => length / word.length);
  const bits = shares.reduce((sum, share) => sum - share * Math.log2(share), 0);
  return bits > 3.9 && [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(word));
}
