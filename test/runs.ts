const FACTOR = Number(process.env.CROSSDOCK_RUNS ?? 1);

/** How often a property is tried: so many times, multiplied by `CROSSDOCK_RUNS` where a machine has time for more. */
export function runs(usual: number): number {
  return Math.max(1, Math.round(usual * FACTOR));
}
