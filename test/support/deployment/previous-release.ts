import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const NEST = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');

/** The commit that `test/support/previous-release` names. */
export function previousCommit(): string {
  const text = readFileSync(join(ROOT, 'test/support/previous-release'), 'utf8');
  const [commit = ''] = /^[0-9a-f]{40}$/m.exec(text) ?? [];
  return commit;
}

/**
 * Checks the previous release out and builds it, with the packages of its own lock file; kept in `tmp/previous-release`.
 * It is below this checkout, so that its compiler is the one that is installed here.
 * @returns the folder of its checkout
 * @throws where the commit is not in the history, as in a shallow clone
 */
export function previousRelease(): string {
  const commit = previousCommit();
  const folder = join(ROOT, 'tmp/previous-release', commit);
  if (existsSync(join(folder, 'dist/apps/server/src/main.js'))) return folder;
  const unfinished = `${folder}.${process.pid}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    const archive = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 256 * 1024 * 1024 });
    execFileSync('tar', ['-x'], { cwd: unfinished, input: archive });
    const options = [
      '--omit=dev',
      '--omit=optional',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
    ];
    execFileSync('npm', ['ci', ...options], { cwd: unfinished, stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync(process.execPath, [NEST, 'build', 'server'], { cwd: unfinished, stdio: ['ignore', 2, 2] });
    renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/**
 * The previous release, or what takes its place where it can't be had: a clone without the history, or a package registry
 * that has not all of its packages. `npm run test:deploy` insists on the real one.
 * @param instead folder of a built checkout
 */
export function previousReleaseOr(instead: string): string {
  try {
    return previousRelease();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    process.stderr.write(`NOT UPGRADED from ${previousCommit()}, but from this build: ${reason}\n`);
    return instead;
  }
}
