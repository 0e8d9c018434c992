import { type Actor, AuditLog, SYSTEM } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { type CallerInForce, limitStatements, transaction } from '@aegis/database';
import { API_KEY_TEXTS, brokenTexts } from '@aegis/field-rules';
import { NO_PRECONDITION, type Precondition, type Scope } from '@aegis/access';
import { InvalidInput } from '@aegis/errors';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { isAnyAdminKey, isLastAdminKey, isLastingAdmin, lockAdminKeys } from './admin-keys';
import { makeKey } from './api-key-format';
import { callerOf, lockApiKey } from './api-key-lock';
import { ApiKey } from './api-key.entity';
import { ApiKeyNotFound, ExpiryInThePast, LastAdminKey } from './api-keys.errors';
import { assertHolds, assertWithin, holderNow, isStronger, type KeyHolder } from './key-holder';
import { Peppers } from './peppers/peppers';

/** What a new key will be. */
export interface CreateApiKey {
  /** 1–100 characters. */
  name: string;
  /** At most 500 characters. */
  description?: string | null;
  /** At least one, no duplicates. */
  scopes: Scope[];
  /** In the future; never expires unless given. */
  expires_at?: Date | null;
  /** 1–1,000,000; the server's limit counts unless given. */
  rate_limit_per_minute?: number | null;
}

/** The new values of a key; an absent field does not change, null empties a field. */
export interface UpdateApiKey extends Partial<CreateApiKey> {
  is_active?: boolean;
  /** Null ends the grace of the previous secret now. */
  previous_valid_until?: null;
}

/** Whether a change may leave no admin key, and what the key must be before the change. */
export interface ChangeOptions {
  /** For the command line, which can make another admin key without a key. */
  evenLastAdmin?: boolean;
  precondition?: Precondition<ApiKey>;
}

/** A key's record and the key itself, which nobody can learn a second time. */
export interface CreatedApiKey {
  apiKey: ApiKey;
  key: string;
}

export interface UpdatedApiKey {
  apiKey: ApiKey;
  /** Names of the fields that have other values now; none where all had these already. */
  changed: readonly string[];
}

/** At a start, other processes may wait for the same lock: longer than a request may wait. */
const START_PATIENCE_MS = 30_000;
/** Fields whose new values an audit record holds; of the others, written by people, it holds the names alone. */
const RECORDED = [
  'scopes',
  'is_active',
  'expires_at',
  'rate_limit_per_minute',
  'previous_valid_until',
] as const;

/** Removes the previous secret. */
const NO_PREVIOUS = { previous_hash: null, previous_pepper_version: null, previous_expires_at: null };

const now = (): string => 'clock_timestamp()';

