import { commandLineActor } from '@aegis/audit';
import { exportTrail } from '@aegis/checkpoints';
import { AuditCheckpoint } from '../../libs/checkpoints/src/audit-checkpoint.entity';
import { CheckpointList } from '../../libs/checkpoints/src/checkpoint-list';
import { InclusionProofs } from '../../libs/checkpoints/src/tree/inclusion-proofs';
import { AuditList } from '../../libs/audit/src/audit-list';
import { TrailResume } from '../../libs/checkpoints/src/verification/trail-resume';
import { readRecordedKeys } from '../../libs/checkpoints/src/verification/trail-verification';
import { listPage } from '../../libs/lists/src/list-page';
import { parseExportLine } from '../../libs/checkpoints/src/export/export-line';
import { Trail } from '../support/trail/trail';

jest.setTimeout(120_000);

/** A process that reads a text of more than 512 MB ends: a superuser, or anyone who wrote before there were bounds, can make one. */
const LARGE = 300_000_000;
const UNBOUNDED = `DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT conname, conrelid::regclass AS owner FROM pg_constraint
             WHERE contype = 'c' AND conislocal
               AND conrelid IN ('audit_logs'::regclass, 'audit_seals'::regclass, 'audit_checkpoints'::regclass) LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.owner, one.conname);
  END LOOP; END $$`;

