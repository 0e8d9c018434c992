import { DiskFullness, PoolRenewal } from '@aegis/database';
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
  const log: string[] = [];
  const metrics = new Metrics();

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    const stream = new PassThrough().on('data', (chunk: Buffer) => log.push(chunk.toString()));
    const logger = new Logger({ level: 'error', format: 'json', stream });
    const pool = new PoolRenewal(dataSource, logger);
    const disk = new DiskFullness(dataSource);
    readiness = new DatabaseReadiness(dataSource, pool, disk, logger, new HealthIndicatorService(), metrics);
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

  it('says no while the disk of the database is full', async () => {
    jest.spyOn(performance, 'now').mockReturnValue(1e8);
    const full = `DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '53100'; END $$`;
    await expect(dataSource.query(full)).rejects.toThrow('made up');
    expect(await readiness.check()).toEqual({ database: { status: 'down' } });
    expect(log.join('')).toContain('not ready: the database has no room on its disk');
    expect(await metrics.registry.metrics()).toContain('aegis_database_obstacle{obstacle="disk_full"} 1');
  });

  it('says no to all who ask while the database does not answer', async () => {
    jest.spyOn(dataSource, 'query').mockRejectedValue(new Error('gone'));
    jest.spyOn(performance, 'now').mockReturnValue(1e9);
    const all = await Promise.all([readiness.check(), readiness.check()]);
    expect(all).toEqual([{ database: { status: 'down' } }, { database: { status: 'down' } }]);
  });
});
