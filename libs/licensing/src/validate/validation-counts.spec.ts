import type { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { PassThrough } from 'node:stream';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { jobsOf, stopJobs, withRunning } from '../../../../test/support/jobs';
import { until } from '../../../../test/support/until';
import { ValidationCounts } from './validation-counts';

describe('counts of validations', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let owner: Client;
  let logged: string;
  let jobs: Jobs;
  let counts: ValidationCounts;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
  });
  beforeEach(async () => {
    await owner.query('TRUNCATE validation_counts');
    logged = '';
    const stream = new PassThrough().on('data', (chunk: Buffer) => (logged += chunk.toString()));
    const logger = new Logger({ level: 'debug', format: 'json', stream });
    jobs = jobsOf({ logger });
    counts = new ValidationCounts(dataSource, jobs, logger);
  });
  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  async function written(): Promise<Record<string, number>> {
    const { rows } = await owner.query<{ code: string; count: number }>(
      'SELECT code, sum(count)::int AS count FROM validation_counts GROUP BY code ORDER BY code',
    );
    return Object.fromEntries(rows.map(({ code, count }) => [code, count]));
  }

  it('add up, by code, over processes and time', async () => {
    for (const code of ['VALID', 'VALID', 'REVOKED'] as const) counts.add(code);
    await counts.flush();
    counts.add('VALID');
    await counts.flush();
    expect(await written()).toEqual({ REVOKED: 1, VALID: 3 });
  });

  it('are written by themselves within seconds', async () => {
    await withRunning(jobs, async () => {
      counts.add('EXPIRED');
      await until('they are written', async () => (await written()).EXPIRED !== undefined);
    });
    expect(await written()).toEqual({ EXPIRED: 1 });
  });

  it('are written at the end of the process', async () => {
    counts.add('NOT_FOUND');
    await stopJobs(jobs);
    expect(await written()).toEqual({ NOT_FOUND: 1 });
  });

  it('are kept for the next time if they cannot be written', async () => {
    counts.add('VALID');
    await owner.query('REVOKE INSERT ON validation_counts FROM aegis_app');
    await counts.flush();
    counts.add('VALID');
    await owner.query('GRANT INSERT ON validation_counts TO aegis_app');
    expect(await written()).toEqual({});
    expect(logged).toContain('"level":"warn"');
    await counts.flush();
    expect(await written()).toEqual({ VALID: 2 });
  });

  it('are written without one that the database refuses', async () => {
    await owner.query(`ALTER TABLE validation_counts ADD CONSTRAINT refuses CHECK (code <> 'EXPIRED')`);
    for (const code of ['VALID', 'EXPIRED', 'REVOKED', 'NOT_FOUND'] as const) counts.add(code);
    await counts.flush();
    await owner.query('ALTER TABLE validation_counts DROP CONSTRAINT refuses');
    await counts.flush();
    expect(await written()).toEqual({ NOT_FOUND: 1, REVOKED: 1, VALID: 1 });
    expect(logged).toContain('it is dropped');
  });

  it('are not written twice', async () => {
    counts.add('VALID');
    await Promise.all([counts.flush(), counts.flush()]);
    await stopJobs(jobs);
    expect(await written()).toEqual({ VALID: 1 });
  });
});
