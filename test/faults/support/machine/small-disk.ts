import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Who may enter it besides root. */
export interface DiskOwner {
  uid: number;
  gid: number;
}

/** A file system of its own (tmpfs) that holds some megabytes, and can be filled up. Mounting it needs root. */
export class SmallDisk {
  private constructor(readonly path: string) {}

  /**
   * @param parent folder that the disk is mounted below
   * @param owner of its uppermost folder; this process's user unless given
   * @returns undefined where this process may mount nothing
   */
  static mount(parent: string, megabytes: number, owner?: DiskOwner): SmallDisk | undefined {
    const path = mkdtempSync(join(parent, 'disk-'));
    const ids = owner === undefined ? [] : [`uid=${owner.uid}`, `gid=${owner.gid}`];
    const options = [`size=${megabytes}m`, 'mode=0700', ...ids].join(',');
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' });
    if (status === 0) return new SmallDisk(path);
    rmdirSync(path);
    return undefined;
  }

  /** Takes all of the room that is left, to the last byte. */
  fill(): void {
    const file = openSync(this.filling, 'a', 0o600);
    try {
      for (let bytes = 1024 * 1024; bytes > 0;) if (!written(file, bytes)) bytes = Math.floor(bytes / 2);
    } finally {
      closeSync(file);
    }
  }

  /** Gives back what `fill` took. */
  free(): void {
    rmSync(this.filling, { force: true });
  }

  /** Takes it away with all that is on it; nothing may have a file of it open. */
  unmount(): void {
    spawnSync('umount', [this.path], { stdio: 'ignore' });
    rmdirSync(this.path);
  }

  private get filling(): string {
    return join(this.path, 'filling');
  }
}

const canMount = ((): boolean => {
  const disk = SmallDisk.mount(tmpdir(), 1);
  disk?.unmount();
  return disk !== undefined;
})();

/** `it` for rows that need such disks: skipped where nothing can be mounted; under CI that is a failure. */
export const itWithSmallDisks = canMount || process.env.CI === 'true' ? it : it.skip;
/** Why such a row is skipped, for its name. */
export const noSmallDisks = canMount ? '' : ' (no file system can be mounted here: root is needed)';

/** @returns whether so many bytes could be written behind the end of a file */
function written(file: number, bytes: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(bytes)) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return false;
  }
}
