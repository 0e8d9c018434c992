import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../../test/support/until';
import { closeAfterEachAnswer, RequestsInFlight } from './drain';

describe('RequestsInFlight', () => {
  let server: Server;
  let requests: RequestsInFlight;
  const open: ServerResponse[] = [];

  beforeAll(async () => {
    server = createServer((_request, response) => open.push(response));
    requests = new RequestsInFlight(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Sends a request that stays unanswered for now. */
  async function ask(): Promise<ServerResponse> {
    const before = open.length;
    get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }).on(
      'error',
      () => undefined,
    );
    await until('a request comes', () => Promise.resolve(open.length > before));
    return open.at(-1)!;
  }

  it('waits for all that are open, not for those that come later', async () => {
    const ofFirst = new RequestsInFlight(server);
    const first = await ask();
    const firstIsOver = ofFirst.settle(60_000);
    const second = await ask();
    let settled = false;
    const settling = requests.settle(60_000).then(() => (settled = true));
    const later = await ask();

    first.end();
    await firstIsOver;
    // It looks as often as the one above did: by now it has seen that one of two is over.
    await ofFirst.settle(20);
    expect(settled).toBe(false);

    second.end();
    await settling;
    expect(later.writableEnded).toBe(false);
    later.end();
  });

  it('waits no longer than it has patience', async () => {
    const held = await ask();
    await requests.settle(20);
    expect(held.writableEnded).toBe(false);
    held.end();
  });
});

describe('closeAfterEachAnswer', () => {
  it('ends the connections that callers keep, by the next answer on each', async () => {
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
