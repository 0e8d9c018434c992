import { DomainError } from '@aegis/errors';
import type { RequestCaller } from '@aegis/logging';
import type { DataSource, EntityManager } from 'typeorm';
import { PreparedStatement } from './statements/prepared-statement';
import { OUTDATED, RestoreNotReconciled } from './restore-state';

/** Answered to every session that is not valid, whatever the reason. */
export const SESSION_ENDED = 'The session has ended: sign in again.';

/** What names a caller, or a session by which callers are identified. */
export interface CallerId {
  readonly kind: RequestCaller['kind'] | 'session';
  readonly id: string;
}

/** A caller as the database has it while its lock is shared: until the transaction ends nobody changes it. */
export interface CallerInForce {
  readonly scopes: readonly string[];
  /** When it ends by itself, null if it does not. */
  readonly expiresAt: Date | null;
  /** Requests per minute, null for the server's limit. */
  readonly rateLimitPerMinute: number | null;
  /** False for a replaced secret, which is valid only during its grace. */
  readonly hasCurrentSecret: boolean;
}

/** The caller was deleted, deactivated, has expired, got another secret, or its session ended since it was identified (401). */
export class CallerRefused extends DomainError {
  readonly code: 'unauthorized' | 'session_ended';

  /** @param bySession whether it was identified by a session */
  constructor(bySession = false) {
    // The same texts as every other refusal: they do not say why.
    super(bySession ? SESSION_ENDED : 'The API key was refused.');
    this.code = bySession ? 'session_ended' : 'unauthorized';
  }
}

/** The caller has lost a scope since it was identified (403). */
export class CallerNarrowed extends DomainError {
  readonly code = 'insufficient_scope';

  /** @param lost scopes that it had and no longer has */
  constructor(lost: readonly string[]) {
    super(`The API key has lost the scope ${lost.join(', ')} since the request began.`);
  }
}

/** As the database's function returns it. */
interface Standing {
  scopes: string[];
  expires_at: string | null;
  rate_limit_per_minute: number | null;
  has_current_secret: boolean;
}

const JUDGE = new PreparedStatement<{ not_reconciled: boolean; standings: (Standing | null)[] }>(
  'callers-judge',
  `SELECT ${OUTDATED} AS not_reconciled, public.callers_in_force($1::jsonb, $2::jsonb) AS standings`,
);

/**
 * Locks callers and judges them again. Locks are shared, so that no caller is changed until the transaction ends.
 * @param on the transaction of the callers' changes; the data source if nothing is changed
 * @param callers as they were identified
 * @param ending callers whose credentials the transaction changes. Their locks are exclusive: the transaction waits
 * for their current changes, and later changes see the new credential
 * @returns for each caller how it is now, or why it is refused
 * @throws RestoreNotReconciled: a caller may have been deleted since
 */
export async function judgeCallers(
  on: EntityManager | DataSource,
  callers: readonly RequestCaller[],
  ending: readonly CallerId[] = [],
): Promise<(CallerInForce | CallerRefused | CallerNarrowed)[]> {
  if (callers.length === 0 && ending.length === 0) return [];
  // Requests that arrive together usually have the same caller.
  const asked = callers.map(({ kind, id, proofs, sessionId }) =>
    JSON.stringify({ kind, id, proofs, ...(sessionId !== null && { session: sessionId }) }),
  );
  const distinct = [...new Set(asked)];
  const [row] = await JUDGE.run(on, [`[${distinct.join(',')}]`, JSON.stringify(ending)]);
  if (row?.not_reconciled === true) throw new RestoreNotReconciled();
  const standings = new Map(distinct.map((text, index) => [text, row?.standings[index] ?? null]));
  return callers.map((caller, index) => judged(caller, standings.get(asked[index] ?? '') ?? null));
}

function judged(
  caller: RequestCaller,
  standing: Standing | null,
): CallerInForce | CallerRefused | CallerNarrowed {
  if (standing === null) return new CallerRefused(caller.sessionId !== null);
  const lost = caller.scopes.filter((scope) => !standing.scopes.includes(scope));
  if (lost.length > 0) return new CallerNarrowed(lost);
  return {
    scopes: standing.scopes,
    expiresAt: standing.expires_at === null ? null : new Date(standing.expires_at),
    rateLimitPerMinute: standing.rate_limit_per_minute,
    hasCurrentSecret: standing.has_current_secret,
  };
}

/**
 * Judges one caller as `judgeCallers` does.
 * @returns undefined where there is no caller: a public route, the command line
 * @throws CallerRefused, CallerNarrowed
 */
export async function requireCallerInForce(
  on: EntityManager | DataSource,
  caller: RequestCaller | undefined,
  ending: readonly CallerId[] = [],
): Promise<CallerInForce | undefined> {
  const [verdict] = await judgeCallers(on, caller === undefined ? [] : [caller], ending);
  if (verdict instanceof Error) throw verdict;
  return verdict;
}
