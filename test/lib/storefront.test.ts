import { expect, test } from 'vitest';
import * as z from 'zod';
import { clientFiles, loadClient } from '../../adapters/client.ts';
import { Reference, synthesize } from './synthesized.ts';

const [file = ''] = clientFiles();
const { client, ...known } = await loadClient(file);
const telling = (publish: boolean) => ({ ...known, client: { ...client, storefronts: client.storefronts.map((one) => ({ ...one, stock: { ...one.stock, publish } })) } });
const [told, untold] = [telling(true), telling(false)].map((loaded) => synthesize([loaded])[0]);

test('a client whose storefronts want to know hears of every movement of stock, many at a time', () => {
  const Subscription = z.object({ FilterPolicy: z.object({ type: z.array(z.string()) }), Endpoint: Reference });
  const Mapping = z.object({ FunctionName: Reference, EventSourceArn: Reference, BatchSize: z.number(), MaximumBatchingWindowInSeconds: z.number() });
  const id = told?.functions.get('storefront/publish-stock') ?? '';
  const mapping = told?.resources('AWS::Lambda::EventSourceMapping', Mapping).find(([, { FunctionName }]) => FunctionName.includes(id))?.[1];
  const subscription = told?.resources('AWS::SNS::Subscription', Subscription).find(([, { Endpoint }]) => Endpoint[0] === mapping?.EventSourceArn[0])?.[1];

  expect(mapping).toMatchObject({ BatchSize: 100, MaximumBatchingWindowInSeconds: 5 });
  expect(subscription?.FilterPolicy).toEqual({ type: ['stock.moved', 'stock.received', 'stock.repaired'] });
});

test('a client whose storefronts do not want to know has nobody who would tell them', () => {
  expect(untold?.functions.has('storefront/publish-stock')).toBe(false);
});
