import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tellLevels } from '../../../adapters/aws/level-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import type { StockTold } from '../../../adapters/storefront.ts';
import { listLevels } from '../../../bin/commands/levels.ts';
import { Unavailable } from '../../../core/error.ts';
import { NOW } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';

const emulator = useEmulator();
const FILE = join(import.meta.dirname, '../../../clients/demo.yaml');

async function tell(table: Table, id: string, sku: string, quantity: number, counted: number, outcome: Omit<StockTold, 'sku'>): Promise<void> {
  const reading = { sku, quantity, counted, at: NOW.toISOString(), parts: [{ sku, quantity: 1 }], basis: '' };
  const connection = { id, stock: { publish: true, buffer: 0, buffers: {} } };
  await tellLevels(
    table,
    connection,
    [reading],
    () => NOW,
    async () => [{ sku, ...outcome }],
  );
}

test('shows what each storefront was told, what it had, and where it drifted', async () => {
  const table = await emulator.freshTable();
  await tell(table, 'shop', 'TENT-2P', 10, 1, { became: 'set', theirs: 3 });
  await tell(table, 'shop', 'TENT-2P', 8, 2, { became: 'drifted', theirs: 40 });
  await tell(table, 'shop', 'MUG-ENAMEL', 5, 1, { became: 'unknown' });
  await tell(table, 'wholesale', 'TENT-2P', 8, 2, { became: 'set' });

  const { json, text } = await listLevels(table, FILE, false);

  expect(json).toEqual([
    { connectionId: 'shop', sku: 'MUG-ENAMEL', status: 'told', figure: null, wanted: 5, sequence: 1, unknownAt: NOW.toISOString() },
    {
      ...{ connectionId: 'shop', sku: 'TENT-2P', status: 'told', figure: 8, wanted: 8, sequence: 2, toldAt: NOW.toISOString(), theirs: 40 },
      drift: { at: NOW.toISOString(), before: 10, theirs: 40 },
    },
    { connectionId: 'wholesale', sku: 'TENT-2P', status: 'told', figure: 8, wanted: 8, sequence: 2, toldAt: NOW.toISOString() },
  ]);
  expect(text.split('\n')).toEqual([
    'stock as storefronts were told it',
    '  storefront  SKU         told  when                     had before  remarks',
    '  shop        MUG-ENAMEL  -     -                        -           does not sell it, seen 2026-11-20 09:00:00 UTC',
    '  shop        TENT-2P     8     2026-11-20 09:00:00 UTC  40          drifted: had 40 where it was told 10, seen 2026-11-20 09:00:00 UTC',
    '  wholesale   TENT-2P     8     2026-11-20 09:00:00 UTC  -',
  ]);
});

test('shows only what drifted, when that is asked', async () => {
  const table = await emulator.freshTable();
  await tell(table, 'shop', 'TENT-2P', 10, 1, { became: 'set', theirs: 3 });
  expect((await listLevels(table, FILE, true)).text).toBe('no storefront had more than it was told');

  await tell(table, 'shop', 'TENT-2P', 8, 2, { became: 'drifted', theirs: 40 });

  expect((await listLevels(table, FILE, true)).json).toMatchObject([{ sku: 'TENT-2P' }]);
});

test('shows what a storefront is yet to hear', async () => {
  const table = await emulator.freshTable();
  const reading = { sku: 'TENT-2P', quantity: 4, counted: 1, at: '', parts: [{ sku: 'TENT-2P', quantity: 1 }], basis: '' };
  const down = () => Promise.reject(new Unavailable('http.timeout', 'no answer'));
  await tellLevels(table, { id: 'shop', stock: { publish: true, buffer: 0, buffers: {} } }, [reading], () => NOW, down);

  const { json, text } = await listLevels(table, FILE, false);

  expect(json).toMatchObject([{ status: 'telling', figure: null, wanted: 4 }]);
  expect(text).toContain('to be told 4');
});

test('says so when nobody was told of anything', async () => {
  expect((await listLevels(await emulator.freshTable(), FILE, false)).text).toBe('no storefront was told of any stock yet');
});
