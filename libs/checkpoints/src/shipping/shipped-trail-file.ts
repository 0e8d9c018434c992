import { type CheckpointClaims, checkpointHash, parseCheckpoint } from '../checkpoint';
import { MOST_LEAVES } from '../tree/leaf';
import { isCutShort, linesOf, type ShippedLine } from './shipped-lines';
import type { ShippedRecord } from './shipped-record';
import { isRecordLine, parseShippedRecord } from './shipped-records';

/** Characters of records that wait for their checkpoint, at most. */
const MOST_WAITING = 256 * 1024 * 1024;
/** Lines that a crash may have cut, which are looked for behind them, at once at most. */
const MOST_CUT = 16;

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

/** What a file of a shipped trail has, part by part. */
export type ShippedPart =
  | { kind: 'group'; group: ShippedGroup }
  /** Records that belong to no checkpoint: those of a crash, and those whose checkpoint is damaged or was removed. */
  | { kind: 'left_over'; records: ShippedRecord[] }
  /** A line that is neither, counted from where reading began, from 1. */
  | { kind: 'unreadable'; line: number };

/**
 * Reads what was shipped, as the sinks keep it: lines of records before their checkpoint (compact JWS), or JSON
 * objects with `jws` and `records`, alone or in an array `checkpoints`. It skips a line that a crash cut short if the
 * line was written again after it. The content of a line never makes it throw.
 * @param chunks bytes, from the beginning of a line on
 * @param start position of the first byte in the file
 */
export async function* readShipped(chunks: AsyncIterable<Buffer>, start = 0): AsyncGenerator<ShippedPart> {
  let waiting: WaitingLine[] = [];
  let characters = 0;
  const cut = new CutLines();
  for await (const line of linesOf(chunks, start)) {
    cut.compare(line.text);
    if (isRecordLine(line.text)) {
      const record = parseShippedRecord(line.text);
      if (record === undefined) yield* cut.add(line);
      waiting.push({ record, offset: line.offset });
      characters += line.text.length;
      if (waiting.length < 2 * MOST_LEAVES && characters <= MOST_WAITING) continue;
      // Longer than the records of any checkpoint: they belong to none.
      const kept = characters > MOST_WAITING ? [] : waiting.slice(-MOST_LEAVES);
      yield* leftOver(waiting.slice(0, waiting.length - kept.length));
      waiting = kept;
      if (kept.length === 0) characters = 0;
      continue;
    }
    const groups = line.isTooLong ? [] : groupsOf(line, waiting);
    if (groups.length === 0) yield* cut.add(line);
    for (const { group, passedOver } of groups) {
      yield* leftOver(passedOver);
      yield { kind: 'group', group };
      waiting = [];
      characters = 0;
    }
  }
  yield* leftOver(waiting);
  yield* cut.rest();
}

/** A line that is a record, or should be one. */
interface WaitingLine {
  record: ShippedRecord | undefined;
  offset: number;
}

/** @param lines that belong to no checkpoint */
function* leftOver(lines: readonly WaitingLine[]): Generator<ShippedPart> {
  const records = lines.map(({ record }) => record).filter((record) => record !== undefined);
  if (records.length > 0) yield { kind: 'left_over', records };
}

/** Lines that are not whole, until one comes that begins with them: a crash cut those, and all of it was written again. */
class CutLines {
  private waiting: ShippedLine[] = [];

  compare(text: string): void {
    if (this.waiting.length > 0) this.waiting = this.waiting.filter((line) => !isCutShort(line.text, text));
  }

  *add(line: ShippedLine): Generator<ShippedPart> {
    if (line.isTooLong) yield { kind: 'unreadable', line: line.number };
    else this.waiting.push(line);
    if (this.waiting.length > MOST_CUT) yield* unreadable(this.waiting.splice(0, 1));
  }

  *rest(): Generator<ShippedPart> {
    yield* unreadable(this.waiting.splice(0));
  }
}

function* unreadable(lines: readonly ShippedLine[]): Generator<ShippedPart> {
  for (const { number } of lines) yield { kind: 'unreadable', line: number };
}

/** @returns the checkpoints of a line, and the lines before it that are not among their records; none where it has none */
function groupsOf(
  line: ShippedLine,
  waiting: readonly WaitingLine[],
): { group: ShippedGroup; passedOver: readonly WaitingLine[] }[] {
  let before = waiting;
  return checkpointsOf(line.text).flatMap(({ jws, records }) => {
    const parsed = parseCheckpoint(jws);
    if (parsed === undefined) return [];
    const { claims } = parsed;
    const own = records === undefined && claims.size > 0 ? before.slice(-claims.size) : [];
    const passedOver = before.slice(0, before.length - own.length);
    before = [];
    const group = {
      jws,
      hash: checkpointHash(jws),
      claims,
      records: records?.map(parseShippedRecord) ?? own.map(({ record }) => record),
      offset: records === undefined ? (own[0]?.offset ?? line.offset) : line.offset,
    };
    return [{ group, passedOver }];
  });
}

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
