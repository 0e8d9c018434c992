import { NOT_RECONCILED, PreparedStatement, sentTogether, sharedTransaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type FreePlaces, MOST_OF_PROCESS } from './places';
import { LOCK_PROGRESS } from './progress-lock';
import { HOLD, NOW } from './sql';

/** So long a claimed delivery belongs to its process. It is longer than an attempt and the record of its outcome take. */
const LEASE = `interval '30 seconds'`;
/** After so long without a success an endpoint is disabled. */
export const FAILING_FOR = `interval '5 days'`;

/** So many of an endpoint's deliveries that are due are looked at by one claim. */
const LOOKED_AT = 100;

/** Deliveries that are put back at once: this takes a part of the time that a statement has. */
const MOST_PUT_BACK = 1000;

/** A delivery that this process attempts. */
export interface Claim {
  endpointId: string;
  sequence: number;
  stream: string;
  /** With this one. */
  attempts: number;
  /** Begin of this attempt, which names it together with `attempts`. */
  attemptedAt: Date;
  url: string;
  apiVersion: string;
  keys: string;
  /** Null unless a rotation still overlaps. */
  previousKeys: string | null;
  /** Whether nothing has succeeded for so long that a failure disables the endpoint. */
  isFailing: boolean;
  /** Null when it was removed. */
  event: { id: string; type: string; occurredAt: Date; data: Readonly<Record<string, unknown>> } | null;
}

interface ClaimRow {
  endpoint_id: string;
  sequence: number;
  stream: string;
  attempts: number;
  attempted_at: Date;
  url: string;
  api_version: string;
  keys: string;
  previous_keys: string | null;
  is_failing: boolean;
  event_id: string | null;
  type: string;
  occurred_at: Date;
  data: Readonly<Record<string, unknown>>;
  /** Endpoints whose first due deliveries were looked at without finding as many as there are places; null for none. */
  crowded: string[] | null;
}

/** The one row where nothing is claimed. */
interface NothingClaimed {
  endpoint_id: null;
  crowded: string[] | null;
}

/** SQL: earlier ones of the stream of `candidate` that hold it back. */
const HOLDING_BACK = `
          FROM webhook_deliveries AS earlier
          WHERE earlier.stream = candidate.stream AND earlier.state = 'pending'
            AND earlier.sequence < candidate.sequence
            AND (earlier.attempts = 0 OR earlier.error IS NULL OR earlier.holds_until > (SELECT now FROM moment))`;

/**
 * One index walk per endpoint, as far as its `last_due`: the backlog of one delays no other. `ORDER BY` and the constant
 * `LIMIT` keep the planner from reading whole backlogs. An earlier one of the stream holds a delivery back until it
 * was attempted, and then for the time of HOLD. Endpoints are `crowded` for which there is more to look at, and places are
 * left.
 */
export const CLAIM_SQL = `
  WITH moment AS MATERIALIZED (SELECT ${NOW} AS now),
  asked AS MATERIALIZED (
    SELECT endpoint.id,
           least(coalesce(named.most, $4::integer),
                 greatest($5::integer / (count(*) OVER ())::integer, coalesce(named.least, 1))) AS places,
           last.due_at AS last_due, last.sequence AS last_sequence
    FROM webhook_endpoints AS endpoint
    LEFT JOIN unnest($1::uuid[], $2::integer[], $3::integer[]) AS named (endpoint_id, most, least)
      ON named.endpoint_id = endpoint.id
    LEFT JOIN LATERAL (
      SELECT due.due_at, due.sequence FROM webhook_deliveries AS due
      WHERE due.endpoint_id = endpoint.id AND due.state = 'pending' AND due.due_at <= (SELECT now FROM moment)
      ORDER BY due.due_at, due.sequence OFFSET ${LOOKED_AT - 1} LIMIT 1) AS last ON true
    WHERE endpoint.is_active AND endpoint.deleted_at IS NULL AND NOT ${NOT_RECONCILED}
      AND (SELECT true FROM webhook_deliveries AS due
           WHERE due.endpoint_id = endpoint.id AND due.state = 'pending' AND due.due_at <= (SELECT now FROM moment)
           ORDER BY due.due_at, due.sequence LIMIT 1)
  ), due AS (
    SELECT chosen.endpoint_id, chosen.sequence
    FROM asked CROSS JOIN LATERAL (
      SELECT candidate.endpoint_id, candidate.sequence
      FROM webhook_deliveries AS candidate
      WHERE candidate.endpoint_id = asked.id AND candidate.state = 'pending'
        AND (candidate.due_at, candidate.sequence)
          <= (coalesce(asked.last_due, (SELECT now FROM moment)), coalesce(asked.last_sequence, 9223372036854775807))
        AND (SELECT true ${HOLDING_BACK} ORDER BY earlier.sequence LIMIT 1) IS NULL
      ORDER BY candidate.due_at, candidate.sequence
      LIMIT asked.places
      FOR NO KEY UPDATE OF candidate SKIP LOCKED
    ) AS chosen
    LIMIT ${MOST_OF_PROCESS}
  ), crowded AS (
    SELECT array_agg(asked.id) AS ids FROM asked
    WHERE asked.last_due IS NOT NULL
      AND asked.places > (SELECT count(*) FROM due WHERE due.endpoint_id = asked.id)
  ), claimed AS (
    UPDATE webhook_deliveries AS delivery
    SET attempts = least(delivery.attempts + 1, 100), attempted_at = moment.now, due_at = moment.now + ${LEASE},
        holds_until = CASE WHEN delivery.attempts = 0 THEN moment.now + ${HOLD} ELSE delivery.holds_until END,
        status = NULL, error = NULL, latency_ms = NULL, answer = NULL
    FROM due, moment
    WHERE delivery.endpoint_id = due.endpoint_id AND delivery.sequence = due.sequence
    RETURNING delivery.endpoint_id, delivery.sequence, delivery.position, delivery.stream, delivery.attempts,
              delivery.attempted_at
  )
  SELECT claimed.endpoint_id, claimed.sequence::float8 AS sequence, claimed.stream, claimed.attempts,
         claimed.attempted_at, endpoint.url, endpoint.api_version, endpoint.keys,
         CASE WHEN endpoint.previous_valid_until > moment.now THEN endpoint.previous_keys END AS previous_keys,
         coalesce(progress.failing_since < moment.now - ${FAILING_FOR}, false) AS is_failing,
         event.id AS event_id, event.type, event.occurred_at, event.data, crowded.ids AS crowded
  FROM moment
  CROSS JOIN crowded
  LEFT JOIN claimed ON true
  LEFT JOIN webhook_endpoints AS endpoint ON endpoint.id = claimed.endpoint_id
  LEFT JOIN webhook_progress AS progress ON progress.endpoint_id = claimed.endpoint_id
  LEFT JOIN events AS event ON event.position = claimed.position
  ORDER BY claimed.endpoint_id, claimed.sequence`;

