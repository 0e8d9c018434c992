import { Client } from '../../support/requests/client';
import { expectStatus } from '../../support/contract/expect-status';
import { aLicense, type IssuedLicense } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';

const PATH = '/api/v1/licenses/inspect';

describe('the inspection of a pasted token', () => {
  let server: TestServer;
  let admin: Client;
  let license: IssuedLicense;

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    license = await aLicense(admin, { license_type: 'subscription', duration_days: 30 });
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

  it('answers 404 to a token that can be read and is not on record', async () => {
    const [header, claims] = license.token.split('.') as [string, string];
    const unknown = `${header}.${claims}.${Buffer.alloc(64, 1).toString('base64url')}`;
    const answer = await admin.post(PATH, { token: unknown });
    expectStatus(answer, 404);
    expect(answer.body).toMatchObject({ code: 'license_not_found' });
  });

  it('says which of the tokens it is: key, revision, newest, superseded, its own end', async () => {
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
    const common = { removed: [], key_id, key_state: 'active', recorded_at: time };
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
