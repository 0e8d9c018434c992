import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endLike } from './child-end.mjs';
import { finishInstallation } from './install-steps.mjs';

/**
 * @param {string} root absolute path of the checkout
 * @param {boolean} withTools whether what builds and tests is needed too (devDependencies)
 * @returns {boolean} whether node_modules holds what package-lock.json names
 */
export function isInstalled(root, withTools) {
  const stamp = currentStamp(root, withTools);
  if (stamp === undefined) return false;
  const known = readIfThere(stampPath(root));
  if (known === stamp || (!withTools && known === currentStamp(root, true))) return true;
  if (!matchesLock(root, withTools)) return false;
  if (!isReadOnly(() => finishInstallation(root))) writeStamp(root, stamp);
  return true;
}

/**
 * Installs with `npm ci`; its output is shown only if it fails, on standard error.
 * @param {string} root
 */
export function install(root) {
  console.error('Installing dependencies (npm ci); the first time this takes about a minute …');
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  // Said explicitly: NODE_ENV=production or an `omit` in npm's settings would leave out what builds, `npm run -s`
  // hands its silence on, and npm 10 knows no `allowScripts`: no package runs a script.
  const options = [
    '--include=dev',
    '--include=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=warn',
  ];
  const result = spawnSync(command, [...first, 'ci', ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    endLike(result, 'npm ci failed.');
  }
  finishInstallation(root);
  const stamp = currentStamp(root, true);
  if (stamp !== undefined) writeStamp(root, stamp);
}

/**
 * What a complete installation is remembered by: the lock it was made from, and the list that npm rewrites
 * whenever it changes node_modules.
 */
function currentStamp(root, withTools) {
  const listed = statSync(installedListPath(root), { throwIfNoEntry: false });
  if (listed === undefined) return undefined;
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${JSON.stringify({ lock, listed: [listed.size, listed.mtimeMs], withTools })}\n`;
}

/** Accepts what a plain `npm ci` or `npm install` has put there. */
function matchesLock(root, withTools) {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedListPath(root), 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found !== undefined && existsSync(join(root, path))) {
      return found.version === entry.version && found.integrity === entry.integrity;
    }
    if (!withTools) return Boolean(entry.dev || entry.devOptional || entry.optional);
    return Boolean(entry.optional) && !suitsPlatform(entry);
  });
}

/** @param {{ os?: string[], cpu?: string[], libc?: string[] }} entry of package-lock.json */
function suitsPlatform(entry) {
  const suits = (names, name) => names === undefined || names.includes(name);
  if (!suits(entry.os, process.platform) || !suits(entry.cpu, process.arch)) return false;
  if (entry.libc === undefined || process.platform !== 'linux') return true;
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  return entry.libc.includes(glibc === undefined ? 'musl' : 'glibc');
}

function writeStamp(root, stamp) {
  // A read-only installation is merely compared again each time.
  isReadOnly(() => writeFileSync(stampPath(root), stamp));
}

/** @returns {boolean} whether this user may not do something to the installation, of another user perhaps */
function isReadOnly(work) {
  try {
    work();
    return false;
  } catch (error) {
    if (!['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw error;
    return true;
  }
}

const stampPath = (root) => join(root, 'node_modules', '.aegis-lock-stamp');
const installedListPath = (root) => join(root, 'node_modules', '.package-lock.json');

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
