import type { DataSource } from 'typeorm';
import { checkpointHash, jwsFrom } from '../checkpoint';

/** A restore that was reconciled without a part of what was shipped. */
export interface AcceptedLoss {
  /** Number of the checkpoint with which the trail ended then; null where it was not noted. */
  to: number | null;
  /** When, seconds since 1970. */
  at: number;
}

/** What a database says of checkpoints that were shipped. */
export interface KnownCheckpoints {
  /** @returns the hashes of those that are in its trail, or that `aegis audit resume` set aside */
  of(checkpoints: readonly { number: number; hash: string }[]): Promise<ReadonlySet<string>>;
  losses: readonly AcceptedLoss[];
}

export async function readKnownCheckpoints(database: Pick<DataSource, 'query'>): Promise<KnownCheckpoints> {
  return {
    losses: await readLosses(database),
    of: async (checkpoints) => {
      const rows = await database.query<{ jws: string }[]>(
        `SELECT ${jwsFrom('jws')} AS jws FROM audit_checkpoints WHERE number = ANY ($1::bigint[])
         UNION ALL
         SELECT ${jwsFrom('jws')} FROM audit_checkpoints_set_aside WHERE number = ANY ($1::bigint[])`,
        [checkpoints.map(({ number }) => number)],
      );
      return new Set(rows.map(({ jws }) => checkpointHash(jws)));
    },
  };
}

export function readLosses(database: Pick<DataSource, 'query'>): Promise<AcceptedLoss[]> {
  return database.query<AcceptedLoss[]>(
    `SELECT reconciled_to::float8 AS "to", extract(epoch FROM reconciled_at)::float8 AS at
     FROM restores WHERE loss_accepted AND reconciled_at IS NOT NULL`,
  );
}

/** Something that was shipped, and that the trail does not have. */
interface Shipped {
  /** Number of the checkpoint behind which it was shipped, and which the trail has; undefined where that is not known. */
  after: number | undefined;
  /** When it was written, seconds since 1970. */
  at: number;
}

/**
 * Whether something that was shipped was given up with an accepted loss: then it follows the end that the trail had at
 * that time. Its own time decides only if nothing better does, because a clock may have been set back.
 * @param end number of the last checkpoint that the trail has now
 */
export function isGivenUp(losses: readonly AcceptedLoss[], { after, at }: Shipped, end: number): boolean {
  return losses.some((loss) => {
    if (loss.to === null || after === undefined) return at <= loss.at;
    // If the trail still ends there, the next checkpoint can follow either of the two.
    return loss.to === after && (end > after || at <= loss.at);
  });
}
