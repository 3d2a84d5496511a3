import { describe, expect, test, vi } from 'vitest';
import { readManifests } from '../../../adapters/aws/manifest-store.ts';
import { writeParcel } from '../../../adapters/aws/parcel-store.ts';
import type { CloseRequest } from '../../../adapters/manifest.ts';
import { Unavailable } from '../../../core/error.ts';
import { MANIFEST_LEASE_MS } from '../../../core/manifest.ts';
import { recallParcel } from '../../../core/shipment.ts';
import { holdOrder } from '../../../functions/order/hold-order.ts';
import { closeManifest } from '../../../functions/shipment/close-manifest.ts';
import { closeManifests } from '../../../functions/shipment/close-manifests.ts';
import { endDay } from '../../../functions/shipment/end-day.ts';
import { showManifests } from '../../../functions/shipment/show-manifests.ts';
import { useEmulator } from '../../emulator.ts';
import { itemsOf } from '../../invariants.ts';
import { type Dock, type DockFault, dockCarrier, labelParcels, useDock } from '../dock.ts';
import { type CrashPoint, lifeline } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { memoryBucket } from '../memory-bucket.ts';
import { CLIENT, idOf, manager, memoryOutbox, packed, parcelOf } from '../world.ts';

const limits = vi.hoisted(() => ({ most: 2 }));
vi.mock('../../../adapters/carrier.ts', async (original) => {
  const actual = await original<typeof import('../../../adapters/carrier.ts')>();
  const { base } = await import('../dock-base.ts');
  return { ...actual, loadCarrier: async () => dockCarrier(base, limits.most) };
});

const emulator = useEmulator();
useLogLines();
const { openDock, invoke, redeliver } = useDock(emulator);

const DAY = '2026-11-20';
const REQUEST: CloseRequest = { closing: 'cut-off', carrierId: 'easypost', warehouse: 'north', day: DAY, by: 'hub' };

async function shownOf({ hub, objects }: Dock) {
  const answer = await showManifests({ carrierId: 'easypost', warehouse: 'north', day: DAY }, { ...hub, labels: memoryBucket(objects).bucket }, manager(hub));
  if (answer.kind === 'refused') throw new Error(answer.why);
  return answer.body;
}

/** Every parcel is on one manifest of the carrier at most, and knows it; the list and every form are there. */
async function expectClosed(dock: Dock, ids: readonly string[], { taken = ids.length }: { readonly taken?: number } = {}): Promise<void> {
  const { hub, carrier, objects } = dock;
  const manifests = await readManifests(hub.table, REQUEST, DAY);
  const numbers = carrier.made.flatMap(({ trackingNumbers }) => trackingNumbers);
  expect(new Set(numbers).size, 'no parcel is on two manifests').toBe(numbers.length);
  expect(numbers).toHaveLength(taken);
  expect(
    manifests
      .filter(({ status }) => status === 'settled')
      .map(({ reference }) => reference)
      .sort(),
  ).toEqual(carrier.made.map(({ reference }) => reference).sort());
  expect(manifests.every(({ status }) => status === 'settled' || status === 'absent' || status === 'refused')).toBe(true);
  for (const id of ids) {
    const parcel = await parcelOf(hub, id);
    const made = carrier.made.find(({ trackingNumbers }) => trackingNumbers.includes(`T${id}`));
    const mine = manifests.find(({ reference }) => reference === made?.reference);
    expect(parcel.manifest, id).toBe(mine === undefined ? undefined : `easypost:north:${DAY}:${mine.number}`);
  }
  for (const manifest of manifests.filter(({ status }) => status === 'settled')) for (const key of manifest.documents) expect(objects.has(key), key).toBe(true);
  expect(await shownOf(dock)).toMatchObject({ handOver: { parcels: taken, documents: [`manifests/easypost/north/${DAY}.html`, `manifests/easypost/north/${DAY}.csv`] } });
}

const SCENARIOS: readonly { readonly name: string; readonly faults: readonly DockFault[]; readonly taken?: number }[] = [
  { name: 'that the carrier makes at once', faults: [] },
  { name: 'whose answer is lost', faults: ['silent'] },
  { name: 'whose request is lost', faults: ['down'] },
  { name: 'that the carrier is at work on', faults: ['pending'] },
  { name: 'that the carrier refuses', faults: ['refused'], taken: 1 },
];

