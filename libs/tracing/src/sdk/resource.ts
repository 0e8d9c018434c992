import { type Environment, readAttributes } from '@aegis/config';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { randomUUID } from 'node:crypto';

/**
 * Who sends the spans. Nothing of the machine is looked up: what should be said of it is in OTEL_RESOURCE_ATTRIBUTES.
 * @param version of this product
 */
export function resourceOf(environment: Environment, version: string): Resource {
  return defaultResource().merge(
    resourceFromAttributes({
      'service.version': version,
      'service.instance.id': randomUUID(),
      'deployment.environment.name': environment.ENVIRONMENT,
      ...readAttributes(environment.OTEL_RESOURCE_ATTRIBUTES ?? ''),
      'service.name': environment.OTEL_SERVICE_NAME,
    }),
  );
}
