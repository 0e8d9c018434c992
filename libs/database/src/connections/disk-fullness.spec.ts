import { Client, type PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { DiskFullness } from './disk-fullness';
import { poolOf } from './driver-internals';

describe('whether the disk of the database is full', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let disk: DiskFullness;
  let now: number;
  let notices: string[];

  beforeEach(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    disk = new DiskFullness(dataSource);
    notices = [];
    poolOf(dataSource).on('connect', (client: PoolClient) => {
      client.on('notice', ({ message }) => notices.push(message ?? ''));
    });
    now = 1000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await database.drop();
  });

  const refuse = (state: string): Promise<void> =>
    expect(
      dataSource.query(`DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '${state}'; END $$`),
    ).rejects.toMatchObject({ code: state });
  /** Sets for sessions that begin from now on. */
  async function configure(setting: string): Promise<void> {
    const client = new Client({ connectionString: database.superuserUrl });
    await client.connect();
    const { rows } = await client.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
    await client.query(`ALTER ROLE aegis_app IN DATABASE ${rows[0]!.name} SET ${setting}`);
    await client.end();
    const pool = poolOf(dataSource);
    for (let idle = pool.idleCount; idle > 0; idle--) (await pool.connect()).release(true);
  }

  it('is no until a statement of anyone is refused for it', async () => {
    expect(await disk.isFull()).toBe(false);
    await refuse('53200');
    expect(await disk.isFull()).toBe(false);
    await refuse('53100');
    expect(await disk.isFull()).toBe(true);
  });

  it('is yes for two seconds after the last refusal, and then what the disk says', async () => {
    await refuse('53100');
    now += 1500;
    await refuse('53100');
    now += 1999;
    expect(await disk.isFull()).toBe(true);
    now += 1;
    expect(await disk.isFull()).toBe(false);
    expect(await disk.isFull()).toBe(false);
    await refuse('53100');
    expect(await disk.isFull()).toBe(true);
  });

  it('is checked again after a while, by a statement that needs room on the disk', async () => {
    await configure('log_temp_files = 0');
    await configure('client_min_messages = log');
    await refuse('53100');
    await disk.isFull();
    expect(notices.filter((text) => text.startsWith('temporary file'))).toEqual([]);
    now += 2000;
    expect(await disk.isFull()).toBe(false);
    expect(notices.filter((text) => text.startsWith('temporary file'))).toHaveLength(1);
    // What is known is not asked again.
    await disk.isFull();
    expect(notices.filter((text) => text.startsWith('temporary file'))).toHaveLength(1);
  });

  it('is no if that statement may write no file: the next write shows it', async () => {
    await configure('temp_file_limit = 0');
    await refuse('53100');
    now += 2000;
    expect(await disk.isFull()).toBe(false);
  });

  it('is unknown while the database cannot be reached', async () => {
    await refuse('53100');
    now += 2000;
    await dataSource.destroy();
    await expect(disk.isFull()).rejects.toThrow();
    await dataSource.initialize();
  });
});
