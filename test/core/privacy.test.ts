import { describe, expect, test } from 'vitest';
import { isOf, isOver, newCase, settle } from '../../core/privacy.ts';
import { NOW } from './samples.ts';

const RECEIVED = NOW.toISOString();

test('a request begins a case that must be settled within thirty days, and holds nothing of whom it is about', () => {
  const request = { requestId: 'r1', wants: 'erase' as const, sourceIds: ['1001'], email: 'erika@example.com', phone: null };

  expect(newCase('shop', request, RECEIVED)).toEqual({
    entity: 'privacy',
    connectionId: 'shop',
    requestId: 'r1',
    wants: 'erase',
    receivedAt: RECEIVED,
    dueBy: '2026-12-20T09:00:00.000Z',
    status: 'open',
    orderIds: [],
    erased: 0,
    found: false,
    version: 0,
  });
});

test('a case that is settled says by whom, and looks for nothing more', () => {
  const open = { ...newCase('shop', { requestId: 'r1', wants: 'erase', sourceIds: [], email: null, phone: null }, RECEIVED), erased: 2, position: { PK: 'a' } };
  const done = settle(open, 'hub', '2026-11-21T09:00:00.000Z');

  expect(done).toMatchObject({ status: 'done', settled: { at: '2026-11-21T09:00:00.000Z', by: 'hub' }, erased: 2, version: 1 });
  expect(done).not.toHaveProperty('position');
});

describe('an order needs its customer’s data no more', () => {
  const parcel = (status: 'packed' | 'recalled' | 'unpacked' | 'dispatched' | 'delivered') => ({ parcel: 1, warehouse: 'north', units: [], status });

  test.each([
    ['delivered', 'delivered', true],
    ['returned', 'delivered', true],
    ['cancelled', 'unpacked', true],
    ['closed', 'dispatched', true],
    ['cancelled', 'recalled', false],
    ['closed', 'packed', false],
    ['dispatched', 'dispatched', false],
    ['packed', 'packed', false],
    ['held', 'delivered', false],
  ] as const)('when it is %s and its parcel %s: %s', (status, ofParcel, over) => {
    expect(isOver({ status, parcels: [parcel(ofParcel)] })).toBe(over);
    expect(isOver({ status, parcels: [parcel('delivered'), parcel(ofParcel)] })).toBe(over);
  });
});

describe('an order is of the customer that a request names', () => {
  type Named = { email: string | null; phone: string | null };

  test.each<[string, Named, Named, boolean]>([
    ['by the same address', { email: 'erika@example.com', phone: null }, { email: 'erika@example.com', phone: null }, true],
    ['by the same address, written otherwise', { email: ' Erika@Example.com ', phone: null }, { email: 'ｅrika@example.com', phone: '1' }, true],
    ['by the same number, written otherwise', { email: 'a@example.com', phone: '+49 (0)40 123-456' }, { email: null, phone: '0049040123456' }, true],
    ['not by another address', { email: 'erika@example.com', phone: null }, { email: 'erik@example.com', phone: null }, false],
    ['not by another number', { email: null, phone: '123456' }, { email: null, phone: '123457' }, false],
    ['not by an extension that many share', { email: null, phone: '12345' }, { email: null, phone: '12345' }, false],
    ['not where neither says anything', { email: null, phone: null }, { email: null, phone: null }, false],
    ['not where both are empty', { email: '', phone: '' }, { email: ' ', phone: '-' }, false],
  ])('%s', (_how, order, request, same) => {
    expect(isOf(order, request)).toBe(same);
    expect(isOf(request, order)).toBe(same);
  });

  test('by a number of six digits, the shortest that is one customer’s', () => {
    expect(isOf({ email: null, phone: '123456' }, { email: null, phone: '00123456' })).toBe(true);
  });
});
