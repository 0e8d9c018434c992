import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expectStatus } from '../../support/contract/expect-status';
import { Child } from '../../support/deployment/child';
import { aLicense, anApiKey } from '../../support/factories';
import { freePort } from '../../support/processes/free-port';
import { testServer, type TestServer } from '../../support/processes/server';
import { type Answer, Client } from '../../support/requests/client';
import { until } from '../../support/until';

jest.setTimeout(300_000);

const RECEIVER = resolve(__dirname, '../../../clients/examples/webhook-receiver/receiver.mjs');

interface Line {
  event?: { id: string; type: string; sequence: number; data: Record<string, unknown> };
}

/** The receiver of clients/examples, as a process of its own, before a server that sends to it. */
describe('the receiver of webhooks among the examples', () => {
  let server: TestServer;
  let admin: Client;
  let folder: string;
  let webhook: { id: string; secret: string; public_key: string };
  const running: Child[] = [];

  beforeAll(async () => {
    server = await testServer();
    admin = new Client(server.url, server.adminKey);
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aegis-receiver-'));
    const created = await admin.post('/api/v1/admin/webhooks', {
      url: 'http://127.0.0.1:9/',
      event_types: ['license.*'],
    });
    expectStatus(created, 201);
    webhook = created.body as typeof webhook;
  });
  afterEach(async () => {
    for (const child of running.splice(0)) await child.end('SIGKILL');
    await admin.delete(`/api/v1/admin/webhooks/${webhook.id}`);
    rmSync(folder, { recursive: true });
  });

  const journal = (): string => join(folder, 'events.jsonl');
  const received = (): NonNullable<Line['event']>[] =>
    readFileSync(journal(), 'utf8')
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => (JSON.parse(line) as Line).event ?? []);
  const sequences = (): number[] => received().map(({ sequence }) => sequence);

  async function run(variables: Record<string, string>): Promise<{ child: Child; url: string }> {
    const child = new Child(process.execPath, [RECEIVER], {
      cwd: folder,
      env: { PATH: process.env.PATH, PORT: '0', ...variables },
    });
    running.push(child);
    let port: string | undefined;
    await until('the receiver listens', () => {
      child.assertRuns();
      port = /^receiving on port (\d+)$/m.exec(child.output)?.[1];
      return Promise.resolve(port !== undefined);
    });
    return { child, url: `http://127.0.0.1:${port}/` };
  }
  const withSecret = (more: Record<string, string> = {}): Promise<{ child: Child; url: string }> =>
    run({ AEGIS_WEBHOOK_SECRET: webhook.secret, ...more });
  const change = async (changes: object): Promise<void> => {
    expectStatus(await admin.patch(`/api/v1/admin/webhooks/${webhook.id}`, changes), 200);
  };
  async function changeLicense(times: number): Promise<void> {
    const { id } = await aLicense(admin);
    for (let time = 1; time < times; time += 1)
      expectStatus(await admin.patch(`/api/v1/licenses/${id}`, { notes: `note ${time}` }), 200);
  }
  const untilReceived = (count: number): Promise<void> =>
    until(`${count} events are received`, () => Promise.resolve(received().length >= count));

  it.each(['its secret', 'its public key alone'])(
    'records what the server sends, verified with %s',
    async (means) => {
      const { url } = await (means === 'its secret'
        ? withSecret()
        : run({ AEGIS_WEBHOOK_PUBLIC_KEY: webhook.public_key }));
      await change({ url });
      await changeLicense(3);
      await untilReceived(3);
      expect(received().map(({ type }) => type)).toEqual([
        'license.issued',
        'license.updated',
        'license.updated',
      ]);
      expect(sequences()).toEqual([1, 2, 3]);
    },
  );

  it('acknowledges the test of an endpoint, and does not record it', async () => {
    const { child, url } = await withSecret();
    await change({ url });
    const tested = await admin.post(`/api/v1/admin/webhooks/${webhook.id}/test`);
    expect(tested.body).toMatchObject({ outcome: 'delivered', status: 204 });
    expect(child.output).toMatch(/^test evt_/m);
    expect(received()).toEqual([]);
  });

  it('refuses what the server has not signed, or signed long ago', async () => {
    const { url } = await withSecret();
    const key = Buffer.from(webhook.secret.slice('whsec_'.length), 'base64');
    const now = Math.floor(Date.now() / 1000);
    const body = JSON.stringify({ id: 'evt_1', type: 'license.issued', sequence: 1, data: {} });
    const signatureOf = (content: string, by = key): string =>
      `v1,${createHmac('sha256', by).update(content).digest('base64')}`;
    const send = async ({ at = now, signed = body, with: by = key, headers = {} }): Promise<number> => {
      const signature = signatureOf(`evt_1.${at}.${signed}`, by);
      const answer = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          ...{ 'webhook-id': 'evt_1', 'webhook-timestamp': String(at) },
          'webhook-signature': signature,
          ...headers,
        },
      });
      return answer.status;
    };
    expect(await send({ signed: body.replace('1', '2') })).toBe(401);
    expect(await send({ with: Buffer.alloc(32) })).toBe(401);
    expect(await send({ at: now - 400 })).toBe(401);
    expect(await send({ at: now + 400 })).toBe(401);
    for (const value of ['', 'v1', 'v1,', 'v2,AAAA', 'v1a,AAAA'])
      expect(await send({ headers: { 'webhook-signature': value } })).toBe(401);
    expect(await send({ headers: { 'webhook-id': 'evt_2' } })).toBe(401);
    // As if the signed content had its dots elsewhere.
    const dotted = { 'webhook-id': 'evt_1.2', 'webhook-signature': signatureOf(`evt_1.2.${now}.${body}`) };
    expect(await send({ headers: dotted })).toBe(401);
    // Each signature costs time, for which nobody needs a secret.
    const right = signatureOf(`evt_1.${now}.${body}`);
    expect(await send({ headers: { 'webhook-signature': `${'v1,AAAA '.repeat(16)}${right}` } })).toBe(401);
    expect(received()).toEqual([]);
    expect(await send({})).toBe(204);
    expect(await send({})).toBe(204);
    expect(received()).toHaveLength(1);
  });

  it('takes no secret that is too short: with an empty one, anybody can sign', async () => {
    const { child, url } = await withSecret({ AEGIS_WEBHOOK_SECRET: 'whsec_' });
    const at = String(Math.floor(Date.now() / 1000));
    const body = JSON.stringify({ id: 'evt_1', type: 'license.issued', sequence: 1, data: {} });
    const signature = createHmac('sha256', '').update(`evt_1.${at}.${body}`).digest('base64');
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'webhook-id': 'evt_1', 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` },
    });
    expect([answer.status, child.output]).toEqual([500, expect.stringContaining('at least 24 bytes')]);
    expect(received()).toEqual([]);
  });

  it('is not ended by requests that break off, and neither is the program of docs/webhooks.md', async () => {
    const page = readFileSync(join(__dirname, '../../../docs/webhooks.md'), 'utf8');
    const [, program] = /cat > receive\.mjs <<'END'\n([^]*?)\nEND\n/.exec(page)!;
    writeFileSync(join(folder, 'receive.mjs'), program!);
    const port = String(await freePort());
    const documented = new Child(process.execPath, ['receive.mjs'], {
      cwd: folder,
      env: {
        ...{ PATH: process.env.PATH, PORT: port },
        ...{ WEBHOOK_SECRET: webhook.secret, WEBHOOK_PUBLIC_KEY: webhook.public_key },
      },
    });
    running.push(documented);
    const post = (url: string): Promise<number> =>
      fetch(url, { method: 'POST', body: '{}' }).then(({ status }) => status);
    const pageUrl = `http://127.0.0.1:${port}/`;
    await until('the program of the page listens', () => {
      documented.assertRuns();
      return post(pageUrl).then(
        () => true,
        () => false,
      );
    });
    const { url } = await withSecret();
    for (const address of [url, pageUrl])
      for (let time = 0; time < 5; time += 1) {
        const socket = connect(Number(new URL(address).port), '127.0.0.1');
        await once(socket, 'connect');
        socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc');
        // So that it has begun to read: its answer to another one comes after.
        expect(await post(address)).toBe(401);
        socket.resetAndDestroy();
        await once(socket, 'close');
        expect(await post(address)).toBe(401);
      }
    for (const address of [url, pageUrl]) {
      // It need not be read to its end, so that the connection may be closed before the answer is there.
      const long = fetch(address, { method: 'POST', body: 'x'.repeat(300_000) });
      expect([413, 'closed']).toContain(
        await long.then(
          ({ status }) => status,
          () => 'closed',
        ),
      );
      expect(await post(address)).toBe(401);
    }
  });

  it('does not follow a redirect with its API key', async () => {
    const asked: string[] = [];
    const elsewhere = createServer((request, response) => {
      asked.push(`${request.url} ${String(request.headers['x-api-key'])}`);
      if (request.url?.startsWith('/api/') === true) response.writeHead(302, { location: '/thief' });
      response.end();
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const { child, url } = await withSecret({
      AEGIS_URL: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`,
      AEGIS_API_KEY: 'secret',
      AEGIS_WEBHOOK_ID: webhook.id,
      GAP_PATIENCE_SECONDS: '0.05',
    });
    await change({ url, is_active: false });
    await changeLicense(2);
    await until('they are not delivered', async () => {
      const { body } = await admin.get(`/api/v1/admin/webhooks/${webhook.id}`);
      return body.sequence === 2;
    });
    await change({ is_active: true });
    await changeLicense(1);
    await until('what is missing is asked for', () => Promise.resolve(child.output.includes('fetch failed')));
    elsewhere.close().closeAllConnections();
    expect(asked.every((one) => /^\/api\/v1\/events\?.* secret$/.test(one))).toBe(true);
  });

  it('recognizes an event that comes again, also after it was restarted', async () => {
    const first = await withSecret();
    await change({ url: first.url });
    await changeLicense(2);
    await untilReceived(2);
    await first.child.end('SIGKILL');
    // As a crash in the middle of a write.
    appendFileSync(journal(), '{"event":{"id":"evt_cut');
    const second = await withSecret();
    await change({ url: second.url });
    const redelivered = await redeliverAll();
    await until('they come again', () =>
      Promise.resolve(second.child.output.split('\nagain ').length - 1 === redelivered),
    );
    await changeLicense(1);
    await untilReceived(3);
    expect(sequences()).toEqual([1, 2, 3]);
  });

  it('reads from the server what it has missed', async () => {
    const { key } = await anApiKey(admin, { scopes: ['events:read'] });
    const { url } = await withSecret({
      ...{ AEGIS_URL: server.url, AEGIS_API_KEY: key, AEGIS_WEBHOOK_ID: webhook.id },
      GAP_PATIENCE_SECONDS: '0.05',
    });
    await change({ url, is_active: false });
    await changeLicense(3);
    await until('they are not delivered', async () => {
      const { body } = await admin.get(`/api/v1/admin/webhooks/${webhook.id}`);
      return body.sequence === 3;
    });
    await change({ is_active: true });
    await changeLicense(1);
    await untilReceived(4);
    expect(sequences().sort()).toEqual([1, 2, 3, 4]);
  });

  async function redeliverAll(): Promise<number> {
    const listed: Answer = await admin.get(`/api/v1/admin/webhooks/${webhook.id}/deliveries`);
    const { deliveries } = listed.body as { deliveries: { id: string; state: string }[] };
    for (const { id } of deliveries)
      expectStatus(await admin.post(`/api/v1/admin/webhooks/deliveries/${id}/redeliver`), 200);
    return deliveries.length;
  }
});
