import { type Actor, AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { type CallerInForce, transaction } from '@aegis/database';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { makeKey } from './api-key-format';
import { callerOf, lockApiKey } from './api-key-lock';
import type { ApiKey } from './api-key.entity';
import { ApiKeysService, type CreatedApiKey } from './api-keys.service';
import { assertHolds, assertWithin, holderNow, type KeyHolder } from './key-holder';
import { Peppers } from './peppers/peppers';

/** Longest time for which the previous secret may stay valid: 7 days. */
export const MAX_GRACE_SECONDS = 7 * 86_400;

/** Gives keys new secrets under the same ids. */
@Injectable()
export class ApiKeyRotation {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly environment: Environment,
    private readonly peppers: Peppers,
    private readonly apiKeys: ApiKeysService,
  ) {}

  /**
   * Makes a new secret. The previous one stays valid for `graceSeconds`, by the database's clock; the one before that
   * is no longer valid, even if its grace has not ended.
   * @param holder who rotates it
   * @param graceSeconds whole number, 0 to MAX_GRACE_SECONDS
   * @throws ApiKeyNotFound, ScopeEscalation and LimitEscalation for a key that may do more than the holder,
   *   SecretReplaced
   */
  async rotate(
    actor: Actor,
    holder: KeyHolder,
    id: string,
    graceSeconds: number,
    precondition: Precondition<ApiKey> = NO_PRECONDITION,
  ): Promise<CreatedApiKey> {
    await this.apiKeys.assertMayEnd(holder, id);
    const rotate = async (tx: EntityManager, caller?: CallerInForce): Promise<CreatedApiKey> => {
      const apiKey = await lockApiKey(tx, id);
      const now = holderNow(holder, caller);
      assertHolds(now, apiKey.scopes);
      assertWithin(now, apiKey, this.environment.RATE_LIMIT_DEFAULT);
      precondition(apiKey);
      const { prefix, key } = makeKey(this.environment.ENVIRONMENT, id);
      const { hash, pepperVersion } = this.peppers.hash(key);
      await tx.query(
        `UPDATE api_keys
            SET previous_hash = CASE WHEN $5 > 0 THEN hash END,
                previous_pepper_version = CASE WHEN $5 > 0 THEN pepper_version END,
                previous_expires_at = CASE WHEN $5 > 0 THEN clock_timestamp() + make_interval(secs => $5) END,
                prefix = $2, hash = $3, pepper_version = $4,
                version = version + 1, updated_at = clock_timestamp()
          WHERE id = $1`,
        [id, prefix, hash, pepperVersion, graceSeconds],
      );
      await this.audit.append(tx, {
        type: 'api_key.rotated',
        actor,
        data: { id, name: apiKey.name, fields: ['key'], grace_seconds: graceSeconds },
      });
      return { apiKey: await this.apiKeys.find(id, tx), key };
    };
    return transaction(this.dataSource, rotate, { ending: [callerOf(id)] });
  }
}
