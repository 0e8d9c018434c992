import { runSplitting, isInputRefused } from '@aegis/database';
import { PlacedEvents } from '@aegis/events';
import { type Job, Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Injectable } from '@nestjs/common';
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { AttemptMetrics } from './attempt-metrics';
import { type Claim, DeliveryClaims } from './claims';
import { DeliveryAttempts, type EndedAttempt } from './delivery-attempts';
import { EndpointDisabling } from './disabling';
import { DeliveryOutcomes } from './outcomes';
import { AttemptPlaces } from './places';

/** So long a delivery that is due waits, at most, for this process to look for it. */
const PAUSE_MS = 100;
const PAUSE_AFTER_FAILURE_MS = 1000;
/** So long attempts may take that are under way when the process stops. */
const GRACE_MS = 2000;

/**
 * Sends deliveries while the server runs. A turn writes what became of the attempts that have ended, together, and begins
 * others; the next one follows when an attempt ends, when events get their places, or after a pause.
 */
@Injectable()
export class Deliverer {
  private readonly places = new AttemptPlaces();
  private readonly underWay = new Set<Promise<void>>();
  private readonly stop = new AbortController();
  private readonly job: Job;
  /** Attempts whose outcomes are not written yet. */
  private ended: EndedAttempt[] = [];

  constructor(
    private readonly claims: DeliveryClaims,
    private readonly attempts: DeliveryAttempts,
    private readonly outcomes: DeliveryOutcomes,
    private readonly disabling: EndpointDisabling,
    private readonly metrics: AttemptMetrics,
    private readonly logger: Logger,
    placedEvents: PlacedEvents,
    jobs: Jobs,
  ) {
    // Each attempt listens.
    setMaxListeners(0, this.stop.signal);
    this.job = jobs.add({
      name: 'webhook-delivery',
      pauseMs: PAUSE_MS,
      pauseAfterFailureMs: PAUSE_AFTER_FAILURE_MS,
      failure: 'webhooks wait: they could not be sent, or it could not be written what became of them',
      runsAtShutdown: true,
      run: (goesOn) => this.turn(goesOn),
    });
    placedEvents.onPlaced(() => {
      void this.job.runNow();
    });
  }

  private async turn(goesOn: () => boolean): Promise<void> {
    if (!goesOn()) await this.endAll();
    const problem = await this.writeEnded();
    if (goesOn()) for (const claim of await this.claims.take(this.places.free())) this.begin(claim);
    if (problem !== undefined) throw problem;
  }

  private begin(claim: Claim): void {
    const { endpointId } = claim;
    this.places.take(endpointId);
    const work = this.attempts.make(claim, this.stop.signal).then((ended) => {
      this.places.giveBack(endpointId, ended.attempt?.error === 'timeout');
      if (ended.problem !== undefined) this.places.pause(endpointId);
      if (ended.attempt !== undefined) this.metrics.observe(ended.attempt);
      this.ended.push(ended);
      this.underWay.delete(work);
      void this.job.runNow();
    });
    this.underWay.add(work);
  }

  /** What is not written when the process ends is attempted again after its lease, by any process. */
  private async endAll(): Promise<void> {
    const all = Promise.all(this.underWay);
    await Promise.race([all, pause(GRACE_MS, undefined, { ref: false })]);
    this.stop.abort();
    await all;
  }

  /** @returns what keeps this process from sending */
  private async writeEnded(): Promise<Error | undefined> {
    const ended = this.ended.splice(0);
    await runSplitting(
      ended,
      (some) => this.outcomes.record(some.map(({ outcome }) => outcome)),
      () => undefined,
      (some, error) => {
        if (!isInputRefused(error)) {
          this.ended.unshift(...some);
          throw error;
        }
        this.logger.write('error', 'the outcome of a webhook was refused by the database', { error });
      },
    );
    await this.disableUnwanted(ended);
    await this.disabling.endSome();
    return ended.find(({ problem }) => problem !== undefined)?.problem;
  }

  private async disableUnwanted(ended: readonly EndedAttempt[]): Promise<void> {
    const byEndpoint = new Map(
      ended.flatMap(({ unwanted }) => (unwanted === undefined ? [] : [[unwanted.endpointId, unwanted]])),
    );
    for (const unwanted of byEndpoint.values()) {
      if (!(await this.disabling.disable(unwanted))) continue;
      const { endpointId: webhook, reason } = unwanted;
      this.metrics.countDisabled(reason);
      this.logger.write('warn', 'a webhook was disabled', { webhook, disabled_reason: reason });
    }
  }
}
