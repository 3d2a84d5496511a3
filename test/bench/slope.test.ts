import { describe, expect, it } from 'vitest';
import { type Sample, slopeOf, surelyAtLeast } from '../../bench/endurance/slope.ts';
import { seeded } from '../../local/simulators/seed.ts';

/** A sample every five seconds. */
function samplesOf(count: number, megabytesAt: (seconds: number) => number): Sample[] {
  return Array.from({ length: count }, (_, index) => ({ seconds: index * 5, megabytes: megabytesAt(index * 5) }));
}

describe('the slope of memory', () => {
  it('is exact for a line, without an error', () => {
    const slope = slopeOf(
      samplesOf(61, (seconds) => 80 + seconds / 60),
      0,
    );

    expect(slope?.perHour).toBeCloseTo(60, 9);
    expect(slope?.standardError).toBeCloseTo(0, 6);
    expect(slope?.samples).toBe(61);
  });

  it('leaves out the warm-up, in which memory grows anyhow', () => {
    const slope = slopeOf(
      samplesOf(61, (seconds) => Math.min(seconds, 60)),
      60,
    );

    expect(slope).toEqual({ perHour: 0, standardError: 0, samples: 49 });
  });

  it('has the error of the textbook', () => {
    // By hand: slope 0.5 MB/s; residuals -0.5, 1, -0.5; sum of squares 1.5, over (3 - 2), over a spread of 2.
    const slope = slopeOf(
      [
        { seconds: 0, megabytes: 1 },
        { seconds: 1, megabytes: 3 },
        { seconds: 2, megabytes: 2 },
      ],
      0,
    );

    expect(slope?.perHour).toBeCloseTo(0.5 * 3_600, 9);
    expect(slope?.standardError).toBeCloseTo(Math.sqrt(1.5 / 2) * 3_600, 9);
  });

  it('tells noise from a leak', () => {
    const random = seeded('slope');
    const noise = () => random.int(-40, 40) / 10;
    const flat = slopeOf(
      samplesOf(60, () => 100 + noise()),
      0,
    );
    const leaking = slopeOf(
      samplesOf(60, (seconds) => 100 + seconds / 12 + noise()),
      0,
    );

    expect(flat && surelyAtLeast(flat)).toBeLessThan(60);
    expect(leaking && surelyAtLeast(leaking)).toBeGreaterThan(200);
  });

  it.each([
    ['two samples', samplesOf(2, () => 1)],
    ['samples that are all of the warm-up', samplesOf(12, () => 1)],
    ['samples of one moment', samplesOf(5, () => 1).map((sample) => ({ ...sample, seconds: 100 }))],
  ])('is not told from %s', (_, samples) => {
    expect(slopeOf(samples, 60)).toBeUndefined();
  });
});
