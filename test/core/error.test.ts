import { expect, test } from 'vitest';
import { Rejected, refused, Unavailable } from '../../core/error.ts';

test('both kinds carry code, value seen and cause, and say which kind they are', () => {
  const cause = new Error('reset');
  const passing = new Unavailable('carrier.unavailable', 'The carrier is down; it is asked again later.', { seen: '503', retryAfterSeconds: 7, cause });
  const final = new Rejected('address.unfit', 'No city; correct the address.', { seen: '' });

  expect(passing).toMatchObject({ name: 'Unavailable', code: 'carrier.unavailable', seen: '503', retryAfterSeconds: 7, cause });
  expect(final).toMatchObject({ name: 'Rejected', code: 'address.unfit', seen: '' });
  expect(passing).not.toBeInstanceOf(Rejected);
  expect(final).toBeInstanceOf(Error);
});

test('a refusal is a value with a code and a sentence for a person', () => {
  expect(refused('order.held', 'Release the hold first.')).toEqual({ kind: 'refused', code: 'order.held', why: 'Release the hold first.' });
});

test('an error of the second kind keeps what caused it', () => {
  const cause = new Error('not JSON');

  expect(new Rejected('json.unreadable', 'Send JSON.', { cause }).cause).toBe(cause);
});