const CLAIM = new PreparedStatement<ClaimRow | NothingClaimed>('webhooks-claim', CLAIM_SQL);

/**
 * Lets those of the first due ones be due later that are held back, so that the next claims find others. The one that holds
 * them back ends or fails under the same lock of the progress, and then makes the next of its stream due: nothing that this
 * statement sees as held back becomes free meanwhile. A delivery is due, at the latest, when the one before it has held it
 * back for the time of HOLD.
 */
const PUT_BACK = new PreparedStatement(
  'webhooks-put-back',
  `WITH moment AS MATERIALIZED (SELECT ${NOW} AS now),
   held AS MATERIALIZED (
     SELECT candidate.endpoint_id, candidate.sequence,
            greatest(CASE WHEN holding.attempts = 0 THEN moment.now + ${HOLD}
                          ELSE greatest(holding.holds_until, moment.now + ${LEASE}) END,
                     (SELECT CASE WHEN previous.attempts = 0 THEN previous.due_at + ${HOLD} END
                      FROM webhook_deliveries AS previous
                      WHERE previous.stream = candidate.stream AND previous.state = 'pending'
                        AND previous.sequence < candidate.sequence
                      ORDER BY previous.sequence DESC LIMIT 1)) AS free_at
     FROM moment
     CROSS JOIN unnest($1::uuid[]) AS crowded (endpoint_id)
     CROSS JOIN LATERAL (
       SELECT due.endpoint_id, due.sequence, due.stream FROM webhook_deliveries AS due
       WHERE due.endpoint_id = crowded.endpoint_id AND due.state = 'pending' AND due.due_at <= moment.now
       ORDER BY due.due_at, due.sequence LIMIT ${LOOKED_AT}) AS candidate
     CROSS JOIN LATERAL (
       SELECT earlier.attempts, earlier.holds_until ${HOLDING_BACK} ORDER BY earlier.sequence LIMIT 1) AS holding
     LIMIT ${MOST_PUT_BACK}
   )
   UPDATE webhook_deliveries AS delivery SET due_at = held.free_at
   FROM held, moment
   WHERE delivery.endpoint_id = held.endpoint_id AND delivery.sequence = held.sequence
     AND delivery.state = 'pending' AND delivery.due_at <= moment.now`,
);

function isClaim(row: ClaimRow | NothingClaimed): row is ClaimRow {
  return row.endpoint_id !== null;
}

/** Takes deliveries that are due, each for one process at a time. */
@Injectable()
export class DeliveryClaims {
  /** Endpoints whose first due deliveries the last claim found held back. */
  private crowded: readonly string[] = [];

  constructor(private readonly dataSource: DataSource) {}

  /**
   * Claims as many as there are free places. An attempt is counted here: a delivery that ends the process ends, too.
   * @returns those claimed; none while a restored database is not reconciled
   */
  async take(free: FreePlaces): Promise<Claim[]> {
    // Not after a claim, which would be lost if this failed.
    await this.putBack();
    const rows = await CLAIM.run(this.dataSource, claimParameters(free));
    this.crowded = rows[0]?.crowded ?? [];
    return rows.filter(isClaim).map(claimOf);
  }

  private async putBack(): Promise<void> {
    const { crowded } = this;
    if (crowded.length === 0) return;
    await sharedTransaction(this.dataSource, (tx) =>
      sentTogether(LOCK_PROGRESS.run(tx, [crowded]), PUT_BACK.run(tx, [crowded])),
    );
  }
}

/** Parameters of CLAIM_SQL. */
export function claimParameters({ named, mostOfEach, shared }: FreePlaces): unknown[] {
  return [
    named.map(({ endpointId }) => endpointId),
    named.map(({ most }) => most),
    named.map(({ least }) => least),
    mostOfEach,
    shared,
  ];
}

function claimOf(row: ClaimRow): Claim {
  const { event_id: id, type, occurred_at: occurredAt, data } = row;
  return {
    endpointId: row.endpoint_id,
    sequence: row.sequence,
    stream: row.stream,
    attempts: row.attempts,
    attemptedAt: row.attempted_at,
    url: row.url,
    apiVersion: row.api_version,
    keys: row.keys,
    previousKeys: row.previous_keys,
    isFailing: row.is_failing,
    event: id === null ? null : { id, type, occurredAt, data },
  };
}
