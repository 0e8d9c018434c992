import { writeKeyPair } from '@aegis/signing';
import type { Client as SqlClient } from 'pg';
import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aCustomer, aLicense, type IssuedLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { activateKey } from '../../support/keys/signing-keys';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';
import { listOf, placeOf, statusOf } from '../../support/trail/status-lists';

/** A change is in the lists of every replica within this. */
const SEEN_WITHIN_MS = 5_000;

describe('the status lists', () => {
  let server: TestServer;
  let replica: TestServer;
  let admin: Client;
  let sql: SqlClient;

  beforeAll(async () => {
    server = await testServer();
    const { database, keysDir } = server;
    replica = await testServer({ database, keysDir });
    admin = new Client(server.url, server.adminKey);
    sql = await superuserOf(server);
  });
  afterAll(async () => {
    await sql.end();
    await replica.close();
    await server.close();
  });

  const path = (license: IssuedLicense): string => `/api/v1/licenses/${license.id}`;
  const post = async (license: IssuedLicense, change: string, body: object): Promise<Answer> => {
    const answer = await admin.post(`${path(license)}/${change}`, body);
    expectStatus(answer, 200);
    return answer;
  };
  /** Waits until each replica's list says so. */
  const untilListed = async (token: string, status: string): Promise<void> => {
    for (const { url } of [server, replica])
      await until(
        `the list says ${status}`,
        async () => (await statusOf(url, token)) === status,
        SEEN_WITHIN_MS,
      );
  };
  const reason = { reason: 'unpaid' };

  it('have the form of the draft, signed by the active key', async () => {
    const { token } = await aLicense(admin);
    const { uri, path: listPath } = placeOf(token);
    const answer = await new Client(server.url).get(listPath);
    expectStatus(answer, 200);
    expect(answer.headers.get('content-type')).toBe('application/statuslist+jwt');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60, stale-if-error=86400');
    expect(answer.headers.get('vary')).toContain('Accept-Encoding');
    const [header, claims] = (answer.body as string)
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
    const { key_id } = (await admin.get('/info')).body as { key_id: string };
    expect(header).toEqual({ alg: 'EdDSA', typ: 'statuslist+jwt', kid: key_id });
    const iat = claims!.iat as number;
    expect(claims).toEqual({
      sub: uri,
      iat: expect.any(Number),
      exp: iat + 35 * 86_400,
      ttl: 300,
      status_list: { bits: 2, lst: expect.stringMatching(/^[\w-]+$/) },
    });
    expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(600);
    expect((await listOf(server.url, token)).statuses).toHaveLength(32_768);
  });

  it('contain a token as soon as it is issued', async () => {
    const { token } = await aLicense(admin);
    expect(await statusOf(server.url, token)).toBe('valid');
    expect(await statusOf(replica.url, token)).toBe('valid');
  });

  it('show a revocation, and do not change the neighbours', async () => {
    const [license, other] = [await aLicense(admin), await aLicense(admin)];
    await post(license, 'revoke', reason);
    await untilListed(license.token, 'revoked');
    expect(await statusOf(server.url, other.token)).toBe('valid');
  });

  it('show a suspension, its end, and that a revocation outranks it', async () => {
    const license = await aLicense(admin);
    await post(license, 'suspend', reason);
    await untilListed(license.token, 'suspended');
    await post(license, 'reinstate', reason);
    await untilListed(license.token, 'valid');
    await post(license, 'suspend', reason);
    await post(license, 'revoke', reason);
    await untilListed(license.token, 'revoked');
  });

  it('show a superseded token as revoked, and its successor as valid', async () => {
    const license = await aLicense(admin);
    const { token } = (await post(license, 'reissue', { supersede: true })).body as IssuedLicense;
    await untilListed(license.token, 'revoked');
    await untilListed(token, 'valid');
  });

  it('show every token of a license, also one made while it was suspended', async () => {
    const license = await aLicense(admin);
    await post(license, 'suspend', reason);
    await untilListed(license.token, 'suspended');
    const { token } = (await post(license, 'reissue', {})).body as IssuedLicense;
    await untilListed(token, 'suspended');
    await post(license, 'revoke', reason);
    await untilListed(license.token, 'revoked');
    await untilListed(token, 'revoked');
  });

  it('show the revocations of a removed customer', async () => {
    const customer = await aCustomer(admin);
    const license = await aLicense(admin, { customer_id: customer.id });
    const answer = await admin.delete(`/api/v1/customers/${customer.id}?revoke_licenses=true`);
    expectStatus(answer, 204);
    await untilListed(license.token, 'revoked');
  });

  it('show a change that no service made, in one statement over many rows', async () => {
    const licenses = await Promise.all(Array.from({ length: 5 }, () => aLicense(admin)));
    await sql.query(
      `UPDATE licenses SET status = 'revoked', revoked_at = clock_timestamp() WHERE id = ANY($1)`,
      [licenses.map(({ id }) => id)],
    );
    for (const { token } of licenses) await untilListed(token, 'revoked');
  });

  it('do not show that a customer is inactive', async () => {
    const customer = await aCustomer(admin);
    const license = await aLicense(admin, { customer_id: customer.id });
    const last = await aLicense(admin);
    await admin.patch(`/api/v1/customers/${customer.id}`, { is_active: false });
    await post(last, 'revoke', reason);
    await untilListed(last.token, 'revoked');
    expect(await statusOf(server.url, license.token)).toBe('valid');
  });

  it('are rebuilt one by one: a change of one leaves the others as they are', async () => {
    const tagOf = async (list: number): Promise<string | null> =>
      (await admin.get(`/api/v1/status-lists/${list}`)).headers.get('etag');
    const license = await aLicense(admin);
    const other = await aLicense(admin);
    await sql.query(`UPDATE license_tokens SET status_list = 1, status_index = 7 WHERE license_id = $1`, [
      other.id,
    ]);
    // Asked for a list that is not there, the server looks for all that has changed.
    expectStatus(await admin.get('/api/v1/status-lists/2'), 404);
    const [untouched, before] = [await tagOf(0), await tagOf(1)];
    // Of no list's concern.
    await admin.patch(path(license), { notes: 'seen' });
    await aLicense(admin);
    await post(other, 'revoke', reason);
    await until('list 1 is rebuilt', async () => (await tagOf(1)) !== before, SEEN_WITHIN_MS);
    expect(await tagOf(0)).toBe(untouched);
  });

  it('keep each revocation, whatever others change at the same time', async () => {
    const licenses = await Promise.all(Array.from({ length: 12 }, () => aLicense(admin)));
    const seen = new Set<string>();
    let changing = true;
    const watch = async (): Promise<void> => {
      while (changing)
        for (const { token } of licenses) {
          const status = await statusOf(server.url, token);
          if (status === 'revoked') seen.add(token);
          expect([token, seen.has(token) && status !== 'revoked']).toEqual([token, false]);
        }
    };
    const watching = watch();
    for (const license of licenses) await post(license, 'revoke', reason);
    for (const { token } of licenses) await untilListed(token, 'revoked');
    changing = false;
    await watching;
    expect(seen.size).toBeGreaterThan(0);
  });

  it('answer 404 to a number that does not exist yet, and 422 to something that is not a number', async () => {
    expect(await admin.get('/api/v1/status-lists/4711')).toMatchObject({
      status: 404,
      body: { code: 'status_list_not_found', detail: 'There is no status list 4711.' },
    });
    for (const wrong of ['x', '01', '-1', '1.0', '9999999999'])
      expect(await admin.get(`/api/v1/status-lists/${wrong}`)).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'id', message: 'must be the number of a list' }] },
      });
  });

  describe('over the wire', () => {
    interface Raw {
      status: number | undefined;
      headers: Record<string, string | string[] | undefined>;
      body: Buffer;
    }
    const raw = (headers: Record<string, string>, method = 'GET'): Promise<Raw> =>
      new Promise((resolve, reject) => {
        const request = get(`${replica.url}/api/v1/status-lists/0`, { headers, method }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) });
          });
        });
        request.on('error', reject);
      });

    it('are gzipped for callers that accept it, and plain for others', async () => {
      await aLicense(admin);
      const plain = await raw({});
      const zipped = await raw({ 'Accept-Encoding': 'br, gzip' });
      const refused = await raw({ 'Accept-Encoding': 'gzip;q=0' });
      expect(zipped.headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(zipped.body).toString()).toBe(plain.body.toString());
      for (const answer of [plain, refused]) expect(answer.headers['content-encoding']).toBeUndefined();
      for (const answer of [plain, zipped]) {
        expect(answer.headers['content-length']).toBe(String(answer.body.length));
        expect(answer.headers['content-type']).toBe('application/statuslist+jwt');
      }
      expect(zipped.headers.etag).not.toBe(plain.headers.etag);
    });

    it('save the body for callers that have the current list, in either coding', async () => {
      for (const coding of ['gzip', 'identity']) {
        const first = await raw({ 'Accept-Encoding': coding });
        const again = await raw({ 'Accept-Encoding': coding, 'If-None-Match': String(first.headers.etag) });
        expect(again).toMatchObject({ status: 304, body: Buffer.alloc(0) });
        expect(again.headers.etag).toBe(first.headers.etag);
        expect(again.headers.vary).toContain('Accept-Encoding');
        expect(again.headers['cache-control']).toBe('public, max-age=60, stale-if-error=86400');
        expect(again.headers['content-type']).toBeUndefined();
      }
    });

    it('answer HEAD without a body', async () => {
      const answer = await raw({}, 'HEAD');
      expect([answer.status, answer.body.length]).toEqual([200, 0]);
    });
  });
});

describe('after another key was activated', () => {
  it('the status lists are signed by it, and still served while the database is unavailable', async () => {
    const first = await testServer();
    const { database, keysDir } = first;
    await writeKeyPair(keysDir, 'the-next', 'a passphrase for tests');
    const variables = { ADOPT_PUBLIC_KEYS: 'true' };
    const second = await testServer({ database, keysDir, variables });
    try {
      await activateKey(database, 'the-next');
      const admin = new Client(first.url, first.adminKey);
      const license = await aLicense(admin);
      await admin.post(`/api/v1/licenses/${license.id}/revoke`, { reason: 'refunded' });
      const kidAt = async (url: string): Promise<unknown> => {
        const { body } = await new Client(url).get(placeOf(license.token).path);
        const [header = ''] = (body as string).split('.');
        return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
      };
      await until('the next key signs', async () => (await kidAt(second.url)) === 'the-next');
      await until('it is revoked', async () => (await statusOf(second.url, license.token)) === 'revoked');
      await database.takeAway();
      expect(await kidAt(second.url)).toBe('the-next');
    } finally {
      await second.close();
      await first.close();
    }
  });
});
