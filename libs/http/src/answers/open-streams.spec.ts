import { once } from 'node:events';
import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { howItEnds } from '../../../../test/support/requests/how-it-ends';
import { until } from '../../../../test/support/until';
import { type After, OpenStreams } from './open-streams';

const response = (): ServerResponse => new ServerResponse(new IncomingMessage(undefined as never));

/** A clock that a test moves: what is to happen later, and after how long. */
class Waiting {
  readonly acts: { ms: number; act: () => void }[] = [];

  readonly after: After = (ms, act) => {
    const entry = { ms, act };
    this.acts.push(entry);
    return () => {
      const at = this.acts.indexOf(entry);
      if (at >= 0) this.acts.splice(at, 1);
    };
  };

  get lengths(): number[] {
    return this.acts.map(({ ms }) => ms).sort((one, other) => one - other);
  }

  pass(ms: number): void {
    for (const { act } of this.acts.filter((entry) => entry.ms === ms)) act();
  }
}

describe('lists that are being streamed', () => {
  it('are at most 4 per caller, and one more when one of them ends', () => {
    const streams = new OpenStreams();
    const responses = Array.from({ length: 4 }, response);
    for (const one of responses) streams.open('one', one);
    expect(() => streams.open('one', response())).toThrow(
      expect.objectContaining({ code: 'rate_limited', retryAfterSeconds: 5 }),
    );
    streams.open('other', response());
    responses[0]!.emit('close');
    streams.open('one', response());
    expect(() => streams.open('one', response())).toThrow(/4 lists/);
  });

  it('are at most 32 in all', () => {
    const streams = new OpenStreams();
    const responses = Array.from({ length: 32 }, response);
    responses.forEach((one, index) => streams.open(`caller ${index}`, one));
    expect(() => streams.open('another', response())).toThrow(/Too many lists/);
    responses[0]!.emit('close');
    expect(() => streams.open('another', response())).not.toThrow();
  });

  describe('over a connection', () => {
    let server: Server;
    let waiting: Waiting;
    let streams: OpenStreams;
    let pieces: () => AsyncIterable<string>;
    let answering: Promise<ServerResponse>;

    beforeEach(async () => {
      waiting = new Waiting();
      streams = new OpenStreams(undefined, waiting.after);
      server = createServer();
      answering = new Promise((resolve) => {
        server.on('request', (_request, answer: ServerResponse) => {
          const stream = streams.open('one', answer);
          Readable.from(stream.paced(pieces()), { objectMode: false }).pipe(answer);
          resolve(answer);
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    const PIECE = 'x'.repeat(1024 * 1024);
    // Each of its pieces takes a turn of the event loop, so that others get theirs.
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        yield PIECE;
      }
    }
    async function* three(): AsyncGenerator<string> {
      for (let count = 0; count < 3; count++) yield await Promise.resolve(PIECE);
    }

    /** Asks in HTTP/1.0, where an end in order makes an answer whole. */
    function ask(): Socket {
      const { port } = server.address() as AddressInfo;
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.write('GET / HTTP/1.0\r\n\r\n');
      return socket;
    }

    it('are reset when their reader has not taken a piece after 2 minutes', async () => {
      pieces = endless;
      const socket = ask();
      socket.pause();
      const ending = howItEnds(socket);
      const answer = await answering;
      let written = -1;
      await until('nothing moves', () => {
        const stands = answer.writableNeedDrain && written === socket.bytesRead + answer.writableLength;
        written = socket.bytesRead + answer.writableLength;
        return Promise.resolve(stands && waiting.lengths.length === 2);
      });
      expect(waiting.lengths).toEqual([120_000, 3_600_000]);
      const closed = once(answer, 'close');
      waiting.pass(120_000);
      await closed;
      socket.resume();
      expect(await ending).toBe('reset');
      await until('nothing waits', () => Promise.resolve(waiting.acts.length === 0));
    });

    it('are reset when their reader has not taken the last of them', async () => {
      let made = false;
      pieces = async function* () {
        yield await Promise.resolve(PIECE.repeat(32));
        made = true;
      };
      const socket = ask();
      socket.pause();
      const ending = howItEnds(socket);
      const answer = await answering;
      await until('all was made', () => Promise.resolve(made));
      expect(waiting.lengths).toEqual([120_000, 3_600_000]);
      const closed = once(answer, 'close');
      waiting.pass(120_000);
      await closed;
      socket.resume();
      expect(await ending).toBe('reset');
    });

    it('are reset after an hour, however fast their reader is', async () => {
      pieces = endless;
      const socket = ask();
      const ending = howItEnds(socket);
      await until('some of it has come', () => Promise.resolve(socket.resume().bytesRead > 4 * PIECE.length));
      waiting.pass(3_600_000);
      expect(await ending).toBe('reset');
      await until('nothing waits', () => Promise.resolve(waiting.acts.length === 0));
    });

    it('are reset when no byte moves for the idle time-out of the server', async () => {
      server.timeout = 200;
      pieces = endless;
      const socket = ask();
      socket.pause();
      const ending = howItEnds(socket);
      await once(await answering, 'close');
      socket.resume();
      expect(await ending).toBe('reset');
    });

    it('end normally when they are read in time, and leave no timer', async () => {
      pieces = three;
      const socket = ask();
      const ending = howItEnds(socket);
      let received = 0;
      socket.on('data', (chunk: Buffer) => (received += chunk.length));
      expect(await ending).toBe('in order');
      expect(received).toBeGreaterThan(3 * PIECE.length);
      await until('nothing waits', () => Promise.resolve(waiting.acts.length === 0));
    });

    it('are not counted if their connection closed before they began', async () => {
      pieces = three;
      ask().resume();
      const gone = await answering;
      if (!gone.closed) await once(gone, 'close');
      for (let times = 0; times < 4; times++) streams.open('another', gone);
      await until('nothing waits', () => Promise.resolve(waiting.acts.length === 0));
      expect(() => streams.open('another', response())).not.toThrow();
    });

    it('have no time limit while a piece is being made', async () => {
      let make: (() => void) | undefined;
      pieces = async function* () {
        yield PIECE;
        await new Promise<void>((resolve) => (make = resolve));
        yield PIECE;
      };
      const socket = ask();
      const ending = howItEnds(socket.resume());
      await until('another piece is asked for', () => Promise.resolve(make !== undefined));
      expect(waiting.lengths).toEqual([3_600_000]);
      make!();
      expect(await ending).toBe('in order');
    });
  });
});
