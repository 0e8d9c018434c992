import { AuditRecord, SYSTEM } from '@aegis/audit';
import { postgresOptions } from '@aegis/database';
import { DataSource, In } from 'typeorm';
import { type ApiKeys, apiKeysOf } from '../../../test/support/keys/api-keys';
import { stopJobs, withRunning } from '../../../test/support/jobs';
import { type TestDatabase, testDatabase } from '../../../test/support/database/database';
import { COMMAND_LINE } from './key-holder';
import { ApiKey } from './api-key.entity';

const EARLY = new Date('2026-03-01T10:00:00.000Z');
const LATE = new Date('2026-03-01T10:00:05.000Z');

describe('ApiKeyUsage', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let keys: ApiKeys;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([ApiKey, AuditRecord]);
  });
  beforeEach(() => {
    keys = apiKeysOf(dataSource);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });
  afterAll(() => database.drop());

  const make = async (): Promise<ApiKey> =>
    (await keys.service.create(SYSTEM, COMMAND_LINE, { name: 'CI', scopes: ['licenses:read'] })).apiKey;

  it('writes counts and the latest time of many keys at once, and changes nothing else', async () => {
    const [one, two, unused] = [await make(), await make(), await make()];
    keys.usage.count(one.id, LATE);
    keys.usage.count(two.id, EARLY);
    keys.usage.count(one.id, EARLY);
    const query = jest.spyOn(dataSource, 'query');
    await keys.usage.flush();
    expect(query).toHaveBeenCalledTimes(1);
    expect(await keys.service.find(one.id)).toEqual(
      Object.assign(one, { usage_count: 2, last_used_at: LATE }),
    );
    expect(await keys.service.find(two.id)).toEqual(
      Object.assign(two, { usage_count: 1, last_used_at: EARLY }),
    );
    expect(await keys.service.find(unused.id)).toEqual(unused);
  });

  it('adds to what is there, and never sets the last use back', async () => {
    const { id } = await make();
    keys.usage.count(id, LATE);
    await keys.usage.flush();
    keys.usage.count(id, EARLY);
    await keys.usage.flush();
    expect(await keys.service.find(id)).toMatchObject({ usage_count: 2, last_used_at: LATE });
  });

  it('writes nothing when nothing was used', async () => {
    const query = jest.spyOn(dataSource, 'query');
    await keys.usage.flush();
    expect(query).not.toHaveBeenCalled();
  });

  it('keeps the counts of a failed write for the next one, with those that came meanwhile', async () => {
    const { id } = await make();
    const away = await database.dataSource([ApiKey, AuditRecord]);
    const other = apiKeysOf(away);
    await away.destroy();
    other.usage.count(id, EARLY);
    const failing = other.usage.flush();
    other.usage.count(id, LATE);
    await failing;
    expect(other.logged()).toContain('could not be written');
    await away.initialize();
    await other.usage.flush();
    expect(await keys.service.find(id)).toMatchObject({ usage_count: 2, last_used_at: LATE });
  });

  it('drops a count that the database refuses, so that it does not block the others forever', async () => {
    const made = [await make(), await make(), await make(), await make()];
    await dataSource.query('UPDATE api_keys SET usage_count = 9223372036854775807 WHERE id = $1', [
      made[2]!.id,
    ]);
    for (const { id } of made) keys.usage.count(id, EARLY);
    await keys.usage.flush();
    expect(keys.logged()).toContain('it is dropped');
    keys.usage.count(made[0]!.id, LATE);
    await keys.usage.flush();
    const rows: { usage_count: string }[] = await dataSource.query(
      'SELECT usage_count FROM api_keys WHERE id = ANY($1) ORDER BY array_position($1, id)',
      [made.map(({ id }) => id)],
    );
    expect(rows.map(({ usage_count }) => usage_count)).toEqual(['2', '1', '9223372036854775807', '1']);
  });

  it('counts uses of several processes that write at once', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 60; count += 1) ids.push((await make()).id);
    // The plan that a large table gets: rows are taken in the order in which they are named.
    const url = new URL(database.applicationUrl);
    url.searchParams.set('options', '-c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off');
    const sources = await Promise.all(
      [1, 2, 3].map(() => new DataSource({ ...postgresOptions(url.href), entities: [ApiKey] }).initialize()),
    );
    const processes = sources.map((source) => apiKeysOf(source));
    for (let round = 0; round < 20; round += 1) {
      // Each names the keys in another order: taking the rows' locks in it would end in deadlocks.
      processes.forEach(({ usage }, index) => {
        for (const id of [...ids.slice(index * 20), ...ids.slice(0, index * 20)]) usage.count(id, EARLY);
      });
      await Promise.all(processes.map(({ usage }) => usage.flush()));
    }
    await Promise.all(sources.map((source) => source.destroy()));
    expect(processes.map(({ logged }) => logged())).toEqual(['', '', '']);
    const counts = await dataSource.manager.findBy(ApiKey, { id: In(ids) });
    expect(counts.map(({ usage_count }) => usage_count)).toEqual(ids.map(() => 60));
  });

  it('writes by itself every two seconds', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const query = jest.spyOn(dataSource, 'query');
    await withRunning(keys.jobs, async () => {
      const { id } = await make();
      keys.usage.count(id, EARLY);
      query.mockClear();
      await jest.advanceTimersByTimeAsync(1999);
      expect(query).not.toHaveBeenCalled();
      await jest.advanceTimersByTimeAsync(1);
      expect(query).toHaveBeenCalledTimes(1);
    });
  });

  it('writes all waiting counts at shutdown, including those of a write that is in progress', async () => {
    const { id } = await make();
    keys.usage.count(id, EARLY);
    void keys.usage.flush();
    keys.usage.count(id, LATE);
    await stopJobs(keys.jobs);
    expect(await keys.service.find(id)).toMatchObject({ usage_count: 2, last_used_at: LATE });
  });

  it('writes at once when 10,000 keys wait', async () => {
    const { id } = await make();
    const query = jest.spyOn(dataSource, 'query');
    keys.usage.count(id, EARLY);
    for (let other = 0; other < 9998; other += 1) keys.usage.count(`known-${other}`, EARLY);
    expect(query).not.toHaveBeenCalled();
    keys.usage.count('known-9998', EARLY);
    expect(query).toHaveBeenCalledTimes(1);
    await stopJobs(keys.jobs);
    expect(await keys.service.find(id)).toMatchObject({ usage_count: 1 });
  });
});
