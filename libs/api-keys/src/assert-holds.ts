import { grants, type Scope } from '@aegis/web';
import { ScopeEscalation } from './api-keys.errors';

/**
 * Makes sure that nobody gains a scope by way of another key.
 * @param held scopes of the caller
 * @param wanted scopes that it would grant, or that the key has which it would take
 * @throws ScopeEscalation naming those that the caller lacks
 */
export function assertHolds(held: readonly Scope[], wanted: readonly Scope[]): void {
  const lacking = wanted.filter((scope) => !grants(held, scope));
  if (lacking.length > 0) throw new ScopeEscalation(lacking);
}
