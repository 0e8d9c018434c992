import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The network between servers and something that listens on this machine: it can be slow, silent, cut, led elsewhere. */
export class Link {
  private delayMs = 0;
  private isSilent = false;
  private readonly sockets = new Set<Socket>();
  /** Continues what a silence has stopped. */
  private readonly resumptions = new Set<() => void>();

  private constructor(
    private readonly listener: Server,
    private target: number,
  ) {
    listener.on('connection', (client) => {
      this.join(client, connect(this.target, '127.0.0.1'));
    });
  }

  /** @param port of 127.0.0.1 that connections lead to */
  static async to(port: number): Promise<Link> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Link(listener, port);
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** A URL, through here. */
  of(url: string): string {
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String(this.port);
    return through.href;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** @param milliseconds that a question and its answer take longer, together */
  slowBy(milliseconds: number): void {
    this.delayMs = milliseconds / 2;
  }

  /** Nothing arrives, in either direction, on connections that there are and on new ones. */
  silence(): void {
    this.isSilent = true;
  }

  /** What was on its way arrives after all, as it does when a network is back before TCP gave up. */
  speak(): void {
    this.isSilent = false;
    for (const resume of this.resumptions) resume();
    this.resumptions.clear();
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** New connections lead to another port; those that there are end. */
  leadTo(port: number): void {
    this.target = port;
    this.cut();
  }

  async close(): Promise<void> {
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private join(client: Socket, server: Socket): void {
    this.pass(client, server);
    this.pass(server, client);
  }

  private pass(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    /** When what was read before it has arrived: a later chunk never overtakes an earlier one. */
    let before = Promise.resolve();
    const later = (work: () => void): void => {
      const due = performance.now() + this.delayMs;
      before = before.then(() => this.arrival(due)).then(work);
    };
    from
      .on('data', (chunk: Buffer) => {
        // No more is read than what may be on its way.
        if (this.isSilent) from.pause();
        later(() => {
          to.write(chunk);
          from.resume();
        });
      })
      .on('end', () => {
        later(() => to.end());
      })
      .on('error', () => undefined)
      .on('close', () => {
        this.sockets.delete(from);
        // The other side of a silent network does not hear of it.
        later(() => to.destroy());
      });
  }

  private async arrival(due: number): Promise<void> {
    const left = due - performance.now();
    if (left > 0) await new Promise<void>((done) => setTimeout(done, left));
    while (this.isSilent) await new Promise<void>((done) => this.resumptions.add(done));
  }
}
