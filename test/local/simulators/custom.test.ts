import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { httpClient } from '../../../adapters/http.ts';
import type { Shipped } from '../../../adapters/storefront.ts';
import custom from '../../../adapters/storefronts/custom.ts';
import { type CustomShop, openCustom } from '../../../local/simulators/custom.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SHIPPED: Shipped = {
  sourceId: 'W-000003',
  orderId: 'wholesale:W-000003',
  parcel: 1,
  units: [{ sku: 'TENT-2P', quantity: 1 }],
  carrier: 'UPS',
  trackingNumber: '1Z999AA0000000001',
  trackingUrl: '',
  shippedAt: '2026-11-22T10:00:00.000Z',
};
let shop: CustomShop;

beforeEach(async () => {
  shop = await openCustom({ file: join(mkdtempSync(join(tmpdir(), 'custom-')), 'shop.sqlite'), secret: SECRET });
});
afterEach(() => shop.close());

function tell(signingSecret: string) {
  const http = httpClient({ trustedOrigins: [new URL(shop.callbackUrl).origin], defaultTimeoutMs: 400 });
  return custom.markShipped(SHIPPED, { settings: custom.settings.parse({ callbackUrl: shop.callbackUrl }), token: '', signingSecret, http, now: new Date() });
}

it('notes a parcel once, however often it is told', async () => {
  await tell(SECRET);
  await tell(SECRET);

  expect(shop.notes()).toEqual([{ webhookId: expect.any(String), orderId: 'W-000003', carrier: 'UPS', trackingNumber: '1Z999AA0000000001', copies: 2 }]);
});

it('refuses what another secret signed', async () => {
  await expect(tell('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).rejects.toMatchObject({ name: 'Rejected' });

  expect(shop.notes()).toEqual([]);
  expect(shop.refused()).toBe(1);
});

it('notes a parcel although it never answers', async () => {
  shop.expect([{ sourceId: 'W-000003', fault: 'hang-after' }]);

  await expect(tell(SECRET)).rejects.toMatchObject({ code: 'http.timeout' });
  await tell(SECRET);

  expect(shop.notes()).toMatchObject([{ copies: 2 }]);
});

it('offers the figure with the highest sequence, whatever comes last', async () => {
  const settings = custom.settings.parse({ callbackUrl: shop.callbackUrl });
  const http = httpClient({ trustedOrigins: [new URL(shop.callbackUrl).origin] });
  const level = (sku: string, quantity: number, sequence: number) => ({
    sku,
    quantity,
    sequence,
    before: null,
    at: '2026-11-22T10:00:00.000Z',
    eventId: `shop/${sku}#${sequence}`,
  });
  const set = (...levels: readonly ReturnType<typeof level>[]) => custom.setStock?.(levels, { settings, token: '', signingSecret: SECRET, http, now: new Date() });

  await set(level('TENT', 5, 7), level('MUG', 1, 1));
  await set(level('TENT', 9, 6), level('MUG', 2, 2));

  expect(shop.offered()).toEqual({ MUG: 2, TENT: 5 });
});
