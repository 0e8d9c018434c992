import { AuditRecord, SYSTEM } from '@aegis/audit';
import { DataSource } from 'typeorm';
import { type ApiKeys, apiKeysOf, PEPPER_V1, PEPPER_V2 } from '../../../../test/support/keys/api-keys';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { COMMAND_LINE } from '../key-holder';
import { ApiKey } from '../api-key.entity';
import type { CreatedApiKey } from '../api-keys.service';

describe('PepperUse', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let old: ApiKeys;
  let now: ApiKeys;

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([ApiKey, AuditRecord]);
    old = apiKeysOf(dataSource, { peppers: [PEPPER_V1] });
    now = apiKeysOf(dataSource, { peppers: [PEPPER_V2, PEPPER_V1] });
  });
  afterEach(() => database.drop());

  const make = (by: ApiKeys, name = 'CI'): Promise<CreatedApiKey> =>
    by.service.create(SYSTEM, COMMAND_LINE, { name, scopes: ['licenses:read'] });
  const nothing = {
    keys: 0,
    graces: 0,
    graces_until: null,
    remembered_answers: 0,
    remembered_answers_until: null,
  };

  it('lists every configured pepper, and that nothing depends on it yet', async () => {
    expect(await now.pepperUse.byPepper()).toEqual([
      { version: 'v2', state: 'current', ...nothing },
      { version: 'v1', state: 'known', ...nothing },
    ]);
    expect(await now.pepperUse.keysLeftBehind()).toEqual([]);
  });

  it('counts keys by pepper, inactive and expired ones too, deleted ones not', async () => {
    const [, inactive, expired, deleted] = [
      await make(old),
      await make(old),
      await make(old),
      await make(old),
    ];
    await make(now);
    await old.service.update(SYSTEM, COMMAND_LINE, inactive.apiKey.id, { is_active: false });
    await dataSource.query(
      `UPDATE api_keys SET expires_at = clock_timestamp() - interval '1 ms' WHERE id = $1`,
      [expired.apiKey.id],
    );
    await old.service.remove(SYSTEM, COMMAND_LINE, deleted.apiKey.id);
    expect(await now.pepperUse.byPepper()).toEqual([
      { version: 'v2', state: 'current', ...nothing, keys: 1 },
      { version: 'v1', state: 'known', ...nothing, keys: 3 },
    ]);
  });

  it('counts previous secrets while they are valid, and says until when', async () => {
    const [one, two] = [await make(old), await make(old)];
    await now.rotation.rotate(SYSTEM, COMMAND_LINE, one.apiKey.id, 60);
    await now.rotation.rotate(SYSTEM, COMMAND_LINE, two.apiKey.id, 600);
    const [{ until }] = await dataSource.query('SELECT max(previous_expires_at) AS until FROM api_keys');
    expect((await now.pepperUse.byPepper())[1]).toEqual({
      ...{ version: 'v1', state: 'known', ...nothing, graces: 2 },
      graces_until: until as Date,
    });
    await dataSource.query(`UPDATE api_keys SET previous_expires_at = clock_timestamp() - interval '1 ms'`);
    expect((await now.pepperUse.byPepper())[1]).toEqual({ version: 'v1', state: 'known', ...nothing });
  });

  it('counts remembered answers that can still be requested, and says until when', async () => {
    await dataSource.query(
      `INSERT INTO idempotency_keys (key_hash, request_hash, pepper_version, answer, created_at)
       SELECT sha256(n::text::bytea), sha256(n::text::bytea), 'v1', 'x', clock_timestamp() - n * interval '1 hour'
         FROM unnest(ARRAY[1, 2, 24]) AS n`,
    );
    const [{ until }] = await dataSource.query(
      `SELECT max(created_at) + interval '24 hours' AS until FROM idempotency_keys`,
    );
    expect((await now.pepperUse.byPepper())[1]).toEqual({
      ...{ version: 'v1', state: 'known', ...nothing, remembered_answers: 2 },
      remembered_answers_until: until as Date,
    });
  });

  it('lists peppers that are no longer known, though keys depend on them', async () => {
    const { apiKey } = await make(old);
    const without = apiKeysOf(dataSource, { peppers: [PEPPER_V2] });
    expect(await without.pepperUse.byPepper()).toEqual([
      { version: 'v2', state: 'current', ...nothing },
      { version: 'v1', state: 'unknown', ...nothing, keys: 1 },
    ]);
    expect((await without.pepperUse.keysLeftBehind()).map(({ id }) => id)).toEqual([apiKey.id]);
  });

  it('names the keys that are left behind, least recently used first, without a hash', async () => {
    const [unused, late, early] = [
      await make(old, 'unused'),
      await make(old, 'late'),
      await make(old, 'early'),
    ];
    await make(now);
    for (const [{ apiKey }, at] of [
      [late, '2026-02-02T00:00:00Z'],
      [early, '2026-01-01T00:00:00Z'],
    ] as const)
      await dataSource.query('UPDATE api_keys SET last_used_at = $2 WHERE id = $1', [apiKey.id, at]);
    const left = await now.pepperUse.keysLeftBehind();
    expect(left.map(({ name }) => name)).toEqual(['unused', 'early', 'late']);
    expect(JSON.parse(JSON.stringify(left[0]))).toEqual({
      id: unused.apiKey.id,
      name: 'unused',
      pepper_version: 'v1',
      is_active: true,
      expires_at: null,
      last_used_at: null,
    });
  });
});
