import { isRecordLine, MOST_LINE } from '@aegis/checkpoints';

/** Characters of a line: a checkpoint has at most 4,096; a record that is shipped with it, more. */
export const MOST_SHIPPED_LINE = MOST_LINE;

/**
 * Checkpoints out of lines that were kept elsewhere: compact JWS, or JSON objects with a member `jws`, as the sinks and
 * the API have them; the records between them are passed over. A line that its successor begins with was cut short by a crash, and written again.
 */
export async function* shippedCheckpoints(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let before: string | undefined;
  for await (const line of lines) {
    if (isRecordLine(line)) continue;
    if (before !== undefined && !(line !== before && line.startsWith(before))) yield checkpointOf(before);
    before = line === '' ? undefined : line;
  }
  if (before !== undefined) yield checkpointOf(before);
}

function checkpointOf(line: string): string {
  try {
    const { jws } = JSON.parse(line) as { jws?: unknown };
    return typeof jws === 'string' ? jws : line;
  } catch {
    return line;
  }
}
