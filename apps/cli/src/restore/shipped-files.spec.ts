import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shippedFiles } from './shipped-files';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-shipped-files-'));
  for (const name of ['b.txt', 'a.txt']) writeFileSync(join(folder, name), '');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it('takes every file of a folder', async () => {
  const sources = await shippedFiles([folder]);
  expect(sources.map(({ name }) => name)).toEqual([join(folder, 'a.txt'), join(folder, 'b.txt')]);
});

it.each([
  [
    'a folder',
    (path: string) => {
      mkdirSync(path);
    },
  ],
  [
    'a symbolic link',
    (path: string) => {
      symlinkSync('a.txt', path);
    },
  ],
])('refuses a folder that has %s in it, and names that', async (_, make) => {
  make(join(folder, 'other'));
  await expect(shippedFiles([folder])).rejects.toThrow(`${join(folder, 'other')} is not a file`);
});

it('takes a symbolic link that is named itself', async () => {
  symlinkSync('a.txt', join(folder, 'link'));
  expect(await shippedFiles([join(folder, 'link')])).toHaveLength(1);
});

it.each(['/dev/zero', '/dev/null'])('refuses %s, which is not a file', async (path) => {
  await expect(shippedFiles([path])).rejects.toThrow(`${path} is not a file: it is read more than once`);
});
