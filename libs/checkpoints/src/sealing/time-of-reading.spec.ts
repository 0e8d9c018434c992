import { sqlState } from '@aegis/database';
import { migratedDatabase } from '../../../../test/support/database/database';
import { until } from '../../../../test/support/until';
import { Trail } from '../../../../test/support/trail/trail';
import { checkpointHash, type CheckpointClaims, readCheckpoint, signCheckpoint } from '../checkpoint';
import { readUnsealed } from './unsealed-records';

describe('the time of a checkpoint', () => {
  let trail: Trail;

  beforeEach(async () => {
    trail = await Trail.open(migratedDatabase());
    await trail.sealed();
  });
  afterEach(() => trail.close());

  it('is after all of its records were read, however long that takes', async () => {
    await trail.append(1, 60);
    await trail.untilSealable();
    const holder = trail.superuser.createQueryRunner();
    await holder.startTransaction();
    await holder.query('LOCK TABLE audit_seals IN ACCESS EXCLUSIVE MODE');
    const reading = readUnsealed(trail.application);
    await until('it waits for the seals', async () => {
      const [row] = await trail.superuser.query<{ waits: boolean }[]>(
        `SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'audit_seals'::regclass AND NOT granted) AS waits`,
      );
      return row!.waits;
    });
    const [clock] = (await holder.query('SELECT extract(epoch FROM clock_timestamp())::float8 AS now')) as {
      now: number;
    }[];
    await holder.rollbackTransaction();
    await holder.release();
    expect((await reading).readAt).toBeGreaterThan(clock!.now);
  });

  /**
   * Inserts the next checkpoint as the owner's function does.
   * @param readAt SQL
   * @param offset in seconds: by how much the checkpoint is later than that
   */
  async function insert(readAt: string, offset = 0, changes: Partial<CheckpointClaims> = {}): Promise<void> {
    const [row] = await trail.superuser.query<{ at: number; read: Date | null }[]>(
      `SELECT extract(epoch FROM coalesce(read, clock_timestamp()))::float8 AS at, read
       FROM (SELECT ${readAt} AS read) AS one`,
    );
    const previous = (await trail.checkpoints()).at(-1)!;
    const jws = await signCheckpoint(trail.keyRing.active(), {
      ...readCheckpoint(previous)!,
      number: 4,
      previous: checkpointHash(previous),
      iat: Math.floor(row!.at) + offset,
      ...changes,
    });
    await trail.superuser.query(
      `INSERT INTO audit_checkpoints (number, epoch, cluster, sealed_xact, sealed_id, read_at, next_xact, jws)
       SELECT 4, epoch, cluster, sealed_xact, sealed_id, $1::timestamptz, next_xact, $2
       FROM audit_checkpoints WHERE number = 3`,
      [row!.read, jws],
    );
  }

  it.each([
    [`clock_timestamp() - interval '10 minutes'`, 0],
    [`clock_timestamp() - interval '10 minutes'`, -290],
    [`clock_timestamp() - interval '10 minutes'`, 290],
  ])(
    'is accepted near the time at which the reading began, even minutes ago: %s, %i',
    async (readAt, offset) => {
      await insert(readAt, offset);
      expect(await trail.checkpoints()).toHaveLength(4);
    },
  );

  it.each([
    ['clock_timestamp()', 310],
    ['clock_timestamp()', -310],
    [`clock_timestamp() - interval '10 minutes'`, 600],
    [`clock_timestamp() - interval '20 minutes'`, 0],
    [`clock_timestamp() + interval '10 minutes'`, 0],
    ['NULL::timestamptz', 0],
  ])('is refused when it is another time: %s, %i', async (readAt, offset) => {
    await expect(insert(readAt, offset)).rejects.toThrow(/was not made now/);
  });

  describe('up to which the trail is complete', () => {
    const then = Math.floor(Date.now() / 1000) - 1800;

    /** Signs the last checkpoint again, with another `complete_to`. */
    async function lastSays(complete_to: number | null): Promise<void> {
      const claims = readCheckpoint((await trail.checkpoints()).at(-1)!)!;
      const jws = await signCheckpoint(trail.keyRing.active(), { ...claims, complete_to });
      await trail.tamper(`UPDATE audit_checkpoints SET jws = '${jws}' WHERE number = 3`);
      await trail.superuser.query('ALTER TABLE audit_checkpoints ENABLE TRIGGER USER');
    }

    it('may stay the same or grow', async () => {
      const pairs = [
        [then, then],
        [then, then + 1],
        [null, null],
        [null, 0],
        [null, then],
      ] as const;
      for (const [said, complete_to] of pairs) {
        await lastSays(said);
        await insert('clock_timestamp()', 0, { complete_to });
        expect(readCheckpoint((await trail.checkpoints())[3]!)).toMatchObject({ complete_to });
        await trail.tamper('DELETE FROM audit_checkpoints WHERE number = 4');
      }
    });

    it('must not be less than in the previous checkpoint', async () => {
      await lastSays(then);
      // Also what is not a number, and no member of that name.
      for (const complete_to of [then - 1, then - 0.5, 0, null, undefined, String(then)])
        expect([
          complete_to,
          await insert('clock_timestamp()', 0, { complete_to } as Partial<CheckpointClaims>).catch(sqlState),
        ]).toEqual([complete_to, '23514']);
    });
  });
});
