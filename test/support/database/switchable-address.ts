import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** An address that leads to one PostgreSQL and then to another, as the name of a cluster does after a failover. */
export class SwitchableAddress {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly proxy: Server,
    private target: number,
  ) {
    proxy.on('connection', (client) => {
      const database = connect(this.target, '127.0.0.1');
      for (const [socket, other] of [
        [client, database],
        [database, client],
      ] as const) {
        this.sockets.add(socket);
        socket.pipe(other);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  /** @param port on this machine, of a server without TLS */
  static async to(port: number): Promise<SwitchableAddress> {
    const proxy = createServer().listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    return new SwitchableAddress(proxy, port);
  }

  /** A database's URL through here. */
  of(url: string): string {
    const through = new URL(url);
    through.port = String((this.proxy.address() as AddressInfo).port);
    return through.href;
  }

  /** New connections lead there; those that there are end. */
  switchTo(port: number): void {
    this.target = port;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.proxy.close();
    await once(this.proxy, 'close');
  }
}
