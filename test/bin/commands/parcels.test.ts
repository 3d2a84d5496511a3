import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { slipKey } from '../../../adapters/slip-key.ts';
import { fetchPapers } from '../../../bin/commands/parcels.ts';
import { useEmulator } from '../../emulator.ts';
import { memoryBucket } from '../../functions/memory-bucket.ts';
import { hubOn, idOf, packed, stockUp } from '../../functions/world.ts';

const emulator = useEmulator();
const NAME = { orderId: idOf('1'), parcel: 1 };

test('the papers of a parcel are listed, and copied where a folder is named; what is not there is listed with its reason', async () => {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 1 });
  await packed(hub, '1');
  const { bucket } = memoryBucket(new Map([[slipKey(NAME), Buffer.from('%PDF-1.5 slip')]]));
  const folder = mkdtempSync(join(tmpdir(), 'crossdock-papers-'));

  const listed = await fetchPapers({ table: hub.table, labels: bucket }, NAME);
  const copied = await fetchPapers({ table: hub.table, labels: bucket }, NAME, join(folder, 'print'));

  const file = join(folder, 'print', 'packing-slip-1.pdf');
  expect(listed.text).toBe(`  packing-slip  ${slipKey(NAME)}\n  label         not there: it is not bought yet`);
  expect(copied.json).toMatchObject({ ...NAME, documents: [{ kind: 'packing-slip', contentType: 'application/pdf', file }], missing: [{ kind: 'label' }] });
  expect(readdirSync(join(folder, 'print'))).toEqual(['packing-slip-1.pdf']);
  expect(readFileSync(file, 'latin1')).toBe('%PDF-1.5 slip');
  rmSync(folder, { recursive: true });
});
