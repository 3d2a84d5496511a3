import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Delivery, MAX_MESSAGE_BYTES, packDelivery, unpackDelivery } from '../../adapters/delivery.ts';

const delivery = (body: Buffer, headers: Delivery['headers'] = {}): Delivery => ({ connectionId: 'shop', receivedAt: '2026-11-20T09:00:00.000Z', headers, body });

test('a delivery comes back byte for byte, whatever its bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40_000 }), (bytes) => void expect(unpackDelivery(packDelivery(delivery(Buffer.from(bytes)))).body.equals(bytes)).toBe(true)));
});

test('a 2 MB order fits one queue message', () => {
  const line = { sku: 'TENT-2P', title: 'Two-person tent', price: '29.95', properties: [{ name: 'Engraving', value: 'E.M.' }] };
  const body = Buffer.from(JSON.stringify({ line_items: Array.from({ length: 20_000 }, (_, index) => ({ ...line, id: index })) }));

  expect(body.length).toBeGreaterThan(2_000_000);
  expect(packDelivery(delivery(body)).length).toBeLessThan(MAX_MESSAGE_BYTES);
});

test('keeps the headers that tell what it is and who signed it, and leaves secrets behind', () => {
  const kept = { 'x-shopify-topic': 'orders/create', 'x-shopify-hmac-sha256': 'abc', 'webhook-signature': 'v1,abc', 'content-type': 'application/json' };
  const headers = { ...kept, authorization: 'Bearer secret', cookie: 'a=1', 'x-shopify': 'no', 'crossdock-absent': '1001' };

  expect(unpackDelivery(packDelivery(delivery(Buffer.from('{}'), headers))).headers).toEqual(kept);
});

test('says how it came, and what a fetch found to be gone', () => {
  const gone = { ...delivery(Buffer.alloc(0)), via: 'fetch' as const, absent: ['1001', '1002'] };

  expect(unpackDelivery(packDelivery(gone))).toEqual(gone);
  expect(unpackDelivery(packDelivery(delivery(Buffer.from('{}'))))).toEqual({ ...delivery(Buffer.from('{}')), via: 'webhook' });
});

test.each(['', '{}', 'null', '{"connectionId":"shop","receivedAt":"2026-11-20T09:00:00.000Z","headers":{},"encoding":"gzip","body":"AAAA"}'])(
  '%j is no delivery of ours',
  (message) => {
    expect(() => unpackDelivery(message)).toThrow(expect.objectContaining({ name: 'Rejected', code: 'delivery.unreadable' }));
  },
);
