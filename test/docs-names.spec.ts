import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const ROOT = join(__dirname, '..');
const FILES = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
const FOLDERS = new Set(
  FILES.flatMap((file) => {
    const parts = file.split('/').slice(0, -1);
    return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  }),
);
const PAGES = FILES.filter((file) => /^(docs\/.*|README|CONTRIBUTING|SECURITY)\.md$/.test(file));
/** Names in decisions that are not ours: of PostgreSQL, PgBouncer, Linux, class-validator and JavaScript. */
const FOREIGN = new Set([
  'pg_dump',
  'max_prepared_statements',
  'protected_symlinks',
  'stopAtFirstError',
  'fromBase64',
]);

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const foldersIn = (parent: string): string[] =>
  [...FOLDERS].filter(
    (folder) => folder.startsWith(`${parent}/`) && !folder.slice(parent.length + 1).includes('/'),
  );

/** What stands between backticks in a page, outside of its blocks of code. */
function quotedIn(page: string): string[] {
  const text = read(page).replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, quoted = '']) => quoted);
}

describe('what pages name is there', () => {
  it('has every path that a page quotes', () => {
    const path =
      /^(?:\.\/)?((?:apps|libs|test|docs|deploy|docker|config|migrations|clients|\.ci)\/[\w./@-]*\w)\/?(?:[#:].*)?$/;
    const missing = PAGES.flatMap((page) =>
      quotedIn(page).flatMap((quoted) => {
        const name = path.exec(quoted)?.[1];
        return name === undefined || existsSync(join(ROOT, name)) ? [] : [`${page}: ${quoted}`];
      }),
    );
    expect(missing).toEqual([]);
  });

  it('has every class, function, table and file that a decision (docs/adr) quotes', () => {
    const code = FILES.filter(
      (file) => /\.(ts|tsx|mjs|cjs|json|yml|yaml|sh)$|Dockerfile/.test(file) && !file.startsWith('docs/'),
    );
    const words = new Set(code.flatMap((file) => read(file).match(/[A-Za-z_$][\w$]*/g) ?? []));
    const files = new Set(FILES.map((file) => basename(file)));
    const isThere = (quoted: string): boolean => {
      if (/^[\w.-]+\.(ts|mjs|cjs|json|yml|yaml|sh|md)$/.test(quoted)) return files.has(quoted);
      const names = /^([A-Za-z_$][\w$]*)(?:\.([A-Za-z_$][\w$]*))?(?:\(.*\))?$/.exec(quoted)?.slice(1) ?? [];
      return names
        .filter((name: string | undefined) => name !== undefined && /[a-z][A-Z]|_/.test(name))
        .every((name) => words.has(name) || FOREIGN.has(name));
    };
    const missing = PAGES.filter((page) => page.startsWith('docs/adr/')).flatMap((page) =>
      quotedIn(page)
        .filter((quoted) => !isThere(quoted))
        .map((quoted) => `${page}: ${quoted}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('the map in docs/architecture.md', () => {
  const [, map = ''] = /^```\n(.*?)^```$/ms.exec(read('docs/architecture.md')) ?? [];
  const lines = map.trimEnd().split('\n');
  /** Each line's folders: the first of it, below the last line without indentation; and all that it names. */
  let parent = '';
  const entries = lines.map((line) => {
    const named = [...line.matchAll(/(?<![\w./-])([\w./-]*[\w-])\/(?![\w./-])/g)].map(
      ([, name = '']) => name,
    );
    const [first = ''] = named;
    if (!line.startsWith(' ')) parent = first;
    const base = line.startsWith(' ') ? join(parent, first) : first;
    return { line, parent: line.startsWith(' ') ? parent : '', base, named };
  });

  it('names no folder that does not exist', () => {
    const missing = entries.flatMap(({ line, parent: above, base, named }) =>
      named
        .slice(1)
        .filter(
          (name) =>
            ![join(base, name), join(base, 'src', name), join(above, name)].some((path) => FOLDERS.has(path)),
        )
        .concat(FOLDERS.has(base) ? [] : [base])
        .map((name) => `${name} in: ${line}`),
    );
    expect(missing).toEqual([]);
  });

  it('names every folder of the root, every app, every lib, and every folder of test/ and deploy/', () => {
    const top = [...FOLDERS].filter((folder) => !folder.includes('/') && !folder.startsWith('.'));
    const heads = entries.filter(({ line }) => !line.startsWith(' ')).map(({ base }) => base.split('/')[0]);
    expect(heads.sort()).toEqual(top.sort());
    for (const folder of ['apps', 'libs', 'test', 'deploy']) {
      const here = entries
        .filter(({ parent: above, base }) => above === folder || base === folder)
        .flatMap(({ named }) => named.map((name) => name.split('/')[0]));
      expect([folder, foldersIn(folder).filter((path) => !here.includes(basename(path)))]).toEqual([
        folder,
        [],
      ]);
    }
  });
});
