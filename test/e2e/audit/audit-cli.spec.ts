import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jwkThumbprint, PemSigner, publicJwk } from '@aegis/signing';
import { CommandLine } from '../../support/processes/command-line';
import { Trail } from '../../support/trail/trail';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

interface Report {
  findings: object[];
  sound: boolean;
  checkpoints: number;
  records: number;
  waiting: number;
}

describe('aegis audit', () => {
  let trail: Trail;
  let folder: string;
  let aegis: CommandLine;
  let keys: string;
  let shipped: string;

  beforeEach(async () => {
    trail = await Trail.open();
    folder = mkdtempSync(join(tmpdir(), 'aegis-audit-'));
    aegis = new CommandLine(folder, {
      ENVIRONMENT: 'test',
      DATABASE_URL: trail.database.applicationUrl,
      MIGRATION_DATABASE_URL: trail.database.ownerUrl,
      MIGRATE_ON_START: 'false',
      DATA_DIR: join(folder, 'data'),
    });
    await trail.sealed();
    keys = join(folder, 'keys.json');
    writeFileSync(keys, JSON.stringify(await trail.keyRing.jwks()));
    shipped = join(folder, 'shipped.txt');
    writeFileSync(shipped, (await trail.checkpoints()).map((jws) => `${jws}\n`).join(''));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await trail.close();
  });

  async function verify(...args: string[]): Promise<Report & { exitCode: number | null }> {
    const { exitCode, stdout } = await aegis.run('audit', 'verify', ...args, '--json');
    return { ...(JSON.parse(stdout) as Report), exitCode };
  }

  describe('verify', () => {
    it('says yes to a sound trail: the whole, since a checkpoint, with keys and checkpoints that were kept elsewhere', async () => {
      await trail.append(2, 90);
      const whole = await verify('--keys', keys, '--shipped', shipped);
      expect(whole).toMatchObject({
        exitCode: 0,
        sound: true,
        findings: [],
        checkpoints: 3,
        last: 3,
        keys: 'file',
      });
      expect(whole).toMatchObject({ waiting: 2, dropped: 0, shipped: 3 });
      expect(await verify('--since', '3')).toMatchObject({
        exitCode: 0,
        checkpoints: 1,
        records: 5,
        keys: 'database',
      });
      const { exitCode, stdout } = await aegis.run('audit', 'verify', '--shipped', shipped);
      expect(exitCode).toBe(0);
      expect(stdout).toContain('3 checkpoint(s) that were kept elsewhere were looked for');
      expect(stdout).toContain('The trail is sound.');
    });

    it('names what a superuser edited, deleted, added, backdated and reordered', async () => {
      const id = (customer: string) => trail.idOf(customer);
      const [edited, deleted, one, other] = [
        await id('C-1'),
        await id('C-2'),
        await id('C-6'),
        await id('C-8'),
      ];
      await trail.tamper(
        `UPDATE audit_logs SET event_data = '{"code": "REVOKED"}' WHERE id = ${edited}`,
        `DELETE FROM audit_logs WHERE id = ${deleted}`,
        `INSERT INTO audit_logs (event_type, actor, customer_id, xact) VALUES ('license.revoked', 'system', 'C-added', '5'::xid8)`,
        `DO $$ BEGIN EXECUTE format('CREATE TABLE audit_logs_past PARTITION OF audit_logs FOR VALUES FROM (''2020-01-01Z'') TO (%L)',
           date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'); END $$`,
        `INSERT INTO audit_logs (event_type, actor, customer_id, recorded_at)
         VALUES ('license.revoked', 'system', 'C-past', now() - interval '5 minutes')`,
        `UPDATE audit_seals SET leaf_index = leaf_index + 1000 WHERE audit_id IN (${one}, ${other})`,
        `UPDATE audit_seals SET leaf_index = CASE audit_id WHEN ${one} THEN 3 ELSE 1 END WHERE audit_id IN (${one}, ${other})`,
      );
      await trail.append(1, 80);
      await trail.sealOnce();
      const { exitCode, findings } = await verify('--keys', keys);
      expect(exitCode).toBe(1);
      expect(findings).toEqual([
        { kind: 'record_edited', record: edited, checkpoint: 1 },
        { kind: 'record_missing', record: deleted, checkpoint: 1 },
        { kind: 'records_reordered', record: other, checkpoint: 2 },
        { kind: 'records_reordered', record: one, checkpoint: 2 },
        { kind: 'record_backdated', record: await id('C-past'), checkpoint: 4 },
        { kind: 'record_added', record: await id('C-added') },
      ]);
      const { stdout } = await aegis.run('audit', 'verify');
      expect(stdout).toContain(`record ${edited} was edited since checkpoint 1 sealed it`);
    });

    it('shows a tail that was cut with its checkpoints, by comparing with those that were kept elsewhere', async () => {
      await trail.tamper(
        'DELETE FROM audit_logs WHERE id IN (SELECT audit_id FROM audit_seals WHERE checkpoint = 3)',
        'DELETE FROM audit_seals WHERE checkpoint = 3',
        'DELETE FROM audit_checkpoints WHERE number = 3',
      );
      expect(await verify('--keys', keys)).toMatchObject({ exitCode: 0 });
      const cut = await verify('--keys', keys, '--shipped', shipped);
      expect(cut).toMatchObject({ exitCode: 1, findings: [{ kind: 'checkpoint_missing', checkpoint: 3 }] });
      await trail.append(1, 50);
      await trail.sealAll();
      const grown = await verify('--keys', keys, '--shipped', shipped);
      expect(grown).toMatchObject({
        exitCode: 1,
        findings: [{ kind: 'checkpoint_replaced', checkpoint: 3 }],
      });
    });

    it.each(['', '\n\n'])(
      'says unknown where the file of --shipped is %j: nothing was compared',
      async (empty) => {
        writeFileSync(shipped, empty);
        expect(await verify('--keys', keys, '--shipped', shipped)).toMatchObject({
          exitCode: 3,
          sound: null,
          findings: [],
        });
        const { exitCode, stdout } = await aegis.run('audit', 'verify', '--shipped', shipped);
        expect([exitCode, stdout]).toEqual([3, expect.stringContaining('no checkpoint to compare with')]);
        expect(stdout).not.toContain('is sound');
      },
    );

    it('says no if the trail does not have the checkpoint to start from', async () => {
      expect(await verify('--keys', keys, '--since', '4')).toMatchObject({ exitCode: 1, sound: false });
    });

    it('reads shipped checkpoints as the API lists them, and a line that a crash cut short', async () => {
      const [first = '', second = '', third = ''] = await trail.checkpoints();
      const lines = [first, second.slice(0, 40), second, JSON.stringify({ number: 3, jws: third }), ''];
      writeFileSync(shipped, lines.join('\n'));
      expect(await verify('--shipped', shipped)).toMatchObject({ exitCode: 0 });
      writeFileSync(shipped, [first, second.slice(0, 150), third, ''].join('\n'));
      expect(await verify('--shipped', shipped)).toMatchObject({
        exitCode: 1,
        findings: [{ kind: 'shipped_unreadable', line: 2 }],
      });
    });

    it('refuses a chain that another key signed, even one that was written into the database', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const signer = new PemSigner('mallory', privateKey, publicKey);
      await trail.signAgain(signer, signer, signer);
      const forged = [1, 2, 3].map((checkpoint) => ({ kind: 'checkpoint_forged', checkpoint }));
      expect(await verify()).toMatchObject({ exitCode: 1, findings: forged });
      await trail.superuser.query(
        `INSERT INTO signing_keys (kid, alg, public_key, state) VALUES ('mallory', 'EdDSA', $1, 'retired')`,
        [publicJwk('mallory', publicKey).x],
      );
      // The kept keys don't say whose that key is: the thumbprint is there to be compared.
      const { x } = publicJwk('mallory', publicKey);
      const open = {
        kind: 'key_not_held',
        checkpoint: 1,
        to: 3,
        kid: 'mallory',
        thumbprint: jwkThumbprint(x),
      };
      expect(await verify('--keys', keys)).toMatchObject({ exitCode: 3, sound: null, findings: [open] });
      const { stdout } = await aegis.run('audit', 'verify', '--keys', keys);
      expect(stdout).toContain(`signed by mallory, which is not among these keys`);
      expect(stdout).toContain(jwkThumbprint(x));
      expect(await verify('--keys', keys, '--shipped', shipped)).toMatchObject({ exitCode: 1, sound: false });
      const edited = await trail.idOf('C-1');
      await trail.tamper(`UPDATE audit_logs SET actor = 'cli:mallory' WHERE id = ${edited}`);
      expect(await verify('--keys', keys)).toMatchObject({
        exitCode: 1,
        findings: [{ kind: 'record_edited', record: edited }, open],
      });
    });

    it('takes keys from several files, which must agree', async () => {
      const [jwk] = (await trail.keyRing.jwks()).keys;
      const none = join(folder, 'none.json');
      writeFileSync(none, '{"keys": []}');
      expect(await verify('--keys', none)).toMatchObject({ exitCode: 3, sound: null });
      const both = await verify('--keys', none, '--keys', keys);
      expect(both).toMatchObject({
        exitCode: 0,
        sound: true,
        signed_by: [{ kid: jwk!.kid, thumbprint: jwk!.jkt, held: true, checkpoints: 3, from: 1, to: 3 }],
      });
      const other = join(folder, 'other.json');
      const { publicKey } = generateKeyPairSync('ed25519');
      writeFileSync(other, JSON.stringify({ keys: [publicJwk(jwk!.kid, publicKey)] }));
      const { exitCode, stderr } = await aegis.run('audit', 'verify', '--keys', keys, '--keys', other);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`has another public key for ${jwk!.kid}`);
      // Trust that one file withdraws is withdrawn.
      const withdrawn = join(folder, 'withdrawn.json');
      writeFileSync(
        withdrawn,
        JSON.stringify({ keys: [{ ...jwk, state: 'compromised', compromised_after: null }] }),
      );
      expect(await verify('--keys', keys, '--keys', withdrawn)).toMatchObject({
        exitCode: 1,
        findings: [{ kind: 'checkpoint_compromised', checkpoint: 1, to: 3 }],
      });
    });

    it('shows the thumbprints of keys that come from the database', async () => {
      const [jwk] = (await trail.keyRing.jwks()).keys;
      const { stdout } = await aegis.run('audit', 'verify');
      expect(stdout).toContain(`signed by ${jwk!.kid} (thumbprint ${jwk!.jkt}, by the database)`);
    });

    it('takes nothing else that a trusted key signed for a checkpoint', async () => {
      const [, second] = await trail.checkpoints();
      const [, payload = ''] = second!.split('.');
      const { kid } = trail.keyRing.active();
      const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: 'JWT', kid })).toString('base64url');
      const signature = await trail.keyRing.active().sign(Buffer.from(`${header}.${payload}`));
      const license = `${header}.${payload}.${Buffer.from(signature).toString('base64url')}`;
      await trail.tamper(`UPDATE audit_checkpoints SET jws = '${license}' WHERE number = 2`);
      const { exitCode, findings } = await verify('--keys', keys);
      expect(exitCode).toBe(1);
      expect(findings).toContainEqual({ kind: 'checkpoint_forged', checkpoint: 2 });
    });
  });

  describe('resume', () => {
    it('resumes sealing after the last valid checkpoint, and only the owner can do it', async () => {
      await trail.tamper(`UPDATE audit_checkpoints SET jws = 'nothing' WHERE number = 3`);
      await trail.append(1, 60);
      await expect(trail.sealOnce()).rejects.toThrow(/aegis audit resume/);
      const resume = (after: string, by = aegis) =>
        by.run('audit', 'resume', '--after', after, '--keys', keys, '--yes', '--json');
      const byApplication = await resume(
        '2',
        aegis.with({ MIGRATION_DATABASE_URL: trail.database.applicationUrl }),
      );
      expect(byApplication.exitCode).toBe(2);
      const refused = await resume('3');
      expect(refused.exitCode).toBe(1);
      expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'audit_trail_not_resumable' } });
      expect((await resume('1')).exitCode).toBe(1);
      const { exitCode, stdout } = await resume('2');
      expect([exitCode, JSON.parse(stdout)]).toEqual([
        0,
        { after: 2, epoch: 2, checkpoints_set_aside: 1, seals_set_aside: 5 },
      ]);
      await trail.sealAll();
      expect(await verify('--keys', keys)).toMatchObject({ exitCode: 0, sound: true });
      const [record] = await trail.superuser.query<{ actor: string }[]>(
        `SELECT actor FROM audit_logs WHERE event_type = 'audit_log.resumed'`,
      );
      expect(record!.actor).toMatch(/^cli:/);
    });
  });

  describe('export', () => {
    const offline = () => aegis.with({ DATABASE_URL: undefined, MIGRATION_DATABASE_URL: undefined });
    let file: string;

    beforeEach(() => {
      file = join(folder, 'trail.ndjson');
    });

    async function verifyExport(): Promise<{ exitCode: number | null; findings: object[]; records: number }> {
      const args = ['audit', 'verify-export', file, '--keys', keys, '--json'];
      const { exitCode, stdout } = await offline().run(...args);
      return { ...(JSON.parse(stdout) as { findings: object[]; records: number }), exitCode };
    }

    it('is verified with only the public key, given as JWK set or as PEM', async () => {
      const { exitCode, stdout } = await aegis.run('audit', 'export', file, '--json');
      const reported = JSON.parse(stdout) as { records: number };
      expect([exitCode, reported]).toEqual([
        0,
        { checkpoints: 3, records: reported.records, edited: [], too_large: [], file },
      ]);
      expect(await verifyExport()).toEqual({
        exitCode: 0,
        findings: [],
        checkpoints: 3,
        records: reported.records,
        whole_checkpoints: 3,
        signed_by: [expect.objectContaining({ held: true, from: 1, to: 3 })],
        sound: true,
      });
      const [jwk] = (await trail.keyRing.jwks()).keys;
      const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
      writeFileSync(keys, pem);
      expect(await verifyExport()).toMatchObject({ exitCode: 0 });
      expect((await aegis.run('audit', 'export', file)).exitCode).toBe(2);
    });

    it('contains what the filters select', async () => {
      const from = await aegis.run('audit', 'export', '-', '--from-checkpoint', '2', '--to-checkpoint', '2');
      const lines = from.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { record?: { customer_id: string } });
      expect(lines.flatMap(({ record }) => (record ? [record.customer_id] : []))).toEqual(
        [5, 6, 7, 8, 9].map((number) => `C-${number}`),
      );
      const [row] = await trail.superuser.query<{ at: string }[]>(
        `SELECT to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at FROM audit_logs WHERE customer_id = 'C-12'`,
      );
      const [before, after] = [join(folder, 'before'), join(folder, 'after')];
      await aegis.run('audit', 'export', before, '--until', row!.at);
      await aegis.run('audit', 'export', after, '--since', row!.at);
      for (const path of [before, after]) {
        file = path;
        expect(await verifyExport()).toMatchObject({ exitCode: 0 });
      }
      const ids = (path: string) =>
        [...readFileSync(path, 'utf8').matchAll(/"customer_id":"(C-\d+)"/g)].map(([, id]) => id);
      expect(new Set([...ids(before), ...ids(after)]).size).toBe(15);
      expect(ids(after)).toContain('C-12');
      expect(ids(before)).not.toContain('C-12');
    });

    it('shows what was changed, what was removed, and what another key signed', async () => {
      await aegis.run('audit', 'export', file);
      const text = readFileSync(file, 'utf8');
      const lines = text.split('\n');
      const change = (index: number, line: string) => {
        writeFileSync(file, lines.map((old, at) => (at === index ? line : old)).join('\n'));
      };
      const record = lines.findIndex((line) => line.includes('"customer_id":"C-7"'));
      change(record, lines[record]!.replaceAll('C-7', 'C-X'));
      expect(await verifyExport()).toMatchObject({
        exitCode: 1,
        findings: [{ kind: 'record_unproven', checkpoint: 2 }, { kind: 'export_cut' }],
      });
      change(record, lines[record]!.replace('"customer_id":"C-7"', '"customer_id":"C-X"'));
      expect(await verifyExport()).toMatchObject({
        exitCode: 1,
        findings: [{ kind: 'line_unreadable', line: record + 1 }, { kind: 'export_cut' }],
      });
      writeFileSync(file, lines.filter((_, index) => index !== record).join('\n'));
      expect(await verifyExport()).toMatchObject({ exitCode: 1, findings: [{ kind: 'export_cut' }] });
      writeFileSync(file, lines.slice(0, -2).join('\n'));
      expect(await verifyExport()).toMatchObject({ exitCode: 1, findings: [{ kind: 'export_cut' }] });
      change(record, [lines[record], lines[record]].join('\n'));
      expect(await verifyExport()).toMatchObject({ exitCode: 1, findings: [{ kind: 'line_misplaced' }] });
      writeFileSync(file, text);
      const [jwk] = (await trail.keyRing.jwks()).keys;
      const { publicKey } = generateKeyPairSync('ed25519');
      // Of a key without an id it is unknown which checkpoints it should have signed.
      writeFileSync(keys, publicKey.export({ type: 'spki', format: 'pem' }));
      expect(await verifyExport()).toMatchObject({
        exitCode: 3,
        sound: null,
        findings: [{ kind: 'key_not_held', checkpoint: 1, to: 3 }],
      });
      writeFileSync(keys, JSON.stringify({ keys: [publicJwk(jwk!.kid, publicKey)] }));
      expect(await verifyExport()).toMatchObject({
        exitCode: 1,
        findings: expect.arrayContaining([
          expect.objectContaining({ kind: 'checkpoint_forged', checkpoint: 1 }),
        ]),
      });
    });

    it('reports records that are not what was sealed', async () => {
      await trail.tamper(`UPDATE audit_logs SET actor = 'cli:mallory' WHERE customer_id = 'C-7'`);
      const { exitCode, stdout } = await aegis.run('audit', 'export', file, '--json');
      expect(exitCode).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ edited: [await trail.idOf('C-7')] });
      expect(await verifyExport()).toMatchObject({
        exitCode: 1,
        findings: [{ kind: 'record_unproven' }, { kind: 'export_cut' }],
      });
    });
  });
});
