import { randomBytes } from 'node:crypto';
import { Caller, codeOf, type Reply } from './caller';
import { template } from './template';

export type Kind = 'issue' | 'revoke' | 'validate';

/** One request of the load, and what became of it. */
export interface Operation {
  kind: Kind;
  /** Its X-Request-ID, which the audit record has; the Idempotency-Key of a change, too. */
  id: string;
  /** On the clock of `performance.now()`. */
  sentAt: number;
  /** Undefined while it is unanswered. */
  reply: Reply | undefined;
  /** What it is about: none yet while a license is being issued. */
  license: License | undefined;
}

/** A license whose issue was acknowledged. */
export interface License {
  id: string;
  token: string;
  /** Whether some request was sent that revokes it, and whether one was acknowledged. */
  revocation: 'none' | 'asked' | 'acknowledged';
}

const TICK_MS = 10;
const MODULE = 'payroll';

/**
 * Issues, revokes and validates at a rate that does not depend on the answers, on several servers in turn, and keeps
 * what was acknowledged. Nothing is sent a second time, except by `settle`. A row decides which answers are right while
 * something is broken; that a verdict contradicts what was acknowledged is always wrong (`contradictions`).
 */
export class Load {
  readonly operations: Operation[] = [];
  readonly licenses: License[] = [];
  /** Verdicts that contradict what had been acknowledged when their requests were sent. */
  readonly contradictions: string[] = [];
  private readonly caller = new Caller(template().apiKey);
  private readonly inFlight = new Set<Promise<unknown>>();
  private timer: NodeJS.Timeout | undefined;
  private customerId = '';
  private count = 0;

  /**
   * @param servers gives the base URLs; asked for each request, so that a row can restart servers
   * @param mix of 20 requests, how many issue and how many revoke; the others validate
   */
  constructor(
    private readonly servers: () => readonly string[],
    private readonly mix: { issue: number; revoke: number } = { issue: 2, revoke: 1 },
  ) {}

  /** Makes a customer and some licenses, so that there is something to validate. */
  async prepare(licenses = 8): Promise<void> {
    this.customerId = `C-${randomBytes(6).toString('hex')}`;
    const made = await this.caller.send('POST', `${this.server()}/api/v1/customers`, {
      id: this.customerId,
      name: 'Acme Corporation',
    });
    if (made.status !== 201) throw new Error(`a customer was answered ${made.status}`);
    for (let n = 0; n < licenses; n++) await this.one('issue');
    if (this.licenses.length < licenses) throw new Error('the first licenses were not issued');
  }

  /** @param rate requests per second */
  start(rate: number): void {
    clearInterval(this.timer);
    const began = performance.now();
    let due = 0;
    this.timer = setInterval(() => {
      const until = Math.floor(((performance.now() - began) / 1000) * rate);
      for (; due < until; due++) this.begin(this.one(this.next(this.count++)));
    }, TICK_MS);
  }

  /** Sends nothing further, and waits for what is unanswered. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.inFlight);
  }

  close(): void {
    clearInterval(this.timer);
    this.caller.close();
  }

  /** Sends one request, and waits for its end. */
  async one(kind: Kind): Promise<Operation> {
    const license = kind === 'issue' ? undefined : this.choose(kind);
    if (kind !== 'issue' && license === undefined) return this.one('issue');
    const operation: Operation = {
      kind,
      id: `${kind}-${randomBytes(9).toString('hex')}`,
      sentAt: performance.now(),
      reply: undefined,
      license,
    };
    this.operations.push(operation);
    await this.carryOut(operation);
    return operation;
  }

  /**
   * Repeats, with the same Idempotency-Key, each change whose outcome is unknown: it had no answer, or a 5xx. The servers
   * are well again, so each must be answered as made.
   * @returns how many there were
   */
  async settle(): Promise<number> {
    const open = this.operations.filter(
      ({ kind, reply }) =>
        kind !== 'validate' && reply !== undefined && (reply.status === 0 || reply.status >= 500),
    );
    for (const operation of open) {
      await this.carryOut(operation);
      const { kind, reply } = operation;
      if (reply?.status !== (kind === 'issue' ? 201 : 200))
        this.contradictions.push(
          `${kind} was repeated and answered ${reply?.status} ${JSON.stringify(reply?.body)}`,
        );
    }
    return open.length;
  }

  /** Of requests that were sent in a span of time. @param from, to on the clock of `performance.now()` */
  sentBetween(from: number, to: number): Operation[] {
    return this.operations.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  }

  private next(n: number): Kind {
    const place = (n * 7) % 20;
    if (place < this.mix.issue) return 'issue';
    return place < this.mix.issue + this.mix.revoke ? 'revoke' : 'validate';
  }

  private choose(kind: 'revoke' | 'validate'): License | undefined {
    if (kind === 'validate') return this.licenses[this.count % this.licenses.length];
    // Some are left alone, so that there always are valid ones.
    return this.licenses.find(({ revocation }, n) => n % 2 === 1 && revocation === 'none');
  }

  private begin(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.inFlight.delete(tracked));
    this.inFlight.add(tracked);
  }

  private async carryOut(operation: Operation): Promise<void> {
    const { kind, id, license } = operation;
    const headers = { 'X-Request-ID': id, ...(kind !== 'validate' && { 'Idempotency-Key': id }) };
    const before = license?.revocation;
    if (kind === 'revoke' && license?.revocation === 'none') license.revocation = 'asked';
    const send = (path: string, body: object): Promise<Reply> =>
      this.caller.send('POST', this.server() + path, body, headers);
    switch (kind) {
      case 'issue': {
        operation.reply = await send('/api/v1/licenses', this.issue());
        const { status, body } = operation.reply;
        if (status !== 201) return;
        const { id: licenseId, token } = body as { id: string; token: string };
        operation.license = { id: licenseId, token, revocation: 'none' };
        this.licenses.push(operation.license);
        return;
      }
      case 'revoke':
        operation.reply = await send(`/api/v1/licenses/${license?.id}/revoke`, { reason: 'not paid' });
        if (operation.reply.status === 200 && license !== undefined) license.revocation = 'acknowledged';
        return;
      case 'validate': {
        const question = { token: license?.token, module_name: MODULE, odoo_version: '17.0' };
        operation.reply = await send('/api/v1/licenses/validate', question);
        if (operation.reply.status !== 200) return;
        const code = codeOf(operation.reply);
        // While a revocation is unanswered, both are right.
        const right =
          before === 'acknowledged'
            ? ['REVOKED']
            : license?.revocation === 'none'
              ? ['VALID']
              : ['VALID', 'REVOKED'];
        if (code === undefined || !right.includes(code))
          this.contradictions.push(`${id}: ${code}, where ${right.join(' or ')} is right`);
      }
    }
  }

  private issue(): object {
    return {
      customer_id: this.customerId,
      module_name: MODULE,
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    };
  }

  private server(): string {
    const urls = this.servers();
    const url = urls[this.count % urls.length];
    if (url === undefined) throw new Error('there is no server');
    return url;
  }
}
