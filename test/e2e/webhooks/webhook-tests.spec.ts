import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readContract } from '../../support/contract/contract';
import { expectStatus } from '../../support/contract/expect-status';
import { superuserOf } from '../../support/database/sql';
import { anApiKey, aWebhook } from '../../support/factories';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';
import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { until } from '../../support/until';

const WEBHOOKS = '/api/v1/admin/webhooks';

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

interface Keys {
  secret: string;
  public_key: string;
}

describe('POST /api/v1/admin/webhooks/{id}/test', () => {
  let server: TestServer;
  let admin: Client;
  let receiver: Server;
  let url: string;
  let answer: { status: number; headers?: Record<string, string> } | 'nothing';
  const received: Received[] = [];

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
    receiver = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        received.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
        if (answer !== 'nothing')
          response.writeHead(answer.status, answer.headers).end('secret of the receiver');
      });
    });
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook?key=1`;
  });
  beforeEach(() => {
    answer = { status: 204 };
    received.length = 0;
  });
  afterAll(async () => {
    await server.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  const tested = async (id: string): Promise<Answer['body']> => {
    const result = await admin.post(`${WEBHOOKS}/${id}/test`);
    expectStatus(result, 200);
    return result.body;
  };

  /** Which kinds of signatures of a message hold, as a receiver checks them. */
  function holding({ headers, body }: Received, { secret, public_key }: Keys): string[] {
    const content = Buffer.from(
      `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`,
    );
    const mac = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
      .update(content)
      .digest();
    const x = Buffer.from(public_key.slice('whpk_'.length), 'base64').toString('base64url');
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return String(headers['webhook-signature'])
      .split(' ')
      .map((signature) => signature.split(','))
      .filter(([kind, text = '']) => {
        const bytes = Buffer.from(text, 'base64');
        if (kind === 'v1') return bytes.length === mac.length && timingSafeEqual(bytes, mac);
        return verify(null, content, publicKey, bytes);
      })
      .map(([kind = '']) => kind);
  }

  it('sends one request that is signed both ways, of the form that the contract says', async () => {
    const webhook = await aWebhook(admin, { url });
    expect(await tested(webhook.id)).toEqual({
      outcome: 'delivered',
      status: 204,
      latency_ms: expect.any(Number),
      error: null,
    });
    expect(received).toHaveLength(1);
    const [message] = received;
    expect(holding(message!, webhook)).toEqual(['v1', 'v1a']);
    expect(holding({ ...message!, body: `${message!.body} ` }, webhook)).toEqual([]);
    const body = JSON.parse(message!.body) as Record<string, unknown>;
    expect(Object.keys(body)).toEqual(['id', 'type', 'timestamp', 'api_version', 'data']);
    expect(body).toMatchObject({ type: 'webhook.test', api_version: '1', data: { webhook_id: webhook.id } });
    expect(message!.headers).toMatchObject({
      'webhook-id': body.id,
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^AEGIS\//),
    });
    const contract = readContract();
    const ajv = addFormats(new Ajv2020({ strict: false }));
    ajv.addSchema({ $id: 'contract', components: contract.components });
    const { schema } = contract.webhooks['webhook.test']!.post.requestBody!.content['application/json']!;
    expect(ajv.compile({ $ref: `contract${schema.$ref}` })(body)).toBe(true);
    await tested(webhook.id);
    expect(received[1]!.headers['webhook-id']).not.toBe(body.id);
  });

  it('signs with the previous keys too, as long as they overlap', async () => {
    const before = await aWebhook(admin, { url });
    const after = (await admin.post(`${WEBHOOKS}/${before.id}/rotate`)).body as Keys;
    await tested(before.id);
    expect([holding(received[0]!, after), holding(received[0]!, before)]).toEqual([
      ['v1', 'v1a'],
      ['v1', 'v1a'],
    ]);
    const sql = await superuserOf(server);
    await sql.query('UPDATE webhook_endpoints SET previous_valid_until = now() WHERE id = $1', [before.id]);
    await sql.end();
    await tested(before.id);
    expect([holding(received[1]!, after), holding(received[1]!, before)]).toEqual([['v1', 'v1a'], []]);
  });

  it.each([
    [500, 'failed', 'status'],
    [404, 'failed', 'status'],
    [302, 'failed', 'redirect'],
    [410, 'gone', 'status'],
  ])('says that the receiver answered %i, of which nothing follows', async (status, outcome, error) => {
    const { id } = await aWebhook(admin, { url });
    const before = await admin.get(`${WEBHOOKS}/${id}`);
    answer = { status, headers: { location: `${url}&again` } };
    expect(await tested(id)).toMatchObject({ outcome, status, error });
    expect(received).toHaveLength(1);
    const after = await admin.get(`${WEBHOOKS}/${id}`);
    expect([after.body, after.headers.get('etag')]).toEqual([before.body, before.headers.get('etag')]);
  });

  it('says that nobody answered', async () => {
    const { id } = await aWebhook(admin, { url: 'http://127.0.0.1:9/hook' });
    expect(await tested(id)).toMatchObject({ outcome: 'failed', status: null, error: 'refused' });
  });

  it('says that an address may not be used', async () => {
    const { id } = await aWebhook(admin, { url: 'http://169.254.169.254/latest' });
    expect(await tested(id)).toMatchObject({ outcome: 'failed', status: null, error: 'address_forbidden' });
  });

  it('is sent to a webhook that is disabled, so that it is tried before it is enabled', async () => {
    const { id } = await aWebhook(admin, { url });
    expectStatus(await admin.patch(`${WEBHOOKS}/${id}`, { is_active: false }), 200);
    expect(await tested(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('is not sent to a webhook that was deleted', async () => {
    const { id } = await aWebhook(admin, { url });
    expectStatus(await admin.delete(`${WEBHOOKS}/${id}`), 204);
    expectStatus(await admin.post(`${WEBHOOKS}/${id}/test`), 404);
    expect(received).toEqual([]);
  });

  it('is sent ten times a minute to one webhook', async () => {
    const { id } = await aWebhook(admin, { url });
    for (let n = 0; n < 10; n += 1) await tested(id);
    const refused = await admin.post(`${WEBHOOKS}/${id}/test`);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(refused.headers.get('ratelimit-policy')).toMatch(/"webhook-tests";q=10;w=60$/);
    expect(received).toHaveLength(10);
    expect(await tested((await aWebhook(admin, { url })).id)).toMatchObject({ outcome: 'delivered' });
  });

  it('is ended, unanswered, when its caller leaves', async () => {
    answer = 'nothing';
    const { id } = await aWebhook(admin, { url });
    const leaving = new AbortController();
    const asked = fetch(`${server.url}${WEBHOOKS}/${id}/test`, {
      method: 'POST',
      headers: { 'X-API-Key': server.adminKey },
      signal: leaving.signal,
    });
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) => {
        receiver.getConnections((error, count) => {
          if (error === null) resolve(count);
          else reject(error);
        });
      });
    await until('the receiver has the request', () => Promise.resolve(received.length === 1));
    const open = await connections();
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await until('its connection is closed', async () => (await connections()) < open);
  });

  it('tells nobody what the receiver answered, and leaves the URL out of the log', async () => {
    answer = { status: 500 };
    const { id } = await aWebhook(admin, { url });
    expect(JSON.stringify(await tested(id))).not.toContain('secret of the receiver');
    expect(server.log()).not.toContain('/hook?key=1');
  });

  it('refuses a key that was deleted meanwhile', async () => {
    const { id: keyId, key } = await anApiKey(admin, { scopes: ['webhooks:manage'] });
    const { id } = await aWebhook(admin, { url });
    answer = 'nothing';
    const asked = new Client(server.url, key).post(`${WEBHOOKS}/${id}/test`);
    await until('the receiver has the request', () => Promise.resolve(received.length === 1));
    expectStatus(await admin.delete(`/api/v1/admin/api-keys/${keyId}`), 204);
    receiver.closeAllConnections();
    expect((await asked).status).toBe(401);
  });
});
