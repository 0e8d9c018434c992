import { migratedDatabase } from '../../../../test/support/database/database';
import { until } from '../../../../test/support/database/sql';
import { Trail } from '../../../../test/support/trail/trail';
import { checkpointHash, readCheckpoint, signCheckpoint } from '../checkpoint';
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
  async function insert(readAt: string, offset = 0): Promise<void> {
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
  ])('is near the time at which writing began, which may take minutes: %s, %i', async (readAt, offset) => {
    await insert(readAt, offset);
    expect(await trail.checkpoints()).toHaveLength(4);
  });

  it.each([
    ['clock_timestamp()', 310],
    ['clock_timestamp()', -310],
    [`clock_timestamp() - interval '10 minutes'`, 600],
    [`clock_timestamp() - interval '20 minutes'`, 0],
    [`clock_timestamp() + interval '10 minutes'`, 0],
    ['NULL::timestamptz', 0],
  ])('is not any other: %s, %i', async (readAt, offset) => {
    await expect(insert(readAt, offset)).rejects.toThrow(/was not made now/);
  });
});
