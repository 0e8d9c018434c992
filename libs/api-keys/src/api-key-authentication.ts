import { Environment } from '@aegis/config';
import {
  batchSizes,
  MicroBatch,
  OUTDATED,
  PreparedStatement,
  requireCallerInForce,
  RestoreNotReconciled,
} from '@aegis/database';
import { Metrics } from '@aegis/metrics';
import type { AuthenticatedKey, Credential, RefusedKey } from '@aegis/access';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readKey } from './api-key-format';
import { ApiKeyUsage } from './api-key-usage';
import { PepperRenewal } from './peppers/pepper-renewal';
import { Peppers, type KeyHash } from './peppers/peppers';

/** Whether a key is valid now, or why it is not. */
type KeyState = 'in_force' | 'unknown' | 'deleted' | 'inactive' | 'expired';

/** A row of the look-up: the state of a key, and the hashes that its secret is compared with. */
interface Candidate {
  key: Omit<AuthenticatedKey, 'kind' | 'proofs' | 'sessionId' | 'hasCurrentSecret'>;
  current: KeyHash;
  /** Hash of the previous secret, which is valid during its grace. */
  previous: KeyHash | undefined;
  isInGrace: boolean;
  checkedAt: Date;
}

interface LookUpRow {
  id: string;
  name: string;
  scopes: AuthenticatedKey['scopes'];
  rate_limit_per_minute: number | null;
  expires_at: Date | null;
  hash: Buffer;
  pepper_version: string;
  previous_hash: Buffer | null;
  previous_pepper_version: string | null;
  state: KeyState;
  in_grace: boolean | null;
  checked_at: Date;
  not_reconciled: boolean;
}

/**
 * Returns a row for each id, even if no key has it: made, sent and read like the others, so that the time of a refusal
 * does not distinguish them. The pepper of such a row has no name, so nothing matches its hash.
 */
const LOOK_UP = new PreparedStatement<LookUpRow>(
  'api-key-look-up',
  `SELECT asked.id, coalesce(name, 'a name') AS name,
          coalesce(scopes, '{admin}') AS scopes, rate_limit_per_minute, expires_at,
          coalesce(hash, decode(repeat('00', 32), 'hex')) AS hash, coalesce(pepper_version, '') AS pepper_version,
          previous_hash, previous_pepper_version,
          previous_expires_at > clock_timestamp() AS in_grace, clock_timestamp() AS checked_at,
          ${OUTDATED} AS not_reconciled,
          CASE WHEN api_keys.id IS NULL THEN 'unknown'
               WHEN deleted_at IS NOT NULL THEN 'deleted'
               WHEN NOT is_active THEN 'inactive'
               WHEN expires_at <= clock_timestamp() THEN 'expired'
               ELSE 'in_force' END AS state
     FROM unnest($1::text[]) AS asked(id)
     LEFT JOIN api_keys ON api_keys.id = asked.id`,
);

/**
 * Decides whether a presented key is valid. Nothing is cached: a key that was deactivated, deleted or rotated is
 * refused from the next request on, in every process. Look-ups that arrive together go out as one statement.
 */
@Injectable()
export class ApiKeyAuthentication {
  private readonly lookups = new MicroBatch<string, Candidate | Exclude<KeyState, 'in_force'>>(
    (ids) => this.lookUp(ids),
    {
      name: 'API keys',
      maxSize: 500,
      maxConcurrent: 2,
      onRun: (size) => {
        this.measureBatch(size);
      },
    },
  );

  private readonly measureBatch: (size: number) => void;

  constructor(
    private readonly dataSource: DataSource,
    private readonly environment: Environment,
    private readonly peppers: Peppers,
    private readonly usage: ApiKeyUsage,
    private readonly renewal: PepperRenewal,
    metrics: Metrics,
  ) {
    this.measureBatch = batchSizes(metrics, 'api_keys');
  }

  /**
   * @param keyText as the caller sent it
   * @returns `key`, `refused` (the caller gets no reason except what the text itself shows), or `unavailable` while
   *   the database cannot be reached, or does not know which keys were deleted last; never throws
   */
  async authenticate(keyText: string): Promise<Credential> {
    const presented = readKey(keyText);
    if (presented === undefined) return { kind: 'refused', because: 'unreadable' };
    if (presented.environment !== this.environment.ENVIRONMENT)
      return { kind: 'refused', because: 'other_environment' };
    try {
      const found = await this.lookups.add(presented.id);
      const candidate = typeof found === 'string' ? undefined : found;
      // Always compares both, also for unknown ids, so that the time of a refusal reveals nothing.
      const isCurrent = this.peppers.matches(keyText, candidate?.current);
      const isPrevious = this.peppers.matches(keyText, candidate?.previous);
      if (typeof found === 'string') return refused(presented.id, found);
      if (!isCurrent && !(isPrevious && found.isInGrace))
        return refused(presented.id, isPrevious ? 'former_secret' : 'wrong_secret');
      const { key, current, checkedAt } = found;
      this.usage.count(key.id, checkedAt);
      const matched = isCurrent ? current : found.previous;
      const proofs = matched ? [matched.hash.toString('hex')] : [];
      if (isCurrent && current.pepperVersion !== this.peppers.currentVersion) {
        const renewed = this.peppers.hash(keyText);
        this.renewal.renew(key.id, current.hash, renewed);
        // The renewed hash may replace the other before the caller is judged again.
        proofs.push(renewed.hash.toString('hex'));
      }
      return {
        kind: 'key',
        key: { ...key, kind: 'api_key', proofs, sessionId: null, hasCurrentSecret: isCurrent },
      };
    } catch (error) {
      return { kind: 'unavailable', error };
    }
  }

  /**
   * Judges a key again that was authenticated before.
   * @throws CallerRefused when it is no longer valid, CallerNarrowed when it has lost a scope
   */
  async judgeAgain(key: AuthenticatedKey): Promise<void> {
    await requireCallerInForce(this.dataSource, key);
  }

  /** @returns for each id the key, or its state unless it is active and by the database's clock not expired */
  private async lookUp(ids: string[]): Promise<(Candidate | Exclude<KeyState, 'in_force'>)[]> {
    const rows = await LOOK_UP.run(this.dataSource, [ids]);
    if (rows.some(({ not_reconciled }) => not_reconciled)) throw new RestoreNotReconciled();
    const candidates = new Map(rows.map((row) => [row.id, [row.state, asCandidate(row)] as const]));
    return ids.map((id) => {
      const [state, candidate] = candidates.get(id) ?? ['unknown' as const];
      return state === 'in_force' ? candidate : state;
    });
  }
}

function refused(keyId: string, reason: RefusedKey['reason']): Credential {
  return { kind: 'refused', noted: { keyId, reason } };
}

function asCandidate(row: LookUpRow): Candidate {
  return {
    key: {
      id: row.id,
      name: row.name,
      scopes: row.scopes,
      rateLimitPerMinute: row.rate_limit_per_minute,
      expiresAt: row.expires_at,
    },
    current: { pepperVersion: row.pepper_version, hash: row.hash },
    previous:
      row.previous_hash && row.previous_pepper_version
        ? { pepperVersion: row.previous_pepper_version, hash: row.previous_hash }
        : undefined,
    isInGrace: row.in_grace === true,
    checkedAt: row.checked_at,
  };
}
