import { expect, test } from 'vitest';
import { describe as textOf } from '../../bin/commands/explain.ts';
import { explain } from '../../core/explain.ts';
import { takeIn } from '../../core/intake.ts';
import { StockView } from '../../core/stock-view.ts';
import { ROUTES } from '../../functions/shell/routes.ts';
import { NOW, sampleClient, sampleLine, sampleOrder, seeing } from '../core/samples.ts';

function told(units: Readonly<Record<string, number>>, document: Parameters<typeof sampleOrder>[0] = {}): string {
  const client = sampleClient();
  const stock = new StockView(Object.entries(units).map(([sku, available]) => ({ sku, warehouse: 'north', available })));
  const saved = takeIn(sampleOrder(document), undefined, seeing(stock, client), { by: 'shop', now: NOW });
  if (saved.kind !== 'saved') throw new Error(saved.why);
  const { order, decision } = saved;
  const decisions = decision === undefined ? [] : [{ ...decision, at: NOW.toISOString(), version: 1 }];
  return textOf(explain({ order, parcels: [], decisions, changes: [], stock: [], queues: [], supply: [], client, now: new Date(NOW.getTime() + 3_600_000), routes: ROUTES }));
}

test('an explanation reads as questions, each with its answers, the warehouses that were asked, and what has to happen', () => {
  expect(told({ TENT: 9, MUG: 9 }).split('\n')).toEqual([
    'order shop:1001 (#1001): authorised, and waiting to be packed',
    '',
    'Who let it be packed?',
    '  - Authorised by the policy at 2026-11-20 09:00 UTC: clean, and within the policy.',
    '',
    'How long has it waited?',
    '  - It waits to be packed since 2026-11-20 09:00 UTC, for 60 minutes; 24 hours are allowed, until',
    '    2026-11-21 09:00 UTC.',
    '',
    'Why this warehouse?',
    '  - Decided at 2026-11-20 09:00 UTC: all of it from north on 2026-11-20, the only way to ship it.',
    '    What counts, first things first: the fewest parcels, the soonest departure, the nearest',
    "    warehouse, the order of preference. This client's orders leave whole, from one warehouse.",
    '    chosen  north  in the country  leaves 2026-11-20  has all of it',
    '    -       south  in the country  leaves 2026-11-20  lacks 1 x MUG, 2 x TENT',
    '',
    'Why this quantity?',
    '  - 1 x MUG: sold as such. Of these: 1 reserved in north.',
    '  - 2 x TENT: sold as such. Of these: 2 reserved in north.',
    '',
    'What was promised, and is it kept?',
    '  - To ship by 2026-11-20 14:00 (Europe/Berlin): the cut-off of north. That is 3 hours from now.',
    '',
    'What has to happen next?',
    '  - The hub has to confirm it as packed whole in north.',
  ]);
});

test('no line of it is wider than 100 columns, and requests stand under what they do', () => {
  const text = told({}, { paid: false, shipTo: null, lines: ['TENT', 'MUG', 'LAMP'].map((sku) => sampleLine(sku, 400)) });

  expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
  expect(text).toContain('A fulfilment manager has to release the payment hold, once its cause is settled.\n      POST /orders/shop:1001/holds/payment/release {reason}');
});

test('an order that waits for nobody says so', () => {
  expect(told({ TENT: 9, MUG: 9 }, { cancelled: true })).toMatch(/What has to happen next\?\n {2}Nothing: it waits for nobody\.$/);
});
