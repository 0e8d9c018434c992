import { Agent, request } from 'node:http';

/** What a request was answered. */
export interface Reply {
  /** 0 where there was no answer: the connection failed or ended. */
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed where it is JSON; the reason where there was no answer. */
  body: unknown;
  /** From the first byte sent to the last one read. */
  milliseconds: number;
}

/** Far beyond what a server may take: a request that reaches it was not answered. */
const PATIENCE_MS = 30_000;
/** A connection without a request is closed well before the server does it (65 s): a request must not meet that end. */
const KEPT_MS = 30_000;

/** More than any row has unanswered: a request that waited for a connection here would look like one that the server kept. */
const MOST_CONNECTIONS = 4_000;

/** Sends requests on connections that it keeps, and never one a second time; what fails is an answer with status 0. */
export class Caller {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS, timeout: KEPT_MS });

  /** @param apiKey none when undefined */
  constructor(private readonly apiKey?: string) {}

  /**
   * @param url e.g. `http://127.0.0.1:8000/api/v1/licenses`
   * @param body sent as JSON; none when undefined
   */
  send(
    method: string,
    url: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const began = performance.now();
    return new Promise((resolve) => {
      const end = (status: number, given: Reply['headers'], content: unknown): void => {
        resolve({ status, headers: given, body: content, milliseconds: performance.now() - began });
      };
      const sending = request(
        url,
        {
          method,
          agent: this.agent,
          timeout: PATIENCE_MS,
          headers: {
            ...(this.apiKey !== undefined && { 'X-API-Key': this.apiKey }),
            ...(body !== undefined && { 'Content-Type': 'application/json' }),
            ...headers,
          },
        },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('error', (error) => {
            end(0, {}, error.message);
          });
          response.on('end', () => {
            const text = Buffer.concat(pieces).toString();
            const isJson = /[/+]json/.test(response.headers['content-type'] ?? '');
            end(response.statusCode ?? 0, response.headers, isJson ? (JSON.parse(text) as unknown) : text);
          });
        },
      );
      sending.on('timeout', () => sending.destroy(new Error(`no answer within ${PATIENCE_MS} ms`)));
      sending.on('error', (error) => {
        end(0, {}, error.message);
      });
      sending.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

/** The code of a problem document or a verdict; undefined for other bodies. */
export function codeOf({ body }: Pick<Reply, 'body'>): string | undefined {
  return typeof body === 'object' && body !== null ? (body as { code?: string }).code : undefined;
}

/** The middle one of some durations. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
