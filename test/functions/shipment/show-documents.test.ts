import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { writeParcel } from '../../../adapters/aws/parcel-store.ts';
import { slipKey } from '../../../adapters/slip-key.ts';
import { FIRST_RETURN, type Label, labelled, labelRefused, type Parcel, park, returnOf } from '../../../core/shipment.ts';
import { recallParcel } from '../../../functions/shipment/recall-parcel.ts';
import { showDocuments } from '../../../functions/shipment/show-documents.ts';
import { useEmulator } from '../../emulator.ts';
import { useLogLines } from '../log-lines.ts';
import { memoryBucket } from '../memory-bucket.ts';
import { hubOn, idOf, manager, orderOf, packed, parcelOf, stockUp, type TestHub } from '../world.ts';
import { writeChange } from './parcels.ts';

const emulator = useEmulator();
useLogLines();

const NAME = { orderId: idOf('1'), parcel: 1 };
const LABEL = 'labels/wholesale%3A1/1.pdf';
const FORM = 'labels/wholesale%3A1/1-customs-1.pdf';

async function openPackingTable(...keys: readonly string[]) {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 10 });
  await packed(hub, '1');
  const { bucket } = memoryBucket(new Map(keys.map((key) => [key, Buffer.from('%PDF-1.5')])));
  return { ...hub, labels: bucket };
}

const Shown = z.object({
  documents: z.array(z.strictObject({ kind: z.string(), contentType: z.string(), link: z.url() })),
  missing: z.array(z.strictObject({ kind: z.string(), why: z.string() })),
});

async function shown(table: Awaited<ReturnType<typeof openPackingTable>>, name = NAME) {
  const answered = await showDocuments(name, table);
  return Shown.parse(answered.kind === 'answer' ? answered.body : answered);
}

function labelOf(hub: TestHub, more: Partial<Label> = {}): Label {
  const paid = { carrier: 'UPS', service: 'Std', trackingNumber: 'T-1', trackingUrl: '', cost: 640, currency: 'EUR', boughtAt: hub.now().toISOString() };
  return { ...paid, document: LABEL, reference: 'R1', carrierRef: 'shp_1', proof: 'answer', ...more };
}

const act = (hub: TestHub) => ({ by: 'hub', now: hub.now() });

describe('the documents of a parcel', () => {
  test('are linked for five minutes, each with what it is', async () => {
    const table = await openPackingTable(LABEL, FORM, slipKey(NAME));
    await writeChange(table, labelled(await parcelOf(table, '1'), labelOf(table, { forms: [FORM] }), act(table)));

    const { documents, missing } = await shown(table);

    expect(missing).toEqual([]);
    expect(documents.map(({ kind, contentType }) => [kind, contentType])).toEqual([
      ['label', 'application/pdf'],
      ['packing-slip', 'application/pdf'],
      ['customs-form', 'application/pdf'],
    ]);
    expect(documents.map(({ link }) => [decodeURIComponent(new URL(link).pathname), new URL(link).searchParams.get('X-Amz-Expires')])).toEqual(
      [LABEL, slipKey(NAME), FORM].map((key) => [`/bucket/${key}`, '300']),
    );
  });

  test.each([
    ['zpl', 'application/zpl'],
    ['png', 'image/png'],
    ['gif', 'image/gif'],
    ['tiff', 'application/octet-stream'],
  ])('of a label that ends with %s is %s', async (extension, contentType) => {
    const key = `labels/1.${extension}`;
    const table = await openPackingTable(key);
    await writeChange(table, labelled(await parcelOf(table, '1'), labelOf(table, { document: key }), act(table)));

    expect((await shown(table)).documents).toMatchObject([{ kind: 'label', contentType }]);
  });

  test('of goods that come back are their label alone', async () => {
    const back = 'labels/wholesale%3A1/901.pdf';
    const table = await openPackingTable(back);
    const sent = await parcelOf(table, '1');
    const returned = returnOf(sent, FIRST_RETURN, sent.units, table.client, 'too small', act(table));
    await writeParcel(table.table, returned);
    await writeChange(table, labelled(returned, labelOf(table, { document: back }), act(table)));

    expect(await shown(table, { ...NAME, parcel: FIRST_RETURN })).toMatchObject({ documents: [{ kind: 'label' }], missing: [] });
  });

  test('of a parcel that nobody packed are not found', async () => {
    await expect(showDocuments({ ...NAME, parcel: 7 }, await openPackingTable())).rejects.toMatchObject({ code: 'parcel.not-found' });
  });

  type Change = (parcel: Parcel, hub: TestHub) => Parcel | undefined;
  const BOUGHT: Change = (parcel, hub) => labelled(parcel, labelOf(hub), act(hub));
  test.each<[string, Change | undefined, string]>([
    ['not bought', undefined, 'it is not bought yet'],
    ['refused', (parcel, hub) => labelRefused(parcel, 'no service goes there', act(hub)), 'no carrier sells one; the order is held and says why'],
    ['waited for', (parcel, hub) => park(parcel, 'the answer was lost', act(hub)), 'a person has to say what was bought: the answer was lost'],
    ['typed in', (parcel, hub) => labelled(parcel, labelOf(hub, { document: '' }), act(hub)), 'there is no file of it: it was bought by hand, or could not be used'],
    ['gone', BOUGHT, 'it was erased with the personal data of the order'],
  ])('say why there is no label when it is %s', async (_when, change, why) => {
    const table = await openPackingTable(slipKey(NAME));
    if (change !== undefined) await writeChange(table, change(await parcelOf(table, '1'), table));

    expect(await shown(table)).toMatchObject({ documents: [{ kind: 'packing-slip' }], missing: [{ kind: 'label', why }] });
  });

  test('of a parcel that was called back are not given out, though they are there', async () => {
    const table = await openPackingTable(LABEL, FORM, slipKey(NAME));
    await writeChange(table, labelled(await parcelOf(table, '1'), labelOf(table, { forms: [FORM] }), act(table)));
    await recallParcel({ ...NAME, reason: 'the customer called' }, table, manager(table));

    const { documents, missing } = await shown(table);

    expect(documents).toEqual([]);
    expect(missing.map(({ kind }) => kind)).toEqual(['label', 'packing-slip', 'customs-form']);
    expect(new Set(missing.map(({ why }) => why))).toEqual(new Set(['the parcel was called back, and its papers are not to be used']));
  });

  test('say why there is no packing slip: it is being written, or it was erased', async () => {
    const table = await openPackingTable();
    const before = await shown(table);
    const { source } = await orderOf(table, '1');
    await table.table.client.send(new DeleteCommand({ TableName: table.table.name, Key: { PK: `O#${NAME.orderId}`, SK: `DOC#${source.digest}` } }));

    const after = await shown(table);

    expect(before.missing).toContainEqual({ kind: 'packing-slip', why: 'it is not written yet; it takes a few seconds after packing' });
    expect(after.missing).toContainEqual({ kind: 'packing-slip', why: 'it was erased with the personal data of the order' });
  });
});
