import { postgresOptions } from '@aegis/database';
import { DataSource } from 'typeorm';
import { migratedDatabase, type TestDatabase } from '../../../test/support/database/database';
import { MOST_RECORD_BYTES, recordBytes, recordColumnsWhere } from './record-size';

const TEXTS = {
  event_type: 'license.issued',
  customer_id: 'C-1',
  module_name: 'payroll',
  api_key_id: null,
  actor: 'system',
  user_agent: 'curl/8',
  request_id: 'r-1',
  event_data: { from: 'here' },
};

describe('the size of a record', () => {
  let database: TestDatabase;
  let owner: DataSource;

  beforeAll(async () => {
    database = await migratedDatabase();
    owner = await new DataSource(postgresOptions(database.ownerUrl)).initialize();
    await owner.query(
      `INSERT INTO audit_logs (event_type, customer_id, module_name, actor, user_agent, request_id, event_data)
       VALUES ('license.issued', 'C-1', 'payroll', 'system', 'curl/8', 'r-1', '{"from": "here"}')`,
    );
  });
  afterAll(async () => {
    await owner.destroy();
    await database.drop();
  });

  async function read(condition: string): Promise<Record<string, unknown>> {
    const [row] = await owner.query<Record<string, unknown>[]>(
      `SELECT ${recordColumnsWhere('record', condition)} FROM audit_logs record`,
    );
    return row!;
  }

  it('decides whether its texts are read: either all of them or none', async () => {
    expect(await read('true')).toMatchObject(TEXTS);
    const unread = await read('false');
    expect(unread).toMatchObject(Object.fromEntries(Object.keys(TEXTS).map((column) => [column, null])));
    expect(unread.id).not.toBeNull();
    expect(unread.recorded_at).toBeInstanceOf(Date);
  });

  it('counts the bytes of every text', async () => {
    const bytes = (value: unknown): number =>
      value === null ? 0 : typeof value === 'string' ? value.length : '{"from": "here"}'.length;
    const expected = Object.values(TEXTS).reduce((sum, value) => sum + bytes(value), 0);
    const [row] = await owner.query<{ bytes: number }[]>(
      `SELECT ${recordBytes('record')} AS bytes FROM audit_logs record`,
    );
    expect(row?.bytes).toBe(expected);
    expect(expected).toBeLessThan(MOST_RECORD_BYTES);
  });
});
