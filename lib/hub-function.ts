import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, CfnFunction, Code, Function as LambdaFunction, LoggingFormat, Runtime, SystemLogLevel, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ENV, type EnvName } from '../functions/shell/env.ts';
import type { ClientLayer } from './client-layer.ts';
import type { ClientSecrets } from './client-secrets.ts';
import type { FontLayer } from './font-layer.ts';
import { OwnRole } from './own-role.ts';

/** What a function must say of itself. */
export interface HubFunctionProps {
  /** What it does, as one sentence; shown in the Lambda console. */
  readonly description: string;
  readonly timeout: Duration;
  /** MB; processor time comes with it. @default 512 */
  readonly memory?: number;
  /** Keeps asynchronous invocations that failed for good. @default - it is never invoked asynchronously */
  readonly lost?: Queue;
}

/** `<stage>/<name>`: the path of a file in functions, and of its bundle in dist. */
export type FunctionName = `${string}/${string}`;

/** Context key: a folder other than this checkout that holds `functions` and `dist`. */
export const ROOT_CONTEXT = 'crossdock:root';

const ROOT = join(import.meta.dirname, '..');

const READ = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];
// A transaction needs the permissions of what it does: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
const WRITE = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:ConditionCheckItem', 'dynamodb:BatchWriteItem'];
const APPEND = ['dynamodb:PutItem', 'dynamodb:BatchWriteItem'];

/**
 * One Lambda function. Its name is its path: `shipment/buy-label` reads functions/shipment/buy-label.ts and ships
 * dist/shipment/buy-label. Each method below grants the narrowest permission and sets the variable by which the
 * function finds what it was granted, in one call.
 */
export class HubFunction extends Construct {
  readonly name: FunctionName;
  readonly function: LambdaFunction;
  readonly timeout: Duration;

