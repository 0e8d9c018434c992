import { lockRow } from '@aegis/database';
import { type EntityManager, IsNull } from 'typeorm';
import { WebhookNotFound } from '../webhooks.errors';
import { WebhookEndpoint } from './webhook-endpoint.entity';

/**
 * Reads an endpoint as it is now.
 * @throws WebhookNotFound also for one that was deleted
 */
export async function readEndpoint(tx: EntityManager, id: string): Promise<WebhookEndpoint> {
  const endpoint = await tx.findOneBy(WebhookEndpoint, { id, deleted_at: IsNull() });
  if (!endpoint) throw new WebhookNotFound(id);
  return endpoint;
}

/**
 * Locks an endpoint's settings against every other change until the transaction ends; its progress changes meanwhile.
 * @throws WebhookNotFound also for one that was deleted
 */
export async function lockEndpoint(tx: EntityManager, id: string): Promise<WebhookEndpoint> {
  const endpoint = await lockRow(tx, WebhookEndpoint, { id, deleted_at: IsNull() });
  if (!endpoint) throw new WebhookNotFound(id);
  return endpoint;
}

/** What may be said of an endpoint's URL: its path and query can be secrets. */
export function originOf({ url }: Pick<WebhookEndpoint, 'url'>): string {
  return new URL(url).origin;
}
