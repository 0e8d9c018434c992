import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { ephemeralPorts, freePort } from './free-port';

/** The port that the system chose for one outgoing connection. */
async function portOfConnection(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  const { localPort = 0 } = client;
  client.destroy();
  server.close();
  await once(server, 'close');
  return localPort;
}

describe('a port for a server that cannot choose its own', () => {
  it('is not one that the system gives to outgoing connections, which could connect to themselves', async () => {
    const [low, high] = ephemeralPorts();
    for (let n = 0; n < 200; n += 1) {
      const port = await freePort();
      expect(port < low || port > high).toBe(true);
      expect(port).toBeGreaterThanOrEqual(10_000);
      expect(port).toBeLessThanOrEqual(65_535);
    }
  });

  it('is outside of the range that connections are really from', async () => {
    const [low, high] = ephemeralPorts();
    for (let n = 0; n < 20; n += 1) {
      const port = await portOfConnection();
      expect(port).toBeGreaterThanOrEqual(low);
      expect(port).toBeLessThanOrEqual(high);
    }
  });

  it('can be listened on', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
  });
});
