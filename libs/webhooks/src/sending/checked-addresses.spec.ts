import { LookupFailed } from '../addresses/name-resolver';
import { messageTo, Receivers } from './receivers.fixture';

const FORBIDDEN = { outcome: 'failed', status: null, error: 'address_forbidden', answer: null };
const DELIVERED = { outcome: 'delivered', status: 200, error: null };

/** As in production, except that http is allowed: what is on this machine is not open. */
const STRICT = { isLoopbackOpen: false, timeoutMs: 600_000 };

describe('the addresses that a webhook is sent to', () => {
  const receivers = new Receivers();

  afterEach(() => receivers.close());

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '017700000001',
    '0177.0.0.1',
    '0',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:7f00:0001]',
    '[::127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '１２７.0.0.1',
    '127.0.0.1.',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'receiver.localhost',
  ])('are not this machine, written as %s', async (host) => {
    let connections = 0;
    const port = await receivers.raw((socket) => {
      connections += 1;
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    }, '::');
    const attempt = await receivers.sender(STRICT).send(messageTo(`http://${host}:${port}/`));
    expect(attempt).toMatchObject(FORBIDDEN);
    expect(connections).toBe(0);
  });

  it('are this machine outside of production, by its name and its addresses', async () => {
    const { port, received } = await receivers.http((_, response) => response.end(), '::');
    const sender = receivers.sender({ timeoutMs: 600_000 });
    for (const host of ['localhost', '127.0.0.1', '[::1]'])
      expect(await sender.send(messageTo(`http://${host}:${port}/`))).toMatchObject(DELIVERED);
    expect(received).toHaveLength(3);
  });

  it.each([
    ['only address', ['127.0.0.1']],
    ['first address', ['169.254.169.254', '127.0.0.2']],
    ['last address', ['127.0.0.2', '127.0.0.2', '10.0.0.1']],
    ['seventh address', [...Array<string>(6).fill('127.0.0.2'), '::1']],
    ['address with IPv4 in IPv6', ['::ffff:10.0.0.1']],
    ['address, which is not one,', ['127.0.0.2', 'not an address']],
  ])('are not those of a name whose %s is forbidden', async (_, addresses) => {
    const { port, received } = await receivers.http((_request, response) => response.end(), '127.0.0.2');
    const sender = receivers.sender(
      { ...STRICT, resolve: () => Promise.resolve(addresses) },
      { allowed: ['127.0.0.2'] },
    );
    expect(await sender.send(messageTo(`http://receiver.example:${port}/`))).toMatchObject(FORBIDDEN);
    expect(received).toEqual([]);
  });

  it('are the ones that were judged, when the name changes at once', async () => {
    const right = await receivers.http((_, response) => response.end(), '127.0.0.2');
    const asked: string[] = [];
    const sender = receivers.sender(
      {
        ...STRICT,
        resolve: (name) => {
          asked.push(name);
          return Promise.resolve([asked.length === 1 ? '127.0.0.2' : '127.0.0.1']);
        },
      },
      { allowed: ['127.0.0.2'] },
    );
    const message = messageTo(`http://receiver.example:${right.port}/`);
    expect(await sender.send(message)).toMatchObject(DELIVERED);
    expect(right.received[0]?.headers.host).toBe(`receiver.example:${right.port}`);
    // One lookup for each connection: what was judged is what is used.
    expect(asked).toEqual(['receiver.example']);
    // And the next connection is judged by what the name is then.
    right.server.closeAllConnections();
    expect(await sender.send({ ...message, endpointId: 'another' })).toMatchObject(FORBIDDEN);
    expect(asked).toHaveLength(2);
  });

  it('are tried one after another', async () => {
    const { port } = await receivers.http((_, response) => response.end(), '127.0.0.2');
    const sender = receivers.sender(
      { ...STRICT, resolve: () => Promise.resolve(['127.0.0.3', '127.0.0.2']) },
      { allowed: ['127.0.0.0/24'] },
    );
    expect(await sender.send(messageTo(`http://receiver.example:${port}/`))).toMatchObject(DELIVERED);
  });

  it('are not those that a redirect names', async () => {
    const inside = await receivers.http((_, response) => response.end(), '127.0.0.1');
    const { port } = await receivers.http(
      (_, response) => response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/` }).end(),
      '127.0.0.2',
    );
    const sender = receivers.sender(STRICT, { allowed: ['127.0.0.2'] });
    const attempt = await sender.send(messageTo(`http://127.0.0.2:${port}/`));
    expect(attempt).toMatchObject({ outcome: 'failed', status: 302, error: 'redirect' });
    expect(inside.received).toEqual([]);
  });

  it.each([
    ['has none', () => Promise.reject(new LookupFailed('none'))],
    ['has an empty answer', () => Promise.resolve([])],
  ])('are missing when the name %s', async (_, resolve) => {
    const attempt = await receivers
      .sender({ ...STRICT, resolve })
      .send(messageTo('http://receiver.example/'));
    expect(attempt).toMatchObject({ outcome: 'failed', status: null, error: 'dns' });
  });

  it('are not waited for any longer than an attempt takes', async () => {
    const sender = receivers.sender({ timeoutMs: 300, resolve: () => new Promise(() => undefined) });
    const attempt = await sender.send(messageTo('http://receiver.example/'));
    expect(attempt).toMatchObject({ outcome: 'failed', error: 'timeout' });
  });
});
