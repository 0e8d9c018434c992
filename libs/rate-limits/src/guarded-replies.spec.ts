import type { Logger } from '@aegis/logging';
import type { Counter } from '@aegis/metrics';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { SharedThrottlerStorage } from './shared-throttler-storage';

/** More than this process alone counts in any of these tests. */
const HITS = 1_000_007;
const COUNTED = `*3\r\n:${HITS}\r\n:60000\r\n:0\r\n`;
const INFO = 'redis_version:7.0.15\r\nloading:0\r\n';

/** Answers as Redis does until a request is to be counted. */
class StandIn {
  readonly sockets = new Set<Socket>();
  private readonly server: Server;

  /** @param count says what a count of the connection with this number is answered; undefined for silence from the start */
  constructor(count: (connection: number) => ((socket: Socket) => void) | undefined) {
    let connections = 0;
    this.server = createServer((socket) => {
      const answer = count(++connections);
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        if (answer === undefined) return;
        for (const [, command = ''] of data.toString('latin1').matchAll(/\r\n(auth|client|info|eval)\r\n/gi))
          if (command.toLowerCase() === 'eval') answer(socket);
          else socket.write(command === 'info' ? `$${INFO.length}\r\n${INFO}\r\n` : '+OK\r\n');
      });
    }).listen(0, '127.0.0.1');
  }

  async url(): Promise<string> {
    if (!this.server.listening) await once(this.server, 'listening');
    return `redis://:secret@127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

describe('a server in the place of Redis', () => {
  let standIn: StandIn;
  let storage: SharedThrottlerStorage;
  let failures: number;
  let log: string[];

  const connect = async (count: ConstructorParameters<typeof StandIn>[0]): Promise<void> => {
    failures = 0;
    log = [];
    standIn = new StandIn(count);
    storage = await SharedThrottlerStorage.connect({
      url: await standIn.url(),
      patienceMs: 250,
      onFailure: 'open',
      logger: { write: (_level: string, message: string) => log.push(message) } as unknown as Logger,
      failures: { inc: () => failures++ } as unknown as Counter,
    });
  };
  const hits = async (): Promise<number> =>
    (await storage.increment('caller', 60_000, 100, 0, 'default')).totalHits;
  /** Asks until the stand-in has counted. */
  const untilCounted = async (): Promise<void> => {
    const end = performance.now() + 30_000;
    while ((await hits()) !== HITS) {
      if (performance.now() > end) throw new Error('not counted within 30 s');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  afterEach(() => {
    storage.onModuleDestroy();
    standIn.close();
  });

  it('is believed when it answers as Redis does', async () => {
    await connect(() => (socket) => socket.write(COUNTED));
    expect([await hits(), failures, log]).toEqual([HITS, 0, []]);
  });

  it.each([
    ['an empty list', '*0\r\n'],
    ['nulls', '*3\r\n$-1\r\n$-1\r\n$-1\r\n'],
    ['texts', '*3\r\n$1\r\n1\r\n$5\r\n60000\r\n$1\r\n0\r\n'],
    ['no numbers', '*3\r\n$3\r\nnan\r\n$3\r\nnan\r\n:0\r\n'],
    ['numbers below 0', '*3\r\n:-5\r\n:-60000\r\n:0\r\n'],
    ['more than can be counted', '*3\r\n:99999999999999999999\r\n:1\r\n:1\r\n'],
    ['a window without an end', '*3\r\n:1\r\n:9000000000000000\r\n:1\r\n'],
    ['neither yes nor no', '*3\r\n:1\r\n:1\r\n:2\r\n'],
    ['errors within', '*3\r\n-ERR\r\n-ERR\r\n-ERR\r\n'],
    ['lists within', '*3\r\n*1\r\n:1\r\n*1\r\n:1\r\n:0\r\n'],
    ['too much', '*4\r\n:1\r\n:1\r\n:0\r\n:0\r\n'],
    ['a word', '+OK\r\n'],
    ['an error', '-OOM command not allowed when used memory > maxmemory\r\n'],
    ['another cluster node', '-MOVED 1 192.0.2.1:6379\r\n'],
    ['a type that the protocol does not have', '?\r\n'],
    ['a list of 2^32 parts', '*4294967296\r\n'],
    ['a list of -1,000 parts', '*-1000\r\n'],
    ['20,000 lists in lists', '*1\r\n'.repeat(20_000)],
  ])('is not believed when it answers %s, and ends no process', async (_, reply) => {
    await connect(() => (socket) => socket.write(reply));
    expect([await hits(), await hits(), failures]).toEqual([1, 2, 2]);
    expect(log).toEqual(['Redis is unavailable: each process counts on its own']);
  });

  it('cannot fill the memory with a reply that does not end', async () => {
    let sent = 0;
    await connect((connection) => (socket) => {
      if (connection > 1) return void socket.write(COUNTED);
      socket.write('$500000000\r\n');
      const send = (): void => {
        while (socket.writable && socket.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      socket.on('drain', send);
      send();
    });
    await untilCounted();
    // What it could send lay in the buffers of the two sockets.
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('is asked over another connection when the first was accepted and stays silent', async () => {
    await connect((connection) => (connection === 1 ? undefined : (socket) => socket.write(COUNTED)));
    await untilCounted();
    expect(log).toEqual([
      'Redis is unavailable: each process counts on its own',
      'Redis is back: rate limits are shared again',
    ]);
  });

  it('is asked over another connection when one that was good falls silent', async () => {
    let silent = false;
    await connect((connection) => (socket) => {
      if (connection > 1 || !silent) socket.write(COUNTED);
    });
    expect(await hits()).toBe(HITS);
    silent = true;
    await untilCounted();
    expect(log).toHaveLength(2);
  });
});
