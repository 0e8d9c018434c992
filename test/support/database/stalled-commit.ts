import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What `pg` sends to commit: a simple query. */
const COMMIT = Buffer.from('COMMIT\0');

/** Sits between a server and its PostgreSQL and, once switched on, holds back the answer to a commit. */
export class StalledCommit {
  private isArmed = false;
  private readonly sockets = new Set<Socket>();

  private constructor(
    /** The database's URL through here. */
    readonly url: string,
    private readonly proxy: Server,
  ) {}

  /** @param databaseUrl without TLS */
  static async before(databaseUrl: string): Promise<StalledCommit> {
    const url = new URL(databaseUrl);
    const { hostname, port } = url;
    const proxy = createServer().listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    url.hostname = '127.0.0.1';
    url.port = String((proxy.address() as AddressInfo).port);
    const stalled = new StalledCommit(url.href, proxy);
    proxy.on('connection', (client) => {
      stalled.join(client, connect(Number(port), hostname));
    });
    return stalled;
  }

  /** From now on anyone who commits does not learn of it. */
  arm(): void {
    this.isArmed = true;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.proxy.close();
    await once(this.proxy, 'close');
  }

  private join(client: Socket, database: Socket): void {
    let isStalled = false;
    client.on('data', (chunk: Buffer) => {
      isStalled ||= this.isArmed && chunk.includes(COMMIT);
      database.write(chunk);
    });
    database.on('data', (chunk: Buffer) => {
      if (!isStalled) client.write(chunk);
    });
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => other.destroy());
    }
  }
}
