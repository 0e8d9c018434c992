import { publicEventId } from '@aegis/events';
import { Injectable } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import type { EndpointKeys } from '../keys/endpoint-keys';
import { OpenedKeys } from '../keys/opened-keys';
import type { Attempt } from '../sending/attempt';
import { WebhookSender } from '../sending/webhook-sender';
import type { Claim } from './claims';
import type { Unwanted } from './disabling';
import { eventBody } from './event-body';
import type { AttemptOutcome, DeliveryStep } from './outcomes';
import { UNSIGNED_PAUSE_MS } from './places';
import { MOST_ATTEMPTS, retryPauseMs } from './retry-schedule';

/** What became of a claim. */
export interface EndedAttempt {
  outcome: AttemptOutcome;
  /** Undefined where nothing was sent. */
  attempt?: Attempt;
  /** The endpoint, where it follows that it gets nothing further. */
  unwanted?: Unwanted;
  /** What keeps this process from sending at all. */
  problem?: Error;
}

const RESOLUTION = 2 ** 32;
/** At least 0 and less than 1. */
const random = (): number => randomInt(RESOLUTION) / RESOLUTION;

const UNSENT = { status: null, latencyMs: null, answer: null };

/** Attempts one delivery: signs what is sent, sends it, and says what follows. */
@Injectable()
export class DeliveryAttempts {
  constructor(
    private readonly openedKeys: OpenedKeys,
    private readonly sender: WebhookSender,
  ) {}

  /**
   * It never rejects.
   * @param stop ends the attempt: it does not count then
   */
  async make(claim: Claim, stop: AbortSignal): Promise<EndedAttempt> {
    const { event } = claim;
    // The event was removed, and the delivery will be; or each attempt ended its process.
    if (event === null || claim.attempts > MOST_ATTEMPTS)
      return {
        outcome: {
          claim,
          step: { kind: 'given_up', reason: 'attempts_used' },
          error: event === null ? 'other' : 'stopped',
          ...UNSENT,
        },
      };
    try {
      const { id, type, occurredAt, data } = event;
      const { sequence, apiVersion, endpointId, url } = claim;
      const body = eventBody({ id, type, occurredAt, data, sequence, apiVersion });
      const keys = await this.keysOf(claim);
      return endOf(
        claim,
        await this.sender.send({ endpointId, url, id: publicEventId(id), body, keys }, stop),
      );
    } catch (error) {
      const step: DeliveryStep = { kind: 'put_off', pauseMs: UNSIGNED_PAUSE_MS };
      const problem = error instanceof Error ? error : new Error(String(error));
      return { outcome: { claim, step, error: 'other', ...UNSENT }, problem };
    }
  }

  private keysOf({ endpointId, keys, previousKeys }: Claim): Promise<EndpointKeys[]> {
    const sealed = previousKeys === null ? [keys] : [keys, previousKeys];
    return Promise.all(sealed.map((text) => this.openedKeys.of(endpointId, text)));
  }
}

function endOf(claim: Claim, attempt: Attempt): EndedAttempt {
  const { endpointId, url, isFailing } = claim;
  const { status, error, latencyMs, answer } = attempt;
  const step = stepOf(claim, attempt);
  const outcome = { claim, step, status, error, latencyMs, answer };
  const isFailed = step.kind === 'failed' || step.kind === 'given_up';
  const reason = attempt.outcome === 'gone' ? 'gone' : isFailing && isFailed ? 'failing' : undefined;
  return { outcome, attempt, unwanted: reason && { endpointId, url, reason } };
}

function stepOf(claim: Claim, { outcome, error, retryAfterSeconds }: Attempt): DeliveryStep {
  switch (outcome) {
    case 'delivered':
      return { kind: 'delivered' };
    case 'gone':
      return { kind: 'given_up', reason: 'gone' };
    case 'failed': {
      if (error === 'stopped') return { kind: 'put_off', pauseMs: 0 };
      const pauseMs = retryPauseMs(claim.attempts, retryAfterSeconds, random);
      return pauseMs === null ? { kind: 'given_up', reason: 'attempts_used' } : { kind: 'failed', pauseMs };
    }
  }
}
