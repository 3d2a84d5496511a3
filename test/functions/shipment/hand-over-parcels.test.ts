import { describe, expect, test } from 'vitest';
import { handOverParcels } from '../../../functions/shipment/hand-over-parcels.ts';
import { recallParcel } from '../../../functions/shipment/recall-parcel.ts';
import { useEmulator } from '../../emulator.ts';
import { itemsOf } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { hubOn, idOf, manager, packed, parcelOf, stockUp, type TestHub } from '../world.ts';
import { labelParcel } from './parcels.ts';

const emulator = useEmulator();
useLogLines();

async function packedHub(...ids: readonly string[]): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 200 });
  await packed(hub, ...ids);
  return hub;
}

const recall = (hub: TestHub, id: string, parcel = 1) => recallParcel({ orderId: idOf(id), parcel, reason: 'the customer called' }, hub, manager(hub));
const collect = (hub: TestHub, ids: readonly string[], more: object = {}) =>
  handOverParcels({ carrierId: 'easypost', parcels: ids.map((id) => ({ orderId: idOf(id), parcel: 1 })), reason: 'collected', ...more }, hub, { by: 'dock', now: hub.now() });

describe('handing parcels over', () => {
  test('answers for each parcel by itself, and a repeat finds what was recorded', async () => {
    const hub = await packedHub('1', '2', '3');
    await labelParcel(hub, '1');
    await labelParcel(hub, '3');
    await recall(hub, '3');
    const at = hub.now().toISOString();
    hub.pass(600);

    const first = await collect(hub, ['1', '2', '3', 'none', '1'], { at });
    const items = await itemsOf(hub.table);
    const again = await collect(hub, ['1'], { at });

    if (first.kind !== 'answer') throw new Error(first.why);
    expect(first.body).toMatchObject({
      results: [
        { orderId: idOf('1'), parcel: 1, became: expect.stringMatching(/^(handed-over|known)$/) },
        { became: 'refused', code: 'shipment.label-absent' },
        { became: 'refused', code: 'shipment.parcel-recalled' },
        { became: 'refused', code: 'parcel.not-found' },
        { became: expect.stringMatching(/^(handed-over|known)$/) },
      ],
    });
    expect(again).toMatchObject({ body: { results: [{ became: 'known' }] } });
    expect(await itemsOf(hub.table)).toEqual(items);
    expect(await parcelOf(hub, '1')).toMatchObject({ version: 3, handedOverAt: at, since: at, work: expect.stringMatching(/^scan#/), change: { by: 'dock', reason: 'collected' } });
  });

  test('takes a hundred at once', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const hub = await packedHub(...ids);
    for (const id of ids) await labelParcel(hub, id);

    const answered = await collect(hub, ids);

    expect(answered).toMatchObject({ body: { results: ids.map(() => ({ became: 'handed-over' })) } });
  });
});
