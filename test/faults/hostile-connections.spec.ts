import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connectTo, exchange } from '../support/requests/raw-http';
import { until } from '../support/until';
import { median } from './support/caller';
import { Load } from './support/load';
import { MetricsReading } from './support/metrics';
import { RowPostgres } from './support/postgres';
import { isLong, shortOrLong, SLOW_MACHINE } from './support/promises';
import { Servers } from './support/servers';

const IDLE = shortOrLong(1000, 10_000);
const MEGABYTE = 1024 * 1024;
/** What a process with load may grow by for its own reasons, and what a connection may cost. */
const MOST_GROWTH = 120 * MEGABYTE + IDLE * 16 * 1024;
const SERVED_WITHIN_MS = 1000;
/** Both ends of each connection are on this machine; the others are for the load and for files. */
const enoughFiles = Number(/^Max open files +\d+ +(\d+)/m.exec(limits())?.[1] ?? Infinity) > IDLE + 1000;
const itWithFiles = enoughFiles || process.env.CI === 'true' ? it : it.skip;
const because = enoughFiles ? '' : ` (the limit of open files is too low for ${IDLE} connections)`;

describe('hostile connections', () => {
  let postgres: RowPostgres;
  let servers: Servers;
  let load: Load | undefined;
  const open: Socket[] = [];
  let dripping: NodeJS.Timeout | undefined;

  beforeAll(async () => {
    postgres = await RowPostgres.start();
    servers = new Servers(postgres.applicationUrl);
  });
  afterAll(async () => {
    clearInterval(dripping);
    for (const socket of open) socket.destroy();
    load?.close();
    await servers.close();
    await postgres.close();
  });

  itWithFiles(
    `that idle, send slowly, without an end, too much or ahead: others are served, and memory is bounded${because}`,
    async () => {
      const server = await servers.start();
      const memory = async (): Promise<number> =>
        (await MetricsReading.of(server)).value('process_resident_memory_bytes') ?? Number.NaN;
      load = new Load(() => [server.url]);
      await load.prepare();
      load.start(50);
      await served(50);
      const before = await memory();
      const began = performance.now();

      const idle = await Promise.all(Array.from({ length: IDLE }, () => connected(server.url)));
      const slow = await Promise.all(Array.from({ length: 50 }, () => connected(server.url)));
      dripping = setInterval(() => {
        for (const socket of slow) socket.write('X');
      }, 100);
      for (const socket of slow) socket.write('GET /info HTTP/1.1\r\nHost: x\r\nX-Slow: ');
      const tooLong = `GET /info HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(64 * 1024)}\r\n\r\n`;
      const long = await Promise.all(Array.from({ length: 50 }, () => exchange(server.url, tooLong)));
      expect(new Set(long.map((answer) => answer?.status))).toEqual(new Set([431]));
      const endless = await Promise.all(Array.from({ length: 5 }, () => connected(server.url)));
      const ends = endless.map(endOfBody);
      await Promise.all(Array.from({ length: 20 }, () => pipelined(server.url)));
      await served(50);
      if (isLong) {
        await until('who sends slowly is cut off', () =>
          Promise.resolve(slow.every(({ destroyed }) => destroyed)),
        );
        for (const end of await Promise.all(ends)) expect(end).toMatch(/^HTTP\/1\.1 4(?:13|08) /);
      }

      const grown = (await memory()) - before;
      await load.stop();
      expect(grown).toBeLessThan(MOST_GROWTH);
      expect(idle.length).toBe(IDLE);
      const meanwhile = load.sentBetween(began, Infinity);
      expect(meanwhile.filter(({ reply }) => reply?.status !== 200 && reply?.status !== 201)).toEqual([]);
      const durations = meanwhile.map(({ reply }) => reply!.milliseconds);
      expect(median(durations)).toBeLessThan(SERVED_WITHIN_MS);
      expect(Math.max(...durations)).toBeLessThan(SERVED_WITHIN_MS * SLOW_MACHINE);
      expect(load.contradictions).toEqual([]);
      expect(server.hasEnded).toBe(false);
    },
  );

  /** Waits until so many more requests of the load are answered. */
  async function served(count: number): Promise<void> {
    const answered = (): number => load!.operations.filter(({ reply }) => reply !== undefined).length;
    const before = answered();
    await until('the load is served', () => Promise.resolve(answered() > before + count));
  }

  async function connected(url: string): Promise<Socket> {
    const socket = connectTo(url);
    open.push(socket);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    return socket;
  }

  /** Sends a body without an end, as fast as it is taken. @returns what the server answers until it closes */
  function endOfBody(socket: Socket): Promise<string> {
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.write(
      'POST /api/v1/licenses/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    const send = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', send);
    send();
    return new Promise((done) =>
      socket.once('close', () => {
        done(received);
      }),
    );
  }

  /** Sends a thousand requests at once and reads no answer; the server may close. */
  async function pipelined(url: string): Promise<void> {
    const socket = await connected(url);
    socket.pause();
    await new Promise<void>((done) => {
      socket.once('close', () => {
        done();
      });
      socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000), () => {
        done();
      });
    });
  }
});

function limits(): string {
  return readFileSync('/proc/self/limits', 'utf8');
}
