// `npm run bench:status-lists [-- --tokens 1000000 | --short]`: makes all status lists of that many tokens, then
// those that one change touches. What is measured: docs/benchmarks.md.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { embeddedPostgres } from './aegis-process.mjs';
import { median } from './median.mjs';
import { residentMegabytes } from './resident-memory.mjs';

const LIST_SIZE = 131_072;
const SHORT_TOKENS = 150_000;
const ROUNDS = 3;
const WRITES = 300;
const REVOKED_ONE_IN = 100;

const { values: options } = parseArgs({
  options: { tokens: { type: 'string', default: '1000000' }, short: { type: 'boolean', default: false } },
});
const tokens = options.short ? SHORT_TOKENS : Number(options.tokens);
const progress = (/** @type {string} */ sentence) => process.stderr.write(`${sentence}\n`);

const built = createRequire(new URL('../../dist/', import.meta.url));
const { migrateUp } = built('./libs/database/src/index.js');
const { Metrics } = built('./libs/metrics/src/index.js');
const { PemSigner } = built('./libs/signing/src/index.js');
const { migrationDataSource } = built('./migrations/data-source.js');
const { applicationPrivileges } = built('./migrations/privileges.js');
const { compressStatuses } = built('./libs/status-lists/src/status-list-content.js');
const { StatusListIssuer } = built('./libs/status-lists/src/status-list-issuer.js');
const { StatusListRecords } = built('./libs/status-lists/src/status-list-records.js');
const { StatusLists } = built('./libs/status-lists/src/status-lists.service.js');

/** @param {() => Promise<unknown>} work  @returns {Promise<number>} seconds */
async function timed(work) {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

/** @param {() => Promise<unknown>} work  @returns {Promise<number>} seconds, the median of the rounds */
async function medianOf(work) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await timed(work));
  return median(rounds);
}

/** Fills the tables: a hundredth of the licenses is revoked, without a pattern that zlib could find. */
async function fill(/** @type {pg.Client} */ sql) {
  await sql.query(`INSERT INTO customers (id, name) VALUES ('bench', 'Bench')`);
  await sql.query(
    `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('bench', 'EdDSA', rpad('', 42, 'x') || 'w', 'retired')`,
  );
  await sql.query(
    `INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, key_id,
                           status, revoked_at)
     SELECT md5(n::text)::uuid, 'bench', 'payroll', 'perpetual', '{17}', now(), 'bench',
            CASE WHEN revoked THEN 'revoked' ELSE 'active' END, CASE WHEN revoked THEN now() END
     FROM (SELECT n, hashint4(n) % $2 = 0 AS revoked FROM generate_series(1, $1::integer) AS n) AS drawn`,
    [tokens, REVOKED_ONE_IN],
  );
  // An odd factor scatters the indexes of a list, and gives none twice.
  await sql.query(
    `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
     SELECT sha256(n::text::bytea), md5(n::text)::uuid, 'bench', 1, (n - 1) / $2::integer,
            ((n - 1) % $2::integer) * 48271::bigint % $2::integer
     FROM generate_series(1, $1::integer) AS n`,
    [tokens, LIST_SIZE],
  );
  await sql.query('TRUNCATE status_list_changes');
  await sql.query('VACUUM ANALYZE licenses, license_tokens');
}

/** What one token that is put on record costs, in microseconds. */
async function writeCost(/** @type {pg.Client} */ sql, /** @type {'ENABLE' | 'DISABLE'} */ state) {
  await sql.query(`ALTER TABLE license_tokens ${state} TRIGGER status_lists_note_insert`);
  await sql.query('BEGIN');
  const seconds = await timed(async () => {
    for (let n = 0; n < WRITES; n++)
      await sql.query(
        `INSERT INTO license_tokens (sha256, license_id, key_id, revision, status_list, status_index)
         VALUES (sha256($1::text::bytea), md5('1')::uuid, 'bench', 2 + $2, 999999, $2)`,
        [`written ${n}`, n],
      );
  });
  await sql.query('ROLLBACK');
  return (seconds / WRITES) * 1e6;
}

