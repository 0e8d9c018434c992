import { PemSigner, SigningReplicas } from '@aegis/signing';
import { Sealer, TrailVerification } from '@aegis/checkpoints';
import { loadEnvironment } from '@aegis/config';
import { poolOptions, postgresOptions, SESSION_OPTIONS } from '@aegis/database';
import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import {
  checkpointHash,
  type CheckpointClaims,
  readCheckpoint,
  signCheckpoint,
} from '../../libs/checkpoints/src/checkpoint';
import { migrationDataSource } from '../../migrations/data-source';
import { expectNothingMissing } from '../support/complete-list';
import { migratedDatabase } from '../support/database/database';
import { until } from '../support/until';
import { Trail } from '../support/trail/trail';
import { KNOWN_PRIVILEGES } from './known-privileges';

const ROLE = 'aegis_app';
const TABLE_PRIVILEGES = `ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']`;
/** Every privilege of the role, no matter who it comes from: itself, PUBLIC, or a role that it is a member of. */
const PRIVILEGES = `
  WITH relations AS (
    SELECT oid, relname AS name, relkind FROM pg_class
    WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema'))
  SELECT 'role ' || attribute AS line FROM pg_roles, LATERAL (VALUES
      (rolsuper, 'SUPERUSER'), (rolcreaterole, 'CREATEROLE'), (rolcreatedb, 'CREATEDB'),
      (rolreplication, 'REPLICATION'), (rolbypassrls, 'BYPASSRLS')) AS has (it, attribute)
    WHERE rolname = $1 AND it
  UNION ALL SELECT 'member of ' || roleid::regrole FROM pg_auth_members WHERE member = $1::regrole
  UNION ALL SELECT 'database ' || privilege FROM unnest(ARRAY['CREATE', 'CONNECT', 'TEMPORARY']) AS privilege
    WHERE has_database_privilege($1, current_database(), privilege)
  UNION ALL SELECT 'schema ' || nspname || ' ' || privilege FROM pg_namespace, unnest(ARRAY['USAGE', 'CREATE']) AS privilege
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND has_schema_privilege($1, oid, privilege)
  UNION ALL SELECT 'language ' || lanname || ' USAGE' FROM pg_language
    WHERE lanpltrusted AND lanname <> 'sql' AND has_language_privilege($1, oid, 'USAGE')
  UNION ALL SELECT 'server ' || srvname || ' USAGE' FROM pg_foreign_server WHERE has_server_privilege($1, oid, 'USAGE')
  UNION ALL SELECT 'tablespace ' || spcname || ' CREATE' FROM pg_tablespace
    WHERE has_tablespace_privilege($1, oid, 'CREATE') AND spcname <> 'pg_default'
  UNION ALL SELECT 'table ' || name || ' ' || privilege FROM relations, unnest(${TABLE_PRIVILEGES}) AS privilege
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege($1, oid, privilege)
  UNION ALL SELECT 'column ' || name || '.' || attname || ' ' || privilege
    FROM relations JOIN pg_attribute ON attrelid = oid, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND attnum > 0 AND NOT attisdropped
      AND has_column_privilege($1, oid, attnum, privilege) AND NOT has_table_privilege($1, oid, privilege)
  UNION ALL SELECT 'sequence ' || name || ' ' || privilege FROM relations, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS privilege
    WHERE relkind = 'S' AND has_sequence_privilege($1, oid, privilege)
  UNION ALL SELECT 'function ' || oid::regprocedure || ' EXECUTE' FROM pg_proc
    WHERE prorettype <> 'trigger'::regtype AND has_function_privilege($1, oid, 'EXECUTE')
      AND pronamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
  UNION ALL SELECT 'system function ' || pg_proc.oid::regprocedure || ' EXECUTE'
    FROM pg_proc, aclexplode(proacl) AS given WHERE given.grantee = $1::regrole
      AND pronamespace = 'pg_catalog'::regnamespace
  UNION ALL SELECT 'setting ' || parname FROM pg_parameter_acl, aclexplode(paracl) AS given
    WHERE given.grantee IN (0, $1::regrole)
  ORDER BY 1`;

const AUDIT_TABLES = [
  'audit_logs',
  'audit_checkpoints',
  'audit_seals',
  'audit_unsealable',
  'audit_breaks',
  'audit_drops',
  'audit_checkpoints_set_aside',
  'audit_seals_set_aside',
];

const seconds = (): number => Math.floor(Date.now() / 1000);

/** What a role may set for its own future sessions, and what the server still works with. */
const OWN_DEFAULTS: Readonly<Record<string, [set: string, inForce: string]>> = {
  default_transaction_isolation: ['repeatable read', 'read committed'],
  default_transaction_deferrable: ['on', 'off'],
  synchronous_commit: ['off', 'on'],
  search_path: ['pg_temp', 'public,pg_temp'],
  extra_float_digits: ['-15', '1'],
  DateStyle: ['German', 'ISO, MDY'],
  IntervalStyle: ['iso_8601', 'postgres'],
  TimeZone: ['Pacific/Kiritimati', 'UTC'],
  bytea_output: ['escape', 'hex'],
  standard_conforming_strings: ['off', 'on'],
  array_nulls: ['off', 'on'],
  transform_null_equals: ['on', 'off'],
};

