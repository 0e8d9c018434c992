import { AuditLog, SYSTEM } from '@aegis/audit';
import { lockByIdSql, PreparedStatement, sharedTransaction, transaction } from '@aegis/database';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { FAILING_FOR } from './claims';
import { LOCK_PROGRESS } from './progress-lock';
import { NOW } from './sql';

/** Deliveries that one transaction ends: events get no positions while it holds the lock of the progress. */
const BATCH = 500;

/** An endpoint that wants, or can get, nothing further. */
export interface Unwanted {
  endpointId: string;
  /** Where it answered, or did not: a URL that was changed since gets its chance. */
  url: string;
  reason: 'gone' | 'failing';
}

const LOCK_ENDPOINT = lockByIdSql({
  columns: 'id',
  table: 'webhook_endpoints',
  strength: 'NO KEY UPDATE',
  where: 'is_active AND deleted_at IS NULL',
});

const DISABLE = `
  UPDATE webhook_endpoints AS endpoint
  SET is_active = false, disabled_reason = $3, disabled_at = ${NOW}, updated_at = ${NOW}, version = version + 1
  WHERE endpoint.id = $1 AND endpoint.url = $2
    AND ($3 <> 'failing' OR EXISTS (
      SELECT FROM webhook_progress AS progress
      WHERE progress.endpoint_id = endpoint.id AND progress.failing_since < ${NOW} - ${FAILING_FOR}))
  RETURNING endpoint.id`;

const LOCK_DISABLED = lockByIdSql({
  columns: 'id',
  table: 'webhook_endpoints',
  strength: 'NO KEY UPDATE',
  where: 'NOT is_active AND deleted_at IS NULL',
});

const END_OPEN = new PreparedStatement<{ ended: number }>(
  'webhooks-end-open',
  `WITH open AS MATERIALIZED (
     SELECT endpoint_id, sequence FROM webhook_deliveries
     WHERE endpoint_id = $1 AND state = 'pending' ORDER BY due_at, sequence LIMIT ${BATCH}
   ), ended AS (
     UPDATE webhook_deliveries AS delivery
     SET state = 'failed', failed_reason = 'endpoint_disabled', ended_at = ${NOW}
     FROM open
     WHERE delivery.endpoint_id = open.endpoint_id AND delivery.sequence = open.sequence AND delivery.state = 'pending'
     RETURNING 1)
   SELECT count(*)::integer AS ended FROM open`,
);

/**
 * Ends some of the deliveries of an endpoint that gets nothing further, so that none follows when it is enabled again. The
 * transaction has changed, or at least locked, the row of the endpoint before: rows are locked in this order everywhere.
 * @returns whether none is left; the others are to be ended in transactions of their own, by `endOpenLater`
 */
export async function endOpenDeliveries(tx: EntityManager, endpointId: string): Promise<boolean> {
  await LOCK_PROGRESS.run(tx, [[endpointId]]);
  const [row] = await END_OPEN.run(tx, [endpointId]);
  return (row?.ended ?? 0) < BATCH;
}

/**
 * Ends more of the deliveries of an endpoint that was disabled before, unless it was enabled or deleted since.
 * @returns whether none is left to be ended
 */
export function endOpenLater(dataSource: DataSource, endpointId: string): Promise<boolean> {
  return sharedTransaction(dataSource, async (tx) => {
    const disabled = await tx.query<unknown[]>(LOCK_DISABLED, [[endpointId]]);
    return disabled.length === 0 || endOpenDeliveries(tx, endpointId);
  });
}

/**
 * Ends what was left open when the process ended that disabled an endpoint with a large backlog.
 * @param goesOn whether to end more, asked before each transaction
 */
export async function endAllLeftOpen(dataSource: DataSource, goesOn: () => boolean): Promise<void> {
  const left = await dataSource.query<{ id: string }[]>(
    `SELECT id FROM webhook_endpoints AS endpoint
     WHERE NOT is_active AND deleted_at IS NULL AND (
       SELECT true FROM webhook_deliveries AS delivery
       WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'pending'
       ORDER BY delivery.due_at, delivery.sequence LIMIT 1)`,
  );
  for (const { id } of left) while (goesOn() && !(await endOpenLater(dataSource, id)));
}

/** Disables endpoints that answered 410, or for which nothing has succeeded for days. */
@Injectable()
export class EndpointDisabling {
  private readonly unfinished = new Set<string>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Disables an endpoint, unless another process has, it was changed, or something has succeeded meanwhile. A large
   * backlog is ended later, by `endSome`.
   * @returns whether this call did
   */
  async disable(unwanted: Unwanted): Promise<boolean> {
    const isDisabled = await transaction(this.dataSource, (tx) => this.disableIn(tx, unwanted));
    if (isDisabled) this.unfinished.add(unwanted.endpointId);
    return isDisabled;
  }

  /** Ends a part of the backlog of each endpoint that this process has disabled: others need not wait for all of it. */
  async endSome(): Promise<void> {
    for (const endpointId of this.unfinished)
      if (await endOpenLater(this.dataSource, endpointId)) this.unfinished.delete(endpointId);
  }

  private async disableIn(tx: EntityManager, { endpointId, url, reason }: Unwanted): Promise<boolean> {
    const active = await tx.query<unknown[]>(LOCK_ENDPOINT, [[endpointId]]);
    if (active.length === 0) return false;
    await LOCK_PROGRESS.run(tx, [[endpointId]]);
    const [disabled] = await tx.query<[unknown[], number]>(DISABLE, [endpointId, url, reason]);
    if (disabled.length === 0) return false;
    await endOpenDeliveries(tx, endpointId);
    await this.audit.append(tx, {
      type: 'webhook.disabled',
      actor: SYSTEM,
      data: { id: endpointId, origin: new URL(url).origin, reason },
    });
    return true;
  }
}
