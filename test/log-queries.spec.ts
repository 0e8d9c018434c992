import { parser } from '@grafana/lezer-logql';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(__dirname, '..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

interface Dashboard {
  templating: { list: { name: string }[] };
  panels: { title: string; targets: { expr: string }[] }[];
}

const dashboard = JSON.parse(read('config/grafana/dashboards/logs.json')) as Dashboard;
const panels = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
const page = read('docs/logs.md');
const shown = [...page.matchAll(/^```logql\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
  block
    .trim()
    .split('\n')
    .map((expr) => [expr, expr] as const),
);

/** Grafana puts a time range in place of its own variables before Loki reads a query. */
const asSent = (expr: string): string => expr.replaceAll('$__auto', '5m');

function errorsIn(expr: string): string[] {
  const errors: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) errors.push(`${from}: ${expr.slice(from, to + 20)}`);
    },
  });
  return errors;
}

/** The fields of a line that a query compares, without the label that Alloy sets. */
const fieldsIn = (expr: string): string[] =>
  [...expr.replace(/\{[^}]*\}/, '').matchAll(/\b([a-z_]+)(?:!=|=~|!~|=)/g)].map(([, field = '']) => field);

describe('the queries of the log', () => {
  it.each(['{job=} | json', '{job="aegis"} | json | code=', 'sum by (code (count_over_time({a="b"}[5m]))'])(
    'are parsed by a grammar that refuses %s',
    (expr) => {
      expect(errorsIn(expr)).not.toEqual([]);
    },
  );

  it.each([...panels, ...shown])('can be read, and ask for fields of the log: %s', (_title, expr) => {
    expect(errorsIn(asSent(expr))).toEqual([]);
    const documented = new Set([...page.matchAll(/`([a-z_]+)`/g)].map(([, field]) => field));
    expect(fieldsIn(expr).filter((field) => !documented.has(field))).toEqual([]);
  });

  it('have a field on the dashboard for each variable', () => {
    const variables = new Set(dashboard.templating.list.map(({ name }) => name));
    const used = panels.flatMap(([, expr]) =>
      [...expr.matchAll(/\$([a-z_]+)\b/g)].map(([, name = '']) => name),
    );
    expect(used.filter((name) => !name.startsWith('__') && !variables.has(name))).toEqual([]);
    expect([...new Set(used)]).toEqual(expect.arrayContaining(['license_id', 'request_id', 'api_key_id']));
  });

  it('are asked of data sources of which one is the default', () => {
    const folder = 'config/grafana/provisioning/datasources';
    const sources = readdirSync(join(ROOT, folder)).flatMap(
      (file) => (parse(read(join(folder, file))) as { datasources: { isDefault?: boolean }[] }).datasources,
    );
    expect(sources.filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });
});
