import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import fileSystem from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveToAnotherUser } from '../../../../test/support/another-user';
import { FileSink } from './file-sink';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'aegis-file-sink-'));
  mkdirSync(at('private'));
  writeFileSync(at('private', 'file'), 'of somebody else\n');
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});
const append = (path: string): Promise<void> =>
  new FileSink(path).append([{ number: 1, jws: 'a.b.c', records: ['[1]'] }]);

it('creates a file that only its owner reads, and appends to it, through links of our own too', async () => {
  symlinkSync('private/new', at('link'));
  await append(at('link'));
  await append(at('private', 'new'));
  expect(readFileSync(at('private', 'new'), 'utf8')).toBe('[1]\na.b.c\n[1]\na.b.c\n');
  expect(statSync(at('private', 'new')).mode & 0o077).toBe(0);
});

it('blocks nobody else while the file system does not answer', async () => {
  const lstat = jest.spyOn(fileSystem, 'lstat').mockReturnValue(new Promise(() => undefined));
  let hasEnded = false;
  void new FileSink(at('file')).acknowledged().finally(() => (hasEnded = true));
  await fileSystem.readFile(at('private', 'file'));
  expect(lstat).toHaveBeenCalledTimes(1);
  expect(hasEnded).toBe(false);
});

it.each([
  ['to a file', 'private/file', ''],
  ['to nothing', 'private/missing', ''],
  ['to a folder', 'private', 'file'],
])('writes nothing through a link of another user: %s', async (_, target, rest) => {
  symlinkSync(target, at('link'));
  giveToAnotherUser(at('link'));
  await expect(append(at('link', rest))).rejects.toThrow(/^leads through the symbolic link /);
  await expect(new FileSink(at('link', rest)).acknowledged()).rejects.toThrow(/^leads through/);
  expect(readdirSync(at('private'))).toEqual(['file']);
  expect(readFileSync(at('private', 'file'), 'utf8')).toBe('of somebody else\n');
});
