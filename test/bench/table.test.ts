import { describe, expect, it } from 'vitest';
import { type Row, verdictOf } from '../../bench/section.ts';
import { median, percentile } from '../../bench/statistics.ts';
import { figure, findingsText, tableText } from '../../bench/table.ts';

const row = (change: Partial<Row>): Row => ({ name: 'x', value: 10, unit: 'ms', ...change });

describe('verdict', () => {
  it.each([
    [{ atMost: 10 }, 'ok'],
    [{ atMost: 9.9 }, 'above aim'],
    [{ atLeast: 10 }, 'ok'],
    [{ atLeast: 10.1 }, 'below aim'],
    [{ value: Number.NaN, atMost: 10 }, 'above aim'],
    [{}, ''],
  ])('of %o is %s', (change, verdict) => {
    expect(verdictOf(row(change))).toBe(verdict);
  });
});

describe('table', () => {
  it('lines figures up at the right and text at the left', () => {
    const text = tableText({
      title: 'Things',
      columns: ['', 'size'],
      rows: [
        ['one', 5],
        ['eleven', 1_234],
      ],
    });
    expect(text).toBe(['Things', '           size', '  one         5', '  eleven  1,234'].join('\n'));
  });

  it('shows an aim and how the value stands to it', () => {
    expect(findingsText('Speed', { rows: [row({ value: 250, unit: 'orders/s', atLeast: 200 })] })).toMatch(/x\s+250 orders\/s\s+>= 200 orders\/s\s+ok/);
  });

  it.each([
    [0, '0'],
    [0.5714, '0.571'],
    [7.345, '7.35'],
    [73.99, '74.0'],
    [1234.5, '1,235'],
    [45, '45'],
  ])('writes %d as %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });
});

describe('statistics', () => {
  it('takes the middle of an odd number of values and between the two of an even one', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 9])).toBe(3);
  });

  it('takes a percentile that so many values do not exceed', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([percentile(values, 50), percentile(values, 99), percentile(values, 100)]).toEqual([50, 99, 100]);
  });

  it('refuses to judge nothing', () => {
    expect(() => median([])).toThrow('no values');
    expect(() => percentile([], 50)).toThrow('no values');
  });
});
