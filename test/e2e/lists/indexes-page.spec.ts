import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client } from 'pg';
import { expectNothingMissing } from '../../support/complete-list';
import { testDatabase, type TestDatabase } from '../../support/database/database';

/** Tables that an issue writes, or a list reads. */
const TABLES = [
  'licenses',
  'license_tokens',
  'customers',
  'customer_beginnings',
  'audit_logs',
  'api_keys',
  'idempotency_keys',
];

describe('docs/indexes.md', () => {
  let database: TestDatabase;
  let owner: Client;

  beforeAll(async () => {
    database = await testDatabase();
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  it('names each index of the tables that an issue writes and lists read, and no other', async () => {
    const page = readFileSync(resolve(__dirname, '../../../docs/indexes.md'), 'utf8');
    const named = new Set([...page.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name!));
    const { rows } = await owner.query<{ name: string }>(
      `SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY($1) ORDER BY 1`,
      [TABLES],
    );
    const names = rows.map(({ name }) => name);
    expectNothingMissing(
      names.filter((name) => !named.has(name)),
      'Say in docs/indexes.md which query needs it and what it costs an issue',
    );
    const gone = [...named].filter(
      (name) => TABLES.some((table) => name.startsWith(`${table}_`)) && !names.includes(name),
    );
    expect(gone).toEqual([]);
  });
});
