import { limitStatements } from '@aegis/database';
import type { EntityManager } from 'typeorm';
import { hasStatusSql } from './license-status';

/** Active licenses whose newest token a key signed, by what its compromise means for them online. */
export interface CompromiseEffect {
  /** Their newest token answers `KEY_COMPROMISED`. */
  stop: number;
  /** Their newest token was recorded up to the time, and stays valid. */
  stay: number;
}

const LONGEST_STATEMENT_MS = 120_000;

/**
 * Counts what a compromise of a key does to licenses.
 * @param after up to when what was recorded stays valid; null: nothing does
 */
export async function countCompromised(
  tx: EntityManager,
  kid: string,
  after: Date | null,
): Promise<CompromiseEffect> {
  await limitStatements(tx, { statementMs: LONGEST_STATEMENT_MS });
  const [row] = await tx.query<CompromiseEffect[]>(
    `SELECT count(*) FILTER (WHERE $2::timestamptz IS NULL OR t.recorded_at > $2)::integer AS stop,
            count(*) FILTER (WHERE t.recorded_at <= $2)::integer AS stay
     FROM licenses l JOIN license_tokens t ON t.license_id = l.id AND t.revision = l.revision
     WHERE l.key_id = $1 AND ${hasStatusSql('active', 'l')}`,
    [kid, after],
  );
  return row ?? { stop: 0, stay: 0 };
}
