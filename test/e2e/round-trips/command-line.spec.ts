import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client as SqlClient } from 'pg';
import { AWKWARD_TEXTS } from '../../support/requests/awkward-texts';
import { CommandLine, type Ended } from '../../support/processes/command-line';
import { signed } from '../../support/keys/forger';
import { readLines } from '../../support/trail/independent-reader';
import { commandLineOf, testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { V08Database } from '../../support/trail/v08';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(180_000);

/** What ends a line or drives a terminal, wherever a line feed is not expected. */
const OBEYED = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;
const shown = (text: string): string => text.replace(OBEYED, '?');

describe('what the command line prints', () => {
  let folder: string;
  let server: TestServer;
  let sql: SqlClient;
  let reports: NodeJS.Timeout;
  let aegis: CommandLine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-tables-'));
    server = await testServer();
    sql = await superuserOf(server);
    aegis = commandLineOf(server, folder).with({ LOG_LEVEL: 'warn' });
    await sql.query('DELETE FROM api_keys');
    for (const [index, text] of AWKWARD_TEXTS.entries()) {
      await sql.query(
        `INSERT INTO api_keys (id, prefix, hash, pepper_version, name, description, scopes, created_by)
         VALUES ($1, $1, sha256(convert_to($1, 'UTF8')), 'v0', $2, $2, '{customers:read,stats:read}', 'system')`,
        [String(index).padStart(12, 'k'), text],
      );
      await sql.query(
        `INSERT INTO signing_replicas (id, name, kids)
         SELECT $1, $2, ARRAY(SELECT kid FROM signing_keys)`,
        [randomUUID(), text],
      );
    }
    // Each process reports every few seconds, or counts as ended.
    reports = setInterval(() => {
      void sql.query('UPDATE signing_replicas SET seen_at = clock_timestamp()');
    }, 1000);
  });
  afterAll(async () => {
    clearInterval(reports);
    await sql.end();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  /** Lines as an independent reader knows them; nothing in them is for a terminal. */
  function linesOf({ stdout, stderr }: Ended): string[] {
    expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(OBEYED);
    return readLines(stdout);
  }
  function documentOf({ stdout }: Ended): unknown {
    expect(stdout.replace(/\n$/, '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
    expect(readLines(stdout)).toHaveLength(1);
    return JSON.parse(stdout);
  }

  it('of API keys is a table with one line per key, in fixed columns', async () => {
    const lines = linesOf(await aegis.run('api-keys', 'list'));
    const rows = AWKWARD_TEXTS.map(
      (text, index) =>
        `${String(index).padStart(12, 'k')}  ${'active'.padEnd(30)}  ${'never used'.padEnd(29)}  customers:read,stats:read  ${shown(text)}`,
    );
    expect(lines.slice(0, -1).toSorted()).toEqual(rows.toSorted());
    expect(lines.at(-1)).toBe(`${rows.length} API key(s)`);
    const { api_keys } = documentOf(await aegis.run('api-keys', 'list', '--json')) as {
      api_keys: { name: string; description: string }[];
    };
    for (const column of ['name', 'description'] as const)
      expect(api_keys.map((key) => key[column]).toSorted()).toEqual(AWKWARD_TEXTS.toSorted());
  });

  it('of keys under an older pepper is one line per key', async () => {
    const lines = linesOf(await aegis.run('api-keys', 'peppers'));
    const rows = AWKWARD_TEXTS.map(
      (text, index) => `${String(index).padStart(12, 'k')}  v0  never used  ${shown(text)}`,
    );
    expect(lines.slice(0, rows.length).toSorted()).toEqual(rows.toSorted());
    const { keys_left_behind: left } = documentOf(await aegis.run('api-keys', 'peppers', '--json')) as {
      keys_left_behind: { name: string }[];
    };
    expect(left.map(({ name }) => name).toSorted()).toEqual(AWKWARD_TEXTS.toSorted());
  });

  it('of a key that is changed is the same line', async () => {
    const id = String(0).padStart(12, 'k');
    const name = shown(AWKWARD_TEXTS[0] ?? '');
    const lines = linesOf(await aegis.run('api-keys', 'update', id, '--deactivate', '--force'));
    expect(lines).toEqual([
      'API key changed:',
      `${id}  ${'inactive'.padEnd(30)}  ${'never used'.padEnd(29)}  customers:read,stats:read  ${name}`,
    ]);
    const rotated = linesOf(await aegis.run('api-keys', 'rotate', id));
    expect(rotated).toHaveLength(2);
    expect(rotated[0]).toContain(`(${name})`);
  });

  it('of signing keys and who has them is one line per key, and one per fact', async () => {
    const { rows } = await sql.query<{ kid: string }>('SELECT kid FROM signing_keys');
    const lines = linesOf(await aegis.run('keys', 'list'));
    expect(lines).toHaveLength(rows.length + 1);
    const { kid } = rows[0]!;
    const facts = linesOf(await aegis.run('keys', 'inspect', kid));
    for (const fact of facts) expect(fact).toMatch(/^[a-z_]+: {2,}\S/);
    const { held_by } = documentOf(await aegis.run('keys', 'inspect', kid, '--json')) as {
      held_by: string[];
    };
    expect(held_by).toEqual(expect.arrayContaining(AWKWARD_TEXTS));
  });

  it('of an import is one line per finding, no matter what the file says', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const file = join(folder, 'licenses.jsonl');
    const lines = AWKWARD_TEXTS.flatMap((text) => [
      { token: text },
      { token: signed(privateKey, { alg: 'EdDSA', kid: text, typ: 'JWT' }, { jti: text, iss: text }) },
      { token: 'x', [text]: 1, customer: { id: text, name: text, [text]: text } },
    ]);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const reported = linesOf(await aegis.run('import', 'licenses', file));
    expect(reported.slice(0, -1).map((line) => line.split(':')[0])).toEqual(
      lines.map((_, index) => `line ${index + 1}`),
    );
    documentOf(await aegis.run('import', 'licenses', file, '--json'));
  });

  it('of an import from v0.8 is one line per finding and one per API key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const v08 = await V08Database.create(privateKey, 'old');
    try {
      for (const [index, text] of AWKWARD_TEXTS.entries()) {
        await v08.addCustomer(text, { name: text, email: text, company: text, notes: text });
        await v08.addLicense(text, { notes: text, module_name: text, key_id: text });
        await v08.insert('audit_logs', {
          ...{ event_type: text, event_data: text, customer_id: text, module_name: text, user_agent: text },
          created_at: '2026-01-31 12:00:00',
        });
        await v08.insert('api_keys', {
          ...{ key_hash: 'x', name: text, can_view_customers: true, is_active: true },
          last_used_at: '2026-01-31 12:00:00',
          usage_count: index,
        });
      }
      const here = aegis.with({ V08_DATABASE_URL: v08.url });
      const lines = linesOf(await here.run('import', 'v0.8', '--dry-run'));
      const findings = lines.filter((line) =>
        /^(customers|licenses|audit_logs|api_keys) line \d+/.test(line),
      );
      const document = documentOf(await here.run('import', 'v0.8', '--dry-run', '--json')) as {
        findings: unknown[];
        api_keys: { in_use: number };
      };
      expect(document.findings.length).toBeGreaterThan(AWKWARD_TEXTS.length);
      expect(findings).toHaveLength(document.findings.length);
      expect(document.api_keys.in_use).toBe(AWKWARD_TEXTS.length);
      const names = lines.flatMap((line) => /^ {2}\d+ {2}\S+ {2}(.*)$/.exec(line)?.[1] ?? []);
      expect(names.toSorted()).toEqual(AWKWARD_TEXTS.map(shown).toSorted());
    } finally {
      await v08.close();
    }
  });

  it('of a refusal has its own lines too', async () => {
    const evil = '\u001b[2J\u009b31m\u202e';
    for (const args of [
      ['keys', 'inspect', evil],
      ['api-keys', 'create', '--name', 'x', '--scopes', evil],
      ['api-keys', 'create', evil],
    ]) {
      const ended = await aegis.run(...args);
      expect(ended.exitCode).not.toBe(0);
      expect(linesOf(ended).join() + ended.stderr).not.toBe('');
    }
    documentOf(await aegis.run('api-keys', 'create', evil, '--json'));
  });
});
