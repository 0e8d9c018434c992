export type { AuthenticatedKey, Credential, RefusedKey, RefusedSession } from './credential';
export type { Precondition } from './precondition';
export { NO_PRECONDITION } from './precondition';
export type { Scope } from './scopes';
export { SCOPES, grants } from './scopes';
