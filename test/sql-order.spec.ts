import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(__dirname, '..');

/**
 * In ORDER BY a bare name is a column of the answer before it is one of the table (PostgreSQL, "Sorting Rows"):
 * `SELECT number::text AS number … ORDER BY number` sorts text, of which '9' comes after '10'.
 */
describe('ORDER BY', () => {
  it('names no column that SELECT gives another value under the same name', () => {
    const files = ['libs', 'apps', 'migrations'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
        .map((name) => join(folder, name)),
    );
    const sources = files.map((file) => [file, textsOf(readFileSync(join(root, file), 'utf8'))] as const);
    const constants = new Map(sources.flatMap(([, { named }]) => [...named]));
    let sorted = 0;
    const wrong = sources.flatMap(([file, { texts }]) =>
      texts
        .map((text) => withConstants(text, constants))
        .flatMap((text) => {
          if (/\bORDER BY\b/.test(text)) sorted += 1;
          return hiddenColumns(text).map((column) => `${file}: ${column}`);
        }),
    );
    expect(sorted).toBeGreaterThan(40);
    expect(wrong).toEqual([]);
  });

  it.each([
    ['SELECT number::text AS number, jws FROM t ORDER BY number DESC LIMIT 1', ['number']],
    ['SELECT number::text FROM t ORDER BY jws, number', ['number']],
    ['SELECT t.number::text AS number FROM t ORDER BY number', ['number']],
    ["SELECT to_char(at, 'YYYY') AS at FROM t ORDER BY at ASC", ['at']],
    ["SELECT ${utc('at')} AS at FROM t WHERE id IN (SELECT id FROM u) ORDER BY at", ['at']],
    ['SELECT a FROM (SELECT DISTINCT number::text AS number FROM t ORDER BY number) AS u', ['number']],
    ['SELECT number::text AS number FROM t ORDER BY t.number', []],
    ['SELECT number::text AS id FROM t ORDER BY number', []],
    ['SELECT array_agg(id::text ORDER BY id) AS ids FROM t', []],
    ['SELECT id::text AS id, row_number() OVER (ORDER BY id) FROM t', []],
    ['SELECT code, number FROM t ORDER BY number', []],
    ['SELECT code, sum(n)::int AS count FROM t GROUP BY code ORDER BY count', []],
  ])('is read as PostgreSQL does: %s', (sql, hidden) => {
    expect(hiddenColumns(sql)).toEqual(hidden);
  });
});

/** Every text of a source file, with its placeholders as they are written, and those that constants name. */
function textsOf(source: string): { texts: string[]; named: Map<string, string> } {
  const texts: string[] = [];
  const named = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const text = node.getText().slice(1, -1);
      texts.push(text);
      if (ts.isVariableDeclaration(node.parent)) named.set(node.parent.name.getText(), text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true));
  return { texts, named };
}

function withConstants(text: string, constants: ReadonlyMap<string, string>, depth = 3): string {
  if (depth === 0) return text;
  return text.replaceAll(/\$\{(\w+)\}/g, (placeholder, name: string) => {
    const constant = constants.get(name);
    return constant === undefined ? placeholder : withConstants(constant, constants, depth - 1);
  });
}

/** The columns that ORDER BY names bare and SELECT has as the names of expressions over a column of the same name. */
function hiddenColumns(sql: string): string[] {
  return [...sql.matchAll(/\bSELECT\b/g)].flatMap(({ index }) => {
    const query = sql.slice(index, endOfQuery(sql, index));
    const [, list = ''] = /^SELECT\s+(?:DISTINCT\s+)?(.*)$/s.exec(outermost(query, /\bFROM\b/)) ?? [];
    const [, order] = splitOutermost(query, /\bORDER BY\b/);
    if (order === undefined) return [];
    const keys = splitOutermost(outermost(order, /\b(?:LIMIT|OFFSET|FOR|UNION|ON CONFLICT)\b/), /,/);
    const bare = keys.map((key) => /^\s*(\w+)(?:\s+(?:ASC|DESC))?(?:\s+NULLS \w+)?\s*$/.exec(key)?.[1]);
    return splitOutermost(list, /,/).flatMap((item) => {
      const [, value = item, alias] = /^(.*)\sAS\s+"?(\w+)"?\s*$/s.exec(item) ?? [];
      // Without a name of its own, a cast has that of its column.
      const name = alias ?? /^\s*(?:\w+\.)?(\w+)::[\w ]+\s*$/.exec(item)?.[1];
      if (name === undefined || !bare.includes(name)) return [];
      const isColumn = new RegExp(String.raw`^\s*(?:\w+\.)?${name}\s*$`).test(value);
      return !isColumn && new RegExp(String.raw`\b${name}\b`).test(value) ? [name] : [];
    });
  });
}

/** Where the parentheses around a position close, or the end of the text. */
function endOfQuery(sql: string, from: number): number {
  for (let at = from, depth = 0; at < sql.length; at += 1) {
    if (sql[at] === '(' || sql[at] === '{') depth += 1;
    if (sql[at] === ')' || sql[at] === '}') depth -= 1;
    if (depth < 0) return at;
  }
  return sql.length;
}

function outermost(text: string, separator: RegExp): string {
  return splitOutermost(text, separator)[0] ?? '';
}

/** Splits a text at each separator that is not in parentheses. */
function splitOutermost(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const { index, 0: found } of text.matchAll(new RegExp(separator, 'g'))) {
    if (openParentheses(text, start, index) !== 0) continue;
    parts.push(text.slice(start, index));
    start = index + found.length;
  }
  return [...parts, text.slice(start)];
}

/** How many parentheses are open at `to`. */
function openParentheses(text: string, from: number, to: number): number {
  const part = text.slice(from, to);
  return (part.match(/[({]/g)?.length ?? 0) - (part.match(/[)}]/g)?.length ?? 0);
}
