import { type Actor, AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { transaction } from '@aegis/database';
import { EVENT_API_VERSION } from '@aegis/events';
import { brokenTexts, WEBHOOK_TEXTS } from '@aegis/field-rules';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { InvalidInput } from '@aegis/errors';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { assertUrl } from '../addresses/webhook-url';
import { endOpenDeliveries, endOpenLater } from '../deliveries/disabling';
import { LOCK_PROGRESS } from '../deliveries/progress-lock';
import { EndpointKeyBox } from '../keys/endpoint-key-box';
import { WebhookLimitReached } from '../webhooks.errors';
import { changesOf, type EndpointSettings, type UpdateEndpoint } from './endpoint-settings';
import { lockEndpoint, originOf, readEndpoint } from './endpoint-lock';
import { WebhookEndpoint } from './webhook-endpoint.entity';

/** Each event is compared with the filters of each endpoint, in the transaction that gives it its place. */
export const MOST_ENDPOINTS = 100;

/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const ENDPOINTS_LOCK = '4702394921427289951';

/** An endpoint and its secret, which nobody can learn a second time. */
export interface EndpointWithSecret {
  endpoint: WebhookEndpoint;
  /** `whsec_…` */
  secret: string;
}

const now = (): string => 'clock_timestamp()';

/** Endpoints that events are sent to: their settings. */
@Injectable()
export class WebhookEndpoints {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly environment: Environment,
    private readonly keyBox: EndpointKeyBox,
  ) {}

  /**
   * Makes an endpoint, which gets the events from now on.
   * @throws InvalidInput for a URL that breaks its rules, SecretsKeyMissing, WebhookLimitReached
   */
  async create(actor: Actor, input: EndpointSettings): Promise<EndpointWithSecret> {
    assertUrl(input.url, this.environment.isProduction);
    const id = randomUUID();
    const { sealed, secret, publicKey } = await this.keyBox.make(id);
    return transaction(this.dataSource, async (tx) => {
      await this.assertRoom(tx);
      await tx.insert(WebhookEndpoint, {
        id,
        url: input.url,
        description: input.description ?? null,
        event_types: input.event_types ?? null,
        module_names: input.module_names ?? null,
        customer_ids: input.customer_ids ?? null,
        api_version: EVENT_API_VERSION,
        keys: sealed,
        public_key: publicKey,
        created_by: actor.name,
      });
      await tx.query('INSERT INTO webhook_progress (endpoint_id) VALUES ($1)', [id]);
      const endpoint = await readEndpoint(tx, id);
      const fields = (['description', 'event_types', 'module_names', 'customer_ids'] as const).filter(
        (field) => endpoint[field] !== null,
      );
      await this.audit.append(tx, {
        type: 'webhook.created',
        actor,
        data: { id, origin: originOf(endpoint), fields: ['url', ...fields] },
      });
      return { endpoint, secret };
    });
  }

  /** @throws WebhookNotFound also for one that was deleted */
  find(id: string): Promise<WebhookEndpoint> {
    return readEndpoint(this.dataSource.manager, id);
  }

  /**
   * Changes the given fields; events that get their places later follow the new ones. One that is disabled gets nothing
   * further, and starts without a backlog when it is enabled again.
   * @throws WebhookNotFound; InvalidInput for a new URL or text that breaks its rule; what the precondition throws
   */
  async update(
    actor: Actor,
    id: string,
    input: UpdateEndpoint,
    precondition: Precondition<WebhookEndpoint> = NO_PRECONDITION,
  ): Promise<WebhookEndpoint> {
    // What was left open when it was disabled must not follow.
    if (input.is_active === true) await this.endBacklog(id);
    const changed = await this.change(actor, id, input, precondition);
    if (input.is_active === false) await this.endBacklog(id);
    return changed;
  }

  private change(
    actor: Actor,
    id: string,
    input: UpdateEndpoint,
    precondition: Precondition<WebhookEndpoint>,
  ): Promise<WebhookEndpoint> {
    return transaction(this.dataSource, async (tx) => {
      const endpoint = await lockEndpoint(tx, id);
      precondition(endpoint);
      const changes = changesOf(endpoint, input);
      const fields = Object.keys(changes);
      if (fields.length === 0) return endpoint;
      if (changes.url !== undefined) assertUrl(changes.url, this.environment.isProduction);
      const broken = brokenTexts(WEBHOOK_TEXTS, changes, endpoint);
      if (broken.length > 0) throw new InvalidInput(broken);
      await tx.update(WebhookEndpoint, id, {
        ...changes,
        ...(changes.is_active === true && { disabled_reason: null, disabled_at: null }),
        ...(changes.is_active === false && { disabled_reason: 'operator' as const, disabled_at: now }),
        updated_at: now,
      });
      await this.follow(tx, id, changes);
      const changed = await readEndpoint(tx, id);
      await this.audit.append(tx, {
        type: 'webhook.updated',
        actor,
        data: {
          id,
          origin: originOf(changed),
          fields,
          ...(changes.is_active !== undefined && { is_active: changes.is_active }),
        },
      });
      return changed;
    });
  }

  /**
   * Deletes an endpoint and its keys: nothing further is sent to it. Its row stays, hidden, until its deliveries are
   * removed.
   * @throws WebhookNotFound, what the precondition throws
   */
  async remove(
    actor: Actor,
    id: string,
    precondition: Precondition<WebhookEndpoint> = NO_PRECONDITION,
  ): Promise<void> {
    return transaction(this.dataSource, async (tx) => {
      const endpoint = await lockEndpoint(tx, id);
      precondition(endpoint);
      await tx.update(WebhookEndpoint, id, {
        keys: '',
        previous_keys: null,
        previous_valid_until: null,
        deleted_at: now,
        updated_at: now,
      });
      // Events that get their positions at this moment have their deliveries before, or none.
      await LOCK_PROGRESS.run(tx, [[id]]);
      await this.audit.append(tx, {
        type: 'webhook.deleted',
        actor,
        data: { id, origin: originOf(endpoint) },
      });
    });
  }

  /** What a change means for deliveries: after a new URL, or when it is enabled, its failures are counted from the beginning. */
  private async follow(tx: EntityManager, id: string, changes: UpdateEndpoint): Promise<void> {
    // Nothing, unless another process disabled it a moment ago.
    if (changes.is_active === true) while (!(await endOpenDeliveries(tx, id)));
    if (changes.is_active !== true && changes.url === undefined) return;
    await LOCK_PROGRESS.run(tx, [[id]]);
    await tx.query('UPDATE webhook_progress SET failing_since = NULL WHERE endpoint_id = $1', [id]);
  }

  /** In transactions of their own: events get no positions while one ends deliveries. */
  private async endBacklog(id: string): Promise<void> {
    while (!(await endOpenLater(this.dataSource, id)));
  }

  private async assertRoom(tx: EntityManager): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [ENDPOINTS_LOCK]);
    const count = await tx.countBy(WebhookEndpoint, { deleted_at: IsNull() });
    if (count >= MOST_ENDPOINTS) throw new WebhookLimitReached(MOST_ENDPOINTS);
  }
}
