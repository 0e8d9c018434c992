import type { Environment } from '@aegis/config';
import type { INestApplicationContext } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Application, Request } from 'express';
import { CONSOLE_HEADER } from '../callers/identification';
import { accessOf } from '../callers/route-access';
import { declaredMethod, declaredPath, type ExpressRoute, routesOf } from '../framework-internals';
import { handlersOf } from '../handlers';

type CorsRules = NonNullable<Parameters<NestExpressApplication['enableCors']>[0]>;
type CorsRulesOf = Extract<CorsRules, (...given: never[]) => unknown>;
type CorsOptions = Exclude<CorsRules, CorsRulesOf>;

const EXPOSED_HEADERS = [
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
];
/** What a client of installations sends: no credential but the license itself, in the body. */
const HEADERS_OF_INSTALLATIONS = ['Content-Type', 'Idempotency-Key', 'If-None-Match', 'Traceparent'];
const PREFLIGHT_SECONDS = 7200;
const NEVER_ALLOWED = CONSOLE_HEADER.toLowerCase();

const CLOSED: CorsOptions = { origin: false };

/**
 * Says which pages may read answers (CORS, Fetch standard section 3.3). Routes that are declared `anyOrigin` are open to
 * every page, without credentials; the others to those of CORS_ORIGINS.
 */
export function crossOriginRules(
  app: NestExpressApplication,
  { CORS_ORIGINS: origins }: Pick<Environment, 'CORS_ORIGINS'>,
): CorsRulesOf {
  const own: CorsOptions =
    origins === undefined ? CLOSED : { origin: [...origins], exposedHeaders: EXPOSED_HEADERS };
  /** Each header that the page asks for, except for the one that makes a cookie a credential. */
  const ownPreflight = (asked: string): CorsOptions => ({
    ...own,
    allowedHeaders: asked.split(',').filter((name) => name.trim().toLowerCase() !== NEVER_ALLOWED),
  });
  let open: readonly ExpressRoute[] | undefined;
  const rulesOf = (request: Request): CorsOptions => {
    // A cache may keep what it got for a page that asks later, except for what a POST answers.
    if (request.headers.origin === undefined && request.method === 'POST') return CLOSED;
    // All routes are there when the first request is.
    open ??= openRoutes(app, request.app);
    const preflighted =
      request.method === 'OPTIONS' ? request.headers['access-control-request-method'] : undefined;
    const method = preflighted ?? request.method;
    const isOpen = open.some((route) => serves(route, method, request.path));
    // A page of CORS_ORIGINS may send its API key.
    if (!isOpen || (preflighted !== undefined && origins?.includes(request.headers.origin ?? ''))) {
      const asked = request.headers['access-control-request-headers'];
      return preflighted === undefined || asked === undefined || own === CLOSED ? own : ownPreflight(asked);
    }
    return {
      origin: '*',
      methods: method,
      allowedHeaders: HEADERS_OF_INSTALLATIONS,
      exposedHeaders: EXPOSED_HEADERS,
      maxAge: PREFLIGHT_SECONDS,
    };
  };
  return (request: Request, done: (error: Error | null, rules: CorsOptions) => void) => {
    done(null, rulesOf(request));
  };
}

function openRoutes(app: INestApplicationContext, application: Application): ExpressRoute[] {
  const open = new Set(
    handlersOf(app)
      .filter(({ handler, controller }) => {
        const access = accessOf(handler, controller);
        return access?.kind === 'public' && access.anyOrigin;
      })
      .map(({ handler, controller }) => `${declaredMethod(handler)} ${declaredPath(controller, handler)}`),
  );
  return routesOf(application).filter(({ path, methods }) =>
    Object.keys(methods).some((method) => open.has(`${method} ${String(path)}`)),
  );
}

function serves(route: ExpressRoute, method: string, path: string): boolean {
  const name = method === 'HEAD' ? 'get' : method.toLowerCase();
  try {
    return route.methods[name] === true && route.matches(path);
  } catch {
    return false;
  }
}
