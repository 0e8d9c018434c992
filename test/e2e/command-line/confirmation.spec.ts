import type { Command } from 'commander';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client as SqlClient } from 'pg';
import { commandTree } from '../../../apps/cli/src/command-line';
import { Output } from '../../../apps/cli/src/terminal/output';
import { insertLicenseRows, insertRowKey, ROW_KEY } from '../../support/database/license-rows';
import { superuserOf } from '../../support/database/sql';
import type { CommandLine } from '../../support/processes/command-line';
import { commandLineOf, testServer, type TestServer } from '../../support/processes/server';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

const QUESTION = 'To confirm, type ';
/** Of the admin key that is in the database. */
const KEY_ID = '<id>';

/** Commands whose effect nothing takes back, and what must be typed. */
const IRREVERSIBLE: Record<string, { args: string[]; word: string }> = {
  'keys compromise': { args: [ROW_KEY], word: ROW_KEY },
  'api-keys delete': { args: [KEY_ID], word: KEY_ID },
  'licenses resign': { args: ['--key', ROW_KEY, '--supersede'], word: ROW_KEY },
  'audit drop': { args: ['--before', '2026-01', '--export', 'export.ndjson'], word: '2026-01' },
  'audit resume': { args: ['--after', '0'], word: '0' },
  'migrate down': { args: [], word: 'down' },
};

function leaves(command: Command, name = ''): [string, Command][] {
  if (command.commands.length === 0) return [[name, command]];
  return command.commands.flatMap((below) => leaves(below, `${name} ${below.name()}`.trim()));
}

it('is requested by every command whose effect cannot be undone, and by no other', () => {
  const asking = leaves(commandTree(new Output(false), () => Promise.resolve()))
    .filter(([, { options }]) => options.some(({ long }) => long === '--yes'))
    .map(([name]) => name);
  expect(asking.sort()).toEqual(Object.keys(IRREVERSIBLE).sort());
});

describe('a command whose effect nothing takes back', () => {
  let folder: string;
  let server: TestServer;
  let sql: SqlClient;
  let aegis: CommandLine;
  let id: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-confirmation-'));
    server = await testServer();
    sql = await superuserOf(server);
    await sql.query(`INSERT INTO customers (id, name) VALUES ('acme', 'Acme Corporation')`);
    await insertRowKey(sql);
    await sql.query(
      insertLicenseRows(
        `SELECT 'acme' AS customer_id, 'perpetual' AS license_type, 'active' AS status, NULL::timestamptz AS expires_at
         FROM generate_series(1, 3)`,
      ),
    );
    await sql.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision) SELECT sha256(id::text::bytea), id, key_id, 1 FROM licenses`,
    );
    const keys = await sql.query<{ id: string }>('SELECT id FROM api_keys');
    id = keys.rows[0]!.id;
    aegis = commandLineOf(server, folder);
    writeFileSync(join(folder, 'export.ndjson'), '');
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const typed = (name: string): string[] => [
    ...name.split(' '),
    ...IRREVERSIBLE[name]!.args.map((arg) => (arg === KEY_ID ? id : arg)),
  ];
  const wordOf = (name: string): string => IRREVERSIBLE[name]!.word.replace(KEY_ID, id);

  /** Everything that one of the commands could change. */
  async function state(): Promise<unknown> {
    const { rows } = await sql.query(
      `SELECT (SELECT json_agg(k ORDER BY kid) FROM (SELECT kid, state FROM signing_keys) AS k) AS keys,
              (SELECT json_agg(a ORDER BY id) FROM (SELECT id, deleted_at FROM api_keys) AS a) AS api_keys,
              (SELECT count(*) FROM license_tokens WHERE superseded_at IS NOT NULL) AS superseded,
              (SELECT count(*) FROM audit_breaks) AS breaks,
              (SELECT count(*) FROM audit_drops) AS drops,
              (SELECT count(*) FROM schema_migrations) AS migrations`,
    );
    return rows;
  }

  it.each(Object.keys(IRREVERSIBLE))('aegis %s needs --yes where there is no terminal', async (name) => {
    const before = await state();
    const { exitCode, stdout, stderr } = await aegis.run(...typed(name));
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe('This cannot be undone, and there is no terminal to confirm it at: add --yes.\n');
    expect(await state()).toEqual(before);
  });

  it.each(Object.keys(IRREVERSIBLE))('aegis %s changes nothing when another word is typed', async (name) => {
    const before = await state();
    const { exitCode, stdout } = await aegis.answer(QUESTION, 'yes\n', ...typed(name));
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: expect.any(String) });
    expect(stdout).toContain(`${QUESTION}${wordOf(name)}: `);
    expect(stdout).toContain('This cannot be undone.');
    expect(stdout).toContain('Not confirmed: nothing was changed.');
    expect(await state()).toEqual(before);
  });

  it('ends as by a signal at Ctrl-C, and changes nothing', async () => {
    const before = await state();
    const { exitCode } = await aegis.answer(QUESTION, '\x03', ...typed('keys compromise'));
    expect(exitCode).toBe(130);
    expect(await state()).toEqual(before);
  });

  it('of a key that is not on record is refused without a question', async () => {
    const { exitCode, stdout } = await aegis.answer(QUESTION, 'nobody\n', 'keys', 'compromise', 'nobody');
    expect(exitCode).toBe(1);
    expect(stdout).not.toContain(QUESTION);
    expect(stdout).toContain('No signing key nobody is on record; there are');
  });

  it('says what will happen, and does it once its name is typed', async () => {
    const deleted = await aegis.answer(QUESTION, `${id}\n`, ...typed('api-keys delete'), '--force');
    expect(deleted.stdout).toMatch(
      /API key \S+ \(.*: admin\) will be refused from the next request on; it was/,
    );
    expect(deleted.stdout).toContain(`API key ${id} deleted.`);
    expect(deleted.exitCode).toBe(0);

    const compromised = await aegis.answer(QUESTION, `${ROW_KEY}\n`, ...typed('keys compromise'));
    expect(compromised.stdout).toMatch(
      new RegExp(
        `^Signing key ${ROW_KEY} will be compromised permanently\\. Without --after, no token of it stays valid\\. ` +
          '3 active license\\(s\\) will not validate until they have a token of another key',
      ),
    );
    expect(compromised.exitCode).toBe(0);
    const { rows } = await sql.query('SELECT state FROM signing_keys WHERE kid = $1', [ROW_KEY]);
    expect(rows).toEqual([{ state: 'compromised' }]);
  });
});
