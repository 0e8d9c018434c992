/** Characters of a line: a checkpoint has at most 4,096, and what lists it, some hundred around it. */
export const MOST_SHIPPED_LINE = 64 * 1024;

/**
 * Checkpoints out of lines that were kept elsewhere: compact JWS, or JSON objects with a member `jws`, as the sinks and
 * the API have them. A line that its successor begins with was cut short by a crash, and written again.
 */
export async function* shippedCheckpoints(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let before: string | undefined;
  for await (const line of lines) {
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