const folder = mkdtempSync(join(tmpdir(), 'aegis-status-lists-'));
const dataDir = join(folder, 'data');
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
/** @type {{ stop(): Promise<unknown> }[]} */
const running = [];
try {
  const postgres = await startEmbeddedPostgres({ dataDir });
  running.push({ stop: () => postgres.release() });
  const owner = await migrationDataSource(postgres.ownerUrl).initialize();
  await migrateUp(
    owner,
    decodeURIComponent(new URL(postgres.applicationUrl).username),
    applicationPrivileges,
  );
  await owner.destroy();
  const sql = new pg.Client({ connectionString: postgres.ownerUrl });
  await sql.connect();
  running.push({ stop: () => sql.end() });
  progress(`Inserting ${tokens} licenses and tokens …`);
  await fill(sql);

  const app = await new DataSource({ type: 'postgres', url: postgres.applicationUrl }).initialize();
  running.push({ stop: () => app.destroy() });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const signer = new PemSigner('bench', privateKey, publicKey);
  const keyRing = { active: () => signer, signer: () => Promise.resolve(signer) };
  const records = new StatusListRecords(app);
  const issuer = new StatusListIssuer(records, keyRing, { PUBLIC_URL: 'https://license.example' });
  const fresh = () => new StatusLists(issuer, records, keyRing, new Metrics());
  const numbers = [];
  for await (const some of issuer.numbers()) numbers.push(...some);
  const count = numbers.length;

  progress('Making all lists …');
  const memoryBefore = residentMegabytes(process.pid);
  let lists = fresh();
  const all = await medianOf(async () => {
    lists = fresh();
    await lists.refresh();
  });
  const memoryAfter = residentMegabytes(process.pid);
  const sequential = await medianOf(() =>
    sql.query(`SET enable_indexonlyscan = off; SET enable_indexscan = off; SET enable_bitmapscan = off;
               SELECT sum(status_index) FROM license_tokens; RESET ALL`),
  );
  const signed = [];
  for await (const one of issuer.issue(numbers)) signed.push(one);
  const zlib = await medianOf(async () => {
    for (const { content } of signed) await compressStatuses(content.statuses);
  });
  const largest = Math.max(...signed.map(({ jws }) => jws.length));
  const answers = await Promise.all(numbers.map((list) => lists.find(list)));
  const gzipped = Math.max(...answers.map(({ gzipped: bytes }) => bytes.length));

  progress('Changing one license at a time …');
  const changes = [];
  for (let round = 0; round < 10; round++) {
    const before = await Promise.all(numbers.map(async (list) => (await lists.find(list)).tag));
    await sql.query(
      `UPDATE licenses SET status = 'revoked', revoked_at = now() WHERE id = (
         SELECT license.id FROM license_tokens JOIN licenses AS license ON license.id = license_id
         WHERE status_list = $1 AND license.status = 'active' LIMIT 1)`,
      [round % count],
    );
    changes.push(await timed(() => lists.refresh()));
    const after = await Promise.all(numbers.map(async (list) => (await lists.find(list)).tag));
    const touched = after.filter((tag, list) => tag !== before[list]).length;
    if (touched !== 1) throw new Error(`one change touched ${touched} lists`);
  }
  const idle = await medianOf(() => lists.refresh());
  const costs = { noted: [], plain: [] };
  for (let round = 0; round < ROUNDS; round++) {
    costs.plain.push(await writeCost(sql, 'DISABLE'));
    costs.noted.push(await writeCost(sql, 'ENABLE'));
  }

  const ms = (/** @type {number} */ seconds) => `${(seconds * 1000).toFixed(1)} ms`;
  process.stdout.write(
    [
      `${tokens} tokens in ${count} lists, 1 in ${REVOKED_ONE_IN} revoked`,
      `all lists read, compressed, signed, gzipped: ${ms(all)}`,
      `  / sequential read of the tokens (${ms(sequential)}): ${(all / sequential).toFixed(2)}`,
      `  / zlib of the same lists alone (${ms(zlib)}): ${(all / zlib).toFixed(2)}`,
      `one change: 1 list, ${ms(median(changes))}; nothing changed: ${ms(idle)}`,
      `largest list: ${largest} bytes, ${gzipped} gzipped`,
      `memory: ${memoryBefore.toFixed(0)} MiB before, ${memoryAfter.toFixed(0)} MiB after`,
      `a token put on record: ${median(costs.noted).toFixed(0)} µs, ${median(costs.plain).toFixed(0)} µs without the trigger`,
      '',
    ].join('\n'),
  );
  if (all >= 5) throw new Error(`All lists took ${all.toFixed(1)} s; wanted: less than 5 s.`);
  if (largest >= 20_000) throw new Error(`A list has ${largest} bytes; wanted: less than 20,000.`);
} finally {
  for (const one of running.reverse()) await one.stop();
  await removeEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
}
