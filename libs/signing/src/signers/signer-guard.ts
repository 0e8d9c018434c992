import { type Logger, runOutsideRequests } from '@aegis/logging';
import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleAll,
  TaskCancelledError,
  timeout,
  type TimeoutPolicy,
  TimeoutStrategy,
} from 'cockatiel';
import { verify } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Signer } from './signer';
import { SignerUnavailable } from '../signing.errors';
import { InputTooLarge, type RemoteKey } from './remote-key';
import type { BreakerState, SignatureResult, SignerMetrics } from './signer-metrics';

const SIGNATURE_BYTES = 64;
/** One failure may be chance, this many in a row are not. */
const FAILURES_TO_OPEN = 5;
/** While the signer is unavailable one request a second asks whether it is back; the others do not wait. */
const PAUSE_MS = 1000;
const PAUSE_SECONDS = PAUSE_MS / 1000;
/** Has no dot, so that its signature passes for no JWS. */
const PROBE = Buffer.from('aegis asks whether the signer is back');

const STATES: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Isolated]: 'open',
};

export interface SignerGuardOptions {
  /** Longest that one signature may take, in milliseconds. */
  timeoutMs: number;
  logger: Logger;
  metrics: SignerMetrics;
}

class InvalidSignature extends Error {}

/**
 * Protects against a signer that is slow, unavailable or wrong: limits the wait, returns only verified signatures,
 * and after five failures in a row asks the signer at most once per second until it is back.
 */
export class SignerGuard {
  private readonly breaker = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
    halfOpenAfter: PAUSE_MS,
  });
  private readonly patience: TimeoutPolicy;
  private readonly closing = new AbortController();
  private probing = false;

  constructor(private readonly options: SignerGuardOptions) {
    this.patience = timeout(options.timeoutMs, TimeoutStrategy.Aggressive);
    this.breaker.onStateChange((state) => {
      options.metrics.breakerIs(STATES[state]);
    });
    this.breaker.onReset(() => {
      options.logger.write('info', 'the signer is back');
    });
  }

  /** Whether the signer is unavailable, as far as is known. */
  get isAway(): boolean {
    return this.breaker.state !== CircuitState.Closed;
  }

  /** @returns a signer that throws SignerUnavailable (503), or InputTooLarge (422) before anything is sent */
  guard(key: RemoteKey): Signer {
    return { kid: key.kid, sign: (input) => this.sign(key, input) };
  }

  /** Stops asking. */
  close(): void {
    this.closing.abort();
  }

  private async sign(key: RemoteKey, input: Uint8Array): Promise<Uint8Array> {
    const { largestInput } = key;
    if (largestInput !== undefined && input.length > largestInput)
      throw new InputTooLarge(input.length, largestInput);
    const startedAt = performance.now();
    let result: SignatureResult = 'made';
    try {
      return await this.attempt(key, input);
    } catch (error) {
      result = resultOf(error);
      if (this.isAway && result !== 'refused') this.becameAway(key, error);
      throw new SignerUnavailable(undefined, PAUSE_SECONDS, { cause: error });
    } finally {
      this.options.metrics.signatureEnded(result, (performance.now() - startedAt) / 1000);
    }
  }

  private attempt(key: RemoteKey, input: Uint8Array): Promise<Uint8Array> {
    // The library's own nesting has all calls listen to one signal, and Node warns of a leak.
    return this.breaker.execute(() =>
      this.patience.execute((_context, signal) => this.verified(key, input, signal)),
    );
  }

  private async verified(key: RemoteKey, input: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const signature = await key.sign(input, signal);
    if (signature.length !== SIGNATURE_BYTES || !verify(null, input, key.publicKey, signature))
      throw new InvalidSignature(`A signature by ${key.kid} does not hold under its public key.`);
    return signature;
  }

  private becameAway(key: RemoteKey, error: unknown): void {
    if (this.probing) return;
    this.probing = true;
    this.options.logger.write('error', 'the signer is unavailable: nothing is signed, validation continues', {
      error,
    });
    void runOutsideRequests(() => this.probeUntilBack(key));
  }

  /** So that a health check need not wait for the next caller to learn that the signer is back. */
  private async probeUntilBack(key: RemoteKey): Promise<void> {
    const { signal } = this.closing;
    do {
      await delay(PAUSE_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      await this.attempt(key, PROBE).catch(() => undefined);
    } while (this.isAway);
    this.probing = false;
  }
}

function resultOf(error: unknown): SignatureResult {
  if (error instanceof BrokenCircuitError) return 'refused';
  if (error instanceof TaskCancelledError) return 'timeout';
  return error instanceof InvalidSignature ? 'invalid' : 'failed';
}
