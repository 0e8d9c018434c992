// Finds idioms that docs/language.md replaces. `node .ci/plain-english.mjs` reads the whole tree, as `npm run lint` does;
// ESLint reports the same for code, in an editor too (eslint.config.mjs).
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What not to write, and what to write instead. */
const IDIOMS = [
  [/\ba(?:new|fresh)\b/gi, '"again"'],
  [/\bhitherto\b/gi, '"until now"'],
  [/\bwhoever\b/gi, '"anyone who", "no matter who", or name the role'],
  [/\bmend(?:s|ed|ing)?\b/gi, '"fix", "correct", "repair"'],
  [/\bbeside\b/gi, '"next to", "in addition to", "together with"'],
  [/\btold\b/gi, '"notified", "logged", "reported", "called with"'],
  [/\bany more\b/gi, '"no longer", "any longer"'],
  [/\bin vain\b/gi, '"without success"'],
  [/\bcan not\b/gi, '"cannot"'],
  [/\bfor ever\b/gi, '"forever"'],
  [/\bfor good\b/gi, '"permanently"'],
  [/\b(?:holds?|holding) no\b/gi, '"does not contain", "has no"'],
  [/(?<!\b(?:there|where|if)[\s*/]+)\b(?:is|are|was|were) none\b/gi, '"is not one", or say what is missing'],
  [
    /(?<!\bthere[\s*/]+)\bis no (?:JSON|UTF-8|key|token|license|folder|address|UUID|URL|file|object|list|known)\b/gi,
    '"is not", "is not a"',
  ],
  [/\bcounts? no longer\b/gi, '"is no longer valid"'],
  [/\b\d+ a (?:second|minute|hour|day)\b/gi, '"per second", "per minute"'],
  [/\bout of reach\b/gi, '"cannot be reached", "unreachable"'],
  [/\b(?:is|was) away\b/gi, '"is unavailable"'],
  [/\brests? on\b/gi, '"depends on"'],
  [/\bbears?\b/gi, '"has", "contains"'],
  [/\ball the same\b(?! is)/gi, '"still"'],
  [/\bonce more\b/gi, '"again"'],
  [/\bby lot\b/gi, '"random", "at random"'],
  [/\b(?:goes|go) on\b/gi, '"continues"'],
  [/\bbut for\b/gi, '"except for"'],
  [/\bnothing but\b/gi, '"only"'],
  [/\bseldom\b/gi, '"rarely"'],
  [/\bshall\b/gi, '"must", "will", or the present tense'],
  [
    /\b(?:amongst|whilst|lest|till|upon|thereof|therein|thereby|whereby|wherein|thereafter|henceforth|nought|albeit)\b/gi,
    'a word of everyday English',
  ],
];

/** Landed migrations are not edited, the changelog's past is not rewritten, and this list names what it looks for. */
const EXEMPT =
  /^(?:migrations\/\d|CHANGELOG\.md$|package-lock\.json$|docs\/language\.md$|\.ci\/plain-english\.mjs$|clients\/typescript\/schema\.d\.ts$|test\/data\/)/;
/** What is not part of the repository, by its path from the root; `node_modules` anywhere. */
const NOT_OURS = /^(?:(?:.*\/)?node_modules|dist|clients\/typescript\/dist|coverage|keys|tmp|\.git|\.data)$/;
const KINDS = new Set([
  '.ts',
  '.tsx',
  '.css',
  '.html',
  '.mjs',
  '.cjs',
  '.md',
  '.yml',
  '.yaml',
  '.sh',
  '.example',
]);

/**
 * @param {string} path of a file, from the root of the repository, with slashes
 * @returns {boolean} whether its language is checked
 */
export function isChecked(path) {
  return !EXEMPT.test(path);
}

/**
 * @param {string} text of a file, or a part of one
 * @returns {{ line: number, column: number, found: string, instead: string }[]} in the order of IDIOMS; lines count
 *   from 1, columns from 0
 */
export function findIdioms(text) {
  // Names are read too: `signed_x_total` consists of words.
  const words = text.replaceAll('_', ' ');
  return IDIOMS.flatMap(([pattern, instead]) =>
    [...words.matchAll(pattern)].map(({ 0: found, index }) => {
      const before = text.slice(0, index);
      return {
        line: before.split('\n').length,
        column: index - (before.lastIndexOf('\n') + 1),
        found,
        instead,
      };
    }),
  );
}

/**
 * @param {string} folder to read, with what is below it
 * @param {string} root of the repository, which paths are relative to
 * @returns {string[]} paths of the files whose language is checked
 */
export function checkedFiles(folder, root = folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const name = relative(root, path).replaceAll('\\', '/');
    if (entry.isDirectory()) return NOT_OURS.test(name) ? [] : checkedFiles(path, root);
    return entry.isFile() && KINDS.has(extname(name)) && isChecked(name) ? [name] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  for (const name of checkedFiles(root))
    for (const { line, found, instead } of findIdioms(readFileSync(join(root, name), 'utf8'))) {
      console.error(`${name}:${line}: "${found}": write ${instead} (docs/language.md)`);
      process.exitCode = 1;
    }
}
