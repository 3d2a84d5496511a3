import { createHash } from 'node:crypto';
import type { Json } from '../../core/json.ts';
import { type Names, resolve } from './intrinsics.ts';
import type { Resource, Template } from './template.ts';

/** AWS account of everything local; the one that the emulators put into ARNs. */
export const ACCOUNT = '000000000000';

/** Where this machine answers for what the template names. */
export interface Places {
  readonly sqs: string;
  readonly api: string;
  readonly issuer: string;
}

interface Named {
  readonly resource: Resource;
  /** Physical name: the template's where it gives one, else derived from the stack and the logical id. */
  readonly name: string;
  readonly region: string;
  readonly places: Places;
}

interface Kind {
  /** Property that may hold the physical name. */
  readonly nameProperty?: string;
  readonly ref: (named: Named) => string;
  readonly attributes?: Readonly<Record<string, (named: Named) => string>>;
  /** For a type that does nothing here, why that is no loss. */
  readonly noLocalEffect?: string;
}

const arn = (service: string, { region }: Named, resource: string) => `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`;
const byName = ({ name }: Named) => name;
const short = ({ resource, name }: Named) => createHash('sha256').update(`${resource.logicalId} ${name}`).digest('hex').slice(0, 10);
const localArn = (named: Named) => arn('local', named, `${named.resource.type.replaceAll('::', '/')}/${named.name}`);
const tableArn = (named: Named) => arn('dynamodb', named, `table/${named.name}`);
const queueUrl = ({ name, places }: Named) => `${places.sqs}/${ACCOUNT}/${name}`;
const topicArn = (named: Named) => arn('sns', named, named.name);
const functionArn = (named: Named) => arn('lambda', named, `function:${named.name}`);
const secretArn = (named: Named) => arn('secretsmanager', named, `secret:${named.name}-${short(named).slice(0, 6)}`);
const poolId = (named: Named) => `${named.region}_${short(named)}`;

const TABLE: Kind = { nameProperty: 'TableName', ref: byName, attributes: { Arn: tableArn, StreamArn: (named) => `${tableArn(named)}/stream/local` } };

function ignored(noLocalEffect: string): Kind {
  return { ref: byName, attributes: { Arn: localArn }, noLocalEffect };
}

const PERMISSIONS = ignored('the emulators let every caller do everything; least privilege is proved by the template tests');
const WATCHED_BY_PEOPLE = ignored('nobody is paged on a laptop; the console and the metrics of the runner show the same facts');
const SHOWN_AS_FILES = ignored("functions' output is kept in the logs folder");

