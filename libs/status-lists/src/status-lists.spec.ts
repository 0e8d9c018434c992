import { Environment } from '@aegis/config';
import { parseStatusList, statusAt } from '@aegis/license-token';
import { Metrics } from '@aegis/metrics';
import { InputTooLarge, type KeyRing, PemSigner, type Signer } from '@aegis/signing';
import fc from 'fast-check';
import { generateKeyPairSync } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { Client as SqlClient } from 'pg';
import type { DataSource } from 'typeorm';
import { testDatabase, type TestDatabase } from '../../../test/support/database/database';
import { insertLicenseRows, insertRowKey, ROW_KEY } from '../../../test/support/database/license-rows';
import { compressStatuses, packStatuses } from './status-list-content';
import { StatusListIssuer } from './status-list-issuer';
import { StatusListRecords, type Survey } from './status-list-records';
import { StatusLists } from './status-lists.service';

const SIZE = 131_072;

function indexes(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, at) => bytes.writeUInt32BE(value, at * 4));
  return bytes;
}

describe('the statuses of a list', () => {
  it('are the ones that were set, and valid for all other tokens', async () => {
    const some = fc.uniqueArray(fc.oneof(fc.nat(99), fc.nat(SIZE - 1)), { minLength: 20, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(some, some, async (revoked, suspended) => {
        const lst = await compressStatuses(packStatuses(indexes(revoked), indexes(suspended)));
        const statuses = inflateSync(Buffer.from(lst, 'base64url'));
        expect(statuses).toHaveLength(SIZE / 4);
        const isRevoked = new Set(revoked);
        const isSuspended = new Set(suspended);
        let wrong = 0;
        for (let index = 0; index < SIZE; index += 1) {
          const wanted = isRevoked.has(index) ? 1 : isSuspended.has(index) ? 2 : 0;
          if (statusAt({ bits: 2, statuses }, index) !== wanted) wrong += 1;
        }
        expect(wrong).toBe(0);
      }),
      { numRuns: 10 },
    );
  });

  it('can all be revoked', () => {
    const all = packStatuses(indexes(Array.from({ length: SIZE }, (_, index) => index)), indexes([]));
    expect(all.equals(Buffer.alloc(SIZE / 4, 0b01010101))).toBe(true);
  });

  it('end with the list', () => {
    expect(() => packStatuses(indexes([SIZE]), indexes([]))).toThrow('out of range');
  });
});

describe('the lists that a process serves', () => {
  let database: TestDatabase;
  let sql: SqlClient;
  let lists: StatusLists;
  let metrics: Metrics;
  let signer: Signer | Error;

  const aSigner = (kid: string): Signer => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    return new PemSigner(kid, privateKey, publicKey);
  };
  const active = (): Signer => {
    if (signer instanceof Error) throw signer;
    return signer;
  };
  const keyRing = {
    active,
    signer: () => (signer instanceof Error ? Promise.reject(signer) : Promise.resolve(signer)),
  } as KeyRing;

  beforeEach(async () => {
    database = await testDatabase();
    sql = new SqlClient({ connectionString: database.superuserUrl });
    await sql.connect();
    await insertRowKey(sql);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('C-1', 'x')`);
    await sql.query(
      insertLicenseRows(
        `SELECT 'C-1' AS customer_id, 'perpetual' AS license_type, 'active' AS status, NULL::timestamptz AS expires_at
         FROM generate_series(1, 300)`,
      ),
    );
    // A hundred tokens in each of three lists.
    await sql.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
       SELECT sha256(id::text::bytea), id, $1, 1, (n - 1) / 100, (n - 1) % 100
       FROM (SELECT id, row_number() OVER () AS n FROM licenses) AS numbered`,
      [ROW_KEY],
    );
    signer = aSigner('first');
    metrics = new Metrics();
    lists = listsOf(await database.dataSource([]));
  });
  afterEach(async () => {
    await sql.end();
    await database.drop();
  });

  const listsOf = (dataSource: DataSource, Records = StatusListRecords): StatusLists => {
    const records = new Records(dataSource);
    const environment = Object.assign(new Environment(), { PUBLIC_URL: 'https://license.example' });
    return new StatusLists(new StatusListIssuer(records, keyRing, environment), records, keyRing, metrics);
  };
  const textOf = async (list: number): Promise<string> => {
    return (await lists.find(list)).plain.toString('utf8');
  };
  const read = async (
    list: number,
  ): Promise<{ kid: string; sub: string; marked: Record<number, number> }> => {
    const parsed = parseStatusList(await textOf(list));
    if ('malformed' in parsed) throw new Error(parsed.malformed);
    const { sub, status_list } = parsed.claims;
    const statuses = inflateSync(Buffer.from(status_list.lst, 'base64url'));
    const marked: Record<number, number> = {};
    for (let index = 0; index < SIZE; index += 1) {
      const value = statusAt({ bits: 2, statuses }, index) ?? -1;
      if (value !== 0) marked[index] = value;
    }
    return { kid: parsed.header.kid, sub, marked };
  };
  const change = (list: number, index: number, set: string): Promise<unknown> =>
    sql.query(
      `UPDATE licenses SET ${set} FROM license_tokens
       WHERE license_id = licenses.id AND status_list = ${list} AND status_index = ${index}`,
    );
  const REVOKED = `status = 'revoked', revoked_at = now()`;
  const SUSPENDED = `status = 'suspended', suspended_at = now()`;
  const tags = (): Promise<string[]> =>
    Promise.all([0, 1, 2].map(async (list) => (await lists.find(list)).tag));
  const rebuilds = async (): Promise<number> => {
    const [, count = ''] =
      /^aegis_status_list_rebuild_seconds_count (\d+)$/m.exec(await metrics.registry.metrics()) ?? [];
    return Number(count);
  };
  const changesNoted = async (): Promise<number[]> => {
    const { rows } = await sql.query<{ list: number }>('SELECT list FROM status_list_changes ORDER BY id');
    return rows.map(({ list }) => list);
  };

  it('are rebuilt only if something changed in them', async () => {
    const before = await tags();
    await change(1, 42, REVOKED);
    await lists.refresh();
    const after = await tags();
    expect(after.map((tag, list) => tag === before[list])).toEqual([true, false, true]);
    expect(await read(1)).toEqual({
      kid: 'first',
      sub: 'https://license.example/api/v1/status-lists/1',
      marked: { 42: 1 },
    });
    const made = await rebuilds();
    await lists.refresh();
    expect(await rebuilds()).toBe(made);
  });

  it.each([
    ['a revocation', (): Promise<unknown> => change(0, 1, REVOKED), { 1: 1 }],
    ['a suspension', (): Promise<unknown> => change(0, 2, SUSPENDED), { 2: 2 }],
    [
      'a supersession',
      (): Promise<unknown> =>
        sql.query(
          'UPDATE license_tokens SET superseded_at = now() WHERE status_list = 0 AND status_index IN (3, 4)',
        ),
      { 3: 1, 4: 1 },
    ],
    [
      'a new token of a license that is suspended',
      async (): Promise<void> => {
        await change(1, 5, SUSPENDED);
        await sql.query(
          `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
           SELECT sha256('new'), license_id, key_id, 2, 0, 131071 FROM license_tokens
           WHERE status_list = 1 AND status_index = 5`,
        );
      },
      { 131071: 2 },
    ],
  ])('show %s', async (_, make, marked) => {
    await lists.refresh();
    await make();
    await lists.refresh();
    expect((await read(0)).marked).toEqual(marked);
  });

  it('note one change per list and statement, and none for changes that concern no list', async () => {
    await sql.query(`UPDATE licenses SET ${REVOKED}`);
    expect((await changesNoted()).sort()).toEqual([0, 1, 2]);
    await sql.query('TRUNCATE status_list_changes');
    await sql.query(`UPDATE licenses SET notes = 'seen', version = version + 1`);
    await sql.query(`UPDATE licenses SET revoked_reason = 'unpaid'`);
    await sql.query('UPDATE license_tokens SET recorded_at = recorded_at');
    expect(await changesNoted()).toEqual([]);
  });

  it('soon show a change of thousands of tokens completely', async () => {
    await sql.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
       SELECT sha256(n::text::bytea), (SELECT id FROM licenses LIMIT 1), $1, n, 2, 1000 + n
       FROM generate_series(2, 40000) AS n`,
      [ROW_KEY],
    );
    await sql.query(`UPDATE license_tokens SET superseded_at = now() WHERE status_index >= 1000`);
    expect(await changesNoted()).toEqual([2]);
    expect(Object.keys((await read(2)).marked)).toHaveLength(39_999);
  });

  it('show a change after its commit, even if a later change was seen before', async () => {
    await lists.refresh();
    const late = new SqlClient({ connectionString: database.superuserUrl });
    await late.connect();
    await late.query('BEGIN');
    await late.query(
      `UPDATE licenses SET ${REVOKED} FROM license_tokens
       WHERE license_id = licenses.id AND status_list = 0 AND status_index = 1`,
    );
    // Neither waits for the other.
    await change(0, 2, REVOKED);
    await lists.refresh();
    expect((await read(0)).marked).toEqual({ 2: 1 });
    await late.query('COMMIT');
    await late.end();
    await lists.refresh();
    expect((await read(0)).marked).toEqual({ 1: 1, 2: 1 });
  });

  it('are not rebuilt when noted changes are folded, and miss no later change', async () => {
    for (let round = 0; round < 120; round += 1)
      await change(0, 7, round % 2 === 0 ? SUSPENDED : `status = 'active', suspended_at = NULL`);
    await lists.refresh();
    expect(await changesNoted()).toEqual([]);
    const before = await rebuilds();
    await lists.refresh();
    expect(await rebuilds()).toBe(before);
    await change(0, 7, REVOKED);
    await lists.refresh();
    expect((await read(0)).marked).toEqual({ 7: 1 });
  });

  it('are signed again when another key becomes active', async () => {
    await change(2, 9, REVOKED);
    expect((await read(2)).kid).toBe('first');
    signer = aSigner('second');
    await lists.refresh();
    expect(await Promise.all([0, 1, 2].map(async (list) => (await read(list)).kid))).toEqual([
      'second',
      'second',
      'second',
    ]);
    expect((await read(2)).marked).toEqual({ 9: 1 });
  });

  it('are served as they were while the signer cannot be reached, and catch up afterwards', async () => {
    const before = await tags();
    signer = new Error('unreachable');
    await change(1, 3, REVOKED);
    await expect(lists.refresh()).rejects.toThrow('unreachable');
    expect(await tags()).toEqual(before);
    signer = aSigner('first');
    await lists.refresh();
    expect((await read(1)).marked).toEqual({ 3: 1 });
  });

  it('are rebuilt even if the signer refuses one of them, which stays as it was for a while', async () => {
    const unlimited = aSigner('first');
    let longest = 0;
    const noting: Signer = {
      kid: 'first',
      sign: (input) => {
        longest = Math.max(longest, input.length);
        return unlimited.sign(input);
      },
    };
    signer = noting;
    await change(2, 8, REVOKED);
    await lists.refresh();
    const largest = longest + 20;
    signer = {
      kid: 'first',
      sign: (input) =>
        input.length > largest
          ? Promise.reject(new InputTooLarge(input.length, largest))
          : unlimited.sign(input),
    };
    await sql.query(
      `UPDATE licenses SET ${REVOKED} FROM license_tokens
       WHERE license_id = licenses.id AND status_list = 0 AND sha256 < '\\x80'`,
    );
    await change(2, 9, REVOKED);
    await lists.refresh();
    expect([(await read(0)).marked, (await read(2)).marked]).toEqual([{}, { 8: 1, 9: 1 }]);
    later(301_000);
    await expect(lists.find(0)).rejects.toMatchObject({ code: 'service_unavailable', retryAfterSeconds: 60 });
    expect((await read(2)).marked).toEqual({ 8: 1, 9: 1 });
    jest.restoreAllMocks();
    expect(lists.unsigned.map(({ list, code }) => ({ list, code }))).toEqual([
      { list: 0, code: 'service_unavailable' },
    ]);
    const fresh = listsOf(await database.dataSource([]));
    await expect(fresh.find(0)).rejects.toMatchObject({ code: 'service_unavailable' });
    await expect(fresh.find(3)).rejects.toMatchObject({ code: 'status_list_not_found' });
    signer = unlimited;
    await lists.refresh();
    expect(Object.keys((await read(0)).marked).length).toBeGreaterThan(20);
    expect(lists.unsigned).toEqual([]);
  });

  it('exist as soon as a token of theirs exists, and not earlier', async () => {
    await expect(lists.find(3)).rejects.toMatchObject({ code: 'status_list_not_found' });
    await sql.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
       SELECT sha256('another'), id, $1, 2, 3, 0 FROM licenses LIMIT 1`,
      [ROW_KEY],
    );
    expect((await read(3)).marked).toEqual({});
    await expect(lists.find(4)).rejects.toMatchObject({ code: 'status_list_not_found' });
  });

  const insertTokens = (numbers: string): Promise<unknown> =>
    sql.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
       SELECT sha256(list::text::bytea), (SELECT id FROM licenses LIMIT 1), $1,
              (SELECT max(revision) FROM license_tokens) + row_number() OVER (), list, 0
       FROM ${numbers} AS list`,
      [ROW_KEY],
    );

  it('are only those that tokens name, no matter what the highest number is', async () => {
    await lists.refresh();
    expect(lists.irregularity).toBeUndefined();
    await insertTokens('unnest(ARRAY[7, 2147483646, 2147483647])');
    await lists.refresh();
    expect(await rebuilds()).toBe(2);
    expect(lists.irregularity).toMatch('up to 2147483647 are named by tokens, but only 6 of them exist');
    for (const list of [0, 7, 2_147_483_647]) expect((await read(list)).marked).toEqual({});
    await expect(lists.find(6)).rejects.toMatchObject({ code: 'status_list_not_found' });
  });

  it('are signed for the first 1,000 numbers, and on request for others, which replace none of the first', async () => {
    await insertTokens('generate_series(3, 1590)');
    const records = new StatusListRecords(await database.dataSource([]));
    expect((await records.survey()).versions.size).toBe(1000);
    expect(lists.irregularity).toBeUndefined();
    for (const list of [999, 1000, 1500]) expect((await read(list)).marked).toEqual({});
    expect(lists.irregularity).toMatch('1000 status lists or more');
    await sql.query('UPDATE license_tokens SET superseded_at = now() WHERE status_list = 1500');
    await lists.refresh();
    expect((await read(1500)).marked).toEqual({ 0: 1 });
    // Many others, some of which do not exist, at once.
    const asked = await Promise.allSettled(Array.from({ length: 150 }, (_, at) => lists.find(1450 + at)));
    const outcomes = asked.map((one) => (one.status === 'fulfilled' ? 'served' : codeOf(one.reason)));
    // The one that was served already, and the last 100 that exist.
    expect(outcomes.slice(0, 40)).toEqual(Array.from({ length: 40 }, () => 'service_unavailable'));
    expect(outcomes.slice(40, 141)).toEqual(Array.from({ length: 101 }, () => 'served'));
    expect(outcomes.slice(141)).toEqual(Array.from({ length: 9 }, () => 'status_list_not_found'));
    expect([held().size, held().has(0), held().has(999)]).toEqual([1100, true, true]);
    expect((await read(1500)).marked).toEqual({ 0: 1 });
  });

  const codeOf = (reason: unknown): string => (reason as { code: string }).code;
  const held = (): Map<number, unknown> => (lists as unknown as { served: Map<number, unknown> }).served;

  it('are not replaced by made-up numbers, nor by other lists while they are requested', async () => {
    await insertTokens('generate_series(3, 1590)');
    for (let list = 1000; list < 1100; list += 1) await lists.find(list);
    const madeUp = await Promise.allSettled(Array.from({ length: 1000 }, (_, at) => lists.find(5000 + at)));
    expect(new Set(madeUp.map((one) => one.status === 'rejected' && codeOf(one.reason)))).toEqual(
      new Set(['status_list_not_found']),
    );
    await lists.refresh();
    expect(held().size).toBe(1100);
    // The one asked for first is asked for again, so that the second one goes.
    await lists.find(1000);
    await lists.find(1500);
    expect([1000, 1001, 1002, 1500].map((list) => held().has(list))).toEqual([true, false, true, true]);
  });

  it('are served while a survey is running that does not include them yet', async () => {
    let surveyed = (): void => undefined;
    let release = (): void => undefined;
    const goOn = new Promise<void>((resolve) => (release = resolve));
    class PausingRecords extends StatusListRecords {
      override async survey(asked?: readonly number[]): Promise<Survey> {
        const survey = await super.survey(asked);
        surveyed();
        await goOn;
        return survey;
      }
    }
    await insertTokens('generate_series(3, 1590)');
    lists = listsOf(await database.dataSource([]), PausingRecords);
    const first = new Promise<void>((resolve) => (surveyed = resolve));
    const tooEarly = lists.find(2000);
    await first;
    await insertTokens('generate_series(2000, 2000)');
    const inTime = lists.find(2000);
    release();
    await expect(tooEarly).rejects.toMatchObject({ code: 'status_list_not_found' });
    await expect(inTime).resolves.toBeDefined();
  });

  it('have all their numbers listed, some at a time', async () => {
    await insertTokens('generate_series(3, 2590)');
    const records = new StatusListRecords(await database.dataSource([]));
    const issuer = new StatusListIssuer(records, keyRing, new Environment());
    const numbers: number[] = [];
    for await (const some of issuer.numbers()) {
      expect(some.length).toBeLessThanOrEqual(1000);
      numbers.push(...some);
    }
    expect(numbers).toEqual(Array.from({ length: 2591 }, (_, list) => list));
    const given = async (only: number): Promise<number[][]> => {
      const all: number[][] = [];
      for await (const some of issuer.numbers(only)) all.push(some);
      return all;
    };
    expect([await given(2590), await given(2591)]).toEqual([[[2590]], []]);
  });

  it('are surveyed without reading noted changes: one refresh folds all of them', async () => {
    await sql.query('INSERT INTO status_list_changes (list) SELECT 1 FROM generate_series(1, 25000)');
    await lists.refresh();
    expect(await changesNoted()).toEqual([]);
    const { rows } = await sql.query<{ version: number }>(
      'SELECT version::int AS version FROM status_list_versions WHERE list = 1',
    );
    expect(rows[0]!.version).toBeGreaterThanOrEqual(25_000);
  });

  const HOUR_MS = 3_600_000;
  /** As if so much time had passed for this process. */
  const later = (milliseconds: number): void => {
    const now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now + milliseconds);
  };
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('are read again after 300 seconds, with or without a noted change', async () => {
    await lists.refresh();
    await sql.query('ALTER TABLE licenses DISABLE TRIGGER status_lists_note_update');
    await change(0, 8, REVOKED);
    later(200_000);
    await lists.refresh();
    expect([(await read(0)).marked, await rebuilds()]).toEqual([{}, 1]);
    jest.restoreAllMocks();
    later(300_000);
    await lists.refresh();
    expect([(await read(0)).marked, await rebuilds()]).toEqual([{ 8: 1 }, 2]);
  });

  it('are served until an hour before their end while none can be made, and no longer', async () => {
    await lists.find(0);
    signer = new Error('unreachable');
    later((35 * 24 - 1) * HOUR_MS - 60_000);
    expect((await read(0)).kid).toBe('first');
    jest.restoreAllMocks();
    later((35 * 24 - 1) * HOUR_MS + 60_000);
    await expect(lists.find(0)).rejects.toMatchObject({ code: 'service_unavailable', retryAfterSeconds: 5 });
  });

  it('are served for 300 seconds without a change that cannot be signed, and then not until it is', async () => {
    await lists.refresh();
    signer = new Error('unreachable');
    await change(0, 8, REVOKED);
    await expect(lists.refresh()).rejects.toThrow('unreachable');
    later(299_000);
    await expect(lists.refresh()).rejects.toThrow('unreachable');
    expect((await read(0)).marked).toEqual({});
    jest.restoreAllMocks();
    later(301_000);
    await expect(lists.find(0)).rejects.toMatchObject({ code: 'service_unavailable', retryAfterSeconds: 5 });
    expect((await read(1)).kid).toBe('first');
    signer = aSigner('first');
    await lists.refresh();
    expect((await read(0)).marked).toEqual({ 8: 1 });
  });

  it('are read by one refresh for all callers of the same time', async () => {
    const began = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => lists.find(0)));
    expect(await rebuilds()).toBe(1);
    const [, age] = /^aegis_status_list_age_seconds (\S+)$/m.exec(await metrics.registry.metrics()) ?? [];
    expect(Number(age)).toBeGreaterThan(0);
    expect(Number(age)).toBeLessThanOrEqual((performance.now() - began) / 1000);
  });
});
