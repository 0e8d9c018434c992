import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveToAnotherUser } from '../../../../test/support/another-user';
import { createFile, makeFolder, replaceFile, writeFileWhole } from './durable-file';
import { readRootKey, makeRootKey } from './root-key';
import { writeKeyPair } from './key-pair-writer';

/** No file can be created there: Linux refuses it to root, too. */
const NOT_WRITABLE = '/sys/aegis';
const OLD = 'of somebody else';
const PASSPHRASE = 'correct horse battery staple';

describe('a file that cannot be created', () => {
  it('is refused for the reason that the file system gives', async () => {
    const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
      attempt.then(
        () => 'created',
        (error: unknown) => (error as NodeJS.ErrnoException).code,
      );
    const reason = await codeOf(open(NOT_WRITABLE, 'wx'));
    expect(reason).not.toBe('created');
    expect(await codeOf(createFile(NOT_WRITABLE, 'text', 0o600))).toBe(reason);
  });
});

describe('links and files that another user prepared', () => {
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-durable-'));
    mkdirSync(at('private'));
    writeFileSync(at('private', 'file'), OLD, { mode: 0o600 });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });

  const WRITERS: Record<string, (path: string) => Promise<unknown>> = {
    createFile: (path) => createFile(path, 'new', 0o644),
    replaceFile: (path) => replaceFile(path, 'new', 0o644),
    writeFileWhole: (path) => writeFileWhole(path, 'new', 0o644),
    makeFolder: (path) => makeFolder(join(path, 'made')),
    makeRootKey: (path) => makeRootKey(path, PASSPHRASE, at('keys')),
    writeKeyPair: (path) => writeKeyPair(path, 'k1', PASSPHRASE),
  };

  it.each(Object.entries(WRITERS))('%s writes nothing behind a link to a folder', async (_, write) => {
    symlinkSync('private', at('link'));
    giveToAnotherUser(at('link'));
    await expect(write(at('link', 'file'))).rejects.toThrow(
      / ?leads through the symbolic link \/.*\/link, which belongs to uid \d+: /,
    );
    expectUntouched();
  });

  it.each(['replaceFile', 'writeFileWhole'])('%s writes nothing through a link to a file', async (name) => {
    for (const target of ['private/file', 'private/missing']) {
      symlinkSync(target, at(`link-to-${target.replace('/', '-')}`));
      giveToAnotherUser(at(`link-to-${target.replace('/', '-')}`));
      await expect(WRITERS[name]!(at(`link-to-${target.replace('/', '-')}`))).rejects.toThrow(
        /^leads through the symbolic link /,
      );
    }
    expectUntouched();
  });

  it('our own link stays a link, and the file that it leads to is replaced', async () => {
    symlinkSync('private/file', at('link'));
    await writeFileWhole(at('link'), 'new', 0o644);
    expect(readFileSync(at('private', 'file'), 'utf8')).toBe('new');
    expect(statSync(at('private', 'file')).mode & 0o777).toBe(0o600);
    expect(readdirSync(at('private'))).toEqual(['file']);
  });

  it('a file of another user belongs to us after it was replaced', async () => {
    chmodSync(at('private', 'file'), 0o666);
    giveToAnotherUser(at('private', 'file'));
    await writeFileWhole(at('private', 'file'), 'new', 0o644);
    jest.restoreAllMocks();
    const { uid, mode } = statSync(at('private', 'file'));
    expect({ uid, mode: mode & 0o777 }).toEqual({ uid: process.geteuid!(), mode: 0o644 });
    expect(readFileSync(at('private', 'file'), 'utf8')).toBe('new');
  });

  it('keys are made through our own links', async () => {
    symlinkSync('private', at('link'));
    const { privateKeyFile, jwk } = await makeRootKey(at('link', 'root'), PASSPHRASE, at('keys'));
    expect((await readRootKey(privateKeyFile, PASSPHRASE)).kid).toBe(jwk.kid);
    expect(existsSync(at('private', 'root', 'root-key.pem'))).toBe(true);
  });

  function expectUntouched(): void {
    expect(readdirSync(at('private'))).toEqual(['file']);
    expect(readFileSync(at('private', 'file'), 'utf8')).toBe(OLD);
    expect(statSync(at('private', 'file')).mode & 0o777).toBe(0o600);
  }
});
