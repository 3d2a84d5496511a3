import { expect, test } from 'vitest';
import { writeHandOver } from '../../../adapters/aws/manifest-store.ts';
import { writePickup } from '../../../adapters/aws/pickup-store.ts';
import { listManifests, listPickups } from '../../../bin/commands/hand-over.ts';
import { askForPickup } from '../../../core/pickup.ts';
import { NOW } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';
import { CLIENT } from '../../functions/world.ts';

const emulator = useEmulator();
const NAME = { carrierId: 'easypost', warehouse: 'north', day: '2026-11-20' };

test('lists what a carrier gets, what stays behind and why, and says of other warehouses that their day is not closed', async () => {
  const table = await emulator.freshTable();
  const leftOut = [{ orderId: 'wholesale:2', parcel: 1, trackingNumber: '', reason: 'it is packed and has no label yet' }];
  await writeHandOver(table, {
    entity: 'hand-over',
    ...NAME,
    closedAt: NOW.toISOString(),
    by: 'hub',
    parcels: 3,
    weight: 900,
    behind: 1,
    leftOut,
    documents: ['manifests/list.html'],
    closings: [],
    version: 1,
  });

  const { text, json } = await listManifests({ table, client: CLIENT }, {}, NOW);

  expect(text).toContain('easypost in north on 2026-11-20: 3 parcels given, 1 left out');
  expect(text).toContain('wholesale:2  parcel 1  it is packed and has no label yet');
  expect(text).toContain('manifests/list.html');
  expect(text).toContain('easypost in south on 2026-11-20: not closed yet');
  expect(json).toHaveLength(2);
});

test('lists pickups with what became of them', async () => {
  const table = await emulator.freshTable();
  const wish = { ...NAME, readyAt: '14:00', closesAt: '17:00', instructions: '', parcels: null, weight: null };
  const pickup = askForPickup([], wish, false, '01', 'manager', NOW);
  if ('kind' in pickup) throw new Error(pickup.why);
  expect(await listPickups({ table, client: CLIENT })).toEqual({ json: [], text: 'no pickup was asked for' });

  await writePickup(table, pickup);

  expect((await listPickups({ table, client: CLIENT })).text).toMatch(/easypost +north-2026-11-20-1 +14:00-17:00 +- +asked/);
});
