import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadClient } from '../../../adapters/client.ts';
import { Diary } from '../../../local/day/diary.ts';
import { Upkeep, type UpkeepOptions } from '../../../local/day/upkeep.ts';
import { Outbox } from '../../../local/simulators/outbox.ts';
import type { PlayedShop } from '../../../local/simulators/shop.ts';

const { client } = await loadClient('clients/demo.yaml');
const GAP = { connectionId: 'shop', begins: 'b', during: ['b', 'c'], after: ['d'] };
let folder: string;
let diary: Diary;
let outbox: Outbox;
let ran: string[];
let topics: readonly string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossdock-upkeep-'));
  diary = new Diary(join(folder, 'diary.sqlite'));
  outbox = new Outbox(join(folder, 'outbox.sqlite'), () => undefined);
  [ran, topics] = [[], []];
});
afterEach(async () => {
  diary.close();
  await outbox.stop();
  rmSync(folder, { recursive: true });
});

/** A storefront whose subscriptions the check makes. */
function shop(): PlayedShop {
  return {
    connectionId: 'shop',
    settings: {},
    address: () => undefined,
    place: () => {},
    expect: () => {},
    stock: () => {},
    unsubscribe() {
      topics = [];
    },
    subscribed: () => topics,
    orders: () => [],
    available: () => ({}),
    complaints: () => [],
    close: async () => {},
  };
}

function upkeep(change: Partial<UpkeepOptions> = {}): Upkeep {
  const runSchedule = async (name: string) => {
    ran.push(name);
    if (name === 'Storefront/Check') topics = ['orders/create', 'orders/updated'];
  };
  return new Upkeep({ cloud: { runSchedule }, vendors: { outbox, shops: new Map([['shop', shop()]]) }, diary, gaps: [GAP], polled: ['shop', 'wholesale'], client, ...change });
}

function post(...ids: readonly string[]): void {
  outbox.add(ids.map((id) => ({ id, sender: 'shop', meta: {}, body: Buffer.from('{}'), due: id === 'd' ? null : 0 })));
}

it('has what a storefront ended subscribed again once all went missing that had to, and only then lets the rest go', async () => {
  const one = upkeep();
  post('a', 'b', 'c', 'd');
  await one.check();
  await one.mend();
  expect([ran, outbox.counts().waiting]).toEqual([['Storefront/Check'], 1]);

  outbox.start((posting) => one.happens(posting));
  await expect.poll(() => outbox.lost().size).toBe(3);
  expect(topics).toEqual([]);
  await one.mend();
  await one.mend();

  expect(ran).toEqual(['Storefront/Check', 'Storefront/Check']);
  expect(topics).toHaveLength(2);
  expect(outbox.counts().waiting).toBe(0);
  expect(one.mended('shop')).toBe(2);
});

it('counts what was mended over restarts, and nothing that was there for the first time', async () => {
  await upkeep().check();
  expect(upkeep().mended('shop')).toBe(0);
  topics = ['orders/create'];

  await upkeep().check();

  expect(upkeep().mended('shop')).toBe(1);
});

it('reads every storefront, one reading of each at a time, and says when one failed', async () => {
  const one = upkeep();
  one.readOn();
  one.readAll();
  expect(one.reading).toBe(true);
  await expect.poll(() => one.reading).toBe(false);
  one.readOn();
  expect(ran).toEqual(['Storefront/Poll-shop', 'Storefront/Poll-wholesale']);
  one.readAll();
  expect(ran).toHaveLength(4);

  const failing = upkeep({ cloud: { runSchedule: async () => Promise.reject(new Error('the storefront is closed')) } });
  failing.readOn();

  await expect.poll(() => failureOf(() => failing.reading)).toBe('the storefront is closed');
});

it('has the day of every warehouse closed, one closing after the other and none before its rest, and says when one failed', async () => {
  const due: Date[] = [];
  const runSchedule = async (name: string, at: Date) => {
    ran.push(name);
    due.push(at);
  };
  const one = upkeep({ cloud: { runSchedule } });
  one.collect();
  one.collect();
  expect(one.reading).toBe(true);
  await expect.poll(() => one.reading).toBe(false);
  one.collect();

  expect(ran).toEqual(client.warehouses.map(({ id }) => `HandOver/End-${id}-`));
  // A moment of a day on which the warehouse ships.
  expect(due.filter((at) => !(at.getTime() > Date.now() - 86_400_000))).toEqual([]);

  const failing = upkeep({ cloud: { runSchedule: async () => Promise.reject(new Error('the dock is closed')) } });
  failing.collect();

  await expect.poll(() => failureOf(() => failing.collect())).toBe('the dock is closed');
});

it('has carriers post what they see of parcels', async () => {
  await upkeep().subscribe();

  expect(ran).toEqual(['Tracking/Renew']);
});

function failureOf(act: () => unknown): string {
  try {
    act();
    return '';
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
