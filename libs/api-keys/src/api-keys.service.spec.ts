import { type Actor, AuditRecord } from '@aegis/audit';
import type { Scope } from '@aegis/access';
import type { Client } from 'pg';
import { DataSource } from 'typeorm';
import { apiKeysOf, holding } from '../../../test/support/keys/api-keys';
import { type TestDatabase, testDatabase } from '../../../test/support/database/database';
import { superuserOf, untilBlocked } from '../../../test/support/database/sql';
import { transaction } from '@aegis/database';
import { callerOf } from './api-key-lock';
import { COMMAND_LINE } from './key-holder';
import { ApiKey } from './api-key.entity';
import { ApiKeyNotFound, ExpiryInThePast, LastAdminKey, ScopeEscalation } from './api-keys.errors';
import type { ApiKeysService, CreateApiKey, UpdateApiKey } from './api-keys.service';

const CLI: Actor = { name: 'cli:tester', apiKeyId: null, ipAddress: null, userAgent: null, requestId: null };
const BY_KEY: Actor = {
  name: 'api_key:0aZ9bY8cX7dW',
  apiKeyId: '0aZ9bY8cX7dW',
  ipAddress: '203.0.113.7',
  userAgent: 'curl/8',
  requestId: 'request-1',
};

describe('ApiKeysService', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let service: ApiKeysService;
  let superuser: Client;

  beforeEach(async () => {
    database = await testDatabase();
    superuser = await superuserOf({ database });
    dataSource = await database.dataSource([ApiKey, AuditRecord]);
    ({ service } = apiKeysOf(dataSource));
  });
  afterEach(async () => {
    await superuser.end();
    await database.drop();
  });

  const make = (input: Partial<CreateApiKey> = {}): ReturnType<ApiKeysService['create']> =>
    service.create(CLI, COMMAND_LINE, { name: 'CI', scopes: ['licenses:issue'], ...input });
  const records = (): Promise<AuditRecord[]> =>
    dataSource.manager.find(AuditRecord, { order: { id: 'ASC' } });
  const tomorrow = (): Date => new Date(Date.now() + 86_400_000);

  describe('create', () => {
    it('stores the requested values, and only a hash of the secret', async () => {
      const expires_at = tomorrow();
      const { apiKey, key } = await service.create(BY_KEY, COMMAND_LINE, {
        name: 'Shop',
        description: 'Issues licenses for the shop',
        scopes: ['licenses:issue', 'customers:write'],
        expires_at,
        rate_limit_per_minute: 250,
      });
      expect(key).toMatch(/^aegis_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
      expect(apiKey).toEqual({
        id: key.slice(11, 23),
        name: 'Shop',
        description: 'Issues licenses for the shop',
        scopes: ['licenses:issue', 'customers:write'],
        prefix: key.slice(0, 23),
        previous_valid_until: null,
        is_active: true,
        rate_limit_per_minute: 250,
        expires_at,
        last_used_at: null,
        usage_count: 0,
        version: 1,
        created_at: expect.any(Date),
        created_by: 'api_key:0aZ9bY8cX7dW',
        updated_at: expect.any(Date),
        deleted_at: null,
      });
      const [stored] = await dataSource.query('SELECT api_keys::text AS row, hash FROM api_keys');
      expect(stored.row).not.toContain(key.slice(24));
      expect(stored.hash).toHaveLength(32);
    });

    it('records who made it and what it may do, never the secret', async () => {
      const { apiKey, key } = await service.create(BY_KEY, COMMAND_LINE, {
        name: 'CI',
        scopes: ['licenses:read'],
        rate_limit_per_minute: 5,
      });
      const [record, ...others] = await records();
      expect(others).toEqual([]);
      expect(record).toMatchObject({
        event_type: 'api_key.created',
        actor: 'api_key:0aZ9bY8cX7dW',
        api_key_id: '0aZ9bY8cX7dW',
        ip_address: '203.0.113.7',
        request_id: 'request-1',
        event_data: {
          id: apiKey.id,
          scopes: ['licenses:read'],
          expires_at: null,
          rate_limit_per_minute: 5,
        },
      });
      expect(JSON.stringify(record)).not.toContain(key.slice(24));
    });

    it.each<[Scope[], Scope[]]>([
      [['api-keys:manage'], ['admin']],
      [['api-keys:manage'], ['api-keys:manage', 'licenses:issue']],
      [
        ['api-keys:manage', 'licenses:read'],
        ['licenses:read', 'audit:read'],
      ],
      [[], ['licenses:read']],
    ])('does not let a caller with %j grant %j', async (held, scopes) => {
      await expect(service.create(BY_KEY, holding(held), { name: 'More', scopes })).rejects.toThrow(
        ScopeEscalation,
      );
      expect(await dataSource.manager.count(ApiKey)).toBe(0);
      expect(await records()).toEqual([]);
    });

    it('names the scopes that the caller lacks, and no others', async () => {
      const refused = service.create(BY_KEY, holding(['api-keys:manage']), {
        name: 'More',
        scopes: ['api-keys:manage', 'stats:read'],
      });
      await expect(refused).rejects.toMatchObject({
        code: 'insufficient_scope',
        message: expect.stringMatching(/lacks the scope stats:read,/),
      });
    });

    it('lets a caller grant the scopes that it has, and an admin grant all', async () => {
      const held: Scope[] = ['api-keys:manage', 'stats:read'];
      await service.create(BY_KEY, holding(held), { name: 'Same', scopes: held });
      await service.create(BY_KEY, COMMAND_LINE, { name: 'All', scopes: ['admin', 'webhooks:manage'] });
      expect(await dataSource.manager.count(ApiKey)).toBe(2);
    });

    it('refuses an expiry that is past by the database clock, and leaves nothing behind', async () => {
      const [{ now }] = await dataSource.query('SELECT clock_timestamp() AS now');
      await expect(make({ expires_at: now })).rejects.toThrow(ExpiryInThePast);
      expect(await dataSource.manager.count(ApiKey)).toBe(0);
      expect(await records()).toEqual([]);
    });
  });

  describe.each<[string, (id: string) => Promise<unknown>]>([
    ['removes', (id) => service.remove(BY_KEY, holding(['api-keys:manage']), id)],
    ['changes', (id) => service.update(BY_KEY, holding(['api-keys:manage']), id, { name: 'Other' })],
    ['rotates', (id) => apiKeysOf(dataSource).rotation.rotate(BY_KEY, holding(['api-keys:manage']), id, 0)],
  ])('a caller that %s a stronger key', (_, end) => {
    it('is refused without waiting for the requests of that key', async () => {
      const { apiKey } = await make({ scopes: ['admin'] });
      const held = transaction(dataSource, () => expect(end(apiKey.id)).rejects.toThrow(ScopeEscalation), {
        ending: [callerOf(apiKey.id)],
      });
      await held;
    });

    it('is refused where the key became stronger while the caller waited for it', async () => {
      const { apiKey } = await make({ scopes: ['api-keys:manage'] });
      const refused = { waiting: Promise.resolve() };
      await transaction(
        dataSource,
        async (tx) => {
          refused.waiting = expect(end(apiKey.id)).rejects.toThrow(ScopeEscalation);
          await untilBlocked(superuser);
          await tx.update(ApiKey, apiKey.id, { scopes: ['admin'] });
        },
        { ending: [callerOf(apiKey.id)] },
      );
      await refused.waiting;
      expect(await service.find(apiKey.id)).toEqual(
        Object.assign({}, apiKey, { scopes: ['admin'], version: 2 }),
      );
      expect(await records()).toHaveLength(1);
    });
  });

  describe('find', () => {
    it('never reads a hash', async () => {
      const { apiKey } = await make();
      const found = await service.find(apiKey.id);
      expect(found).toEqual(apiKey);
      expect(found).toMatchObject({ hash: undefined, pepper_version: undefined, previous_hash: undefined });
    });

    it('does not find a key that never existed', async () => {
      await expect(service.find('000000000000')).rejects.toMatchObject({ code: 'api_key_not_found' });
    });
  });

  describe('update', () => {
    const update = (
      id: string,
      input: UpdateApiKey,
      held: Scope[] = ['admin'],
      by = service,
    ): Promise<ApiKey> => by.update(BY_KEY, holding(held), id, input).then(({ apiKey }) => apiKey);

    it('changes what is given, and nothing else', async () => {
      const { apiKey } = await make({ description: 'before', rate_limit_per_minute: 10 });
      const expires_at = tomorrow();
      const changed = await update(apiKey.id, { name: 'after', scopes: ['stats:read'], expires_at });
      expect(changed).toEqual(
        Object.assign({}, apiKey, {
          name: 'after',
          scopes: ['stats:read'],
          expires_at,
          version: 2,
          updated_at: expect.any(Date),
        }),
      );
      expect(changed.updated_at.getTime()).toBeGreaterThanOrEqual(apiKey.updated_at.getTime());
      expect(await service.find(apiKey.id)).toEqual(changed);
      const emptied = await update(apiKey.id, {
        description: null,
        expires_at: null,
        rate_limit_per_minute: null,
        is_active: false,
      });
      expect(emptied).toMatchObject({
        name: 'after',
        description: null,
        expires_at: null,
        rate_limit_per_minute: null,
        is_active: false,
        version: 3,
      });
    });

    it('records the key by its name, the names of changed fields, and the new values of what a key may do', async () => {
      const { apiKey } = await make({ scopes: ['licenses:read'] });
      await update(apiKey.id, {
        name: 'Renamed',
        description: 'Secret plans',
        scopes: ['licenses:read', 'stats:read'],
        is_active: false,
        rate_limit_per_minute: 5,
      });
      const record = (await records()).at(-1);
      expect(record).toMatchObject({
        event_type: 'api_key.updated',
        actor: 'api_key:0aZ9bY8cX7dW',
        ip_address: '203.0.113.7',
        event_data: {
          id: apiKey.id,
          name: 'Renamed',
          fields: ['name', 'description', 'scopes', 'is_active', 'rate_limit_per_minute'],
          scopes: ['licenses:read', 'stats:read'],
          is_active: false,
          rate_limit_per_minute: 5,
        },
      });
      expect(Object.keys(record!.event_data)).toHaveLength(6);
      expect(JSON.stringify(record)).not.toMatch(/Secret plans/);
    });

    it('leaves no audit record when a change changes nothing', async () => {
      const expires_at = tomorrow();
      const { apiKey } = await make({ scopes: ['licenses:read', 'stats:read'], expires_at });
      const same = await update(apiKey.id, {
        name: 'CI',
        description: null,
        scopes: ['stats:read', 'licenses:read'],
        is_active: true,
        expires_at: new Date(expires_at),
        rate_limit_per_minute: null,
      });
      expect(same).toEqual(apiKey);
      expect(await update(apiKey.id, {})).toEqual(apiKey);
      expect(await records()).toHaveLength(1);
    });

    it.each<[string, Scope[], Scope[], Scope[] | undefined]>([
      [
        'grant what it lacks',
        ['api-keys:manage', 'stats:read'],
        ['stats:read'],
        ['stats:read', 'audit:read'],
      ],
      ['grant admin', ['api-keys:manage', 'stats:read'], ['stats:read'], ['admin']],
      ['take what it lacks', ['api-keys:manage', 'stats:read'], ['audit:read', 'stats:read'], ['stats:read']],
      ['change a stronger key at all', ['api-keys:manage'], ['admin'], undefined],
      ['exchange one for another', ['api-keys:manage', 'stats:read'], ['audit:read'], ['stats:read']],
    ])('lets nobody %s', async (_, held, before, after) => {
      const { apiKey } = await make({ scopes: before });
      await make({ scopes: ['admin'] });
      const input = { name: 'x', ...(after && { scopes: after }) };
      await expect(update(apiKey.id, input, held)).rejects.toThrow(ScopeEscalation);
      expect(await service.find(apiKey.id)).toEqual(apiKey);
      expect(await records()).toHaveLength(2);
    });

    it('lets a caller change what it could have made', async () => {
      const held: Scope[] = ['api-keys:manage', 'stats:read', 'audit:read'];
      const { apiKey } = await make({ scopes: ['stats:read'] });
      expect(await update(apiKey.id, { scopes: ['audit:read'] }, held)).toMatchObject({
        scopes: ['audit:read'],
      });
    });

    it('refuses an expiry that is past by the database clock, and changes nothing', async () => {
      const { apiKey } = await make();
      const [{ now }] = await dataSource.query('SELECT clock_timestamp() AS now');
      await expect(update(apiKey.id, { name: 'late', expires_at: now })).rejects.toThrow(ExpiryInThePast);
      expect(await service.find(apiKey.id)).toEqual(apiKey);
      expect(await records()).toHaveLength(1);
    });

    it('changes an expired key without touching its end, and brings it back with a new one', async () => {
      const { apiKey } = await make();
      await dataSource.query(`UPDATE api_keys SET expires_at = clock_timestamp() WHERE id = $1`, [apiKey.id]);
      const { expires_at } = await service.find(apiKey.id);
      expect(await update(apiKey.id, { name: 'old', expires_at })).toMatchObject({ name: 'old', expires_at });
      const end = tomorrow();
      expect(await update(apiKey.id, { expires_at: end })).toMatchObject({ expires_at: end });
    });

    it('finds no key that was deleted', async () => {
      const { apiKey } = await make();
      await service.remove(CLI, COMMAND_LINE, apiKey.id);
      await expect(update(apiKey.id, { is_active: true })).rejects.toThrow(ApiKeyNotFound);
    });

    it.each<[string, UpdateApiKey]>([
      ['loses admin', { scopes: ['licenses:read'] }],
      ['is deactivated', { is_active: false }],
      ['is to expire', { expires_at: new Date('2199-01-01T00:00:00Z') }],
    ])('keeps the last admin key as it is, where it %s', async (_, weaker) => {
      const { apiKey: last } = await make({ scopes: ['admin', 'licenses:read'] });
      await make({ scopes: ['admin'], expires_at: tomorrow() });
      const { apiKey: inactive } = await make({ scopes: ['admin'] });
      await update(inactive.id, { is_active: false });
      await expect(update(last.id, weaker)).rejects.toThrow(LastAdminKey);
      expect(await service.find(last.id)).toEqual(last);
      // What is not a weakening may be done to it, and all may be done once there is another.
      await update(last.id, { name: 'Renamed', scopes: ['admin'], rate_limit_per_minute: 1 });
      await update(inactive.id, { is_active: true });
      expect(await update(last.id, weaker)).toMatchObject(weaker);
    });

    it('weakens the last admin key for the command line, when forced', async () => {
      const { apiKey } = await make({ scopes: ['admin'] });
      await service.update(CLI, COMMAND_LINE, apiKey.id, { is_active: false }, { evenLastAdmin: true });
      expect(await service.find(apiKey.id)).toMatchObject({ is_active: false });
    });

    it('weakens only one of the last two admin keys when two processes weaken both at once', async () => {
      const other = apiKeysOf(await database.dataSource([ApiKey, AuditRecord])).service;
      const weaknesses: UpdateApiKey[] = [
        { is_active: false },
        { scopes: ['licenses:read'] },
        { expires_at: tomorrow() },
      ];
      const lasting = `SELECT id FROM api_keys
        WHERE 'admin' = ANY(scopes) AND is_active AND expires_at IS NULL AND deleted_at IS NULL`;
      let survivor = (await make({ scopes: ['admin'] })).apiKey.id;
      for (let round = 0; round < 12; round += 1) {
        const { apiKey } = await make({ scopes: ['admin'] });
        const weaker = weaknesses[round % weaknesses.length]!;
        const outcomes = await Promise.allSettled([
          round % 2 === 0 ? update(survivor, weaker) : service.remove(CLI, COMMAND_LINE, survivor),
          update(apiKey.id, weaker, ['admin'], other),
        ]);
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
        expect(refused.map(({ reason }) => reason as unknown)).toEqual([expect.any(LastAdminKey)]);
        const [left, ...others] = await dataSource.query<{ id: string }[]>(lasting);
        expect(others).toEqual([]);
        survivor = left!.id;
      }
    });
  });

  describe('remove', () => {
    it('hides the key, keeps its row and records it', async () => {
      const { apiKey } = await make({ scopes: ['audit:read'] });
      await service.remove(BY_KEY, holding(['audit:read']), apiKey.id);
      await expect(service.find(apiKey.id)).rejects.toThrow(ApiKeyNotFound);
      await expect(service.remove(CLI, COMMAND_LINE, apiKey.id)).rejects.toThrow(ApiKeyNotFound);
      const row = await dataSource.manager.findOneByOrFail(ApiKey, { id: apiKey.id });
      expect(row).toMatchObject({ is_active: false, version: 2, deleted_at: expect.any(Date) });
      expect((await records()).map(({ event_type, event_data }) => [event_type, event_data])).toEqual([
        ['api_key.created', expect.objectContaining({ id: apiKey.id })],
        ['api_key.deleted', { id: apiKey.id, name: 'CI', scopes: ['audit:read'] }],
      ]);
    });

    it('does not let a caller delete a key that may do more than its own', async () => {
      const { apiKey } = await make({ scopes: ['licenses:read', 'licenses:revoke'] });
      await expect(
        service.remove(BY_KEY, holding(['api-keys:manage', 'licenses:read']), apiKey.id),
      ).rejects.toMatchObject({
        code: 'insufficient_scope',
        message: expect.stringContaining('licenses:revoke'),
      });
      expect(await service.find(apiKey.id)).toEqual(apiKey);
      expect(await records()).toHaveLength(1);
    });

    it('keeps the last admin key that is active and does not expire', async () => {
      const last = await make({ scopes: ['licenses:read', 'admin'] });
      const expiring = await make({ scopes: ['admin'], expires_at: tomorrow() });
      const inactive = await make({ scopes: ['admin'] });
      const deleted = await make({ scopes: ['admin'] });
      await dataSource.manager.update(ApiKey, inactive.apiKey.id, { is_active: false });
      await service.remove(CLI, COMMAND_LINE, deleted.apiKey.id);
      await expect(service.remove(CLI, COMMAND_LINE, last.apiKey.id)).rejects.toMatchObject({
        code: 'last_admin_key',
      });
      expect(await service.find(last.apiKey.id)).toMatchObject({ is_active: true });
      // Those that don't count may go.
      await service.remove(CLI, COMMAND_LINE, expiring.apiKey.id);
      await service.remove(CLI, COMMAND_LINE, inactive.apiKey.id);
    });

    it('removes only one of the last two admin keys when two processes delete both at once', async () => {
      const other = apiKeysOf(await database.dataSource([ApiKey, AuditRecord])).service;
      let survivor = (await make({ scopes: ['admin'] })).apiKey.id;
      for (let round = 0; round < 10; round += 1) {
        const { apiKey } = await make({ scopes: ['admin'] });
        const outcomes = await Promise.allSettled([
          service.remove(CLI, COMMAND_LINE, survivor),
          other.remove(CLI, COMMAND_LINE, apiKey.id),
        ]);
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
        expect(refused.map(({ reason }) => reason as unknown)).toEqual([expect.any(LastAdminKey)]);
        const [left, ...others] = await dataSource.manager.findBy(ApiKey, { is_active: true });
        expect(others).toEqual([]);
        survivor = left!.id;
      }
    });
  });

  describe('createFirstAdminKey', () => {
    it('makes exactly one when three processes start at once', async () => {
      const sources = await Promise.all([1, 2, 3].map(() => database.dataSource([ApiKey, AuditRecord])));
      const made = await Promise.all(
        sources.map((source) => apiKeysOf(source).service.createFirstAdminKey()),
      );
      const keys = made.filter((key) => key !== null);
      expect(keys).toEqual([expect.stringMatching(/^aegis_test_/)]);
      const [stored, ...others] = await dataSource.manager.find(ApiKey);
      expect(others).toEqual([]);
      expect(stored).toMatchObject({
        scopes: ['admin'],
        prefix: keys[0]?.slice(0, 23),
        expires_at: null,
        created_by: 'system',
      });
      expect((await records()).map(({ event_type }) => event_type)).toEqual(['api_key.created']);
    });

    it('makes none while an admin key is valid, even one that will expire', async () => {
      await make({ scopes: ['admin'], expires_at: tomorrow() });
      expect(await service.createFirstAdminKey()).toBeNull();
      expect(await dataSource.manager.count(ApiKey)).toBe(1);
    });

    it('makes one when the only admin keys are expired, inactive or deleted', async () => {
      const [expired, inactive, deleted] = [
        await make({ scopes: ['admin'] }),
        await make({ scopes: ['admin'] }),
        await make({ scopes: ['admin'] }),
      ];
      await make({ scopes: ['api-keys:manage'] });
      await service.remove(CLI, COMMAND_LINE, deleted.apiKey.id);
      await dataSource.manager.update(ApiKey, inactive.apiKey.id, { is_active: false });
      await dataSource.manager.update(ApiKey, expired.apiKey.id, { expires_at: () => 'clock_timestamp()' });
      expect(await service.createFirstAdminKey()).toMatch(/^aegis_test_/);
    });
  });
});
