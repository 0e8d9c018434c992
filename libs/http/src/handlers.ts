import type { INestApplicationContext, Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { servesRoute } from './framework-internals';

/** A method that serves a route. */
export interface Handler {
  readonly controller: Type;
  readonly handler: (...args: never[]) => unknown;
  /** `Controller.method`, for messages. */
  readonly name: string;
}

/**
 * Every handler of an application, for checks at the start.
 * @param app created; it needs `HttpModule`
 */
export function handlersOf(app: INestApplicationContext): Handler[] {
  const scanner = app.get(MetadataScanner, { strict: false });
  const handlers: Handler[] = [];
  for (const { metatype } of app.get(DiscoveryService, { strict: false }).getControllers()) {
    if (typeof metatype !== 'function') continue;
    const controller = metatype as Type;
    const methods = controller.prototype as Record<string, (...args: never[]) => unknown>;
    for (const name of scanner.getAllMethodNames(methods)) {
      const handler = methods[name];
      if (handler === undefined || !servesRoute(handler)) continue;
      handlers.push({ controller, handler, name: `${controller.name}.${name}` });
    }
  }
  return handlers;
}
