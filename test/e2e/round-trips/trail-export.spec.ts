import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AWKWARD_TEXTS } from '../../support/requests/awkward-texts';
import { CommandLine } from '../../support/processes/command-line';
import { readJsonLines } from '../../support/trail/independent-reader';
import { Trail } from '../../support/trail/trail';

// Each command is a process of its own, and the machine may be busy.
jest.setTimeout(180_000);

interface Line {
  type: string;
  record?: Record<string, unknown>;
}

describe('an export of the trail with awkward texts in every column', () => {
  let trail: Trail;
  let folder: string;
  let aegis: CommandLine;
  let keys: string;
  let shipped: string;
  let file: string;

  beforeAll(async () => {
    trail = await Trail.open();
    folder = mkdtempSync(join(tmpdir(), 'aegis-export-'));
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: trail.database.applicationUrl,
      MIGRATION_DATABASE_URL: trail.database.ownerUrl,
      MIGRATE_ON_START: 'false',
      DATA_DIR: join(folder, 'data'),
    });
    for (const text of AWKWARD_TEXTS)
      await trail.superuser.query(
        `INSERT INTO audit_logs (event_type, actor, customer_id, module_name, api_key_id, user_agent, request_id, event_data)
         VALUES ('license.validated', 'cli:' || $1, $1, $1, $1, $1, $1, jsonb_build_object('text', $1::text, $1::text, '{}'::text[]))`,
        [text],
      );
    await trail.sealAll();
    keys = join(folder, 'keys.json');
    writeFileSync(keys, JSON.stringify(await trail.keyRing.jwks()));
    shipped = join(folder, 'shipped.txt');
    writeFileSync(shipped, (await trail.checkpoints()).map((jws) => `${jws}\n`).join(''));
    file = join(folder, 'trail.ndjson');
    expect(await aegis.run('audit', 'export', file)).toMatchObject({ exitCode: 0, stderr: '' });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await trail.close();
  });

  /** A file with other contents. */
  function other(name: string, content: string): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  async function verified(path: string, keyFile = keys): Promise<unknown> {
    const offline = aegis.with({ DATABASE_URL: undefined, MIGRATION_DATABASE_URL: undefined });
    const args = ['audit', 'verify-export', path, '--keys', keyFile, '--json'];
    const { exitCode, stdout } = await offline.run(...args);
    return { exitCode, ...(JSON.parse(stdout) as object) };
  }
  const SOUND = { exitCode: 0, sound: true, findings: [] };

  it('is read back unchanged by an independent reader', () => {
    const records = (readJsonLines(readFileSync(file, 'utf8')) as Line[])
      .flatMap(({ record }) => (record === undefined ? [] : [record]))
      .filter(({ actor }) => String(actor).startsWith('cli:'));
    expect(records.map(({ id: _, recorded_at: __, ...record }) => record)).toEqual(
      AWKWARD_TEXTS.map((text) => ({
        event_type: 'license.validated',
        license_id: null,
        customer_id: text,
        module_name: text,
        api_key_id: text,
        actor: `cli:${text}`,
        user_agent: text,
        request_id: text,
        event_data: { text, [text]: [] },
        occurred_at: null,
      })),
    );
  });

  it('is the same on standard output, where no control character reaches a terminal', async () => {
    const { exitCode, stdout } = await aegis.run('audit', 'export', '-');
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
    const [, ...lines] = readJsonLines(stdout);
    expect(lines).toEqual(readJsonLines(readFileSync(file, 'utf8')).slice(1));
  });

  it('verifies by its proofs, even if other tools rewrote its lines', async () => {
    expect(await verified(file)).toMatchObject(SOUND);
    const text = readFileSync(file, 'utf8');
    expect(await verified(other('marked.ndjson', `\ufeff${text}`))).toMatchObject(SOUND);
    expect(await verified(other('crlf.ndjson', text.replaceAll('\n', '\r\n')))).toMatchObject(SOUND);
    // JSON needs no escape for U+2028, and many tools write none.
    const plain = readJsonLines(text).map((line) => `${JSON.stringify(line)}\n`);
    expect(plain.join('')).toContain('\u2028');
    expect(await verified(other('plain.ndjson', plain.join('')))).toMatchObject(SOUND);
    const asciiOnly = text.replace(
      /[\u0080-\uffff]/g,
      (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    expect(await verified(other('ascii.ndjson', asciiOnly))).toMatchObject(SOUND);
  });

  it('verifies with a key set that begins with a byte order mark', async () => {
    expect(await verified(file, other('marked.json', `\ufeff${readFileSync(keys, 'utf8')}`))).toMatchObject(
      SOUND,
    );
  });

  it('is of a trail that verifies, also with checkpoints after a byte order mark and with CR LF', async () => {
    const text = readFileSync(shipped, 'utf8');
    const marked = other('marked.txt', `\ufeff${text.replaceAll('\n', '\r\n')}`);
    const { exitCode, stdout } = await aegis.run(
      'audit',
      'verify',
      '--keys',
      keys,
      '--shipped',
      marked,
      '--json',
    );
    expect({ exitCode, ...(JSON.parse(stdout) as object) }).toMatchObject({
      ...SOUND,
      shipped: text.split('\n').length - 1,
    });
  });

  it('prints no control character of a forged export to a terminal', async () => {
    const evil = '\u001b[2Jevil\nline\u009b31m\u202e';
    const head = { alg: 'EdDSA', kid: evil, typ: 'aegis-checkpoint+jwt' };
    const forged = readJsonLines(readFileSync(file, 'utf8')).map((line) => {
      const { jws } = line as { jws?: string };
      if (jws === undefined) return line;
      const encoded = Buffer.from(JSON.stringify(head)).toString('base64url');
      return { ...(line as object), jws: [encoded, ...jws.split('.').slice(1)].join('.') };
    });
    const path = other('forged.ndjson', forged.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const text = await aegis.run('audit', 'verify-export', path, '--keys', keys);
    expect(text.exitCode).not.toBe(0);
    expect(text.stdout).toContain('?[2Jevil?line?31m?');
    expect((text.stdout + text.stderr).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    const { stdout } = await aegis.run('audit', 'verify-export', path, '--keys', keys, '--json');
    expect(stdout.replace(/\n$/, '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(JSON.parse(stdout)).toMatchObject({
      findings: expect.arrayContaining([expect.objectContaining({ kid: evil })]),
    });
  });
});