  /** @throws Error when the function's file or its bundle is not there */
  constructor(scope: Construct, name: FunctionName, props: HubFunctionProps) {
    super(scope, name.slice(name.indexOf('/') + 1));
    this.name = name;
    this.timeout = props.timeout;
    const logGroup = new LogGroup(this, 'Logs', { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    const role = new OwnRole(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description: `What ${name} may do` });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      code: Code.fromAsset(this.bundle()),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      tracing: Tracing.ACTIVE,
      // Without Lambda's own three lines for every invocation: they would be most of the log, and of its price.
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      timeout: props.timeout,
      memorySize: props.memory ?? 512,
      description: `${name}: ${props.description}`,
      environment: { NODE_OPTIONS: '--enable-source-maps' },
      role,
      logGroup,
      ...(props.lost && { deadLetterQueue: props.lost }),
    });
    this.cfnFunction().addMetadata('crossdock:function', name);
  }

  /** Heading of docs/runbook.md that the alarms of this function link to. */
  get runbook(): string {
    return this.name.replace('/', '-');
  }

  /** May read what the stack knows of its client. */
  knows(layer: ClientLayer): this {
    this.function.addLayers(layer);
    return this.isTold(ENV.clientFolder, layer.folder);
  }

  /** May set documents in the fonts of a layer. */
  sets(layer: FontLayer): this {
    this.function.addLayers(layer);
    return this.isTold(ENV.fontsFolder, layer.folder);
  }

  /** May read the table. */
  reads(table: Table): this {
    return this.isTold(ENV.table, table.tableName).may(READ, table.tableArn);
  }

  /** May read and write the table. */
  stores(table: Table): this {
    return this.reads(table).may(WRITE, table.tableArn);
  }

  /** May add rows to the table, and read none. */
  appends(table: Table): this {
    return this.isTold(ENV.table, table.tableName).may(APPEND, table.tableArn);
  }

  /** May follow what changes in the table. */
  follows(table: Table): this {
    if (table.tableStreamArn === undefined) throw new Error(`${this.name} cannot follow a table that has no stream.`);
    return this.may(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], table.tableStreamArn).may(
      ['dynamodb:ListStreams'],
      `${table.tableArn}/stream/*`,
    );
  }

  /** May delete items of the table, beside what else it may. */
  clears(table: Table): this {
    return this.may(['dynamodb:DeleteItem'], table.tableArn);
  }

  /** May read all of the table, item by item, beside what else it may. */
  scans(table: Table): this {
    return this.may(['dynamodb:Scan'], table.tableArn);
  }

  /** May read one of the table's indexes, beside what else it may. */
  searches(table: Table, index: string): this {
    return this.may(['dynamodb:Query'], `${table.tableArn}/index/${index}`);
  }

  /** May send to a queue. */
  sends(name: EnvName, queue: IQueue): this {
    return this.isTold(name, queue.queueUrl).may(['sqs:SendMessage'], queue.queueArn);
  }

  /** May send to several queues, each for a connection. */
  sendsEach(name: EnvName, queues: Readonly<Record<string, IQueue>>): this {
    const all = Object.entries(queues);
    this.isTold(name, JSON.stringify(Object.fromEntries(all.map(([connectionId, queue]) => [connectionId, queue.queueUrl]))));
    return all.length === 0 ? this : this.may(['sqs:SendMessage'], ...all.map(([, queue]) => queue.queueArn));
  }

  /** May publish to a topic. */
  publishes(name: EnvName, topic: ITopic): this {
    return this.isTold(name, topic.topicArn).may(['sns:Publish'], topic.topicArn);
  }

  /** May add objects to a bucket. */
  puts(name: EnvName, bucket: Bucket): this {
    return this.isTold(name, bucket.bucketName).may(['s3:PutObject'], bucket.arnForObjects('*'));
  }

  /** May delete objects of a bucket. */
  erases(name: EnvName, bucket: Bucket): this {
    return this.isTold(name, bucket.bucketName).may(['s3:DeleteObject'], bucket.arnForObjects('*'));
  }

  /** May list the names of a bucket's objects, and read none. */
  counts(name: EnvName, bucket: Bucket): this {
    return this.isTold(name, bucket.bucketName).may(['s3:ListBucket'], bucket.bucketArn);
  }

  /** May list a bucket and read its objects. */
  fetches(name: EnvName, bucket: Bucket): this {
    // Without the list permission a missing object answers 403, which reads as a mistake of ours.
    return this.isTold(name, bucket.bucketName).may(['s3:ListBucket'], bucket.bucketArn).may(['s3:GetObject'], bucket.arnForObjects('*'));
  }

  /** May read these of the client's secrets, and no others. */
  opens(secrets: ClientSecrets, which: readonly CfnSecret[]): this {
    return this.isTold(ENV.secretsPrefix, secrets.prefix).may(['secretsmanager:GetSecretValue'], ...which.map((secret) => secret.ref));
  }

  /** May send text messages to telephones, and to no topic by that. */
  textsPhones(): this {
    // A telephone has no ARN, so the narrowest grant is "anything that is no topic": https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    this.function.addToRolePolicy(new PolicyStatement({ actions: ['sns:Publish'], notResources: ['arn:aws:sns:*:*:*'] }));
    return this;
  }

  /** Sets a variable that grants nothing. */
  isTold(name: EnvName, value: string): this {
    this.function.addEnvironment(name, value);
    return this;
  }

  private may(actions: readonly string[], ...resources: readonly string[]): this {
    this.function.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
    return this;
  }

  private bundle(): string {
    const override: unknown = this.node.tryGetContext(ROOT_CONTEXT);
    const root = typeof override === 'string' ? override : ROOT;
    const source = join(root, 'functions', `${this.name}.ts`);
    if (!existsSync(source)) throw new Error(`There is no ${source}: a function is named after its file. Add the file or correct the name in lib.`);
    const folder = join(root, 'dist', this.name);
    if (!existsSync(join(folder, 'index.mjs'))) throw new Error(`There is no bundle in ${folder}: run npm run build.`);
    return folder;
  }

  private cfnFunction(): CfnFunction {
    const resource = this.function.node.defaultChild;
    if (!(resource instanceof CfnFunction)) throw new Error(`${this.name} is made of something other than a function.`);
    return resource;
  }
}
