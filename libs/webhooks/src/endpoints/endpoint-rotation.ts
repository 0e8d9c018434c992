import { type Actor, AuditLog } from '@aegis/audit';
import { transaction } from '@aegis/database';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EndpointKeyBox } from '../keys/endpoint-key-box';
import { lockEndpoint, originOf, readEndpoint } from './endpoint-lock';
import type { WebhookEndpoint } from './webhook-endpoint.entity';
import type { EndpointWithSecret } from './webhook-endpoints';

/** So long the previous keys sign too, at most: 7 days. */
export const MAX_OVERLAP_SECONDS = 7 * 86_400;
/** So long they do unless said otherwise: a day, in which the receiver gets the new ones. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

/** Gives endpoints new secrets and key pairs. */
@Injectable()
export class EndpointRotation {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly keyBox: EndpointKeyBox,
  ) {}

  /**
   * Makes a new secret and key pair. The previous ones sign too for `overlapSeconds`, by the database's clock; those
   * before them no longer do, even if their overlap has not ended.
   * @param overlapSeconds whole number, 0 to MAX_OVERLAP_SECONDS
   * @throws WebhookNotFound, SecretsKeyMissing, what the precondition throws
   */
  async rotate(
    actor: Actor,
    id: string,
    overlapSeconds: number,
    precondition: Precondition<WebhookEndpoint> = NO_PRECONDITION,
  ): Promise<EndpointWithSecret> {
    const { sealed, secret, publicKey } = await this.keyBox.make(id);
    return transaction(this.dataSource, async (tx) => {
      const endpoint = await lockEndpoint(tx, id);
      precondition(endpoint);
      await tx.query(
        `UPDATE webhook_endpoints
            SET previous_keys = CASE WHEN $4 > 0 THEN keys END,
                previous_valid_until = CASE WHEN $4 > 0 THEN clock_timestamp() + make_interval(secs => $4) END,
                keys = $2, public_key = $3, version = version + 1, updated_at = clock_timestamp()
          WHERE id = $1`,
        [id, sealed, publicKey, overlapSeconds],
      );
      await this.audit.append(tx, {
        type: 'webhook.rotated',
        actor,
        data: { id, origin: originOf(endpoint), fields: ['keys'], overlap_seconds: overlapSeconds },
      });
      return { endpoint: await readEndpoint(tx, id), secret };
    });
  }
}
