/** What an API key may be allowed to do; part of the wire contract. */
export const SCOPES = [
  'licenses:read',
  'licenses:issue',
  'licenses:revoke',
  'licenses:validate',
  'activations:read',
  'activations:manage',
  'customers:read',
  'customers:write',
  'stats:read',
  'audit:read',
  'events:read',
  'api-keys:manage',
  'webhooks:manage',
  'admin',
] as const;

/** One of `SCOPES`. */
export type Scope = (typeof SCOPES)[number];

/**
 * Whether a caller may do what needs a scope.
 * @param held scopes of the caller; `admin` contains all others
 * @param needed the scope that is asked for
 */
export function grants(held: readonly Scope[], needed: Scope): boolean {
  return held.includes(needed) || held.includes('admin');
}
