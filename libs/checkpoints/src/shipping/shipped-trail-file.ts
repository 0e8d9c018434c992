import { type CheckpointClaims, checkpointHash, parseCheckpoint } from '../checkpoint';
import { MOST_LEAVES } from '../tree/leaf';
import { isRecordLine, parseShippedRecord, type ShippedRecord } from './shipped-records';

/** Bytes of one line, at most: an object with a checkpoint and all of its records. */
const MOST_LINE_BYTES = 256 * 1024 * 1024;

/** A checkpoint as it was shipped, with its records. Nothing of it is verified yet. */
export interface ShippedGroup {
  jws: string;
  /** SHA-256 of `jws`, as the next checkpoint names this one. */
  hash: string;
  claims: CheckpointClaims;
  /** In the order of the tree; undefined where a line is not a record. */
  records: (ShippedRecord | undefined)[];
  /** Byte of the file where it begins: reading from there on gives it first. */
  offset: number;
}

interface Line {
  text: string;
  offset: number;
}

/**
 * Reads what was shipped, as the sinks keep it: lines of records before their checkpoint (compact JWS), or JSON objects
 * with `jws` and `records`, alone or in an array `checkpoints`. What a crash cut short is passed over.
 * @param chunks bytes, from the beginning of a line on
 * @param start byte of the file that they begin with
 * @param onLeftOver called with the records that belong to no checkpoint: those of a crash, and those whose checkpoint is
 * damaged or was removed
 * @throws Error when a line is too long
 */
export async function* readShippedGroups(
  chunks: AsyncIterable<Buffer>,
  start = 0,
  onLeftOver: (records: ShippedRecord[]) => void = () => undefined,
): AsyncGenerator<ShippedGroup> {
  let waiting: Line[] = [];
  const leave = (lines: readonly Line[]): void => {
    const records = lines
      .map(({ text }) => parseShippedRecord(text))
      .filter((record) => record !== undefined);
    if (records.length > 0) onLeftOver(records);
  };
  for await (const line of linesOf(chunks, start)) {
    if (isRecordLine(line.text)) {
      waiting.push(line);
      if (waiting.length >= 2 * MOST_LEAVES) {
        leave(waiting.slice(0, -MOST_LEAVES));
        waiting = waiting.slice(-MOST_LEAVES);
      }
      continue;
    }
    for (const { jws, records } of checkpointsOf(line.text)) {
      const parsed = parseCheckpoint(jws);
      if (parsed === undefined) continue;
      const { claims } = parsed;
      const own = records === undefined ? waiting.slice(-claims.size) : [];
      leave(waiting.slice(0, waiting.length - own.length));
      yield {
        jws,
        hash: checkpointHash(jws),
        claims,
        records: (records ?? own.map(({ text }) => text)).map(parseShippedRecord),
        offset: records === undefined ? (own[0]?.offset ?? line.offset) : line.offset,
      };
      waiting = [];
    }
  }
  leave(waiting);
}

/** @returns the checkpoints of a line; none where it has none */
function checkpointsOf(text: string): { jws: string; records?: string[] }[] {
  if (!text.startsWith('{')) return text === '' ? [] : [{ jws: text }];
  try {
    const value = JSON.parse(text) as { checkpoints?: unknown };
    return (Array.isArray(value.checkpoints) ? value.checkpoints : [value]).flatMap(checkpointIn);
  } catch {
    return [];
  }
}

function checkpointIn(value: unknown): { jws: string; records?: string[] }[] {
  const { jws, records } = (value ?? {}) as { jws?: unknown; records?: unknown };
  if (typeof jws !== 'string') return [];
  return [{ jws, records: Array.isArray(records) ? records.map(String) : [] }];
}

async function* linesOf(chunks: AsyncIterable<Buffer>, start: number): AsyncGenerator<Line> {
  let offset = start;
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      const bytes = Buffer.concat([...pieces, chunk.subarray(from, end)]);
      yield { text: bytes.toString('utf8').trimEnd(), offset };
      offset += bytes.length + 1;
      pieces = [];
      length = 0;
      from = end + 1;
    }
    pieces.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > MOST_LINE_BYTES) throw new Error(`a line has more than ${MOST_LINE_BYTES} bytes`);
  }
  const rest = Buffer.concat(pieces);
  if (rest.length > 0) yield { text: rest.toString('utf8').trimEnd(), offset };
}
