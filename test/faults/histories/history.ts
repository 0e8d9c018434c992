import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Caller, codeOf, type Reply } from '../support/caller';
import { template } from '../support/template';
import { isLinearizable } from './linearizable';
import type { Kind, Operation } from './operation';

/** A license, and what was asked of it. */
interface Subject {
  id: string;
  /** By revision: the first was issued. Those of changes with an unknown outcome are missing. */
  tokens: Map<number, string>;
  operations: Operation[];
  /** Operations that were begun, and those that have ended. */
  begun: number;
  ended: number;
}

export interface HistoriesOptions {
  /** Base URLs of the servers; asked for each request, so that they can be restarted. */
  servers: () => readonly string[];
  /** How many licenses get a history. */
  histories: number;
  /** Operations on each license. */
  length: number;
  /** Clients at once. */
  clients: number;
  /** Whether more licenses than that get one: what must have happened has not yet. */
  needsMore: () => boolean;
}

/** How often each kind is drawn, of 100. */
const DRAWN: readonly (readonly [Kind, number])[] = [
  ['validate', 42],
  ['read', 16],
  ['suspend', 14],
  ['reinstate', 14],
  ['supersede', 10],
  ['revoke', 4],
];
/** Licenses that are asked at once: fewer than clients, so that operations on one license meet. */
const OPEN_AT_ONCE = 5;
/** So that clients do not take the machine from a server that starts. */
const BETWEEN_REPEATS_MS = 20;

/**
 * Clients that ask and change the same licenses at once, on several servers, and write down when they asked and what was
 * answered. Where an answer is missing, half of the clients repeat the change with its Idempotency-Key, the others give up.
 */
export class Histories {
  /** Histories that no order of their operations explains. */
  readonly unexplained: Subject[] = [];
  /** Operations that were answered, and those whose outcome stayed unknown. */
  answered = 0;
  unknown = 0;
  private readonly caller = new Caller(template().apiKey);
  private readonly customerId = `C-${randomBytes(6).toString('hex')}`;
  private readonly open: Subject[] = [];
  private issued = 0;
  private ended = false;

  constructor(private readonly options: HistoriesOptions) {}

  /** Runs all histories; each is checked when its last operation is answered. */
  async run(): Promise<void> {
    try {
      const customer = { id: this.customerId, name: 'Acme Corporation' };
      await this.repeat('customer', () => this.send('POST', '/api/v1/customers', customer, 'customer'), 201);
      await Promise.all(Array.from({ length: this.options.clients }, () => this.client()));
    } finally {
      this.ended = true;
      this.caller.close();
    }
  }

  /** Whether all histories have ended, or one could not be run. */
  get hasEnded(): boolean {
    return this.ended;
  }

  private async client(): Promise<void> {
    for (;;) {
      const subject = await this.choose();
      if (subject === undefined || this.ended) return;
      await this.operate(subject);
      if (++subject.ended < this.options.length) continue;
      this.open.splice(this.open.indexOf(subject), 1);
      if (!isLinearizable(subject.operations)) this.unexplained.push(subject);
    }
  }

  /** One of the licenses that are asked now; undefined when all have been. */
  private async choose(): Promise<Subject | undefined> {
    const isOpen = ({ begun }: Subject): boolean => begun < this.options.length;
    const { histories, needsMore } = this.options;
    while (this.open.filter(isOpen).length < OPEN_AT_ONCE && (this.issued < histories || needsMore())) {
      this.issued++;
      this.open.push(await this.issue());
    }
    return pick(this.open.filter(isOpen));
  }

  private async issue(): Promise<Subject> {
    const key = uniqueKey();
    const body = {
      customer_id: this.customerId,
      module_name: 'payroll',
      allowed_major_versions: ['17'],
      license_type: 'perpetual',
    };
    const reply = await this.repeat('issue', () => this.send('POST', '/api/v1/licenses', body, key), 201);
    const { id, token } = reply.body as { id: string; token: string };
    return { id, tokens: new Map([[1, token]]), operations: [], begun: 0, ended: 0 };
  }

