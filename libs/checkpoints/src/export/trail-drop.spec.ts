import { SYSTEM } from '@aegis/audit';
import { trailWithOldMonths, untilComplete } from '../../../../test/support/trail/old-months';
import type { Trail } from '../../../../test/support/trail/trail';
import { readRecordedKeys } from '../verification/trail-verification';
import { TrailDrop } from './trail-drop';
import { exportTrail } from './trail-export';

const FEBRUARY = new Date('2020-02-01T00:00:00Z');

it('a record that is sealed and verified, but too long for a line of an export, is named by export and drop', async () => {
  const trail = await trailWithOldMonths();
  try {
    await trail.tamper('ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_bounded');
    await trail.superuser.query(
      `INSERT INTO audit_logs (id, event_type, actor, user_agent, recorded_at)
       VALUES (5, 'license.validated', 'system', repeat('x', 530000), '2020-01-15Z')`,
    );
    await trail.sealAll();
    await untilComplete(trail);
    expect(await trail.findings()).toEqual([]);
    const lines: string[] = [];
    const exported = await exportTrail(trail.application, { until: FEBRUARY }, (line) =>
      Promise.resolve(void lines.push(line)),
    );
    expect(exported).toMatchObject({ records: 3, edited: [], too_large: ['5'] });
    const dropping = new TrailDrop(trail.superuser, await readRecordedKeys(trail.superuser));
    await expect(dropping.drop(SYSTEM, FEBRUARY, lines, new Set())).rejects.toThrow(/proves 3 of 4 record/);
    expect(await dropping.drop(SYSTEM, FEBRUARY, lines, new Set(['5']))).toMatchObject({ records: 4 });
    expect(await trail.findings()).toEqual([]);
  } finally {
    await trail.close();
  }
});

it('a month is not dropped while one of its records waits to become an event', async () => {
  const trail = await trailWithOldMonths();
  try {
    await untilComplete(trail);
    const lines: string[] = [];
    await exportTrail(trail.application, { until: FEBRUARY }, (line) =>
      Promise.resolve(void lines.push(line)),
    );
    const drop = async (): Promise<object> =>
      new TrailDrop(trail.superuser, await readRecordedKeys(trail.superuser)).drop(SYSTEM, FEBRUARY, lines);
    // Those of February do not matter.
    await trail.superuser.query(
      `INSERT INTO event_outbox SELECT id, recorded_at FROM audit_logs WHERE id IN (3, 12)`,
    );
    await expect(drop()).rejects.toThrow('1 record(s) of audit_logs_2020_01 wait to become events');
    await trail.superuser.query('DELETE FROM event_outbox WHERE record_id = 3');
    expect(await drop()).toMatchObject({ records: 3 });
  } finally {
    await trail.close();
  }
});

describe('a drop of months with records that no export can prove', () => {
  let trail: Trail;
  let exported: string[];

  beforeEach(async () => {
    trail = await trailWithOldMonths();
    await untilComplete(trail);
    await trail.tamper(
      'ALTER TABLE audit_logs DROP CONSTRAINT audit_logs_bounded',
      // More than 32 MiB.
      `UPDATE audit_logs SET user_agent = repeat('x', 34000000) WHERE id IN (2, 12)`,
      `UPDATE audit_logs SET actor = 'cli:mallory' WHERE id = 3`,
    );
    exported = [];
    await exportTrail(trail.application, { until: FEBRUARY }, (line) =>
      Promise.resolve(void exported.push(line)),
    );
  });
  afterEach(() => trail.close());

  const drop = async (...unproven: string[]): Promise<object> => {
    const dropping = new TrailDrop(trail.superuser, await readRecordedKeys(trail.superuser));
    return dropping.drop(SYSTEM, FEBRUARY, exported, new Set(unproven));
  };
  const sealsOfTwo = (): Promise<{ leaf_hash: Buffer }[]> =>
    trail.superuser.query(
      `SELECT audit_id::text AS id, checkpoint::int, leaf_index AS index, leaf_hash
       FROM audit_seals WHERE audit_id IN (2, 3) ORDER BY 1`,
    );

  it.each([
    ['the export is not sound: line \\d+, record_unproven', []],
    ['the export is not sound: line \\d+, record_unproven', ['2']],
    ['the export proves 1 of 2 record\\(s\\) that would go', ['3']],
    ['record 4 is as it was sealed', ['2', '3', '4']],
    ['record 12 is not one of those that would go', ['2', '3', '12']],
    ['record 9223372036854775807 is not sealed', ['2', '3', '9223372036854775807']],
    ['at most 100 records', Array.from({ length: 101 }, (_, at) => String(at + 1))],
  ])('is refused unless exactly these records are named: %s', async (why, unproven) => {
    await expect(drop(...unproven)).rejects.toThrow(new RegExp(why));
  });

  it('is refused where a part of the export is cut off', async () => {
    exported = exported.filter((line) => !line.includes('"id":"4"'));
    await expect(drop('2', '3')).rejects.toThrow(/proves 0 of 1 record/);
  });

  it('is refused when the checkpoint does not seal the hash that the drop would keep', async () => {
    await trail.tamper(`UPDATE audit_seals SET leaf_hash = sha256('other') WHERE audit_id = 2`);
    await expect(drop('2', '3')).rejects.toThrow(/which seals record 2, is not valid/);
  });

  it('keeps the hashes of the dropped leaves in its own record, and the trail stays sound without the records', async () => {
    const seals = await sealsOfTwo();
    expect(await drop('2', '3')).toEqual({ partitions: ['audit_logs_2020_01'], records: 3 });
    const [record] = await trail.superuser.query<{ unproven: object[] }[]>(
      `SELECT event_data->'unproven' AS unproven FROM audit_logs WHERE event_type = 'audit_log.dropped'`,
    );
    expect(record!.unproven).toEqual(
      seals.map((seal) => ({ ...seal, leaf_hash: seal.leaf_hash.toString('base64url') })),
    );
    expect(await trail.findings()).toEqual([
      expect.objectContaining({ kind: 'record_too_large', record: '12' }),
    ]);
  });
});
