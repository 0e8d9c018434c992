import { resolveOwnLinks } from '@aegis/secret-files';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { checkpointHash, MAX_CHECKPOINT_LENGTH, readCheckpoint } from '../checkpoint';
import type {
  AcknowledgedCheckpoint,
  CheckpointSink,
  ShippedCheckpoint,
  WhichIsInTrail,
} from './checkpoint-sink';
import { linesFromEnd } from './lines-from-end';
import { linesOf } from './shipped-lines';
import { hasText, type SealedRecord } from './shipped-record';
import { isRecordLine, parseShippedRecord } from './shipped-records';

/** How far back a checkpoint is looked for, at most: a crash can have left the records of several behind the last one. */
const MOST_TAIL_BYTES = 256 * 1024 * 1024;
/** Checkpoints that the trail is asked for at once. */
const ASKED_AT_ONCE = 1000;
/** Bytes of a record's line at most. */
const MOST_RECORD_BYTES = 32 * 1024 * 1024;
/** What every checkpoint begins with: `{` and `"` in base64url. */
const BEGIN = Buffer.from('ey');
const CHUNK_BYTES = 1024 * 1024;

/** A checkpoint in the file, and the first byte after its line. */
interface Found {
  checkpoint: AcknowledgedCheckpoint;
  end: number;
}

/** Where the file ends, and what a file that is still the same has there. */
interface KnownEnd {
  file: string;
  last: Found | undefined;
}

/**
 * A file of lines that is only appended to: the records of a checkpoint, one per line, then the checkpoint as compact
 * JWS. Each process has its own file, on its own disk; everything in the file is acknowledged. A line that a crash
 * cut short stays, and its checkpoint is written again after it, with all its records. The file is read in blocks,
 * and only when it has changed.
 */
export class FileSink implements CheckpointSink {
  /** The file shows bytes after this one, but they may not be on the disk, because a flush failed. */
  private flushedTo = Infinity;
  private known: KnownEnd | undefined;

  constructor(private readonly path: string) {}

  async acknowledged(): Promise<{ last: AcknowledgedCheckpoint | undefined; mine: boolean }> {
    const last = await this.withFile((file) => this.last(file));
    return { last: last?.checkpoint, mine: true };
  }

  /** Looks as far back as `acknowledged` does: anything further back may be written again. */
  async lastInCommon(whichIsInTrail: WhichIsInTrail): Promise<number | undefined> {
    return this.withFile(async (file) => {
      const size = this.sureOf((await file.stat()).size);
      let asked: AcknowledgedCheckpoint[] = [];
      for await (const { checkpoint } of checkpointsFromEnd(file, size)) {
        asked.push(checkpoint);
        if (asked.length < ASKED_AT_ONCE) continue;
        const common = await whichIsInTrail(asked);
        if (common !== undefined) return common;
        asked = [];
      }
      return (await whichIsInTrail(asked)) ?? (size <= MOST_TAIL_BYTES ? 0 : undefined);
    });
  }

  async *unfinished(): AsyncGenerator<SealedRecord> {
    const file = await this.open();
    try {
      const size = this.sureOf((await file.stat()).size);
      const start = (await this.last(file))?.end ?? Math.max(0, size - MOST_TAIL_BYTES);
      for await (const { text } of linesOf(chunksOf(file, start, size), start, MOST_RECORD_BYTES)) {
        const record = isRecordLine(text) ? parseShippedRecord(text) : undefined;
        if (record !== undefined && hasText(record)) yield record;
      }
    } finally {
      await file.close();
    }
  }

  append(checkpoints: readonly ShippedCheckpoint[]): Promise<void> {
    return this.withFile(async (file) => {
      const { size } = await file.stat();
      const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      try {
        if (bytesRead === 1 && buffer.toString() !== '\n') await file.appendFile('\n');
        for (const { jws, records } of checkpoints)
          await file.appendFile([...records, jws].map((line) => `${line}\n`).join(''));
      } finally {
        await this.flush(file, size);
      }
      this.flushedTo = Infinity;
    });
  }

  private async last(file: FileHandle): Promise<Found | undefined> {
    const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
    const sure = this.sureOf(Number(size));
    const same = [dev, ino, size, mtimeNs, ctimeNs, sure].join(' ');
    if (this.known?.file === same) return this.known.last;
    let last: Found | undefined;
    for await (const found of checkpointsFromEnd(file, sure)) {
      last = found;
      break;
    }
    this.known = { file: same, last };
    return last;
  }

  /** @returns how many of the file's bytes are on the disk for sure */
  private sureOf(size: number): number {
    return Math.min(size, this.flushedTo);
  }

  private async withFile<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await this.open();
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }

  /** A system whose flush failed forgets that, and reports no error the next time. */
  private async flush(file: FileHandle, from: number): Promise<void> {
    try {
      await file.sync();
    } catch (error) {
      this.flushedTo = Math.min(this.flushedTo, from);
      throw error;
    }
  }

  /**
   * Blocks only the shipping, no matter how long the file system takes.
   * @throws UnsafeFile when a link of another user is in its place, or on the way to it
   */
  private async open(): Promise<FileHandle> {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    return open(await resolveOwnLinks(this.path), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  }
}

/** The last one first; only lines that are complete. */
async function* checkpointsFromEnd(file: FileHandle, size: number): AsyncGenerator<Found> {
  const first = Math.max(0, size - MOST_TAIL_BYTES);
  for await (const { text, end } of linesFromEnd(file, {
    size,
    first,
    mostLength: MAX_CHECKPOINT_LENGTH,
    begin: BEGIN,
  })) {
    const claims = readCheckpoint(text);
    if (claims !== undefined)
      yield { checkpoint: { number: claims.number, hash: checkpointHash(text), jws: text }, end };
  }
}

async function* chunksOf(file: FileHandle, start: number, size: number): AsyncGenerator<Buffer> {
  for (let at = start; at < size;) {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.min(CHUNK_BYTES, size - at)),
      0,
      undefined,
      at,
    );
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
