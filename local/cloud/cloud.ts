import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import type { Json } from '../../core/json.ts';
import { callJson, getJson } from './aws-json.ts';
import { openCheckpoints } from './checkpoints.ts';
import { declaredFunctions } from './declared-functions.ts';
import { declaredMessaging, declaredQueues, lastPart } from './declared-messaging.ts';
import { declaredQueueMappings, declaredRoutes, declaredSchedules, declaredStreamMappings } from './declared-triggers.ts';
import type { Messaging } from './emulator-messages.ts';
import { type Emulators, startEmulators } from './emulators.ts';
import { type FunctionDefinition, hostFunctions } from './functions.ts';
import { startGateway } from './gateway.ts';
import { startIssuer } from './issuer.ts';
import { type Poller, startQueueMapping } from './queue-mapping.ts';
import { ACCOUNT, bindResources, checkTypes, type Resources, withoutLocalEffect } from './resources.ts';
import { runDue, startSchedules } from './schedules.ts';
import { startSecrets } from './secrets.ts';
import { startStreamMapping } from './stream-mapping.ts';
import { ensureTable, indexStreamRecords, TableProperties } from './tables.ts';
import { readTemplate, type Template } from './template.ts';

/** What the local cloud runs and where it keeps its state. */
export interface CloudOptions {
  /** Folder that the CDK synthesized into, usually `cdk.out`. */
  readonly assembly: string;
  /** The stack's name, such as `crossdock-demo`. */
  readonly stack: string;
  /** Everything that survives a restart: emulator databases, checkpoints, the issuer's keys, logs. One cloud at a time. */
  readonly dataFolder: string;
  /** Applied to `client.json` in the copy of the client layer, to point vendors' addresses at simulators. */
  readonly patchClient?: (client: Json) => Json;
  /** Secrets Manager's content: secret name to secret string. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Port of the HTTP API; 0 or absent takes a free one. */
  readonly port?: number;
  /** Instances at a time of one function, within the mapping's own maximum; default 2. */
  readonly instances?: number;
  /** What the heap of each function may hold, in MB, where that is to be less than its memory: what it never lets go of then shows soon. */
  readonly heapMegabytes?: number | undefined;
  /** Returns messages of failed batches after this many seconds instead of the queue's visibility timeout, to play a day fast. */
  readonly retryAfterSeconds?: number;
  /** Whether schedules fire by the clock (default) or only through `runSchedule`. */
  readonly schedules?: 'clock' | 'manual';
  /**
   * Leads the requests of functions another way, as through meters: given the emulators' addresses, returns those that functions are
   * to use, and functions then name themselves in their user agents. The cloud's own pollers keep to the emulators.
   */
  readonly through?: (endpoints: Cloud['endpoints']) => Promise<Cloud['endpoints']>;
  readonly log?: (line: string) => void;
}

/** How full a queue is. */
interface QueueDepth {
  readonly queue: string;
  readonly waiting: number;
  readonly inFlight: number;
  readonly deadLetter: boolean;
}

/** A queue of the stack, or an observer made by `subscribe`. */
export interface CloudQueue {
  readonly logicalId: string;
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  readonly deadLetter: boolean;
}

/** What one function did since the cloud started. */
export interface FunctionMetrics {
  readonly invocations: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly coldStarts: number;
  /** Time from starting a process to its handler being loaded, summed over cold starts. */
  readonly coldStartMs: number;
  /** Time in the handler, summed. */
  readonly totalMs: number;
  /** CPU time (user and system) spent by invocations, summed; start-up not included. */
  readonly cpuMs: number;
  /** Highest resident memory of one instance, in bytes. */
  readonly peakRssBytes: number;
}

