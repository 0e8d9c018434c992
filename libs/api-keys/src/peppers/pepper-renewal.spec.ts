import { AuditRecord, SYSTEM } from '@aegis/audit';
import { DataSource } from 'typeorm';
import { type ApiKeys, apiKeysOf, PEPPER_V1, PEPPER_V2 } from '../../../../test/support/keys/api-keys';
import { stopJobs } from '../../../../test/support/jobs';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { COMMAND_LINE } from '../key-holder';
import { ApiKey } from '../api-key.entity';
import type { CreatedApiKey } from '../api-keys.service';

describe('PepperRenewal', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let before: ApiKeys;
  let between: ApiKeys;
  let after: ApiKeys;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([ApiKey, AuditRecord]);
  });
  beforeEach(() => {
    before = apiKeysOf(dataSource, { peppers: [PEPPER_V1] });
    between = apiKeysOf(dataSource, { peppers: [PEPPER_V2, PEPPER_V1] });
    after = apiKeysOf(dataSource, { peppers: [PEPPER_V2] });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => database.drop());

  const make = (): Promise<CreatedApiKey> =>
    before.service.create(SYSTEM, COMMAND_LINE, { name: 'CI', scopes: ['licenses:read'] });
  const kindOf = async (key: string, by: ApiKeys): Promise<string> =>
    (await by.authentication.authenticate(key)).kind;
  const row = async (id: string): Promise<Record<string, unknown>> =>
    (await dataSource.query<Record<string, unknown>[]>('SELECT * FROM api_keys WHERE id = $1', [id]))[0]!;
  /** Statements that change keys, of all that were run since. */
  const writes = (): (() => number) => {
    const query = jest.spyOn(dataSource, 'query');
    return () => query.mock.calls.filter(([text]) => text.includes('UPDATE api_keys SET hash')).length;
  };

  it('hashes a key with the current pepper when it is used, so that the older pepper can be dropped', async () => {
    const { apiKey, key } = await make();
    expect(await kindOf(key, after)).toBe('refused');
    expect(await kindOf(key, between)).toBe('key');
    await between.renewal.flush();
    expect(await kindOf(key, after)).toBe('key');
    expect(await row(apiKey.id)).toMatchObject({ pepper_version: 'v2' });
    expect(await kindOf(key, before)).toBe('refused');
  });

  it('does not count as a change of the key: its ETag and its time stay', async () => {
    const { apiKey, key } = await make();
    await kindOf(key, between);
    await between.renewal.flush();
    expect(await between.service.find(apiKey.id)).toEqual(apiKey);
  });

  it('writes each key once, however often it is used, and all that wait together', async () => {
    const made = await Promise.all([make(), make(), make()]);
    const count = writes();
    for (let use = 0; use < 5; use += 1) for (const { key } of made) await kindOf(key, between);
    expect(count()).toBe(0);
    await between.renewal.flush();
    expect(count()).toBe(1);
    for (const { key } of made) await kindOf(key, between);
    await between.renewal.flush();
    expect(count()).toBe(1);
  });

  it('writes nothing for refused keys, nor for keys under the current pepper', async () => {
    const { apiKey, key } = await make();
    await dataSource.query('UPDATE api_keys SET is_active = false WHERE id = $1', [apiKey.id]);
    const current = await between.service.create(SYSTEM, COMMAND_LINE, {
      name: 'New',
      scopes: ['stats:read'],
    });
    const count = writes();
    await kindOf(key, between);
    await kindOf(current.key, between);
    await between.renewal.flush();
    expect(count()).toBe(0);
    expect(await row(apiKey.id)).toMatchObject({ pepper_version: 'v1' });
  });

  it('does not bring back a secret that was rotated away meanwhile', async () => {
    const { apiKey, key } = await make();
    await kindOf(key, between);
    const rotated = await before.rotation.rotate(SYSTEM, COMMAND_LINE, apiKey.id, 0);
    await between.renewal.flush();
    expect(await kindOf(key, between)).toBe('refused');
    expect(await kindOf(rotated.key, between)).toBe('key');
    expect(await row(apiKey.id)).toMatchObject({ pepper_version: 'v1' });
  });

  it('does not replace the new secret with the previous one', async () => {
    const { apiKey, key } = await make();
    await before.rotation.rotate(SYSTEM, COMMAND_LINE, apiKey.id, 3600);
    const { hash } = await row(apiKey.id);
    expect(await kindOf(key, between)).toBe('key');
    await between.renewal.flush();
    expect(await row(apiKey.id)).toMatchObject({ hash, pepper_version: 'v1' });
  });

  it('keeps what it could not write for the next time, and logs the error', async () => {
    const { apiKey, key } = await make();
    await kindOf(key, between);
    jest.spyOn(dataSource, 'query').mockRejectedValueOnce(new Error('away'));
    await between.renewal.flush();
    expect(between.logged()).toMatch(/current pepper/);
    expect(await row(apiKey.id)).toMatchObject({ pepper_version: 'v1' });
    await between.renewal.flush();
    expect(await row(apiKey.id)).toMatchObject({ pepper_version: 'v2' });
  });

  it('writes what waits when the process stops', async () => {
    const { apiKey, key } = await make();
    await kindOf(key, between);
    await stopJobs(between.jobs);
    expect(await row(apiKey.id)).toMatchObject({ pepper_version: 'v2' });
  });
});