/** What a role may set for its own future sessions that ends each of them, or each statement. */
const OWN_LIMITS: readonly string[] = [
  `local_preload_libraries = 'nothing'`,
  'idle_session_timeout = 1',
  'idle_in_transaction_session_timeout = 1',
  'statement_timeout = 1',
  'lock_timeout = 1',
];

/** What somebody does who has the password of the application's role, and no key. */
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same 32 bytes, with another of the four last characters that all stand for them. */
function respelled(x: string): string {
  return x.slice(0, -1) + BASE64URL.charAt(BASE64URL.indexOf(x.slice(-1)) + 1);
}

describe('an attacker with the application’s role', () => {
  let trail: Trail;
  let privileges: string[];

  beforeAll(async () => {
    trail = await Trail.open(migratedDatabase());
    await trail.sealed();
    const rows = await trail.superuser.query<{ line: string }[]>(PRIVILEGES, [ROLE]);
    privileges = rows.map(({ line }) => line);
  });
  afterAll(() => trail.close());

  const asRole = <T>(statement: string, parameters: unknown[] = []): Promise<T> =>
    trail.application.query<T>(statement, parameters);

  /** Sealing continues, and the trail is sound: nothing of what was tried is left. */
  async function sound(): Promise<void> {
    await trail.append(1, 1000);
    await trail.sealAll();
    expect(await trail.findings()).toEqual([]);
  }

  const attacks: Record<string, () => Promise<void>> = {
    async 'writes false records'() {
      for (const [column, value] of [
        ['id', '1'],
        ['recorded_at', `now() - interval '5 days'`],
        ['xact', `'5'::xid8`],
      ])
        await expect(
          asRole(
            `INSERT INTO audit_logs (event_type, actor, ${column}) VALUES ('license.revoked', 'system', ${value})`,
          ),
        ).rejects.toThrow(/permission denied/);
      // What it says is sealed as any record is: it withdraws nothing, and breaks nothing.
      for (const type of ['audit_log.dropped', 'audit_log.resumed'])
        await asRole(
          `INSERT INTO audit_logs (event_type, actor, event_data, occurred_at)
           VALUES ($1, 'cli:mallory', $2, '2020-01-01Z')`,
          [type, { until: '2999-01-01T00:00:00.000Z', records: 9, records_in_all: 9, after: 1, epoch: 7 }],
        );
      await sound();
      await trail.tamper(`DELETE FROM audit_logs WHERE customer_id = 'C-3'`);
      expect(await trail.findings()).toEqual([expect.objectContaining({ kind: 'record_missing' })]);
      await trail.close();
      trail = await Trail.open(migratedDatabase());
      await trail.sealed();
    },
    async 'writes what is too large to read'() {
      for (const [column, value] of [
        ['user_agent', `repeat('x', 2001)`],
        ['customer_id', `repeat('x', 1025)`],
        ['module_name', `repeat('x', 1025)`],
        ['api_key_id', `repeat('x', 1025)`],
        ['request_id', `repeat('x', 1025)`],
        ['event_data', `jsonb_build_object('a', repeat('x', 65536))`],
        ['occurred_at', `'-infinity'`],
        ['occurred_at', `'infinity'`],
        ['occurred_at', `'2020-01-01Z BC'`],
      ])
        await expect(
          asRole(
            `INSERT INTO audit_logs (event_type, actor, ${column}) VALUES ('license.revoked', 'system', ${value})`,
          ),
        ).rejects.toMatchObject({ code: '23514' });
      await asRole('SELECT audit_logs_make_partitions(6)');
      const loose = await trail.superuser.query<{ partition: string }[]>(
        `SELECT inhrelid::regclass::text AS partition FROM pg_inherits
         WHERE inhparent = 'audit_logs'::regclass AND 2 > (
           SELECT count(*) FROM pg_constraint
           WHERE conrelid = inhrelid AND conname IN ('audit_logs_bounded', 'audit_logs_occurred_at_finite'))`,
      );
      expect(loose).toEqual([]);
      for (const statement of [
        `INSERT INTO signing_replicas (id, name, kids) VALUES (gen_random_uuid(), repeat('x', 1025), '{}')`,
        `INSERT INTO signing_replicas (id, name, kids) VALUES (gen_random_uuid(), 'x', ARRAY[repeat('x', 65536)])`,
        `INSERT INTO audit_shipments (sink) VALUES (repeat('x', 16385))`,
        `INSERT INTO audit_shipments (sink, acknowledged_hash) VALUES ('x', repeat('x', 129))`,
        `INSERT INTO audit_shipments (sink, leased_until) VALUES ('x', 'infinity')`,
      ])
        await expect(asRole(statement)).rejects.toMatchObject({
          code: expect.stringMatching(/^(23514|54000)$/),
        });
      await sound();
    },
    async 'fills the table of server processes'() {
      const replicas = new SigningReplicas(trail.application);
      const write = (seenAt: string): Promise<unknown> =>
        asRole(`INSERT INTO signing_replicas (id, name, kids, seen_at)
                SELECT gen_random_uuid(), 'false', '{}', ${seenAt} FROM generate_series(1, 2500)`);
      for (const seenAt of [`'infinity'`, `'-infinity'`])
        await expect(write(seenAt)).rejects.toThrow('signing_replicas_moments');
      for (const seenAt of [
        `'9999-12-31T23:59:59Z'`,
        `now() + interval '1 day'`,
        `'0001-01-01T00:00:00Z'`,
        `now() - interval '1 day'`,
      ])
        await write(seenAt);
      expect(await replicas.live()).toEqual([]);
      for (let time = 1; time <= 11; time += 1)
        await replicas.report({ id: randomUUID(), name: 'genuine', kids: [] });
      const [row] = await asRole<{ left: number }[]>(
        `SELECT count(*)::int AS left FROM signing_replicas WHERE name = 'false'`,
      );
      expect(row).toEqual({ left: 0 });
      await write('now()');
      expect(await replicas.live()).toHaveLength(1000);
      await asRole('DELETE FROM signing_replicas');
      await sound();
    },
    async 'races the servers that seal'() {
      const signer = trail.keyRing.active();
      const others = await Promise.all(
        [1, 2].map(() => new DataSource(postgresOptions(trail.database.applicationUrl)).initialize()),
      );
      try {
        for (let round = 0; round < 5; round += 1) {
          await trail.append(1, 400 + round);
          const id = await newest();
          const jws = await fitting(signer);
          const before = (await trail.checkpoints()).length;
          const racing = [
            ...others.map((other) => new Sealer(other, trail.keyRing).seal()),
            ...others.map((other) =>
              other.query(`SELECT audit_append_checkpoint($1, ARRAY[$2]::bigint[], ARRAY[sha256('x')])`, [
                jws,
                id,
              ]),
            ),
          ];
          await Promise.allSettled(racing);
          expect((await trail.checkpoints()).length).toBeLessThanOrEqual(before + 2);
          // A key of the server signed what the attacker wrote here, as no attacker can: it is the race that counts.
          const written = await trail.checkpoints();
          const numbers = written.map((one) => readCheckpoint(one)!.number);
          expect(numbers).toEqual(numbers.map((_, index) => index + 1));
          expect(written.map((one) => readCheckpoint(one)!.previous)).toEqual([
            null,
            ...written.slice(0, -1).map(checkpointHash),
          ]);
        }
      } finally {
        for (const other of others) await other.destroy();
      }
      const [twice] = await trail.superuser.query<{ seals: number; sealed: number }[]>(
        `SELECT count(*)::int AS seals, count(DISTINCT (checkpoint, leaf_index))::int AS sealed FROM audit_seals`,
      );
      expect(twice!.seals).toBe(twice!.sealed);
      await trail.close();
      trail = await Trail.open(migratedDatabase());
      await trail.sealed();
    },
    async 'calls functions with NULL'() {
      const functions = await trail.superuser.query<{ name: string; strict: boolean }[]>(
        `SELECT oid::regprocedure::text AS name, proisstrict AS strict FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace AND pronargs > 0 AND prorettype <> 'trigger'::regtype
           AND has_function_privilege($1, oid, 'EXECUTE')`,
        [ROLE],
      );
      expect(functions.length).toBeGreaterThan(8);
      expect(functions.filter(({ strict }) => !strict)).toEqual([]);
      const horizon = 'SELECT forgotten_until FROM audit_address_horizon';
      const before = await asRole(horizon);
      await asRole('SELECT audit_logs_forget_addresses(NULL) FROM generate_series(1, 100)');
      expect(await asRole(horizon)).toEqual(before);
      await sound();
    },
    async 'uses up ids'() {
      await asRole(`SELECT nextval('audit_logs_id_seq') FROM generate_series(1, 1000)`);
      await expect(asRole(`SELECT setval('audit_logs_id_seq', 1)`)).rejects.toThrow(/permission denied/);
      await sound();
    },
    'writes checkpoints that do not fit': () => misfits(),
    async 'changes the keys on record'() {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const [jwk] = (await trail.keyRing.jwks()).keys;
      const kept = createPublicKey({ key: { ...jwk }, format: 'jwk' });
      const { x } = publicKey.export({ format: 'jwk' });
      for (const [different, refusal] of [
        [respelled(jwk!.x), /canonical/],
        [jwk!.x, /signing_keys_public_key_unique/],
        // The neutral point, and with the other sign.
        [Buffer.from('01'.padEnd(64, '0'), 'hex').toString('base64url'), /small order/],
        [Buffer.from(`01${'80'.padStart(62, '0')}`, 'hex').toString('base64url'), /small order/],
      ] as const)
        await expect(
          asRole(
            `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('twin', 'EdDSA', $1, 'retired')`,
            [different],
          ),
        ).rejects.toThrow(refusal);
      for (const change of ['public_key = $1', `kid = left($1, 9)`])
        await expect(
          asRole(`UPDATE signing_keys SET ${change} WHERE kid = $2`, [x, jwk!.kid]),
        ).rejects.toThrow(/keeps its id and its public key/);
      const verified = await new TrailVerification(trail.application, (kid) =>
        Promise.resolve(kid === jwk!.kid ? { publicKey: kept } : undefined),
      ).verify(() => undefined);
      expect(verified.findings).toBe(0);
      const forged = await fitting(new PemSigner(jwk!.kid, privateKey, publicKey));
      await append(forged);
      await trail.append(1, 70);
      await expect(trail.sealOnce()).rejects.toThrow(/not one that a key of this server signed/);
      // When a key was withdrawn is the database's to say, once.
      for (let time = 1; time <= 2; time += 1)
        await asRole(
          `UPDATE signing_keys SET state = 'compromised', compromised_at = '2020-01-01Z', compromised_after = NULL
           WHERE kid = $1`,
          [jwk!.kid],
        );
      const [withdrawn] = await asRole<{ now: boolean }[]>(
        `SELECT compromised_at > now() - interval '1 hour' AS now FROM signing_keys WHERE kid = $1`,
        [jwk!.kid],
      );
      expect(withdrawn).toEqual({ now: true });
      await trail.close();
      trail = await Trail.open(migratedDatabase());
      await trail.sealed();
    },
    async 'says that all was shipped'() {
      await asRole(
        `INSERT INTO audit_shipments (sink, acknowledged) VALUES ('https://sink.example', 999999)`,
      );
      await asRole(`UPDATE audit_shipments SET leased_until = '9999-12-31Z', acknowledged = 9999999`);
      await sound();
    },
    // It closes what was open, and opens nothing.
    async 'notes a restore'() {
      await asRole(`INSERT INTO restores (begun_by, reason) VALUES ('system', 'an attack')`);
      await expect(trail.append(1, 2000)).rejects.toMatchObject({ code: 'restore_not_reconciled' });
      await expect(asRole('UPDATE restores SET reconciled_at = now()')).rejects.toThrow(/permission denied/);
      await trail.superuser.query('UPDATE restores SET reconciled_at = clock_timestamp()');
      await sound();
    },
    async 'holds locks and transactions'() {
      const holder = trail.application.createQueryRunner();
      await holder.startTransaction();
      await holder.query('SELECT pg_advisory_xact_lock(4702394921427289933)');
      await trail.append(1, 80);
      // What it holds shows: the record waits for as long as that.
      expect(await trail.sealer.seal()).toBe(0);
      await holder.rollbackTransaction();
      await holder.release();
      await sound();
    },
    async 'shadows tables with temporary ones'() {
      const session = trail.application.createQueryRunner();
      for (const table of [
        'audit_logs',
        'audit_checkpoints',
        'audit_seals',
        'audit_breaks',
        'audit_unsealable',
      ])
        await session.query(`CREATE TEMPORARY TABLE ${table} AS SELECT * FROM public.${table} LIMIT 0`);
      const jws = await fitting(trail.keyRing.active(), { number: 1, previous: null });
      const [row] = (await session.query(
        `SELECT audit_append_checkpoint($1, ARRAY[1]::bigint[], ARRAY[sha256('x')]) AS written`,
        [jws],
      )) as { written: boolean }[];
      // The number is one that the real table has.
      expect(row!.written).toBe(false);
      await session.query('SELECT audit_logs_make_partitions(3), audit_logs_forget_addresses(1)');
      await session.query('DISCARD TEMPORARY');
      await session.release();
      await sound();
    },
    async 'changes the defaults of its sessions'() {
      const [here] = await asRole<{ name: string }[]>('SELECT current_database() AS name');
      for (const [name, [value]] of Object.entries(OWN_DEFAULTS))
        await asRole(`ALTER ROLE ${ROLE} IN DATABASE ${here!.name} SET ${name} = '${value}'`);
      const plain = await new DataSource(postgresOptions(trail.database.applicationUrl)).initialize();
      const server = await new DataSource({
        ...postgresOptions(trail.database.applicationUrl),
        extra: poolOptions(loadEnvironment({})),
      }).initialize();
      const migrations = await migrationDataSource(trail.database.applicationUrl).initialize();
      try {
        const settings = async (dataSource: DataSource): Promise<object> => {
          const rows = await dataSource.query<{ name: string; value: string }[]>(
            `SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name`,
            [Object.keys(OWN_DEFAULTS)],
          );
          return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
        };
        const inForce = Object.fromEntries(
          Object.entries(OWN_DEFAULTS).map(([name, [, value]]) => [name, value]),
        );
        expect(await settings(plain)).toMatchObject({ extra_float_digits: '-15', synchronous_commit: 'off' });
        expect(await settings(server)).toEqual(inForce);
        expect(await settings(migrations)).toEqual(inForce);
        await trail.append(1, 300);
        await trail.sealAll();
        await trail.append(1, 301);
        await new Sealer(server, trail.keyRing).seal();
      } finally {
        for (const dataSource of [plain, server, migrations]) await dataSource.destroy();
        await trail.superuser.query(`ALTER ROLE ${ROLE} IN DATABASE ${here!.name} RESET ALL`);
      }
      await sound();
    },
    async 'sets limits for the server’s sessions'() {
      const [here] = await asRole<{ name: string }[]>('SELECT current_database() AS name');
      const role = `${ROLE} IN DATABASE ${here!.name}`;
      for (const limit of OWN_LIMITS) await asRole(`ALTER ROLE ${role} SET ${limit}`);
      const url = trail.database.applicationUrl;
      const server = new DataSource({ ...postgresOptions(url), extra: poolOptions(loadEnvironment({})) });
      const bare = new Client({ connectionString: url, options: SESSION_OPTIONS });
      bare.on('error', () => undefined);
      try {
        await expect(new DataSource(postgresOptions(url)).initialize()).rejects.toThrow('nothing');
        await server.initialize();
        await bare.connect();
        for (const run of [
          (statement: string): Promise<unknown> => server.query(statement),
          (statement: string): Promise<unknown> => bare.query(statement),
        ]) {
          await run('SELECT pg_sleep(0.05)');
          await until('the session has been idle for longer than the limit', async () => {
            const [row] = await trail.superuser.query<{ idle: boolean }[]>(
              `SELECT bool_and(clock_timestamp() - state_change > interval '50 ms') AS idle FROM pg_stat_activity
               WHERE datname = current_database() AND usename = $1 AND state = 'idle' AND query LIKE '%pg_sleep%'`,
              [ROLE],
            );
            return row!.idle;
          });
          await run('SELECT 1');
        }
      } finally {
        await trail.superuser.query(`ALTER ROLE ${role} RESET ALL`);
        await bare.end();
        if (server.isInitialized) await server.destroy();
      }
      await sound();
    },
    async 'nests deep'() {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ])
        for (const depth of [33, 1000, 9000])
          await expect(
            asRole(
              `INSERT INTO audit_logs (event_type, actor, event_data)
               VALUES ('license.validated', 'system', (repeat($1, $3) || '1' || repeat($2, $3))::jsonb)`,
              [open, close, depth],
            ),
          ).rejects.toMatchObject({ code: expect.stringMatching(/^(23514|54001)$/) });
      await asRole(
        `INSERT INTO audit_logs (event_type, actor, event_data)
         VALUES ('license.validated', 'system', ('{"a":' || repeat('[', 31) || '1' || repeat(']', 31) || '}')::jsonb)`,
      );
      await sound();
    },
    async 'counts to the end'() {
      await asRole(`INSERT INTO customers (id, name, version) VALUES ('C-end', 'x', 2147483647)`);
      for (const version of [2_147_483_647, -2_147_483_648, 0, 1_000_000_001]) {
        await asRole('UPDATE customers SET version = $1', [version]);
        await asRole('UPDATE customers SET version = version + 1');
        const [row] = await asRole<{ version: number }[]>('SELECT version FROM customers');
        expect(row).toEqual({ version: 2 });
      }
      for (const count of ['9223372036854775807', '-1', '1000000001'])
        await expect(
          asRole(`INSERT INTO validation_counts (minute, code, count) VALUES ('2026-01-01Z', 'VALID', $1)`, [
            count,
          ]),
        ).rejects.toThrow('validation_counts_bound');
      await sound();
    },
    async 'puts many keys on record at once'() {
      const write = (runner: QueryRunner, from: string): Promise<unknown> =>
        runner.query(`INSERT INTO signing_keys (kid, alg, public_key, state)
                      SELECT '${from}' || n, 'EdDSA', rpad('${from}' || n || '-', 43, 'A'), 'retired' FROM generate_series(1, 600) AS n`);
      const runners = ['a', 'b'].map(() => trail.application.createQueryRunner());
      const [first, second] = runners as [QueryRunner, QueryRunner];
      try {
        await first.startTransaction();
        await second.startTransaction('REPEATABLE READ');
        await second.query('SELECT 1');
        await write(first, 'a');
        await expect(write(second, 'b')).rejects.toThrow('READ COMMITTED');
        await second.rollbackTransaction();
        await second.startTransaction();
        const late = write(second, 'b').then(
          () => 'written',
          (error: unknown) => String(error),
        );
        await until('the second waits for the first', async () => {
          const [row] = await trail.superuser.query<{ waiting: boolean }[]>(
            `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted) AS waiting`,
          );
          return row!.waiting;
        });
        await first.commitTransaction();
        expect(await late).toContain('at most 1000 rows');
      } finally {
        for (const runner of runners) {
          if (runner.isTransactionActive) await runner.rollbackTransaction();
          await runner.release();
        }
      }
      await sound();
    },
    async 'takes back what is final'() {
      const [key] = (await trail.keyRing.jwks()).keys;
      const license = randomUUID();
      await asRole(`INSERT INTO customers (id, name, is_active, deleted_at) VALUES
        ('C-final', NULL, false, now()), ('C-kept', 'x', true, NULL)`);
      await asRole(
        `INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, status,
                               revoked_at, key_id)
         VALUES ($1, 'C-kept', 'crm', 'perpetual', '{17}', now(), 'revoked', now(), $2)`,
        [license, key!.kid],
      );
      await asRole(
        `INSERT INTO license_tokens (sha256, license_id, key_id, revision, superseded_at, status_list, status_index)
         VALUES (sha256('final'), $1, $2, 1, now(), 0, 7)`,
        [license, key!.kid],
      );
      await asRole(
        `INSERT INTO api_keys (id, name, scopes, prefix, hash, pepper_version, is_active, created_by, deleted_at)
         VALUES ('finalfinal00', 'x', '{admin}', 'x', sha256('x'), 'v1', false, 'system', now())`,
      );
      await asRole(
        `INSERT INTO signing_keys (kid, alg, public_key, state, compromised_after)
         VALUES ('compromised', 'EdDSA', $1, 'compromised', '2026-01-01Z'), ('untrusted', 'EdDSA', $2, 'compromised', NULL)`,
        [`${'B'.repeat(42)}A`, `${'C'.repeat(42)}A`],
      );
      await asRole(
        `INSERT INTO license_seats (license_id, mode, required, max, offline_days, overage, take_over)
         VALUES ($1, 'fixed', true, 1, 30, 0, false)`,
        [license],
      );
      await asRole(
        `INSERT INTO activations (id, license_id, fp, name, mode, over, fence, admitted_at, last_seen_at, token_expires_at,
                                  offline_until, ended_at, ended_by, status_list, status_index)
         VALUES (gen_random_uuid(), $1, sha256('a'), 'x', 'fixed', false, 1, now(), now(), '2100-01-01Z', '2100-01-01Z',
                 now(), 'ended', 500000000, 7),
                (gen_random_uuid(), $1, sha256('b'), 'x', 'fixed', false, 2, now(), now(), '2100-01-01Z', '2100-01-01Z',
                 NULL, NULL, 500000000, 8)`,
        [license],
      );
      const FINAL_TABLES = [
        'customers',
        'licenses',
        'license_tokens',
        'api_keys',
        'signing_keys',
        'activations',
      ];
      const read = (): Promise<unknown[]> =>
        Promise.all(FINAL_TABLES.map((table) => asRole(`SELECT * FROM ${table} ORDER BY 1`)));
      const before = await read();
      for (const statement of [
        `UPDATE licenses SET status = 'active', revoked_at = NULL, revoked_reason = NULL WHERE status = 'revoked'`,
        `UPDATE licenses SET status = 'suspended', suspended_at = now(), revoked_at = NULL WHERE status = 'revoked'`,
        `UPDATE licenses SET revoked_at = now() + interval '1 year' WHERE status = 'revoked'`,
        `UPDATE licenses SET id = gen_random_uuid()`,
        `INSERT INTO licenses SELECT (l).* FROM (SELECT l FROM licenses AS l) AS kept
         ON CONFLICT (id) DO UPDATE SET status = 'active', revoked_at = NULL`,
        `UPDATE api_keys SET deleted_at = NULL, is_active = true WHERE id = 'finalfinal00'`,
        `UPDATE api_keys SET deleted_at = now() + interval '1 year' WHERE id = 'finalfinal00'`,
        `UPDATE api_keys SET id = 'finalfinal01' WHERE id = 'finalfinal00'`,
        `UPDATE customers SET deleted_at = NULL, name = 'x', is_active = true WHERE id = 'C-final'`,
        `UPDATE customers SET id = 'C-other' WHERE id = 'C-final'`,
        `UPDATE license_tokens SET superseded_at = NULL`,
        `UPDATE license_tokens SET superseded_at = now() + interval '1 year'`,
        `UPDATE signing_keys SET state = 'retired', compromised_at = NULL WHERE kid = 'compromised'`,
        `UPDATE signing_keys SET compromised_after = '2026-01-01 00:00:01Z' WHERE kid = 'compromised'`,
        `UPDATE signing_keys SET compromised_after = '2020-01-01Z' WHERE kid = 'untrusted'`,
        'UPDATE activations SET ended_at = NULL, ended_by = NULL WHERE ended_at IS NOT NULL',
        `UPDATE activations SET ended_at = now() + interval '1 year' WHERE ended_at IS NOT NULL`,
        `UPDATE activations SET ended_by = 'lease' WHERE ended_at IS NOT NULL`,
        'UPDATE activations SET status_list = NULL, status_index = NULL WHERE ended_at IS NOT NULL',
        'UPDATE activations SET status_index = status_index + 9',
        // A list no longer names what ended once its tokens no longer count.
        `UPDATE activations SET token_expires_at = now()`,
        `UPDATE activations SET token_expires_at = NULL`,
        `UPDATE activations SET offline_until = now()`,
        `UPDATE activations SET offline_until = NULL`,
      ])
        await expect(asRole(statement)).rejects.toMatchObject({ code: '23514' });
      for (const column of [
        `sha256 = sha256('other')`,
        'license_id = gen_random_uuid()',
        `key_id = 'retired'`,
        'revision = 9',
        `recorded_at = '2020-01-01Z'`,
        'status_list = 1',
        'status_index = 9',
      ])
        await expect(asRole(`UPDATE license_tokens SET ${column}`)).rejects.toMatchObject({ code: '42501' });
      for (const column of [
        'id = gen_random_uuid()',
        'license_id = gen_random_uuid()',
        `fp = sha256('other')`,
        `mode = 'floating'`,
        'over = true',
        'fence = 9',
        `admitted_at = '2020-01-01Z'`,
      ])
        await expect(asRole(`UPDATE activations SET ${column}`)).rejects.toMatchObject({ code: '42501' });
      for (const table of FINAL_TABLES)
        await expect(asRole(`DELETE FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
      expect(await read()).toEqual(before);
      // What is final leaves the rest of the row free, and more trust can be withdrawn.
      await asRole(
        `UPDATE licenses SET token = NULL, revoked_reason = 'fraud', notes = 'x', version = version + 1`,
      );
      await asRole(
        `UPDATE activations SET name = NULL, token_expires_at = '2101-01-01Z', offline_until = '2101-01-01Z'`,
      );
      await asRole(`UPDATE activations SET ended_at = now(), ended_by = 'ended' WHERE ended_at IS NULL`);
      await asRole(`UPDATE signing_keys SET compromised_after = '2025-01-01Z' WHERE kid = 'compromised'`);
      await asRole(`UPDATE signing_keys SET compromised_after = NULL WHERE kid = 'compromised'`);
      await sound();
    },
    async 'calls what else the owner offers'() {
      await asRole('SELECT audit_logs_make_partitions(24)');
      await asRole('SELECT audit_logs_forget_addresses(1)');
      await asRole('SELECT statistics_fold(1000), status_lists_fold(1000), activations_forget(1000)');
      await asRole(
        `SELECT events_hold(), events_append('{}', '{}', '{}', '{}', '{}', '{}'), events_forget(1, 1000), webhooks_forget(1000)`,
      );
      await sound();
    },
  };

  /** A checkpoint over the record C-f, which is made for it, that fits. */
  async function fitting(
    signer: { kid: string; sign(input: Uint8Array): Promise<Uint8Array> },
    changes: Partial<CheckpointClaims> = {},
  ): Promise<string> {
    const last = (await trail.checkpoints()).at(-1)!;
    const { number, epoch, complete_to } = readCheckpoint(last)!;
    return signCheckpoint(signer, {
      number: number + 1,
      epoch,
      size: 1,
      root: 'A'.repeat(43),
      previous: checkpointHash(last),
      complete_to,
      iat: Math.floor(Date.now() / 1000),
      ...changes,
    });
  }

  /** Appends a checkpoint over the next record, once that can be sealed. */
  async function append(jws: string): Promise<void> {
    await trail.append(1, 90);
    const id = await newest();
    await until('the record can be sealed', async () => {
      const [row] = await trail.superuser.query<{ open: boolean }[]>(
        'SELECT max(xact) < pg_snapshot_xmin(pg_current_snapshot()) AS open FROM audit_logs',
      );
      return row!.open;
    });
    await asRole(`SELECT audit_append_checkpoint($1, ARRAY[$2]::bigint[], ARRAY[sha256('x')])`, [jws, id]);
  }

  const newest = async (): Promise<string> => {
    const [row] = await trail.superuser.query<{ id: string }[]>('SELECT max(id)::text AS id FROM audit_logs');
    return row!.id;
  };

  /** As a break does with a checkpoint. */
  async function setAside(jws: string, number: number): Promise<string> {
    await trail.superuser.query(
      `INSERT INTO audit_checkpoints_set_aside
         (set_aside_by, number, epoch, cluster, sealed_xact, sealed_id, jws, created_at)
       VALUES (2, $2, 1, '', '0', 0, $1, now())`,
      [jws, number],
    );
    return jws;
  }

  async function misfits(): Promise<void> {
    const signer = trail.keyRing.active();
    await trail.append(3, 200);
    const [first, second, third] = [200, 201, 202].map((customer) => trail.idOf(`C-${customer}`));
    const ids = [await first!, await second!, await third!];
    const sealed = await trail.idOf('C-1');
    const call = async (jws: string, given: (string | null)[], hash = `sha256('x')`): Promise<unknown> =>
      asRole(
        `SELECT audit_append_checkpoint($1, $2::bigint[], ARRAY(SELECT ${hash} FROM generate_series(1, ${given.length})))`,
        [jws, given],
      );
    const three = (changes: Partial<CheckpointClaims> = {}): Promise<string> =>
      fitting(signer, { size: 3, ...changes });
    const last = readCheckpoint((await trail.checkpoints()).at(-1)!)!.number;
    await until('the records can be sealed', async () => {
      const [row] = await trail.superuser.query<{ open: boolean }[]>(
        'SELECT max(xact) < pg_snapshot_xmin(pg_current_snapshot()) AS open FROM audit_logs',
      );
      return row!.open;
    });
    const refusals: [what: string, jws: string, given: (string | null)[], hash?: string][] = [
      ['a number beyond the next', await three({ number: last + 2 }), ids],
      ['another checkpoint before it', await three({ previous: 'A'.repeat(43) }), ids],
      ['none before it', await three({ previous: null }), ids],
      ['another size', await three({ size: 2 }), ids],
      ['no size', await three({ size: 0 }), []],
      ['another epoch', await three({ epoch: 2 }), ids],
      ['ids out of order', await three(), ids.toReversed()],
      ['an id twice', await three(), [ids[0]!, ids[1]!, ids[1]!]],
      ['no id', await three(), [ids[0]!, ids[1]!, null]],
      ['a record that does not exist', await three(), [ids[0]!, ids[1]!, '999999999']],
      ['a record that is sealed', await three(), [sealed, ids[0]!, ids[1]!]],
      ['a record that is left out', await fitting(signer, { size: 2 }), [ids[0]!, ids[2]!]],
      ['hashes that are not hashes', await three(), ids, `'x'::bytea`],
      ['what is not a checkpoint', 'nothing', ids],
      ['a future time that it is complete up to', await three({ complete_to: seconds() + 60 }), ids],
      ['a checkpoint of an earlier time', await three({ iat: seconds() - 600 }), ids],
      ['a checkpoint of a later time', await three({ iat: seconds() + 600 }), ids],
      ['a checkpoint that is too long', `${await three()}.${'A'.repeat(4096)}`, ids],
      ['a checkpoint that was set aside', await setAside(await three(), last + 1), ids],
    ];
    for (const [what, jws, given, hash] of refusals) {
      const refused = await call(jws, given, hash).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect([what, refused]).toEqual([
        what,
        expect.objectContaining({ code: expect.stringMatching(/^23/) }),
      ]);
    }
    await trail.superuser.query('DELETE FROM audit_checkpoints_set_aside');
    await inTransaction('READ COMMITTED', async (session) => {
      await session.query(`INSERT INTO audit_logs (event_type, actor) VALUES ('license.revoked', 'system')`);
      const [own] = (await session.query(
        'SELECT max(id)::text AS id FROM audit_logs WHERE xact = pg_current_xact_id()',
      )) as { id: string }[];
      const jws = await fitting(signer, { size: 4 });
      await expect(
        session.query(
          `SELECT audit_append_checkpoint($1, $2::bigint[], ARRAY(SELECT sha256('x') FROM generate_series(1, 4)))`,
          [jws, [...ids, own!.id]],
        ),
      ).rejects.toThrow(/transactions that have ended/);
    });
    await inTransaction('REPEATABLE READ', async (session) => {
      await expect(
        session.query(`SELECT audit_append_checkpoint('x', '{1}', ARRAY[sha256('x')])`),
      ).rejects.toThrow(/READ COMMITTED/);
    });
    await sound();
  }

  async function inTransaction(
    isolation: 'READ COMMITTED' | 'REPEATABLE READ',
    work: (session: QueryRunner) => Promise<void>,
  ): Promise<void> {
    const session = trail.application.createQueryRunner();
    await session.startTransaction(isolation);
    try {
      await work(session);
    } finally {
      await session.rollbackTransaction();
      await session.release();
    }
  }

  it('has no privilege that this suite does not know', () => {
    const unknown = privileges.filter((line) => !(line in KNOWN_PRIVILEGES));
    const gone = Object.keys(KNOWN_PRIVILEGES).filter((line) => !privileges.includes(line));
    expectNothingMissing(
      unknown,
      'Add the privilege to test/attacks/known-privileges.ts with the attack that shows what it is worth',
    );
    expectNothingMissing(gone, 'Remove the privilege from test/attacks/known-privileges.ts');
    const without = Object.values(KNOWN_PRIVILEGES).filter((attack) => !(attack in attacks));
    expect([...new Set(without)].sort()).toEqual([
      'no place to make a function in',
      'outside the trail',
      'reads',
    ]);
  });

  it.each(AUDIT_TABLES)('can change nothing of %s, nor write a row of its own choice', async (table) => {
    const [column] = await trail.superuser.query<{ name: string }[]>(
      `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 1`,
      [table],
    );
    for (const statement of [
      `UPDATE ${table} SET ${column!.name} = ${column!.name}`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
      `INSERT INTO ${table} SELECT * FROM ${table} LIMIT 1`,
      `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
      `DROP TABLE ${table}`,
      `CREATE TRIGGER mine BEFORE INSERT ON ${table} EXECUTE FUNCTION audit_checkpoints_refuse_change()`,
    ])
      await expect(asRole(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it.each(Object.keys(attacks))('%s: has no effect', async (name) => {
    await attacks[name]!();
  });
});
