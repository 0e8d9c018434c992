import { connect, type Socket } from 'node:net';
import type { Answer } from '../contract/answer';

/** Longer than the server lets a request take: it is the server that must give up first. */
const PATIENCE_MS = 200_000;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** An answer as it came over the wire. */
export interface RawAnswer extends Answer {
  /** What followed the first answer on the same connection. */
  rest: Buffer;
}

export interface ExchangeOptions {
  /** Ends the sending side after the bytes: nothing more will come. */
  halfClose?: boolean;
  /** Reads on until the server closes, so that `rest` holds all later answers. */
  untilClosed?: boolean;
}

/**
 * Sends bytes as they are over a connection of their own: what no client library would.
 * @returns the first answer, or undefined where the server closed without one
 */
export function exchange(
  url: string,
  bytes: string | Uint8Array,
  { halfClose = false, untilClosed = false }: ExchangeOptions = {},
): Promise<RawAnswer | undefined> {
  const sent = Buffer.from(bytes as string, 'latin1');
  const headOnly = sent.subarray(0, 5).toString('latin1') === 'HEAD ';
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connectTo(url);
    const answer = (closed: boolean): RawAnswer | undefined =>
      readAnswer(Buffer.concat(received), headOnly, closed);
    const done = (result: RawAnswer | undefined): void => {
      // A reset leaves no port waiting: a long run needs tens of thousands.
      socket.resetAndDestroy();
      resolve(result);
    };
    socket.setTimeout(PATIENCE_MS, () => {
      socket.destroy(new Error(`no answer in ${PATIENCE_MS / 1000} s`));
    });
    socket.on('connect', () => {
      if (halfClose) socket.end(sent);
      else socket.write(sent);
    });
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      if (untilClosed) return;
      const complete = answer(false);
      if (complete !== undefined) done(complete);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // The server may close while bytes that it does not want still come in.
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') done(answer(true));
      else reject(error);
    });
    socket.on('close', () => {
      done(answer(true));
    });
  });
}

/** A connection to a server, for tests that decide themselves what to send and when. */
export function connectTo(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}

/**
 * Reads the first final answer in what was received (RFC 9112), past interim ones.
 * @param closed whether nothing more will come
 * @returns undefined while it is incomplete
 */
export function readAnswer(received: Buffer, headOnly: boolean, closed: boolean): RawAnswer | undefined {
  const endOfHead = received.indexOf(END_OF_HEAD);
  if (endOfHead === -1) return undefined;
  const [statusLine = '', ...lines] = received.subarray(0, endOfHead).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})( |$)/.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`this is not an answer: ${received.subarray(0, 200).toString()}`);
  const after = received.subarray(endOfHead + END_OF_HEAD.length);
  if (status < 200) return readAnswer(after, headOnly, closed);
  const headers = new Headers(lines.map((line) => splitHeader(line)));
  const framed = readBody(after, status, headers, headOnly, closed);
  if (framed === undefined) return undefined;
  const text = framed.body.toString();
  const isJson = /[/+]json/.test(headers.get('content-type') ?? '') && text !== '';
  return { status, headers, body: isJson ? JSON.parse(text) : text, rest: framed.rest };
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

interface Framed {
  body: Buffer;
  rest: Buffer;
}

function readBody(
  after: Buffer,
  status: number,
  headers: Headers,
  headOnly: boolean,
  closed: boolean,
): Framed | undefined {
  if (headOnly || status === 204 || status === 304) return { body: Buffer.alloc(0), rest: after };
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(after);
  const length = headers.get('content-length');
  if (length === null) return closed ? { body: after, rest: Buffer.alloc(0) } : undefined;
  if (after.length < Number(length)) return undefined;
  return { body: after.subarray(0, Number(length)), rest: after.subarray(Number(length)) };
}

function readChunks(after: Buffer): Framed | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const endOfSize = after.indexOf('\r\n', at);
    if (endOfSize === -1) return undefined;
    const size = Number.parseInt(after.subarray(at, endOfSize).toString('latin1'), 16);
    const start = endOfSize + 2;
    const end = start + size;
    if (after.length < end + 2) return undefined;
    if (size === 0) return { body: Buffer.concat(chunks), rest: after.subarray(end + 2) };
    chunks.push(after.subarray(start, end));
    at = end + 2;
  }
}

/** All answers that came over one connection, which is closed, in order. */
export function answersIn({ rest, ...first }: RawAnswer): Answer[] {
  if (rest.length === 0) return [first];
  const next = readAnswer(rest, false, true);
  return next === undefined ? [first] : [first, ...answersIn(next)];
}
