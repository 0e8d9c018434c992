import { openStatusList } from '@aegis/license-token';
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { Client as SqlClient } from 'pg';
import { type Answer, Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aLicense, type IssuedLicense, validation } from '../../support/factories';
import { base64url, Forger, putOnRecord, seconds, signed } from '../../support/keys/forger';
import { testServer, type TestServer } from '../../support/processes/server';
import { superuserOf } from '../../support/database/sql';
import { until } from '../../support/until';
import { keysOf, placeOf } from '../../support/trail/status-lists';

describe('a token that the server did not make', () => {
  let server: TestServer;
  let client: Client;
  let anyone: Client;
  let sql: SqlClient;
  let forger: Forger;
  let license: IssuedLicense;

  beforeAll(async () => {
    server = await testServer({ variables: { RATE_LIMIT_LICENSE: '1000000' } });
    client = new Client(server.url, server.adminKey);
    anyone = new Client(server.url);
    sql = await superuserOf(server);
    forger = new Forger(server.keysDir, (await anyone.get('/info')).body.key_id);
    license = await aLicense(client);
  });
  afterAll(async () => {
    await sql.end();
    await server.close();
  });

  const ask = (token: unknown): Promise<Answer> => validation(anyone, token);

  async function recorded(): Promise<number> {
    const { rows } = await sql.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM audit_logs WHERE event_type = 'license.validated'`,
    );
    return rows[0]!.count;
  }

  /** Anyone can cause codes 1 to 4: they reveal nothing of the token, and leave no audit record. */
  async function expectUnproven(token: string, code: string): Promise<void> {
    const before = await recorded();
    const answer = await ask(token);
    expectStatus(answer, 200);
    expect(answer.body).toEqual({
      valid: false,
      code,
      error: expect.any(String),
      warnings: [],
      license_id: null,
      license_type: null,
      customer_name: null,
      expires_at: null,
      entitlements: {},
      activation: null,
      checked_at: expect.any(String),
    });
    expect(await recorded()).toBe(before);
  }

  it('is refused without a signature', async () => {
    const [, claims, signature] = license.token.split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = base64url({ alg, typ: 'JWT', kid: forger.kid });
      await expectUnproven(`${header}.${claims}.`, 'SIGNATURE_INVALID');
      await expectUnproven(`${header}.${claims}.${signature}`, 'SIGNATURE_INVALID');
    }
    await expectUnproven(`${license.token.split('.').slice(0, 2).join('.')}.`, 'SIGNATURE_INVALID');
  });

  it('is refused when the public key served as the secret of an HMAC', async () => {
    const publicKey = createPublicKey(forger.privateKey);
    const x = publicKey.export({ format: 'jwk' }).x!;
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      Buffer.from(x, 'base64url'),
      x,
    ];
    for (const secret of secrets) {
      const input = `${base64url({ alg: 'HS256', typ: 'JWT', kid: forger.kid })}.${license.token.split('.')[1]}`;
      const mac = createHmac('sha256', secret).update(input).digest('base64url');
      await expectUnproven(`${input}.${mac}`, 'SIGNATURE_INVALID');
    }
  });

  it('is refused under any other algorithm, though our key signed it', async () => {
    for (const alg of ['HS256', 'RS256', 'ES256', 'Ed448', 'eddsa', 'ED25519'])
      await expectUnproven(forger.token(forger.claims(), { alg }), 'SIGNATURE_INVALID');
  });

  it('is refused when another key signed it under our kid, or when it contains its own key', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const header = { alg: 'EdDSA', typ: 'JWT', kid: forger.kid };
    const claims = forger.claims({ jti: license.id });
    await expectUnproven(signed(privateKey, header, claims), 'SIGNATURE_INVALID');
    const jwk = publicKey.export({ format: 'jwk' });
    await expectUnproven(signed(privateKey, { ...header, jwk }, claims), 'SIGNATURE_INVALID');
    await expectUnproven(
      signed(privateKey, { ...header, jku: 'https://evil.example' }, claims),
      'SIGNATURE_INVALID',
    );
    await expectUnproven(signed(privateKey, { ...header, kid: 'mine' }, claims), 'UNKNOWN_KEY');
  });

  it('is refused, no matter which path or SQL its kid contains', async () => {
    const kids = [
      `../${forger.kid}`,
      `${forger.kid}.private.pem`,
      '/etc/passwd',
      `' OR '1'='1`,
      `${forger.kid}'; DROP TABLE licenses; --`,
      `${forger.kid}\0`,
      '\ud800',
      ` ${forger.kid}`,
      forger.kid.toUpperCase(),
      '__proto__',
      'constructor',
      '',
      'x'.repeat(4000),
    ];
    for (const kid of kids) await expectUnproven(forger.token(forger.claims(), { kid }), 'UNKNOWN_KEY');
    expectStatus(await client.get('/api/v1/licenses'), 200);
  });

  it('is refused if it is forged with the right key for an existing license', async () => {
    const before = await recorded();
    const longer = forger.claims({
      jti: license.id,
      customer: { id: license.customer_id, name: 'Acme Corporation' },
    });
    const answer = await ask(forger.token(longer));
    expect(answer.body).toMatchObject({ valid: false, code: 'NOT_FOUND', license_id: license.id });
    expect(await recorded()).toBe(before + 1);
  });

  it('is refused with one bit flipped in any of its parts', async () => {
    const parts = license.token.split('.');
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url');
      const places = [0, 1, Math.floor(bytes.length / 2), bytes.length - 2, bytes.length - 1];
      for (const place of places)
        for (const bit of [1, 64]) {
          const flipped = Buffer.from(bytes);
          flipped[place]! ^= bit;
          const token = parts.with(index, flipped.toString('base64url')).join('.');
          const { code, valid } = (await ask(token)).body;
          expect([index, place, bit, valid]).toEqual([index, place, bit, false]);
          expect(['MALFORMED', 'UNKNOWN_KEY', 'SIGNATURE_INVALID']).toContain(code);
        }
    }
  });

  it('is refused in any other encoding of the same bytes', async () => {
    const [header, claims, signature] = license.token.split('.') as [string, string, string];
    // 64 bytes leave four spare bits in the last character.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const respelt = signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) + 1]!;
    expect(Buffer.from(respelt, 'base64url').equals(Buffer.from(signature, 'base64url'))).toBe(true);
    const spellings = [
      `${header}.${claims}.${respelt}`,
      `${header}.${claims}.${signature}==`,
      `${header}=.${claims}.${signature}`,
      `${header}.${claims}\n.${signature}`,
      `${header} .${claims}.${signature}`,
      `${header}.${claims.slice(0, 8)} ${claims.slice(8)}.${signature}`,
      `${header}..${claims}.${signature}`,
      `${license.token}.`,
      `${license.token}.${signature}`,
      `Bearer ${license.token}`,
      '',
      '.',
      '..',
    ];
    for (const token of spellings) await expectUnproven(token, 'MALFORMED');
    // White space around a token carries no meaning.
    for (const token of [license.token, ` ${license.token}`, `${license.token}\n`])
      expect((await ask(token)).body.code).toBe('VALID');
  });

  it.each([
    ['doubled claim', (claims: string) => claims.replace('{', '{"license_type":"demo",')],
    ['doubled claim in disguise', (claims: string) => claims.replace('{', '{"licens\\u0065_type":"demo",')],
    ['doubled name inside', (claims: string) => claims.replace('"customer":{', '"customer":{"id":"x",')],
    ['exp: null', (claims: string) => claims.replace('{', '{"exp":null,')],
    ['exp as text', (claims: string) => claims.replace('{', '{"exp":"4102444800",')],
    ['fraction of a second', (claims: string) => claims.replace('{', '{"exp":4102444800.5,')],
    ['exp beyond time', (claims: string) => claims.replace('{', '{"exp":1e300,')],
    ['array', (claims: string) => `[${claims}]`],
    ['byte order mark', (claims: string) => `\ufeff${claims}`],
    ['text behind the object', (claims: string) => `${claims}{}`],
    ['comment', (claims: string) => claims.replace('{', '{/**/')],
  ])('is refused even if the right key signed it: %s', async (_, change) => {
    const claims = JSON.stringify(forger.claims({ jti: license.id }));
    const token = forger.token(change(claims));
    await putOnRecord(sql, license.id, token, 1000 + Math.floor(Math.random() * 1e9));
    await expectUnproven(token, 'MALFORMED');
  });

  it.each([
    'jti',
    'iss',
    'iat',
    'customer',
    'module',
    'license_type',
    'customer.id',
    'customer.name',
    'module.technical_name',
    'module.allowed_major_versions',
  ])('is refused without %s, or with it of the wrong type', async (path) => {
    for (const wrong of [undefined, null, true, {}, ['17', 18], -1]) {
      const claims = structuredClone(forger.claims({ jti: license.id })) as Record<
        string,
        Record<string, unknown>
      >;
      const [name, inner] = path.split('.') as [string, string?];
      if (inner === undefined) Object.assign(claims, { [name]: wrong });
      else claims[name]![inner] = wrong;
      await expectUnproven(forger.token(claims), 'MALFORMED');
    }
  });

  it('is refused without exp unless it is perpetual', async () => {
    for (const license_type of ['subscription', 'demo'])
      await expectUnproven(forger.token(forger.claims({ license_type })), 'MALFORMED');
  });

  it.each([
    ['jwk-set+jwt', 101],
    ['application/jwk-set+jwt', 102],
    ['statuslist+jwt', 103],
    ['aegis-checkpoint+jwt', 104],
  ])('is refused with the typ %s, even if our key signed it and it is on record', async (typ, revision) => {
    const token = forger.token(forger.claims({ jti: license.id, rev: revision }), { typ });
    await putOnRecord(sql, license.id, token, revision);
    await expectUnproven(token, 'MALFORMED');
  });

  it('is refused with crit, without kid, and as another kind of JWS', async () => {
    const claims = forger.claims({ jti: license.id });
    await expectUnproven(forger.token(claims, { crit: ['exp'] }), 'MALFORMED');
    await expectUnproven(forger.token(claims, { crit: [] }), 'MALFORMED');
    for (const kid of [undefined, null, 7, ['x']])
      await expectUnproven(forger.token(claims, { kid }), 'MALFORMED');
    for (const typ of [
      'statuslist+jwt',
      'jwk-set+jwt',
      'aegis-checkpoint+jwt',
      'application/statuslist+jwt',
      5,
    ])
      await expectUnproven(forger.token(claims, { typ }), 'MALFORMED');
    const doubled = `{"alg":"EdDSA","kid":"x","kid":"${forger.kid}"}`;
    await expectUnproven(signed(forger.privateKey, doubled, claims), 'MALFORMED');
  });

  it('is refused if it is a status list or a checkpoint of the server, even if that is on record', async () => {
    const { body: list } = await anyone.get(placeOf(license.token).path);
    await until('a checkpoint is there', async () => {
      const { rows } = await sql.query('SELECT FROM audit_checkpoints');
      return rows.length > 0;
    });
    const { rows } = await sql.query<{ jws: string }>('SELECT jws FROM audit_checkpoints LIMIT 1');
    for (const [revision, jws] of [list as string, rows[0]!.jws].entries()) {
      await putOnRecord(sql, license.id, jws, 600 + revision);
      await expectUnproven(jws, 'MALFORMED');
    }
  });

  it('is not accepted as a status list, and neither is a checkpoint', async () => {
    const { rows } = await sql.query<{ jws: string }>('SELECT jws FROM audit_checkpoints LIMIT 1');
    const keys = await keysOf(server.url);
    const asList = { sub: placeOf(license.token).uri, iat: seconds(), exp: seconds(3600) };
    const status_list = { bits: 2, lst: 'eJxjAAAAAQAB' };
    const claims = { ...forger.claims({ jti: license.id }), ...asList, status_list };
    for (const jws of [license.token, rows[0]!.jws, forger.token(claims)])
      expect(await openStatusList(jws, keys)).toEqual({ refused: 'malformed' });
    const list = await openStatusList(forger.token(claims, { typ: 'statuslist+jwt' }), keys);
    // The claims alone would have done: it is the type that keeps them apart.
    expect(list).toHaveProperty('uri', asList.sub);
  });

  it('may be 8 KiB long, and no byte longer', async () => {
    const padded = (length: number): string =>
      forger.token(forger.claims({ jti: license.id, padding: 'x'.repeat(length) }));
    let size = 5_000;
    while (padded(size).length < 8192) size += 1;
    const exactly = padded(size);
    expect(exactly).toHaveLength(8192);
    await putOnRecord(sql, license.id, exactly, 500);
    expect((await ask(exactly)).body.code).toBe('VALID');
    const longer = padded(size + 1);
    expect(longer.length).toBeGreaterThan(8192);
    await putOnRecord(sql, license.id, longer, 501);
    await expectUnproven(longer, 'MALFORMED');
    await expectUnproven('x'.repeat(9 * 1024), 'MALFORMED');
    await expectUnproven('x'.repeat(63 * 1024), 'MALFORMED');
  });

  it('is not even read beyond 64 KiB', async () => {
    for (const size of [65 * 1024, 1024 * 1024]) {
      const answer = await ask('x'.repeat(size));
      expectStatus(answer, 413);
      expect(answer.body).toMatchObject({ code: 'payload_too_large', status: 413 });
    }
  });

  it('is 422 when it is not text', async () => {
    for (const token of [undefined, null, 5, {}, [license.token], { a: 'x' }]) {
      const answer = await ask(token);
      expectStatus(answer, 422);
      expect(answer.body.errors).toContainEqual({ field: 'token', message: expect.any(String) });
    }
  });

  it('never reveals a personal value of another license', async () => {
    const stranger = forger.token(
      forger.claims({ jti: randomUUID(), customer: { id: license.customer_id, name: 'x' } }),
    );
    expect(JSON.stringify((await ask(stranger)).body)).not.toContain('Acme');
  });
});
