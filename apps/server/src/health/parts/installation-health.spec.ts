import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PART_NAMES, type PartName } from './health-part';
import { healthOf, type HealthPart, PART_RULES } from './installation-health';
import { type MetricReading, Readings } from './readings';

const NOW = 1_800_000_000;
const plain = (value: number): MetricReading[] => [{ labels: {}, value }];
const series = (label: string, values: Readonly<Record<string, number>>): MetricReading[] =>
  Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));

/** Of a server that is well and has everything. */
const WELL: Readonly<Record<string, MetricReading[]>> = {
  aegis_database_obstacle: series('obstacle', { unreachable: 0, read_only: 0 }),
  aegis_signing_ready: plain(1),
  aegis_signing_keys_notified: plain(1),
  aegis_signer_breaker_state: series('state', { closed: 1, open: 0, half_open: 0 }),
  aegis_signed_key_set_expiry_timestamp_seconds: plain(NOW + 14 * 86_400),
  aegis_signed_key_set_current: plain(1),
  aegis_checkpoint_lag_seconds: plain(60),
  aegis_oldest_write_transaction_seconds: plain(300),
  aegis_audit_trail_alarm: series('reason', { untrusted_checkpoint: 0, checkpoints_lost: 0 }),
  aegis_checkpoint_shipping_lag_seconds: plain(300),
  aegis_outbox_pending: plain(5),
  aegis_outbox_oldest_seconds: plain(60),
  aegis_webhook_deliveries_pending: plain(7.4),
  aegis_webhook_oldest_due_seconds: plain(600),
  aegis_webhook_endpoints: series('state', { active: 2, failing: 0, disabled: 1 }),
  aegis_status_list_age_seconds: plain(600),
  aegis_read_replica_in_use: series('replica', { 1: 1, 2: 1 }),
  aegis_api_key_next_expiry_timestamp_seconds: plain(NOW + 14 * 86_400),
  aegis_job_last_success_seconds: series('job', {
    'checkpoint-shipping': NOW - 60,
    'audit-partitions': NOW - 3 * 86_400,
    'expired-answers': NOW - 3 * 3600,
    statistics: 0,
  }),
  process_start_time_seconds: plain(NOW - 60),
};

const check = (changes: Readonly<Record<string, MetricReading[]>> = {}) =>
  healthOf(Readings.from({ ...WELL, ...changes }), NOW);
function part(name: PartName, changes: Readonly<Record<string, MetricReading[]>> = {}): HealthPart {
  return check(changes).parts.find((one) => one.name === name)!;
}

