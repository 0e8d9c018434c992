import { DomainError } from '@aegis/errors';
import type { Request } from 'express';
import { credentialOf } from './identification';
import { grants, type Scope } from '@aegis/access';

/** What was asked for takes a scope beyond the route's own (403). */
class FurtherScopeMissing extends DomainError {
  readonly code = 'insufficient_scope';

  constructor(scope: Scope, purpose: string) {
    super(`${purpose} needs the scope ${scope}.`);
  }
}

/**
 * Requires a scope that only this request needs, in addition to those that its route declares.
 * @param purpose what needs it, as the beginning of a sentence
 * @throws a problem `insufficient_scope` (403) naming the scope
 */
export function demandScope(request: Request, scope: Scope, purpose: string): void {
  const credential = credentialOf(request);
  if (credential.kind !== 'key' || !grants(credential.key.scopes, scope))
    throw new FurtherScopeMissing(scope, purpose);
}