/** A stack that runs on this machine. */
export interface Cloud {
  readonly apiUrl: string;
  readonly region: string;
  readonly issuer: {
    readonly url: string;
    /** A signed access token of the local user pool; scopes as in the template, such as `hub/orders.read`. */
    token(options: { user: string; scopes: readonly string[]; expiresInSeconds?: number; issuer?: string; clientId?: string }): Promise<string>;
  };
  readonly endpoints: { readonly dynamodb: string; readonly sqs: string; readonly sns: string; readonly s3: string; readonly secretsManager: string };
  /** Variables by which AWS SDK clients of a child process (or of this one) reach this cloud. */
  readonly env: Readonly<Record<string, string>>;
  readonly tableName: string;
  readonly queues: readonly CloudQueue[];
  /** Logical id to ARN. */
  readonly topics: Readonly<Record<string, string>>;
  /** Logical id to bucket name. */
  readonly buckets: Readonly<Record<string, string>>;
  /** Function names, such as `shipment/buy-label`. */
  readonly functions: readonly string[];
  /** Resource types of the template that do nothing here, each with the reason. */
  readonly withoutLocalEffect: Readonly<Record<string, string>>;
  /** File of messages sent to phones, one JSON object a line. */
  readonly outboxFile: string;
  readonly processIds: { readonly emulators: number; readonly dynamodb: number | undefined };
  /** Ref and attributes of the one resource whose logical id or construct path starts with (or, failing that, contains) the text. */
  resource(text: string): { readonly logicalId: string; readonly type: string; readonly path: string; readonly ref: string; attribute(name: string): string };
  /** The environment that the template gives a function, resolved; by name or logical id. */
  functionEnvironment(name: string): Readonly<Record<string, string>>;
  outputs(): Readonly<Record<string, string>>;
  /** An extra queue that receives everything published to a topic (raw). */
  subscribe(topicArn: string, queueName: string): Promise<CloudQueue>;
  queueDepths(): Promise<QueueDepth[]>;
  /** Whether nothing is left to do: queues that functions read are empty, no invocation runs, streams are read to the end. */
  quiet(): Promise<boolean>;
  /** Runs a schedule now as if it were due at `at`; by name or construct path. Rejects when its target failed after all retries. */
  runSchedule(nameOrPath: string, at: Date): Promise<void>;
  /** Invokes a function with an event, for what has no trigger of its own. */
  invoke(name: string, event: Json): Promise<Json>;
  metrics(): Readonly<Record<string, FunctionMetrics>>;
  stop(): Promise<void>;
}

const DEFAULT_INSTANCES = 2;
/** Requests to one function that may wait for a free process: more would be answered after their storefronts have given up. */
const MOST_WAITING = 40;
const STOP_GRACE_MS = 3_000;
const TOKEN_SECONDS = 3_600;

const DepthPage = z.array(z.object({ name: z.string(), approximateMessageCount: z.number(), approximateInflightCount: z.number(), approximateDelayedCount: z.number() }));

