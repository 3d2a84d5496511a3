/** Resident memory of a process at a moment. */
export interface Sample {
  /** Seconds since the process was first seen. */
  readonly seconds: number;
  readonly megabytes: number;
}

/** A line through samples by least squares. */
export interface Slope {
  /** Megabytes an hour. */
  readonly perHour: number;
  /** Of `perHour`, as if the residuals were independent of each other. */
  readonly standardError: number;
  readonly samples: number;
}

const HOUR_SECONDS = 3_600;
/** A line has two parameters; with no more samples than that nothing is left to tell how far they scatter. */
const LEAST_SAMPLES = 3;

/**
 * Fits a line to the samples after the warm-up. https://en.wikipedia.org/wiki/Simple_linear_regression#Standard_errors
 * @returns undefined for fewer than three samples, or where all are of one moment
 */
export function slopeOf(samples: readonly Sample[], warmUpSeconds: number): Slope | undefined {
  const warm = samples.filter(({ seconds }) => seconds >= warmUpSeconds);
  const meanX = mean(warm.map(({ seconds }) => seconds));
  const meanY = mean(warm.map(({ megabytes }) => megabytes));
  const spread = sum(warm.map(({ seconds }) => (seconds - meanX) ** 2));
  if (warm.length < LEAST_SAMPLES || spread === 0) return undefined;
  const slope = sum(warm.map(({ seconds, megabytes }) => (seconds - meanX) * (megabytes - meanY))) / spread;
  const residuals = sum(warm.map(({ seconds, megabytes }) => (megabytes - meanY - slope * (seconds - meanX)) ** 2));
  const standardError = Math.sqrt(residuals / (warm.length - 2) / spread);
  return { perHour: slope * HOUR_SECONDS, standardError: standardError * HOUR_SECONDS, samples: warm.length };
}

/** What can be said of growth with the noise that there is: the slope is at least this, MB an hour. */
export function surelyAtLeast({ perHour, standardError }: Slope): number {
  return perHour - 2 * standardError;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}
