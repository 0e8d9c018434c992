// `npm run bench:notices [-- --large 1000000 | --short]`: a run of the notices of the end of licenses, with 10,000
// licenses and with many more. What is measured: docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { embeddedPostgres } from './aegis-process.mjs';
import { median } from './median.mjs';
import { fill, settle } from './scale/bulk.mjs';

const SMALL = 10_000;
const ROUNDS = 9;
/** Licenses whose notice is due in a run that has something to do. */
const DUE = 2_000;
/** Licenses that end at one moment, and were noticed: a search must not look through them all in one statement. */
const AT_ONE_MOMENT = 0.15;

const { values: options } = parseArgs({
  options: { large: { type: 'string', default: '1000000' }, short: { type: 'boolean', default: false } },
});
const LARGE = options.short ? 50_000 : Number(options.large);
const progress = (/** @type {string} */ sentence) => process.stderr.write(`${sentence}\n`);

const built = createRequire(new URL('../../dist/', import.meta.url));
const { AuditLog } = built('./libs/audit/src/index.js');
const { migrateUp, postgresOptions } = built('./libs/database/src/index.js');
const { ExpiryNotices } = built('./libs/licensing/src/notices/expiry-notices.js');
const { migrationDataSource } = built('./migrations/data-source.js');
const { applicationPrivileges } = built('./migrations/privileges.js');

const folder = mkdtempSync(join(tmpdir(), 'aegis-notices-'));
const dataDir = join(folder, 'data');
const { startEmbeddedPostgres, removeEmbeddedPostgres } = await embeddedPostgres();
/** @type {(() => Promise<unknown>)[]} */
const cleanUps = [];

/** @param {() => Promise<unknown>} work  @returns {Promise<number>} milliseconds */
async function timed(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/**
 * Measures in a database of its own.
 * @param {string} ownerUrl  @param {string} applicationUrl  @param {string} superuserUrl  @param {number} licenses
 */
async function measure(ownerUrl, applicationUrl, superuserUrl, licenses) {
  const sql = new pg.Client({ connectionString: ownerUrl });
  await sql.connect();
  cleanUps.push(() => sql.end());
  await sql.query(
    `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('bench', 'EdDSA', rpad('', 42, 'x') || 'w', 'active')`,
  );
  progress(`Filling: ${licenses} licenses …`);
  await fill(ownerUrl, { licenses, auditRecords: 0 });
  await settle(superuserUrl);
  const app = await new DataSource(postgresOptions(applicationUrl)).initialize();
  cleanUps.push(() => app.destroy());
  const notices = new ExpiryNotices(
    app,
    new AuditLog(),
    { EXPIRY_NOTICE_DAYS: ['30', '14', '7', '1'] },
    { add: () => undefined },
  );
  const run = () => notices.run(() => true);

  // What became due since the migration is given first.
  await run();
  const idle = [];
  for (let round = 0; round < ROUNDS; round++) idle.push(await timed(run));

  await sql.query(
    `UPDATE licenses SET created_at = created_at - interval '1 hour', expires_at = date_trunc('second', now()) + interval '30 days'
     WHERE id IN (SELECT id FROM licenses WHERE status = 'active' AND license_type = 'subscription' LIMIT $1)`,
    [DUE],
  );
  await sql.query('DELETE FROM expiry_notices');
  let given = 0;
  const giving = await timed(async () => (given = await run()));
  if (given < DUE) throw new Error(`${given} notices were given instead of ${DUE}`);

  const crowd = Math.floor(licenses * AT_ONE_MOMENT);
  await sql.query(
    `UPDATE licenses SET expires_at = date_trunc('second', now()) + interval '30 days'
     WHERE id IN (SELECT id FROM licenses WHERE license_type <> 'perpetual' LIMIT $1)`,
    [crowd],
  );
  await settle(superuserUrl);
  const crowded = await timed(run);
  return { licenses, idle: median(idle), perSecond: given / (giving / 1000), crowd, crowded };
}

/** A migrated PostgreSQL of its own. @param {number} licenses */
async function measureOn(licenses) {
  const own = join(dataDir, String(licenses));
  const postgres = await startEmbeddedPostgres({ dataDir: own });
  cleanUps.push(async () => {
    await postgres.release();
    await removeEmbeddedPostgres(own);
  });
  const owner = await migrationDataSource(postgres.ownerUrl).initialize();
  const { username } = new URL(postgres.applicationUrl);
  await migrateUp(owner, decodeURIComponent(username), applicationPrivileges);
  await owner.destroy();
  const superuserUrl = Object.assign(new URL(postgres.superuserUrl), {
    pathname: new URL(postgres.ownerUrl).pathname,
  }).href;
  return measure(postgres.ownerUrl, postgres.applicationUrl, superuserUrl, licenses);
}

try {
  const small = await measureOn(SMALL);
  const large = await measureOn(LARGE);
  const row = ({ licenses, idle, perSecond, crowd, crowded }) =>
    `${licenses} licenses: a run with nothing due ${idle.toFixed(1)} ms; ${perSecond.toFixed(0)} notices per second; a run among ${crowd} that end at one moment, all noticed, ${crowded.toFixed(0)} ms`;
  process.stdout.write(
    [
      row(small),
      row(large),
      `nothing due, large / small: ${(large.idle / small.idle).toFixed(2)}`,
      `notices per second, large / small: ${(large.perSecond / small.perSecond).toFixed(2)}`,
      '',
    ].join('\n'),
  );
} finally {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  rmSync(folder, { recursive: true, force: true });
}
