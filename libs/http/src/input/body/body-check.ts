import { ConfigurationError } from '@aegis/errors';
import type { INestApplicationContext } from '@nestjs/common';
import { handlersOf } from '../../handlers';
import { bodyRulesOf } from './body-rules';

/**
 * Stops the start when a route takes a list whose length nothing bounds before its items are looked at.
 * @param app the application, created; it needs `HttpModule`
 * @throws ConfigurationError naming every such handler and the field
 */
export function assertEveryBodyIsBounded(app: INestApplicationContext): void {
  const unbounded = handlersOf(app).flatMap(({ controller, handler, name }) => {
    try {
      bodyRulesOf(controller, handler);
      return [];
    } catch (error) {
      return [`${name} (${error instanceof Error ? error.message : String(error)})`];
    }
  });
  if (unbounded.length > 0)
    throw new ConfigurationError(`Routes whose body has no bounds: ${unbounded.join(', ')}.`);
}
