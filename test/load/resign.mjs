// `npm run bench:resign [-- --short]`: how long `aegis licenses resign` takes, next to what can't be avoided: the
// signatures alone with node:crypto, and the rows alone. What is measured: docs/benchmarks.md.
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomUUID, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { AegisProcess, embeddedPostgres } from './aegis-process.mjs';

const FULL = { licenses: 100_000, wantedSeconds: 60 };
/** The time is printed, the ratio decides. */
const SHORT = { licenses: 5000, wantedSeconds: Number.POSITIVE_INFINITY };
/** Resigning also reads, claims status places, renders claims and updates the licenses and their indexes. */
const WANTED_RATIO = 4;
const ROWS_AT_ONCE = 200;
const CLI = resolve(import.meta.dirname, '../../dist/apps/cli/src/main.js');

const { values: options } = parseArgs({ options: { short: { type: 'boolean' } } });
const plan = options.short ? SHORT : FULL;
const progress = (/** @type {string} */ sentence) => process.stderr.write(`${sentence}\n`);

/** @param {() => Promise<void>} work  @returns {Promise<number>} seconds */
async function timed(work) {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

/** Licenses of a key that leaked, with tokens of the usual length. */
async function makeLicenses(/** @type {pg.Client} */ database, /** @type {number} */ count) {
  await database.query(
    `INSERT INTO customers (id, name) SELECT 'bulk-' || n, 'Acme Corporation ' || n FROM generate_series(1, 1000) AS n`,
  );
  await database.query(
    `INSERT INTO signing_keys (kid, alg, public_key, state, retired_at) VALUES ('leaked', 'EdDSA', $1, 'retired', now())`,
    [randomBytes(32).toString('base64url')],
  );
  await database.query(
    `INSERT INTO licenses (customer_id, module_name, license_type, allowed_major_versions, issued_at, key_id, token, created_at)
     SELECT 'bulk-' || (1 + n % 1000), 'payroll', 'perpetual', ARRAY['17', '18'], now(), 'leaked', repeat('x', 520),
            date_trunc('milliseconds', now()) - make_interval(secs => n) FROM generate_series(1, $1::int) AS n`,
    [count],
  );
  await database.query(
    `INSERT INTO license_tokens (sha256, license_id, key_id, revision) SELECT sha256(id::text::bytea), id, 'leaked', 1 FROM licenses`,
  );
  await database.query('VACUUM ANALYZE licenses, license_tokens, customers');
}

/** As many signatures as there are licenses, each verified before it would leave. */
async function signAlone() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  for (let n = 0; n < plan.licenses; n++) {
    const input = Buffer.from(`${'h'.repeat(60)}.${randomUUID()}${'p'.repeat(360)}`);
    if (!verify(null, input, publicKey, sign(null, input, privateKey))) throw new Error('no signature');
  }
}

/** As many rows of tokens and audit records into tables that are alike, committed as often. */
async function insertAlone(/** @type {pg.Client} */ database) {
  await database.query('CREATE TABLE bare_tokens (LIKE license_tokens INCLUDING ALL)');
  await database.query('CREATE TABLE bare_records (LIKE audit_logs INCLUDING ALL)');
  return timed(async () => {
    for (let from = 0; from < plan.licenses; from += ROWS_AT_ONCE) {
      await database.query('BEGIN');
      await database.query(
        `INSERT INTO bare_tokens (sha256, license_id, key_id, revision, status_list, status_index)
         SELECT sha256((n::text || 'new')::bytea), gen_random_uuid(), 'leaked', 2, n / 131072, n % 131072
         FROM generate_series($1::int, $1::int + $2::int - 1) AS n`,
        [from, ROWS_AT_ONCE],
      );
      await database.query(
        `INSERT INTO bare_records (event_type, license_id, customer_id, module_name, actor, event_data)
         SELECT 'license.reissued', gen_random_uuid(), 'bulk', 'payroll', 'system', '{"revision": 2, "key_id": "leaked"}'
         FROM generate_series(1, $1::int)`,
        [ROWS_AT_ONCE],
      );
      await database.query('COMMIT');
    }
  });
}

