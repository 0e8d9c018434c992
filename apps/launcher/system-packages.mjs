// `node apps/launcher/system-packages.mjs`: installs the Debian packages of .ci/packages.txt that are missing; ends
// with 1 when it can't.
import './node-version.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SELF = fileURLToPath(import.meta.url);
const ROOT = resolve(dirname(SELF), '../..');
/** Asked by Debian before it starts a daemon that was just installed; 101 forbids it. */
const POLICY_FILE = '/usr/sbin/policy-rc.d';

/**
 * Installs missing packages: as root, or with sudo if it asks for no password. The output of apt-get goes to standard
 * error. Daemons of the packages are not started: the tests start what they need.
 * @param {{ root?: string, policyFile?: string, uid?: number }} [options] uid of the user that runs this
 * @returns {string | undefined} what is still missing and how to get it; undefined when nothing is
 */
export function installSystemPackages({
  root = ROOT,
  policyFile = POLICY_FILE,
  uid = process.getuid?.(),
} = {}) {
  const missing = missingPackages(root);
  if (missing.length === 0) return undefined;
  if (canRun('apt-get')) {
    console.error(`Installing ${missing.join(', ')} …`);
    if (uid === 0) install(missing, policyFile);
    else run('sudo', ['-n', process.execPath, SELF]);
  }
  const still = missingPackages(root);
  if (still.length === 0) return undefined;
  return `The system tests need these Debian packages: apt-get install ${still.join(' ')}`;
}

/** @param {string} root  @returns {string[]} all of them where there is no dpkg */
function missingPackages(root) {
  const wanted = readFileSync(join(root, '.ci', 'packages.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return wanted.filter((name) => {
    const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
    return stdout !== 'install ok installed';
  });
}

/** @param {string[]} names  @param {string} policyFile */
function install(names, policyFile) {
  const forbidsDaemons = existsSync(policyFile);
  if (!forbidsDaemons) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names]);
  } finally {
    if (!forbidsDaemons) rmSync(policyFile);
  }
}

/** @param {string} command  @param {string[]} options */
function run(command, options) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync(command, options, { env, stdio: ['ignore', 2, 2] });
}

/** @param {string} command */
function canRun(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === SELF) {
  const missing = installSystemPackages();
  if (missing !== undefined) {
    console.error(missing);
    process.exit(1);
  }
}
