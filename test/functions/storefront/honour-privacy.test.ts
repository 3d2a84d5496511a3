import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { rememberOrders } from '../../../adapters/aws/customer-store.ts';
import { decide } from '../../../adapters/aws/decide.ts';
import { eraseWaiting } from '../../../adapters/aws/erase.ts';
import { Bucket } from '../../../adapters/aws/object-store.ts';
import { readDocument } from '../../../adapters/aws/order-store.ts';
import { writeParcel } from '../../../adapters/aws/parcel-store.ts';
import { readCase, readCases } from '../../../adapters/aws/privacy-store.ts';
import { settlePurchase } from '../../../adapters/aws/purchase-store.ts';
import type { PrivacyRequest } from '../../../core/connection.ts';
import { follow } from '../../../core/course.ts';
import { refused } from '../../../core/error.ts';
import { isOf, isOver } from '../../../core/privacy.ts';
import { FIRST_RETURN, labelled, returnOf } from '../../../core/shipment.ts';
import { honourPrivacy, readRequest } from '../../../functions/storefront/honour-privacy.ts';
import { useEmulator } from '../../emulator.ts';
import { lifeline, tieTable } from '../lifeline.ts';
import { useLogLines } from '../log-lines.ts';
import { ADDRESS, accept, elsewhere, hubOn, idOf, orderOf, packed, parcelOf, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
const log = useLogLines();
const s3Client = new S3Client({ region: 'eu-central-1' });
const s3 = mockClient(s3Client);
const LABELS = new Bucket('labels', s3Client);

beforeEach(() => {
  s3.reset();
  s3.on(DeleteObjectCommand).resolves({});
});

async function hubWithStock(): Promise<TestHub> {
  const hub = hubOn(await emulator.freshTable());
  await stockUp(hub, { TENT: 1_000 });
  return hub;
}

function requestOf(wants: PrivacyRequest['wants'], overrides: Partial<PrivacyRequest> = {}): PrivacyRequest {
  return { wants, requestId: `${wants}-1`, sourceIds: [], email: null, phone: null, ...overrides };
}

async function honour(hub: TestHub, request: PrivacyRequest, line = lifeline()): Promise<'done' | 'crashed'> {
  const table = emulator.reopen(hub.table);
  tieTable(table, line);
  const message = { connectionId: 'wholesale', request, receivedAt: '2026-11-20T08:30:00.000Z' };
  return await line.run(() => honourPrivacy(message, { ...elsewhere(hub, table), labels: LABELS, patience: 60_000, page: 7 }));
}

async function retry(hub: TestHub): Promise<Readonly<Record<string, unknown>>> {
  let reported: Readonly<Record<string, unknown>> = {};
  await eraseWaiting('wholesale', { table: hub.table, labels: LABELS, now: hub.now }, (fields) => {
    reported = fields;
  });
  return reported;
}

/** Packs an order, puts a label on it that a carrier printed another name on, and lets it arrive, if it is to. */
async function shipped(hub: TestHub, id: string, arrives: boolean): Promise<void> {
  await packed(hub, id);
  const act = { by: 'hub', now: hub.now() };
  const paid = {
    carrier: 'UPS',
    service: 'S',
    trackingNumber: `T-${id}`,
    trackingUrl: '',
    cost: 1,
    currency: 'EUR',
    document: `labels/wholesale/${id}.pdf`,
    boughtAt: act.now.toISOString(),
    reference: 'R1',
    carrierRef: 'shp_1',
    proof: 'answer' as const,
  };
  const addresses = { ours: ADDRESS, printed: ADDRESS, differences: [] };
  await settlePurchase(hub.table, { purchase: undefined, parcel: labelled(await parcelOf(hub, id), paid, act), proof: { addresses, expiresAt: 2_000_000_000 } });
  if (arrives) await deliver(hub, id);
}

async function deliver(hub: TestHub, id: string): Promise<void> {
  const act = { by: 'hub', now: hub.now() };
  const at = act.now.toISOString();
  await decide(hub.table, idOf(id), { ...act, reference: hub.newId(), reason: 'arrived' }, (order) => follow(order, 1, 'delivered', at, act) ?? refused('a.b', 'known'));
}

/** Everything that the table holds of an order, as text. */
async function keptOf(hub: TestHub, id: string): Promise<string> {
  const values = { ':order': `O#${idOf(id)}` };
  const { Items = [] } = await hub.table.client.send(new QueryCommand({ TableName: hub.table.name, KeyConditionExpression: 'PK = :order', ExpressionAttributeValues: values }));
  return JSON.stringify(Items);
}

const PERSONAL = /Erika|Muster|Beispielweg|erika@/;

describe('a request to erase', () => {
  test('erases the label of goods that came back: it shows who sent them', async () => {
    const hub = await hubWithStock();
    await shipped(hub, '1', true);
    const act = { by: 'hub', now: hub.now() };
    const sent = await parcelOf(hub, '1');
    const returned = returnOf(sent, FIRST_RETURN, sent.units, hub.client, 'too small', act);
    await writeParcel(hub.table, returned);
    if (sent.label === undefined) throw new Error('no label');
    await writeParcel(hub.table, labelled(returned, { ...sent.label, document: 'labels/wholesale/1-back.pdf' }, act));

    await honour(hub, requestOf('erase', { sourceIds: ['1'] }));

    expect(s3.commandCalls(DeleteObjectCommand).map(({ args }) => args[0].input.Key)).toContain('labels/wholesale/1-back.pdf');
  });

  test('erases what is over and says so, keeps what was shipped, and is settled', async () => {
    const hub = await hubWithStock();
    await shipped(hub, '1', true);
    expect(await keptOf(hub, '1')).toMatch(PERSONAL);

    await honour(hub, requestOf('erase', { sourceIds: ['1', 'never-seen'] }));

    expect(await keptOf(hub, '1')).not.toMatch(PERSONAL);
    expect(await keptOf(hub, '1')).toContain('T-1');
    expect(s3.commandCalls(DeleteObjectCommand).map(({ args }) => args[0].input)).toEqual(
      ['slips/wholesale%3A1/1.pdf', 'labels/wholesale/1.pdf'].map((Key) => ({ Bucket: 'labels', Key })),
    );
    expect(await readCases(hub.table, 'wholesale')).toMatchObject([{ wants: 'erase', status: 'done', erased: 2, dueBy: '2026-12-20T08:30:00.000Z', settled: { by: 'hub' } }]);
    await expect(readDocument(hub.table, await orderOf(hub, '1'))).rejects.toMatchObject({ code: 'order.document-erased' });
  });

  test('waits for orders that are under way, and is settled once the last of them is over', async () => {
    const hub = await hubWithStock();
    await shipped(hub, '1', true);
    await shipped(hub, '2', false);
    await accept(hub, { id: '3', status: 'cancelled' });

    await honour(hub, requestOf('erase', { sourceIds: ['1', '2', '3'] }));

    expect(await keptOf(hub, '2')).toMatch(PERSONAL);
    expect([await keptOf(hub, '1'), await keptOf(hub, '3')].join()).not.toMatch(PERSONAL);
    expect(await retry(hub)).toEqual({ erased: 0, waiting: 1, open: 1, nextDue: '2026-12-20T08:30:00.000Z' });
    await deliver(hub, '2');
    expect(await retry(hub)).toMatchObject({ erased: 1, waiting: 0, open: 0 });
    expect(await keptOf(hub, '2')).not.toMatch(PERSONAL);
    expect(await readCase(hub.table, 'wholesale:erase-1')).toMatchObject({ status: 'done', erased: 3 });
    expect(await retry(hub)).toEqual({});
  });

  test('that names no orders is about those of its customer, whatever version they are', async () => {
    const hub = await hubWithStock();
    await accept(hub, { id: '1', status: 'cancelled' }, { id: '2', status: 'cancelled', shipTo: null });

    await honour(hub, requestOf('erase', { requestId: 'nobody', email: 'nobody@example.com' }));
    expect(await keptOf(hub, '1')).toMatch(PERSONAL);
    await honour(hub, requestOf('erase', { email: ' Erika@Example.COM ' }));

    expect([await keptOf(hub, '1'), await keptOf(hub, '2')].join()).not.toMatch(PERSONAL);
  });

  test('forgets the digests by which a customer is known', async () => {
    const hub = await hubWithStock();
    await accept(hub, { id: '1', status: 'cancelled' }, { id: '2', status: 'cancelled' });
    const documents = await Promise.all(['1', '2'].map(async (id) => readDocument(hub.table, await orderOf(hub, id))));
    await rememberOrders(hub.table, documents, hub.now(), 90);
    const customer = { TableName: hub.table.name, KeyConditionExpression: 'PK = :customer' };
    const { customerDigest } = await import('../../../core/customer.ts');
    const digest = documents[0] === undefined ? '' : customerDigest(documents[0]);
    const known = async () =>
      (await hub.table.client.send(new QueryCommand({ ...customer, ExpressionAttributeValues: { ':customer': `K#${digest}` } }))).Items?.map(({ SK }) => SK);
    expect(await known()).toEqual(['CLOCK', 'ORDER#wholesale:1', 'ORDER#wholesale:2']);

    await honour(hub, requestOf('erase', { requestId: 'a', sourceIds: ['1'] }));
    expect(await known()).toEqual(['CLOCK', 'ORDER#wholesale:2']);
    await honour(hub, requestOf('erase', { requestId: 'b', sourceIds: ['2'] }));

    expect(await known()).toEqual([]);
    expect(await hub.table.client.send(new GetCommand({ TableName: hub.table.name, Key: { PK: `K#${digest}`, SK: 'CLOCK' } }))).not.toHaveProperty('Item');
  });

  test('that came twice is one case, and one that is settled stays so', async () => {
    const hub = await hubWithStock();
    await accept(hub, { id: '1', status: 'cancelled' });

    for (let times = 0; times < 3; times++) await honour(hub, requestOf('erase', { sourceIds: ['1'] }));

    expect(await readCases(hub.table, 'wholesale')).toMatchObject([{ status: 'done', erased: 1 }]);
  });

  test('whose invocation dies at any of its calls is honoured by the next', async () => {
    const first = await hubWithStock();
    await shipped(first, '1', true);
    await shipped(first, '2', false);
    const whole = lifeline();
    await honour(first, requestOf('erase', { sourceIds: ['1', '2'] }), whole);
    expect(whole.calls.length).toBeGreaterThan(8);

    for (const when of ['before', 'after'] as const) {
      for (let call = 1; call <= whole.calls.length; call++) {
        const hub = await hubWithStock();
        await shipped(hub, '1', true);
        await shipped(hub, '2', false);
        expect(await honour(hub, requestOf('erase', { sourceIds: ['1', '2'] }), lifeline({ call, when })), `${when} ${call}`).toBe('crashed');

        await honour(hub, requestOf('erase', { sourceIds: ['1', '2'] }));
        await deliver(hub, '2');
        await retry(hub);

        expect([await keptOf(hub, '1'), await keptOf(hub, '2')].join(), `${when} ${call}`).not.toMatch(PERSONAL);
        expect(await readCases(hub.table, 'wholesale'), `${when} ${call}`).toMatchObject([{ status: 'done' }]);
      }
    }
  }, 60_000);
});

describe('a request to erase all of a shop', () => {
  test('finds every order of the connection, over several pages of the table, and goes on where it stopped', async () => {
    const hub = await hubWithStock();
    const ids = Array.from({ length: 30 }, (_, index) => String(index));
    await accept(hub, ...ids.map((id) => ({ id, status: 'cancelled' as const })));
    const message = { connectionId: 'wholesale', request: requestOf('erase-all'), receivedAt: '2026-11-20T08:30:00.000Z' };

    await expect(honourPrivacy(message, { ...hub, labels: LABELS, patience: 0 })).rejects.toMatchObject({ code: 'privacy.unfinished' });
    expect(await readCase(hub.table, 'wholesale:erase-all-1')).toMatchObject({ status: 'open', found: false });
    await honour(hub, requestOf('erase-all'));

    for (const id of ids) expect(await keptOf(hub, id)).not.toMatch(PERSONAL);
    expect(await readCase(hub.table, 'wholesale:erase-all-1')).toMatchObject({ status: 'done', erased: 30 });
  });

  test('leaves other connections alone', async () => {
    const hub = await hubWithStock();
    await accept(hub, { id: '1', status: 'cancelled' });
    const message = { connectionId: 'shop', request: requestOf('erase-all'), receivedAt: '2026-11-20T08:30:00.000Z' };

    await honourPrivacy(message, { ...hub, labels: LABELS, patience: 60_000 });

    expect(await keptOf(hub, '1')).toMatch(PERSONAL);
  });
});

test('a request to show names the orders and waits for a person', async () => {
  const hub = await hubWithStock();
  await accept(hub, { id: '1' }, { id: '2', shipTo: null });

  await honour(hub, requestOf('show', { phone: '0049 341 5550100' }));

  expect(await readCase(hub.table, 'wholesale:show-1')).toMatchObject({ status: 'open', found: true, erased: 0 });
  expect((await readCase(hub.table, 'wholesale:show-1')).orderIds.sort()).toEqual(['wholesale:1', 'wholesale:2']);
  expect(await keptOf(hub, '1')).toMatch(PERSONAL);
  expect(log.lines).toContainEqual(expect.objectContaining({ message: 'privacy request stays open', requestId: 'show-1' }));
});

test.each([
  ['packed', 'delivered', false],
  ['recalled', 'cancelled', false],
  ['unpacked', 'cancelled', true],
  ['delivered', 'delivered', true],
  ['delivered', 'returned', true],
  ['dispatched', 'dispatched', false],
] as const)('an order with a parcel that is %s, and that is %s itself, is over: %s', (parcel, status, over) => {
  expect(isOver({ status, parcels: [{ parcel: 1, warehouse: 'north', units: [], status: parcel }] })).toBe(over);
});

test.each([
  [{ email: null, phone: null }, false],
  [{ email: '', phone: '12' }, false],
  [{ email: 'ERIKA@example.com', phone: null }, true],
  [{ email: 'erika@example.org', phone: '+49 (341) 555-0100' }, true],
] as const)('an order is of the customer that a request names as %j: %s', (named, is) => {
  expect(isOf({ email: 'erika@example.com', phone: '+49 341 555 0100' }, named)).toBe(is);
});

test('a message that is no request is refused and not quoted', () => {
  expect(() => readRequest('{"connectionId":"shop","request":{"email":"erika@example.com"}}')).toThrow(
    expect.objectContaining({ code: 'privacy.unreadable', message: expect.not.stringContaining('erika') }),
  );
});
