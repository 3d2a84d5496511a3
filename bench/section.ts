/** One measured value, with its aim where there is one. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The value is to be this or less. */
  readonly atMost?: number;
  /** The value is to be this or more. */
  readonly atLeast?: number;
}

/** Details that have more than one dimension. */
export interface Breakdown {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What a section found. */
export interface Findings {
  readonly rows: readonly Row[];
  readonly breakdowns?: readonly Breakdown[];
  /** What a reader must know to judge the values. */
  readonly notes?: readonly string[];
  /** What must never be, whatever the values: the section has failed, and its values are shown all the same. */
  readonly faults?: readonly string[];
}

/** What a section works with. */
export interface Bench {
  /** Orders asked for on the command line; each section has its own default. */
  readonly orders: number | undefined;
  /** Minutes asked for on the command line, of a section that lasts. */
  readonly minutes: number | undefined;
  /** A folder of this run; emptied afterwards. */
  readonly scratch: string;
  /** Tells somebody who waits what is going on. */
  readonly say: (line: string) => void;
  /** Bundles and synthesizes, once in a run. */
  readonly prepare: () => Promise<void>;
}

/** One thing that is measured. @throws when it could not be measured, or what was measured did not work as it should */
export type Section = (bench: Bench) => Promise<Findings>;

/** How a value stands to its aim; nothing where there is no aim. */
export type Verdict = 'ok' | 'above aim' | 'below aim' | '';

/** Judges a value by its aim. */
export function verdictOf({ value, atMost, atLeast }: Row): Verdict {
  if (atMost !== undefined && !(value <= atMost)) return 'above aim';
  if (atLeast !== undefined && !(value >= atLeast)) return 'below aim';
  return atMost === undefined && atLeast === undefined ? '' : 'ok';
}