  private async operate(subject: Subject): Promise<void> {
    subject.begun++;
    const kind = draw();
    const revision = kind === 'validate' ? pick([...subject.tokens.keys()]) : undefined;
    const operation: Operation = {
      kind,
      revision,
      began: performance.now(),
      ended: undefined,
      outcome: undefined,
    };
    const isReading = kind === 'validate' || kind === 'read';
    const repeats = isReading || randomInt(2) === 0;
    const key = uniqueKey();
    let mayHaveHappened = false;
    for (;;) {
      const reply = await this.ask(subject, operation, key);
      const outcome = outcomeOf(kind, reply);
      if (outcome !== undefined) {
        operation.ended = performance.now();
        operation.outcome = outcome;
        this.answered++;
        const { revision: made, token } = reply.body as { revision?: number; token?: string };
        if (kind === 'supersede' && made !== undefined && token !== undefined)
          subject.tokens.set(made, token);
        break;
      }
      assertUnanswered(reply, kind);
      mayHaveHappened ||= isUnknown(reply);
      if (!repeats || this.ended) break;
      await pause(BETWEEN_REPEATS_MS);
    }
    // What was refused before its commit did not happen: otherwise the readings contradict it.
    if (operation.ended === undefined && mayHaveHappened) this.unknown++;
    if (operation.ended !== undefined || mayHaveHappened) subject.operations.push(operation);
  }

  private ask({ id, tokens }: Subject, { kind, revision }: Operation, key: string): Promise<Reply> {
    const path = `/api/v1/licenses/${id}`;
    switch (kind) {
      case 'read':
        return this.send('GET', path);
      case 'validate':
        return this.send('POST', '/api/v1/licenses/validate', {
          token: tokens.get(revision ?? 1),
          module_name: 'payroll',
          odoo_version: '17.0',
        });
      case 'supersede':
        return this.send('POST', `${path}/reissue`, { supersede: true }, key);
      case 'revoke':
      case 'suspend':
      case 'reinstate':
        return this.send('POST', `${path}/${kind}`, { reason: 'a history' }, key);
    }
  }

  /** Sends a request until it is answered. */
  private async repeat(what: string, send: () => Promise<Reply>, status: number): Promise<Reply> {
    for (;;) {
      const reply = await send();
      if (reply.status === status) return reply;
      assertUnanswered(reply, what);
      await pause(BETWEEN_REPEATS_MS);
    }
  }

  /** Sends a request to one of the servers; where none runs, it waits for one. */
  private async send(method: string, path: string, body?: object, key?: string): Promise<Reply> {
    let url = pick(this.options.servers());
    while (url === undefined) {
      await pause(BETWEEN_REPEATS_MS);
      url = pick(this.options.servers());
    }
    return this.caller.send(method, url + path, body, key === undefined ? {} : { 'Idempotency-Key': key });
  }
}

/** What an answer says of the license; undefined where it says nothing of it. */
function outcomeOf(kind: Kind, reply: Reply): string | undefined {
  if (reply.status === 409) return codeOf(reply) === 'license_state_conflict' ? 'conflict' : undefined;
  if (reply.status !== 200) return undefined;
  if (kind === 'validate') return codeOf(reply);
  const { status, revision } = reply.body as { status: string; revision: number };
  if (kind === 'read') return `${status} ${revision}`;
  return kind === 'supersede' ? `done ${revision}` : 'done';
}

/** No answer, or one that says that the change may have been made. */
function isUnknown(reply: Reply): boolean {
  return reply.status === 0 || codeOf(reply) === 'outcome_unknown' || codeOf(reply) === 'request_in_progress';
}

/** @throws where a client would not repeat the request: the license is lost, or the server made a mistake */
function assertUnanswered(reply: Reply, what: string): void {
  if (isUnknown(reply) || reply.status === 503) return;
  throw new Error(`${what} was answered ${reply.status} ${JSON.stringify(reply.body)}`);
}

function draw(): Kind {
  let place = randomInt(100);
  for (const [kind, share] of DRAWN) {
    if (place < share) return kind;
    place -= share;
  }
  return 'validate';
}

function pick<T>(values: readonly T[]): T | undefined {
  return values.length === 0 ? undefined : values[randomInt(values.length)];
}

function uniqueKey(): string {
  return `history-${randomBytes(12).toString('hex')}`;
}
