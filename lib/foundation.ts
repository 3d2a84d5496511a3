import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, type IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { CarrierConnection, Client, StorefrontConnection } from '../core/client.ts';
import { ClientLayer, type EdgeSchemes } from './client-layer.ts';
import { ClientSecrets } from './client-secrets.ts';
import { Gateway } from './gateway.ts';

/** How long things are kept, in days. */
export interface Retention {
  /** Facts that reports are made of; they hold no personal data. @default 800, two years to compare and a quarter to spare */
  readonly factsDays?: number;
  /** Reports as they were delivered. @default 2,555, seven years */
  readonly reportsDays?: number;
}

/** What each connection can do, by its id: the capabilities that its adapter declares, or the parts that it has. */
export type Capabilities = Readonly<Record<string, readonly string[]>>;

/** What a foundation is laid for. */
export interface FoundationProps {
  readonly client: Client;
  readonly edge: EdgeSchemes;
  readonly capabilities: Capabilities;
  readonly retention: Retention;
}

/** The name of the table's one index: what is to be done, by list and by age. */
export const WORK_INDEX = 'work';

/** What all seven stages stand on: the client, where its data lie, where news goes, and the way in. */
export class Foundation extends Construct {
  readonly client: Client;
  readonly clientLayer: ClientLayer;
  readonly secrets: ClientSecrets;
  readonly table: Table;
  readonly buckets: { readonly deliveries: Bucket; readonly facts: Bucket; readonly labels: Bucket; readonly reports: Bucket };
  readonly topics: { readonly events: Topic; readonly customers: Topic; readonly plants: Topic; readonly reports: Topic; readonly alarms: Topic };
  readonly gateway: Gateway;
  private readonly capabilities: Capabilities;
  private readonly edge: EdgeSchemes;

  constructor(scope: Construct, id: string, { client, edge, capabilities, retention }: FoundationProps) {
    super(scope, id);
    this.client = client;
    this.capabilities = capabilities;
    this.edge = edge;
    this.clientLayer = new ClientLayer(this, 'Client', client, edge);
    this.secrets = new ClientSecrets(this, 'Secrets', client);
    this.table = this.makeTable();
    this.buckets = this.makeBuckets(retention);
    this.topics = this.makeTopics();
    this.gateway = new Gateway(this, 'Gateway', client.id);
  }

  /** The storefront connections that can do something. */
  storefrontsThat(capability: string): readonly StorefrontConnection[] {
    return this.client.storefronts.filter(({ id }) => this.capabilities[id]?.includes(capability));
  }

  /** The carrier connections that can do something, such as `track`. */
  carriersThat(ability: string): readonly CarrierConnection[] {
    return this.client.carriers.filter(({ id }) => this.capabilities[id]?.includes(ability));
  }

  /** The carrier connections whose callbacks prove themselves in one way, such as `issued-token`. */
  carriersSigning(family: string): readonly CarrierConnection[] {
    return this.client.carriers.filter(({ id }) => this.edge.carriers[id]?.family === family);
  }

  private makeTable(): Table {
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'PK', type: AttributeType.STRING },
      sortKey: { name: 'SK', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    table.addGlobalSecondaryIndex({
      indexName: WORK_INDEX,
      partitionKey: { name: 'work', type: AttributeType.STRING },
      sortKey: { name: 'since', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    return table;
  }

  private makeBuckets({ factsDays = 800, reportsDays = 2_555 }: Retention): Foundation['buckets'] {
    const buckets = {
      // It holds what customers wrote: it goes within the days in which a request to erase must be honoured.
      deliveries: this.makeBucket('Deliveries', this.client.policies.deliveryDays),
      facts: this.makeBucket('Facts', factsDays),
      // A label shows a name and an address: it goes when they go, and no old version stays behind.
      labels: this.makeBucket('Labels', this.client.policies.personalDataDays),
      reports: this.makeBucket('Reports', reportsDays, { versioned: true }),
    };
    for (const linked of [buckets.labels, buckets.reports]) endLinks(linked);
    logAccess(this.makeBucket('AccessLogs', 90), buckets);
    return buckets;
  }

  private makeBucket(id: string, expireDays: number, { versioned = false } = {}): Bucket {
    return new Bucket(this, id, {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      versioned,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        {
          expiration: Duration.days(expireDays),
          abortIncompleteMultipartUploadAfter: Duration.days(2),
          ...(versioned && { noncurrentVersionExpiration: Duration.days(90) }),
        },
      ],
    });
  }

  private makeTopics(): Foundation['topics'] {
    const key = Alias.fromAliasName(this, 'TopicKey', 'alias/aws/sns');
    return {
      events: this.makeTopic('Events', 'What happened in the hub', key),
      customers: this.makeTopic('Customers', 'What customers are told', key),
      plants: this.makeTopic('Plants', 'What plants are asked to supply', key),
      reports: this.makeTopic('ReportReaders', 'Which reports are ready', key),
      alarms: this.makeAlarmsTopic(),
    };
  }

  /** CloudWatch may not use the key of the others, and an alarm's text is in the template for all to read. */
  private makeAlarmsTopic(): Topic {
    const topic = this.makeTopic('Alarms', 'What operators must look at');
    // The policy that asks for TLS takes the place of the one that lets in the services of the account.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    return topic;
  }

  private makeTopic(id: string, displayName: string, masterKey?: IKey): Topic {
    return new Topic(this, id, { displayName, enforceSSL: true, ...(masterKey && { masterKey }) });
  }
}

/** Ends every signed request after five minutes, however long it was signed for. https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html */
function endLinks(bucket: Bucket): void {
  bucket.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ['s3:GetObject'],
      resources: [bucket.arnForObjects('*')],
      conditions: { NumericGreaterThan: { 's3:signatureAge': '300000' } },
    }),
  );
}

/** Has S3 write down who read or wrote what. https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html */
function logAccess(accessLogs: Bucket, buckets: Readonly<Record<string, Bucket>>): void {
  for (const [name, bucket] of Object.entries(buckets)) {
    const resource = bucket.node.defaultChild;
    if (resource instanceof CfnBucket) resource.loggingConfiguration = { destinationBucketName: accessLogs.bucketName, logFilePrefix: `${name}/` };
    accessLogs.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [accessLogs.arnForObjects(`${name}/*`)],
        conditions: { ArnLike: { 'aws:SourceArn': bucket.bucketArn }, StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
  }
}
