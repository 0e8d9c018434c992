import { Environment } from '@aegis/config';
import { parseStatusList, statusAt } from '@aegis/license-token';
import { Metrics } from '@aegis/metrics';
import { type KeyRing, PemSigner } from '@aegis/signing';
import { generateKeyPairSync } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { Client as SqlClient } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { insertLicenseRows, insertRowKey, ROW_KEY } from '../../../test/support/database/license-rows';
import { ActivationPlaces } from './activation-places';
import { StatusListIssuer } from './status-list-issuer';
import { StatusListRecords } from './status-list-records';
import type { StatusPlace } from './status-places';
import { StatusLists } from './status-lists.service';

const SIZE = 131_072;
const FIRST = 500_000_000;

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = new PemSigner('first', privateKey, publicKey);
const keyRing = { active: () => signer, signer: () => Promise.resolve(signer) } as unknown as KeyRing;

let database: TestDatabase;
let sql: SqlClient;
let app: DataSource;
let lists: StatusLists;
let records: StatusListRecords;
let issuer: StatusListIssuer;
let metrics: Metrics;

beforeEach(async () => {
  database = await testDatabase();
  sql = new SqlClient({ connectionString: database.superuserUrl });
  await sql.connect();
  await insertRowKey(sql);
  await sql.query(`INSERT INTO customers (id, name) VALUES ('C-1', 'x')`);
  await sql.query(
    insertLicenseRows(
      `SELECT 'C-1' AS customer_id, 'perpetual' AS license_type, 'active' AS status, NULL::timestamptz AS expires_at`,
    ),
  );
  await sql.query(
    `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
     SELECT sha256('token'), id, $1, 1, 0, 5 FROM licenses`,
    [ROW_KEY],
  );
  await sql.query(
    `INSERT INTO license_seats (license_id, mode, required, max, offline_days, overage, take_over)
     SELECT id, 'fixed', true, 100000, 30, 0, false FROM licenses`,
  );
  // So that the end of tokens can be brought forward, which the server never does.
  await sql.query('ALTER TABLE activations DISABLE TRIGGER activations_final');
  app = await database.dataSource([]);
  records = new StatusListRecords(app);
  metrics = new Metrics();
  const environment = Object.assign(new Environment(), { PUBLIC_URL: 'https://license.example' });
  issuer = new StatusListIssuer(records, keyRing, environment);
  lists = new StatusLists(issuer, records, keyRing, metrics);
});
afterEach(async () => {
  await sql.end();
  await database.drop();
});

/** @param source SQL of rows (status_list, status_index, token_expires_at, ended_at) */
const activations = (source: string): Promise<unknown> =>
  sql.query(
    `INSERT INTO activations (id, license_id, fp, mode, over, fence, admitted_at, last_seen_at, status_list, status_index,
                              token_expires_at, ended_at, ended_by)
     SELECT gen_random_uuid(), (SELECT id FROM licenses), sha256(gen_random_uuid()::text::bytea), 'fixed', false, 1,
            now() - interval '90 days', now(), status_list, status_index, token_expires_at, ended_at,
            CASE WHEN ended_at IS NOT NULL THEN 'released' END
     FROM (${source}) AS source`,
  );
const open = (list: number, index: number): Promise<unknown> =>
  activations(
    `SELECT ${list} AS status_list, ${index} AS status_index, now() + interval '30 days' AS token_expires_at,
            NULL::timestamptz AS ended_at`,
  );
/** @param set SQL of assignments */
const change = (list: number, index: number, set: string): Promise<unknown> =>
  sql.query(`UPDATE activations SET ${set} WHERE status_list = $1 AND status_index = $2`, [list, index]);
const ENDED = `ended_at = now(), ended_by = 'ended'`;

