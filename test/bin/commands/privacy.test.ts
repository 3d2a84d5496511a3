import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { documentRow } from '../../../adapters/aws/order-store.ts';
import { openCase, writeCase } from '../../../adapters/aws/privacy-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { closePrivacy, exportPrivacy, listPrivacy } from '../../../bin/commands/privacy.ts';
import type { PrivacyRequest } from '../../../core/connection.ts';
import { NOW, sampleOrder } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';

const emulator = useEmulator();
const FILE = join(import.meta.dirname, '../../../clients/demo.yaml');

function requestOf(wants: PrivacyRequest['wants'], requestId: string): PrivacyRequest {
  return { wants, requestId, sourceIds: [], email: null, phone: null };
}

/** A table with one order, and a request to show it. */
async function tableWithRequest(): Promise<Table> {
  const table = await emulator.freshTable();
  await table.putAll([documentRow(sampleOrder(), NOW, 90), documentRow(sampleOrder({ sourceVersion: 2_000, paid: false }), NOW, 90)]);
  const one = await openCase(table, 'shop', requestOf('show', '77'), NOW.toISOString());
  await writeCase(table, { ...one, orderIds: ['shop:1001'], found: true, version: 2 });
  return table;
}

test('lists requests, the open and urgent ones first, each with what to do', async () => {
  const table = await tableWithRequest();
  await openCase(table, 'shop', requestOf('erase', '78'), '2026-10-01T00:00:00.000Z');

  const { json, text } = await listPrivacy(table, FILE, NOW);

  expect(json).toMatchObject([
    { id: 'shop:78', wants: 'erase', status: 'open', found: false, waiting: 0 },
    { id: 'shop:77', wants: 'show', status: 'open', dueBy: '2026-12-20T09:00:00.000Z', orderIds: ['shop:1001'] },
  ]);
  expect(text).toMatch(/shop:78 +erase +open .*OVERDUE; its orders are being looked for/);
  expect(text).toMatch(/shop:77 +show +open .*1 orders; crossdock privacy export shop:77 --out FILE/);
  expect((await listPrivacy(await emulator.freshTable(), FILE, NOW)).text).toBe('no requests to show or erase personal data');
});

test('exports every version of the orders into a file for its owner alone, and replaces none', async () => {
  const table = await tableWithRequest();
  const out = join(mkdtempSync(join(tmpdir(), 'privacy-')), 'customer.json');

  const { json, text } = await exportPrivacy(table, 'shop:77', out);

  expect(json).toEqual({ id: 'shop:77', file: out, orders: 1, documents: 2 });
  expect(text).not.toContain('Erika');
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({
    request: 'shop:77',
    orders: [{ orderId: 'shop:1001', documents: [{ email: 'erika@example.com' }, { email: 'erika@example.com' }] }],
  });
  await expect(exportPrivacy(table, 'shop:77', out)).rejects.toMatchObject({ code: 'privacy.file-unwritable' });
});

test('closes a request that was answered, once, and by whom', async () => {
  const table = await tableWithRequest();

  await closePrivacy(table, 'shop:77', 'operator:erika', NOW);

  expect((await listPrivacy(table, FILE, NOW)).json).toMatchObject([{ id: 'shop:77', status: 'done', settled: { by: 'operator:erika' } }]);
  expect((await closePrivacy(table, 'shop:77', 'operator:max', NOW)).text).toContain('settled before, by operator:erika');
});

test('leaves to the hub what the hub settles, and says so of a request that is not there', async () => {
  const table = await tableWithRequest();
  await openCase(table, 'shop', requestOf('erase', '78'), NOW.toISOString());

  await expect(closePrivacy(table, 'shop:78', 'operator:erika', NOW)).rejects.toMatchObject({ code: 'privacy.not-to-show' });
  await expect(exportPrivacy(table, 'shop:78', '/nowhere/file')).rejects.toMatchObject({ code: 'privacy.not-to-show' });
  await expect(exportPrivacy(table, 'shop:79', '/nowhere/file')).rejects.toMatchObject({ code: 'privacy.not-found' });
  await expect(exportPrivacy(table, 'shop:77', '/nowhere/file')).rejects.toMatchObject({ code: 'privacy.file-unwritable' });
});
