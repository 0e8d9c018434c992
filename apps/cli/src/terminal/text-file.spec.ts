import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysOfFiles } from '../audit/audit-keys';
import { readTextFile } from './text-file';

describe('a file that is read whole', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-text-'));
    path = join(folder, 'keys.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(['', 'one\ntwo\n', '\ufeff{}', `x${'🦊'.repeat(100_000)}`])(
    'is the text that it has',
    async (text) => {
      writeFileSync(path, text);
      expect(await readTextFile(path)).toBe(text);
    },
  );

  it('is refused when it has more than 16 MiB, and is not read beyond that', async () => {
    const most = 16 * 1024 * 1024;
    writeFileSync(path, Buffer.alloc(most, 'x'));
    expect(await readTextFile(path)).toHaveLength(most);
    writeFileSync(path, Buffer.alloc(most + 1, 'x'));
    await expect(readTextFile(path)).rejects.toThrow(/keys\.json has more than 16777216 bytes\./);
    await expect(keysOfFiles(['/dev/zero'])).rejects.toThrow('/dev/zero has more than 16777216 bytes.');
  });

  it('is named when it is not there', async () => {
    await expect(readTextFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(keysOfFiles([path])).rejects.toThrow(/keys\.json can't be read \(ENOENT\)/);
    await expect(keysOfFiles([folder])).rejects.toThrow(/can't be read \(EISDIR\)/);
  });
});