const read = async (list: number): Promise<Record<number, number>> => {
  const parsed = parseStatusList((await lists.find(list)).plain.toString('utf8'));
  if ('malformed' in parsed) throw new Error(parsed.malformed);
  expect(parsed.claims.sub).toBe(`https://license.example/api/v1/status-lists/${list}`);
  const statuses = inflateSync(Buffer.from(parsed.claims.status_list.lst, 'base64url'));
  const marked: Record<number, number> = {};
  for (let index = 0; index < SIZE; index += 1) {
    const value = statusAt({ bits: 2, statuses }, index) ?? -1;
    if (value !== 0) marked[index] = value;
  }
  return marked;
};
const rebuilds = async (): Promise<number> => {
  const [, count = ''] =
    /^aegis_status_list_rebuild_seconds_count (\d+)$/m.exec(await metrics.registry.metrics()) ?? [];
  return Number(count);
};
const numbers = async (): Promise<number[]> => {
  const all: number[] = [];
  for await (const some of issuer.numbers()) all.push(...some);
  return all;
};

describe('the places of activations', () => {
  const take = (places: ActivationPlaces, count: number): Promise<StatusPlace[]> =>
    app.transaction((tx) => places.take(tx, count));

  it('are in lists of their own, scattered, and never given twice by any server', async () => {
    const servers = [new ActivationPlaces(), new ActivationPlaces()];
    const given = await Promise.all(Array.from({ length: 20 }, (_, at) => take(servers[at % 2]!, 25)));
    const indexes = given.flat().map(({ list, index }) => {
      expect(list).toBe(FIRST);
      return index;
    });
    expect(new Set(indexes).size).toBe(500);
    expect(Math.min(...indexes)).toBeLessThan(SIZE * 0.1);
    expect(Math.max(...indexes)).toBeGreaterThan(SIZE * 0.9);
  });

  it('stay empty where the admission is undone, and continue in the next list', async () => {
    const places = new ActivationPlaces();
    let undone: StatusPlace[] = [];
    await expect(
      app.transaction(async (tx) => {
        undone = await places.take(tx, 3);
        throw new Error('refused');
      }),
    ).rejects.toThrow('refused');
    const later = await take(places, 3);
    expect(new Set([...undone, ...later].map(({ index }) => index)).size).toBe(6);
    await sql.query(`SELECT setval('activations_status_number_seq', $1)`, [FIRST * SIZE + SIZE - 2]);
    expect((await take(places, 3)).map(({ list }) => list)).toEqual([FIRST, FIRST + 1, FIRST + 1]);
  });

  it('are not taken for nobody', async () => {
    expect(await take(new ActivationPlaces(), 0)).toEqual([]);
    const { rows } = await sql.query('SELECT is_called FROM activations_status_number_seq');
    expect(rows).toEqual([{ is_called: false }]);
  });
});

