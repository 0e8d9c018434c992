import type { DatabaseAccess } from '@aegis/database';
import type { HeldRequests } from '@aegis/http';
import type { Logger } from '@aegis/logging';
import type { MetricsServer } from '@aegis/metrics';
import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { closeAfterEachAnswer, endConnections, PATIENCE_MS } from './drain';
import type { Lifecycle } from './lifecycle';

/**
 * How long jobs, waiting writes, Redis and the pool may take together to close. Everything of a stop has such a limit, and
 * their sum is less than what Kubernetes and the like wait for before they kill a process (30 s).
 */
export const CLOSE_MS = 12_000;

/** What a stop ends. */
export interface RunningParts {
  app: { getHttpServer(): Server; close(): Promise<void> };
  lifecycle: Lifecycle;
  held: Pick<HeldRequests, 'release'>;
  database: Pick<DatabaseAccess, 'release'>;
  metrics: Pick<MetricsServer, 'close'>;
  logger: Logger;
}

/** The longest times of a stop, in milliseconds. */
export interface StopLimits {
  /** Requests that are open when no further ones are accepted. */
  openRequestsMs: number;
  /** Jobs, waiting writes, Redis and the pool. */
  closeMs: number;
}

/**
 * Stops a server: it accepts requests for a while, waits for the open ones, and closes everything. What takes longer
 * than its limit is left open, so that the process can end.
 * @param acceptsMs milliseconds for which load balancers may still send requests
 * @throws what closing fails with
 */
export async function stopServer(
  { app, lifecycle, held, database, metrics, logger }: RunningParts,
  acceptsMs: number,
  { openRequestsMs, closeMs }: StopLimits = { openRequestsMs: PATIENCE_MS, closeMs: CLOSE_MS },
): Promise<void> {
  const server = app.getHttpServer();
  lifecycle.drain();
  closeAfterEachAnswer(server);
  held.release();
  logger.write('info', 'draining');
  // Load balancers take a moment to see that readiness says no.
  await pause(acceptsMs);
  // Before anything that requests need is closed.
  await endConnections(server, openRequestsMs);
  if (!(await endsWithin(closeMs, app.close())))
    logger.write('warn', 'the server does not close: the process stops without waiting for it');
  await database.release();
  await metrics.close();
  logger.write('info', 'stopped');
}

/** @returns false when the work takes longer */
async function endsWithin(ms: number, work: Promise<void>): Promise<boolean> {
  const inTime = new AbortController();
  try {
    return await Promise.race([work.then(() => true), pause(ms, false, { signal: inTime.signal })]);
  } finally {
    inTime.abort();
  }
}
