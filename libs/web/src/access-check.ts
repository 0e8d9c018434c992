import { ConfigurationError } from '@aegis/errors';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { accessOf } from './access';

/** Where Nest's @Get, @Post and the others keep a route's path. */
const ROUTE_PATH = 'path';

/**
 * Stops the start when a route says neither who may call it nor that all may: closed by default.
 * @param app the application, created; it needs `WebModule`
 * @throws ConfigurationError naming every such controller and handler
 */
export function assertEveryRouteDeclaresAccess(app: INestApplicationContext): void {
  const scanner = app.get(MetadataScanner, { strict: false });
  const undeclared: string[] = [];
  for (const { metatype } of app.get(DiscoveryService, { strict: false }).getControllers()) {
    if (typeof metatype !== 'function') continue;
    const controller = metatype as Type;
    const methods = controller.prototype as Record<string, (...args: never[]) => unknown>;
    for (const name of scanner.getAllMethodNames(methods)) {
      const handler = methods[name];
      if (handler === undefined || !Reflect.hasMetadata(ROUTE_PATH, handler)) continue;
      if (accessOf(handler, controller) === undefined) undeclared.push(`${controller.name}.${name}`);
    }
  }
  if (undeclared.length > 0)
    throw new ConfigurationError(
      `Routes without declared access: ${undeclared.join(', ')}. Add @RequireScopes(...), @AnyKey() or @Public() to each.`,
    );
}
