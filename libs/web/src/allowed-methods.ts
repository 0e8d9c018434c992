import type { Application } from 'express';

interface Layer {
  match(path: string): unknown;
  route?: { methods: Readonly<Record<string, boolean>> };
}

/**
 * Methods that the application has for a path, e.g. to answer 405 with `Allow` (RFC 9110 section 15.5.6).
 * @param path without query
 * @returns in upper case, sorted; HEAD comes with GET; empty for an unknown path
 */
export function allowedMethods(application: Application, path: string): string[] {
  const { stack } = application.router as unknown as { stack: readonly Layer[] };
  const methods = new Set<string>();
  for (const layer of stack) {
    if (layer.route === undefined || !matches(layer, path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

/** A layer throws when a parameter of the path is not percent-encoded UTF-8. */
function matches(layer: Layer, path: string): boolean {
  try {
    return Boolean(layer.match(path));
  } catch {
    return false;
  }
}