describe('values too large to read', () => {
  let trail: Trail;

  beforeAll(async () => {
    trail = await Trail.open(undefined, [AuditCheckpoint]);
    await trail.sealed();
    await trail.tamper(UNBOUNDED, 'DROP INDEX audit_logs_by_customer_id, audit_logs_by_subject');
  });
  afterAll(() => trail.close());

  const page = { page: 1, page_size: 50 };

  async function changed(statement: string, restore: string, check: () => Promise<void>): Promise<void> {
    await trail.tamper(statement);
    try {
      await check();
    } finally {
      await trail.tamper(restore);
    }
    expect(await trail.findings()).toEqual([]);
  }

  it.each([
    ['user_agent', `repeat('x', ${LARGE})`],
    ['customer_id', `repeat('x', ${LARGE})`],
    ['event_data', `jsonb_build_object('a', repeat('x', 250000000))`],
    // More than 256 KiB as it is stored, for it can't be compressed much.
    [
      'event_data',
      `(SELECT jsonb_build_object('a', string_agg(md5(n::text), '')) FROM generate_series(1, 12000) AS n)`,
    ],
  ])('is named, exported and listed without its content: %s of a sealed record', async (column, value) => {
    const record = await trail.idOf('C-7');
    await trail.tamper(
      `DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM audit_logs WHERE id = ${record}`,
    );
    await changed(
      `UPDATE audit_logs SET ${column} = ${value} WHERE id = ${record}`,
      `UPDATE audit_logs SET ${column} = kept.${column} FROM kept WHERE audit_logs.id = kept.id`,
      async () => {
        expect(await trail.findings()).toEqual([{ kind: 'record_too_large', record, checkpoint: 2 }]);
        const lines: string[] = [];
        const exported = await exportTrail(trail.application, {}, (line) => {
          lines.push(line);
          return Promise.resolve();
        });
        expect(exported).toMatchObject({ checkpoints: 3, edited: [], too_large: [record] });
        expect(lines.filter((line) => line.includes(`"id":"${record}"`))).toEqual([]);
        const { rows } = await listPage(new AuditList(trail.application).source(page), page);
        const shown = rows.find(({ id }) => id === record)!;
        expect(JSON.stringify(shown).length).toBeLessThan(3000);
        if (column === 'event_data') expect(shown.event_data).toEqual({ too_large: true });
        else expect(shown).toMatchObject({ [column]: 'x'.repeat(2000), event_data: { code: 'VALID' } });
        await expect(new InclusionProofs(trail.application).of(record)).rejects.toMatchObject({
          code: 'audit_record_too_large',
        });
      },
    );
  });

  it.each([
    ['lists', `(repeat('[', 9000) || repeat(']', 9000))`],
    ['objects', `(repeat('{"a":', 5000) || '1' || repeat('}', 5000))`],
  ])(
    'is sealed, proven and exported, and listed without its content: data of many levels, %s',
    async (_, json) => {
      await trail.application.query(
        `INSERT INTO audit_logs (event_type, actor, customer_id, event_data) VALUES ('license.validated', 'system', 'C-deep', ${json}::jsonb)`,
      );
      await trail.sealAll();
      const record = await trail.idOf('C-deep');
      expect(await trail.findings()).toEqual([]);
      const { rows } = await listPage(new AuditList(trail.application).source(page), page);
      expect(rows.find(({ id }) => id === record)!.event_data).toEqual({ too_large: true });
      const proof = await new InclusionProofs(trail.application).of(record);
      expect(JSON.stringify(proof)).toContain('"too_large":true');
      const lines: string[] = [];
      const exported = await exportTrail(trail.application, {}, (line) => {
        lines.push(line);
        return Promise.resolve();
      });
      expect(exported).toMatchObject({ edited: [], too_large: [] });
      const line = lines.find((one) => one.includes('"C-deep"'))!;
      expect(parseExportLine(line)).toMatchObject({
        leaf: proof.leaf,
        record: { id: record, event_data: { too_large: true } },
      });
      await trail.tamper(
        `DELETE FROM audit_seals WHERE audit_id = ${record}`,
        `DELETE FROM audit_logs WHERE id = ${record}`,
        'DELETE FROM audit_checkpoints WHERE number = (SELECT max(number) FROM audit_checkpoints)',
      );
      expect(await trail.findings()).toEqual([]);
    },
  );

  it('is named: the hash of a seal', async () => {
    const record = await trail.idOf('C-7');
    await changed(
      `CREATE TABLE kept_seals AS SELECT * FROM audit_seals;
       UPDATE audit_seals SET leaf_hash = convert_to(repeat('x', ${LARGE}), 'UTF8') WHERE audit_id = ${record}`,
      'UPDATE audit_seals AS seal SET leaf_hash = kept.leaf_hash FROM kept_seals AS kept WHERE kept.audit_id = seal.audit_id',
      async () => {
        expect(await trail.findings()).toEqual([
          { kind: 'record_edited', record, checkpoint: 2 },
          { kind: 'seals_changed', checkpoint: 2 },
        ]);
        const exported = await exportTrail(trail.application, {}, () => Promise.resolve());
        expect(exported.edited).toEqual([record]);
        await new InclusionProofs(trail.application).of(await trail.idOf('C-8'));
      },
    );
  });

  it('is named, listed as empty and set aside: a checkpoint', async () => {
    const kept = (await trail.checkpoints()).at(-1)!;
    await trail.tamper(`UPDATE audit_checkpoints SET jws = jws || repeat('A', ${LARGE}) WHERE number = 3`);
    expect(await trail.findings([kept])).toEqual([
      { kind: 'checkpoint_forged', checkpoint: 3 },
      { kind: 'checkpoint_replaced', checkpoint: 3 },
    ]);
    const { rows } = await listPage(new CheckpointList(trail.application).source(), page);
    expect(rows.map(({ number, jws }) => [number, jws.length < 4096])).toEqual([
      ['3', true],
      ['2', true],
      ['1', true],
    ]);
    expect(rows[0]!.jws).toBe('');
    const [row] = await trail.superuser.query<{ size: string | null }[]>(
      'SELECT audit_checkpoint_size(jws) AS size FROM audit_checkpoints WHERE number = 3',
    );
    expect(row).toEqual({ size: '0' });
    await new TrailResume(trail.superuser, await readRecordedKeys(trail.superuser)).resume(
      commandLineActor(),
      2,
    );
    await trail.sealAll();
    expect(await trail.findings()).toEqual([]);
  });
});
