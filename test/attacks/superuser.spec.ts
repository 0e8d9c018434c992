import { TIMES_ARE_SEALABLE } from '../../libs/checkpoints/src/tree/leaf';
import { untilComplete } from '../support/trail/old-months';
import { Trail } from '../support/trail/trail';

jest.setTimeout(120_000);

const LEAST = '-9223372036854775808';
const GREATEST = '9223372036854775807';
/** The month may just have begun. */
const PAST = `DO $$ BEGIN EXECUTE format(
  'CREATE TABLE audit_logs_past PARTITION OF audit_logs FOR VALUES FROM (''2020-01-01Z'') TO (%L)',
  date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'); END $$`;
const NO_CHECKS = `DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT conname, conrelid::regclass AS owner FROM pg_constraint
             WHERE contype = 'c' AND conislocal
               AND conrelid IN ('audit_logs'::regclass, 'audit_seals'::regclass, 'audit_checkpoints'::regclass) LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.owner, one.conname);
  END LOOP; END $$`;

/** A superuser, with every trigger and constraint off. */
describe('what a superuser writes into the audit trail', () => {
  let trail: Trail;

  beforeEach(async () => {
    trail = await Trail.open();
    await trail.sealed();
  });
  afterEach(() => trail.close());

  const added = (id: string, xact: string): string =>
    `INSERT INTO audit_logs (id, recorded_at, xact, event_type, actor)
     VALUES (${id}, clock_timestamp() - interval '1 hour', '${xact}', 'license.revoked', 'system')`;

  it.each([
    ['as they are', 'SELECT'],
    ['as if from another cluster', `UPDATE audit_checkpoints SET cluster = 'other' WHERE number = 3`],
    ['set back', `UPDATE audit_checkpoints SET sealed_xact = '0', sealed_id = 0 WHERE number = 3`],
    ['set to the end', `UPDATE audit_checkpoints SET sealed_xact = '18446744073709551615' WHERE number = 3`],
  ])('names added records of any id and transaction, with the unsigned columns %s', async (_, move) => {
    const early = [LEAST, '-6', '0', '777776', `${BigInt(GREATEST) - 1n}`];
    const late = [`${BigInt(LEAST) + 1n}`, '-5', '777777', GREATEST];
    await trail.tamper(
      PAST,
      move,
      ...early.map((id) => added(id, '5')),
      ...late.map((id) => added(id, '18446744073709551615')),
    );
    const expected = [...early, ...late]
      .toSorted((one, other) => (BigInt(one) < BigInt(other) ? -1 : 1))
      .map((record) => ({ kind: 'record_added', record }));
    expect(await trail.findings()).toEqual(expected);
    expect(await trail.findings([], 3)).toEqual(expected);
  });

  it.each([
    ['beyond the tree of an earlier checkpoint', 1, 4000],
    ['before that tree', 1, -1],
    ['beyond the tree of the last one', 3, 4000],
    ['of checkpoint 0', 0, 1],
    ['of a checkpoint below the first, which is there', -7, 2],
    ['of a checkpoint after the last', 9999, 0],
  ])('names a record that a seal should hide: one %s', async (_, checkpoint, leaf) => {
    await trail.tamper(
      PAST,
      NO_CHECKS,
      added('777777', '5'),
      `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, jws)
       SELECT -7, epoch, cluster, sealed_xact, sealed_id, jws FROM audit_checkpoints WHERE number = 1`,
      `INSERT INTO audit_seals SELECT id, recorded_at, ${checkpoint}, ${leaf}, sha256('x') FROM audit_logs WHERE id = 777777`,
    );
    for (const since of [1, 2, 3]) {
      const findings = await trail.findings([], since);
      expect(findings).toContainEqual({ kind: 'record_added', record: '777777' });
      expect(findings).toContainEqual({ kind: 'checkpoint_forged', checkpoint: -7 });
      if (checkpoint < 1 || checkpoint >= since)
        expect(findings).toContainEqual({ kind: 'seal_stray', record: '777777', checkpoint, leaf });
    }
  });

  it('names a seal of the lowest id', async () => {
    await trail.tamper(
      NO_CHECKS,
      `INSERT INTO audit_seals VALUES (${LEAST}, clock_timestamp(), 0, 0, sha256('x'))`,
    );
    expect(await trail.findings()).toEqual([{ kind: 'seal_stray', record: LEAST, checkpoint: 0, leaf: 0 }]);
  });

  it.each([
    ['another era', `'2020-01-01Z'`, `'2020-01-01Z BC'`],
    ['minus infinity for none', 'NULL', `'-infinity'`],
    ['infinity for none', 'NULL', `'infinity'`],
    ['a year of five digits', `'2020-01-01Z'`, `'12020-01-01Z'`],
  ])('names a record whose occurred_at was edited: %s', async (_, written, edited) => {
    await trail.application.query(
      `INSERT INTO audit_logs (event_type, actor, customer_id, occurred_at) VALUES ('license.revoked', 'system', 'C-old', ${written})`,
    );
    await trail.sealAll();
    expect(await trail.findings()).toEqual([]);
    await trail.tamper(
      NO_CHECKS,
      `UPDATE audit_logs SET occurred_at = ${edited} WHERE customer_id = 'C-old'`,
    );
    const findings = await trail.findings();
    expect(findings).toEqual([{ kind: 'record_edited', record: await trail.idOf('C-old'), checkpoint: 4 }]);
  });

  const OTHER_VALUES: Readonly<Record<string, string>> = {
    id: '9000000',
    recorded_at: `recorded_at - interval '1 ms'`,
    event_type: `'license.issued'`,
    license_id: 'gen_random_uuid()',
    customer_id: `'C-8'`,
    module_name: `''`,
    api_key_id: `''`,
    actor: `actor || ' '`,
    user_agent: `'null'`,
    request_id: `'null'`,
    event_data: `event_data || '{"code": "valid"}'`,
    occurred_at: 'recorded_at',
  };

  it('names a record that was edited in any sealed column', async () => {
    const columns = await trail.superuser.query<{ name: string }[]>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'audit_logs'::regclass AND attnum > 0 AND NOT attisdropped`,
    );
    const sealed = columns.map(({ name }) => name).filter((name) => !['ip_address', 'xact'].includes(name));
    expect(sealed.toSorted()).toEqual(Object.keys(OTHER_VALUES).toSorted());
    const record = await trail.idOf('C-7');
    await trail.tamper(NO_CHECKS);
    for (const column of sealed) {
      await trail.tamper(
        `CREATE TABLE kept AS SELECT * FROM audit_logs WHERE id = ${record}`,
        `UPDATE audit_logs SET ${column} = ${OTHER_VALUES[column]} WHERE id = ${record}`,
      );
      const findings = await trail.findings();
      expect([column, findings]).toEqual([
        column,
        expect.arrayContaining([
          { kind: column === 'id' ? 'record_missing' : 'record_edited', record, checkpoint: 2 },
        ]),
      ]);
      await trail.tamper(
        `DELETE FROM audit_logs WHERE id IN (${record}, 9000000)`,
        'INSERT INTO audit_logs SELECT * FROM kept',
        'DROP TABLE kept',
      );
      expect(await trail.findings()).toEqual([]);
    }
  });

  it.each([
    ['none', '2020-01-01Z', null, true],
    ['the first', '0001-01-01Z', '0001-01-01Z', true],
    ['the last', '9999-12-31 23:59:59.999Z', '9999-12-31 23:59:59.999Z', true],
    ['before Christ', '2020-01-01Z BC', null, false],
    ['before Christ', '2020-01-01Z', '2020-01-01Z BC', false],
    ['endless', 'infinity', null, false],
    ['endless', '2020-01-01Z', '-infinity', false],
    ['too late', '10000-01-01Z', null, false],
  ])(
    'does not accept a time that looks like another one: %s, %s, %s',
    async (_, at, occurred, isSealable) => {
      const [row] = await trail.superuser.query<{ sealable: boolean }[]>(
        `SELECT ${TIMES_ARE_SEALABLE} AS sealable FROM (VALUES ($1::timestamptz, $2::timestamptz)) AS record (recorded_at, occurred_at)`,
        [at, occurred],
      );
      expect(row!.sealable).toBe(isSealable);
    },
  );

  const DROP_OF_ALL_BEFORE_C5 = (recordedAt: string): string[] => [
    `INSERT INTO audit_drops (audit_id, recorded_at, dropped_until, records)
     SELECT 1, ${recordedAt}, recorded_at,
            (SELECT count(*) FROM audit_logs WHERE recorded_at < record.recorded_at)
     FROM audit_logs AS record WHERE customer_id = 'C-5'`,
    'DELETE FROM audit_logs WHERE recorded_at < (SELECT dropped_until FROM audit_drops)',
  ];

  it.each([
    ['older than what it dropped', `recorded_at - interval '1 day'`],
    ['older by a moment', `recorded_at - interval '1 ms'`],
    ['of its time', 'recorded_at'],
    ['later', `recorded_at + interval '1 day'`],
    ['endless', `'infinity'`],
  ])(
    'reports deleted records if a made-up drop explains them, without its audit record: %s',
    async (_, at) => {
      await trail.tamper(...DROP_OF_ALL_BEFORE_C5(at));
      const findings = await trail.findings();
      expect(findings).toContainEqual({ kind: 'records_dropped_differ' });
    },
  );

  it.each(['infinity', '-infinity', '12020-01-01Z', '2020-01-01Z BC'])(
    'reports that a drop was made up of a time that no drop has: %s',
    async (until) => {
      await trail.tamper(`INSERT INTO audit_drops (audit_id, recorded_at, dropped_until, records)
                          VALUES (1, '${until}', '${until}', 0)`);
      expect(await trail.findings()).toContainEqual({ kind: 'records_dropped_differ' });
    },
  );

  /** A drop of the first checkpoint's records, as it is left: rows gone, the owner's row, the sealed record. */
  async function dropFirstCheckpoint(): Promise<{ until: string; gone: string[] }> {
    const [row] = await trail.superuser.query<{ until: string; gone: string[] }[]>(
      `SELECT (max(recorded_at) + interval '1 ms')::text AS until, array_agg(id::text ORDER BY id) AS gone
       FROM audit_logs WHERE id IN (SELECT audit_id FROM audit_seals WHERE checkpoint = 1)`,
    );
    const { until, gone } = row!;
    await trail.application.query(
      `INSERT INTO audit_logs (event_type, actor, event_data)
       VALUES ('audit_log.dropped', 'cli:root', jsonb_build_object('records', $1::int))`,
      [gone.length],
    );
    await trail.sealAll();
    await trail.tamper(
      `INSERT INTO audit_drops SELECT id, recorded_at, '${until}', ${gone.length} FROM audit_logs WHERE event_type = 'audit_log.dropped'`,
      `DELETE FROM audit_logs WHERE id = ANY ('{${gone.join()}}')`,
    );
    expect(await trail.findings()).toEqual([]);
    return { until, gone };
  }

  it('names a record that has the id of one that was dropped', async () => {
    const { until, gone } = await dropFirstCheckpoint();
    const records = [gone.at(0)!, gone.at(-1)!];
    for (const [index, id] of records.entries())
      await trail.tamper(
        `INSERT INTO audit_logs (id, recorded_at, xact, event_type, actor, customer_id)
         VALUES (${id}, '${until}'::timestamptz + interval '${index} ms', '5', 'license.revoked', 'api_key:x', 'C-forged')`,
      );
    const expected = records.map((record) => ({ kind: 'record_added', record }));
    for (const since of [1, 2, 3]) expect(await trail.findings([], since)).toEqual(expected);
    await trail.append(1, 500);
    await trail.sealAll();
    expect(await trail.findings()).toEqual(expected);
  });

  it('names a record that was deleted under a real drop and backdated to a time that was complete before it was sealed', async () => {
    await dropFirstCheckpoint();
    await untilComplete(trail);
    await trail.append(1, 600);
    await trail.sealAll();
    const record = await trail.idOf('C-600');
    const checkpoint = (await trail.checkpoints()).length;
    await trail.tamper(
      `DELETE FROM audit_logs WHERE id = ${record}`,
      `UPDATE audit_seals SET recorded_at = '2000-01-01Z' WHERE audit_id = ${record}`,
    );
    expect(await trail.findings()).toEqual([{ kind: 'record_missing', record, checkpoint }]);
  });

  it('names a record that has the id of one that is gone, of a checkpoint that is trusted', async () => {
    const record = await trail.idOf('C-1');
    await trail.tamper(
      PAST,
      `UPDATE audit_logs SET recorded_at = recorded_at - interval '1 hour' WHERE id = ${record}`,
    );
    expect(await trail.findings()).toEqual([{ kind: 'record_edited', record, checkpoint: 1 }]);
    expect(await trail.findings([], 3)).toEqual([{ kind: 'record_added', record }]);
  });

  it('names a record that was deleted under a made-up drop, between records that exist', async () => {
    const record = await trail.idOf('C-7');
    await trail.application.query(
      `INSERT INTO audit_logs (event_type, actor, event_data) VALUES ('audit_log.dropped', 'cli:root', '{"records": 1}')`,
    );
    await trail.sealAll();
    await trail.tamper(
      `INSERT INTO audit_drops SELECT id, recorded_at, '2001-01-01Z', 1 FROM audit_logs WHERE event_type = 'audit_log.dropped'`,
      `DELETE FROM audit_logs WHERE id = ${record}`,
      `UPDATE audit_seals SET recorded_at = '2000-01-01Z' WHERE audit_id = ${record}`,
    );
    expect(await trail.findings()).toEqual([
      { kind: 'record_missing', record, checkpoint: 2 },
      { kind: 'records_dropped_differ' },
    ]);
  });
});
