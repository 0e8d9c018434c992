import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..');

const EXPORTED =
  /^export (?:abstract )?(?:async )?(?:class|function\*?|const|interface|type|enum) ([A-Za-z0-9_]+)/gm;

/** Written apart, so that this file has none of them. */
const idiom = (...parts: string[]): string => parts.join('');

const TEXTS: [string, string][] = [
  ['an old word', idiom('It is signed a', 'new.')],
  ['an old pronoun', idiom('Who', 'ever has the key can sign.')],
  ['a passive without a doer', idiom('The server is to', 'ld of it.')],
  ['a negated noun', idiom('This text is', ' no token.')],
  ['a noun that is left out', idiom('Undefined when it is', ' none.')],
  ['a rate', idiom('At most 60', ' a minute.')],
  ['a word in two', idiom('It can', ' not be read.')],
  ['an old word in a name', idiom('The metric is aegis_tokens_signed_a', 'new_total.')],
];

describe('docs/language.md', () => {
  it('is kept by every page, comment, message and name', () => {
    const output = execFileSync(process.execPath, [join(root, '.ci', 'plain-english.mjs')], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(output).toBe('');
  });

  it('is kept by exported names of libs and apps: two things never share one', () => {
    const files = ['libs', 'apps'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /(?<!\.spec|\.d)\.ts$/.test(name))
        .map((name) => join(folder, name)),
    );
    const owners = new Map<string, string[]>();
    for (const file of files) {
      const source = readFileSync(join(root, file), 'utf8');
      const names = [...source.matchAll(EXPORTED)].map(([, name]) => name!);
      for (const name of new Set(names)) owners.set(name, [...(owners.get(name) ?? []), file]);
    }
    expect(owners.size).toBeGreaterThan(1000);
    expect([...owners].filter(([, owned]) => owned.length > 1)).toEqual([]);
  });

  it('is enforced by ESLint, in each line of a comment', () => {
    const { stdout } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules', 'eslint', 'bin', 'eslint.js'),
        ...['--stdin', '--stdin-filename', 'planted.mjs', '--format', 'json'],
      ],
      { cwd: root, encoding: 'utf8', input: TEXTS.map(([, text]) => `// ${text}\n`).join('') },
    );
    const [result] = JSON.parse(stdout) as { messages: { ruleId: string; line: number }[] }[];
    expect(result?.messages.map(({ ruleId, line }) => ({ ruleId, line }))).toEqual(
      TEXTS.map((_, index) => ({ ruleId: 'aegis/plain-english', line: index + 1 })),
    );
  });

  it.each(TEXTS)('is enforced on pages against %s', (_, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-language-'));
    try {
      mkdirSync(join(folder, '.ci'));
      const script = join(folder, '.ci', 'plain-english.mjs');
      writeFileSync(script, readFileSync(join(root, '.ci', 'plain-english.mjs')));
      writeFileSync(join(folder, 'page.md'), `# A page\n\n${text}\n`);
      expect(() => execFileSync(process.execPath, [script], { stdio: 'pipe' })).toThrow(/page\.md:3: /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
