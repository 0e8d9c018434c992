/** How bad a finding is: `problem` needs action now, `warning` soon; `unknown`: this could not be looked at. */
export type Severity = 'problem' | 'warning' | 'unknown';

/** Something that is not as it should be. */
export interface Diagnosis {
  severity: Severity;
  /** What is wrong, in one sentence. */
  message: string;
  /** What to do about it, in one sentence. */
  remedy: string;
  /** Ids of some of the rows, where rows are to blame. */
  examples?: readonly string[];
}

/** One thing that is looked at; it changes nothing. */
export interface Examination {
  /** In the answer, the same in every version. */
  name: string;
  /** @returns nothing if everything is in order */
  look: () => Promise<readonly Diagnosis[]>;
}
