import { expect, it } from 'vitest';
import { loadClient } from '../../../adapters/client.ts';
import { type BadInput, badInputs, fingerprint } from '../../../local/day/bad-input.ts';
import { planDay } from '../../../local/day/plan.ts';
import type { Storefront } from '../../../local/day/stage.ts';

const { client } = await loadClient('clients/demo.yaml');
const plan = planDay({ client, orders: 60, seed: 'bad', startAt: Date.parse('2026-11-22T09:00:00Z') });
const now = new Date('2026-11-22T09:10:00Z');
const address = () => ({ url: '', headers: { 'content-type': 'application/json', signed: 'yes' } });

function inputs(silent = ''): BadInput[] {
  const storefronts = client.storefronts.map(({ id, kind }): Storefront => ({ id, kind, polls: true, topics: [], refusesSilently: id === silent }));
  return badInputs({ storefronts, carrier: 'easypost', vendors: { address }, plan, now, tokens: { reader: 'r', stock: 's' } });
}

it('names every input once, and tells quarantined ones apart by their bytes', () => {
  const all = inputs();
  const quarantined = all.filter(({ fate }) => fate === 'quarantined');

  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(new Set(quarantined.map(({ body }) => fingerprint(body))).size).toBe(quarantined.length);
  expect(quarantined.every(({ status, headers }) => status === 200 && headers.signed === 'yes')).toBe(true);
});

it.each(client.storefronts.map(({ id }) => id))('forges deliveries of %s, which are answered as its storefront can bear it', (id) => {
  const forged = (all: readonly BadInput[]) => all.filter(({ name }) => name.startsWith(`${id}: `) && !name.includes('JSON') && !name.includes('array'));

  expect(forged(inputs()).map(({ status, fate }) => [status, fate])).toEqual([
    [401, 'refused'],
    [401, 'refused'],
  ]);
  expect(forged(inputs(id)).map(({ status }) => status)).toEqual([200, 200]);
});

it('speaks of no order that anybody placed', () => {
  const ids = plan.orders.map(({ sold }) => sold.sourceId).filter((id) => id.length > 6);

  for (const { body, path } of inputs().filter((input) => input.path.startsWith('/hooks/') && input.path !== '/hooks/nobody')) {
    const text = body.length > 100_000 ? '' : body.toString();
    expect([path, ids.filter((id) => text.includes(id))]).toEqual([path, []]);
  }
});
