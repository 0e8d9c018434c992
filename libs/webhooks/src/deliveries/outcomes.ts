import { PreparedStatement, sentTogether, transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { Claim } from './claims';
import { LOCK_PROGRESS } from './progress-lock';
import { MOST_ATTEMPTS } from './retry-schedule';
import { NOW } from './sql';

/** What an attempt comes to. */
export type DeliveryStep =
  | { kind: 'delivered' }
  /** A later attempt may succeed. */
  | { kind: 'failed'; pauseMs: number }
  /** No other attempt follows. */
  | { kind: 'given_up'; reason: 'attempts_used' | 'gone' }
  /** The receiver has no part in it: the attempt does not count. */
  | { kind: 'put_off'; pauseMs: number };

/** One attempt that has ended. */
export interface AttemptOutcome {
  claim: Pick<Claim, 'endpointId' | 'sequence' | 'stream' | 'attempts' | 'attemptedAt'>;
  step: DeliveryStep;
  status: number | null;
  error: string | null;
  latencyMs: number | null;
  answer: string | null;
}

/**
 * An outcome counts only for the claim that it belongs to. A delivery that was given up meanwhile since its endpoint was
 * disabled is still delivered.
 */
const RECORD = new PreparedStatement(
  'webhooks-record',
  `UPDATE webhook_deliveries AS delivery
   SET state = outcome.state, failed_reason = outcome.failed_reason,
       attempts = least(delivery.attempts, ${MOST_ATTEMPTS}) - outcome.uncounted,
       due_at = coalesce(${NOW} + outcome.pause_ms * interval '1 millisecond', delivery.due_at),
       ended_at = CASE WHEN outcome.state <> 'pending' THEN ${NOW} END,
       status = outcome.status, error = outcome.error, latency_ms = outcome.latency_ms, answer = outcome.answer
   FROM jsonb_to_recordset($1::jsonb) AS outcome (
     endpoint_id uuid, sequence bigint, attempts smallint, attempted_at timestamptz, state text, failed_reason text,
     uncounted smallint, pause_ms float8, status smallint, error text, latency_ms integer, answer text)
   WHERE delivery.endpoint_id = outcome.endpoint_id AND delivery.sequence = outcome.sequence
     AND delivery.attempts = outcome.attempts AND delivery.attempted_at = outcome.attempted_at
     AND (delivery.state = 'pending' OR delivery.failed_reason = 'endpoint_disabled' AND outcome.state = 'delivered')`,
);

/**
 * The next delivery of a stream is due as soon as none before it holds it back. Those before it that are due again later
 * do so until their holds_until. `ended_at IS NULL` says what `state = 'pending'` does, and leaves the planner the primary
 * key alone: it would walk all that is pending, once for each stream, while statistics say that little is.
 */
export const WAKE_NEXT_SQL = `
   WITH next AS MATERIALIZED (
     SELECT first.endpoint_id, first.sequence,
            greatest(${NOW}, (SELECT max(earlier.holds_until) FROM webhook_deliveries AS earlier
                              WHERE earlier.stream = first.stream AND earlier.state = 'pending'
                                AND earlier.sequence < first.sequence)) AS free_at
     FROM unnest($1::uuid[]) AS ended (stream)
     CROSS JOIN LATERAL (
       SELECT open.endpoint_id, open.stream, open.sequence FROM webhook_deliveries AS open
       WHERE open.stream = ended.stream AND open.state = 'pending' AND open.attempts = 0
       ORDER BY open.sequence LIMIT 1
     ) AS first
   )
   UPDATE webhook_deliveries AS delivery
   SET due_at = next.free_at
   FROM next
   WHERE delivery.endpoint_id = next.endpoint_id AND delivery.sequence = next.sequence
     AND delivery.ended_at IS NULL AND delivery.attempts = 0 AND delivery.due_at > next.free_at`;

const WAKE_NEXT = new PreparedStatement('webhooks-wake-next', WAKE_NEXT_SQL);

/** The first failure after a success begins the time of failing. */
const NOTE_PROGRESS = new PreparedStatement(
  'webhooks-note-progress',
  `UPDATE webhook_progress AS progress
   SET last_success_at = CASE WHEN turn.succeeded THEN ${NOW} ELSE progress.last_success_at END,
       failing_since = CASE WHEN turn.succeeded THEN NULL ELSE ${NOW} END
   FROM unnest($1::uuid[], $2::boolean[]) AS turn (endpoint_id, succeeded)
   WHERE progress.endpoint_id = turn.endpoint_id AND (turn.succeeded OR progress.failing_since IS NULL)`,
);

/** Writes what became of attempts. */
@Injectable()
export class DeliveryOutcomes {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Ends or puts off the deliveries of one turn in one transaction, and makes the next of their streams due. Repeating it
   * changes nothing further.
   */
  async record(outcomes: readonly AttemptOutcome[]): Promise<void> {
    if (outcomes.length === 0) return;
    await transaction(this.dataSource, (tx) => write(tx, outcomes));
  }
}

async function write(tx: EntityManager, outcomes: readonly AttemptOutcome[]): Promise<void> {
  const endpoints = [...new Set(outcomes.map(({ claim }) => claim.endpointId))];
  const counted = outcomes.filter(({ step }) => step.kind !== 'put_off');
  const succeeded = new Set(
    outcomes.filter(({ step }) => step.kind === 'delivered').map(({ claim }) => claim.endpointId),
  );
  const progressed = [...new Set(counted.map(({ claim }) => claim.endpointId))];
  const streams = [...new Set(counted.map(({ claim }) => claim.stream))];
  await sentTogether(
    LOCK_PROGRESS.run(tx, [endpoints]),
    RECORD.run(tx, [JSON.stringify(outcomes.map(rowOf))]),
    WAKE_NEXT.run(tx, [streams]),
    NOTE_PROGRESS.run(tx, [progressed, progressed.map((id) => succeeded.has(id))]),
  );
}

function rowOf({ claim, step, status, error, latencyMs, answer }: AttemptOutcome): object {
  return {
    endpoint_id: claim.endpointId,
    sequence: claim.sequence,
    attempts: claim.attempts,
    attempted_at: claim.attemptedAt,
    ...columnsOf(step),
    status,
    error,
    latency_ms: latencyMs,
    answer,
  };
}

function columnsOf(step: DeliveryStep): object {
  switch (step.kind) {
    case 'delivered':
      return { state: 'delivered', uncounted: 0 };
    case 'failed':
      return { state: 'pending', pause_ms: step.pauseMs, uncounted: 0 };
    case 'given_up':
      return { state: 'failed', failed_reason: step.reason, uncounted: 0 };
    case 'put_off':
      return { state: 'pending', pause_ms: step.pauseMs, uncounted: 1 };
  }
}
