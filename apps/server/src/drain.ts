import type { Server } from 'node:http';

/** How long the server waits for open requests after it stops accepting new ones; then it cuts their connections. */
export const PATIENCE_MS = 8_000;

/**
 * Asks callers, with every answer from now on, to close their connection (RFC 9112 section 9.6). Otherwise a proxy
 * keeps using its connections until this process closes them, and a request that is on its way just then is lost. When
 * callers connect again, a load balancer that has seen the failed readiness sends them elsewhere.
 */
export function closeAfterEachAnswer(server: Server): void {
  server.prependListener('request', (_request, response) => {
    response.setHeader('Connection', 'close');
  });
}

/**
 * Accepts no further connections, ends the idle ones, and waits until the others have ended with their answers.
 * @param patienceMs connections that are open for longer are cut
 */
export async function endConnections(server: Server, patienceMs: number): Promise<void> {
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, patienceMs);
  await new Promise((ended) => server.close(ended));
  clearTimeout(cut);
}
