import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

/** Which test takes the commands out of a page and runs them. */
const RUN_BY: Readonly<Record<string, string>> = {
  'README.md': 'test/system/docs.spec.ts',
  'docs/activations.md': 'test/system/docs.spec.ts',
  'docs/api.md': 'test/system/docs.spec.ts',
  'docs/audit-events.md': 'test/system/docs.spec.ts',
  'docs/entitlements.md': 'test/system/docs.spec.ts',
  'docs/events.md': 'test/system/docs.spec.ts',
  'docs/instance-binding.md': 'test/system/docs.spec.ts',
  'docs/logs.md': 'test/system/docs.spec.ts',
  'docs/undo.md': 'test/system/docs.spec.ts',
  'docs/verify-offline.md': 'test/system/docs.spec.ts',
  'docs/webhooks.md': 'test/system/docs.spec.ts',
  'docs/audit.md': 'test/system/operator-pages.spec.ts',
  'docs/key-security.md': 'test/system/operator-pages.spec.ts',
  'docs/keys.md': 'test/system/operator-pages.spec.ts',
  'docs/containers.md': 'test/system/containers/compose-checks.ts',
  'docs/kubernetes.md': 'test/system/kubernetes/page.spec.ts',
  'docs/production.md': 'test/system/production-page.spec.ts',
  'docs/quickstart.md': 'test/system/quickstart.spec.ts',
  'docs/several-servers.md': 'test/support/deployment/deployment.ts',
};
/** In front of a block that no test runs, with the reason. */
const NOT_RUN = /<!-- not run by the tests: [^>]{10,} -->\n\n$/;
const BLOCK = /^```(?:sh|bash|console)\n/gm;

const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

describe('the commands of the documentation', () => {
  it.each(Object.entries(RUN_BY))('%s are taken out and run by %s', (page, spec) => {
    expect(read(spec)).toContain(page);
  });

  it.each(pages.filter((page) => !(page in RUN_BY)))('%s are run, or the page says why not', (page) => {
    const text = read(page);
    const unexplained = [...text.matchAll(BLOCK)]
      .filter(({ index }) => !NOT_RUN.test(text.slice(0, index)))
      .map(({ index }) => text.slice(index).split('\n')[1]);
    expect(unexplained).toEqual([]);
  });
});
