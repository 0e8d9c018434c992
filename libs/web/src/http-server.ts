import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { literalPathsFirst } from './allowed-methods';
import { handleClientErrors } from './client-errors';
import { parseQuery } from './query-string';
import { requestContext } from './request-context.middleware';
import { securityHeaders } from './security-headers';
import { soundRequests } from './sound-request';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node looks for requests that took too long; 30 s unless set. */
const TIMEOUT_CHECK_MS = 2_000;
/** Longer than common load balancers keep a connection (60 s), so that it is they who close it. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** A connection over which nothing moves, as when a caller takes no more of its answer, is closed. */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Sets up everything between the socket and the routes. Call it after `NestFactory.create(module, { bodyParser: false })`
 * and before `init` or `listen`.
 */
export function configureHttp(app: NestExpressApplication): void {
  const environment = app.get(Environment, { strict: false });
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', parseQuery);
  app.set('trust proxy', trustedProxies(environment.TRUST_PROXY));
  app.use(requestContext(app.get(Logger, { strict: false }), app.get(Metrics, { strict: false })));
  app.use(securityHeaders());
  app.use(soundRequests());
  if (environment.CORS_ORIGINS !== undefined)
    app.enableCors({
      origin: environment.CORS_ORIGINS,
      exposedHeaders: [
        'ETag',
        'Idempotent-Replayed',
        'Location',
        'RateLimit',
        'RateLimit-Policy',
        'Retry-After',
        'X-RateLimit-Limit',
        'X-RateLimit-Remaining',
        'X-RateLimit-Reset',
        'X-Request-ID',
      ],
    });
  app.use(literalPathsFirst());
  distinguishCase(app);
  const server = app.getHttpServer();
  limitTime(server);
  leaveToUs(server);
  handleClientErrors(server, environment);
}

/**
 * Lets no proxy's rule for `/api/v1/admin` be passed by as `/API/v1/Admin`. Nest has made the router by now, so that
 * Express's own setting comes too late; no route is registered yet.
 */
function distinguishCase(app: NestExpressApplication): void {
  const { router } = app.getHttpAdapter().getInstance() as { router?: { caseSensitive?: boolean } };
  if (router === undefined) throw new Error('the application has no router of Express 5');
  router.caseSensitive = true;
}

function limitTime(server: Server): void {
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  server.timeout = IDLE_TIMEOUT_MS;
  // Documented for createServer alone, which Nest calls; read when listening begins.
  Object.assign(server, { connectionsCheckingInterval: TIMEOUT_CHECK_MS });
}

/** Hands on to the routes what Node would answer by itself, without a body: 400 for a lacking Host, and 417. */
function leaveToUs(server: Server): void {
  Object.assign(server, { requireHostHeader: false });
  const serve = (...request: [IncomingMessage, ServerResponse]): boolean =>
    server.emit('request', ...request);
  // RFC 9110 section 10.1.1 lets a server ignore what it does not know.
  server.on('checkExpectation', serve);
  // Whoever asks before it sends a body is told to go on when the body is read, and so only if it was let in.
  server.on('checkContinue', serve);
}

/** TRUST_PROXY as Express wants it: a number of hops, or the addresses that are trusted; nobody when unset. */
function trustedProxies(setting: readonly string[] | undefined): number | string[] | false {
  if (setting === undefined) return false;
  const [first] = setting;
  return setting.length === 1 && first !== undefined && /^\d+$/.test(first) ? Number(first) : [...setting];
}
