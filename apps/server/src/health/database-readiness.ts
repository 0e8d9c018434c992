import { NOT_RECONCILED, PoolRenewal } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';

const TIMEOUT_MS = 1000;
/** Nobody is counted who asks for health: however many ask, the database is asked twice a second at most. */
const KEPT_MS = 500;

/** What prevents a validation; undefined while nothing does. */
type Obstacle =
  | 'does not accept writes'
  | 'was restored and is not reconciled'
  | 'has no audit partition for the current month'
  | 'does not allow this role to write to the audit trail';

/** One look at the database, for all who ask while it is made and shortly after. */
interface Reading {
  readonly answer: Promise<Obstacle | 'cannot be reached' | undefined>;
  /** On the monotonic clock; undefined while it is made. */
  endedAt: number | undefined;
}

/**
 * Bounds of a partition are shown as this session would write them, so that reading them back gives the same moments.
 * A partition that is being detached accepts no further rows.
 */
const ASK = `
  SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only,
         has_any_column_privilege('audit_logs', 'INSERT') AS may_append, ${NOT_RECONCILED} AS not_reconciled,
         EXISTS (
           SELECT FROM pg_catalog.pg_inherits AS inherits
           JOIN pg_catalog.pg_class AS partition ON partition.oid = inherits.inhrelid
           CROSS JOIN LATERAL regexp_match(pg_get_expr(partition.relpartbound, partition.oid),
                                           'FROM \\(''([^'']+)''\\) TO \\(''([^'']+)''\\)') AS bounds
           WHERE inherits.inhparent = 'audit_logs'::regclass AND NOT inherits.inhdetachpending
             AND clock_timestamp() >= bounds[1]::timestamptz AND clock_timestamp() < bounds[2]::timestamptz
         ) AS has_partition`;

/** Asks the database for what every validation needs: that its audit record can be written now. */
@Injectable()
export class DatabaseReadiness {
  private obstacle: Obstacle | undefined;
  private last: Reading | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly pool: PoolRenewal,
    private readonly logger: Logger,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Down when the database cannot be reached, does not answer within a second, or could record nothing. */
  async check(): Promise<HealthIndicatorResult<'database'>> {
    const indicator = this.indicators.check('database');
    const obstacle = await this.recentObstacle();
    return obstacle === undefined ? indicator.up() : indicator.down();
  }

  private recentObstacle(): Reading['answer'] {
    const { last } = this;
    if (last !== undefined && (last.endedAt === undefined || performance.now() - last.endedAt < KEPT_MS))
      return last.answer;
    const reading: Reading = { answer: this.currentObstacle(), endedAt: undefined };
    this.last = reading;
    void reading.answer.finally(() => {
      reading.endedAt = performance.now();
    });
    return reading.answer;
  }

  private async currentObstacle(): Reading['answer'] {
    let obstacle: Obstacle | undefined;
    try {
      obstacle = await within(TIMEOUT_MS, this.ask());
    } catch {
      return 'cannot be reached';
    }
    if (obstacle !== this.obstacle && obstacle !== undefined)
      this.logger.write('error', `not ready: the database ${obstacle}`);
    this.obstacle = obstacle;
    return obstacle;
  }

  private async ask(): Promise<Obstacle | undefined> {
    const [answer] =
      await this.dataSource.query<
        { read_only: boolean; may_append: boolean; not_reconciled: boolean; has_partition: boolean }[]
      >(ASK);
    if (answer === undefined || answer.read_only) {
      // Another connection may lead to the new primary.
      this.pool.renew();
      return 'does not accept writes';
    }
    if (answer.not_reconciled) return 'was restored and is not reconciled';
    if (!answer.may_append) return 'does not allow this role to write to the audit trail';
    return answer.has_partition ? undefined : 'has no audit partition for the current month';
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const limit = new AbortController();
  const late = pause(milliseconds, undefined, { signal: limit.signal, ref: false }).then(() => {
    throw new Error('the database does not answer');
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    limit.abort();
    late.catch(() => undefined);
  }
}
