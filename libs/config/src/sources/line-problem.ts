/** A line of a settings file that is not understood. Holds its number and the rule, never the text of the line. */
export interface LineProblem {
  /** Counted from 1. */
  readonly line: number;
  /** What the line must be, in words. */
  readonly rule: string;
}
