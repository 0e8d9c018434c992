import { AuditRecord, SYSTEM } from '@aegis/audit';
import { PreparedStatement } from '@aegis/database';
import { DataSource } from 'typeorm';
import { type ApiKeys, apiKeysOf, PEPPER_V1, PEPPER_V2 } from '../../../test/support/keys/api-keys';
import { type TestDatabase, testDatabase } from '../../../test/support/database/database';
import { COMMAND_LINE } from './key-holder';
import { makeKey } from './api-key-format';
import { ApiKey } from './api-key.entity';
import type { CreatedApiKey, CreateApiKey } from './api-keys.service';

describe('ApiKeyAuthentication', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let keys: ApiKeys;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([ApiKey, AuditRecord]);
  });
  beforeEach(() => {
    keys = apiKeysOf(dataSource);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });
  afterAll(() => database.drop());

  const make = (input: Partial<CreateApiKey> = {}): Promise<CreatedApiKey> =>
    keys.service.create(SYSTEM, COMMAND_LINE, { name: 'CI', scopes: ['licenses:read'], ...input });
  const change = (id: string, assignment: string): Promise<unknown> =>
    dataSource.query(`UPDATE api_keys SET ${assignment} WHERE id = $1`, [id]);
  const kindOf = async (key: string, by = keys): Promise<string> =>
    (await by.authentication.authenticate(key)).kind;

  it('says whose key it is and what it may do', async () => {
    const { apiKey, key } = await make({
      name: 'Shop',
      scopes: ['licenses:issue', 'customers:read'],
      rate_limit_per_minute: 30,
      expires_at: new Date('2099-12-31T23:59:59.999Z'),
    });
    expect(await keys.authentication.authenticate(key)).toEqual({
      kind: 'key',
      key: {
        id: apiKey.id,
        name: 'Shop',
        scopes: ['licenses:issue', 'customers:read'],
        kind: 'api_key',
        proofs: [expect.stringMatching(/^[0-9a-f]{64}$/)],
        sessionId: null,
        hasCurrentSecret: true,
        rateLimitPerMinute: 30,
        expiresAt: new Date('2099-12-31T23:59:59.999Z'),
      },
    });
  });

  it('refuses an unknown key, and a known id with another secret', async () => {
    const { apiKey } = await make();
    const unknown = makeKey('test');
    const noted = (reason: string): object => ({ kind: 'refused', noted: { keyId: unknown.id, reason } });
    expect(await keys.authentication.authenticate(unknown.key)).toEqual(noted('unknown'));
    // The checksum is right, the secret is not: stored under the id of a key, made with another secret.
    await dataSource.query(
      `INSERT INTO api_keys
       SELECT (jsonb_populate_record(NULL::api_keys, to_jsonb(api_keys) || jsonb_build_object('id', $2::text))).*
       FROM api_keys WHERE id = $1`,
      [apiKey.id, unknown.id],
    );
    expect(await keys.authentication.authenticate(unknown.key)).toEqual(noted('wrong_secret'));
  });

  it.each([
    ['deleted', 'is_active = false, deleted_at = clock_timestamp()'],
    ['inactive', 'is_active = false'],
    ['expired', `expires_at = clock_timestamp() - interval '1 ms'`],
    [
      'former_secret',
      `previous_hash = hash, previous_pepper_version = pepper_version, hash = decode(repeat('00', 32), 'hex'),
       previous_expires_at = clock_timestamp() - interval '1 ms'`,
    ],
  ])('notes for the operator that a refused key is %s', async (reason, changes) => {
    const { apiKey, key } = await make();
    await change(apiKey.id, changes);
    expect(await keys.authentication.authenticate(key)).toEqual({
      kind: 'refused',
      noted: { keyId: apiKey.id, reason },
    });
  });

  it('refuses a mistyped key without asking the database', async () => {
    const { key } = await make();
    const query = jest.spyOn(PreparedStatement.prototype, 'run');
    const last = key.endsWith('a') ? 'b' : 'a';
    expect(await kindOf(key.slice(0, -1) + last)).toBe('refused');
    expect(await kindOf('')).toBe('refused');
    expect(query).not.toHaveBeenCalled();
  });

  it('refuses a key of another environment even if its row is in this database', async () => {
    const { key } = await make();
    expect(await kindOf(key)).toBe('key');
    expect(await kindOf(key, apiKeysOf(dataSource, { environment: 'production' }))).toBe('refused');
  });

  it('refuses a key from the moment it is deactivated, and accepts it again once it is active', async () => {
    const { apiKey, key } = await make();
    expect(await kindOf(key)).toBe('key');
    await change(apiKey.id, 'is_active = false');
    expect(await kindOf(key)).toBe('refused');
    await change(apiKey.id, 'is_active = true');
    expect(await kindOf(key)).toBe('key');
  });

  it('refuses a key from the moment it is deleted, in another process too', async () => {
    const other = apiKeysOf(await database.dataSource([ApiKey, AuditRecord]));
    const { apiKey, key } = await make();
    expect(await kindOf(key, other)).toBe('key');
    await keys.service.remove(SYSTEM, COMMAND_LINE, apiKey.id);
    expect(await kindOf(key)).toBe('refused');
    expect(await kindOf(key, other)).toBe('refused');
  });

  it('refuses a key from the instant that it expires by the clock of the database', async () => {
    const { apiKey, key } = await make();
    await change(apiKey.id, `expires_at = clock_timestamp() + interval '400 ms'`);
    const instant = (await keys.service.find(apiKey.id)).expires_at!;
    const databaseNow = async (): Promise<Date> =>
      (await dataSource.query<[{ now: Date }]>('SELECT clock_timestamp() AS now'))[0].now;
    for (let refused = false; !refused;) {
      const before = await databaseNow();
      refused = (await kindOf(key)) === 'refused';
      const after = await databaseNow();
      if (after < instant) expect(refused).toBe(false);
      if (before >= instant) expect(refused).toBe(true);
    }
    expect((await databaseNow()) >= instant).toBe(true);
  });

  it('does not believe the clock of its own process', async () => {
    const { apiKey, key } = await make();
    await change(apiKey.id, `expires_at = clock_timestamp() + interval '1 minute'`);
    jest.spyOn(Date, 'now').mockReturnValue(Date.parse('2199-01-01T00:00:00Z'));
    expect(await kindOf(key)).toBe('key');
    await change(apiKey.id, `expires_at = clock_timestamp() - interval '1 ms'`);
    jest.spyOn(Date, 'now').mockReturnValue(Date.parse('2001-01-01T00:00:00Z'));
    expect(await kindOf(key)).toBe('refused');
  });

  it('accepts the previous secret until its grace ends', async () => {
    const { apiKey, key } = await make();
    await change(
      apiKey.id,
      `previous_hash = hash, previous_pepper_version = pepper_version, hash = decode(repeat('00', 32), 'hex'),
       previous_expires_at = clock_timestamp() + interval '1 minute'`,
    );
    expect(await kindOf(key)).toBe('key');
    await change(apiKey.id, `previous_expires_at = clock_timestamp() - interval '1 ms'`);
    expect(await kindOf(key)).toBe('refused');
  });

  it('accepts keys hashed under an older pepper while that pepper is configured', async () => {
    const { key } = await make();
    expect(await kindOf(key, apiKeysOf(dataSource, { peppers: [PEPPER_V2, PEPPER_V1] }))).toBe('key');
    expect(await kindOf(key, apiKeysOf(dataSource, { peppers: [PEPPER_V2] }))).toBe('refused');
  });

  it('hashes for an unknown id as often as for a known one', async () => {
    const { key } = await make();
    const inactive = await make();
    await change(inactive.apiKey.id, 'is_active = false');
    const matches = jest.spyOn(keys.peppers, 'matches');
    const timesFor = async (presented: string): Promise<number> => {
      matches.mockClear();
      await keys.authentication.authenticate(presented);
      return matches.mock.calls.length;
    };
    expect(await timesFor(key)).toBe(2);
    expect(await timesFor(inactive.key)).toBe(2);
    expect(await timesFor(makeKey('test').key)).toBe(2);
  });

  it('asks the database once for all that arrive together, and answers each by its own key', async () => {
    const made = await Promise.all([make({ name: 'one' }), make({ name: 'two' }), make({ name: 'three' })]);
    const query = jest.spyOn(PreparedStatement.prototype, 'run');
    const presented = [made[2].key, makeKey('test').key, made[0].key, made[1].key, made[0].key];
    const credentials = await Promise.all(presented.map((key) => keys.authentication.authenticate(key)));
    expect(
      credentials.map((credential) => (credential.kind === 'key' ? credential.key.name : credential.kind)),
    ).toEqual(['three', 'refused', 'one', 'two', 'one']);
    expect(query).toHaveBeenCalledTimes(1);
  });

  it('says that the answer is unknown while the database is unavailable, and recovers', async () => {
    const { key } = await make();
    const away = await database.dataSource([ApiKey, AuditRecord]);
    const other = apiKeysOf(away);
    await away.destroy();
    expect(await other.authentication.authenticate(key)).toEqual({
      kind: 'unavailable',
      error: expect.any(Error),
    });
    await away.initialize();
    expect(await kindOf(key, other)).toBe('key');
  });

  it('counts accepted uses, not refused ones', async () => {
    const { apiKey, key } = await make();
    const other = await make();
    await kindOf(key);
    await kindOf(key);
    await kindOf(other.key.slice(0, -1));
    await change(other.apiKey.id, 'is_active = false');
    await kindOf(other.key);
    await keys.usage.flush();
    expect(await keys.service.find(apiKey.id)).toMatchObject({ usage_count: 2 });
    expect(await keys.service.find(other.apiKey.id)).toMatchObject({ usage_count: 0, last_used_at: null });
  });
});
