import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import { cutOff } from '../edge/cut-off';
import { Places } from '../limits/places';
import { RateLimited } from '@aegis/rate-limits';

const PER_CALLER = 4;
const PER_PROCESS = 32;
const RETRY_AFTER_SECONDS = 5;

/** How long a stream may take, in milliseconds. */
export interface StreamBounds {
  /** Longest time for a reader to take one piece, however slowly the bytes flow: some two kilobytes per second. */
  readonly piece: number;
  /** From its beginning to its last byte. */
  readonly total: number;
}

const BOUNDS: StreamBounds = { piece: 120_000, total: 3_600_000 };

/** Does something later, unless what it returns is called before. */
export type After = (ms: number, act: () => void) => () => void;

/**
 * Limits the lists that are being streamed, in number and in time. Each keeps two pieces in memory until its reader
 * takes them, and counts as only one request: without limits, one key could use the memory of many, forever.
 */
export class OpenStreams {
  private readonly places = new Places(PER_CALLER, PER_PROCESS);

  /** @param after the clock */
  constructor(
    private readonly bounds: StreamBounds = BOUNDS,
    private readonly after: After = afterOnTheClock,
  ) {}

  /**
   * Opens a stream. It counts until its response has ended or its connection is closed.
   * @param caller id of the API key
   * @param response is reset when the stream takes too long, or no byte of it moves for the server's idle time-out
   * @throws RateLimited when the caller, or all callers together, have as many streams as may be open
   */
  open(caller: string, response: ServerResponse): OpenStream {
    const close = this.places.take(caller);
    if (close === 'of the caller')
      throw new RateLimited(
        RETRY_AFTER_SECONDS,
        `${PER_CALLER} lists are being streamed to this API key already. Read them to their end, or close them.`,
      );
    if (close === 'of all')
      throw new RateLimited(RETRY_AFTER_SECONDS, 'Too many lists are being streamed. Retry later.');
    const stream = new OpenStream(response, this.bounds, this.after);
    finished(response, () => {
      stream.end();
      close();
    });
    return stream;
  }
}

/** One list that is being streamed. */
export class OpenStream {
  private readonly cancelTotal: () => void;
  private cancelPiece: () => void = () => undefined;
  private hasEnded = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly bounds: StreamBounds,
    private readonly after: After,
  ) {
    this.cancelTotal = after(bounds.total, this.cut);
    // Without a listener Node ends the connection in order, as if the list were whole.
    response.once('timeout', this.cut);
  }

  /**
   * Forwards pieces while their reader takes each of them in time; the time to make a piece is not counted.
   * @param pieces one is asked for when those before are with the operating system
   */
  async *paced<Piece extends string | Buffer>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    for await (const piece of pieces) {
      this.expectTaken();
      yield piece;
      this.cancelPiece();
    }
    // Waits for what is left in the buffers of the connection.
    this.expectTaken();
  }

  /** Ends the watch, not the response. */
  end(): void {
    this.hasEnded = true;
    this.cancelTotal();
    this.cancelPiece();
  }

  private expectTaken(): void {
    this.cancelPiece();
    if (!this.hasEnded) this.cancelPiece = this.after(this.bounds.piece, this.cut);
  }

  private readonly cut = (): void => {
    cutOff(this.response);
  };
}

function afterOnTheClock(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  timer.unref();
  return () => {
    clearTimeout(timer);
  };
}
