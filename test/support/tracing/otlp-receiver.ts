import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { until } from '../until';
import { type ReceivedSpan, spansOf } from './otlp';

/** A collector on loopback that keeps what it gets. */
export class OtlpReceiver {
  /** Bodies as they came, decompressed. */
  readonly bodies: Buffer[] = [];
  readonly requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  readonly spans: ReceivedSpan[] = [];
  /** Status of its answers. */
  answers = 200;

  private constructor(private readonly server: Server) {}

  /** @param port a free one unless given */
  static async start(port = 0): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const sent = Buffer.concat(chunks);
        receiver.requests.push({ path: request.url!, headers: request.headers });
        response.writeHead(receiver.answers, { 'Content-Type': 'application/x-protobuf' }).end();
        if (receiver.answers !== 200) return;
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
        receiver.bodies.push(body);
        receiver.spans.push(...spansOf(body));
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Spans of one trace, once `isWhole` says that all are there. */
  async trace(
    traceId: string,
    isWhole: (spans: readonly ReceivedSpan[]) => boolean = (spans) => spans.some(({ kind }) => kind === 2),
  ): Promise<ReceivedSpan[]> {
    const own = (): ReceivedSpan[] => this.spans.filter((span) => span.traceId === traceId);
    await until(`spans of ${traceId}`, () => Promise.resolve(isWhole(own())));
    return own();
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
