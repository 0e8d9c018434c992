import { createReadStream } from 'node:fs';
import { UsageProblem } from './usage-problem';

/** A JWK set of as many keys as a database may have has some 3 MB. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Reads a file of a few keys as UTF-8 text.
 * @throws UsageProblem when it has more than 16 MiB (it is not read beyond that); otherwise what the file system throws
 */
export async function readTextFile(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // `end` is the last byte that is read: one more than may be there.
  for await (const chunk of createReadStream(path, { end: MOST_BYTES }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
  }
  if (length > MOST_BYTES) throw new UsageProblem(`${path} has more than ${MOST_BYTES} bytes.`);
  return Buffer.concat(chunks).toString('utf8');
}
