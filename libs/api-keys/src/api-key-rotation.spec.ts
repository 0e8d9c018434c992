import { type Actor, AuditRecord, SYSTEM } from '@aegis/audit';
import type { Scope } from '@aegis/access';
import { DataSource } from 'typeorm';
import { type ApiKeys, apiKeysOf, PEPPER_V1, PEPPER_V2, holding } from '../../../test/support/keys/api-keys';
import { type TestDatabase, testDatabase } from '../../../test/support/database/database';
import { COMMAND_LINE } from './key-holder';
import { ApiKey } from './api-key.entity';
import { ApiKeyNotFound, ScopeEscalation } from './api-keys.errors';
import type { CreatedApiKey } from './api-keys.service';

const BY_KEY: Actor = {
  name: 'api_key:0aZ9bY8cX7dW',
  apiKeyId: '0aZ9bY8cX7dW',
  ipAddress: '203.0.113.7',
  userAgent: 'curl/8',
  requestId: 'request-1',
};
const HOUR = 3600;

describe('ApiKeyRotation', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let keys: ApiKeys;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([ApiKey, AuditRecord]);
    keys = apiKeysOf(dataSource);
  });
  afterAll(() => database.drop());

  const make = (scopes: Scope[] = ['licenses:read']): Promise<CreatedApiKey> =>
    keys.service.create(SYSTEM, COMMAND_LINE, { name: 'CI', scopes });
  const rotate = (id: string, grace: number, by = keys): Promise<CreatedApiKey> =>
    by.rotation.rotate(BY_KEY, COMMAND_LINE, id, grace);
  const kindsOf = (...secrets: string[]): Promise<string[]> =>
    Promise.all(secrets.map(async (key) => (await keys.authentication.authenticate(key)).kind));
  const stored = async (id: string): Promise<Record<string, unknown>> => {
    const [row] = await dataSource.query<Record<string, unknown>[]>('SELECT * FROM api_keys WHERE id = $1', [
      id,
    ]);
    return row!;
  };

  it('gives a new secret under the same id, and ends the old one at once unless a grace is given', async () => {
    const { apiKey, key } = await make();
    const rotated = await rotate(apiKey.id, 0);
    expect(rotated.apiKey).toEqual(Object.assign({}, apiKey, { version: 2, updated_at: expect.any(Date) }));
    expect(rotated.key).toMatch(/^aegis_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(rotated.key.slice(0, 24)).toBe(key.slice(0, 24));
    expect(rotated.key).not.toBe(key);
    expect(await kindsOf(key, rotated.key)).toEqual(['refused', 'key']);
    expect(await stored(apiKey.id)).toMatchObject({
      previous_hash: null,
      previous_pepper_version: null,
      previous_expires_at: null,
    });
  });

  it('lets the old secret live for the grace, by the clock of the database', async () => {
    const { apiKey, key } = await make();
    const [before] = await dataSource.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
    const rotated = await rotate(apiKey.id, 7 * 24 * HOUR);
    const [after] = await dataSource.query<{ now: Date }[]>('SELECT clock_timestamp() AS now');
    expect(await kindsOf(key, rotated.key)).toEqual(['key', 'key']);
    const end = ((await stored(apiKey.id)).previous_expires_at as Date).getTime() - 604_800_000;
    expect(end).toBeGreaterThanOrEqual(before!.now.getTime() - 1);
    expect(end).toBeLessThanOrEqual(after!.now.getTime() + 1);
    await dataSource.query(
      `UPDATE api_keys SET previous_expires_at = clock_timestamp() - interval '1 ms' WHERE id = $1`,
      [apiKey.id],
    );
    expect(await kindsOf(key, rotated.key)).toEqual(['refused', 'key']);
  });

  it.each([HOUR, 0])('ends the first grace by a second rotation with a grace of %d s', async (grace) => {
    const first = await make();
    const second = await rotate(first.apiKey.id, HOUR);
    const third = await rotate(first.apiKey.id, grace);
    expect(await kindsOf(first.key, second.key, third.key)).toEqual([
      'refused',
      grace > 0 ? 'key' : 'refused',
      'key',
    ]);
  });

  it('ends the grace at the latest when the key expires', async () => {
    const { apiKey, key } = await make();
    const rotated = await rotate(apiKey.id, HOUR);
    await keys.service.update(BY_KEY, COMMAND_LINE, apiKey.id, { is_active: false });
    expect(await kindsOf(key, rotated.key)).toEqual(['refused', 'refused']);
    await keys.service.update(BY_KEY, COMMAND_LINE, apiKey.id, { is_active: true });
    expect(await kindsOf(key, rotated.key)).toEqual(['key', 'key']);
    await keys.service.remove(BY_KEY, COMMAND_LINE, apiKey.id);
    expect(await kindsOf(key, rotated.key)).toEqual(['refused', 'refused']);
  });

  it('hashes the new secret under the current pepper, and remembers under which the old one is', async () => {
    const { apiKey, key } = await make();
    const next = apiKeysOf(dataSource, { peppers: [PEPPER_V2, PEPPER_V1] });
    const rotated = await rotate(apiKey.id, HOUR, next);
    expect(await stored(apiKey.id)).toMatchObject({ pepper_version: 'v2', previous_pepper_version: 'v1' });
    for (const secret of [key, rotated.key])
      expect((await next.authentication.authenticate(secret)).kind).toBe('key');
  });

  it('leaves exactly one valid secret when several rotate at once', async () => {
    const { apiKey } = await make();
    const others = [keys, apiKeysOf(await database.dataSource([ApiKey, AuditRecord]))];
    const rotated = await Promise.all([0, 1, 2, 3].map((at) => rotate(apiKey.id, 0, others[at % 2])));
    const kinds = await kindsOf(...rotated.map(({ key }) => key));
    expect(kinds.sort()).toEqual(['key', 'refused', 'refused', 'refused']);
    expect(await keys.service.find(apiKey.id)).toMatchObject({ version: 5 });
  });

  it('records the rotation, never a secret', async () => {
    const { apiKey, key } = await make();
    const rotated = await rotate(apiKey.id, HOUR);
    const [record, ...others] = await dataSource.manager.findBy(AuditRecord, {
      event_type: 'api_key.rotated',
      request_id: 'request-1',
      event_data: { id: apiKey.id, name: apiKey.name, fields: ['key'], grace_seconds: 3600 },
    });
    expect(others).toEqual([]);
    expect(record).toMatchObject({ actor: 'api_key:0aZ9bY8cX7dW', ip_address: '203.0.113.7' });
    for (const secret of [key, rotated.key]) {
      expect(JSON.stringify(record)).not.toContain(secret.slice(24));
      const [{ row }] = await dataSource.query('SELECT api_keys::text AS row FROM api_keys WHERE id = $1', [
        apiKey.id,
      ]);
      expect(row).not.toContain(secret.slice(24));
    }
  });

  it.each<[Scope[], Scope[]]>([
    [['api-keys:manage'], ['admin']],
    [
      ['api-keys:manage', 'stats:read'],
      ['stats:read', 'audit:read'],
    ],
  ])('does not give a caller with %j the secret of a key with %j', async (held, scopes) => {
    const { apiKey, key } = await make(scopes);
    await expect(keys.rotation.rotate(BY_KEY, holding(held), apiKey.id, 0)).rejects.toThrow(ScopeEscalation);
    expect(await kindsOf(key)).toEqual(['key']);
    expect(await keys.service.find(apiKey.id)).toEqual(apiKey);
  });

  it('rotates the last admin key, because the caller gets the new secret', async () => {
    const { apiKey } = await make(['admin']);
    const { key } = await rotate(apiKey.id, 0);
    expect(await kindsOf(key)).toEqual(['key']);
  });

  it('finds no key that was deleted or never was', async () => {
    const { apiKey } = await make();
    await keys.service.remove(SYSTEM, COMMAND_LINE, apiKey.id);
    await expect(rotate(apiKey.id, 0)).rejects.toThrow(ApiKeyNotFound);
    await expect(rotate('000000000000', 0)).rejects.toThrow(ApiKeyNotFound);
  });
});
