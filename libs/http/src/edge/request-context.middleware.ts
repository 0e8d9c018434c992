import { runInRequest, type Logger, type RequestContext } from '@aegis/logging';
import type { Metrics } from '@aegis/metrics';
import { isTracing, startRequestSpan } from '@aegis/tracing';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { callerAddress } from './caller-address';
import { QUIET_PATHS } from './quiet-paths';
import { requestDurations } from './request-durations';
import { traceIdOf } from './trace-parent';

const SANE_REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * First middleware: gives the request its id and trace, runs all that follows within its context, and when it is over
 * measures it and writes one line to the log: no address, no query, no id out of the path. Handlers add fields with
 * `addAccessFields`.
 */
export function requestContext(logger: Logger, metrics: Metrics): RequestHandler {
  const measure = requestDurations(metrics);
  return (request: Request, response: Response, next: NextFunction) => {
    const startedAt = performance.now();
    const presented = request.headers['x-request-id'];
    const span =
      isTracing() && !QUIET_PATHS.test(request.url)
        ? startRequestSpan(request.method, request.headers)
        : undefined;
    const context: RequestContext = {
      requestId: typeof presented === 'string' && SANE_REQUEST_ID.test(presented) ? presented : randomUUID(),
      traceId: span?.traceId ?? traceIdOf(one(request.headers.traceparent)),
      spanId: span?.spanId ?? null,
      ip: callerAddress(request),
      userAgent: request.headers['user-agent'] ?? null,
      apiKeyId: null,
      accessFields: null,
      caller: undefined,
    };
    response.setHeader('X-Request-ID', context.requestId);
    response.once('close', () => {
      const milliseconds = performance.now() - startedAt;
      const route = routeOf(request);
      const status = response.headersSent ? response.statusCode : undefined;
      measure(request.method, route, status, milliseconds / 1000);
      span?.end(route, status);
      runInRequest(context, () => {
        writeAccessLine(logger, request, response, route, context, milliseconds);
      });
    });
    if (span === undefined) runInRequest(context, next);
    else
      span.run(() => {
        runInRequest(context, next);
      });
  };
}

function one(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

/** The pattern that matched, or undefined where none did. */
function routeOf(request: Request): string | undefined {
  const { path } = (request.route ?? {}) as { path?: unknown };
  return typeof path === 'string' ? path : undefined;
}

function writeAccessLine(
  logger: Logger,
  request: Request,
  response: Response,
  route: string | undefined,
  { apiKeyId, accessFields, caller }: RequestContext,
  milliseconds: number,
): void {
  const quiet = route !== undefined && QUIET_PATHS.test(route);
  logger.write(quiet ? 'debug' : 'info', 'request', {
    method: request.method,
    route: route ?? 'unmatched',
    status: response.statusCode,
    duration_ms: Math.round(milliseconds * 10) / 10,
    ...(apiKeyId !== null && { api_key_id: apiKeyId }),
    ...(typeof caller?.sessionId === 'string' && { session_id: caller.sessionId }),
    ...accessFields,
    ...(!response.writableFinished && { aborted: true }),
  });
}
