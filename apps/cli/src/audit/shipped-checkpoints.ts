import { isCutShort, isRecordLine, MOST_LINE } from '@aegis/checkpoints';

/** Characters of a line: a checkpoint has at most 4,096; a record that is shipped with it, more. */
export const MOST_SHIPPED_LINE = MOST_LINE;

/**
 * Reads checkpoints from lines that were kept elsewhere: compact JWS, or JSON objects with a member `jws`, as the
 * sinks and the API have them. It skips the records between them. If a line is the beginning of a later one, a crash
 * or a full disk cut it short and it was written again; this can happen several times in a row.
 */
export async function* shippedCheckpoints(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let waiting: string[] = [];
  for await (const line of lines) {
    if (isRecordLine(line)) continue;
    const left = waiting.filter((before) => !isCutShort(before, line));
    if (left.length > 0 && left.every((before) => isCutShort(line, before))) {
      waiting = [...left, line];
      continue;
    }
    for (const before of left) yield checkpointOf(before);
    waiting = line === '' ? [] : [line];
  }
  for (const line of waiting) yield checkpointOf(line);
}

function checkpointOf(line: string): string {
  try {
    const { jws } = JSON.parse(line) as { jws?: unknown };
    return typeof jws === 'string' ? jws : line;
  } catch {
    return line;
  }
}
