import { describe, expect, test } from 'vitest';
import { trackParcel } from '../../../core/shipment.ts';
import { summarise } from '../../../core/tracking.ts';
import { handOverParcels } from '../../../functions/shipment/hand-over-parcels.ts';
import { recallParcel } from '../../../functions/shipment/recall-parcel.ts';
import { useEmulator } from '../../emulator.ts';
import { expectStockSound, itemsOf } from '../../invariants.ts';
import { useLogLines } from '../log-lines.ts';
import { hubOn, idOf, manager, orderOf, packed, parcelOf, stockUp, type TestHub } from '../world.ts';
import { labelParcel, writeChange } from './parcels.ts';

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

describe('recalling a parcel', () => {
  test('marks order and parcel in one write, with who and why, and withdraws the authorisation', async () => {
    const hub = await packedHub('1');

    expect(await recall(hub, '1')).toMatchObject({ kind: 'answer' });

    expect(await parcelOf(hub, '1')).toMatchObject({ status: 'recalled', recalledAt: hub.now().toISOString(), change: { by: 'manager', reason: 'the customer called' } });
    expect(await orderOf(hub, '1')).toMatchObject({ parcels: [{ status: 'recalled' }], authorisation: null, change: { type: 'order.recalled', by: 'manager' } });
    await expectStockSound(hub.table);
  });

  test.each<[string, (hub: TestHub) => Promise<unknown>, string]>([
    ['again', (hub) => recall(hub, '1'), 'shipment.parcel-gone'],
    ['once a carrier took it', async (hub) => [await labelParcel(hub, '1'), await collect(hub, ['1'])], 'shipment.parcel-gone'],
    [
      'that has left',
      async (hub) => {
        await labelParcel(hub, '1');
        const scans = summarise([{ status: 'in_transit', code: 'in_transit', at: hub.now().toISOString(), description: '', attention: false }]);
        await writeChange(hub, trackParcel(await parcelOf(hub, '1'), scans, { by: 'easypost', now: hub.now() }));
      },
      'shipment.parcel-gone',
    ],
  ])('%s is refused, and changes nothing', async (_when, before, code) => {
    const hub = await packedHub('1');
    await before(hub);
    const items = await itemsOf(hub.table);

    expect(await recall(hub, '1')).toMatchObject({ kind: 'refused', code });

    expect(await itemsOf(hub.table)).toEqual(items);
  });

  test('that the order does not have is refused by its number', async () => {
    const hub = await packedHub('1');

    expect(await recall(hub, '1', 2)).toMatchObject({ kind: 'refused', code: 'shipment.parcel-absent', why: expect.stringContaining('no parcel 2') });
  });
});