/** Every resource type the runner knows. What is not here is an error, so that nothing is left out in silence. */
const KINDS: Readonly<Record<string, Kind>> = {
  'AWS::DynamoDB::Table': TABLE,
  'AWS::DynamoDB::GlobalTable': TABLE,
  'AWS::SQS::Queue': { nameProperty: 'QueueName', ref: queueUrl, attributes: { Arn: (named) => arn('sqs', named, named.name), QueueName: byName, QueueUrl: queueUrl } },
  'AWS::SNS::Topic': { nameProperty: 'TopicName', ref: topicArn, attributes: { TopicArn: topicArn, TopicName: byName } },
  'AWS::SNS::Subscription': { ref: (named) => `${topicArn(named)}:${short(named)}`, attributes: { Arn: localArn } },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    ref: byName,
    attributes: {
      Arn: ({ name }) => `arn:aws:s3:::${name}`,
      DomainName: ({ name }) => `${name}.s3.amazonaws.com`,
      RegionalDomainName: ({ name, region }) => `${name}.s3.${region}.amazonaws.com`,
    },
  },
  'AWS::Lambda::Function': { nameProperty: 'FunctionName', ref: byName, attributes: { Arn: functionArn } },
  'AWS::Lambda::LayerVersion': {
    ref: (named) => arn('lambda', named, `layer:${named.name}:1`),
    attributes: { LayerVersionArn: (named) => arn('lambda', named, `layer:${named.name}:1`) },
  },
  'AWS::Lambda::EventSourceMapping': { ref: short, attributes: { Id: short } },
  'AWS::ApiGatewayV2::Api': { ref: short, attributes: { ApiId: short, ApiEndpoint: ({ places }) => places.api } },
  'AWS::ApiGatewayV2::Integration': { ref: short },
  'AWS::ApiGatewayV2::Route': { ref: short },
  'AWS::ApiGatewayV2::Authorizer': { ref: short },
  'AWS::ApiGatewayV2::Stage': { ref: ({ resource }) => String(resource.properties.StageName ?? '$default') },
  'AWS::Cognito::UserPool': {
    ref: poolId,
    attributes: {
      UserPoolId: poolId,
      Arn: (named) => arn('cognito-idp', named, `userpool/${poolId(named)}`),
      ProviderName: (named) => `${named.places.issuer.replace('http://', '')}/${poolId(named)}`,
      ProviderURL: (named) => `${named.places.issuer}/${poolId(named)}`,
    },
  },
  'AWS::Cognito::UserPoolClient': { ref: short, attributes: { ClientId: short, Name: byName } },
  'AWS::Cognito::UserPoolResourceServer': { ref: ({ resource }) => String(resource.properties.Identifier ?? resource.logicalId) },
  'AWS::Cognito::UserPoolDomain': ignored('people do not sign in by a page here; the issuer hands out tokens'),
  'AWS::Scheduler::Schedule': { nameProperty: 'Name', ref: byName, attributes: { Arn: (named) => arn('scheduler', named, `schedule/default/${named.name}`) } },
  'AWS::Scheduler::ScheduleGroup': { ...ignored('a group only carries names and tags'), nameProperty: 'Name' },
  'AWS::SecretsManager::Secret': { nameProperty: 'Name', ref: secretArn, attributes: { Id: secretArn } },
  'AWS::SecretsManager::ResourcePolicy': PERMISSIONS,
  'AWS::SQS::QueuePolicy': PERMISSIONS,
  'AWS::SNS::TopicPolicy': PERMISSIONS,
  'AWS::S3::BucketPolicy': PERMISSIONS,
  'AWS::Lambda::Permission': PERMISSIONS,
  'AWS::Lambda::LayerVersionPermission': PERMISSIONS,
  'AWS::IAM::Role': { ...PERMISSIONS, attributes: { Arn: ({ name }) => `arn:aws:iam::${ACCOUNT}:role/${name}`, RoleId: byName } },
  'AWS::IAM::Policy': PERMISSIONS,
  'AWS::IAM::ManagedPolicy': PERMISSIONS,
  'AWS::KMS::Key': {
    ...ignored('what is stored here is test data on the own disk, unencrypted'),
    attributes: { Arn: (named) => arn('kms', named, `key/${short(named)}`), KeyId: short },
  },
  'AWS::KMS::Alias': ignored('a name of a key'),
  'AWS::CloudWatch::Alarm': WATCHED_BY_PEOPLE,
  'AWS::CloudWatch::CompositeAlarm': WATCHED_BY_PEOPLE,
  'AWS::CloudWatch::Dashboard': WATCHED_BY_PEOPLE,
  'AWS::Logs::LogGroup': { ...SHOWN_AS_FILES, nameProperty: 'LogGroupName', attributes: { Arn: (named) => `${arn('logs', named, `log-group:${named.name}`)}:*` } },
  'AWS::Logs::MetricFilter': WATCHED_BY_PEOPLE,
  'AWS::Logs::QueryDefinition': WATCHED_BY_PEOPLE,
  'AWS::Logs::ResourcePolicy': PERMISSIONS,
  'AWS::ApiGateway::Account': ignored('it lets the gateway write logs'),
  'AWS::Lambda::EventInvokeConfig': ignored('nothing invokes functions asynchronously here but the schedules, which carry their own retry policy'),
  'AWS::CDK::Metadata': ignored('usage statistics of the CDK'),
  'Custom::S3AutoDeleteObjects': ignored('it acts when a stack is deleted'),
  'AWS::CloudFormation::WaitConditionHandle': ignored('a placeholder'),
};

/** The template's types that do nothing here, each with the reason. */
export function withoutLocalEffect(template: Template): Readonly<Record<string, string>> {
  const types = new Set([...template.resources.values()].map(({ type }) => type));
  return Object.fromEntries([...types].sort().flatMap((type) => (KINDS[type]?.noLocalEffect === undefined ? [] : [[type, KINDS[type].noLocalEffect]])));
}

/**
 * Refuses a template that holds what the runner would have to leave out.
 * @throws Error naming every unknown type with its construct paths
 */
