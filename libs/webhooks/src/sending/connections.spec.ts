import { once } from 'node:events';
import type { Socket } from 'node:net';
import { until } from '../../../../test/support/until';
import { messageTo, onHead, Receivers } from './receivers.fixture';

const PATIENT = { timeoutMs: 600_000, restMs: 600_000, idleMs: 600_000 };
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

describe('connections to receivers', () => {
  const receivers = new Receivers();

  afterEach(() => receivers.close());

  it('are kept and used again by the same endpoint, and by no other', async () => {
    const { port, received } = await receivers.http((_, response) => response.end('{"ok":true}'));
    const sender = receivers.sender(PATIENT);
    const url = `http://127.0.0.1:${port}/`;
    for (const endpointId of ['one', 'one', 'two', 'one', 'two'])
      expect(await sender.send(messageTo(url, { endpointId }))).toMatchObject({ outcome: 'delivered' });
    const [first, second, third, fourth, fifth] = received.map(({ from }) => from);
    expect(second).toBe(first);
    expect(fourth).toBe(first);
    expect(third).not.toBe(first);
    expect(fifth).toBe(third);
  });

  it('are replaced when the server closed them in the meantime, without a failed attempt', async () => {
    const requests: number[] = [];
    let connections = 0;
    const port = await receivers.raw((socket) => {
      const connection = (connections += 1);
      // As a server that closes idle connections at the moment of the next request: each answers once.
      onHead(socket, (count) => {
        requests.push(connection);
        if (count === 1) socket.write(OK);
        else socket.resetAndDestroy();
      });
    });
    const sender = receivers.sender(PATIENT);
    const url = `http://127.0.0.1:${port}/`;
    for (let count = 0; count < 3; count++)
      expect(await sender.send(messageTo(url))).toMatchObject({ outcome: 'delivered', status: 200 });
    expect(requests).toEqual([1, 1, 2, 2, 3]);
  });

  it('are not replaced a second time', async () => {
    let connections = 0;
    const port = await receivers.raw((socket) => {
      const isFirst = (connections += 1) === 1;
      onHead(socket, (count) => {
        if (isFirst && count === 1) socket.write(OK);
        else socket.resetAndDestroy();
      });
    });
    const sender = receivers.sender(PATIENT);
    const url = `http://127.0.0.1:${port}/`;
    expect(await sender.send(messageTo(url))).toMatchObject({ outcome: 'delivered' });
    expect(await sender.send(messageTo(url))).toMatchObject({ outcome: 'failed', error: 'reset' });
    expect(connections).toBe(2);
  });

  it('are not replaced once a byte of the answer was there', async () => {
    let connections = 0;
    const port = await receivers.raw((socket) => {
      connections += 1;
      onHead(socket, (count) => {
        if (count === 1) socket.write(OK);
        else socket.write('HTTP/1.1 2', () => socket.end());
      });
    });
    const sender = receivers.sender(PATIENT);
    const url = `http://127.0.0.1:${port}/`;
    expect(await sender.send(messageTo(url))).toMatchObject({ outcome: 'delivered' });
    expect(await sender.send(messageTo(url))).toMatchObject({ outcome: 'failed', error: 'reset' });
    expect(connections).toBe(1);
  });

  it('are all replaced when the server closed several', async () => {
    const waiting: (() => void)[] = [];
    let connections = 0;
    const port = await receivers.raw((socket) => {
      connections += 1;
      onHead(socket, (count) => {
        if (count > 1) socket.resetAndDestroy();
        else if (connections <= 3) waiting.push(() => socket.write(OK));
        else socket.write(OK);
      });
    });
    const sender = receivers.sender(PATIENT);
    const message = messageTo(`http://127.0.0.1:${port}/`);
    const together = [1, 2, 3].map(() => sender.send(message));
    await until('three connections wait', () => Promise.resolve(waiting.length === 3));
    for (const answer of waiting) answer();
    for (const attempt of await Promise.all(together))
      expect(attempt).toMatchObject({ outcome: 'delivered' });
    expect(await sender.send(message)).toMatchObject({ outcome: 'delivered', status: 200 });
    expect(connections).toBe(4);
  });

  it('are closed when nothing is sent for a while', async () => {
    const { port } = await receivers.http((_, response) => response.end());
    await receivers.sender({ ...PATIENT, idleMs: 50 }).send(messageTo(`http://127.0.0.1:${port}/`));
    await until('the connection is closed', () => Promise.resolve(receivers.open === 0));
  });

  it('are closed when nothing is sent for as long as the server keeps them', async () => {
    const { port } = await receivers.http((_, response) =>
      response.writeHead(200, { 'keep-alive': 'timeout=1', 'content-length': '0' }).end(),
    );
    await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    await until('the connection is closed', () => Promise.resolve(receivers.open === 0));
  });

  it('are bounded for each endpoint and for all together while nothing is sent', async () => {
    const waiting: (() => void)[] = [];
    const { port } = await receivers.http((_, response) => {
      waiting.push(() => response.end());
    });
    const sender = receivers.sender(PATIENT);
    const sendTo = (endpointId: string): Promise<unknown> =>
      sender.send(messageTo(`http://127.0.0.1:${port}/`, { endpointId }));
    const answerAll = async (sent: Promise<unknown>[]): Promise<void> => {
      await until('all have arrived', () => Promise.resolve(waiting.length === sent.length));
      for (const answer of waiting.splice(0)) answer();
      await Promise.all(sent);
    };
    await answerAll(Array.from({ length: 20 }, () => sendTo('one')));
    await until('16 are left', () => Promise.resolve(receivers.open === 16));
    await answerAll(Array.from({ length: 300 }, (_, index) => sendTo(`endpoint ${index}`)));
    await until('256 are left', () => Promise.resolve(receivers.open === 256));
  });

  it('are closed at the end of the process', async () => {
    const { port } = await receivers.http((_, response) => response.end());
    const sender = receivers.sender(PATIENT);
    await sender.send(messageTo(`http://127.0.0.1:${port}/`));
    expect(receivers.open).toBe(1);
    sender.onApplicationShutdown();
    await until('the connection is closed', () => Promise.resolve(receivers.open === 0));
  });

  it('are closed when an answer is cut', async () => {
    let cut: Promise<unknown> | undefined;
    const port = await receivers.raw((socket: Socket) => {
      cut = once(socket, 'close');
      onHead(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nslow'));
    });
    const sender = receivers.sender({ ...PATIENT, restMs: 50 });
    expect(await sender.send(messageTo(`http://127.0.0.1:${port}/`))).toMatchObject({ outcome: 'delivered' });
    await cut;
  });
});
