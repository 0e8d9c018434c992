import { DiskFullness, NOT_RECONCILED, PoolRenewal } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource } from 'typeorm';

const TIMEOUT_MS = 1000;
/** Requests for health are not rate-limited: however many come, the database is asked at most twice per second. */
const KEPT_MS = 500;

/** What prevents a validation, as `aegis_database_obstacle` names it, and as the log says it. */
export const OBSTACLES = {
  unreachable: 'cannot be reached',
  read_only: 'does not accept writes',
  not_reconciled: 'was restored and is not reconciled',
  no_partition: 'has no audit partition for the current month',
  not_permitted: 'does not allow this role to write to the audit trail',
  disk_full: 'has no room on its disk',
} as const;

type Obstacle = keyof typeof OBSTACLES;

/** One check of the database, shared by all callers while it runs and shortly after. */
interface Reading {
  /** Undefined while nothing prevents a validation. */
  readonly answer: Promise<Obstacle | undefined>;
  /** On the monotonic clock; undefined while the check runs. */
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
  private said = '';
  private last: Reading | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly pool: PoolRenewal,
    private readonly disk: DiskFullness,
    private readonly logger: Logger,
    private readonly indicators: HealthIndicatorService,
    metrics: Metrics,
  ) {
    const gauge = metrics.gauge({
      name: 'aegis_database_obstacle',
      help: 'Whether the database keeps this process from validating, by reason: 1 or 0.',
      labelNames: ['obstacle'],
      // An alarm must not depend on probes, and a scrape not on the database: it shows what was read last.
      collect: () => {
        void this.recentObstacle();
        for (const obstacle of Object.keys(OBSTACLES))
          gauge.set({ obstacle }, obstacle === this.obstacle ? 1 : 0);
      },
    });
  }

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
    let error: unknown;
    try {
      obstacle = await within(TIMEOUT_MS, this.ask());
    } catch (reason) {
      [obstacle, error] = ['unreachable', reason];
    }
    this.say(obstacle, error);
    this.obstacle = obstacle;
    return obstacle;
  }

  /** Logs each reason once: for example ended sessions, and then a refused password. */
  private say(obstacle: Obstacle | undefined, error: unknown): void {
    const reason = `${obstacle} ${error instanceof Error ? error.message : ''}`;
    if (reason === this.said) return;
    this.said = reason;
    if (obstacle === undefined) return;
    this.logger.write('error', `not ready: the database ${OBSTACLES[obstacle]}`, {
      ...(error !== undefined && { error }),
    });
  }

  private async ask(): Promise<Obstacle | undefined> {
    const [answer] =
      await this.dataSource.query<
        { read_only: boolean; may_append: boolean; not_reconciled: boolean; has_partition: boolean }[]
      >(ASK);
    if (answer === undefined || answer.read_only) {
      // Another connection may lead to the new primary.
      this.pool.renew();
      return 'read_only';
    }
    if (answer.not_reconciled) return 'not_reconciled';
    if (!answer.may_append) return 'not_permitted';
    if (!answer.has_partition) return 'no_partition';
    return (await this.disk.isFull()) ? 'disk_full' : undefined;
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
