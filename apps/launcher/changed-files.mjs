import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Lists what differs from the last commit that the branch shares with main, or is not in git yet.
 * @param {string} [folder] top of a checkout; the working directory unless given
 * @returns {string[]} paths of files that exist, from that top
 * @throws {Error} when git cannot say: nothing would be checked
 */
export function changedFiles(folder = process.cwd()) {
  const git = (...args) => {
    const { status, stdout, stderr, error } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
    if (error !== undefined) throw new Error(`git does not start (${error.code})`);
    return { isDone: status === 0, lines: stdout.split('\0').filter(Boolean), stderr, name: args.join(' ') };
  };
  const list = (...args) => {
    const { isDone, lines, stderr, name } = git(...args);
    if (!isDone) throw new Error(`git ${name} failed: ${stderr.trim()}`);
    return lines;
  };
  // A clone of one branch has no main of its own; without any, what is not committed is compared.
  const base = ['main', 'origin/main']
    .map((branch) => git('merge-base', 'HEAD', branch))
    .find(({ isDone }) => isDone);
  const names = [
    ...list('diff', '--name-only', '-z', base?.lines[0].trim() ?? 'HEAD'),
    ...list('ls-files', '--others', '--exclude-standard', '-z'),
  ];
  return [...new Set(names)].filter((name) => existsSync(join(folder, name)));
}
