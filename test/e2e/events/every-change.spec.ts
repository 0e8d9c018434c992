import { AuditLog, commandLineActor } from '@aegis/audit';
import { dataSchema, EVENT_NAMES, eventIdSql, type EventName, eventTypeSql } from '@aegis/events';
import { ImportedCounts } from '@aegis/license-import';
import { formatOfflineRequest, newOfflineRequest } from '@aegis/license-token';
import { writeKeyPair } from '@aegis/signing';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client as Postgres } from 'pg';
import { readContract } from '../../support/contract/contract';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { disabledWebhook } from '../../support/database/webhook-rows';
import { aCustomerId, aLicense, anApiKey, type IssuedLicense, validation } from '../../support/factories';
import type { CommandLine } from '../../support/processes/command-line';
import { commandLineOf, testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';
import { until } from '../../support/until';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

jest.setTimeout(300_000);

const PASSPHRASE = 'a passphrase for tests';
/** Texts that people wrote, or that are secret. They are in what is changed here, and in no event. */
const CANARY = 'canary-7f3a';
/** What no change of this test makes: restores have a test of their own. */
const NOT_MADE: readonly EventName[] = ['database.restored'];

interface Event {
  id: string;
  position: number;
  type: EventName;
  timestamp: string;
  data: Record<string, unknown>;
}

describe('every change', () => {
  let folder: string;
  let server: TestServer;
  let admin: Client;
  let anyone: Client;
  let sql: Postgres;
  let aegis: CommandLine;
  let events: Event[];
  let messages: Omit<Event, 'position'>[];
  const tokens: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-events-'));
    const keysDir = join(folder, 'keys');
    await writeKeyPair(keysDir, 'k1', PASSPHRASE);
    server = await testServer({ keysDir });
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
    mkdirSync(join(folder, 'work'));
    aegis = commandLineOf(server, join(folder, 'work'));
    const webhook = await disabledWebhook(sql, null);
    await changeLicenses();
    await changeActivations();
    await changeCustomers();
    await changeApiKeys();
    await changeSigningKeys();
    await endAnImport();
    await letLicensesEnd();
    await until('each event has its place', async () => {
      const { rows } = await sql.query<{ left: number }>('SELECT count(*)::int AS left FROM event_outbox');
      return rows[0]?.left === 0;
    });
    events = await pulled('position');
    messages = await pulled('sequence', `endpoint=${webhook}&`);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  async function done(answer: Promise<Answer>): Promise<Answer['body']> {
    const settled = await answer;
    if (settled.status >= 300) expectStatus(settled, 200);
    return settled.body;
  }

  async function licensed(details: object = {}): Promise<IssuedLicense> {
    const customer = { id: aCustomerId(), name: `${CANARY} name`, email: `${CANARY}@acme.example` };
    await done(admin.post('/api/v1/customers', { ...customer, notes: `${CANARY} notes` }));
    const license = await aLicense(admin, {
      ...{
        customer_id: customer.id,
        license_type: 'subscription',
        duration_days: 30,
        notes: `${CANARY} notes`,
      },
      ...details,
    });
    tokens.push(license.token);
    return license;
  }

  async function changeLicenses(): Promise<void> {
    const { id, token } = await licensed({ grace_days: 3, entitlements: { reports: true } });
    const at = `/api/v1/licenses/${id}`;
    await validation(anyone, token);
    await done(admin.patch(at, { notes: `${CANARY} other` }));
    await done(admin.post(`${at}/suspend`, { reason: `${CANARY} reason` }));
    await done(admin.post(`${at}/reinstate`, { reason: `${CANARY} reason` }));
    tokens.push((await done(admin.post(`${at}/renew`, { duration_days: 60 }))).token as string);
    tokens.push(
      (await done(admin.post(`${at}/reissue`, { allowed_major_versions: ['18'] }))).token as string,
    );
    await done(admin.post(`${at}/revoke`, { reason: `${CANARY} reason` }));
  }

  async function changeActivations(): Promise<void> {
    const seats = { mode: 'floating', max: 1, take_over: true, moves_per_30_days: 9 };
    const license = await licensed({ seats });
    const first = await activated(license, 1, 201);
    await activated(license, 2, 409);
    const second = await activated(license, 2, 201, { take_over: first });
    const named = { token: license.token, fingerprint: fingerprint(2) };
    await done(anyone.post(`/api/v1/activations/${second}/heartbeat`, named));
    await done(anyone.post(`/api/v1/activations/${second}/release`, named));
    const third = await activated(license, 3, 201);
    const end = `/api/v1/licenses/${license.id}/activations/${third}/end`;
    await done(admin.post(end, { reason: `${CANARY} reason` }));
    await done(admin.send('PUT', `/api/v1/licenses/${license.id}/seats`, { max: 2 }));
    const offline = await newOfflineRequest(license.id, fingerprint(4), new Date());
    const file = { request: formatOfflineRequest(offline), valid_days: 5 };
    await done(admin.post(`/api/v1/licenses/${license.id}/activations/offline`, file));
    await activated(license, 5, 201);
    await lapse(license.id);
    await activated(license, 6, 201);
    // Seats that are no longer counted end all that are left.
    tokens.push(
      (await done(admin.post(`/api/v1/licenses/${license.id}/reissue`, { seats: null }))).token as string,
    );
  }

  async function endAnImport(): Promise<void> {
    const dataSource = await server.database.dataSource([]);
    const counts = new ImportedCounts(dataSource, new AuditLog());
    await dataSource.transaction((tx) => counts.add(tx, 'licenses', { licenses_imported: 2 }));
    await counts.finish(commandLineActor(), 'licenses');
  }

  /** Lets moments of which the server gives notice be a minute ago, and waits for its job. */
  async function letLicensesEnd(): Promise<void> {
    const ends: readonly [end: string, grace: number][] = [
      ["interval '7 days'", 3],
      ["interval '0'", 3],
      ["interval '0'", 0],
    ];
    for (const [end, grace_days] of ends) {
      const { id } = await licensed({ grace_days });
      await sql.query(
        `UPDATE licenses SET created_at = now() - interval '1 year', expires_at = now() - interval '1 minute' + ${end}
         WHERE id = $1`,
        [id],
      );
    }
    await sql.query('UPDATE expiry_notices SET silent_until = NULL');
    await sql.query(`UPDATE expiry_notice_progress SET begun_at = now() - interval '1 year'`);
    await until('there are notices of the ends of licenses', async () => {
      const { rows } = await sql.query<{ given: number }>(
        'SELECT count(*)::int AS given FROM expiry_notices WHERE given IS NOT NULL',
      );
      return rows[0]?.given === ends.length;
    });
  }

  const fingerprint = (number: number): string => `${CANARY}-machine-${number}`;

  async function activated(
    { token }: IssuedLicense,
    number: number,
    status: number,
    more: object = {},
  ): Promise<string> {
    const answer = await anyone.post('/api/v1/activations', {
      ...{ token, module_name: 'payroll', odoo_version: '17.0', fingerprint: fingerprint(number) },
      ...{ name: `${CANARY} reception`, ...more },
    });
    expectStatus(answer, status);
    if (typeof answer.body.token === 'string') tokens.push(answer.body.token);
    return answer.body.id as string;
  }

  /** Lets the lease of the newest activation of a license be over. */
  async function lapse(licenseId: string): Promise<void> {
    await sql.query(
      `WITH newest AS (
         UPDATE activations SET lease_ends_at = clock_timestamp() - interval '1 second'
         WHERE id = (SELECT id FROM activations WHERE license_id = $1 AND ended_at IS NULL ORDER BY fence DESC LIMIT 1)
         RETURNING lease_ends_at)
       UPDATE license_seats SET no_lapse_before = (SELECT lease_ends_at FROM newest) WHERE license_id = $1`,
      [licenseId],
    );
  }

  async function changeCustomers(): Promise<void> {
    const at = `/api/v1/customers/${aCustomerId()}`;
    const [, id] = /([^/]+)$/.exec(at)!;
    await done(
      admin.post('/api/v1/customers', { id, name: `${CANARY} name`, email: `${CANARY}@acme.example` }),
    );
    await done(admin.patch(at, { name: `${CANARY} other` }));
    await done(admin.patch(at, { is_active: false }));
    await done(admin.delete(at));
  }

  async function changeApiKeys(): Promise<void> {
    const { id, key } = await anApiKey(admin, { name: `${CANARY} key`, scopes: ['events:read'] });
    tokens.push(key);
    const at = `/api/v1/admin/api-keys/${id}`;
    await done(admin.patch(at, { name: `${CANARY} renamed`, description: CANARY, rate_limit_per_minute: 5 }));
    tokens.push((await done(admin.post(`${at}/rotate`, { grace_seconds: 60 }))).key as string);
    await done(admin.delete(at));
  }

  async function changeSigningKeys(): Promise<void> {
    const keys = async (...args: string[]): Promise<void> => {
      expect(await aegis.run('keys', ...args)).toMatchObject({ exitCode: 0 });
    };
    for (const kid of ['k2', 'k3', 'old']) {
      const fresh = join(folder, `fresh-${kid}`);
      await writeKeyPair(fresh, kid, PASSPHRASE);
      if (kid === 'old') cpSync(join(fresh, 'old.public.pem'), join(server.keysDir, 'old.public.pem'));
      else cpSync(fresh, server.keysDir, { recursive: true });
    }
    await keys('adopt', 'old');
    await keys('publish', 'k2');
    await keys('activate', 'k2', '--force');
    await keys('publish', 'k3');
    await keys('compromise', 'k2', '--yes', '--activate', 'k3', '--force');
  }

  async function pulled(place: 'position' | 'sequence', filter = ''): Promise<Event[]> {
    const all: Event[] = [];
    let after = 0;
    let hasMore = true;
    while (hasMore) {
      const page = await done(admin.get(`/api/v1/events?${filter}after=${after}&limit=7`));
      all.push(...(page.events as Event[]));
      after = page[`last_${place}`] as number;
      hasMore = page.has_more as boolean;
    }
    return all;
  }

  it('is an event that its schema admits', () => {
    const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    const validators = new Map(EVENT_NAMES.map((name) => [name, ajv.compile(dataSchema(name))]));
    const broken = events.flatMap(({ type, data }) => {
      const validate = validators.get(type);
      return validate?.(data) === true ? [] : [{ type, data, errors: validate?.errors }];
    });
    expect(broken).toEqual([]);
  });

  it('is what the OpenAPI document says that a webhook is sent', () => {
    const contract = readContract();
    const ajv = addFormats(new Ajv2020({ strict: false, allErrors: true }));
    ajv.addSchema({ $id: 'contract', components: contract.components });
    expect(messages.map(({ type }) => type).sort()).toEqual(
      expect.arrayContaining(EVENT_NAMES.filter((name) => !NOT_MADE.includes(name))),
    );
    const broken = messages.flatMap((message) => {
      const body = contract.webhooks[message.type]?.post.requestBody?.content['application/json'];
      const validate = ajv.compile({ $ref: `contract${body?.schema.$ref}` });
      return validate(message) ? [] : [{ message, errors: validate.errors }];
    });
    expect(broken).toEqual([]);
  });

  it('has its event, in an order without a gap', () => {
    const missing = EVENT_NAMES.filter((name) => !events.some(({ type }) => type === name));
    expect(missing).toEqual(NOT_MADE);
    expect(events.map(({ position }) => position)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it('has one event for each audit record of a change', async () => {
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id::text AS id FROM audit_logs
       WHERE event_type <> 'license.validated' AND event_type NOT LIKE 'audit\\_log.%' ORDER BY audit_logs.id`,
    );
    const named = events.map(({ data }) => data.audit_log_id as string);
    expect(named.sort((one, other) => Number(one) - Number(other))).toEqual(rows.map(({ id }) => id));
  });

  it('has the id and the type that SQL gives its record', async () => {
    const { rows } = await sql.query(
      `SELECT e.position, e.type FROM events AS e JOIN audit_logs AS a ON a.id = e.record_id
       WHERE e.id = ${eventIdSql('a')} AND e.type = ${eventTypeSql('a')}`,
    );
    expect(rows).toHaveLength(events.length);
  });

  it('says nothing that is personal or secret', () => {
    const text = JSON.stringify(events);
    expect(text).not.toContain(CANARY);
    expect(tokens.length).toBeGreaterThan(8);
    for (const token of tokens) expect(text).not.toContain(token);
  });

  it('can be proven by the audit record that it names', async () => {
    const revoked = events.find(({ type }) => type === 'license.revoked')!;
    const path = `/api/v1/admin/audit-logs/${String(revoked.data.audit_log_id)}/proof`;
    await until('the record is sealed', async () => (await admin.get(path)).status === 200);
    const { record } = (await admin.get(path)).body as {
      record: { event_type: string; license_id: string; recorded_at: string };
    };
    expect(record).toMatchObject({
      event_type: 'license.revoked',
      license_id: revoked.data.license_id,
      recorded_at: revoked.timestamp,
    });
  });
});
