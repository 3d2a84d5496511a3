import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { recallParcel } from '../../../functions/shipment/recall-parcel.ts';
import { writeSlip } from '../../../functions/shipment/write-slip.ts';
import { FONTS } from '../../adapters/pdf/fonts.ts';
import { readPdf } from '../../adapters/pdf/read-pdf.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { memoryBucket } from '../memory-bucket.ts';
import { eventOf, hubOn, idOf, manager, orderOf, packed, parcelOf, recipientOf, stockUp, type TestHub } from '../world.ts';
import { writeChange } from './parcels.ts';

const emulator = useEmulator();
const log = useLogLines();

const KEY = 'slips/wholesale%3A1/1.pdf';

async function writer() {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 10 });
  const [event] = await packed(hub, '1');
  if (event === undefined) throw new Error('nothing packed');
  const { bucket, objects, types } = memoryBucket();
  return { event, hub, objects, types, write: () => writeSlip(event, { ...hub, labels: bucket, fonts: FONTS }) };
}

/** Takes the personal data of the order away. */
async function erase(hub: TestHub): Promise<void> {
  const { source } = await orderOf(hub, '1');
  await hub.table.client.send(new DeleteCommand({ TableName: hub.table.name, Key: { PK: `O#${idOf('1')}`, SK: `DOC#${source.digest}` } }));
}

describe('a packed parcel', () => {
  test('gets a slip that names its customer, its order and what is in it', async () => {
    const { objects, types, write } = await writer();

    await write();

    expect(types.get(KEY)).toBe('application/pdf');
    const texts = readPdf(objects.get(KEY) ?? Buffer.alloc(0)).texts.flat();
    expect(texts).toEqual(expect.arrayContaining([recipientOf('1'), '#1', 'TENT', 'Packing slip', 'Parcel 1 of 1']));
  });

  test('has the same slip after its message came twice, and the log tells nobody who it is for', async () => {
    const { objects, write } = await writer();

    await write();
    const first = objects.get(KEY);
    await write();

    expect([...objects.keys()]).toEqual([KEY]);
    expect(objects.get(KEY)).toEqual(first);
    expect(log.lines).toMatchObject([{ message: 'packing slip written', orderId: idOf('1'), parcel: 1, missingCharacters: 0 }, { message: 'packing slip written' }]);
  });

  test.each<[string, (hub: TestHub) => Promise<unknown>, string]>([
    ['once its personal data are erased', erase, 'the personal data of the order is erased'],
    ['once it is called back', (hub) => recallParcel({ orderId: idOf('1'), parcel: 1, reason: 'the customer called' }, hub, manager(hub)), 'the parcel is recalled'],
    [
      'that was packed for another address',
      async (hub) => {
        const parcel = await parcelOf(hub, '1');
        await writeChange(hub, { ...parcel, addressHash: 'other', version: parcel.version + 1 });
      },
      'the address of the order is not the one that the parcel was packed for',
    ],
  ])('gets none %s', async (_when, change, reason) => {
    const { hub, objects, write } = await writer();
    await change(hub);

    await write();

    expect([...objects.keys()]).toEqual([]);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'no packing slip', reason }));
  });

  test('goes to a person where its order is not there', async () => {
    const { event } = await writer();
    const elsewhere = hubOn(await emulator.freshTable());

    await expect(writeSlip(event, { ...elsewhere, labels: memoryBucket().bucket, fonts: FONTS })).rejects.toMatchObject({ code: 'order.not-found' });
  });
});

test('an event about an order is nothing to write a slip for', async () => {
  const { hub, objects } = await writer();
  const { bucket } = memoryBucket(objects);

  await writeSlip(eventOf('order.packed', await orderOf(hub, '1')), { ...hub, labels: bucket, fonts: FONTS });

  expect(objects.size).toBe(0);
});
