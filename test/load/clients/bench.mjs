// `npm run bench:clients [-- --short]`: what verifying a license takes, compared with the signature alone, and what loading a
// client takes. What is measured: docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from '../../../clients/typescript/bundle.mjs';
import { loadTimeInNode, loadTimeInPython } from './imports.mjs';
import { measureInBrowser } from './in-browser.mjs';
import { aQuestion } from './question.mjs';

const CHROMIUM = '/usr/bin/chromium';
const PYTHONS = ['/usr/bin/python3', 'python3'];
const PYTHON_CLIENT = join(import.meta.dirname, '../../../clients/python');

const { values: options } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const size = options.short ? { rounds: 50, calls: 4, warmUp: 50 } : { rounds: 1500, calls: 4, warmUp: 300 };
const starts = options.short ? 3 : 15;

const question = aQuestion();

/** @param {string} program  @param {readonly string[]} args  @param {NodeJS.ProcessEnv} [env] */
function asked(program, args, env = process.env) {
  const input = JSON.stringify({ ...question, size });
  const { status, stdout, stderr } = spawnSync(program, args, { input, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

/**
 * @param {string} what  @param {string} compared
 * @param {{ runtime: string, raw: number, whole: number, ratio: number, leastRatio: number }} found
 */
function printRatio(what, compared, { runtime, raw, whole, ratio, leastRatio }) {
  console.log(
    `${what} (${runtime}): ${compared} ${raw.toFixed(0)} µs, verified ${whole.toFixed(0)} µs, ` +
      `ratio ${ratio.toFixed(2)}, of the shortest rounds ${leastRatio.toFixed(2)}`,
  );
}

/** @param {string} what  @param {import('./imports.mjs').LoadTime} found */
function printLoad(what, { least, median }) {
  console.log(`loading ${what}: ${median.toFixed(1)} ms of processor time, ${least.toFixed(1)} at the least`);
}

const folder = mkdtempSync(join(tmpdir(), 'aegis-clients-'));
try {
  await bundle(folder);
  const [forNode, forBrowsers] = [join(folder, 'index.node.mjs'), join(folder, 'index.mjs')];
  const inNode = join(import.meta.dirname, 'in-node.mjs');
  console.log(
    `a license of ${question.token.length} characters; ${size.rounds} rounds of ${size.calls} calls, medians; ` +
      `load of the machine ${loadavg()[0]?.toFixed(1)}`,
  );
  printRatio('build for Node', 'crypto.verify', asked(process.execPath, [inNode, forNode, 'crypto']));
  if (existsSync(CHROMIUM))
    printRatio(
      'build for browsers',
      'subtle.verify',
      await measureInBrowser(CHROMIUM, forBrowsers, question, size),
    );
  printRatio(
    "build for browsers, with Node's WebCrypto",
    'subtle.verify',
    asked(process.execPath, [inNode, forBrowsers, 'subtle']),
  );
  printLoad('the build for Node', loadTimeInNode(pathToFileURL(forNode).href, starts));
  printLoad('the build for browsers, in Node', loadTimeInNode(pathToFileURL(forBrowsers).href, starts));
  for (const python of PYTHONS) {
    if (spawnSync(python, ['-c', 'import cryptography']).status !== 0) continue;
    const env = {
      ...process.env,
      PYTHONPATH: join(PYTHON_CLIENT, 'src'),
      PYTHONPYCACHEPREFIX: folder,
      PYTHONDONTWRITEBYTECODE: '',
    };
    const found = asked(python, [join(PYTHON_CLIENT, 'bench/verify_speed.py')], env);
    printRatio('Python', 'cryptography', found);
    for (const module of ['aegis_client', 'cryptography.hazmat.primitives.asymmetric.ed25519'])
      printLoad(`${module} (${found.runtime})`, loadTimeInPython(python, module, starts, env));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
