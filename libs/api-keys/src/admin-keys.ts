import { ArrayContains, type EntityManager, type FindOptionsWhere, IsNull, Not, Raw } from 'typeorm';
import { ApiKey } from './api-key.entity';

/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const ADMIN_KEYS_LOCK = '4702394921427289932';

const activeAdmin: FindOptionsWhere<ApiKey> = {
  scopes: ArrayContains(['admin']),
  is_active: true,
  deleted_at: IsNull(),
};

/**
 * Prevents others from checking or changing which admin keys exist until the transaction ends: of two transactions
 * that each remove one of the last two, the second must see the removal of the first. Take it before the lock of a
 * key's row.
 */
export async function lockAdminKeys(tx: EntityManager): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [ADMIN_KEYS_LOCK]);
}

/** Whether any key is a valid `admin` key now, even if it expires later. */
export function isAnyAdminKey(tx: EntityManager): Promise<boolean> {
  const counts = Raw((column) => `(${column} IS NULL OR ${column} > clock_timestamp())`);
  return tx.existsBy(ApiKey, { ...activeAdmin, expires_at: counts });
}

/** Whether a key is an `admin` key that does not expire: the last of these must not be lost. */
export function isLastingAdmin({
  scopes,
  is_active,
  expires_at,
}: Pick<ApiKey, 'scopes' | 'is_active' | 'expires_at'>): boolean {
  return scopes.includes('admin') && is_active && expires_at === null;
}

/**
 * Whether this key is the only `admin` key that does not expire.
 * @param tx holds `lockAdminKeys`
 */
export async function isLastAdminKey(tx: EntityManager, apiKey: ApiKey): Promise<boolean> {
  if (!isLastingAdmin(apiKey)) return false;
  return !(await tx.existsBy(ApiKey, { ...activeAdmin, id: Not(apiKey.id), expires_at: IsNull() }));
}
