import { PRODUCT_VERSION } from '@aegis/config';
import { createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { KEYS, messageTo, Receivers } from './receivers.fixture';

describe('sending a webhook', () => {
  const receivers = new Receivers();

  afterEach(() => receivers.close());

  it('posts the body byte for byte, signed, with the headers of Standard Webhooks', async () => {
    const { port, received } = await receivers.http((_, response) => response.writeHead(204).end());
    const message = messageTo(`http://127.0.0.1:${port}/hooks/a%20b?source=aegis&x=1`);
    const before = Math.floor(Date.now() / 1000);
    const attempt = await receivers.sender().send(message);
    expect(attempt).toEqual({
      outcome: 'delivered',
      status: 204,
      error: null,
      latencyMs: expect.any(Number),
      answer: null,
      retryAfterSeconds: null,
    });
    expect(received).toHaveLength(1);
    const { method, path, headers, body } = received[0]!;
    expect({ method, path, body }).toEqual({
      method: 'POST',
      path: '/hooks/a%20b?source=aegis&x=1',
      body: message.body,
    });
    expect(headers).toEqual({
      host: `127.0.0.1:${port}`,
      connection: 'keep-alive',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(message.body)),
      'user-agent': `AEGIS/${PRODUCT_VERSION}`,
      'webhook-id': message.id,
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
      'webhook-signature': expect.stringMatching(/^v1,\S{44} v1a,\S{88}$/),
    });
    const timestamp = Number(headers['webhook-timestamp']);
    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(timestamp).toBeLessThanOrEqual(Date.now() / 1000);
    const given = headers as Record<string, string>;
    expect(new Webhook(KEYS.secret.toString('base64')).verify(body, given)).toEqual(JSON.parse(message.body));
    const signature = Buffer.from(given['webhook-signature']!.split('v1a,')[1]!, 'base64');
    const signed = Buffer.from(`${message.id}.${timestamp}.${body}`);
    expect(verify(null, signed, createPublicKey(KEYS.privateKey), signature)).toBe(true);
  });

  it.each([200, 201, 202, 299])('takes %i for delivered, whatever the body is', async (status) => {
    const { port } = await receivers.http((_, response) => response.writeHead(status).end('not read'));
    const attempt = await receivers.sender().send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject({ outcome: 'delivered', status, error: null, answer: null });
  });

  it.each([
    [400, 'failed', 'status'],
    [401, 'failed', 'status'],
    [404, 'failed', 'status'],
    [429, 'failed', 'status'],
    [500, 'failed', 'status'],
    [503, 'failed', 'status'],
    [304, 'failed', 'redirect'],
    [410, 'gone', 'status'],
  ] as const)('takes %i for %s, and keeps what was answered', async (status, outcome, error) => {
    const body = status === 304 ? undefined : 'It\tis\u0000 late.\r\n';
    const { port } = await receivers.http((_, response) => response.writeHead(status).end(body));
    const attempt = await receivers.sender().send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject({ outcome, status, error, answer: body ? 'It is late.' : null });
  });

  it('keeps 256 bytes of an answer, and no half of a character', async () => {
    const { port } = await receivers.http((_, response) => response.writeHead(500).end('€'.repeat(200)));
    const { answer } = await receivers.sender().send(messageTo(`http://127.0.0.1:${port}/`));
    expect(answer).toBe('€'.repeat(85));
  });

  it.each([
    ['text', {}, Buffer.from([0xff, 0xfe, 0x41])],
    ['not compressed', { 'content-encoding': 'gzip' }, Buffer.from('looks like text')],
  ])('keeps no answer that is not %s', async (_, headers, body) => {
    const { port } = await receivers.http((_request, response) => response.writeHead(500, headers).end(body));
    const attempt = await receivers.sender().send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject({ status: 500, answer: null });
  });

  it('keeps no answer of an address that the operator opened', async () => {
    const { port } = await receivers.http(
      (_, response) => response.writeHead(500).end('internal'),
      '127.0.0.2',
    );
    const sent = messageTo(`http://127.0.0.2:${port}/`);
    expect((await receivers.sender().send(sent)).answer).toBe('internal');
    // Loopback is open outside of production, so that only an address that is not can show it.
    const judged = receivers.sender({ isLoopbackOpen: false }, { allowed: ['127.0.0.2'] });
    expect(await judged.send(sent)).toMatchObject({ status: 500, answer: null });
  });

  it('gives how long the receiver wants to be left alone', async () => {
    const { port } = await receivers.http((request, response) =>
      response.writeHead(request.url === '/ok' ? 200 : 503, { 'retry-after': '120' }).end(),
    );
    const sender = receivers.sender();
    const failed = await sender.send(messageTo(`http://127.0.0.1:${port}/`));
    expect(failed.retryAfterSeconds).toBe(120);
    const delivered = await sender.send(messageTo(`http://127.0.0.1:${port}/ok`));
    expect(delivered.retryAfterSeconds).toBeNull();
  });

  it('follows no redirect', async () => {
    const target = await receivers.http((_, response) => response.end());
    const { port } = await receivers.http((_, response) =>
      response.writeHead(307, { location: `http://127.0.0.1:${target.port}/` }).end(),
    );
    const attempt = await receivers.sender().send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject({ outcome: 'failed', status: 307, error: 'redirect' });
    expect(target.received).toEqual([]);
  });

  it('sends nothing to a URL that breaks the rules', async () => {
    const { port, received } = await receivers.http((_, response) => response.end());
    const plain = messageTo(`http://127.0.0.1:${port}/`);
    const production = receivers.sender({}, { isProduction: true, allowed: ['127.0.0.1'] });
    expect(await production.send(plain)).toMatchObject({
      outcome: 'failed',
      status: null,
      error: 'invalid_url',
    });
    const withUser = messageTo(`http://user:secret@127.0.0.1:${port}/`);
    expect(await receivers.sender().send(withUser)).toMatchObject({ error: 'invalid_url' });
    expect(received).toEqual([]);
  });

  it('is stopped by its caller, and by the end of the process', async () => {
    let arrived: () => void = () => undefined;
    const { port } = await receivers.http(() => {
      arrived();
    });
    const message = messageTo(`http://127.0.0.1:${port}/`);
    const sender = receivers.sender({ timeoutMs: 600_000 });
    const stopped = { outcome: 'failed', status: null, error: 'stopped' };

    const stop = new AbortController();
    const first = new Promise<void>((resolve) => (arrived = resolve));
    const caller = sender.send(message, stop.signal);
    await first;
    stop.abort();
    expect(await caller).toMatchObject(stopped);
    expect(await sender.send(message, stop.signal)).toMatchObject(stopped);

    const second = new Promise<void>((resolve) => (arrived = resolve));
    const left = sender.send(message);
    await second;
    sender.onApplicationShutdown();
    expect(await left).toMatchObject(stopped);
    expect(await sender.send(message)).toMatchObject(stopped);
  });
});
