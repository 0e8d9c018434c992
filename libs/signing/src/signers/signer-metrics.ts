import type { Gauge, Histogram, Metrics } from '@aegis/metrics';

/**
 * How the making of a signature ended. `refused`: not tried, the signer was unavailable; `failed`: an error or no sense;
 * `invalid`: it did not hold under the public key.
 */
export type SignatureResult = (typeof SIGNATURE_RESULTS)[number];
/** `open`: nothing is sent to the signer; `half_open`: one request tries whether it is back. */
export type BreakerState = (typeof BREAKER_STATES)[number];

const SIGNATURE_RESULTS = ['made', 'refused', 'timeout', 'failed', 'invalid'] as const;
const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
/** From a key in memory to the time-out of a remote signer, in seconds. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** How long signatures take and how they end, and whether the signer is asked at all. */
export class SignerMetrics {
  private readonly signatures: Histogram<'result'>;
  private readonly breaker: Gauge<'state'>;

  constructor(metrics: Metrics) {
    this.signatures = metrics.histogram(
      {
        name: 'aegis_signature_duration_seconds',
        help: 'Time until a signature was made and verified, or failed, by result.',
        labelNames: ['result'],
        buckets: BUCKETS,
      },
      SIGNATURE_RESULTS.map((result) => ({ result })),
    );
    this.breaker = metrics.gauge({
      name: 'aegis_signer_breaker_state',
      help: '1 for the state that the circuit breaker before the signer is in, 0 for the others.',
      labelNames: ['state'],
    });
    this.breakerIs('closed');
  }

  signatureEnded(result: SignatureResult, seconds: number): void {
    this.signatures.observe({ result }, seconds);
  }

  breakerIs(now: BreakerState): void {
    for (const state of BREAKER_STATES) this.breaker.set({ state }, state === now ? 1 : 0);
  }
}
