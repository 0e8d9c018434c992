import type { Environment } from '@aegis/config';
import type { Logger } from '@aegis/logging';
import type { Counter, Metrics } from '@aegis/metrics';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { jsonAnswer } from '../answers/json-answer';
import { PROBLEM_MEDIA_TYPE, problemDocument } from '../problems/problem-document';
import { refusalByStatus } from '../problems/refusals';
import { QUIET_PATHS } from './quiet-paths';
import { framingFlawOf } from './sound-request';

const STATUS = 503;
const RETRY_SECONDS = 1;
/** While requests are refused, the log says so once in this time. */
const LOG_EVERY_MS = 10_000;

/** Longest time for which work counts that nobody waits for: its end may have been missed. */
const LONGEST_LEFT_MS = 60_000;

/** A request that the server works on, for which others may have to wait. */
export interface Work {
  /** It waits for its caller. */
  pause(): void;
  /** It waits for the server again. */
  resume(): void;
}

const WORK = Symbol('work');

type Counted = IncomingMessage & { [WORK]?: Work };

/** The work on a request; undefined for probes, which are not counted. */
export function workOn(request: Counted): Work | undefined {
  return request[WORK];
}

/** How many requests are counted now. */
interface Count {
  waiting: number;
}

class CountedWork implements Work {
  private state: 'counted' | 'paused' | 'over' = 'counted';
  private left: NodeJS.Timeout | undefined;

  constructor(private readonly count: Count) {
    count.waiting += 1;
  }

  pause(): void {
    this.change('paused');
  }

  resume(): void {
    this.change('counted');
  }

  readonly end = (): void => {
    clearTimeout(this.left);
    this.change('over');
  };

  /**
   * Its caller has left. The work continues until its answer is made, for nobody: who sends requests and leaves must not
   * get more of it than who waits.
   */
  readonly leave = (): void => {
    if (this.state !== 'over') this.left = setTimeout(this.end, LONGEST_LEFT_MS).unref();
  };

  private change(to: typeof this.state): void {
    if (this.state === 'over') return;
    this.count.waiting += Number(to === 'counted') - Number(this.state === 'counted');
    this.state = to;
  }
}

/**
 * Refuses requests at once while MAX_WAITING_REQUESTS of them wait for this server, so that those are answered in time.
 * A request that waits for its caller does not count: nobody can close the server by being slow.
 */
export class LoadShedding {
  private readonly count: Count = { waiting: 0 };
  private readonly refusal = refusalByStatus(STATUS);
  private readonly most: number;
  private readonly publicUrl: string;
  private readonly shed: Counter;
  private refusedSinceLog = 0;
  private loggedAt = -Infinity;

  constructor(
    environment: Environment,
    metrics: Metrics,
    private readonly logger: Logger,
  ) {
    this.most = environment.MAX_WAITING_REQUESTS;
    this.publicUrl = environment.PUBLIC_URL;
    this.shed = metrics.counter({
      name: 'aegis_requests_shed_total',
      help: 'Requests refused with 503 before anything was done, because MAX_WAITING_REQUESTS were waiting.',
    });
    const waiting = metrics.gauge({
      name: 'aegis_requests_waiting',
      help: 'Requests that this process works on, up to MAX_WAITING_REQUESTS.',
      collect: () => {
        waiting.set(this.count.waiting);
      },
    });
  }

  /** @returns whether the request is to be served; if not, it has been answered. Probes always are. */
  admit(request: Counted, response: ServerResponse): boolean {
    if (QUIET_PATHS.test(request.url ?? '')) return true;
    if (this.count.waiting >= this.most) {
      this.refuse(request, response);
      return false;
    }
    const work = new CountedWork(this.count);
    request[WORK] = work;
    // The answer is made; the time for reading it is the caller's.
    response.once('prefinish', work.end);
    response.once('close', work.leave);
    return true;
  }

  private refuse(request: IncomingMessage, response: ServerResponse): void {
    this.shed.inc();
    this.log();
    const id = randomUUID();
    const document = problemDocument(this.refusal, this.publicUrl, {
      url: request.url ?? '/',
      id,
    });
    const body = jsonAnswer(document);
    // The same as for served requests: a proxy in front may see another end of this request.
    if (framingFlawOf(request)) response.setHeader('Connection', 'close');
    response.writeHead(STATUS, {
      'Content-Type': PROBLEM_MEDIA_TYPE,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'Retry-After': RETRY_SECONDS,
      'X-Request-ID': id,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  /** A line for each would cost more than the refusal. */
  private log(): void {
    this.refusedSinceLog += 1;
    const now = performance.now();
    if (now - this.loggedAt < LOG_EVERY_MS) return;
    this.logger.write('warn', 'overloaded: requests are refused', { refused: this.refusedSinceLog });
    this.loggedAt = now;
    this.refusedSinceLog = 0;
  }
}
