import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDate } from '../../../adapters/bigcommerce/date.ts';

describe('dates of Orders V2', () => {
  test('are read to the second, with their zone', () => {
    expect(readDate('Mon, 11 Mar 2019 15:17:25 +0000')).toBe(Date.parse('2019-03-11T15:17:25Z'));
    expect(readDate('11 Mar 2019 15:17:25 -0330')).toBe(Date.parse('2019-03-11T18:47:25Z'));
    expect(readDate('Thu, 1 Jan 2026 00:00:00 +1400')).toBe(Date.parse('2025-12-31T10:00:00Z'));
  });

  test.each([
    '',
    '2019-03-11T15:17:25Z',
    'Mon, 30 Feb 2026 08:30:00 +0000',
    'Mon, 11 Mar 2019 15:17:25',
    'Mon, 11 Mar 2019 24:00:00 +0000',
    'Mon, 11 March 2019 15:17:25 +0000',
    'Mon, 11 Mar 0019 15:17:25 +0000',
    'Mon, 11 Mar 2019 15:17:25 GMT',
  ])('are nothing else: %j', (text) => {
    expect(readDate(text)).toBeUndefined();
  });

  test('come back as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1990) / 1000, max: Date.UTC(2100) / 1000 }), (seconds) => {
        expect(readDate(new Date(seconds * 1000).toUTCString().replace('GMT', '+0000'))).toBe(seconds * 1000);
      }),
    );
  });
});
