import type { Credential } from '@aegis/access';
import type { Request } from 'express';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { ApiKeyAuthentication } from '../api-key-authentication';
import { ApiKeyIdentification } from './api-key-identification';

const KEY = 'aegis_test_0aZ9bY8cX7dW_secret';

/** Stands in for the look-up alone; the requests are real ones, so that Node's treatment of doubled headers counts. */
describe('ApiKeyIdentification', () => {
  let server: Server;
  let asked: string[];
  let identified: Credential | undefined;

  beforeEach(async () => {
    asked = [];
    identified = undefined;
    const authentication = {
      authenticate: (key: string): Promise<Credential> => {
        asked.push(key);
        return Promise.resolve({ kind: 'refused' });
      },
    } as unknown as ApiKeyAuthentication;
    const identification = new ApiKeyIdentification(authentication);
    server = createServer((request, response) => {
      void identification.identify(request as Request).then((credential) => {
        identified = credential;
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  async function send(...headers: string[]): Promise<Credential | undefined> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.end(['GET / HTTP/1.1', 'Host: test', 'Connection: close', ...headers, '', ''].join('\r\n'));
    await new Promise((resolve) => socket.resume().on('close', resolve));
    return identified;
  }

  it('finds no credential where none was sent', async () => {
    expect(await send()).toEqual({ kind: 'none' });
    expect(asked).toEqual([]);
  });

  it.each([
    `X-API-Key: ${KEY}`,
    `x-api-key:   ${KEY}  `,
    `Authorization: Bearer ${KEY}`,
    `Authorization: bearer   ${KEY}`,
    `AUTHORIZATION: BEARER ${KEY}`,
  ])('takes the key from %j', async (header) => {
    await send(header);
    expect(asked).toEqual([KEY]);
  });

  it.each([
    [`X-API-Key: ${KEY}`, `Authorization: Bearer ${KEY}`],
    [`X-API-Key: ${KEY}`, `Authorization: ${KEY}`],
    ['X-API-Key:', 'Authorization: Bearer'],
  ])('does not choose between %j and %j', async (...headers) => {
    expect(await send(...headers)).toEqual({ kind: 'conflicting' });
    expect(asked).toEqual([]);
  });

  it.each([
    [[`X-API-Key: ${KEY}`, `X-API-Key: ${KEY}`]],
    [[`Authorization: Bearer ${KEY}`, `Authorization: Bearer ${KEY}`]],
    [[`Authorization: Bearer\t${KEY}`]],
    [[`Authorization: ${KEY}`]],
    [['Authorization: Bearer']],
    [[`Authorization: Bearer ${KEY} more`]],
    [[`Authorization: Bearer ${'a'.repeat(250)}`]],
    [[`X-API-Key: ${'a'.repeat(257)}`]],
  ])('refuses %j without a look-up', async (headers) => {
    expect(await send(...headers)).toEqual({ kind: 'refused', because: 'unreadable' });
    expect(asked).toEqual([]);
  });

  const FOREIGN = [
    'Authorization: Basic dXNlcjpwYXNz',
    'Authorization: Negotiate YII=',
    'Authorization: Digest username="a"',
    'Authorization: Bearish x',
    'Authorization:',
  ];
  it.each(FOREIGN)('finds no credential in %j', async (header) => {
    expect(await send(header)).toEqual({ kind: 'none' });
    expect(await send(header, header)).toEqual({ kind: 'none' });
    expect(asked).toEqual([]);
  });

  it.each(FOREIGN)('takes our key together with %j', async (header) => {
    await send(header, `X-API-Key: ${KEY}`);
    await send(header, `Authorization: Bearer ${KEY}`);
    await send(`Authorization: Bearer ${KEY}`, header);
    expect(asked).toEqual([KEY, KEY, KEY]);
  });

  it('treats an empty X-API-Key as a bad credential', async () => {
    expect(await send('X-API-Key:')).toEqual({ kind: 'refused' });
    expect(asked).toEqual(['']);
  });
});
