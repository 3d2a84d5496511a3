import { rmSync } from 'node:fs';
import { type App, type CfnResource, Validations } from 'aws-cdk-lib';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks, NagMessageLevel, NagPack, rules, ServerlessChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFiles, type LoadedClient, loadClient } from '../../adapters/client.ts';
import { HubStack } from '../../lib/hub-stack.ts';
import { makeApp, rootWithStubs } from './synthesized.ts';

/** Rules of cdk-nag that no pack holds. */
class OwnChecks extends NagPack {
  readonly name = 'Own';
  protected override packName = 'Own';

  protected override checkResource(node: CfnResource): void {
    this.applyRule({
      info: 'A message is shown again while its function may still work on it.',
      explanation: 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html',
      level: NagMessageLevel.ERROR,
      rule: rules.lambda.LambdaEventSourceSQSVisibilityTimeout,
      node,
    });
  }
}

const loaded = await Promise.all(clientFiles().map((file) => loadClient(file)));
const texting = loaded.map((one) => ({ ...one, client: { ...one.client, id: `${one.client.id}-sms`, notifications: { customers: 'sms' as const } } }));
const clients: readonly LoadedClient[] = [...loaded, ...texting];

const root = rootWithStubs();

afterAll(() => rmSync(root, { recursive: true }));

describe('cdk-nag', () => {
  let app: App;

  beforeAll(() => {
    app = makeApp(root);
    for (const client of clients) new HubStack(app, client);
    app.synth();
  });

  test.each([AwsSolutionsChecks, ServerlessChecks, OwnChecks])('%o finds nothing that is not acknowledged', (Pack) => {
    const findings = new Pack(app)
      .validateScope(app)
      .violations.map(({ ruleName, violatingResources }) => ({ ruleName, at: violatingResources.map(({ constructPath }) => constructPath) }));

    expect(findings).toEqual([]);
  });

  test('would find a queue that a stack leaves open', () => {
    const careless = makeApp(root);
    for (const client of clients.slice(0, 1)) new CfnQueue(new HubStack(careless, client), 'Forgotten');

    const found = new AwsSolutionsChecks(careless).validateScope(careless).violations.map(({ ruleName }) => ruleName);

    expect(found.sort()).toEqual(['AwsSolutions-SQS3', 'AwsSolutions-SQS4']);
  });
});

describe('acknowledgements', () => {
  test('each gives a reason that a person can judge', () => {
    const app = makeApp(root);
    for (const client of clients.slice(0, 1)) new HubStack(app, client);

    const entries = app.node.findAll().flatMap((construct) => construct.node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY));
    const reasons = entries.flatMap(({ data }) => Object.values(data ?? {}));

    expect(reasons.length).toBeGreaterThan(20);
    for (const reason of reasons) expect(String(reason).length).toBeGreaterThan(30);
  });
});
