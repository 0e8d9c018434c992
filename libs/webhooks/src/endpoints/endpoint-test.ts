import { transaction } from '@aegis/database';
import { publicEventId } from '@aegis/events';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { EndpointKeyBox } from '../keys/endpoint-key-box';
import type { Attempt } from '../sending/attempt';
import { WebhookSender } from '../sending/webhook-sender';
import { WebhookNotFound } from '../webhooks.errors';

/** `type` of what a test sends: it is not an event, and has no `sequence`. */
export const TEST_TYPE = 'webhook.test';

/** An endpoint as a test needs it. */
export interface TestedEndpoint {
  id: string;
  url: string;
  api_version: string;
  keys: string;
  /** Null when they no longer sign. */
  previous_keys: string | null;
  now: Date;
}

/** Sends endpoints a request that is signed as deliveries are, so that a receiver can be tried before it is relied on. */
@Injectable()
export class EndpointTest {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keyBox: EndpointKeyBox,
    private readonly sender: WebhookSender,
  ) {}

  /**
   * Reads an endpoint, also a disabled one: it is tried before it is enabled again.
   * @throws WebhookNotFound also for one that was deleted; what refuses the caller
   */
  async find(id: string): Promise<TestedEndpoint> {
    const [row] = await transaction(this.dataSource, (tx) =>
      tx.query<TestedEndpoint[]>(
        `SELECT id, url, api_version, keys, clock_timestamp() AS now,
                CASE WHEN previous_valid_until > clock_timestamp() THEN previous_keys END AS previous_keys
         FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL`,
        [id],
      ),
    );
    if (row === undefined) throw new WebhookNotFound(id);
    return row;
  }

  /**
   * Sends one request. Nothing is stored, and nothing follows from how it ends.
   * @param stop ends the attempt
   * @throws SecretsKeyMissing, KeysUnreadable
   */
  async send(
    { id, url, api_version, keys, previous_keys, now }: TestedEndpoint,
    stop: AbortSignal,
  ): Promise<Attempt> {
    const sealed = [keys, ...(previous_keys === null ? [] : [previous_keys])];
    const opened = await Promise.all(sealed.map((text) => this.keyBox.open(id, text)));
    const eventId = publicEventId(randomUUID());
    const body = JSON.stringify({
      id: eventId,
      type: TEST_TYPE,
      timestamp: now,
      api_version,
      data: { webhook_id: id },
    });
    return this.sender.send({ endpointId: id, url, id: eventId, body, keys: opened }, stop);
  }
}
