import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HubFunction } from '../../lib/hub-function.ts';
import { makeApp } from './synthesized.ts';

const PROPS = { description: 'Weighs a parcel.', timeout: Duration.seconds(5) };

describe('HubFunction', () => {
  let root: string;
  let stack: Stack;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'crossdock-function-'));
    stack = new Stack(makeApp(root), 'Test');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  test('fails with the path of the file that is not there', () => {
    expect(() => new HubFunction(stack, 'shipment/weigh-parcel', PROPS)).toThrow(`There is no ${join(root, 'functions/shipment/weigh-parcel.ts')}`);
  });

  test('says what to run when the bundle is not there', () => {
    addFile('functions/shipment/weigh-parcel.ts');

    expect(() => new HubFunction(stack, 'shipment/weigh-parcel', PROPS)).toThrow('run npm run build');
  });

  test('is named after its path', () => {
    addFile('functions/shipment/weigh-parcel.ts');
    addFile('dist/shipment/weigh-parcel/index.mjs');

    const weighParcel = new HubFunction(stack, 'shipment/weigh-parcel', PROPS);

    expect(weighParcel.node.id).toBe('weigh-parcel');
    expect(weighParcel.runbook).toBe('shipment-weigh-parcel');
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { Description: 'shipment/weigh-parcel: Weighs a parcel.', Handler: 'index.handler' });
  });

  test('that texts phones may publish to no topic', () => {
    addFile('functions/shipment/weigh-parcel.ts');
    addFile('dist/shipment/weigh-parcel/index.mjs');

    new HubFunction(stack, 'shipment/weigh-parcel', PROPS).textsPhones();

    const policies = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Role'));
    expect(policies).toContain('{"Action":"sns:Publish","Effect":"Allow","NotResource":"arn:aws:sns:*:*:*"}');
  });

  function addFile(path: string): void {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
  }
});
