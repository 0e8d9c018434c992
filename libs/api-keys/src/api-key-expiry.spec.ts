import { AuditRecord, SYSTEM } from '@aegis/audit';
import { Metrics } from '@aegis/metrics';
import { DataSource } from 'typeorm';
import { type TestDatabase, testDatabase } from '../../../test/support/database/database';
import { jobsOf } from '../../../test/support/jobs';
import { type ApiKeys, apiKeysOf } from '../../../test/support/keys/api-keys';
import { ApiKeyExpiry } from './api-key-expiry';
import { ApiKey } from './api-key.entity';
import { COMMAND_LINE } from './key-holder';

const DAY_MS = 86_400_000;

describe('the next expiry of an API key', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let keys: ApiKeys;
  let expiry: ApiKeyExpiry;
  const metrics = new Metrics();
  const now = Math.floor(Date.now() / 1000) * 1000;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([ApiKey, AuditRecord]);
    keys = apiKeysOf(dataSource);
    expiry = new ApiKeyExpiry(dataSource, metrics, jobsOf({ metrics }));
  });
  afterAll(() => database.drop());

  const make = async (days: number | null): Promise<string> => {
    const expires_at = days === null ? null : new Date(now + days * DAY_MS);
    const key = { name: 'CI', scopes: ['licenses:read' as const], expires_at };
    return (await keys.service.create(SYSTEM, COMMAND_LINE, key)).apiKey.id;
  };

  const reported = async (): Promise<number> => {
    await expiry.refresh();
    const text = await metrics.registry.metrics();
    return Number(/^aegis_api_key_next_expiry_timestamp_seconds (\S+)$/m.exec(text)?.[1]);
  };

  const inDays = (days: number): number => (now + days * DAY_MS) / 1000;

  it('is 0 while no key expires', async () => {
    await make(null);
    expect(await reported()).toBe(0);
  });

  it('leaves out keys that were made for a short time', async () => {
    await make(7);
    await make(400);
    expect(await reported()).toBe(inDays(400));
  });

  it('is the one of the key that ends first, while it counts', async () => {
    const id = await make(100);
    expect(await reported()).toBe(inDays(100));
    await dataSource.query('UPDATE api_keys SET is_active = false WHERE id = $1', [id]);
    expect(await reported()).toBe(inDays(400));
  });

  it('forgets a key that has expired', async () => {
    await dataSource.query(
      `UPDATE api_keys SET created_at = created_at - interval '2 years', expires_at = created_at - interval '1 day'`,
    );
    expect(await reported()).toBe(0);
  });
});
