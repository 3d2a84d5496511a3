import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOT_TRACKED, rankOf, summarise, type TrackingEvent, TrackingStatus } from '../../core/tracking.ts';

function scan(status: TrackingStatus, hour: number, overrides: Partial<TrackingEvent> = {}): TrackingEvent {
  return { status, code: status, at: new Date(Date.UTC(2026, 10, 20, hour)).toISOString(), description: '', attention: false, ...overrides };
}

const anyEvent = fc.record({
  status: fc.constantFrom(...TrackingStatus.options),
  code: fc.constantFrom('a', 'b'),
  at: fc.integer({ min: 0, max: 8 }).map((hour) => new Date(Date.UTC(2026, 10, 20, hour)).toISOString()),
  description: fc.constant(''),
  attention: fc.boolean(),
});

describe('summarise', () => {
  test('says nothing of no events', () => {
    expect(summarise([])).toEqual(NOT_TRACKED);
  });

  test('follows a parcel to its door', () => {
    const life = [scan('pre_transit', 8), scan('in_transit', 9), scan('in_transit', 12), scan('out_for_delivery', 14), scan('delivered', 16)];

    expect(summarise(life)).toEqual({ status: 'delivered', at: life[4]?.at, firstScanAt: life[1]?.at, deliveredAt: life[4]?.at });
  });

  test('an announced parcel is not handed over yet', () => {
    expect(summarise([scan('pre_transit', 8)])).toEqual({ status: 'pre_transit', at: '2026-11-20T08:00:00.000Z' });
  });

  test('a delivery that failed goes out again', () => {
    expect(summarise([scan('delivery_exception', 9), scan('out_for_delivery', 10)])).toMatchObject({ status: 'out_for_delivery', delayedAt: '2026-11-20T09:00:00.000Z' });
  });

  test('a scan on the way does not take a delivered parcel back', () => {
    expect(summarise([scan('delivered', 9), scan('in_transit', 10)]).status).toBe('delivered');
  });

  test('a delivery after a return began is the end of the return, not a delivery to the customer', () => {
    const summary = summarise([scan('returned_to_sender', 9), scan('in_transit', 10), scan('delivered', 11)]);

    expect(summary).toMatchObject({ status: 'returned_to_sender', at: '2026-11-20T09:00:00.000Z' });
    expect(summary.deliveredAt).toBeUndefined();
  });

  test('a code nobody mapped does not cover what is known', () => {
    expect(summarise([scan('in_transit', 9), scan('unknown', 10)])).toMatchObject({ status: 'in_transit', at: '2026-11-20T09:00:00.000Z' });
  });

  test('a parcel that moves late stays in transit and is noted as delayed', () => {
    expect(summarise([scan('in_transit', 9, { attention: true })])).toMatchObject({ status: 'in_transit', delayedAt: '2026-11-20T09:00:00.000Z' });
  });

  test('comes to the same for every order and number of arrivals', () => {
    const arrivals = fc
      .array(anyEvent, { maxLength: 12 })
      .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2, maxLength: events.length * 2 })));

    fc.assert(fc.property(arrivals, ([events, arrived]) => void expect(summarise(arrived)).toEqual(summarise(events))));
  });

  test('never falls in rank when time brings more events', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 12 }), (events) => {
        const sorted = events.toSorted((a, b) => (a.at < b.at ? -1 : 1));
        for (let known = 1; known < sorted.length; known++) {
          const before = summarise(sorted.filter(({ at }) => at <= (sorted[known - 1]?.at ?? '')));
          expect(rankOf(summarise(sorted).status)).toBeGreaterThanOrEqual(rankOf(before.status));
        }
      }),
    );
  });
});
