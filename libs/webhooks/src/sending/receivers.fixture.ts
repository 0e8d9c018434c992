import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server as HttpServer,
} from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { EndpointKeys } from '../keys/endpoint-keys';
import type { WebhookMessage } from './attempt';
import { type SenderOptions, WebhookSender } from './webhook-sender';

export const KEYS: EndpointKeys = {
  secret: randomBytes(32),
  privateKey: generateKeyPairSync('ed25519').privateKey,
};

/** A request that a receiver got. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Port of the other side: it distinguishes connections. */
  from: number;
}

/** Servers and senders of one test; `close` ends them all. */
export class Receivers {
  private readonly servers: (Server | HttpServer)[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly senders: WebhookSender[] = [];

  /** @param allowed WEBHOOK_ALLOWED_NETWORKS */
  sender(
    options: SenderOptions = {},
    { isProduction = false, allowed = [] as string[] } = {},
  ): WebhookSender {
    const sender = new WebhookSender({ isProduction, WEBHOOK_ALLOWED_NETWORKS: allowed }, options);
    this.senders.push(sender);
    return sender;
  }

  /** A server that does with a connection what the test says: what no library for servers would. */
  async raw(handle: (socket: Socket) => void, host = '127.0.0.1'): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      handle(socket);
    });
    return this.listen(server, host);
  }

  /** A server that answers once the head of a request is there, byte for byte. */
  answering(answer: string | Buffer, host?: string): Promise<number> {
    return this.raw((socket) => {
      onHead(socket, () => socket.end(answer));
    }, host);
  }

  async http(
    handle: RequestListener,
    host = '127.0.0.1',
  ): Promise<{ port: number; received: Received[]; server: HttpServer }> {
    const received: Received[] = [];
    const server = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        received.push({ method, path, headers, body, from: request.socket.remotePort ?? 0 });
        handle(request, response);
      });
    });
    // Only the other side ends a connection.
    server.keepAliveTimeout = 0;
    return { port: await this.listen(server, host), received, server };
  }

  async listen(server: Server | HttpServer, host = '127.0.0.1'): Promise<number> {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.servers.push(server);
    server.listen(0, host);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Connections that are open on the side of the receivers. */
  get open(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    for (const sender of this.senders.splice(0)) sender.onApplicationShutdown();
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(
      this.servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))),
    );
  }
}

/** Runs when the head of a request has arrived, and again for each later one on the connection. */
export function onHead(socket: Socket, handle: (count: number) => void): void {
  let text = '';
  let count = 0;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    const heads = text.split('\r\n\r\n').length - 1;
    for (; count < heads;) handle((count += 1));
  });
}

/** @param rest what differs from a usual message */
export function messageTo(url: string, rest: Partial<WebhookMessage> = {}): WebhookMessage {
  return {
    endpointId: 'f2a6ba0f-5dd8-4b0e-8d5b-0d9b4a4f7a10',
    url,
    id: 'evt_0192d5a4-7b1e-7cc3-9c57-2f0e0c6f2b11',
    body: '{"id":"evt_0192d5a4-7b1e-7cc3-9c57-2f0e0c6f2b11","type":"license.issued","data":{"name":"Ä"}}',
    keys: [KEYS],
    ...rest,
  };
}
