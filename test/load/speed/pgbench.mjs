import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CUSTOMER_ID, MODULE_NAME } from '../stock.mjs';

/** Where Debian has it, besides the search path. */
const DEBIAN = '/usr/lib/postgresql';

/** @returns {string | undefined} path of pgbench; undefined where it is not installed */
export function findPgbench() {
  if (spawnSync('pgbench', ['--version']).status === 0) return 'pgbench';
  if (!existsSync(DEBIAN)) return undefined;
  return readdirSync(DEBIAN)
    .map((version) => join(DEBIAN, version, 'bin', 'pgbench'))
    .findLast((path) => existsSync(path));
}

/**
 * The inserts of an issue, one transaction for each license, sent by pgbench: what PostgreSQL does with them where
 * nobody puts several into one transaction.
 * @param {{ pgbench: string, databaseUrl: string, token: string, folder: string }} options
 *   databaseUrl: of the application's role; token: of the usual length
 * @returns {import('./workloads.mjs').Workload}
 */
export function issueByPgbench({ pgbench, databaseUrl, token, folder }) {
  const script = join(folder, 'issue.sql');
  writeFileSync(script, transactionOf(token));
  return {
    name: 'pgbench of issue',
    async drive(seconds, connections) {
      const output = await run(pgbench, databaseUrl, [
        '--no-vacuum',
        '--protocol=prepared',
        `--file=${script}`,
        `--client=${connections}`,
        `--time=${Math.ceil(seconds)}`,
      ]);
      const number = (/** @type {RegExp} */ pattern) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
      const answered = number(/transactions actually processed: (\d+)/);
      if (!(answered > 0) || /failed transactions: [1-9]/.test(output)) throw new Error(output);
      const mean = number(/latency average = ([\d.]+) ms/);
      return {
        answered,
        perSecond: number(/tps = ([\d.]+)/),
        p50: mean,
        p99: Number.NaN,
        processor: undefined,
      };
    },
  };
}

/**
 * As LicenseWriter has it: caller and customer are shared, then the three inserts. The token's place in a status list
 * stays null: the server's own places must not be taken. pgbench takes a colon before a letter for a variable, in
 * texts too: hence chr(58).
 * @param {string} token
 */
function transactionOf(token) {
  return `\\set number random(1, 1000000000)
BEGIN;
SELECT id, is_active FROM customers WHERE id = '${CUSTOMER_ID}' FOR SHARE;
SELECT gen_random_uuid() AS id, kid FROM signing_keys WHERE state = 'active' FOR SHARE \\gset
INSERT INTO licenses (id, customer_id, module_name, license_type, allowed_major_versions, issued_at, expires_at, token, key_id, revision)
  VALUES (:id, '${CUSTOMER_ID}', '${MODULE_NAME}', 'subscription', '{17,18}', now(), now() + interval '1 year', '${token}', :kid, 1);
INSERT INTO license_tokens (sha256, license_id, key_id, revision) VALUES (sha256(:id::text::bytea), :id, :kid, 1);
INSERT INTO audit_logs (event_type, license_id, customer_id, module_name, api_key_id, actor, ip_address, user_agent, request_id, event_data)
  VALUES ('license.issued', :id, '${CUSTOMER_ID}', '${MODULE_NAME}', 'bench', 'api_key' || chr(58) || 'bench', '127.0.0.1', 'autocannon', md5(:number::text),
          '{"key_id": "bench", "revision": 1, "license_type": "subscription", "allowed_major_versions": ["17", "18"]}');
COMMIT;
`;
}

/**
 * @param {string} file  @param {string} databaseUrl its password reaches no process list  @param {readonly string[]} words
 * @returns {Promise<string>} what it wrote
 */
function run(file, databaseUrl, words) {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const env = {
    ...process.env,
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: pathname.slice(1),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(output))));
  });
}