describe('closing a day', () => {
  test.each(SCENARIOS)('with a manifest $name puts every parcel on one manifest, and again changes nothing', async ({ faults, taken = 3 }) => {
    const dock = await openDock();
    await labelParcels(dock, '1', '2', '3');
    dock.carrier.faults.push(...faults);

    await redeliver(closeManifests, dock, REQUEST);

    await expectClosed(dock, ['1', '2', '3'], { taken });
    const parcels = (await itemsOf(dock.hub.table)).filter(({ entity }) => entity === 'parcel' || entity === 'manifest');
    await redeliver(closeManifests, dock, REQUEST);
    expect((await itemsOf(dock.hub.table)).filter(({ entity }) => entity === 'parcel' || entity === 'manifest')).toEqual(parcels);
    expect(dock.notices).toEqual(faults[0] === 'refused' ? ['manifestRefused'] : []);
  });

  test('writes the intent down before the carrier is asked, and its answer before a parcel is told', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1');
    const line = lifeline();

    await invoke(closeManifests, dock, REQUEST, line);

    expect(line.calls.filter((call) => !/^(Get|BatchGet|Query)/.test(call))).toEqual([
      'TransactWriteItemsCommand',
      'POST /manifests',
      'PutObjectCommand',
      'PutItemCommand',
      'PutItemCommand',
      'PutItemCommand',
      'PutObjectCommand',
      'PutObjectCommand',
      'PutItemCommand',
    ]);
  });

  test('leaves out what cannot leave, each with a reason that a person understands', async () => {
    const dock = await openDock();
    const { hub } = dock;
    await labelParcels(dock, '1', '2');
    const [unprintable] = await labelParcels(dock, '3');
    await packed(hub, '4');
    await holdOrder({ orderId: idOf('2'), kind: 'operator', reason: 'customer calls' }, hub, manager(hub));
    if (unprintable?.label !== undefined) await writeParcel(hub.table, { ...unprintable, label: { ...unprintable.label, document: '' }, version: unprintable.version + 1 });
    hub.pass(6 * 3_600);
    await labelParcels(dock, '5');

    await redeliver(closeManifests, dock, REQUEST);

    await expectClosed(dock, ['1'], { taken: 1 });
    expect(await shownOf(dock)).toMatchObject({
      handOver: {
        behind: 4,
        leftOut: [
          { orderId: idOf('2'), trackingNumber: 'T2', reason: 'its order is held (operator)' },
          { orderId: idOf('3'), reason: 'its label cannot be printed' },
          { orderId: idOf('4'), trackingNumber: '', reason: 'it is packed and has no label yet' },
          { orderId: idOf('5'), reason: 'its label is for 2026-11-23' },
        ],
      },
    });
  });

  test('gives back what the carrier does not take, with its reason', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1', '2', '3');
    dock.carrier.refusedNumbers.add('T2');

    await redeliver(closeManifests, dock, REQUEST);

    await expectClosed(dock, ['1', '2', '3'], { taken: 2 });
    expect(await shownOf(dock)).toMatchObject({ handOver: { leftOut: [{ orderId: idOf('2'), reason: 'the carrier does not take it: goes by another depot' }] } });
  });

  test('puts what was labelled since on another manifest, and lists the whole day', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1');
    await redeliver(closeManifests, dock, REQUEST);
    await labelParcels(dock, '2');

    await redeliver(closeManifests, dock, { ...REQUEST, closing: 'by hand' });

    await expectClosed(dock, ['1', '2']);
    const page = dock.objects.get(`manifests/easypost/north/${DAY}.html`)?.toString() ?? '';
    expect(page).toContain('T1');
    expect(page).toContain('T2');
    expect(page).not.toMatch(/Erika|Beispielweg/);
  });

  test('of a carrier that makes no manifests is the list that its driver signs', async () => {
    limits.most = 0;
    const dock = await openDock();
    await labelParcels(dock, '1', '2');

    await redeliver(closeManifests, dock, REQUEST).finally(() => (limits.most = 2));

    expect(dock.carrier.made).toEqual([]);
    expect(await shownOf(dock)).toMatchObject({ handOver: { parcels: 2 }, manifests: [{ status: 'settled', parcels: 2, documents: [] }] });
    expect((await parcelOf(dock.hub, '1')).manifest).toBe(`easypost:north:${DAY}:1`);
  });

  test('whose form cannot be read is closed all the same, and wakes a person', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1');
    dock.carrier.faults.push('blank-form');

    await redeliver(closeManifests, dock, REQUEST);

    await expectClosed(dock, ['1']);
    expect(dock.notices).toEqual(['manifestFormLost']);
    expect(await shownOf(dock)).toMatchObject({ manifests: [{ documents: [], reason: expect.stringMatching(/^form 1 cannot be used/) }] });
  });

  test('says of a parcel that was called back after it was listed that it is to be taken out of the load', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1', '2');
    await redeliver(closeManifests, dock, REQUEST);
    await writeParcel(dock.hub.table, recallParcel(await parcelOf(dock.hub, '1'), 'the customer called', manager(dock.hub)));

    await redeliver(closeManifests, dock, { ...REQUEST, closing: 'by hand' });

    expect(await shownOf(dock)).toMatchObject({ handOver: { parcels: 1, leftOut: [{ orderId: idOf('1'), reason: expect.stringContaining('take it out of the load') }] } });
  });

  test('asks a person after half an hour without an answer, goes on with the rest, and believes the person', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1', '2', '3');
    dock.carrier.faults.push('down');
    const http = dock.carrier.http;
    const mute = {
      ...dock,
      carrier: Object.assign(Object.create(dock.carrier), {
        http: async (request: Parameters<typeof http>[0]) => (request.method === 'GET' ? Promise.reject(new Unavailable('http.timeout', 'no answer')) : await http(request)),
      }),
    };

    await redeliver(closeManifests, mute, REQUEST);

    expect(dock.notices).toEqual(['manifestUnknown']);
    expect(await shownOf(dock)).toMatchObject({
      handOver: { parcels: 1, behind: 2 },
      manifests: [
        { number: 1, status: 'closing', parked: { reason: expect.stringContaining('answer') } },
        { number: 2, status: 'settled' },
      ],
    });
    const manifests = memoryOutbox();
    await closeManifest({ carrierId: 'easypost', warehouse: 'north', day: DAY, notMade: 1 }, { ...dock.hub, manifests }, manager(dock.hub));
    await redeliver(closeManifests, dock, JSON.parse(manifests.messages[0] ?? ''));
    await expectClosed(dock, ['1', '2', '3']);
  });
});

