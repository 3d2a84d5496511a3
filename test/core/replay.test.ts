import { describe, expect, test } from 'vitest';
import { type OrderDocument, sourceVersionOf } from '../../core/order-document.ts';
import { differencesBetween, isNews, newestOf } from '../../core/replay.ts';
import { sampleLine, sampleOrder } from './samples.ts';

describe('of several versions', () => {
  test('of an order the newest counts, wherever it stands among them', () => {
    const [old, newer, other] = [sampleOrder({ sourceVersion: 1 }), sampleOrder({ sourceVersion: 2 }), sampleOrder({ sourceId: '1002' })];

    expect(newestOf([old, newer, other])).toEqual([newer, other]);
    expect(newestOf([newer, other, old])).toEqual([newer, other]);
    expect(newestOf([newer, { ...newer }])[0]).toBe(newer);
    expect(newestOf([])).toEqual([]);
  });

  test('one is news that the hub does not have, or has an older one of', () => {
    const document = sampleOrder({ sourceVersion: 5 });
    const order = (sourceVersion: number) => ({ source: sourceVersionOf(sampleOrder({ sourceVersion })) });

    expect([undefined, order(4), order(5), order(6)].map((known) => isNews(document, known))).toEqual([true, true, false, false]);
  });
});

describe('two versions of an order', () => {
  const before = sampleOrder();

  test.each<[string, Partial<OrderDocument>, string[]]>([
    ['that say the same differ in nothing', { sourceVersion: 99 }, []],
    ['differ by number', { number: '#1002' }, ['number: #1001 -> #1002']],
    ['differ by what they are', { test: true, cancelled: true, paid: false }, ['test: no -> yes', 'cancelled: no -> yes', 'paid: yes -> no']],
    ['differ by total', { total: 12_300 }, ['total: 123.45 EUR -> 123.00 EUR']],
    ['differ by currency', { currency: 'USD' }, ['total: 123.45 EUR -> 123.45 USD']],
    ['differ by when they were placed', { placedAt: '2026-11-20T08:00:01.000Z' }, ['placed at: 2026-11-20T08:00:00.000Z -> 2026-11-20T08:00:01.000Z']],
    [
      'differ by units',
      { lines: [sampleLine('MUG', 3), sampleLine('LAMP', 1), sampleLine(null, 1)] },
      ['units of a line without SKU: 0 -> 1', 'units of LAMP: 0 -> 1', 'units of MUG: 1 -> 3', 'units of TENT: 2 -> 0', 'titles, prices or ids of lines'],
    ],
    ['differ by what was shipped', { lines: [sampleLine('TENT', 2, { fulfilled: 1 }), sampleLine('MUG', 1)] }, ['shipped units of TENT: 0 -> 1']],
    ['differ by the words of lines', { lines: [sampleLine('TENT', 2, { title: 'Big tent' }), sampleLine('MUG', 1)] }, ['titles, prices or ids of lines']],
    ['differ in personal data, which are named and not shown', { email: 'other@example.com', phone: '1', locale: 'en', shipTo: null }, ['address', 'email', 'phone', 'locale']],
  ])('%s', (_how, overrides, differences) => {
    expect(differencesBetween(before, sampleOrder(overrides))).toEqual(differences);
  });
});