/**
 * Brings a synthesized stack up on this machine: its tables, queues, topics and buckets on emulators, its functions in
 * processes of their own, its routes, mappings and schedules in this process. Everything listens on 127.0.0.1.
 * Started again on the same data folder it goes on where it was, however the last run ended.
 * @throws Error that names what the template holds and the runner does not know, or what is missing on this machine
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const log = options.log ?? (() => {});
  const dataFolder = resolve(options.dataFolder);
  const template = readTemplate(resolve(options.assembly), options.stack);
  checkTypes(template);
  mkdirSync(join(dataFolder, 'logs'), { recursive: true });
  // What has come up, to be taken down in reverse order.
  const open: Array<() => Promise<void>> = [];
  const stop = stopOnce(open);
  try {
    return await bringUp({ ...options, dataFolder }, template, log, open, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function stopOnce(open: Array<() => Promise<void>>): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  const takeDown = async () => {
    for (const close of open.toReversed()) await close();
  };
  return () => {
    stopped ??= takeDown();
    return stopped;
  };
}

async function bringUp(options: CloudOptions, template: Template, log: (line: string) => void, open: Array<() => Promise<void>>, stop: () => Promise<void>): Promise<Cloud> {
  const { dataFolder } = options;
  const { region } = template;
  const outboxFile = join(dataFolder, 'phones.ndjson');
  const instances = options.instances ?? DEFAULT_INSTANCES;

  const checkpoints = openCheckpoints(dataFolder);
  open.push(async () => checkpoints.close());
  const [emulators, gateway, issuer, secrets] = await allUp(open, [
    [startEmulators({ dataFolder, region, outboxFile, onExit: log }), (up) => up.stop()],
    [startGateway(options.port ?? 0, log), (up) => up.close()],
    [startIssuer(dataFolder), (up) => up.close()],
    [startSecrets(options.secrets, (name) => `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:${name}-000000`), (up) => up.close()],
  ]);

  const resources = bindResources(template, { sqs: emulators.messaging, api: gateway.url, issuer: issuer.url });
  const endpoints = { dynamodb: emulators.dynamodb, sqs: emulators.messaging, sns: emulators.sns, s3: emulators.messaging, secretsManager: secrets.url };
  const env = awsEnvironment(endpoints, region, dataFolder);
  const queues = declaredQueues(resources);
  const messaging = declaredMessaging(resources, log);
  const [, streams] = await Promise.all([configureMessaging(emulators, messaging, region), bringUpTables(resources, emulators, region)]);

  const declared = declaredFunctions(template, resources, { dataFolder, patchClient: options.patchClient, awsEnvironment: env });
  const definitions = options.through === undefined ? declared : rerouted(declared, endpoints, awsEnvironment(await options.through(endpoints), region, dataFolder));
  const functions = hostFunctions(definitions, { dataFolder, instances, heapMegabytes: options.heapMegabytes, log });
  const context = { sqs: endpoints.sqs, dynamodb: endpoints.dynamodb, region, checkpoints, log, retryAfterSeconds: options.retryAfterSeconds };
  const queueMappings = declaredQueueMappings(resources, definitions, queues, instances);
  const schedules = declaredSchedules(resources, definitions, queues);
  // Everything that may be wrong with the template has been said by now: what starts from here on is also stopped.
  const streamPollers = declaredStreamMappings(resources, definitions, queues, streams).map((mapping) =>
    startStreamMapping(mapping, { ...context, functionArn: definitionOf(definitions, mapping.functionId).arn, invoke: (event) => functions.invoke(mapping.functionId, event, 1) }),
  );
  const queuePollers = queueMappings.map((mapping) => startQueueMapping(mapping, { ...context, invoke: (event) => functions.invoke(mapping.functionId, event) }));
  const scheduleContext = { ...context, invoke: (functionId: string, event: Json) => functions.invoke(functionId, event) };
  const pollers: Poller[] = [...streamPollers, ...queuePollers, ...(options.schedules === 'manual' ? [] : [startSchedules(schedules, scheduleContext)])];
  open.push(async () => {
    // Pollers stop asking first; what runs may end in its own time, within limits.
    await Promise.all([...pollers.map((poller) => poller.stop()), functions.stop(STOP_GRACE_MS)]);
  });

  const routes = declaredRoutes(resources, definitions);
  const [api] = resources.ofType('AWS::ApiGatewayV2::Api');
  gateway.open({
    apiId: api?.ref ?? '',
    routes,
    invoke: (functionId, event, gone) => functions.invoke(functionId, event, undefined, { gone, mostWaiting: MOST_WAITING }),
    verify: issuer.verify,
  });

  const fed = new Set(queueMappings.map(({ queueUrl }) => lastSegment(queueUrl)));
  const authorizer = routes.find((route) => route.authorizer)?.authorizer;

  async function depths(): Promise<QueueDepth[]> {
    const page = DepthPage.parse(await getJson(`${emulators.messaging}/_fauxqs/queues`));
    const deadLetters = new Set(queues.filter(({ deadLetter }) => deadLetter).map(({ name }) => name));
    return page.map(({ name, approximateMessageCount, approximateDelayedCount, approximateInflightCount }) => ({
      queue: name,
      waiting: approximateMessageCount + approximateDelayedCount,
      inFlight: approximateInflightCount,
      deadLetter: deadLetters.has(name),
    }));
  }

  async function quiet(): Promise<boolean> {
    const before = functions.activity();
    if (before.running > 0) return false;
    const drained = await Promise.all(streamPollers.map((poller) => poller.drained()));
    const full = (await depths()).some(({ queue, waiting, inFlight }) => fed.has(queue) && waiting + inFlight > 0);
    // Whatever began in between may have put something where we had looked already.
    return drained.every(Boolean) && !full && functions.activity().asked === before.asked;
  }

  return {
    apiUrl: gateway.url,
    region,
    issuer: {
      url: authorizer?.issuer ?? issuer.url,
      token: ({ expiresInSeconds = TOKEN_SECONDS, ...token }) =>
        issuer.sign({ issuer: authorizer?.issuer ?? issuer.url, clientId: authorizer?.audience[0] ?? 'local', ...token, expiresInSeconds }),
    },
    endpoints,
    env,
    tableName: resources.ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')[0]?.name ?? '',
    queues,
    topics: Object.fromEntries(resources.ofType('AWS::SNS::Topic').map(({ logicalId, ref }) => [logicalId, ref])),
    buckets: Object.fromEntries(resources.ofType('AWS::S3::Bucket').map(({ logicalId, ref }) => [logicalId, ref])),
    functions: definitions.map(({ name }) => name),
    withoutLocalEffect: withoutLocalEffect(template),
    outboxFile,
    processIds: { emulators: emulators.processId, dynamodb: emulators.dynamoProcessId },
    resource: (text) => describeResource(template, resources, text),
    functionEnvironment: (name) => definitionOf(definitions, name).environment,
    outputs: () => Object.fromEntries(Object.entries(template.outputs).map(([name, value]) => [name, String(resources.resolve(value))])),
    subscribe: async (topicArn, queueName) => {
      await configureMessaging(
        emulators,
        {
          queues: [{ name: queueName, attributes: {} }],
          topics: [],
          subscriptions: [{ topic: lastPart(topicArn), queue: queueName, attributes: { RawMessageDelivery: 'true' } }],
          buckets: [],
        },
        region,
      );
      return { logicalId: queueName, name: queueName, url: `${endpoints.sqs}/${ACCOUNT}/${queueName}`, arn: `arn:aws:sqs:${region}:${ACCOUNT}:${queueName}`, deadLetter: false };
    },
    queueDepths: depths,
    quiet,
    runSchedule: async (nameOrPath, at) => {
      await runDue(
        pick(schedules, nameOrPath, ({ name, path }) => [name, path], 'schedule'),
        at,
        scheduleContext,
      );
    },
    invoke: async (name, event) => {
      const outcome = await functions.invoke(definitionOf(definitions, name).logicalId, event);
      if (outcome.kind === 'failed') throw new Error(`${name} failed: ${outcome.errorType}: ${outcome.errorMessage}`);
      return outcome.value;
    },
    metrics: functions.metrics,
    stop,
  };
}

type Up<T> = readonly [Promise<T>, (up: T) => Promise<void>];

// Starts together; when one fails, those that did come up are still taken down.
async function allUp<A, B, C, D>(open: Array<() => Promise<void>>, [a, b, c, d]: readonly [Up<A>, Up<B>, Up<C>, Up<D>]): Promise<[A, B, C, D]> {
  const noted = <T>([starting, close]: Up<T>) =>
    starting.then((up) => {
      open.push(() => close(up));
      return up;
    });
  const all = [noted(a), noted(b), noted(c), noted(d)] as const;
  await Promise.allSettled(all);
  return await Promise.all(all);
}

/** Brings attributes of queues that were there already up to date. */
async function configureMessaging(emulators: Emulators, messaging: Messaging, region: string): Promise<void> {
  await emulators.configure(messaging);
  await Promise.all(
    messaging.queues.map(async ({ name, attributes: { FifoQueue: _fixed, ...Attributes } }) => {
      if (Object.keys(Attributes).length > 0)
        await callJson(emulators.messaging, 'AmazonSQS.SetQueueAttributes', { QueueUrl: `${emulators.messaging}/${ACCOUNT}/${name}`, Attributes }, { region });
    }),
  );
}

