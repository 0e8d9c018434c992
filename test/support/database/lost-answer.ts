import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands between a client and its PostgreSQL and, when armed, cuts the connection between a statement that was
 * carried out and its answer: anyone who asked can't know that it was.
 */
export class LostAnswer {
  private marker: string | undefined;
  private lost = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    /** The database's URL through here. */
    readonly url: string,
    private readonly proxy: Server,
  ) {}

  /** @param databaseUrl without TLS */
  static async before(databaseUrl: string): Promise<LostAnswer> {
    const url = new URL(databaseUrl);
    const { hostname, port } = url;
    const proxy = createServer().listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    url.hostname = '127.0.0.1';
    url.port = String((proxy.address() as AddressInfo).port);
    const lostAnswer = new LostAnswer(url.href, proxy);
    proxy.on('connection', (client) => {
      lostAnswer.join(client, connect(Number(port), hostname));
    });
    return lostAnswer;
  }

  /** How many answers were lost. */
  get count(): number {
    return this.lost;
  }

  /** @param marker text that is sent with the insert whose answer gets lost: of the statement or its name */
  arm(marker: string): void {
    this.marker = marker;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.proxy.close();
    await once(this.proxy, 'close');
  }

  private join(client: Socket, database: Socket): void {
    let isMarked = false;
    client.on('data', (chunk: Buffer) => {
      if (this.marker !== undefined && chunk.includes(this.marker)) {
        isMarked = true;
        this.marker = undefined;
      }
      database.write(chunk);
    });
    database.on('data', (chunk: Buffer) => {
      // The tag of an insert that was carried out.
      if (isMarked && chunk.includes('INSERT 0 ')) {
        this.lost += 1;
        client.destroy();
      } else client.write(chunk);
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
