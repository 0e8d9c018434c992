import { NotFoundException } from '@nestjs/common';
import type { Application, RequestHandler } from 'express';

interface Route {
  path: unknown;
  methods: Readonly<Record<string, boolean>>;
}

interface Layer {
  match(path: string): unknown;
  route?: Route;
}

/** What makes more of a route's path than the text it is. */
const PATTERN = /[:*{}]/;

/**
 * Methods that the application has for a path, e.g. to answer 405 with `Allow` (RFC 9110 section 15.5.6). Where
 * routes have this very path, those whose parameters would match it too do not count.
 * @param path without query
 * @returns in upper case, sorted; HEAD comes with GET; empty for an unknown path
 */
export function allowedMethods(application: Application, path: string): string[] {
  const routes = layersOf(application).flatMap((layer) =>
    layer.route !== undefined && matches(layer, path) ? [layer.route] : [],
  );
  const literal = routes.filter(isLiteral);
  return [...methodsOf(literal.length > 0 ? literal : routes)].sort();
}

/**
 * Lets the literal path of a route be no parameter of another: `GET /licenses/validate` asks for no license. Comes
 * before the routes.
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
  const routes = layersOf(application).flatMap(({ route }) =>
    route !== undefined && isLiteral(route) ? [route] : [],
  );
  return new Map(
    routes.map(({ path }) => [
      normal(path),
      methodsOf(routes.filter((other) => normal(other.path) === normal(path))),
    ]),
  );
}

function layersOf(application: Application): readonly Layer[] {
  return (application.router as unknown as { stack: readonly Layer[] }).stack;
}

function isLiteral(route: Route): route is Route & { path: string } {
  return typeof route.path === 'string' && !PATTERN.test(route.path);
}

/** Express compares paths with or without a slash at the end. */
function normal(path: string): string {
  return path.replace(/(.)\/$/, '$1');
}

function methodsOf(routes: readonly Route[]): Set<string> {
  const methods = new Set(
    routes.flatMap((route) => Object.keys(route.methods).map((method) => method.toUpperCase())),
  );
  if (methods.has('GET')) methods.add('HEAD');
  return methods;
}

/** A layer throws when a parameter of the path is not percent-encoded UTF-8. */
function matches(layer: Layer, path: string): boolean {
  try {
    return Boolean(layer.match(path));
  } catch {
    return false;
  }
}
