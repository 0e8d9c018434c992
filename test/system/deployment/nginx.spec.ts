import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import type { Child } from '../../support/deployment/child';
import { HOST_NAME, startNginx } from '../../support/deployment/nginx';
import { CertificateAuthority } from '../../support/processes/certificates';
import { freePort } from '../../support/processes/free-port';
import { until } from '../../support/until';

const hasNginx = spawnSync('nginx', ['-v']).error === undefined;
// Under CI a missing program is a failure, not a reason to skip.
const describeNginx = hasNginx || process.env.CI === 'true' ? describe : describe.skip;

const CUSTOMERS = '/api/v1/customers';
const MEBIBYTE = Buffer.alloc(2 ** 20, 'x');

describeNginx('config/nginx/aegis.conf', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aegis-nginx-'));
  const authority = new CertificateAuthority('P-256');
  let upstreams: Server[];
  let nginx: Child;
  let port: number;
  /** What the servers behind nginx do. */
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  /** Requests that reached a server. */
  let arrived: string[] = [];

  const listen = async (server: Server, at = 0): Promise<number> => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const upstream = (): Server =>
    createServer((incoming, response) => {
      arrived.push(`${incoming.method} ${incoming.url}`);
      answer(incoming, response);
    });

  beforeAll(async () => {
    upstreams = [upstream(), upstream()];
    const ports: [number, number] = [await listen(upstreams[0]!), await listen(upstreams[1]!)];
    port = await freePort();
    nginx = await startNginx(folder, authority, { port, upstreams: ports });
  });

  beforeEach(async () => {
    // A server that failed is left out for a second.
    await until('both servers are asked', bothAreAsked);
    arrived = [];
  });

  afterAll(async () => {
    await nginx.end('SIGTERM');
    for (const server of upstreams) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (
    method: string,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername: HOST_NAME, ca: authority.certificate };
      request({ ...options, method, path, headers: { Host: HOST_NAME, ...headers } }, resolve)
        .on('error', reject)
        .end();
    });
  const statusOf = async (...asked: Parameters<typeof ask>): Promise<number> => {
    const response = await ask(...asked);
    response.resume();
    return response.statusCode!;
  };
  const raw = (text: string): TLSSocket => {
    const options = { port, host: '127.0.0.1', servername: HOST_NAME, ca: authority.certificate };
    const socket = connect(options);
    socket.write(text);
    return socket;
  };

  /** Whether nginx gives the next two requests to different servers. */
  async function bothAreAsked(): Promise<boolean> {
    const ports = new Set<number | undefined>();
    const usual = answer;
    answer = (incoming, response) => {
      ports.add(incoming.socket.localPort);
      response.end();
    };
    for (let times = 0; times < 2; times++) await statusOf('GET', '/info');
    answer = usual;
    return ports.size === 2;
  }

  it('forwards a piece of a list before the next one is made', async () => {
    let held: ServerResponse | undefined;
    answer = (_request, response) => {
      held = response;
      response.write('one\n');
    };
    const response = await ask('GET', CUSTOMERS, { Accept: 'application/x-ndjson' });
    const [piece] = (await once(response, 'data')) as [Buffer];
    expect(piece.toString()).toBe('one\n');
    held!.end();
    response.resume();
    await once(response, 'end');
  });

  it('reads a list only as fast as its reader', async () => {
    let stalled = false;
    let sent = 0;
    let list: ServerResponse | undefined;
    answer = (incoming, response) => {
      if (incoming.url !== CUSTOMERS) return void response.end();
      list = response;
      const send = (): void => {
        while (sent < 256) {
          sent += 1;
          if (!response.write(MEBIBYTE)) {
            stalled = true;
            response.once('drain', () => {
              stalled = false;
              send();
            });
            return;
          }
        }
        response.end();
      };
      send();
    };
    const response = await ask('GET', CUSTOMERS, { Accept: 'application/x-ndjson' });
    response.pause();
    let before = -1;
    let quiet = 0;
    await until('nothing moves, or all is sent', async () => {
      await statusOf('GET', '/info');
      quiet = stalled && sent === before ? quiet + 1 : 0;
      before = sent;
      return quiet === 25 || sent === 256;
    });
    // Buffers of two connections; all of it is 256.
    expect(sent).toBeLessThan(64);
    response.destroy();
    await until('the server notices', () => Promise.resolve(list!.destroyed));
  });

  describe('when a server ends a connection without an answer', () => {
    const KEY = { 'Idempotency-Key': 'once' };
    const repeated = { asked: 2, status: 200 };
    const failed = { asked: 1, status: 502 };

    it.each([
      ['GET', CUSTOMERS, {}, repeated],
      ['POST', CUSTOMERS, KEY, repeated],
      ['POST', '/api/v1/licenses/validate', {}, repeated],
      ['POST', CUSTOMERS, {}, failed],
      ['PATCH', `${CUSTOMERS}/a`, KEY, failed],
      ['PATCH', `${CUSTOMERS}/a`, {}, failed],
      ['PUT', `${CUSTOMERS}/a`, KEY, failed],
      ['DELETE', `${CUSTOMERS}/a`, KEY, failed],
      ['DELETE', `${CUSTOMERS}/a`, {}, failed],
    ])('%s %s with %j', async (method, path, headers, expected) => {
      answer = (incoming, response) => {
        if (arrived.length === 1) incoming.socket.destroy();
        else response.end();
      };
      const status = await statusOf(method, path, headers);
      expect({ asked: arrived.length, status }).toEqual(expected);
    });
  });

  it.each(['DELETE', 'PUT', 'PATCH', 'POST', 'GET'])(
    'sends %s to the other server when one refuses connections',
    async (method) => {
      answer = (_request, response) => response.end();
      const [gone] = upstreams;
      const { port: at } = gone!.address() as AddressInfo;
      const closed = once(gone!, 'close');
      gone!.close();
      gone!.closeAllConnections();
      await closed;
      try {
        for (let times = 0; times < 4; times++) expect(await statusOf(method, `${CUSTOMERS}/a`)).toBe(200);
      } finally {
        await listen(gone!, at);
      }
      expect(arrived).toHaveLength(4);
    },
  );

  it.each([
    ['1.0', 'text/csv', 505],
    ['1.0', 'Application/X-NDJSON', 505],
    ['1.0', 'text/*', 505],
    ['1.0', 'application/json;q=0, */*', 505],
    ['1.0', '*/*', 200],
    ['1.0', 'application/json', 200],
    ['1.1', 'text/csv', 200],
  ])('in HTTP/%s, Accept: %s is answered %i', async (version, accept, status) => {
    answer = (_request, response) => response.end('{}');
    const socket = raw(
      `GET ${CUSTOMERS} HTTP/${version}\r\nHost: ${HOST_NAME}\r\nConnection: close\r\nAccept: ${accept}\r\n\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(head.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(arrived).toHaveLength(status === 200 ? 1 : 0);
  });
});
