import { type Actor, AuditLog } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { LOCK_PROGRESS } from '../deliveries/progress-lock';
import { HOLD, NOW } from '../deliveries/sql';
import { lockEndpoint, originOf } from '../endpoints/endpoint-lock';
import type { WebhookEndpoint } from '../endpoints/webhook-endpoint.entity';
import { DeliveryNotFound, WebhookDisabled } from './deliveries.errors';
import { firstSequenceSince } from './first-sequence';
import { type DeliveryState, WebhookDelivery } from './webhook-delivery.entity';

/** Deliveries of one transaction, and of one request. */
const BATCH = 500;
const MOST = 20_000;

/** States of deliveries that are repeated unless one is named. */
export const REPEATED_STATES = ['failed', 'sent_before_restore'] as const satisfies readonly DeliveryState[];

/** Which deliveries of an endpoint are repeated. */
export interface RedeliverSince {
  /** Those of events that got their position then or later. */
  since: Date;
  /** Only those of this state. */
  state?: (typeof REPEATED_STATES)[number];
}

/** What became of a request to repeat deliveries. */
export interface Redelivered {
  redelivered: number;
  /** False where there are more of them: the request is to be repeated. */
  complete: boolean;
}

/** One that was claimed is not repeated meanwhile: its attempt tells. */
const NOT_CLAIMED = `(state <> 'pending' OR attempted_at IS NULL OR error IS NOT NULL)`;

/** As webhooks_fan_out makes them: the first of a stream is due, unless an earlier one holds it back. */
const REPEAT = `
  WITH chosen AS (
    SELECT endpoint_id, sequence, stream, row_number() OVER of_stream AS turn, first_value(sequence) OVER of_stream AS first
    FROM webhook_deliveries
    WHERE endpoint_id = $1 AND sequence = ANY ($2::bigint[]) AND ${NOT_CLAIMED}
    WINDOW of_stream AS (PARTITION BY stream ORDER BY sequence)
  ), placed AS (
    SELECT chosen.endpoint_id, chosen.sequence,
           greatest(${NOW}, (
             SELECT open.holds_until FROM webhook_deliveries AS open
             WHERE open.stream = chosen.stream AND open.state = 'pending' AND open.sequence < chosen.first
             ORDER BY open.sequence DESC LIMIT 1)) + (chosen.turn - 1) * ${HOLD} AS due_at
    FROM chosen
  )
  UPDATE webhook_deliveries AS delivery
  SET state = 'pending', failed_reason = NULL, attempts = 0, due_at = placed.due_at, holds_until = placed.due_at + ${HOLD},
      attempted_at = NULL, ended_at = NULL, status = NULL, error = NULL, latency_ms = NULL, answer = NULL
  FROM placed
  WHERE delivery.endpoint_id = placed.endpoint_id AND delivery.sequence = placed.sequence AND ${NOT_CLAIMED}`;

/** Makes deliveries due again: with the same `webhook-id` and sequence, in the order of their license, from the first attempt. */
@Injectable()
export class Redelivery {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Repeats one delivery, also one that was made; one that waits is attempted now.
   * @throws DeliveryNotFound, WebhookDisabled
   */
  one(actor: Actor, id: string): Promise<WebhookDelivery> {
    return transaction(this.dataSource, async (tx) => {
      const found = await findKept(tx, id);
      const endpoint = await lockActive(tx, found.endpoint_id);
      await repeat(tx, endpoint, [found.sequence]);
      await this.audit.append(tx, {
        type: 'webhook.redelivered',
        actor,
        data: { id: endpoint.id, origin: originOf(endpoint), count: 1, delivery_id: id },
      });
      return findKept(tx, id);
    });
  }

  /**
   * Repeats what was given up, or may have been sent before a restore, in several transactions.
   * @throws WebhookNotFound, WebhookDisabled
   */
  async since(actor: Actor, endpointId: string, { since, state }: RedeliverSince): Promise<Redelivered> {
    const states = state === undefined ? REPEATED_STATES : [state];
    let redelivered = 0;
    let from: number | undefined;
    while (redelivered < MOST) {
      const batch = await transaction(this.dataSource, async (tx) => {
        const endpoint = await lockActive(tx, endpointId);
        from ??= await firstSequenceSince(tx, endpointId, since);
        const sequences = await nextSequences(tx, endpointId, from, states);
        if (sequences.length === 0) return sequences;
        await repeat(tx, endpoint, sequences);
        await this.audit.append(tx, {
          type: 'webhook.redelivered',
          actor,
          data: {
            id: endpointId,
            origin: originOf(endpoint),
            count: sequences.length,
            since: since.toISOString(),
          },
        });
        return sequences;
      });
      redelivered += batch.length;
      if (batch.length < BATCH) return { redelivered, complete: true };
      from = (batch.at(-1) ?? 0) + 1;
    }
    return { redelivered, complete: false };
  }
}

/** @throws WebhookNotFound, WebhookDisabled */
async function lockActive(tx: EntityManager, id: string): Promise<WebhookEndpoint> {
  const endpoint = await lockEndpoint(tx, id);
  if (!endpoint.is_active) throw new WebhookDisabled(id);
  return endpoint;
}

/** @throws DeliveryNotFound */
async function findKept(tx: EntityManager, id: string): Promise<WebhookDelivery> {
  const delivery = await tx
    .createQueryBuilder(WebhookDelivery, 'delivery')
    .where({ id })
    .andWhere('EXISTS (SELECT FROM events AS event WHERE event.position = delivery.position)')
    .andWhere(
      'EXISTS (SELECT FROM webhook_endpoints AS endpoint WHERE endpoint.id = delivery.endpoint_id AND endpoint.deleted_at IS NULL)',
    )
    .getOne();
  if (delivery === null) throw new DeliveryNotFound(id);
  return delivery;
}

async function nextSequences(
  tx: EntityManager,
  endpointId: string,
  from: number,
  states: readonly DeliveryState[],
): Promise<number[]> {
  const rows = await tx.query<{ next: number }[]>(
    `SELECT found.sequence::float8 AS next
     FROM unnest($3::text[]) AS asked (state)
     CROSS JOIN LATERAL (
       SELECT delivery.sequence FROM webhook_deliveries AS delivery
       WHERE delivery.endpoint_id = $1 AND delivery.state = asked.state
         AND delivery.state IN ('failed', 'sent_before_restore') AND delivery.sequence >= $2
         AND delivery.position > (SELECT forgotten FROM event_positions)
       ORDER BY delivery.sequence LIMIT ${BATCH}
     ) AS found
     ORDER BY found.sequence LIMIT ${BATCH}`,
    [endpointId, from, states],
  );
  return rows.map(({ next }) => next);
}

async function repeat(
  tx: EntityManager,
  { id }: WebhookEndpoint,
  sequences: readonly number[],
): Promise<void> {
  await LOCK_PROGRESS.run(tx, [[id]]);
  await tx.query(REPEAT, [id, sequences]);
}
