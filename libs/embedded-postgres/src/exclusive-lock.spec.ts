import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withExclusiveLock } from './exclusive-lock';
import { ownIdentity } from './process-identity';

describe('exclusive lock', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-lock-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('lets one in at a time', async () => {
    let inside = 0;
    const seen: number[] = [];
    const turn = (): Promise<void> =>
      withExclusiveLock(folder, 200_000, async () => {
        seen.push(++inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside--;
      });
    await Promise.all([turn(), turn(), turn(), turn()]);
    expect(seen).toEqual([1, 1, 1, 1]);
  });

  it('takes over the lock of a holder that crashed, even if its pid now belongs to another process', async () => {
    writeFileSync(join(folder, 'lock.7'), JSON.stringify({ pid: process.pid, startedAt: 'before' }));
    expect(await withExclusiveLock(folder, 0, () => Promise.resolve('in'))).toBe('in');
    expect(readdirSync(folder)).toEqual(['lock.8']);
  });

  it('does not take over the lock of a holder that lives', async () => {
    writeFileSync(join(folder, 'lock.7'), JSON.stringify(ownIdentity()));
    await expect(withExclusiveLock(folder, 50, () => Promise.resolve())).rejects.toThrow(
      `Process ${process.pid} has held the lock`,
    );
    expect(readdirSync(folder)).toEqual(['lock.7']);
  });

  it('is free again after work that failed', async () => {
    await expect(withExclusiveLock(folder, 0, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withExclusiveLock(folder, 0, () => Promise.resolve('in'))).toBe('in');
  });

  it('works even if its folder is deleted meanwhile', async () => {
    await withExclusiveLock(folder, 0, () => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    });
    expect(() => readdirSync(folder)).toThrow('ENOENT');
    folder = mkdtempSync(join(tmpdir(), 'aegis-lock-'));
  });
});
