import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics } from 'prom-client';
import type { Metrics } from './metrics';

const TIMEOUT_MS = 10_000;
/** Prometheus needs one, or two where it is replicated. */
const MOST_CONNECTIONS = 16;
/** Gauges that are named as if they were counters; the same figures by type remain. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** The metrics' own listening socket. */
export interface MetricsServer {
  /** Base URL on this machine, e.g. `http://127.0.0.1:9464`. */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics` in Prometheus' text format, with the metrics of Node and the process, on a separate port:
 * anyone who can reach it may read it, and it shows too much for the public port. Everything else is 404.
 * @param address `port` 0 takes a free one
 * @throws what listening fails with, e.g. EADDRINUSE
 */
export async function serveMetrics(
  metrics: Metrics,
  address: { host: string; port: number },
): Promise<MetricsServer> {
  const scrape = sharedScrape(metrics);
  const server = createServer((request, response) => void answer(metrics, scrape, request, response));
  server.requestTimeout = TIMEOUT_MS;
  server.headersTimeout = TIMEOUT_MS;
  // Also ends a connection whose caller takes nothing of the answer.
  server.timeout = TIMEOUT_MS;
  server.maxConnections = MOST_CONNECTIONS;
  // A scrape is large: a caller who sends more requests without reading would make the process keep an answer to each.
  server.maxRequestsPerSocket = 1;
  server.on('dropRequest', (_request, connection) => {
    connection.destroy();
  });
  server.listen(address);
  await once(server, 'listening');
  collectDefaultMetrics({ register: metrics.registry });
  for (const name of MISNAMED) metrics.registry.removeSingleMetric(name);
  const { address: host, port, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** One text for all who ask while it is made: making it takes longer the more series there are. */
function sharedScrape({ registry }: Metrics): () => Promise<string> {
  let running: Promise<string> | undefined;
  return () => {
    running ??= registry.metrics().finally(() => {
      running = undefined;
    });
    return running;
  };
}

async function answer(
  { registry }: Metrics,
  scrape: () => Promise<string>,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isKnown = (method === 'GET' || method === 'HEAD') && url?.split('?', 1)[0] === '/metrics';
  try {
    if (!isKnown)
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Only GET /metrics is here.\n');
    else {
      const text = await scrape();
      response.writeHead(200, { 'Content-Type': registry.contentType }).end(text);
    }
  } catch {
    response.writeHead(500).end();
  }
}
