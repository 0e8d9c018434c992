import { aegisClient, type AegisOptions } from '../../index';
import { type ResilienceOptions, resilientFetch } from './resilient-fetch';

export interface AegisApiOptions extends AegisOptions {
  /** How requests are tried again; not used where `fetch` is given. */
  resilience?: ResilienceOptions;
}

/** A client of the server's API (`aegisClient`) that tries again, by `resilientFetch`. */
export function aegisApi({ resilience, ...options }: AegisApiOptions): ReturnType<typeof aegisClient> {
  return aegisClient({ fetch: resilientFetch(resilience), ...options });
}
