import type { RequestCaller } from '@aegis/logging';
import type { Scope } from './scopes';

/** The API key that a request was authenticated by, as far as a request needs to know it. */
export interface AuthenticatedKey extends RequestCaller {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The key's own limit, requests per minute; null for the limits of the routes' groups. */
  readonly rateLimitPerMinute: number | null;
  readonly expiresAt: Date | null;
  /** False for the previous secret after a rotation, which is valid only during its grace. */
  readonly hasCurrentSecret: boolean;
}

/** Why a well-formed API key was refused. */
export interface RefusedKey {
  /** Public id that the key names; perhaps no key has it. */
  readonly keyId: string;
  /** `former_secret`: the previous secret, after its grace. */
  readonly reason: 'unknown' | 'deleted' | 'inactive' | 'expired' | 'wrong_secret' | 'former_secret';
}

/** Why a session was refused. */
export interface RefusedSession {
  /**
   * `unreadable`: not a value of ours, or two of them. `unknown`: of no session, or of one that was ended. `expired`: its
   * 12 hours, or its key's time, are over. `idle`: unused for an hour. `key`: its API key is no longer valid.
   */
  readonly session: 'unreadable' | 'unknown' | 'expired' | 'idle' | 'key';
}

/** What identification found on a request. */
export type Credential =
  /** No credential was presented. */
  | { readonly kind: 'none' }
  /** `X-API-Key` and `Authorization` at once: the request contradicts itself (400). */
  | { readonly kind: 'conflicting' }
  /**
   * Unknown, expired, deactivated or deleted: all are refused with the same answer (401). The caller only sees what
   * the text itself shows: that it can't be read as a key, belongs to another environment, or is a session's.
   */
  | {
      readonly kind: 'refused';
      readonly because?: 'unreadable' | 'other_environment' | 'session_ended';
      /** For the operator's log alone: the answer to the caller never depends on it. */
      readonly noted?: RefusedKey | RefusedSession;
    }
  /** A session with a request that changes something and comes from a page of another origin (403). */
  | { readonly kind: 'other_origin' }
  /** It could not be checked, e.g. because the database cannot be reached (503). */
  | { readonly kind: 'unavailable'; readonly error: unknown }
  | { readonly kind: 'key'; readonly key: AuthenticatedKey };
