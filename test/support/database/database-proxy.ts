import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to the bytes of one connection; each function gets them as they arrive, and whether to pass them on. */
export interface Passing {
  /** What the client sends. `false` keeps it from the database. */
  toDatabase?: (chunk: Buffer) => boolean;
  /** What the database answers. `false` keeps it from the client. */
  toClient?: (chunk: Buffer) => boolean;
}

/** A connection through the proxy. */
export interface ProxiedConnection {
  /** Ends both sides of it. */
  cut(): void;
}

/** Sits between clients and a PostgreSQL without TLS. */
export class DatabaseProxy {
  /** Called with each new connection; everything passes unless it is set. */
  onConnection: (connection: ProxiedConnection) => Passing = () => ({});
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly proxy: Server,
    private target: { host: string; port: number },
  ) {
    proxy.on('connection', (client) => {
      this.join(client, connect(this.target.port, this.target.host));
    });
  }

  /** @param databaseUrl whose host and port connections lead to */
  static async before(databaseUrl: string): Promise<DatabaseProxy> {
    const proxy = createServer().listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    return new DatabaseProxy(proxy, addressOf(databaseUrl));
  }

  /** A database's URL through here. */
  of(databaseUrl: string): string {
    const through = new URL(databaseUrl);
    through.hostname = '127.0.0.1';
    through.port = String((this.proxy.address() as AddressInfo).port);
    return through.href;
  }

  /** New connections lead to the host and port of this URL; existing ones are closed. */
  switchTo(databaseUrl: string): void {
    this.target = addressOf(databaseUrl);
    this.cutAll();
  }

  async close(): Promise<void> {
    this.cutAll();
    this.proxy.close();
    await once(this.proxy, 'close');
  }

  private cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private join(client: Socket, database: Socket): void {
    const { toDatabase = all, toClient = all } = this.onConnection({ cut: () => client.destroy() });
    for (const [socket, other, passes] of [
      [client, database, toDatabase],
      [database, client, toClient],
    ] as const) {
      this.sockets.add(socket);
      socket
        .on('data', (chunk: Buffer) => {
          if (passes(chunk)) other.write(chunk);
        })
        .on('end', () => other.end())
        .on('error', () => undefined)
        .on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
    }
  }
}

/** Finds a text in a stream, also where it arrives in parts. */
export class MarkerSearch {
  private rest = Buffer.alloc(0);

  /** @param marker found once it arrived as a whole after the search began */
  constructor(private readonly marker: Buffer) {}

  /** Whether the marker ends in this chunk. */
  endsIn(chunk: Buffer): boolean {
    const text = Buffer.concat([this.rest, chunk]);
    const isFound = text.includes(this.marker);
    // Too short for the whole marker: it is never found twice.
    this.rest = Buffer.from(text.subarray(Math.max(0, text.length - this.marker.length + 1)));
    return isFound;
  }
}

function addressOf(databaseUrl: string): { host: string; port: number } {
  const { hostname, port } = new URL(databaseUrl);
  return { host: hostname, port: Number(port) };
}

function all(): boolean {
  return true;
}
