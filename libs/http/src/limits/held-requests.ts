import { Environment } from '@aegis/config';
import { Metrics } from '@aegis/metrics';
import { RateLimited } from '@aegis/rate-limits';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { credentialOf, Identification } from '../callers/identification';
import { workOn } from '../edge/load-shedding';
import { Places } from './places';

const PER_CALLER = 10;
const PER_PROCESS = 200;
const RETRY_AFTER_SECONDS = 5;

/**
 * Requests whose answer waits until something happens. Meanwhile they are no work of the server's, so they do not count
 * against MAX_WAITING_REQUESTS; a limit of their own bounds their number. When the server stops, none waits any longer.
 */
@Injectable()
export class HeldRequests {
  private readonly places = new Places(PER_CALLER, PER_PROCESS);
  private readonly ends = new Set<() => void>();
  private isReleased = false;

  constructor(
    private readonly identification: Identification,
    private readonly environment: Environment,
    metrics: Metrics,
  ) {
    const held = metrics.gauge({
      name: 'aegis_requests_held',
      help: 'Requests whose answer waits until something happens; not among aegis_requests_waiting.',
      collect: () => {
        held.set(this.ends.size);
      },
    });
  }

  /**
   * Holds a request.
   * @param seconds longest time; at most half of HTTP_IDLE_TIMEOUT_MS, since the connection is closed after that time
   * @param wait waits, and returns the answer; it is to return soon after its signal, which comes when the time is over,
   * the caller has left, or the server stops
   * @returns what `wait` returns
   * @throws RateLimited when the caller, or all callers together, hold as many requests as may be held
   * @throws what refuses the caller if it is no longer valid after the wait, or has lost a scope
   */
  async hold<Answer>(
    request: Request,
    seconds: number,
    wait: (over: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const { res: response } = request;
    if (response === undefined) throw new Error('a request without its response');
    const giveBack = this.takePlace(request);
    const over = new AbortController();
    const end = (): void => {
      over.abort();
    };
    const timer = setTimeout(end, Math.min(seconds * 1000, this.environment.HTTP_IDLE_TIMEOUT_MS / 2));
    response.once('close', end);
    this.ends.add(end);
    if (this.isReleased || request.socket.destroyed) end();
    const work = workOn(request);
    work?.pause();
    try {
      const answer = await wait(over.signal);
      await this.judgeAgain(request);
      return answer;
    } finally {
      clearTimeout(timer);
      response.off('close', end);
      this.ends.delete(end);
      giveBack();
      // Nothing is left to do for who has left.
      if (!request.socket.destroyed) work?.resume();
    }
  }

  /** Ends the wait of all that are held, and of those that would be from now on. */
  release(): void {
    this.isReleased = true;
    for (const end of this.ends) end();
  }

  private takePlace(request: Request): () => void {
    const credential = credentialOf(request);
    const place = this.places.take(credential.kind === 'key' ? credential.key.id : 'without a key');
    if (place === 'of the caller')
      throw new RateLimited(
        RETRY_AFTER_SECONDS,
        `${PER_CALLER} requests of this API key wait already. Read their answers, or ask without \`wait\`.`,
      );
    if (place === 'of all')
      throw new RateLimited(
        RETRY_AFTER_SECONDS,
        'Too many requests wait. Retry later, or ask without `wait`.',
      );
    return place;
  }

  /** Its key may have ended meanwhile. */
  private async judgeAgain(request: Request): Promise<void> {
    const credential = credentialOf(request);
    if (credential.kind === 'key') await this.identification.judgeAgain(credential.key);
  }
}
