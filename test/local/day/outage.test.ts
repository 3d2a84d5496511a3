import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Diary } from '../../../local/day/diary.ts';
import { Outage } from '../../../local/day/outage.ts';
import type { PlayedCarrier } from '../../../local/simulators/carrier.ts';

let folder: string;
let diary: Diary;
let told: boolean[];
/** Labels that the carrier which breaks down has sold, and those of another one. */
let sold: { ups: number; easypost: number };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossdock-outage-'));
  diary = new Diary(join(folder, 'diary.sqlite'));
  told = [];
  sold = { ups: 0, easypost: 0 };
});
afterEach(() => {
  diary.close();
  rmSync(folder, { recursive: true });
});

const PRINTED = { name: 'Erika Muster', line1: 'Beispielweg 4', line2: '', city: 'Leipzig', postalCode: '04109', country: 'DE' };
const CHARGE = { carrierRef: 'shp', reference: 'R', recipient: PRINTED.name, cost: 500, currency: 'EUR', printed: PRINTED };

function carrier(connectionId: keyof typeof sold): PlayedCarrier {
  return {
    connectionId,
    settings: {},
    address: () => undefined,
    expect: () => {},
    handOver: () => {},
    charges: () => Array.from({ length: sold[connectionId] }, (_, index) => ({ ...CHARGE, trackingNumber: String(index) })),
    voids: () => [],
    repeats: () => 0,
    manifested: () => [],
    complaints: () => [],
    breakDown: (isDown) => told.push(isDown),
    close: async () => {},
  };
}

function outage(): Outage {
  return new Outage({
    vendors: {
      carriers: new Map([
        ['ups', carrier('ups')],
        ['easypost', carrier('easypost')],
      ]),
    },
    diary,
    carrierId: 'ups',
    labels: 100,
  });
}

/** What the carrier is told while others sell, one look after the other. */
function downAfter(one: Outage, ...sales: number[]): (boolean | undefined)[] {
  return sales.map((easypost) => {
    sold = { ...sold, easypost };
    one.watch();
    return told.at(-1);
  });
}

it('begins after a quarter of the labels and lasts while others sell a third and more, once', () => {
  sold.ups = 10;
  const one = outage();

  expect(downAfter(one, 0, 14, 15, 40, 49, 50, 90)).toEqual([false, false, true, true, true, false, false]);
  expect(told).toEqual([false, true, false]);
  expect([one.begin, one.end].map((at) => at !== undefined && at <= new Date().toISOString())).toEqual([true, true]);
});

it('lasts while others sell, however many were sold when it was first looked, and ends before the labels do', () => {
  expect(downAfter(outage(), 70, 70, 89, 90)).toEqual([true, true, true, false]);
});

it('lasts for one label of another carrier at least', () => {
  expect(downAfter(outage(), 99, 99, 100)).toEqual([true, true, false]);
});

it('is not ended by what the carrier itself had sold before', () => {
  const one = outage();
  downAfter(one, 25);
  sold.ups = 60;

  expect(downAfter(one, 59, 60)).toEqual([true, false]);
});

it('goes on after a restart where it was', () => {
  downAfter(outage(), 30);

  const again = outage();
  expect(told.at(-1)).toBe(true);
  expect(downAfter(again, 64, 65)).toEqual([true, false]);
  const { end } = again;
  again.over();
  downAfter(outage(), 90);

  expect(told.at(-1)).toBe(false);
  expect(again.end).toBe(end);
});

it('is looked for while nobody asks', async () => {
  const one = outage();
  sold.easypost = 30;

  one.start();
  await expect.poll(() => told.at(-1)).toBe(true);
  one.stop();
});
