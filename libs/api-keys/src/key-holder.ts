import type { CallerInForce } from '@aegis/database';
import { grants, type Scope } from '@aegis/access';
import { LimitEscalation, ScopeEscalation, SecretReplaced } from './api-keys.errors';

/** What bounds a key: what it may do, how long, and how often a minute (null for the server's limit). */
export interface KeyBounds {
  readonly scopes: readonly Scope[];
  readonly expires_at: Date | null;
  readonly rate_limit_per_minute: number | null;
}

/** The caller that makes and changes keys. */
export type KeyHolder = KeyBounds & {
  /** False for a replaced secret, which is still valid during its grace. */
  readonly hasCurrentSecret: boolean;
};

/** Anyone with access to the database may grant everything: the command line can always make a new admin key. */
export const COMMAND_LINE: KeyHolder = {
  scopes: ['admin'],
  expires_at: null,
  rate_limit_per_minute: null,
  hasCurrentSecret: true,
};

/**
 * The holder as the transaction finds it, which may have less than when its request came in.
 * @param holder as it was when it was identified
 * @param caller the same, judged again; undefined on the command line
 */
export function holderNow(holder: KeyHolder, caller: CallerInForce | undefined): KeyHolder {
  if (caller === undefined) return holder;
  return {
    scopes: caller.scopes as readonly Scope[],
    expires_at: caller.expiresAt,
    rate_limit_per_minute: caller.rateLimitPerMinute,
    hasCurrentSecret: caller.hasCurrentSecret,
  };
}

/**
 * Prevents a replaced secret from changing keys, and from getting the answers of earlier changes, which contain new
 * secrets.
 * @throws SecretReplaced for a secret in its grace
 */
export function assertHasCurrentSecret({ hasCurrentSecret }: Pick<KeyHolder, 'hasCurrentSecret'>): void {
  if (!hasCurrentSecret) throw new SecretReplaced();
}

/**
 * Makes sure that nobody gains a scope through another key.
 * @param wanted scopes that it would grant, or that the key has which it would take
 * @throws ScopeEscalation naming those that the holder lacks; SecretReplaced for a secret in its grace
 */
export function assertHolds(holder: KeyHolder, wanted: readonly Scope[]): void {
  assertHasCurrentSecret(holder);
  const lacking = wanted.filter((scope) => !grants(holder.scopes, scope));
  if (lacking.length > 0) throw new ScopeEscalation(lacking);
}

/**
 * Makes sure that a holder without `admin` gains neither time nor requests: not for its own key, and not through a
 * key that it makes, strengthens, or learns the secret of.
 * @param after the key as it will be
 * @param defaultLimit the server's limit, requests per minute
 * @throws LimitEscalation when the key would end later than the holder, or have a higher limit
 */
export function assertWithin(holder: KeyHolder, after: KeyBounds, defaultLimit: number): void {
  if (grants(holder.scopes, 'admin')) return;
  const beyond = [
    ...(endOf(after) > endOf(holder) ? ['a later end'] : []),
    ...(isLimitedLess(after, holder, defaultLimit) ? ['a higher limit'] : []),
  ];
  if (beyond.length > 0) throw new LimitEscalation(beyond);
}

/** Whether a key gains anything: a scope, time, requests, or its validity. */
export function isStronger(
  after: KeyBounds & { is_active: boolean },
  before: KeyBounds & { is_active: boolean },
  defaultLimit: number,
): boolean {
  return (
    (after.is_active && !before.is_active) ||
    after.scopes.some((scope) => !grants(before.scopes, scope)) ||
    endOf(after) > endOf(before) ||
    isLimitedLess(after, before, defaultLimit)
  );
}

/** A key without a limit of its own has several of the server's, one for each group of routes: more than any one limit. */
function isLimitedLess(after: KeyBounds, before: KeyBounds, defaultLimit: number): boolean {
  const limit = after.rate_limit_per_minute;
  const limitBefore = before.rate_limit_per_minute;
  if (limit === null) return limitBefore !== null;
  return limit > (limitBefore ?? defaultLimit);
}

function endOf({ expires_at }: KeyBounds): number {
  return expires_at?.getTime() ?? Infinity;
}
