import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** A group of processes (cgroup of version 1 or 2) that may use so much memory, and are killed where they use more. */
export class MemoryLimit {
  private constructor(private readonly folder: string) {}

  /**
   * @param bytes that processes may take from when they join
   * @returns undefined where this machine lets nobody make such a group
   */
  static of(bytes: number): MemoryLimit | undefined {
    const isFirst = existsSync(join(ROOT, 'memory'));
    const folder = join(ROOT, isFirst ? 'memory' : '', `aegis-row-${process.pid}`);
    try {
      mkdirSync(folder);
      if (isFirst) writeFileSync(join(folder, 'memory.limit_in_bytes'), String(bytes));
      else {
        writeFileSync(join(folder, 'memory.max'), String(bytes));
        writeFileSync(join(folder, 'memory.swap.max'), '0');
      }
      return new MemoryLimit(folder);
    } catch {
      if (existsSync(folder)) rmdirSync(folder);
      return undefined;
    }
  }

  /** @param pid of a process whose further memory counts from now on */
  add(pid: number): void {
    writeFileSync(join(this.folder, 'cgroup.procs'), String(pid));
  }

  /** Its processes must have ended. */
  remove(): void {
    rmdirSync(this.folder);
  }
}
