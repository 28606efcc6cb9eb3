/** One number of the product beside what it should be and what others need. */
export interface Row {
  readonly what: string;
  /** With its unit, e.g. `9.8 / 18.2 ms`. */
  readonly measured: string;
  readonly target: string;
  /** What others need on such a machine (2 cores, loopback, PCMU), as far as it was measured. */
  readonly peers: string;
  /** Absent for a number that has no target: it explains another one. */
  readonly ok?: boolean;
  /** How it was measured, or why it was missed. */
  readonly note?: string;
}

export interface Effort {
  /** Fewer samples: the table in less than a minute. */
  readonly quick: boolean;
  /** Tells what is going on. */
  readonly progress: (what: string) => void;
}

export type Bench = (effort: Effort) => Promise<readonly Row[]>;
