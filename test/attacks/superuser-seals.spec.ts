import { exportTrail } from '../../libs/checkpoints/src/export/trail-export';
import { MOST_SEALS } from '../../libs/checkpoints/src/tree/sealed-records';
import { EntityManager } from 'typeorm';
import { Trail } from '../support/trail/trail';

jest.setTimeout(240_000);

const PAST = `DO $$ BEGIN EXECUTE format(
  'CREATE TABLE audit_logs_past PARTITION OF audit_logs FOR VALUES FROM (''2020-01-01Z'') TO (%L)',
  date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'); END $$`;
const RECORD = '777777';
const FORGED_RECORD = `INSERT INTO audit_logs (id, recorded_at, xact, event_type, actor)
  VALUES (${RECORD}, clock_timestamp() - interval '1 hour', '5', 'license.revoked', 'system')`;
const FREE_PLACES = 'ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_one_leaf';
const ANY_PLACE = 'ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_numbered';
const seal = (checkpoint: number, leaf: number): string =>
  `INSERT INTO audit_seals SELECT id, recorded_at, ${checkpoint}, ${leaf}, sha256('x') FROM audit_logs WHERE id = ${RECORD}`;
/** More than a call of a function takes as arguments. */
const MANY = 150_000;
const many = (checkpoint: number, leaf: string): string =>
  `INSERT INTO audit_seals SELECT 1000000 + n, now(), ${checkpoint}, ${leaf}, sha256('x') FROM generate_series(1, ${MANY}) AS n`;

/** A superuser, with triggers and the uniqueness of leaves off. */
describe('seals that a superuser adds to trees', () => {
  let trail: Trail;

  beforeEach(async () => {
    trail = await Trail.open();
    await trail.sealed();
  });
  afterEach(() => trail.close());

  const exported = async (): Promise<{ records: number; edited: string[] }> => {
    const { records, edited } = await exportTrail(trail.application, {}, () => Promise.resolve());
    return { records, edited };
  };

  it('are each named if no tree has such a place, and change nothing else', async () => {
    const before = await exported();
    await trail.tamper(PAST, ANY_PLACE, FORGED_RECORD, seal(2, 4096), many(2, '4096 + n'));
    const findings = await trail.findings();
    const strays = findings.filter(({ kind }) => kind === 'seal_stray');
    expect(strays).toHaveLength(MANY + 1);
    expect(strays).toContainEqual({ kind: 'seal_stray', record: RECORD, checkpoint: 2, leaf: 4096 });
    expect(findings.filter(({ kind }) => kind !== 'seal_stray')).toEqual([
      { kind: 'record_added', record: RECORD },
    ]);
    expect(await exported()).toEqual(before);
  });

  it.each([
    ['a place after the last leaf', '4000', 'seal_stray'],
    ['the place of a leaf', '2', 'seals_changed'],
  ])('are named if there are many at one place: %s', async (_, leaf, kind) => {
    await trail.tamper(FREE_PLACES, many(2, leaf));
    const findings = await trail.findings();
    expect(findings.map((finding) => finding.kind)).toContain(kind);
    expect(findings.length).toBeLessThanOrEqual(MOST_SEALS + 1);
    expect((await exported()).records).toBeGreaterThanOrEqual(10);
  });

  it.each([
    ['a second seal of a leaf', 'SELECT'],
    [
      'a second seal of a leaf, for one of another',
      'DELETE FROM audit_seals WHERE checkpoint = 1 AND leaf_index = 0',
    ],
  ])('are named if nothing else of the tree is verified: %s', async (_, also) => {
    await trail.tamper(PAST, FREE_PLACES, FORGED_RECORD, also, seal(1, 2));
    for (const since of [1, 2, 3])
      expect(await trail.findings([], since)).toContainEqual({ kind: 'seals_changed', checkpoint: 1 });
  });

  it('are read page by page, no matter how many checkpoints they concern', async () => {
    // Every second number, so that each is a gap of its own.
    await trail.tamper(
      FREE_PLACES,
      'ALTER TABLE audit_checkpoints DROP CONSTRAINT audit_checkpoints_counted',
      `INSERT INTO audit_seals SELECT 1000000 + n, now(), 30000 + 2 * n, 0, sha256('x') FROM generate_series(1, 2500) AS n`,
      `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, jws)
       SELECT -n, 1, '', '0', 0, 'x' FROM generate_series(1, 2500) AS n`,
      `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, jws)
       SELECT 10000 + n, epoch, cluster, sealed_xact, sealed_id, jws
       FROM audit_checkpoints, generate_series(1, 2500) AS n WHERE number = 3`,
    );
    const read = jest.spyOn(EntityManager.prototype, 'query');
    const findings = await trail.findings([], 20_000);
    const sizes = await Promise.all(read.mock.results.map(({ value }) => value as Promise<unknown>));
    read.mockRestore();
    const numbers = (kind: string): (number | undefined)[] =>
      findings.filter((finding) => finding.kind === kind).map(({ checkpoint }) => checkpoint);
    expect(numbers('checkpoint_forged')).toEqual(Array.from({ length: 2500 }, (_, at) => at - 2500));
    expect(numbers('checkpoint_missing')).toEqual([
      20_000,
      ...Array.from({ length: 2500 }, (_, at) => 30_002 + 2 * at),
    ]);
    expect(numbers('seals_changed')).toEqual(Array.from({ length: 2500 }, (_, at) => 10_001 + at));
    expect(Math.max(...sizes.map((rows) => (Array.isArray(rows) ? rows.length : 0)))).toBe(1000);
  });

  it('are reported as missing if they were removed, even if nothing else of the tree is verified', async () => {
    await trail.tamper('DELETE FROM audit_seals WHERE checkpoint = 2 AND leaf_index = 3');
    expect(await trail.findings([], 3)).toContainEqual({ kind: 'seals_changed', checkpoint: 2 });
  });
});