describe('an invocation that dies', () => {
  test.each(SCENARIOS)(
    'at any of its calls for a manifest $name leaves every parcel on one manifest',
    async ({ faults }) => {
      // Two manifests where nothing goes wrong, one where it does: each point is a day of its own.
      const ids = faults.length === 0 ? ['1', '2', '3'] : ['1', '2'];
      const undisturbed = await openDock();
      await labelParcels(undisturbed, ...ids);
      undisturbed.carrier.faults.push(...faults);
      const line = lifeline();
      await invoke(closeManifests, undisturbed, REQUEST, line).catch((error: unknown) => expect(error).toBeInstanceOf(Unavailable));
      const points = line.calls.flatMap((_, index): CrashPoint[] => (['before', 'after'] as const).map((when) => ({ call: index + 1, when })));

      for (const point of points) {
        const dock = await openDock();
        await labelParcels(dock, ...ids);
        dock.carrier.faults.push(...faults);

        await invoke(closeManifests, dock, REQUEST, lifeline(point)).catch((error: unknown) => expect(error).toBeInstanceOf(Unavailable));
        await invoke(closeManifests, dock, REQUEST).catch((error: unknown) => expect(error).toBeInstanceOf(Unavailable));
        dock.hub.pass(MANIFEST_LEASE_MS / 1000 + 1);
        await redeliver(closeManifests, dock, REQUEST);

        // Whether the carrier's refusal was heard decides whether it is asked again.
        const heard = (await readManifests(dock.hub.table, REQUEST, DAY)).some(({ status }) => status === 'refused');
        await expectClosed(dock, ids, { taken: heard ? 0 : ids.length });
      }
      expect(points.length).toBeGreaterThan(20);
    },
    240_000,
  );
});

describe('a manifest whose invocation died', () => {
  test('is asked for in short pauses until its lease lapses: whoever takes it over is done soon', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1', '2');
    const line = lifeline();
    const undisturbed = await openDock();
    await labelParcels(undisturbed, '1', '2');
    await invoke(closeManifests, undisturbed, REQUEST, line);
    const asked = line.calls.findIndex((call) => call.startsWith('POST')) + 1;
    await invoke(closeManifests, dock, REQUEST, lifeline({ call: asked, when: 'before' })).catch(() => undefined);

    const pauses: (number | undefined)[] = [];
    for (const passed of [0, 100, 46, 5]) {
      dock.hub.pass(passed);
      const failure: unknown = await invoke(closeManifests, dock, REQUEST).catch((error: unknown) => error);
      pauses.push(failure instanceof Unavailable && failure.code === 'shipment.manifest-claimed' ? failure.retryAfterSeconds : undefined);
    }

    expect(pauses).toEqual([15, 15, 4, undefined]);
  });
});

describe('two invocations at once', () => {
  test('put every parcel on one manifest', async () => {
    const dock = await openDock();
    await labelParcels(dock, '1', '2', '3');

    await Promise.all(['one', 'two', 'three'].map((closing) => redeliver(closeManifests, dock, { ...REQUEST, closing })));

    await expectClosed(dock, ['1', '2', '3']);
  });
});

describe('the end of a day', () => {
  test.each([
    { name: 'a working day', at: '2026-11-20T13:05:00Z', day: '2026-11-20' },
    { name: 'a working day that has begun in the zone of the warehouse alone', at: '2026-11-22T23:30:00Z', day: '2026-11-23' },
    { name: 'a weekend', at: '2026-11-21T13:05:00Z', day: undefined },
    { name: 'a holiday', at: '2026-12-25T13:05:00Z', day: undefined },
  ])('on $name is as the calendar of the warehouse has it', async ({ at, day }) => {
    const client = { ...CLIENT, warehouses: CLIENT.warehouses.map((warehouse) => ({ ...warehouse, holidays: ['2026-12-25'] })) };
    const manifests = memoryOutbox();

    await endDay({ carriers: ['easypost'], warehouse: 'north', scheduledAt: new Date(at) }, { client, manifests });

    expect(manifests.messages.map((message) => JSON.parse(message))).toEqual(
      day === undefined ? [] : [{ closing: `cut-off ${new Date(at).toISOString()}`, carrierId: 'easypost', warehouse: 'north', day, by: 'hub' }],
    );
  });
});