describe('the health of an installation', () => {
  it('is healthy where each part is at its limit and not beyond', () => {
    const { status, parts } = check();
    expect(parts.flatMap(({ findings }) => findings)).toEqual([]);
    expect([status, ...new Set(parts.map((one) => one.status))]).toEqual(['healthy', 'healthy']);
    expect(parts.map(({ name }) => name)).toEqual([...PART_NAMES]);
  });

  it.each<[PartName, Readonly<Record<string, MetricReading[]>>, string, string]>([
    [
      'database',
      { aegis_database_obstacle: series('obstacle', { disk_full: 1 }) },
      'AegisDatabaseObstacle',
      'The database has no room on its disk: nothing can be validated.',
    ],
    [
      'signing',
      { aegis_signing_ready: plain(0) },
      'AegisCannotSign',
      'This server cannot sign with the active key, or no key is active: nothing is issued here, validation continues.',
    ],
    [
      'signing',
      { aegis_signer_breaker_state: series('state', { closed: 0, open: 1, half_open: 0 }) },
      'AegisSignerUnavailable',
      'The signer does not answer: nothing is issued, validation continues.',
    ],
    [
      'signed_key_set',
      { aegis_signed_key_set_expiry_timestamp_seconds: plain(NOW + 14 * 86_400 - 1) },
      'AegisKeySetExpires',
      'The signed key set expires in 13 d.',
    ],
    [
      'signed_key_set',
      { aegis_signed_key_set_expiry_timestamp_seconds: plain(NOW) },
      'AegisKeySetExpires',
      'The signed key set has expired.',
    ],
    [
      'signed_key_set',
      { aegis_signed_key_set_current: plain(0) },
      'AegisKeySetOutdated',
      'The signed key set does not say what the database does about the keys.',
    ],
    [
      'audit_trail',
      { aegis_checkpoint_lag_seconds: plain(180) },
      'AegisAuditRecordsWait',
      'The oldest audit record has waited 3 min for a checkpoint.',
    ],
    [
      'audit_trail',
      { aegis_oldest_write_transaction_seconds: plain(301) },
      'AegisLongTransaction',
      'A write transaction is open for 5 min: no audit record after it is sealed.',
    ],
    [
      'audit_trail',
      { aegis_audit_trail_alarm: series('reason', { checkpoints_lost: 1, record_too_large: 0 }) },
      'AegisAuditTrailAlarm',
      'The audit trail does not have checkpoints that were shipped.',
    ],
    [
      'checkpoint_sink',
      { aegis_checkpoint_shipping_lag_seconds: plain(301) },
      'AegisCheckpointsNotShipped',
      'The oldest checkpoint has waited 5 min for CHECKPOINT_SINK.',
    ],
    [
      'events',
      { aegis_outbox_oldest_seconds: plain(61) },
      'AegisEventsWait',
      'The oldest event has waited 61 s for its position.',
    ],
    [
      'webhooks',
      { aegis_webhook_oldest_due_seconds: plain(601) },
      'AegisWebhooksWait',
      'A delivery of a webhook has been due for 10 min.',
    ],
    [
      'webhooks',
      { aegis_webhook_endpoints: series('state', { failing: 2 }) },
      'AegisWebhooksFail',
      '2 webhook(s) receive nothing: each attempt fails.',
    ],
    [
      'status_lists',
      { aegis_status_list_age_seconds: plain(601) },
      'AegisStatusListsOld',
      'A status list is 10 min old.',
    ],
    [
      'read_replicas',
      { aegis_read_replica_in_use: series('replica', { 1: 1, 2: 0 }) },
      'AegisReadReplicaLeftOut',
      'The read replica 2 is left out: lists are read from the primary.',
    ],
    [
      'api_keys',
      { aegis_api_key_next_expiry_timestamp_seconds: plain(NOW + 86_400) },
      'AegisApiKeyExpires',
      'An API key expires in 24 h.',
    ],
    [
      'jobs',
      { process_start_time_seconds: plain(NOW - 61) },
      'AegisJobStopped',
      'The job statistics has not succeeded for 61 s.',
    ],
    [
      'jobs',
      {
        aegis_job_last_success_seconds: series('job', { 'audit-partitions': NOW - 3 * 86_400 - 1 }),
        process_start_time_seconds: plain(0),
      },
      'AegisJobStopped',
      'The job audit-partitions has not succeeded for 3 d.',
    ],
  ])('says what is wrong with %s: %j', (name, changes, alarm, message) => {
    const { status, parts } = check(changes);
    const expected = name === 'database' ? 'unhealthy' : 'degraded';
    expect([status, part(name, changes).status]).toEqual([expected, expected]);
    expect(parts.flatMap(({ findings }) => findings)).toEqual([{ alarm, message }]);
  });

  it('has no signed key set, sink and replicas where there are none', () => {
    const changes = {
      aegis_signed_key_set_expiry_timestamp_seconds: plain(0),
      aegis_signed_key_set_current: plain(0),
      aegis_read_replica_in_use: [],
      aegis_job_last_success_seconds: series('job', { statistics: NOW }),
      aegis_checkpoint_shipping_lag_seconds: plain(1000),
      aegis_api_key_next_expiry_timestamp_seconds: plain(0),
    };
    const { status, parts } = check(changes);
    expect([status, parts.filter((one) => one.status === 'off').map(({ name }) => name)]).toEqual([
      'healthy',
      ['signed_key_set', 'checkpoint_sink', 'read_replicas'],
    ]);
    expect(part('checkpoint_sink', changes).measures).toEqual({});
  });

  it('shows metrics without labels, and only those', () => {
    expect(part('webhooks').measures).toEqual({
      aegis_webhook_deliveries_pending: 7,
      aegis_webhook_oldest_due_seconds: 600,
    });
    expect(part('jobs').measures).toEqual({ process_start_time_seconds: NOW - 60 });
    expect(part('audit_trail', { aegis_checkpoint_lag_seconds: plain(NaN) }).measures).toEqual({
      aegis_oldest_write_transaction_seconds: 300,
    });
  });

  it('gives each job as long as its alarm gives it', () => {
    const rules = readFileSync(join(__dirname, '../../../../../config/prometheus/aegis.rules.yml'), 'utf8');
    const [, expression = ''] = /alert: AegisJobStopped\n(.*?)\n {8}for:/s.exec(rules) ?? [];
    const limits = [...expression.matchAll(/exported_job(=~|=|!~)"([^"]+)"\} > ([\d *]+)/g)].flatMap(
      ([, how, jobs = '', seconds = '']) => {
        const limit = seconds.split('*').reduce((product, factor) => product * Number(factor), 1);
        return how === '!~'
          ? [['another', limit] as const]
          : jobs.split('|').map((job) => [job, limit] as const);
      },
    );
    expect(limits.length).toBeGreaterThan(5);
    const late = (job: string, seconds: number): number =>
      part('jobs', {
        aegis_job_last_success_seconds: series('job', { [job]: NOW - seconds }),
        process_start_time_seconds: plain(0),
      }).findings.length;
    expect(limits.map(([job, limit]) => [job, late(job, limit), late(job, limit + 1)])).toEqual(
      limits.map(([job]) => [job, 0, 1]),
    );
  });

  it('names alarms that exist, and follows from metrics that are documented', () => {
    const read = (path: string): string => readFileSync(join(__dirname, '../../../../..', path), 'utf8');
    const [rules, runbook, metrics] = [
      'config/prometheus/aegis.rules.yml',
      'docs/runbook.md',
      'docs/metrics.md',
    ].map(read);
    const worst = Readings.from(
      Object.fromEntries(
        Object.entries(WELL).map(([name, readings]) => [
          name,
          readings.map(({ labels }) => ({ labels, value: /ready|in_use|current/.test(name) ? 0 : 1 })),
        ]),
      ),
    );
    const late = healthOf(worst, NOW).parts;
    const slow = check(
      Object.fromEntries(
        Object.keys(WELL)
          .filter((name) => /lag|oldest|age/.test(name))
          .map((name) => [name, plain(1e6)]),
      ),
    ).parts;
    const alarms = new Set([...late, ...slow].flatMap(({ findings }) => findings.map(({ alarm }) => alarm)));
    expect(alarms.size).toBeGreaterThan(12);
    for (const alarm of alarms) {
      expect(rules).toContain(`- alert: ${alarm}\n`);
      expect(runbook!.toLowerCase()).toContain(`## ${alarm.toLowerCase()}\n`);
    }
    for (const name of PART_RULES.flatMap((rule) => rule.metrics)) expect(metrics).toContain(`\`${name}`);
  });
});
