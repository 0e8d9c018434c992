import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { messageTo, onHead, Receivers } from './receivers.fixture';

/** For what never comes: a test that waits for it ends by this time-out, and does not depend on its length. */
const SOON = { timeoutMs: 300 };
/** For what comes at once, on a machine of any speed. */
const PATIENT = { timeoutMs: 600_000, restMs: 600_000 };
const MEBIBYTE = Buffer.alloc(1024 * 1024, 'x');

/** Writes until the other side closes. */
function pour(socket: Socket, piece: Buffer | string): void {
  const more = (): void => {
    if (socket.destroyed) return;
    if (socket.write(piece)) setImmediate(more);
  };
  socket.on('drain', more);
  more();
}

describe('a receiver that answers as no server does', () => {
  const receivers = new Receivers();

  afterEach(() => receivers.close());

  const failed = (error: string, status: number | null = null): object => ({
    outcome: 'failed',
    status,
    error,
  });

  it.each([
    ['accepts a connection and says nothing', () => undefined],
    ['never ends its head', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nserver: slow\r\n')],
    ['never ends its status line', (socket: Socket) => socket.write('HTTP/1.1 2')],
    [
      'announces an answer and never gives it',
      (socket: Socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n'),
    ],
  ])('ends the attempt in time when it %s', async (_, answer) => {
    const port = await receivers.raw((socket) => {
      onHead(socket, () => {
        answer(socket);
      });
    });
    const attempt = await receivers.sender(SOON).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject(failed('timeout'));
    expect(attempt.latencyMs).toBeGreaterThanOrEqual(SOON.timeoutMs - 1);
  });

  it('ends the attempt in time when nothing of the message is read', async () => {
    const port = await receivers.raw((socket) => socket.pause());
    const body = 'x'.repeat(32 * 1024 * 1024);
    const attempt = await receivers.sender(SOON).send(messageTo(`http://127.0.0.1:${port}/`, { body }));
    expect(attempt).toMatchObject(failed('timeout'));
  });

  it('is judged by its status when the body never ends, slowly', async () => {
    const port = await receivers.raw((socket) => {
      onHead(socket, () => socket.write('HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\nbeginning'));
    });
    const sender = receivers.sender({ ...PATIENT, restMs: 200 });
    const attempt = await sender.send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject({ ...failed('status', 500), answer: 'beginning' });
  });

  it.each([
    ['without a length', 'HTTP/1.1 200 OK\r\n\r\n', MEBIBYTE],
    ['with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n', MEBIBYTE],
    [
      'in chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
      '2710\r\n' + 'x'.repeat(10_000) + '\r\n',
    ],
  ])('is judged by its status when the body never ends, fast, %s', async (_, head, piece) => {
    let cut: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (cut = resolve));
    const port = await receivers.raw((socket) => {
      socket.on('close', cut);
      onHead(socket, () => {
        socket.write(head);
        pour(socket, piece);
      });
    });
    const attempt = await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject({ outcome: 'delivered', status: 200 });
    await closed;
  });

  it('is judged by its status when it resets the connection within the body', async () => {
    const port = await receivers.raw((socket) => {
      onHead(socket, () =>
        socket.write('HTTP/1.1 503 Busy\r\ncontent-length: 100\r\n\r\nbusy', () => socket.resetAndDestroy()),
      );
    });
    const attempt = await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject(failed('status', 503));
  });

  it.each([
    ['resets the connection at once', (socket: Socket) => socket.resetAndDestroy()],
    [
      'resets it within the head',
      (socket: Socket) => socket.write('HTTP/1.1 200', () => socket.resetAndDestroy()),
    ],
    ['closes without an answer', (socket: Socket) => socket.end()],
  ])('makes the attempt fail when it %s', async (_, act) => {
    let connections = 0;
    const port = await receivers.raw((socket) => {
      connections += 1;
      onHead(socket, () => {
        act(socket);
      });
    });
    const attempt = await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject(failed('reset'));
    expect(connections).toBe(1);
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['no status', 'HTTP/1.1 OK\r\n\r\n'],
    ['HTTP/2', Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['a header of 1 MiB', `HTTP/1.1 200 OK\r\nx: ${MEBIBYTE.toString()}\r\n\r\n`],
    ['100,000 headers', `HTTP/1.1 200 OK\r\n${'x: 1\r\n'.repeat(100_000)}\r\n`],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n'],
    ['a change of the protocol', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ])('makes the attempt fail by %s', async (_, answer) => {
    const port = await receivers.answering(answer);
    const attempt = await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject(failed('invalid_answer'));
  });

  it('may announce its answer a few times', async () => {
    const port = await receivers.answering(
      `${'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(10)}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n`,
    );
    const attempt = await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject({ outcome: 'delivered', status: 200 });
  });

  it('makes the attempt fail by announcing its answer endlessly', async () => {
    const port = await receivers.raw((socket) => {
      onHead(socket, () => {
        pour(socket, 'HTTP/1.1 102 Processing\r\n\r\n');
      });
    });
    const attempt = await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject(failed('invalid_answer'));
  });

  it('has nothing decompressed', async () => {
    const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024));
    const head = `HTTP/1.1 500 No\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;
    const port = await receivers.answering(Buffer.concat([Buffer.from(head), bomb]));
    const attempt = await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject({ ...failed('status', 500), answer: null });
  });

  it('cannot make the second request of a connection get an answer that it sent before', async () => {
    const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';
    const port = await receivers.raw((socket) => {
      // Two answers to one request: the second is not the answer to the next.
      onHead(socket, (count) =>
        socket.write(count === 1 ? ok + ok : 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n'),
      );
    });
    const sender = receivers.sender(PATIENT);
    const first = await sender.send(messageTo(`http://127.0.0.1:${port}/`));
    const second = await sender.send(messageTo(`http://127.0.0.1:${port}/`));
    expect(first).toMatchObject({ outcome: 'delivered' });
    // On a new connection, where it is the first again.
    expect(second).toMatchObject({ outcome: 'delivered' });
  });

  it('says nothing when nobody listens', async () => {
    const { port, server } = await receivers.http((_, response) => response.end());
    await new Promise((resolve) => server.close(resolve));
    const attempt = await receivers.sender(PATIENT).send(messageTo(`http://127.0.0.1:${port}/`));
    expect(attempt).toMatchObject(failed('refused'));
  });
});