async function bringUpTables(resources: Resources, emulators: Emulators, region: string): Promise<ReadonlyMap<string, string>> {
  const streams = new Map<string, string>();
  for (const { logicalId, name, properties } of resources.ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable')) {
    const stream = await ensureTable(emulators.dynamodb, region, name, TableProperties.parse(properties));
    if (stream !== undefined) streams.set(String(resources.attribute(logicalId, 'Arn')), stream);
  }
  if (emulators.dynamoFile !== undefined) indexStreamRecords(emulators.dynamoFile);
  return streams;
}

function awsEnvironment(endpoints: Cloud['endpoints'], region: string, dataFolder: string): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_SNS: endpoints.sns,
    // By address, not by name: for an IP address the SDK puts the bucket into the path, so no bucket host has to resolve.
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
    // Every other service is answered with an error that names the call, and never reached in AWS.
    AWS_ENDPOINT_URL: endpoints.secretsManager,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The settings of whoever runs this are not part of the stack.
    AWS_CONFIG_FILE: join(dataFolder, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(dataFolder, 'no-aws-config'),
  };
}

/** Functions that call other addresses: those in their surroundings, and those in the addresses of their queues. */
function rerouted(definitions: readonly FunctionDefinition[], { sqs }: Cloud['endpoints'], surroundings: Readonly<Record<string, string>>): FunctionDefinition[] {
  const elsewhere = surroundings.AWS_ENDPOINT_URL_SQS ?? sqs;
  return definitions.map((definition) => {
    const variables = Object.entries(definition.environment).map(([name, value]) => [name, value.startsWith(`${sqs}/`) ? value.replace(sqs, elsewhere) : value]);
    // The SDK sends it along: https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html
    return { ...definition, environment: { ...Object.fromEntries(variables), ...surroundings, AWS_SDK_UA_APP_ID: definition.name.replace('/', '.') } };
  });
}

