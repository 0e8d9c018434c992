import { until } from '../support/until';
import { MetricsReading } from './support/metrics';
import { wrongRefusals } from './support/outage';
import { Row } from './support/row';

const PARTITION = `SELECT c.oid::regclass::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds
  FROM pg_class c WHERE c.relname = 'audit_logs_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY_MM')`;

describe('an audit trail that cannot be written', () => {
  let row: Row;
  let partition: { name: string; bounds: string };

  beforeAll(async () => {
    row = await Row.start();
    [partition] = (await row.postgres.query(PARTITION)) as [typeof partition];
  });
  afterAll(() => row.close());

  const state = (): Promise<unknown> =>
    row.postgres.query(`SELECT (SELECT json_agg(licenses ORDER BY id) FROM licenses) AS licenses,
                               (SELECT json_agg(sha256 ORDER BY sha256) FROM license_tokens) AS tokens,
                               (SELECT count(*)::int FROM audit_logs) AS records`);

  it.each([
    [
      'the right was taken away',
      'not_permitted',
      () => 'REVOKE INSERT ON audit_logs FROM aegis_app',
      () => '',
    ],
    [
      'there is no partition for the month, as at its turn while nothing made one',
      'no_partition',
      ({ name }: typeof partition) => `ALTER TABLE audit_logs DETACH PARTITION ${name}`,
      ({ name, bounds }: typeof partition) => `ALTER TABLE audit_logs ATTACH PARTITION ${name} ${bounds}`,
    ],
  ])(
    'issue, revoke and validate are refused and change nothing, the server is not ready, and a metric and the log say why: %s',
    async (_name, obstacle, obstruct, repair) => {
      // Before: which privileges there were.
      const grants = await row.postgres.query<{ columns: string }>(
        `SELECT string_agg(quote_ident(column_name), ', ') AS columns FROM information_schema.column_privileges
         WHERE table_name = 'audit_logs' AND grantee = 'aegis_app' AND privilege_type = 'INSERT'`,
      );
      const reading = (): Promise<MetricsReading> => MetricsReading.of(row.server);
      const alarm = async (): Promise<number | undefined> =>
        (await reading()).value('aegis_database_obstacle', { obstacle });
      expect(await alarm()).toBe(0);
      const before = await state();
      await row.postgres.query(obstruct(partition));
      await row.untilReadyIs(503);
      const refused = [
        await row.load.one('issue'),
        await row.load.one('revoke'),
        await row.load.one('validate'),
      ];
      expect(wrongRefusals(refused, 2_000)).toEqual([]);
      await until('the alarm is raised', async () => (await alarm()) === 1);
      expect(row.server.output).toMatch(/"level":"error","message":"not ready: the database /);
      await row.postgres.query(
        repair(partition) || `GRANT INSERT (${grants[0]!.columns}) ON audit_logs TO aegis_app`,
      );
      expect(await state()).toEqual(before);
      await row.untilReadyIs(200);
      await until('the alarm is over', async () => (await alarm()) === 0);
      expect(await row.whatIsWrong()).toEqual([]);
    },
  );
});
