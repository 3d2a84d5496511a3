import { expect, test } from 'vitest';
import * as z from 'zod';
import { clientFiles, loadClient } from '../../adapters/client.ts';
import { SCHEDULES } from '../../proof/schedules.ts';
import { WORKERS } from '../../proof/workers.ts';
import { Reference, synthesize } from './synthesized.ts';

const [file = ''] = clientFiles();
const loaded = await loadClient(file);
const [stack] = synthesize([
  {
    ...loaded,
    client: {
      ...loaded.client,
      policies: { ...loaded.client.policies, packing: 'confirm' },
      storefronts: loaded.client.storefronts.map((one) => ({ ...one, stock: { ...one.stock, publish: true } })),
    },
  },
]);

const Queue = z.object({ RedrivePolicy: z.object({ maxReceiveCount: z.number() }).optional() });
const Mapping = z.object({ FunctionName: Reference, EventSourceArn: Reference });
const Subscription = z.object({ FilterPolicy: z.object({ type: z.array(z.string()) }), Endpoint: Reference });

/** What the template says of a worker: what its queues hear of, and how often they give a message out. */
function deployed(name: string): { readonly hears: readonly string[]; readonly receives: readonly (number | undefined)[] } {
  const id = stack?.functions.get(name) ?? 'none';
  const queues = (stack?.resources('AWS::Lambda::EventSourceMapping', Mapping) ?? []).flatMap(([, { FunctionName, EventSourceArn }]) =>
    FunctionName.includes(id) ? EventSourceArn.slice(0, 1) : [],
  );
  const heard = (stack?.resources('AWS::SNS::Subscription', Subscription) ?? []).filter(([, { Endpoint }]) => queues.includes(Endpoint[0] ?? ''));
  const receives = (stack?.resources('AWS::SQS::Queue', Queue) ?? []).filter(([queue]) => queues.includes(queue)).map(([, { RedrivePolicy }]) => RedrivePolicy?.maxReceiveCount);
  return { hears: [...new Set(heard.flatMap(([, { FilterPolicy }]) => FilterPolicy.type))].sort(), receives: [...new Set(receives)] };
}

test.each(Object.values(WORKERS).map(({ name, hears, receives }) => [name, { hears: [...hears].sort(), receives: [receives] }]))(
  'the proof has %s hear of what the stack has it hear of, as often',
  (name, played) => {
    expect(deployed(String(name))).toEqual(played);
  },
);

test('the proof leaves out no function of the stack but those that only read or only receive', () => {
  const played = new Set([...Object.values(WORKERS).map(({ name }) => name), ...Object.keys(SCHEDULES), 'event/publish-changes', ...BY_PEOPLE]);
  const left = [...(stack?.functions.keys() ?? [])].filter((name) => !played.has(name)).sort();

  expect(left).toEqual([...ONLY_READ, ...ONLY_RECEIVE].sort());
});

// What stories have people do, in proof/desk.ts.
const BY_PEOPLE = [
  'inventory/book-stock',
  'order/authorise-order',
  'order/correct-address',
  'order/authorise-orders',
  'order/hold-order',
  'order/prioritise-order',
  'order/reallocate-order',
  'order/release-hold',
  'shipment/begin-packing',
  'shipment/book-pickup',
  'shipment/cancel-pickup',
  'shipment/close-manifest',
  'shipment/hand-over-parcels',
  'shipment/pack-order',
  'shipment/recall-parcel',
  'shipment/request-return',
  'shipment/settle-label',
  'tracking/report-scan',
];
const ONLY_READ = ['order/explain-order', 'order/show-order', 'report/open-report', 'shipment/show-documents', 'shipment/show-manifests', 'storefront/answer-question'];
// They verify, and put what they got on a queue in one call.
const ONLY_RECEIVE = ['storefront/receive-request', 'storefront/receive-webhook', 'tracking/issue-token', 'tracking/receive-update'];
