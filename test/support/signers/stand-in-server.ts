import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a service may do instead of its work. */
export type Fault =
  'hang' | 'status 429' | 'status 500' | 'garbage' | 'foreign signature' | 'cut' | 'endless';

/** A request as it came in. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** What the service answers; a string is sent as it is. */
export interface Answer {
  status: number;
  body: object | string;
}

/** An HTTP service on loopback that a test can make fail, stop and start again on the same port. */
export abstract class StandInServer {
  /** What it does instead of its work; undefined while it works. */
  fault: Fault | undefined;
  /** All requests so far. */
  readonly asked: Asked[] = [];
  /** Bytes of endless answers that a connection has taken. */
  endlessBytes = 0;
  private server: Server | undefined;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.serve(request, response));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** The service's work, written from its documentation. */
  protected abstract answer(asked: Asked): Answer;

  private sendWithoutEnd(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const more = (): void => {
      if (response.destroyed) return;
      this.endlessBytes += PIECE.length;
      if (response.write(PIECE)) setImmediate(more);
    };
    response.on('drain', more);
    more();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url: path = '', headers } = request;
    const asked = { method, path, headers, body };
    this.asked.push(asked);
    switch (this.fault) {
      case 'hang':
        return;
      case 'cut':
        request.socket.destroy();
        return;
      case 'status 429':
      case 'status 500':
        send(response, { status: Number(this.fault.slice(-3)), body: { errors: ['as configured'] } });
        return;
      case 'garbage':
        send(response, { status: 200, body: '<html>{"data":' });
        return;
      case 'endless':
        this.sendWithoutEnd(response);
        return;
      case 'foreign signature':
      case undefined:
        send(response, this.answer(asked));
    }
  }
}

const PIECE = Buffer.alloc(64 * 1024, '[');

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
