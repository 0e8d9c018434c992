import { NotFoundException } from '@nestjs/common';
import type { Application, RequestHandler } from 'express';
import { type ExpressRoute, routesOf } from '../framework-internals';

/** Characters with a special meaning in a route's path. */
const PATTERN = /[:*{}]/;

/**
 * Methods that the application has for a path, e.g. to answer 405 with `Allow` (RFC 9110 section 15.5.6). If routes
 * have exactly this path, routes whose parameters would also match it are ignored.
 * @param path without query
 * @returns in upper case, sorted; HEAD comes with GET; empty for an unknown path
 */
export function allowedMethods(application: Application, path: string): string[] {
  const routes = routesOf(application).filter((route) => matches(route, path));
  const literal = routes.filter(isLiteral);
  return [...methodsOf(literal.length > 0 ? literal : routes)].sort();
}

/**
 * Prevents the literal path of a route from being the parameter of another: `GET /licenses/validate` asks for no
 * license. Comes before the routes.
 */
export function literalPathsFirst(): RequestHandler {
  let known: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  return (request, _response, next) => {
    // All routes are there when the first request is.
    known ??= literalPaths(request.app);
    const methods = known.get(normal(request.path));
    if (methods === undefined || methods.has(request.method)) next();
    else next(new NotFoundException());
  };
}

function literalPaths(application: Application): ReadonlyMap<string, ReadonlySet<string>> {
  const routes = routesOf(application).filter(isLiteral);
  return new Map(
    routes.map(({ path }) => [
      normal(path),
      methodsOf(routes.filter((other) => normal(other.path) === normal(path))),
    ]),
  );
}

function isLiteral(route: ExpressRoute): route is ExpressRoute & { path: string } {
  return typeof route.path === 'string' && !PATTERN.test(route.path);
}

/** Express compares paths with or without a slash at the end. */
function normal(path: string): string {
  return path.replace(/(.)\/$/, '$1');
}

function methodsOf(routes: readonly ExpressRoute[]): Set<string> {
  const methods = new Set(
    routes.flatMap((route) => Object.keys(route.methods).map((method) => method.toUpperCase())),
  );
  if (methods.has('GET')) methods.add('HEAD');
  return methods;
}

/** A path that is not percent-encoded UTF-8 matches nothing. */
function matches(route: ExpressRoute, path: string): boolean {
  try {
    return route.matches(path);
  } catch {
    return false;
  }
}
