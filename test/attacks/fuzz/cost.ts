import { readFileSync } from 'node:fs';

/** How many times the dearest honest request of its route and size a request may cost. */
const MOST_TIMES = 5;
/** Runs of which the cheapest counts: other work of the server and of the machine is in some of them, not in all. */
const RUNS = 5;

/** Sends one request and waits for its answer. */
export type Send = (bytes: Buffer) => Promise<unknown>;

/**
 * Nanoseconds for which the main thread of a process has run. Its event loop can't be held for longer than that, and
 * other processes on the machine do not count.
 * @returns undefined where the system does not say (it does on Linux)
 */
function mainThreadTime(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ', 1)[0]);
  } catch {
    return undefined;
  }
}

/** Holds the cost of the requests to one route against the cost of honest ones of the same size, in the same run. */
export class CostWatch {
  private dearest = 0;

  /**
   * @param pid of the server
   * @param honest makes honest requests to the route as large as a given one, or as they are
   */
  constructor(
    private readonly pid: number,
    private readonly send: Send,
    private readonly honest: (like?: Buffer) => readonly Buffer[],
  ) {}

  /** Learns what honest requests cost. */
  async begin(): Promise<void> {
    this.dearest = await this.dearestOf(this.honest());
  }

  /** @returns what is wrong with the cost of a request that was just sent; empty when nothing is */
  async faultsOf(bytes: Buffer, cost: number): Promise<string[]> {
    if (cost <= MOST_TIMES * this.dearest) return [];
    // Suspicious, for it may be large or the machine busy: only what stays expensive next to honest ones of its size counts.
    const repeated = await this.cheapestOf(bytes, RUNS);
    if (repeated <= MOST_TIMES * this.dearest) return [];
    const twin = await this.dearestOf(this.honest(bytes));
    return repeated <= MOST_TIMES * twin
      ? []
      : [`cost more than ${MOST_TIMES} times the dearest honest request of its size`];
  }

  /** @returns the answer, and what it cost in nanoseconds; 0 where nobody can say */
  async measure<Answer>(ask: () => Promise<Answer>): Promise<{ answer: Answer; cost: number }> {
    const before = mainThreadTime(this.pid);
    const answer = await ask();
    const after = mainThreadTime(this.pid);
    return { answer, cost: before === undefined || after === undefined ? 0 : after - before };
  }

  private async dearestOf(requests: readonly Buffer[]): Promise<number> {
    let dearest = 0;
    for (const bytes of requests) dearest = Math.max(dearest, await this.cheapestOf(bytes, 3));
    return dearest;
  }

  private async cheapestOf(bytes: Buffer, runs: number): Promise<number> {
    let cheapest = Infinity;
    for (let run = 0; run < runs; run++)
      cheapest = Math.min(cheapest, (await this.measure(() => this.send(bytes))).cost);
    return cheapest;
  }
}

const END_OF_HEAD = '\r\n\r\n';
/** Beyond, the server refuses what no honest request has. */
const LONGEST_HEAD = 15_000;

/**
 * The same request, as large as another: white space after its JSON, and a header that nobody reads.
 * @param like the other; none to leave it as it is
 */
export function padded(bytes: Buffer, like: Buffer | undefined, mostBody: number): Buffer {
  if (like === undefined) return bytes;
  const [head, body] = halves(bytes);
  const [otherHead, otherBody] = halves(like);
  const filler = Math.min(otherHead.length, LONGEST_HEAD) - head.length - 'X-Filler: \r\n'.length;
  const longer = filler > 0 ? `${head}\r\nX-Filler: ${'x'.repeat(filler)}` : head;
  if (body === '') return Buffer.from(`${longer}${END_OF_HEAD}`, 'latin1');
  const content = body.padEnd(Math.min(otherBody.length, mostBody));
  const declared = longer.replace(/^Content-Length: \d+$/m, `Content-Length: ${content.length}`);
  return Buffer.from(`${declared}${END_OF_HEAD}${content}`, 'latin1');
}

function halves(bytes: Buffer): [head: string, body: string] {
  const text = bytes.toString('latin1');
  const end = text.indexOf(END_OF_HEAD);
  return [text.slice(0, end), text.slice(end + END_OF_HEAD.length)];
}
