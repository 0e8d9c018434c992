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

it('creates a file that only its owner can read, and appends to it, also through our own links', async () => {
  symlinkSync('private/new', at('link'));
  await append(at('link'));
  await append(at('private', 'new'));
  expect(readFileSync(at('private', 'new'), 'utf8')).toBe('[1]\na.b.c\n[1]\na.b.c\n');
  expect(statSync(at('private', 'new')).mode & 0o077).toBe(0);
});

it('does not block other work while the file system does not answer', async () => {
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

describe('finds the last checkpoint', () => {
  /** In the form of a checkpoint, signed by nobody. */
  const checkpoint = (number: number): string => {
    const [header, claims] = [
      { alg: 'EdDSA', typ: 'aegis-checkpoint+jwt', kid: 'k' },
      { number, epoch: 1, size: 1, root: 'r', previous: null, complete_to: null, iat: 1 },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    return `${header}.${claims}.${'A'.repeat(86)}`;
  };
  const leaf = (id: string): string =>
    JSON.stringify([
      ...['aegis-audit-1', id, '2026-11-29T00:00:00.000Z', 'license.revoked', null, null, null, null],
      ...['system', null, null, '{}', null],
    ]);
  const lastOf = async (sink: FileSink): Promise<number | undefined> =>
    (await sink.acknowledged()).last?.number;

  it.each([
    ['records without their own', `${leaf('1')}\n`.repeat(20_000)],
    ['empty lines', '\n'.repeat(5_000_000)],
    ['short lines', '["leaf-hash","AAAA"]\n'.repeat(200_000)],
    ['a line without an end', 'x'.repeat(5_000_000)],
    ['one that is cut', checkpoint(3).slice(0, -10)],
  ])('behind which there are %s', async (_, behind) => {
    writeFileSync(at('file'), `${checkpoint(1)}\n${checkpoint(2)}\n${behind}`);
    const sink = new FileSink(at('file'));
    expect(await lastOf(sink)).toBe(2);
    expect(await sink.lastInCommon((found) => Promise.resolve(found.map(({ number }) => number)[1]))).toBe(1);
    expect(await sink.lastInCommon(() => Promise.resolve(undefined))).toBe(0);
  });

  it('again when the file has changed', async () => {
    writeFileSync(at('file'), `${checkpoint(1)}\n`);
    const sink = new FileSink(at('file'));
    expect(await lastOf(sink)).toBe(1);
    await sink.append([{ number: 2, jws: checkpoint(2), records: [] }]);
    expect(await lastOf(sink)).toBe(2);
    writeFileSync(at('file'), '');
    expect(await lastOf(sink)).toBeUndefined();
  });

  it.each([
    ['of a whole file', ''],
    ['behind the last checkpoint', `${leaf('5')}\n${checkpoint(1)}\n`],
  ])('and the records %s that have a text', async (_, before) => {
    writeFileSync(
      at('file'),
      `${before}${leaf('7')}\n["leaf-hash","AAAA"]\nx\n\n${leaf('8')}\n${leaf('9').slice(0, 50)}`,
    );
    const ids: string[] = [];
    for await (const { fields } of new FileSink(at('file')).unfinished()) ids.push(fields.id);
    expect(ids).toEqual(['7', '8']);
  });
});
