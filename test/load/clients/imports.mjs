import { spawnSync } from 'node:child_process';
import { median } from '../median.mjs';

/** Both write the milliseconds of processor time that loading takes, in a process that has loaded nothing else. */
const NODE = `const before = process.cpuUsage();
import(process.argv[1]).then(() => {
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1000);
});`;
const PYTHON = `import importlib, sys, time
before = time.process_time()
importlib.import_module(sys.argv[1])
print((time.process_time() - before) * 1000)`;

/** @typedef {{ least: number, median: number }} LoadTime  milliseconds of processor time */

/**
 * What loading a module takes in fresh processes of Node, each of which loads it alone.
 * @param {string} url  @param {number} starts
 * @returns {LoadTime}
 */
export function loadTimeInNode(url, starts) {
  return measured(process.execPath, ['--input-type=module', '-e', NODE, url], starts, process.env);
}

/**
 * The same of a module of Python, with its bytecode, as an installed one has it.
 * @param {string} python  @param {string} module  @param {number} starts  @param {NodeJS.ProcessEnv} env
 * @returns {LoadTime}
 */
export function loadTimeInPython(python, module, starts, env) {
  return measured(python, ['-c', PYTHON, module], starts, env);
}

/** @param {string} program  @param {readonly string[]} args  @param {number} starts  @param {NodeJS.ProcessEnv} env */
function measured(program, args, starts, env) {
  // The first start, which writes bytecode and fills the caches of files, is not counted.
  const times = Array.from({ length: starts + 1 }, () => {
    const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return Number(stdout);
  }).slice(1);
  return { least: Math.min(...times), median: median(times) };
}
