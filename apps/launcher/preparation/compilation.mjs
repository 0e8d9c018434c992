import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { endLike } from './child-end.mjs';

const SOURCE_FOLDERS = ['apps', 'libs', 'migrations'];
const SETTINGS = ['nest-cli.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const APPS = ['server', 'cli'];

/** @param {string} root  @param {'server' | 'cli'} app  @returns {string} the compiled entry of an app */
export const compiledMain = (root, app) => join(root, 'dist', 'apps', app, 'src', 'main.js');

/** @param {string} root  @returns {boolean} false in an image that holds only what was compiled */
export const hasSources = (root) =>
  ['apps/server/src', 'apps/cli/src', 'libs'].some((name) => existsSync(join(root, name)));

/**
 * @param {string} root absolute path of the checkout
 * @returns {boolean} whether dist was compiled from the sources as they are
 */
export function isCompiled(root) {
  const stamp = readStamp(root);
  if (stamp === undefined) return false;
  const complete = APPS.every(
    (app) => !existsSync(join(root, 'apps', app, 'src', 'main.ts')) || existsSync(compiledMain(root, app)),
  );
  if (!complete) return false;
  const files = sourceFiles(root);
  if (stamp.dates === dates(files)) return true;
  if (stamp.content !== content(files)) return false;
  // Touched, by a checkout say, but not changed.
  writeStamp(root, files);
  return true;
}

/**
 * Compiles everything into an empty dist; messages go to standard error. The stamp is taken from before the
 * compiler read the sources, so that what changes meanwhile is compiled the next time.
 * @param {string} root
 */
export function compile(root) {
  console.error('Building; this takes about ten seconds …');
  const files = sourceFiles(root);
  const stamp = newStamp(files);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const result = spawnSync(process.execPath, [nest, 'build', 'server'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) {
    // The compiler writes its output even then.
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    endLike(result, 'The build failed.');
  }
  if (existsSync(compiledMain(root, 'cli'))) chmodSync(compiledMain(root, 'cli'), 0o755);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampPath(root), stamp);
}

/** @returns {{ path: string, name: string, date: string }[]} what the build depends on, in a fixed order */
function sourceFiles(root) {
  const files = [];
  const add = (name) => {
    const path = join(root, name);
    const status = statSync(path, { throwIfNoEntry: false, bigint: true });
    if (status !== undefined) files.push({ path, name, date: `${status.size}/${status.mtimeNs}` });
  };
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (name === 'apps/launcher') continue;
      if (entry.isDirectory()) walk(name);
      else if (!name.endsWith('.spec.ts')) add(name);
    }
  };
  for (const folder of SOURCE_FOLDERS) if (existsSync(join(root, folder))) walk(folder);
  for (const name of SETTINGS) add(name);
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const dates = (files) => digest(files, (file) => file.date);
const content = (files) =>
  digest(files, (file) => createHash('sha256').update(readFileSync(file.path)).digest('hex'));

function digest(files, describe) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.name}\0${describe(file)}\n`);
  return hash.digest('hex');
}

const stampPath = (root) => join(root, 'dist', '.aegis-build-stamp');
const newStamp = (files) => JSON.stringify({ dates: dates(files), content: content(files) });

function writeStamp(root, files) {
  try {
    writeFileSync(stampPath(root), newStamp(files));
  } catch (error) {
    // A read-only dist is merely compared again each time.
    if (!['EACCES', 'EROFS', 'EPERM'].includes(error.code)) throw error;
  }
}

function readStamp(root) {
  try {
    return JSON.parse(readFileSync(stampPath(root), 'utf8'));
  } catch {
    return undefined;
  }
}
