import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeBreaker } from '../../../adapters/aws/call-store.ts';
import { changeHealth, noteEnded } from '../../../adapters/aws/health-store.ts';
import { writeSubscription } from '../../../adapters/aws/subscription-store.ts';
import { listConnections } from '../../../bin/commands/connections.ts';
import { healthAfter } from '../../../core/health.ts';
import { notSeenTo } from '../../../core/subscription.ts';
import { NOW } from '../../core/samples.ts';
import { useEmulator } from '../../emulator.ts';

const emulator = useEmulator();
const FILE = join(import.meta.dirname, '../../../clients/demo.yaml');
const AT = NOW.toISOString();

test('says of each connection how it is, and what to do about what is wrong', async () => {
  const table = await emulator.freshTable();
  const topics = [
    { topic: 'orders/create', active: true },
    { topic: 'orders/paid', active: false },
  ];
  const problem = { code: 'storefront.subscription-dead', message: 'The storefront does not send orders/paid.' };
  await changeHealth(table, 'shop', (before) =>
    healthAfter(before, { answered: true, topics, duplicates: ['77'], repaired: ['orders/create'], problem }, '2026-11-19T07:00:00.000Z', AT),
  );
  await noteEnded(table, 'shop', 'app/uninstalled', NOW);

  const { json, text } = await listConnections(table, FILE, NOW);

  expect(json).toContainEqual(
    expect.objectContaining({ connectionId: 'shop', kind: 'shopify', topics, problem: { since: AT, ...problem }, silentSince: '2026-11-19T07:00:00.000Z' }),
  );
  const lines = text.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
  expect(lines).toContainEqual(expect.stringMatching(/^shop shopify 2026-11-20 09:00:00 UTC 1 of 2 - /));
  expect(lines).toContainEqual(expect.stringMatching(/^shop: ended by the storefront at 2026-11-20 09:00:00 UTC \(app\/uninstalled\): connect it again/));
  expect(lines).toContain('shop: since 2026-11-20 09:00:00 UTC: The storefront does not send orders/paid. (storefront.subscription-dead)');
  expect(lines).toContainEqual(expect.stringMatching(/^shop: silent since 2026-11-19 07:00:00 UTC/));
  expect(lines).toContainEqual(expect.stringContaining('deleted at the storefront: 77'));
  expect(lines).toContain('shop: subscriptions were last mended at 2026-11-20 09:00:00 UTC: orders/create');
  expect(lines).toContain('wholesale: the hourly check has not looked yet');
});

test('says of each carrier whether it posts to us, and whether it answers', async () => {
  const table = await emulator.freshTable();
  await writeSubscription(
    table,
    notSeenTo(undefined, { carrierId: 'easypost', hubUrl: 'https://hub.example.com' }, { code: 'carrier.refused', message: 'The key is refused.' }, NOW),
  );
  await writeBreaker(table, 'easypost', { failures: 5, failingSince: NOW.getTime(), openUntil: NOW.getTime() + 60_000, opened: 1 }, 0);

  const { json, text } = await listConnections(table, FILE, NOW);

  expect(json).toContainEqual(expect.objectContaining({ connectionId: 'easypost', kind: 'easypost', downUntil: '2026-11-20T09:01:00.000Z' }));
  const lines = text.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());
  expect(lines).toContain('easypost easypost failed 2026-11-20 09:00:00 UTC - not asked until 2026-11-20 09:01:00 UTC');
  expect(lines).toContain('easypost: since 2026-11-20 09:00:00 UTC: The key is refused. (carrier.refused)');
});
