import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** Counts the requests that a server is answering right now. */
export class RequestsInFlight {
  private readonly open = new Set<object>();

  constructor(server: Server) {
    server.on('request', (_request, response) => {
      this.open.add(response);
      response.once('close', () => this.open.delete(response));
    });
  }

  /**
   * Waits for the requests that are open now; later ones, such as probes, do not prolong it.
   * @param patienceMs at most
   */
  async settle(patienceMs: number): Promise<void> {
    const awaited = [...this.open];
    const deadline = performance.now() + patienceMs;
    while (awaited.some((response) => this.open.has(response)) && performance.now() < deadline)
      await pause(10);
  }
}
