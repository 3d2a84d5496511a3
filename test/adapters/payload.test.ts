import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { isShapeChanged, type PayloadKind, readPayload } from '../../adapters/payload.ts';
import { Rejected } from '../../core/error.ts';

const Order = z.object({
  id: z.union([z.int(), z.string().regex(/^\d+$/)], { error: 'must be digits' }),
  status: z.enum(['open', 'cancelled']),
  note: z.string().nullish(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int().min(0) })),
  shipTo: z.object({ name: z.string() }).optional(),
});
const KIND: PayloadKind = { code: 'storefront.payload-unreadable', what: 'The order', personal: new Set(['shipTo']) };
const GOOD = { id: 1, status: 'open', lines: [{ sku: 'TENT', quantity: 1 }] };

function refusalOf(payload: unknown): Rejected {
  try {
    readPayload(Order, payload, KIND);
  } catch (error) {
    if (error instanceof Rejected) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('a payload whose shape has changed', () => {
  test.each<[string, object, string]>([
    ['a field that we use is missing', { ...GOOD, status: undefined }, 'status'],
    ['a field of several forms is missing', { ...GOOD, id: undefined }, 'id'],
    ['a field of a line is missing', { ...GOOD, lines: [{ quantity: 1 }] }, 'lines[0].sku'],
    ['all lines are missing', { ...GOOD, lines: undefined }, 'lines'],
    ['a name is new', { ...GOOD, status: 'paused' }, 'status'],
    ['two of these at once', { ...GOOD, status: 'paused', lines: undefined }, 'status'],
    ['a personal field is missing', { ...GOOD, shipTo: {} }, 'shipTo.name'],
  ])('says so with its first field: %s', (_, payload, field) => {
    const refusal = refusalOf(payload);

    expect([refusal.code, refusal.seen]).toEqual(['storefront.shape-changed', field]);
    expect(isShapeChanged(refusal)).toBe(true);
  });
});

describe('a payload that is just wrong', () => {
  test.each<[string, unknown]>([
    ['no object', 'order'],
    ['nothing', null],
    ['a list', []],
    ['a figure below zero', { ...GOOD, lines: [{ sku: 'TENT', quantity: -1 }] }],
    ['another type', { ...GOOD, lines: 'none' }],
    ['null where a value must be', { ...GOOD, status: 'open', lines: null }],
    ['a wrong value beside a missing one', { ...GOOD, status: undefined, lines: 7 }],
  ])('is unreadable: %s', (_, payload) => {
    expect(refusalOf(payload).code).toBe('storefront.payload-unreadable');
    expect(isShapeChanged(refusalOf(payload))).toBe(false);
  });
});

test('an error of ours that says something else is no change of shape', () => {
  expect([new Rejected('money.too-large', 'x'), new Error('shape-changed'), undefined].map(isShapeChanged)).toEqual([false, false, false]);
});
