import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const ROOT = join(__dirname, '../../..');
const RULE = join(ROOT, 'deploy/kubernetes/components/monitoring/prometheus-rule.yaml');

interface Rule {
  alert: string;
  expr: string;
  annotations: { runbook_url: string };
}

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;
// Under CI a missing tool is a failure, not a reason to skip.
const describeAlarms = hasPromtool || process.env.CI === 'true' ? describe : describe.skip;

const DAY = 86_400;
const audit = (name: string): string => `{namespace="aegis", job_name="${name}"}`;
const cron = '{namespace="aegis", cronjob="aegis-audit-verify"}';

describeAlarms('the alarms of Kubernetes (promtool is needed: Debian package prometheus)', () => {
  const { spec } = parse(readFileSync(RULE, 'utf8')) as { spec: { groups: { rules: Rule[] }[] } };
  const rules = spec.groups.flatMap((group) => group.rules);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-alarms-'));
    writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('are what Prometheus can evaluate', () => {
    const { status, stdout } = spawnSync('promtool', ['check', 'rules', join(folder, 'rules.yaml')], {
      encoding: 'utf8',
    });
    expect({ status, found: stdout.includes(`${rules.length} rules found`) }).toEqual({
      status: 0,
      found: true,
    });
  });

  it('are all explained', () => {
    const page = readFileSync(join(ROOT, 'docs/kubernetes.md'), 'utf8');
    const unexplained = rules.filter(
      ({ alert, annotations }) =>
        annotations.runbook_url !== `docs/kubernetes.md#${alert.toLowerCase()}` ||
        !page.includes(`### ${alert}\n`),
    );
    expect(unexplained.map(({ alert }) => alert)).toEqual([]);
  });

  it('of the service are those of config/prometheus', () => {
    const read = (file: string): unknown => parse(readFileSync(join(ROOT, file), 'utf8'));
    const source = read('config/prometheus/aegis.rules.yml') as { groups: { name: string }[] };
    const copy = read('deploy/kubernetes/components/monitoring/service-rules.yaml') as {
      spec: typeof source;
    };
    expect(copy.spec.groups).toEqual(source.groups.filter(({ name }) => name !== 'aegis-database'));
    expect(copy.spec.groups.length).toBeGreaterThan(3);
  });

  it('fire when a nightly verification does not find the trail sound, with any exit code, and end after a day', () => {
    expect(
      fired(
        'AegisAuditVerificationFailed',
        {
          [`kube_job_failed{namespace="aegis", job_name="aegis-audit-verify-1", condition="true"}`]:
            '0x10 1x1500',
          [`kube_job_created${audit('aegis-audit-verify-1')}`]: '0x1510',
        },
        { '5m': 0, '15m': 1, '1439m': 1, '1441m': 0 },
      ),
    ).toBe('');
  });

  it('fire when the verification did not run for 36 hours, also if it never did', () => {
    const minutes = (1.5 * DAY) / 60;
    expect(
      fired(
        'AegisAuditNotVerified',
        {
          [`kube_cronjob_status_last_successful_time${cron}`]: '0x3000',
          [`kube_cronjob_created${cron}`]: '0x3000',
        },
        { [`${minutes - 1}m`]: 0, [`${minutes + 1}m`]: 1 },
      ),
    ).toBe('');
    expect(
      fired(
        'AegisAuditNotVerified',
        { [`kube_cronjob_created${cron}`]: '0x3000' },
        { [`${minutes - 1}m`]: 0, [`${minutes + 1}m`]: 1 },
      ),
    ).toBe('');
    expect(
      fired(
        'AegisAuditNotVerified',
        {
          [`kube_cronjob_status_last_successful_time${cron}`]: '0+60x3000',
          [`kube_cronjob_created${cron}`]: '0x3000',
        },
        { [`${minutes + 1}m`]: 0 },
      ),
    ).toBe('');
  });

  /** @returns what promtool objects to, nothing if each time has as many alarms as expected */
  function fired(alert: string, series: Record<string, string>, counts: Record<string, number>): string {
    const test = {
      rule_files: ['rules.yaml'],
      tests: [
        {
          interval: '1m',
          input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
          promql_expr_test: Object.entries(counts).map(([time, count]) => ({
            expr: `count(ALERTS{alertname="${alert}", alertstate="firing"}) or vector(0)`,
            eval_time: time,
            exp_samples: [{ labels: '{}', value: count }],
          })),
        },
      ],
    };
    writeFileSync(join(folder, 'test.yaml'), stringify(test));
    const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'test.yaml'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return status === 0 ? '' : stdout + stderr;
  }
});
