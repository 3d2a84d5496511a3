import { gunzipSync } from 'node:zlib';
import type { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, test } from 'vitest';
import { decide } from '../../adapters/aws/decide.ts';
import { writeFacts } from '../../adapters/aws/object-store.ts';
import { isEntity } from '../../adapters/aws/table.ts';
import { loadDocument } from '../../adapters/document.ts';
import { loadNotifier } from '../../adapters/notifier.ts';
import { follow } from '../../core/course.ts';
import { dayNamed } from '../../core/day.ts';
import { refused } from '../../core/error.ts';
import { eventsOf, type HubEvent, type Image } from '../../core/event.ts';
import { dailyReport } from '../../core/report.ts';
import { notifyCustomer } from '../../functions/notification/notify-customer.ts';
import { acceptOrders } from '../../functions/order/accept-orders.ts';
import { authoriseOrder } from '../../functions/order/authorise-order.ts';
import { correctAddress } from '../../functions/order/correct-address.ts';
import { packParcels } from '../../functions/shipment/pack-parcels.ts';
import { requestReturn } from '../../functions/shipment/request-return.ts';
import { writeSlip } from '../../functions/shipment/write-slip.ts';
import { honourPrivacy } from '../../functions/storefront/honour-privacy.ts';
import { FONTS } from '../adapters/pdf/fonts.ts';
import { useEmulator } from '../emulator.ts';
import { labelParcel, useLabelShop } from '../functions/label-shop.ts';
import { useLogLines } from '../functions/log-lines.ts';
import { memoryBucket } from '../functions/memory-bucket.ts';
import { ADDRESS, accept, accepting, deliveryOf, eventOf, idOf, manager, orderOf, packed, parcelOf, received } from '../functions/world.ts';
import { itemsOf } from '../invariants.ts';

const emulator = useEmulator();
const { openShop, invoke } = useLabelShop(emulator);
const log = useLogLines();

/** Parts of the customer's data, in every order of this life. */
const CANARIES = ['Erika', 'Muster', 'Beispielweg', 'Umzugsallee', 'erika@example', '341 555'];

function leaksIn(where: string, text: string): string[] {
  return CANARIES.filter((canary) => text.includes(canary)).map((canary) => `${where} says ${canary}`);
}

