import { removeEmbeddedPostgres } from '@aegis/embedded-postgres';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client as Database } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { emptyDatabase } from '../../support/database/database';
import { EmbeddedCluster } from '../../support/database/embedded-cluster';
import { aCustomerId, aLicense } from '../../support/factories';
import {
  probeAt,
  Processes,
  type ServerProcess,
  untilReady,
  urlIn,
} from '../../support/processes/server-process';
import { WIDE_LIMITS } from '../../support/processes/wide-limits';
import { untilBlocked } from '../../support/database/sql';
import { until } from '../../support/until';

const KEY_LINE = /^admin API key: (aegis_development_[0-9A-Za-z]{12}_[0-9A-Za-z]{49})$/gm;
const NEXT_LINE = /^curl .*$/gm;

/** The words of a command as a shell reads them. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare!,
  );
}

/** Does what a line with curl says. */
async function runCurl(line: string): Promise<Answer> {
  const [program, silent, url, ...options] = shellWords(line);
  expect([program, silent]).toEqual(['curl', '-s']);
  const headers: Record<string, string> = {};
  let body: string | undefined;
  for (let at = 0; at < options.length; at += 2) {
    const value = options[at + 1]!;
    if (options[at] === '-d') body = value;
    else {
      expect(options[at]).toBe('-H');
      headers[value.slice(0, value.indexOf(':'))] = value.slice(value.indexOf(':') + 1).trim();
    }
  }
  return new Client('').send('POST', url!, body, headers);
}

function stillServes(server: ServerProcess, key: string): Promise<Answer> {
  return new Client(server.url, key).post('/api/v1/customers', { id: aCustomerId(), name: 'Acme' });
}

