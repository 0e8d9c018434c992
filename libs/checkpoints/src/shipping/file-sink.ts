import { resolveOwnLinksSync } from '@aegis/secret-files';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { checkpointHash, readCheckpoint } from '../checkpoint';
import type { AcknowledgedCheckpoint, CheckpointSink, ShippedCheckpoint } from './checkpoint-sink';

/** A checkpoint is far shorter. */
const TAIL_BYTES = 64 * 1024;

/**
 * A file of compact JWS, one a line, only appended to. Each process has one of its own, on its own disk; what the file
 * holds is what is acknowledged. A line that a crash cut short stays, and its checkpoint is written again behind it.
 */
export class FileSink implements CheckpointSink {
  constructor(private readonly path: string) {}

  async acknowledged(): Promise<{ last: AcknowledgedCheckpoint | undefined; mine: boolean }> {
    const lines = (await this.tail()).split('\n').slice(0, -1);
    const checkpoints = lines.map((jws) => ({
      number: readCheckpoint(jws)?.number,
      hash: checkpointHash(jws),
    }));
    const last = checkpoints.findLast(
      (one): one is { number: number; hash: string } => one.number !== undefined,
    );
    return { last, mine: true };
  }

  async append(checkpoints: readonly ShippedCheckpoint[]): Promise<void> {
    const tail = await this.tail();
    const file = await this.open();
    try {
      const lines = checkpoints.map(({ jws }) => `${jws}\n`).join('');
      await file.appendFile(tail === '' || tail.endsWith('\n') ? lines : `\n${lines}`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** @throws UnsafeFile when a link of another user is in its place, or on the way to it */
  private open(): Promise<FileHandle> {
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    return open(resolveOwnLinksSync(this.path), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  }

  private async tail(): Promise<string> {
    const file = await this.open();
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
