import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant, orderIdOf, Slug, shardOf, ulid } from '../../core/id.ts';

describe('ulid', () => {
  test('has the time in its first ten characters, as the specification shows it', () => {
    expect(ulid(new Date(1_469_918_176_385), new Uint8Array(10)).slice(0, 10)).toBe('01ARYZ6S41');
  });

  test('is 26 characters that every carrier takes', () => {
    expect(ulid(new Date(0), new Uint8Array(10).fill(255))).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(ulid(new Date(0), new Uint8Array(10).fill(255))).toBe('0000000000ZZZZZZZZZZZZZZZZ');
  });

  test('sorts by time and differs by randomness', () => {
    const time = fc.integer({ min: 0, max: 2 ** 45 });
    const random = fc.uint8Array({ minLength: 10, maxLength: 10 });

    fc.assert(
      fc.property(time, time, random, random, (a, b, x, y) => {
        if (a < b) expect(ulid(new Date(a), x) < ulid(new Date(b), y)).toBe(true);
        expect(ulid(new Date(a), x) === ulid(new Date(a), y)).toBe(Buffer.compare(x, y) === 0);
      }),
    );
  });
});

describe('orderIdOf', () => {
  test.each([
    ['820982911946154508', 'shop:820982911946154508'],
    ['A-1.b_2', 'shop:A-1.b_2'],
    ['a/b', 'shop:a~2f~b'],
    ['a~2f~b', 'shop:a~7e~2f~7e~b'],
    ['Zoë 🎁', 'shop:Zo~eb~~20~~1f381~'],
    ['#1', 'shop:~23~1'],
  ])('writes source id %s as %s', (sourceId, orderId) => {
    expect(orderIdOf('shop', sourceId)).toBe(orderId);
  });

  test('gives different orders different ids', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void expect(orderIdOf('shop', a) === orderIdOf('shop', b)).toBe(a === b)));
  });
});

// The first four are of the test suite of FNV: 811c9dc5, e40c292c, e70c2de5, bf9cf968.
test.each([
  ['', 5],
  ['a', 4],
  ['b', 5],
  ['foobar', 0],
  ['shop:1001', 3],
])('%j belongs to part %i, today as ever', (id, part) => {
  expect(shardOf(id)).toBe(part);
});

test.each(['Shop', 'a', '-a', 'a-', '1a', 'a'.repeat(41), 'a_b', 'a b', ''])('%j is no slug', (text) => {
  expect(Slug.safeParse(text).success).toBe(false);
});

test.each(['2026-11-20T09:00:00Z', '2026-11-20T09:00:00.000+01:00', '2026-02-30T09:00:00.000Z', '2026-11-20'])('%s is no instant', (text) => {
  expect(Instant.safeParse(text).success).toBe(false);
});
