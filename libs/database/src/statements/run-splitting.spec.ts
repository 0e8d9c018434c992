import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../../test/support/database/database';
import { LostAnswer } from '../../../../test/support/database/lost-answer';
import { until } from '../../../../test/support/until';
import { postgresOptions } from '../connections/connection-options';
import { MicroBatch } from './micro-batch';
import { sqlState } from '../postgres-errors';
import { runSplitting } from './run-splitting';

const INSERT = 'INSERT INTO things (name) SELECT * FROM unnest($1::text[])';

describe('a batch of which the database refuses one input', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let owner: Client;

  beforeAll(async () => {
    database = await testDatabase();
    dataSource = await database.dataSource([]);
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query(`CREATE TABLE things (name text NOT NULL CHECK (name <> 'forbidden'))`);
    await owner.query('CREATE INDEX things_by_name ON things (name)');
    await owner.query('GRANT SELECT, INSERT ON things TO aegis_app');
  });
  beforeEach(() => owner.query('TRUNCATE things'));
  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  async function written(): Promise<string[]> {
    const { rows } = await owner.query<{ name: string }>('SELECT name FROM things');
    return rows.map(({ name }) => name).sort();
  }

  /** Inserts through a MicroBatch: all names in one run. */
  function insertAll(names: readonly string[], into = dataSource): Promise<PromiseSettledResult<string>[]> {
    const batch = new MicroBatch<string, string>(
      async (inputs) => {
        await into.query(INSERT, [inputs]);
        return inputs.map((input) => `${input} is written`);
      },
      { name: 'test', maxSize: 500, maxConcurrent: 1 },
    );
    return Promise.allSettled(names.map((name) => batch.add(name)));
  }

  const goodNames = Array.from({ length: 99 }, (_, index) => `good-${index}`);

  it.each([
    ['22', 'a character that no text can hold', 'a\0b'],
    ['23', 'a broken constraint', 'forbidden'],
    ['54', 'a value too large for its index', randomBytes(8_000).toString('base64')],
  ])('fails only that one: class %s, %s', async (sqlStateClass, _what, bad) => {
    for (const at of [0, 50, 99]) {
      await owner.query('TRUNCATE things');
      const outcomes = await insertAll([...goodNames.slice(0, at), bad, ...goodNames.slice(at)]);
      const [failed, ...others] = outcomes.filter(({ status }) => status === 'rejected');
      expect([others, outcomes.findIndex(({ status }) => status === 'rejected')]).toEqual([[], at]);
      expect(sqlState((failed as PromiseRejectedResult).reason)?.slice(0, 2)).toBe(sqlStateClass);
      expect(outcomes.filter((_, index) => index !== at)).toEqual(
        goodNames.map((name) => ({ status: 'fulfilled', value: `${name} is written` })),
      );
      expect(await written()).toEqual([...goodNames].sort());
    }
  });

  it('fails several at any place, with no more statements than halving needs', async () => {
    const inputs = [...goodNames, 'forbidden'].map((name, index) => (index % 33 === 0 ? 'forbidden' : name));
    let runs = 0;
    const failed: string[] = [];
    await runSplitting(
      inputs,
      async (some) => {
        runs += 1;
        await dataSource.query(INSERT, [some]);
      },
      () => undefined,
      (some) => void failed.push(...some),
    );
    const good = inputs.filter((name) => name !== 'forbidden');
    expect(failed).toEqual(['forbidden', 'forbidden', 'forbidden', 'forbidden']);
    expect(await written()).toEqual([...good].sort());
    // Each refused input costs two runs a level: log2(100) < 7 levels.
    expect(runs).toBeLessThanOrEqual(1 + 4 * 2 * 7);
  });

  it('is not split for any other reason: nothing is sent a second time', async () => {
    for (const [reason, refuse, allow] of [
      ['42501', 'REVOKE INSERT ON things FROM aegis_app', 'GRANT INSERT ON things TO aegis_app'],
      ['42P01', 'ALTER TABLE things RENAME TO others', 'ALTER TABLE others RENAME TO things'],
    ] as const) {
      await owner.query(refuse);
      const query = jest.spyOn(dataSource, 'query');
      const outcomes = await insertAll(goodNames);
      expect([reason, query.mock.calls.length]).toEqual([reason, 1]);
      query.mockRestore();
      await owner.query(allow);
      for (const outcome of outcomes)
        expect(sqlState((outcome as PromiseRejectedResult).reason)).toBe(reason);
    }
    expect(await written()).toEqual([]);
  });

  it('writes nothing twice when the connection is lost before the answer, and says that nobody knows', async () => {
    const between = await LostAnswer.before(database.applicationUrl);
    const through = await new DataSource(postgresOptions(between.url)).initialize();
    try {
      await insertAll(['before'], through);
      between.arm('INSERT INTO things');
      const outcomes = await insertAll(goodNames, through);
      expect(between.count).toBe(1);
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
      await until('the lost insert is committed', async () => (await written()).length > 1);
      expect(await written()).toEqual(['before', ...goodNames].sort());
    } finally {
      await through.destroy();
      await between.close();
    }
  });
});
