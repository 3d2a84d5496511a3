import { describe, expect, test } from 'vitest';
import type { Explanation, Facts } from '../../../core/explanation.ts';
import { explainOrder } from '../../../functions/order/explain-order.ts';
import { prioritiseOrder } from '../../../functions/order/prioritise-order.ts';
import { useEmulator } from '../../emulator.ts';
import { PERSONAL, useLogLines } from '../log-lines.ts';
import { accept, clientWith, hubOn, idOf, manager, packed, stockUp, type TestHub } from '../world.ts';

const emulator = useEmulator();
useLogLines();

async function explained(hub: TestHub, id: string): Promise<Explanation> {
  const answered = await explainOrder({ orderId: idOf(id) }, hub);
  if (answered.kind !== 'answer') throw new Error(answered.why);
  return answered.body as Explanation;
}

function factsOf<Name extends Facts['about']>({ because }: Explanation, name: Name): Extract<Facts, { readonly about: Name }>[] {
  return because.map(({ facts }) => facts).filter((facts): facts is Extract<Facts, { readonly about: Name }> => facts.about === name);
}

/** Accepts orders a second apart. */
async function acceptInTurn(hub: TestHub, ...posted: Parameters<typeof accept>[1][]): Promise<void> {
  for (const one of posted) {
    await accept(hub, one);
    hub.pass(1);
  }
}

describe('explaining an order', () => {
  test('that waits for stock tells its place among those that wait still, and what is there', async () => {
    const hub = hubOn(await emulator.freshTable());
    await acceptInTurn(hub, { id: 'gone' }, { id: 'first', units: { TENT: 4 } }, { id: 'second' }, { id: 'third', units: { TENT: 2, MUG: 1 } });
    await accept(hub, { id: 'gone', version: 2, status: 'cancelled' });
    await stockUp(hub, { MUG: 3 });

    const told = await explained(hub, 'third');

    expect(told).toMatchObject({ orderId: idOf('third'), number: '#third', state: 'backordered', status: 'waiting for stock' });
    expect(factsOf(told, 'shortage')).toMatchObject([
      { sku: 'TENT', missing: 2, verdict: 'none', queue: { place: 3, length: 3, ahead: 5 } },
      { sku: 'MUG', missing: 1, verdict: 'there', othersLack: true, queue: { place: 1, length: 1, ahead: 0 } },
    ]);
    expect(factsOf(told, 'allocation')).toMatchObject([{ chosen: [], version: 1 }]);
  });

  test('knows its place at once when its priority changes', async () => {
    const hub = hubOn(await emulator.freshTable());
    await acceptInTurn(hub, { id: 'first' }, { id: 'second' });
    await prioritiseOrder({ orderId: idOf('second'), priority: 9, reason: 'for a wedding' }, hub, manager(hub));

    expect(factsOf(await explained(hub, 'second'), 'shortage')).toMatchObject([{ queue: { place: 1, length: 2 }, priority: 9 }]);
    expect(factsOf(await explained(hub, 'first'), 'shortage')).toMatchObject([{ queue: { place: 2, length: 2 } }]);
  });

  test('that ships from two warehouses names both, from the decision that was stored with it', async () => {
    const client = clientWith({ policies: { allocation: { split: 'warehouses' }, packing: 'confirm' } });
    const hub = hubOn(await emulator.freshTable(), client);
    await stockUp(hub, { TENT: 3 }, 'north');
    await stockUp(hub, { MUG: 3 }, 'south');
    await accept(hub, { id: '1', units: { TENT: 1, MUG: 1 } });

    const told = await explained(hub, '1');

    expect(factsOf(told, 'allocation').map(({ chosen }) => chosen.toSorted())).toEqual([['north', 'south']]);
    expect(told.next).toMatchObject([{ who: 'the hub', does: expect.stringContaining('north') }]);
  });

  test('tells of its parcel, and by which request it goes on', async () => {
    const hub = hubOn(await emulator.freshTable());
    await stockUp(hub, { TENT: 3 });
    await packed(hub, '1');

    const told = await explained(hub, '1');

    expect(factsOf(told, 'parcel')).toMatchObject([{ parcel: { parcel: 1, status: 'packed' }, clock: { stage: 'labelled', late: false } }]);
    expect(factsOf(told, 'promise')).toMatchObject([{ outcome: 'kept', warehouse: 'north' }]);
  });

  test('says nothing personal', async () => {
    const hub = hubOn(await emulator.freshTable());
    await accept(hub, { id: '1', paid: false, shipTo: { name: 'Erika Muster', line1: '', city: 'Leipzig', postalCode: 'x', country: 'DE' } });

    expect(JSON.stringify(await explained(hub, '1'))).not.toMatch(PERSONAL);
  });

  test('is refused for one that is not there', async () => {
    const hub = hubOn(await emulator.freshTable());

    await expect(explainOrder({ orderId: 'wholesale:nobody' }, hub)).rejects.toMatchObject({ name: 'Rejected', code: 'order.not-found' });
  });
});
