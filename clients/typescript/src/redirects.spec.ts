import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { aegisApi, aegisClient, AegisProblem, dataOf } from './api';
import { SeatHolder } from './index';
import { jwkOf, k1, license } from './vendor.fixture';

/** What stands in the server's place sends each request to another host, with 307 and 308 as it is. */
describe.each([301, 302, 303, 307, 308])('a redirect with %d to another host', (status) => {
  let [stolen, redirects]: [string[], number] = [[], 0];
  const thief = createServer((request, response) => {
    stolen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.setHeader('Content-Type', 'application/json').end('{}');
  });
  const redirecting = createServer((request, response) => {
    redirects += 1;
    request.resume();
    response.writeHead(status, { location: `${urlOf(thief, 'localhost')}${request.url}` }).end();
  });

  beforeAll(async () => {
    for (const server of [thief, redirecting])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const server of [thief, redirecting]) server.close().closeAllConnections();
  });
  beforeEach(() => {
    [stolen, redirects] = [[], 0];
  });

  it.each([
    ['aegisApi', () => aegisApi({ baseUrl: urlOf(redirecting), apiKey: 'secret' })],
    ['aegisClient', () => aegisClient({ baseUrl: urlOf(redirecting), apiKey: 'secret' })],
  ])('does not bring the API key of %s there, and is not tried again', async (_, clientOf) => {
    const read = await clientOf().GET('/api/v1/licenses', {});
    expect(() => dataOf(read)).toThrow(AegisProblem);
    expect(() => dataOf(read)).toThrow(`The server answered ${status}.`);
    const made = await clientOf().POST('/api/v1/customers', { body: { id: 'acme', name: 'Acme' } });
    expect([made.data, made.response.status]).toEqual([undefined, status]);
    expect([stolen, redirects]).toEqual([[], 2]);
  });

  it('does not bring the license token and the fingerprint of a seat there', async () => {
    const seat = new SeatHolder({
      baseUrl: urlOf(redirecting),
      token: license({ seats: { mode: 'floating', required: true } }),
      keys: [jwkOf(k1)],
      module: 'payroll',
      version: '17.0',
      fingerprint: 'machine-1',
      storage: { load: () => null, save: () => undefined },
    });
    expect(await seat.activate()).toBe(false);
    expect([stolen, redirects]).toEqual([[], 1]);
  });
});

function urlOf(server: Server, host = '127.0.0.1'): string {
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}
