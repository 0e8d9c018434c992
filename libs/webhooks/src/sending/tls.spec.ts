import { createSecureServer } from 'node:http2';
import { createServer, type ServerOptions } from 'node:https';
import { createServer as createTlsServer } from 'node:tls';
import { CertificateAuthority } from '../../../../test/support/processes/certificates';
import { messageTo, Receivers } from './receivers.fixture';

const NAME = 'receiver.example';
const authority = new CertificateAuthority('P-256');
const { certificate: cert, privateKey: key } = authority.serverCertificate(NAME);
const PRODUCTION = { isProduction: true, allowed: ['127.0.0.2'] };
const PATIENT = { timeoutMs: 600_000, resolve: () => Promise.resolve(['127.0.0.2']) };

describe('a receiver behind TLS', () => {
  const receivers = new Receivers();
  const requests: number[] = [];

  beforeEach(() => requests.splice(0));
  afterEach(() => receivers.close());

  const https = (options: ServerOptions = {}): Promise<number> => {
    const server = createServer({ cert, key, ...options }, (request, response) => {
      requests.push(request.socket.remotePort ?? 0);
      response.end();
    });
    return receivers.listen(server, '127.0.0.2');
  };
  const sender = (ca = authority.certificate): ReturnType<Receivers['sender']> =>
    receivers.sender({ ...PATIENT, ca }, PRODUCTION);

  it('gets its messages in production when its certificate is trusted, over one connection', async () => {
    const port = await https();
    const sending = sender();
    const message = messageTo(`https://${NAME}:${port}/`);
    expect(await sending.send(message)).toMatchObject({ outcome: 'delivered', status: 200 });
    expect(await sending.send(message)).toMatchObject({ outcome: 'delivered', status: 200 });
    expect(new Set(requests).size).toBe(1);
  });

  it('gets a message over a new connection when it closed the kept one', async () => {
    let connections = 0;
    const server = createTlsServer({ cert, key }, (socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      let requestsHere = 0;
      socket.on('data', (chunk: Buffer) => {
        if (!chunk.toString().includes('POST ')) return;
        requestsHere += 1;
        if (requestsHere === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        else socket.destroy();
      });
    });
    const port = await receivers.listen(server, '127.0.0.2');
    const sending = sender();
    const message = messageTo(`https://${NAME}:${port}/`);
    for (let count = 0; count < 3; count++)
      expect(await sending.send(message)).toMatchObject({ outcome: 'delivered', status: 200 });
    expect(connections).toBe(3);
  });

  it.each([
    ['that nobody knows', new CertificateAuthority('P-256').certificate, NAME],
    ['of another name', authority.certificate, 'other.example'],
    ['of a name in place of an address', authority.certificate, '127.0.0.2'],
  ])('gets nothing with a certificate %s', async (_, ca, host) => {
    const port = await https();
    const attempt = await sender(ca).send(messageTo(`https://${host}:${port}/`));
    expect(attempt).toMatchObject({ outcome: 'failed', status: null, error: 'tls' });
    expect(requests).toEqual([]);
  });

  it('gets nothing when it speaks an old version of TLS', async () => {
    const port = await https({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
    expect(await sender().send(messageTo(`https://${NAME}:${port}/`))).toMatchObject({ error: 'tls' });
    expect(requests).toEqual([]);
  });

  it('gets nothing when it speaks only HTTP/2', async () => {
    const port = await receivers.listen(createSecureServer({ cert, key }), '127.0.0.2');
    expect(await sender().send(messageTo(`https://${NAME}:${port}/`))).toMatchObject({ error: 'tls' });
  });

  it('gets nothing when it speaks HTTP without TLS', async () => {
    const { port, received } = await receivers.http((_, response) => response.end(), '127.0.0.2');
    const attempt = await sender().send(messageTo(`https://${NAME}:${port}/`));
    expect(attempt).toMatchObject({ outcome: 'failed', error: 'tls' });
    expect(received).toEqual([]);
  });

  it('gets nothing when it never finishes the handshake', async () => {
    const port = await receivers.raw(() => undefined, '127.0.0.2');
    const sending = receivers.sender({ ...PATIENT, timeoutMs: 300 }, PRODUCTION);
    const attempt = await sending.send(messageTo(`https://${NAME}:${port}/`));
    expect(attempt).toMatchObject({ outcome: 'failed', error: 'timeout' });
  });
});
