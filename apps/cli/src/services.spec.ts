import { Jobs, JobsModule } from '@aegis/jobs';
import { Injectable, type INestApplicationContext, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { withServices } from './services';

/** Has a write that waits until the end. */
@Injectable()
class Waiting {
  constructor(jobs: Jobs, dataSource: DataSource) {
    jobs.add({
      name: 'api-key-uses',
      pauseMs: 3_600_000,
      failure: 'could not be written',
      runsAtShutdown: true,
      run: () => dataSource.query(`INSERT INTO customers (id, name) VALUES (gen_random_uuid(), 'Acme')`),
    });
  }
}

@Module({ imports: [JobsModule], providers: [Waiting] })
class WaitingModule {}

describe('the services of a command', () => {
  const before = { ...process.env };
  let database: TestDatabase;

  beforeEach(async () => {
    database = await testDatabase();
    Object.assign(process.env, {
      ENVIRONMENT: 'test',
      DATABASE_URL: database.applicationUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
    });
  });
  afterEach(async () => {
    process.env = { ...before };
    await database.drop();
  });

  const runs = async (): Promise<number> => {
    const dataSource = await database.dataSource([]);
    const [row] = await dataSource.query<{ count: number }[]>('SELECT count(*)::int AS count FROM customers');
    return row!.count;
  };

  it.each([
    ['succeeds', () => Promise.resolve('done'), 'done'],
    ['fails', () => Promise.reject(new Error('out of order')), 'Error: out of order'],
  ])('are closed after work that %s, and waiting writes are done', async (_how, work, outcome) => {
    let pool: DataSource | undefined;
    const ended = withServices([], [WaitingModule], 'changes', (services: INestApplicationContext) => {
      pool = services.get(DataSource);
      return work();
    });
    expect(await ended.catch(String)).toBe(outcome);
    expect(pool!.isInitialized).toBe(false);
    // The first run, and the one at shutdown.
    expect(await runs()).toBe(2);
  });
});
