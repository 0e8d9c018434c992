import {
  formatOfflineRequest,
  importEd25519,
  newOfflineRequest,
  openActivation,
  type OfflineRequest,
  parseOfflineFile,
} from '../../../libs/license-token/src';
import { signKeySet } from '@aegis/signing';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectStatus } from '../../support/contract/expect-status';
import { aLicense, anApiKey, type IssuedLicense, validation } from '../../support/factories';
import { commandLineOf, testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';

// Commands warn of a key whose passphrase is stretched less.
jest.unmock('../../../libs/signing/src/keys/passphrase-iterations');

const DAY_MS = 86_400_000;

interface MadeFile {
  activation: Record<string, unknown> & { id: string };
  file: { license_token: string; activation_token: string; key_set: string | null; status_lists: string[] };
}

describe('POST /api/v1/licenses/{id}/activations/offline', () => {
  let server: TestServer;
  let admin: Client;
  let anyone: Client;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
  });
  afterAll(() => server.close());

  const withSeats = (seats: object = {}, changes: object = {}): Promise<IssuedLicense> =>
    aLicense(admin, { seats: { max: 1, mode: 'floating', ...seats }, ...changes });
  const requestOf = (license: { id: string }, fingerprint = 'bunker'): Promise<OfflineRequest> =>
    newOfflineRequest(license.id, fingerprint, new Date());
  const ask = (
    { id }: { id: string },
    request: OfflineRequest | string,
    valid_days: unknown = 400,
    client = admin,
  ): Promise<Answer> =>
    client.post(`/api/v1/licenses/${id}/activations/offline`, {
      request: typeof request === 'string' ? request : formatOfflineRequest(request),
      valid_days,
    });
  async function made(license: { id: string }, request: OfflineRequest, days = 400): Promise<MadeFile> {
    const answer = await ask(license, request, days);
    expectStatus(answer, 201);
    return answer.body as MadeFile;
  }
  const problem = ({ status, body }: Answer): unknown[] => [status, body.code];
  const rule = ({ body }: Answer): unknown => (body.errors as { field: string; message: string }[])[0];

  async function claimsOf(file: MadeFile['file']): Promise<Record<string, unknown>> {
    const { keys } = (await anyone.get('/.well-known/jwks.json')).body as {
      keys: { kid: string; x: string }[];
    };
    const opened = await openActivation(file.activation_token, (kid) => {
      const key = keys.find((one) => one.kid === kid);
      return key && importEd25519({ kty: 'OKP', crv: 'Ed25519', x: key.x });
    });
    return { ...opened };
  }

  /** Puts a signed key set in place. @param keys that it trusts; the server's unless given */
  async function putKeySet(days: number, now = new Date(), keys?: []): Promise<string> {
    const trusted = keys ?? ((await anyone.get('/.well-known/jwks.json')).body.keys as []);
    const root = { privateKey: generateKeyPairSync('ed25519').privateKey, kid: 'root' };
    const jwt = await signKeySet(root, { keys: trusted, compromised: [] }, now, days);
    writeFileSync(join(server.keysDir, 'jwks.jwt'), jwt);
    return jwt;
  }
  afterEach(() => {
    rmSync(join(server.keysDir, 'jwks.jwt'), { force: true });
  });

  it.each(['fixed', 'floating'])('answers with the file that holds a %s seat until its end', async (mode) => {
    const license = await withSeats({ mode });
    const request = await requestOf(license);
    const asked = Date.now();
    const { activation, file } = await made(license, request);
    expect(activation).toMatchObject({
      license_id: license.id,
      fingerprint_prefix: request.fp.slice(0, 8),
      mode,
      over: false,
      ended_at: null,
    });
    expect(activation.offline_until).toBe(activation.lease_ends_at);
    expect(activation).not.toHaveProperty('token');
    expect(parseOfflineFile(JSON.stringify(file))).toEqual(file);
    expect(file).toMatchObject({ license_token: license.token, key_set: null });
    const claims = await claimsOf(file);
    expect(claims).toMatchObject({
      jti: activation.id,
      sub: license.id,
      fp: request.fp,
      nonce: request.nonce,
      fence: activation.fence,
    });
    expect(new Date(Number(claims.exp) * 1000).toISOString()).toBe(activation.offline_until);
    const lasts = Number(claims.exp) * 1000 - asked;
    expect(lasts).toBeGreaterThan(400 * DAY_MS - 1000);
    expect(lasts).toBeLessThan(400 * DAY_MS + 60_000);
    expect(problem(await ask(license, await requestOf(license, 'other')))).toEqual([409, 'seats_exhausted']);
  });

  it('brings the lists that both tokens name, and the signed key set', async () => {
    const license = await withSeats();
    const jwt = await putKeySet(30);
    const { file } = await made(license, await requestOf(license));
    expect(file.key_set).toBe(jwt);
    const uriOf = (token: string): unknown =>
      (
        JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
          status: { status_list: { uri: string } };
        }
      ).status.status_list.uri;
    const subjects = file.status_lists.map(
      (list) =>
        (JSON.parse(Buffer.from(list.split('.')[1] ?? '', 'base64url').toString()) as { sub: string }).sub,
    );
    expect(subjects.sort()).toEqual([uriOf(file.license_token), uriOf(file.activation_token)].sort());
    expect(new Set(subjects).size).toBe(2);
  });

  it('gives the same fingerprint the same activation, a further file, and a seat until the later end', async () => {
    const license = await withSeats();
    const first = await made(license, await requestOf(license), 90);
    const second = await made(license, await requestOf(license), 30);
    expect(second.activation).toMatchObject({
      id: first.activation.id,
      offline_until: first.activation.offline_until,
      lease_ends_at: first.activation.lease_ends_at,
    });
    const [one, other] = [await claimsOf(first.file), await claimsOf(second.file)];
    expect(Number(one.exp) - Number(other.exp)).toBeGreaterThan(59 * 86_400);
    expect(one.nonce).not.toBe(other.nonce);
    expect(other.status).toEqual(one.status);
  });

  it('gives one that is online a place in a list with its first file', async () => {
    const license = await withSeats();
    const online = await anyone.post('/api/v1/activations', {
      token: license.token,
      module_name: 'payroll',
      odoo_version: '17.0',
      fingerprint: 'bunker',
    });
    expectStatus(online, 201);
    const { activation, file } = await made(license, await requestOf(license));
    expect(activation.id).toBe(online.body.id);
    expect((await claimsOf(file)).status).toBeDefined();
  });

  it('holds a seat that validation knows, and that only the vendor ends', async () => {
    const license = await withSeats();
    const { activation } = await made(license, await requestOf(license));
    const named = { activation: { id: activation.id, fingerprint: 'bunker' } };
    expect((await validation(anyone, license.token, named)).body).toMatchObject({
      code: 'VALID',
      activation: { id: activation.id, lease_ends_at: activation.lease_ends_at },
    });
    const path = `/api/v1/activations/${activation.id}/release`;
    const released = await anyone.post(path, { token: license.token, fingerprint: 'bunker' });
    expect(problem(released)).toEqual([409, 'activation_offline']);
    const ended = await admin.post(`/api/v1/licenses/${license.id}/activations/${activation.id}/end`, {
      reason: 'sold',
    });
    expectStatus(ended, 200);
    expect(ended.body).toMatchObject({ ended_by: 'ended', offline_until: activation.offline_until });
    expect((await validation(anyone, license.token, named)).body.code).toBe('ACTIVATION_ENDED');
  });

  it('says what is wrong with a request', async () => {
    const license = await withSeats();
    const other = await withSeats();
    const request = formatOfflineRequest(await requestOf(license));
    for (const [text, message] of [
      [request.slice(1), /^must have 104 characters/],
      [`!${request.slice(1)}`, /^has a wrong character at position 1,/],
      [request.slice(0, -1) + (request.endsWith('0') ? '2' : '0'), /^has a wrong character, or two/],
      [formatOfflineRequest(await requestOf(other)), /^is of another license$/],
      ['x'.repeat(1001), /1000/],
      ['', /1/],
    ] as const) {
      const answer = await ask(license, text);
      expect(problem(answer)).toEqual([422, 'validation_failed']);
      expect(rule(answer)).toEqual({
        field: 'request',
        message: expect.stringMatching(message) as string,
      });
    }
    for (const days of [0, 3651, 1.5, '30', null])
      expect(rule(await ask(license, request, days))).toMatchObject({ field: 'valid_days' });
    expect((await admin.get(`/api/v1/licenses/${license.id}/seats`)).body.in_use).toBe(0);
  });

  it('refuses a license that is unknown, not valid, or does not count seats', async () => {
    const license = await withSeats();
    const request = await requestOf(license);
    expectStatus(await admin.post(`/api/v1/licenses/${license.id}/suspend`, { reason: 'unpaid' }), 200);
    const refused = await ask(license, request);
    expect(problem(refused)).toEqual([403, 'license_not_valid']);
    expect(refused.body.verdict).toMatchObject({ code: 'SUSPENDED' });
    const uncounted = await aLicense(admin);
    expect(problem(await ask(uncounted, await requestOf(uncounted)))).toEqual([409, 'seats_not_counted']);
    const unknown = { id: '00000000-0000-4000-8000-000000000000' };
    expect(problem(await ask(unknown, await requestOf(unknown)))).toEqual([404, 'license_not_found']);
  });

  it('gives no seat for a file that the machine could not use', async () => {
    const license = await withSeats();
    const request = await requestOf(license);
    await putKeySet(1, new Date(Date.now() - 2 * DAY_MS));
    const expired = await ask(license, request);
    expect([...problem(expired), expired.body.detail]).toEqual([
      409,
      'key_set_outdated',
      'The signed key set has expired.',
    ]);
    await putKeySet(30, new Date(), []);
    const lacking = await ask(license, request);
    expect(problem(lacking)).toEqual([409, 'key_set_outdated']);
    expect(lacking.body.detail).toMatch(/lacks the key/);
    writeFileSync(join(server.keysDir, 'jwks.jwt'), 'garbage');
    expect(problem(await ask(license, request))).toEqual([409, 'key_set_outdated']);
    expect((await admin.get(`/api/v1/licenses/${license.id}/seats`)).body.in_use).toBe(0);
  });

  it('needs both scopes: the file contains the license', async () => {
    const license = await withSeats();
    const request = await requestOf(license);
    for (const scopes of [['activations:manage'], ['licenses:read'], ['activations:read', 'licenses:read']]) {
      const narrow = new Client(server.url, (await anApiKey(admin, { scopes })).key);
      expect(problem(await ask(license, request, 30, narrow))).toEqual([403, 'insufficient_scope']);
    }
    const enough = await anApiKey(admin, { scopes: ['activations:manage', 'licenses:read'] });
    expectStatus(await ask(license, request, 30, new Client(server.url, enough.key)), 201);
  });

  it('leaves a record of the seat and of each file, without the fingerprint', async () => {
    const license = await withSeats();
    const request = await requestOf(license);
    const { activation } = await made(license, request);
    await made(license, await requestOf(license));
    const { body } = await admin.get(`/api/v1/licenses/${license.id}/history`);
    const records = body.audit_logs as { event_type: string; event_data: Record<string, unknown> }[];
    expect(
      records.map(({ event_type }) => event_type).filter((type) => type.startsWith('activation.')),
    ).toEqual(['activation.file_made', 'activation.file_made', 'activation.admitted']);
    expect(records.find(({ event_type }) => event_type === 'activation.file_made')?.event_data).toMatchObject(
      {
        activation_id: activation.id,
        offline_until: expect.any(String) as string,
      },
    );
    expect(JSON.stringify(records)).not.toContain(request.fp);
  });

  it('takes no seat by `aegis` where its file cannot be written, and leaves nothing where no seat is given', async () => {
    const license = await withSeats({ mode: 'fixed' });
    const folder = mkdtempSync(join(tmpdir(), 'aegis-offline-file-'));
    const aegis = commandLineOf(server, folder);
    mkdirSync(join(folder, 'folder'));
    const to = async (out: string, fingerprint: string): Promise<unknown[]> => {
      const request = formatOfflineRequest(await requestOf(license, fingerprint));
      const days = ['--days', '400', '--out', out];
      const { exitCode } = await aegis.run('activations', 'offline', license.id, request, ...days);
      const { body } = await admin.get(`/api/v1/licenses/${license.id}/seats`);
      return [exitCode, body.in_use as unknown];
    };
    expect(await to('missing/file', 'one')).toEqual([2, 0]);
    expect(await to('folder', 'one')).toEqual([2, 0]);
    expect(await to('file', 'one')).toEqual([0, 1]);
    expect(await to('other', 'two')).toEqual([1, 1]);
    expect(readdirSync(folder).sort()).toEqual(['file', 'folder']);
    rmSync(folder, { recursive: true });
  });
});
