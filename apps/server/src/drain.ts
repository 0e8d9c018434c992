import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** Load balancers take a moment to see that readiness says no. */
export const PRODUCTION_DRAIN_MS = 5000;
/** So long requests in flight are waited for; connections that are open for as long after that are cut. */
export const PATIENCE_MS = 15_000;
/** What a drain takes at most. The platform has to grant it, and time to close everything after it. */
export const LONGEST_DRAIN_MS = Math.max(PRODUCTION_DRAIN_MS, PATIENCE_MS);

/**
 * Asks callers, with every answer from now on, to close their connection (RFC 9112 section 9.6). Otherwise a proxy keeps
 * using its connections until this process closes them, and a request that is on its way just then is lost. When they
 * connect again, a load balancer that has seen that readiness says no leads them elsewhere.
 */
export function closeAfterEachAnswer(server: Server): void {
  server.prependListener('request', (_request, response) => {
    response.setHeader('Connection', 'close');
  });
}

/**
 * Counts the requests that a server is answering right now. A set of them would be simpler, but V8 leaves what such a
 * set has held to its collector of old objects (docs/adr/0024).
 */
export class RequestsInFlight {
  private current = { open: 0 };

  constructor(server: Server) {
    server.on('request', (_request, response) => {
      const counted = this.current;
      counted.open += 1;
      response.once('close', () => {
        counted.open -= 1;
      });
    });
  }

  /**
   * Waits for the requests that are open now; later ones, such as probes, do not prolong it.
   * @param patienceMs at most
   */
  async settle(patienceMs: number): Promise<void> {
    const awaited = this.current;
    this.current = { open: 0 };
    const deadline = performance.now() + patienceMs;
    while (awaited.open > 0 && performance.now() < deadline) await pause(10);
  }
}