function describeResource(template: Template, resources: Resources, text: string): ReturnType<Cloud['resource']> {
  const { logicalId, type, path } = pick([...template.resources.values()], text, (resource) => [resource.logicalId, resource.path], 'resource');
  return { logicalId, type, path, ref: String(resources.ref(logicalId)), attribute: (name) => String(resources.attribute(logicalId, name)) };
}

function definitionOf(definitions: readonly FunctionDefinition[], text: string): FunctionDefinition {
  const found = definitions.find(({ name, logicalId }) => name === text || logicalId === text);
  if (!found) throw new Error(`The stack has no function ${text}; it has ${definitions.map(({ name }) => name).join(', ')}.`);
  return found;
}

function pick<T>(items: readonly T[], text: string, names: (item: T) => readonly string[], what: string): T {
  const exact = items.filter((item) => names(item).some((name) => name === text || name === `${text}/Resource`));
  const starting = items.filter((item) => names(item).some((name) => name.startsWith(text)));
  const holding = items.filter((item) => names(item).some((name) => name.includes(text)));
  const [found, ...others] = [exact, starting, holding].find((list) => list.length > 0) ?? [];
  if (found === undefined) throw new Error(`The stack has no ${what} ${text}.`);
  if (others.length > 0) throw new Error(`${text} fits several: ${[found, ...others].map((item) => names(item).join(' ')).join(', ')}; name it fully.`);
  return found;
}

function lastSegment(url: string): string {
  return url.split('/').at(-1) ?? url;
}
