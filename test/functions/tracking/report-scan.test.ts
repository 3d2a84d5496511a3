import { expect, test } from 'vitest';
import { trackingNumberItem } from '../../../adapters/aws/parcel-store.ts';
import { reportScan } from '../../../functions/tracking/report-scan.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { labelParcel } from '../shipment/parcels.ts';
import { hubOn, idOf, manager, orderOf, packed, parcelOf, stockUp } from '../world.ts';

const emulator = useEmulator();
useLogLines();

async function openHub() {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 10 });
  return hub;
}

const report = (hub: Awaited<ReturnType<typeof openHub>>, more: object = {}) =>
  reportScan({ orderId: idOf('1'), parcel: 1, status: 'delivered', note: 'the customer rang up', ...more }, hub, manager(hub));

/** A label with the row by which its number is found. */
async function labelNumbered(hub: Awaited<ReturnType<typeof openHub>>, id: string): Promise<void> {
  await labelParcel(hub, id);
  const parcel = await parcelOf(hub, id);
  const { trackingNumber = '', boughtAt = '' } = parcel.label ?? {};
  await hub.table.putAll([{ ...trackingNumberItem(parcel, trackingNumber, boughtAt) }]);
}

test('a person who knows where a parcel is moves it and its order on; a repeat changes nothing', async () => {
  const hub = await openHub();
  await packed(hub, '1');
  // Numbers are found from the label on.
  await labelNumbered(hub, '1');
  hub.pass(3_600);

  expect(await report(hub, { status: 'in_transit', note: 'seen in the van' })).toMatchObject({ kind: 'answer' });
  expect(await orderOf(hub, '1')).toMatchObject({ status: 'dispatched' });
  hub.pass(3_600);
  await report(hub);
  await report(hub);

  expect(await parcelOf(hub, '1')).toMatchObject({ status: 'delivered', tracking: { status: 'delivered' } });
  expect(await orderOf(hub, '1')).toMatchObject({ status: 'delivered' });
});

test('what has no label has not left, and what is yet to come was not seen', async () => {
  const hub = await openHub();
  await packed(hub, '1');

  expect(await report(hub)).toMatchObject({ kind: 'refused', code: 'tracking.label-absent' });
  await packed(hub, '2');
  await labelNumbered(hub, '2');
  expect(await reportScan({ orderId: idOf('2'), parcel: 1, status: 'delivered', at: '2031-01-01T00:00:00.000Z', note: 'tomorrow' }, hub, manager(hub))).toMatchObject({
    code: 'tracking.scan-untimely',
  });
});
