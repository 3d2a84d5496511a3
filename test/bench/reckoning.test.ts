import { describe, expect, it } from 'vitest';
import type { HeldOrder, Holdings } from '../../bench/endurance/holdings.ts';
import { reckon } from '../../bench/endurance/reckoning.ts';

const WHOLE: HeldOrder = { status: 'packed', reserved: 1, accepted: 1, labels: ['ups 1Z1'] };
const FIRST = 'wholesale:B-000001';

/** Three orders posted: the first acknowledged, the second not, the third never. */
function reckoned(first: Partial<HeldOrder> | undefined, more: Record<string, Partial<HeldOrder>> = {}, charges = ['ups 1Z1'], unbalanced: string[] = []) {
  const entries = Object.entries({ ...(first && { [FIRST]: first }), ...more });
  const holdings: Holdings = { orders: new Map(entries.map(([orderId, change]) => [orderId, { ...WHOLE, ...change }])), unbalanced };
  return reckon([{ from: 0, fates: 'au-' }], holdings, { charges, complaints: [] }, 'labelled');
}

describe('the reckoning', () => {
  it('finds nothing where every acknowledged order is there once', () => {
    expect(reckoned({})).toEqual({ acknowledged: 1, keptUnasked: 0, lost: [], doubled: [], statuses: { packed: 1 } });
  });

  it('counts what is there though its acknowledgement never arrived, and finds no fault in it', () => {
    expect(reckoned({}, { 'wholesale:B-000002': { labels: ['ups 1Z2'] } }, ['ups 1Z1', 'ups 1Z2'])).toMatchObject({ keptUnasked: 1, lost: [], doubled: [] });
  });

  it.each([
    ['no order', undefined, [], 'is not there'],
    ['only traces of an order', { status: undefined }, ['ups 1Z1'], 'is not there'],
    ['no unit reserved', { reserved: 0 }, ['ups 1Z1'], 'no unit was reserved'],
    ['no beginning of its timeline', { accepted: 0 }, ['ups 1Z1'], 'its timeline does not begin'],
    ['a parcel without a label', { labels: [''] }, [], 'no label was bought'],
    ['no parcel', { labels: [] }, [], 'no label was bought'],
  ])('calls an acknowledged order lost when there is %s', (_, first, charges, why) => {
    expect(reckoned(first, {}, charges).lost).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    ['two units reserved', { reserved: 2 }, ['ups 1Z1'], 'reserved 2 units'],
    ['two acceptances', { accepted: 2 }, ['ups 1Z1'], 'was accepted 2 times'],
    ['two parcels', { labels: ['ups 1Z1', 'ups 1Z2'] }, ['ups 1Z1', 'ups 1Z2'], 'is in 2 parcels'],
    ['a label charged twice', {}, ['ups 1Z1', 'ups 1Z1'], 'ups 1Z1 was charged twice'],
    ['a label that is on no parcel', {}, ['ups 1Z1', 'ups 1Z9'], 'ups 1Z9 was charged, and is on no parcel'],
  ])('calls an order doubled when there are %s', (_, first, charges, why) => {
    expect(reckoned(first, {}, charges).doubled).toEqual([expect.stringContaining(why)]);
  });

  it('knows a label on two parcels, and one that nobody charged', () => {
    expect(reckoned({}, { 'wholesale:B-000002': {} }).doubled).toEqual(['ups 1Z1 is on two parcels']);
    expect(reckoned({}, {}, []).lost).toEqual(['ups 1Z1 is on a parcel, and was never charged']);
  });

  it('finds orders that nobody posted, and counters that differ from their ledger', () => {
    expect(reckoned({}, { 'wholesale:B-000009': { labels: [] } }).doubled).toEqual(['wholesale:B-000009 is there, and nobody posted it']);
    expect(reckoned({}, {}, ['ups 1Z1'], ['SOCK in hamburg: differs']).doubled).toEqual(['SOCK in hamburg: differs']);
  });

  it('after a burst asks for no label and no timeline yet', () => {
    const orders = new Map([[FIRST, { ...WHOLE, accepted: 0, labels: [] }]]);
    expect(reckon([{ from: 0, fates: 'a' }], { orders, unbalanced: [] }, { charges: [], complaints: [] }, 'stored')).toMatchObject({ lost: [], doubled: [] });
  });
});
