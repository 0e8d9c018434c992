import type { Scope } from '@aegis/access';
import type { V08Row } from './v08-source';
import { flagOf, textColumn, timeColumn } from './v08-values';

/** An API key of v0.8. Its hash (bcrypt) can't be taken over: anyone who uses it gets a new key. */
export interface V08ApiKey {
  id: string;
  name: string | null;
  /** Whether it still worked there. */
  in_use: boolean;
  expires_at: Date | null;
  last_used_at: Date | null;
  usage_count: number;
  /** What its successor should be allowed. */
  scopes: Scope[];
}

const SCOPES: readonly (readonly [string, Scope])[] = [
  ['can_issue_licenses', 'licenses:issue'],
  ['can_revoke_licenses', 'licenses:revoke'],
  ['can_view_customers', 'customers:read'],
];

/**
 * Reads a row of `api_keys`; never its hash.
 * @throws LineRefused
 */
export function readApiKeyRow(row: V08Row, now: Date): V08ApiKey {
  const expiresAt = timeColumn(row, 'expires_at');
  return {
    id: textColumn(row, 'id') ?? '',
    name: textColumn(row, 'name'),
    in_use: flagOf(row, 'is_active') && (expiresAt === null || expiresAt > now),
    expires_at: expiresAt,
    last_used_at: timeColumn(row, 'last_used_at'),
    usage_count: Number(textColumn(row, 'usage_count') ?? 0),
    scopes: SCOPES.filter(([column]) => flagOf(row, column)).map(([, scope]) => scope),
  };
}
