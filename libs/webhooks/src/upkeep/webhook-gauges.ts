import { PreparedStatement } from '@aegis/database';
import { Jobs } from '@aegis/jobs';
import { type Gauge, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

const PAUSE_MS = 5000;
/** Of one endpoint so many are counted at most: it takes time, while little is left. */
const MOST_COUNTED = 10_000;

interface Backlog {
  pending: number;
  oldest_due_seconds: number;
  active: number;
  failing: number;
  disabled: number;
}

const BACKLOG = new PreparedStatement<Backlog>(
  'webhooks-backlog',
  `SELECT coalesce(sum(open.pending), 0)::float8 AS pending,
          greatest(coalesce(extract(epoch FROM clock_timestamp() - min(open.due_at)), 0), 0)::float8 AS oldest_due_seconds,
          count(*) FILTER (WHERE endpoint.is_active AND progress.failing_since IS NULL)::integer AS active,
          count(*) FILTER (WHERE endpoint.is_active AND progress.failing_since IS NOT NULL)::integer AS failing,
          count(*) FILTER (WHERE NOT endpoint.is_active)::integer AS disabled
   FROM webhook_endpoints AS endpoint
   LEFT JOIN webhook_progress AS progress ON progress.endpoint_id = endpoint.id
   CROSS JOIN LATERAL (
     SELECT count(*) AS pending, min(first.due_at) AS due_at FROM (
       SELECT delivery.due_at FROM webhook_deliveries AS delivery
       WHERE delivery.endpoint_id = endpoint.id AND delivery.state = 'pending' AND endpoint.is_active
       ORDER BY delivery.due_at, delivery.sequence LIMIT ${MOST_COUNTED}) AS first
   ) AS open
   WHERE endpoint.deleted_at IS NULL`,
);

/** How many deliveries wait, since when one is due, and how endpoints do, as metrics: every replica reports the same. */
@Injectable()
export class WebhookGauges {
  private readonly pending: Gauge;
  private readonly oldestDue: Gauge;
  private readonly endpoints: Gauge<'state'>;

  constructor(
    private readonly dataSource: DataSource,
    metrics: Metrics,
    jobs: Jobs,
  ) {
    this.pending = metrics.gauge({
      name: 'aegis_webhook_deliveries_pending',
      help: 'Deliveries that were not made yet, up to 10000 of each webhook, counted every 5 seconds; the same in each process.',
    });
    this.oldestDue = metrics.gauge({
      name: 'aegis_webhook_oldest_due_seconds',
      help: 'Seconds since the delivery that was due first was due, by the clock of the database; 0 when none is due.',
    });
    this.endpoints = metrics.gauge({
      name: 'aegis_webhook_endpoints',
      help: 'Webhooks: active, failing (active, and the last attempts failed), or disabled; the same in each process.',
      labelNames: ['state'],
    });
    jobs.add({
      name: 'webhook-backlog',
      pauseMs: PAUSE_MS,
      failure: 'deliveries of webhooks could not be counted for the metrics',
      run: () => this.refresh(),
    });
  }

  async refresh(): Promise<void> {
    const [row] = await BACKLOG.run(this.dataSource, []);
    this.pending.set(row?.pending ?? 0);
    this.oldestDue.set(row?.oldest_due_seconds ?? 0);
    for (const state of ['active', 'failing', 'disabled'] as const)
      this.endpoints.set({ state }, row?.[state] ?? 0);
  }
}
