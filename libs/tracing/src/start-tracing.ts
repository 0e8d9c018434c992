import type { Environment } from '@aegis/config';
import type { Logger } from '@aegis/logging';
import type { Tracing } from './tracing';

/**
 * Starts traces where the OTEL_ settings ask for them; loads nothing of OpenTelemetry's SDK otherwise. `pg` must be loaded
 * after this has returned: it is changed when it is loaded.
 * @param environment its OTEL_ settings
 * @param logger gets one line when spans can't be delivered, and one when they can again
 */
export async function startTracing(environment: Environment, logger: Logger): Promise<Tracing> {
  if (!environment.exportsTraces) return { stop: () => Promise.resolve() };
  const { startSdk } = await import('./sdk/sdk.js');
  return startSdk(environment, logger);
}
