import { LineRefused } from './license-import-refusal';
import type { ProvenLine } from './line-outcome';

const BATCH_LINES = 200;

/** A line as far as it was checked without the database. */
export interface CheckedLine {
  number: number;
  checked: ProvenLine | LineRefused;
}

/** A license occurs once in a batch, so that its second line finds what the first has written. */
export async function* batchesOf(lines: AsyncIterable<CheckedLine>): AsyncGenerator<CheckedLine[]> {
  let batch: CheckedLine[] = [];
  let licenses = new Set<string>();
  for await (const line of lines) {
    const id = line.checked instanceof LineRefused ? undefined : line.checked.claims.jti;
    if (batch.length === BATCH_LINES || (id !== undefined && licenses.has(id))) {
      yield batch;
      batch = [];
      licenses = new Set();
    }
    batch.push(line);
    if (id !== undefined) licenses.add(id);
  }
  if (batch.length > 0) yield batch;
}
