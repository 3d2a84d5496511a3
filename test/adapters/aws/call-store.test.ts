import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { takeTurn } from '../../../adapters/aws/call-store.ts';
import type { Table } from '../../../adapters/aws/table.ts';
import { joinLine } from '../../core/line.ts';
import { useEmulator } from '../../emulator.ts';
import { runs } from '../../runs.ts';

const emulator = useEmulator();
const AT = Date.parse('2026-11-20T09:00:00.000Z');
const LONGEST_MS = 5_000;
let table: Table;

beforeEach(async () => {
  table = await emulator.freshTable();
});

const turn = (perMinute: number, at = AT, connectionId = 'ups') => takeTurn(table, connectionId, perMinute, LONGEST_MS, () => new Date(at));

/** How often the database is asked meanwhile. */
async function callsDuring(work: () => Promise<unknown>): Promise<number> {
  let calls = 0;
  table.client.middlewareStack.add(
    (next) => (args) => {
      calls += 1;
      return next(args);
    },
    { step: 'initialize', name: 'counted', override: true },
  );
  await work();
  table.client.middlewareStack.remove('counted');
  return calls;
}

describe('a turn to call a carrier', () => {
  test('comes when it would if everybody stood in one line, however long the pauses', async () => {
    let connections = 0;
    const gaps = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(gaps, fc.integer({ min: 1, max: 200 }), async (pauses, perMinute) => {
        const connectionId = `ups-${connections++}`;
        let [now, end] = [AT, 0];
        for (const pause of pauses) {
          now += pause;
          const place = joinLine(end, perMinute, now);
          expect(await turn(perMinute, now, connectionId)).toBe(place.waitMs);
          // Whoever would wait too long takes no place.
          if (place.waitMs <= LONGEST_MS) end = place.end;
        }
      }),
      { numRuns: runs(20) },
    );
  });

  test("is nobody else's when forty come at once", async () => {
    const waits = await Promise.all(Array.from({ length: 40 }, () => turn(1_200)));

    const interval = 60_000 / 1_196;
    const expected = Array.from({ length: 40 }, (_, place) => Math.max(0, Math.round((place - 4) * interval)));
    const apart = waits.toSorted((a, b) => a - b).map((wait, place) => Math.abs(wait - (expected[place] ?? 0)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(1);
  });

  test('costs one call of the database while others wait, and two when nobody does', async () => {
    expect(await callsDuring(() => turn(60))).toBe(2);
    expect(await callsDuring(() => turn(60))).toBe(1);
    expect(await callsDuring(() => turn(60, AT + 3_600_000))).toBe(2);
  });

  test('that is too far off is not taken, and says how far it is', async () => {
    const waits: number[] = [];
    for (let place = 0; place < 14; place++) waits.push(await turn(64));

    expect(waits).toEqual([0, 0, 0, 0, 0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 6_000, 6_000, 6_000]);
  });
});
