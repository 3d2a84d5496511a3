import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { archiveDeliveries, archivePrefix, contentDigestOf, readArchiveName, readDeliveries } from '../../../adapters/aws/delivery-store.ts';
import type { Delivery } from '../../../adapters/delivery.ts';
import { memoryBucket } from '../../functions/memory-bucket.ts';

const DAY = Date.parse('2026-11-20T00:00:00.000Z');
const ALL = { connectionId: 'shop', since: '2026-11-19T00:00:00.000Z', until: '2026-11-24T00:00:00.000Z' };
const nobody = () => {
  throw new Error('nothing is damaged');
};

const AnyDelivery: fc.Arbitrary<Delivery> = fc.record({
  connectionId: fc.constant('shop'),
  receivedAt: fc.integer({ min: 0, max: 3 * 86_400_000 }).map((milliseconds) => new Date(DAY + milliseconds).toISOString()),
  via: fc.constantFrom('webhook' as const, 'fetch' as const, 'poll' as const),
  headers: fc.dictionary(fc.constantFrom('webhook-id', 'content-type'), fc.string({ unit: 'binary' })),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary', maxLength: 300 }).map((text) => Buffer.from(text)),
  ),
});

const asTold = (delivery: Delivery) => JSON.stringify({ ...delivery, headers: Object.entries(delivery.headers).sort(), body: delivery.body.toString('hex') });

describe('the archive', () => {
  test('gives back every delivery byte for byte, by the day on which it was received', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(AnyDelivery, { maxLength: 6 }), { maxLength: 4 }), fc.integer({ min: 0, max: 3 }), async (batches, from) => {
        const { bucket } = memoryBucket();
        for (const [number, batch] of batches.entries())
          await archiveDeliveries(
            bucket,
            batch.map((message, index) => ({ id: `${number}-${index}`, message })),
          );
        const since = new Date(DAY + from * 86_400_000 + 3_600_000).toISOString();

        const all = await Array.fromAsync(readDeliveries(bucket, ALL, nobody));
        const later = await Array.fromAsync(readDeliveries(bucket, { ...ALL, since }, nobody));

        const kept = batches.flat();
        expect(all.map(asTold).sort()).toEqual(kept.map(asTold).sort());
        expect(later.map(asTold).sort()).toEqual(
          kept
            .filter(({ receivedAt }) => receivedAt >= since)
            .map(asTold)
            .sort(),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('names an object by its connection, its first delivery, and how many were posted', async () => {
    const { bucket, objects } = memoryBucket();
    const delivery = (receivedAt: string, via?: Delivery['via']): Delivery => ({ connectionId: 'shop', receivedAt, headers: {}, body: Buffer.from('{}'), ...(via && { via }) });
    const batch = [delivery('2026-11-20T09:00:05.000Z'), delivery('2026-11-20T09:00:01.000Z', 'poll'), delivery('2026-11-20T09:00:03.000Z')];

    await archiveDeliveries(
      bucket,
      batch.map((message, index) => ({ id: String(index), message })),
    );

    const [name = ''] = objects.keys();
    expect(name.startsWith(archivePrefix('shop', '2026-11-20'))).toBe(true);
    expect(readArchiveName(name)).toEqual({ connectionId: 'shop', receivedAt: '2026-11-20T09:00:01.000Z', posted: 2 });
  });

  test.each(['', 'connection=shop/day=2026-11-20/notes.txt', 'facts/day=2026-11-20/2026-11-20T09:00:01.000Z-1-abc.ndjson.gz'])('%j is no object of it', (name) => {
    expect(readArchiveName(name)).toBeUndefined();
  });
});

test('two deliveries are the same by their bytes, headers and how they came, and by nothing else', () => {
  const one: Delivery = { connectionId: 'shop', receivedAt: '2026-11-20T09:00:00.000Z', headers: { a: '1', b: '2' }, body: Buffer.from('{}') };
  const same = [one, { ...one, receivedAt: '2026-11-21T09:00:00.000Z', headers: { b: '2', a: '1' } }, { ...one, via: 'webhook' as const }];
  const others = [
    { ...one, body: Buffer.from('[]') },
    { ...one, headers: { a: '1' } },
    { ...one, via: 'poll' as const },
    { ...one, absent: ['1'] },
  ];

  expect(new Set(same.map(contentDigestOf)).size).toBe(1);
  expect(new Set([one, ...others].map(contentDigestOf)).size).toBe(5);
});
