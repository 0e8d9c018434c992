import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '../support/requests/client';
import { expectStatus } from '../support/contract/expect-status';
import { aLicense, type IssuedLicense } from '../support/factories';
import { Forger } from '../support/keys/forger';
import { testServer, type TestServer } from '../support/processes/server';
import { until } from '../support/until';

/** As many as a batch takes. */
const BATCH = 1_000;
/** What says of a token that nobody knows who made it. */
const UNPROVEN = ['MALFORMED', 'UNKNOWN_KEY', 'SIGNATURE_INVALID'];
/** Order of the group that Ed25519 signs in (RFC 8032 section 5.1). */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** RFC 8725's attacks, and every way to bend a good token a little. */
describe('a valid token that was changed', () => {
  let server: TestServer;
  let client: Client;
  let forger: Forger;
  let license: IssuedLicense;

  beforeAll(async () => {
    server = await testServer();
    client = new Client(server.url, server.adminKey);
    forger = new Forger(server.keysDir, (await client.get('/info')).body.key_id);
    license = await aLicense(client);
  });
  afterAll(() => server.close());

  const question = (token: string): object => ({ token, module_name: 'payroll', odoo_version: '17' });

  /** How many of the tokens got which code. */
  async function codesOf(tokens: readonly string[]): Promise<Record<string, number>> {
    const codes: Record<string, number> = {};
    for (let at = 0; at < tokens.length; at += BATCH) {
      const items = tokens.slice(at, at + BATCH).map(question);
      const answer = await client.post('/api/v1/licenses/validate/batch', { items });
      expectStatus(answer, 200);
      for (const { code, valid } of answer.body.results as { code: string; valid: boolean }[]) {
        expect(valid).toBe(code === 'VALID');
        codes[code] = (codes[code] ?? 0) + 1;
      }
    }
    return codes;
  }

  async function expectUnproven(tokens: readonly string[]): Promise<void> {
    const codes = await codesOf(tokens);
    expect(Object.keys(codes).filter((code) => !UNPROVEN.includes(code))).toEqual([]);
    expect(Object.values(codes).reduce((sum, count) => sum + count, 0)).toBe(tokens.length);
    expect(await codesOf([license.token])).toEqual({ VALID: 1 });
  }

  const eachPlace = (make: (at: number) => string | string[]): string[] =>
    Array.from({ length: license.token.length }, (_, at) => make(at)).flat();

  it('is valid before the change', async () => {
    expect(await codesOf([license.token])).toEqual({ VALID: 1 });
  });

  it('is invalid with any bit of any character flipped', async () => {
    const { token } = license;
    const bits = [1, 2, 4, 8, 16, 32, 64, 128];
    await expectUnproven(
      eachPlace((at) =>
        bits.map(
          (bit) => token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) ^ bit) + token.slice(at + 1),
        ),
      ).filter((bent) => !bent.includes('\0')),
    );
  });

  it('is invalid when it is cut anywhere, at either end', async () => {
    await expectUnproven(eachPlace((at) => [license.token.slice(0, at), license.token.slice(at + 1)]));
  });

  it('is invalid with a character missing, doubled, or swapped with its neighbour', async () => {
    const { token } = license;
    const bent = eachPlace((at) => [
      token.slice(0, at) + token.slice(at + 1),
      token.slice(0, at + 1) + token.slice(at),
      token.slice(0, at) +
        token
          .slice(at, at + 2)
          .split('')
          .reverse()
          .join('') +
        token.slice(at + 2),
    ]);
    await expectUnproven(bent.filter((each) => each !== token));
  });

  it('is invalid with padding or a dot anywhere, or with white space inside', async () => {
    const { token } = license;
    for (const extra of ['=', '.', '\ufeff', '\u200b', '+', '/'])
      await expectUnproven(eachPlace((at) => token.slice(0, at) + extra + token.slice(at)));
    for (const white of [' ', '\n', '\r\n', '\t', '\u00a0'])
      await expectUnproven(eachPlace((at) => (at === 0 ? [] : token.slice(0, at) + white + token.slice(at))));
    await expectUnproven(['=', '==', '.', '\ufeff', '\u200b'].map((extra) => token + extra));
  });

  it('is valid with white space around it, as when it is read from a file', async () => {
    const { token } = license;
    const around = [' ', '\n', '\r\n', '\t', '\u00a0'].flatMap((white) => [white + token, token + white]);
    expect(await codesOf(around)).toEqual({ VALID: around.length });
  });

  it('has only one valid signature: S + L, which solves the same equation, is refused', async () => {
    const [header, claims, signature] = license.token.split('.') as [string, string, string];
    const bytes = Buffer.from(signature, 'base64url');
    const bent = [1n, 2n, 3n, 15n].map((times) => {
      const s =
        BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + times * GROUP_ORDER;
      const text = (s % 2n ** 256n).toString(16).padStart(64, '0');
      const grown = Buffer.concat([bytes.subarray(0, 32), Buffer.from(text, 'hex').reverse()]);
      return `${header}.${claims}.${grown.toString('base64url')}`;
    });
    expect(await codesOf(bent)).toEqual({ SIGNATURE_INVALID: bent.length });
  });

  it('is invalid with a signature that anyone can make without a key', async () => {
    const [header, claims, signature] = license.token.split('.') as [string, string, string];
    const r = Buffer.from(signature, 'base64url').subarray(0, 32);
    const s = Buffer.from(signature, 'base64url').subarray(32);
    const zero = Buffer.alloc(32);
    const identity = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
    const full = Buffer.alloc(32, 0xff);
    const signatures = [
      [zero, zero],
      [identity, zero],
      [r, zero],
      [zero, s],
      [identity, s],
      [full, full],
      [s, r],
      [r, r],
    ].map((halves) => Buffer.concat(halves));
    await expectUnproven(
      [...signatures, Buffer.alloc(0), Buffer.alloc(63), Buffer.alloc(65), Buffer.concat([r, s, zero])].map(
        (each) => `${header}.${claims}.${each.toString('base64url')}`,
      ),
    );
  });

  it('is invalid with another header, under the same signature or one over the false header', async () => {
    const [, claims, signature] = license.token.split('.') as [string, string, string];
    const base = { alg: 'EdDSA', typ: 'JWT', kid: forger.kid };
    const names = [
      'none',
      'nOnE',
      'NONE',
      'HS256',
      'HS384',
      'HS512',
      'RS256',
      'PS256',
      'ES256',
      'ES256K',
      'Ed448',
      'EdDSA ',
      'eddsa',
    ];
    const encoded = (header: object): string => Buffer.from(JSON.stringify(header)).toString('base64url');
    await expectUnproven(
      names.flatMap((alg) => [
        `${encoded({ ...base, alg })}.${claims}.${signature}`,
        `${encoded({ ...base, alg })}.${claims}.`,
        forger.token(forger.claims(), { alg }),
      ]),
    );
    await expectUnproven(
      [5, null, true, ['EdDSA'], { alg: 'EdDSA' }].map((alg) => forger.token(forger.claims(), { alg })),
    );
    await expectUnproven(
      ['statuslist+jwt', 'at+jwt', 'dpop+jwt', 'secevent+jwt', 'aegis-checkpoint+jwt', '', 'jwt ', null].map(
        (typ) => forger.token(forger.claims(), { typ }),
      ),
    );
    await expectUnproven(
      [['b64'], ['exp'], [], {}, 'exp', null, false, 0].map((crit) =>
        forger.token(forger.claims(), { crit, b64: false }),
      ),
    );
  });

  it('never makes the server fetch a key, no matter which address it names', async () => {
    let asked = 0;
    const elsewhere = createServer((_request, response) => {
      asked += 1;
      response.end('{"keys":[]}');
    }).listen(0, '127.0.0.1');
    await until('the other server listens', () => Promise.resolve(elsewhere.listening));
    const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/keys`;
    const tokens = ['jku', 'x5u', 'iss', 'url', 'jwks_uri'].flatMap((name) => [
      forger.token(forger.claims({ iss: url }), { [name]: url, kid: 'unknown' }),
      forger.token(forger.claims({ iss: url }), { [name]: url, kid: url }),
      forger.token(forger.claims({ iss: url, status: { status_list: { idx: 1, uri: url } } }), {
        [name]: url,
      }),
    ]);
    const codes = await codesOf(tokens);
    expect(Object.keys(codes).sort()).toEqual(['ISSUER_MISMATCH', 'UNKNOWN_KEY']);
    elsewhere.close();
    expect(asked).toBe(0);
  });

  it('cannot be made from another text that the same key signed', async () => {
    const [, claims = ''] = license.token.split('.');
    const { uri } = (
      JSON.parse(Buffer.from(claims, 'base64url').toString()) as { status: { status_list: { uri: string } } }
    ).status.status_list;
    const list = await client.get(new URL(uri).pathname);
    expectStatus(list, 200);
    let checkpoints: { jws: string }[] = [];
    await until('the trail is sealed', async () => {
      const answer = await client.get('/api/v1/admin/audit-logs/checkpoints');
      checkpoints = answer.body.checkpoints as typeof checkpoints;
      return checkpoints.length > 0;
    });
    const signed = [String(list.body), ...checkpoints.map(({ jws }) => jws)];
    for (const text of signed) {
      expect(text).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      const { kid } = JSON.parse(Buffer.from(text.split('.')[0]!, 'base64url').toString()) as { kid: string };
      expect(kid).toBe(forger.kid);
    }
    expect(await codesOf(signed)).toEqual({ MALFORMED: signed.length });
    for (const token of signed) {
      const answer = await client.post('/api/v1/licenses/inspect', { token });
      expectStatus(answer, 422);
      expect(answer.body.errors).toEqual([
        { field: 'token', message: expect.stringContaining('a typ other than JWT') },
      ]);
    }
  });

  it('is invalid in another environment, whether its key is known there or not', async () => {
    const strange = await testServer({ variables: { KEY_ID: 'elsewhere' } });
    const alike = await testServer({ variables: { KEY_ID: forger.kid } });
    const related = await testServer({ keysDir: server.keysDir });
    try {
      const codeAt = async ({ url }: TestServer): Promise<string> =>
        (await new Client(url).post('/api/v1/licenses/validate', question(license.token))).body
          .code as string;
      expect([await codeAt(strange), await codeAt(alike), await codeAt(related)]).toEqual([
        'UNKNOWN_KEY',
        'SIGNATURE_INVALID',
        'NOT_FOUND',
      ]);
    } finally {
      await related.close();
      await alike.close();
      await strange.close();
    }
  });
});
