import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../../test/support/until';
import { closeAfterEachAnswer, endConnections } from './drain';

describe('endConnections', () => {
  let server: Server;
  const open: ServerResponse[] = [];

  beforeEach(async () => {
    open.length = 0;
    server = createServer((_request, response) => open.push(response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Sends a request that stays unanswered for now. @returns its answer, or why it got none */
  async function ask(): Promise<Promise<string>[]> {
    const before = open.length;
    const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    const end = new Promise<string>((resolve) => {
      request.on('response', (answer) => {
        answer.resume().on('end', () => {
          resolve('answered');
        });
      });
      request.on('error', () => {
        resolve('cut');
      });
    });
    await until('a request comes', () => Promise.resolve(open.length > before));
    return [end];
  }

  it('ends idle connections, accepts no further ones, and waits for what is open', async () => {
    const agent = new Agent({ keepAlive: true });
    const idle = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent });
    await until('a request comes', () => Promise.resolve(open.length === 1));
    open[0]!.end();
    const [answer] = (await once(idle, 'response')) as [IncomingMessage];
    const closed = once(answer.socket, 'close');
    await once(answer.resume(), 'end');
    const [asked] = await ask();
    let hasEnded = false;
    const ended = endConnections(server, 60_000).then(() => (hasEnded = true));
    expect(server.listening).toBe(false);
    await closed;
    expect(hasEnded).toBe(false);
    open[1]!.end();
    expect(await asked).toBe('answered');
    await ended;
    agent.destroy();
  });

  it('cuts connections that are open for longer than the limit', async () => {
    const [asked] = await ask();
    await endConnections(server, 20);
    expect(await asked).toBe('cut');
  });
});

describe('closeAfterEachAnswer', () => {
  it('ends each keep-alive connection with its next answer', async () => {
    const server = createServer((_request, response) => response.end('x'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (): Promise<[string | undefined, boolean]> => {
      const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent });
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      await once(answer.resume(), 'end');
      return [answer.headers.connection, request.reusedSocket];
    };
    try {
      expect(await ask()).toEqual(['keep-alive', false]);
      expect(await ask()).toEqual(['keep-alive', true]);
      closeAfterEachAnswer(server);
      expect(await ask()).toEqual(['close', true]);
      expect(await ask()).toEqual(['close', false]);
    } finally {
      agent.destroy();
      server.close();
    }
  });
});
