import { type Environment, PRODUCT_VERSION } from '@aegis/config';
import type { OnApplicationShutdown } from '@nestjs/common';
import { isIP } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import { AddressRules } from '../addresses/address-rules';
import { checkedLookup } from '../addresses/checked-lookup';
import { NameResolver, type ResolveName } from '../addresses/name-resolver';
import { urlProblem } from '../addresses/webhook-url';
import { signMessage } from '../signatures/sign-message';
import { answerText } from './answer-text';
import type { Attempt, AttemptError, WebhookMessage } from './attempt';
import { Connections, type EndpointOptions } from './connections';
import { type Answered, exchange, Unanswered } from './exchange';
import { retryAfterSeconds } from './retry-after';

/** What tests set otherwise. */
export interface SenderOptions {
  resolve?: ResolveName;
  /** Certificates to trust in place of those that Node trusts. */
  ca?: string;
  /** An attempt's time, from its beginning to the head of the answer. */
  timeoutMs?: number;
  /** How long the rest of the answer may take. */
  restMs?: number;
  /** How long a connection is kept that no request uses. */
  idleMs?: number;
  /** Whether this machine may receive; outside of production unless given. */
  isLoopbackOpen?: boolean;
}

const TIMEOUT_MS = 10_000;
const REST_MS = 1_000;

/** Sends webhooks: one signed request per attempt, only to addresses that it may connect to. */
export class WebhookSender implements OnApplicationShutdown {
  private readonly rules: AddressRules;
  private readonly resolver = new NameResolver();
  private readonly connections: Connections;
  private readonly underWay = new Set<AbortController>();
  private readonly isProduction: boolean;
  private readonly timeoutMs: number;
  private readonly restMs: number;
  private isClosed = false;

  constructor(
    {
      isProduction,
      WEBHOOK_ALLOWED_NETWORKS,
    }: Pick<Environment, 'isProduction' | 'WEBHOOK_ALLOWED_NETWORKS'>,
    {
      resolve,
      ca,
      timeoutMs = TIMEOUT_MS,
      restMs = REST_MS,
      idleMs,
      isLoopbackOpen = !isProduction,
    }: SenderOptions = {},
  ) {
    this.isProduction = isProduction;
    this.rules = new AddressRules(WEBHOOK_ALLOWED_NETWORKS ?? [], isLoopbackOpen);
    this.connections = new Connections(
      checkedLookup(this.rules, resolve ?? this.resolver.resolve),
      ca,
      idleMs,
    );
    this.timeoutMs = timeoutMs;
    this.restMs = restMs;
  }

  /**
   * Sends a message once. It never rejects for what the other side does.
   * @param stop ends the attempt, as `stopped`: the receiver may have it or not
   */
  async send(message: WebhookMessage, stop?: AbortSignal): Promise<Attempt> {
    const beganAt = performance.now();
    const ending = new AbortController();
    let end: AttemptError | undefined;
    const endAs = (error: AttemptError): void => {
      end ??= error;
      ending.abort();
    };
    const handleStop = (): void => {
      endAs('stopped');
    };
    const timer = setTimeout(() => {
      endAs('timeout');
    }, this.timeoutMs);
    stop?.addEventListener('abort', handleStop);
    this.underWay.add(ending);
    try {
      if (this.isClosed || stop?.aborted === true) return failure('stopped', beganAt);
      return this.attemptOf(await this.exchangeFor(message, ending.signal), beganAt);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      return failure(end ?? (ending.signal.aborted ? 'stopped' : error.reason), beganAt);
    } finally {
      this.underWay.delete(ending);
      stop?.removeEventListener('abort', handleStop);
      clearTimeout(timer);
    }
  }

  /** Ends what is under way, and closes all connections. */
  onApplicationShutdown(): void {
    this.isClosed = true;
    for (const ending of this.underWay) ending.abort();
    this.resolver.cancel();
    this.connections.close();
  }

  private async exchangeFor(message: WebhookMessage, signal: AbortSignal): Promise<Answered> {
    const { url, endpointId } = message;
    if (urlProblem(url, this.isProduction) !== undefined) throw unsent('invalid_url');
    const target = new URL(url);
    const host = urlToHttpOptions(target).hostname ?? '';
    // A connection to an address needs no lookup. The parser has brought it to its usual notation.
    if (isIP(host) !== 0 && this.rules.judge(host) === 'forbidden') throw unsent('address_forbidden');
    const body = Buffer.from(message.body);
    const options: EndpointOptions = {
      endpointId,
      protocol: target.protocol,
      hostname: host,
      port: target.port,
      path: `${target.pathname}${target.search}`,
      headers: headersOf(message, body),
      agent: this.connections.of(target.protocol),
    };
    try {
      return await exchange(options, body, this.restMs, signal);
    } catch (error) {
      if (!(error instanceof Unanswered) || !error.wasStale || signal.aborted) throw error;
      // The server closed the kept connection, and the others that it kept are as old.
      this.connections.dropIdle(endpointId);
      return exchange(options, body, this.restMs, signal);
    }
  }

  private attemptOf({ status, headers, beginning, address, answeredAt }: Answered, beganAt: number): Attempt {
    const latencyMs = Math.round(answeredAt - beganAt);
    if (status >= 200 && status < 300)
      return { outcome: 'delivered', status, error: null, latencyMs, answer: null, retryAfterSeconds: null };
    const isShown = address !== undefined && this.rules.judge(address) === 'allowed';
    return {
      outcome: status === 410 ? 'gone' : 'failed',
      status,
      error: status >= 300 && status < 400 ? 'redirect' : 'status',
      latencyMs,
      answer: isShown ? answerText(beginning, headers['content-encoding']) : null,
      retryAfterSeconds: retryAfterSeconds(headers['retry-after'], headers.date),
    };
  }
}

function headersOf({ id, body, keys }: WebhookMessage, bytes: Buffer): Record<string, string | number> {
  // Receivers compare it with their own clocks: it is not a moment on record.
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'user-agent': `AEGIS/${PRODUCT_VERSION}`,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signMessage(id, timestamp, body, keys),
  };
}

function unsent(reason: AttemptError): Unanswered {
  return new Unanswered(reason, false, { cause: undefined });
}

function failure(error: AttemptError, beganAt: number): Attempt {
  const latencyMs = Math.round(performance.now() - beganAt);
  return { outcome: 'failed', status: null, error, latencyMs, answer: null, retryAfterSeconds: null };
}
