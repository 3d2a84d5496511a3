/** Something that went wrong and was not borne: all that is needed to have it again. */
export interface Failure {
  /** What to give to `--replay`. */
  readonly replay: string;
  readonly where: string;
  readonly faults: readonly string[];
}

/** What a part of the proof comes to. */
export interface Tally {
  runs: number;
  /** Runs that ended with a person, where that is what has to happen. */
  withAPerson: number;
  readonly failures: Failure[];
}

/** Nothing yet. */
export function emptyTally(): Tally {
  return { runs: 0, withAPerson: 0, failures: [] };
}
