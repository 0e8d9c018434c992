import { SeatTermsStore } from '@aegis/activations';
import { AuditLog, AuditRecord, SYSTEM } from '@aegis/audit';
import { readRecordedKeys, type ShippedSource, TrailVerification } from '@aegis/checkpoints';
import { loadEnvironment } from '@aegis/config';
import { Customer, CustomersService } from '@aegis/customers';
import { postgresOptions } from '@aegis/database';
import { listedStatus, openStatusList, parseActivation } from '@aegis/license-token';
import { ImportedCounts, ImportLineCheck, LicenseImport } from '@aegis/license-import';
import { License, LicenseToken } from '@aegis/licensing';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { type ReconcileOptions, type Reconciled, Reconciliation } from '@aegis/restore';
import { KeyRing, signerSource, SigningKey } from '@aegis/signing';
import { randomUUID } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { DataSource } from 'typeorm';
import { ImportBatchWriter } from '../../../libs/license-import/src/import-batch-writer';
import { LicenseImportWriter } from '../../../libs/license-import/src/license-import-writer';
import { expectStatus } from '../../support/contract/expect-status';
import type { TestDatabase } from '../../support/database/database';
import { aLicense, validation, verdictOf } from '../../support/factories';
import type { TestServer } from '../../support/processes/server';
import { Client } from '../../support/requests/client';
import { type Fate, FATES, LostTime } from '../../support/trail/lost-time';
import { keysOf, placeOf, statusOf } from '../../support/trail/status-lists';
import { until } from '../../support/until';

jest.setTimeout(180_000);

/** A file of a text, which comes in pieces. */
function fileOf(text: string, name = 'shipped'): ShippedSource {
  const bytes = Buffer.from(text);
  return {
    name,
    read: (start) => {
      const pieces: Buffer[] = [];
      for (let at = start; at < bytes.length; at += 1000) pieces.push(bytes.subarray(at, at + 1000));
      return Readable.from(pieces) as AsyncIterable<Buffer>;
    },
  };
}

