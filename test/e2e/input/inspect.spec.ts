import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aLicense, type IssuedLicense } from '../../support/factories';
import { Forger } from '../../support/keys/forger';
import { Scrape } from '../../support/trail/scrape';
import { testServer, type TestServer } from '../../support/processes/server';

const PATH = '/api/v1/licenses/inspect';

describe('the inspection of a pasted token', () => {
  let server: TestServer;
  let admin: Client;
  let license: IssuedLicense;
  let forger: Forger;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    license = await aLicense(admin, { license_type: 'subscription', duration_days: 30 });
    forger = new Forger(server.keysDir, (await admin.get('/info')).body.key_id as string);
  });
  afterAll(() => server.close());

  it.each([
    ['as it is', (token: string) => token, []],
    ['after Bearer', (token: string) => `Bearer ${token}`, ['bearer', 'white_space']],
    ['in quotes', (token: string) => `"${token}"`, ['quotes']],
    ['after a zero-width space', (token: string) => `\u200b${token}`, ['invisible_characters']],
    ['after a byte order mark', (token: string) => `\ufeff${token}`, ['byte_order_mark']],
    [
      'with the line breaks of an e-mail',
      (token: string) => token.replace(/.{76}/g, '$&\r\n'),
      ['white_space'],
    ],
    ['as quoted-printable', (token: string) => token.replace(/.{75}/g, '$&=\r\n'), ['soft_line_breaks']],
    [
      'in a frame as of PEM',
      (token: string) => `-----BEGIN LICENSE-----\n${token}\n-----END LICENSE-----`,
      ['frame', 'white_space'],
    ],
  ])('finds the license of a token %s, and names what was removed', async (_, pasted, removed) => {
    const answer = await admin.post(PATH, { token: pasted(license.token) });
    expectStatus(answer, 200);
    expect(answer.body).toMatchObject({ id: license.id, inspected: { removed, is_newest: true } });
  });

  it.each([
    ['hello', 'not three parts'],
    ['   ', 'not three parts'],
    ['a.b.c', 'the signature is not canonical base64url'],
    ['x'.repeat(9_000), 'longer than 8192 characters'],
  ])('answers 422 with the reason to %j, which cannot be read', async (token, reason) => {
    const answer = await admin.post(PATH, { token });
    expectStatus(answer, 422);
    expect(answer.body.errors).toEqual([{ field: 'token', message: `must be a license token: ${reason}` }]);
  });

  it('answers 422 to a token that was cut or damaged', async () => {
    for (const damaged of [license.token.slice(0, -1), `${license.token}x`, license.token.slice(3)])
      expectStatus(await admin.post(PATH, { token: damaged }), 422);
  });

  describe('of a token that can be read and is not on record answers 404', () => {
    const refused = async (token: string): Promise<string> => {
      const answer = await admin.post(PATH, { token });
      expectStatus(answer, 404);
      expect(answer.body).toMatchObject({ code: 'license_not_found' });
      return answer.body.detail as string;
    };
    const edited = (change: (claims: Record<string, unknown>) => object): string => {
      const [header, claims, signature] = license.token.split('.') as [string, string, string];
      const read = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
      return `${header}.${Buffer.from(JSON.stringify(change(read))).toString('base64url')}.${signature}`;
    };

    it.each([
      ['an edited word', () => edited((claims) => ({ ...claims, license_type: 'perpetual' }))],
      ['another signature', () => license.token.replace(/[^.]*$/, Buffer.alloc(64, 1).toString('base64url'))],
    ])('with %s: damaged or edited, and which license it names', async (_, token) => {
      const detail = await refused(token());
      expect(detail).toContain('damaged or edited');
      expect(detail).toContain(license.id);
      expect(detail).not.toContain('key was used');
    });

    it('does not repeat the id of a license that is not on record', async () => {
      const jti = '0bfb0cef-a864-400f-83d4-e8c6bd41dda5';
      const detail = await refused(edited((claims) => ({ ...claims, jti })));
      expect(detail).toContain('damaged or edited');
      expect(detail).not.toContain(jti);
    });

    it('under a key that this server never had: from another server', async () => {
      const { kid } = forger;
      const detail = await refused(forger.token(undefined, { kid: 'elsewhere' }));
      expect(detail).toContain('another server issued it');
      expect(detail).not.toContain(kid);
    });

    it('with a valid signature: the key was used outside of this server, which the metrics count and the log says once', async () => {
      const { jti, ...claims } = forger.claims();
      const token = forger.token({ jti, ...claims });
      const counted = async (key: string): Promise<number> =>
        (await Scrape.of(server.metricsUrl)).value(`aegis_unrecorded_tokens_total{key="${key}"}`);
      const before = await counted('trusted');
      expect(await refused(token)).toContain('report this to the operator');
      // Validated for another module, too: the thief need not guess which.
      const { body } = await admin.post('/api/v1/licenses/validate', {
        token,
        module_name: 'other',
        odoo_version: '17',
      });
      expect(body.code).toBe('MODULE_MISMATCH');
      expect(await counted('trusted')).toBe(before + 2);
      const lines = server
        .log()
        .split('\n')
        .filter((line) => line.includes('with a valid signature is not on record'));
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', kid: forger.kid, license_id: jti });
      expect(await counted('compromised')).toBe(0);
    });

    it('is logged with the id of the request that showed it, no matter how many others came with it', async () => {
      const token = forger.token(forger.claims());
      const validate = (id: string, shown: string): Promise<unknown> =>
        admin.post(
          '/api/v1/licenses/validate',
          { token: shown, module_name: 'payroll', odoo_version: '17' },
          { 'X-Request-ID': id },
        );
      const before = server.log().length;
      await Promise.all([
        ...Array.from({ length: 20 }, (_, index) => validate(`before-${index}`, license.token)),
        validate('shows-it', token),
        ...Array.from({ length: 20 }, (_, index) => validate(`after-${index}`, license.token)),
      ]);
      const lines = server
        .log()
        .slice(before)
        .split('\n')
        .filter((line) => line.includes('with a valid signature is not on record'));
      expect(lines.map((line) => (JSON.parse(line) as { request_id: string }).request_id)).toEqual([
        'shows-it',
      ]);
    });
  });

  it('says which token of the license it is: key, revision, newest, superseded, its own end', async () => {
    const first = await aLicense(admin, { license_type: 'subscription', duration_days: 30 });
    const second = await admin.post(`/api/v1/licenses/${first.id}/renew`, { duration_days: 10 });
    expectStatus(second, 200);
    const third = await admin.post(`/api/v1/licenses/${first.id}/reissue`, { supersede: true });
    expectStatus(third, 200);
    const key_id = (await admin.get('/info')).body.key_id as string;
    const inspect = async (token: string): Promise<Record<string, unknown>> => {
      const { body } = await admin.post(PATH, { token });
      expect(body).toMatchObject({ id: first.id, token: third.body.token, revision: 3 });
      return body.inspected as Record<string, unknown>;
    };
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown;
    const common = {
      removed: [],
      key_id,
      key_state: 'active',
      recorded_at: time,
      grace_days: 0,
      entitlements: {},
      seats: null,
    };
    // A token's `exp` has whole seconds.
    const end = (text: unknown): string =>
      new Date(Math.floor(Date.parse(String(text)) / 1000) * 1000).toISOString();
    expect(await inspect(first.token)).toEqual({
      ...common,
      revision: 1,
      is_newest: false,
      superseded_at: time,
      expires_at: end(first.expires_at),
    });
    expect(await inspect(second.body.token as string)).toEqual({
      ...common,
      revision: 2,
      is_newest: false,
      superseded_at: time,
      expires_at: end(second.body.expires_at),
    });
    expect(await inspect(third.body.token as string)).toEqual({
      ...common,
      revision: 3,
      is_newest: true,
      superseded_at: null,
      expires_at: end(third.body.expires_at),
    });
  });
});