describe('an order that has lived its whole life', () => {
  test('says nothing of its customer once it is erased: not in the table, the labels, the facts, what is published, reports or logs', { timeout: 60_000 }, async () => {
    const shop = await openShop();
    const { hub, objects: labels } = shop;
    const { bucket } = memoryBucket(labels);
    const intake = accepting(hub);
    const told: PublishCommand['input'][] = [];
    const seen: HubEvent[] = [];
    const notifier = await loadNotifier('topic', { send: async ({ input }) => void told.push(input) });

    // It is posted, and posted anew with another address; corrected by hand; packed, labelled, slipped; told of; goes out, comes back.
    await acceptOrders(received({ ...deliveryOf({ id: '1' }), receivedAt: hub.now().toISOString() }), intake);
    const authorised = eventOf('order.authorised', await orderOf(hub, '1'));
    const moved = { ...deliveryOf({ id: '1', version: 2, shipTo: { ...ADDRESS, name: 'Erika Muster-Nachbar' } }), receivedAt: hub.now().toISOString() };
    await acceptOrders(received(moved), intake);
    await correctAddress({ orderId: idOf('1'), address: { ...ADDRESS, line1: 'Umzugsallee 9' }, reason: 'the customer moved' }, hub, manager(hub));
    await authoriseOrder({ orderId: idOf('1'), reason: 'the address is right' }, hub, manager(hub));
    await packParcels(received(eventOf('order.authorised', await orderOf(hub, '1'))), hub);
    const parcelPacked = eventOf('parcel.packed', await parcelOf(hub, '1'));
    await invoke(labelParcel, shop, parcelPacked);
    await writeSlip(parcelPacked, { ...hub, labels: bucket, fonts: FONTS });
    await notifyCustomer({ ...authorised, type: 'order.accepted' }, { ...hub, topicArn: 'arn:customers', notifiers: async () => [notifier] });
    const act = { by: 'hub', now: hub.now() };
    await decide(
      hub.table,
      idOf('1'),
      { ...act, reference: hub.newId(), reason: 'arrived' },
      (one) => follow(one, 1, 'delivered', act.now.toISOString(), act) ?? refused('a.b', 'known'),
    );
    await requestReturn({ orderId: idOf('1'), parcel: 1, reason: 'too small', units: [] }, hub, manager(hub));

    const before = JSON.stringify(await itemsOf(hub.table));
    expect(
      CANARIES.filter((canary) => !before.includes(canary)),
      'it was there to be erased',
    ).toEqual([]);
    expect([...labels.keys()].length, 'a label and a slip').toBeGreaterThanOrEqual(2);
    expect(leaksIn('the archive', [...intake.objects.values()].map(readable).join())).not.toEqual([]);

    await honourPrivacy(
      { connectionId: 'wholesale', request: { wants: 'erase', requestId: 'r1', sourceIds: ['1'], email: null, phone: null }, receivedAt: hub.now().toISOString() },
      { ...hub, labels: bucket, patience: 60_000 },
    );

    const items = await itemsOf(hub.table);
    for (const item of items) if (isImage(item)) seen.push(...eventsOf(undefined, item));
    const facts = memoryBucket();
    await writeFacts(facts.bucket, seen, '1-2');
    const report = dailyReport(seen, dayNamed(hub.now().toISOString().slice(0, 10), hub.client.timeZone), hub.client);
    const documents = await Promise.all(['html', 'csv', 'json'].map(async (id) => (await loadDocument(id)).render(report, { client: hub.client }).toString('utf8')));

    expect(seen.length).toBeGreaterThan(3);
    expect([
      ...leaksIn('the table', JSON.stringify(items)),
      ...leaksIn('the labels', [...labels].map(([key, bytes]) => `${key} ${readable(bytes)}`).join()),
      ...leaksIn('the facts', [...facts.objects.values()].map(readable).join()),
      ...leaksIn('what is published', JSON.stringify(seen)),
      ...leaksIn('a report', documents.join()),
      ...leaksIn('a log', JSON.stringify(log.lines)),
    ]).toEqual([]);
    expect([...labels.keys()]).toEqual([]);
    expect(told.length, 'the notice went out before').toBeGreaterThan(0);
  });

  test('is found by its customer when the request names none: by address of mail or number of telephone, however they are written', async () => {
    const { hub } = await openShop();
    await accept(hub, { id: '1', status: 'cancelled' }, { id: '2', status: 'cancelled' });

    for (const [requestId, who] of [
      ['r1', { email: 'ERIKA@example.com ', phone: null }],
      ['r2', { email: null, phone: '+49 (341) 555-0100' }],
    ] as const) {
      const request = { wants: 'erase' as const, requestId, sourceIds: [], ...who };
      await honourPrivacy({ connectionId: 'wholesale', request, receivedAt: hub.now().toISOString() }, { ...hub, labels: memoryBucket().bucket, patience: 60_000 });
    }

    expect(leaksIn('the table', JSON.stringify(await itemsOf(hub.table)))).toEqual([]);
  });

  test('leaves nothing of its customer in its events while it lives', async () => {
    const { hub } = await openShop();
    await packed(hub, '1');
    const events = (await itemsOf(hub.table)).flatMap((item) => (isImage(item) ? eventsOf(undefined, item) : []));

    expect(events.length).toBeGreaterThan(1);
    expect(leaksIn('an event', JSON.stringify(events))).toEqual([]);
  });
});

function isImage(item: Record<string, unknown>): item is Record<string, unknown> & Image {
  return isEntity<Image>(item, 'order') || isEntity<Image>(item, 'parcel') || isEntity<Image>(item, 'stock');
}

/** What is in a file, unpacked where it is packed. */
function readable(bytes: Buffer): string {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8');
}
