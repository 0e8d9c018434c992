import { transports } from 'winston';
import { MESSAGE } from './line-format';

/** Writes each line to a stream. Winston's own also puts off an event for each line, which nobody listens to. */
export class LineTransport extends transports.Stream {
  /** How many lines the stream did not take: its disk is full, or nobody reads its pipe. */
  lost = 0;
  private readonly ended = (error?: Error | null): void => {
    if (error) this.lost += 1;
  };

  constructor(private readonly stream: NodeJS.WritableStream) {
    super({ stream });
  }

  override log(info: Readonly<Record<symbol, unknown>>, written: () => void): void {
    this.stream.write(`${String(info[MESSAGE])}\n`, this.ended);
    written();
  }
}
