import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOT_TRACKED, rankOf, summarise, type TrackingEvent, TrackingStatus, type TrackingSummary } from '../../core/tracking.ts';

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

// What is told of a parcel at the end must hold at every moment of it: a status that was reached is never left for a lower one.
const subsets = fc.array(anyEvent, { maxLength: 12 }).chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events)));

describe('summarise', () => {
  test('says nothing of no events', () => {
    expect(summarise([])).toEqual(NOT_TRACKED);
  });

  test('follows a parcel to its door', () => {
    const life = [scan('pre_transit', 8), scan('in_transit', 9), scan('in_transit', 12), scan('out_for_delivery', 14), scan('delivered', 16)];

    expect(summarise(life)).toStrictEqual({ status: 'delivered', at: life[4]?.at, firstScanAt: life[1]?.at, lastScanAt: life[4]?.at, deliveredAt: life[4]?.at });
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

    expect(summary).toMatchObject({ status: 'returned_to_sender', phase: 'completed', at: '2026-11-20T09:00:00.000Z' });
    expect(summary.deliveredAt).toBeUndefined();
  });

  test.each<[string, TrackingEvent[], TrackingSummary['status'], TrackingSummary['phase']]>([
    ['a return that is only announced has begun', [scan('returned_to_sender', 9, { phase: 'initiated' })], 'returned_to_sender', 'initiated'],
    ['a return without a phase is under way', [scan('returned_to_sender', 9)], 'returned_to_sender', 'in_transit'],
    ['a return ends where its carrier says so', [scan('returned_to_sender', 9), scan('returned_to_sender', 11, { phase: 'completed' })], 'returned_to_sender', 'completed'],
    ['no phase comes back', [scan('returned_to_sender', 9, { phase: 'completed' }), scan('returned_to_sender', 11)], 'returned_to_sender', 'completed'],
    ['what was delivered and goes back all the same is a return', [scan('delivered', 9), scan('returned_to_sender', 11)], 'returned_to_sender', 'in_transit'],
    ['nothing else takes a delivery back', [scan('delivered', 9), scan('delivery_exception', 10), scan('lost', 11), scan('cancelled', 12)], 'delivered', undefined],
    ['an exception ends with the next scan', [scan('out_for_delivery', 9), scan('delivery_exception', 10), scan('in_transit', 11)], 'in_transit', undefined],
    ['an exception follows a try to deliver', [scan('out_for_delivery', 9), scan('delivery_exception', 10)], 'delivery_exception', undefined],
    ['a scan on the way takes no try to deliver back', [scan('out_for_delivery', 9), scan('in_transit', 10)], 'out_for_delivery', undefined],
    ['a scan on the way takes nothing out of a parcel shop', [scan('available_for_pickup', 9), scan('in_transit', 10)], 'available_for_pickup', undefined],
    ['what was lost and arrives has arrived', [scan('lost', 9), scan('in_transit', 10), scan('delivered', 11)], 'delivered', undefined],
    ['what was lost is so until it arrives', [scan('lost', 9), scan('in_transit', 10)], 'lost', undefined],
    ['what was cancelled and is scanned moves', [scan('cancelled', 9), scan('in_transit', 10)], 'in_transit', undefined],
    ['no scan moves an announced return on', [scan('returned_to_sender', 9, { phase: 'initiated' }), scan('in_transit', 10)], 'returned_to_sender', 'initiated'],
    ['a note is no news', [scan('note', 9)], 'unknown', undefined],
    ['a note changes nothing', [scan('out_for_delivery', 9), scan('note', 10)], 'out_for_delivery', undefined],
  ])('%s', (_what, events, status, phase) => {
    const summary = summarise(events);

    expect([summary.status, summary.phase]).toEqual([status, phase]);
  });

  test('takes for a scan only what says that the carrier has the parcel', () => {
    const silent = (['unknown', 'note', 'pre_transit', 'cancelled'] as const).map((status, index) => scan(status, 10 + index));

    expect(summarise(silent).firstScanAt).toBeUndefined();
    expect(summarise([scan('in_transit', 8), scan('delivery_exception', 9), ...silent])).toMatchObject({
      firstScanAt: '2026-11-20T08:00:00.000Z',
      lastScanAt: '2026-11-20T09:00:00.000Z',
    });
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

  test('never falls in rank when more is told, be it later or of earlier', () => {
    fc.assert(fc.property(subsets, ([events, some]) => void expect(rankOf(summarise(events).status)).toBeGreaterThanOrEqual(rankOf(summarise(some).status))));
  });

  test('knows of a first scan that is never later, and of a last one that is never earlier, when more is told', () => {
    fc.assert(
      fc.property(subsets, ([events, some]) => {
        const [before, after] = [summarise(some), summarise(events)];
        if (before.firstScanAt === undefined || before.lastScanAt === undefined) return;

        expect((after.firstScanAt ?? '') <= before.firstScanAt).toBe(true);
        expect((after.lastScanAt ?? '') >= before.lastScanAt).toBe(true);
      }),
    );
  });

  test('is returned if and only if a return began, delivered only if none did, and each phase only with a return', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 12 }), (events) => {
        const has = (status: TrackingStatus) => events.some((event) => event.status === status);
        const { status, phase } = summarise(events);

        expect(status === 'returned_to_sender').toBe(has('returned_to_sender'));
        expect(status === 'delivered').toBe(has('delivered') && !has('returned_to_sender'));
        expect(phase !== undefined).toBe(has('returned_to_sender'));
      }),
    );
  });
});