describe('the server as a process', () => {
  const processes = new Processes();
  const dataDir = join(processes.folder, 'data');
  const variables = {
    DATA_DIR: dataDir,
    KEYS_DIR: join(processes.folder, 'keys'),
    // Long enough for what a test holds up on purpose.
    DB_LOCK_TIMEOUT_MS: '20000',
    DB_STATEMENT_TIMEOUT_MS: '20000',
    ...WIDE_LIMITS,
  };
  const cluster = new EmbeddedCluster(dataDir);
  const locks: Database[] = [];
  let key = '';

  // Each test begins without a server, however the one before it ended.
  afterEach(async () => {
    for (const lock of locks.splice(0)) await lock.end();
    await processes.endAll();
  });

  afterAll(async () => {
    await processes.close();
    await removeEmbeddedPostgres(dataDir);
  });

  /** Holds up everything that leaves an audit record until the connection ends. */
  async function holdAuditLog(): Promise<Database> {
    const database = await cluster.connect();
    locks.push(database);
    await database.query('BEGIN; LOCK TABLE audit_logs IN ACCESS EXCLUSIVE MODE');
    return database;
  }

  it('shows a newcomer the first admin key once, before it is ready, and what to do next', async () => {
    const file = join(processes.folder, 'first-start.log');
    const output = openSync(file, 'w');
    const server = processes.server(variables, ['ignore', output, output]);
    closeSync(output);
    let printed = '';
    await untilReady(server, async () => {
      const url = urlIn(readFileSync(file, 'utf8'));
      const status = url === '' ? 0 : await probeAt(url, 'ready');
      printed = readFileSync(file, 'utf8');
      return status;
    });

    const keys = [...printed.matchAll(KEY_LINE)].map(([, shown]) => shown!);
    expect(keys).toHaveLength(1);
    [key] = keys as [string];
    await until('the next step', () => Promise.resolve(NEXT_LINE.test(readFileSync(file, 'utf8'))));
    expect(readFileSync(file, 'utf8').match(/aegis_development_/g)).toHaveLength(1);

    // What takes a while is announced with how long, then what it made is named.
    expect(readFileSync(file, 'utf8')).toMatch(
      /Creating the embedded PostgreSQL in .*; this takes a few seconds …[^]*migrations applied[^]*signing key made kid=[^]*\nadmin API key: /,
    );
    const next = readFileSync(file, 'utf8').match(NEXT_LINE)!;
    expect(next).toHaveLength(1);
    const answer = await runCurl(next[0].replace('<the admin API key above>', key));
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ id: 'acme', name: 'Acme Corporation' });
    const made = await new Client(urlIn(readFileSync(file, 'utf8')), key).get('/api/v1/customers/acme');
    expect(made.status).toBe(200);

    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(cluster.postmaster()).toBeUndefined();
    const whole = readFileSync(file, 'utf8');
    for (const secret of [...cluster.passwords(), ...developmentSecrets()])
      expect(whole).not.toContain(secret);
  });

  function developmentSecrets(): string[] {
    return ['key-passphrase', 'secrets-key', 'api-key-pepper'].map((name) =>
      readFileSync(join(dataDir, 'secrets', name), 'utf8').trim(),
    );
  }

  it('shows no key at the second start, and leaves the first server alone when PORT is taken', async () => {
    const server = await processes.server(variables).ready();
    expect((await stillServes(server, key)).status).toBe(201);
    const { port } = new URL(server.url);

    for (const name of ['PORT', 'METRICS_PORT']) {
      const second = processes.server({ ...variables, [name]: port });
      expect(await second.ended).toEqual({ code: 2, signal: null });
      expect(second.stderr).toMatch(new RegExp(`^${name}: ${port} is in use .*; .*\\n$`));
      expect(second.output).not.toMatch(/^\s+at |aegis_development_/m);
    }

    expect((await stillServes(server, key)).status).toBe(201);
    expect(await server.probe('ready')).toBe(200);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(server.output).not.toMatch(/aegis_development_/);
    expect(cluster.postmaster()).toBeUndefined();
  });

  it('shows the first admin key at the next start when the first one failed on PORT', async () => {
    const database = await emptyDatabase();
    const taken = await processes.server(variables).ready();
    const settings = {
      ...variables,
      DATABASE_URL: database.applicationUrl,
      MIGRATION_DATABASE_URL: database.ownerUrl,
      KEYS_DIR: join(processes.emptyFolder(), 'keys'),
    };
    const failed = processes.server({ ...settings, PORT: new URL(taken.url).port });
    expect((await failed.ended).code).toBe(2);
    const server = await processes.server(settings).ready();
    const shown = [...(failed.output + server.output).matchAll(KEY_LINE)].map(([, each]) => each);
    expect(shown).toHaveLength(1);
    expect((await stillServes(server, shown[0]!)).status).toBe(201);
    await Promise.all([taken.stop(), server.stop()]);
    await database.drop();
  });

  it('finishes the requests in flight at SIGTERM while readiness says no, then stops PostgreSQL', async () => {
    const server = await processes.server({ ...variables, SHUTDOWN_DRAIN_SECONDS: '2' }).ready();
    const client = new Client(server.url, key);
    const license = await aLicense(client);
    const lock = await holdAuditLog();
    const issuing = client.post('/api/v1/licenses', {
      customer_id: license.customer_id,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    });
    const validating = client.post('/api/v1/licenses/validate', {
      token: license.token,
      module_name: 'payroll',
      odoo_version: '17.0',
    });
    await untilBlocked(lock, 2);

    server.kill('SIGTERM');
    await until('readiness says no', async () => (await server.probe('ready')) === 503);
    const live = await fetch(`${server.url}/health/live`);
    expect([live.status, live.headers.get('connection')]).toEqual([200, 'close']);
    expect(server.hasEnded).toBe(false);
    await lock.end();

    expect((await issuing).status).toBe(201);
    expect(await validating).toMatchObject({ status: 200, body: { valid: true, code: 'VALID' } });
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(cluster.postmaster()).toBeUndefined();
  });

  it('treats two SIGINT of one Ctrl-C as one', async () => {
    const server = await processes.server(variables).ready();
    const lock = await holdAuditLog();
    const creating = stillServes(server, key);
    await untilBlocked(lock);
    server.kill('SIGINT');
    await until('it took the first', () => Promise.resolve(server.stdout.includes('draining')));
    server.kill('SIGINT');
    await lock.end();
    expect((await creating).status).toBe(201);
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(cluster.postmaster()).toBeUndefined();
  });

  it('ends at once at a second SIGINT, and the next start takes over the running PostgreSQL', async () => {
    const server = await processes.server(variables).ready();
    const lock = await holdAuditLog();
    const creating = stillServes(server, key).catch(() => 'cut');
    await untilBlocked(lock);
    server.kill('SIGINT');
    // The request holds the server up; anyone who waits presses the keys again and again.
    const impatience = setInterval(() => {
      server.kill('SIGINT');
    }, 100);
    expect(await server.ended).toEqual({ code: 130, signal: null });
    clearInterval(impatience);
    expect(await creating).toBe('cut');
    await lock.end();

    const left = cluster.postmaster()!;
    const next = await processes.server(variables).ready();
    expect(cluster.postmaster()).toEqual(left);
    expect((await stillServes(next, key)).status).toBe(201);
    next.kill('SIGKILL');
    expect(await next.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('takes over PostgreSQL after kill -9, and stops it at its own end', async () => {
    const left = cluster.postmaster()!;
    expect(left.ready).toBe(true);
    const server = await processes.server(variables).ready();
    expect(cluster.postmaster()).toEqual(left);
    expect(server.output).toContain('Using the embedded PostgreSQL that already runs');
    expect((await stillServes(server, key)).status).toBe(201);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
    expect(cluster.postmaster()).toBeUndefined();
  });

  it('answers 503 while PostgreSQL is gone, ends cleanly, and starts again with everything that was acknowledged', async () => {
    const server = await processes.server(variables).ready();
    const client = new Client(server.url, key);
    const license = await aLicense(client);
    process.kill(cluster.postmaster()!.process.pid, 'SIGKILL');
    await until('readiness says no', async () => (await server.probe('ready')) === 503);

    const question = { token: license.token, module_name: 'payroll', odoo_version: '17.0' };
    for (const answer of [
      await client.get(`/api/v1/licenses/${license.id}`),
      await new Client(server.url).post('/api/v1/licenses/validate', question),
      await stillServes(server, key),
    ]) {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(answer.body).toMatchObject({ code: 'service_unavailable' });
    }
    const health = await client.get('/health');
    expect(health.status).toBe(503);
    expect(health.body).toMatchObject({ status: 'unhealthy', database: 'unhealthy' });
    expect(await server.probe('live')).toBe(200);
    expect(await server.stop()).toEqual({ code: 0, signal: null });

    const next = await processes.server(variables).ready();
    const found = await new Client(next.url, key).post('/api/v1/licenses/validate', question);
    expect(found.body).toMatchObject({ valid: true });
    expect(await next.stop()).toEqual({ code: 0, signal: null });
    expect(cluster.postmaster()).toBeUndefined();
  });
});
