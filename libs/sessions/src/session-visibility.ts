import { type AuthenticatedKey, grants } from '@aegis/access';

/** A caller as the sessions know it: which key, and what it may do. */
export type SessionCaller = Pick<AuthenticatedKey, 'id' | 'scopes'>;

/**
 * Whose sessions a caller may see and end.
 * @returns id of the API key, or null for everybody's
 */
export function keyOfVisibleSessions({ id, scopes }: SessionCaller): string | null {
  return grants(scopes, 'api-keys:manage') ? null : id;
}