export function checkTypes(template: Template): void {
  const unknown = [...template.resources.values()].filter(({ type }) => !Object.hasOwn(KINDS, type));
  if (unknown.length === 0) return;
  const list = unknown.map(({ type, path }) => `${type} (${path})`).join(', ');
  throw new Error(`The local cloud does not know ${list}: bring it up, or list it in local/cloud/resources.ts with the reason why it has no local effect.`);
}

/** Physical names and resolved values of a template's resources. */
export interface Resources extends Names {
  /** Resources of the given types, properties resolved. */
  ofType(...types: readonly string[]): ReadonlyArray<Resource & { readonly name: string; readonly ref: string }>;
  name(logicalId: string): string;
  resolve(value: Json): Json;
}

/** Binds a template to this machine. */
export function bindResources(template: Template, places: Places): Resources {
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::AccountId': ACCOUNT,
    'AWS::Region': template.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': template.stack,
    'AWS::StackId': `arn:aws:cloudformation:${template.region}:${ACCOUNT}:stack/${template.stack}/local`,
  };
  const names: Names = { ref, attribute };

  function find(logicalId: string): { resource: Resource; kind: Kind } {
    const resource = template.resources.get(logicalId);
    const kind = resource && KINDS[resource.type];
    if (!kind) throw new Error(`The template refers to ${logicalId}, which it does not define.`);
    return { resource, kind };
  }

  function named(logicalId: string): Named {
    const { resource, kind } = find(logicalId);
    const given = kind.nameProperty === undefined ? undefined : resource.properties[kind.nameProperty];
    const name = given === undefined ? derivedName(template.stack, resource) : String(resolve(given, names));
    return { resource, name, region: template.region, places };
  }

  function ref(name: string): Json {
    const value = pseudo[name] ?? template.parameters[name];
    return value ?? find(name).kind.ref(named(name));
  }

  function attribute(logicalId: string, attributeName: string): Json {
    const { resource, kind } = find(logicalId);
    const value = kind.attributes?.[attributeName];
    if (!value) throw new Error(`The local cloud does not know the attribute ${attributeName} of ${resource.type} (${resource.path}); add it to local/cloud/resources.ts.`);
    return value(named(logicalId));
  }

  const replacements = addresses(template, places, (logicalId) => String(ref(logicalId)));
  const localised = (value: Json): Json => replaceAddresses(resolve(value, names), replacements);

  return {
    ...names,
    name: (logicalId) => named(logicalId).name,
    resolve: localised,
    ofType: (...types) =>
      [...template.resources.values()]
        .filter(({ type }) => types.includes(type))
        .map((resource) => ({
          ...resource,
          name: named(resource.logicalId).name,
          ref: String(ref(resource.logicalId)),
          properties: Object.fromEntries(Object.entries(resource.properties).map(([key, value]) => [key, localised(value)])),
        })),
  };
}

function derivedName(stack: string, { logicalId, type, properties }: Resource): string {
  const name = `${stack}-${logicalId}`;
  // Bucket names are lower-case and at most 63 long; a FIFO queue says so in its name.
  if (type === 'AWS::S3::Bucket')
    return name
      .toLowerCase()
      .slice(-63)
      .replace(/^[^a-z0-9]+/, '');
  if (type === 'AWS::SQS::Queue') return properties.FifoQueue === true ? `${name.slice(-75)}.fifo` : name.slice(-80);
  return name;
}

// The CDK writes some addresses by AWS's naming rule instead of as attributes: the API's URL and the token issuer.
function addresses(template: Template, places: Places, ref: (logicalId: string) => string): ReadonlyArray<readonly [string, string]> {
  return [...template.resources.values()].flatMap(({ type, logicalId }): Array<readonly [string, string]> => {
    if (type === 'AWS::ApiGatewayV2::Api') return [[`https://${ref(logicalId)}.execute-api.${template.region}.amazonaws.com`, places.api]];
    if (type === 'AWS::Cognito::UserPool') return [[`https://cognito-idp.${template.region}.amazonaws.com/${ref(logicalId)}`, `${places.issuer}/${ref(logicalId)}`]];
    return [];
  });
}

function replaceAddresses(value: Json, replacements: ReadonlyArray<readonly [string, string]>): Json {
  if (typeof value === 'string') return replacements.reduce((text, [from, to]) => text.replaceAll(from, to), value);
  if (Array.isArray(value)) return value.map((item) => replaceAddresses(item, replacements));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceAddresses(item, replacements)]));
}
