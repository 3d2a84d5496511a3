import { expect, it } from 'vitest';
import type { Progress } from '../../../local/day/day.ts';
import { blockOf } from '../../../local/day/progress.ts';
import { summaryOf } from '../../../local/day/summary.ts';

const PROGRESS: Progress = {
  phase: 'trading',
  orders: 200,
  webhooksSent: 130,
  webhooks: 260,
  lost: 9,
  accepted: 100,
  held: 3,
  backordered: 7,
  parcels: 191,
  labelled: 50,
  dispatched: 40,
  delivered: 0,
  done: 12,
  customerNotices: 90,
  plantAlerts: 2,
  seconds: 12.4,
};
const FIGURES = {
  orders: { received: 200, accepted: 190, duplicatesRefused: 45, held: 17, backordered: 31, delivered: 188, returned: 2, cancelled: 4, closed: 4 },
  storefronts: [
    { id: 'shop', kind: 'shopify', orders: 80, webhooks: 101, lost: 9, foundByPoll: 8, mended: 12, parcelsTold: 76, stockTold: 12 },
    { id: 'wholesale', kind: 'custom', orders: 40, webhooks: 52, lost: 3, foundByPoll: 3, mended: 0, parcelsTold: 39, stockTold: 12 },
  ],
  lostWebhooks: 12,
  foundByPoll: 11,
  subscriptionsRepaired: 12,
  labelsBought: 191,
  customerNotices: 611,
  plantAlerts: 10,
  reportObjects: 3,
  deadLetters: 13,
  seconds: 41,
};

it('draws the progress no wider than the terminal', () => {
  const lines = blockOf(PROGRESS, 60);

  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(lines.join('\n')).toContain('webhooks and callbacks  ██████████████░░░░░░░░░░░░░░');
  expect(lines.join('\n')).toContain('waiting: 3 for a person, 7 for stock');
  expect(blockOf(PROGRESS, 120).join('\n')).toContain('9 webhooks lost');
});

it('says which checks failed and why, and counts them', () => {
  const checks = [
    { name: 'labels', ok: true, figures: '191', faults: [] },
    { name: 'stock', ok: false, figures: '16', faults: Array.from({ length: 10 }, (_, n) => `fault ${n}`) },
  ];

  const text = summaryOf({ figures: FIGURES, checks, examples: [{ orderId: 'shop:7', shows: 'waits for stock' }] });

  expect(text).toContain('To explain    shop:7 waits for stock');
  expect(text).toContain('Lost          12 webhooks; 11 orders were found by reading, 12 subscriptions mended');
  expect(text).toMatch(/Storefront +orders +webhooks +lost .*\n +shop \(shopify\) +80 +101 +9 .*\n +wholesale \(custom\) +40 /);
  expect(text).toContain(' ok    labels');
  expect(text).toContain('FAIL   stock');
  expect(text).toContain('- fault 7\n           - and 2 more');
  expect(text).toContain('1 of 2 checks FAILED.');
});
