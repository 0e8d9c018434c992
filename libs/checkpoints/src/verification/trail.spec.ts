import { until } from '../../../../test/support/until';
import { Trail } from '../../../../test/support/trail/trail';
import { readCheckpoint, signCheckpoint } from '../checkpoint';

describe('the sealed audit trail', () => {
  let trail: Trail;

  beforeEach(async () => {
    trail = await Trail.open();
  });
  afterEach(() => trail.close());

  it('stays sound when addresses are removed', async () => {
    await trail.sealed();
    await trail.tamper(`UPDATE audit_logs SET ip_address = '203.0.113.9'`);
    await trail.tamper(`UPDATE audit_logs SET ip_address = NULL`);
    expect(await trail.findings()).toEqual([]);
  });

  it.each(['audit_checkpoints', 'audit_seals'])('lets nobody change %s', async (table) => {
    await trail.sealed();
    await expect(trail.application.query(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/);
    await trail.superuser.transaction(async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica');
      await expect(tx.query(`DELETE FROM ${table}`)).rejects.toThrow(/append-only/);
    });
  });

  it.each([
    ['actor', `'cli:mallory'`],
    ['event_data', `'{"code": "REVOKED"}'`],
    ['license_id', `'11111111-1111-4111-8111-111111111111'`],
    ['user_agent', `'another'`],
    ['occurred_at', `'2020-01-01Z'`],
  ])('names the record that a superuser edited: its %s', async (column, value) => {
    await trail.sealed();
    await trail.tamper(`UPDATE audit_logs SET ${column} = ${value} WHERE customer_id = 'C-7'`);
    expect(await trail.findings()).toEqual([
      { kind: 'record_edited', record: await trail.idOf('C-7'), checkpoint: 2 },
    ]);
  });

  it('names the record a superuser gave another time', async () => {
    await trail.sealed();
    await trail.tamper(
      `UPDATE audit_logs SET recorded_at = recorded_at + interval '1 ms' WHERE customer_id = 'C-7'`,
    );
    expect(await trail.findings()).toEqual([
      { kind: 'record_edited', record: await trail.idOf('C-7'), checkpoint: 2 },
    ]);
  });

  it('names the record a superuser deleted', async () => {
    await trail.sealed();
    const record = await trail.idOf('C-12');
    await trail.tamper(`DELETE FROM audit_logs WHERE id = ${record}`);
    expect(await trail.findings()).toEqual([{ kind: 'record_missing', record, checkpoint: 3 }]);
  });

  it('reports a deleted record even if a made-up drop would explain it', async () => {
    await trail.sealed();
    const record = await trail.idOf('C-7');
    await trail.tamper(
      `DELETE FROM audit_logs WHERE customer_id = 'C-7'`,
      `INSERT INTO audit_logs (event_type, actor, event_data)
       VALUES ('audit_log.dropped', 'cli:mallory', jsonb_build_object('until', now(), 'records_in_all', 1))`,
    );
    await trail.sealAll();
    const missing = { kind: 'record_missing', record, checkpoint: 2 };
    expect(await trail.findings()).toEqual([missing]);
    // The owner's table of drops as well: more is left than such a drop leaves.
    await trail.tamper(
      `INSERT INTO audit_drops SELECT id, recorded_at, recorded_at, 1 FROM audit_logs WHERE event_type = 'audit_log.dropped'`,
    );
    expect(await trail.findings()).toEqual([{ kind: 'records_dropped_differ' }]);
    expect(await trail.findings([], 2)).toEqual([{ kind: 'records_dropped_differ' }]);
    await trail.tamper(`UPDATE audit_drops SET dropped_until = '2020-01-01Z'`);
    expect(await trail.findings()).toEqual([missing, { kind: 'records_dropped_differ' }]);
  });

  it('needs an audit record for each drop', async () => {
    await trail.sealed();
    await trail.tamper(`INSERT INTO audit_drops VALUES (1, now(), '2020-01-01Z', 0)`);
    expect(await trail.findings()).toEqual([{ kind: 'records_dropped_differ' }]);
  });

  it('names the record a superuser added among those that are sealed', async () => {
    await trail.sealed();
    await trail.tamper(`INSERT INTO audit_logs (event_type, actor, customer_id, xact)
                  VALUES ('license.revoked', 'system', 'C-added', '5'::xid8)`);
    await trail.sealOnce();
    expect(await trail.findings()).toEqual([{ kind: 'record_added', record: await trail.idOf('C-added') }]);
  });

  it('names the record that a superuser backdated, although it was sealed like any other', async () => {
    await trail.sealed();
    await trail.tamper(
      // The month may just have begun.
      `DO $$ BEGIN EXECUTE format('CREATE TABLE audit_logs_past PARTITION OF audit_logs FOR VALUES FROM (''2020-01-01Z'') TO (%L)',
         date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'); END $$`,
      `INSERT INTO audit_logs (event_type, actor, customer_id, recorded_at)
       VALUES ('license.revoked', 'system', 'C-past', now() - interval '2 minutes')`,
    );
    await trail.sealAll();
    expect(await trail.findings()).toEqual([
      { kind: 'record_backdated', record: await trail.idOf('C-past'), checkpoint: 4 },
    ]);
  });

  it('names the record a superuser kept from being sealed', async () => {
    await trail.sealed();
    await trail.tamper(`INSERT INTO audit_logs (event_type, actor, customer_id, xact)
                        VALUES ('license.revoked', 'system', 'C-later', '9000000000'::xid8)`);
    await trail.sealOnce();
    expect(await trail.findings()).toEqual([{ kind: 'record_added', record: await trail.idOf('C-later') }]);
  });

  it('names the record a superuser wrote under the id of another', async () => {
    await trail.sealed();
    const record = await trail.idOf('C-7');
    await trail.tamper(`INSERT INTO audit_logs (id, event_type, actor, customer_id)
                        VALUES (${record}, 'license.revoked', 'system', 'C-double')`);
    await trail.append(1, 50);
    await until('the record after it is sealed', async () => {
      await trail.sealOnce();
      return (await trail.checkpoints()).length === 4;
    });
    expect(await trail.findings()).toEqual([{ kind: 'record_added', record }]);
  });

  it('names the records a superuser reordered', async () => {
    await trail.sealed();
    const [one, other] = [await trail.idOf('C-6'), await trail.idOf('C-8')];
    await trail.tamper(`
      WITH gone AS (SELECT audit_id, leaf_index FROM audit_seals WHERE audit_id IN (${one}, ${other}))
      UPDATE audit_seals SET leaf_index = leaf_index + 1000 WHERE audit_id IN (SELECT audit_id FROM gone)`);
    await trail.tamper(`UPDATE audit_seals SET leaf_index = CASE audit_id WHEN ${one} THEN 3 ELSE 1 END
                  WHERE audit_id IN (${one}, ${other})`);
    expect(await trail.findings()).toEqual([
      { kind: 'records_reordered', record: other, checkpoint: 2 },
      { kind: 'records_reordered', record: one, checkpoint: 2 },
    ]);
  });

  it('reports that a record and its seal were edited together', async () => {
    await trail.sealed();
    const record = await trail.idOf('C-7');
    await trail.tamper(`UPDATE audit_seals SET leaf_hash = sha256('another') WHERE audit_id = ${record}`);
    expect(await trail.findings()).toEqual([
      { kind: 'record_edited', record, checkpoint: 2 },
      { kind: 'seals_changed', checkpoint: 2 },
    ]);
  });

  it('reports that checkpoints were edited, swapped or removed', async () => {
    await trail.sealed();
    const [, second, third] = await trail.checkpoints();
    await trail.tamper(`UPDATE audit_checkpoints SET jws = replace(jws, '.', '.A') WHERE number = 2`);
    expect(await trail.findings()).toEqual([
      { kind: 'checkpoint_forged', checkpoint: 2 },
      { kind: 'checkpoint_forged', checkpoint: 3 },
    ]);
    await trail.tamper(`UPDATE audit_checkpoints SET jws = CASE number WHEN 2 THEN '${third}' ELSE '${second}' END
                  WHERE number IN (2, 3)`);
    expect(await trail.findings()).toEqual(
      expect.arrayContaining([2, 3].map((checkpoint) => ({ kind: 'checkpoint_forged', checkpoint }))),
    );
    await trail.tamper(`UPDATE audit_checkpoints SET jws = CASE number WHEN 2 THEN '${second}' ELSE '${third}' END
                  WHERE number IN (2, 3)`);
    expect(await trail.findings()).toEqual([]);
    await trail.tamper('DELETE FROM audit_checkpoints WHERE number = 2');
    const unsealed = [5, 6, 7, 8, 9].map((customer) => trail.idOf(`C-${customer}`));
    const records = await Promise.all(unsealed);
    expect(await trail.findings()).toEqual([
      { kind: 'checkpoint_missing', checkpoint: 2 },
      ...records.map((record, leaf) => ({ kind: 'seal_stray', record, checkpoint: 2, leaf })),
      ...records.map((record) => ({ kind: 'record_added', record })),
    ]);
  });

  it('reports a gap of many numbers at once', async () => {
    await trail.sealed();
    await trail.tamper(
      'UPDATE audit_checkpoints SET number = 900000 WHERE number = 3',
      'UPDATE audit_seals SET checkpoint = 950000 + leaf_index / 3 * 10 WHERE checkpoint = 3',
    );
    const findings = await trail.findings();
    expect(findings.filter(({ kind }) => kind === 'checkpoint_missing')).toEqual([
      { kind: 'checkpoint_missing', checkpoint: 3, to: 899_999 },
      { kind: 'checkpoint_missing', checkpoint: 950_000 },
      { kind: 'checkpoint_missing', checkpoint: 950_010 },
    ]);
  });

  it('names checkpoints whose numbers are too large to be exact', async () => {
    await trail.sealed();
    await trail.tamper(
      `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, jws)
       SELECT 9223372036854775790 + n, 1, '', '0', 0, 'x' FROM generate_series(1, 17) AS n`,
    );
    const findings = await trail.findings();
    expect(findings).toHaveLength(17);
    expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['checkpoint_forged']));
  });

  it('reports a forged checkpoint that claims more leaves than a checkpoint can have', async () => {
    await trail.sealed();
    const [, , third] = await trail.checkpoints();
    const claims = { ...readCheckpoint(third!)!, size: Number.MAX_SAFE_INTEGER };
    const jws = await signCheckpoint(trail.keyRing.active(), claims);
    await trail.tamper(`UPDATE audit_checkpoints SET jws = '${jws}' WHERE number = 3`);
    expect(await trail.findings()).toEqual([{ kind: 'seals_changed', checkpoint: 3 }]);
  });

  it('names the seals that were removed', async () => {
    await trail.sealed();
    await trail.tamper('DELETE FROM audit_seals WHERE checkpoint = 2 AND leaf_index = 3');
    expect(await trail.findings()).toEqual([
      { kind: 'seal_missing', checkpoint: 2, leaf: 3 },
      { kind: 'record_added', record: await trail.idOf('C-8') },
    ]);
  });

  it('reports checkpoints that were cut off although their seals are left', async () => {
    await trail.sealed();
    await trail.tamper('DELETE FROM audit_checkpoints WHERE number = 3');
    const first = Number(await trail.idOf('C-10'));
    expect(await trail.findings()).toEqual([
      { kind: 'checkpoint_missing', checkpoint: 3 },
      ...[0, 1, 2, 3, 4].map((leaf) => ({
        kind: 'seal_stray',
        record: `${first + leaf}`,
        checkpoint: 3,
        leaf,
      })),
    ]);
  });

  it('verifies from a checkpoint on, and trusts those before', async () => {
    await trail.sealed();
    await trail.tamper(
      `UPDATE audit_logs SET actor = 'cli:mallory' WHERE customer_id IN ('C-2', 'C-12')`,
      `INSERT INTO audit_logs (event_type, actor, customer_id, xact)
       VALUES ('license.revoked', 'system', 'C-added', '5'::xid8)`,
    );
    expect(await trail.findings([], 2)).toEqual([
      { kind: 'record_edited', record: await trail.idOf('C-12'), checkpoint: 3 },
      { kind: 'record_added', record: await trail.idOf('C-added') },
    ]);
    await trail.tamper(`UPDATE audit_checkpoints SET jws = replace(jws, '.', '.A') WHERE number = 1`);
    expect(await trail.findings([], 2)).toContainEqual({ kind: 'checkpoint_forged', checkpoint: 2 });
  });

  it('reports a cut tail to anyone who kept the checkpoints', async () => {
    await trail.sealed();
    const shipped = await trail.checkpoints();
    expect(await trail.findings(shipped)).toEqual([]);
    await trail.tamper(
      `DELETE FROM audit_logs WHERE id IN (SELECT audit_id FROM audit_seals WHERE checkpoint = 3)`,
    );
    await trail.tamper('DELETE FROM audit_seals WHERE checkpoint = 3');
    await trail.tamper('DELETE FROM audit_checkpoints WHERE number = 3');
    expect(await trail.findings()).toEqual([]);
    expect(await trail.findings(shipped)).toEqual([{ kind: 'checkpoint_missing', checkpoint: 3 }]);
    await trail.append(1, 50);
    await trail.sealAll();
    expect(await trail.findings(shipped)).toEqual([{ kind: 'checkpoint_replaced', checkpoint: 3 }]);
  });
});
