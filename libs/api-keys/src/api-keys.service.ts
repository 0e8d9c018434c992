import { type Actor, AuditLog, SYSTEM } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { transaction } from '@aegis/database';
import { grants, NO_PRECONDITION, type Precondition, type Scope } from '@aegis/web';
import { Injectable } from '@nestjs/common';
import {
  ArrayContains,
  DataSource,
  type EntityManager,
  type FindOptionsWhere,
  IsNull,
  Not,
  Raw,
} from 'typeorm';
import { makeKey } from './api-key-format';
import { ApiKey } from './api-key.entity';
import { ApiKeyNotFound, ExpiryInThePast, LastAdminKey, ScopeEscalation } from './api-keys.errors';
import { Peppers } from './peppers';

/** What a new key is to be. */
export interface CreateApiKey {
  /** 1–100 characters. */
  name: string;
  /** At most 500 characters. */
  description?: string | null;
  /** At least one, no doubles. */
  scopes: Scope[];
  /** In the future; never expires unless given. */
  expires_at?: Date | null;
  /** 1–1,000,000; the server's limit counts unless given. */
  rate_limit_per_minute?: number | null;
}

/** A key's record and the key itself, which nobody can learn a second time. */
export interface CreatedApiKey {
  apiKey: ApiKey;
  key: string;
}

/** Any constant does, as long as nothing else in the database uses it as an advisory lock. */
const ADMIN_KEYS_LOCK = '4702394921427289932';
/** At a start others may wait in front: longer than a request may wait. */
const START_PATIENCE = '30s';

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
   * @param held scopes of whoever makes it; the command line holds `admin`
   * @throws ScopeEscalation for a scope that the caller lacks, ExpiryInThePast
   */
  async create(actor: Actor, held: readonly Scope[], input: CreateApiKey): Promise<CreatedApiKey> {
    assertHolds(held, input.scopes);
    return transaction(this.dataSource, (tx) => this.insert(tx, actor, input));
  }

  /** @throws ApiKeyNotFound also for a deleted key */
  async find(id: string, tx: EntityManager = this.dataSource.manager): Promise<ApiKey> {
    const apiKey = await tx.findOneBy(ApiKey, { id, deleted_at: IsNull() });
    if (!apiKey) throw new ApiKeyNotFound(id);
    return apiKey;
  }

  /**
   * Deletes a key: once this returns, it is refused everywhere. Its row stays, hidden.
   * @param held scopes of whoever deletes it; the command line holds `admin`
   * @param options `evenLastAdmin` for who can make another without a key: the command line; `precondition` on the
   * key before it is deleted
   * @throws ApiKeyNotFound, ScopeEscalation for a key that may do more than the caller, LastAdminKey
   */
  async remove(
    actor: Actor,
    held: readonly Scope[],
    id: string,
    {
      evenLastAdmin = false,
      precondition = NO_PRECONDITION,
    }: { evenLastAdmin?: boolean; precondition?: Precondition<ApiKey> } = {},
  ): Promise<void> {
    await transaction(this.dataSource, async (tx) => {
      await this.lockAdminKeys(tx);
      const apiKey = await this.lock(tx, id);
      assertHolds(held, apiKey.scopes);
      precondition(apiKey);
      if (!evenLastAdmin && (await this.isLastAdminKey(tx, apiKey))) throw new LastAdminKey();
      const now = (): string => 'clock_timestamp()';
      await tx.update(ApiKey, id, { is_active: false, deleted_at: now, updated_at: now });
      await this.audit.append(tx, {
        type: 'api_key.deleted',
        actor,
        data: { id, scopes: apiKey.scopes },
      });
    });
  }

  /**
   * Makes one `admin` key if no key with `admin` counts any more, for the first start in development. Of several
   * processes that call this at once, one makes it.
   * @returns the key to the one that made it, else null
   */
  async createFirstAdminKey(): Promise<string | null> {
    return transaction(this.dataSource, async (tx) => {
      await tx.query(
        `SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', $1, true)`,
        [START_PATIENCE],
      );
      await this.lockAdminKeys(tx);
      const counts = Raw((column) => `(${column} IS NULL OR ${column} > clock_timestamp())`);
      if (await tx.existsBy(ApiKey, { ...activeAdmin, expires_at: counts })) return null;
      const { key } = await this.insert(tx, SYSTEM, { name: 'First admin key', scopes: ['admin'] });
      return key;
    });
  }

  /** Locks a key's row against every other change until the transaction ends. */
  private async lock(tx: EntityManager, id: string): Promise<ApiKey> {
    const apiKey = await tx.findOne(ApiKey, {
      where: { id, deleted_at: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (!apiKey) throw new ApiKeyNotFound(id);
    return apiKey;
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
      data: { id, scopes, expires_at, rate_limit_per_minute },
    });
    return { apiKey, key };
  }

  /** Two who each remove one of the last two admin keys must not both find the other's still there. */
  private async lockAdminKeys(tx: EntityManager): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [ADMIN_KEYS_LOCK]);
  }

  /** Whether this key counts for good as `admin` and no other does. */
  private async isLastAdminKey(
    tx: EntityManager,
    { id, scopes, is_active, expires_at }: ApiKey,
  ): Promise<boolean> {
    if (!scopes.includes('admin') || !is_active || expires_at) return false;
    return !(await tx.existsBy(ApiKey, { ...activeAdmin, id: Not(id), expires_at: IsNull() }));
  }
}

const activeAdmin: FindOptionsWhere<ApiKey> = {
  scopes: ArrayContains(['admin']),
  is_active: true,
  deleted_at: IsNull(),
};

function assertHolds(held: readonly Scope[], wanted: readonly Scope[]): void {
  const lacking = wanted.filter((scope) => !grants(held, scope));
  if (lacking.length > 0) throw new ScopeEscalation(lacking);
}