describe('the status lists of activations', () => {
  it.each(['lease', 'released', 'ended', 'taken_over', 'customer_removed'])(
    'say that one has ended: %s',
    async (by) => {
      await open(FIRST, 7);
      await open(FIRST, 8);
      await lists.refresh();
      expect(await read(FIRST)).toEqual({});
      const made = await rebuilds();
      await change(FIRST, 8, `ended_at = now(), ended_by = '${by}'`);
      await lists.refresh();
      expect(await read(FIRST)).toEqual({ 8: 1 });
      expect(await rebuilds()).toBe(made + 1);
    },
  );

  it('exist from the first one on, next to those of licenses, which say what they said', async () => {
    await lists.refresh();
    await expect(lists.find(FIRST)).rejects.toMatchObject({ code: 'status_list_not_found' });
    await open(FIRST, 0);
    await open(FIRST + 1, 1);
    await change(FIRST + 1, 1, ENDED);
    expect([await read(0), await read(FIRST), await read(FIRST + 1)]).toEqual([{}, {}, { 1: 1 }]);
    expect(await numbers()).toEqual([0, FIRST, FIRST + 1]);
    expect(lists.irregularity).toBeUndefined();
    await sql.query(`UPDATE licenses SET status = 'revoked', revoked_at = now()`);
    await lists.refresh();
    expect([await read(0), await read(FIRST), await read(FIRST + 1)]).toEqual([{ 5: 1 }, {}, { 1: 1 }]);
  });

  it('say of one that was put on record after its end that it has ended', async () => {
    await open(FIRST, 1);
    await lists.refresh();
    await activations(
      `SELECT ${FIRST} AS status_list, 2 AS status_index, now() + interval '1 day' AS token_expires_at, now() AS ended_at`,
    );
    await lists.refresh();
    expect(await read(FIRST)).toEqual({ 2: 1 });
  });

  it('are not touched by a heartbeat, which changes no index', async () => {
    await open(FIRST, 3);
    await lists.refresh();
    const made = await rebuilds();
    await sql.query('BEGIN');
    await change(
      FIRST,
      3,
      `last_seen_at = now() + interval '1 s', token_expires_at = now() + interval '31 days'`,
    );
    const { rows } = await sql.query(
      `SELECT pg_stat_get_xact_tuples_hot_updated('activations'::regclass)::int AS hot,
              pg_stat_get_xact_tuples_updated('activations'::regclass)::int AS updated`,
    );
    await sql.query('COMMIT');
    expect(rows).toEqual([{ hot: 1, updated: 1 }]);
    await lists.refresh();
    expect(await rebuilds()).toBe(made);
  });

  it('retire when no token in them counts any longer, and are neither signed nor found', async () => {
    await open(FIRST, 1);
    await open(FIRST, 2);
    await open(FIRST + 1, 3);
    // A token that may still be given out keeps the list, as one that counts does.
    await change(FIRST, 1, `token_expires_at = NULL`);
    await change(FIRST, 2, ENDED);
    await change(FIRST + 1, 3, ENDED);
    await lists.refresh();
    expect([await read(FIRST), await read(FIRST + 1)]).toEqual([{ 2: 1 }, { 3: 1 }]);
    await change(FIRST + 1, 3, `token_expires_at = now() - interval '1 s'`);
    await change(FIRST, 2, `token_expires_at = now() - interval '1 s'`);
    await lists.refresh();
    expect(await numbers()).toEqual([0, FIRST]);
    await expect(lists.find(FIRST + 1)).rejects.toMatchObject({ code: 'status_list_not_found' });
    await change(FIRST, 1, ENDED);
    await lists.refresh();
    expect(await numbers()).toEqual([0]);
    await expect(lists.find(FIRST)).rejects.toMatchObject({ code: 'status_list_not_found' });
    expect((await records.survey([FIRST, FIRST + 1])).versions).toEqual(new Map([[0, expect.any(Number)]]));
  });

  it('stay until the end of a file for a machine without a network', async () => {
    await open(FIRST, 1);
    await change(FIRST, 1, `${ENDED}, token_expires_at = NULL, offline_until = now() + interval '1 year'`);
    await lists.refresh();
    expect(await read(FIRST)).toEqual({ 1: 1 });
  });

  it('are surveyed without reading the activations', async () => {
    await activations(
      `SELECT ${FIRST} + n / 20000 AS status_list, n % 20000 AS status_index,
              now() + CASE WHEN n < 20000 THEN interval '-1 s' ELSE interval '1 day' END AS token_expires_at,
              CASE WHEN n < 40000 THEN now() - interval '2 s' END AS ended_at
       FROM generate_series(0, 59999) AS n`,
    );
    await sql.query('VACUUM ANALYZE activations');
    await app.transaction(async (tx) => {
      const counted = async (): Promise<{ tuples: number; scans: number }[]> =>
        tx.query(`SELECT pg_stat_get_xact_tuples_fetched('activations'::regclass)::int AS tuples,
                         pg_stat_get_xact_numscans('activations'::regclass)::int AS scans`);
      const survey = await new StatusListRecords(tx as unknown as DataSource).survey([FIRST]);
      expect([...survey.versions.keys()]).toEqual([0, FIRST + 1, FIRST + 2]);
      const [{ tuples, scans }] = (await counted()) as [{ tuples: number; scans: number }];
      expect(scans).toBe(0);
      expect(tuples).toBeLessThan(20);
    });
  });

  it('are signed as long as they are among the first 1,000, behind those of licenses', async () => {
    await activations(
      `SELECT ${FIRST} + n AS status_list, 0 AS status_index, now() + interval '1 day' AS token_expires_at,
              NULL::timestamptz AS ended_at
       FROM generate_series(0, 1099) AS n`,
    );
    const { versions } = await records.survey([FIRST + 1050]);
    expect([...versions.keys()]).toEqual([
      0,
      ...Array.from({ length: 999 }, (_, at) => FIRST + at),
      FIRST + 1050,
    ]);
    expect(await numbers()).toHaveLength(1101);
    expect(await read(FIRST + 1050)).toEqual({});
    expect(lists.irregularity).toMatch('1000 status lists or more');
  });
});
