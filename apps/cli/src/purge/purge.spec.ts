import { postgresOptions } from '@aegis/database';
import { Writable } from 'node:stream';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { insertLicenseRows, insertRowKey } from '../../../../test/support/database/license-rows';
import { insertEndpoint } from '../../../../test/support/webhooks/endpoints';
import { makePastPartition } from '../../../../test/support/trail/old-months';
import { Output } from '../terminal/output';
import { UsageProblem } from '../terminal/usage-problem';
import { purge, type PurgeOptions } from './purge';

interface Answer {
  purged: { name: string; removed?: number; due?: number; complete?: boolean }[];
  dry_run: boolean;
  complete: boolean;
}

describe('aegis purge', () => {
  const before = { ...process.env };
  let database: TestDatabase;
  let superuser: DataSource;

  beforeEach(async () => {
    database = await testDatabase();
    Object.assign(process.env, {
      ENVIRONMENT: 'test',
      DATABASE_URL: database.applicationUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      AUDIT_IP_RETENTION_DAYS: '7',
      EVENTS_RETENTION_DAYS: '30',
    });
    superuser = await new DataSource(postgresOptions(database.superuserUrl)).initialize();
    await makePastPartition(superuser);
    await superuser.query(`UPDATE audit_address_horizon SET forgotten_until = now() - interval '12 days'`);
    // One record has no address, one was taken over: it is as old as it was kept elsewhere.
    await superuser.query(`
      INSERT INTO audit_logs (event_type, actor, ip_address, recorded_at, occurred_at)
      VALUES ('license.validated', 'system', '203.0.113.7', now() - interval '11 days', NULL),
             ('license.validated', 'system', '203.0.113.7', now() - interval '8 days', NULL),
             ('license.validated', 'system', NULL, now() - interval '9 days', NULL),
             ('license.issued', 'system', '203.0.113.7', now() - interval '2 days', now() - interval '30 days'),
             ('license.validated', 'system', '203.0.113.7', now() - interval '2 days', NULL)`);
    await superuser.query(`
      INSERT INTO idempotency_keys (key_hash, request_hash, pepper_version, answer, created_at)
      SELECT sha256(convert_to(n::text, 'UTF8')), sha256('r'), 'v1', 'a', now() - make_interval(hours => CASE WHEN n <= 1200 THEN 25 ELSE 23 END)
      FROM generate_series(1, 1201) AS n`);
    // Due: the first 1,100, expired, and the next, unused for two hours.
    await superuser.query(`
      INSERT INTO sessions (id, token_hash, api_key_id, created_at, expires_at, last_used_at)
      SELECT gen_random_uuid(), sha256(n::text::bytea), 'a', now() - interval '3 hours',
             now() + make_interval(secs => CASE WHEN n <= 1100 THEN 0 ELSE 60 END),
             now() - make_interval(mins => CASE n WHEN 1101 THEN 120 ELSE 119 END)
      FROM generate_series(1, 1102) AS n`);
    await superuser.query(`
      INSERT INTO validation_counts (minute, code, count)
      VALUES (date_trunc('minute', now()) - interval '26 hours', 'VALID', 3),
             (date_trunc('minute', now()) - interval '1 hour', 'VALID', 3)`);
    await superuser.query(`
      INSERT INTO activity_counts (hour, counter, count)
      VALUES (now() - interval '9601 hours', 'verdicts.VALID', 3), (now() - interval '9599 hours', 'verdicts.VALID', 3)`);
    await superuser.query(`INSERT INTO customers (id, name) VALUES ('C-1', 'x')`);
    await insertRowKey({
      query: (text: string, values?: unknown[]) => superuser.query(text, values),
    } as never);
    await superuser.query(
      insertLicenseRows(
        `SELECT 'C-1' AS customer_id, 'perpetual' AS license_type, 'active' AS status, NULL::timestamptz AS expires_at`,
      ),
    );
    await superuser.query(
      `INSERT INTO license_seats (license_id, mode, required, max, offline_days, overage, take_over)
       SELECT id, 'fixed', true, 100, 30, 0, false FROM licenses`,
    );
    // Due: the first 1,200. One ended later, one has a token that counts, one a file, one has not ended.
    await superuser.query(`
      INSERT INTO activations (id, license_id, fp, mode, over, fence, admitted_at, last_seen_at, token_expires_at,
                               offline_until, ended_at, ended_by)
      SELECT gen_random_uuid(), (SELECT id FROM licenses), sha256(n::text::bytea), 'fixed', false, n,
             now() - interval '200 days', now(),
             CASE n WHEN 1202 THEN now() + interval '1 minute' ELSE now() - interval '70 days' END,
             CASE n WHEN 1203 THEN now() + interval '1 minute' END,
             CASE WHEN n < 1204 THEN now() - make_interval(days => CASE n WHEN 1201 THEN 89 ELSE 91 END) END,
             CASE WHEN n < 1204 THEN 'ended' END
      FROM generate_series(1, 1204) AS n`);
    await superuser.query(`
      INSERT INTO seat_days (license_id, day, peak, admissions, refusals)
      SELECT id, (now() AT TIME ZONE 'UTC')::date - days, 1, 1, 0
      FROM licenses, unnest(ARRAY[0, 90, 91, 400]) AS days`);
    await superuser.query(`
      WITH placed AS (
        INSERT INTO events (position, id, type, record_id, occurred_at, numbered_at, data)
        SELECT n, gen_random_uuid(), 'customer.deleted', n, now(),
               now() - make_interval(days => CASE WHEN n <= 1100 THEN 31 ELSE 29 END), '{}'
        FROM generate_series(1, 1102) AS n)
      UPDATE event_positions SET last = 1102`);
    const webhook = await insertEndpoint(superuser);
    await superuser.query(
      `INSERT INTO webhook_deliveries
         (endpoint_id, sequence, position, stream, state, created_at, due_at, holds_until, attempted_at, answer)
       SELECT $1, n, n, gen_random_uuid(), 'pending', now(), now(), now(),
              now() - make_interval(days => CASE n WHEN 1101 THEN 8 ELSE 6 END), CASE WHEN n > 1100 THEN 'text' END
       FROM generate_series(1, 1102) AS n`,
      [webhook],
    );
    await superuser.query(`
      INSERT INTO signing_replicas (id, name, kids, seen_at)
      VALUES (gen_random_uuid(), 'gone:1', '{}', now() - interval '2 hours'),
             (gen_random_uuid(), 'lives:1', '{}', now())`);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    process.env = { ...before };
    await superuser.destroy();
    await database.drop();
  });

  const run = async (options: Partial<PurgeOptions> = {}): Promise<{ exitCode: number; answer: Answer }> => {
    let text = '';
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        text += chunk.toString();
        done();
      },
    });
    const exitCode = await purge(new Output(true, stream), { maxSeconds: 300, ...options });
    return { exitCode, answer: JSON.parse(text) as Answer };
  };

  const left = async (): Promise<unknown> => {
    const [row] = await superuser.query<unknown[]>(`
      SELECT (SELECT count(ip_address)::int FROM audit_logs) AS addresses,
             (SELECT count(*)::int FROM idempotency_keys) AS answers,
             (SELECT count(*)::int FROM sessions) AS sessions,
             (SELECT count(*)::int FROM validation_counts) AS counts,
             (SELECT count(*)::int FROM activity_counts) AS activity,
             (SELECT array_agg(fence::int ORDER BY fence) FROM activations WHERE fence > 1200) AS activations,
             (SELECT count(*)::int FROM activations WHERE fence <= 1200) AS ended,
             (SELECT count(*)::int FROM seat_days) AS days,
             (SELECT count(*)::int FROM events) AS events,
             (SELECT forgotten::int FROM event_positions) AS forgotten,
             (SELECT count(*)::int FROM webhook_deliveries) AS deliveries,
             (SELECT count(answer)::int FROM webhook_deliveries) AS webhook_answers,
             (SELECT array_agg(name) FROM signing_replicas) AS replicas`);
    return row;
  };

  const REMOVED = {
    ...{ addresses: 1, answers: 1, sessions: 1, counts: 1, activity: 1, replicas: ['lives:1'] },
    ...{ activations: [1201, 1202, 1203, 1204], ended: 0, days: 2, events: 2, forgotten: 1100 },
    ...{ deliveries: 2, webhook_answers: 1 },
  };

  it('removes only what has a limited lifetime, and says how much it removed', async () => {
    expect(await run()).toEqual({
      exitCode: 0,
      answer: {
        purged: [
          { name: 'audit_addresses', removed: 3, complete: true },
          { name: 'expired_answers', removed: 1200, complete: true },
          { name: 'expired_sessions', removed: 1101, complete: true },
          { name: 'validation_counts', removed: 1, complete: true },
          { name: 'activity_counts', removed: 1, complete: true },
          { name: 'ended_activations', removed: 1200, complete: true },
          { name: 'seat_days', removed: 2, complete: true },
          { name: 'events', removed: 1100, complete: true },
          { name: 'webhook_deliveries', removed: 1100, complete: true },
          { name: 'webhook_answers', removed: 1, complete: true },
          { name: 'signing_replicas', removed: 1, complete: true },
        ],
        dry_run: false,
        complete: true,
      },
    });
    expect(await left()).toEqual(REMOVED);
    const again = await run();
    expect(again.exitCode).toBe(0);
    expect(again.answer.purged.map(({ removed }) => removed)).toEqual(again.answer.purged.map(() => 0));
  });

  it('only counts with --dry-run, the same as it would remove', async () => {
    expect(await run({ dryRun: true })).toEqual({
      exitCode: 0,
      answer: {
        purged: [
          { name: 'audit_addresses', due: 3 },
          { name: 'expired_answers', due: 1200 },
          { name: 'expired_sessions', due: 1101 },
          { name: 'validation_counts', due: 1 },
          { name: 'activity_counts', due: 1 },
          { name: 'ended_activations', due: 1200 },
          { name: 'seat_days', due: 2 },
          { name: 'events', due: 1100 },
          { name: 'webhook_deliveries', due: 1100 },
          { name: 'webhook_answers', due: 1 },
          { name: 'signing_replicas', due: 1 },
        ],
        dry_run: true,
        complete: true,
      },
    });
    expect(await left()).toEqual({
      ...{ addresses: 4, answers: 1201, sessions: 1102, counts: 2, activity: 2 },
      replicas: ['gone:1', 'lives:1'],
      ...{ activations: [1201, 1202, 1203, 1204], ended: 1200, days: 4, events: 1102, forgotten: 0 },
      ...{ deliveries: 1102, webhook_answers: 2 },
    });
  });

  it('stops after --max-seconds, and ends with 1', async () => {
    let seconds = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => (seconds += 10) * 1000);
    const { exitCode, answer } = await run({ maxSeconds: 60 });
    expect({ exitCode, complete: answer.complete }).toEqual({ exitCode: 1, complete: false });
    jest.restoreAllMocks();
    expect(await run()).toMatchObject({ exitCode: 0, answer: { complete: true } });
    expect(await left()).toEqual(REMOVED);
  });

  it.each([0, 86_401])('refuses --max-seconds %d', (maxSeconds) => {
    return expect(run({ maxSeconds })).rejects.toThrow(UsageProblem);
  });
});
