import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import * as z from 'zod';
import { Rejected } from '../core/error.ts';

/** A running stack, as the commands need to know it. */
export interface Stack {
  /** `this machine`, or the name of the stack in AWS. */
  readonly where: string;
  readonly tableName: string;
  readonly deadLetterQueues: readonly { readonly name: string; readonly url: string }[];
}

/** A stack with the bucket and the queues that commands use. */
export interface FoundStack extends Stack {
  /** The bucket of what storefronts posted. */
  readonly deliveriesBucket: string;
  /** The bucket of labels, packing slips and forms. */
  readonly labelsBucket: string;
  /** The queue in which deliveries wait to be taken in. */
  readonly inboxUrl: string;
  /** The queue in which requests to close a day wait. */
  readonly manifestsUrl: string;
  /** The queue in which pickups wait to be booked or cancelled. */
  readonly pickupsUrl: string;
}

/** What `npm start` writes about the stack it runs. */
const LocalStack = z.object({
  process: z.int(),
  env: z.record(z.string(), z.string()),
  tableName: z.string(),
  buckets: z.record(z.string(), z.string()),
  queues: z.array(z.object({ logicalId: z.string(), name: z.string(), url: z.string(), deadLetter: z.boolean() })),
});

/**
 * Finds a client's stack: the one that runs on this machine, else the deployed one by its outputs.
 * For a local stack the environment is set so that the AWS clients reach it.
 * @throws Rejected `stack.not-found`
 */
export async function findStack(clientId: string): Promise<FoundStack> {
  const file = join(import.meta.dirname, '..', '.crossdock', clientId, 'local.json');
  const local = existsSync(file) ? LocalStack.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  return local !== undefined && isAlive(local.process) ? localStack(local) : await deployedStack(`crossdock-${clientId}`);
}

/** The note on a local stack outlives a stack that was killed. */
function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

// CloudFormation's names of the resources, before the hash that ends them.
const DELIVERIES = /^FoundationDeliveries[0-9A-F]{8}$/;
const LABELS = /^FoundationLabels[0-9A-F]{8}$/;
const INBOX = /^Orderacceptordersinbox[0-9A-F]{8}$/;
const MANIFESTS = /^HandOverclosemanifestsmanifests[0-9A-F]{8}$/;
const PICKUPS = /^HandOversettlepickupspickups[0-9A-F]{8}$/;

function localStack({ env, tableName, buckets, queues }: z.infer<typeof LocalStack>): FoundStack {
  Object.assign(process.env, env);
  const bucketOf = (name: RegExp) => Object.entries(buckets).find(([logicalId]) => name.test(logicalId))?.[1] ?? '';
  const urlOf = (name: RegExp) => queues.find(({ logicalId }) => name.test(logicalId))?.url ?? '';
  return {
    where: 'this machine',
    tableName,
    deadLetterQueues: queues.filter(({ deadLetter }) => deadLetter),
    deliveriesBucket: bucketOf(DELIVERIES),
    labelsBucket: bucketOf(LABELS),
    inboxUrl: urlOf(INBOX),
    manifestsUrl: urlOf(MANIFESTS),
    pickupsUrl: urlOf(PICKUPS),
  };
}

async function deployedStack(name: string): Promise<FoundStack> {
  const client = new CloudFormationClient({});
  const outputs = await outputsOf(client, name);
  const queues: { name: string; url: string }[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: name })) {
    for (const { ResourceType, LogicalResourceId = '', PhysicalResourceId = '' } of page.StackResourceSummaries ?? []) {
      if (ResourceType === 'AWS::SQS::Queue' && /dead/i.test(LogicalResourceId)) queues.push({ name: LogicalResourceId, url: PhysicalResourceId });
    }
  }
  const output = (key: string) => outputs.get(key) ?? '';
  return {
    where: name,
    tableName: output('TableName'),
    deadLetterQueues: queues,
    deliveriesBucket: output('DeliveriesBucketName'),
    labelsBucket: output('LabelsBucketName'),
    inboxUrl: output('InboxQueueUrl'),
    manifestsUrl: output('ManifestsQueueUrl'),
    pickupsUrl: output('PickupsQueueUrl'),
  };
}

async function outputsOf(client: CloudFormationClient, name: string): Promise<Map<string, string>> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return new Map((Stacks[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'no answer';
    throw new Rejected(
      'stack.not-found',
      `No stack of this client runs on this machine, and none called ${name} was found in AWS (${reason}). Start one with npm start (npm start -- --resume goes on with the last one), or set AWS_REGION and credentials.`,
      { cause },
    );
  }
}
