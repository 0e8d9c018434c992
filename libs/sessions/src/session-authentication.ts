import type { AuthenticatedKey, Credential, RefusedSession } from '@aegis/access';
import { ApiKeyUsage, Peppers } from '@aegis/api-keys';
import { batchSizes, MicroBatch, OUTDATED, PreparedStatement, RestoreNotReconciled } from '@aegis/database';
import { Metrics } from '@aegis/metrics';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LONGEST_PAUSE, USE_IS_WRITTEN_AFTER_MS } from './session-times';
import { SessionUses } from './session-uses';
import { hashedTextOf, isSessionValue } from './session-value';

interface LookUpRow {
  hash: Buffer;
  session_id: string;
  last_used_at: Date;
  id: string;
  name: string;
  scopes: AuthenticatedKey['scopes'];
  rate_limit_per_minute: number | null;
  expires_at: Date | null;
  state: 'in_force' | Exclude<RefusedSession['session'], 'unreadable'>;
  checked_at: Date;
  not_reconciled: boolean;
}

/** Returns a row for each hash, even if no session has it, so that the time of a refusal distinguishes nothing. */
const LOOK_UP = new PreparedStatement<LookUpRow>(
  'session-look-up',
  `SELECT asked.hash, coalesce(session.id, '00000000-0000-0000-0000-000000000000') AS session_id,
          coalesce(session.last_used_at, clock_timestamp()) AS last_used_at,
          coalesce(api_key.id, '000000000000') AS id, coalesce(api_key.name, 'a name') AS name,
          coalesce(api_key.scopes, '{admin}') AS scopes, api_key.rate_limit_per_minute, api_key.expires_at,
          clock_timestamp() AS checked_at, ${OUTDATED} AS not_reconciled,
          CASE WHEN session.id IS NULL THEN 'unknown'
               WHEN session.expires_at <= clock_timestamp() THEN 'expired'
               WHEN session.last_used_at <= clock_timestamp() - ${LONGEST_PAUSE} THEN 'idle'
               WHEN api_key.id IS NULL OR NOT api_key.is_active OR api_key.deleted_at IS NOT NULL
                    OR api_key.expires_at <= clock_timestamp() THEN 'key'
               ELSE 'in_force' END AS state
     FROM unnest($1::bytea[]) AS asked(hash)
     LEFT JOIN sessions AS session ON session.token_hash = asked.hash
     LEFT JOIN api_keys AS api_key ON api_key.id = session.api_key_id`,
);

/**
 * Decides whether the value of a cookie is a session's. Nothing is cached: session, key and scopes are read for every
 * request, so that what was ended or narrowed holds from the next request on, in every process.
 */
@Injectable()
export class SessionAuthentication {
  private readonly lookups: MicroBatch<string, LookUpRow>;

  constructor(
    private readonly dataSource: DataSource,
    private readonly peppers: Peppers,
    private readonly uses: SessionUses,
    private readonly keyUses: ApiKeyUsage,
    metrics: Metrics,
  ) {
    this.lookups = new MicroBatch((hashes) => this.lookUp(hashes), {
      name: 'sessions',
      maxSize: 500,
      maxConcurrent: 2,
      onRun: batchSizes(metrics, 'sessions'),
    });
  }

  /**
   * @param value of the cookie as the caller sent it
   * @returns `key`: the session's key, with the scopes that it has now; `refused`, or `unavailable` while the database
   * cannot be reached, or does not know which sessions were ended last; never throws
   */
  async authenticate(value: string): Promise<Credential> {
    if (!isSessionValue(value)) return refused('unreadable');
    try {
      const hashes = this.peppers.hashesOf(hashedTextOf(value)).map((hash) => hash.toString('hex'));
      const rows = await Promise.all(hashes.map((hash) => this.lookups.add(hash)));
      const row = rows.find(({ state }) => state !== 'unknown');
      if (row === undefined) return refused('unknown');
      if (row.state !== 'in_force') return refused(row.state);
      const { id, name, scopes, rate_limit_per_minute, expires_at, session_id, last_used_at, checked_at } =
        row;
      if (checked_at.getTime() - last_used_at.getTime() >= USE_IS_WRITTEN_AFTER_MS)
        this.uses.note(session_id, checked_at);
      this.keyUses.count(id, checked_at);
      return {
        kind: 'key',
        key: {
          id,
          name,
          scopes,
          rateLimitPerMinute: rate_limit_per_minute,
          expiresAt: expires_at,
          kind: 'api_key',
          proofs: [],
          sessionId: session_id,
          // A rotation ends the sessions of its key.
          hasCurrentSecret: true,
        },
      };
    } catch (error) {
      return { kind: 'unavailable', error };
    }
  }

  /** @returns for each hash what is known of it, in their order */
  private async lookUp(hashes: string[]): Promise<LookUpRow[]> {
    const rows = await LOOK_UP.run(this.dataSource, [hashes.map((hash) => Buffer.from(hash, 'hex'))]);
    if (rows.some(({ not_reconciled }) => not_reconciled)) throw new RestoreNotReconciled();
    const found = new Map(rows.map((row) => [row.hash.toString('hex'), row]));
    return hashes.map((hash) => {
      const row = found.get(hash);
      if (row === undefined) throw new Error('the look-up of sessions returned no row for a hash');
      return row;
    });
  }
}

/** The answer is the same for each reason. */
export function refused(session: RefusedSession['session']): Credential {
  return { kind: 'refused', because: 'session_ended', noted: { session } };
}
