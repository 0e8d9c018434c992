import { type CallerId, lockRow } from '@aegis/database';
import { type EntityManager, IsNull } from 'typeorm';
import { ApiKey } from './api-key.entity';
import { ApiKeyNotFound } from './api-keys.errors';

/** The key as a caller: who changes it holds its lock alone (`ending` of `transaction`). */
export function callerOf(id: string): CallerId {
  return { kind: 'api_key', id };
}

/**
 * Locks a key's row against every other change until the transaction ends.
 * @throws ApiKeyNotFound also for a deleted key
 */
export async function lockApiKey(tx: EntityManager, id: string): Promise<ApiKey> {
  const apiKey = await lockRow(tx, ApiKey, { id, deleted_at: IsNull() });
  if (!apiKey) throw new ApiKeyNotFound(id);
  return apiKey;
}
