import { expect, test } from 'vitest';
import type { Json } from '../../../core/json.ts';
import { bindResources, checkTypes, withoutLocalEffect } from '../../../local/cloud/resources.ts';
import type { Template } from '../../../local/cloud/template.ts';

const PLACES = { sqs: 'http://127.0.0.1:1', api: 'http://127.0.0.1:2', issuer: 'http://127.0.0.1:3' };

function templateOf(resources: Record<string, { type: string; properties?: Record<string, Json> }>): Template {
  return {
    stack: 'crossdock-test',
    region: 'eu-central-1',
    resources: new Map(
      Object.entries(resources).map(([logicalId, { type, properties = {} }]) => [
        logicalId,
        { logicalId, type, properties, path: `path/to/${logicalId}`, functionName: undefined },
      ]),
    ),
    parameters: { BootstrapVersion: '/cdk/version' },
    outputs: {},
    assets: new Map(),
  };
}

test('a type the runner does not know is an error that names it and its construct', () => {
  const template = templateOf({ Queue: { type: 'AWS::SQS::Queue' }, Cluster: { type: 'AWS::ECS::Cluster' } });

  expect(() => checkTypes(template)).toThrow('AWS::ECS::Cluster (path/to/Cluster)');
});

test('types without a local effect pass, and say why they have none', () => {
  const template = templateOf({ Alarm: { type: 'AWS::CloudWatch::Alarm' }, Role: { type: 'AWS::IAM::Role' }, Queue: { type: 'AWS::SQS::Queue' } });

  checkTypes(template);

  expect(withoutLocalEffect(template)).toEqual({ 'AWS::CloudWatch::Alarm': expect.stringContaining('laptop'), 'AWS::IAM::Role': expect.stringContaining('least privilege') });
});

test('an attribute the runner does not know is an error that names it', () => {
  const resources = bindResources(templateOf({ Queue: { type: 'AWS::SQS::Queue' } }), PLACES);

  expect(() => resources.attribute('Queue', 'Colour')).toThrow('attribute Colour of AWS::SQS::Queue');
});

test('a reference to nothing is an error that names it', () => {
  expect(() => bindResources(templateOf({}), PLACES).ref('Gone')).toThrow('Gone');
});

test('parameters resolve to their defaults', () => {
  expect(bindResources(templateOf({}), PLACES).ref('BootstrapVersion')).toBe('/cdk/version');
});

test('a queue is its URL on the emulator, under a name that the stack gives it', () => {
  const resources = bindResources(templateOf({ Inbox: { type: 'AWS::SQS::Queue' }, Ordered: { type: 'AWS::SQS::Queue', properties: { FifoQueue: true } } }), PLACES);

  expect(resources.ref('Inbox')).toBe('http://127.0.0.1:1/000000000000/crossdock-test-Inbox');
  expect(resources.attribute('Inbox', 'Arn')).toBe('arn:aws:sqs:eu-central-1:000000000000:crossdock-test-Inbox');
  expect(resources.name('Ordered')).toBe('crossdock-test-Ordered.fifo');
});

test('a name the template gives is kept, with its references resolved', () => {
  const resources = bindResources(templateOf({ Facts: { type: 'AWS::S3::Bucket', properties: { BucketName: { 'Fn::Sub': `facts-\${AWS::AccountId}` } } } }), PLACES);

  expect(resources.ref('Facts')).toBe('facts-000000000000');
});

test('a bucket without a name gets one that S3 accepts', () => {
  const resources = bindResources(templateOf({ [`Facts${'X'.repeat(80)}`]: { type: 'AWS::S3::Bucket' } }), PLACES);

  expect(resources.ref(`Facts${'X'.repeat(80)}`)).toMatch(/^[a-z0-9][a-z0-9-]{2,62}$/);
});

test('the addresses that the CDK writes by naming rule lead to this machine', () => {
  const resources = bindResources(templateOf({ Api: { type: 'AWS::ApiGatewayV2::Api' }, Users: { type: 'AWS::Cognito::UserPool' } }), PLACES);
  const byRule = (host: string, id: string) => ({
    'Fn::Join': [
      '',
      [
        'https://',
        ...(host === 'api' ? [{ Ref: id }, '.execute-api.', { Ref: 'AWS::Region' }, '.amazonaws.com/x'] : ['cognito-idp.', { Ref: 'AWS::Region' }, '.amazonaws.com/', { Ref: id }]),
      ],
    ],
  });

  expect(resources.resolve(byRule('api', 'Api'))).toBe('http://127.0.0.1:2/x');
  expect(resources.resolve(byRule('pool', 'Users'))).toBe(`http://127.0.0.1:3/${String(resources.ref('Users'))}`);
});
