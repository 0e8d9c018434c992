import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const page = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

/** Numbers of the requirements of levels 1 and 2 in ASVS 5.0.0, as the standard's own CSV has them. */
const LEVEL_2 = `1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2 4.1.1-3 4.2.1 4.3.1-2 4.4.1-4 5.1.1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2 8.1.1-2 8.2.1-3 8.3.1 8.4.1 9.1.1-3 9.2.1-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1 11.6.1 12.1.1-3 12.2.1-2 12.3.1-4 13.1.1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1 17.2.1-4 17.3.1-2`;

function numbers(ranges: string): string[] {
  return ranges.split(/\s+/).flatMap((section) => {
    const [, prefix, lasts] = /^(\d+\.\d+)\.(.+)$/.exec(section) ?? [];
    return (lasts ?? '').split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last! - first! + 1 }, (_, index) => `${prefix}.${first! + index}`);
    });
  });
}

/** Rows of the page's tables: number, state, proof. */
function items(text: string): { number: string; state: string; proof: string }[] {
  return [...text.matchAll(/^\| (\d+\.\d+\.\d+) +\|[^|]+\| ([^|]+?) +\| (.+?) *\|$/gm)].map(
    ([, number, state, proof]) => ({ number: number!, state: state!, proof: proof! }),
  );
}

const TESTS_AND_PAGES = /`((?:apps|libs|test|migrations|docs)\/[^`\s]+|[A-Z]+\.md|tsconfig\.build\.json)`/g;

describe('docs/asvs.md', () => {
  const rows = items(page('docs/asvs.md'));

  it('answers each requirement of level 2 once, in the order of the standard', () => {
    expect(numbers(LEVEL_2)).toHaveLength(253);
    expect(rows.map(({ number }) => number)).toEqual(numbers(LEVEL_2));
  });

  it('says of each that it is met, not met, or does not arise, and why', () => {
    expect(rows.filter(({ state }) => !['met', 'not met', 'n/a'].includes(state))).toEqual([]);
    expect(rows.filter(({ proof }) => proof.length < 5)).toEqual([]);
  });
});

describe.each(['docs/asvs.md', 'docs/security.md', 'SECURITY.md'])('%s', (name) => {
  it('names only tests and pages that exist', () => {
    const named = [...page(name).matchAll(TESTS_AND_PAGES)].map(([, path]) => path!);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const linked = [...page(name).matchAll(/\]\(((?!https?:)[^)#]+)/g)].map(([, path]) => path!);
    const folder = join(ROOT, name, '..');
    expect(linked.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
  });
});
