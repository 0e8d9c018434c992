import { type Actor, AuditRecord } from '@aegis/audit';
import type { Scope } from '@aegis/web';
import { DataSource } from 'typeorm';
import { apiKeysOf } from '../../../test/support/api-keys';
import { type TestDatabase, testDatabase } from '../../../test/support/database';
import { ApiKey } from './api-key.entity';
import { ApiKeyNotFound, ExpiryInThePast, LastAdminKey, ScopeEscalation } from './api-keys.errors';
import type { ApiKeysService, CreateApiKey } from './api-keys.service';

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

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([ApiKey, AuditRecord]);
    ({ service } = apiKeysOf(dataSource));
  });
  afterEach(() => database.drop());

  const make = (input: Partial<CreateApiKey> = {}): ReturnType<ApiKeysService['create']> =>
    service.create(CLI, ['admin'], { name: 'CI', scopes: ['licenses:issue'], ...input });
  const records = (): Promise<AuditRecord[]> =>
    dataSource.manager.find(AuditRecord, { order: { id: 'ASC' } });
  const tomorrow = (): Date => new Date(Date.now() + 86_400_000);

  describe('create', () => {
    it('stores what was asked for, and of the secret a hash alone', async () => {
      const expires_at = tomorrow();
      const { apiKey, key } = await service.create(BY_KEY, ['admin'], {
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
      const { apiKey, key } = await service.create(BY_KEY, ['admin'], {
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
    ])('lets a caller with %j grant no %j', async (held, scopes) => {
      await expect(service.create(BY_KEY, held, { name: 'More', scopes })).rejects.toThrow(ScopeEscalation);
      expect(await dataSource.manager.count(ApiKey)).toBe(0);
      expect(await records()).toEqual([]);
    });

    it('names the scopes that the caller lacks, and no others', async () => {
      const refused = service.create(BY_KEY, ['api-keys:manage'], {
        name: 'More',
        scopes: ['api-keys:manage', 'stats:read'],
      });
      await expect(refused).rejects.toMatchObject({
        code: 'insufficient_scope',
        message: expect.stringMatching(/lacks the scope stats:read,/),
      });
    });

    it('lets a caller grant what it holds, and with admin everything', async () => {
      const held: Scope[] = ['api-keys:manage', 'stats:read'];
      await service.create(BY_KEY, held, { name: 'Same', scopes: held });
      await service.create(BY_KEY, ['admin'], { name: 'All', scopes: ['admin', 'webhooks:manage'] });
      expect(await dataSource.manager.count(ApiKey)).toBe(2);
    });

    it('refuses an expiry that is past by the database clock, and leaves nothing behind', async () => {
      const [{ now }] = await dataSource.query('SELECT clock_timestamp() AS now');
      await expect(make({ expires_at: now })).rejects.toThrow(ExpiryInThePast);
      expect(await dataSource.manager.count(ApiKey)).toBe(0);
      expect(await records()).toEqual([]);
    });
  });

  describe('find', () => {
    it('never reads a hash', async () => {
      const { apiKey } = await make();
      const found = await service.find(apiKey.id);
      expect(found).toEqual(apiKey);
      expect(found).toMatchObject({ hash: undefined, pepper_version: undefined, previous_hash: undefined });
    });

    it('finds no key that never was', async () => {
      await expect(service.find('000000000000')).rejects.toMatchObject({ code: 'api_key_not_found' });
    });
  });

  describe('remove', () => {
    it('hides the key, keeps its row and records it', async () => {
      const { apiKey } = await make({ scopes: ['audit:read'] });
      await service.remove(BY_KEY, ['audit:read'], apiKey.id);
      await expect(service.find(apiKey.id)).rejects.toThrow(ApiKeyNotFound);
      await expect(service.remove(CLI, ['admin'], apiKey.id)).rejects.toThrow(ApiKeyNotFound);
      const row = await dataSource.manager.findOneByOrFail(ApiKey, { id: apiKey.id });
      expect(row).toMatchObject({ is_active: false, version: 2, deleted_at: expect.any(Date) });
      expect((await records()).map(({ event_type, event_data }) => [event_type, event_data])).toEqual([
        ['api_key.created', expect.objectContaining({ id: apiKey.id })],
        ['api_key.deleted', { id: apiKey.id, scopes: ['audit:read'] }],
      ]);
    });

    it('lets nobody delete a key that may do more than the own one', async () => {
      const { apiKey } = await make({ scopes: ['licenses:read', 'licenses:revoke'] });
      await expect(
        service.remove(BY_KEY, ['api-keys:manage', 'licenses:read'], apiKey.id),
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
      await service.remove(CLI, ['admin'], deleted.apiKey.id);
      await expect(service.remove(CLI, ['admin'], last.apiKey.id)).rejects.toMatchObject({
        code: 'last_admin_key',
      });
      expect(await service.find(last.apiKey.id)).toMatchObject({ is_active: true });
      // Those that don't count may go.
      await service.remove(CLI, ['admin'], expiring.apiKey.id);
      await service.remove(CLI, ['admin'], inactive.apiKey.id);
    });

    it('removes one of the last two admin keys when both are deleted at once, in another process each', async () => {
      const other = apiKeysOf(await database.dataSource([ApiKey, AuditRecord])).service;
      let survivor = (await make({ scopes: ['admin'] })).apiKey.id;
      for (let round = 0; round < 10; round += 1) {
        const { apiKey } = await make({ scopes: ['admin'] });
        const outcomes = await Promise.allSettled([
          service.remove(CLI, ['admin'], survivor),
          other.remove(CLI, ['admin'], apiKey.id),
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

    it('makes none while an admin key counts, even one that will expire', async () => {
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
      await service.remove(CLI, ['admin'], deleted.apiKey.id);
      await dataSource.manager.update(ApiKey, inactive.apiKey.id, { is_active: false });
      await dataSource.manager.update(ApiKey, expired.apiKey.id, { expires_at: () => 'clock_timestamp()' });
      expect(await service.createFirstAdminKey()).toMatch(/^aegis_test_/);
    });
  });
});
