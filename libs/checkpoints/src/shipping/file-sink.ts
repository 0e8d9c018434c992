import { resolveOwnLinks } from '@aegis/secret-files';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { checkpointHash, readCheckpoint } from '../checkpoint';
import type { AcknowledgedCheckpoint, CheckpointSink, InTrail, ShippedCheckpoint } from './checkpoint-sink';

/** A checkpoint is far shorter. */
const TAIL_BYTES = 64 * 1024;
/** How far back a checkpoint is looked for, at most: a crash can have left the records of several behind the last one. */
const MOST_TAIL_BYTES = 256 * 1024 * 1024;

/**
 * A file of lines, only appended to: the records of a checkpoint, one a line, then the checkpoint as compact JWS. Each
 * process has one of its own, on its own disk; what the file holds is what is acknowledged. What a crash cut short stays,
 * and its checkpoint is written again behind it, with all of its records.
 */
export class FileSink implements CheckpointSink {
  /** What is behind this byte is shown by the file, and may not be on the disk: flushing it has failed. */
  private flushedTo = Infinity;

  constructor(private readonly path: string) {}

  async acknowledged(): Promise<{ last: AcknowledgedCheckpoint | undefined; mine: boolean }> {
    for (let bytes = TAIL_BYTES; ; bytes *= 16) {
      const { text, isWhole } = await this.tail(bytes);
      const last = lastCheckpoint(text);
      if (last !== undefined || isWhole || bytes >= MOST_TAIL_BYTES) return { last, mine: true };
    }
  }

  /** Looks as far back as `acknowledged` does: what is further back may be written again. */
  async lastInCommon(isInTrail: InTrail): Promise<number> {
    for (let bytes = TAIL_BYTES; ; bytes *= 16) {
      const { text, isWhole } = await this.tail(bytes);
      const common = await isInTrail(checkpointsIn(text));
      if (common !== undefined) return common;
      if (isWhole || bytes >= MOST_TAIL_BYTES) return 0;
    }
  }

  async append(checkpoints: readonly ShippedCheckpoint[]): Promise<void> {
    const file = await this.open();
    try {
      const { size } = await file.stat();
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      try {
        if (size > 0 && buffer.toString() !== '\n') await file.appendFile('\n');
        for (const { jws, records } of checkpoints)
          await file.appendFile([...records, jws].map((line) => `${line}\n`).join(''));
      } finally {
        await this.flush(file, size);
      }
      this.flushedTo = Infinity;
    } finally {
      await file.close();
    }
  }

  /** A system that could not flush forgets what it was, and says nothing the next time. */
  private async flush(file: FileHandle, from: number): Promise<void> {
    try {
      await file.sync();
    } catch (error) {
      this.flushedTo = Math.min(this.flushedTo, from);
      throw error;
    }
  }

  /**
   * Blocks nobody but the shipping, however long the file system takes.
   * @throws UnsafeFile when a link of another user is in its place, or on the way to it
   */
  private async open(): Promise<FileHandle> {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    return open(await resolveOwnLinks(this.path), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  }

  /** @returns the last bytes of what the file has for sure, and whether they are all of it */
  private async tail(bytes: number): Promise<{ text: string; isWhole: boolean }> {
    const file = await this.open();
    try {
      const size = Math.min((await file.stat()).size, this.flushedTo);
      const from = Math.max(0, size - bytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      return { text: buffer.toString('utf8', 0, bytesRead), isWhole: from === 0 };
    } finally {
      await file.close();
    }
  }
}

/** @param text lines; the last one counts only where it is complete */
function lastCheckpoint(text: string): AcknowledgedCheckpoint | undefined {
  const lines = text.split('\n').slice(0, -1);
  return acknowledgedIn(lines.findLast((line) => readCheckpoint(line) !== undefined) ?? '');
}

/** @param text lines; the last one counts only where it is complete */
function checkpointsIn(text: string): AcknowledgedCheckpoint[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map(acknowledgedIn)
    .filter((checkpoint) => checkpoint !== undefined);
}

function acknowledgedIn(jws: string): AcknowledgedCheckpoint | undefined {
  const claims = readCheckpoint(jws);
  return claims && { number: claims.number, hash: checkpointHash(jws), jws };
}
