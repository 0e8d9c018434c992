import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ReplicatedPostgres } from '../../support/database/standby';
import { freePort } from '../../support/processes/free-port';
import { until } from '../../support/until';

const ROOT = join(__dirname, '../../..');
const CONFIG = join(ROOT, 'config');
const TOOLS = ['promtool', 'amtool', 'prometheus-node-exporter', 'prometheus-postgres-exporter'];
const missing = TOOLS.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
// Under CI a missing tool is a failure, not a reason to skip.
const alarmsIt = missing.length === 0 || process.env.CI === 'true' ? it : it.skip;
const because = missing.length === 0 ? '' : ` (missing: ${missing.join(', ')})`;

interface Rule {
  alert?: string;
  expr: string;
  labels?: { severity: string };
  annotations?: { summary: string; runbook_url: string };
}

const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const { groups } = parse(read('config/prometheus/aegis.rules.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alarms = rules.filter((rule): rule is Required<Rule> => rule.alert !== undefined);
interface Dashboard {
  title: string;
  templating: { list: { name: string; type: string; query?: string }[] };
  panels: { title: string; targets: { expr: string }[] }[];
}

const DASHBOARDS = join(CONFIG, 'grafana/dashboards');
const dashboards = readdirSync(DASHBOARDS).map(
  (name) => JSON.parse(readFileSync(join(DASHBOARDS, name), 'utf8')) as Dashboard,
);
/** Those of the log are held by logs.spec.ts. */
const ofMetrics = dashboards.filter(({ templating }) =>
  templating.list.some(({ type, query }) => type === 'datasource' && query === 'prometheus'),
);
const queries = ofMetrics.flatMap(({ panels }) =>
  panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
);
/** Names of metrics that alarms and dashboards ask for. */
const metricsOf = (pattern: RegExp): string[] => [
  ...new Set([...rules.map(({ expr }) => expr), ...queries].flatMap((expr) => expr.match(pattern) ?? [])),
];

function check(tool: string, ...words: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(tool, words, { cwd: CONFIG, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

describe('the alarms and dashboards', () => {
  alarmsIt(`are read by Prometheus, and their addressees by Alertmanager${because}`, () => {
    expect(check('promtool', 'check', 'config', 'prometheus/prometheus.yml')).toMatchObject({ status: 0 });
    expect(check('amtool', 'check-config', 'alertmanager/alertmanager.yml')).toMatchObject({ status: 0 });
  });

  alarmsIt(`fire for what they are for, and not before${because}`, () => {
    expect(check('promtool', 'test', 'rules', 'prometheus/aegis.rules.test.yml')).toMatchObject({
      status: 0,
      said: expect.stringContaining('SUCCESS') as string,
    });
  });

  it('have a test case each', () => {
    const { tests } = parse(read('config/prometheus/aegis.rules.test.yml')) as {
      tests: { name: string; alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const firing = tests.filter(({ alert_rule_test: cases }) =>
      cases.some(({ exp_alerts: expected }) => expected.length > 0),
    );
    expect(firing.map(({ name }) => name).sort()).toEqual(alarms.map(({ alert }) => alert).sort());
  });

  it.each(alarms.map((alarm) => [alarm.alert, alarm] as const))('%s leads to the runbook', (name, alarm) => {
    expect(['page', 'ticket']).toContain(alarm.labels.severity);
    expect(alarm.annotations.runbook_url).toBe(`docs/runbook.md#${name.toLowerCase()}`);
    const [, section = ''] = read('docs/runbook.md').split(`### ${name}\n`);
    const [own = ''] = section.split('\n##');
    expect(own).toContain('**Symptom.**');
    expect(own).toMatch(/\*\*(Check and action|Action)\.\*\*/);
  });

  alarmsIt(`have queries that Prometheus can read${because}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'aegis-queries-'));
    try {
      const file = join(folder, 'rules.yml');
      const recorded = queries.map((expr, at) => ({ record: `query:${at}`, expr }));
      writeFileSync(file, stringify({ groups: [{ name: 'queries', rules: recorded }] }));
      expect(check('promtool', 'check', 'rules', file)).toMatchObject({
        status: 0,
        said: expect.stringContaining(`${queries.length} rules found`) as string,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('do not add up what every process reports with the same value', () => {
    const alike = read('docs/metrics.md')
      .split('\n')
      .filter((line) => line.includes('reports the same'))
      .map((line) => /`(aegis_[a-z0-9_]+)/.exec(line)?.[1] ?? '');
    expect(alike).toContain('aegis_licenses');
    const all = [...rules.map(({ expr }) => expr), ...queries];
    const summed = all.filter((expr) =>
      alike.some((name) => new RegExp(`\\bsum\\b[^)]*\\b${name}\\b`).test(expr)),
    );
    expect(summed).toEqual([]);
  });

  it('use only metrics that the server has', () => {
    const page = read('docs/metrics.md');
    const explained = (name: string): boolean =>
      [name, name.replace(/_(bucket|count|sum)$/, '')].some((one) => new RegExp(`\`${one}[\`{]`).test(page));
    const wanted = metricsOf(/\b(aegis|process|nodejs)_[a-z0-9_]+/g);
    expect(wanted.length).toBeGreaterThan(20);
    expect(wanted.filter((name) => !explained(name))).toEqual([]);
  });

  alarmsIt(`ask for metrics that the exporters have${because}`, async () => {
    const running: ChildProcess[] = [];
    const scrape = async (command: string, variables: Record<string, string>): Promise<string> => {
      const port = await freePort();
      const exporter = spawn(command, [`--web.listen-address=127.0.0.1:${port}`], {
        env: { PATH: process.env.PATH, ...variables },
        stdio: 'ignore',
      });
      running.push(exporter);
      let text = '';
      await until(`${command} answers`, async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
        text = (await answer?.text()) ?? '';
        return answer?.status === 200;
      });
      return text;
    };
    const postgres = await ReplicatedPostgres.start(() => Promise.resolve());
    try {
      const url = new URL(postgres.primary.superuserUrl);
      url.protocol = 'postgresql:';
      url.searchParams.set('sslmode', 'disable');
      const exported =
        (await scrape('prometheus-node-exporter', {})) +
        (await scrape('prometheus-postgres-exporter', { DATA_SOURCE_NAME: url.href }));
      const wanted = metricsOf(/\b(pg|node)_[a-z0-9_]+/g);
      expect(wanted.length).toBeGreaterThan(4);
      expect(wanted.filter((name) => !new RegExp(`^${name}[{ ]`, 'm').test(exported))).toEqual([]);
    } finally {
      for (const exporter of running) {
        const ended = once(exporter, 'exit');
        exporter.kill();
        await ended;
      }
      await postgres.close();
    }
  });
});
