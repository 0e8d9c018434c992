import { inSpan, isTracing } from '@aegis/tracing';
import type { INestApplicationContext } from '@nestjs/common';
import { handlersOf } from './handlers';

type Method = (this: unknown, ...args: never[]) => unknown;

/**
 * Gives every handler a span of its own, `Controller.method`, in the traces of the requests that it answers. Changes
 * nothing where traces are off.
 * @param app created and not yet initialized: Nest looks handlers up when it registers their routes
 */
export function traceHandlers(app: INestApplicationContext): void {
  if (!isTracing()) return;
  for (const { controller, handler, name: spanName } of handlersOf(app)) {
    const methods = controller.prototype as Record<string, Method>;
    methods[handler.name] = inSpanOf(spanName, handler);
  }
}

function inSpanOf(spanName: string, handler: Method): Method {
  const traced: Method = function (...args) {
    return inSpan(spanName, {}, () => handler.apply(this, args) as Promise<unknown>);
  };
  Object.defineProperty(traced, 'name', { value: handler.name });
  // Guards and pipes read the decorators of the method that serves the route.
  for (const key of Reflect.getMetadataKeys(handler) as string[])
    Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), traced);
  return traced;
}
