import { type Counter, DURATION_BUCKETS, type Histogram, Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import type { Attempt } from '../sending/attempt';
import type { Unwanted } from './disabling';

const OUTCOMES = ['delivered', 'failed', 'gone'] as const satisfies readonly Attempt['outcome'][];

/** What this process's attempts came to, and how long receivers took. */
@Injectable()
export class AttemptMetrics {
  private readonly attempts: Counter<'outcome'>;
  private readonly seconds: Histogram;
  private readonly disabled: Counter<'reason'>;

  constructor(metrics: Metrics) {
    this.attempts = metrics.counter(
      {
        name: 'aegis_webhook_attempts_total',
        help: 'Attempts of this process to deliver an event to a webhook, by what came of them.',
        labelNames: ['outcome'],
      },
      OUTCOMES.map((outcome) => ({ outcome })),
    );
    this.seconds = metrics.histogram({
      name: 'aegis_webhook_attempt_seconds',
      help: 'Time from the beginning of an attempt to the answer of the receiver, or the failure.',
      buckets: DURATION_BUCKETS,
    });
    this.disabled = metrics.counter(
      {
        name: 'aegis_webhooks_disabled_total',
        help: 'Webhooks that this process disabled: they answered 410, or no attempt had succeeded for days.',
        labelNames: ['reason'],
      },
      [{ reason: 'gone' }, { reason: 'failing' }],
    );
  }

  /** An endpoint was disabled by this process. */
  countDisabled(reason: Unwanted['reason']): void {
    this.disabled.inc({ reason });
  }

  observe({ outcome, latencyMs }: Attempt): void {
    this.attempts.inc({ outcome });
    this.seconds.observe(latencyMs / 1000);
  }
}
