import { ConfigurationError } from '@aegis/errors';
import type { INestApplicationContext } from '@nestjs/common';
import { accessOf } from './route-access';
import { handlersOf } from '../handlers';

/**
 * Stops the start when a route says neither who may call it nor that all may: closed by default.
 * @param app the application, created; it needs `HttpModule`
 * @throws ConfigurationError naming every such controller and handler
 */
export function assertEveryRouteDeclaresAccess(app: INestApplicationContext): void {
  const undeclared = handlersOf(app)
    .filter(({ handler, controller }) => accessOf(handler, controller) === undefined)
    .map(({ name }) => name);
  if (undeclared.length > 0)
    throw new ConfigurationError(
      `Routes without declared access: ${undeclared.join(', ')}. Add @RequireScopes(...), @AnyKey() or @Public() to each.`,
    );
}