@Injectable()
export class ApiKeysService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly environment: Environment,
    private readonly peppers: Peppers,
  ) {}

  /**
   * Makes a key.
   * @param holder who makes it
   * @throws ScopeEscalation and LimitEscalation for a key that may do more than the holder, SecretReplaced,
   * ExpiryInThePast
   */
  async create(actor: Actor, holder: KeyHolder, input: CreateApiKey): Promise<CreatedApiKey> {
    return transaction(this.dataSource, async (tx, caller) => {
      const now = holderNow(holder, caller);
      const { scopes, expires_at = null, rate_limit_per_minute = null } = input;
      assertHolds(now, scopes);
      assertWithin(now, { scopes, expires_at, rate_limit_per_minute }, this.environment.RATE_LIMIT_DEFAULT);
      return this.insert(tx, actor, input);
    });
  }

  /** @throws ApiKeyNotFound also for a deleted key */
  async find(id: string, tx: EntityManager = this.dataSource.manager): Promise<ApiKey> {
    const apiKey = await tx.findOneBy(ApiKey, { id, deleted_at: IsNull() });
    if (!apiKey) throw new ApiKeyNotFound(id);
    return apiKey;
  }

  /**
   * Changes the given fields; once this returns, the change holds everywhere.
   * @param holder who changes it
   * @throws ApiKeyNotFound, ScopeEscalation for a key that may do more than the holder, before or after the change,
   * LimitEscalation for one that gets stronger and would then end later, or be limited less, than the holder,
   * SecretReplaced, ExpiryInThePast, LastAdminKey; InvalidInput for a new text that breaks its rule
   */
  async update(
    actor: Actor,
    holder: KeyHolder,
    id: string,
    input: UpdateApiKey,
    options: ChangeOptions = {},
  ): Promise<UpdatedApiKey> {
    await this.assertMayEnd(holder, id);
    const change = (tx: EntityManager, caller?: CallerInForce): Promise<UpdatedApiKey> =>
      this.change(tx, actor, holderNow(holder, caller), id, input, options);
    return transaction(this.dataSource, change, { ending: [callerOf(id)] });
  }

  /**
   * Refuses a holder that must not change the key, before the key is locked as a caller: the key's own requests wait
   * for that lock. The holder is judged again under the lock, because the key may have become stronger meanwhile. A
   * key that no longer exists is found missing there.
   * @throws ScopeEscalation, SecretReplaced
   */
  async assertMayEnd(holder: KeyHolder, id: string): Promise<void> {
    const apiKey = await this.dataSource.manager.findOneBy(ApiKey, { id, deleted_at: IsNull() });
    if (apiKey) assertHolds(holder, apiKey.scopes);
  }

  private async change(
    tx: EntityManager,
    actor: Actor,
    holder: KeyHolder,
    id: string,
    input: UpdateApiKey,
    { evenLastAdmin = false, precondition = NO_PRECONDITION }: ChangeOptions,
  ): Promise<UpdatedApiKey> {
    await lockAdminKeys(tx);
    const apiKey = await lockApiKey(tx, id);
    assertHolds(holder, [...new Set([...apiKey.scopes, ...(input.scopes ?? [])])]);
    precondition(apiKey);
    const { previous_valid_until: endOfGrace, ...changes } = changesOf(apiKey, input);
    const fields = [...Object.keys(changes), ...(endOfGrace === null ? ['previous_valid_until'] : [])];
    if (fields.length === 0) return { apiKey, changed: fields };
    const broken = brokenTexts(API_KEY_TEXTS, changes, apiKey);
    if (broken.length > 0) throw new InvalidInput(broken);
    const after = Object.assign({}, apiKey, changes);
    const { RATE_LIMIT_DEFAULT } = this.environment;
    if (isStronger(after, apiKey, RATE_LIMIT_DEFAULT)) assertWithin(holder, after, RATE_LIMIT_DEFAULT);
    const weakens = isLastingAdmin(apiKey) && !isLastingAdmin(after);
    if (weakens && !evenLastAdmin && (await isLastAdminKey(tx, apiKey))) throw new LastAdminKey();
    await tx.update(ApiKey, id, { ...changes, ...(endOfGrace === null && NO_PREVIOUS), updated_at: now });
    const changed = await this.find(id, tx);
    if (changes.expires_at && changes.expires_at <= changed.updated_at) throw new ExpiryInThePast();
    const values: Record<string, unknown> = Object.fromEntries(
      RECORDED.filter((field) => fields.includes(field)).map((field) => [field, changed[field]]),
    );
    await this.audit.append(tx, {
      type: 'api_key.updated',
      actor,
      data: { id, name: changed.name, fields, ...values },
    });
    return { apiKey: changed, changed: fields };
  }

  /**
   * Deletes a key: once this returns, it is refused everywhere. Its row stays, hidden.
   * @param holder who deletes it
   * @throws ApiKeyNotFound, ScopeEscalation for a key that may do more than the holder, SecretReplaced, LastAdminKey
   */
  async remove(
    actor: Actor,
    holder: KeyHolder,
    id: string,
    { evenLastAdmin = false, precondition = NO_PRECONDITION }: ChangeOptions = {},
  ): Promise<void> {
    await this.assertMayEnd(holder, id);
    const remove = async (tx: EntityManager, caller?: CallerInForce): Promise<void> => {
      await lockAdminKeys(tx);
      const apiKey = await lockApiKey(tx, id);
      assertHolds(holderNow(holder, caller), apiKey.scopes);
      precondition(apiKey);
      if (!evenLastAdmin && (await isLastAdminKey(tx, apiKey))) throw new LastAdminKey();
      await tx.update(ApiKey, id, { is_active: false, deleted_at: now, updated_at: now });
      await this.audit.append(tx, {
        type: 'api_key.deleted',
        actor,
        data: { id, name: apiKey.name, scopes: apiKey.scopes },
      });
    };
    await transaction(this.dataSource, remove, { ending: [callerOf(id)] });
  }

  /**
   * Makes one `admin` key if no key with `admin` is valid, for the first start in development. Of several
   * processes that call this at once, one makes it.
   * @returns the key to the one that made it, else null
   */
  async createFirstAdminKey(): Promise<string | null> {
    return transaction(this.dataSource, async (tx) => {
      await limitStatements(tx, { lockMs: START_PATIENCE_MS, statementMs: START_PATIENCE_MS });
      await lockAdminKeys(tx);
      if (await isAnyAdminKey(tx)) return null;
      const { key } = await this.insert(tx, SYSTEM, { name: 'First admin key', scopes: ['admin'] });
      return key;
    });
  }

  private async insert(tx: EntityManager, actor: Actor, input: CreateApiKey): Promise<CreatedApiKey> {
    const { id, prefix, key } = makeKey(this.environment.ENVIRONMENT);
    const { hash, pepperVersion } = this.peppers.hash(key);
    await tx.insert(ApiKey, {
      id,
      prefix,
      hash,
      pepper_version: pepperVersion,
      name: input.name,
      description: input.description ?? null,
      scopes: input.scopes,
      expires_at: input.expires_at ?? null,
      rate_limit_per_minute: input.rate_limit_per_minute ?? null,
      created_by: actor.name,
    });
    const apiKey = await this.find(id, tx);
    if (apiKey.expires_at && apiKey.expires_at <= apiKey.created_at) throw new ExpiryInThePast();
    const { scopes, expires_at, rate_limit_per_minute } = apiKey;
    await this.audit.append(tx, {
      type: 'api_key.created',
      actor,
      data: { id, name: apiKey.name, scopes, expires_at, rate_limit_per_minute },
    });
    return { apiKey, key };
  }
}

/** The given fields whose values differ from the current ones. Scopes have no order. */
function changesOf(apiKey: ApiKey, input: UpdateApiKey): UpdateApiKey {
  const { name, description, scopes, is_active, expires_at, rate_limit_per_minute, previous_valid_until } =
    input;
  return {
    ...(name !== undefined && name !== apiKey.name && { name }),
    ...(description !== undefined && description !== apiKey.description && { description }),
    ...(scopes !== undefined && !isSameSet(scopes, apiKey.scopes) && { scopes }),
    ...(is_active !== undefined && is_active !== apiKey.is_active && { is_active }),
    ...(expires_at !== undefined && expires_at?.getTime() !== apiKey.expires_at?.getTime() && { expires_at }),
    ...(rate_limit_per_minute !== undefined &&
      rate_limit_per_minute !== apiKey.rate_limit_per_minute && { rate_limit_per_minute }),
    ...(previous_valid_until === null && apiKey.previous_valid_until !== null && { previous_valid_until }),
  };
}

function isSameSet(some: readonly Scope[], others: readonly Scope[]): boolean {
  return some.length === others.length && some.every((scope) => others.includes(scope));
}
