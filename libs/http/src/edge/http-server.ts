import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Application } from 'express';
import { distinguishCase } from '../framework-internals';
import { literalPathsFirst } from './allowed-methods';
import { oneAnswerAtATime } from './one-answer-at-a-time';
import { handleClientErrors } from './client-errors';
import { crossOriginRules } from './cross-origin';
import { type Admission, HttpAdapter } from './http-adapter';
import { LoadShedding } from './load-shedding';
import { parseQuery } from './query-string';
import { requestContext } from './request-context.middleware';
import { securityHeaders } from './security-headers';
import { soundRequests } from './sound-request';

const SERVER: ServerOptions = {
  // How often Node looks for requests that took too long; 30 s unless set.
  connectionsCheckingInterval: 2_000,
  // We answer requests without it: Node's answer would have no body.
  requireHostHeader: false,
};

/**
 * Makes the application, with everything between the socket and the routes set up; `init` or `listen` comes next.
 * @param module the root module: it needs Environment, Logger and Metrics
 * @throws what building the module throws
 */
export async function createHttpApp(module: DynamicModule | Type): Promise<NestExpressApplication> {
  const adapter = new HttpAdapter(SERVER);
  const app = await NestFactory.create<NestExpressApplication>(module, adapter, {
    bodyParser: false,
    bufferLogs: false,
    abortOnError: false,
    logger: false,
  });
  adapter.admitBy(admission(app));
  configureHttp(app);
  return app;
}

/** Decides before Express, and before a body is read: one answer at a time per connection, and no request beyond the limit. */
function admission(app: NestExpressApplication): Admission {
  const shedding = new LoadShedding(
    app.get(Environment, { strict: false }),
    app.get(Metrics, { strict: false }),
    app.get(Logger, { strict: false }),
  );
  const inTurn = oneAnswerAtATime();
  return (request, response, serve) => {
    inTurn(request, response, () => {
      if (shedding.admit(request, response)) serve();
    });
  };
}

function configureHttp(app: NestExpressApplication): void {
  const environment = app.get(Environment, { strict: false });
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', parseQuery);
  app.set('trust proxy', trustedProxies(environment.TRUST_PROXY));
  app.use(requestContext(app.get(Logger, { strict: false }), app.get(Metrics, { strict: false })));
  app.use(securityHeaders());
  app.use(soundRequests());
  app.enableCors(crossOriginRules(app, environment));
  app.use(literalPathsFirst());
  // Otherwise `/API/v1/Admin` would bypass a proxy's rule for `/api/v1/admin`. No route is registered yet.
  distinguishCase(app.getHttpAdapter().getInstance() as Application);
  const server = app.getHttpServer();
  server.headersTimeout = environment.HTTP_HEADERS_TIMEOUT_MS;
  // What the largest body may take at the slowest pace (body-pace.ts), and its headers, unless set.
  server.requestTimeout = environment.HTTP_REQUEST_TIMEOUT_MS;
  // Unless set longer than common load balancers keep a connection (60 s), so that it is they who close it.
  server.keepAliveTimeout = environment.HTTP_KEEP_ALIVE_TIMEOUT_MS;
  // A connection over which nothing moves, as when a caller stops reading its answer, is closed.
  server.timeout = environment.HTTP_IDLE_TIMEOUT_MS;
  leaveToUs(server);
  handleClientErrors(server, environment);
}

/** Passes on to the routes what Node would answer by itself, without a body: 100, and 417. */
function leaveToUs(server: Server): void {
  const serve = (...request: [IncomingMessage, ServerResponse]): boolean =>
    server.emit('request', ...request);
  // RFC 9110 section 10.1.1 lets a server ignore what it does not know.
  server.on('checkExpectation', serve);
  // A client that asks before it sends a body gets 100 when the body is read, and so only if it was let in.
  server.on('checkContinue', serve);
}

/** TRUST_PROXY as Express wants it: a number of hops, or the addresses that are trusted; nobody when unset. */
function trustedProxies(setting: readonly string[] | undefined): number | string[] | false {
  if (setting === undefined) return false;
  const [first] = setting;
  return setting.length === 1 && first !== undefined && /^\d+$/.test(first) ? Number(first) : [...setting];
}