/**
 * Runs the command.
 * @param {NodeJS.ProcessEnv} variables  @param {string[]} further arguments
 * @returns {Promise<Record<string, unknown>>} its answer
 */
async function resign(variables, ...further) {
  const child = spawn(
    process.execPath,
    [CLI, 'licenses', 'resign', '--key', 'leaked', '--json', ...further],
    {
      env: variables,
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let answer = '';
  child.stdout.on('data', (text) => (answer += text));
  const [exitCode] = await once(child, 'close');
  if (exitCode !== 0) throw new Error(`aegis licenses resign ended with ${exitCode}: ${answer}`);
  return JSON.parse(answer);
}

async function assertDone(/** @type {pg.Client} */ database, /** @type {string} */ report) {
  const { rows } = await database.query(
    `SELECT (SELECT count(*)::int FROM licenses WHERE key_id <> 'leaked' AND revision = 2) AS licenses,
            (SELECT count(*)::int FROM license_tokens WHERE revision = 2) AS tokens,
            (SELECT count(*)::int FROM audit_logs WHERE event_type = 'license.reissued') AS records`,
  );
  let lines = 0;
  for await (const line of createInterface({ input: createReadStream(report) })) if (line !== '') lines++;
  const found = [...Object.values(rows[0]), lines];
  if (found.some((count) => count !== plan.licenses))
    throw new Error(`not all is there: ${found.join(', ')}`);
}

const folder = mkdtempSync(join(tmpdir(), 'aegis-resign-'));
const dataDir = join(folder, 'data');
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
/** @type {{ stop(): Promise<void> }[]} */
const running = [];
try {
  const postgres = await startEmbeddedPostgres({ dataDir });
  running.push({ stop: () => postgres.release() });
  // Its start migrates the database and makes the key that signs.
  await (await AegisProcess.start({ folder, dataDir })).stop();
  const database = new pg.Client({ connectionString: postgres.ownerUrl });
  await database.connect();
  running.push({ stop: () => database.end() });
  progress(`Making ${plan.licenses} licenses …`);
  await makeLicenses(database, plan.licenses);

  progress('Signing alone …');
  const signing = await timed(signAlone);
  progress('Inserting alone …');
  const inserting = await insertAlone(database);
  progress('aegis licenses resign …');
  const report = join(folder, 'report.ndjson');
  const { PATH, HOME, PG_BIN } = process.env;
  const variables = {
    PATH,
    HOME,
    ...(PG_BIN && { PG_BIN }),
    ENVIRONMENT: 'development',
    DATA_DIR: dataDir,
    KEYS_DIR: join(folder, 'keys'),
  };
  const starting = await timed(async () => {
    const { due } = await resign(variables, '--dry-run');
    if (due !== plan.licenses) throw new Error(`${due} licenses are due instead of ${plan.licenses}`);
  });
  const resigning = await timed(async () => {
    await resign(variables, '--report', report);
  });
  await assertDone(database, report);

  const ratio = (resigning - starting) / (signing + inserting);
  const seconds = (/** @type {number} */ value) => value.toFixed(1).padStart(8);
  process.stdout.write(
    [
      `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, load average ${(loadavg()[0] ?? 0).toFixed(1)}`,
      `${plan.licenses} licenses, seconds`,
      `signatures alone (node:crypto, verified) ${seconds(signing)}`,
      `rows alone (tokens and audit records)    ${seconds(inserting)}`,
      `start of the command (a dry run)         ${seconds(starting)}`,
      `aegis licenses resign, start included    ${seconds(resigning)}   ${(plan.licenses / resigning).toFixed(0)}/s`,
      `ratio to the two alone, without start    ${seconds(ratio)}   wanted ≤ ${WANTED_RATIO}`,
      '',
    ].join('\n'),
  );
  if (ratio > WANTED_RATIO) throw new Error('Re-signing costs too much next to what cannot be avoided.');
  if (resigning > plan.wantedSeconds)
    progress(`NOT MET: ${plan.licenses} licenses are to take less than ${plan.wantedSeconds} s.`);
} finally {
  for (const one of running.reverse()) await one.stop();
  await removeEmbeddedPostgres(dataDir);
  rmSync(folder, { recursive: true, force: true });
}
