import type { EntityManager } from 'typeorm';
import type { CheckedLine } from './checked-lines';
import type { ImportSource } from './import-counts';
import type { Adaptation } from './import-texts';
import { LineRefused, type Refusal } from './license-import-refusal';
import type { LineOutcome } from './line-outcome';

/** Lines that were imported, revoked here, completed what is here, were left alone, and were refused. */
export interface ImportReport {
  imported: number;
  /** Licenses on record that a line says are revoked. */
  revoked: number;
  /** Licenses on record, after a restore, without the text of their token: they have it now. */
  completed: number;
  /** Licenses on record already; what the line says of them changes nothing. */
  unchanged: number;
  refused: number;
}

/** What was taken differently from a line. */
export interface AdaptedLine extends Adaptation {
  /** From 1. */
  line: number;
}

export interface ImportOptions {
  /** All lines or none; otherwise the correct lines, in transactions of some hundred lines. */
  atomic: boolean;
  /** Called with each refusal, in the order of the lines. */
  onRefusal: (refusal: Refusal) => void;
  /** Called, in the order of the lines, with what was imported differently from the source. */
  onAdaptation?: (adapted: AdaptedLine) => void;
  /** Called now and then with the number of the last line that was processed. */
  onProgress?: (line: number) => void;
}

/** What else is asked of an import whose lines were checked elsewhere. */
export interface TakeOptions extends ImportOptions {
  /** Whose counts what is changed is added to; the caller ends the import with them. */
  source: ImportSource;
  /** Does all but keep it. */
  dryRun?: boolean;
  /**
   * Called in its transaction with the results of a batch.
   * @returns what to do once it is durable, or undone by a dry run
   */
  inspect?: (
    tx: EntityManager,
    batch: readonly CheckedLine[],
    outcomes: readonly LineOutcome[],
  ) => Promise<() => void>;
}

/** Counts the results of a batch and reports its refusals. */
export function settle(
  batch: readonly CheckedLine[],
  outcomes: readonly LineOutcome[],
  report: ImportReport,
  { onRefusal, onAdaptation, onProgress }: ImportOptions,
): void {
  batch.forEach(({ number: line, checked }, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined) throw new Error('each line must have an outcome');
    if (outcome instanceof LineRefused) {
      report.refused += 1;
      onRefusal({ line, code: outcome.code, message: outcome.message });
      return;
    }
    report[outcome] += 1;
    // What else the line says of a license on record is not taken.
    if (checked instanceof LineRefused || outcome === 'unchanged' || outcome === 'completed') return;
    for (const adaptation of checked.adaptations) onAdaptation?.({ line, ...adaptation });
  });
  const last = batch.at(-1);
  if (last) onProgress?.(last.number);
}
