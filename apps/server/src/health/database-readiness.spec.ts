import { PoolRenewal } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { HealthIndicatorService } from '@nestjs/terminus';
import { PassThrough } from 'node:stream';
import type { DataSource } from 'typeorm';
import { type TestDatabase, testDatabase } from '../../../../test/support/database/database';
import { DatabaseReadiness } from './database-readiness';

describe('the readiness of the database', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let readiness: DatabaseReadiness;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough() });
    const pool = new PoolRenewal(dataSource, logger);
    readiness = new DatabaseReadiness(dataSource, pool, logger, new HealthIndicatorService(), new Metrics());
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => database.drop());

  it('is asked for once, however many want to know, and again half a second later', async () => {
    const query = jest.spyOn(dataSource, 'query');
    const clock = jest.spyOn(performance, 'now');
    let now = 1000;
    clock.mockImplementation(() => now);
    const all = await Promise.all(Array.from({ length: 200 }, () => readiness.check()));
    expect(new Set(all.map(({ database: { status } }) => status))).toEqual(new Set(['up']));
    expect(query).toHaveBeenCalledTimes(1);
    now += 499;
    await readiness.check();
    expect(query).toHaveBeenCalledTimes(1);
    now += 2;
    await readiness.check();
    expect(query).toHaveBeenCalledTimes(2);
  });

  it('says no to all who ask while the database does not answer', async () => {
    jest.spyOn(dataSource, 'query').mockRejectedValue(new Error('gone'));
    jest.spyOn(performance, 'now').mockReturnValue(1e9);
    const all = await Promise.all([readiness.check(), readiness.check()]);
    expect(all).toEqual([{ database: { status: 'down' } }, { database: { status: 'down' } }]);
  });
});
