import { randomShare } from '../random-share';
import { retryAfterOf } from '../status-lists/retry-after';

export interface ResilienceOptions {
  /** Milliseconds of each attempt; 30,000 by default. A stream must end within them. */
  timeoutMs?: number;
  /** Attempts in all; 4 by default. */
  attempts?: number;
  /** Longest wait in seconds that is accepted from the server; then its answer is returned. 60 by default. */
  longestWait?: number;
  /** In place of the global one. */
  fetch?: (request: Request) => Promise<Response>;
  /** Waits so many milliseconds. */
  wait?: (ms: number) => Promise<void>;
  /** From 0 to 1, without 1. */
  random?: () => number;
}

const FIRST_WAIT_S = 0.5;
/** That change nothing when they are repeated (RFC 9110 section 9.2.2). */
const REPEATABLE = new Set(['GET', 'HEAD', 'PUT', 'OPTIONS']);
/** That the server remembers by an `Idempotency-Key`. */
const REMEMBERED = new Set(['POST', 'DELETE']);
/** Too many requests, and that it was not carried out: overload, an unavailable database. */
const TRANSIENT = new Set([429, 503]);

/**
 * A `fetch` for `aegisClient({ fetch })`: each POST and DELETE gets an `Idempotency-Key`, so that it can be repeated, each
 * attempt has a time-out, and what failed on the way, 429 and 503 are tried again, as late as `Retry-After` says.
 */
export function resilientFetch(options: ResilienceOptions = {}): (request: Request) => Promise<Response> {
  const { timeoutMs = 30_000, attempts = 4, longestWait = 60, random = randomShare } = options;
  const { fetch = (request: Request) => globalThis.fetch(request), wait = byTimer } = options;
  return async (given) => {
    const request = withIdempotencyKey(given);
    const mayRepeat = REPEATABLE.has(request.method) || request.headers.has('idempotency-key');
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt >= attempts || !mayRepeat;
      const backoff = FIRST_WAIT_S * 2 ** (attempt - 1) * (1 + random());
      const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
      let answer: Response;
      try {
        answer = await fetch(new Request(request.clone(), { signal }));
      } catch (error) {
        // The caller gave up.
        if (isLast || request.signal.aborted) throw error;
        await wait(backoff * 1000);
        continue;
      }
      const asked = retryAfterOf(answer.headers) ?? 0;
      if (isLast || !TRANSIENT.has(answer.status) || asked > longestWait) return answer;
      await answer.body?.cancel();
      await wait(Math.max(asked * (1 + 0.1 * random()), backoff) * 1000);
    }
  };
}

function withIdempotencyKey(request: Request): Request {
  if (!REMEMBERED.has(request.method) || request.headers.has('idempotency-key')) return request;
  const headers = new Headers(request.headers);
  headers.set('idempotency-key', globalThis.crypto.randomUUID());
  return new Request(request, { headers });
}

function byTimer(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
