import type { RateLimitsUnavailable } from './rate-limit.errors';

/** A limit of the contract and how far one bucket has used it up. */
export interface Quota {
  /** Name of the limit in the headers. */
  policy: string;
  limit: number;
  remaining: number;
  resetSeconds: number;
  exceeded: boolean;
  /** Set where the storage did not answer and the settings refuse requests then. */
  unavailable?: RateLimitsUnavailable;
}
