import { type Environment, loadEnvironment } from '@aegis/config';
import { postgresOptions, SESSION_OPTIONS } from '@aegis/database';
import { InvalidInput } from '@aegis/errors';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { PassThrough } from 'node:stream';
import { DataSource, type EntityManager } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import {
  DatabaseProxy,
  type Passing,
  type ProxiedConnection,
} from '../../../test/support/database/database-proxy';
import { ReplicatedPostgres, type Standby } from '../../../test/support/database/standby';
import { jobsOf } from '../../../test/support/jobs';
import { PATIENCE } from '../../../test/support/patience';
import { Scrape } from '../../../test/support/trail/scrape';
import { until } from '../../../test/support/until';
import { primaryPositionOf } from './primary-position';
import { readUpToDate } from './read-up-to-date';
import { Replica } from './replica';
import { Replicas } from './replicas';

// Several PostgreSQL start, and the machine may be busy.
jest.setTimeout(240_000);

/** Sleeps on a standby only: the primary answers at once. */
const SLOW_ON_STANDBY = `SELECT id, CASE WHEN pg_is_in_recovery() THEN pg_sleep(600) END FROM notes`;

describe('reads that a standby may answer', () => {
  let postgres: ReplicatedPostgres;
  let primary: DataSource;
  /** Between the reader and the standby. */
  let proxy: DatabaseProxy;
  /** Connections through the proxy, and what happens to their bytes. */
  let connections: ProxiedConnection[];
  let passing: Passing;
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    postgres = await ReplicatedPostgres.start(async ({ ownerUrl }) => {
      const owner = await new DataSource(postgresOptions(ownerUrl)).initialize();
      await owner.query('CREATE TABLE notes (id int PRIMARY KEY)');
      await owner.query('ALTER TABLE notes SET (autovacuum_enabled = false)');
      await owner.query('GRANT ALL ON notes TO aegis_app');
      await owner.destroy();
    });
    primary = await dataSourceOf(postgres.primary.applicationUrl);
    proxy = await DatabaseProxy.before(postgres.onStandby(postgres.primary.applicationUrl));
    proxy.onConnection = (connection) => {
      connections.push(connection);
      return {
        toDatabase: (chunk) => passing.toDatabase?.(chunk) ?? true,
        toClient: (chunk) => passing.toClient?.(chunk) ?? true,
      };
    };
  });
  beforeEach(() => {
    connections = [];
    passing = {};
  });
  afterEach(async () => {
    await postgres.standby.resumeReplay();
    await Promise.all(open.splice(0).map((one) => one.close()));
  });
  afterAll(async () => {
    await primary.destroy();
    await proxy.close();
    await postgres.close();
  });

  async function dataSourceOf(url: string): Promise<DataSource> {
    const extra = { pipeline: true, options: SESSION_OPTIONS, poolErrorHandler: () => undefined };
    return new DataSource({ ...postgresOptions(url), extra }).initialize();
  }

  function environmentOf(replicaUrls: string, variables: Record<string, string>): Environment {
    return loadEnvironment({
      ENVIRONMENT: 'test',
      DATABASE_URL: postgres.primary.applicationUrl,
      DATABASE_REPLICA_URLS: replicaUrls,
      DATABASE_REPLICA_MAX_LAG_MS: '2000',
      ...PATIENCE,
      ...variables,
    });
  }

  /** What one process reads by, with what it logged and counted. */
  class Reader {
    readonly log: string[] = [];
    private readonly metrics = new Metrics();
    private readonly replicas: Replicas;

    constructor(
      private readonly dataSource: DataSource,
      replicaUrls: string,
      variables: Record<string, string> = {},
    ) {
      const stream = new PassThrough().on('data', (chunk: Buffer) => this.log.push(chunk.toString()));
      const logger = new Logger({ level: 'info', format: 'json', stream });
      const environment = environmentOf(replicaUrls, variables);
      this.replicas = new Replicas(dataSource, logger, environment, this.metrics, jobsOf());
      open.push(this);
    }

    compare(): Promise<void> {
      return this.replicas.compare();
    }

    async untilInUse(): Promise<this> {
      await until('the replica is in use', async () => {
        await this.compare();
        return (await this.value('aegis_read_replica_in_use{replica="1"}')) === 1;
      });
      return this;
    }

    /** Which database the read is from, and what it reads. */
    async notes(): Promise<{ from: 'primary' | 'standby'; ids: number[] }> {
      return readUpToDate(this.dataSource, async (on) => ({
        from: await whichIs(on),
        ids: (await on.query<{ id: number }[]>('SELECT id FROM notes ORDER BY id')).map(({ id }) => id),
      }));
    }

    async untilFromStandby(): Promise<number[]> {
      let read = await this.notes();
      await until('the standby is read', async () => (read = await this.notes()).from === 'standby');
      return read.ids;
    }

    async value(series: string): Promise<number | undefined> {
      return new Scrape(await this.metrics.registry.metrics()).series.get(series);
    }

    close(): Promise<void> {
      return this.replicas.onApplicationShutdown();
    }
  }

  async function whichIs(on: EntityManager): Promise<'primary' | 'standby'> {
    const [row] = await on.query<{ standby: boolean }[]>('SELECT pg_is_in_recovery() AS standby');
    return row!.standby ? 'standby' : 'primary';
  }

  let lastId = 0;
  /** Commits another row on the primary. */
  async function addNote(): Promise<number> {
    lastId += 1;
    await primary.query('INSERT INTO notes VALUES ($1)', [lastId]);
    return lastId;
  }

  const throughProxy = (): string => proxy.of(postgres.primary.applicationUrl);
  /** Reads by the standby, once it is in use. */
  const inUse = (variables?: Record<string, string>): Promise<Reader> =>
    new Reader(primary, throughProxy(), variables).untilInUse();

  it('are answered by it, in one transaction that can change nothing', async () => {
    const reader = await inUse();
    const id = await addNote();
    expect(await reader.untilFromStandby()).toContain(id);
    const sent: string[] = [];
    passing = { toDatabase: (chunk) => sent.push(chunk.toString()) > 0 };
    await reader.untilFromStandby();
    expect(sent.join('')).toContain('START TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY');
    expect(await reader.value('aegis_replicable_reads_total{database="replica"}')).toBeGreaterThan(0);
    expect(await reader.value('aegis_read_replica_lag_seconds{replica="1"}')).toBeGreaterThan(0);
  });

  it('are answered by the primary before the first comparison, and in a process without replicas', async () => {
    const reader = new Reader(primary, throughProxy());
    expect(await reader.notes()).toMatchObject({ from: 'primary' });
    expect(connections).toEqual([]);
    const other = await dataSourceOf(postgres.primary.applicationUrl);
    expect(await readUpToDate(other, whichIs)).toBe('primary');
    await other.destroy();
  });

  it('have all that was committed before, through any connection, while the standby is behind', async () => {
    const reader = await inUse({ DATABASE_REPLICA_MAX_LAG_MS: '500' });
    await postgres.standby.pauseReplay();
    const id = await addNote();
    // It is in use as of the last comparison, so that each read finds out by itself.
    for (let time = 0; time < 3; time += 1) {
      const { from, ids } = await reader.notes();
      expect([from, ids.at(-1)]).toEqual(['primary', id]);
    }
    expect(await reader.value('aegis_read_replica_in_use{replica="1"}')).toBe(1);
    await postgres.standby.resumeReplay();
    expect(await reader.untilFromStandby()).toContain(id);
  });

  it('wait a moment for a standby that is about to have it', async () => {
    const reader = await inUse();
    await reader.untilFromStandby();
    await until('a read waited, and the standby answered', async () => {
      await postgres.standby.pauseReplay();
      const id = await addNote();
      let asked = 0;
      passing = {
        toDatabase: (chunk) => {
          if (chunk.includes('pg_last_wal_replay_lsn')) asked += 1;
          return true;
        },
      };
      const reading = reader.notes();
      await until('the standby was asked twice', () => Promise.resolve(asked > 1));
      await postgres.standby.resumeReplay();
      const { from, ids } = await reading;
      expect(ids).toContain(id);
      passing = {};
      return from === 'standby';
    });
  });

  it('leave a standby out that is further behind than the bound, without asking it, until it is not', async () => {
    const sent: string[] = [];
    passing = { toDatabase: (chunk) => sent.push(chunk.toString('latin1')) > 0 };
    const transactions = (end: string): number => sent.join('').split(end).length;
    const reader = await inUse();
    await postgres.standby.pauseReplay();
    await addNote();
    await reader.compare();
    expect(reader.log.at(-1)).toContain('"standing":"it has not replayed within DATABASE_REPLICA_MAX_LAG_MS');
    expect(await reader.value('aegis_read_replica_in_use{replica="1"}')).toBe(0);
    expect(await reader.value('aegis_read_replica_lag_seconds{replica="1"}')).toBe(NaN);
    await until('every connection is given back', () =>
      Promise.resolve(transactions('START TRANSACTION') === transactions('ROLLBACK')),
    );
    sent.length = 0;
    expect(await reader.notes()).toMatchObject({ from: 'primary' });
    expect(sent).toEqual([]);
    await reader.compare();
    expect(reader.log.filter((line) => line.includes('left out'))).toHaveLength(1);
    await postgres.standby.resumeReplay();
    await reader.untilInUse();
    expect(reader.log.at(-1)).toContain('a read replica is in use');
    await reader.untilFromStandby();
  });

  it('are answered after the primary began another segment of its WAL, and while nothing is written', async () => {
    const reader = await inUse();
    const superuser = await dataSourceOf(postgres.primary.superuserUrl);
    for (let time = 0; time < 3; time += 1) {
      await superuser.query('SELECT pg_switch_wal()');
      await reader.untilFromStandby();
      // What the standby has replayed ends where the segment does.
      await reader.untilInUse();
      await addNote();
    }
    await superuser.destroy();
    await reader.untilFromStandby();
    await reader.untilFromStandby();
  });

  it('are repeated on the primary when what is replayed conflicts with them', async () => {
    await addNote();
    const reader = await inUse();
    await reader.untilFromStandby();
    await postgres.standby.query(`ALTER SYSTEM SET max_standby_streaming_delay = 0`);
    await postgres.standby.query('SELECT pg_reload_conf()');
    const answered: string[] = [];
    passing = { toClient: (chunk) => answered.push(chunk.toString('latin1')) > 0 };
    const runs: string[] = [];
    const reading = readUpToDate(primary, async (on) => {
      runs.push(await whichIs(on));
      return on.query<{ id: number }[]>(SLOW_ON_STANDBY);
    });
    await until('the standby reads', async () => {
      const rows = await postgres.standby.query(
        `SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND wait_event = 'PgSleep'`,
      );
      return rows.length > 0;
    });
    // What the standby reads is removed on the primary.
    await primary.query('DELETE FROM notes');
    const owner = await dataSourceOf(postgres.primary.ownerUrl);
    await owner.query('VACUUM notes');
    await owner.destroy();
    expect(await reading).toEqual([]);
    expect(runs).toEqual(['standby', 'primary']);
    expect(answered.join('')).toContain('conflict with recovery');
  });

  it.each([
    [
      'is cut off',
      () => {
        for (const one of connections) one.cut();
      },
    ],
    [
      'falls silent',
      () => {
        passing = { toClient: () => false };
      },
    ],
  ])('are repeated on the primary when the standby %s meanwhile', async (_how, happens) => {
    const reader = await inUse({ DB_STATEMENT_TIMEOUT_MS: '1000' });
    await reader.untilFromStandby();
    const runs: string[] = [];
    const read = await readUpToDate(primary, async (on) => {
      runs.push(await whichIs(on));
      if (runs.length === 1) happens();
      return on.query<{ one: number }[]>('SELECT 1 AS one');
    });
    expect(read).toEqual([{ one: 1 }]);
    expect(runs).toEqual(['standby', 'primary']);
    // Nothing comes from it: neither a comparison nor a read waits for longer than the bound.
    await reader.compare();
    passing = {};
    await reader.untilInUse();
    await reader.untilFromStandby();
  });

  it('do not wait for a standby that is silent from the beginning', async () => {
    const reader = await inUse({
      DATABASE_REPLICA_MAX_LAG_MS: '200',
      // No other limit ends the wait before the test fails.
      DB_STATEMENT_TIMEOUT_MS: '600000',
      DB_IDLE_TX_TIMEOUT_MS: '600000',
    });
    passing = { toClient: () => false };
    expect(await reader.notes()).toMatchObject({ from: 'primary' });
    await reader.compare();
    expect(reader.log.at(-1)).toContain('it cannot be reached, or does not answer in time');
    expect(await reader.value('aegis_read_replica_in_use{replica="1"}')).toBe(0);
    // Nobody waits for those any longer.
    for (const connection of connections) connection.cut();
  });

  it.each([
    ['a deadlock with what is replayed', '40P01'],
    ['a file that is damaged', 'XX001'],
    ['an index that is damaged', 'XX002'],
    ['a library that is missing', '58P01'],
  ])(
    'are repeated on the primary after %s, also where what was sent behind it fails first',
    async (_what, state) => {
      const reader = await inUse();
      await reader.untilFromStandby();
      const failing = `DO $$ BEGIN IF pg_is_in_recovery() THEN RAISE EXCEPTION 'made up' USING ERRCODE = '${state}'; END IF; END $$`;
      await until('the standby failed', async () => {
        const runs: string[] = [];
        const read = await readUpToDate(primary, async (on) => {
          runs.push(await whichIs(on));
          const first = on.query(failing);
          const behind = on.query<{ one: number }[]>('SELECT 1 AS one');
          return behind.finally(() => first.catch(() => undefined)).then((rows) => first.then(() => rows));
        });
        expect(read).toEqual([{ one: 1 }]);
        return runs.join() === 'standby,primary';
      });
    },
  );

  it('are answered by the primary after it could not be asked, until a standby was compared again', async () => {
    const address = await DatabaseProxy.before(postgres.primary.applicationUrl);
    const behindProxy = await dataSourceOf(address.of(postgres.primary.applicationUrl));
    open.push({ close: () => behindProxy.destroy().then(() => address.close()) });
    const reader = await new Reader(behindProxy, throughProxy()).untilInUse();
    await reader.untilFromStandby();
    // Nobody listens there.
    address.switchTo('postgres://127.0.0.1:1/');
    await expect(reader.compare()).rejects.toThrow();
    address.switchTo(postgres.primary.applicationUrl);
    expect(await reader.notes()).toMatchObject({ from: 'primary' });
    await reader.untilInUse();
    await reader.untilFromStandby();
  });

  it('fail as on the primary, once, for a reason that is not the standby', async () => {
    const reader = await inUse();
    await reader.untilFromStandby();
    let runs = 0;
    const refused = new InvalidInput([{ field: 'cursor', message: 'must be another one' }]);
    await until('the standby ran it', async () => {
      runs = 0;
      let from = '';
      const reading = readUpToDate(primary, async (on) => {
        runs += 1;
        from = await whichIs(on);
        throw refused;
      });
      await expect(reading).rejects.toBe(refused);
      return from === 'standby';
    });
    expect(runs).toBe(1);
    await expect(readUpToDate(primary, (on) => on.query('SELECT 1 / 0'))).rejects.toThrow('division by zero');
  });

  it('are not answered by a standby whose clock differs by more than the bound', async () => {
    const position = (await primaryPositionOf(primary))!;
    const replica = new Replica(
      postgres.onStandby(postgres.primary.applicationUrl),
      environmentOf(throughProxy(), {}),
      () => undefined,
    );
    open.push(replica);
    for (const seconds of [3600, -3600]) {
      const [shifted] = await primary.query<{ time: string }[]>(
        `SELECT ($1::timestamptz + make_interval(secs => $2))::text AS time`,
        [position.time, seconds],
      );
      expect(await replica.compare({ ...position, time: shifted!.time })).toMatchObject({
        standing: 'other_clock',
      });
    }
    await until('the clock is right', async () => {
      const { standing } = await replica.compare((await primaryPositionOf(primary))!);
      return standing === 'up_to_date';
    });
  });

  it('are answered as before where DATABASE_URL leads to a standby', async () => {
    const standby = await dataSourceOf(postgres.onStandby(postgres.primary.applicationUrl));
    const reader = await new Reader(primary, throughProxy()).untilInUse();
    await reader.untilFromStandby();
    expect(await primaryPositionOf(standby)).toBeUndefined();
    const demoted = new Reader(standby, throughProxy());
    await demoted.compare();
    expect(demoted.log).toEqual([]);
    expect(await demoted.notes()).toMatchObject({ from: 'standby' });
    await standby.destroy();
  });

  it('are not answered by a primary, nor by a standby of another one, which the log names', async () => {
    const own = new Reader(primary, postgres.primary.applicationUrl);
    await own.compare();
    expect(await own.value('aegis_read_replica_in_use{replica="1"}')).toBe(0);
    expect(own.log.at(-1)).toContain('"standing":"it is not a standby');

    const database: TestDatabase = await testDatabase();
    const another = await database.dataSource([]);
    const reader = new Reader(another, throughProxy());
    await reader.compare();
    expect(reader.log.at(-1)).toContain('"standing":"it is not a standby of DATABASE_URL');
    expect(reader.log.join('')).not.toContain('127.0.0.1');
    expect(await readUpToDate(another, whichIs)).toBe('primary');
    await database.drop();
  });

  it('are not answered by a standby that has what the primary never had, as after a restore of a snapshot', async () => {
    const snapshot = await postgres.addSnapshot();
    const restored = await dataSourceOf(snapshot.urlOf(postgres.primary.applicationUrl));
    open.push({ close: () => restored.destroy() });
    const reader = await inUse();
    const lost = await addNote();
    expect(await reader.untilFromStandby()).toContain(lost);
    const after = new Reader(restored, throughProxy());
    await after.compare();
    expect(after.log.at(-1)).toContain('"standing":"it has replayed what the primary never had');
    expect(await after.value('aegis_read_replica_in_use{replica="1"}')).toBe(0);
    const { from, ids } = await after.notes();
    expect(from).toBe('primary');
    expect(ids).not.toContain(lost);
  });

  describe('after a failover', () => {
    /** Of the first primary. */
    let follower: Standby;
    /** Of the standby that is promoted. */
    let successor: Standby;
    let promoted: DataSource;

    beforeAll(async () => {
      follower = await postgres.addStandby();
      successor = await postgres.addStandbyOfStandby();
    });
    afterAll(() => promoted.destroy());

    it('are not answered by a standby that was promoted', async () => {
      const reader = await inUse();
      await reader.untilFromStandby();
      await postgres.promote();
      // It still is in use as of the last comparison.
      expect(await reader.notes()).toMatchObject({ from: 'primary' });
      await reader.compare();
      expect(reader.log.at(-1)).toContain('"standing":"it is not a standby: it was promoted');
      promoted = await dataSourceOf(postgres.onStandby(postgres.primary.applicationUrl));
    });

    it('are not answered by a standby that still follows the previous primary, however far that went', async () => {
      const ahead = (await primaryPositionOf(promoted))!;
      await until('the follower is further than the new primary', async () => {
        await addNote();
        const [row] = await follower.query<{ ahead: boolean }>(
          `SELECT pg_last_wal_replay_lsn() >= '${ahead.lsn}'::pg_lsn AS ahead`,
        );
        return row!.ahead;
      });
      const reader = new Reader(promoted, follower.urlOf(postgres.primary.applicationUrl));
      await reader.compare();
      expect(reader.log.at(-1)).toContain('"standing":"it is on another timeline');
      expect(await readUpToDate(promoted, whichIs)).toBe('primary');
    });

    it('are answered by a standby that follows the new primary, once that is in its control file', async () => {
      const reader = new Reader(promoted, successor.urlOf(postgres.primary.applicationUrl));
      await until('it is in use', async () => {
        // Makes a restart point on a standby.
        for (const one of [postgres.standby, successor]) await one.query('CHECKPOINT');
        await reader.compare();
        return (await reader.value('aegis_read_replica_in_use{replica="1"}')) === 1;
      });
      await promoted.query('INSERT INTO notes VALUES (-1)');
      expect(await reader.untilFromStandby()).toContain(-1);
    });
  });
});