describe('a database that was restored to an earlier moment', () => {
  let time: LostTime;
  const open: DataSource[] = [];
  beforeAll(async () => {
    time = await LostTime.pass();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((owner) => owner.destroy()));
  });
  afterAll(() => time.close());

  async function ownerOf({ ownerUrl }: TestDatabase): Promise<DataSource> {
    const owner = await new DataSource(postgresOptions(ownerUrl)).initialize();
    open.push(owner);
    return owner;
  }

  async function begun(): Promise<{ database: TestDatabase; owner: DataSource }> {
    const database = await time.restored();
    const owner = await ownerOf(database);
    await owner.query(`INSERT INTO restores (begun_by, reason) VALUES ('test', 'a test')`);
    return { database, owner };
  }

  async function reconcile(
    owner: DataSource,
    shipped: readonly (string | ShippedSource)[],
    options: Partial<ReconcileOptions> = {},
  ): Promise<Reconciled | undefined> {
    const keys = await readRecordedKeys(owner);
    return new Reconciliation(owner).run(SYSTEM, {
      shipped: shipped.map((one) => (typeof one === 'string' ? fileOf(one) : one)),
      keys,
      acceptLoss: false,
      skipUnreplayable: false,
      dryRun: false,
      ...options,
    });
  }

  /** @returns the codes of the refusals */
  async function importTokens(database: TestDatabase, tokens: readonly string[]): Promise<string[]> {
    const application = await database.dataSource([AuditRecord, Customer, License, LicenseToken, SigningKey]);
    const environment = loadEnvironment({
      ENVIRONMENT: 'test',
      // As the servers have it: PUBLIC_URL follows from it.
      PORT: '0',
      DATA_DIR: time.folder,
      KEYS_DIR: time.keysDir,
      KEY_PASSPHRASE: 'a passphrase for tests',
    });
    const logger = new Logger({ level: 'error', format: 'json', stream: new PassThrough().resume() });
    const audit = new AuditLog();
    const source = signerSource(environment, logger, new Metrics());
    const keyRing = new KeyRing(application, environment, audit, logger, source);
    await keyRing.load();
    const counts = new ImportedCounts(application, audit);
    const writer = new LicenseImportWriter(
      new CustomersService(application, audit),
      audit,
      new SeatTermsStore(),
      counts,
    );
    const refused: string[] = [];
    const lines = tokens.map((token) => `${JSON.stringify({ token })}\n`).join('');
    await new LicenseImport(
      application,
      new ImportLineCheck(keyRing, environment),
      new ImportBatchWriter(application, writer),
      counts,
    ).run(SYSTEM, Readable.from([Buffer.from(lines)]) as AsyncIterable<Buffer>, {
      atomic: false,
      onRefusal: ({ code }) => refused.push(code),
    });
    return refused;
  }

  /** What a refusal must leave as it is. */
  const stateOf = (owner: DataSource): Promise<unknown> =>
    owner.query(`
      SELECT (SELECT json_agg(l ORDER BY id) FROM licenses AS l) AS licenses,
             (SELECT json_agg(c ORDER BY id) FROM customers AS c) AS customers,
             (SELECT json_agg(t ORDER BY sha256) FROM license_tokens AS t) AS tokens,
             (SELECT json_agg(r ORDER BY id) FROM restores AS r) AS restores,
             (SELECT count(*) FROM audit_logs) AS records, (SELECT count(*) FROM audit_seals) AS seals,
             (SELECT json_agg(k ORDER BY id) FROM api_keys AS k) AS keys`);

  async function expectRefused(
    shipped: readonly (string | ShippedSource)[],
    message: RegExp,
    options: Partial<ReconcileOptions> = {},
  ): Promise<void> {
    const { owner } = await begun();
    const before = await stateOf(owner);
    await expect(reconcile(owner, shipped, options)).rejects.toThrow(message);
    expect(await stateOf(owner)).toEqual(before);
  }

  const jwsLines = (): string[] =>
    time
      .shipped()
      .split('\n')
      .filter((line) => line.startsWith('eyJ'));

  describe('before it is reconciled', () => {
    let server: TestServer;
    let anyone: Client;
    let admin: Client;
    beforeAll(async () => {
      // Nobody noted the restore: the server's sink is ahead of its trail.
      server = await time.serverAfter(await time.restored());
      anyone = new Client(server.url);
      admin = new Client(server.url, time.adminKey);
    });
    afterAll(() => server.close());

    it.each([
      ['validates nothing', () => validation(anyone, time.licenses.revoked.token)],
      ['gives no verdict on what is not a token', () => validation(anyone, 'not a token')],
      [
        'validates no batch',
        () =>
          admin.post('/api/v1/licenses/validate/batch', {
            items: [{ token: time.licenses.untouched.token, module_name: 'payroll', odoo_version: '17.0' }],
          }),
      ],
      ['shows no status', () => anyone.get(`/api/v1/licenses/${time.licenses.revoked.id}/status`)],
      [
        'shows no status of what it does not have',
        () => anyone.get(`/api/v1/licenses/${time.licenses.issued_later.id}/status`),
      ],
      [
        'inspects nothing',
        () => admin.post('/api/v1/licenses/inspect', { token: time.licenses.revoked.token }),
      ],
      ['signs no status list', () => anyone.get('/api/v1/status-lists/0')],
      ['publishes no keys, of which one may be compromised', () => anyone.get('/.well-known/jwks.json')],
      [
        'issues nothing',
        () =>
          admin.post('/api/v1/licenses', {
            customer_id: time.licenses.untouched.customer_id,
            module_name: 'payroll',
            allowed_major_versions: ['17'],
            license_type: 'demo',
          }),
      ],
      [
        'revokes nothing',
        () => admin.post(`/api/v1/licenses/${time.licenses.untouched.id}/revoke`, { reason: 'r' }),
      ],
      [
        'lists no licenses for an API key, which may have been deleted since',
        () => admin.get('/api/v1/licenses'),
      ],
      ['creates no customer', () => admin.post('/api/v1/customers', { id: 'C-1', name: 'Acme' })],
      ['creates no API key', () => admin.post('/api/v1/admin/api-keys', { name: 'a', scopes: ['admin'] })],
    ])('%s', async (_, ask) => {
      const answer = await ask();
      expect({ status: answer.status, code: answer.body.code }).toEqual({
        status: 503,
        code: 'restore_not_reconciled',
      });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.body.detail).toContain('aegis restore reconcile');
    });

    it('is not ready, and says why in the log', async () => {
      expect((await anyone.get('/health/ready')).status).toBe(503);
      expect((await anyone.get('/health/live')).status).toBe(200);
      expect(server.log()).toContain('not ready: the database was restored and is not reconciled');
    });

    it('records and seals nothing', async () => {
      const owner = await ownerOf(server.database);
      const [before] = await owner.query<{ text: string }[]>(
        'SELECT (SELECT count(*) FROM audit_logs)::text || (SELECT count(*) FROM audit_checkpoints) AS text',
      );
      for (let asked = 0; asked < 3; asked += 1) await validation(anyone, time.licenses.revoked.token);
      const [after] = await owner.query<{ text: string }[]>(
        'SELECT (SELECT count(*) FROM audit_logs)::text || (SELECT count(*) FROM audit_checkpoints) AS text',
      );
      expect(after).toEqual(before);
    });

    it('lets only the owner mark it as reconciled', async () => {
      const application = await server.database.dataSource([]);
      for (const change of [
        'UPDATE restores SET reconciled_at = clock_timestamp()',
        'DELETE FROM restores',
        `INSERT INTO restores (begun_by, reason, reconciled_at) VALUES ('a', 'b', clock_timestamp())`,
      ])
        await expect(application.query(change)).rejects.toMatchObject({ code: '42501' });
    });
  });

  describe('once it is reconciled', () => {
    let database: TestDatabase;
    let owner: DataSource;
    let server: TestServer;
    let anyone: Client;
    let admin: Client;
    let reconciled: Reconciled | undefined;
    beforeAll(async () => {
      database = await time.restored();
      const first = await time.serverAfter(database);
      await first.close();
      owner = await new DataSource(postgresOptions(database.ownerUrl)).initialize();
      reconciled = await reconcile(owner, [time.shipped()]);
      server = await time.serverAfter(database);
      anyone = new Client(server.url);
      admin = new Client(server.url, time.adminKey);
    });
    afterAll(async () => {
      await server.close();
      await owner.destroy();
    });

    it.each(Object.entries(FATES))('the license that was %s answers %s', async (fate, verdict) => {
      expect(await verdictOf(anyone, time.licenses[fate as Fate].token)).toBe(verdict);
    });

    it('tokens that replaced others are valid', async () => {
      for (const token of Object.values(time.newest)) expect(await verdictOf(anyone, token)).toBe('VALID');
    });

    it('licenses have the state that they had when they were lost, without the texts of their tokens', async () => {
      const { body } = await admin.get(`/api/v1/licenses/${time.licenses.issued_later_to_a_new_customer.id}`);
      const { token, notes, ...rest } = time.licenses.issued_later_to_a_new_customer as unknown as Record<
        string,
        unknown
      >;
      expect({ token: typeof token, notes }).toEqual({
        token: 'string',
        notes: 'issued_later_to_a_new_customer',
      });
      expect(body).toMatchObject({ ...rest, token: null, notes: null, updated_at: expect.any(String) });
    });

    it('renewed and reissued licenses have the grace and the entitlements of their newest token', async () => {
      const { renewed, superseded } = time.licenses;
      const grantsOf = async ({ id }: { id: string }): Promise<unknown[]> => {
        const { body } = await admin.get(`/api/v1/licenses/${id}`);
        return [body.grace_days as unknown, body.entitlements as unknown];
      };
      expect(await grantsOf(renewed)).toEqual([7, { fate: 'renewed', max_users: 5, constructor: true }]);
      expect(await grantsOf(superseded)).toEqual([14, { max_users: 6 }]);
    });

    it('licenses have the seats that they had when they were lost', async () => {
      const seatsOf = async (fate: Fate): Promise<unknown> =>
        (await admin.get(`/api/v1/licenses/${time.licenses[fate].id}`)).body.seats;
      const fixed = { max: 3, mode: 'fixed', required: false, overage: 0 };
      for (const fate of ['untouched', 'renewed', 'superseded', 'issued_and_revoked_later'] as const)
        expect(await seatsOf(fate)).toMatchObject(fixed);
      expect(await seatsOf('given_seats')).toMatchObject({ max: 9, mode: 'floating', required: false });
      expect(await seatsOf('given_more_seats')).toMatchObject({ ...fixed, max: 8, overage: 1 });
      expect(await seatsOf('freed_of_seats')).toBeNull();
      expect(reconciled?.changes).toMatchObject({ 'license.seats_changed': 1 });
      expect(reconciled?.not_replayed).toEqual([]);
    });

    it('who held a seat of a license that no longer counts them, or of a removed customer, holds none', async () => {
      const rows = await owner.query<unknown[]>(
        `SELECT license_id, name, ended_by, ended_reason, open FROM activations JOIN license_seats USING (license_id)
         WHERE license_id <> $1 ORDER BY ended_by`,
        [time.licenses.of_installations.id],
      );
      expect(rows).toEqual([
        {
          license_id: time.licenses.of_a_removed_customer.id,
          name: null,
          ended_by: 'customer_removed',
          ended_reason: null,
          open: 0,
        },
        {
          license_id: time.licenses.freed_of_seats.id,
          name: 'Anna at home',
          ended_by: 'ended',
          ended_reason: 'seats are no longer counted',
          open: 0,
        },
      ]);
    });

    it('activations that ended have ended again, and one that got a file is held until its end', async () => {
      const { of_installations: license } = time.licenses;
      const rows = await owner.query<{ id: string; state: string; reason: string | null; open: number }[]>(
        `SELECT a.id, coalesce(ended_by, 'live') AS state, ended_reason AS reason, open
         FROM activations AS a JOIN license_seats USING (license_id) WHERE license_id = $1 ORDER BY admitted_at`,
        [license.id],
      );
      const { stays, 'is released': released, 'is ended': ended } = time.activations;
      expect(rows).toEqual([
        { id: stays?.id, state: 'live', reason: null, open: 1 },
        { id: released?.id, state: 'released', reason: null, open: 1 },
        { id: ended?.id, state: 'ended', reason: 'stolen', open: 1 },
      ]);
      const holder = { token: license.token, fingerprint: 'stays' };
      const release = await anyone.post(`/api/v1/activations/${stays?.id ?? ''}/release`, holder);
      expect([release.status, release.body.code]).toEqual([409, 'activation_offline']);
      const statusOfSeat = async (token = ''): Promise<string> => {
        const parsed = parseActivation(token);
        if ('malformed' in parsed) throw new Error(parsed.malformed);
        const { uri } = parsed.claims.status!.status_list;
        const { body } = await anyone.get(new URL(uri).pathname);
        const list = await openStatusList(body as string, await keysOf(server.url));
        if ('refused' in list) throw new Error(list.refused);
        return listedStatus(list, parsed.claims, new Date());
      };
      expect([await statusOfSeat(stays?.token), await statusOfSeat(ended?.token)]).toEqual([
        'valid',
        'revoked',
      ]);
    });

    it('activations that came later are named, with the ends of their files, unless they ended', () => {
      const license_id = time.licenses.of_installations.id;
      const { 'comes later': later, bunker } = time.activations;
      const exp = expect.stringMatching(/^2\d{3}-.*Z$/) as string;
      expect(reconciled?.activations_lost).toEqual({
        count: 2,
        named: [
          { activation_id: later?.id, license_id, offline_until: null },
          { activation_id: bunker?.id, license_id, offline_until: exp },
        ],
      });
      expect(reconciled?.changes).toMatchObject({ 'activation.file_made': 2 });
    });

    it('a customer that was created later exists under its id, with the name "restored" and a flag until it gets its name', async () => {
      const path = `/api/v1/customers/${time.newCustomer}`;
      expect((await admin.get(path)).body).toMatchObject({
        name: 'restored',
        email: null,
        restored_at: expect.any(String),
      });
      const named = (await admin.patch(path, { name: 'Later Ltd' })).body;
      expect(named).toMatchObject({ name: 'Later Ltd' });
      expect(named).not.toHaveProperty('restored_at');
    });

    it('an API key that was deleted is deleted again, one that was rotated is named', async () => {
      expect((await new Client(server.url, time.deletedKey.key).get('/api/v1/me')).status).toBe(401);
      expect(reconciled?.api_keys).toEqual([
        { id: time.deletedKey.id, name: 'of a partner', what: 'deleted' },
        { id: time.rotatedKey.id, name: 'of the shop', what: 'rotated' },
      ]);
    });

    it('the trail is sound, has every checkpoint that was shipped, and says that it was restored', async () => {
      await until('all of it is sealed', async () => {
        const [row] = await owner.query<{ count: number }[]>(
          'SELECT count(*)::int AS count FROM audit_logs WHERE id NOT IN (SELECT audit_id FROM audit_seals)',
        );
        return row?.count === 0;
      });
      const findings: unknown[] = [];
      const verified = await new TrailVerification(owner).verify((finding) => findings.push(finding), {
        shipped: jwsLines(),
      });
      expect(findings).toEqual([]);
      expect(verified.last).toBeGreaterThan(reconciled!.to);
      const restored = await owner.query<{ event_data: unknown }[]>(
        `SELECT event_data FROM audit_logs WHERE event_type = 'audit_log.restored'`,
      );
      expect(restored).toEqual([
        {
          event_data: expect.objectContaining({
            after: reconciled!.after,
            to: reconciled!.to,
            accepted_loss: false,
          }),
        },
      ]);
    });

    it('no place in a status list and no id of a record is given a second time', async () => {
      const [known] = await owner.query<{ list: number; id: string }[]>(
        `SELECT (SELECT max(status_list) FROM license_tokens) AS list,
                (SELECT max(id) FROM audit_logs WHERE event_type <> 'audit_log.restored' AND recorded_at <
                   (SELECT reconciled_at FROM restores)) AS id`,
      );
      const license = await aLicense(admin);
      const [row] = await owner.query<{ list: number; id: string }[]>(
        `SELECT status_list AS list, (SELECT id FROM audit_logs WHERE license_id = $1) AS id
         FROM license_tokens WHERE license_id = $1`,
        [license.id],
      );
      expect(row!.list).toBe(known!.list + 1);
      expect(Number(row!.id)).toBeGreaterThan(Number(known!.id) + 1_000_000);
      // Of activations, nobody knows how many there were: they continue far behind.
      expect(await owner.query(`SELECT nextval('activations_status_number_seq') AS number`)).toEqual([
        { number: String(500_001_001 * 131_072 + 1) },
      ]);
    });

    it('a status list has the last status of each lost license', async () => {
      const [row] = await owner.query<{ noted: number }[]>(
        `SELECT count(*)::int AS noted FROM status_list_versions WHERE list = 0 AND version > 0`,
      );
      const [changes] = await owner.query<{ noted: number }[]>(
        `SELECT count(*)::int AS noted FROM status_list_changes WHERE list = 0`,
      );
      expect(row!.noted + changes!.noted).toBeGreaterThan(0);
      expect((await anyone.get('/api/v1/status-lists/0')).status).toBe(200);
    });

    it('gets the text of a token by an import', async () => {
      const { id, token } = time.licenses.issued_later;
      expect(await importTokens(database, [token])).toEqual([]);
      expect((await admin.get(`/api/v1/licenses/${id}`)).body).toMatchObject({ token });
      // An older token is not the text of the newest one.
      expect(await importTokens(database, [time.licenses.renewed.token])).toEqual([]);
      expect((await admin.get(`/api/v1/licenses/${time.licenses.renewed.id}`)).body).toMatchObject({
        token: null,
      });
    });

    it('does not change when it is reconciled again', async () => {
      // The server would seal in between.
      await server.close();
      const before = await stateOf(owner);
      expect(await reconcile(owner, [time.shipped()])).toBeUndefined();
      expect(await stateOf(owner)).toEqual(before);
    });
  });

  describe('whose lost licenses are imported', () => {
    let database: TestDatabase;
    let owner: DataSource;
    beforeEach(async () => {
      ({ database, owner } = await begun());
      await reconcile(owner, [], { acceptLoss: true });
    });

    it('has their tokens at the places that they name, so that a revocation works offline', async () => {
      const { id, token } = time.licenses.issued_later;
      expect(await importTokens(database, [token])).toEqual([]);
      const server = await time.serverAfter(database);
      try {
        expect(await statusOf(server.url, token)).toBe('valid');
        const admin = new Client(server.url, time.adminKey);
        expectStatus(await admin.post(`/api/v1/licenses/${id}/revoke`, { reason: 'unpaid' }), 200);
        await until('the list says so', async () => (await statusOf(server.url, token)) === 'revoked');
      } finally {
        await server.close();
      }
    });

    it('refuses a token whose place belongs to another one', async () => {
      const { token } = time.licenses.issued_later;
      await owner.query(
        'UPDATE license_tokens SET status_list = 0, status_index = $1 WHERE license_id = $2',
        [placeOf(token).idx, time.licenses.untouched.id],
      );
      expect(await importTokens(database, [token])).toEqual(['conflict']);
    });

    it('gives no token a place that was never used, because another token may get it', async () => {
      await owner.query(`SELECT setval('license_tokens_status_number_seq', 0)`);
      const { id, token } = time.licenses.issued_later;
      expect(await importTokens(database, [token])).toEqual([]);
      expect(
        await owner.query('SELECT status_list, status_index FROM license_tokens WHERE license_id = $1', [id]),
      ).toEqual([{ status_list: null, status_index: null }]);
    });
  });

  it('has the same result from copies and parts of what was shipped, in any order, from a file or from an https: sink', async () => {
    const { owner } = await begun();
    const lines = time.shipped().split('\n');
    const third = lines.findIndex((line, index) => index > lines.length / 3 && line.startsWith('eyJ')) + 1;
    let records: string[] = [];
    const posted = lines.flatMap((line) => {
      if (line.startsWith('[')) records.push(line);
      if (!line.startsWith('eyJ')) return [];
      const checkpoint = { number: 0, jws: line, records };
      records = [];
      return [JSON.stringify(checkpoint)];
    });
    const reconciled = await reconcile(owner, [
      fileOf(lines.slice(third).join('\n'), 'second part'),
      fileOf(
        `["aegis-audit-1","1","20\n${lines.slice(0, third).join('\n')}\n`,
        'first part, with the rest of a crash',
      ),
      fileOf(`{"checkpoints":[${posted.slice(0, 2).join(',')}]}\n${posted.slice(2).join('\n')}\n`, 'posted'),
    ]);
    expect(reconciled).toMatchObject({ to: jwsLines().length, unproven: null });
    expect(await reconcile(owner, [])).toBeUndefined();
  });

  it('names each file that does not have a checkpoint', async () => {
    const { owner } = await begun();
    const reconciled = await reconcile(owner, [
      fileOf('', 'empty.txt'),
      time.shipped(),
      fileOf('{"keys":[]}\n', 'keys.json'),
    ]);
    expect(reconciled?.files_without_checkpoints).toEqual(['empty.txt', 'keys.json']);
  });

  it('changes nothing in a dry run, which reports the same', async () => {
    const { owner } = await begun();
    const before = await stateOf(owner);
    const [sequences] = await owner.query<unknown[]>('SELECT last_value FROM audit_logs_id_seq');
    const dry = await reconcile(owner, [time.shipped()], { dryRun: true });
    expect(await stateOf(owner)).toEqual(before);
    expect(await owner.query('SELECT last_value FROM audit_logs_id_seq')).toEqual([sequences]);
    const { next, ...done } = (await reconcile(owner, [time.shipped()]))!;
    expect(dry).toEqual({ ...done, next: null });
    expect(next).not.toBeNull();
  });

  describe('is not reconciled', () => {
    it('if no restore is noted', async () => {
      const owner = await ownerOf(await time.restored());
      await expect(reconcile(owner, [time.shipped()])).rejects.toThrow(/no restore is noted/);
    });

    it('with a record that was changed', () =>
      expectRefused(
        [time.shipped().replaceAll('chargeback', 'chargebacks')],
        /without their checkpoint, or a checkpoint without its records/,
      ));

    it('with a record that was removed', () => {
      const lines = time.shipped().split('\n');
      const without = lines.filter((line) => !(line.startsWith('[') && line.includes('chargeback')));
      expect(without).toHaveLength(lines.length - 1);
      return expectRefused([without.join('\n')], /without its records/);
    });

    it('where a checkpoint in between is missing', () => {
      const lines = time.shipped().split('\n');
      const revocation = lines.findIndex((line) => line.includes('chargeback'));
      const next = lines.findIndex((line, index) => index > revocation && line.startsWith('eyJ'));
      return expectRefused([lines.toSpliced(next, 1).join('\n')], /a checkpoint is missing/);
    });

    it('by a key that is not trusted', () =>
      expectRefused([time.shipped()], /is not among the keys: give it with --keys/, {
        keys: () => Promise.resolve(undefined),
      }));

    it('with the shipments of another database, or with none', async () => {
      await expectRefused([''], /does not have checkpoint \d+, with which the database ends/);
      await expectRefused(['not a trail\n'], /does not have checkpoint \d+/);
    });

    it('after a server wrote its own records after the restore', async () => {
      const database = await time.restored();
      const owner = await ownerOf(database);
      await owner.query(`INSERT INTO audit_logs (event_type, actor) VALUES ('license.validated', 'system')`);
      await owner.query(`INSERT INTO restores (begun_by, reason) VALUES ('test', 'a test')`);
      const before = await stateOf(owner);
      await expect(reconcile(owner, [time.shipped()])).rejects.toThrow(
        /has a record \d+ of its own, which was written after the restore\. Restore it again/,
      );
      expect(await stateOf(owner)).toEqual(before);
    });
  });

  describe('from a file with lines that nobody can read', () => {
    const leaf = (id: string, data: string, type = 'license.revoked'): string =>
      JSON.stringify([
        ...['aegis-audit-1', id, '2026-11-29T00:00:00.000Z', type, time.licenses.untouched.id, null, null],
        ...[null, 'system', null, null, data, null],
      ]);
    const lines: [string, () => string][] = [
      ['an id that is no number', () => leaf('abc', '{}')],
      ['an id with too many digits', () => leaf('9'.repeat(26), '{}')],
      ['an id that is too large', () => leaf('9223372036854775808', '{}')],
      ['data that are cut', () => leaf('7', '{')],
      ['data that nest without end', () => leaf('7', '['.repeat(100_000), 'license.validated')],
      ['a record that is cut', () => leaf('7', '{}').slice(0, 60)],
      ['a checkpoint that is cut', () => `${jwsLines().at(-1)!.slice(0, 200)}x`],
      ['no record and no checkpoint', () => 'rotated by somebody'],
    ];

    it('is reconciled only if an option says what to do, and names file and line of each', async () => {
      const { owner } = await begun();
      const before = await stateOf(owner);
      const own = time.shipped().trimEnd().split('\n');
      const file = fileOf([...own, '', ...lines.map(([, line]) => line())].join('\n'), 'shipped/a');
      const named = lines.map((_, index) => ({ file: 'shipped/a', line: own.length + 2 + index }));
      const refusal: unknown = await reconcile(owner, [file]).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'restore_not_reconcilable' });
      for (const { line } of named) expect((refusal as Error).message).toContain(`"shipped/a" line ${line}`);
      expect(await stateOf(owner)).toEqual(before);
      const reconciled = await reconcile(owner, [file], { unproven: 'apply' });
      const { unproven, to } = reconciled!;
      expect(to).toBe(jwsLines().length);
      expect(unproven).toMatchObject({
        ...{ reason: 'lines_unreadable', records: 0, unreadable: { count: lines.length } },
      });
      expect(unproven!.unreadable.named.toSorted((one, other) => one.line - other.line)).toEqual(named);
    });
  });

  it('is reconciled once if several begin at the same time', async () => {
    const { database, owner } = await begun();
    const holder = owner.createQueryRunner();
    await holder.startTransaction();
    await holder.query('SELECT FROM restores FOR UPDATE');
    const all = Promise.all(
      [1, 2, 3].map(async () => reconcile(await ownerOf(database), [], { acceptLoss: true })),
    );
    await until('all of them wait', async () => {
      const [row] = await owner.query<{ count: number }[]>(
        `SELECT count(*)::int AS count FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return row?.count === 3;
    });
    await holder.commitTransaction();
    await holder.release();
    expect((await all).filter((reconciled) => reconciled !== undefined)).toHaveLength(1);
    expect(
      await owner.query(`SELECT count(*)::int FROM audit_logs WHERE event_type = 'audit_log.restored'`),
    ).toEqual([{ count: 1 }]);
  });

  describe('from a file that is behind that of another server', () => {
    /** Up to the checkpoint before the last one. */
    const behind = (): string => {
      const lines = time.shipped().trimEnd().split('\n');
      return `${lines.slice(0, lines.findLastIndex((line, at) => at < lines.length - 1 && line.startsWith('eyJ')) + 1).join('\n')}\n`;
    };

    it('is closed again by the server whose file has more', async () => {
      const { database, owner } = await begun();
      expect(await reconcile(owner, [behind()])).toMatchObject({ to: jwsLines().length - 1, unproven: null });
      const server = await time.serverAfter(database);
      try {
        const answer = await validation(new Client(server.url), time.licenses.untouched.token);
        expect({ status: answer.status, code: answer.body.code }).toEqual({
          status: 503,
          code: 'restore_not_reconciled',
        });
      } finally {
        await server.close();
      }
    });

    it('stays open if the loss was accepted', async () => {
      const { database, owner } = await begun();
      await reconcile(owner, [behind()], { acceptLoss: true });
      const server = await time.serverAfter(database);
      try {
        expect(await verdictOf(new Client(server.url), time.licenses.untouched.token)).toBe('VALID');
      } finally {
        await server.close();
      }
    });
  });

  describe('with proven records that cannot be replayed', () => {
    const planted: [type: string, license: 'unknown' | 'known' | 'none', data: object, reason: RegExp][] = [
      ['license.issued', 'unknown', {}, /does not say what `license_type` was/],
      ['license.issued', 'none', {}, /./],
      ['license.issued', 'known', token({}), /23505/],
      ['license.issued', 'unknown', token({}), /23503/],
      ['license.renewed', 'known', token({ expires_at: 'someday' }), /2200/],
      ['license.renewed', 'known', token({ revision: 2 ** 40 }), /22003/],
      ['license.renewed', 'known', token({}), /23503/],
      ['license.revoked', 'unknown', { reason: 'fraud' }, /its license does not exist/],
      ['license.revoked', 'none', {}, /does not name a license/],
      ['customer.updated', 'none', { fields: 'name' }, /does not say what `fields` was/],
      ['signing_key.x', 'none', { kid: 'k' }, /not known to this version/],
      ['signing_key.published', 'none', { kid: 'k', public_key: 'short' }, /23514/],
      ['signing_key.compromised', 'none', { kid: 'k', after: 'someday' }, /22007/],
      ['api_key.deleted', 'none', { id: 7, name: 'a' }, /does not say what `id` was/],
    ];
    let shipped: string;
    let ids: string[];
    beforeAll(async () => {
      shipped = await time.shippedOf(async (server) => {
        const application = await server.database.dataSource([]);
        ids = [];
        for (const [type, license, data] of planted) {
          const licenseId = { unknown: randomUUID(), known: time.licenses.untouched.id, none: null }[license];
          const [row] = await application.query<{ id: string }[]>(
            `INSERT INTO audit_logs (event_type, actor, license_id, customer_id, module_name, event_data)
             VALUES ($1, 'system', $2, 'no such customer', 'payroll', $3) RETURNING id`,
            [type, licenseId, JSON.stringify(data)],
          );
          ids.push(row!.id);
        }
        const admin = new Client(server.url, time.adminKey);
        const { id } = time.licenses.revoked;
        expectStatus(await admin.post(`/api/v1/licenses/${id}/revoke`, { reason: 'fraud' }), 200);
      });
    });

    function token(other: object): object {
      return {
        license_type: 'subscription',
        expires_at: '2099-01-01T00:00:00Z',
        allowed_major_versions: ['17'],
        key_id: 'k',
        revision: 1,
        token_sha256: 'a'.repeat(64),
        ...other,
      };
    }

    it('refuses, and names all of them', async () => {
      const { owner } = await begun();
      const before = await stateOf(owner);
      const refusal: unknown = await reconcile(owner, [shipped]).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'restore_not_reconcilable' });
      const { message } = refusal as Error;
      expect(message).toContain(`${planted.length} proven record(s) can't be replayed`);
      for (const id of ids) expect(message).toContain(`record ${id} (`);
      expect(message).toContain('--skip-unreplayable');
      expect(await stateOf(owner)).toEqual(before);
    });

    it('continues without their effect if an option says so, and names them with the reason', async () => {
      const { owner } = await begun();
      const untouched = (): Promise<unknown> =>
        owner.query('SELECT * FROM licenses WHERE id = $1', [time.licenses.untouched.id]);
      const before = await untouched();
      const reconciled = await reconcile(owner, [shipped], { skipUnreplayable: true });
      expect(reconciled?.not_replayed).toEqual(
        planted.map(([type, license, , reason], index) => ({
          id: ids[index],
          type,
          license_id: license === 'none' ? null : expect.any(String),
          reason: expect.stringMatching(reason),
        })),
      );
      expect(reconciled?.changes).toEqual({ 'license.revoked': 1 });
      expect(await untouched()).toEqual(before);
      const [license] = await owner.query<unknown[]>('SELECT status FROM licenses WHERE id = $1', [
        time.licenses.revoked.id,
      ]);
      expect(license).toEqual({ status: 'revoked' });
    });
  });

  it('is reconciled although a row names a status list that was never started', async () => {
    const { database, owner } = await begun();
    const application = await database.dataSource([]);
    const { id } = time.licenses.untouched;
    await application.query(
      `INSERT INTO license_tokens (sha256, license_id, key_id, revision, recorded_at, status_list, status_index)
       SELECT sha256('planted'), license_id, key_id, revision + 1000, recorded_at, 2147483647, 0
       FROM license_tokens WHERE license_id = $1`,
      [id],
    );
    const reconciled = await reconcile(owner, [time.shipped()]);
    expect(reconciled?.next?.status_list).toBe(1);
  });

  describe('with an end that no checkpoint proves', () => {
    /** Without the checkpoints from the revocation on. */
    const cut = (): string => {
      const lines = time.shipped().split('\n');
      const revocation = lines.findIndex((line) => line.includes('chargeback'));
      return lines.filter((line, index) => index < revocation || line.startsWith('[')).join('\n');
    };

    it('is reconciled only if an option says what to do with it', () =>
      expectRefused(
        [cut()],
        /4 of which revoke or suspend a license, and 8 take something else away: .*customer\.updated.* With --unproven apply/,
      ));

    it('takes validity away if an option says so, and gives none', async () => {
      const { database, owner } = await begun();
      const reconciled = await reconcile(owner, [cut()], { unproven: 'apply' });
      expect(reconciled?.unproven).toMatchObject({
        reason: 'records_missing',
        restrictions: 4,
        restrictions_applied: 3,
        applied: false,
        ids_taken: 0,
        licenses_without_effect: [time.licenses.issued_and_revoked_later.id],
      });
      await time.serverAfter(database).then(async (server) => {
        try {
          const anyone = new Client(server.url);
          expect(await verdictOf(anyone, time.licenses.revoked.token)).toBe('REVOKED');
          expect(await verdictOf(anyone, time.licenses.suspended.token)).toBe('SUSPENDED');
          expect(await verdictOf(anyone, time.licenses.of_a_removed_customer.token)).toBe('REVOKED');
          expect(await verdictOf(anyone, time.licenses.reinstated.token)).toBe('SUSPENDED');
          expect(await verdictOf(anyone, time.licenses.issued_later.token)).toBe('NOT_FOUND');
          expect(await verdictOf(anyone, time.licenses.of_a_deactivated_customer.token)).toBe(
            'CUSTOMER_INACTIVE',
          );
          expect((await new Client(server.url, time.deletedKey.key).get('/api/v1/me')).status).toBe(401);
          const ended = { id: time.activations['is ended']?.id, fingerprint: 'is ended' };
          const released = { id: time.activations['is released']?.id, fingerprint: 'is released' };
          const { token } = time.licenses.of_installations;
          const seatOf = async (activation: object): Promise<unknown> =>
            (await validation(anyone, token, { activation })).body.activation;
          expect(await seatOf(ended)).toBeNull();
          expect(await seatOf(released)).toMatchObject({ id: released.id });
        } finally {
          await server.close();
        }
      });
    });

    it.each<[string, (checkpoint: string) => string[]]>([
      ['is removed', () => []],
      ['is not readable', (checkpoint) => [checkpoint.slice(0, 40)]],
      ['has a damaged signature', (checkpoint) => [`${checkpoint.slice(0, -10)}AAAAAAAAAA`]],
      ['is replaced by another one', () => [jwsLines().at(-1)!]],
    ])('names what a checkpoint in the middle of the file sealed that %s', async (_, damaged) => {
      const { owner } = await begun();
      const lines = time.shipped().split('\n');
      const revocation = lines.findIndex((line) => line.includes('chargeback'));
      const sealing = lines.findIndex((line, index) => index > revocation && line.startsWith('eyJ'));
      const file = lines.toSpliced(sealing, 1, ...damaged(lines[sealing]!)).join('\n');
      const reconciled = await reconcile(owner, [file], { unproven: 'apply' });
      expect(reconciled?.unproven?.licenses).toContain(time.licenses.revoked.id);
      const [license] = await owner.query<unknown[]>('SELECT status FROM licenses WHERE id = $1', [
        time.licenses.revoked.id,
      ]);
      expect(license).toEqual({ status: 'revoked' });
    });

    describe('whose ids other records took after the restore', () => {
      /** As a server does that started on the restored database and validated. */
      async function taken(): Promise<DataSource> {
        const database = await time.restored();
        const owner = await ownerOf(database);
        const application = await database.dataSource([]);
        await application.query(
          `INSERT INTO audit_logs (event_type, actor) SELECT 'license.validated', 'system' FROM generate_series(1, 100)`,
        );
        // Half of them are sealed.
        await owner.query(
          `INSERT INTO audit_seals (audit_id, recorded_at, checkpoint, leaf_index, leaf_hash)
           SELECT id, recorded_at, 1000000, row_number() OVER (ORDER BY id), sha256('another')
           FROM audit_logs WHERE id % 2 = 0 AND id NOT IN (SELECT audit_id FROM audit_seals)`,
        );
        await owner.query(`INSERT INTO restores (begun_by, reason) VALUES ('test', 'a test')`);
        return owner;
      }

      it('is reconciled only if an option says what to do with it', async () => {
        const owner = await taken();
        const before = await stateOf(owner);
        await expect(reconcile(owner, [cut()])).rejects.toThrow(
          /4 of which revoke or suspend a license, and 8 take something else away: .*The ids of \d+ were taken by records/,
        );
        expect(await stateOf(owner)).toEqual(before);
      });

      it('takes validity away if an option says so', async () => {
        const owner = await taken();
        const reconciled = await reconcile(owner, [cut()], { unproven: 'apply' });
        const { records, ids_taken, restrictions } = reconciled!.unproven!;
        expect({ restrictions, are_all_taken: ids_taken === records }).toEqual({
          restrictions: 4,
          are_all_taken: true,
        });
        const { revoked, suspended } = time.licenses;
        expect(
          await owner.query('SELECT id, status FROM licenses WHERE id = ANY ($1::uuid[]) ORDER BY status', [
            [revoked.id, suspended.id],
          ]),
        ).toEqual([
          { id: revoked.id, status: 'revoked' },
          { id: suspended.id, status: 'suspended' },
        ]);
      });
    });

    describe('and a server that starts with that file', () => {
      async function answerOf(database: TestDatabase): Promise<unknown> {
        const server = await time.serverAfter(database, cut());
        try {
          const { status, body } = await validation(new Client(server.url), time.licenses.untouched.token);
          return status === 200 ? body.valid : body.code;
        } finally {
          await server.close();
        }
      }

      it('closes the restored database, although the trail has its last checkpoint', async () => {
        const database = await time.restored();
        expect(await answerOf(database)).toBe('restore_not_reconciled');
        const owner = await ownerOf(database);
        expect(await owner.query('SELECT reason FROM restores')).toEqual([
          {
            reason: expect.stringMatching(
              /^record \d+ was shipped after checkpoint \d+, and the trail does not/,
            ),
          },
        ]);
      });

      it('serves if the trail has those records, as after a crash', async () => {
        const { database, owner } = await begun();
        await reconcile(owner, [time.shipped()]);
        expect(await answerOf(database)).toBe(true);
      });

      it('serves if they were given up', async () => {
        const { database, owner } = await begun();
        await reconcile(owner, [cut()], { unproven: 'ignore' });
        expect(await answerOf(database)).toBe(true);
      });
    });

    it('never says that a record took effect if it did not', async () => {
      const { owner } = await begun();
      const planted: [type: string, license: string | null, data: string][] = [
        ['license.revoked', 'nonuuid', '{}'],
        ['license.revoked', randomUUID(), '{}'],
        ['license.suspended', time.licenses.untouched.id, '{"reason": "unpaid"}'],
        ['api_key.deleted', null, '{"id": "a\\u0000", "name": "a"}'],
        ['api_key.deleted', null, '{"id": "none", "name": "a"}'],
        ['signing_key.compromised', null, '{"kid": "none", "after": null}'],
        ['signing_key.compromised', null, '{"kid": "k1", "after": "garbage"}'],
      ];
      const records = planted.map(([type, license, data], index) =>
        JSON.stringify([
          ...['aegis-audit-1', String(1e15 + index), '2026-11-29T00:00:00.000Z', type, license, null, null],
          ...[null, 'system', null, null, data, null],
        ]),
      );
      const { unproven, not_replayed } = (await reconcile(
        owner,
        [`${time.shipped()}${records.join('\n')}\n`],
        {
          unproven: 'apply',
        },
      ))!;
      expect(unproven).toMatchObject({
        restrictions: 3,
        restrictions_applied: 1,
        applied: false,
        licenses_without_effect: [planted[0]![1], planted[1]![1]],
      });
      expect(unproven!.other_restrictions.map(({ applied }) => applied)).toEqual([
        false,
        false,
        false,
        false,
      ]);
      expect(not_replayed.map(({ type }) => type)).toEqual([
        ...['license.revoked', 'license.revoked', 'api_key.deleted', 'signing_key.compromised'],
      ]);
    });

    it('leaves it out if an option says so, and names the licenses', async () => {
      const { owner } = await begun();
      const reconciled = await reconcile(owner, [cut()], { unproven: 'ignore' });
      expect(reconciled?.unproven).toMatchObject({ restrictions: 4, applied: false });
      expect(reconciled?.unproven?.licenses).toContain(time.licenses.revoked.id);
      expect(reconciled?.unproven?.other_restrictions).toEqual(
        [
          ['license.reissued', time.licenses.superseded.id],
          ['license.reissued', time.licenses.given_seats.id],
          ['license.reissued', time.licenses.freed_of_seats.id],
          ['customer.updated', time.licenses.of_a_deactivated_customer.customer_id],
          ['customer.deleted', time.licenses.of_a_removed_customer.customer_id],
          ['activation.ended', time.activations['is ended']?.id],
          ['api_key.deleted', time.deletedKey.id],
          ['api_key.rotated', time.rotatedKey.id],
        ].map(([type, subject]) => ({ record: expect.any(String), type, subject, applied: false })),
      );
      const [license] = await owner.query<unknown[]>('SELECT status FROM licenses WHERE id = $1', [
        time.licenses.revoked.id,
      ]);
      expect(license).toEqual({ status: 'active' });
    });

    it('can be given up, even completely: the server then serves, and its sink does not note another restore', async () => {
      const { database, owner } = await begun();
      const reconciled = await reconcile(owner, [], { acceptLoss: true });
      expect(reconciled).toMatchObject({ checkpoints: 0, records: 0 });
      expect(reconciled!.next!.status_list).toBeGreaterThan(10);
      const server = await time.serverAfter(database);
      try {
        expect(await verdictOf(new Client(server.url), time.licenses.untouched.token)).toBe('VALID');
      } finally {
        await server.close();
      }
    });
  });
});
