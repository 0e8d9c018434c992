import type { Logger } from '@aegis/logging';
import type { Counter } from '@aegis/metrics';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SharedThrottlerStorage } from './shared-throttler-storage';

/** What listens where Redis should, and what it says to each piece that comes. */
const STAND_INS: [name: string, reply: string | undefined][] = [
  ['accepts connections and says nothing', undefined],
  ['says that it loads', '-LOADING Redis is loading the dataset in memory\r\n'],
  ['says OK to everything', '+OK\r\n'],
  ['says null to everything', '$-1\r\n'],
  ['wants another password', '-NOAUTH Authentication required.\r\n'],
  ['is not a Redis', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
];

// test/system/shared-throttler-storage.spec.ts has a real Redis.
describe.each(STAND_INS)('a Redis that %s', (_, reply) => {
  it('does not prevent the start of the server, and requests are counted by this process', async () => {
    const sockets = new Set<Socket>();
    const redis = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => {
        if (reply !== undefined) socket.write(reply);
      });
    }).listen(0, '127.0.0.1');
    await once(redis, 'listening');
    const log: string[] = [];
    const storage = await SharedThrottlerStorage.connect({
      url: `redis://:secret@127.0.0.1:${(redis.address() as AddressInfo).port}`,
      patienceMs: 250,
      onFailure: 'open',
      logger: { write: (_level: string, message: string) => log.push(message) } as unknown as Logger,
      failures: { inc: () => undefined } as unknown as Counter,
    });
    try {
      expect(await storage.increment('caller', 60_000, 1, 0, 'default')).toMatchObject({ isBlocked: false });
      expect(await storage.increment('caller', 60_000, 1, 0, 'default')).toMatchObject({ isBlocked: true });
      expect(log).toEqual(['Redis is unavailable: each process counts on its own']);
    } finally {
      storage.onModuleDestroy();
      for (const socket of sockets) socket.destroy();
      redis.close();
    }
  });
});
